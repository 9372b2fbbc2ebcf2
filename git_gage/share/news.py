"""What of a push is new to the remote, in whatever lanes it has the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.share.lanes import (
    CARGO,
    RECORDS,
    Refs,
    compare_tips,
    forks_of,
    is_fork,
    read_tip_lines,
    records_only,
)
from git_gage.share.transfer import list_remote
from git_gage.share.withdrawn import Withdrawn
from git_gage.store.rewrite import list_files, list_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from git_gage.git import Repository
    from git_gage.share.delivery import Load
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer, Outcome
    from git_gage.store import Store

SENT = (" ", "*")


class News(NamedTuple):
    """Record lines that the remote had not; whether it had not all of the sources and outputs."""

    lines: Sequence[bytes]
    has_cargo: bool


def read_elsewhere(store: Store, remote: Remote, load: Load) -> dict[bytes, None]:
    """Lines in lanes that a remote is known to have, and that a load was not compared with."""
    return _read_elsewhere(store, load, known_there(store, remote, load.known))


def find_news(
    store: Store,
    remote: Remote,
    load: Load,
    elsewhere: Collection[bytes],
    outcome: Outcome,
    observer: Observer,
) -> News:
    """What an accepted push has brought, judged by what the remote says it had before.

    `elsewhere` is what `read_elsewhere` gave before the push, if there were lines to send.
    Raises: RemoteError with git's own text.
    """
    flags = outcome.flags
    sent = {ref: oid for ref, oid in load.updates.items() if flags.get(ref) in SENT}
    cargo = {ref: oid for ref, oid in sent.items() if ref.endswith(CARGO)}
    lines = _moved_lines(store, load, outcome, list(records_only(sent)))
    known = known_there(store, remote, load.known)
    if lines and not load.lines:
        elsewhere = _read_elsewhere(store, load, known)
    if not any(line in elsewhere for line in lines) and (lines or not cargo):
        return News(lines, has_cargo=bool(cargo))
    # What it was known to have, it may have lost.
    there = list_remote(store.repo, remote, observer)
    known = [(ref, oid) for ref, oid in known if _was_there(ref, oid, load.known, outcome, there)]
    held = _read_elsewhere(store, load, known) if lines else {}
    lines = [line for line in lines if line not in held]
    mine, theirs = (list_contents(store.repo, refs) for refs in (cargo.items(), known))
    return News(lines, has_cargo=any(mine.beyond(theirs)))


def known_there(store: Store, remote: Remote, known: Refs) -> list[tuple[str, str]]:
    """Refs that a remote is known to have: also those of which nothing is wanted any more.

    Of these git may have cleaned up what was in them.
    """
    withdrawn = Withdrawn(store)
    left = [*withdrawn.deletes(remote.tracking).items(), *withdrawn.left(remote.tracking).items()]
    return [*known.items(), *_that_are_here(store.repo, left)]


class Contents(NamedTuple):
    """Source commits, and blobs of outputs and metrics."""

    sources: set[str]
    outputs: set[str]

    def beyond(self, other: Contents) -> Contents:
        """Those of them that are not among others."""
        return Contents(self.sources - other.sources, self.outputs - other.outputs)


def list_contents(repo: Repository, refs: Iterable[tuple[str, str]]) -> Contents:
    """All that the `src` and `bulk` refs among some hold."""
    tips: dict[str, list[str]] = {kind: [] for kind in CARGO}
    for ref, oid in refs:
        tips.get(ref.rpartition("/")[2], []).append(oid)
    src, bulk = tips.values()
    return Contents(set(list_sources(repo, src)), set(list_files(repo, bulk).values()))


def _that_are_here(repo: Repository, refs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    sizes = repo.object_sizes({oid for _, oid in refs})
    return [(ref, oid) for ref, oid in refs if sizes[oid] is not None]


def _moved_lines(
    store: Store, load: Load, outcome: Outcome, sent: Sequence[str]
) -> Sequence[bytes]:
    """Lines that the remote had not in the lanes that were sent."""
    if not sent:
        return []
    if all(_was_as_known(ref, load.known, outcome) for ref in sent):
        return load.lines
    before = [outcome.olds[ref] for ref in sent if ref in outcome.olds]
    before += [oid for ref, oid in load.updates.items() if outcome.flags.get(ref) == "="]
    return compare_tips(store, [load.updates[ref] for ref in sent], before).ahead


def _was_as_known(ref: str, known: Refs, outcome: Outcome) -> bool:
    if forks_of(ref, known):
        return False
    old = outcome.olds.get(ref)
    return ref not in known if old is None else known.get(ref, "").startswith(old)


def _read_elsewhere(
    store: Store, load: Load, known: Iterable[tuple[str, str]]
) -> dict[bytes, None]:
    """Lines in lanes of the remote that those to be sent were not compared with."""
    tips = [
        oid
        for ref, oid in known
        if ref.endswith(RECORDS) and not (load.whole and ref in load.updates)
    ]
    return read_tip_lines(store, tips)


def _was_there(ref: str, oid: str, known: Refs, outcome: Outcome, there: Mapping[str, str]) -> bool:
    """Whether the remote had this before the push; `there` is what it has after it.

    A lane that was rewritten is `known` in two forms, and there in one.
    """
    flag = outcome.flags.get(ref)
    if flag is None and is_fork(ref):
        return oid in there.values()
    if flag is None:
        return there.get(ref) == oid or (ref in there and not forks_of(ref, known))
    if flag == "-":
        return ref not in outcome.absent
    return flag == "=" or oid.startswith(outcome.olds.get(ref, " "))
