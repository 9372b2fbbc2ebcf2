"""Which blobs of records the tips of lanes hold.

Source: docs/format.md, "Lanes" (tip tree).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from git_gage.errors import RequestError
from git_gage.git.trees import FOLDER, TreeReader
from git_gage.store import layout

if TYPE_CHECKING:
    from git_gage.git import Repository

_FOLDERS = (b"seg", b"hot")


def list_entries(repo: Repository, tips: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Path and oid of each blob of records, by tip; none where a tree is no lane's.

    One git process, however many there are, and never more of a tree than a lane can need.
    Raises: RequestError for a tip with too many; TooLargeError, GitError.
    """
    reader = TreeReader(repo)
    roots = {tip: f"{tip}^{{tree}}" for tip in tips}
    with repo.reading():
        tops = reader.read(roots.values(), most=layout.TREE_BYTES)
        folders = {
            tip: [entry for entry in tops[root] if entry.mode == FOLDER and entry.path in _FOLDERS]
            for tip, root in roots.items()
        }
        oids = [folder.oid for found in folders.values() for folder in found]
        known = reader.read(dict.fromkeys(oids), most=layout.TREE_BYTES)
    listed = {}
    for tip, found in folders.items():
        entries = [
            (entry.mode, folder.path + b"/" + entry.path, entry.oid)
            for folder in sorted(found, key=lambda folder: folder.path, reverse=True)
            for entry in known[folder.oid]
        ]
        if len(entries) > layout.MAX_ENTRIES:
            raise RequestError(f"lane tip '{tip}' has {len(entries)} entries: not written by us")
        listed[tip] = [
            (path.decode(), oid)
            for mode, path, oid in entries
            if layout.is_record_entry(mode, path)
        ]
    return listed
