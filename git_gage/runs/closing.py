"""The end of a run, whatever ends it: what is left of it is looked at and recorded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from git_gage.records import parse_time, short_id
from git_gage.runs.close import Closed, End, close_run, keep_run
from git_gage.runs.interrupts import ENDING, raised_signals
from git_gage.runs.masking import given_secrets
from git_gage.runs.results import Results
from git_gage.runs.stage import Outcome, StagedFiles, finish_stage
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By
    from git_gage.runs.inputs import ClosedInputs
    from git_gage.runs.plan import Plan
    from git_gage.runs.programs import Programs
    from git_gage.store import Store


class Closing:
    """What is known of a run that goes on: `staged` and `programs` as soon as they are there."""

    def __init__(
        self, store: Store, catalog: Catalog, author: By, plan: Plan, run: str, started: str
    ) -> None:
        self.run = run
        self.staged: StagedFiles | None = None
        self.programs: Programs | None = None
        self._store = store
        self._catalog = catalog
        self._author = author
        self._plan = plan
        self._started = started

    def close(
        self, status: str, exit_code: int | None, signal_name: str | None, reason: str | None
    ) -> list[str]:
        """Record the end, and keep what the run left; gives what the user should be warned of.

        Whatever signals come: the end takes a moment and must not be cut short. What follows can
        take long, and then the next command goes on with it.
        Raises: StorageError where the record cannot be written.
        """
        secrets = given_secrets(self._plan)
        with _signals_ignored():
            ended = self._store.clock()
            # Links lead to some of what came out: they go with the stage.
            watch = self.programs and self.programs.watch
            found, failure = watch.finish_surely() if watch else (Results(), None)
            outcome, told = self._finish_stage()
            end = End(
                status=status,
                exit_code=exit_code,
                signal=signal_name,
                ended=ended,
                duration_s=max(0.0, ended - parse_time(self._started)),
                metrics=found.metrics,
                attributes=found.attributes,
                covered=found.covered,
                secrets=secrets,
                outcome=outcome,
                reason=reason,
                phases=tuple(self.programs.progress.phases if self.programs else ()),
            )
            closed = close_run(self._store, self._catalog, self.run, end, self._author)
        warnings = [*closed.warnings, *self._keep(closed, outcome, secrets)]
        self._store.close()
        if failure is not None:
            raise failure
        return [*told, *found.warnings, *warnings]

    def _keep(self, closed: Closed, outcome: Outcome | None, secrets: Sequence[bytes]) -> list[str]:
        try:
            with raised_signals():
                warnings, in_git = keep_run(
                    *(self._store, self._catalog, self.run, self._author, closed.body),
                    secrets=secrets,
                    signed=closed.signed,
                )
        except KeyboardInterrupt:
            run = short_id(self.run)
            return [f"run {run} is recorded; its files are listed by 'git gage files status {run}'"]
        if outcome is not None and outcome.generated_files and in_git:
            from git_gage.runs.thumbs import add_at_close

            with _signals_ignored():
                warnings += add_at_close(self._store, self._catalog, self.run)
        return warnings

    def _finish_stage(self) -> tuple[Outcome | None, list[str]]:
        """What the run left, and what the user should know of that."""
        if self.staged is None:
            return None, []
        closed = self._close_inputs()
        git_dir = self._store.state_dir(self.run) / "git"
        run_dir = self._store.run_dir(self.run)
        kept = closed.kept if closed else ()
        outcome = finish_stage(self._store.repo, self.staged, run_dir, git_dir, kept=kept)
        if closed is None:
            return outcome, list(_describe_outcome(outcome))
        outcome.unseen.extend(closed.unseen)
        changed = [os.fsdecode(path) for path in closed.changed]
        told = [f"input '{clean(path)}' was changed while the run went on" for path in changed]
        told.extend(_describe_outcome(outcome))
        outcome.written.extend(closed.changed)
        return outcome, told

    def _close_inputs(self) -> ClosedInputs | None:
        if not self._plan.inputs:
            return None
        from git_gage.runs.inputs import close_inputs

        folder = os.fsencode(self._plan.folder)
        state_dir = self._store.state_dir(self.run)
        return close_inputs(self._store.run_dir(self.run), folder, state_dir)


def _describe_outcome(outcome: Outcome) -> Iterator[str]:
    for path in outcome.written:
        told = f"'{clean(os.fsdecode(path))}' changed outside of the run directory"
        runs = ", ".join(f"'{short_id(run)}'" for run in outcome.company.get(path, ()))
        yield f"{told} while other runs went on, too: {runs}" if runs else told
    for path in outcome.unseen:
        yield f"'{clean(os.fsdecode(path))}' is too large to look for changed files"


@contextmanager
def _signals_ignored() -> Iterator[None]:
    names = (signal.SIGINT, *ENDING)
    before = [signal.signal(name, signal.SIG_IGN) for name in names]
    try:
        yield
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)
