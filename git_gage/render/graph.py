"""What runs were made from, drawn beside a list of them as `git log --graph` draws commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

_ASCII = {ord(sign): "+" for sign in "├┤┐┘┌└┼┴┬"} | {
    ord("●"): "*",
    ord("○"): "o",
    ord("│"): "|",
    ord("─"): "-",
}


class Line(NamedTuple):
    """A run's place in the drawing, and the line that stands below it, if any."""

    run: str
    below: str


def sources_of(document: Mapping[str, Any]) -> list[str]:
    """The runs that a run was made from, that it repeats, or that began it; each once."""
    found = [document["restart_of"], document["parent"]]
    for each in document["inputs"]:
        found += [each["run"], *each["runs"]]
    return list(dict.fromkeys(run for run in found if run is not None))


def draw_graph(documents: Sequence[Mapping[str, Any]], screen: Screen) -> list[Line]:
    """A line for each run, newest first; runs that are not in the list are not drawn."""
    shown = {document["id"] for document in documents}
    lanes: list[str | None] = []
    lines = []
    for document in documents:
        run = document["id"]
        sources = [source for source in sources_of(document) if source in shown]
        place = _place(lanes, run)
        # One that nothing shown is behind of ends its line, also where the next stands right below.
        sign = "●" if sources else "○"
        drawn = " ".join(
            sign if lane == place else "│" if awaited else " " for lane, awaited in enumerate(lanes)
        )
        below = _branch(lanes, place, sources)
        lines.append(Line(*(_plain(text, screen) for text in (drawn, below))))
        while lanes and lanes[-1] is None:
            lanes.pop()
    return lines


def _place(lanes: list[str | None], run: str) -> int:
    if run not in lanes:
        _wait(lanes, run)
    return lanes.index(run)


def _branch(lanes: list[str | None], place: int, sources: Sequence[str]) -> str:
    """Let lanes wait for what a run was made from: its own for the first that nobody waits for."""
    fresh = [source for source in sources if source not in lanes]
    known = {lanes.index(source): "┤" for source in sources if source in lanes}
    lanes[place] = fresh[0] if fresh else None
    ends = dict(known)
    for source in fresh[1:]:
        ends[_wait(lanes, source)] = "┐"
    return _connect(lanes, place, ends) if ends else ""


def _wait(lanes: list[str | None], run: str) -> int:
    lane = lanes.index(None) if None in lanes else len(lanes)
    lanes[lane : lane + 1] = [run]
    return lane


def _connect(lanes: Sequence[str | None], start: int, ends: Mapping[int, str]) -> str:
    """A line across from one lane to others."""
    left, right = min([start, *ends]), max([start, *ends])
    text = ""
    for lane, awaited in enumerate(lanes):
        crossed = left <= lane <= right
        if not crossed:
            text += "│" if awaited else " "
        elif lane == start:
            text += _corner(lane, left, right, goes_on=awaited is not None)
        elif lane in ends:
            text += _end(ends[lane], lane, left, right)
        else:
            text += "┼" if awaited else "─"
        text += "─" if left <= lane < right else " "
    return text.rstrip()


def _corner(lane: int, left: int, right: int, *, goes_on: bool) -> str:
    if lane == left:
        return "├" if goes_on else "└"
    if lane == right:
        return "┤" if goes_on else "┘"
    return "┼" if goes_on else "┴"


def _end(sign: str, lane: int, left: int, right: int) -> str:
    if lane == left:
        return {"┐": "┌", "┤": "├"}[sign]
    if lane == right:
        return sign
    return {"┐": "┬", "┤": "┼"}[sign]


def _plain(text: str, screen: Screen) -> str:
    return text if screen.unicode else text.translate(_ASCII)


def interleave(table: str, lines: Iterable[Line]) -> str:
    """A table, title first, with the lines that stand between its rows."""
    title, *rows = table.splitlines()
    told = [title]
    for row, line in zip(rows, lines, strict=True):
        told.append(row)
        told += [line.below] if line.below else []
    return "".join(f"{text}\n" for text in told)
