"""Runs on a service that has no git: S3 and its like, and whatever rclone reaches.

What the refs of a lane are at is an object there, the state of the lane; what they lead to lies in
packs; which state counts is said by the name of a note. Only the clone that writes a lane writes
its state, so no locks are needed. Here a bare repository mirrors the place, and git talks to that.

Source: docs/format.md, "Places without git".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GitError, IntegrityError, RemoteError, RequestError
from git_gage.files.sidecar import Sidecar, digest_file
from git_gage.git.repository import Repository
from git_gage.share.bundle_head import require_whole_head
from git_gage.store import LOCAL, parse_ref
from git_gage.store.files import Lock, make_folder, read_json, write_json
from git_gage.store.identity import read_identity
from git_gage.system import remove_tree

if TYPE_CHECKING:
    from git_gage.files.backends import Notes
    from git_gage.files.meter import Moving
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer

FOLDER = "cache/places"
RCLONE = "rclone:"
RECORDS, FILES = "records", "lfs"
"""Folders of a place: of its lanes, and of the large files of their runs."""
_HEADS = "heads"
# What begins otherwise may be a connection string of rclone's, which can start programs.
_PLAIN_RCLONE = re.compile(r"rclone:\w[\w .+@-]*:[^\n]*")
_CLOUDS = re.compile(r"(?:s3|gs|gcs|az|abfs|abfss|oss|oci)://.*", re.DOTALL)
_HEAD = re.compile(r"([a-z0-9-]{1,64})/([0-9]{8})-([0-9a-f]{64})-([0-9]{1,9})")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOTE = b"git-gage\n"
_PACKS = "gage-packs.json"
# Of more packs a lane is made one, so that who comes anew asks for few objects.
_MOST_PACKS = 50
_MOST_BYTES = 16 << 20
_FORMAT = 1
_OURS = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE")


class State(NamedTuple):
    """Refs of a lane with their commits, and the packs that hold what these lead to (bytes)."""

    refs: dict[str, str]
    packs: dict[str, int]


class Head(NamedTuple):
    """Which state of a lane counts: the one with the highest number."""

    lane: str
    number: int
    sha256: str
    size: int

    @property
    def name(self) -> str:
        return f"{_HEADS}/{self.lane}/{self.number:08d}-{self.sha256}-{self.size}"


def is_bucket(address: str) -> bool:
    """Whether an address is of a place without git."""
    return address.startswith(RCLONE) or _CLOUDS.fullmatch(address) is not None


def require_git(remote: Remote, attempt: str) -> None:
    """Raises: RequestError for what only a git repository can do."""
    if is_bucket(remote.address):
        raise RequestError(
            f"{attempt} on '{remote.shown}': it has no git", hint="use a git remote for that"
        )


def own_only(repo: Repository, refs: Mapping[str, str]) -> dict[str, str]:
    """The refs of lanes that this clone writes: others may be writing theirs at this moment."""
    own = _own_lanes(repo)
    return {ref: oid for ref, oid in refs.items() if _lane_of(ref) in own}


def open_notes(repo: Repository, remote: Remote, folder: str) -> Notes:
    """A folder of a place without git.

    Raises: RequestError for an address that could start a program, or chain file systems.
    """
    address = remote.address
    if "::" in address or not (_CLOUDS.fullmatch(address) or _PLAIN_RCLONE.fullmatch(address)):
        raise RequestError(
            f"not a place for runs: '{remote.shown}'",
            hint="write rclone:<remote>:<path>, with a remote that 'rclone listremotes' has",
        )
    below = f"{address}{'' if address.endswith((':', '/')) else '/'}{folder}"
    if address.startswith(RCLONE):
        from git_gage.files.backends.rclone import RcloneBackend

        target = below.removeprefix(RCLONE)
        return RcloneBackend(target, remote.shown, repo.cwd, repo.environ)
    from git_gage.files.backends.fsspec import FsspecBackend

    return FsspecBackend(below, remote.shown)


@contextmanager
def reached(
    repo: Repository, remote: Remote, observer: Observer, *, writes: bool = False
) -> Iterator[str]:
    """What git is to be given for a remote; a place without git is brought here for that.

    With `writes`, what git has put into its mirror goes there at the end.
    Raises: RemoteError where the place is away; RequestError for what it cannot do; as
    `require_whole_head` for a bundle.
    """
    if not is_bucket(remote.address):
        _check_bundle(repo, remote)
        yield remote.address
        return
    bucket = _Bucket(repo, remote, observer)
    with Lock(bucket.folder.with_suffix(".lock")).held():
        there = bucket.bring()
        yield str(bucket.folder)
        if writes:
            bucket.send(there)


def _check_bundle(repo: Repository, remote: Remote) -> None:
    base, address = repo.cwd, remote.address
    if remote.configured:
        base, address = repo.config_base, repo.settings.get(f"remote.{address}.url") or ""
    if os.path.isfile(path := base / address):
        require_whole_head(repo, path, "fetch from")


class _Told:
    """Tells of files on their way what an observer of git's can hear."""

    def __init__(self, observer: Observer) -> None:
        self.progress = observer.progress
        self.warning = observer.warning

    def moving(self, verb: str, moving: Moving) -> None:
        self.progress(f"{verb} packs: {moving.done:,} of {moving.total:,} bytes")


