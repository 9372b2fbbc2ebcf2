"""Exit codes of Windows that say that a program did not end by itself.

Windows has no signals: who ends a program gives it an exit code. Ours have the bit that Microsoft
leaves to others, so no program has them by chance.
Source: Microsoft, [MS-ERREF] 2.3, "NTSTATUS".
"""

from __future__ import annotations

import signal

_CONTROL_C_EXIT = 0xC000013A
_OURS = 0xE6A60000


def ending_code(number: int) -> int:
    """The exit code of a program that is ended in place of this signal."""
    return _OURS | number


def read_ending(code: int) -> tuple[int, str | None]:
    """Exit code as a shell shows it, and the name of the signal if that ended the program."""
    code &= 0xFFFFFFFF
    if code == _CONTROL_C_EXIT:
        return 128 + signal.SIGINT, "SIGINT"
    if code & 0xFFFFFF00 != _OURS:
        return code, None
    number = code & 0xFF
    try:
        return 128 + number, signal.Signals(number).name
    except ValueError:
        return 128 + number, f"SIG{number}"
