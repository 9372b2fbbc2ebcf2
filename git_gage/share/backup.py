"""All that a clone has recorded, in one file that stock tools open, and back again.

The file is a tar: a git bundle, large files by their digests, and last of all a list of all that is
in it. A file without that list, or with anything else in it than the list says, is none of ours.
Source: docs/format.md, "Backup".
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError, RequestError
from git_gage.records import format_time, short_id
from git_gage.share.fetch import mending
from git_gage.share.fewer import is_held
from git_gage.share.lanes import is_ancestor, sharing
from git_gage.share.mend import give_back
from git_gage.share.objects import find_objects, name_objects
from git_gage.share.purge import accept_purges
from git_gage.share.remote import Remote
from git_gage.share.take_back import group_given
from git_gage.share.transfer import fetch_refs
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import LOCAL, OUT, PRIVATE, SPACES, TAKEN, TRACKING, parse_ref
from git_gage.store.files import explained, read_json, write_json
from git_gage.store.identity import adopt_lanes
from git_gage.store.private import FILE, parse_private, write_private
from git_gage.system import remove_file, replace_file, sync_folder

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

FORMAT = 1
LIST, BUNDLE, OBJECTS, OUTPUTS, LOCALS = "backup.json", "runs.bundle", "files", "outputs", "local"
README = """\
All runs of a git repository, saved by git-gage.

  git gage restore --from <this tar>      in any repository
  git gage backup --verify <this tar>

Without git-gage: runs.bundle is a git bundle ('git fetch runs.bundle "refs/gage/*:refs/gage/*"'),
files/objects has large files by their sha256, as git-lfs keeps them, and backup.json the sha256 of
everything else that is here.
"""
# What remotes were given is in another lane, too, as a rule.
_SAVED = (LOCAL, PRIVATE, TRACKING, TAKEN)
# What is nowhere else and nobody's secret; keys are in no such place.
KEPT = (
    *("allowed_signers", "revoked_keys", "trust/seen", "trust/pins"),
    *("projects.json", "redacted.json"),
)
_LIST_BYTES = 256 << 20
UNFINISHED = "unfinished.json"
_BLOCK = 1 << 20
_MOST_TOLD = 9
_MAKE_ONE = "make one: git gage backup <file>"
_SHA1 = 40
_OBJECT = re.compile(r"files/objects/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")
_OUTPUT = re.compile(r"outputs/([0-9a-z]{30})(?:-[a-z-]{1,32})?(?:\.idx)?")
_STANDS_ALONE = re.compile(f"{_OBJECT.pattern}|{_OUTPUT.pattern}")


class Backup(NamedTuple):
    """What a file has in it: members by name with sha256 and size; refs; lanes that are its own.

    damaged: names of large files and whole outputs that are other bytes than its list says.
    """

    path: Path
    made: str
    runs: int
    records: int
    members: Mapping[str, tuple[str, int]]
    refs: Mapping[str, str]
    lanes: tuple[str, ...]
    damaged: frozenset[str]

    @property
    def large(self) -> list[str]:
        """sha256 of the large files in it."""
        sound = self.members.keys() - self.damaged
        return [found[3] for name in sound if (found := _OBJECT.fullmatch(name))]

    @property
    def size(self) -> int:
        return sum(size for _, size in self.members.values())


class Restored(NamedTuple):
    """What came back that was not here; `beside` are lanes that went on here in another way.

    is_mended: lanes of which this disk had lost a part can be read again. is_all: nothing that is
    damaged in the backup is missed here.
    """

    runs: int
    records: int
    large: int
    beside: int
    is_mended: bool
    is_all: bool


def make_backup(
    store: Store, catalog: Catalog, target: Path, observer: Observer
) -> tuple[Backup, bool]:
    """Write all there is into one file, and read it back; the file is there whole or not at all.

    Gives what is in it, and whether that is all: large files that are damaged here stay out.
    Raises: RequestError for a repository without runs, or where something is in the way;
    StorageError when the disk is full; GitError.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    bundle = part.with_suffix(".bundle")
    note = store.dir / UNFINISHED
    with sharing(store):
        if target.exists():  # another backup may have had the same name
            raise RequestError(f"'{target}' is there already", hint="give another name")
        for left in find_unfinished(store):
            remove_file(left)
        store.flush()
        catalog.refresh()
        try:
            write_json(note, {"files": [str(bundle), str(part)]})
            with explained(target.parent, "write backup"):
                with part.open("xb") as file:
                    refs = mending(store, catalog, observer, lambda: _bundle(store, bundle))
                    large = list(store.sidecar.list())
                    sound = [name for name, size in large if store.sidecar.is_sound(name, size)]
                    _write(store, catalog, file, bundle, refs, sound)
                    file.flush()
                    os.fsync(file.fileno())
                backup = read_backup(part)
                if backup.damaged:
                    raise _broken(part, f"'{min(backup.damaged)}' is not what was written")
                replace_file(part, target)
                sync_folder(target.parent)
        finally:
            remove_file(bundle)
            remove_file(part)
            remove_file(note)
    damaged = {sha256 for sha256, _ in large}.difference(sound)
    if damaged:
        names = name_objects(store, catalog, damaged)
        warn_of_damage(observer, "here, and so not in the backup", names, "git gage files verify")
    return backup._replace(path=target), not damaged


