"""Files, locks and names as the system at hand has them: the one place that knows which it is.

Programs and their ends have such a place of their own in `runs` (docs/decisions/0021).
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, AnyStr

if sys.platform == "win32":
    from git_gage import windows
else:
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

_FICLONE = 0x40049409
_F_SETSIG, _F_SETLEASE = 10, 1024


def host_name() -> str:
    """What this computer is called."""
    if sys.platform == "win32":
        import socket

        return socket.gethostname()
    return os.uname().nodename


def usable_cpus() -> int | None:
    """How many processors this process may use; None where that can't be told."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()  # pragma: no cover - macOS has no affinity


# -- open files --------------------------------------------------------------------------------


def open_file(path: str | Path, flags: int) -> int:
    """A file descriptor for bytes, which others may rename or remove under us, as on POSIX."""
    if sys.platform == "win32":
        return windows.open_file(os.fspath(path), flags)
    return os.open(path, flags, 0o666)


def open_at_once(path: str, flags: int) -> int:
    """An opener that waits for nobody, whatever lies there."""
    if sys.platform == "win32":
        return os.open(path, flags)
    return os.open(path, flags | os.O_NONBLOCK)


def write_at(handle: int, data: bytes | memoryview, offset: int) -> int:
    """How much of the data was written at a place of a file that nobody else writes."""
    if sys.platform == "win32":
        os.lseek(handle, offset, os.SEEK_SET)
        return os.write(handle, data)
    return os.pwrite(handle, data, offset)


def lock_file(handle: int) -> None:
    """Wait until nobody else holds the lock on an open file; it ends with its holder."""
    if sys.platform == "win32":
        windows.lock_file(handle)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX)


def is_locked(handle: int) -> bool:
    """Whether somebody else holds the lock on an open file."""
    if sys.platform == "win32":
        return windows.is_locked(handle)
    # mypy takes in only so what a system lacks
    else:  # noqa: RET505 - only so mypy sees that nothing of this is there on Windows
        try:
            # Shared: two who ask at once must not take each other for the holder.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


# -- names -------------------------------------------------------------------------------------


def with_slashes(path: AnyStr) -> AnyStr:
    """A relative path of this system as git and records spell it."""
    if sys.platform == "win32":
        return windows.with_slashes(path)
    return path


def replace_file(fresh: str | Path, path: str | Path) -> None:
    """Give a file or folder its name, in place of a file that is there.

    Raises: OSError; on Windows only when somebody has held one of them open for a while.
    """
    if sys.platform == "win32":
        windows.patiently(lambda: os.replace(fresh, path))
    else:
        os.replace(fresh, path)


def remove_file(path: Path) -> None:
    """Take a file away, if it is there.

    Raises: as for `replace_file`.
    """
    if sys.platform == "win32":
        windows.remove_file(path)
    else:
        path.unlink(missing_ok=True)


def remove_tree(path: Path, *, surely: bool = True) -> None:
    """Take a folder away with all that is in it; unless `surely`, as far as that can be.

    Raises: OSError.
    """
    if sys.platform == "win32":
        windows.remove_tree(path, surely=surely)
    else:
        import shutil  # lists start fast, and remove nothing

        shutil.rmtree(path, ignore_errors=not surely)


def sync_folder(path: Path) -> None:
    """Make names created in a folder survive a power cut."""
    if sys.platform == "win32":
        return  # NTFS keeps a journal of names, and has nothing to be asked for
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clone_file(source: Path, fresh: Path) -> bool:
    """Whether a new file shares the bytes of another until one is written (a reflink).

    Where the file system has no such thing an empty file may be left.
    Source: ioctl_ficlone(2).
    """
    if sys.platform == "win32":
        return False
    # mypy takes in only so what a system lacks
    else:  # noqa: RET505 - only so mypy sees that nothing of this is there on Windows
        with source.open("rb") as read, fresh.open("xb") as write:
            try:
                fcntl.ioctl(write, _FICLONE, read.fileno())
            except OSError:
                return False
        return True


def is_open_for_writing(handle: int) -> bool:
    """Whether somebody has a file open to write to it, as far as the system tells.

    Source: fcntl(2), "Leases": one to read is had only while nobody can write.
    """
    if sys.platform == "win32":
        return False
    # mypy takes in only so what a system lacks
    else:  # noqa: RET505 - only so mypy sees that nothing of this is there on Windows
        import signal  # lists start fast, and ask for no signal

        try:
            # Who opens it meanwhile waits, and the signal that we get must not end us.
            fcntl.fcntl(handle, _F_SETSIG, signal.SIGURG)
            fcntl.fcntl(handle, _F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(handle, _F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        return False


def leads_to(link: bytes, target: bytes) -> bool:
    """Whether a link was made to lead to this path.

    Raises: OSError where there is no link.
    """
    found = os.readlink(link)
    if sys.platform == "win32":
        return windows.plain_path(found) == windows.plain_path(target)
    return found == target
