"""A run that others can follow: its records and its beats go to a remote while it goes on.

Nothing here may hold up or fail the run: what could not be sent is told at its end, and what the
remote may not get at once.
Source: docs/format.md, "Heartbeats".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from git_gage.errors import GageError, RemoteError
from git_gage.records import short_id
from git_gage.runs.liveness import BEAT_S
from git_gage.secrets import SecretsFoundError
from git_gage.share.beats import send_beat
from git_gage.share.leaks import allow_by
from git_gage.share.push import push_runs
from git_gage.share.remote import Remote, find_remote

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.transfer import Observer
    from git_gage.store import Store
    from git_gage.store.beats import Beat

# The first comes soon, for who has just begun to look.
_FIRST_S = 2.0


def unattended(repo: Repository) -> dict[str, str]:
    """Variables with which git neither asks anybody nor waits for ever.

    An ssh of the user's own choice stays.
    """
    quick = "-o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15"
    own = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_HTTP_LOW_SPEED_LIMIT": "100",
        "GIT_HTTP_LOW_SPEED_TIME": "30",
    }
    chosen = {"GIT_SSH_COMMAND", "GIT_SSH"} & repo.environ.keys()
    if not chosen and repo.settings.find("core.sshCommand") is None:
        own["GIT_SSH_COMMAND"] = f"ssh {quick}"
    return {**repo.environ, **own}


class Broadcast:
    """Sends runs of this clone to a remote while they go on.

    `open_parts` gives a store and a catalog for a thread of its own; `every_s` is how often a beat
    goes out.
    """

    def __init__(
        self,
        open_parts: Callable[[], AbstractContextManager[tuple[Store, Catalog]]],
        remote: str | None,
        observer: Observer,
        every_s: float = BEAT_S,
    ) -> None:
        self._open = open_parts
        self._asked = remote
        self._observer = observer
        self._every_s = every_s

    @contextmanager
    def follow(self, run: str, look: Callable[[], Beat]) -> Iterator[None]:
        """While it is entered the run goes on; `look` tells how, from another thread."""
        over = threading.Event()
        told: list[str] = []
        thread = threading.Thread(target=self._send, args=(run, look, over, told), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            for sentence in dict.fromkeys(told):
                self._observer.warning(sentence)

    def _send(
        self, run: str, look: Callable[[], Beat], over: threading.Event, told: list[str]
    ) -> None:
        try:
            with self._open() as (store, catalog), TemporaryDirectory(prefix="git-gage-") as folder:
                remote = find_remote(store.repo, self._asked)
                quiet = _Quiet(told)
                failure = _send_records(store, catalog, run, remote, quiet)
                known = self._tell_refusal(run, remote, failure)
                pause_s = min(_FIRST_S, self._every_s)
                while not over.wait(pause_s):
                    pause_s = self._every_s
                    if isinstance(failure, RemoteError):
                        failure = _send_records(store, catalog, run, remote, quiet)
                    if failure is None:  # nobody has a use for beats of a run that is not there
                        _try_beat(store, remote, run, look(), Path(folder), quiet)
                told.clear()  # what was in the way before is of no interest any more
                failure = _send_records(store, catalog, run, remote, quiet)
                if failure is not None and (sentence := _describe(run, remote, failure)) != known:
                    quiet.warning(sentence)
        except (GageError, OSError) as error:
            told.append(f"run {short_id(run)} is not shared: {error}")

    def _tell_refusal(self, run: str, remote: Remote, failure: GageError | None) -> str | None:
        """Say at once why nobody can follow the run, unless the remote is merely away."""
        if failure is None or (isinstance(failure, RemoteError) and not failure.is_refusal):
            return None
        sentence = _describe(run, remote, failure)
        self._observer.warning(sentence)
        return sentence


def _send_records(
    store: Store, catalog: Catalog, run: str, remote: Remote, observer: Observer
) -> GageError | None:
    """Send what is recorded of a run up to now; what is in the way of that."""
    try:
        push_runs(store, catalog, remote.address, [run], observer)
    except GageError as error:
        return error
    return None


def _describe(run: str, remote: Remote, error: GageError) -> str:
    way = f"git gage push {quote(remote.shown)} {short_id(run)}"
    if isinstance(error, SecretsFoundError):
        way = allow_by(error, f"{way} --allow-secrets")
    return (
        f"run {short_id(run)} is recorded here and not on '{remote.shown}': {error.message}\n"
        f"hint: {way}"
    )


def _try_beat(
    store: Store, remote: Remote, run: str, beat: Beat, folder: Path, observer: Observer
) -> None:
    try:
        send_beat(store, remote, run, beat, folder, observer)
    except RemoteError:
        pass  # the next one may be luckier, and the end says so if the remote stays away


class _Quiet:
    """Keeps what is to be told once the run has ended: until then the screen is the program's."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def progress(self, text: str) -> None:
        """Nobody is told how far a push is."""

    def warning(self, text: str) -> None:
        self._told.append(text)