def warn_of_damage(observer: Observer, where: str, names: Sequence[str], hint: str) -> None:
    more = f" and {len(names) - _MOST_TOLD:,} more" if len(names) > _MOST_TOLD else ""
    observer.warning(f"damaged {where}: {', '.join(names[:_MOST_TOLD])}{more}\nhint: {hint}")


def name_members(store: Store, catalog: Catalog, members: Collection[str]) -> list[str]:
    """What runs call large files and whole outputs of a backup."""
    objects = {found[3] for name in members if (found := _OBJECT.fullmatch(name))}
    outputs = {found[1] for name in members if (found := _OUTPUT.fullmatch(name))}
    return [
        *name_objects(store, catalog, objects),
        *(f"whole output of {short_id(run)}" for run in sorted(outputs)),
    ]


def find_unfinished(store: Store) -> list[Path]:
    """What a backup that was killed has left where it was to be. Hold the sharing lock."""
    files = map(Path, read_json(store.dir / UNFINISHED).get("files", ()))
    return [path for path in files if path.is_file()]


def read_backup(path: Path) -> Backup:
    """What a file has in it, after every byte was compared with its list.

    Raises: IntegrityError for a file that is cut off, or no backup, or damaged in anything but
    large files and whole outputs, which are named; RequestError.
    """
    listed: dict[str, Any] = {}
    found: dict[str, tuple[str, int]] = {}
    with _open(path) as tar:
        for member, file in _members(tar, path):
            if member.name in found or (listed and member.name == LIST):
                raise _broken(path, f"'{member.name}' is there twice")
            if member.name == LIST:
                listed = _parse_list(file.read(_LIST_BYTES), path)
            else:
                found[member.name] = _digest(file)
    if not listed or BUNDLE not in found:
        raise _broken(path, "it has no list of what is in it")
    damaged = set()
    for name, _ in sorted(set(listed["members"].items()) ^ set(found.items())):
        if not (name in found and name in listed["members"] and _STANDS_ALONE.fullmatch(name)):
            raise _broken(path, f"'{name}' is not what its list says")
        # An output and its index are nothing without each other.
        damaged |= {name, name.removesuffix(".idx"), f"{name.removesuffix('.idx')}.idx"}
    return Backup(path, **listed, damaged=frozenset(damaged & found.keys()))


def restore_backup(store: Store, catalog: Catalog, backup: Backup, observer: Observer) -> Restored:
    """Bring back what is in a backup and not here. Nothing that is here is replaced.

    Where there were no runs before, this clone is the one that was saved: its lanes are its own,
    and whom it trusts comes back, too. What was purged here meanwhile stays away.
    Raises: GitError, IntegrityError; RequestError where nothing can be written.
    """
    is_empty = not store.read_tips() and not store.journals()
    with sharing(store), _unpacked(store, backup) as bundle:
        is_mended = give_back(store, catalog, partial(_unbundle, store, backup, bundle), observer)
        with store.writing():
            store.flush()
            catalog.refresh()
            runs, records = catalog.count(), catalog.count_records()
            _keep_private(store, catalog, backup)  # before anything is here that a push could take
            brought = _bring_files(store, backup, keep_locals=is_empty)
            beside = _bring_refs(store, backup, bundle, observer, is_empty=is_empty)
            if is_empty:
                adopt_lanes(store.dir / "lane.json", store.repo.common_dir, backup.lanes)
            for notice in catalog.refresh(bulk=True):
                observer.warning(notice)
            accept_purges(store, catalog, observer)
            large = brought - _remove_unneeded(store, catalog, brought)
            # A purge that came along can have taken others.
            came = max(0, catalog.count() - runs)
            came_records = max(0, catalog.count_records() - records)
            missed = name_members(store, catalog, _find_missed(store, backup))
            if missed:
                hint = "all else is here; from another copy: git gage restore --from <file>"
                warn_of_damage(observer, f"in '{backup.path}'", missed, hint)
    return Restored(came, came_records, len(large), beside, is_mended, not missed)


