"""Lanes here and on a remote, side by side.

Refs go by the name they have on the remote (`refs/gage/w/LANE/EPOCH/KIND`), wherever they are
kept here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import RequestError
from git_gage.git.imports import DATE
from git_gage.git.locks import drop_stale_locks
from git_gage.store import LOCAL, OUT, SPACES, TAKEN, TRACKING, LaneRef, parse_ref
from git_gage.store.files import Lock, read_json, write_json
from git_gage.store.identity import out_lane

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.share.remote import Remote
    from git_gage.store import Store

FORMAT = 1
RECORDS = ("log", "sealed")
CARGO = ("src", "bulk")
# What travels without being asked for: previews (share/thumbs.py) do not.
KINDS = (*RECORDS, *CARGO)
_EPOCH_CHARS = 50
# What a remote has lost, and nobody is to be told any more: refs, by their names there.
GONE = "gone"
_NAMES, _SENDING, _HOLDERS = "names", "sending", "holders"

Refs = dict[str, str]


class Difference(NamedTuple):
    """Record lines that only we hold, and lines that only they hold."""

    ahead: list[bytes]
    behind: list[bytes]


def own_refs(store: Store, space: str = LOCAL) -> Refs:
    """Lanes this clone has written. Hold the store's lock, so that kinds belong together."""
    mine = store.my_lanes
    return {
        ref: oid
        for ref, oid in refs_below(store.repo, space, KINDS).items()
        if split_ref(ref).lane in mine
    }


def tracking_refs(repo: Repository, remote: Remote) -> Refs:
    """What the remote had when we last spoke with it."""
    return refs_below(repo, f"{TRACKING}/{remote.tracking}/w", KINDS)


def out_refs(repo: Repository, remote: Remote) -> Refs:
    """What the remote was given run by run."""
    return refs_below(repo, f"{OUT}/{remote.tracking}/w", KINDS)


def refs_below(repo: Repository, space: str, kinds: Sequence[str]) -> Refs:
    """Refs of some kinds below `space`, one of the store's with the name of a remote, if any."""
    refs = {
        f"{LOCAL}{name.removeprefix(space)}": oid for name, oid in repo.list_refs(space).items()
    }
    parsed = {ref: parse_ref(ref) for ref in refs}
    return {ref: refs[ref] for ref, found in parsed.items() if found and found.kind in kinds}


def split_ref(ref: str) -> LaneRef:
    """The parts of a ref that one of the functions above gave."""
    found = parse_ref(ref)
    assert found is not None
    return found


def fork_name(ref: str, oid: str) -> str:
    """Where the new tip of a rewritten lane is kept, beside the old one."""
    found = split_ref(ref)
    return f"{LOCAL}/{found.lane}/{found.epoch[:_EPOCH_CHARS]}-fork-{oid[:8]}/{found.kind}"


def forks_of(ref: str, refs: Iterable[str]) -> list[str]:
    """The refs that keep rewritten forms of this one."""
    stem = fork_name(ref, "").removesuffix(f"/{split_ref(ref).kind}")
    return [
        name for name in refs if name.startswith(stem) and name.endswith(ref[-4:]) and name != ref
    ]


def is_fork(ref: str) -> bool:
    """Whether this is the name that a rewritten lane has here alone."""
    return "-fork-" in split_ref(ref).epoch


def records_only(refs: Mapping[str, str]) -> Refs:
    return {ref: oid for ref, oid in refs.items() if ref.endswith(RECORDS)}


def kept_as(remote: Remote, ref: str, space: str = TRACKING) -> str:
    """Where a ref of the remote is kept here."""
    return f"{space}/{remote.tracking}{ref.removeprefix('refs/gage')}"


def still_there(known: Refs, listed: Mapping[str, str]) -> Refs:
    """What a remote is known to have, and has, by what it lists.

    It may have been emptied, or another place may have its address by now.
    """
    return {ref: oid for ref, oid in known.items() if listed.get(ref) == oid}


