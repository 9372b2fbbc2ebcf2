"""`git gage import`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import PathWord, json_option, sign_options, yes_option
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.formats.model import Found
    from git_gage.git import Repository
    from git_gage.runs.importing import Imported
    from git_gage.share.bundle import Brought

_TOOLS = ("guild", "gage", "mlflow", "wandb", "ro-crate", "tensorboard")
_FILES = ("jsonl", "csv", "parquet")
_OTHERS = ("dvc", "bundle")
FORMS = (*_TOOLS, *_FILES, *_OTHERS)
_MAX_TOLD = 20


@click.command(
    "import",
    cls=Command,
    usage="git gage import <path>... [--format <form>] [-n]",
    examples=["git gage import ../mlruns", "git gage import -n wandb"],
    note=f"Forms: {', '.join(_TOOLS)},\n{', '.join((*_FILES, *_OTHERS))}.\n"
    "Without '--format' what lies at a path tells. What is carried of each is told in\n"
    "docs/import.md. Nothing of it is executed, and importing again adds nothing\n",
)
@click.argument("paths", metavar="<path>", nargs=-1, required=True, type=PathWord())
@click.option(
    "--format",
    "form",
    metavar="<form>",
    type=click.Choice(FORMS),
    help="What lies there, where it cannot be told",
)
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Show what would be imported")
@json_option
@sign_options
@yes_option
@click.pass_obj
def command(app: App, paths: tuple[str, ...], form: str | None, dry: bool, as_json: bool) -> int:
    """Import runs that other tools recorded"""
    from git_gage.runs.importing import import_runs
    from git_gage.share.withdrawn import Withdrawn

    chosen = [each for text in paths for each in _choose(app, text, form)]
    bundles = [path for path, name in chosen if name == "bundle"]
    progress = app.progress()
    found = _read(app, [each for each in chosen if each[1] != "bundle"])
    if not dry:
        found = _make_folder(app, found, bundles)
    author = None if dry else app.author
    # First the runs themselves: what else tells of them is here then.
    brought = _fetch(app, bundles, dry)
    purged = Withdrawn(app.store).purged()
    imported = import_runs(app.store, app.runs, found, author, progress, purged, dry=dry)
    if not (bundles or imported.runs or imported.here or imported.purged or imported.unread):
        raise _nothing_of(chosen[0][1], paths[0])
    names = list(dict.fromkeys(name for _, name in chosen if name != "bundle"))
    if as_json:
        _print_json(app, imported, brought, names)
    else:
        _tell(app, imported, brought, names, dry)
    is_any = imported.runs or imported.here or brought.new or brought.here
    return 1 if imported.unread and not is_any else 0


def _choose(app: App, text: str, form: str | None) -> list[tuple[Path, str]]:
    """The path that was given, with what lies there.

    Raises: RequestError where there is nothing that can be imported.
    """
    from git_gage.formats.found import find_forms

    path = Path(os.path.realpath(app.cwd / text))
    if not path.exists():
        raise RequestError(f"'{text}' is not there", hint=f"ls {shlex.quote(str(path.parent))}")
    if form is not None:
        _require_kind(path, text, form)
    forms = [form] if form else find_forms(path, lambda place: _open(app, place))
    if not forms:
        raise RequestError(
            f"nothing in '{text}' is known to be of a tool whose runs can be imported",
            hint=_hint_at_form(path, shlex.quote(text)),
        )
    return [(path, name) for name in forms]


def _hint_at_form(path: Path, quoted: str) -> str:
    import tarfile

    if path.is_file() and tarfile.is_tarfile(path):
        return f"if it is a backup: git gage restore --from {quoted}"
    return f"say what it is, one of {', '.join(FORMS)}: git gage import --format <form> {quoted}"


def _require_kind(path: Path, text: str, form: str) -> None:
    """Raises: RequestError for a folder where a form is a file, and the other way round."""
    from git_gage.formats.found import is_bundle

    if form == "bundle":
        is_it = path.is_file() and is_bundle(path)
    else:
        is_it = path.is_file() if form in _FILES else path.is_dir() or form != "dvc"
    if not is_it:
        raise _nothing_of(form, text)


def _nothing_of(form: str, text: str) -> RequestError:
    return RequestError(
        f"there are no runs of the form {form} in '{text}'",
        hint=f"let it be told what lies there: git gage import -n {shlex.quote(text)}",
    )


def _open(app: App, path: Path) -> Repository:
    """The repository at a path: this one, where it is."""
    from git_gage.git import open_repository

    repo = open_repository(path, app.environ)
    return app.repo if repo.common_dir == app.repo.common_dir else repo


def _read(app: App, chosen: list[tuple[Path, str]]) -> Iterator[Found]:
    from git_gage.formats.found import read_path

    for path, name in chosen:
        yield from read_path(path, name, lambda place: _open(app, place))


def _make_folder(app: App, found: Iterator[Found], bundles: list[Path]) -> Iterator[Found]:
    """A folder without anything becomes a repository, if there is a run for it; all that is found.

    Raises: as `look_into` for a bundle.
    """
    if app.folder is None or not app.folder.is_unmade:
        return found
    from itertools import chain

    from git_gage.formats.model import Unread

    looked_at = []
    for each in found:
        looked_at.append(each)
        if not isinstance(each, Unread):
            break
    is_any = bool(looked_at and not isinstance(looked_at[-1], Unread))
    if is_any or _fetch(app, bundles, dry=True).new:
        app.make_folder()
    return chain(looked_at, found)


def _fetch(app: App, bundles: list[Path], dry: bool) -> Brought:
    """What bundles brought, or would."""
    from git_gage.cli.folder import take_in
    from git_gage.share.bundle import Brought, look_into, read_bundle

    brought = Brought()
    if dry:
        for path in bundles:
            brought = brought.plus(look_into(app.store, app.runs, path))
        return brought
    with app.progress() as progress:
        for path in bundles:
            brought = brought.plus(read_bundle(app.store, app.runs, path, progress))
    if bundles and app.folder is not None:
        take_in(app)
    return brought


def _tell(app: App, imported: Imported, brought: Brought, names: list[str], dry: bool) -> None:
    from git_gage.cli.put_away import MOST_NAMED
    from git_gage.formats.found import NOT_READ
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text, were_text
    from git_gage.safe import clean

    progress = app.progress()
    for each in imported.unread[:_MAX_TOLD]:
        progress.warning(f"not imported: '{clean(each.path)}': {clean(each.reason)}")
    more = len(imported.unread) - _MAX_TOLD
    if more > 0:
        progress.warning(f"and {more:,} more that are not imported: see them with '--json'")
    new = len(imported.runs) + len(brought.new)
    verb = "Would import" if dry else "Imported"
    there = brought.here.union(imported.here)
    here = f", {were_text(len(there))} here" if there else ""
    away = _find_put_away(app, there)
    if away:
        here += f" ({count_text(len(away), 'run')} put away)"
    purged = brought.purged.union(imported.purged)
    gone = f", {were_text(len(purged))} purged here" if purged else ""
    news = f" and {count_text(brought.updates, 'update')}" if brought.updates else ""
    click.echo(f"{verb} {count_text(new, 'run')}{news}{here}{gone}")
    if away:
        few = " ".join(map(short_id, away)) if len(away) <= MOST_NAMED else "<run>..."
        progress.note(f"hint: list again what was put away: git gage restore {few}")
    if not imported.runs:
        return
    for text, count in imported.left_out.most_common(_MAX_TOLD):
        click.echo(f"Not carried, of {count_text(count, 'run')}: {clean(text)}")
    for name in names:
        click.echo(f"Never carried from {name}: {NOT_READ[name]}")


def _find_put_away(app: App, here: Collection[str]) -> list[str]:
    """Those of them that are archived or deleted, so that no list has them."""
    return sorted(set(here).difference(app.runs.find(()))) if here else []


def _print_json(app: App, imported: Imported, brought: Brought, names: list[str]) -> None:
    from git_gage.formats.found import NOT_READ
    from git_gage.render.machine import format_json

    body: dict[str, Any] = {
        "imported": imported.runs,
        "here": [*imported.here, *sorted(brought.here.difference(imported.here))],
        "put_away": _find_put_away(app, brought.here.union(imported.here)),
        "fetched": len(brought.new),
        "updates": brought.updates,
        "purged": len(brought.purged.union(imported.purged)),
        "not_imported": [each._asdict() for each in imported.unread],
        "not_carried": dict(imported.left_out),
        "never_carried": {name: NOT_READ[name] for name in names},
    }
    screen = app.screen()
    screen.write(screen.encode(format_json(body)))
