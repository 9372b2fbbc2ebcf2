"""Help at every level: an example first, on one screen, and one way to point to it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from git_gage.cli.commands import ALIASES, COMMANDS, USUAL, front_door
from git_gage.cli.parsing import Command
from tests.support import gage_inside

NAMES = sorted(COMMANDS)


def load(name: str) -> Command:
    command = front_door.get_command(front_door.make_context("git gage", [name]), name)
    assert command is not None
    return command


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_front_door_lists_the_commands_after_an_example(tmp_path: Path, flag: str) -> None:
    result = gage_inside(tmp_path, flag)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[2:4] == ["EXAMPLE", "  git gage run train.py lr=0.1"]
    assert len(lines) <= 45
    for name in (name for names in USUAL.values() for name in names):
        assert f"  {name:<7}  {COMMANDS[name]}" in lines


def test_all_commands_are_listed_where_somebody_looks_for_them(tmp_path: Path) -> None:
    result = gage_inside(tmp_path, "help", "-a")
    assert (result.code, result.err) == (0, "")
    assert [line.split()[0] for line in result.out.splitlines()] == NAMES
    assert all(len(line) <= 80 for line in result.out.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_on_one_screen_with_an_example_first(
    tmp_path: Path, name: str
) -> None:
    result = gage_inside(tmp_path, name, "-h")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == COMMANDS[name]
    assert lines[2] in ("EXAMPLE", "EXAMPLES")
    assert lines[3].startswith("  git gage ")
    # What it is for and how it is typed is on the first screen.
    assert lines.index("OPTIONS") <= 20
    assert len(lines) <= 42
    assert max(map(len, lines)) <= 80
    assert gage_inside(tmp_path, "help", name) == result


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_and_usage_lines_are_of_the_command(name: str) -> None:
    command = load(name)
    for line in (*command.examples, *command.usage):
        assert line.split()[:3] == ["git", "gage", name]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained(name: str) -> None:
    for param in load(name).params:
        if isinstance(param, click.Option):
            assert param.help, param
            assert param.is_flag or param.metavar, param


@pytest.mark.parametrize("name", NAMES)
def test_excluding_options_exist(name: str) -> None:
    command = load(name)
    known = {opt for param in command.params for opt in param.opts}
    assert {opt for group in command.exclusive for opt in group} <= known


def test_help_without_a_command_is_that_of_the_front_door(tmp_path: Path) -> None:
    assert gage_inside(tmp_path, "help") == gage_inside(tmp_path, "-h")


def test_nothing_asked_gives_the_help_and_is_not_content(tmp_path: Path) -> None:
    """git does the same: its usage, and exit code 1."""
    result = gage_inside(tmp_path)
    assert (result.code, result.out) == (1, gage_inside(tmp_path, "-h").out)


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_other_names_are_the_same_command(tmp_path: Path, alias: str, name: str) -> None:
    assert gage_inside(tmp_path, alias, "-h") == gage_inside(tmp_path, name, "-h")
