"""What is asked of a run, who watches it, and what is handed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from git_gage.records import By


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A script with settings (`key=value` words), or a command as it is."""

    script: str | None
    assignments: tuple[str, ...]
    argv: tuple[str, ...]
    label: str | None
    author: By


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The run and the exit code to leave with."""

    run: str
    exit_code: int


class Observer(Protocol):
    """Who is told how a run goes; documents are run objects as docs/json.md has them."""

    def begun(self, document: dict[str, Any]) -> None:
        """The run is recorded; its program starts now."""

    def warning(self, text: str) -> None:
        """Something that should be looked at."""

    def ended(self, document: dict[str, Any]) -> None:
        """The program has ended, and how is recorded."""
