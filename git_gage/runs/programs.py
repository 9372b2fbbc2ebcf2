"""The programs of one run, phase after phase, each with an output of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.lookup import find_program
from git_gage.runs.environ import program_environ, user_path
from git_gage.runs.excludes import excludes_environ
from git_gage.runs.left import note_runtime
from git_gage.runs.liveness import beat, note_program
from git_gage.runs.output import OutputLog
from git_gage.runs.phases import FINALIZE, RUN, RUNTIME, Step, find_step, log_name, steps_before
from git_gage.runs.plan import recorded_config
from git_gage.runs.process import Console, Exit, run_program
from git_gage.runs.results import Watch, results_environ, write_config

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.runs.plan import Plan
    from git_gage.runs.request import Observer
    from git_gage.store import Store

_INPUTS_BEFORE = "stage-dependencies"


@dataclass(slots=True)
class Progress:
    """How far a run came; `phase` is the one whose exit the run is to have."""

    phase: str = RUN
    phases: list[dict[str, Any]] = field(default_factory=list)


class Programs:
    """Runs the steps of a plan in the folder `place`; `stage_inputs` is called at its turn."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        run: str,
        place: Path,
        run_dir: Path,
        console: Console,
        observer: Observer,
        make_watch: Callable[[], Watch],
    ) -> None:
        self.progress = Progress()
        self.watch: Watch | None = None
        """Of what the run comes to, from the moment its own program starts."""
        self._make_watch = make_watch
        self._state_dir = store.state_dir(run)
        self._plan = plan
        self._place = place
        self._run_dir = run_dir
        self._console = console
        self._observer = observer
        write_config(self._state_dir, recorded_config({**plan.config, **plan.hidden}))
        self._env = _environ(store.repo, plan, run, run_dir, self._state_dir)

    def run(self, stage_inputs: Callable[[], object]) -> Exit:
        """Run all steps; the first that fails ends it, but what comes at the end comes always.

        Raises: StartError.
        """
        steps = self._plan.steps
        staged = False
        done = None
        for step in (*steps_before(steps), self._plan.program):
            if step.phase in (_INPUTS_BEFORE, RUN) and not staged:
                stage_inputs()
                staged = True
            done = self._run_step(step)
            if step.phase == RUNTIME:
                note_runtime(self._run_dir, self._state_dir)
            if done.exit_code != 0 or done.interrupted:
                break
        last = find_step(steps, FINALIZE)
        assert done is not None
        if last is not None and not done.interrupted:
            finished = self._run_step(last, keep=done.exit_code != 0)
            done = done if done.exit_code != 0 else finished
        return done

    def _run_step(self, step: Step, *, keep: bool = False) -> Exit:
        """Run one; `keep`: the run's exit is known already."""
        if step.phase != RUN:
            self._observer.phase(step.phase)
        if not keep:
            self.progress.phase = step.phase
        name = log_name(step.phase)
        # What prepares a run and cleans up after it says nothing of how good it is.
        watch = None
        if step.phase == RUN:
            watch = self.watch = self._make_watch()
        feed = watch.feed if watch else _ignore
        log = OutputLog(self._state_dir / name, self._state_dir / f"{name}.idx", on_line=feed)
        if watch is not None:
            watch.log, watch.output_began_s = log, time.time()
        with log:
            done = run_program(
                step.words(self._state_dir),
                cwd=self._place,
                env=self._env,
                log=log,
                console=self._console,
                on_start=lambda pid: self._note_start(pid, watch),
                on_beat=lambda: beat(self._state_dir),
                timeout_s=self._plan.timeout_s if step.phase == RUN else None,
            )
        self.progress.phases.append(
            {
                "name": step.phase,
                "exit_code": done.exit_code,
                "duration_s": round(done.duration_s, 3),
            }
        )
        # The very last write, at the close of the log, may fail too.
        log_error = done.log_error or (log.error and log.error.strerror)
        for what, error in (("recorded", log_error), ("shown", done.screen_error)):
            if error is not None:
                self._observer.warning(f"the output is not {what} to its end: {error}")
        return done

    def _note_start(self, pid: int, watch: Watch | None) -> None:
        note_program(self._state_dir, pid)
        if watch is not None:
            watch.start()


def _ignore(_line: bytes, _at_ms: int) -> None:
    return None


def _environ(
    repo: Repository, plan: Plan, run: str, run_dir: Path, state_dir: Path
) -> dict[str, str]:
    environ = program_environ(
        repo.environ,
        run=run,
        run_dir=run_dir,
        parent_pwd=repo.cwd,
        project_dir=plan.gagefile.project_dir if plan.gagefile else repo.work_tree or repo.cwd,
    )
    environ.update(results_environ(state_dir))
    environ.update(excludes_environ(state_dir / "git"))
    if plan.definition is None:
        return environ
    environ.update(plan.env)
    environ["PATH"] = _path_with_python(environ, plan, state_dir)
    return environ


def _path_with_python(environ: Mapping[str, str], plan: Plan, state_dir: Path) -> str:
    """PATH on which `python` is the one that was chosen for the operation."""
    path = user_path(environ)
    interpreter = plan.interpreter
    if interpreter is None:
        return path
    if not (plan.interpreter_origin or "").endswith("on PATH"):
        return os.pathsep.join([str(interpreter.parent), path])
    if find_program("python", path) is not None:
        return path
    # Debian has python3 alone; a gagefile says python, as it is called everywhere else.
    folder = state_dir / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "python").symlink_to(interpreter)
    return os.pathsep.join([path, str(folder)])
