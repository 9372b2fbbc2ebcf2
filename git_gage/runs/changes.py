"""What git says of the difference between two runs: of their snapshots, of what they printed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from git_gage.records import encode_path, shown_path
from git_gage.runs.comparison import Missing

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
