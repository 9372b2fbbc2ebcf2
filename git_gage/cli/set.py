"""`git gage set`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, secrets_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command, UsageError
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App


@click.command(
    "set",
    cls=Command,
    usage=("git gage set <run>... <key>=<value>...", "git gage set <run>... -d <key>"),
    examples=["git gage set 3 grade=a reviewed=true", "git gage set @ -d grade"],
    note="A value that reads like a number, true, false or null is one, <key>:str=<value>\n"
    "is text whatever it looks like (other types: int, float, bool, null, json).\n"
    "What is set here is shown in place of what the program logged\n\n" + RUN_NOTE,
)
@click.argument("words", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.option(
    *("-d", "--delete", "gone"),
    metavar="<key>",
    multiple=True,
    help="Take an attribute away (can be repeated)",
)
@secrets_option
@sign_options
@click.pass_obj
def command(app: App, words: tuple[str, ...], gone: tuple[str, ...], allow_secrets: bool) -> None:
    """Set attributes of runs, or take them away"""
    count = next((place for place, word in enumerate(words) if "=" in word), len(words))
    if not count:
        raise UsageError("give the runs before the attributes", f"git gage set @ {words[0]}")
    values = _read_values(words[count:])
    if not (values or gone):
        raise click.UsageError("give '<key>=<value>', or '-d <key>'")
    if values and gone:
        raise click.UsageError(f"'-d' cannot be used with '{words[count]}'")
    runs = app.select(words[:count])
    if gone:
        _unset(app, runs, gone)
    else:
        _set(app, runs, values, allow_secrets=allow_secrets)


def _set(app: App, runs: Sequence[str], values: dict[str, Any], *, allow_secrets: bool) -> None:
    from git_gage.render.amounts import count_text
    from git_gage.runs.attributes import set_attributes

    set_attributes(app.store, app.catalog, runs, values, app.author, allow_secrets=allow_secrets)
    click.echo(f"Set {count_text(len(values), 'attribute')} of {count_text(len(runs), 'run')}")


def _unset(app: App, runs: Sequence[str], names: Sequence[str]) -> None:
    from git_gage.render.amounts import count_text
    from git_gage.runs.attributes import unset_attributes

    if not unset_attributes(app.store, app.catalog, runs, names, app.author):
        raise RequestError(
            f"nobody has set '{names[0]}' of these runs", hint="git gage show <run> --attrs"
        )
    named = count_text(len(set(names)), "attribute")
    click.echo(f"Took {named} of {count_text(len(runs), 'run')} away")


def _read_values(words: Sequence[str]) -> dict[str, Any]:
    """Values of `key=value` words, as JSON has them.

    Raises: RequestError that says all that is wrong with them.
    """
    import json

    from git_gage.config.typed import guess_word
    from git_gage.config.values import json_text
    from git_gage.config.words import Known, match_words, raise_problems, read_as, refuse_word

    known = Known("attributes", (), lambda name: None if ":" in name else name)
    typed, problems = match_words(known, words)
    values = {}
    for name, word in typed.items():
        try:
            value = read_as(word.type, word.text)[0] if word.type else guess_word(word.text)
            values[name] = json.loads(json_text(value))
        except ValueError:
            problems.append(refuse_word(name, word, "str", None))
    raise_problems(problems)
    return values
