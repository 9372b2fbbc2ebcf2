"""A bar while many runs are read for the first time."""

from __future__ import annotations

import io
from typing import Any

from git_gage.render.loading import Loading
from git_gage.render.screen import Screen


def drawn(shares: list[tuple[float, float | None]], **kw: Any) -> list[str]:
    """What is on the line after each of some shares, told at these seconds."""
    stream = io.StringIO()
    now = 0.0
    loading = Loading(Screen(stream, **kw), clock=lambda: now)
    for now, share in shares:  # noqa: B007 - the clock reads it
        loading.tell(share)
    return stream.getvalue().split("\r")


def test_a_bar_moves_once_a_second_and_goes() -> None:
    shares = [(0.5, 0.1), (1.0, 0.2), (1.5, 0.4), (2.0, 0.5), (2.5, None)]
    head = "reading records "
    assert drawn(shares, width=40, height=24) == [
        "",
        f"{head} 20% ━━━───────────────",
        f"{head} 50% ━━━━━━━━━─────────",
        " " * 39,
        "",
    ]


def test_what_is_quick_or_seen_by_nobody_is_not_told() -> None:
    assert drawn([(0.1, 0.5), (0.9, 1.0), (0.9, None)], height=24) == [""]
    assert drawn([(5.0, 0.5), (5.1, None)]) == [""]


def test_a_narrow_screen_without_signs() -> None:
    assert drawn([(1.0, 0.5)], width=29, height=24, unicode=False) == [
        "",
        "reading records  50% ###....",
    ]
