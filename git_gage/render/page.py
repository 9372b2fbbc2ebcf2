"""One run on one page, for `show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from git_gage.records import parse_time, short_id, shown_path
from git_gage.render.amounts import (
    age_text,
    count_text,
    metric_text,
    moment_text,
    size_text,
    span_text,
    value_text,
)
from git_gage.render.wording import STATUS_STYLES, code_text, command_text, status_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

# A page is a screen: what is longer is in `show --json`.
MAX_PATHS = 6
FETCH = "not here: git gage fetch"


def format_page(
    document: Mapping[str, Any],
    *,
    screen: Screen,
    now: float,
    run_dir: Path | None,
    source_here: bool,
    output_here: bool,
) -> str:
    """What there is to know about a run, wrapped to the screen.

    `run_dir` is None, and the others False, for what is not in this clone.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    page = _Page(document, screen, now)
    rows = [
        *page.what(),
        *page.values(),
        *page.source(source_here),
        *page.lineage(),
        *page.circumstances(),
        *page.results(run_dir, output_here),
    ]
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    file = StringIO()
    console = Console(
        file=file,
        width=screen.width,
        force_terminal=screen.color,
        color_system="standard" if screen.color else None,
        no_color=not screen.color,
        legacy_windows=False,
    )
    console.print(page.title())
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


