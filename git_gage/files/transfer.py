"""Large files on their way: asked for first, moved, and asked for again.

Whatever ends a transfer, a whole object is kept on the side where it arrived, and the next attempt
goes on from there.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from git_gage.errors import IntegrityError, RemoteError, RequestError
from git_gage.files.meter import Meter, Moving
from git_gage.files.streams import FULL, gathering_place, receive
from git_gage.system import is_locked, lock_file, open_file, remove_file

if TYPE_CHECKING:
    from git_gage.files.backends import Backend
    from git_gage.files.sidecar import Sidecar

_MUCH = 1 << 30
# Whoever may not write there, or where a file is in the way.
_NO_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR)


class Observer(Protocol):
    """Whoever tells the user how files move."""

    def moving(self, verb: str, moving: Moving) -> None:
        """Hear how far it has come, once a second at most."""

    def warning(self, text: str) -> None:
        """Hear what should be looked at."""


class Brought(NamedTuple):
    """Objects that are new here, and those that were not to be had."""

    arrived: set[str]
    missing: set[str]


def send_files(
    backend: Backend, wanted: Mapping[str, int], sidecar: Sidecar, observer: Observer
) -> set[str]:
    """Send objects (sha256 → bytes) of the sidecar, which it has; those that were not there before.

    Raises: RemoteError; IntegrityError for one that is damaged here, or changes meanwhile.
    """
    left = find_unsent(backend, wanted)
    if not left:
        return set()
    backend.send(left, sidecar, _meter("Sending", left, observer))
    lost = set(left) - backend.held(left)
    if lost:
        raise RemoteError(
            f"send files to '{backend.shown}': it took {len(left)} and has {len(left) - len(lost)}",
            hint="nothing was lost here: try again, or ask whoever runs it",
        )
    return set(left)


def find_unsent(backend: Backend, wanted: Mapping[str, int]) -> dict[str, int]:
    """Those objects that are not there, after it was seen that they can be sent.

    Raises: RemoteError.
    """
    there = ask_held(backend, wanted)
    left = {name: size for name, size in wanted.items() if name not in there}
    if left:
        backend.require_ready(sum(left.values()))
    return left


def ask_held(backend: Backend, wanted: Mapping[str, int]) -> set[str]:
    """Those objects that are there now; nothing at all is had everywhere, and never moved.

    Raises: RemoteError.
    """
    asked = {name: size for name, size in wanted.items() if size}
    return set(wanted) - set(asked) | (backend.held(asked) if asked else set())


def bring_files(
    backend: Backend, wanted: Mapping[str, int], sidecar: Sidecar, observer: Observer
) -> Brought:
    """Get objects (sha256 → bytes) into the sidecar, as far as they are not in it, and sound.

    Raises: RemoteError; IntegrityError for one that arrives as something else; RequestError where
    the disk has no room for them.
    """
    with explained(sidecar, "get files"), _alone(sidecar, observer):
        left = {name: size for name, size in wanted.items() if not sidecar.is_sound(name, size)}
        if not left:
            return Brought(set(), set())
        _require_room(backend, sidecar, left)
        if (size := sum(left.values())) >= _MUCH:
            # Who recorded it says how much that is: nobody shall wonder what goes on.
            observer.moving("Getting", Moving(0, size, None, None))
        full = {name: size for name, size in left.items() if size}
        try:
            for name in left.keys() - full.keys():
                receive(sidecar, name, 0, lambda _: iter(()))
            meter = _meter("Getting", full, observer)
            missing = backend.bring(full, sidecar, meter) if full else set()
        except IntegrityError as error:
            raise IntegrityError(
                f"{error.message} (from '{backend.shown}')", hint=error.hint, **error.facts
            ) from error
        arrived = set(left) - missing
        # Of another attempt, by another way, there may be a part of it.
        for part in sidecar.half():
            if part.name[:64] in arrived:
                remove_file(part)
    return Brought(arrived, missing)


def find_unbrought(backend: Backend, wanted: Mapping[str, int], sidecar: Sidecar) -> Brought:
    """What `bring_files` would say, after the same look at the disk; nothing comes.

    Raises: RemoteError; RequestError.
    """
    left = {name: size for name, size in wanted.items() if not sidecar.is_sound(name, size)}
    there = ask_held(backend, left)
    _require_room(backend, sidecar, {name: left[name] for name in there})
    return Brought(there, set(left) - there)


def _meter(verb: str, wanted: Mapping[str, int], observer: Observer) -> Meter:
    return Meter(sum(wanted.values()), lambda moving: observer.moving(verb, moving))


@contextmanager
def _alone(sidecar: Sidecar, observer: Observer) -> Iterator[None]:
    """One at a time writes what arrives; the lock ends with its holder."""
    handle = open_file(gathering_place(sidecar) / "lock", os.O_RDWR | os.O_CREAT)
    try:
        if is_locked(handle):
            observer.warning("files are arriving here already: waiting until they are there")
        lock_file(handle)
        yield
    finally:
        os.close(handle)


@contextmanager
def explained(sidecar: Sidecar, attempt: str) -> Iterator[None]:
    """What the disk here refuses, by name; what another place refuses goes on its way."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise RequestError(
                f"{attempt}: {os.strerror(error.errno).lower()} ('{sidecar.root}')",
                hint="free some space there, and try again: what has come is kept",
            ) from error
        is_ours = str(error.filename).startswith(str(sidecar.root.parent))
        if not (is_ours and error.errno in _NO_PLACE):
            raise
        folder = _nearest(Path(str(error.filename)).parent)
        raise RequestError(
            f"{attempt}: cannot write in '{folder}': {os.strerror(error.errno).lower()}",
            hint=f"see whose it is: ls -ld {shlex.quote(str(folder))}",
        ) from error


def _nearest(folder: Path) -> Path:
    """The folder, or the one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _require_room(backend: Backend, sidecar: Sidecar, wanted: Mapping[str, int]) -> None:
    """Raises: RequestError where what can come does not fit; what is not there needs no room."""
    left, free = _left_to_come(sidecar, wanted), shutil.disk_usage(_nearest(sidecar.root)).free
    needed = sum(left.values())
    if needed > free:
        try:
            needed = sum(left[name] for name in ask_held(backend, wanted))
        except RemoteError:
            pass  # whoever may read alone is not told what an LFS server has
    if needed > free:
        raise RequestError(
            f"get files: they need {needed:,} bytes, and the disk has {free:,} left "
            f"('{sidecar.root}')",
            hint="free some space, or choose files: git gage files pull <run> -- '*.pt'",
        )


def _left_to_come(sidecar: Sidecar, wanted: Mapping[str, int]) -> dict[str, int]:
    """Bytes of each object, but for those that an earlier attempt has left.

    Of an attempt by another way they count, too, which are not gone on with: the disk may be full
    before all is there then, and nothing is lost.
    """
    left = dict(wanted)
    for part in sidecar.half():
        name = part.name[:64]
        if name in wanted:
            with suppress(FileNotFoundError):  # it has arrived in this moment
                left[name] = min(left[name], max(wanted[name] - part.stat().st_size, 0))
    return left
