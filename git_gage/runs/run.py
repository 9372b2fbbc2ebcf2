"""The life of a run, from what was asked to what came out; one way through the house.

plan -> capture the source -> `run.begin` -> stage -> programs -> `run.end` -> into git
"""

from __future__ import annotations

import json
import os
import posixpath
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import ConflictError, GageError, RequestError, describe_os_error
from git_gage.records import Record, short_id
from git_gage.runs.attributes import add_tags, set_label
from git_gage.runs.begin import begin_body, bind_file, definition_body, fit_body
from git_gage.runs.close import forget_state
from git_gage.runs.closing import Closing
from git_gage.runs.environ import recorded_variables
from git_gage.runs.interrupts import raised_signals, signal_of
from git_gage.runs.liveness import hold_alive, name_state
from git_gage.runs.masking import given_secrets
from git_gage.runs.next_record import draft_next
from git_gage.runs.phases import RUN
from git_gage.runs.place import choose_run_dir
from git_gage.runs.process import Console, Exit, StartError
from git_gage.runs.programs import Programs
from git_gage.runs.project import find_project
from git_gage.runs.request import Lineage, Observer, RunOutcome, RunRequest
from git_gage.runs.results import SUMMARY, Watch, watch_run
from git_gage.runs.short import read_short_rule
from git_gage.runs.stage import StagedFiles, stage_source
from git_gage.safe import clean
from git_gage.source import EXPECTED, Source, describe_environment, source_body
from git_gage.store.files import explained
from git_gage.system import remove_tree
from git_gage.trust.errors import SigningError

if sys.platform != "win32":
    from git_gage.runs.detach import detach

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.runs.plan import Plan
    from git_gage.store import Store

ENVIRONMENT = "environment.json"
TIMED_OUT, OUR_FAILURE = 124, 125
_SHORTEN = (
    *("source.status", "source.linked", "source.left_out", "source.submodules"),
    *("config", "config_diff", "command.variables", "inputs"),
)


class RunFailedError(GageError):
    """git-gage itself failed after the run had begun; the run is closed and says so."""

    exit_code = OUR_FAILURE


class Prepared(NamedTuple):
    """A plan and its source, whose new objects lie in `quarantine`; None if all are here."""

    plan: Plan
    source: Source
    quarantine: Path | None


