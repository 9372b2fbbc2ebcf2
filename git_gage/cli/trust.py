"""`git gage trust`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, color_option, json_option
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.trust.keys import PublicKey

# How many words each action takes at least and at most.
_WORDS = {
    "list": (0, 0),
    "add": (0, 4),
    "retire": (1, 3),
    "revoke": (1, 3),
    "import": (1, 1),
    "export": (0, 0),
    "pins": (0, 0),
}
# Which actions take an option that not all take.
_OPTIONS = {
    "--from-run": ("add",),
    "--fingerprint": ("add",),
    "--yes": ("add",),
    "--expires": ("add",),
    "--admin": ("add",),
    "--at": ("retire",),
    "--user": ("add", "retire", "revoke", "import"),
    "--json": ("list", "pins"),
}


@click.command(
    "trust",
    cls=Command,
    usage=(
        "git gage trust [list | pins] [--json]",
        "git gage trust add <who> <key> [--expires <time>] [--admin] [--user]",
        "git gage trust add [<who>] --from-run <run> [-y --fingerprint <text>]",
        "git gage trust retire <key> [--at <time>]",
        "git gage trust revoke <key> [--user]",
        "git gage trust (import <file> | export)",
    ),
    examples=[
        "git gage trust add sam@example.com sam.pub",
        "git gage trust add --from-run 3",
        "git gage trust retire SHA256:qJHz...",
    ],
    note="""\
