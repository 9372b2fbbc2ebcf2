"""What a push or a fetch would move, before anything is moved: by a look at the remote."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.runs.withheld import KIND
from git_gage.share import thumbs
from git_gage.share.cargo import Cargo, pack_parcels, read_line
from git_gage.share.chosen import find_unsent
from git_gage.share.delivery import Load, would_give_up
from git_gage.share.fetch import find_moved
from git_gage.share.fewer import see_to_gone
from git_gage.share.lanes import (
    Refs,
    compare_tips,
    line_key,
    own_refs,
    read_tip_lines,
    records_only,
    sharing,
    still_there,
    tracking_refs,
)
from git_gage.share.leaks import require_no_leaks
from git_gage.share.left_out import LeftOut
from git_gage.share.news import Contents, known_there, list_contents
from git_gage.share.peek import look_at, withheld_lines
from git_gage.share.private import require_shareable
from git_gage.share.redaction import find_said
from git_gage.share.scratch import packed
from git_gage.share.withdrawn import Withdrawn
from git_gage.store.rewrite import Drop

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.share.chosen import Chosen
    from git_gage.share.peek import Peek
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


class Move(NamedTuple):
    """How much would move: `size` is bytes of records and outputs; of sources nobody can tell.

    `large`: how many large files runs have that would come, and their bytes; whether the remote
    has these is asked when they are here.
    `has_cargo`: whether sources or outputs would move, of records that are there already.
    `gives_up`: whether the remote would delete what was taken out here.
    `has_previews`: whether previews would move.
    """

    remote: str
    runs: int
    records: int
    size: int
    large: tuple[int, int] = (0, 0)
    has_cargo: bool = False
    gives_up: bool = False
    has_previews: bool = False


def preview_push(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    chosen: Chosen,
    observer: Observer,
    *,
    allow_secrets: bool,
    previews: bool = False,
) -> Move:
    """What `push_runs` would send to a remote as it is now; with `previews` `push_thumbs`, too.

    Raises: as `look_at`; SecretsFoundError; RequestError for a private run.
    """
    require_shareable(store, chosen.runs or ())
    with sharing(store):
        if store.journals():
            store.flush()
        peek = look_at(store, catalog, remote, observer)
        see_to_gone(store, catalog, peek.remote, peek.listed, observer, peek=peek)
        if whole := chosen.runs is None and chosen.kinds is None:
            mine = records_only(own_refs(store)).values()
            lines = compare_tips(peek.store, mine, peek.tips.values()).ahead
        else:
            catalog.refresh()
            said = find_said(store, chosen.runs, catalog, peek.catalog)
            lines = _beyond(catalog, peek.catalog, chosen.runs)
            lines = [line for line in lines if not said.takes(line)]
            if chosen.runs is None:
                lines = [line for line in lines if _writer(line) in store.my_lanes]
        if lines:
            # A look leaves out what nobody wants to see any more; it is no news for all that.
            held = withheld_lines(store, peek, observer)
            lines = [line for line in lines if line not in held]
        lines = _of_kinds(lines, chosen)
        if lines and not allow_secrets:
            known = still_there(tracking_refs(store.repo, peek.remote), peek.listed)
            if whole:
                require_no_leaks(store, Load(own_refs(store), {}, known, lines))
            else:
                require_clean(store, catalog, lines, chosen, known)
        if lines:
            move = _measure(store, peek, lines, chosen, there=False)
        else:
            move = _measure_cargo(store, catalog, peek, chosen)
        is_sent = whole or lines or find_unsent(store, catalog, peek.remote, chosen)
        gives_up = is_sent and would_give_up(store, peek.remote, peek.listed, whole=whole)
        has_previews = previews and thumbs.would_push(
            store, catalog, peek.remote, chosen.runs or (), peek.listed
        )
        return move._replace(gives_up=bool(gives_up), has_previews=has_previews)


def require_clean(
    store: Store, catalog: Catalog, lines: Sequence[bytes], chosen: Chosen, known: Refs
) -> None:
    """Look through what would go with some lines to where `known` is, as if it went.

    Raises: SecretsFoundError.
    """
    said = find_said(store, chosen.runs, catalog)
    parcels, _ = pack_parcels(store, lines, said, chosen.parts)
    with packed(store, parcels, known, allow_secrets=False):
        pass


def preview_fetch(
    store: Store,
    catalog: Catalog,
    remote: str | None,
    chosen: Chosen,
    observer: Observer,
    *,
    previews: bool = False,
) -> Move:
    """What a fetch would bring from a remote as it is now; with `previews` `fetch_thumbs`, too.

    Raises: as `look_at`.
    """
    peek = look_at(store, catalog, remote, observer)
    with sharing(store):
        see_to_gone(store, catalog, peek.remote, peek.listed, observer, peek=peek)
    has_previews = previews and thumbs.would_fetch(store, peek.remote, peek.listed)
    move = _preview_runs(store, catalog, peek, chosen)
    return move._replace(has_previews=has_previews)


def _preview_runs(store: Store, catalog: Catalog, peek: Peek, chosen: Chosen) -> Move:
    if chosen.runs is None:
        ours = store.read_tips().values()
        lines = compare_tips(peek.store, peek.tips.values(), ours).ahead
    else:
        lines = _beyond(peek.catalog, catalog, chosen.runs)
    if purged := set(Withdrawn(store).purged()):
        lines = [line for line in lines if not _is_of(line, purged)]
    if not lines and chosen.runs is None and chosen.kinds is None:
        # How much that is, is known where it is.
        is_late = _has_late_cargo(store, catalog, peek, chosen)
        return Move(peek.remote.shown, 0, 0, 0, has_cargo=is_late)
    lines = _of_kinds(lines, chosen)
    move = _measure(store, peek, lines, chosen, there=True)
    return move._replace(large=_count_large(peek.catalog, lines))


def _has_late_cargo(store: Store, catalog: Catalog, peek: Peek, chosen: Chosen) -> bool:
    """Whether a remote has sources or outputs that are not here, of records that are."""
    known = tracking_refs(store.repo, peek.remote)
    moved = find_moved(known, peek.listed, chosen.parts)
    epochs = {ref.rpartition("/")[0] for ref in moved}
    tips = [oid for ref, oid in peek.tips.items() if ref.rpartition("/")[0] in epochs]
    drop = find_said(store, None, catalog, peek.catalog)
    lines = [line for line in read_tip_lines(peek.store, tips) if not drop.takes(line)]
    return any(Cargo(store.repo, lines, drop, chosen.parts).lacking)


def _count_large(there: Catalog, lines: Sequence[bytes]) -> tuple[int, int]:
    """Large files of the runs that begin in these lines."""
    begins = (read_line(line) for line in lines if b'"kind":"run.begin"' in line)
    runs = [record.run for record in begins if record is not None]
    files = (document["files"] for document in there.each_document(runs))
    large = [each["large"] for each in files if each is not None]
    return sum(each["count"] for each in large), sum(each["bytes"] for each in large)


def _measure_cargo(store: Store, catalog: Catalog, peek: Peek, chosen: Chosen) -> Move:
    """Sources and outputs that did not go with their records before."""
    mine = _find_late(store, catalog, peek, chosen)
    if any(mine):
        known = known_there(store, peek.remote, tracking_refs(store.repo, peek.remote))
        there = [(ref, oid) for ref, oid in known if ref in peek.listed]
        mine = mine.beyond(list_contents(store.repo, there))
    sizes = store.repo.object_sizes(mine.outputs)
    size = sum(found[1] for found in sizes.values() if found)
    return Move(peek.remote.shown, 0, 0, size, has_cargo=any(mine))


def _find_late(store: Store, catalog: Catalog, peek: Peek, chosen: Chosen) -> Contents:
    """Sources and outputs that go whether their records are there or not."""
    if chosen.runs is None:
        own = own_refs(store) if chosen.kinds is None else {}
        late = [
            (ref, oid)
            for ref, oid in own.items()
            if ref.endswith(tuple(chosen.parts)) and peek.listed.get(ref) != oid
        ]
        return list_contents(store.repo, late)
    records = catalog.record_lines(LeftOut(store, peek.remote).find(chosen))
    parcels, _ = pack_parcels(store, [each.line for each in records], parts=chosen.parts)
    return Contents(
        {each.snapshot for each in parcels if each.snapshot},
        {str(oid) for each in parcels for _, oid in each.bulk},
    )


def _beyond(one: Catalog, other: Catalog, runs: Sequence[str] | None) -> list[bytes]:
    """Lines on some runs that one of two has and the other has not."""
    known = {line_key(record.line) for record in other.record_lines(runs)}
    ours = (record.line for record in one.record_lines(runs))
    return [line for line in ours if line_key(line) not in known]


def _of_kinds(lines: Iterable[bytes], chosen: Chosen) -> list[bytes]:
    if chosen.kinds is None:
        return list(lines)
    read = ((line, read_line(line)) for line in lines)
    return [line for line, record in read if record is not None and record.kind in chosen.kinds]


def _writer(line: bytes) -> str | None:
    record = read_line(line)
    return None if record is None else record.writer


def _is_of(line: bytes, purged: Collection[str]) -> bool:
    """Whether a record is of a purged run, and does not say so: nothing of it stays."""
    record = read_line(line)
    return record is not None and record.run in purged and record.kind != KIND


def _measure(
    store: Store, peek: Peek, lines: Sequence[bytes], chosen: Chosen, *, there: bool
) -> Move:
    cargo = Cargo(store.repo, lines, Drop(), chosen.parts)
    size = sum(len(line) + 1 for line in lines)
    size += cargo.size_lacking if there else cargo.size
    return Move(peek.remote.shown, cargo.runs, len(lines), size)
