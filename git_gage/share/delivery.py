"""One push, and what is known of the remote after it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RemoteError
from git_gage.share.cargo import base_commits, read_line
from git_gage.share.fetch import drop_sealed_logs
from git_gage.share.lanes import (
    CARGO,
    RECORDS,
    Memory,
    Refs,
    digest_refs,
    forks_of,
    is_ancestor,
    kept_as,
    note_sending,
    out_refs,
    own_refs,
    pinned_commits,
    records_only,
    split_ref,
    update_refs,
)
from git_gage.share.leaks import require_no_leaks
from git_gage.share.left_out import LeftOut
from git_gage.share.news import SENT, find_news, read_elsewhere
from git_gage.share.transfer import Outcome, list_remaining, make_refusal, push_refs
from git_gage.share.whereabouts import let_go_of_place, note_given, recall_absent
from git_gage.share.withdrawn import Withdrawn

if TYPE_CHECKING:
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store


# So many lines of what a remote says are shown.
_MOST_SAID = 5


class Pushed(NamedTuple):
    """What was sent; `commits` are the user's own that travel with the sources.

    Where records were there already, their sources and outputs may have been sent all the same.
    gave_up: whether the remote deleted what was taken out here.
    """

    remote: str
    runs: int
    records: int
    commits: int
    up_to_date: bool
    gave_up: bool = False


class Load(NamedTuple):
    """Commits for refs of the remote, refs to delete there, and what is new to it.

    `known` are the tracking refs it was made from, `lines` the record lines beyond those; `whole`
    tells whether all of our lanes goes along, so that it can replace what they were there.
    """

    updates: Refs
    deletes: Refs
    known: Refs
    lines: Sequence[bytes]
    whole: bool = False


class BehindError(RemoteError):
    """The remote's lanes have moved on from what is here."""

    lanes: tuple[str, ...] = ()


def deliver(
    store: Store, remote: Remote, load: Load, observer: Observer, *, allow_secrets: bool
) -> Pushed:
    """Push, and note what the remote has now.

    Raises: BehindError where somebody else wrote the lanes; RemoteError with git's own text;
    SecretsFoundError. What is known of the remote is then as it was.
    """
    if not allow_secrets:
        require_no_leaks(store, load)
    withdrawn = Withdrawn(store)
    asked = _to_delete(store, remote, whole=load.whole)
    updates = {**withdrawn.again(remote.tracking), **load.updates}
    if not updates:
        there = list_remaining(store.repo, remote, asked, observer)
        if asked and not there:
            observer.warning(
                f"'{remote.shown}' shows nothing of what it is to delete: it has lost or hides it"
            )
            return Pushed(remote.shown, 0, 0, 0, up_to_date=True)
        withdrawn.note_gone(remote.tracking, {r: o for r, o in asked.items() if there.get(r) != o})
        asked = _to_delete(store, remote, whole=load.whole)
        if not asked:
            return Pushed(remote.shown, 0, 0, 0, up_to_date=True)
    # Where a redaction was cut short, an epoch is there under its old name.
    deletes = {ref: oid for ref, oid in asked.items() if ref not in updates}
    load = load._replace(updates=updates, deletes={**load.deletes, **deletes})
    known = load.known
    let_go_of_place(store, remote)
    note_sending(store, remote, {r: o for r, o in updates.items() if known.get(r) != o})
    # Before anything is sent: if this disk has lost some of it, that is mended first.
    elsewhere = read_elsewhere(store, remote, load) if load.lines else {}
    sources = _known_sources(store, load) if load.lines else set()
    outcome = push_refs(store.repo, remote, load.updates, load.deletes, observer)
    _note_tips(store, remote, load, outcome)
    if outcome.is_told:
        note_sending(store, remote, {})
    if not outcome.accepted:
        _note_refused(store, remote, load, outcome)
        raise _failure(remote, outcome)
    lines, has_cargo = find_news(store, remote, load, elsewhere, outcome, observer)
    gave_up = _note_withdrawn(store, remote, asked, outcome, observer)
    runs = sum(b'"kind":"run.begin"' in line for line in lines)
    if has_cargo and not load.lines:
        sources = _known_sources(store, load)
    commits = _count_commits(store, remote, sources, lines) if has_cargo else 0
    up_to_date = not (lines or has_cargo)
    return Pushed(remote.shown, runs, len(lines), commits, up_to_date, gave_up)


def would_give_up(store: Store, remote: Remote, there: Refs, *, whole: bool) -> bool:
    """What `Pushed.gave_up` would be of a remote that has the refs `there`."""
    given = own_refs(store) if whole else out_refs(store.repo, remote)
    asked = _to_delete(store, remote, whole=whole)
    return any(there.get(ref) == oid and ref not in given for ref, oid in asked.items())


