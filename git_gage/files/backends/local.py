"""Large files in a directory: of this machine, a network disk, or one that Dropbox carries on."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import NoReturn

from git_gage.errors import IntegrityError, RemoteError
from git_gage.files.meter import Meter
from git_gage.files.notes import Notes, Stamp, stamp_of
from git_gage.files.sidecar import Sidecar, damaged_object, digest_file
from git_gage.files.streams import (
    FULL,
    changed_here,
    in_parallel,
    read_blocks,
    receive,
    send_blocks,
)
from git_gage.system import clone_file, host_name, remove_file, replace_file, sync_folder

_GET = "get files from"
_SHARED = stat.S_ISGID | stat.S_IWGRP
_OPEN = stat.S_ISGID | stat.S_IRWXG


class LocalBackend:
    """Objects below a folder. A file there counts by what it holds, which `notes` remembers.

    `base` must be there already: a disk that is not mounted is not written to.
    """

    def __init__(self, folder: Path, shown: str, notes: Path, base: Path) -> None:
        self.shown = shown
        self._folder = folder
        self._base = base
        self._there = Sidecar(folder)
        self._notes = Notes(notes)

    def held(self, wanted: Mapping[str, int]) -> set[str]:
        found: set[str] = set()

        def look(sha256: str) -> None:
            if self._is_sound(sha256, wanted[sha256]):
                found.add(sha256)

        try:
            self._reach()
            in_parallel(wanted, look, Meter(0, lambda _: None))
            # What has gone away meanwhile has not said that it holds nothing.
            self._reach()
        except OSError as error:
            self._fail("look for files in", error)
        return found

    def require_ready(self, size: int) -> None:
        try:
            self._reach(size)
        except OSError as error:
            self._fail("send files to", error)

    def send(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> None:
        try:
            self._reach()
            in_parallel(wanted, lambda name: self._send(name, wanted[name], sidecar, meter), meter)
        except OSError as error:
            self._fail("send files to", error)

    def bring(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> set[str]:
        try:
            self._reach()
            there = {name for name, size in wanted.items() if self._there.has(name, size)}
        except OSError as error:
            self._fail(_GET, error)
        gone: set[str] = set()

        def bring(sha256: str) -> None:
            if not self._bring(sha256, wanted[sha256], sidecar, meter):
                gone.add(sha256)

        in_parallel(there, bring, meter)
        missing = set(wanted) - there | gone
        if missing:
            self._reach()
        return missing

    def remove(self, names: Iterable[str]) -> None:
        try:
            self._reach()
            for sha256 in names:
                self._there.remove(sha256)
        except OSError as error:
            self._fail("remove files from", error)

    def _is_sound(self, sha256: str, size: int) -> bool:
        place = self._there.path(sha256)
        stamp = self._stamp(place)
        if stamp is None or not self._there.has(sha256, size):
            return False
        if not self._notes.knows(sha256, stamp):
            if digest_file(place) != (sha256, size):
                return False
            self._notes.add(sha256, stamp)
        return True

    def _send(self, sha256: str, size: int, sidecar: Sidecar, meter: Meter) -> None:
        place = self._there.path(sha256)
        # Two clones that send the same object do not write to the same file.
        clone = hashlib.sha256(os.fsencode(f"{host_name()}:{sidecar.root}")).hexdigest()[:8]
        part = self._folder / "incoming" / f"{sha256}-{clone}"
        for folder in (part.parent, place.parent):
            self._make_folder(folder)
        try:
            if not self._share(sidecar.path(sha256), part, sha256, size):
                self._fill(part, send_blocks(sidecar, sha256, size, meter))
                _give_name(part, place)
        except FileNotFoundError:
            # Unless another process of this clone has just given it its name.
            if not self._there.has(sha256, size):
                raise
        sync_folder(place.parent)
        self._notes.add(sha256, stamp_of(place.stat()))

    def _make_folder(self, folder: Path) -> None:
        """Make a folder, and those above it, but for the one that must be there.

        Where a group may write in that one (`git init --shared`), it may in these, as in git's own.
        """
        if folder.is_dir():
            return
        if folder.parent != self._base:
            self._make_folder(folder.parent)
        with suppress(FileExistsError):  # somebody else has made it meanwhile, who owns it
            folder.mkdir()
            if self._base.stat().st_mode & _SHARED == _SHARED:
                folder.chmod(folder.stat().st_mode | _OPEN)

    def _share(self, source: Path, part: Path, sha256: str, size: int) -> bool:
        """Whether the object is there without a copy, where both are on a disk that can do that."""
        fresh = part.with_name(f"{part.name}-{os.getpid()}")
        try:
            if not clone_file(source, fresh):
                return False
            if digest_file(fresh) != (sha256, size):
                raise changed_here(sha256)
            _give_name(fresh, self._there.path(sha256))
            return True
        finally:
            remove_file(fresh)

    def _fill(self, part: Path, blocks: Iterator[memoryview]) -> None:
        try:
            _write(part, blocks)
        except IntegrityError:
            remove_file(part)
            raise
        except OSError as error:
            # Else the next attempt goes on with it.
            if error.errno in FULL:
                remove_file(part)
            raise

    def _bring(self, sha256: str, size: int, sidecar: Sidecar, meter: Meter) -> bool:
        """Whether it was there still."""
        place, part = self._there.path(sha256), sidecar.incoming(sha256)

        def open_at(offset: int) -> Iterator[memoryview]:
            try:
                with place.open("rb", buffering=0) as file:
                    file.seek(offset)
                    yield from read_blocks(file, sha256, meter, offset)
            except FileNotFoundError:
                raise
            except OSError as error:
                self._fail(_GET, error)

        before = self._stamp(place)
        if before is None:
            return False
        try:
            if part.exists() or not clone_file(place, part):
                receive(sidecar, sha256, size, open_at)
            else:
                sidecar.accept(sha256, size, part)
        except FileNotFoundError:
            return False
        except IntegrityError as error:
            raise damaged_object(sha256, place) from error
        if self._stamp(place) == before:
            self._notes.add(sha256, before)
        return True

    def _stamp(self, place: Path) -> Stamp | None:
        """None where there is no file any more."""
        try:
            return stamp_of(place.stat())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _reach(self, room: int = 0) -> None:
        if self._base.exists() and not self._base.is_dir():
            raise RemoteError(
                f"'{self.shown}' keeps files in '{self._base}', and that is no folder",
                hint="name one: git gage config set gage.repo.<name>.files <path>",
            )
        if not self._base.is_dir():
            raise RemoteError(
                f"'{self.shown}' keeps files in '{self._base}', and there is no such folder",
                hint=f"mount the disk it is on, or make it: mkdir -p {quote(str(self._base))}",
            )
        if room and shutil.disk_usage(self._base).free < room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _fail(self, attempt: str, error: OSError) -> NoReturn:
        if isinstance(error, FileNotFoundError):
            self._reach()
        place = f" ('{error.filename}')" if error.filename else ""
        hint = "nothing here has changed, and what has arrived there is whole"
        if attempt == _GET:
            hint = "nothing was lost, and what has arrived is kept: try again once that is settled"
        if error.errno in FULL:
            hint += ": free some space there, and try again"
        reason = (error.strerror or str(error)).lower()
        raise RemoteError(f"{attempt} '{self.shown}': {reason}{place}", hint=hint) from error


def _give_name(fresh: Path, place: Path) -> None:
    fresh.chmod(0o444)
    replace_file(fresh, place)


def _write(fresh: Path, blocks: Iterator[memoryview]) -> None:
    """Make a file have these bytes; what is there of an earlier attempt is compared first."""
    with fresh.open("r+b" if fresh.exists() else "w+b") as file:
        same = True
        for block in blocks:
            if same:
                there = file.read(len(block))
                if there == block:
                    continue
                same = False
                file.seek(-len(there), os.SEEK_CUR)
            file.write(block)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
