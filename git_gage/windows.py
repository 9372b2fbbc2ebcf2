"""What only Windows' own functions can do: files that may be renamed while open, locks, jobs.

Never imported elsewhere.
Source: Microsoft, "Windows API reference", under the names of the functions.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import AnyStr

assert sys.platform == "win32"

import ctypes
import msvcrt
from ctypes import wintypes

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_ntdll = ctypes.WinDLL("ntdll")

_GENERIC_READ, _GENERIC_WRITE = 0x80000000, 0x40000000
_APPEND_DATA, _WRITE_ATTRIBUTES, _SYNCHRONIZE = 0x4, 0x100, 0x100000
_SHARE_ALL = 0x1 | 0x2 | 0x4
_CREATE_NEW, _CREATE_ALWAYS, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 2, 3, 4
_ATTRIBUTE_NORMAL = 0x80
_INVALID_HANDLE = ctypes.c_void_p(-1).value

_LOCK_NOW, _LOCK_EXCLUSIVE = 0x1, 0x2
_LOCK_VIOLATION, _IO_PENDING = 33, 997
# Such a lock keeps others from reading the bytes that it is on: it is on one that is never there.
_LOCKED_BYTE = 1 << 62

# Somebody who looks at a file just then, such as a scanner for viruses, keeps it for a moment.
_ACCESS_DENIED, _SHARING_VIOLATION = 5, 32
_PATIENCE_S, _PAUSE_S = 3.0, 0.02

_QUERY_LIMITED, _TERMINATE = 0x1000, 0x1
_STILL_ACTIVE = 259
_JOB_TERMINATE = 0x8


class _Overlapped(ctypes.Structure):
    _fields_ = (
        ("Internal", ctypes.c_void_p),
        ("InternalHigh", ctypes.c_void_p),
        ("Offset", wintypes.DWORD),
        ("OffsetHigh", wintypes.DWORD),
        ("hEvent", wintypes.HANDLE),
    )


_kernel.CreateFileW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
)
_kernel.CreateFileW.restype = wintypes.HANDLE
_kernel.LockFileEx.argtypes = (
    *(wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD),
    *(wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(_Overlapped)),
)
_kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.GetExitCodeProcess.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
_kernel.GetProcessTimes.argtypes = (wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4)
_kernel.TerminateProcess.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
_kernel.CreateJobObjectW.restype = wintypes.HANDLE
_kernel.OpenJobObjectW.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR)
_kernel.OpenJobObjectW.restype = wintypes.HANDLE
_kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
_kernel.TerminateJobObject.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_ntdll.NtResumeProcess.argtypes = (wintypes.HANDLE,)


# -- files -------------------------------------------------------------------------------------


def open_file(path: str, flags: int) -> int:
    """As `os.open` for bytes, of a file that others may rename or remove meanwhile.

    What is appended by many processes (O_APPEND without O_EXCL) never lies on top of another's.
    Raises: OSError.
    """
    handle = _kernel.CreateFileW(
        *(path, _access(flags), _SHARE_ALL, None, _disposition(flags), _ATTRIBUTE_NORMAL, None)
    )
    if handle == _INVALID_HANDLE:
        raise ctypes.WinError(ctypes.get_last_error())
    return msvcrt.open_osfhandle(handle, flags & (os.O_APPEND | os.O_RDWR | os.O_WRONLY))


def _access(flags: int) -> int:
    if flags & os.O_APPEND and not flags & os.O_EXCL:
        return _APPEND_DATA | _WRITE_ATTRIBUTES | _SYNCHRONIZE
    if flags & os.O_RDWR:
        return _GENERIC_READ | _GENERIC_WRITE
    return _GENERIC_WRITE if flags & os.O_WRONLY else _GENERIC_READ


def _disposition(flags: int) -> int:
    if not flags & os.O_CREAT:
        return _OPEN_EXISTING
    if flags & os.O_EXCL:
        return _CREATE_NEW
    return _CREATE_ALWAYS if flags & os.O_TRUNC else _OPEN_ALWAYS


def lock_file(handle: int) -> None:
    """Wait for the lock, whose holder is this open file.

    Raises: OSError where the file system has no locks.
    """
    if not _lock(handle, _LOCK_EXCLUSIVE):
        raise ctypes.WinError(ctypes.get_last_error())


def is_locked(handle: int) -> bool:
    """Whether another open file holds the lock.

    Raises: as for `lock_file`.
    """
    if _lock(handle, _LOCK_NOW):
        return False
    number = ctypes.get_last_error()
    if number in (_LOCK_VIOLATION, _IO_PENDING):
        return True
    raise ctypes.WinError(number)


def _lock(handle: int, flags: int) -> bool:
    place = _Overlapped(Offset=_LOCKED_BYTE & 0xFFFFFFFF, OffsetHigh=_LOCKED_BYTE >> 32)
    system_handle = msvcrt.get_osfhandle(handle)
    return bool(_kernel.LockFileEx(system_handle, flags, 0, 1, 0, ctypes.byref(place)))


def patiently(act: Callable[[], object]) -> None:
    """Do it, again and again for a while as long as somebody has what it is about open.

    Raises: OSError, the last one.
    """
    end_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            act()
        except OSError as error:
            if error.winerror not in (_ACCESS_DENIED, _SHARING_VIOLATION):
                raise
            if time.monotonic() > end_s:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def remove_file(path: str | Path) -> None:
    """Take a file away, if it is there, also a read-only one, as git makes them.

    Raises: OSError.
    """
    patiently(lambda: _remove(path))


def _remove(path: str | Path) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except PermissionError:
        os.chmod(path, stat.S_IWRITE)
        os.unlink(path)


def remove_tree(path: Path, *, surely: bool) -> None:
    """As `system.remove_tree`; read-only files go too, as git makes them.

    Raises: OSError.
    """
    on_failure = _try_again if surely else _try_again_or_leave
    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=on_failure)
    else:
        shutil.rmtree(path, onerror=on_failure)


def _try_again(remove: Callable[[str], object], path: str, _: object) -> None:
    os.chmod(path, stat.S_IWRITE)
    remove(path)


def _try_again_or_leave(remove: Callable[[str], object], path: str, failure: object) -> None:
    with suppress(OSError):
        _try_again(remove, path, failure)


def with_slashes(path: AnyStr) -> AnyStr:
    """A path with the one separator that Windows and git both know."""
    if isinstance(path, bytes):
        return path.replace(b"\\", b"/")
    return path.replace("\\", "/")


def plain_path(path: bytes) -> str:
    """A path in the one spelling that all its spellings have in common."""
    text = os.fsdecode(path).removeprefix("\\\\?\\")
    return os.path.normcase(os.path.normpath(text))


# -- processes ---------------------------------------------------------------------------------


def process_start(pid: int) -> str | None:
    """When a process started, in steps of 100 ns since 1601; None if it is not there any more."""
    handle = _kernel.OpenProcess(_QUERY_LIMITED, False, pid)
    if not handle:
        return None
    try:
        code = wintypes.DWORD()
        if not _kernel.GetExitCodeProcess(handle, ctypes.byref(code)):
            return None
        # It is there as long as somebody has a handle of it.
        if code.value != _STILL_ACTIVE:
            return None
        times = [wintypes.FILETIME() for _ in range(4)]
        if not _kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
            return None
        return str(times[0].dwHighDateTime << 32 | times[0].dwLowDateTime)
    finally:
        _kernel.CloseHandle(handle)


def end_process(pid: int, code: int) -> bool:
    """End one process with an exit code; whether it was there.

    Raises: PermissionError if it is another user's.
    """
    handle = _kernel.OpenProcess(_TERMINATE, False, pid)
    if not handle:
        if ctypes.get_last_error() == _ACCESS_DENIED:
            raise ctypes.WinError(_ACCESS_DENIED)
        return False
    try:
        return bool(_kernel.TerminateProcess(handle, code))
    finally:
        _kernel.CloseHandle(handle)


class Job:
    """A program and all that it starts, which can be ended together."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def end(self, code: int) -> None:
        """End all of it with an exit code."""
        _kernel.TerminateJobObject(self._handle, code)

    def close(self) -> None:
        """Let go of it; what is in it goes on."""
        _kernel.CloseHandle(self._handle)


def start_job(name: str, process: int) -> Job:
    """Put a suspended process, by its handle, into a job of this name and let it go on.

    Raises: OSError.
    """
    handle = _kernel.CreateJobObjectW(None, name)
    if not handle:
        raise ctypes.WinError(ctypes.get_last_error())
    job = Job(handle)
    if not _kernel.AssignProcessToJobObject(handle, process):
        error = ctypes.WinError(ctypes.get_last_error())
        job.close()
        raise error
    _ntdll.NtResumeProcess(process)
    return job


def end_job(name: str, code: int) -> bool:
    """End a job by its name; whether it was there, on this user's desktop."""
    handle = _kernel.OpenJobObjectW(_JOB_TERMINATE, False, name)
    if not handle:
        return False
    try:
        return bool(_kernel.TerminateJobObject(handle, code))
    finally:
        _kernel.CloseHandle(handle)
