"""One run on one page, for `show`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from git_gage.errors import FETCH
from git_gage.records import encode_path, parse_time, short_id, shown_path
from git_gage.render.amounts import (
    age_text,
    count_text,
    metric_text,
    moment_text,
    size_text,
    span_text,
    value_text,
)
from git_gage.render.lineage import follower_text
from git_gage.render.metrics import best_text, draw_spark, spark_width
from git_gage.render.said import comment_line, placing_rows
from git_gage.render.screen import text_width
from git_gage.render.wording import (
    STATUS_STYLES,
    author_text,
    command_text,
    hint_text,
    places_text,
    source_text,
    status_text,
)
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.metrics.series import Series
    from git_gage.render.screen import Screen
    from git_gage.runs.files import RunFile
    from git_gage.runs.lineage import Followers

# A page is a screen: what is longer is in `show --json`.
MAX_PATHS, MAX_METRICS, MAX_COMMENTS = 6, 20, 3


def format_page(
    document: Mapping[str, Any],
    *,
    screen: Screen,
    now: float,
    run_dir: Path | None,
    source_here: bool,
    output_here: bool,
    places: Mapping[str, int] | None = None,
    given: Collection[str] = (),
    series: Mapping[str, Series] | None = None,
    images: Sequence[RunFile] = (),
    images_known: int = 0,
    followers: Followers | None = None,
    unapplied: int = 0,
    fetch: str = FETCH,
    folder: str | None = None,
) -> str:
    """What there is to know about a run, wrapped to the screen.

    `run_dir` is None, and `source_here` and `output_here` False, for what is not in this clone.
    `places`: how many files are `here` and `in git`, where there is no `run_dir`.
    `given`: settings that are no defaults. `images_known`: how many there are, also elsewhere.
    `unapplied`: how many records of others do not count. `fetch`: what to type for what is not
    here. `folder`: of `--runs`, where that was given.
    """
    page = _Page(document, screen, now, f"not here: {fetch}", folder)
    rows: list[tuple[str, str | Text]] = [
        *page.what(),
        *placing_rows(document, now, folder),
        *page.comments(unapplied),
        *page.config(given),
        *page.metrics(series or {}),
        *page.attributes(),
        *page.source(source_here),
        *page.lineage(),
        *page.followers(followers),
        *page.circumstances(),
        *page.results(run_dir, places or {}, output_here),
        *page.taken_out(),
        *page.heard(),
        *page.images(images, images_known),
    ]
    return format_rows(rows, screen, page.title())


def format_rows(
    rows: Iterable[tuple[str, str | Text]], screen: Screen, title: Text | None = None
) -> str:
    """Names and what they stand for, in two columns that are wrapped to the screen."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value) if isinstance(value, str) else value)
    file = StringIO()
    console = Console(
        file=file,
        width=screen.width,
        force_terminal=screen.color,
        color_system="standard" if screen.color else None,
        no_color=not screen.color,
        legacy_windows=False,
    )
    if title is not None:
        console.print(title)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


