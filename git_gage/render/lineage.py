"""The lineage of a run as a tree, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import short_id
from git_gage.render.amounts import count_text, metric_text
from git_gage.render.wording import status_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen
    from git_gage.runs.lineage import Lineage, Step

# Of many runs that one summary is over, and of many files of one input.
MAX_SIBLINGS = 12
_MAX_NAMES = 3
_MAX_METRICS = 4
_LEAST = 20
_UP = {"restart": "restart of ", "parent": "started in "}
_DOWN = {"restart": "restarted as ", "parent": "started "}
_KEYS = ("id", "name", "operation", "status", "started", "label")


def format_lineage(lineage: Lineage, screen: Screen) -> str:
    """A run, what it was made from and what it is used by; no line is wider than the screen."""
    lines = [_run_line(lineage.document["id"], lineage.document, screen)]
    for title, steps, words in (
        ("made from", lineage.sources, _UP),
        ("used by", lineage.followers, _DOWN),
    ):
        if steps:
            lines.append(screen.paint(title, "bold"))
            lines.extend(_branches(steps, words, screen, ""))
    if len(lines) == 1:
        lines.append("made from nothing but its source, and used by no run here")
    return "".join(f"{line}\n" for line in lines)


def lineage_body(lineage: Lineage) -> dict[str, Any]:
    """The same as a JSON value. Source: docs/json.md, "Lineage"."""
    return {
        **{key: lineage.document[key] for key in _KEYS},
        "sources": [_step_body(step, "sources") for step in lineage.sources],
        "followers": [_step_body(step, "followers") for step in lineage.followers],
    }


def follower_text(step: Step, screen: Screen) -> str:
    """A run that came of another, and its metrics."""
    assert step.run is not None and step.document is not None
    metrics = list(step.document["metrics"].items())[:_MAX_METRICS]
    values = [f"{clean(name)} {metric_text(value)}" for name, value in metrics]
    return "  ".join(
        [_DOWN.get(step.how, "") + _run_line(step.run, step.document, screen), *values]
    )


# -- as a tree --------------------------------------------------------------------------------


def _branches(
    steps: Sequence[Step], words: Mapping[str, str], screen: Screen, before: str
) -> Iterator[str]:
    shown = steps[:MAX_SIBLINGS]
    hidden = len(steps) - len(shown)
    for number, step in enumerate(shown, 1):
        is_last = number == len(shown) and not hidden
        corner = screen.sign("└─ ", "`- ") if is_last else screen.sign("├─ ", "|- ")
        yield _fit(before + corner, _step_text(step, words, screen), screen)
        below = before + ("   " if is_last else screen.sign("│  ", "|  "))
        yield from _branches(step.below, words, screen, below)
    if hidden:
        yield _fit(before + screen.sign("└─ ", "`- "), f"and {hidden:,} more", screen)


def _fit(before: str, text: str, screen: Screen) -> str:
    """One line; however deep the tree is, some of the text is seen."""
    room = screen.width - len(before)
    if room < _LEAST:
        return screen.cut("… " + text, screen.width)
    return before + screen.cut(text, room)


def _run_line(run: str, document: Mapping[str, Any] | None, screen: Screen) -> str:
    if document is None:
        return f"run {short_id(run)}, which is not here"
    status = status_text(document, screen, sign=True)
    return f"{clean(document['operation'])} {short_id(run)}  {status}"


def _step_text(step: Step, words: Mapping[str, str], screen: Screen) -> str:
    if step.run is None:
        return _files_text(step)
    text = words.get(step.how, "") + _run_line(step.run, step.document, screen)
    if step.entry is not None:
        text += f"  {_files_text(step)}"
    if step.again:
        return f"{text}  (see above)"
    return f"{text}  (and so on)" if step.cut else text


def _files_text(step: Step) -> str:
    """What of a run, or of the disk, an input is."""
    entry = step.entry
    assert entry is not None
    count = entry["count"] or len(entry["files"])
    if entry["runs"]:
        return f"in a summary of {count_text(len(entry['runs']), 'run')}"
    if step.how == "dir":
        return f"{clean(entry['path'] or '')}/  {count_text(count, 'file')}{_digest(entry)}"
    names = [clean(file["path"]) for file in entry["files"][:_MAX_NAMES]]
    if not names:
        names = [clean(entry["path"] or count_text(count, "file"))]
    more = f" and {count - len(names)} more" if count > len(names) and entry["files"] else ""
    return ", ".join(names) + more + ("" if step.run else _digest(entry))


def _digest(entry: Mapping[str, Any]) -> str:
    """Of a single file its own sha256, as `sha256sum` prints it."""
    files = entry["files"]
    digest = files[0].get("sha256") if len(files) == 1 else entry["digest"]
    return f"  {clean(str(digest)[:12])}" if digest else ""


# -- as JSON ----------------------------------------------------------------------------------


def _step_body(step: Step, key: str) -> dict[str, Any]:
    document, entry = step.document, step.entry
    return {
        "how": step.how,
        "run": step.run,
        **{name: None if document is None else document[name] for name in _KEYS if name != "id"},
        "input": entry,
        "again": step.again,
        "cut": step.cut,
        key: [_step_body(each, key) for each in step.below],
    }