def _to_delete(store: Store, remote: Remote, *, whole: bool) -> Refs:
    """Refs with what was taken out that the remote is to delete now.

    A lane of ours waits for one that replaces it: else the other runs in it would be gone there,
    and nobody here would know any more that they were sent.
    """
    asked, mine = Withdrawn(store).deletes(remote.tracking), store.my_lanes
    return {ref: oid for ref, oid in asked.items() if whole or split_ref(ref).lane not in mine}


def _note_refused(store: Store, remote: Remote, load: Load, outcome: Outcome) -> None:
    """Where the remote has records and not what goes with them, the latter is still to go."""
    taken, refused = (
        {ref.rpartition("/")[2] for ref, flag in outcome.flags.items() if flag in flags}
        for flags in (SENT, "!")
    )
    parts = refused.intersection(CARGO)
    if parts and not outcome.behind and taken.intersection(RECORDS):
        records = filter(None, map(read_line, load.lines))
        LeftOut(store, remote).note_refused({record.run for record in records}, parts)


def _failure(remote: Remote, outcome: Outcome) -> RemoteError:
    error = make_refusal(remote, outcome, BehindError if outcome.behind else RemoteError)
    if isinstance(error, BehindError):
        error.lanes = tuple(dict.fromkeys(split_ref(ref).lane for ref in outcome.behind))
    return error


def _note_tips(store: Store, remote: Remote, load: Load, outcome: Outcome) -> None:
    repo, memory, known = store.repo, Memory(store), load.known
    tracked = {**recall_absent(store, remote), **known}
    in_step = not tracked or memory.recall("in_step", remote.tracking) == _digest(tracked)
    accepted = {
        ref: oid for ref, oid in load.updates.items() if outcome.flags.get(ref) in (*SENT, "=")
    }
    passed = [
        fork
        for ref, oid in accepted.items()
        for fork in forks_of(ref, known)
        if is_ancestor(repo, known[fork], oid)
    ]
    news = {ref: oid for ref, oid in accepted.items() if known.get(ref) != oid}
    gone = [ref for ref in load.deletes if outcome.flags.get(ref) == "-" and ref in known]
    update_refs(
        repo,
        {kept_as(remote, ref): oid for ref, oid in news.items()},
        [kept_as(remote, ref) for ref in (*passed, *gone)],
    )
    if news or passed or load.deletes:
        left = drop_sealed_logs(store, remote)
        if in_step:
            memory.note("in_step", remote.tracking, _digest(left))
    note_given(store, remote, accepted)


def _note_withdrawn(
    store: Store, remote: Remote, asked: Refs, outcome: Outcome, observer: Observer
) -> bool:
    """Forget what of `asked` the remote has deleted, or had not any more; whether it had any."""
    withdrawn = Withdrawn(store)
    if again := withdrawn.again(remote.tracking):
        withdrawn.note_given(remote.tracking, again)
        withdrawn.save()
    gone = {ref: oid for ref, oid in asked.items() if outcome.flags.get(ref) == "-"}
    if len(gone) < len(asked):
        there = list_remaining(store.repo, remote, asked, observer)
        gone = {ref: oid for ref, oid in asked.items() if there.get(ref) != oid}
        if len(gone) < len(asked):
            kept = len(asked) - len(gone)
            observer.warning(_describe_kept(remote, kept, outcome.denied))
    if gone:
        withdrawn.note_gone(remote.tracking, gone)
    if withdrawn.deletes(remote.tracking).keys() - asked.keys():
        observer.warning(
            f"'{remote.shown}' still has what was taken out\n"
            f"hint: replace it there: git gage push {quote(remote.shown)}"
        )
    return any(outcome.flags.get(ref) == "-" for ref in asked.keys() - set(outcome.absent))


def _describe_kept(remote: Remote, kept: int, denied: Sequence[str]) -> str:
    """That a remote keeps refs that it was to delete, and what it said to that."""
    count = "1 ref" if kept == 1 else f"{kept:,} refs"
    told = f"'{remote.shown}' did not delete {count} with what was purged or redacted"
    hint = f"hint: once it lets 'refs/gage/*' be deleted: git gage push {quote(remote.shown)}"
    return "\n".join([told, *denied[:_MOST_SAID], hint])


def _digest(refs: Refs) -> str:
    return digest_refs(records_only(refs))


def _known_sources(store: Store, load: Load) -> set[str]:
    """The source commits that the remote was known to have."""
    tips = [oid for ref, oid in load.known.items() if ref.endswith("/src")]
    return pinned_commits(store.repo, tips)


def _count_commits(
    store: Store, remote: Remote, there: Collection[str], lines: Sequence[bytes]
) -> int:
    bases = base_commits(lines)
    if not bases:
        return 0
    asked = "".join([*(f"{oid}\n" for oid in bases), *(f"^{oid}\n" for oid in there)])
    branches = ("--not", f"--remotes={remote.address}") if remote.configured else ()
    counted = store.repo.run(
        *("rev-list", "--count", "--ignore-missing", "--stdin", *branches), input=asked.encode()
    )
    return int(counted)
