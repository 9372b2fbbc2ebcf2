"""Failures we expect, by whose move is next; `cli` maps them to exit codes and prints them."""

from __future__ import annotations

import errno

# A_REQUIRED_PRIVILEGE_IS_NOT_HELD of Windows, where links are a right of their own.
_NO_LINKS = 1314
FETCH = "git gage fetch"
RESTORE = "git gage restore --from"
FREE_SPACE = "free some space and try again; what was recorded before is safe"


class GageError(Exception):
    """A failure with a message in git's style and, where there is one, a thing to type next."""

    exit_code = 128

    def __init__(self, message: str, *, hint: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.facts = facts


class RequestError(GageError):
    """What was asked for cannot be had; the message says what could be."""


class NotHereError(RequestError):
    """A run has this elsewhere, and a fetch brings it; whoever prints that may know from where."""

    def __init__(self, message: str, run: str) -> None:
        super().__init__(message, hint=FETCH)
        self.run = run


class LostError(RequestError):
    """This disk has lost this of a run; whoever prints that may know who has it."""

    def __init__(self, message: str, run: str) -> None:
        super().__init__(message, hint=f"{RESTORE} <backup>")
        self.run = run


class ElsewhereError(RequestError):
    """A large file of a run is elsewhere; whoever prints that may know which remote has it.

    path: the file. alone: whether that one is to be got, and no other one of the run.
    """

    alone = True

    def __init__(self, message: str, run: str, path: bytes, *, hint: str | None) -> None:
        super().__init__(message, hint=hint)
        self.run = run
        self.path = path


class RefusedError(GageError):
    """The answer is no: the user has not agreed to what was to be done."""

    exit_code = 1


class RunNotFoundError(RequestError):
    """No run answers to the name that was given."""


class AmbiguousRunError(RequestError):
    """More than one run answers to the name that was given."""


class FilterSyntaxError(RequestError):
    """A filter cannot be read; the message shows it with a mark under the place."""


class ConfigError(GageError):
    """A setting, file or key is not what it must be."""


class GitError(GageError):
    """The git program refused; keeps what it was asked and what it said."""

    def __init__(
        self,
        message: str,
        *,
        stderr: str = "",
        returncode: int = 128,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.stderr = stderr
        self.returncode = returncode


class RemoteError(GitError):
    """A remote could not be reached or refused what it was given.

    `again`: the command that the hint ends with, where that is to be typed once more; `when`: what
    it says of when. `is_theirs`: whether it is known that nothing here is the cause. `is_refusal`:
    whether it was reached.
    """

    again: str | None = None
    when: str | None = None
    is_theirs = False
    is_refusal = False


class ConflictError(GageError):
    """A ref or file kept changing while it was being updated."""


class IntegrityError(GageError):
    """Stored bytes disagree with their digest, schema or version."""


def describe_os_error(error: OSError) -> tuple[str, str | None]:
    """What the operating system refused, as a message of ours, and what to do about it."""
    if getattr(error, "winerror", None) == _NO_LINKS:
        return "Windows lets you make no links", "turn on Developer Mode, or use --in-place"
    place = f" ('{error.filename}')" if error.filename else ""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return f"{(error.strerror or str(error)).lower()}{place}", FREE_SPACE if full else None
