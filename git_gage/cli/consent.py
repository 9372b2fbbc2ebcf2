"""Asking before something is done that not everybody would want."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from git_gage.cli.judging import find_signer
from git_gage.errors import RefusedError

if TYPE_CHECKING:
    from typing import TextIO

    from git_gage.cli.app import App
    from git_gage.runs.consent import Consent, ForeignRun

trust_code_option = click.option(
    "--trust-code", is_flag=True, help="Run what was recorded elsewhere, unasked"
)


def find_consent(app: App, *, trust_code: bool, never_ask: bool) -> Consent | None:
    """How the user agrees: once and for all with `--trust-code`, else at the terminal.

    None where nobody can be asked.
    """
    if trust_code:
        return lambda asked: _tell_left_out(app, asked)
    if never_ask or not can_ask():
        return None
    return lambda asked: _ask(asked._replace(signer=find_signer(app, asked.run)))


def _ask(asked: ForeignRun) -> bool:
    from git_gage.render.consent import format_foreign

    return agree(f"{format_foreign(asked)}Run it? [y/N] ")


def _tell_left_out(app: App, asked: ForeignRun) -> bool:
    for path, why in asked.left_out:
        app.progress().warning(f"'{path}' is not made ({why})")
    return True


def can_ask() -> bool:
    """Whether somebody is at a terminal."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def agree(question: str) -> bool:
    """Whether they say yes to it."""
    click.echo(question, err=True, nl=False)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        click.echo(err=True)  # what is said next begins a line
    return answer.strip().lower() in ("y", "yes")


def require_terminal(done: str, hint: str) -> None:
    """Raises: RefusedError where nobody can say yes, so that nothing is `done`."""
    if not can_ask():
        raise RefusedError(f"nothing was {done}: nobody can be asked", hint=hint)


def require_yes(question: str, done: str) -> None:
    """Raises: RefusedError where they do not say yes, so that nothing is `done`."""
    if not agree(f"{question} [y/N] "):
        raise RefusedError(f"nothing was {done}")


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
