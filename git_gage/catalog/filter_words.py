"""Values in filters: numbers, lengths of time, dates."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from git_gage.errors import IntegrityError
from git_gage.records import parse_time

NULL = frozenset({"null", "NULL", "None"})
TRUE = frozenset({"true", "TRUE", "True"})
FALSE = frozenset({"false", "FALSE", "False"})
MAX_INT = 2**63 - 1
DAY_S = 86400

# Unix seconds of a date in git's words.
ReadDate = Callable[[str], float]

_NUMBER = re.compile(r"[+-]?(?:(?:\d[\d_]*)?\.?\d[\d_]*|\d[\d_]*\.)(?:[eE][+-]?\d+)?|[+-]?inf")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": DAY_S, "w": 7 * DAY_S, "y": 365 * DAY_S}
_AMOUNT = r"(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))"
_LENGTH = re.compile(rf"-?{_AMOUNT}+")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_DAY = re.compile(r"\d{4}-\d\d-\d\d|today|yesterday")
# What git's approxidate knows; it takes any other word for nothing, and that for now.
_DATE_PART = re.compile(
    r"\d{1,4}(?:st|nd|rd|th)?|\d+(?:[-/:]\d+)+(?:T\d+(?::\d+)*)?Z?|[+-]\d{4}|T\d+(?::\d+)*Z?"
    r"|(?:second|sec|minute|min|hour|day|week|month|year)s?|ago|last|now|today|yesterday"
    r"|noon|midnight|tea|am|pm|at|on|z|utc|gmt|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?",
    re.IGNORECASE,
)


class Span(NamedTuple):
    """A moment or a day: Unix seconds of its beginning, and of what comes after it."""

    first: float
    after: float


def read_number(text: str) -> int | float | None:
    """A number, `5m` and `1h30m` as seconds; None for any other text."""
    if _NUMBER.fullmatch(text):
        return _plain_number(text.replace("_", ""))
    if _LENGTH.fullmatch(text):
        seconds = sum(float(amount) * _UNITS[unit] for amount, unit in _PIECE.findall(text))
        return -seconds if text[0] == "-" else seconds
    return None


def _plain_number(digits: str) -> int | float:
    if digits.lstrip("+-").isdigit() and len(digits) < 20:
        number = int(digits)
        if abs(number) <= MAX_INT:
            return number
    return float(digits)


def read_span(words: str, read_date: ReadDate) -> Span | None:
    """The moment or day that some words name; None if git would not know them for a date."""
    if words.startswith("@") and words[1:].isdigit() and len(words) < 13:
        return Span(float(words[1:]), float(words[1:]) + 1)
    try:
        exact = parse_time(words)
    except IntegrityError:
        pass  # not as records spell it: a person's words
    else:
        return Span(exact, exact + 0.001)
    if _DAY.fullmatch(words):
        return _day(words, read_date)
    parts = re.split(r"[\s.,]+", words)
    if words.isdigit() or not all(_DATE_PART.fullmatch(part) for part in parts):
        return None
    moment = read_date(words)
    return Span(moment, moment + 1)


def _day(words: str, read_date: ReadDate) -> Span | None:
    """From midnight to midnight where the user is, also when the clocks change in between."""
    if words == "today":
        return Span(read_date("today 00:00:00"), math.inf)
    if words == "yesterday":
        return Span(read_date("yesterday 00:00:00"), read_date("today 00:00:00"))
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return None
    # git reads no others right.
    if not 1970 < day.year < 2099:
        return None
    first, after = day, day + timedelta(days=1)
    return Span(read_date(f"{first} 00:00:00"), read_date(f"{after} 00:00:00"))
