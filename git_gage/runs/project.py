"""Which project a run belongs to, so that runs of two projects in one place are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from git_gage.store.files import read_json, write_json

if TYPE_CHECKING:
    from git_gage.git import Repository


def find_project(repo: Repository, head: str | None) -> dict[str, Any]:
    """id: the sorted root commits, None where the history is not all here; namespace; path."""
    folder = repo.work_tree or repo.common_dir
    return {
        "id": _roots(repo, head),
        "namespace": folder.name.removesuffix(".git"),
        "path": repo.prefix.rstrip("/") or ".",
    }


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