def find_out_lane(
    store: Store, remote: Remote, known: Refs, there: Refs, *, fresh: bool = False
) -> str:
    """The out lane of a remote; a new one if `fresh`, or if of what is `known` not all is `there`.

    A place that lost the lane must not get what it was given once along with what it is given now.
    Hold the store's lock.
    """
    path, common_dir = store.dir / "lane.json", store.repo.common_dir
    lane = out_lane(path, common_dir, remote.tracking, fresh=fresh)
    if any(split_ref(ref).lane == lane for ref in known.keys() - there.keys()):
        lane = out_lane(path, common_dir, remote.tracking, fresh=True)
    return lane


def compare_tips(store: Store, mine: Iterable[str], theirs: Iterable[str]) -> Difference:
    """How the record lines of two sets of tips differ; only blobs that differ are read."""
    ours, others = list_blobs_of(store, mine), list_blobs_of(store, theirs)
    lines = dict(store.read_lines(ours.keys() ^ others.keys()))
    left, right = (
        dict.fromkeys(line for oid in blobs for line in lines.get(oid, ()))
        for blobs in (ours, others)
    )
    return Difference(
        [line for line in left if line not in right], [line for line in right if line not in left]
    )


def read_tip_lines(store: Store, tips: Iterable[str]) -> dict[bytes, None]:
    """All record lines of some tips, each once."""
    return _lines_of(store, list_blobs_of(store, tips))


def tips_of(refs: Mapping[str, str], kinds: Sequence[str]) -> list[str]:
    """The tips of refs of these kinds."""
    ends = tuple(f"/{kind}" for kind in kinds)
    return [oid for ref, oid in refs.items() if ref.endswith(ends)]


def line_key(line: bytes) -> bytes:
    """Stands for a line among so many that nobody holds them all."""
    return hashlib.sha256(line).digest()


def list_blobs(store: Store, tips: Iterable[str]) -> dict[str, list[str]]:
    """Record blobs of each tip, but of those that have too many entries to be a lane of ours."""
    asked = list(dict.fromkeys(tips))
    try:
        return store.list_blobs(asked)
    except RequestError:
        half = len(asked) // 2
        parts = (asked[:half], asked[half:]) if half else ()
        return {tip: oids for part in parts for tip, oids in list_blobs(store, part).items()}


def is_ancestor(repo: Repository, commit: str, tip: str) -> bool:
    """Whether a commit is in the history of another (or is that one)."""
    return repo.run("rev-list", "--count", "--max-count=1", commit, f"^{tip}").strip() == b"0"


def pinned_commits(repo: Repository, tips: Iterable[str]) -> set[str]:
    """The source commits that some `src` tips hold, and the commits of these lanes themselves.

    Read from the chains. What is reachable is another question, which git answers by dates: those
    of lanes are early, and it gives up before it is through.
    """
    asked = "".join(f"{oid}\n" for oid in tips)
    if not asked:
        return set()
    words = ("rev-list", "--first-parent", "--parents", f"--min-age={DATE}", "--stdin")
    return set(repo.run(*words, input=asked.encode()).decode().split())


def update_refs(repo: Repository, updates: Mapping[str, str], deletes: Iterable[str]) -> None:
    """Set and delete refs (full names), all or none, durably."""
    orders = [f"update {ref} {oid}\n" for ref, oid in updates.items()]
    orders += [f"delete {ref}\n" for ref in deletes]
    if orders:
        durable = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
        repo.run(*durable, "update-ref", "--stdin", input="".join(orders).encode())


def digest_refs(refs: Mapping[str, str]) -> str:
    """Equal for equal refs."""
    text = "".join(f"{ref} {oid}\n" for ref, oid in sorted(refs.items()))
    return hashlib.sha256(text.encode()).hexdigest()


