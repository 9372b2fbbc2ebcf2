"""The man page is what `git gage --help` opens: it must know every command and option."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

import git_gage
from git_gage.cli.commands import ALIASES, COMMANDS, front_door
from git_gage.cli.parsing import Command, option_names

PAGE = Path(__file__).parents[3] / "docs" / "man" / "git-gage.1"
DOOR = front_door.make_context("git gage", ["help"])


def plain(roff: str) -> str:
    """Text of the page without its fonts."""
    return re.sub(r'\\f[BIR]|"', "", roff).replace("\\-", "-").replace("\\&", "")


def section_of(name: str) -> str:
    name = re.escape(name.replace("-", "\\-"))
    found = re.search(rf"^\.SS git gage {name}\b.*?(?=^\.S[SH])", PAGE.read_text(), re.M | re.S)
    assert found, f"no section on '{name}'"
    return found[0]


def command(name: str) -> Command:
    found = front_door.get_command(DOOR, name)
    assert found is not None
    return found


def test_man_finds_nothing_to_complain_about() -> None:
    if shutil.which("man") is None:
        pytest.skip("no man here")
    done = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)], capture_output=True, text=True, check=False
    )
    if "unrecognized option" in done.stderr or "illegal option" in done.stderr:
        pytest.skip("this man can't check pages")
    assert (done.returncode, done.stderr) == (0, "")
    assert "git-gage - track runs of any program in git" in done.stdout


def test_it_is_the_page_of_this_version() -> None:
    assert f'"git-gage {git_gage.__version__}"'.replace("-", "\\-") in PAGE.read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_that_begins_with_its_help(name: str) -> None:
    title, text = plain(section_of(name)).split("\n", 1)
    assert " ".join(text.split()).startswith(COMMANDS[name])
    wanted = {re.sub(r"\[<options>\] ", "", line) for line in command(name).usage}
    for line in wanted:
        for word in re.findall(r"<[^>]*>|--?\w+", line):
            assert word in title, f"{word} of '{line}' is not in '{title}'"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_described_where_its_command_is(name: str) -> None:
    told = [
        re.sub(r"\s*,\s*", ", ", " ".join(line.split()[1:]))
        for line in plain(section_of(name)).splitlines()
    ]
    for param in command(name).params:
        if isinstance(param, click.Option):
            assert option_names(param) in told, option_names(param)


def test_options_that_are_gone_are_gone_from_the_page() -> None:
    for name in COMMANDS:
        known = {opt for param in command(name).params for opt in param.opts} | {"-h", "--help"}
        tagged = re.findall(r"^\.TP\n(.*)$", section_of(name), re.M)
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", plain("\n".join(tagged))):
            assert option in known, f"{name} {option}"


def test_other_names_of_commands_are_told() -> None:
    page = plain(PAGE.read_text())
    for alias in ALIASES:
        assert f"git gage {alias}" in page


def test_the_exit_codes_are_all_there() -> None:
    status = re.search(r"^\.SH EXIT STATUS\n(.*?)^\.SH", PAGE.read_text(), re.M | re.S)
    assert status
    from git_gage.cli import boundary, door
    from git_gage.errors import GageError

    codes = {boundary.USAGE, door.INTERRUPTED, boundary.CLOSED_PIPE, boundary.BUG}
    for code in {0, 1, 125, 126, 127, GageError.exit_code, *codes}:
        assert re.search(rf"\b{code}\b", status[1]), code
