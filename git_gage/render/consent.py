"""What somebody else's run would do here, for a person who has to say yes or no."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from git_gage.records import short_id
from git_gage.render.amounts import count_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.runs.consent import ForeignRun
    from git_gage.runs.phases import Step

_MAX_LINES = 100


def format_foreign(asked: ForeignRun) -> str:
    """Lines that name its programs, where they run, and what its source is."""
    run = short_id(asked.run)
    lines = [
        f"Run {run} was not begun in this clone. It would run here, as you:",
        *_row("command", _commands(asked.steps)),
        *_row("folder", [asked.folder]),
        *_row("source", _source(asked)),
        *_row("by", [_author(asked)]),
        *_row("not made", [f"'{path}' ({why})" for path, why in asked.left_out]),
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(name: str, values: list[str]) -> Iterator[str]:
    for number, value in enumerate(map(clean, values[:_MAX_LINES])):
        yield f"  {'' if number else name:<9} {value}"
    if len(values) > _MAX_LINES:
        yield f"  {'':<9} and {count_text(len(values) - _MAX_LINES, 'more line')}"


def _commands(steps: tuple[Step, ...]) -> list[str]:
    found: list[str] = []
    for step in steps:
        lines = step.shown[0].splitlines() if step.shell else [shlex.join(step.shown)]
        found += [f"{step.phase}: {line}" if len(steps) > 1 else line for line in lines]
    return [os.fsencode(line).decode("utf-8", "surrogateescape") for line in found]


def _source(asked: ForeignRun) -> list[str]:
    if asked.is_own:
        return ["yours, as it is"]
    commit = f"commit {asked.commit[:12]}" if asked.commit else "no commit"
    if asked.changes is None:
        return [f"{commit}, with more changes than are counted"]
    files, added, taken = asked.changes
    if not files:
        return [commit]
    return [f"{commit}, {count_text(files, 'file')} changed, +{added:,} -{taken:,}"]


def _author(asked: ForeignRun) -> str:
    said = asked.author or {}
    email = f"<{said['email']}>" if said.get("email") else None
    name = " ".join(filter(None, (said.get("name"), email)))
    who = f"'{name}' as it says" if name else "nobody that it names"
    return f"{who}, signed by {asked.signer}" if asked.signer else f"{who}, not verified"
