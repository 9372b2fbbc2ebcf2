"""Verdicts on what others wrote: who gives them is handed in, which of them counts is said here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from git_gage.records import Record

Judge = Callable[[Sequence[Record]], Mapping[str, str]]
"""The state of each of some records, by id: one of the letters G U M Y X R B E N, "admin" instead
of G where whoever wrote it may act for others, or "flagged".

No two of the records that it is handed at once have the same id. One that it says nothing of was
not judged.
"""
Judged = tuple[str | None, Record]

_BEST_FIRST = ("admin", "G", "Y", "X", "U", "N", "E", "flagged", "M", "R", "B")


def judge_copies(
    judge: Judge | None, copies: Mapping[str, Sequence[Record]]
) -> dict[str, list[Judged]]:
    """The copies of each record with their states, the best first.

    Copies differ in their signatures. The best of them counts, so that nobody can spoil a record
    by a copy that has another signature, or none.
    """
    states: dict[bytes, str] = {}
    for turn in range(max(map(len, copies.values()), default=0) if judge else 0):
        assert judge is not None
        asked = [records[turn] for records in copies.values() if len(records) > turn]
        found = judge(asked)
        states |= {record.line: found[record.id] for record in asked if record.id in found}
    judged = {
        id: [(states.get(record.line), record) for record in records]
        for id, records in copies.items()
    }
    return {id: sorted(each, key=_place) for id, each in judged.items()}


def _place(judged: Judged) -> tuple[int, bytes]:
    state, record = judged
    known = state in _BEST_FIRST
    return _BEST_FIRST.index(state) if known and state else len(_BEST_FIRST), record.line
