"""Which way a metric is better, told by its name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

_LOWER = frozenset(
    "loss error err mae mse rmse perplexity ppl nll time duration latency".split()  # noqa: SIM905
)
_WORD = re.compile(r"[A-Za-z]+")


def lower_is_better(name: str) -> bool:
    """Whether less of a metric is better: `val_loss`, `test.rmse`; of any other name, more is."""
    return any(word.lower() in _LOWER for word in _WORD.findall(name))


def read_aim(text: str) -> tuple[str, bool]:
    """A metric and whether less of it is better, of `-loss`, `+gain`, or a name that tells."""
    if text[:1] in ("-", "+") and text[1:]:
        return text[1:], text[0] == "-"
    return text, lower_is_better(text)


def best_number(name: str, values: Iterable[Any]) -> float | None:
    """The best of several different numbers, of whatever else there is."""
    found = {as_float(value) for value in values if value != "nan"}
    numbers = {number for number in found if number is not None}
    finite = [number for number in numbers if math.isfinite(number)]
    if len(numbers) < 2 or not finite:
        return None
    return min(finite) if lower_is_better(name) else max(finite)


def is_number(value: Any) -> bool:
    """Whether a value of a run object is a number, be it infinite or nan."""
    if isinstance(value, str):
        return value in ("nan", "inf", "-inf")
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_float(value: Any) -> float | None:
    """A value of a run object as far as it can be reckoned with; None if it cannot be."""
    try:
        return float(value) if is_number(value) else None
    except OverflowError:
        return None
