"""The verdicts of `doctor`, a line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_STYLES = {
    "ok": "green",
    "warning": "yellow",
    "problem": "red",
    "no": "red",
    "not here": "yellow",
}
_NARROWEST = 7


class Check(Protocol):
    """One thing that was looked at."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def verdict(self) -> str:
        """`ok`, `warning` or `problem`; of a run `no` or `not here` as well."""

    @property
    def text(self) -> str:
        """The verdict in more words."""

    @property
    def hint(self) -> str | None:
        """What to do about it."""


def format_checks(checks: Iterable[Check], screen: Screen) -> str:
    """One line for each check, and a hint below where there is one."""
    lines = []
    found = list(checks)
    width = max((len(check.verdict) for check in found), default=0)
    width = max(width, _NARROWEST)
    for check in found:
        verdict = screen.paint(f"{check.verdict:<{width}}", _STYLES[check.verdict])
        lines.append(f"{verdict}  {clean(check.name)}: {clean(check.text)}")
        if check.hint is not None:
            lines.append(f"{'':{width + 2}}hint: {clean(check.hint)}")
    return "".join(f"{line}\n" for line in lines)
