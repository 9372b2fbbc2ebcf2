"""What goes with a record when it is sent again: its bulk files and its source.

What a record names was written by whoever wrote the record. So nothing is sent because a record
names it: a bulk file must have the digest the record binds, and a source commit must be one that
a lane holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.git.contents import hash_contents
from git_gage.records import Record, parse_record, short_id
from git_gage.share.lanes import CARGO, pinned_commits
from git_gage.store import PRIVATE, SPACES
from git_gage.store.out import Parcel
from git_gage.store.rewrite import Drop

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.store import Store

SOURCE = "source"
SRC, BULK = CARGO

_NAME = re.compile(r"(?:[a-z]{1,16}/)?[a-z0-9][a-z0-9.-]{0,63}")
_COMMIT = re.compile(rb'"commit":"([0-9a-f]{40}(?:[0-9a-f]{24})?)"')
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Bound(NamedTuple):
    """A bulk file as a record binds it; `size` is -1 where that makes no sense."""

    run: str
    name: str
    oid: str
    sha256: str
    size: int


class Lacking(NamedTuple):
    """Ids of bulk files and of source commits that records name and no lane here has."""

    files: frozenset[str]
    sources: frozenset[str]


def pack_parcels(
    store: Store,
    lines: Sequence[bytes],
    drop: Drop | None = None,
    parts: Collection[str] = CARGO,
    given: Collection[str] = (),
) -> tuple[list[Parcel], dict[str, list[str]]]:
    """Record lines with all that goes with them, and for each run the parts that are not here.

    What is in `drop` does not go, and of `src` and `bulk` only `parts` do. `given` are source
    commits that came from where the lines come from.
    """
    drop = drop or Drop()
    cargo = Cargo(store.repo, [line for line in lines if not drop.takes(line)], drop, parts, given)
    return cargo.parcels(), cargo.missing


def describe_missing(missing: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for each run of which a part is not here."""
    return [
        f"run '{short_id(run)}' is sent without {', '.join(names)}: not in this clone"
        for run, names in missing.items()
    ]


def base_commits(lines: Iterable[bytes]) -> list[str]:
    """The users' own commits that the sources of these records stand on.

    Searched and not parsed: a first push has a hundred thousand lines.
    """
    begun = (line for line in lines if b'"kind":"run.begin"' in line)
    found = dict.fromkeys(oid for line in begun for oid in _COMMIT.findall(line))
    return [oid.decode() for oid in found]


class _Named(NamedTuple):
    """What of a record tells what goes with it; the record itself would be many times as large."""

    run: str
    begins: bool
    files: tuple[Bound, ...]
    source: str | None


