"""`git gage report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options, find_chosen
from git_gage.cli.list import hint_at_filter
from git_gage.cli.params import PathWord, RunName
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.metrics.series import Series
    from git_gage.render.report import Template

_FORMS = {"md": "md", "markdown": "md", "html": "html", "htm": "html"}
"""Endings of files: the form of a report."""


@click.command(
    "report",
    cls=Command,
    usage="git gage report (<run>... | -w <filter>) [-o <file>] [--template <file>]",
    examples=["git gage report 1:3 -o report.html", "git gage report -w 'acc > 0.9' -o best.md"],
    exclusive=[("--print-template", option) for option in ("-o", "--template", "--title")],
    note="The charts of best.md lie beside it in best-charts/; without '-o' the report is\n"
    "printed, without charts. What a template may have is in docs/reports.md\n",
)
@click.argument("words", metavar="<run>", nargs=-1, type=RunName())
@filter_options(bounds=False)
@click.option(
    *("-o", "--output", "outputs"),
    metavar="<file>",
    multiple=True,
    type=PathWord(),
    help="Write it to a .md or .html file (can be repeated)",
)
@click.option(
    *("--template", "given"),
    metavar="<file>",
    type=PathWord(),
    help="Write it by this template",
)
@click.option("--title", metavar="<text>", help="Title to give the report")
@click.option(
    "--print-template",
    "printed",
    metavar="<as>",
    type=click.Choice(["md", "html"]),
    help="Print the template for md or html",
)
@click.pass_obj
def command(
    app: App,
    /,
    words: tuple[str, ...],
    wheres: tuple[str, ...],
    outputs: tuple[str, ...],
    given: str | None,
    title: str | None,
    printed: str | None,
) -> int:
    """Write a report on runs, with charts"""
    from git_gage.render.report import default_template

    if printed is not None:
        if words or wheres:
            raise click.UsageError("'--print-template' takes no runs")
        click.echo(default_template(printed).text, nl=False)
        return 0
    template = None if given is None else _read_template(app.cwd / given, given)
    forms = _read_forms(outputs, template)
    documents = app.documents(None, find_chosen(app, words, wheres))
    if not documents:
        hint_at_filter(app, wheres)
        return 1
    for output, form in forms:
        used = template or default_template(form)
        _write(app, documents, used, output, title or f"Report of {_count(documents)}")
    return 0


def _read_template(path: Path, shown: str) -> Template:
    from git_gage.render.report import Template

    form = _form_of(shown)
    if form is None:
        raise click.UsageError(f"'--template' needs a .md or .html file, not '{shown}'")
    try:
        return Template(path.read_text("utf-8"), form, shown)
    except OSError as error:
        raise RequestError(f"cannot read '{shown}': {(error.strerror or '').lower()}") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"cannot read '{shown}': it is not text in UTF-8") from error


def _read_forms(outputs: Sequence[str], template: Template | None) -> list[tuple[str | None, str]]:
    """The files that are written, each with its form; None is standard output."""
    if not outputs:
        return [(None, template.form if template else "md")]
    found: list[tuple[str | None, str]] = []
    for output in outputs:
        form = _form_of(output)
        if form is None:
            raise click.UsageError(f"'-o' needs a .md or .html file, not '{output}'")
        if template is not None and template.form != form:
            raise click.UsageError(f"'{template.shown}' is no template for '{output}'")
        found.append((output, form))
    return found


def _form_of(name: str) -> str | None:
    return _FORMS.get(name.rpartition(".")[2].lower()) if "." in name else None


def _write(
    app: App,
    documents: Sequence[Mapping[str, Any]],
    template: Template,
    output: str | None,
    title: str,
) -> None:
    import time
    from pathlib import PurePath

    from git_gage.render.report import write_report

    folder = None if output is None else f"{PurePath(output).stem}-charts"
    written = write_report(
        template, documents, _Reader(app), title=title, now=time.time(), folder=folder
    )
    if output is None:
        screen = app.screen()
        screen.write(screen.encode(written.text))
        return
    app.write_files(output, [written.text], written.charts)


class _Reader:
    """Reads the series of runs; says so once where they are not here."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._told = False

    def __call__(self, run: str, names: Sequence[str]) -> Mapping[str, Series]:
        from git_gage.runs.series import read_series

        found = read_series(self._app.store, self._app.catalog, run, names) if names else {}
        if found is None and not self._told:
            self._told = True
            self._app.progress().warning("values by step are not all here: git gage fetch")
        return found or {}


def _count(documents: Sequence[object]) -> str:
    from git_gage.render.amounts import count_text

    return count_text(len(documents), "run")
