"""Take a secret out of what this clone has recorded, and of what it has sent.

Where it is in what the run was begun or ended with, the run goes as a whole. A `run.redact` record
stays and says so.
Source: docs/format.md, "Redaction".
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from git_gage.catalog.bulk import find_bound, open_file
from git_gage.errors import RequestError
from git_gage.files.manifest import BULK
from git_gage.records import path_text, short_id
from git_gage.runs.files import is_in_place, read_filed
from git_gage.runs.leaks import find_in_snapshot
from git_gage.runs.next_record import draft_next
from git_gage.runs.withheld import KIND, Withheld, read_withheld
from git_gage.secrets import Sighting, find_secrets
from git_gage.share.cargo import named_commit
from git_gage.share.lanes import sharing
from git_gage.share.leaks import find_in_objects
from git_gage.share.objects import find_sent
from git_gage.share.redaction import (
    FILES,
    OF_RECORD,
    OUTPUT,
    Redaction,
    bulk_names,
    make_drop,
    read_said,
    with_parts,
)
from git_gage.share.take_back import known_remotes
from git_gage.share.take_out import Redacted, begin_taking_out, require_alone, take_out

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.store import Store

_LOOKED_AT_BYTES = 64 << 20
# A record holds so many names easily. Of files with secrets, so many are shown.
_MOST_NAMED, _SHOWN = 1000, 3
_WHOLE = ("run.begin", "run.start", "run.end")


def plan_redaction(store: Store, catalog: Catalog, run: str, parts: Sequence[str]) -> Redaction:
    """What has to go of a run; `parts` go in any case.

    Raises: RequestError for a run that is not ours or goes on, and where nothing was found.
    """
    all_records = catalog.records(run)
    records = tuple(record for record in all_records if record.kind != KIND)
    begin = next((record for record in records if record.kind == "run.begin"), None)
    if begin is None:
        raise RequestError(f"run {short_id(run)} was taken out already", hint="git gage push")
    if begin.writer not in store.my_lanes:
        said = read_said(run, all_records)
        if said is not None:
            return with_objects(store, catalog, said)
        raise RequestError(
            f"run {short_id(run)} was recorded in another clone: it can be redacted there alone",
            hint=f"git gage show {short_id(run)}",
        )
    found = _find_parts(store, catalog, run, records, begin)
    if not found.parts and not parts:
        raise _nothing_found(store, catalog, run)
    found = with_parts(found, begin, parts)
    if FILES in parts and not found.whole:
        found = found._replace(files=found.files | {BULK})
    return with_objects(store, catalog, found)


def _find_parts(
    store: Store, catalog: Catalog, run: str, records: tuple[Record, ...], begin: Record
) -> Redaction:
    kinds: list[str] = []
    ids: set[str] = set()
    files: set[str] = set()
    whole = False
    for record in records:
        if found := find_secrets(record.line):
            kinds += [each.kind for each in found]
            whole |= record.kind in _WHOLE
            ids.add(record.id)
        for name in bulk_names(record):
            if found := find_secrets(_read_file(store, record, run, name)):
                kinds += [each.kind for each in found]
                whole |= name in OF_RECORD
                files |= {name, *_beside(name)}
    large = _find_in_large(store, catalog, run)
    kinds += [each.kind for seen in large.values() for each in seen]
    files |= set(map(BULK.__add__, large)) if len(large) <= _MOST_NAMED else {BULK}
    snapshot, commit = named_commit(begin), named_commit(begin, "commit")
    seen = [each.kind for each in find_in_snapshot(store.repo, snapshot, commit)]
    kinds += seen
    pinned = snapshot if seen else None
    return Redaction(
        *(run, records, frozenset(files), pinned, whole, frozenset(ids)),
        tuple(dict.fromkeys(kinds)),
    )


def _find_in_large(store: Store, catalog: Catalog, run: str) -> dict[str, list[Sighting]]:
    """Secrets in large files, by their digests: in those in which a push would find them."""
    filed = read_filed(store, catalog, run)
    named = {
        each.sha256: os.fsdecode(each.path)
        for each in (filed.large if filed is not None else ())
        if each.sha256 is not None and store.sidecar.has(each.sha256, each.size)
    }
    return find_in_objects(store, named)


def _nothing_found(store: Store, catalog: Catalog, run: str) -> RequestError:
    """What is said where nothing can go: a file that lies in the run's directory alone stays."""
    names = read_withheld(catalog.records(run)).names
    named = frozenset[str]() if BULK in names else names
    filed = read_filed(store, catalog, run)
    top = store.run_dir(run)
    paths = [
        os.fsdecode(each.path)
        for each in (filed.manifest.entries if filed is not None else ())
        if each.is_private or f"{BULK}{each.sha256}" in named
        if is_in_place(top / os.fsdecode(each.path), each)
    ]
    if not paths:
        return RequestError(
            f"no secret was found in run {short_id(run)}",
            hint="what is in commits of yours stays; to say what is to go: git gage redact -h",
        )
    shown = [f"'{path_text(os.fsencode(path))}'" for path in paths[:_SHOWN]]
    more = [f"{len(paths) - _SHOWN:,} more files"] if len(paths) > _SHOWN else []
    verbs = "hold secrets and lie" if len(paths) > 1 else "holds a secret and lies"
    places = " ".join(shlex.quote(str(top / path)) for path in paths[:_SHOWN])
    return RequestError(
        f"{' and '.join([*shown, *more])} {verbs} in the directory of the run alone:"
        " nothing else of it holds one",
        hint=f"they go with the files: rm {places}",
    )