class Memory:
    """What saves work when a remote is met again; losing it loses nothing."""

    def __init__(self, store: Store) -> None:
        self._path = store.dir / "shared.json"
        self._state: dict[str, Any] = read_json(self._path)

    def recall(self, topic: str, name: str) -> str | None:
        found = self._about(topic).get(name)
        return found if isinstance(found, str) else None

    def note(self, topic: str, name: str, text: str) -> None:
        self.note_all(topic, {name: text})

    def note_all(self, topic: str, texts: Mapping[str, str]) -> None:
        about = {**self._about(topic), **texts}
        self._state = {**self._state, "format": FORMAT, topic: about}
        write_json(self._path, self._state)

    def about(self, topic: str) -> dict[str, str]:
        """All that was noted of a topic, by name."""
        return {name: text for name, text in self._about(topic).items() if isinstance(text, str)}

    def _about(self, topic: str) -> dict[str, Any]:
        found = self._state.get(topic)
        return found if isinstance(found, dict) else {}


def note_sending(store: Store, remote: Remote, refs: Mapping[str, str]) -> None:
    """Remember what a push is about to give a remote; nothing, once it is known what arrived."""
    memory = Memory(store)
    told = json.dumps(refs) if refs else ""
    if (memory.recall(_SENDING, remote.tracking) or "") != told:
        memory.note(_SENDING, remote.tracking, told)


def _take_as_sent(store: Store) -> None:
    """Take all that killed pushes were about to give for given.

    It may have arrived: what was purged of it since is to go there, too. What has not arrived is
    sent by the next push, which asks the remote; nobody is told that it was lost there.
    """
    memory = Memory(store)
    sending = {tracking: told for tracking, told in memory.about(_SENDING).items() if told}
    for tracking, told in sending.items():
        refs = json.loads(told)
        sizes = store.repo.object_sizes(refs.values())
        given = {ref: oid for ref, oid in refs.items() if sizes[oid] is not None}
        space = f"{TRACKING}/{tracking}"
        new = records_only(given).keys() - refs_below(store.repo, f"{space}/w", RECORDS).keys()
        gone = new.union((memory.recall(GONE, tracking) or "").split())
        memory.note(GONE, tracking, " ".join(sorted(gone)))
        kept = {f"{space}{ref.removeprefix('refs/gage')}": oid for ref, oid in given.items()}
        update_refs(store.repo, kept, ())
        memory.note(_SENDING, tracking, "")


def note_name(store: Store, remote: Remote) -> None:
    """Remember what to type for a remote that has another name in refs."""
    from git_gage.share.places import is_url

    if remote.shown == remote.tracking:
        return
    is_path = not (remote.configured or remote.is_place or is_url(remote.address))
    name = os.path.normpath(store.repo.cwd / remote.address) if is_path else remote.shown
    memory = Memory(store)
    if memory.recall(_NAMES, remote.tracking) != name:
        memory.note(_NAMES, remote.tracking, name)


def recall_name(store: Store, tracking: str) -> str:
    """What to type for a remote, by its name in refs; that itself where it is not known."""
    return Memory(store).recall(_NAMES, tracking) or tracking


def note_holder(store: Store, tracking: str) -> None:
    """Remember a remote, by its name in refs, that was sent large files. Hold the sharing lock."""
    Memory(store).note(_HOLDERS, tracking, "")


def read_holders(store: Store) -> set[str]:
    """Remotes that were sent large files, perhaps of runs that they have nothing else of."""
    return set(Memory(store).about(_HOLDERS))


@contextmanager
def sharing(store: Store) -> Iterator[None]:
    """One push or fetch at a time in a clone; runs go on meanwhile.

    Raises: RequestError where nothing can be written.
    """
    store.check_git()
    with Lock(store.dir / "share.lock").held(), store.repo.reading(*SPACES):
        drop_stale_locks(store.repo, TRACKING, OUT, TAKEN)
        _take_as_sent(store)
        yield


def list_blobs_of(store: Store, tips: Iterable[str]) -> dict[str, None]:
    """The blobs of records of some tips, each once."""
    return {oid: None for oids in list_blobs(store, tips).values() for oid in oids}


def _lines_of(store: Store, blobs: Iterable[str]) -> dict[bytes, None]:
    return dict.fromkeys(line for _, lines in store.read_lines(blobs) for line in lines)
