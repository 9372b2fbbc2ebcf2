"""Metrics and attributes of a run, read while its program goes on, and at its end.

What is known up to now lies in the run's state directory, for whoever looks; at the end the same
files go to git.
Source: docs/format.md, "Bulk files", "State of a run".
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.values import read_value
from git_gage.config.values import json_number
from git_gage.errors import ConfigError, GageError, GitError
from git_gage.gagefile.printed import read_patterns
from git_gage.git.durations import read_timeout
from git_gage.git.known import read_valid
from git_gage.metrics.collector import Collector
from git_gage.metrics.documents import Documents
from git_gage.metrics.output import OutputScanner
from git_gage.metrics.series import format_series
from git_gage.metrics.summary_file import Attribute, Summary, find_printed_summary
from git_gage.records import parse_time
from git_gage.runs.covering import cover_attributes, cover_metrics
from git_gage.runs.liveness import OUTPUT
from git_gage.secrets import mask_text
from git_gage.store.files import StorageError, read_json, write_json
from git_gage.system import replace_file

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.runs.output import OutputLog
    from git_gage.store import Store

SUMMARY = "summary.json"
# How old what is shown of a run that goes on may be, and how old at the least.
PERIOD_S, _SHORTEST_S = 2.0, 0.1
# Who runs for less time than this is not looked at before its end.
_FIRST_S = 0.2
_SETTING = "gage.pollInterval"
# Series can be long: they are written as seldom as it takes to spend a twentieth of the time on it.
_SERIES_SHARE = 20
_LIVE_OUTPUT_BYTES = 1 << 20

LOGGED, KEPT, _KEPT_BESIDE = "logged", ".gage", ".gage-logged"
METRICS_FILE, ATTRIBUTES_FILE, CONFIG_FILE = "metrics.jsonl", "attrs.jsonl", "config.json"
_PRINTED = "output."
METRICS, ATTRIBUTES = "summaries/metrics.json", "summaries/attrs.json"
SERIES = "summaries/series.jsonl"
SUMMARIES = (METRICS, ATTRIBUTES, SERIES)


class Results(NamedTuple):
    """What a run came to; metrics as `run.end` has them."""

    metrics: Mapping[str, Mapping[str, Any]] = {}
    attributes: Mapping[str, Attribute] = {}
    warnings: Sequence[str] = ()
    covered: int = 0
    """Secrets among them that are not recorded."""


class Watch:
    """Reads the results of one run. Between `start` and `finish` a thread of its own does so."""

    def __init__(
        self,
        repo: Repository,
        state_dir: Path,
        documents: Documents,
        definition: Mapping[str, Any],
        started_s: float,
    ) -> None:
        """`definition`: of the operation, as `run.begin` has it, empty without one."""
        self._repo = repo
        self._told: list[str] = []
        folder = state_dir / LOGGED
        folder.mkdir(exist_ok=True)
        printed = (folder / f"{_PRINTED}{METRICS_FILE}", folder / f"{_PRINTED}{ATTRIBUTES_FILE}")
        patterns = read_patterns(
            definition.get("output_metrics"), definition.get("output_attributes")
        )
        self._scanner = OutputScanner(*printed, patterns)
        self._documents = documents
        self._collector = Collector(
            (folder / METRICS_FILE, printed[0]),
            (printed[1], folder / ATTRIBUTES_FILE),
            documents,
            started=started_s,
        )
        self.log: OutputLog | None = None
        """What writes the output, while it is written."""
        self.output_began_s: float | None = None
        """When that was, in Unix seconds."""
        self._state_dir = state_dir
        self._summary_pattern = definition.get("output_summary") or False
        self._own_attributes = definition.get("attributes") or {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._shown: object = None
        self._series_due_s = 0.0

    def forget_present(self) -> None:
        """What is there now was not made by the program that is about to start."""
        self._documents.forget_present()

    def forget(self, paths: Iterable[Path]) -> None:
        """These files, as they are now, were not made by the program."""
        self._documents.forget(paths)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def feed(self, line: bytes, at_ms: int) -> None:
        """Look at a line of the output; `at_ms`: when it was printed, since the output began."""
        began_s = self.output_began_s
        self._scanner.feed(line, None if began_s is None else began_s + at_ms / 1000)

    def scan(self) -> None:
        """Take in what is new."""
        self._scanner.flush()
        lately = self._scanner.peek(self._lines_that_may_change())
        self._collector.scan(self._find_printed(_LIVE_OUTPUT_BYTES), lately)

    def scan_first(self) -> None:
        """Take in what will not be there any more when `finish` is called."""
        try:
            self.scan()
        except Exception as error:  # noqa: BLE001 - `finish` raises it
            self._failure = error

    def finish_surely(self) -> tuple[Results, Exception | None]:
        """The same as `finish`, or what is wrong with us: the end of a run is recorded first.

        Raises: GageError and OSError: the disk, and the next command tries again.
        """
        try:
            return self.finish(), None
        except (GageError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - it is raised once the end is recorded
            return Results(), error

    def finish(self) -> Results:
        """All of it, written to the state directory too."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
        self._scanner.close()
        if self._failure is not None:
            raise self._failure
        self._collector.finish(self._find_printed())
        metrics, names = cover_metrics(self._collector.summaries())
        attributes, values = cover_attributes(self._collector.attributes())
        self._write(metrics, attributes)
        self._write_series()
        warnings = [*self._told, *self._scanner.warnings(), *self._collector.warnings()]
        return Results(metrics, attributes, warnings, names + values)

    def _go_on(self) -> None:
        try:
            pause_s = _FIRST_S
            period_s = None
            while not self._stop.wait(pause_s):
                begun_s = time.monotonic()
                period_s = period_s or self._find_period()
                self._show()
                spent_s = time.monotonic() - begun_s
                pause_s = max(period_s - spent_s, spent_s)
        except Exception as error:  # noqa: BLE001 - it is raised where the run is closed
            self._failure = error

    def _find_period(self) -> float:
        try:
            told = read_valid(self._repo.settings, _SETTING)
            if told:
                return max(_SHORTEST_S, read_timeout(told))
        except ConfigError as error:
            self._told.append(error.message)
        except (GitError, OSError) as error:
            self._told.append(f"{_SETTING} could not be read: {error}")
        return PERIOD_S

    def _show(self) -> None:
        """Let others see what is known up to now."""
        try:
            self.scan()
            metrics, attributes = self._collector.summaries(), self._collector.attributes()
            if (metrics, attributes) == self._shown:
                return
            self._write(metrics, attributes)
            self._show_series()
        except (StorageError, OSError):
            return  # a full disk, say: who looks sees older values, and the end says so if it stays
        self._shown = (metrics, attributes)

    def _show_series(self) -> None:
        begun_s = time.monotonic()
        if begun_s >= self._series_due_s:
            self._write_series()
            now_s = time.monotonic()
            self._series_due_s = now_s + _SERIES_SHARE * (now_s - begun_s)

    def _write(
        self, metrics: Mapping[str, Mapping[str, Any]], attributes: Mapping[str, Attribute]
    ) -> None:
        (self._state_dir / METRICS).parent.mkdir(exist_ok=True)
        if metrics:
            write_json(self._state_dir / METRICS, dict(metrics))
        said = {
            **{name: ("operation", value) for name, value in self._own_attributes.items()},
            **{name: ("logged", value) for name, value in attributes.items()},
        }
        if said:
            body = {
                name: {"origin": origin, "value": attribute_body(value)}
                for name, (origin, value) in said.items()
            }
            write_json(self._state_dir / ATTRIBUTES, body)

    def _write_series(self) -> None:
        path = self._state_dir / SERIES
        fresh = path.with_name(f"{path.name}.new")
        with fresh.open("w", newline="\n") as file:
            series = ((mask_text(name)[0], each) for name, each in self._collector.series())
            file.writelines(format_series(series))
        if fresh.stat().st_size:
            replace_file(fresh, path)
        else:
            fresh.unlink()

    def _lines_that_may_change(self) -> list[bytes]:
        """The end of the output, which the program may draw anew."""
        if self.log is None:
            return []
        start = self.log.final_size
        with (self._state_dir / OUTPUT).open("rb") as file:
            file.seek(start)
            return file.read(_LIVE_OUTPUT_BYTES).split(b"\n")[:-1]

    def _find_printed(self, limit: int | None = None) -> Summary | None:
        """The summary in the output, if the operation has one; not in more than `limit` bytes."""
        output = self._state_dir / OUTPUT
        if self._summary_pattern is False or not output.exists():
            return None
        if limit is not None and output.stat().st_size > limit:
            return None
        return find_printed_summary(output, self._summary_pattern)