# -- writing ---------------------------------------------------------------------------------------


def _bundle(store: Store, bundle: Path) -> dict[str, str]:
    """Put all lanes into a bundle; its refs with their commits."""
    refs = _find_saved(store)
    if not refs:
        raise RequestError("no runs here yet", hint="git gage run <script.py>")
    names = "".join(f"{ref}\n" for ref in refs).encode()
    store.repo.run("bundle", "create", "--quiet", str(bundle), "--stdin", input=names)
    heads = store.repo.run("bundle", "list-heads", str(bundle)).decode().splitlines()
    return {ref: oid for oid, _, ref in (head.partition(" ") for head in heads)}


def _find_saved(store: Store) -> dict[str, str]:
    """All lanes; of those that remotes were given what is in no other one, or is still to go."""
    withdrawn = Withdrawn(store)
    waiting = {oid for remote in withdrawn.remotes() for oid in withdrawn.again(remote).values()}
    saved = {ref: oid for ref, oid in store.repo.list_refs(*_SAVED).items() if parse_ref(ref)}
    for each in group_given(store, OUT).values():
        if not waiting.isdisjoint(each.values()) or not is_held(store, each, saved):
            saved |= each
    return saved


def _write(
    store: Store,
    catalog: Catalog,
    file: IO[bytes],
    bundle: Path,
    refs: Mapping[str, str],
    large: Iterable[str],
) -> None:
    members: dict[str, tuple[str, int]] = {}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "README", io.BytesIO(README.encode()), len(README), members)
        _add_file(tar, BUNDLE, bundle, members)
        for name in (*KEPT, FILE):
            if (store.dir / name).is_file():
                _add_file(tar, f"{LOCALS}/{name}", store.dir / name, members)
        for path in sorted((store.dir / OUTPUTS).glob("*")):
            if _OUTPUT.fullmatch(f"{OUTPUTS}/{path.name}"):
                _add_file(tar, f"{OUTPUTS}/{path.name}", path, members)
        for sha256 in large:
            name = f"{OBJECTS}/objects/{sha256[:2]}/{sha256[2:4]}/{sha256}"
            _add_file(tar, name, store.sidecar.path(sha256), members)
            if members[name][0] != sha256:
                store.sidecar.forget(sha256)
                message = f"write backup: file {sha256[:12]} is damaged here"
                raise IntegrityError(message, hint="try again: that goes without it")
        text = json.dumps(
            {
                "format": FORMAT,
                "made": format_time(store.clock()),
                "runs": catalog.count(),
                "records": catalog.count_records(),
                "lanes": sorted(store.my_lanes),
                "refs": refs,
                "members": {
                    name: {"sha256": sha256, "size": size}
                    for name, (sha256, size) in members.items()
                },
            },
            indent=1,
            sort_keys=True,
        ).encode()
        _add(tar, LIST, io.BytesIO(text), len(text), {})


def _add_file(
    tar: tarfile.TarFile, name: str, path: Path, members: dict[str, tuple[str, int]]
) -> None:
    with path.open("rb") as file:
        _add(tar, name, file, os.fstat(file.fileno()).st_size, members)


def _add(
    tar: tarfile.TarFile,
    name: str,
    file: IO[bytes],
    size: int,
    members: dict[str, tuple[str, int]],
) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    hashing = _Hashing(file)
    tar.addfile(entry, hashing)  # type: ignore[arg-type]  # it only reads
    members[name] = hashing.digest.hexdigest(), size


class _Hashing:
    """A file that is read once, and its sha256 with it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


# -- reading ---------------------------------------------------------------------------------------


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    """Raises: RequestError for a file that can't be read, IntegrityError for one that is no tar."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise _broken(path, f"it is no tar, or not all of one ({error})") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RequestError(f"cannot read backup '{path}': {reason}", hint=_MAKE_ONE) from error


