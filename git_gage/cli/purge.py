"""`git gage purge`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.params import RemoteName, RunName, json_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.errors import GageError

# So many runs fit into a hint.
_MOST_NAMED = 5


@click.command(
    "purge",
    cls=Command,
    usage="git gage purge (<run>... | -w <filter>) [--remote <remote>] [--force]",
    examples=["git gage purge 3 4", "git gage purge -w deleted --remote origin"],
    note=f"""\
What was recorded of the runs, their sources and files go, and nothing brings
them back: a word that they were purged stays, so that no fetch does. You are
asked to type how many runs that are. Remotes give them up at the next push, or
at once with --remote.

{RUN_NOTE}""",
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@filter_options()
@click.option(
    "--remote",
    "remotes",
    metavar="<remote>",
    multiple=True,
    type=RemoteName(),
    help="Delete them there, too (can be repeated)",
)
@click.option("--force", is_flag=True, help="Never ask, for scripts")
@json_option
@sign_options
@click.pass_obj
def command(
    app: App,
    runs: tuple[str, ...],
    wheres: tuple[str, ...],
    remotes: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> None:
    """End runs for good: records, sources and files"""
    from git_gage.cli.put_away import describe_done, require_ended
    from git_gage.cli.remote_words import require_remote
    from git_gage.share.purge import plan_purge, purge_runs

    for remote in remotes:
        require_remote(app, remote)
    remotes = tuple(app.address(remote, push=True) for remote in remotes)
    gone = _find_gone(app, runs) if remotes else {}
    words = [word for word in runs if word not in gone]
    chosen = [] if gone and not words else find_chosen(app, words, wheres)
    _reach(app, remotes)
    require_ended(app, chosen)
    admin = _is_admin(app)
    plans = [plan_purge(app.store, app.catalog, run, app.author, admin=admin) for run in chosen]
    asked = [*chosen, *gone.values()]
    if not asked:
        describe_done(app, "Purged", [])
    if chosen and not force:
        _ask(app, chosen)
    before = _waiting(app)
    elsewhere = (
        purge_runs(app.store, app.catalog, plans, app.author, remotes).elsewhere if chosen else []
    )
    there = _end_there(app, remotes, asked)
    elsewhere = list(dict.fromkeys([*elsewhere, *there.elsewhere]))
    waiting = _waiting(app)
    left = list(dict.fromkeys([*waiting, *there.failed]))
    purged = asked if there.is_changed else chosen
    if as_json:
        from git_gage.render.machine import format_json

        body = {"runs": purged, "remotes": left, "elsewhere": elsewhere}
        click.echo(format_json(body), nl=False)
    else:
        still = [place for place in there.failed if place in waiting]
        maybe = [place for place in there.failed if place not in waiting]
        for line in _describe(purged, [*still, *there.kept, *elsewhere], maybe):
            click.echo(line)
    code = max(_report(app, there.failed), int(bool(there.kept)))
    if not (purged or there.failed or there.kept):
        describe_done(app, "Purged", [])
    with app.progress(quiet=as_json) as progress:
        met = {_name(app, remote) for remote in remotes}
        # Of what was purged before it was told then, and these runs may never have been there.
        new = [name for name in left if name in met or before.get(name) != waiting.get(name)]
        for hint in (*_hints(new, asked, there.failed), app.hint_at_gc()):
            progress.note(hint)
    click.get_current_context().exit(code)


def _reach(app: App, remotes: Sequence[str]) -> None:
    """Raises: RemoteError where one is away, or is none: nothing was purged yet."""
    from git_gage.share.remote import find_remote
    from git_gage.share.transfer import list_remote

    with app.progress() as progress:
        for remote in remotes:
            list_remote(app.repo, find_remote(app.repo, remote), progress)


class _There(NamedTuple):
    """What became of runs on remotes: where they are still, and what failed by remote.

    `kept`: remotes that did not delete all that they were to. is_changed: whether any remote gave
    up something, or heard of it.
    """

    elsewhere: list[str]
    failed: dict[str, GageError]
    kept: list[str]
    is_changed: bool


def _end_there(app: App, remotes: Sequence[str], runs: Sequence[str]) -> _There:
    """Let each remote delete runs."""
    from git_gage.errors import GageError
    from git_gage.share.purge import push_purge

    elsewhere: list[str] = []
    failed: dict[str, GageError] = {}
    kept: list[str] = []
    changed = set()
    with app.progress() as progress:
        for remote in remotes:
            try:
                ended = push_purge(app.store, app.catalog, remote, runs, progress, app.here)
            except GageError as error:
                failed[_name(app, remote)] = error
                continue
            elsewhere += ended.elsewhere
            kept += [_name(app, remote)] if ended.is_kept else []
            changed.add(ended.is_changed)
    return _There(elsewhere, failed, kept, is_changed=True in changed)


def _name(app: App, remote: str) -> str:
    """What to call a remote that was met."""
    from git_gage.share.lanes import recall_name
    from git_gage.share.remote import find_remote

    return recall_name(app.store, find_remote(app.repo, remote).tracking)


def _report(app: App, failed: Mapping[str, GageError]) -> int:
    """Say what failed, by remote; the exit code. What to type next is no push, as a rule."""
    from git_gage.cli.boundary import report_failure
    from git_gage.secrets.find import SecretsFoundError
    from git_gage.share.leaks import allow_by

    code = 0
    for remote, error in failed.items():
        way = f"git gage push {shlex.quote(remote)} --allow-secrets"
        error.hint = allow_by(error, way) if isinstance(error, SecretsFoundError) else None
        code = max(code, report_failure(error, app))
    return code


def _is_admin(app: App) -> bool:
    """Whether what this user signs now counts for others' runs, as far as is known here."""
    from git_gage.trust.signer import Signer

    email = (app.author or {}).get("email")
    key = app.signer.public if isinstance(app.signer, Signer) else None
    rules = app.judge.rules
    return bool(email and key and rules.is_admin(key, email, app.store.clock()))