def watch_run(
    store: Store,
    run: str,
    definition: Mapping[str, Any],
    *,
    top: Path | None,
    folder: str,
    own: bool,
    started: str,
) -> Watch:
    """A watch over what a run leaves below `top` (nowhere if None), its summary file in `folder`.

    `own`: whether the run alone writes there.
    """
    summary = definition.get("summary") or SUMMARY
    started_s = parse_time(started)
    path = None if top is None else top / folder / summary
    documents = Documents(top, path, since=started_s, own=own)
    return Watch(store.repo, store.state_dir(run), documents, definition, started_s)


def attribute_body(value: Any) -> Any:
    """An attribute as JSON has it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return json_number(value) if is_number else value


def results_environ(state_dir: Path) -> dict[str, str]:
    """Where a program of a run logs to, and finds its config."""
    folder = state_dir / LOGGED
    return {
        "GAGE_METRICS_FILE": str(folder / METRICS_FILE),
        "GAGE_ATTRS_FILE": str(folder / ATTRIBUTES_FILE),
        "GAGE_CONFIG_FILE": str(state_dir / CONFIG_FILE),
    }


def write_config(state_dir: Path, config: Mapping[str, Any]) -> None:
    """Let the program find its config; `config` in the form of records."""
    path = state_dir / CONFIG_FILE
    path.touch(mode=0o600)  # it has secrets in it that the record does not hold
    path.write_text(format_config(config))


def format_config(config: Mapping[str, Any]) -> str:
    """What a program finds in the file of its config."""
    return json.dumps({name: read_value(value) for name, value in config.items()}) + "\n"


def keep_logged(state_dir: Path, run_dir: Path) -> None:
    """Put what was logged into the run directory, before the state directory goes."""
    files = [path for path in _list(state_dir / LOGGED) if path.stat().st_size]
    folder = run_dir / KEPT
    if os.path.lexists(folder) and not folder.is_dir():
        folder = run_dir / _KEPT_BESIDE  # the program left something else by that name
    if files:
        folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        try:
            path.rename(folder / path.name)
        except OSError:
            # Another disk; a copy that a kill cut short is made again.
            shutil.copyfile(path, folder / path.name)


def _list(folder: Path) -> Iterable[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_file()]
    except FileNotFoundError:
        return ()


def read_live(state_dir: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summaries and logged attributes of a run that goes on, as its recorder last saw them.

    Nothing of the run of another user, who lets nobody look.
    """
    try:
        said, metrics = read_json(state_dir / ATTRIBUTES), read_json(state_dir / METRICS)
    except PermissionError:
        return {}, {}
    logged = {name: each["value"] for name, each in said.items() if each.get("origin") == "logged"}
    return metrics, logged
