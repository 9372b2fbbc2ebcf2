"""`git gage backup`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from git_gage.cli.params import json_option, yes_option
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.share.backup import Backup

_NAME = "gage-%Y%m%d-%H%M%S.tar"


@click.command(
    "backup",
    cls=Command,
    usage=("git gage backup <file>", "git gage backup --verify <file>"),
    examples=["git gage backup ~/runs.tar", "git gage backup --verify ~/runs.tar"],
    note="All records that are here, sources, outputs, previews and large files go into\n"
    "one tar. In a folder it gets a name made from the time. Private keys are not in\n"
    "it. 'git gage restore --from <file>' brings it back\n",
)
@click.argument("name", metavar="<file>", type=click.Path())
@click.option("--verify", is_flag=True, help="Compare every byte of a backup with its list")
@json_option
@yes_option
@click.pass_obj
def command(app: App, name: str, verify: bool, as_json: bool) -> None:
    """Save all runs in one file"""
    from git_gage.render.amounts import count_text, size_text
    from git_gage.render.machine import format_json
    from git_gage.share.backup import make_backup, read_backup

    path = app.cwd / name
    if verify:
        backup = read_backup(find_backup(path))
    else:
        target = path / time.strftime(_NAME) if path.is_dir() else path
        backup = make_backup(app.store, app.catalog, _require_file(app, name, target))
    if as_json:
        click.echo(format_json(_as_json(backup)), nl=False)
        return
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


def find_backup(path: Path) -> Path:
    """The file itself, or the newest backup in a folder.

    Raises: RequestError where there is none.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("gage-*.tar"))
    if not found:
        raise RequestError(f"no backup in '{path}'", hint=f"git gage backup {path}")
    return found[-1]


def _require_file(app: App, name: str, target: Path) -> Path:
    from git_gage.share.remote import remote_names

    if name in remote_names(app.repo):
        raise RequestError(
            f"'{name}' is a remote, and a backup is a file", hint=f"git gage push {name}"
        )
    if not target.parent.is_dir():
        raise RequestError(f"no folder '{target.parent}'", hint=f"mkdir -p {target.parent}")
    return target


def _as_json(backup: Backup) -> dict[str, object]:
    return {
        "file": str(backup.path),
        "made": backup.made,
        "runs": backup.runs,
        "records": backup.records,
        "large": len(backup.large),
        "bytes": backup.size,
    }
