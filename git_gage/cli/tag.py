"""`git gage tag`."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click

from git_gage.cli.params import Label, RunOrTag, json_option, secrets_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command, split_dashes
from git_gage.errors import RequestError, RunNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App


# Rows, slices of them and `@~1`: where there is no such run it is more likely gone than a tag.
_LIKE_A_RUN = re.compile(r"[1-9][0-9]{0,2}|[0-9-]*:[0-9-]*|.*@.*", re.DOTALL)


class _Tag(Label):
    name = "<tag>"


class TagCommand(Command):
    """Knows which words stand behind `--`: these are tags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ours, dashes, tags = split_dashes(args)
        rest = super().parse_args(ctx, list(ours))
        ctx.params["tags"] = tuple(tags) if dashes else None
        return rest


@click.command(
    "tag",
    cls=TagCommand,
    usage=("git gage tag <run>... [--] <tag>... [-d]", "git gage tag [--json]"),
    examples=["git gage tag 1 4 best", "git gage tag @ best -d", "git gage tag"],
    exclusive=[("-d", "--json")],
    note="The first words that name runs are the runs; -- ends them where a tag could be\n"
    "taken for one. Without words, all tags are listed with how many runs have them\n\n" + RUN_NOTE,
)
@click.argument("words", metavar="<run>", nargs=-1, type=RunOrTag())
@click.option("-d", "--delete", is_flag=True, help="Take the tags away")
@secrets_option
@json_option
@sign_options
@click.pass_obj
def command(
    app: App,
    words: tuple[str, ...],
    tags: tuple[str, ...] | None,
    delete: bool,
    allow_secrets: bool,
    as_json: bool,
) -> None:
    """Add tags to runs, or take them away"""
    if not words and tags is None:
        _list_tags(app, as_json=as_json)
        return
    if as_json:
        raise click.UsageError("'--json' lists all tags: give no words")
    runs, chosen = _tell_apart(app, words) if tags is None else (app.select(words), tags)
    if not (runs and chosen):
        raise click.UsageError("give at least one run and one tag")
    chosen = [_Tag().convert(tag, None, None) for tag in chosen]
    if delete:
        _remove(app, runs, chosen)
    else:
        _add(app, runs, chosen, allow_secrets=allow_secrets)


def _add(app: App, runs: Sequence[str], tags: Sequence[str], *, allow_secrets: bool) -> None:
    from git_gage.render.amounts import count_text
    from git_gage.runs.attributes import add_tags

    add_tags(app.store, app.catalog, runs, tags, app.author, allow_secrets=allow_secrets)
    click.echo(f"Tagged {count_text(len(runs), 'run')}: {_listed(tags)}")


def _remove(app: App, runs: Sequence[str], tags: Sequence[str]) -> None:
    from git_gage.render.amounts import count_text
    from git_gage.runs.attributes import remove_tags

    if not remove_tags(app.store, app.catalog, runs, tags, app.author):
        raise RequestError(
            f"none of these runs has the tag '{tags[0]}'", hint="list tags with 'git gage tag'"
        )
    click.echo(f"Took tags away from {count_text(len(runs), 'run')}: {_listed(tags)}")


def _listed(tags: Sequence[str]) -> str:
    from git_gage.safe import clean

    return ", ".join(map(clean, dict.fromkeys(tags)))


def _list_tags(app: App, *, as_json: bool) -> None:
    from git_gage.render.machine import format_json
    from git_gage.render.said import format_tags

    screen, counts = app.screen(), app.runs.count_tags()
    if as_json:
        rows = [{"tag": tag, "runs": count} for tag, count in counts]
        screen.write(screen.encode(format_json(rows)))
    else:
        app.show(format_tags(counts, screen), screen)


# -- words ----------------------------------------------------------------------------------------


def _tell_apart(app: App, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ids of the runs that the first words name, and the other words.

    Raises: RequestError where a word could be both.
    """
    found = [_find_runs(app, word) for word in words]
    count = next((place for place, runs in enumerate(found) if runs is None), len(words))
    if not count:
        return app.select(words[:1]), []  # that says what is wrong with it
    doubtful = [place for place, runs in enumerate(found) if runs and place > count]
    if count == len(words) > 1:
        doubtful = [count - 1]
    if doubtful:
        before = doubtful[0] if count == len(words) else count
        line = shlex.join([*words[:before], "--", *words[before:]])
        raise RequestError(
            f"'{words[doubtful[0]]}' can be a run or a tag", hint=f"git gage tag {line}"
        )
    return app.select(words[:count]), list(words[count:])


def _find_runs(app: App, word: str) -> list[str] | None:
    """Ids of the runs that a word names; None where it must be a tag."""
    try:
        return app.select([word])
    except RunNotFoundError as error:
        if not _LIKE_A_RUN.fullmatch(word):
            return None
        hint = f"git gage tag <run> -- {shlex.quote(word)}, if it is a tag"
        raise RequestError(error.message, hint=hint) from error
