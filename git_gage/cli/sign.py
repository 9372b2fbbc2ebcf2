"""`git gage sign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import Label, RunName, yes_option
from git_gage.cli.parsing import RUN_NOTE, Command, UsageError
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.runs.attest import Attested


@click.command(
    "sign",
    cls=Command,
    usage=(
        "git gage sign <run>... [--key <key>] [-m <note>]",
        "git gage sign (--keyring | --no-keyring)",
    ),
    examples=["git gage sign @ -m 'the weights we shipped'"],
    exclusive=[
        ("--keyring", "--no-keyring"),
        *((own, other) for own in ("--keyring", "--no-keyring") for other in ("--key", "-m")),
    ],
    note=RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("--key", metavar="<key>", help="Sign with this key, as user.signingKey names one")
@click.option("-m", "--message", "note", metavar="<note>", type=Label(), help="Say why")
@click.option("--keyring", is_flag=True, help="Lock the local key by the system's keyring")
@click.option("--no-keyring", is_flag=True, help="Unlock the local key again")
@yes_option
@click.pass_obj
def command(
    app: App,
    runs: tuple[str, ...],
    key: str | None,
    note: str | None,
    keyring: bool,
    no_keyring: bool,
) -> None:
    """Sign what runs came to: their records, output and files"""
    if bool(runs) == (keyring or no_keyring):
        message = f"unexpected argument '{runs[0]}'" if runs else "nothing to sign"
        raise UsageError(message, "git gage sign @")
    if not runs:
        _change_lock(app, lock=keyring)
        return
    from git_gage.runs.attest import attest_runs

    chosen = app.select(runs)
    app.ask_to_sign(key)
    for signed in attest_runs(app.store, app.catalog, chosen, note, app.author):
        click.echo(_describe(signed))


def _describe(signed: Attested) -> str:
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text, size_text

    files = "not all of its files are here"
    if signed.files is not None:
        files = f"{count_text(signed.files, 'file')}, {size_text(signed.size)}"
    return f"Signed run {short_id(signed.run)}: {files}"


def _change_lock(app: App, *, lock: bool) -> None:
    from git_gage.trust.local_key import find_place, lock_local_key, unlock_local_key

    path = find_place(app.environ)
    if path is None or not path.exists():
        raise RequestError(
            "there is no local key yet", hint="one is made with the first record you sign"
        )
    if lock:
        lock_local_key(path, app.environ, app.person)
    else:
        unlock_local_key(path, app.environ, app.person)
    click.echo(f"{'Locked' if lock else 'Unlocked'} '{path}'")
