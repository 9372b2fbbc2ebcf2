"""Secrets that a program printed or logged, covered before its record binds them.

A run is never lost for what its program says: nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.secrets import MASK, is_secret, mask_file, mask_text

if TYPE_CHECKING:
    from git_gage.metrics.summary_file import Attribute


def cover_outputs(logs: Iterable[Path], known: Sequence[bytes]) -> int:
    """Put `*` in place of secrets in what was printed, with as many bytes; how many there were.

    known: those that the run was given.
    """
    return sum(mask_file(log, known) for log in logs)


def cover_metrics(metrics: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Metrics whose names hold no secret, and how many did."""
    covered = {name: mask_text(name) for name in metrics}
    named = {covered[name][0]: value for name, value in metrics.items()}
    return named, sum(count for _, count in covered.values())


def cover_attributes(attributes: Mapping[str, Attribute]) -> tuple[dict[str, Attribute], int]:
    """Attributes without secrets in what they are called and what they say, and how many."""
    covered = {name: _cover_value(name, value) for name, value in attributes.items()}
    values: dict[str, Attribute] = {name: value for name, (value, _) in covered.items()}
    named, count = cover_metrics(values)
    return named, count + sum(count for _, count in covered.values())


def describe_covered(count: int) -> list[str]:
    """What the user is told of it."""
    if not count:
        return []
    what = "a secret" if count == 1 else f"{count:,} secrets"
    return [f"the program printed or logged {what}: not in the record, where '*' stands for it"]


def _cover_value(name: str, value: Attribute) -> tuple[Attribute, int]:
    if not isinstance(value, str):
        return value, 0
    return (MASK, 1) if is_secret(name, value) else mask_text(value)
