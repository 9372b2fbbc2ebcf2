"""The list of the files that a run left: made when it closes, read with suspicion afterwards.

Source: docs/format.md, "run.files".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.records import decode_path, encode_path
from git_gage.safe import clean

DEPENDENCY, RUNTIME, GENERATED = "dependency", "runtime", "generated"
ROLES = (DEPENDENCY, RUNTIME, GENERATED)
# The blobs that a record binds for its small files are called by their digests.
BULK = "files/"
WHOLE = "files.json"
MOST = 2**53
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MODE = re.compile(r"[0-7]{3,4}")


UNRECORDED = (
    "it was still being written when the run ended, or could not be read: its content was not "
    "recorded"
)
PRIVATE_CONTENT = "something in it looks like a secret"
PRIVATE = f"{PRIVATE_CONTENT}, so that it stays where it was made"


class Entry(NamedTuple):
    """A file of a run; `path` is below its directory, `mode` its permission bits as it was made.

    link: where a symbolic link leads. A reference has both, where it leads and the digest of what
    is there. sha256 is None for a symbolic link, and where nobody could tell: what could not be
    read, or was still being written. is_private: something in it looks like a secret, so it is kept
    where it was made, and nowhere else.
    """

    path: bytes
    role: str
    size: int
    sha256: str | None
    mode: int
    link: bytes | None = None
    is_private: bool = False

    @property
    def stays_because(self) -> str | None:
        """Why a plain file is to be had where it was made alone; None where it travels."""
        return UNRECORDED if self.is_unrecorded else PRIVATE if self.is_private else None

    @property
    def is_unrecorded(self) -> bool:
        """Whether nobody could tell what is in a plain file: then its size says nothing either."""
        return self.sha256 is None and self.link is None


class Manifest(NamedTuple):
    """The files of a run, sorted by the bytes of their paths; `is_whole` if these are all."""

    entries: tuple[Entry, ...]
    is_whole: bool = True

    @property
    def generated(self) -> list[Entry]:
        """Those that the run made and that can be kept and sent: plain files without secrets."""
        return [
            entry
            for entry in self.entries
            if entry.role == GENERATED
            and entry.sha256 is not None
            and entry.link is None
            and not entry.is_private
        ]


def format_manifest(entries: Iterable[Entry]) -> dict[str, Any]:
    """The body of the record, without what it binds."""
    entries = sorted(entries, key=lambda entry: entry.path)
    made = [entry for entry in entries if entry.role == GENERATED]
    return {
        "made": {"files": len(made), "bytes": sum(entry.size for entry in made)},
        "list": [_format_entry(entry) for entry in entries],
    }


def parse_manifest(body: Mapping[str, Any]) -> Manifest:
    """What the whole body of a record says, whoever wrote it.

    Raises: IntegrityError if it is not as the format says.
    """
    listed = body.get("list")
    if type(listed) is not list:
        raise IntegrityError("read manifest: it has no list of files")
    entries = tuple(map(_parse_entry, listed))
    paths = [entry.path for entry in entries]
    if any(one >= other for one, other in pairwise(paths)):
        raise IntegrityError("read manifest: its paths are not sorted, or not different")
    # In this order what a folder has follows it at once.
    paths = sorted(path.replace(b"/", b"\0") for path in paths)
    if any(other.startswith(one + b"\0") for one, other in pairwise(paths)):
        raise IntegrityError("read manifest: a file is a folder, too")
    return Manifest(entries, "left_out" not in body)


def _format_entry(entry: Entry) -> dict[str, Any]:
    said: dict[str, Any] = {
        "path": encode_path(entry.path),
        "role": entry.role,
        "size": entry.size,
        "sha256": entry.sha256,
        "mode": f"{entry.mode:03o}",
        "link": None if entry.link is None else encode_path(entry.link),
        "private": True if entry.is_private else None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _parse_entry(said: Any) -> Entry:
    if type(said) is not dict:
        raise IntegrityError("read manifest: a file is no object")
    path = _parse_path(said.get("path"))
    values: tuple[Any, ...] = tuple(map(said.get, ("role", "size", "sha256", "mode")))
    role, size, sha256, mode = values
    sound = (
        _leads_below(path)
        and role in ROLES
        and type(size) is int
        and 0 <= size <= MOST
        and (sha256 is None or _fits(_SHA256, sha256))
        and _fits(_MODE, mode)
        and said.get("private", True) is True
    )
    if not sound:
        raise IntegrityError(f"read manifest: the entry of '{_shown(path)}' makes no sense")
    link = _parse_path(said["link"]) if "link" in said else None
    return Entry(path, role, size, sha256, int(mode, 8), link, "private" in said)


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return type(value) is str and pattern.fullmatch(value) is not None


def _parse_path(value: Any) -> bytes:
    text = value.get("b64") if type(value) is dict else value
    if type(text) is not str:
        raise IntegrityError("read manifest: a path is no text")
    try:
        return decode_path(value)
    except ValueError as error:
        raise IntegrityError("read manifest: a path is no base64") from error


def _leads_below(path: bytes) -> bool:
    """Whether a path stays below the folder that it begins in."""
    return b"\0" not in path and not any(name in (b"", b".", b"..") for name in path.split(b"/"))


def _shown(path: bytes) -> str:
    return clean(path.decode(errors="backslashreplace"))
