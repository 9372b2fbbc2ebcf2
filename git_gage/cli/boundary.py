"""Where every failure ends: its exit code, and what is said of it on standard error."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING

import click

from git_gage.cli.commands import ALIASES, COMMANDS, UnknownCommandError
from git_gage.cli.door import INTERRUPTED
from git_gage.errors import (
    ElsewhereError,
    GageError,
    LostError,
    NotHereError,
    describe_os_error,
)

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App

USAGE, CLOSED_PIPE, BUG = 129, 141, 70
# What the machine refuses is nobody's bug.
_MACHINE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOTCONN),
}


def report_failure(error: BaseException, app: App) -> int:
    """Say what failed, and what to type next; the exit code."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.UsageError():
            _say(*describe_usage(error))
            return USAGE
        case GageError():
            kind = "error" if error.exit_code == 1 else "fatal"
            _say(error.message, _find_hint(error, app), kind)
            return error.exit_code
        case (
            KeyboardInterrupt() | click.Abort()
        ):  # click's word for Ctrl-C and Ctrl-D at a question
            return INTERRUPTED
        case BrokenPipeError():
            _drop_stdout()
            return CLOSED_PIPE
        case OSError() if error.errno in _MACHINE:
            _drop_stdout()
            _say(*describe_os_error(error))
            return GageError.exit_code
    _report_bug(error, app)
    return BUG


def describe_usage(error: click.UsageError) -> tuple[str, str]:
    """What is wrong with a command line, and a hint."""
    help_hint = f"see '{error.ctx.command_path if error.ctx else 'git gage'} -h'"
    match error:
        case UnknownCommandError():
            near = _closest(error.name, [*COMMANDS, *ALIASES])
            return error.message, f"did you mean '{near}'?" if near else "see 'git gage -h'"
        case click.NoSuchOption(option_name="--runs") if error.ctx is not None:
            return (
                "'--runs' stands before the command",
                f"git gage --runs <dir> {error.ctx.info_name}",
            )
        case click.NoSuchOption():
            # All begin alike: two that are near each other for that alone are not.
            name, names = error.option_name.lstrip("-"), error.possibilities or []
            near = next((each for each in names if _closest(name, [each.lstrip("-")])), None)
            hint = f"did you mean '{near}'?" if near else help_hint
            return f"no option '{error.option_name}'", hint
        case click.MissingParameter() if error.param is not None and error.ctx is not None:
            return f"missing {error.param.metavar or error.param.name}", help_hint
    message = error.format_message().rstrip(".")
    return message[0].lower() + message[1:], getattr(error, "hint", None) or help_hint


def _find_hint(error: GageError, app: App) -> str | None:
    """What to type next; where that gets something, from where it is."""
    hint = error.hint
    if isinstance(error, NotHereError):
        from git_gage.cli.absent import how_to_fetch

        hint = how_to_fetch(app, error.run)
    if isinstance(error, LostError):
        from git_gage.cli.absent import how_to_give_back

        hint = how_to_give_back(app, error.run)
    if isinstance(error, ElsewhereError) and hint is not None:
        from git_gage.cli.absent import how_to_pull

        hint = how_to_pull(app, error.run, error.path, alone=error.alone)
    if hint is not None:
        from git_gage.cli.folder import add_where_runs_are

        hint = add_where_runs_are(app, hint)
    if hint is None or app.typed_folder is None:
        return hint
    from git_gage.render.wording import hint_text

    return hint_text(hint, app.typed_folder)


def _closest(name: str, names: list[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, n=1)), None)


def _say(message: str, hint: str | None, kind: str = "fatal") -> None:
    from git_gage.safe import clean

    text = "\n".join(clean(line) for line in message.splitlines())
    click.echo(f"{kind}: {text}", err=True)
    if hint is not None:
        click.echo(f"hint: {clean(hint)}", err=True)


def _drop_stdout() -> None:
    """What is still buffered and cannot be written must not fail again at the very end."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _report_bug(error: BaseException, app: App) -> None:
    path = _write_traceback(error, app.log_dir)
    where = f"details in '{path}'" if path else str(error)
    _say(
        f"this is a bug in git-gage: {type(error).__name__} ({where})",
        "report it to the maintainers of git-gage, with that and what 'git gage version' prints",
    )


def _write_traceback(error: BaseException, folder: Path | None) -> Path | None:
    import tempfile
    import traceback
    from pathlib import Path

    name = f"git-gage-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None:
            continue
        try:
            place.mkdir(parents=True, exist_ok=True)
            (place / name).write_text("".join(traceback.format_exception(error)))
        except OSError:
            continue
        return place / name
    return None