def _members(tar: tarfile.TarFile, path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in tar:
        file = tar.extractfile(member) if member.isreg() else None
        if file is None:
            raise _broken(path, f"'{member.name}' is no plain file")
        yield member, file


def _parse_list(data: bytes, path: Path) -> dict[str, Any]:
    """The keyword arguments of `Backup`, but its path.

    What it says is compared with what is there; refs and lanes are looked at when they are used.
    """
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise _broken(path, "a newer git-gage made it")
        return {
            "made": str(said["made"]),
            "runs": int(said["runs"]),
            "records": int(said["records"]),
            "lanes": tuple(map(str, said["lanes"])),
            "refs": {str(ref): str(oid) for ref, oid in said["refs"].items()},
            "members": {
                str(name): (str(each["sha256"]), int(each["size"]))
                for name, each in said["members"].items()
            },
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(path, "its list makes no sense") from error


def _digest(file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def _broken(path: Path, why: str) -> IntegrityError:
    return IntegrityError(f"read backup '{path}': {why}", hint=f"try another copy; {_MAKE_ONE}")


# -- bringing back ---------------------------------------------------------------------------------


def require_format(repo: Repository, backup: Backup) -> None:
    """Raises: RequestError where git names objects here in another way than in the backup."""
    here = repo.object_format
    saved = "sha256" if any(len(oid) > _SHA1 for oid in backup.refs.values()) else "sha1"
    if saved != here:
        raise RequestError(
            f"'{backup.path}' is of a repository with {saved} objects, and here they are {here}",
            hint=f"restore it in another one: git init --object-format={saved} <dir>",
        )


def _remove_unneeded(store: Store, catalog: Catalog, brought: set[str]) -> set[str]:
    """Let go of large files that came for runs that were purged here; those."""
    needed = find_objects(store, catalog, None) if brought and Withdrawn(store).purged() else None
    unneeded = set() if needed is None else brought - needed
    for sha256 in unneeded:
        store.sidecar.remove(sha256)
    return unneeded


def _find_missed(store: Store, backup: Backup) -> set[str]:
    """What is damaged in a backup, and not here."""
    return {
        name
        for name in backup.damaged
        if not (
            store.sidecar.has(found[3], backup.members[name][1])
            if (found := _OBJECT.fullmatch(name))
            else (store.dir / name).exists()
        )
    }


def _bring_files(store: Store, backup: Backup, *, keep_locals: bool) -> set[str]:
    """Put large files and whole outputs where they belong; the large ones that were not here."""
    brought = set()
    with _open(backup.path) as tar:
        for member, file in _members(tar, backup.path):
            found = _OBJECT.fullmatch(member.name)
            if member.name in backup.damaged:
                continue
            if found is not None:
                if _bring_object(store, found[3], member.size, file):
                    brought.add(found[3])
            elif _OUTPUT.fullmatch(member.name):
                _bring_file(store.dir / member.name, file)
            elif keep_locals and member.name in [f"{LOCALS}/{name}" for name in KEPT]:
                _bring_file(store.dir / member.name.removeprefix(f"{LOCALS}/"), file)
    return brought


def _keep_private(store: Store, catalog: Catalog, backup: Backup) -> None:
    """What was private there is so here, too, besides what is private here.

    Not what was shared since, or may be from here: it is with others, or goes to them all the same.
    Nor what was purged here since: that word is for all, and nothing else stays.
    """
    with _open(backup.path) as tar:
        for member, file in _members(tar, backup.path):
            if member.name == f"{LOCALS}/{FILE}":
                said = parse_private(file.read(_LIST_BYTES)).difference(Withdrawn(store).purged())
                hidden = {run for run in said if not _is_open(catalog, run)}
                write_private(store.dir, store.private | hidden)


def _is_open(catalog: Catalog, run: str) -> bool:
    """Whether a run, if it is not private here, was begun in this clone or came from a remote.

    Else it came with a backup, out of the lanes of whom that is of.
    """
    names = catalog.remotes_of(run)
    shared = ("/gage-remotes/", "/gage-out/")
    came = (
        name for name in names if not name.startswith("backup-") or any(s in name for s in shared)
    )
    return any(came) or not catalog.is_foreign(run)


def _unbundle(store: Store, backup: Backup, bundle: Path, aside: Repository) -> list[str]:
    """Fill a repository with the lanes of a backup; the tips of those that are wanted here."""
    aside.run("bundle", "unbundle", str(bundle))
    ignored = Withdrawn(store).ignored()
    return [
        oid for ref, oid in backup.refs.items() if f"{LOCAL}/{_name_in_lane(ref)}" not in ignored
    ]


def _bring_object(store: Store, sha256: str, size: int, file: IO[bytes]) -> bool:
    if store.sidecar.has(sha256, size):
        return False
    part = store.sidecar.incoming(sha256)
    _copy(file, part)
    store.sidecar.accept(sha256, size, part)
    return True


def _bring_file(path: Path, file: IO[bytes]) -> None:
    """A file that is not here yet; one that is stays."""
    if not path.exists():
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with explained(path.parent, "restore"):
            path.parent.mkdir(parents=True, exist_ok=True)
            _copy(file, part)
            replace_file(part, path)


def _copy(file: IO[bytes], target: Path) -> None:
    with explained(target.parent, "restore"), target.open("wb") as out:
        while block := file.read(_BLOCK):
            out.write(block)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _unpacked(store: Store, backup: Backup) -> Iterator[Path]:
    """The bundle of a backup, for as long as it is needed."""
    bundle = store.dir / f".restore-{os.getpid()}.bundle"
    try:
        with _open(backup.path) as tar:
            for member, file in _members(tar, backup.path):
                if member.name == BUNDLE:
                    _copy(file, bundle)
        yield bundle
    finally:
        remove_file(bundle)


def _bring_refs(
    store: Store, backup: Backup, bundle: Path, observer: Observer, *, is_empty: bool
) -> int:
    """Fetch the lanes from the bundle; how many are kept beside what is here."""
    name = f"backup-{backup.members[BUNDLE][0][:12]}"
    remote = Remote(str(bundle), name, str(backup.path), False, False, False)
    here = store.repo.list_refs(*SPACES)
    specs = dict(_choose_refs(store, backup, here, "" if is_empty else name))
    if specs:
        asked = [f"{ref}:{place}" for ref, place in specs.items()]
        fetch_refs(store.repo, remote, asked, observer, strict=False)
    now, refs = store.repo.list_refs(*SPACES), backup.refs
    lost = [ref for ref, place in specs.items() if now.get(place) != refs[ref]]
    if lost:
        raise IntegrityError(f"restore '{backup.path}': '{lost[0]}' did not arrive")
    return sum(ref in here and not is_ancestor(store.repo, here[ref], refs[ref]) for ref in specs)


def _choose_refs(
    store: Store, backup: Backup, here: Mapping[str, str], name: str
) -> Iterator[tuple[str, str]]:
    """Refs that bring anything, each with the one that takes it: its own, or one below `name`.

    What comes beside other runs is as if it had been fetched run by run: no lane of this clone
    goes on with it, no remote is taken to have it, and a purge takes it out. Epochs that are here
    as well, wherever they came from, stay away, and what a backup had brought there keeps its name:
    else clones that restore each other's backups would have all of it once more each time.
    """
    ignored = set(Withdrawn(store).ignored())
    tips: dict[str, list[str]] = {}
    for ref, oid in here.items():
        if not ref.startswith(f"{OUT}/"):  # it may go any day
            tips.setdefault(_name_in_lane(ref) or ref, []).append(oid)
    epochs: dict[str, dict[str, str]] = {}
    for ref in backup.refs:
        if (own := _name_in_lane(ref)) is None:
            raise _broken(backup.path, f"'{ref}' is no lane")
        if f"{LOCAL}/{own}" not in ignored:
            epochs.setdefault(ref.rpartition("/")[0], {})[ref] = own
    taken = {ref.rpartition("/")[0] for ref in here}

    def is_here(ref: str, own: str) -> bool:
        known = tips.get(own, ()) if name else [here.get(ref)]
        return any(_holds(store, tip, backup.refs[ref]) for tip in known)

    for epoch, refs in epochs.items():
        lacking = [ref for ref, own in refs.items() if not is_here(ref, own)]
        if not name:
            yield from ((ref, ref) for ref in lacking)
        elif lacking:
            is_named = epoch.startswith(f"{TAKEN}/backup-") and epoch not in taken
            stem = "refs/" if is_named else f"{TAKEN}/{name}/"
            yield from ((ref, stem + ref.removeprefix("refs/")) for ref in refs)


def _name_in_lane(ref: str) -> str | None:
    """Lane, epoch and kind of a ref, wherever that lane is from; None for any other ref."""
    found = parse_ref(ref)
    return None if found is None else f"{found.lane}/{found.epoch}/{found.kind}"


def _holds(store: Store, tip: str | None, oid: str) -> bool:
    """Whether a lane here has gone on from what the backup has of it."""
    if tip is None or tip == oid:
        return tip == oid
    known = store.repo.object_sizes([oid]).get(oid) is not None
    return known and is_ancestor(store.repo, oid, tip)