A <key> is a public key, a file with one, its fingerprint or, if it is the only
one, whose it is. What is said here is kept for this clone, or with '--user' for
all of yours; git's own files of signers are read, too, and never written.
'retire' ends a key, and what it signed before stays good; 'revoke' is for a key
that others may have, and nothing it ever signed is trusted. An admin's words
count like those of whoever began a run or wrote a comment: to put it away, to
purge it, to edit. 'pins' lists which keys came with which names.
""",
)
@click.argument("action", metavar="<action>", type=click.Choice(list(_WORDS)), default="list")
@click.argument("words", metavar="<key>", nargs=-1)
@click.option("--from-run", metavar="<run>", type=RunName(), help="Trust the key that signed a run")
@click.option("--fingerprint", metavar="<text>", help="The fingerprint that it must have")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, if the fingerprint is given")
@click.option("--expires", metavar="<time>", help="Trust it until a date such as 2027-01-31")
@click.option("--admin", is_flag=True, help="Let them purge and edit what others wrote, too")
@click.option("--at", metavar="<time>", help="End it at this date, not now")
@click.option("--user", is_flag=True, help="Keep it for all repositories of yours")
@json_option
@color_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    action: str,
    words: tuple[str, ...],
    as_json: bool,
    color: str,
    **options: Any,
) -> int:
    """Say whose keys are trusted"""
    app: App = ctx.obj
    _check_words(action, words, {"as_json": as_json, **options})
    if action in ("list", "pins"):
        _show(app, action, as_json, color)
        return 0
    return _ACTIONS[action](app, words, options)


def _check_words(action: str, words: tuple[str, ...], options: dict[str, Any]) -> None:
    least, most = _WORDS[action]
    if len(words) < least:
        raise click.UsageError("missing <file>" if action == "import" else "missing <key>")
    if len(words) > most:
        raise click.UsageError(f"unexpected argument '{words[most]}'")
    for option, actions in _OPTIONS.items():
        name = "as_json" if option == "--json" else option.removeprefix("--").replace("-", "_")
        if options[name] and action not in actions:
            raise click.UsageError(f"'{action}' takes no '{option}'")


def _show(app: App, action: str, as_json: bool, color: str) -> None:
    from git_gage.cli.trust_keys import describe_pins, describe_trusted
    from git_gage.render.machine import format_json
    from git_gage.render.trust import format_pins, format_trusted

    rows = describe_pins(app) if action == "pins" else describe_trusted(app)
    screen = app.screen(color)
    if as_json:
        app.show(format_json(rows), screen)
    elif not rows:
        click.echo("no keys yet", err=True)
    else:
        form = format_pins if action == "pins" else format_trusted
        app.show(form(rows, screen), screen)


# -- changes ------------------------------------------------------------------------------------


def _add(app: App, words: tuple[str, ...], options: dict[str, Any]) -> int:
    from git_gage.cli.trust_keys import find_signer_of, read_key, read_moment, refuse_conflict
    from git_gage.trust.own_files import add_signer, check_name

    if options["yes"] and not options["fingerprint"]:
        raise click.UsageError("'--yes' needs '--fingerprint'")
    expires = options["expires"] and read_moment(options["expires"], "--expires")
    if options["from_run"] is not None:
        if len(words) > 1:
            raise click.UsageError(f"unexpected argument '{words[1]}'")
        who, key = find_signer_of(
            app, options["from_run"], words[0] if words else None, options["fingerprint"]
        )
    elif len(words) < 2:
        raise click.UsageError("missing <key>" if words else "missing <who>")
    else:
        who, key = words[0], read_key(app.cwd, " ".join(words[1:]))
    check_name(who)
    _require_fingerprint(key, options["fingerprint"])
    refuse_conflict(app, who, key)
    if options["from_run"] is not None and not options["yes"] and not _confirm(who, key):
        return 1
    with app.store.writing():
        is_new = add_signer(
            _file(app, "allowed_signers", options["user"]),
            who,
            key,
            expires,
            admin=options["admin"],
        )
    _judge_again(app)
    role = ", an admin" if options["admin"] else ""
    click.echo(f"{'Trusted' if is_new else 'Already trusted'} {key.fingerprint} of {who}{role}")
    return 0


def _require_fingerprint(key: PublicKey, wanted: str | None) -> None:
    if wanted not in (None, key.fingerprint):
        raise RequestError(
            f"the key has the fingerprint {key.fingerprint}, not {wanted}",
            hint="ask whose key it is for theirs: 'ssh-keygen -lf <file>'",
        )


def _confirm(who: str, key: PublicKey) -> bool:
    """Whether the user says yes; without a terminal nobody does."""
    import sys

    click.echo(f"{who} signs with {key.kind} {key.fingerprint}", err=True)
    if sys.stdin is None or not sys.stdin.isatty():
        click.echo(
            "error: nobody here to say that it is theirs\n"
            f"hint: compare it with theirs, then add '-y --fingerprint {key.fingerprint}'",
            err=True,
        )
        return False
    return click.confirm("Did they tell you this fingerprint themselves?", err=True)


def _retire(app: App, words: tuple[str, ...], options: dict[str, Any]) -> int:
    from git_gage.cli.trust_keys import end_key, find_fingerprint, read_moment

    now = app.store.clock()
    at = read_moment(options["at"], "--at") if options["at"] else now
    if at > now:
        raise click.UsageError("'--at' needs a time that is over")
    fingerprint = find_fingerprint(app, " ".join(words))
    for line in end_key(app, fingerprint, at):
        click.echo(line)
    _judge_again(app)
    return 0


def _revoke(app: App, words: tuple[str, ...], options: dict[str, Any]) -> int:
    from git_gage.cli.trust_keys import find_fingerprint
    from git_gage.trust.own_files import revoke_key

    fingerprint = find_fingerprint(app, " ".join(words))
    with app.store.writing():
        is_new = revoke_key(_file(app, "revoked_keys", options["user"]), fingerprint)
    _judge_again(app)
    click.echo(f"{'Revoked' if is_new else 'Already revoked'} {fingerprint}")
    return 0


def _import(app: App, words: tuple[str, ...], options: dict[str, Any]) -> int:
    from git_gage.cli.trust_keys import read_signers_file
    from git_gage.render.amounts import count_text
    from git_gage.trust.own_files import add_lines
    from git_gage.trust.rules import names_admin

    lines = read_signers_file(app, words[0])
    with app.store.writing():
        fresh = add_lines(_file(app, "allowed_signers", options["user"]), lines)
    _judge_again(app)
    for line in fresh:
        role = "  admin" if names_admin(line) else ""
        click.echo(f"{line.patterns}  {line.key.fingerprint}{role}")
    click.echo(f"Trusted {count_text(len(fresh), 'new key')}")
    return 0


def _export(app: App, _words: tuple[str, ...], _options: dict[str, Any]) -> int:
    from git_gage.cli.trust_keys import list_lines
    from git_gage.trust.own_files import format_line

    screen = app.screen()
    lines = dict.fromkeys(format_line(line) for line in list_lines(app))
    screen.write(screen.encode("".join(f"{line}\n" for line in lines)))
    return 0


_ACTIONS: dict[str, Callable[[App, tuple[str, ...], dict[str, Any]], int]] = {
    "add": _add,
    "retire": _retire,
    "revoke": _revoke,
    "import": _import,
    "export": _export,
}


def _file(app: App, name: str, user: bool) -> Path:
    """Our own file of that name: this clone's, or the user's."""
    from git_gage.trust.sources import user_folder

    if not user and app.is_outside:
        raise RequestError(
            "you are in no repository, and a folder of runs trusts nobody",
            hint="give '--user', for all that you do",
        )
    folder = user_folder(app.environ) if user else app.here.gage_dir
    if folder is None:
        raise RequestError("no home folder for '--user'", hint="set HOME")
    return folder / name


def _judge_again(app: App) -> None:
    app.catalog.refresh()
    app.judge_again()
