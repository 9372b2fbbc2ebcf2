"""`git gage copy`."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from git_gage.cli.choosing import filter_options, find_chosen, tell_private
from git_gage.cli.consent import require_terminal, require_yes
from git_gage.cli.elsewhere import Elsewhere
from git_gage.cli.moving import (
    What,
    dry_run_option,
    hinting,
    meta_option,
    repeat_move,
    user_option,
    warn_of_previews,
)
from git_gage.cli.params import RemoteName, RunName, files_option, json_option, secrets_option
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from git_gage.catalog import Catalog
    from git_gage.cli.app import App
    from git_gage.share.copy import Plan
    from git_gage.share.lanes import Refs


@click.command(
    "copy",
    cls=Command,
    usage="git gage copy (--to | --from) <where> (<run>... | --all | -w <filter>)",
    examples=["git gage copy --all --to /mnt/runs", "git gage copy q8gn708 --from origin"],
    exclusive=[("--to", "--from")],
    note="""\
<where> is a name that 'git gage remote' lists, a URL, or a directory: one that
is empty, or not there yet, is made a bare repository. With '--from' a <run> is
one that is there: its row in 'git gage list --remote <where>', its id or name.
What the other side has is not sent again, and nothing there is ever deleted.
""",
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("--to", "to", metavar="<where>", type=RemoteName(), help="Copy runs to this place")
@click.option(
    "--from", "source", metavar="<where>", type=RemoteName(), help="Copy runs from this place"
)
@click.option("-a", "--all", "everything", is_flag=True, help="Copy all runs")
@filter_options()
@files_option
@meta_option
@user_option
@dry_run_option
@json_option
@click.option("-y", "--yes", is_flag=True, help="Copy without being asked")
@secrets_option
@click.pass_obj
def command(app: App, /, to: str | None, source: str | None, **given: Any) -> int:
    """Copy runs to a directory or remote, or from one"""
    where = to or source
    if not where:
        raise click.UsageError("give '--to <where>' or '--from <where>'")
    as_json, yes, allow_secrets, everything = (
        given.pop(key) for key in ("as_json", "yes", "allow_secrets", "everything")
    )
    what = What(given.pop("runs"), **given)
    if as_json and not what.dry_run:
        raise click.UsageError("'--json' needs '--dry-run'")
    if everything == what.is_chosen:
        raise click.UsageError(
            "'--all' takes neither runs nor '-w <filter>'"
            if everything
            else "give the runs, '-w <filter>' or '--all'"
        )
    side = find_side(app, where, sends=to is not None)
    words = ["copy", "--to" if side.sends else "--from", side.shown]
    flags = {"--all": everything, "-n": what.dry_run, "--json": as_json, "-y": yes}
    flags["--allow-secrets"] = allow_secrets
    more = [flag for flag, is_given in flags.items() if is_given]
    with hinting(repeat_move(words, None, what, *more)):
        found = plan(app, side, what)
    is_more = found.has_previews or _find_large(found, what)[0]
    if not found.plan.is_any and not (found.runs and is_more):
        return _tell_nothing(app, found, what, as_json=as_json)
    tell_private(app, found.private)
    if what.dry_run:
        if side.sends and found.plan.moves and not allow_secrets:
            from git_gage.share.copy import require_clean_copy

            require_clean_copy(app.store, app.catalog, side.address, found.plan, found.listed)
        screen = app.screen()
        app.show(_preview(app, found, what, as_json=as_json), screen)
        return 0
    if not yes:
        require_terminal("copied", "say yes with '-y', or look with '--dry-run'")
        require_yes(f"{_preview(app, found, what, as_json=False)}Copy?", "copied")
    with hinting(repeat_move(words, found.runs, what, *more)):
        code = move(app, found, what, allow_secrets=allow_secrets)
    if moves := found.plan.moves:
        from git_gage.render.amounts import count_text

        # The runs themselves may be on neither side.
        updates = (sum(each.records for each in moves), "update")
        click.echo(f"Copied {count_text(*(updates if what.user else (len(moves), 'run')))}")
    return code


def move(app: App, found: Found, what: What, *, allow_secrets: bool) -> int:
    """Copy what was found; 1 where large files that were to go along are not here.

    Raises: as `make_copy` and `push_files`.
    """
    from git_gage.cli.files_transfer import get_large, send_large
    from git_gage.cli.folder import take_in
    from git_gage.safe import clean
    from git_gage.share.copy import make_copy
    from git_gage.share.thumbs import fetch_thumbs, push_thumbs

    side, plan = found.side, found.plan
    previews, gave_up = 0, False
    side.make(app)
    with app.progress() as progress:
        if plan.is_any:
            gave_up = make_copy(
                *(app.store, app.catalog, side.address, plan, progress),
                allow_secrets=allow_secrets,
                here=app.here,
            )
        if what.files != "none" and plan.sends:
            previews = push_thumbs(app.store, app.catalog, side.address, found.runs, progress)
            warn_of_previews(progress, what, previews)
        elif what.files != "none":
            previews = fetch_thumbs(app.store, side.address, progress)
    if app.folder is not None and not plan.sends:
        take_in(app, [move.run for move in plan.moves if not move.records])
    if gave_up:
        click.echo(f"{clean(side.shown)} gave up what was taken out")
    if what.files == "thumbs" and not plan.moves:
        click.echo(_describe_previews(side, previews))
    if what.files != "all":
        return 0
    app.look_again()
    if plan.sends:
        return send_large(app, side.name, found.runs, dry_run=False, allow_secrets=allow_secrets)
    get_large(app, side.name, found.runs, dry_run=False)
    return 0


EVERYTHING = What((), (), "all", meta=False, user=False, dry_run=False)


# -- the other side -----------------------------------------------------------------------------


class Side(NamedTuple):
    """The other side of a copy. `unmade`: the folder that is to be made a repository first.

    name: what settings call it where the user is, else its address.
    """

    shown: str
    address: str
    unmade: Path | None
    sends: bool
    name: str

    def make(self, app: App) -> None:
        """Make a repository of the folder that runs go to, where there is none yet."""
        if not self.sends:
            app.make_folder()
        elif self.unmade is not None:
            from git_gage.git.folder import make_folder

            make_folder(self.unmade, app.environ, app.repo.object_format)


def find_side(app: App, word: str, *, sends: bool) -> Side:
    """Raises: RequestError for what is no place for runs, or the one that has them."""
    from git_gage.share.places import is_url
    from git_gage.share.remote import find_remote, hide_user, is_remote, remote_names

    named = is_remote(app.here, word)
    if not named and not (app.cwd / word).is_dir():
        raise RequestError(
            f"no remote or place '{word}', and no such directory",
            hint=f"'git gage remote' lists them; for a new directory write './{word}'",
        )
    if word in remote_names(app.here):
        return Side(word, app.address(word, push=sends), None, sends, word)
    found = find_remote(app.here, word) if named else None
    address = found.address if found else word
    name = word if found and found.is_place else ""
    if is_url(address):
        return Side(hide_user(word), address, None, sends, name or address)
    path = app.find_path(address)
    if not (sends or path.exists()):
        raise RequestError(
            f"no such directory: '{word}'", hint="'git gage remote' lists remotes and places"
        )
    unmade = None if _is_made(app, path) else path
    return Side(word, str(path), unmade, sends, name or str(path))


def is_place(app: App, word: str) -> bool:
    """Whether a word is a remote, a URL, or a directory with a repository, and so no file."""
    from git_gage.share.places import find_places, is_url
    from git_gage.share.remote import remote_names

    if is_url(word) or word in remote_names(app.here):
        return True
    if any(place.name == word for place in find_places(app.here).found):
        return True
    path = app.cwd / word
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def _is_made(app: App, path: Path) -> bool:
    from git_gage.git.folder import open_folder

    found = open_folder(path, app.cwd, app.environ)
    if found is not None and os.path.samefile(found.common_dir, app.repo.common_dir):
        raise RequestError(
            f"the runs are in '{path}' already", hint="give another place to copy to or from"
        )
    return found is not None


# -- what goes ----------------------------------------------------------------------------------


class Found(NamedTuple):
    """What goes where; `runs`: all that are meant. `catalogs` have them, the last one best.

    `listed` are the refs of the other side; has_previews: whether previews would go, if asked for;
    private: how many runs would be meant, too; is_partial: whether runs are there that are hidden.
    """

    side: Side
    plan: Plan
    catalogs: Sequence[Catalog]
    runs: list[str]
    listed: Refs
    has_previews: bool
    private: int
    is_partial: bool

    def documents(self, runs: Sequence[str]) -> list[dict[str, Any]]:
        """Run objects of these ids, in their order; little is known of a purged one."""
        found = {each["id"]: each for here in self.catalogs for each in here.newest(None, runs)}
        gone = {**dict.fromkeys(("name", "operation", "label", "files")), "status": "purged"}
        return [found.get(run, {"id": run, **gone}) for run in runs]


def plan(app: App, side: Side, what: What, *, put_away: bool = False) -> Found:
    """What a copy would move; `put_away`: also runs that no list shows.

    Raises: RequestError for what names no run; RemoteError.
    """
    from git_gage.share.chosen import Chosen
    from git_gage.share.copy import find_put_away, plan_copy
    from git_gage.share.delivery import would_give_up
    from git_gage.share.peek import withheld_lines
    from git_gage.share.remote import find_remote
    from git_gage.share.thumbs import would_fetch, would_push

    there = None
    if side.unmade is None:
        there = Elsewhere(app, side.address)
    elif not side.sends and what.words:
        hint = f"git gage copy --all --to {quote(side.shown)}"
        raise RequestError(f"no runs in '{side.shown}' yet", hint=hint)
    giver = app if side.sends else there
    runs, private = ([], 0) if giver is None else _choose(giver, what, put_away=put_away)
    theirs = None if there is None else there.runs
    source, target = (app.runs, theirs) if side.sends else (theirs or app.runs, app.runs)
    held: dict[bytes, None] = {}
    if there is not None and side.sends:
        with app.progress() as progress:
            held = withheld_lines(app.store, there.peek, progress)
    passed_over: list[str] = []
    if target is not None and not what.is_chosen:
        passed_over = find_put_away(app.store, source, target, held, sends=side.sends)
    chosen = Chosen([*runs, *passed_over], what.parts, what.kinds)
    planned = plan_copy(app.store, side.address, source, target, chosen, held, sends=side.sends)
    listed = {} if there is None else there.peek.listed
    if there is not None and side.sends:
        gives_up = would_give_up(app.store, there.peek.remote, listed, whole=False)
        planned = planned._replace(gives_up=gives_up)
    remote = find_remote(app.store.repo, side.address)
    has_previews = what.files != "none" and (
        would_push(app.store, app.catalog, remote, runs, listed)
        if side.sends
        else would_fetch(app.store, remote, listed)
    )
    catalogs = [target or source, source]
    is_partial = there is not None and there.is_partial
    return Found(side, planned, catalogs, runs, listed, has_previews, private, is_partial)


def _choose(giver: App, what: What, *, put_away: bool) -> tuple[list[str], int]:
    """Ids of the runs that are meant, the newest first where they are not named.

    Private ones are not, and cannot be named; how many these would be.
    """
    from git_gage.share.private import require_shareable

    if what.is_chosen:
        found = find_chosen(giver, what.words, what.wheres)
    else:
        found = giver.runs.find((), put_away=put_away)
    if what.words:
        require_shareable(giver.store, found)
    private = giver.store.private
    shared = [run for run in found if run not in private]
    return shared, len(found) - len(shared)


# -- what is said -------------------------------------------------------------------------------


def _describe_previews(side: Side, count: int) -> str:
    from git_gage.render.amounts import count_text

    return f"Copied {count_text(count, 'preview')}" if count else _describe_same(side)


def _describe_same(side: Side) -> str:
    from git_gage.safe import clean

    shown = clean(side.shown)
    same = f"{shown} has all of it that is here"
    return f"Nothing to copy: {same if side.sends else f'all that {shown} has of it is here'}"


def _tell_nothing(app: App, found: Found, what: What, *, as_json: bool) -> int:
    code = 0
    if as_json:
        click.echo("[]")
    elif found.runs:
        click.echo(_describe_same(found.side))
    elif what.wheres:
        told = "no run matches that is not private" if found.private else "no run matches"
        click.echo(told, err=True)
        code = 1
    else:
        told = "none here that is not private" if found.private else "no runs yet"
        if found.is_partial and not found.side.sends:
            told = "what is there is not shown"
        click.echo(f"Nothing to copy: {told}")
    tell_private(app, found.private)
    return code


def _preview(app: App, found: Found, what: What, *, as_json: bool) -> str:
    from git_gage.render.moves import format_moves, move_objects
    from git_gage.safe import clean

    moves = found.plan.moves
    documents = found.documents([move.run for move in moves])
    counts = [(move.is_new, move.records) for move in moves]
    if as_json:
        from git_gage.render.machine import format_json

        return format_json(move_objects(documents, counts))
    side = found.side
    head = ""
    if moves:
        new = "records" if what.meta else "all"
        words = (documents, counts, side.shown, app.screen())
        head = format_moves(*words, to=side.sends, new=new)
    if found.plan.gives_up:
        head += f"{clean(side.shown)} would give up what was taken out\n"
    return head + _describe_files(found, what)


def _describe_files(found: Found, what: What) -> str:
    """What goes along or alone; which of it is there already is asked when it goes."""
    from git_gage.safe import clean

    count, large = _find_large(found, what)
    parts = ["previews of images"] * found.has_previews + [large] * bool(count)
    if not parts:
        return ""
    them, are = ("it", "it is") if count == len(parts) == 1 else ("them", "they are")
    limit = f"{are} not there" if found.side.sends else f"{clean(found.side.shown)} has {them}"
    return f"with {' and '.join(parts)}, as far as {limit}\n"


def _find_large(found: Found, what: What) -> tuple[int, str]:
    """How many large files are asked for, and what to say of them."""
    from git_gage.render.amounts import large_text

    return large_text(found.documents(found.runs)) if what.files == "all" else (0, "")
