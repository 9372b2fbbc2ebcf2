"""`git gage board`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.choosing import filter_options
from git_gage.cli.list import WIDE_ENOUGH, hint_at_filter, hint_at_runs
from git_gage.cli.params import (
    Count,
    PathWord,
    RunName,
    color_option,
    csv_option,
    html_option,
    json_option,
    md_option,
)
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from click.shell_completion import CompletionItem

    from git_gage.cli.app import App
    from git_gage.gagefile.boards import Board
    from git_gage.render.board_rows import Rows


class BoardOrRun(RunName):
    """A board or a run: what `board` takes first."""

    name = "board or run"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from git_gage.gagefile.boards import named_boards

        app: App = ctx.obj
        names = [] if ctx.params.get("words") else named_boards(app.cwd, app.here.work_tree)
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return found + super().shell_complete(ctx, param, incomplete)


@click.command(
    "board",
    cls=Command,
    usage="git gage board [<board>] [<run>...] [-w <filter>] [-c <file> | --no-config]",
    examples=["git gage board", "git gage board best --md"],
    exclusive=[("-c", "--no-config"), ("--json", "--csv", "--md", "--html", "--print-file")],
    note="A <board> is a file, or the name of one: 'best' is board-best.toml or\n"
    "boards/best.toml. Without it board.json, board.toml or board.yaml is meant, here\n"
    "or in the nearest folder above, or all columns (docs/boards.md)\n",
)
@click.argument("words", metavar="<run>", nargs=-1, type=BoardOrRun())
@filter_options(bounds=False)
@click.option(
    *("-c", "--config"),
    metavar="<file>",
    type=PathWord(),
    help="Show the board of this file",
)
@click.option("--no-config", is_flag=True, help="Show all columns, whatever files there are")
@click.option(
    *("-n", "--max-count", "count"),
    metavar="<num>",
    type=Count(),
    help="Show so many rows at most (default: all)",
)
@json_option
@csv_option
@md_option
@html_option
@click.option("--print-file", is_flag=True, help="Print a first board file with these columns")
@color_option
@click.pass_obj
def command(
    app: App,
    /,
    words: tuple[str, ...],
    wheres: tuple[str, ...],
    config: str | None,
    no_config: bool,
    count: int | None,
    **forms: Any,
) -> None:
    """Show runs in the columns that a file describes"""
    board, runs = _find_board(app, words, config, no_config=no_config)
    asked = [*_conditions(board), *wheres]
    found = _find_rows(app, board, runs, asked)
    if count is not None:
        found = found._replace(rows=found.rows[:count])
    if not (found.rows or forms["as_json"] or forms["csv"]):
        if app.catalog.count():
            hint_at_filter(app, asked)
        else:
            hint_at_runs(app)
    else:
        _show(app, board, found, **forms)


def _find_board(
    app: App, words: Sequence[str], config: str | None, *, no_config: bool
) -> tuple[Board, Sequence[str]]:
    """The board that is meant, and the words that name runs."""
    from git_gage.gagefile.boards import ENDINGS, Board, find_board, load_board, named_boards

    path, top = None, app.here.work_tree
    if config is not None:
        path = app.cwd / config
    elif not no_config and words and words[0].endswith(ENDINGS):
        path, words = app.cwd / words[0], words[1:]
    elif not no_config and words and words[0] in (names := named_boards(app.cwd, top)):
        path, words = names[words[0]], words[1:]
    elif not no_config:
        path = find_board(app.cwd, top)
    if path is None:
        return Board(), words
    shown = os.path.relpath(path, app.cwd)
    return load_board(path, shown, cache_dir=app.here.gage_dir / "cache"), words


def _find_rows(app: App, board: Board, words: Sequence[str], asked: Sequence[str]) -> Rows:
    import json

    from git_gage.render.board_rows import board_rows

    runs = app.runs.find(asked) if asked else None
    if words:
        named = set(app.select(words))
        runs = [run for run in (app.runs.find(()) if runs is None else runs) if run in named]
    return board_rows(board, map(json.loads, app.document_texts(None, runs)))


def _conditions(board: Board) -> Iterator[str]:
    """What a board asks of its runs, as filters."""
    from git_gage.catalog.filter_nodes import spell_text

    if board.operations:
        yield f"operation in [{', '.join(map(spell_text, board.operations))}]"
    if board.statuses:
        yield f"status in [{', '.join(board.statuses)}]"
    if board.where:
        yield board.where


def _show(
    app: App,
    board: Board,
    found: Rows,
    *,
    as_json: bool,
    csv: bool,
    md: bool,
    html: str | None,
    print_file: bool,
    color: str,
) -> None:
    from git_gage.render import board as forms
    from git_gage.render.machine import format_json

    screen = app.screen(color)
    if html is not None:
        app.write_page(html, [forms.format_html(board, found)])
    elif as_json:
        screen.write(screen.encode(format_json(forms.board_body(board, found))))
    elif csv or md:
        for part in forms.format_csv(found) if csv else forms.format_markdown(board, found):
            screen.write(screen.encode(part))
    elif print_file:
        from git_gage.gagefile.boards import draft_board

        screen.write(screen.encode(draft_board(column.field for column in found.columns)))
    else:
        if not screen.terminal:
            screen.width = WIDE_ENOUGH
        app.show(forms.format_board(board, found, screen), screen)
        if board.shown is None:
            click.echo("hint: choose columns: 'git gage board --print-file > board.toml'", err=True)
