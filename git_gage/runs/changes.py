"""What git says of the difference between two runs: of their snapshots, of what they printed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from git_gage.git.trees import TooLargeError
from git_gage.records import encode_path, shown_path
from git_gage.runs.comparison import Missing
from git_gage.safe import clean
from git_gage.source.foreign import NO_LIMITS, DiffLimits, limit_diff

if TYPE_CHECKING:
    from git_gage.git import Repository

# The same for everybody, whatever their settings are.
PLAIN = ("--no-ext-diff", "--no-textconv", "--no-renames")
# Of longer output the first so many bytes are compared.
MAX_OUTPUT = 1 << 20
_PIECE = 1 << 16
_ENTRY = re.compile(rb"(\d+|-)\t(\d+|-)\t([^\0]*)\0")


def changed_files(
    repo: Repository,
    one: str,
    other: str,
    paths: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    limits: DiffLimits = NO_LIMITS,
) -> list[dict[str, Any]]:
    """Files that differ between two snapshots: path, insertions and deletions (None: binary).

    `limits` are what `limit_diff` says of somebody else's.
    """
    if one == other:
        return []
    asked = (*limits.settings, "diff", "--numstat", "-z", *PLAIN, one, other)
    out = repo.run(*asked, "--", *paths, env=env)
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
    limits: DiffLimits = NO_LIMITS,
) -> bytes:
    """The patch between two snapshots as `git diff <options>` prints it; `limits` as above.

    A line at its end names each file that they hide.
    """
    asked = (*limits.settings, "diff", "--no-ext-diff", "--no-textconv", *options)
    hidden = [os.fsdecode(path) for path in limits.hidden]
    excluded = [f":(exclude,top,literal){path}" for path in hidden]
    patch = repo.run(*asked, one, other, "--", *paths, *excluded, env=env)
    notes = (f"not shown: '{clean(path)}' is large, and somebody else's\n" for path in hidden)
    return patch + "".join(notes).encode()


def find_changes(
    repo: Repository,
    sources: Sequence[Mapping[str, Any]],
    here: Sequence[bool],
    foreign: Sequence[bool],
) -> list[Any]:
    """For each of several recorded sources the files that differ from the first one's, or why not.

    `here` says which snapshots are in this clone, `foreign` which are somebody else's.
    """
    first = sources[0]
    found: list[Any] = [Missing.NONE]
    for source, is_here, is_foreign in zip(sources[1:], here[1:], foreign[1:], strict=True):
        if source["snapshot"] is None or first["snapshot"] is None:
            found.append(Missing.NONE)
        elif source["digest"] == first["digest"]:
            found.append([])
        elif not (is_here and here[0]):
            found.append(Missing.NOT_HERE)
        else:
            limited = is_foreign or foreign[0]
            found.append(_compare(repo, first["snapshot"], source["snapshot"], limited=limited))
    return found


def _compare(repo: Repository, one: str, other: str, *, limited: bool) -> Any:
    try:
        limits = limit_diff(repo, one, other) if limited else NO_LIMITS
    except TooLargeError:
        return Missing.TOO_LARGE
    return changed_files(repo, one, other, limits=limits)


def diff_outputs(
    repo: Repository, names: Sequence[str], files: Sequence[BinaryIO], options: Sequence[str] = ()
) -> bytes:
    """The patch from one output to another as `git diff <options>` prints it.

    Of longer ones the first `MAX_OUTPUT` bytes; a line says when the rest differs, too.
    """
    contents = [file.read(MAX_OUTPUT) for file in files]
    with tempfile.TemporaryDirectory(prefix="git-gage-") as folder:
        for name, content in zip(names, contents, strict=True):
            (Path(folder) / name).write_bytes(content)
        patch = repo.run(
            *("diff", "--no-index", "--no-prefix", "--no-ext-diff", "--no-textconv", *options),
            *("--", *names),
            cwd=Path(folder),
            ok=(0, 1),
        )
    if not _have_same_rest(*files):
        patch += b"not compared: what comes after %d bytes\n" % MAX_OUTPUT
    return patch


def _have_same_rest(one: BinaryIO, other: BinaryIO) -> bool:
    while (part := one.read(_PIECE)) == other.read(_PIECE):
        if not part:
            return True
    return False
