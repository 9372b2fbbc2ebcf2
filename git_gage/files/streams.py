"""Bytes of objects from one place to another: hashed on the way, a few objects at once."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from git_gage.errors import IntegrityError
from git_gage.files.notes import Stamp, stamp_of
from git_gage.files.sidecar import BLOCK, digest_file

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.files.meter import Meter
    from git_gage.files.sidecar import Sidecar

# What a disk without room says.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# More fill no disk and no line, and each has blocks in memory.
AT_ONCE = 4


def is_unchanged(path: Path, sha256: str, stamp: Stamp) -> bool:
    """Whether nobody has written to a file since it had this digest, and this stamp.

    Another name of it, or another mode, changes its ctime alone: then it is read once more.
    """
    try:
        found = stamp_of(path.stat())
    except FileNotFoundError:
        return False
    if found._replace(ctime_ns=stamp.ctime_ns) != stamp:
        return False
    return found == stamp or digest_file(path)[0] == sha256


def gathering_place(sidecar: Sidecar) -> Path:
    """The folder that has what is on its way into the sidecar, on the same disk; it is made."""
    return sidecar.incoming("0" * 64).parent


def in_parallel(names: Iterable[str], work: Callable[[str], None], meter: Meter) -> None:
    """Do some work for each name, a few at once.

    The first failure, or Ctrl-C, stops all that goes on at its next step, and is raised. An object
    that is damaged stops no other; it is raised when all are done.
    """
    damaged: IntegrityError | None = None

    def begin(name: str) -> None:
        meter.go_on()
        work(name)

    with _interrupted_once(meter.halt), ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(begin, name) for name in names]
        try:
            for future in as_completed(futures):
                try:
                    future.result()
                except IntegrityError as error:
                    damaged = damaged or error
        except BaseException:
            meter.halt()
            pool.shutdown(cancel_futures=True)
            raise
    if damaged:
        raise damaged


@contextmanager
def _interrupted_once(halt: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls `halt`, and is raised once all has ended for that; more of them do nothing.

    Raised at once, it would hit threads and their locks amid what they do to each other.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # somebody else deals with it
        return
    came: list[int] = []

    def hear(number: int, _frame: object) -> None:
        came.append(number)
        halt()

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if came:
            raise KeyboardInterrupt


def read_blocks(file: IO[bytes], name: str, meter: Meter, done: int = 0) -> Iterator[memoryview]:
    """The rest of a file in blocks, each counted once it was used, and gone with the next."""
    block = memoryview(bytearray(BLOCK))
    # Reading into the same memory halves what the system has to do.
    while count := file.readinto(block):  # type: ignore[attr-defined]
        yield block[:count]
        done += count
        meter.at(name, done)


def send_blocks(sidecar: Sidecar, sha256: str, size: int, meter: Meter) -> Iterator[memoryview]:
    """What is to be sent of an object; an error comes last if that was something else.

    Raises: IntegrityError; FileNotFoundError.
    """
    digest, count = hashlib.sha256(), 0
    with sidecar.path(sha256).open("rb", buffering=0) as file:
        for block in read_blocks(file, sha256, meter):
            digest.update(block)
            count += len(block)
            yield block
    if (digest.hexdigest(), count) != (sha256, size):
        raise changed_here(sha256)


def changed_here(*sha256s: str) -> IntegrityError:
    """What is said of objects of ours that are something else; nothing of them stays there."""
    names = ", ".join(sha256[:12] for sha256 in sha256s)
    return IntegrityError(
        f"send file {names}: what is here is something else, or was changed meanwhile",
        hint="nothing of that stays on the remote; see what is damaged with "
        "'git gage files verify'",
    )


def find_changed(sidecar: Sidecar, stamps: Mapping[str, Stamp]) -> list[str]:
    """Objects that a program of others may have sent as something else."""
    return [
        sha256
        for sha256, stamp in stamps.items()
        if not is_unchanged(sidecar.path(sha256), sha256, stamp)
    ]


def check_here(sidecar: Sidecar, sha256: str, size: int, meter: Meter) -> Stamp:
    """Read an object before a program of others sends it; by the stamp it is known afterwards.

    Raises: IntegrityError.
    """
    digest = hashlib.sha256()
    with sidecar.path(sha256).open("rb", buffering=0) as file:
        found = stamp_of(os.fstat(file.fileno()))
        block = memoryview(bytearray(BLOCK))
        while count := file.readinto(block):
            digest.update(block[:count])
            meter.at(sha256, 0)
    if (digest.hexdigest(), found.size) != (sha256, size):
        raise changed_here(sha256)
    return found


def accept_all(
    sidecar: Sidecar, wanted: Mapping[str, int], place: Callable[[str], Path]
) -> set[str]:
    """Take in what a program has laid down, as far as it is all there; those objects.

    Raises: IntegrityError of the first that is something else, when all others are in; OSError.
    """
    arrived = set()
    damaged: IntegrityError | None = None
    for sha256, size in wanted.items():
        part = place(sha256)
        if part.is_file() and part.stat().st_size == size:
            try:
                sidecar.accept(sha256, size, part)
            except IntegrityError as error:
                damaged = damaged or error
            arrived.add(sha256)
    if damaged:
        raise damaged
    return arrived


def receive(
    sidecar: Sidecar,
    sha256: str,
    size: int,
    open_at: Callable[[int], Iterator[bytes | memoryview]],
) -> None:
    """Take an object in; `open_at` gives its bytes from an offset on.

    What had arrived before is not asked for again, unless the whole turns out to be damaged.

    Raises: IntegrityError where it is something else; OSError.
    """
    part = sidecar.incoming(sha256)
    had = _fill(part, size, open_at)
    try:
        sidecar.accept(sha256, size, part)
    except IntegrityError:
        if not had:
            raise
        _fill(part, size, open_at)
        sidecar.accept(sha256, size, part)


def _fill(part: Path, size: int, open_at: Callable[[int], Iterator[bytes | memoryview]]) -> int:
    """Write what is missing of an object; how much was there.

    No more than one byte over what was announced: that is enough to know it for something else.
    """
    with part.open("ab") as file:
        had = file.tell()
        left = size + 1 - had
        for block in open_at(had):
            file.write(block[: max(left, 0)])
            left -= len(block)
            if left <= 0:
                break
    return had
