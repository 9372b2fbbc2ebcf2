"""Runs that other tools recorded become runs of ours: by whoever imports them, once.

Source: docs/import.md; docs/format.md, "run.begin", `imported`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.config.values import Value
from git_gage.formats.model import MAX_TEXT, OWN_TOOL, BrokenError, ForeignRun, Unread
from git_gage.formats.opened import open_plain
from git_gage.formats.written import copy_file
from git_gage.metrics.series import format_series
from git_gage.records import encode_text, encode_value, format_time, short_id
from git_gage.runs.attributes import describe_run
from git_gage.runs.begin import bind_file, fit_body
from git_gage.runs.close import End, close_run
from git_gage.runs.covering import cover_attributes, cover_metrics
from git_gage.runs.liveness import OUTPUT, hold_alive, name_state
from git_gage.runs.masking import find_secret_config, masked_places
from git_gage.runs.place import choose_run_dir
from git_gage.runs.project import find_project
from git_gage.runs.results import ATTRIBUTES, METRICS, SERIES, attribute_body
from git_gage.runs.settle import IMPORT_REASON
from git_gage.runs.unstage import Outcome
from git_gage.safe import clean
from git_gage.secrets import MASK, mask_shell, mask_text, mask_urls, mask_words
from git_gage.store.files import Lock, explained, write_json
from git_gage.system import remove_tree
from git_gage.trust.errors import SigningError

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.formats.model import Found
    from git_gage.records import By, Record
    from git_gage.runs.request import Observer
    from git_gage.store import Store

ENVIRONMENT, FILES = "environment.json", "files"
# A run whose tool has no end of it, and of which nothing changed for so long, does not go on.
QUIET_S = 3600
_NO_END = "its end is not recorded"
_MAX_LEFT_OUT, _MAX_SAID = 50, 300
_MAX_COMMAND = 8 << 10
_SHORTEN = ("config", "config_diff")
# No record holds a later time.
_YEAR_10000_S = 253_402_300_800
_Key = tuple[str, ...]


@dataclass
class Imported:
    """What became of an import: ids of the runs that are new, that were here, and that were purged
    here; what was not read and why; what could not be carried, by how many runs."""

    runs: list[str] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def import_runs(
    store: Store,
    catalog: Catalog,
    found: Iterable[Found],
    author: By,
    observer: Observer,
    purged: Collection[str] = (),
    *,
    dry: bool = False,
) -> Imported:
    """Record runs of other tools; those that were imported before are left as they are.

    `purged`: ids of runs of ours that are to stay away.

    With `dry` nothing is recorded: the runs that would be new are named by their tool's ids.
    Raises: RequestError, StorageError, SigningError where nothing more can be recorded.
    """
    if dry:
        return _import_each(store, catalog, found, author, observer, purged, dry=True)
    store.check_git()
    # Two at once would each find that a run is not here.
    with Lock(store.dir / "import.lock").held():
        return _import_each(store, catalog, found, author, observer, purged, dry=False)


def _import_each(
    store: Store,
    catalog: Catalog,
    found: Iterable[Found],
    author: By,
    observer: Observer,
    purged: Collection[str],
    *,
    dry: bool,
) -> Imported:
    known = _known_runs(catalog)
    paths: dict[_Key, str] = {}
    imported = Imported()
    for run in found:
        if isinstance(run, Unread):
            imported.unread.append(run)
            continue
        if max(run.started, run.ended or 0.0, run.quiet_since) >= _YEAR_10000_S:
            imported.unread.append(Unread(run.path, "it has a time after the year 9999"))
            continue
        if run.tool == OWN_TOOL and run.id in purged:
            imported.purged.append(run.id)
            continue
        key = (run.tool, run.id)
        path = paths.get(key)
        if path is not None:
            # One that two of the paths lead to is one.
            if path != run.path:
                imported.unread.append(Unread(run.path, f"it is the same run as '{path}'"))
            continue
        paths[key] = run.path
        earlier = known.get(key) or known.pop(_former_key(run), None)
        if earlier:
            imported.here.append(earlier)
        elif run.ended is None and store.clock() - max(run.quiet_since, run.changed) < QUIET_S:
            imported.unread.append(Unread(run.path, "it seems to go on: its end is not recorded"))
        else:
            id = run.id if dry else _Import(store, catalog, run, author, observer).record()
            imported.runs.append(id)
            imported.left_out.update(dict.fromkeys(run.left_out, 1))
    return imported


def _former_key(run: ForeignRun) -> _Key:
    """What a run was known by when its id alone did not tell: that, and when it began."""
    return (run.tool, run.former_id or "", format_time(run.started))


def _known_runs(catalog: Catalog) -> dict[_Key, str]:
    """Ids of the runs that are here, by tool and the id that it gave them: ours, too.

    Those that are archived or deleted are here: somebody took them off the lists, and meant it.
    """
    catalog.refresh()
    known: dict[_Key, str] = {}
    for text in catalog.iter_documents(None, catalog.find((), put_away=True)):
        id = text[text.index('"id":"') + 6 :].partition('"')[0]
        known[OWN_TOOL, id] = id
        if '"imported":{' in text:
            document = json.loads(text)
            source = document["imported"]
            if source is not None and document["reason"] != IMPORT_REASON:
                known[source["tool"], source["id"]] = id
                known[source["tool"], source["id"], source["started"]] = id
    return known


class _Import:
    """One run, from what its tool says to records, output and files of ours."""

    def __init__(
        self, store: Store, catalog: Catalog, run: ForeignRun, author: By, observer: Observer
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._run = run
        self._author = author
        self._observer = observer
        self._covered = 0
        self._alive = -1

    def record(self) -> str:
        """The id of the run, which is recorded with all that can be carried."""
        run = self._run
        with self._new_state_dir() as state_dir:
            outcome = self._copy_files(state_dir / FILES)
            self._write_output(state_dir)
            begin = self._draft_begin(state_dir)
            metrics, attributes = self._write_results(state_dir)
            place = self._store.state_dir(begin.run)
            self._alive = name_state(state_dir, place, self._alive, self._store.writing)
            self._store.append(begin)
            self._place_files(place / FILES, begin.run)
            end = End(
                status=run.status,
                exit_code=run.exit_code,
                signal=None,
                ended=run.quiet_since if run.ended is None else max(run.ended, run.started),
                duration_s=run.took_s,
                metrics=metrics,
                attributes=attributes,
                covered=self._covered,
                outcome=outcome,
                reason=run.reason if run.ended is not None else _NO_END,
            )
            closed = close_run(self._store, self._catalog, begin.run, end, self._author)
        self._say(begin.run)
        for warning in closed.warnings:
            self._observer.warning(f"run {short_id(begin.run)}: {warning}")
        return begin.run

    @contextmanager
    def _new_state_dir(self) -> Iterator[Path]:
        """A state directory that has no run id yet; it is gone if nothing is recorded."""
        folder = self._store.dir / "state"
        with explained(folder, "import run"):
            folder.mkdir(parents=True, exist_ok=True)
            state_dir = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
            self._alive = hold_alive(state_dir)
        try:
            with explained(folder, "import run"):
                yield state_dir
        finally:
            os.close(self._alive)
            remove_tree(state_dir, surely=False)

    # -- its files -----------------------------------------------------------------------------

    def _copy_files(self, folder: Path) -> Outcome:
        """Copies of what the run left, as far as it can still be read."""
        outcome = Outcome()
        for part in self._run.files:
            target = folder / os.fsdecode(part.path)
            try:
                copy_file(part.place, target)
            except (FileNotFoundError, PermissionError) as error:
                reason = (error.strerror or "").lower()
                self._run.left_out.append(f"'{clean(os.fsdecode(part.path))}': {reason}")
                continue
            outcome.generated_files += 1
            outcome.generated_bytes += target.lstat().st_size
        return outcome

    def _place_files(self, folder: Path, run: str) -> None:
        if folder.is_dir():
            place = choose_run_dir(self._store, run, None)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, place)

    def _write_output(self, state_dir: Path) -> None:
        """What it printed; nobody knows when which line was."""
        output = self._run.output
        if isinstance(output, bytes):
            (state_dir / OUTPUT).write_bytes(output)
        elif output is not None:
            try:
                with open_plain(output) as source, (state_dir / OUTPUT).open("wb") as target:
                    shutil.copyfileobj(source, target)
            except BrokenError as error:
                self._run.left_out.append(f"what it printed: {error}")

    # -- what is recorded ----------------------------------------------------------------------

    def _draft_begin(self, state_dir: Path) -> Record:
        run, repo = self._run, self._store.repo
        environment = {"host": None, "platform": None, "python": None, **run.environment}
        whole = {**environment, "packages": dict(run.packages or {})}
        (state_dir / ENVIRONMENT).write_text(json.dumps(encode_value(whole), sort_keys=True))
        head = repo.run("rev-parse", "--verify", "--quiet", "HEAD", ok=(0, 1)).decode().strip()
        body: dict[str, Any] = {
            "operation": self._cover(run.operation),
            "project": find_project(repo, head or None, None),
            "command": {
                "argv": [encode_text(word) for word in self._words()],
                "shell": run.shell,
                "cwd": None,
                "interpreter": None,
                "interpreter_origin": None,
                "variables": {},
            },
            "config": self._settings(),
            "source": {**run.source},
            "environment": environment,
            "imported": {
                "tool": run.tool,
                "id": run.id,
                "path": encode_text(run.path),
                "started": format_time(run.started),
                "left_out": [text[:_MAX_SAID] for text in run.left_out[:_MAX_LEFT_OUT]],
                **({"user": run.user} if run.user else {}),
            },
            "nonce": os.urandom(8).hex(),
        }
        if run.config_diff:
            body["config_diff"] = self._cover(run.config_diff)
        masked = masked_places(body)
        if masked:
            body["masked"] = masked
            told = f"a secret in {', '.join(masked)} is not in the record of '{run.id}'"
            self._observer.warning(told)
        body["bulk"] = {ENVIRONMENT: bind_file(repo, state_dir / ENVIRONMENT)}
        body = fit_body(repo, body, state_dir, "begin.json", _SHORTEN)
        return self._store.draft(
            "run.begin", run=None, body=body, by=self._author, lc=1, seq=0, prev=None
        )

    def _words(self) -> Sequence[str]:
        if sum(map(len, self._run.argv)) > _MAX_COMMAND:
            self._run.left_out.append("its command, which is too long")
            return []
        if self._run.shell:
            return [mask_shell(word) for word in self._run.argv]
        return mask_words(list(self._run.argv))

    def _settings(self) -> dict[str, Any]:
        hidden = find_secret_config(self._run.config)
        return {
            name: (
                Value("str", MASK) if name in hidden else value._replace(text=mask_urls(value.text))
            ).to_json()
            for name, value in self._run.config.items()
        }

    def _write_results(self, state_dir: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """Metrics and attributes as `run.end` has them; they lie in the state directory too."""
        run = self._run
        metrics, names = cover_metrics(run.metrics.summaries())
        attributes, values = cover_attributes(run.attributes)
        self._covered += names + values
        (state_dir / METRICS).parent.mkdir()
        if metrics:
            write_json(state_dir / METRICS, metrics)
            with (state_dir / SERIES).open("w", newline="\n") as file:
                series = run.metrics.series(run.started)
                file.writelines(format_series((mask_text(name)[0], each) for name, each in series))
            if not (state_dir / SERIES).stat().st_size:
                (state_dir / SERIES).unlink()
        if attributes:
            body = {
                name: {"origin": "logged", "value": attribute_body(value)}
                for name, value in attributes.items()
            }
            write_json(state_dir / ATTRIBUTES, body)
        return metrics, attributes

    def _say(self, run: str) -> None:
        """What people said of it, which the importer passes on."""
        found = self._run
        comments = [text.replace("\r\n", "\n").replace("\r", "\n") for text in found.comments]
        try:
            describe_run(
                *(self._store, self._catalog, run, self._author),
                label=found.label and self._cover(found.label),
                tags=[self._cover(tag) for tag in found.tags],
                comments=[self._cover(text) for text in comments],
            )
        except SigningError as error:
            told = f"run {short_id(run)} has not all of its label, tags and comments"
            self._observer.warning(f"{told}: {error.message}")

    def _cover(self, text: str) -> str:
        """A text without the secrets in it."""
        covered, count = mask_text(text[:MAX_TEXT])
        self._covered += count
        return covered
