"""What goes of runs: as somebody wants it, or as a `run.redact` record says.

A record names its run, so no record can be changed: what a program left goes alone, and so does the
source, or the run goes as a whole.
Source: docs/format.md, "Redaction".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError
from git_gage.files.manifest import BULK, WHOLE
from git_gage.records import short_id
from git_gage.runs.withheld import KIND, RUN, read_texts, said_bodies
from git_gage.share.cargo import named_commit
from git_gage.share.withdrawn import Withdrawn
from git_gage.store.rewrite import Drop

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import Record
    from git_gage.store import Store

OUTPUT, FILES, SOURCE = "output", "files", "source"
PARTS = (OUTPUT, FILES, SOURCE, RUN)
# Bulk files that are a part of the record itself.
OF_RECORD = ("begin.json", "end.json", "environment.json")


class Redaction(NamedTuple):
    """What goes of a run: bulk files by name, single records by id, its source, or all of it.

    files: also `files/SHA256` of large files, or `files/`, which is all that the run made.

    kinds: which secrets were found; none where the user said what is to go.
    """

    run: str
    records: tuple[Record, ...]
    files: frozenset[str]
    source: str | None
    whole: bool
    ids: frozenset[str]
    kinds: tuple[str, ...]
    said: bool = False
    """Whether whoever recorded the run has said so: then there is nothing to record."""
    purged: bool = False
    """Whether files that the run made go, too."""
    objects: tuple[tuple[str, int], ...] = ()
    """Large files, by digest and size, that remotes are to delete if no other run needs them."""
    emptied: bool = False
    """Whether all its files go and the run stays."""

    @property
    def parts(self) -> list[str]:
        """What goes, in words of the record."""
        found = {
            RUN: self.whole,
            SOURCE: self.source is not None,
            OUTPUT: any(not is_of_files(name) for name in self.files),
            FILES: bool(self.objects) or any(map(is_of_files, self.files - {BULK})),
            "records": bool(self.ids),
        }
        return [RUN] if self.whole else [name for name, there in found.items() if there]


def find_said(store: Store, runs: Collection[str] | None, *catalogs: Catalog) -> Drop:
    """What those who recorded runs (None: all) have taken out: nobody is to send it again.

    `catalogs` have all that is known of these runs between them. Who may purge a run has been asked
    for those that this clone has let go of; others may hold them still.
    """
    gone = Withdrawn(store).purged()
    told = {run for catalog in catalogs for run in catalog.redacted()}.union(gone)
    asked = sorted(told if runs is None else told.intersection(runs))
    records = (record for catalog in catalogs for record in catalog.record_lines(asked))
    return said_of(records, gone)


def said_of(records: Iterable[Record], gone: Collection[str] = ()) -> Drop:
    """The same, by all records that are known of some runs; those that are `gone` go whole."""
    known: dict[str, list[Record]] = {}
    for record in records:
        known.setdefault(record.run, []).append(record)
    found = [
        whole_run(run, of_run) if run in gone else read_said(run, of_run)
        for run, of_run in known.items()
    ]
    return make_drop([each for each in found if each is not None])


def whole_run(run: str, records: Sequence[Record]) -> Redaction:
    """All of a run, by all its records; what was said of its end stays."""
    others = tuple(record for record in records if record.kind != KIND)
    names = frozenset(name for record in others for name in bulk_names(record))
    ids = frozenset(record.id for record in others)
    return Redaction(run, others, names, None, True, ids, (), said=True)


def read_said(run: str, records: Sequence[Record]) -> Redaction | None:
    """What whoever recorded a run has taken out of it, by all its records; None if nothing."""
    bodies = said_bodies(records)
    if not bodies:
        return None
    begin = next(record for record in records if record.kind == "run.begin")
    others = tuple(record for record in records if record.kind != KIND)
    parts = {part for body in bodies for part in read_texts(body, "parts")}
    names = frozenset(name for body in bodies for name in read_texts(body, "files"))
    ids = frozenset(id for body in bodies for id in read_texts(body, "records"))
    source = named_commit(begin) if SOURCE in parts else None
    said = Redaction(run, others, names, source, False, ids, (), said=True)
    return with_parts(said, begin, (RUN,)) if RUN in parts else said


def make_drop(redactions: Sequence[Redaction]) -> Drop:
    """All that some redactions take out."""
    return Drop(
        ids=frozenset(id for each in redactions for id in each.ids),
        files=frozenset(f"{each.run}/{name}" for each in redactions for name in each.files),
        snapshots=frozenset(each.source for each in redactions if each.source),
        runs=frozenset(each.run for each in redactions if each.whole),
    )


def bulk_names(record: Record) -> list[str]:
    """The bulk files that a record binds, whoever wrote it."""
    bulk = record.body.get("bulk")
    return list(bulk) if type(bulk) is dict else []


def with_parts(found: Redaction, begin: Record, parts: Sequence[str]) -> Redaction:
    """The same, and these parts of the run.

    Raises: RequestError for a source that there is none of, or that is the user's own commit.
    """
    names = {name for record in found.records for name in bulk_names(record)}
    whole = found.whole or RUN in parts
    snapshot = named_commit(begin)
    if SOURCE in parts:
        found = found._replace(source=snapshot)
        if snapshot is None:
            raise RequestError(
                f"run {short_id(found.run)} has no source that could go",
                hint=f"git gage show {short_id(found.run)}",
            )
        if snapshot == named_commit(begin, "commit"):
            raise RequestError(
                f"the source of run {short_id(found.run)} is a commit of yours, which stays",
                hint=f"git show {snapshot[:12]}",
            )
    if whole:
        ids = frozenset(record.id for record in found.records)
        return found._replace(whole=True, ids=ids, files=frozenset(names))
    gone = {
        name
        for name in names
        if name not in OF_RECORD and (FILES if is_of_files(name) else OUTPUT) in parts
    }
    return found._replace(files=found.files | gone)


def is_of_files(name: str) -> bool:
    """Whether a bulk file is one that the run made, or the list of those."""
    return name == WHOLE or name.startswith(BULK)
