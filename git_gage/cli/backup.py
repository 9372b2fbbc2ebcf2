"""`git gage backup`."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from git_gage.cli.moving import hinting
from git_gage.cli.params import PathWord, json_option, secrets_option, yes_option
from git_gage.cli.parsing import Command
from git_gage.errors import RemoteError, RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.cli.copy import Found
    from git_gage.share.backup import Backup

_NAME = "gage-%Y%m%d-%H%M%S.tar"


@click.command(
    "backup",
    cls=Command,
    usage=("git gage backup (<file> | <remote>)", "git gage backup --verify <file>"),
    examples=["git gage backup ~/runs.tar", "git gage backup /mnt/lab/runs.git"],
    note="All records that are here, sources, outputs, previews and large files go into\n"
    "one tar; in a folder it gets a name made from the time. A remote, or a folder\n"
    "with a repository, gets what it lacks of them, but for private runs. 'git gage\n"
    "restore --from' brings it back. Private keys go nowhere\n",
)
@click.argument("name", metavar="<file>", type=PathWord())
@click.option("--verify", is_flag=True, help="Compare every byte of a backup with its list")
@json_option
@yes_option
@secrets_option
@click.pass_obj
def command(app: App, name: str, verify: bool, as_json: bool, allow_secrets: bool) -> int:
    """Save all runs in one file, or on a remote"""
    from git_gage.cli.copy import is_place

    if not verify and is_place(app, name):
        if as_json:
            raise click.UsageError("'--json' is for a backup in a file")
        return _save_there(app, name, allow_secrets=allow_secrets)
    return _save(app, name, verify=verify, as_json=as_json)


def _save_there(app: App, name: str, *, allow_secrets: bool) -> int:
    """Send a remote all that it lacks, and ask it whether it has that; 1 if it has not."""
    from git_gage.cli.copy import EVERYTHING, find_side, move, plan
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    side = find_side(app, name, sends=True)
    found = plan(app, side, EVERYTHING, put_away=True)
    _require_seen(app, found)
    allowed = " --allow-secrets" if allow_secrets else ""
    with hinting(f"git gage backup {shlex.quote(side.shown)}{allowed}"):
        code = move(app, found, EVERYTHING, allow_secrets=allow_secrets)
    left = plan(app, side, EVERYTHING, put_away=True)
    if count := len(left.plan.moves):
        _require_seen(app, left)
        raise RemoteError(
            f"back up to '{side.shown}': it lacks something of {count_text(count, 'run')}",
            hint="nothing was lost here: try again",
        )
    if app.store.private:
        what = count_text(len(app.store.private), "private run")
        app.progress().note(f"hint: {what} stayed here: git gage backup <file> has all")
    click.echo(f"Saved {count_text(len(found.runs), 'run')} on {clean(side.shown)}")
    return code


def _require_seen(app: App, found: Found) -> None:
    """Raises: RemoteError where what a remote was given is there, and nobody who reads sees it."""
    from git_gage.share.chosen import find_hidden
    from git_gage.share.lanes import records_only
    from git_gage.share.remote import find_remote

    if found.side.unmade is not None or records_only(found.listed):
        return
    with app.progress() as progress:
        hidden = find_hidden(app.store, find_remote(app.repo, found.side.address), progress)
    if hidden:
        raise RemoteError(
            f"back up to '{found.side.shown}': it hides runs from who reads, so nobody can tell "
            "whether it has all, or bring them back",
            hint="ask who runs it to show 'refs/gage' (uploadpack.hideRefs), or use a file: "
            "git gage backup <file>",
        )


def _save(app: App, name: str, *, verify: bool, as_json: bool) -> int:
    """Save all in a file, or look through one; 1 where something is damaged here and stays out."""
    from git_gage.render.amounts import count_text, size_text
    from git_gage.render.machine import format_json
    from git_gage.share.backup import make_backup, name_members, read_backup, warn_of_damage

    path = app.find_path(name)
    damaged: list[str] = []
    if verify:
        backup = read_backup(find_backup(path))
        is_all = not backup.damaged
        if backup.damaged:
            damaged = name_members(app.store, app.catalog, backup.damaged)
            hint = "all else comes back from it; make another: git gage backup <file>"
            warn_of_damage(app.progress(), f"in '{backup.path}'", damaged, hint)
    else:
        if app.asked_folder and not app.runs.count():
            raise app.no_runs()
        _require_meant(name, path)
        target = path / time.strftime(_NAME) if path.is_dir() else path
        with app.progress() as progress:
            backup, is_all = make_backup(app.store, app.catalog, require_folder(target), progress)
    if as_json:
        click.echo(format_json(_as_json(backup, damaged)), nl=False)
        return int(not is_all)
    from git_gage.safe import clean

    done = "Verified" if verify else "Saved"
    what = ", ".join(
        [
            count_text(backup.runs, "run"),
            count_text(backup.records, "record"),
            count_text(len(backup.large), "large file"),
        ]
    )
    click.echo(f"{done} {what}: {clean(str(backup.path))}, {size_text(backup.size)}")
    return int(not is_all)


def _require_meant(name: str, path: Path) -> None:
    """Raises: RequestError for what is more likely to be a remote that is mistyped than a file."""
    if not (path.exists() or {"/", os.sep, "."}.intersection(name)):
        raise RequestError(
            f"no remote or place '{name}', and no such directory",
            hint=f"'git gage remote' lists them; for a new file write './{name}'",
        )


def find_backup(path: Path) -> Path:
    """The file itself, or the newest backup in a folder.

    Raises: RequestError where there is none.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("gage-*.tar"))
    if not found:
        raise RequestError(
            f"no backup in '{path}'", hint=f"git gage backup {shlex.quote(str(path))}"
        )
    return found[-1]


def require_folder(target: Path) -> Path:
    """The file itself.

    Raises: RequestError where there is no folder for it.
    """
    folder = target.parent
    if not folder.is_dir():
        raise RequestError(f"no folder '{folder}'", hint=f"mkdir -p {shlex.quote(str(folder))}")
    return target


def _as_json(backup: Backup, damaged: list[str]) -> dict[str, object]:
    return {
        "file": str(backup.path),
        "made": backup.made,
        "runs": backup.runs,
        "records": backup.records,
        "large": len(backup.large),
        "damaged": damaged,
        "bytes": backup.size,
    }
