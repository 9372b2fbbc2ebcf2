"""What this clone has recorded, after this disk has lost a part of it that no remote has.

Records go on from all that can be read of them (store/repair.py). Here they get those outputs and
sources again that are there still, and it is told what is not.

Source: docs/format.md, "Lanes that this disk has lost".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from git_gage.git.contents import hash_readable
from git_gage.git.reachable import is_there
from git_gage.records import short_id
from git_gage.share.cargo import BULK, SOURCE, SRC, named_commit, read_line
from git_gage.share.lanes import RECORDS, Refs, list_blobs_of, read_tip_lines, tips_of
from git_gage.share.redaction import find_said
from git_gage.store import LOCAL, OWN, TAKEN, TRACKING, parse_ref
from git_gage.store.out import extend_cargo
from git_gage.store.repair import Told
from git_gage.store.rewrite import list_files, list_sources

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import Record
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

_MOST_TOLD = 9


class Lost(NamedTuple):
    """What is not to be had again, by run; `is_sure`: whether all is known that was there."""

    parts: dict[str, list[str]]
    is_sure: bool


def mend_own(store: Store, catalog: Catalog, observer: Observer) -> bool:
    """Mend the lanes of this clone; whether anything had to be. Hold the sharing lock."""
    blobs = store.mend(partial(_tell, store, catalog))
    if blobs is None:
        return False
    known = catalog.records_in(blobs)
    catalog.refresh()
    with store.writing():
        here = {space: _read_tips(store, _refs_of(store, space)) for space in OWN}
        ids = {record.id for records in here.values() for record in records}
        ids |= {record.id for record in _read_tips(store, store.repo.list_refs(TRACKING, TAKEN))}
        gone = Counter(run for run, id in {each[1:] for each in known} if id not in ids)
        # Of a marker, which holds nothing, there is nothing to tell; of a tip nobody can.
        is_sure = {store.repo.blob_oid(b""), *(blob for blob, _, _ in known)}.issuperset(blobs)
        lost = Lost({run: [_count(number)] for run, number in gone.items()}, is_sure)
        for space, records in here.items():
            _give_back(store, catalog, space, records, lost)
        store.forget_lost()
    observer.warning(_describe(lost))
    return True


def _count(number: int) -> str:
    return "1 record" if number == 1 else f"{number:,} records"


def _tell(store: Store, catalog: Catalog, name: str, tip: str) -> Told:
    blobs = [*catalog.blobs_of(name), *_blobs_there(store, name)]
    return Told(blobs, is_all=catalog.has_read(name, tip))


def _blobs_there(store: Store, name: str) -> Iterable[str]:
    """The blobs of records that remotes have of an epoch of ours."""
    epoch = name.removeprefix(LOCAL).rpartition("/")[0]
    refs = store.repo.list_refs(TRACKING)
    tips = [oid for ref, oid in refs.items() if ref.rpartition("/")[0].endswith(f"/w{epoch}")]
    return list_blobs_of(store, tips)


def _read_tips(store: Store, refs: Refs) -> list[Record]:
    lines = read_tip_lines(store, tips_of(refs, RECORDS))
    return [record for record in map(read_line, lines) if record is not None]


def _refs_of(store: Store, space: str) -> Refs:
    refs, mine = store.repo.list_refs(space), store.my_lanes
    return {
        name: oid for name, oid in refs.items() if (found := parse_ref(name)) and found.lane in mine
    }


def _give_back(
    store: Store, catalog: Catalog, space: str, records: Sequence[Record], lost: Lost
) -> None:
    """Hold again what records name, is here, and nothing leads to; note what is `lost`.

    Nothing of a run of which a record is gone: that may have said what was taken out.
    """
    repo, refs = store.repo, _refs_of(store, space)
    drop = find_said(store, {record.run for record in records}, catalog)
    held = list_files(repo, tips_of(refs, (BULK,)))
    bound = {
        f"{record.run}/{name}": each
        for record in records
        for name, each in record.body.get("bulk", {}).items()
    }
    bound = {
        path: each for path, each in bound.items() if path not in held and not drop.takes_file(path)
    }
    digests = hash_readable(repo, sorted({each["oid"] for each in bound.values()}))
    pinned = list_sources(repo, tips_of(refs, (SRC,)))
    sources = _find_sources(store, records, {*pinned, *drop.snapshots})
    may_be = {record.run for record in records if lost.is_sure and record.run not in lost.parts}
    files = {
        path: each["oid"]
        for path, each in bound.items()
        if path.partition("/")[0] in may_be and digests.get(each["oid"]) == each["sha256"]
    }
    whole = {
        oid for run, oid in sources.items() if run in may_be and is_there(repo, [oid], "--no-walk")
    }
    extend_cargo(repo, f"{space}/{store.lane}", store.clock(), files, sorted(whole))
    for path in bound.keys() - files.keys():
        run, _, name = path.partition("/")
        lost.parts.setdefault(run, []).append(name)
    for run, oid in sources.items():
        if oid not in whole:
            lost.parts.setdefault(run, []).append(SOURCE)


def _find_sources(store: Store, records: Iterable[Record], held: set[str]) -> dict[str, str]:
    """The source of each run that was begun here and names one that is not `held`."""
    mine = store.my_lanes
    named = ((each.run, named_commit(each)) for each in records if each.writer in mine)
    return {run: oid for run, oid in named if oid is not None and oid not in held}


def _describe(lost: Lost) -> str:
    told = "this disk had lost a part of what was recorded here"
    if lost.is_sure and not lost.parts:
        return f"{told}: all of it could be given back"
    listed = [f"{', '.join(names)} of run {short_id(run)}" for run, names in lost.parts.items()]
    more = len(listed) - _MOST_TOLD
    if more > 0:
        listed = [*listed[:_MOST_TOLD], f"parts of {more:,} more runs"]
    if not lost.is_sure:
        listed.append("perhaps records of which nothing else tells")
    return (
        f"{told}: {'; '.join(listed)}; all else is whole\n"
        "hint: if a backup has it: git gage restore --from <backup>"
    )
