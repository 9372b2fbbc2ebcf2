"""What git says of the difference between the snapshots of two runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import encode_path, shown_path
from git_gage.runs.comparison import Missing

if TYPE_CHECKING:
    from git_gage.git import Repository

# The same for everybody, whatever their settings are.
PLAIN = ("--no-ext-diff", "--no-textconv", "--no-renames")
_ENTRY = re.compile(rb"(\d+|-)\t(\d+|-)\t([^\0]*)\0")


def changed_files(
    repo: Repository,
    one: str,
    other: str,
    paths: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Files that differ between two snapshots: path, insertions and deletions (None: binary)."""
    if one == other:
        return []
    out = repo.run("diff", "--numstat", "-z", *PLAIN, one, other, "--", *paths, env=env)
    return [
        {
            "path": shown_path(encode_path(path)),
            "insertions": None if added == b"-" else int(added),
            "deletions": None if taken == b"-" else int(taken),
        }
        for added, taken, path in _ENTRY.findall(out)
    ]


def read_diff(
    repo: Repository,
    one: str,
    other: str,
    paths: Sequence[str] = (),
    *,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> bytes:
    """The patch between two snapshots as `git diff <options>` prints it."""
    return repo.run(
        *("diff", "--no-ext-diff", "--no-textconv", *options, one, other, "--", *paths), env=env
    )


def find_changes(
    repo: Repository, sources: Sequence[Mapping[str, Any]], here: Sequence[bool]
) -> list[Any]:
    """For each of several recorded sources the files that differ from the first one's, or why not.

    `here` says which snapshots are in this clone.
    """
    first = sources[0]
    found: list[Any] = [Missing.NONE]
    for source, is_here in zip(sources[1:], here[1:], strict=True):
        if source["snapshot"] is None or first["snapshot"] is None:
            found.append(Missing.NONE)
        elif source["digest"] == first["digest"]:
            found.append([])
        elif not (is_here and here[0]):
            found.append(Missing.NOT_HERE)
        else:
            found.append(changed_files(repo, first["snapshot"], source["snapshot"]))
    return found