class Cargo:
    """Bulk files and sources that the records in some lines name, as far as they are here."""

    def __init__(
        self,
        repo: Repository,
        lines: Sequence[bytes],
        drop: Drop,
        parts: Collection[str] = CARGO,
        given: Collection[str] = (),
    ) -> None:
        self._lines = lines
        self._named = [_find_named(line, drop, parts) for line in lines]
        self._sound = _sound_files(repo, list(self._files()))
        self._pinned = _pinned_commits(repo, list(self._sources()), given)

    @property
    def runs(self) -> int:
        """How many runs begin in these lines."""
        return sum(each.begins for each in self._readable())

    @property
    def size(self) -> int:
        """Bytes of the bulk files that are here."""
        return sum(file.size for file in {file.oid: file for file in self._sound}.values())

    @property
    def size_lacking(self) -> int:
        """Bytes of those that are not here, as the records say."""
        return sum({file.oid: max(file.size, 0) for file in self._absent_files()}.values())

    @property
    def lacking(self) -> Lacking:
        return Lacking(
            frozenset(file.oid for file in self._absent_files()),
            frozenset(self._sources()) - self._pinned,
        )

    @property
    def missing(self) -> dict[str, list[str]]:
        """For each run the parts that are not here."""
        found: dict[str, list[str]] = {}
        for each in self._readable():
            if absent := self._absent(each):
                found.setdefault(each.run, []).extend(absent)
        return found

    def parcels(self) -> list[Parcel]:
        """The lines in their order, each with what goes with it."""
        return [
            Parcel(line) if named is None else self._parcel(line, named)
            for line, named in zip(self._lines, self._named, strict=True)
        ]

    def _parcel(self, line: bytes, named: _Named) -> Parcel:
        return Parcel(
            line,
            begins_run=named.begins,
            bulk=tuple(
                (f"{file.run}/{file.name}", file.oid) for file in named.files if file in self._sound
            ),
            snapshot=named.source if named.source in self._pinned else None,
        )

    def _absent(self, named: _Named) -> list[str]:
        names = [file.name for file in named.files if file not in self._sound]
        has_source = named.source is None or named.source in self._pinned
        return names if has_source else [SOURCE, *names]

    def _readable(self) -> Iterator[_Named]:
        return (each for each in self._named if each is not None)

    def _files(self) -> Iterator[Bound]:
        return (file for each in self._readable() for file in each.files)

    def _absent_files(self) -> Iterator[Bound]:
        return (file for file in self._files() if file.oid and file not in self._sound)

    def _sources(self) -> Iterator[str]:
        return (each.source for each in self._readable() if each.source is not None)


def _find_named(line: bytes, drop: Drop, parts: Collection[str]) -> _Named | None:
    record = read_line(line)
    if record is None:
        return None
    files = _bound_files(record) if BULK in parts else ()
    source = named_commit(record) if SRC in parts else None
    return _Named(
        record.run,
        record.kind == "run.begin",
        tuple(file for file in files if f"{file.run}/{file.name}" not in drop.files),
        None if source in drop.snapshots else source,
    )


def read_line(line: bytes) -> Record | None:
    """The record; None where a newer git-gage wrote it: it travels as it is."""
    try:
        return parse_record(line)
    except IntegrityError:
        return None


def _bound_files(record: Record) -> list[Bound]:
    bulk = record.body.get("bulk")
    found = []
    for name, bound in bulk.items() if isinstance(bulk, dict) else ():
        oid, sha256 = (_text(bound, key) for key in ("oid", "sha256"))
        if not (_NAME.fullmatch(name) and _OID.fullmatch(oid)):
            oid = ""
        size = bound.get("size") if isinstance(bound, dict) else None
        found.append(Bound(record.run, name, oid, sha256, size if type(size) is int else -1))
    return found


def named_commit(record: Record, key: str = "snapshot") -> str | None:
    """The commit that the begin of a run names; None where it names none, as in imported ones."""
    oid = _text(record.body.get(SOURCE), key)
    return oid if record.kind == "run.begin" and _OID.fullmatch(oid) else None


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _sound_files(repo: Repository, files: Sequence[Bound]) -> set[Bound]:
    """Files that are here and are what the records bind, however large: none is held in memory."""
    sizes = repo.object_sizes({file.oid for file in files} - {""})
    here = [file for file in files if sizes.get(file.oid) == ("blob", file.size)]
    digests = dict(hash_contents(repo, sorted({file.oid for file in here})))
    return {file for file in here if digests[file.oid] == file.sha256}


def _pinned_commits(repo: Repository, oids: Sequence[str], given: Collection[str]) -> set[str]:
    """Those that the lanes here hold, or that were given.

    The user's other commits are nobody else's business.
    """
    here = {oid for oid, found in repo.object_sizes(oids).items() if found and found[0] == "commit"}
    if not here:
        return set()
    # A record that names the source of a private run gets nothing.
    refs = repo.list_refs(*(space for space in SPACES if space != PRIVATE))
    pins = pinned_commits(repo, [oid for ref, oid in refs.items() if ref[-4:] == "/src"])
    return here & {*pins, *given}