def _read_file(store: Store, record: Record, run: str, name: str) -> bytes:
    """A bulk file; nothing of one that is not here, or is not what the record binds."""
    bound = find_bound(record.body, run, name, _LOOKED_AT_BYTES)
    file = None if bound is None else open_file(store, bound)
    if file is None:
        return b""
    with file:
        return file.read()


def with_objects(store: Store, catalog: Catalog, plan: Redaction) -> Redaction:
    """The same with the large files that go: those that are named, or all of them."""
    withheld = Withheld(plan.files, plan.whole)
    sent = find_sent(store, catalog, plan.run)
    objects = tuple((sha256, size) for sha256, size in sent.items() if withheld.takes(sha256))
    return plan._replace(objects=objects, emptied=BULK in plan.files and not plan.whole)


def _beside(name: str) -> tuple[str, ...]:
    """What says nothing without the file it goes with."""
    return (f"{name}.idx",) if name.startswith(OUTPUT) and not name.endswith(".idx") else ()


def redact_runs(
    store: Store, catalog: Catalog, redactions: Sequence[Redaction], author: By
) -> Redacted:
    """Take it out: of lanes, journals and what lies beside them.

    A kill in the middle leaves what was not reached yet; the same command goes on with it.
    Raises: RequestError where another process or run is in the way, before anything was changed.
    """
    with sharing(store), store.writing():
        store.flush()
        drop = make_drop(redactions)
        require_alone(store, redactions, drop)
        _require_parts(redactions)
        catalog.refresh()
        begin_taking_out(store, [each.run for each in redactions])
        for each in redactions:
            if not each.said:
                store.append(draft_next(store, catalog, KIND, each.run, _body(each), author))
                catalog.refresh()
        store.flush()
        sent = {
            name
            for each in redactions
            if each.objects and not each.said
            for name in catalog.remotes_of(each.run)
        }
        # What came from a backup tells of remotes of another clone.
        sent &= known_remotes(store)
        return take_out(store, catalog, redactions, drop, sent)


def finish_redactions(store: Store, catalog: Catalog, runs: Collection[str]) -> None:
    """Go on with redactions of these runs that were cut short, as far as a record says them.

    Hold the store's lock, and that of whoever shares.
    Raises: RequestError where another process or run is in the way.
    """
    begun = [run for run in catalog.begun(runs) if not catalog.is_foreign(run)]
    told = (read_said(run, catalog.records(run)) for run in begun)
    found = [with_objects(store, catalog, each) for each in told if each is not None]
    if found:
        drop = make_drop(found)
        require_alone(store, found, drop)
        take_out(store, catalog, found, drop)


def _require_parts(redactions: Sequence[Redaction]) -> None:
    for each in redactions:
        if not each.said and not each.parts:
            raise RequestError(
                f"run {short_id(each.run)} has nothing of that: there is nothing to take out",
                hint=f"see what it has: git gage show {short_id(each.run)}",
            )


def _body(each: Redaction) -> dict[str, object]:
    body: dict[str, object] = {"parts": each.parts, "kinds": list(each.kinds)}
    if not each.whole:
        body["files"] = sorted(each.files)
        body["records"] = sorted(each.ids)
    return body