def _find_gone(app: App, words: Sequence[str]) -> dict[str, str]:
    """Words for runs that are gone from here already: remotes may still have them."""
    from git_gage.errors import RunNotFoundError
    from git_gage.share.withdrawn import Withdrawn

    purged, found = Withdrawn(app.store).purged(), {}
    for word in words:
        meant = [run for run in purged if word in (run, run[10:17])]
        try:
            if meant:
                app.select([word])
        except RunNotFoundError:
            found[word] = meant[0]
    return found


def _ask(app: App, runs: Sequence[str]) -> None:
    """Let the user type how many runs are going to be gone.

    Raises: RefusedError where nobody can be asked, or the answer is another.
    """
    from git_gage.cli.consent import require_terminal
    from git_gage.cli.put_away import tell
    from git_gage.errors import RefusedError
    from git_gage.render.amounts import count_text

    tell(app, runs)
    require_terminal("changed", "say yes by '--force'")
    question = f"{count_text(len(runs), 'run')} will be gone for good. Type the number of runs"
    answer = click.prompt(question, default="", show_default=False, err=True)
    if answer.strip() != str(len(runs)):
        raise RefusedError("nothing was changed")


def _waiting(app: App) -> dict[str, Any]:
    """Remotes that are still to delete something, with what."""
    from git_gage.share.lanes import recall_name
    from git_gage.share.withdrawn import Withdrawn

    withdrawn = Withdrawn(app.store)
    return {
        recall_name(app.store, name): (withdrawn.deletes(name), withdrawn.files(name))
        for name in withdrawn.remotes()
    }


def _describe(runs: Sequence[str], elsewhere: Sequence[str], maybe: Sequence[str]) -> Iterator[str]:
    """`maybe`: remotes that failed, and are not known to have anything of the runs."""
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    if runs:
        yield f"Purged {count_text(len(runs), 'run')}"
    for place in elsewhere:
        yield f"still on a remote: {clean(place)}"
    for place in maybe:
        yield f"maybe still on a remote: {clean(place)}"


def _hints(
    remotes: Sequence[str], runs: Sequence[str], failed: Mapping[str, GageError]
) -> Iterator[str]:
    """A push would send other runs along, so it is named only where the runs are too many."""
    from git_gage.errors import RemoteError
    from git_gage.records import short_id

    few = " ".join(map(short_id, runs)) if len(runs) <= _MOST_NAMED else None
    for remote in remotes:
        name, error = shlex.quote(remote), failed.get(remote)
        way = f"git gage purge {few} --remote {name}" if few else f"git gage push {name}"
        when = error.when if isinstance(error, RemoteError) else None
        yield f"hint: {when or 'end it on the remote, too:'} {way}"
