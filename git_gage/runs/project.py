"""Which project a run belongs to, so that runs of two projects in one place are told apart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from git_gage.store.files import read_json, write_json

if TYPE_CHECKING:
    from git_gage.gagefile.model import Gagefile
    from git_gage.git import Repository


def find_project(repo: Repository, head: str | None, gagefile: Gagefile | None) -> dict[str, Any]:
    """id, namespace and path of the project that somebody is in.

    id: what the gagefile says, else the sorted root commits, None where the history is not all
    here; path: the project's folder in the work tree, without a gagefile where the user is.
    """
    folder = repo.work_tree or repo.common_dir
    project: dict[str, Any] = {
        "id": _roots(repo, head),
        "namespace": folder.name.removesuffix(".git"),
        "path": repo.prefix.rstrip("/") or ".",
    }
    if gagefile is not None:
        project["namespace"] = gagefile.namespace
        project["path"] = os.path.relpath(gagefile.project_dir, folder)
        if gagefile.project_id is not None:
            project["id"] = [gagefile.project_id]
    return project


def _roots(repo: Repository, head: str | None) -> list[str] | None:
    if head is None or (repo.common_dir / "shallow").exists():
        return None
    path = repo.gage_dir / "cache" / "roots.json"
    known = read_json(path)
    if known.get("head") == head:
        return list(known["roots"])
    roots = sorted(repo.run("rev-list", "--max-parents=0", head).decode().split())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"head": head, "roots": roots})
    return roots
