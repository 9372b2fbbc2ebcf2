"""Names and links that come from others, checked before anything is written under them.

The rules of every system at once, whatever this machine runs on: what is harmless here is copied
to a machine where it is not. They are for what others recorded; a user's own project may hold any
name that its own file system takes. One rule is for this machine alone: a file of a run may have a
`:` where that is a character like others, as checkpoints are called by the time of day.

Source: git's path.c (is_ntfs_dotgit) and utf8.c (is_hfs_dotgit); "Naming Files, Paths, and
Namespaces" of the Windows documentation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from unicodedata import normalize

MAX_NAME, MAX_DEPTH = 255, 64
# What is behind a `:` names a stream of the file, or what is before it a drive.
_HAS_STREAMS = sys.platform == "win32"

# What HFS+ leaves out when it compares names.
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_FORBIDDEN = re.compile(r"[/\\:\x00-\x1f\x7f-\x9f]")
# Windows finds a device by each of these, whatever the ending.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\..*)?",
    re.IGNORECASE,
)
# `git~1` is how NTFS shortens `.git`.
_GIT = re.compile(r"\.git|git~[0-9]+")


def check_path(path: bytes) -> str | None:
    """Why a path that somebody else recorded is not taken; None if it is.

    It must be relative, in UTF-8, and lead nowhere else on any system.
    """
    return _check_names(path, colons=False)


def check_file(path: bytes) -> str | None:
    """Why no file of a run is made under a path that somebody else recorded; None if it is.

    As `check_path`, but a `:` is part of a name, except on Windows. What is before it must be sound
    even so: on a disk that Windows reads later that is the file, and `.git:x` were `.git`.
    """
    return _check_names(path, colons=not _HAS_STREAMS)


def check_link(path: bytes, target: bytes, tree: str = "the source") -> str | None:
    """Why a symbolic link at `path` is not made; None if it stays in the tree that it is in.

    It may go up only at its start: behind a name that is a link `..` leads elsewhere.
    """
    up, names = _split_target(target)
    if target.startswith(b"/") or up > path.count(b"/"):
        return f"leads out of {tree}"
    if not names:
        return None if target else "leads nowhere"
    return check_path(b"/".join(names))


def find_collisions(paths: Iterable[bytes]) -> dict[bytes, bytes]:
    """Paths that a system without upper and lower case takes for one before them, and for which.

    `a/x` and `A/y` collide too: their folders do.
    """
    spelled: dict[str, bytes] = {}
    clashes: dict[bytes, bytes] = {}
    for path in sorted(paths):
        for part in _starts(path):
            first = spelled.setdefault(_fold(part), part)
            if first != part:
                clashes[path] = first
                break
    return clashes


def _check_names(path: bytes, *, colons: bool) -> str | None:
    names = path.split(b"/")
    if len(names) > MAX_DEPTH:
        return f"more than {MAX_DEPTH} levels"
    return next((why for name in names if (why := _check_name(name, colons=colons))), None)


def _check_name(name: bytes, *, colons: bool) -> str | None:
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    if text in ("", ".", ".."):
        return "no name of a file"
    if len(name) > MAX_NAME:
        return f"a name of more than {MAX_NAME} bytes"
    if _FORBIDDEN.search(text.replace(":", "") if colons else text):
        return "a character that is no part of a name"
    if text.endswith((".", " ")):
        return "a dot or space at its end"
    return _check_meaning(_IGNORED.sub("", text).casefold().partition(":")[0])


def _check_meaning(text: str) -> str | None:
    """Why a name that is no bad one as such is not taken for what a system makes of it."""
    if text in (".", "..") or _GIT.fullmatch(text.rstrip(". ")):
        return "a name that stands for another folder"
    if _DEVICE.fullmatch(text):
        return "the name of a device"
    return None


def _split_target(target: bytes) -> tuple[int, list[bytes]]:
    """How many folders a target goes up at its start, and the names behind."""
    names = [name for name in target.split(b"/") if name not in (b"", b".")]
    up = 0
    while up < len(names) and names[up] == b"..":
        up += 1
    return up, names[up:]


def _starts(path: bytes) -> list[bytes]:
    """The folders that a path is in, from the top, and itself."""
    names = path.split(b"/")
    return [b"/".join(names[:count]) for count in range(1, len(names) + 1)]


def _fold(path: bytes) -> str:
    text = _IGNORED.sub("", path.decode(errors="surrogateescape"))
    return normalize("NFC", normalize("NFC", text).casefold())
