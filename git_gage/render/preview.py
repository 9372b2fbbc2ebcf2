"""What a run would be, before there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from git_gage.catalog.values import read_value
from git_gage.records import encode_path, encode_text, shown_path
from git_gage.render.amounts import count_text, size_text, span_text, value_text
from git_gage.render.machine import format_json
from git_gage.render.wording import code_text, command_text
from git_gage.safe import clean, clean_output

if TYPE_CHECKING:
    from git_gage.render.screen import Screen
    from git_gage.runs.command import Preview
    from git_gage.runs.phases import Step

MAX_PATHS = 12


def show_preview(preview: Preview, screen: Screen, *, as_json: bool) -> str:
    """A preview on one page, or as an object with the keys that a run will have."""
    found = preview_object(preview)
    return format_json(found) if as_json else _page(found, preview, screen)


def preview_object(preview: Preview) -> dict[str, Any]:
    """The part of a run object that is known before the run begins.

    Source: docs/json.md, "Other commands".
    """
    plan, source = preview.plan, preview.source
    return {
        "operation": plan.operation,
        "project": dict(preview.project),
        "command": {
            **_words(plan.program),
            "cwd": shown_path(encode_text(plan.folder or ".")),
            "interpreter": str(plan.interpreter) if plan.interpreter else None,
            "interpreter_origin": plan.interpreter_origin,
            "phases": {step.phase: _words(step) for step in plan.steps if len(plan.steps) > 1},
        },
        "config": {name: read_value(value.to_json()) for name, value in plan.config.items()},
        "config_diff": plan.config_diff,
        "source": {
            "commit": source.commit,
            "snapshot": source.snapshot,
            "dirty": source.dirty,
            "digest": source.digest,
            "insertions": source.insertions,
            "deletions": source.deletions,
            "files": source.files,
            "paths": None
            if source.taken is None
            else [_path(each) for each in sorted(source.taken)],
            "left_out": [
                {"path": _path(path), "reason": reason} for path, reason in source.left_out
            ],
            "linked": [_path(linked.path) for linked in source.linked],
        },
        "inputs": [
            {
                "type": each.type,
                "name": each.name,
                "run": each.run,
                "path": str(each.path) if each.path else None,
                "count": each.count,
                "size": each.size,
                "digest": each.digest,
                "files": [_path(file.place) for file in each.files],
            }
            for each in plan.inputs
        ],
        "timeout_s": plan.timeout_s,
    }


def _words(step: Step) -> dict[str, Any]:
    return {"argv": [shown_path(encode_text(word)) for word in step.shown], "shell": step.shell}


def _path(path: bytes) -> str:
    return shown_path(encode_path(path))


def _page(found: Mapping[str, Any], preview: Preview, screen: Screen) -> str:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _rows(found, preview):
        table.add_row(Text(name), Text(text))
    out = StringIO()
    console = Console(
        file=out,
        width=screen.width,
        force_terminal=screen.color,
        no_color=not screen.color,
        color_system="standard" if screen.color else None,
        highlight=False,
    )
    console.print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    diff = found["config_diff"]
    shown = ["", clean_output(diff).rstrip("\n")] if diff else []
    return "\n".join([*lines, *shown, ""])


def _rows(found: Mapping[str, Any], preview: Preview) -> Iterator[tuple[str, str]]:
    command, source = found["command"], found["source"]
    yield "operation", clean(found["operation"])
    yield "command", command_text(command)
    if command["cwd"] != ".":
        yield "in", clean(command["cwd"])
    for phase, step in command["phases"].items():
        if phase != "run":
            yield phase, command_text(step)
    if command["interpreter"]:
        yield "python", clean(f"{command['interpreter']} ({command['interpreter_origin']})")
    for name, value in found["config"].items():
        yield "config", f"{clean(name)} = {value_text(value)}"
    yield "code", code_text({**source, "status": dict(preview.source.status)})
    yield from _source_rows(source)
    for each in found["inputs"]:
        where = each["run"] or each["path"] or ""
        size = f"{count_text(each['count'], 'file')}, {size_text(each['size'])}"
        yield (
            "input",
            clean(" ".join(filter(None, [each["type"], each["name"], where]))) + f": {size}",
        )
    if found["timeout_s"] is not None:
        yield "timeout", span_text(found["timeout_s"])


def _source_rows(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "source", count_text(source["files"], "file")
    for path in _first(source["paths"] or []):
        yield "", path
    for path in _first([f"{each['path']} ({each['reason']})" for each in source["left_out"]]):
        yield "left out", path
    for path in _first(source["linked"]):
        yield "linked", path


def _first(paths: list[str]) -> Iterator[str]:
    yield from (clean(path) for path in paths[:MAX_PATHS])
    more = len(paths) - MAX_PATHS
    if more > 0:
        yield f"and {more:,} more: git gage run --preview --json"