class _Bucket:
    """A place without git and its mirror. Hold the lock of the mirror."""

    def __init__(self, repo: Repository, remote: Remote, observer: Observer) -> None:
        self.folder = repo.gage_dir / FOLDER / f"{remote.tracking}.git"
        self._repo = repo
        self._remote = remote
        self._told = _Told(observer)
        self._notes = open_notes(repo, remote, RECORDS)
        self._sidecar = Sidecar(self.folder.with_suffix(".objects"))

    # -- from there ----------------------------------------------------------------------------

    def bring(self) -> dict[str, State]:
        """Let the mirror have what is there, whatever it had; the lanes that are whole."""
        try:
            return self._bring()
        except GitError:
            # Somebody deleted a part of the mirror: all of it is there.
            remove_tree(self.folder, surely=True)
            return self._bring()

    def _bring(self) -> dict[str, State]:
        mirror = self._open_mirror()
        before = mirror.list_refs()
        heads = self._newest(self._list_heads())
        whole, faults = self._take_in_all(mirror, heads, before)
        if faults and heads != (heads := self._newest(self._list_heads())):
            # What a lane had may have been taken away for what it has now.
            whole, faults = self._take_in_all(mirror, heads, before)
        for lane, fault in faults.items():
            self._told.warning(f"'{self._remote.shown}': lane {lane} is left out: {fault}")
        now = {ref: oid for state in whole.values() for ref, oid in state.refs.items()}
        orders = [f"update {ref} {oid}\n" for ref, oid in now.items() if before.get(ref) != oid]
        orders += [f"delete {ref}\n" for ref in before if ref not in now]
        mirror.run("update-ref", "--stdin", input="".join(orders).encode())
        return whole

    def _take_in_all(
        self, mirror: Repository, heads: Mapping[str, Head], before: Mapping[str, str]
    ) -> tuple[dict[str, State], dict[str, str]]:
        """The lanes whose objects the mirror has now, and what is in the way of the others."""
        whole, faults = {}, {}
        for lane, state in self._read_states(heads).items():
            if state is None:
                faults[lane] = "its state is missing or damaged"
                continue
            # Once more without what the mirror should have: it may have lost that.
            fault = self._take_in(mirror, state, before, self._known_packs())
            fault = fault and self._take_in(mirror, state, {}, set())
            if fault is None:
                whole[lane] = state
            else:
                faults[lane] = fault
        return whole, faults

    def _open_mirror(self) -> Repository:
        mirror = Repository(
            cwd=self.folder,
            git_dir=self.folder,
            common_dir=self.folder,
            work_tree=None,
            prefix="",
            object_format=self._repo.object_format,
            bare=True,
            environ={
                **{name: text for name, text in self._repo.environ.items() if name not in _OURS},
                "GIT_DIR": str(self.folder),
            },
        )
        if not (self.folder / "HEAD").exists():
            make_folder(self.folder)
            kind = f"--object-format={self._repo.object_format}"
            mirror.run("init", "-q", "--bare", "--template=", kind)
        return mirror

    def _list_heads(self) -> list[Head]:
        found = map(_HEAD.fullmatch, self._notes.list_names(_HEADS))
        return [Head(each[1], int(each[2]), each[3], int(each[4])) for each in found if each]

    def _newest(self, heads: Iterable[Head]) -> dict[str, Head]:
        return {head.lane: head for head in sorted(heads)}

    def _read_states(self, heads: Mapping[str, Head]) -> dict[str, State | None]:
        wanted = {head.sha256: head.size for head in heads.values() if head.size <= _MOST_BYTES}
        self._gather(wanted)
        return {lane: self._read_state(head) for lane, head in heads.items()}

    def _read_state(self, head: Head) -> State | None:
        if not self._sidecar.has(head.sha256, head.size):
            return None
        try:
            said = json.loads(self._sidecar.path(head.sha256).read_bytes())
            refs, packs = said["refs"].items(), said["packs"].items()
            is_sound = all(
                _lane_of(ref) == head.lane and _OID.fullmatch(oid) for ref, oid in refs
            ) and all(_SHA256.fullmatch(name) and size > 0 for name, size in packs)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return State(dict(refs), dict(packs)) if is_sound else None

    def _gather(self, wanted: Mapping[str, int]) -> None:
        """Get what can be had: each that arrives is what its name says, or is not kept."""
        from git_gage.files.transfer import bring_files  # for buckets alone, and slow to import

        with suppress(IntegrityError):
            bring_files(self._notes, wanted, self._sidecar, self._told)

    def _take_in(
        self, mirror: Repository, state: State, before: Mapping[str, str], known: set[str]
    ) -> str | None:
        """Let the mirror have the objects of a lane; what is in the way of that."""
        lacking = {name: size for name, size in state.packs.items() if name not in known}
        self._gather(lacking)
        for name, size in lacking.items():
            if not self._sidecar.has(name, size):
                return f"pack {name[:12]} is missing or damaged"
        news = [oid for ref, oid in state.refs.items() if before.get(ref) != oid]
        there = [f"^{before[ref]}" for ref in state.refs if ref in before]
        asked = "".join(f"{each}\n" for each in [*news, *there]).encode()
        try:
            for name in lacking:
                mirror.run("index-pack", "--stdin", input=self._sidecar.path(name))
            if news:
                mirror.run("rev-list", "--objects", "--quiet", "--stdin", input=asked)
        except GitError as error:
            return error.message
        if lacking:
            write_json(
                self.folder / _PACKS, {"packs": sorted(self._known_packs() | lacking.keys())}
            )
        for name in lacking:
            self._sidecar.remove(name)
        return None

    def _known_packs(self) -> set[str]:
        return set(read_json(self.folder / _PACKS).get("packs", ()))

    # -- and there -----------------------------------------------------------------------------

    def send(self, there: Mapping[str, State]) -> None:
        """Let the place have what git has put into the mirror.

        Raises: RequestError where that is not of this clone's lanes, and nothing was sent;
        RemoteError, and what is there is then as it was, or the new.
        """
        mirror = self._open_mirror()
        now: dict[str, dict[str, str]] = {lane: {} for lane in there}
        for ref, oid in mirror.list_refs().items():
            now.setdefault(_lane_of(ref), {})[ref] = oid
        own = _own_lanes(self._repo)
        changed = [lane for lane, refs in now.items() if _refs_of(there, lane) != refs]
        if not own.issuperset(changed):
            raise RequestError(
                f"change lanes of others on '{self._remote.shown}': it has no git to see to that",
                hint="each clone can send its own runs, and what it says of others",
            )
        gone = [self._send_lane(mirror, lane, now[lane], there.get(lane)) for lane in changed]
        self._clear(own)
        if any(gone):
            # What was taken back there is not to stay here.
            remove_tree(self.folder, surely=True)

    def _send_lane(
        self, mirror: Repository, lane: str, refs: dict[str, str], before: State | None
    ) -> bool:
        """Send a lane as it is now; whether something of what it was is no longer in it."""
        old = before or State({}, {})
        has_all = all(
            ref in refs and _is_in(mirror, oid, refs[ref]) for ref, oid in old.refs.items()
        )
        goes_on = has_all and len(old.packs) < _MOST_PACKS
        kept = old if goes_on else State({}, {})
        asked = [*refs.values(), *(f"^{oid}" for oid in kept.refs.values())]
        packs = {**kept.packs, **(self._pack(mirror, asked) if refs else {})}
        said = {"format": _FORMAT, "packs": packs, "refs": refs}
        content = json.dumps(said, sort_keys=True).encode()
        path = self.folder / "state.json"
        path.write_bytes(content)
        name, size = self._keep(path)
        from git_gage.files.transfer import send_files

        send_files(self._notes, {**packs, name: size}, self._sidecar, self._told)
        write_json(self.folder / _PACKS, {"packs": sorted(self._known_packs() | packs.keys())})
        number = max((each.number for each in self._list_heads() if each.lane == lane), default=0)
        head = Head(lane, number + 1, name, size)
        self._notes.put_note(head.name, _NOTE)
        if self._newest(self._list_heads()).get(lane) != head:
            raise RemoteError(
                f"push to '{self._remote.shown}': somebody else writes lane {lane}, too",
                hint="nothing was lost here: try again",
            )
        return not has_all

    def _pack(self, mirror: Repository, asked: Iterable[str]) -> dict[str, int]:
        words = ("pack-objects", "--revs", "--quiet", "--no-reuse-delta", str(self.folder / "sent"))
        made = mirror.run(*words, input="".join(f"{each}\n" for each in asked).encode())
        path = self.folder / f"sent-{made.decode().strip()}.pack"
        path.with_suffix(".idx").unlink()
        return dict([self._keep(path)])

    def _keep(self, path: Path) -> tuple[str, int]:
        name, size = digest_file(path)
        self._sidecar.take(path, name)
        path.unlink()
        return name, size

    def _clear(self, own: set[str]) -> None:
        """Take away what former states of own lanes had, and then the notes that name them."""
        heads = self._list_heads()
        newest = self._newest(heads)
        former = [each for each in heads if each.lane in own and each != newest[each.lane]]
        if not former:
            return
        used = {head.sha256 for head in newest.values()}
        for kept in self._read_states(newest).values():
            used.update(kept.packs if kept else ())
        self._gather({head.sha256: head.size for head in former})
        states = [self._read_state(head) for head in former]
        packs = {name for state in states if state for name in state.packs}
        self._notes.remove((packs | {head.sha256 for head in former}) - used)
        self._notes.remove_notes(head.name for head in former)
        for head in former:
            self._sidecar.remove(head.sha256)


def _refs_of(there: Mapping[str, State], lane: str) -> dict[str, str]:
    return there[lane].refs if lane in there else {}


def _is_in(mirror: Repository, oid: str, tip: str) -> bool:
    return mirror.run("rev-list", "--count", "--max-count=1", oid, f"^{tip}").strip() == b"0"


def _lane_of(ref: str) -> str:
    found = parse_ref(ref) if ref.startswith(f"{LOCAL}/") else None
    return found.lane if found else ""


def _own_lanes(repo: Repository) -> set[str]:
    found = read_identity(repo.gage_dir / "lane.json")
    return {found.lane, *found.former, *found.out_lanes} if found else set()
