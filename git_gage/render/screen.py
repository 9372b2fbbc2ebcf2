"""Where an answer is shown: how wide it is, what signs and colours it can show, whether to page."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_CODES = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
}
_NARROWEST = 20
_STYLE = r"\x1b\[[0-9;]*m"


class Screen:
    """What standard output can show. `terminal`: a person looks at it, perhaps through git's pager.

    `height` is None where nothing has to be paged.
    """

    def __init__(
        self,
        stream: TextIO,
        width: int = 80,
        height: int | None = None,
        *,
        terminal: bool = False,
        color: bool = False,
        unicode: bool = True,
    ) -> None:
        self.stream = stream
        self.width = width
        self.height = height
        self.terminal = terminal
        self.color = color
        self.unicode = unicode

    def paint(self, text: str, style: str | None) -> str:
        """Text in one of the terminal's own colours; the user's theme says what that looks like."""
        if style is None or not self.color:
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def sign(self, sign: str, plain: str) -> str:
        """A sign, or its stand-in where only ASCII can be shown."""
        return sign if self.unicode else plain

    def cut(self, text: str, width: int) -> str:
        """Text that is no wider than `width` columns, with a sign where something is missing."""
        if text_width(text) <= width:
            return text
        mark = self.sign("…", "...")
        kept = text[: max(width, 0)]
        while kept and text_width(kept) > width - len(mark):
            kept = kept[:-1]
        return (kept + mark)[: max(width, 0)]

    def fits(self, content: bytes) -> bool:
        """Whether nothing scrolls away; the last line is left for the prompt."""
        if self.height is None:
            return True
        text = re.sub(_STYLE, "", content.decode(errors="replace"))
        widths = (max(text_width(line), 1) for line in text.splitlines())
        return sum(-(-width // self.width) for width in widths) < self.height

    def encode(self, text: str) -> bytes:
        """Text as this screen's bytes; what its encoding lacks shows as `\\u2026`."""
        return text.encode(self.stream.encoding or "utf-8", "backslashreplace")

    def write(self, content: bytes) -> None:
        self.stream.flush()
        self.stream.buffer.write(content)


def find_screen(
    stream: TextIO,
    environ: Mapping[str, str],
    git: Callable[..., bytes] | None = None,
    color: str = "auto",
) -> Screen:
    """The screen that `stream` is. `git` runs git, to ask for its colour settings."""
    is_terminal = stream.isatty()
    seen = is_terminal or "GIT_PAGER_IN_USE" in environ
    columns, lines = _size(stream, environ, is_terminal)
    return Screen(
        stream=stream,
        width=max(columns, _NARROWEST),
        height=lines if is_terminal else None,
        terminal=seen,
        color=_wants_color(color, environ, git if seen else None, seen),
        unicode=_has_unicode(stream, environ),
    )


def text_width(text: str) -> int:
    """Columns that text takes in a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in ("Mn", "Me", "Cf") else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


def _size(stream: TextIO, environ: Mapping[str, str], is_terminal: bool) -> tuple[int, int | None]:
    columns, lines = 80, None
    if is_terminal:
        size = os.get_terminal_size(stream.fileno())
        columns, lines = size.columns or 80, size.lines or 24
    given = environ.get("COLUMNS", "")
    wanted = int(given) if given.isascii() and given.isdigit() else 0
    return wanted or columns, lines  # 0 is said where nobody knows


def _wants_color(
    choice: str, environ: Mapping[str, str], git: Callable[..., bytes] | None, seen: bool
) -> bool:
    for setting in (choice, _git_setting(git) if git else "auto"):
        if setting in ("always", "never", "false"):
            return setting == "always"
    if environ.get("NO_COLOR") or environ.get("TERM", "dumb") == "dumb":
        return False
    return seen


def _git_setting(git: Callable[..., bytes]) -> str:
    """What `color.gage` says, or else `color.ui`."""
    out = git("config", "-z", "--get-regexp", r"^color\.(gage|ui)$", ok=(0, 1))
    found = dict(entry.split("\n", 1) for entry in out.decode().split("\0") if "\n" in entry)
    return found.get("color.gage", found.get("color.ui", "auto")).lower()


def _has_unicode(stream: TextIO, environ: Mapping[str, str]) -> bool:
    locale = next(filter(None, map(environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    names = (stream.encoding or "", locale.partition(".")[2])
    return environ.get("TERM") != "dumb" and all(
        name.lower().replace("-", "") == "utf8" for name in names
    )
