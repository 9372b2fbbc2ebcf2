"""What a run came to, signed afterwards: its records, what they bind, the files that it made.

Source: docs/format.md, "attest".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.bulk import find_bound
from git_gage.catalog.lines import one_of_each
from git_gage.runs.begin import MAX_BODY
from git_gage.runs.made import ABSENT, DIFFERS, MadeFiles
from git_gage.runs.next_record import draft_next
from git_gage.runs.whole import require_ended

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.store import Store

MAX_COUNT = 2**53
_KINDS = ("run.begin", "run.start", "run.end", "run.files")


class Attested(NamedTuple):
    """A run that was signed; `files` and `size` in bytes of what it made, None where not all of
    that is here."""

    run: str
    files: int | None
    size: int


def attest_runs(
    store: Store, catalog: Catalog, runs: Sequence[str], note: str | None, author: By
) -> list[Attested]:
    """Sign what runs came to, as far as it is here.

    Raises: SigningError; RequestError for a run that has not ended, or where nothing can be
    written. Then no run is signed.
    """
    bodies = {run: _attest_body(store, catalog, run, note) for run in runs}
    with store.writing():
        catalog.refresh()
        records = [
            draft_next(store, catalog, "attest", run, body, author) for run, body in bodies.items()
        ]
        for record in records:
            store.append(record)
        store.flush()
    catalog.refresh()
    return [_summarise(run, body) for run, body in bodies.items()]


def is_as_attested(store: Store, files: MadeFiles, attest: Record) -> bool | None:
    """Whether the files that a run made are those that somebody signed.

    None where the files are not here, or were not when they were signed.
    """
    made = attest.body.get("made")
    if type(made) is not dict:
        return None
    compared = {each.verdict for each in files.compared}
    if files.filed is None and made.get("count") and not store.run_dir(attest.run).is_dir():
        return None
    if files.measured["digest"] != made.get("digest") or DIFFERS in compared:
        return False
    return None if ABSENT in compared else True


def _attest_body(store: Store, catalog: Catalog, run: str, note: str | None) -> dict[str, Any]:
    document = catalog.document(run)
    assert document is not None
    require_ended(document)
    known = one_of_each(catalog.records(run))
    records = [record for record in known if record.kind in _KINDS]
    body: dict[str, Any] = {
        "records": {
            kind: [record.id for record in records if record.kind == kind]
            for kind in dict.fromkeys(record.kind for record in records)
        },
        "bound": _bound(records),
    }
    if note is not None:
        body["note"] = note
    files = MadeFiles(store, catalog, document)
    if files.are_here:
        body["made"] = files.measured
    return _fit(body)


def _bound(records: Sequence[Record]) -> dict[str, str]:
    """The sha256 of each bulk file that the records bind, by its name."""
    found: dict[str, str] = {}
    for record in records:
        bulk = record.body.get("bulk")
        for name in bulk if type(bulk) is dict else ():
            bound = find_bound(record.body, record.run, name, most=MAX_COUNT)
            if bound is not None:
                found[name] = bound.sha256
    return found


def _fit(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its list of files, if that makes it too long: the digest is over them."""
    if "made" in body and len(json.dumps(body)) > MAX_BODY:
        return {**body, "made": {**body["made"], "files": []}}
    return body


def _summarise(run: str, body: Mapping[str, Any]) -> Attested:
    made = body.get("made")
    return Attested(run, None, 0) if made is None else Attested(run, made["count"], made["size"])
