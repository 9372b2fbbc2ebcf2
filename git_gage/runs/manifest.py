"""What a run left in its directory: measured, listed and kept when the run closes.

The end of the run is recorded before. So a kill here loses nothing: whoever settles the run does
all of this again, and what was done stays as it is.

Source: docs/format.md, "run.files".
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError, describe_os_error
from git_gage.files.manifest import (
    BULK,
    DEPENDENCY,
    GENERATED,
    RUNTIME,
    WHOLE,
    Entry,
    Manifest,
    format_manifest,
)
from git_gage.files.sidecar import digest_open_file
from git_gage.records import short_id
from git_gage.runs.begin import bind_file, fit_body
from git_gage.runs.inputs.reference import parse_reference
from git_gage.runs.inputs.stage import StagedInput, read_staged
from git_gage.runs.left import Left, Stamps, is_as_noted, read_runtime
from git_gage.runs.short import read_short_rule
from git_gage.safe import clean
from git_gage.secrets import Sighting, find_in_lines
from git_gage.system import is_open_for_writing

if TYPE_CHECKING:
    from git_gage.store import Store

# What of one run travels in git, whatever its files are: bytes, and names in a record's line.
_GIT_BYTES, _GIT_FILES = 1 << 20, 100
# A list that is longer could be read by nobody; as JSON an entry is at most this and its path.
_LIST_BYTES, _ENTRY_BYTES = 32 << 20, 256
_WORKERS, _WORTH_A_WORKER = 4, 4 << 20
_SHOWN = 10


class Measured(NamedTuple):
    """A file with its entry; `content` of one that may go to git."""

    entry: Entry
    content: bytes | None = None


class Kept(NamedTuple):
    """The body of the record, and what the user should be told."""

    body: dict[str, Any]
    warnings: list[str]


def keep_files(
    store: Store, run: str, left: Sequence[Left], folder: bytes, secrets: Sequence[bytes]
) -> Kept:
    """Measure what a run left, make it read-only, and keep what is large by its content.

    `folder` is the project's, below the run's directory; `secrets` those that the run was given.
    """
    top, state_dir = store.run_dir(run), store.state_dir(run)
    listed, warnings = _bounded(left)
    given = {_place(folder, each.place): each for each in read_staged(state_dir)}
    noted = read_runtime(state_dir)
    made = [
        each
        for each in listed
        if each.path not in given and not is_as_noted(noted, each.path, each.found)
    ]
    measured = list(_measure(top, listed, given, noted, _find_short(store, made)))
    in_git, secret = _choose(measured, secrets)
    entries = [each.entry._replace(is_private=each.entry.sha256 in secret) for each in measured]
    warnings += _describe_unknown(entries)
    warnings += _describe_secrets(run, [each for found in secret.values() for each in found])
    bulk = dict(_bind(store, state_dir, in_git))
    warnings += _take(store, top, entries, in_git)
    large = [each for each in Manifest(tuple(entries)).generated if each.sha256 not in in_git]
    body = {
        **format_manifest(entries),
        "large": {"files": len(large), "bytes": sum(each.size for each in large)},
        "bulk": bulk,
    }
    if len(listed) < len(left):
        body["left_out"] = len(left) - len(listed)
    return Kept(fit_body(store.repo, body, state_dir, WHOLE, ("list",)), warnings)


def _bounded(left: Sequence[Left]) -> tuple[list[Left], list[str]]:
    listed: list[Left] = []
    size = 0
    for each in sorted(left, key=lambda each: each.path):
        size += _ENTRY_BYTES + 2 * len(each.path)
        if size > _LIST_BYTES:
            told = f"{len(left) - len(listed):,} of {len(left):,} files are not listed or kept"
            return listed, [f"{told}: a run can have {len(listed):,} of them"]
        listed.append(each)
    return listed, []


def _find_short(store: Store, left: Sequence[Left]) -> frozenset[bytes]:
    """Files that may go to git: those at the top first, of these the shortest.

    They are some more than there is room for, as some may be the same, or hold secrets.
    """
    threshold, is_large = read_short_rule(store.repo.settings)
    short = [
        each
        for each in left
        if stat.S_ISREG(each.found.st_mode)
        and each.found.st_size <= threshold
        and not is_large(each.path)
    ]
    chosen, room = set(), 2 * _GIT_BYTES
    for path, found in sorted(short, key=_by_rank)[: 2 * _GIT_FILES]:
        room -= found.st_size
        if room < 0:
            break
        chosen.add(path)
    return frozenset(chosen) if threshold else frozenset()


def _by_rank(left: Left) -> tuple[int, int, bytes]:
    return left.path.count(b"/"), left.found.st_size, left.path


# -- measuring -------------------------------------------------------------------------------------


def _place(folder: bytes, place: str) -> bytes:
    return posixpath.normpath(posixpath.join(folder, os.fsencode(place)))


def _measure(
    top: Path,
    left: Sequence[Left],
    given: Mapping[bytes, StagedInput],
    noted: Stamps,
    short: frozenset[bytes],
) -> Iterable[Measured]:
    """Entries of files, each read once at most; several at a time where they are large."""

    def measure(each: Left) -> Measured:
        place = os.path.join(os.fsencode(top), each.path)
        role = RUNTIME if is_as_noted(noted, each.path, each.found) else GENERATED
        return _measure_one(place, each, given.get(each.path), role, each.path in short)

    if sum(each.found.st_size > _WORTH_A_WORKER for each in left) < 2:
        return map(measure, left)
    from concurrent.futures import ThreadPoolExecutor

    workers = ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1))
    try:
        return list(workers.map(measure, left))
    finally:
        # After Ctrl-C nobody waits for files that nobody has begun with.
        workers.shutdown(cancel_futures=True)


def _measure_one(
    place: bytes, left: Left, given: StagedInput | None, role: str, is_short: bool
) -> Measured:
    """`role` is what it has if it is not what was `given`."""
    path, found = left
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return Measured(Entry(path, role, 0, None, mode, os.readlink(place)))
    if given is not None and (known := _as_given(place, left, given)) is not None:
        return Measured(known)
    try:
        sha256, size, content = _read(place, is_short)
    except OSError:
        sha256, size, content = None, found.st_size, None
    if given is not None and sha256 == given.sha256:
        return Measured(Entry(path, DEPENDENCY, size, sha256, mode))
    return Measured(Entry(path, role, size, sha256, mode), content)


def _as_given(place: bytes, left: Left, given: StagedInput) -> Entry | None:
    """The entry of an input that is there as it was: a copy that nobody wrote, or a reference."""
    path, found = left
    mode = stat.S_IMODE(found.st_mode)
    wanted = None if given.reference is None else given.reference.encode()
    if wanted is not None and found.st_size == len(wanted) and _content(place) == wanted:
        reference = parse_reference(wanted)
        size, sha256 = reference.size, reference.digest
        return Entry(path, DEPENDENCY, size, sha256, mode, reference.path)
    if (found.st_size, found.st_mtime_ns) == (given.size, given.mtime_ns):
        return Entry(path, DEPENDENCY, given.size, given.sha256, mode)
    return None


def _content(place: bytes) -> bytes:
    with open(place, "rb") as file:
        return file.read()


def _read(place: bytes, is_short: bool) -> tuple[str | None, int, bytes | None]:
    """sha256, size and, of a short file, content; None for what somebody still writes."""
    with open(place, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if is_open_for_writing(file.fileno()):
            return None, before.st_size, None
        content: bytes | None = None
        if is_short:
            import hashlib

            content = file.read()
            sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        else:
            sha256, size = digest_open_file(file)
        after = os.fstat(file.fileno())
    if _stamp(before) != _stamp(after) or size != after.st_size:
        return None, after.st_size, None
    return sha256, size, content


def _stamp(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _describe_unknown(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.is_unrecorded:
            name = clean(os.fsdecode(entry.path))
            yield f"'{name}' cannot be read, or is still being written: its content is not recorded"


# -- what goes where -------------------------------------------------------------------------------


def _choose(
    measured: Iterable[Measured], secrets: Sequence[bytes]
) -> tuple[dict[str, bytes], dict[str, list[Sighting]]]:
    """Contents that travel in git, by digest, and what is found in those that hold secrets."""
    short = [each for each in measured if each.content is not None]
    short.sort(key=lambda each: (each.entry.path.count(b"/"), each.entry.size, each.entry.path))
    chosen: dict[str, bytes] = {}
    secret: dict[str, list[Sighting]] = {}
    room = _GIT_BYTES
    for entry, content in short:
        assert content is not None and entry.sha256 is not None
        if entry.sha256 in chosen:
            continue
        if found := _find_secrets(entry, content, secrets):
            secret[entry.sha256] = found
        elif len(chosen) < _GIT_FILES and entry.size <= room:
            room -= entry.size
            chosen[entry.sha256] = content
    return chosen, secret


def _find_secrets(entry: Entry, content: bytes, secrets: Sequence[bytes]) -> list[Sighting]:
    name = clean(os.fsdecode(entry.path))
    found = list(find_in_lines(content, name))
    for secret in secrets:
        if (at := content.find(secret)) >= 0:
            line = 1 + content.count(b"\n", 0, at)
            found.append(Sighting(f"{name}:{line}", "a secret that the run was given"))
    return found


def _describe_secrets(run: str, sightings: Sequence[Sighting]) -> Iterator[str]:
    for each in sightings[:_SHOWN]:
        yield f"{each.where}: {each.kind}: the file stays in the run's directory alone"
    if len(sightings) > _SHOWN:
        yield f"and {len(sightings) - _SHOWN:,} more in files of run {short_id(run)}"


def _bind(
    store: Store, state_dir: Path, contents: Mapping[str, bytes]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if contents:
        (state_dir / BULK).mkdir(exist_ok=True)
    for sha256, content in contents.items():
        path = state_dir / BULK / sha256
        path.write_bytes(content)
        yield f"{BULK}{sha256}", bind_file(store.repo, path)


def _take(
    store: Store, top: Path, entries: Iterable[Entry], in_git: Mapping[str, bytes]
) -> Iterator[str]:
    """Make what the run made read-only, and keep by its content what git does not get."""
    sidecar, failed, why = store.sidecar, 0, ""
    for entry in entries:
        if entry.role != GENERATED or entry.sha256 is None or entry.link is not None:
            continue
        path = top / os.fsdecode(entry.path)
        try:
            if entry.is_private or entry.sha256 in in_git:
                path.chmod(entry.mode & 0o7555)
            else:
                sidecar.take(path, entry.sha256)
        except OSError as error:
            failed, why = failed + 1, describe_os_error(error)[0]
        except IntegrityError as error:
            failed, why = failed + 1, error.message
    if failed:
        yield f"{failed:,} files lie in the directory of the run alone, kept nowhere else: {why}"
