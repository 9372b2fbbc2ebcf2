"""One push, and what is known of the remote after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RemoteError
from git_gage.share.cargo import base_commits
from git_gage.share.fetch import drop_sealed_logs
from git_gage.share.lanes import (
    Memory,
    Refs,
    digest_refs,
    kept_as,
    read_tip_lines,
    records_only,
    split_ref,
    tracking_refs,
    update_refs,
)
from git_gage.share.transfer import Outcome, describe_refusal, push_refs

if TYPE_CHECKING:
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

SENT = (" ", "*")


class Pushed(NamedTuple):
    """What was sent; `commits` are the user's own that travel with the sources."""

    remote: str
    runs: int
    records: int
    commits: int
    up_to_date: bool


class Load(NamedTuple):
    """Commits for refs of the remote, refs to delete there, and the record lines new to it."""

    updates: Refs
    deletes: Refs
    lines: Sequence[bytes]


class BehindError(RemoteError):
    """The remote's lanes have moved on from what is here."""

    lanes: tuple[str, ...] = ()


def deliver(store: Store, remote: Remote, load: Load, observer: Observer) -> Pushed:
    """Push, and note what the remote has now.

    Raises: BehindError where somebody else wrote the lanes; RemoteError with git's own text. What
    is known of the remote is then as it was.
    """
    before = tracking_refs(store.repo, remote)
    outcome = push_refs(store.repo, remote, load.updates, load.deletes, observer)
    commits = _count_commits(store, remote, before, load.lines) if outcome.accepted else 0
    _note_tips(store, remote, load, outcome, before)
    if not outcome.accepted:
        raise _failure(remote, outcome)
    lines = _sent_lines(store, load, outcome, before)
    runs = sum(b'"kind":"run.begin"' in line for line in lines)
    return Pushed(remote.shown, runs, len(lines), commits if lines else 0, not lines)


def _failure(remote: Remote, outcome: Outcome) -> RemoteError:
    message, hint = describe_refusal(remote, outcome)
    kind = BehindError if outcome.behind else RemoteError
    answer = outcome.answer
    error = kind(message, hint=hint, stderr="\n".join(answer.said), returncode=answer.returncode)
    if isinstance(error, BehindError):
        error.lanes = tuple(dict.fromkeys(split_ref(ref).lane for ref in outcome.behind))
    return error


def _note_tips(store: Store, remote: Remote, load: Load, outcome: Outcome, before: Refs) -> None:
    accepted = {
        ref: oid
        for ref, oid in load.updates.items()
        if outcome.flags.get(ref) in (*SENT, "=") and before.get(ref) != oid
    }
    update_refs(store.repo, {kept_as(remote, ref): oid for ref, oid in accepted.items()}, [])
    if load.deletes and outcome.accepted:
        drop_sealed_logs(store, remote)
    memory = Memory(store)
    if not before or memory.recall("in_step", remote.tracking) == _digest(before):
        memory.note("in_step", remote.tracking, _digest(tracking_refs(store.repo, remote)))


def _digest(refs: Refs) -> str:
    return digest_refs(records_only(refs))


def _sent_lines(store: Store, load: Load, outcome: Outcome, before: Refs) -> list[bytes]:
    """Lines that went over: those new to the remote, and those of refs it had lost."""
    sent = [ref for ref in records_only(load.updates) if outcome.flags.get(ref) in SENT]
    lines = list(load.lines) if sent else []
    lost = [load.updates[ref] for ref in sent if before.get(ref) == load.updates[ref]]
    return list(dict.fromkeys([*lines, *read_tip_lines(store, lost)]))


def _count_commits(store: Store, remote: Remote, before: Refs, lines: Sequence[bytes]) -> int:
    bases = base_commits(lines)
    if not bases:
        return 0
    pins = [oid for ref, oid in before.items() if ref.endswith("/src")]
    asked = "".join([*(f"{oid}\n" for oid in bases), *(f"^{oid}\n" for oid in pins)])
    branches = ("--not", f"--remotes={remote.address}") if remote.configured else ()
    counted = store.repo.run(
        *("rev-list", "--count", "--ignore-missing", "--stdin", *branches), input=asked.encode()
    )
    return int(counted)
