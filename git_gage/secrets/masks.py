"""Text in which secrets are covered."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from git_gage.secrets.scan import Found, find_secrets

MASK = "***"

_SHOWN = re.compile(rb"[^\r\n]")
# How much of a file is looked at together; how long a secret may be, and what is said before it.
_CHUNK, _AHEAD, _BEFORE = 1 << 20, 16 << 10, 512


def mask_secrets(data: bytes) -> tuple[bytes, int]:
    """The same number of bytes and lines with `*` in place of secrets, and how many there were."""
    found = find_secrets(data)
    if not found:
        return data, 0
    parts = []
    at = 0
    for each in found:
        parts += [data[at : each.start], _cover(data[each.start : each.end])]
        at = each.end
    return b"".join([*parts, data[at:]]), len(found)


def mask_text(text: str) -> tuple[str, int]:
    """The same of a text, whatever bytes it was made from."""
    masked, count = mask_secrets(text.encode(errors="surrogatepass"))
    return (masked.decode(errors="surrogatepass"), count) if count else (text, 0)


def mask_file(path: Path, known: Sequence[bytes] = ()) -> int:
    """Cover the secrets in a file where they are, and what is known to be one; how many there were.

    Its size and its lines stay what they are, and so does what counts its bytes. A kill leaves some
    of them covered, and the next call covers the rest.
    """
    count = 0
    with path.open("r+b", buffering=0) as file:
        for found in _find_in_file(file, known):
            secret = _read_at(file, found.end - found.start, found.start)
            file.seek(found.start)
            file.write(_cover(secret))
            count += 1
    return count


def _find_in_file(file: IO[bytes], known: Sequence[bytes]) -> Iterator[Found]:
    """Secrets of a file that may be larger than memory, from its start to its end."""
    size = file.seek(0, os.SEEK_END)
    covered = 0
    for at in range(0, size, _CHUNK):
        first = max(0, at - _BEFORE)
        data = _read_at(file, at - first + _CHUNK + _AHEAD, first)
        for kind, start, end in sorted(
            [*find_secrets(data), *_find_known(data, known)], key=_start
        ):
            # What begins further on is seen whole the next time.
            if at <= first + start < at + _CHUNK and first + end > covered:
                yield Found(kind, max(first + start, covered), first + end)
                covered = first + end


def _find_known(data: bytes, known: Sequence[bytes]) -> Iterator[Found]:
    for secret in known:
        at = data.find(secret)
        while at >= 0:
            yield Found("known", at, at + len(secret))
            at = data.find(secret, at + len(secret))


def _start(found: Found) -> tuple[int, int]:
    """What begins first, and of two that begin together the longer one."""
    return found.start, -found.end


def _read_at(file: IO[bytes], size: int, offset: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _cover(secret: bytes) -> bytes:
    return _SHOWN.sub(b"*", secret)
