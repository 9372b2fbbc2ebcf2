"""What is said while something goes on, on standard error: standard output is the answer's."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from git_gage.records import short_id, shown_path
from git_gage.render.amounts import count_text, metric_text, size_text, span_text
from git_gage.render.screen import text_width
from git_gage.render.wording import STATUS_STYLES, code_text, command_text, hint_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.files.meter import Moving
    from git_gage.render.screen import Screen


# As git counts: Counting objects: 40% (2/5), or: remote: Enumerating objects: 5, done.
_COUNTER = re.compile(r": +[0-9]+[%,]|: [0-9]+$|\bTotal [0-9]+ |\bDelta compression ")
_MAX_METRICS = 8
HINT = "hint: "


class Progress:
    """Tells a person how a run, a push or a fetch goes; a quiet one tells only what is wrong."""

    def __init__(self, screen: Screen, *, quiet: bool = False, folder: str | None = None) -> None:
        """`folder`: of `--runs`, where that was given."""
        self.screen = screen
        self._folder = folder
        self.quiet = quiet
        self._drawn = 0

    def begun(self, document: Mapping[str, Any]) -> None:
        """The run is recorded; its program starts now."""
        command = document["command"]
        name = f"{short_id(document['id'])} {clean(document['name'])}"
        self.note(f"run {name}: {command_text(command)}")
        self.note(f"code {code_text(document['source'])}")
        for each in document["inputs"]:
            self.note(f"input {clean(each['name'] or each['type'])}: {_input_text(each)}")
        if command.get("interpreter_origin") and _has_python(command):
            path = shown_path(command["interpreter"])
            self.note(f"python {path} ({command['interpreter_origin']})")

    def staged(self, document: Mapping[str, Any]) -> None:
        """The run is recorded, and starts another time."""
        run = short_id(document["id"])
        self.note(f"run {run} {clean(document['name'])} is staged")
        self.note(f"hint: start it with 'git gage run --start {run}'")

    def up_to_date(self, document: Mapping[str, Any]) -> None:
        """Nothing is run: this run has done the same already."""
        run = short_id(document["id"])
        self.note(f"up to date: run {run} {clean(document['name'])} has done the same")

    def phase(self, name: str) -> None:
        """A phase with a program of its own starts."""
        self.note(f"phase {name}")

    def ended(self, document: Mapping[str, Any]) -> None:
        """The program has ended, and how is recorded."""
        metrics = _metrics_text(document["metrics"])
        style = STATUS_STYLES.get(document["status"])
        if not self.quiet:
            self._begin_line()
            self._say(_ending(document) + (f": {metrics}" if metrics else ""), style)
        run = short_id(document["id"])
        self.note(f"hint: show it with 'git gage show {run}', share it with 'git gage push'")

    def note(self, text: str) -> None:
        """Something good to know."""
        if not self.quiet:
            self._say(text)

    def sentence(self, text: str) -> None:
        """The same at length, wrapped in a terminal: other programs read one line."""
        if self.screen.terminal:
            from textwrap import fill

            text = fill(text, self.screen.width, subsequent_indent="  ", break_on_hyphens=False)
        self.note(text)

    def warning(self, text: str) -> None:
        """Something that should be looked at."""
        self._say(f"warning: {text}", "yellow")

    def progress(self, text: str) -> None:
        """A counter of git's, drawn over the one before; or what a remote has to say."""
        if not _COUNTER.search(text):
            self.note(text)
        elif self.screen.height is not None and not self.quiet:
            counter = self.screen.cut(clean(text), self.screen.width - 1)
            self._draw(counter + " " * (self._drawn - text_width(counter)))
            self._drawn = text_width(counter)

    def moving(self, verb: str, moving: Moving) -> None:
        """How far large files have come."""
        share = 100 * moving.done // max(moving.total, 1)
        text = f"{verb} files: {share}% ({size_text(moving.done)} of {size_text(moving.total)})"
        if moving.bytes_per_s is not None:
            text += f", {size_text(int(moving.bytes_per_s))}/s"
        if moving.left_s is not None:
            text += f", {_left_text(moving.left_s)} left"
        self.progress(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._wipe()

    def _wipe(self) -> None:
        """Leave no half counter behind."""
        if self._drawn:
            self._draw(" " * self._drawn)
            self._draw("")
            self._drawn = 0

    def _say(self, text: str, style: str | None = None) -> None:
        self._wipe()
        for line in text.splitlines():
            is_hint = line.startswith(HINT)
            told = HINT + hint_text(line.removeprefix(HINT), self._folder) if is_hint else line
            self.screen.stream.write(self.screen.paint(clean(told), style) + "\n")
        self.screen.stream.flush()

    def _begin_line(self) -> None:
        """Go to a new line if the program left the cursor in the middle of one.

        Nobody can ask where it is: a row of blanks runs over into the next line, or it does not.
        """
        if self.screen.height is not None:
            self.screen.stream.write(" " * (self.screen.width - 1) + "\r")

    def _draw(self, text: str) -> None:
        self.screen.stream.write(f"\r{text}")
        self.screen.stream.flush()


def _left_text(seconds: float) -> str:
    """How long something will take, as coarse as nobody can know it better."""
    if seconds < 10:
        return f"{math.ceil(seconds)}s"
    if seconds < 60:
        return f"{5 * math.ceil(seconds / 5)}s"
    if seconds < 5400:
        return f"{math.ceil(seconds / 60)}m"
    return f"{math.ceil(seconds / 3600)}h"


def _input_text(each: Mapping[str, Any]) -> str:
    """Where an input comes from, or else how much it is."""
    if each["run"]:
        return f"run {short_id(each['run'])}"
    if each["path"]:
        return clean(shown_path(each["path"]))
    if each["runs"]:
        return count_text(len(each["runs"]), "run")
    return count_text(each["count"], "file")


def _has_python(command: Mapping[str, Any]) -> bool:
    """Whether a command names it; one that starts it by another program says so itself."""
    steps = [command, *command["phases"].values()]
    return any("python" in shown_path(word) for step in steps for word in step["argv"])


def _metrics_text(metrics: Mapping[str, Any]) -> str:
    found = [f"{clean(name)} {metric_text(value)}" for name, value in metrics.items()]
    more = len(found) - _MAX_METRICS
    # One left out would take as much room as to say so.
    shown = found[:_MAX_METRICS] if more > 1 else found
    return ", ".join(shown) + (f", and {more:,} more" if more > 1 else "")


def _ending(document: Mapping[str, Any]) -> str:
    took = span_text(document["duration_s"])
    if document["status"] == "completed":
        return f"done in {took}"
    if document["status"] == "terminated":
        by = f" by {clean(document['signal'])}" if document["signal"] else ""
        why = f" ({clean(document['reason'])})" if document["reason"] else ""
        return f"terminated{by} after {took}{why}"
    reason = clean(document["reason"] or "failed")
    return f"{reason} with exit code {document['exit_code']} after {took}"
