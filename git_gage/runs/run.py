"""The life of a run, from what was asked to what came out; one way through the house.

plan -> capture the source -> `run.begin` -> stage -> program -> `run.end` -> into git
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.errors import GageError
from git_gage.metrics import OutputScanner, read_summary
from git_gage.records import Record, parse_time, short_id
from git_gage.runs.attributes import set_label
from git_gage.runs.begin import begin_body, bind_file, fit_body
from git_gage.runs.close import OUTPUT, OUTPUT_INDEX, End, close_run
from git_gage.runs.environ import program_environ, recorded_variables
from git_gage.runs.liveness import hold_alive, note_program
from git_gage.runs.output import OutputLog
from git_gage.runs.plan import Plan, plan_run
from git_gage.runs.process import Console, Exit, StartError, run_program
from git_gage.runs.project import find_project
from git_gage.runs.request import Observer, RunOutcome, RunRequest
from git_gage.runs.stage import StagedFiles, finish_stage, stage_source
from git_gage.source import EXPECTED, Source, capture_source, describe_environment, source_body
from git_gage.store.files import explained

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.store import Store

ENVIRONMENT = "environment.json"
SUMMARY = "summary.json"
OUR_FAILURE, INTERRUPTED = 125, 130
_SHORTEN = (
    *("source.status", "source.linked", "source.left_out", "source.submodules"),
    *("config", "config_diff", "command.variables"),
)


class RunFailedError(GageError):
    """git-gage itself failed after the run had begun; the run is closed and says so."""

    exit_code = OUR_FAILURE


class Runner:
    """One run. Each step hands on to the next; `state_dir` is where a crash leaves its traces."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        request: RunRequest,
        console: Console,
        observer: Observer,
    ) -> None:
        self.store = store
        self.repo = store.repo
        self.catalog = catalog
        self.request = request
        self.console = console
        self.observer = observer
        self.scanner = OutputScanner()
        self.alive = -1

    def run(self) -> RunOutcome:
        plan = plan_run(self.repo, self.request, self.repo.environ)
        try:
            return self._record(plan)
        finally:
            if self.alive >= 0:
                os.close(self.alive)

    def _record(self, plan: Plan) -> RunOutcome:
        with self._new_state_dir() as state_dir:
            source = capture_source(self.repo, state_dir / "quarantine")
            self._tell_left_out(source)
            if source.snapshot is not None:
                self.store.pin(source.snapshot, state_dir / "quarantine")
            begin = self._begin(plan, source, state_dir)
        return self._carry_out(plan, source, begin)

    # -- before the program --------------------------------------------------------------------

    @contextmanager
    def _new_state_dir(self) -> Iterator[Path]:
        """A state directory that has no run id yet; it is gone if the run does not begin."""
        folder = self.store.dir / "state"
        with explained(folder, "begin run"):
            folder.mkdir(parents=True, exist_ok=True)
            state_dir = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
        self.alive = hold_alive(state_dir)
        try:
            yield state_dir
        finally:
            shutil.rmtree(state_dir, ignore_errors=True)

    def _begin(self, plan: Plan, source: Source, state_dir: Path) -> Record:
        environment = describe_environment(
            plan.interpreter, self.store.dir / "cache", self.repo.environ
        )
        if "warning" in environment:
            self.observer.warning(environment.pop("warning"))
        environment["python"] = (environment["python"] or {}).get("version")
        environment["platform"] = "{system} {release} {machine}".format(**environment["platform"])
        (state_dir / ENVIRONMENT).write_text(json.dumps(environment, sort_keys=True))
        body = begin_body(
            self.repo,
            plan,
            project=find_project(self.repo, source.commit),
            source=source_body(source),
            environment={key: environment[key] for key in environment if key != "packages"},
            variables=recorded_variables(self.repo.environ),
        )
        body["bulk"] = {ENVIRONMENT: bind_file(self.repo, state_dir / ENVIRONMENT)}
        body = fit_body(self.repo, body, state_dir, "begin.json", _SHORTEN)
        record = self.store.draft(
            "run.begin", run=None, body=body, by=self.request.author, lc=1, seq=0, prev=None
        )
        # The directory has its name before the record is out: whoever flushes finds the files.
        state_dir.rename(self.store.state_dir(record.run))
        self.store.append(record)
        return record

    # -- the program ---------------------------------------------------------------------------

    def _carry_out(self, plan: Plan, source: Source, begin: Record) -> RunOutcome:
        run = begin.run
        if self.request.label is not None:
            set_label(self.store, self.catalog, [run], self.request.label, self.request.author)
        self._show(run, self.observer.begun)
        staged = None
        try:
            staged = self._stage(plan, source, run)
            done = self._run_program(plan, run, staged is not None)
        except KeyboardInterrupt:
            self._close(begin, staged, "terminated", None, "SIGINT", "interrupted before it ran")
            return RunOutcome(run, INTERRUPTED)
        except StartError as error:
            self._close(begin, staged, "error", error.exit_code, None, error.message)
            raise
        except (GageError, OSError) as error:
            self._close(begin, staged, "error", None, None, f"git-gage: {error}")
            raise _failed(run, error) from error
        self._close(begin, staged, _status(done), done.exit_code, done.signal, None)
        return RunOutcome(run, done.exit_code)

    def _stage(self, plan: Plan, source: Source, run: str) -> StagedFiles | None:
        if source.snapshot is None:
            return None
        replaced = {}
        if plan.script is not None and plan.source is not None:
            replaced[os.fsencode(plan.script)] = plan.source
        git_dir = self.store.state_dir(run) / "git"
        return stage_source(self.repo, source, self.store.run_dir(run), git_dir, replaced)

    def _run_program(self, plan: Plan, run: str, staged: bool) -> Exit:
        state_dir, run_dir = self.store.state_dir(run), self.store.run_dir(run)
        environ = program_environ(
            self.repo.environ,
            run=run,
            run_dir=run_dir if staged else self.repo.cwd,
            project_dir=self.repo.work_tree or self.repo.cwd,
        )
        log = OutputLog(state_dir / OUTPUT, state_dir / OUTPUT_INDEX, on_line=self.scanner.feed)
        with log:
            done = run_program(
                plan.argv,
                cwd=run_dir / self.repo.prefix if staged else self.repo.cwd,
                env=environ,
                log=log,
                console=self.console,
                on_start=lambda pid: note_program(state_dir, pid),
            )
        # The very last write, at the close of the log, may fail too.
        log_error = done.log_error or (log.error and log.error.strerror)
        for what, error in (("recorded", log_error), ("shown", done.screen_error)):
            if error is not None:
                self.observer.warning(f"the output is not {what} to its end: {error}")
        return done

    # -- after the program ---------------------------------------------------------------------

    def _close(
        self,
        begin: Record,
        staged: StagedFiles | None,
        status: str,
        exit_code: int | None,
        signal_name: str | None,
        reason: str | None,
    ) -> None:
        """Record the end whatever signals come: it takes a moment and must not be cut short."""
        run = begin.run
        with _signals_ignored():
            ended = self.store.clock()
            outcome = None
            place = self.repo.cwd
            if staged is not None:
                run_dir = self.store.run_dir(run)
                place = run_dir / self.repo.prefix
                git_dir = self.store.state_dir(run) / "git"
                outcome = finish_stage(self.repo, staged, run_dir, git_dir)
            summary = read_summary(place / SUMMARY) if staged is not None else None
            end = End(
                status=status,
                exit_code=exit_code,
                signal=signal_name,
                ended=ended,
                duration_s=max(0.0, ended - parse_time(begin.at)),
                metrics=self.scanner.finish(summary) if summary else self.scanner.metrics,
                outcome=outcome,
                reason=reason,
            )
            try:
                warnings = close_run(self.store, self.catalog, run, end, self.request.author)
            except GageError as error:
                # The next command that shows runs will close it.
                raise _failed(run, error) from error
            self.store.close()
        for path in outcome.written if outcome else ():
            self.observer.warning(f"'{os.fsdecode(path)}' changed outside of the run directory")
        for path in outcome.unseen if outcome else ():
            self.observer.warning(f"'{os.fsdecode(path)}' is too large to look for changed files")
        for warning in [
            *self.scanner.warnings(),
            *(summary.warnings() if summary else ()),
            *warnings,
        ]:
            self.observer.warning(warning)
        self._show(run, self.observer.ended)

    def _show(self, run: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self.catalog.refresh()
        document = self.catalog.document(run)
        assert document is not None
        tell(document)

    def _tell_left_out(self, source: Source) -> None:
        for path, reason in source.left_out:
            if reason in EXPECTED:
                continue
            self.observer.warning(f"'{os.fsdecode(path)}' is not recorded ({reason})")


def run_command(
    store: Store, catalog: Catalog, request: RunRequest, console: Console, observer: Observer
) -> RunOutcome:
    """Run a program and record it: what ran before it starts, what came out after it ended.

    Raises: RequestError before anything was written; StartError when the program cannot be
    started and RunFailedError when we fail, both after the run was closed as such.
    """
    return Runner(store, catalog, request, console, observer).run()


def _failed(run: str, error: Exception) -> RunFailedError:
    hint = error.hint if isinstance(error, GageError) else None
    return RunFailedError(f"run {short_id(run)}: {error}", hint=hint)


def _status(done: Exit) -> str:
    if done.interrupted or done.signal is not None:
        return "terminated"
    return "completed" if done.exit_code == 0 else "error"


@contextmanager
def _signals_ignored() -> Iterator[None]:
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(name, signal.SIG_IGN) for name in names]
    try:
        yield
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)
