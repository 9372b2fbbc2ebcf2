"""What the documents tell people to type is there, with each of its options."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from git_gage.cli.app import App
from git_gage.cli.commands import front_door

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/README.md")]
)
ALONE = re.compile(r"^ *(?:\$ )?(?:[A-Z_]+=\S+ )*git gage (?P<words>.*)$", re.MULTILINE)
MENTIONED = re.compile(r"`(?:[A-Z_]+=\S+ )*git gage (?P<words>[^`<[]+)`")
ENDS = ("|", "&&", "||", ";", ">", "2>", "<")


def find_commands(text: str) -> Iterator[tuple[str, bool]]:
    """Words behind `git gage`, and whether they stand alone, so that nothing may be left out."""
    for match in ALONE.finditer(text):
        yield match["words"], True
    for match in MENTIONED.finditer(text):
        yield match["words"], False


def parse(words: list[str]) -> None:
    """Raises: click.UsageError as the command would."""
    environ = {**os.environ, "COLUMNS": "80"}
    with front_door.make_context("git gage", list(words), obj=App(environ)) as context:
        _parse_rest(front_door, context)


def _parse_rest(group: click.Group, context: click.Context) -> None:
    words = [*context._protected_args, *context.args]  # as click itself puts them together
    if words:
        name, command, rest = group.resolve_command(context, words)
        assert command is not None
        inner = command.make_context(name, rest, parent=context)
        if isinstance(command, click.Group):
            _parse_rest(command, inner)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_to_be_typed_is_known(page: Path) -> None:
    for line, is_whole in find_commands(page.read_text()):
        words = shlex.split(line, comments=True)
        end = next((at for at, word in enumerate(words) if word in ENDS), len(words))
        try:
            parse(words[:end])
        except click.exceptions.Exit:
            pass  # it shows its help
        except (click.MissingParameter, click.BadOptionUsage):
            assert not is_whole, f"git gage {line}"
        except click.UsageError as error:
            raise AssertionError(f"git gage {line}: {error.message}") from error


def test_there_are_commands_to_look_at() -> None:
    found = [line for page in PAGES for line, _ in find_commands(page.read_text())]
    assert len(found) > 300
    with pytest.raises(click.NoSuchOption):
        parse(["list", "--nowhere"])
