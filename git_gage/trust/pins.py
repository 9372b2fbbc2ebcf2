"""Which key came with which e-mail address, and since when: continuity, never trust.

Source: docs/format.md, "On disk".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from git_gage.trust.ledger import append_notes, read_notes


class Pin(NamedTuple):
    """A key (its fingerprint) that signed as somebody; `since` is Unix seconds."""

    claimed: str
    key: str
    since: float


class Pins:
    """What was claimed with which key in this clone, the first of each."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def list_all(self) -> list[Pin]:
        """The oldest first."""
        pins = [
            Pin(claimed, key, since)
            for key, claims in self._known.items()
            for claimed, since in claims.items()
        ]
        return sorted(pins, key=lambda pin: pin.since)

    def claims_of(self, key: str) -> dict[str, float]:
        """What was claimed with a key, each with when that was first seen."""
        return dict(self._known.get(key, {}))

    def keys_of(self, claimed: str) -> set[str]:
        """Keys (their fingerprints) that signed with a claim."""
        return set(self._by_claim.get(claimed, ()))

    def note(self, pairs: Iterable[tuple[str, str]], now: float) -> None:
        """Remember pairs of claim and key that were never seen before."""
        fresh = [
            (claimed, key)
            for claimed, key in dict.fromkeys(pairs)
            if claimed not in self._known.get(key, {})
        ]
        # A claim is anybody's text: spaces and ends of lines in it must not look like ours.
        append_notes(self._path, now, ((key, quote(claimed)) for claimed, key in fresh))
        for claimed, key in fresh:
            self._known[key][claimed] = now
            self._by_claim[claimed].add(key)

    @cached_property
    def _known(self) -> dict[str, dict[str, float]]:
        known: dict[str, dict[str, float]] = defaultdict(dict)
        for since, (key, claimed) in read_notes(self._path, 2):
            known[key].setdefault(unquote(claimed), since)
        return known

    @cached_property
    def _by_claim(self) -> dict[str, set[str]]:
        keys: dict[str, set[str]] = defaultdict(set)
        for key, claims in self._known.items():
            for claimed in claims:
                keys[claimed].add(key)
        return keys
