"""Why a program can't be started."""

from __future__ import annotations

from git_gage.errors import GageError

CANNOT_RUN, NOT_FOUND = 126, 127


class StartError(GageError):
    """The program can't be started; the exit code is what a shell leaves with."""

    def __init__(self, message: str, *, exit_code: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code
