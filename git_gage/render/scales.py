"""Axes of charts: where a value stands, and the round numbers to write beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

LARGEST = 1e300
"""What is larger cannot be told from infinity on paper, nor subtracted."""
_TICKS = 5


class Scale(NamedTuple):
    """place: where on the paper a value is; ticks: round values, each as it is written."""

    place: Callable[[float], float]
    ticks: list[tuple[float, str]]


def linear_scale(
    values: Iterable[float], start: float, end: float, *, whole: bool = False
) -> Scale:
    """From the least to the greatest value; whole: with whole numbers alone beside it."""
    low, high = _ends(list(values))
    step = _round_step((high - low) / _TICKS)
    if whole:
        step = max(step, 1.0)
    else:  # no line lies on the edge
        low, high = low - (high - low) / 25, high + (high - low) / 25
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [number * step for number in range(first, last + 1)]
    return Scale(
        lambda value: start + (end - start) * ((value - low) / (high - low)),
        [(tick, _label(tick, step)) for tick in ticks],
    )


def log_scale(values: Iterable[float], start: float, end: float) -> Scale:
    """By powers of ten, for values that are all positive."""
    exponents = [math.log10(value) for value in values] or [0.0, 1.0]
    low, high = math.floor(min(exponents)), math.ceil(max(exponents))
    high = max(high, low + 1)
    every = max(1, math.ceil((high - low) / _TICKS))
    ticks = [10.0**power for power in range(low, high + 1, every)]
    return Scale(
        lambda value: start + (end - start) * ((math.log10(value) - low) / (high - low)),
        [(tick, _plain(tick)) for tick in ticks],
    )


def _ends(values: list[float]) -> tuple[float, float]:
    """The least and greatest value, or some room around the only one."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    if high - low > max(size * 1e-12, 1e-300):
        return low, high
    room = size / 10 if size > 1e-290 else 1.0
    return low - room, high + room


def _round_step(least: float) -> float:
    """The least of 1, 2 and 5 by powers of ten that is not below."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)


def _label(value: float, step: float) -> str:
    """A round number with as many digits as tell it from its neighbours."""
    if value == 0:
        return "0"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return _plain(value) if abs(value) >= 1e6 or digits > 5 else f"{value:.{digits}f}"


def _plain(value: float) -> str:
    """`0.01`, `1000`, `1e-5`, `2.5e9`."""
    if 1e-4 <= abs(value) < 1e6:
        return f"{value:g}"
    mantissa, _, exponent = f"{value:.12e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
