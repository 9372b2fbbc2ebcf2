"""Runs made ready to be written from their own lines, without the catalog.

Most runs that come for the first time come whole: what they say does not depend on anything else.
All others, and whatever is not sound, is for the loader, which asks the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from git_gage.catalog.bulk import Bound, find_environment, find_whole
from git_gage.catalog.documents import end_rank, new_document, read_part, show_end
from git_gage.catalog.rows import Spelled, spell
from git_gage.catalog.values import storable
from git_gage.errors import IntegrityError
from git_gage.records import Record, parse_record

BEGIN, END, FILES = "run.begin", "run.end", "run.files"


class Ready(NamedTuple):
    """A run with all that is written of it, if nothing else is known about it.

    `lines` are the records it comes from, `records` what is noted of them; `begin` is the id of its
    `run.begin`, `environment` where its packages are, `ended` and `filed` the ranks of its end and
    of the list of its files.
    """

    run: str
    lines: list[bytes]
    records: list[tuple[bytes, str, int, int]]
    begin: str
    environment: Bound | None
    ended: str | None
    filed: str | None
    spelled: Spelled


def make_ready(lines: Iterable[bytes], seen: set[str]) -> tuple[list[Ready], list[bytes]]:
    """The runs that come whole in these lines, and the lines that are left.

    `seen` has the runs that lines were about before, which are not made ready again, and is added
    to.
    """
    runs: dict[str, list[Record]] = {}
    ready, left = [], []
    for line in lines:
        try:
            record = parse_record(line)
        except IntegrityError:
            left.append(line)
        else:
            runs.setdefault(record.run, []).append(record)
    for run, records in runs.items():
        made = None if run in seen else _make_ready(records)
        if made is None:
            left += [record.line for record in records]
        else:
            ready.append(made)
    seen.update(runs)
    return ready, left


def note(record: Record) -> tuple[bytes, str, int, int]:
    """What table `record` holds of a record: id, writer, seq and lc."""
    return bytes.fromhex(record.id), storable(record.writer), record.seq, record.lc


def _make_ready(records: Sequence[Record]) -> Ready | None:
    """None unless these are a sound begin, perhaps with end and files, and hold all they say."""
    kinds = [record.kind for record in records]
    if kinds not in ([BEGIN], [BEGIN, END], [BEGIN, END, FILES]) or any(map(find_whole, records)):
        return None
    begin, *others = records
    ended = filed = None
    try:
        document = new_document(begin, read_part(begin))
        for end in others[:1]:
            show_end(document, read_part(end))
            ended = end_rank(end, begin.writer)
        for files in others[1:]:
            document.update(read_part(files))
            filed = end_rank(files, begin.writer)
    except IntegrityError:
        return None
    return Ready(
        begin.run,
        [record.line for record in records],
        [note(record) for record in records],
        begin.id,
        find_environment(begin),
        ended,
        filed,
        spell(document),
    )
