"""Ending runs that go on: asked to by a signal, killed as a last resort."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import RequestError
from git_gage.records import short_id
from git_gage.runs.ended import ending_code
from git_gage.runs.liveness import (
    Life,
    find_host,
    find_life,
    find_program,
    find_recorder,
)

if sys.platform == "win32":
    from git_gage.runs.pids import end_program
else:
    from git_gage.runs.pids import send_signal

if TYPE_CHECKING:
    from git_gage.store import Store

GRACE_S = 10.0
_LOOK_S = 0.05
if sys.platform != "win32":
    # These git-gage passes on to the program, and knows then that it was told to end.
    _PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Stopped(NamedTuple):
    """A run that was going on: whether it had to be killed, whether git-gage still closes it."""

    run: str
    killed: bool
    closing: bool


def require_stoppable(store: Store, documents: Sequence[dict[str, Any]]) -> None:
    """Refuse runs that go on somewhere else, before any is touched.

    Raises: RequestError.
    """
    for document in documents:
        run = document["id"]
        if document["status"] not in ("running", "lost"):
            continue
        if where := find_beginning(store, document):
            raise RequestError(
                f"cannot stop run '{short_id(run)}' from here: it was begun {where}",
                hint=f"there: git gage stop {short_id(run)}",
            )


def find_beginning(store: Store, document: Mapping[str, Any]) -> str | None:
    """Where a run was begun that has not ended as far as is known, in words; None if it is here."""
    state_dir = store.state_dir(document["id"])
    if find_life(state_dir) not in (Life.ELSEWHERE, Life.RUNNING_ELSEWHERE):
        return None
    host = find_host(state_dir) or document["environment"]["host"]
    return f"on '{host}'" if host else "in another clone"


def refuse_going(run: str, where: str | None) -> RequestError:
    """Why a run that goes on is left alone; `where` it was begun, None if it is here."""
    stop = f"git gage stop {short_id(run)}"
    told = f"run {short_id(run)} goes on"
    if where is None:
        return RequestError(told, hint=stop)
    return RequestError(f"{told}: it was begun {where}", hint=f"there: {stop}")


def stop_runs(
    store: Store, runs: Sequence[str], *, number: int = signal.SIGTERM, timeout_s: float = GRACE_S
) -> list[Stopped]:
    """Signal the programs of runs that go on here and wait for their ends; those it was done to.

    A git-gage that records a run closes it. Where there is none any more, the next look at the
    runs (`settle`) does.
    Raises: RequestError for a run that is another user's.
    """
    targets = [_Target(store.state_dir(run), run) for run in runs]
    going = [target for target in targets if target.goes_on]
    for target in going:
        target.ask(number)
    _wait(going, timeout_s)
    late = [target for target in going if target.goes_on]
    killed = [target for target in late if target.kill()]
    _wait(late, GRACE_S)
    return [Stopped(target.run, target in killed, target.goes_on) for target in going]


def _wait(targets: Sequence[_Target], timeout_s: float) -> None:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s and any(target.goes_on for target in targets):
        time.sleep(_LOOK_S)


class _Target:
    """One run to stop."""

    def __init__(self, state_dir: Path, run: str) -> None:
        self.run = run
        self._state_dir = state_dir

    @property
    def goes_on(self) -> bool:
        return find_life(self._state_dir) is Life.RUNNING

    def ask(self, number: int) -> None:
        """Send the signal to the program, by way of git-gage where that is its way."""
        try:
            self._send(number)
        except PermissionError as error:
            raise self._forbidden() from error

    def kill(self) -> bool:
        """Kill the program, or a git-gage that has none; whether there was one to kill."""
        try:
            return self._kill()
        except PermissionError as error:
            raise self._forbidden() from error

    if sys.platform == "win32":

        def _send(self, number: int) -> None:
            """There is no way to ask: the program is ended as if the signal had done it."""
            program = find_program(self._state_dir)
            if program is not None:
                end_program(program, ending_code(number))

        def _kill(self) -> bool:
            program = find_program(self._state_dir)
            return program is not None and end_program(program, ending_code(signal.SIGTERM))

    else:

        def _send(self, number: int) -> None:
            recorder, program = find_recorder(self._state_dir), find_program(self._state_dir)
            if recorder is not None and (program is None or number in _PASSED_ON):
                send_signal(recorder, number)
            elif program is not None:
                send_signal(program, number, group=True)
            # Whoever was paused (Ctrl-Z) goes on, to hear of it.
            if recorder is not None:
                send_signal(recorder, signal.SIGCONT)
            if program is not None:
                send_signal(program, signal.SIGCONT, group=True)

        def _kill(self) -> bool:
            program = find_program(self._state_dir)
            return program is not None and send_signal(program, signal.SIGKILL, group=True)

    def _forbidden(self) -> RequestError:
        return RequestError(
            f"cannot stop run '{short_id(self.run)}': it is another user's",
            hint=f"see whose with 'git gage show {short_id(self.run)}'",
        )