class Runner:
    """One run. Each step hands on to the next; a state directory is where a crash leaves traces.

    Raises: RequestError; ConfigError for settings by which its files could not be kept.
    """

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
        self.alive = -1
        self._followers = ExitStack()
        # What is wrong there would else be noticed when the program has ended.
        read_short_rule(self.repo.settings)
        if sys.platform == "win32" and request.detach:
            raise RequestError(
                "a run cannot be left in the background on Windows",
                hint="open another window for it: start git gage run <script.py>",
            )

    def begin(
        self, prepare: Callable[[Path], Prepared | str], *, lineage: Lineage, staged: bool = False
    ) -> tuple[Prepared, Record] | str:
        """Record what will run and how; nothing of it stays if that fails.

        `prepare` captures the source into the folder it gets, or says which run has done it
        already.
        """
        with self._new_state_dir() as state_dir:
            prepared = prepare(state_dir / "quarantine")
            if isinstance(prepared, str):
                return prepared
            source = prepared.source
            # What comes of a private run is private.
            private = self.request.private or not self.store.private.isdisjoint(lineage.runs)
            self._tell_left_out(source)
            record = self._draft_begin(prepared.plan, source, state_dir, lineage, staged)
            if source.snapshot is not None:
                self.store.pin(source.snapshot, prepared.quarantine, private=private)
            if private:
                self.store.keep_private(record.run)
            # The directory has its name before the record is out: whoever flushes finds the files.
            place = self.store.state_dir(record.run)
            self.alive = name_state(state_dir, place, self.alive, self.store.writing)
            self.store.append(record)
        self._describe(record.run)
        return prepared, record

    def take_up(self, run: str, plan: Plan) -> Record:
        """Be the one who records a run that was staged: `run.start` says that it starts here.

        Raises: ConflictError where somebody else was faster.
        """
        with self._new_state_dir() as state_dir:
            environment = self.describe_environment(plan, state_dir)
            with self.store.writing():
                self.catalog.refresh()
                place = self.store.state_dir(run)
                document = self.catalog.document(run)
                if place.exists() or document is None or document["status"] != "staged":
                    raise ConflictError(f"run {short_id(run)} was started meanwhile")
                body, author = {"environment": environment}, self.request.author
                record = draft_next(self.store, self.catalog, "run.start", run, body, author)
                self.alive = name_state(state_dir, place, self.alive, self.store.writing)
                self.store.append(record)
                return record

    def let_go(self) -> None:
        """Nothing is recorded by this process any more."""
        self._followers.close()
        if self.alive >= 0:
            os.close(self.alive)
            self.alive = -1

    def _let_go_of(self, run: str) -> None:
        """The same, of a run whose state is forgotten."""
        self.let_go()
        if sys.platform == "win32":
            with suppress(OSError):  # what is not empty is still needed
                self.store.state_dir(run).rmdir()

    # -- before the program --------------------------------------------------------------------

    @contextmanager
    def _new_state_dir(self) -> Iterator[Path]:
        """A state directory that has no run id yet; it is gone if the run does not begin."""
        folder = self.store.dir / "state"
        with explained(folder, "begin run"):
            folder.mkdir(parents=True, exist_ok=True)
            state_dir = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
        try:
            self.alive = hold_alive(state_dir)
            yield state_dir
        finally:
            if sys.platform == "win32" and state_dir.exists():
                self.let_go()  # a folder stays as long as something in it is open
            remove_tree(state_dir, surely=False)

    def describe_environment(self, plan: Plan, state_dir: Path) -> dict[str, Any]:
        """Where the run goes on, without its packages: these are written to the state directory."""
        environment = describe_environment(
            plan.interpreter, self.store.dir / "cache", self.repo.environ
        )
        if "warning" in environment:
            self.observer.warning(environment.pop("warning"))
        environment["python"] = (environment["python"] or {}).get("version")
        environment["platform"] = "{system} {release} {machine}".format(**environment["platform"])
        (state_dir / ENVIRONMENT).write_text(json.dumps(environment, sort_keys=True))
        return {key: environment[key] for key in environment if key != "packages"}

    def _draft_begin(
        self, plan: Plan, source: Source, state_dir: Path, lineage: Lineage, staged: bool
    ) -> Record:
        environment = self.describe_environment(plan, state_dir)
        body = begin_body(
            plan,
            project=find_project(self.repo, source.commit, plan.gagefile),
            source=source_body(source),
            environment=environment,
            variables=recorded_variables(self.repo.environ),
            lineage=lineage,
            staged=staged,
            work_tree=self.repo.work_tree,
        )
        body["bulk"] = {ENVIRONMENT: bind_file(self.repo, state_dir / ENVIRONMENT)}
        body = fit_body(self.repo, body, state_dir, "begin.json", _SHORTEN)
        return self.store.draft(
            "run.begin", run=None, body=body, by=self.request.author, lc=1, seq=0, prev=None
        )

    def _describe(self, run: str) -> None:
        """What the user says of the run from the start; it was looked at for secrets with the rest.

        It goes on without, if the key fails.
        """
        label, tags, author = self.request.label, self.request.tags, self.request.author
        try:
            if label is not None:
                set_label(self.store, self.catalog, [run], label, author, allow_secrets=True)
            if tags:
                add_tags(self.store, self.catalog, [run], tags, author, allow_secrets=True)
        except SigningError as error:
            self.observer.warning(f"the run has no label or tags yet: {error.message}")

    def _tell_left_out(self, source: Source) -> None:
        for pattern in source.unused:
            self.observer.warning(f"sourcecode pattern '{pattern}' takes nothing")
        for path, reason in source.left_out:
            if reason in EXPECTED:
                continue
            self.observer.warning(f"'{clean(os.fsdecode(path))}' is not recorded ({reason})")

    # -- not yet -------------------------------------------------------------------------------

    def leave_staged(self, begin: Record) -> RunOutcome:
        """The run is recorded and starts another time."""
        self.store.flush()
        forget_state(self.store, begin.run, begin.body)
        self._let_go_of(begin.run)
        self.store.close()
        self._show(begin.run, self.observer.staged)
        return RunOutcome(begin.run, 0)

    # -- the programs --------------------------------------------------------------------------

    def carry_out(self, plan: Plan, source: Source, run: str, started: str) -> RunOutcome:
        """Stage, run and record a run that has begun; `started` is the time of that record."""
        self._show(run, self.observer.begun)
        closing = Closing(self.store, self.catalog, self.request.author, plan, run, started)
        try:
            with raised_signals():
                closing.staged = self._stage(plan, source, run)
                closing.programs = self._programs(plan, run, started, closing.staged is not None)
                if self.request.detach and self._leave(run):
                    return RunOutcome(run, 0, detached=True)
                self._let_follow(plan, run)
                done = closing.programs.run(lambda: self._stage_inputs(plan, run))
        except KeyboardInterrupt as error:
            number = signal_of(error)
            self._close(closing, "terminated", None, number.name, "interrupted before it ran")
            return RunOutcome(run, 128 + number)
        except StartError as error:
            self._close(closing, "error", error.exit_code, None, error.message, tell=False)
            raise
        except (GageError, OSError) as error:
            self._close(closing, "error", None, None, f"git-gage: {error}", tell=False)
            raise _failed(run, error) from error
        reason = _reason(plan, closing.programs, done)
        code = TIMED_OUT if done.timed_out else done.exit_code
        self._close(closing, _status(done), code, done.signal, reason)
        return RunOutcome(run, code)

    def _let_follow(self, plan: Plan, run: str) -> None:
        """Let others see how the run is getting on, until it has ended."""
        if self.request.follow is None or run in self.store.private:
            return
        from git_gage.runs.beats import look_at

        progress, secrets = definition_body(plan).get("progress") or {}, given_secrets(plan)
        follow = self.request.follow(run, lambda: look_at(self.store, run, progress, secrets))
        self._followers.enter_context(follow)

    def _leave(self, run: str) -> bool:
        """Whether this is the process that the user waits for: another one goes on with the run."""
        if sys.platform == "win32":
            raise AssertionError("refused at the start")
        else:  # noqa: RET506 - only so mypy sees that nothing of this is there on Windows
            self.catalog.close()
            self.store.close()
            alive = detach(self.store.state_dir(run))
            if alive is None:
                return True
            self.let_go()
            self.alive = alive
            return False

    def _close(
        self,
        closing: Closing,
        status: str,
        exit_code: int | None,
        signal_name: str | None,
        reason: str | None,
        *,
        tell: bool = True,
    ) -> None:
        try:
            warnings = closing.close(status, exit_code, signal_name, reason)
        except (GageError, OSError) as error:
            # The next command that shows runs will close it.
            raise _failed(closing.run, error) from error
        if sys.platform == "win32":
            self._let_go_of(closing.run)
        for warning in warnings:
            self.observer.warning(warning)
        if tell:
            self._show(closing.run, self.observer.ended)

    def _stage(self, plan: Plan, source: Source, run: str) -> StagedFiles | None:
        if source.snapshot is None or plan.in_place:
            return None
        git_dir = self.store.state_dir(run) / "git"
        folder = os.fsencode(plan.folder)
        run_dir = choose_run_dir(self.store, run, plan.gagefile)
        return stage_source(self.repo, source, run_dir, git_dir, plan.replaced, folder)

    def _stage_inputs(self, plan: Plan, run: str) -> None:
        if plan.inputs:
            from git_gage.runs.inputs import stage_inputs

            folder = self.store.run_dir(run) / plan.folder
            name = (plan.definition and plan.definition.summary_filename) or SUMMARY
            own = posixpath.normpath(os.fsencode(name))
            left = stage_inputs(plan.inputs, folder, self.store.state_dir(run), self.store, own)
            if left:
                more = f" and {len(left) - 1:,} more" if len(left) > 1 else ""
                self.observer.warning(f"'{clean(left[0])}'{more} not kept: a phase made it anew")

    def _programs(self, plan: Plan, run: str, started: str, staged: bool) -> Programs:
        run_dir = self.store.run_dir(run) if staged else self.repo.work_tree or self.repo.cwd
        place = run_dir / plan.folder
        return Programs(
            *(self.store, plan, run, place, run_dir, self.console, self.observer),
            make_watch=lambda: self._watch(plan, run, started, staged),
        )

    def _watch(self, plan: Plan, run: str, started: str, staged: bool) -> Watch:
        top = self.store.run_dir(run) if staged else None
        if plan.in_place and self.repo.work_tree is not None:
            top = self.repo.work_tree / plan.folder
        watch = watch_run(
            self.store,
            run,
            definition_body(plan),
            top=top,
            folder=plan.folder if staged else "",
            own=staged,
            started=started,
        )
        watch.forget_present()
        return watch

    def tell_up_to_date(self, run: str) -> None:
        """Nothing is run: this one has done it already."""
        self._show(run, self.observer.up_to_date)

    def _show(self, run: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self.catalog.refresh()
        document = self.catalog.document(run)
        assert document is not None
        tell(document)


def _failed(run: str, error: GageError | OSError) -> RunFailedError:
    if isinstance(error, OSError):
        message, hint = describe_os_error(error)
    else:
        message, hint = error.message, error.hint
    return RunFailedError(f"run {short_id(run)}: {message}", hint=hint)


def _status(done: Exit) -> str:
    if done.interrupted or done.timed_out or done.signal is not None:
        return "terminated"
    return "completed" if done.exit_code == 0 else "error"


def _spell_time(seconds: float) -> str:
    """A length of time as a gagefile has it: 1h30m, 90s."""
    minutes, rest = divmod(seconds, 60) if seconds > 90 else (0, seconds)
    hours, minutes = divmod(int(minutes), 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number:g}{unit}" for number, unit in parts if number)


def _reason(plan: Plan, programs: Programs, done: Exit) -> str | None:
    """What only we can say of how it ended: that its time was up, or which phase failed."""
    if done.timed_out and plan.timeout_s is not None:
        return f"timeout after {_spell_time(plan.timeout_s)}"
    phase = programs.progress.phase
    if phase == RUN or done.exit_code == 0:
        return None
    return f"phase '{phase}' failed"
