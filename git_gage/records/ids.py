"""Run ids: sorted by time, certified by the record they name.

Source: docs/format.md, "Run ids"; Crockford's base32 in lower case.
"""

from __future__ import annotations

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_CHARS = 10
HASH_CHARS = 20
_HASH_BITS = HASH_CHARS * 5
_LETTERS = frozenset(ALPHABET)
# Two digits at a time: an id is made anew for every run that is read.
_PAIRS = [one + other for one in ALPHABET for other in ALPHABET]


def run_id(begun_ms: int, record_id: str) -> str:
    """Id of the run whose `run.begin` has this time (Unix milliseconds) and record id (hex)."""
    digest = int(record_id, 16) >> (256 - _HASH_BITS)
    return _base32(begun_ms, TIME_CHARS) + _base32(digest, HASH_CHARS)


def is_begin_of(record_id: str, run: str) -> bool:
    """Whether the record with this id (hex) is the `run.begin` that a run's id certifies."""
    return run_id(0, record_id)[TIME_CHARS:] == run[TIME_CHARS:]


def short_id(run: str) -> str:
    """What people see and type: the first 7 characters of the hash part."""
    return run[TIME_CHARS : TIME_CHARS + 7]


def is_run_id(text: str) -> bool:
    return len(text) == TIME_CHARS + HASH_CHARS and _LETTERS.issuperset(text)


def _base32(number: int, length: int) -> str:
    """The number in `length` digits, an even number of them."""
    pairs = []
    for _ in range(length // 2):
        pairs.append(_PAIRS[number & 1023])
        number >>= 10
    return "".join(reversed(pairs))
