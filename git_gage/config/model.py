"""What config must know of an operation; `gagefile.model` has values of these shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Section(Protocol):
    """Patterns of keys in files, and what the keys that they find are called."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """`[-]file#key`, in their order."""

    @property
    def description(self) -> str | None:
        """For people who look for keys."""

    @property
    def prefix(self) -> str | None:
        """What names of keys get in front."""

    @property
    def strip_prefix(self) -> str | None:
        """What names of keys lose in front."""

    @property
    def rename(self) -> Mapping[str, str]:
        """New names by old ones; that of `*` is for whatever single key there is."""


class Declared(Protocol):
    """A key that is declared by name."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def description(self) -> str | None:
        """For people who look for keys."""

    @property
    def type(self) -> str | None:
        """int, float, str, bool, null, json or None."""

    @property
    def default(self) -> Any:
        """A plain value."""

    @property
    def has_default(self) -> bool:
        """Whether there is a default, which may be None."""

    @property
    def choices(self) -> tuple[Any, ...] | None:
        """The values that it can have."""

    @property
    def min(self) -> float | None:
        """The least number that it can be."""

    @property
    def max(self) -> float | None:
        """The greatest number that it can be."""

    @property
    def required(self) -> bool:
        """Whether it must be given."""


class Phase(Protocol):
    """A command: a text for the shell, or words."""

    @property
    def shell(self) -> str | None:
        """A text for the shell."""

    @property
    def argv(self) -> tuple[str, ...] | None:
        """Words of a program."""


class Operation(Protocol):
    """An operation with config."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def phases(self) -> Mapping[str, Phase]:
        """Commands by phase."""

    @property
    def config_files(self) -> tuple[Section, ...]:
        """Where keys are found."""

    @property
    def config_keys(self) -> tuple[Declared, ...]:
        """Keys that are declared."""
