"""What a push or a fetch would move, before anything is moved: by a look at the remote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.share.cargo import Cargo, read_line
from git_gage.share.lanes import compare_tips, own_refs, records_only, sharing
from git_gage.share.peek import look_at
from git_gage.store.rewrite import Drop

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.chosen import Chosen
    from git_gage.share.peek import Peek
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


class Move(NamedTuple):
    """How much would move: `size` is bytes of records and outputs; of sources nobody can tell."""

    remote: str
    runs: int
    records: int
    size: int


def preview_push(
    store: Store, catalog: Catalog, remote: str | None, chosen: Chosen, observer: Observer
) -> Move:
    """What `push_runs` would send to a remote as it is now.

    Raises: as `look_at`.
    """
    with sharing(store):
        if store.journals():
            store.flush()
        peek = look_at(store, catalog, remote, observer)
        if chosen.runs is None and chosen.kinds is None:
            mine = records_only(own_refs(store)).values()
            lines = compare_tips(peek.store, mine, peek.tips.values()).ahead
        else:
            catalog.refresh()
            lines = _beyond(catalog, peek.catalog, chosen.runs)
            if chosen.runs is None:
                lines = [line for line in lines if _writer(line) in store.my_lanes]
        lines = _of_kinds(lines, chosen)
        return _measure(store, peek, lines, chosen, there=False)


def preview_fetch(
    store: Store, catalog: Catalog, remote: str | None, chosen: Chosen, observer: Observer
) -> Move:
    """What a fetch would bring from a remote as it is now.

    Raises: as `look_at`.
    """
    peek = look_at(store, catalog, remote, observer)
    if chosen.runs is None:
        ours = store.read_tips().values()
        lines = compare_tips(peek.store, peek.tips.values(), ours).ahead
    else:
        lines = _beyond(peek.catalog, catalog, chosen.runs)
    return _measure(store, peek, _of_kinds(lines, chosen), chosen, there=True)


def _beyond(one: Catalog, other: Catalog, runs: Sequence[str] | None) -> list[bytes]:
    """Lines on some runs that one of two has and the other has not."""
    known = {record.line for record in other.record_lines(runs)}
    return [record.line for record in one.record_lines(runs) if record.line not in known]


def _of_kinds(lines: Iterable[bytes], chosen: Chosen) -> list[bytes]:
    if chosen.kinds is None:
        return list(lines)
    read = ((line, read_line(line)) for line in lines)
    return [line for line, record in read if record is not None and record.kind in chosen.kinds]


def _writer(line: bytes) -> str | None:
    record = read_line(line)
    return None if record is None else record.writer


def _measure(
    store: Store, peek: Peek, lines: Sequence[bytes], chosen: Chosen, *, there: bool
) -> Move:
    records = [record for record in map(read_line, lines) if record is not None]
    cargo = Cargo(store.repo, records, Drop(), chosen.parts)
    size = sum(len(line) + 1 for line in lines)
    size += cargo.size_lacking if there else cargo.size
    runs = sum(record.kind == "run.begin" for record in records)
    return Move(peek.remote.shown, runs, len(lines), size)
