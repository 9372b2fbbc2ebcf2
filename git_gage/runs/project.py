"""Which project a run belongs to, so that runs of two projects in one place are told apart."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from git_gage.errors import GageError
from git_gage.store.files import read_json, write_json
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.gagefile.model import Gagefile
    from git_gage.git import Repository

_ROOT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


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
        project["path"] = with_slashes(os.path.relpath(gagefile.project_dir, folder))
        if gagefile.project_id is not None:
            project["id"] = [gagefile.project_id]
    return project


def describe_project(repo: Repository) -> dict[str, Any]:
    """What a run that began now would say of its project.

    Raises: ConfigError for a gagefile with errors.
    """
    return find_project(repo, _head(repo), _load_gagefile(repo))


def find_ids(repo: Repository) -> frozenset[str]:
    """All ids of the project that somebody is in; none where that cannot be told."""
    gagefile = _find_gagefile(repo)
    named = [] if gagefile is None or gagefile.project_id is None else [gagefile.project_id]
    return frozenset([*(_roots(repo, _head(repo)) or []), *named])


def _head(repo: Repository) -> str | None:
    head = repo.run("rev-parse", "--verify", "--quiet", "HEAD", ok=(0, 1)).decode().strip()
    return head or None


def _find_gagefile(repo: Repository) -> Gagefile | None:
    """The gagefile of where the user is, if there is one without errors: who uses it is told."""
    try:
        return _load_gagefile(repo)
    except GageError:
        return None


def _load_gagefile(repo: Repository) -> Gagefile | None:
    from git_gage.gagefile.find import find_gagefile
    from git_gage.gagefile.load import load_gagefile

    path = repo.work_tree and find_gagefile(repo.cwd, repo.work_tree)
    if path is None or repo.work_tree is None:
        return None
    return load_gagefile(path, repo.work_tree, cache_dir=repo.gage_dir / "cache")


def is_other_project(project: Any, ours: frozenset[str]) -> bool:
    """Whether what a `run.begin` says of its project is another one than ours.

    Root commits are compared with root commits, and the name in a gagefile with such a name: that
    a project has got a name since, or on another branch, makes it no other.
    """
    said = project.get("id") if type(project) is dict else None
    theirs = {id for id in said if type(id) is str} if type(said) is list else set()
    if theirs & ours:
        return False
    their_roots = set(filter(_ROOT.fullmatch, theirs))
    our_roots = set(filter(_ROOT.fullmatch, ours))
    return bool((their_roots and our_roots) or (theirs - their_roots and ours - our_roots))


def _roots(repo: Repository, head: str | None) -> list[str] | None:
    if head is None or repo.is_shallow:
        return None
    path = repo.gage_dir / "cache" / "roots.json"
    known = read_json(path)
    if known.get("head") == head:
        return list(known["roots"])
    roots = sorted(repo.run("rev-list", "--max-parents=0", head).decode().split())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"head": head, "roots": roots})
    except (OSError, GageError):
        pass  # it only saves time, and who reads need not be able to write
    return roots