class _Page:
    """Rows (name, value) of a page. Every word of the record goes through `clean`."""

    def __init__(self, document: Mapping[str, Any], screen: Screen, now: float) -> None:
        self.document = document
        self.screen = screen
        self.now = now

    def title(self) -> Text:
        document = self.document
        style = STATUS_STYLES.get(document["status"], "")
        return Text.assemble(
            "run ",
            (short_id(document["id"]), "bold"),
            f" {clean(document['name'])}  ",
            (status_text(document, self.screen, sign=True), style),
            *([f" by {clean(document['signal'])}"] if document["signal"] else ()),
            *([f" ({clean(document['reason'])})"] if document.get("reason") else ()),
        )

    def what(self) -> Iterator[tuple[str, str]]:
        document, command = self.document, self.document["command"]
        yield "id", clean(document["id"])
        if document["label"]:
            yield "label", clean(document["label"])
        if document["tags"]:
            yield "tags", clean(", ".join(document["tags"]))
        version = f" version {document['version']}" if document["version"] else ""
        yield "operation", clean(document["operation"] + version)
        yield "command", command_text(command)
        yield from self._phases()
        if command["cwd"] not in (None, "."):
            yield "folder", clean(shown_path(command["cwd"]))
        if command["interpreter"]:
            origin = command.get("interpreter_origin")
            came_from = f" ({clean(origin)})" if origin else ""
            yield "python", clean(shown_path(command["interpreter"])) + came_from

    def _phases(self) -> Iterator[tuple[str, str]]:
        """The other programs of the run, and how they ended."""
        ended = {phase["name"]: phase["exit_code"] for phase in self.document["phases"]}
        for name, step in self.document["command"]["phases"].items():
            if name != "run":
                failed = f" (exit code {ended[name]})" if ended.get(name) else ""
                yield clean(name), command_text(step) + failed

    def lineage(self) -> Iterator[tuple[str, str]]:
        """What the run comes from."""
        for key, name in (("parent", "begun in"), ("restart_of", "restart of")):
            if self.document[key]:
                yield name, f"run {clean(short_id(self.document[key]))}"
        for number, each in enumerate(self.document["inputs"]):
            where = (
                f"run {short_id(each['run'])}" if each["run"] else shown_path(each["path"] or "")
            )
            what = " ".join(filter(None, [each["type"], each["name"], where]))
            amount = count_text(each["count"] or 0, "file")
            yield "" if number else "inputs", clean(f"{what}: {amount}")

    def values(self) -> Iterator[tuple[str, str]]:
        config, metrics = self.document["config"], self.document["metrics"]
        if config:
            yield "config", "  ".join(f"{clean(k)}={value_text(v)}" for k, v in config.items())
        for number, (name, value) in enumerate(metrics.items()):
            text = f"{clean(name)} {metric_text(value, 6)}{self._range(name)}"
            yield "" if number else "metrics", text
        attributes = self.document["attributes"].items()
        for number, (name, value) in enumerate(attributes):
            yield "" if number else "attributes", f"{clean(name)} {value_text(value)}"

    def source(self, here: bool) -> Iterator[tuple[str, str]]:
        source = self.document["source"]
        yield "source", self._code(source, here)
        changed = [(f"{xy} {path}", "") for path, xy in source["status"].items()]
        yield from _paths("changed", changed)
        if source["snapshot"] and source["snapshot"] != source["commit"]:
            yield "snapshot", clean(source["snapshot"])
        if source["digest"]:
            files = count_text(source["files"], "file")
            yield "digest", f"{clean(source['digest'][:16])} over {files}"
        left_out = [(shown_path(each["path"]), each["reason"]) for each in source["left_out"]]
        yield from _paths("left out", left_out)
        yield from _paths("linked", [(shown_path(each["path"]), "") for each in source["linked"]])
        modules = [(shown_path(each["path"]), each["commit"]) for each in source["submodules"]]
        yield from _paths("submodules", modules)

    def circumstances(self) -> Iterator[tuple[str, str]]:
        document, author = self.document, self.document["author"]
        started = parse_time(document["started"])
        ago = age_text(self.now - started)
        took = document["duration_s"]
        spent = f", took {span_text(took)}" if took is not None else ""
        yield "started", f"{moment_text(started)} ({ago} ago){spent}"
        if author:
            yield "by", clean(f"{author.get('name', '')} <{author.get('email', '')}>")
        yield "on", _machine(document["environment"])

    def results(self, run_dir: Path | None, output_here: bool) -> Iterator[tuple[str, str]]:
        generated, output = self.document.get("generated"), self.document["output"]
        if generated and generated["files"]:
            place = clean(str(run_dir)) if run_dir else "not in this clone"
            amount = count_text(generated["files"], "file")
            yield "files", f"{amount}, {size_text(generated['bytes'])}: {place}"
        written = [(shown_path(each["path"]), "") for each in self.document.get("written") or ()]
        yield from _paths("written", written)
        yield "output", self._output(output, output_here)

    def _code(self, source: Mapping[str, Any], here: bool) -> str:
        on_branch = source["branch"] and source["snapshot"]
        branch = f", on {clean(source['branch'])}" if on_branch else ""
        return code_text(source) + branch + ("" if here else f", {FETCH}")

    def _range(self, name: str) -> str:
        found = self.document["summaries"].get(name)
        if not found or found["count"] < 2:
            return ""
        low, high = metric_text(found["min"], 6), metric_text(found["max"], 6)
        return f"  ({low} to {high}, {count_text(found['count'], 'value')})"

    def _output(self, output: Mapping[str, Any] | None, here: bool) -> str:
        run = short_id(self.document["id"])
        if output is None:
            going = self.document["status"] == "running"
            return f"so far: git gage output {run}" if going else "none"
        if not output["bytes"]:
            return "none"
        amount = f"{count_text(output['lines'], 'line')}, {size_text(output['bytes'])}"
        return f"{amount}: git gage output {run}" if here else f"{amount}, {FETCH}"


def _machine(environment: Mapping[str, Any]) -> str:
    packages = environment.get("packages")
    gpus = environment.get("gpus") or ()
    parts = [
        environment.get("host"),
        environment.get("platform"),
        f"Python {environment['python']}" if environment.get("python") else None,
        count_text(len(packages), "package") if packages else None,
        f"git {environment['git']}" if environment.get("git") else None,
        *(str(gpu) for gpu in gpus),
    ]
    return clean(", ".join(str(part) for part in parts if part)) or "unknown"


def _paths(name: str, entries: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The first paths of many, a line each."""
    for number, (path, remark) in enumerate(entries[:MAX_PATHS]):
        after = f"  {clean(remark)}" if remark else ""
        yield "" if number else name, clean(path) + after
    if len(entries) > MAX_PATHS:
        yield "", f"and {len(entries) - MAX_PATHS} more"
