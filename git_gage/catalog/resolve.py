"""From what people type for a run to its id.

A <run> is its row in the last list, `@` or `@~<n>`, `<operation>@`, `@{best:<metric>}`, its name,
or the first characters of its id; `2:4` are rows of the last list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.catalog.query import (
    DELETED,
    KEPT,
    RESTORABLE,
    as_document,
    find_named,
    find_newest,
    find_newest_in,
    find_prefixed,
    newest_here,
    read_one,
)
from git_gage.errors import AmbiguousRunError, RunNotFoundError
from git_gage.records import ALPHABET, short_id
from git_gage.records.ids import TIME_CHARS
from git_gage.safe import clean

if TYPE_CHECKING:
    import sqlite3

MIN_PREFIX = 4
CANDIDATES = 5
OFFERED = 50
ABSENT_ROW = "list again with 'git gage list', or get the runs with 'git gage fetch'"
_LIST_HINT = "list runs with 'git gage list'"
_DELETED_HINT = "see them with 'git gage list --deleted'"
_ROW = re.compile(r"[1-9][0-9]{0,2}")
_NEWEST = re.compile(r"(.*)@(?:~([0-9]{0,9}))?", re.DOTALL)
_BEST = re.compile(r"(.*)@\{best:(.+)\}", re.DOTALL)
_SLICE = re.compile(r"(-?[0-9]{1,9})?:(-?[0-9]{1,9})?")
_NAME = re.compile(r"[a-z]+-[a-z]+")
# What Crockford's base32 reads the letters as that it does not have.
_LENIENT = str.maketrans("oil", "011")


def resolve_run(
    db: sqlite3.Connection, text: str, lanes: Iterable[str], rows: Sequence[str] | None
) -> str:
    """The id of the run that is meant by `text`.

    `lanes` are this clone's; `rows` the ids of its last list, None where none was shown.

    Raises: RunNotFoundError; AmbiguousRunError with up to 5 candidates.
    """
    if _ROW.fullmatch(text):
        return _row(db, int(text), rows)
    newest = _NEWEST.fullmatch(text)
    if newest is not None:
        operation, back = newest.groups()
        steps = 0 if back is None else int(back or 1)
        return _newest_of(db, text, operation, steps) if operation else _own(db, lanes, steps)
    lowered = text.lower()
    if _NAME.fullmatch(lowered):
        return _only(db, text, "name", find_named(db, lowered, CANDIDATES + 1))
    return _prefixed(db, text, lowered.translate(_LENIENT))


def read_best(text: str) -> tuple[str, str] | None:
    """Operation (or "") and metric of `train@{best:acc}`."""
    found = _BEST.fullmatch(text)
    return None if found is None else (found[1], found[2])


def names_run(text: str) -> bool:
    """Whether text is of a form that nothing else has: `2:4`, `train@`, `@{best:acc}`."""
    return any(form.fullmatch(text) for form in (_SLICE, _NEWEST, _BEST))


def read_slice(text: str) -> slice | None:
    """The places of `2:4`, `3:` or `-2:`: rows begin at 1, and the last one is meant, too."""
    found = _SLICE.fullmatch(text)
    if found is None:
        return None
    first, last = (None if row is None else int(row) for row in found.groups())
    return slice(first - 1 if first is not None and first > 0 else first, last)


def slice_rows(text: str, rows: slice, listed: Sequence[str] | None) -> list[str]:
    """Runs of the last list, None where none was shown.

    Raises: RunNotFoundError if there are none.
    """
    if listed is None:
        raise RunNotFoundError(
            f"no rows '{text}': there is no list to count in", hint="show one with 'git gage list'"
        )
    if not listed[rows]:
        first, last, _ = rows.indices(len(listed))
        why = f"the last list has {len(listed)}"
        if last <= first < len(listed):
            why = "they end before they begin"
        raise RunNotFoundError(
            f"no rows '{text}': {why}",
            hint="list again with 'git gage list'",
        )
    return list(listed[rows])


def complete_run(
    db: sqlite3.Connection, prefix: str, *, put_away: bool = False
) -> list[tuple[str, str]]:
    """Short ids and names that begin so, newest first, each with a few words on its run.

    Of runs that are not deleted; with `put_away` of those that are deleted or archived.
    """
    typed, hidden = (
        prefix.lower(),
        f"IN (1, {DELETED}, {DELETED + 1})" if put_away else f"< {DELETED}",
    )
    hashes = find_prefixed(db, "hash", typed, OFFERED, hidden)
    # Names are offered to whoever has begun one: in front of nothing typed they only double all.
    names = find_prefixed(db, "name", typed, OFFERED, hidden) if typed else []
    offers = []
    for id, document in _read_all(db, hashes):
        short = id[TIME_CHARS:][: max(len(short_id(id)), len(typed))]
        offers.append((short, f"{document['name']}, {_described(document)}"))
    for id, document in _read_all(db, names):
        offers.append((document["name"], f"{short_id(id)}, {_described(document)}"))
    return offers


def complete_name(db: sqlite3.Connection, part: str, prefix: str) -> list[str]:
    """Names of a part that begin so, and that a run has a value of."""
    rows = db.execute(
        "SELECT name FROM name WHERE part = ? AND substr(name, 1, ?) = ?"
        " AND EXISTS (SELECT 1 FROM value v WHERE v.name = name.key) ORDER BY name LIMIT ?",
        (part, len(prefix), prefix, OFFERED),
    )
    return [name for (name,) in rows]


def _row(db: sqlite3.Connection, row: int, rows: Sequence[str] | None) -> str:
    if rows is None:
        raise RunNotFoundError(
            f"no row '{row}': there is no list to count in", hint="show one with 'git gage list'"
        )
    if row > len(rows):
        raise RunNotFoundError(
            f"no row '{row}': the last list has {len(rows)}", hint="list again with 'git gage list'"
        )
    if read_one(db, rows[row - 1]) is None:
        raise RunNotFoundError(f"no row '{row}': that run is not here", hint=ABSENT_ROW)
    return rows[row - 1]


def _own(db: sqlite3.Connection, lanes: Iterable[str], steps: int) -> str:
    lanes = list(lanes)
    found = newest_here(db, lanes, steps)
    if found is not None:
        return found
    has_deleted = newest_here(db, lanes, hidden=RESTORABLE) is not None
    if newest_here(db, lanes) is not None:
        raise _fewer(f"@~{steps}", "fewer runs here were begun in this clone", has_deleted)
    if has_deleted:
        raise RunNotFoundError(
            "each run that was begun in this clone is deleted", hint=_DELETED_HINT
        )
    raise RunNotFoundError(
        "no run was begun in this clone yet", hint="list all runs with 'git gage list'"
    )


def _newest_of(db: sqlite3.Connection, text: str, operation: str, steps: int) -> str:
    for name, found in _find_newest(db, operation, steps + 1):
        if len(found) > steps:
            return found[steps]
        if found:
            deleted = dict(_find_newest(db, operation, 1, RESTORABLE))[name]
            raise _fewer(text, f"'{name}' has fewer runs", bool(deleted))
    if any(deleted for _, deleted in _find_newest(db, operation, 1, RESTORABLE)):
        raise RunNotFoundError(f"each run of '{operation}' is deleted", hint=_DELETED_HINT)
    raise RunNotFoundError(f"no run of an operation '{operation}' here", hint=_LIST_HINT)


def _fewer(text: str, told: str, has_deleted: bool) -> RunNotFoundError:
    without, hint = ("without deleted ones ", _DELETED_HINT) if has_deleted else ("", _LIST_HINT)
    return RunNotFoundError(f"no run '{text}': {without}{told}", hint=hint)


def _find_newest(
    db: sqlite3.Connection, operation: str, count: int, hidden: str = KEPT
) -> Iterator[tuple[str, list[str]]]:
    """What an operation can be called, each with its newest runs; `digits:train` is one, too."""
    for name in (operation, f"{operation}.py"):
        yield name, find_newest(db, "operation", name, count, hidden)
    namespace, _, inner = operation.partition(":")
    for name in (inner, f"{inner}.py"):
        yield f"{namespace}:{name}", find_newest_in(db, namespace, name, count, hidden)


def _prefixed(db: sqlite3.Connection, text: str, prefix: str) -> str:
    if not prefix or not all(char in ALPHABET for char in prefix):
        raise _not_found(text)
    if len(prefix) < MIN_PREFIX:
        raise RunNotFoundError(
            f"'{text}' is too short for a run: give at least {MIN_PREFIX} characters of its id",
            hint=_LIST_HINT,
        )
    # What people see of an id is its hash, so that comes first.
    found = find_prefixed(db, "hash", prefix, CANDIDATES + 1) or find_prefixed(
        db, "id", prefix, CANDIDATES + 1
    )
    return _only(db, text, "beginning", found)


def _only(db: sqlite3.Connection, text: str, what: str, found: Sequence[str]) -> str:
    """The one run that was found; of too many `found` has one more than are told."""
    if not found:
        raise _not_found(text)
    if len(found) == 1:
        return found[0]
    told = [document for _, document in _read_all(db, found[:CANDIDATES])]
    ids = _short_ids(found[:CANDIDATES])
    lines = [
        f"  {id}  {document['name']}, {_described(document)}"
        for id, document in zip(ids, told, strict=True)
    ]
    more = ["  and more"] if len(found) > CANDIDATES else []
    keys = ("id", "name", "operation", "started")
    raise AmbiguousRunError(
        "\n".join([f"'{text}' is the {what} of more than one run", *lines, *more]),
        hint=f"say which one by its id, for example '{ids[0]}'",
        candidates=[{key: document[key] for key in keys} for document in told],
    )


def _short_ids(runs: Sequence[str]) -> list[str]:
    """What people see of these ids, long enough to tell them apart."""
    hashes = [run[TIME_CHARS:] for run in runs]
    length = len(short_id(runs[0]))
    while len({each[:length] for each in hashes}) < len(hashes):
        length += 1
    return [each[:length] for each in hashes]


def _read_all(db: sqlite3.Connection, runs: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    return [(id, as_document(shown)) for id in runs if (shown := read_one(db, id))]


def _described(document: dict[str, Any]) -> str:
    return clean(f"{document['operation']}, {_moment(document['started'])}")


def _moment(started: str) -> str:
    return f"{started[:10]} {started[11:16]} UTC"


def _not_found(text: str) -> RunNotFoundError:
    return RunNotFoundError(
        f"no run '{text}' here",
        hint="list runs with 'git gage list', or get them with 'git gage fetch'",
    )
