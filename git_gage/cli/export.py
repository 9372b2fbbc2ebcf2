"""`git gage export`."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options, find_chosen, tell_private
from git_gage.cli.list import hint_at_filter
from git_gage.cli.params import PathWord, RunName, secrets_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.formats.model import Written
    from git_gage.trust.keys import SigningKey


FORMS = ("in-toto", "bundle", "csv", "jsonl", "parquet", "tensorboard", "mlflow", "ro-crate")
_FOLDERS = ("tensorboard", "mlflow", "ro-crate")
_FILES = ("bundle", "parquet")
# So many of the runs that are left out are named.
_NAMED = 5
_BY_SUFFIX = {".csv": "csv", ".parquet": "parquet", ".bundle": "bundle"}


@click.command(
    "export",
    cls=Command,
    usage="git gage export (<run>... | --all | -w <filter>) [--format <form>] [-o <path>]",
    examples=["git gage export @ -o run.intoto.jsonl", "git gage export --all -o runs.csv"],
    note=f"Forms: {', '.join(FORMS)}.\n"
    "Without '--format' a path that ends in .csv, .parquet or .bundle says which;\n"
    "else it is in-toto: a statement with SLSA provenance in a signed envelope, a\n"
    "line a run. A bundle is for 'git gage import' and 'git fetch'. What each form\n"
    "holds, and what it has no place for, is told in docs/export.md\n\n" + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RunName())
@click.option("-a", "--all", "everything", is_flag=True, help="Write all runs that are listed")
@filter_options(bounds=False)
@click.option(
    "--format",
    "form",
    metavar="<form>",
    type=click.Choice(FORMS),
    help="Form of what is written, where the path does not say it",
)
@click.option(
    *("-o", "--output"),
    metavar="<path>",
    type=PathWord(),
    default="-",
    help="Write it to this file or folder (- for standard output)",
)
@secrets_option
@sign_options
@click.pass_obj
def command(
    app: App,
    /,
    runs: tuple[str, ...],
    everything: bool,
    wheres: tuple[str, ...],
    form: str | None,
    output: str,
    allow_secrets: bool,
) -> int:
    """Write what is known of runs for tools that are not ours"""
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    if output == "-" and runs and _is_path(runs[-1]):
        raise RequestError(
            f"'{runs[-1]}' stands where a run does: a path to write to goes after '-o'",
            hint=f"git gage export {shlex.join(runs[:-1]) or '--all'} -o {shlex.quote(runs[-1])}",
        )
    if everything and (runs or wheres):
        raise click.UsageError("give runs or a filter, or '--all'")
    form = form or _BY_SUFFIX.get(PurePath(output).suffix, "in-toto")
    if output == "-" and form in (*_FOLDERS, *_FILES):
        raise click.UsageError(f"'--format {form}' needs a path: give it with '-o'")
    chosen = app.runs.find(()) if everything else find_chosen(app, runs, wheres)
    if not runs:  # a filter alone does not mean those that are private
        private = app.store.private
        count = len(private.intersection(chosen))
        chosen = [run for run in chosen if run not in private]
        tell_private(app, count)
    if not chosen:
        hint_at_filter(app, wheres)
    chosen = _find_exported(app, chosen, form, named=bool(runs))
    if not chosen:
        return 1
    _mind_private(app, chosen, form)
    if output != "-":
        _require_place(app.cwd / output, output, form)
    what = count_text(len(chosen), "run")
    if form == "in-toto":
        app.write_page(output, (_export(app, app.document(run)) for run in chosen), what)
    elif form == "bundle":
        _write_bundle(app, chosen, output, allow_secrets)
        click.echo(f"Wrote {what} to {clean(output)}")
        _tell_of_large(app, chosen)
    else:
        _write(app, chosen, form, output, allow_secrets)
    return 0


def _is_path(word: str) -> bool:
    """Whether a word is rather a path than a run."""
    return word.startswith(("/", "./", "../")) or PurePath(word).suffix in _BY_SUFFIX


def _require_place(path: Path, output: str, form: str) -> None:
    """Raises: RequestError where something of another kind is, or no folder for it."""
    from git_gage.cli.backup import require_folder

    if form in _FOLDERS:
        if path.exists() and not path.is_dir():
            other = shlex.quote(f"{PurePath(output).stem}.{form}")
            message = f"'{output}' is a file: {form} is written as a folder"
            raise RequestError(message, hint=f"name one that is there, or a new one: -o {other}")
    elif path.is_dir():
        suffix = next((suffix for suffix, each in _BY_SUFFIX.items() if each == form), ".jsonl")
        inside = shlex.quote(str(PurePath(output) / f"runs{suffix}"))
        message = f"'{output}' is a folder: {form} is written as a file"
        raise RequestError(message, hint=f"name a file in it: -o {inside}")
    else:
        require_folder(path)


def _find_exported(app: App, chosen: list[str], form: str, *, named: bool) -> list[str]:
    """Runs of which the form can be made; the others are told, or refused where they are named.

    Raises: RequestError.
    """
    if form == "bundle":
        return chosen
    from git_gage.records import short_id
    from git_gage.render.amounts import count_text
    from git_gage.runs.whole import require_ended

    going: dict[str, None] = {}
    for document in app.each_document(chosen):
        if named:
            require_ended(document)
        elif document["ended"] is None:
            going[document["id"]] = None
    if going:
        count = len(going)
        are = "has not ended and is" if count == 1 else "have not ended and are"
        few = ", ".join(map(short_id, list(going)[:_NAMED]))
        more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
        app.progress().warning(f"{count_text(count, 'run')} {are} left out: {few}{more}")
    return [run for run in chosen if run not in going]


def _mind_private(app: App, runs: list[str], form: str) -> None:
    """Say which of the runs are private.

    Raises: RequestError where the file is a way for them into other repositories.
    """
    if form == "bundle":
        from git_gage.share.private import require_shareable

        require_shareable(app.store, runs)
    count = len(app.store.private.intersection(runs))
    if count:
        are = "runs is" if count == 1 else "runs are"
        app.progress().note(f"{count:,} of these {are} private")


def _write_bundle(app: App, runs: list[str], output: str, allow_secrets: bool) -> None:
    from git_gage.share.bundle import write_bundle

    if app.store.journals():
        app.store.flush()
    with app.progress() as progress:
        path = app.cwd / output
        write_bundle(app.store, app.catalog, runs, path, progress, allow_secrets=allow_secrets)


def _tell_of_large(app: App, runs: list[str]) -> None:
    """Say how many files that git has not do not go along."""
    from git_gage.render.amounts import large_text

    count, what = large_text(app.each_document(runs))
    if count:
        them = "it" if count == 1 else "them"
        app.progress().sentence(
            f"no place in bundle for {what}: 'git gage backup' takes {them} along, "
            f"'git gage files push' sends {them}"
        )


def _write(app: App, chosen: list[str], form: str, output: str, allow_secrets: bool) -> None:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean
    from git_gage.share.exporting import NOT_WRITTEN, write_folder

    what = count_text(len(chosen), "run")
    documents = partial(app.each_document, chosen)
    progress = app.progress()
    if form in _FOLDERS:
        written = write_folder(
            *(app.store, app.catalog, documents(), form, app.find_path(output), progress),
            allow_secrets=allow_secrets,
        )
        _tell(written, output)
    elif form == "parquet":
        _write_parquet(documents, app.cwd / output)
        click.echo(f"Wrote {what} to {clean(output)}")
    elif form == "csv":
        from git_gage.formats.tables import find_columns
        from git_gage.render.delimited import format_csv

        app.write_page(output, format_csv(documents(), find_columns(documents())), what)
    else:
        from git_gage.formats.jsonl import format_runs
        from git_gage.share.exporting import gather

        runs = gather(app.store, app.catalog, documents(), progress, files=False)
        app.write_page(output, format_runs(runs), what)
    progress.sentence(f"no place in {form} for {NOT_WRITTEN[form]}")


def _write_parquet(documents: Callable[[], Iterator[dict[str, Any]]], path: Path) -> None:
    from git_gage.formats.tables import find_columns, write_parquet
    from git_gage.render.columns import read_field
    from git_gage.store.files import explained

    columns = find_columns(documents())
    rows = ([read_field(document, name) for name in columns] for document in documents())
    with explained(path, "write parquet"):
        write_parquet(path, columns, rows)


def _tell(written: Written, output: str) -> None:
    from git_gage.render.amounts import count_text, were_text
    from git_gage.safe import clean

    there = f", {were_text(written.there)} there" if written.there else ""
    click.echo(f"Wrote {count_text(written.count, 'run')} to {clean(output)}{there}")
    no_name = "left out: the form has no such names"
    for count, one, many, rest in (
        (written.renamed, "name", "names", "changed to what the form allows"),
        (written.left_out, "value or file", "values or files", no_name),
        (written.clipped, "metric", "metrics", "with some of its values alone: not all are kept"),
    ):
        if count:
            click.echo(f"{count:,} {one if count == 1 else many} {rest}")


def _export(app: App, document: dict[str, Any]) -> str:
    import json

    from git_gage.share.statement import PAYLOAD_TYPE, make_statement
    from git_gage.trust.envelope import make_envelope

    found = make_statement(app.store, app.catalog, document)
    for notice in found.notices:
        app.progress().warning(notice)
    envelope = make_envelope(PAYLOAD_TYPE, found.payload, _choose_key(app, document))
    return json.dumps(envelope) + "\n"


def _choose_key(app: App, document: dict[str, Any]) -> SigningKey | None:
    """The user's key; None where nothing is to be signed, or there is nothing to sign with.

    Raises: RequestError where the key, or the run, is not one to be signed with or for.
    """
    from git_gage.records import short_id
    from git_gage.trust.signer import Unsigned

    if app.asked_to_sign is False:
        return None
    if app.asked_to_sign is None and document["writer"] not in app.store.my_lanes:
        run = short_id(document["id"])
        raise RequestError(
            f"run {run} was recorded by another clone: what it says is not yours to sign",
            hint=f"git gage export --no-sign {run}, or --sign if you vouch for it",
        )
    signer = app.signer
    if isinstance(signer, Unsigned):
        app.progress().warning(f"not signed: {signer.reason}")
        return None
    if signer.raw is None:
        raise RequestError(
            f"{signer.means} cannot sign this: an envelope needs an SSH key that we or an agent"
            " hold",
            hint="git gage export --no-sign <run>, or --sign=<key> with an SSH key",
        )
    return signer.raw
