"""Changes of our own trust files, whole or not at all. Hold the store's lock.

Lines that somebody wrote by hand stay as they are, comments too.
Source: docs/format.md, "Trust files"; ssh-keygen(1), "ALLOWED SIGNERS".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import RequestError, describe_os_error
from git_gage.trust.ledger import replace_file
from git_gage.trust.rules import ADMIN
from git_gage.trust.signer import NAMESPACE
from git_gage.trust.signers import AllowedSigners, Line

if TYPE_CHECKING:
    from git_gage.trust.keys import PublicKey

# What means something else in such a file: a list, a pattern, a quoted word, a comment.
_NO_NAME = re.compile(r'[\s,*?!"#]|[^\x20-\x7e\x80-\U0010ffff]')
_LONGEST_NAME = 254


def check_name(name: str) -> None:
    """Raises: RequestError for what is no name of somebody."""
    if not name or _NO_NAME.search(name) or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise RequestError(
            f"'{name}' cannot be somebody's name here",
            hint="use an address such as sam@example.com",
        )


def add_signer(
    path: Path, name: str, key: PublicKey, expires: float | None, *, admin: bool = False
) -> bool:
    """Give a key to somebody, until a time if that is given, instead of what was said of the two.

    False if that is said already.
    """
    line = Line(
        name,
        key,
        namespaces=f"{NAMESPACE},{ADMIN}" if admin else None,
        valid_before=None if expires is None else int(expires),
    )
    text = _read(path)
    changed = _map_lines(
        text, lambda each: line if (each.patterns, each.key) == (name, key) else each
    )
    if changed != text:
        _write(path, changed)
        return True
    return bool(add_lines(path, [line]))


def add_lines(path: Path, lines: Iterable[Line]) -> list[Line]:
    """Add the lines that are not there yet; those that were added."""
    text = _read(path)
    held = {each for found in AllowedSigners.parse(text, "").lines.values() for each in found}
    fresh = [line for line in dict.fromkeys(lines) if line not in held]
    if fresh:
        _write(path, _ended(text) + "".join(f"{format_line(line)}\n" for line in fresh))
    return fresh


def end_signer(path: Path, fingerprint: str, at: float) -> int:
    """Let a key be good until a time at most; how many lines name it."""
    found = 0

    def end(line: Line) -> Line:
        nonlocal found
        if line.key.fingerprint != fingerprint or line.authority:
            return line
        found += 1
        before = line.valid_before
        return line._replace(valid_before=int(at) if before is None else min(before, int(at)))

    text = _read(path)
    changed = _map_lines(text, end)
    if changed != text:
        _write(path, changed)
    return found


def revoke_key(path: Path, fingerprint: str) -> bool:
    """Revoke a key for good; False if it is revoked already."""
    text = _read(path)
    if fingerprint in text.split():
        return False
    _write(path, f"{_ended(text)}{fingerprint}\n")
    return True


def format_line(line: Line) -> str:
    """A line as OpenSSH reads it."""
    options = ["cert-authority"] if line.authority else []
    if line.namespaces is not None:
        options.append(f'namespaces="{line.namespaces}"')
    for name, at in (("valid-after", line.valid_after), ("valid-before", line.valid_before)):
        if at is not None:
            options.append(f'{name}="{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M%S}Z"')
    names = f'"{line.patterns}"' if " " in line.patterns else line.patterns
    return " ".join([names, *([",".join(options)] if options else []), line.key.text])


def _map_lines(text: str, change: Callable[[Line], Line]) -> str:
    """A text with the lines that a change makes other ones."""
    rows = text.split("\n")
    for number, row in enumerate(rows):
        parsed = AllowedSigners.parse(row, "").lines
        for lines in parsed.values():
            changed = change(lines[0])
            if changed != lines[0]:
                rows[number] = format_line(changed)
    return "\n".join(rows)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise RequestError(f"read '{path}': {describe_os_error(error)[0]}") from error


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text, durable=True)
    except OSError as error:
        raise RequestError(f"write '{path}': {describe_os_error(error)[0]}") from error
