"""Which way a metric is better, told by its name."""

from __future__ import annotations

import re

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
