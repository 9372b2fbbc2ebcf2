"""Source that somebody else recorded: what is looked at of it, and what is laid out.

Whoever recorded it may have put any tree together. All of it is checked before git is asked for a
difference or anything is written, and refused as a whole: half a source is another program.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.git.trees import (
    LINK,
    SUBMODULE,
    TooLargeError,
    TreeEntry,
    TreeReader,
)
from git_gage.safe_paths import check_link, check_path, find_collisions

if TYPE_CHECKING:
    from git_gage.git import Repository

# Of all files that are laid out, of those whose lines are counted, and of those that are shown.
MAX_BYTES, MAX_COMPARED, MAX_SHOWN = 2 << 30, 64 << 20, 10 << 20
_MAX_TARGET = 4096
_MAX_HIDDEN = 100
# git takes a file that is larger for one that holds no lines, and does not count them.
_DIFF_SETTINGS = ("-c", f"core.bigFileThreshold={MAX_SHOWN}", "-c", "diff.renames=false")


class ForeignFiles(NamedTuple):
    """Files and links to lay out, with their targets; `left_out` are paths that are not, and why.

    Every path is one that any system takes for what it is.
    """

    files: tuple[TreeEntry, ...]
    links: tuple[tuple[bytes, bytes], ...]
    left_out: tuple[tuple[bytes, str], ...]


class DiffLimits(NamedTuple):
    """Settings in front of git's `diff`, and files that it is not to show: it would load them."""

    settings: tuple[str, ...] = ()
    hidden: tuple[bytes, ...] = ()


NO_LIMITS = DiffLimits()


def vet_source(repo: Repository, snapshot: str) -> ForeignFiles:
    """What of a commit is laid out; nothing of its files was read.

    Raises: IntegrityError for a tree with names or sizes that are not taken, TooLargeError among
    them; GitError where it is not all here.
    """
    entries = TreeReader(repo).list_files(snapshot)
    _require_names([entry.path for entry in entries])
    files = [entry for entry in entries if entry.mode not in (LINK, SUBMODULE)]
    _require_small(repo, files)
    submodules = [(entry.path, "submodule") for entry in entries if entry.mode == SUBMODULE]
    links, refused = _read_links(repo, [entry for entry in entries if entry.mode == LINK])
    return ForeignFiles(tuple(files), tuple(links), tuple(submodules + refused))


def limit_diff(
    repo: Repository,
    one: str,
    other: str,
    env: Mapping[str, str] | None = None,
    most: int = MAX_COMPARED,
) -> DiffLimits:
    """How git compares two trees, of which somebody else made at least one.

    `most` is what all files that differ may have, but for those over 10 MiB: into these nobody
    looks. Raises: TooLargeError beyond that; GitError where the trees are not here.
    """
    changes = [
        entry for entry in TreeReader(repo, env).list_changes(one, other) if entry.mode != SUBMODULE
    ]
    found = repo.object_sizes({entry.oid for entry in changes}, env)
    sizes = {oid: each[1] for oid, each in found.items() if each is not None}
    hidden = {each.path for each in changes if sizes.get(each.oid, 0) > MAX_SHOWN}
    # A file that is named a thousand times is compared a thousand times.
    total = sum(sizes.get(each.oid, 0) for each in changes if each.path not in hidden)
    if total > most or len(hidden) > _MAX_HIDDEN:
        raise TooLargeError(
            f"the sources differ in {total >> 20:,} MiB and {len(hidden)} large files, more than is"
            " looked at of others",
            hint=f"git diff --stat {one} {other}",
        )
    return DiffLimits(_DIFF_SETTINGS, tuple(sorted(hidden)))


def _require_names(paths: Sequence[bytes]) -> None:
    for path in paths:
        if why := check_path(path):
            raise _refuse(path, why)
    for path, first in find_collisions(paths).items():
        raise _refuse(path, f"the same as '{os.fsdecode(first)}' to some systems")
    folders = {path[:at] for path in paths for at in _slashes(path)}
    for path in paths:
        if path in folders:
            raise _refuse(path, "a file and a folder at once")
    if len(set(paths)) < len(paths):
        raise IntegrityError("the source names a file twice")


def _slashes(path: bytes) -> Iterable[int]:
    at = path.find(b"/")
    while at >= 0:
        yield at
        at = path.find(b"/", at + 1)


def _require_small(repo: Repository, files: Sequence[TreeEntry]) -> None:
    sizes = repo.object_sizes({entry.oid for entry in files})
    total = sum(found[1] for entry in files if (found := sizes[entry.oid]))
    if total > MAX_BYTES:
        raise TooLargeError(f"the source has {total >> 20:,} MiB, more than is laid out of others")


def _read_links(
    repo: Repository, entries: Sequence[TreeEntry]
) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, str]]]:
    found = repo.read_within({entry.oid for entry in entries}, "blob", _MAX_TARGET)
    targets = {each.name: each.content for each in found}
    links, refused = [], []
    for entry in entries:
        target = targets.get(entry.oid)
        why = "no link" if target is None else check_link(entry.path, target)
        if target is None or why:
            refused.append((entry.path, f"link: {why}"))
        else:
            links.append((entry.path, target))
    return links, refused


def _refuse(path: bytes, why: str) -> IntegrityError:
    text = path.decode("utf-8", "backslashreplace")
    # Also what belongs to ordinary words elsewhere: here it may be the reason.
    name = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return IntegrityError(
        f"the source holds '{name}', which is not laid out ({why})",
        hint="git gage restart --code latest <run>",
    )
