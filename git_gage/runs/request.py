"""What is asked of a run, who watches it, and what is handed back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from git_gage.records import By
    from git_gage.runs.consent import Consent
    from git_gage.store.beats import Beat

    # The id of the run, and where it came from, without secrets.
    Reach = Callable[[str], tuple[str, str]]
    # Entered while a run goes on, with its id and what tells how it is getting on.
    Follow = Callable[[str, Callable[[], Beat]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """An operation or script (`target`) with settings (`key=value` words), or a command as it is.

    Without either it is the default operation of the gagefile. `timeout_s` goes before what the
    operation says; `pull`: get what `.dvc` files name. `needed`: only if no run has done it yet;
    `stage`: record it, and let it start another time; `detach`: leave it in the background.
    `parent` is the run that this one is begun in. `consent` asks the user before anything runs that
    somebody else recorded; None where nobody can be asked. `allow_secrets`: record what looks like
    one. `follow`: lets others follow the run. `private`: the run stays
    in this clone. `reach` brings a run of another repository (`<url>#<id>`) here, with its files.
    """

    author: By
    target: str | None = None
    assignments: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    label: str | None = None
    tags: tuple[str, ...] = ()
    parent: str | None = None
    stage: bool = False
    needed: bool = False
    in_place: bool = False
    require_clean: bool = False
    timeout_s: float | None = None
    pull: bool = False
    detach: bool = False
    consent: Consent | None = None
    allow_secrets: bool = False
    follow: Follow | None = None
    private: bool = False
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The run and the exit code to leave with; `detached`: another process goes on with it."""

    run: str
    exit_code: int
    detached: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a run comes from: the run that started it, the run that it repeats."""

    parent: str | None = None
    restart_of: str | None = None

    @property
    def runs(self) -> set[str]:
        return {run for run in (self.parent, self.restart_of) if run is not None}


class Observer(Protocol):
    """Who is told how a run goes; documents are run objects as docs/json.md has them."""

    def begun(self, document: dict[str, Any]) -> None:
        """The run is recorded; its program starts now."""

    def staged(self, document: dict[str, Any]) -> None:
        """The run is recorded, and starts another time."""

    def up_to_date(self, document: dict[str, Any]) -> None:
        """Nothing is run: this run has done the same already."""

    def phase(self, name: str) -> None:
        """A phase with a program of its own starts."""

    def warning(self, text: str) -> None:
        """Something that should be looked at."""

    def ended(self, document: dict[str, Any]) -> None:
        """The program has ended, and how is recorded."""
