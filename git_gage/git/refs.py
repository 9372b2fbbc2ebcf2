"""Refs as git's files have them, without a process of git.

What is not as git writes it is left to git: reftable, symbolic refs, odd names, damage.
Source: gitrepository-layout(5), git-pack-refs(1); docs/decisions/0043-refs-without-git.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

# Of what git allows (git-check-ref-format(1)) the names that need no second look.
_PART = r"[\w+-]+(?:\.[\w+-]+)*"
_PLAIN = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)
_LONGEST = 128


class OddRefsError(Exception):
    """They are not as they are here as a rule: ask git."""


def read_refs(common_dir: Path, folders: Sequence[str], oid_length: int) -> dict[str, str]:
    """Refs below folders (`refs/gage/`) with the objects they name, by name.

    A ref that is changed meanwhile is there as it was or as it is, as when git lists them: what has
    a file of its own is read first, as a ref that git packs is in `packed-refs` before its file
    goes.

    Raises: OddRefsError; OSError.
    """
    if os.path.lexists(common_dir / "reftable"):
        raise OddRefsError
    is_oid = re.compile(rb"[0-9a-f]{%d}" % oid_length)
    loose: dict[str, str] = {}
    for folder in folders:
        for name, content in _read_loose(os.path.join(common_dir, folder), folder):
            loose[name] = _parse(content.removesuffix(b"\n"), is_oid)
    packed = {
        name: _parse(oid, is_oid) for oid, name in _read_packed(common_dir / "packed-refs", folders)
    }
    found = packed | loose
    if not all(map(_PLAIN.fullmatch, found)):
        raise OddRefsError
    return dict(sorted(found.items()))


def _parse(oid: bytes, is_oid: re.Pattern[bytes]) -> str:
    if not is_oid.fullmatch(oid):
        raise OddRefsError
    return oid.decode()


def _read_loose(path: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files below a folder, but for locks."""
    try:
        entries = list(os.scandir(path))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_symlink():
            raise OddRefsError
        if entry.is_dir():
            yield from _read_loose(entry.path, f"{name}{entry.name}/")
        elif not entry.name.endswith(".lock"):
            try:
                with open(entry.path, "rb") as file:
                    yield name + entry.name, file.read(_LONGEST)
            except FileNotFoundError:
                pass  # packed or deleted meanwhile: `packed-refs` tells


def _read_packed(path: Path, folders: Sequence[str]) -> Iterator[tuple[bytes, str]]:
    """Objects and names of those below the folders; of a hundred thousand others none is parsed."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    names = [each.removesuffix("/") for each in folders]
    start = b" " + os.path.commonprefix(names).encode()  # noqa: RUF071 - of texts
    at = data.find(start)
    while at >= 0:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        name = data[at + 1 : end].decode("ascii", "replace")
        if f"{name}/" in folders:
            raise OddRefsError  # no folder, but a ref
        if name.startswith(tuple(folders)):
            yield data[data.rfind(b"\n", 0, at) + 1 : at], name
        at = data.find(start, end)