class _Page:
    """Rows (name, value) of a page. Every word of the record goes through `clean`."""

    def __init__(
        self,
        document: Mapping[str, Any],
        screen: Screen,
        now: float,
        absent: str,
        folder: str | None,
    ) -> None:
        """`absent`: what is said of what is elsewhere."""
        self.document = document
        self.absent = absent
        self.folder = folder
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
        yield from self._origin()
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

    def _origin(self) -> Iterator[tuple[str, str]]:
        """Which tool recorded the run, if not git-gage, and what of it is not here."""
        imported = self.document["imported"]
        if imported is not None:
            user = f", run by {clean(imported['user'])}" if imported["user"] else ""
            yield "imported", f"from {clean(imported['tool'])} {clean(imported['id'])}{user}"
            yield from _paths("not carried", [(text, "") for text in imported["left_out"]])

    def comments(self, unapplied: int) -> Iterator[tuple[str, str]]:
        """The newest comments, a line each, and what of what was said is not shown."""
        comments, run = self.document["comments"], short_id(self.document["id"])
        for number, comment in enumerate(comments[-MAX_COMMENTS:]):
            yield "" if number else "comments", comment_line(comment, self.now)
        more = len(comments) - MAX_COMMENTS
        if more > 0:
            yield "", self._typed(f"and {more:,} before: git gage comment {run} --list")
        if unapplied:
            text = f"{count_text(unapplied, 'record')}: git gage show {run} --history"
            yield "not counted", self._typed(text)

    def heard(self) -> Iterator[tuple[str, str]]:
        """What a run on another machine printed last."""
        if self.document["heard"] is not None:
            for number, line in enumerate(self.document["heard"]["output"].splitlines()):
                yield "" if number else "it prints", clean(line)

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
            place = f"of {each['remote']}" if each["remote"] else None
            what = " ".join(filter(None, [each["type"], each["name"], where, place]))
            amount = count_text(each["count"] or 0, "file")
            yield "" if number else "inputs", clean(f"{what}: {amount}")

    def followers(self, found: Followers | None) -> Iterator[tuple[str, str]]:
        """What came of the run."""
        if found is None or not found.total:
            return
        for number, step in enumerate(found.newest):
            yield "" if number else "used by", follower_text(step, self.screen)
        more = found.total - len(found.newest)
        if more:
            run = short_id(self.document["id"])
            yield "", self._typed(f"and {more:,} more: git gage show {run} --lineage")

    def config(self, given: Collection[str]) -> Iterator[tuple[str, Text]]:
        """Settings; defaults are dimmed."""
        texts = [
            Text(
                f"{clean(name)}={value_text(value)}",
                style="" if name in given else "dim",
            )
            for name, value in self.document["config"].items()
        ]
        if texts:
            yield "config", Text("  ").join(texts)

    def metrics(self, series: Mapping[str, Series]) -> Iterator[tuple[str, str]]:
        """A metric a line: its last value, how it went, the best of it."""
        found = list(self.document["metrics"].items())
        shown = found[:MAX_METRICS]
        names = _aligned([clean(name) for name, _ in shown])
        values = _aligned([metric_text(value, 6) for _, value in shown])
        width = spark_width(self.screen)
        sparks = _aligned([draw_spark(series.get(name), width, self.screen) for name, _ in shown])
        for number, (name, _) in enumerate(shown):
            parts = [f"{names[number]} {values[number]}", sparks[number], self._best(name)]
            text = "  ".join(part for part in parts if part).rstrip()
            yield "" if number else "metrics", text
        if len(found) > len(shown):
            run = short_id(self.document["id"])
            more = len(found) - len(shown)
            yield "", self._typed(f"and {more} more: git gage show {run} --metrics")

    def attributes(self) -> Iterator[tuple[str, str]]:
        """An attribute a line."""
        for number, (name, value) in enumerate(self.document["attributes"].items()):
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
            yield "by", author_text(author, whole=True)
        yield "on", _machine(document["environment"])

    def results(
        self, run_dir: Path | None, places: Mapping[str, int], output_here: bool
    ) -> Iterator[tuple[str, str]]:
        generated, output = self.document.get("generated"), self.document["output"]
        if generated and generated["files"]:
            place = clean(str(run_dir)) if run_dir else places_text(generated["files"], places)
            amount = count_text(generated["files"], "file")
            yield "files", f"{amount}, {size_text(generated['bytes'])}: {place}"
        written = [(shown_path(each["path"]), "") for each in self.document.get("written") or ()]
        yield from _paths("written", written)
        yield "output", self._output(output, output_here)

    def taken_out(self) -> Iterator[tuple[str, str]]:
        """What nobody is to look for anywhere."""
        parts = self.document["redacted"]
        if "run" in parts:
            told = "the run, by who began it or an admin: 'git gage fetch' lets go of it, as "
            told += "soon as whoever else has it on a remote has"
            yield "taken out", self._typed(told)
        elif parts:
            yield "taken out", f"{', '.join(parts)}, by who recorded it"

    def images(self, found: Sequence[RunFile], known: int) -> Iterator[tuple[str, str]]:
        """Images that the run made, with their sizes."""
        if not found:
            return
        entries = [(shown_bytes(each.path), _image_text(each)) for each in found]
        yield from _paths("images", entries, known)
        if not all(each.is_here for each in found):
            run = short_id(self.document["id"])
            yield "", self._typed(f"previews: git gage show {run} --images")

    def _code(self, source: Mapping[str, Any], here: bool) -> str:
        on_branch = source["branch"] and source["snapshot"]
        branch = f", on {clean(source['branch'])}" if on_branch else ""
        return source_text(self.document) + branch + ("" if here else f", {self.absent}")

    def _best(self, name: str) -> str:
        found = self.document["summaries"].get(name)
        return best_text(name, found) if found else ""

    def _typed(self, text: str) -> str:
        """Words of ours with a command in them, as it is to be typed."""
        return hint_text(text, self.folder)

    def _output(self, output: Mapping[str, Any] | None, here: bool) -> str:
        run = short_id(self.document["id"])
        if output is None:
            if self.document["heard"] or self.document["status"] == "lost":
                return "not here until its end is"
            going = self.document["status"] == "running"
            return self._typed(f"so far: git gage output {run}") if going else "none"
        if not output["bytes"]:
            return "none"
        amount = f"{count_text(output['lines'], 'line')}, {size_text(output['bytes'])}"
        if "output" in self.document["redacted"]:
            return f"{amount}, taken out"
        way = self._typed(f": git gage output {run}")
        return f"{amount}{way}" if here else f"{amount}, {self.absent}"


def size_of(file: RunFile) -> str:
    """Of a file in bytes, of an image in pixels too."""
    pixels = f"{file.image.width} x {file.image.height}, " if file.image else ""
    return f"{pixels}{size_text(file.size)}"


def shown_bytes(path: bytes) -> str:
    """A path as text, not yet cleaned."""
    return shown_path(encode_path(path))


def _aligned(texts: Sequence[str]) -> list[str]:
    """Texts that are all as wide as the widest."""
    width = max(map(text_width, texts), default=0)
    return [text + " " * (width - text_width(text)) for text in texts]


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


def _image_text(file: RunFile) -> str:
    return size_of(file) if file.is_here else f"{size_of(file)}, preview only"


def _paths(
    name: str, entries: Sequence[tuple[str, str]], known: int = 0
) -> Iterator[tuple[str, str]]:
    """The first paths of many, a line each; `known` where there are more than are listed."""
    for number, (path, remark) in enumerate(entries[:MAX_PATHS]):
        after = f"  {clean(remark)}" if remark else ""
        yield "" if number else name, clean(path) + after
    more = max(known, len(entries)) - min(len(entries), MAX_PATHS)
    if more:
        yield "", f"and {more} more"
