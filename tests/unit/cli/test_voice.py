"""One voice: every message and every help text, wherever it is written, follows the same rules.

Source: git's CodingGuidelines, "Error Messages" and "Writing Documentation".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import git_gage
from git_gage.cli.commands import COMMANDS, front_door
from git_gage.cli.parsing import RUN_NOTE, Command

PACKAGE = Path(git_gage.__file__).parent
# Calls whose first argument is told to people; the classes that derive from GageError are added.
TOLD = {"UsageError", "Check", "warning", "note"}
GAP = "x"
"""Stands for what an f-string puts in."""


class Message(NamedTuple):
    place: str
    text: str


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE.parent)), ast.parse(path.read_text())


def error_classes() -> set[str]:
    """Names of the classes that derive from GageError, however far."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"GageError"}
    while new := {name for name, above in bases.items() if above & found} - found:
        found |= new
    return found


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def texts_of(node: ast.expr | None) -> list[str]:
    """What an expression can be as text; nothing where that is made elsewhere."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr():
            parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
            return ["".join(map(str, parts))]
        case ast.IfExp():
            return texts_of(node.body) + texts_of(node.orelse)
        case ast.BinOp(op=ast.Add()):
            return [a + b for a in texts_of(node.left) for b in texts_of(node.right)]
    return []


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """All calls in the package, each with its file and line."""
    return [
        (f"{path}:{node.lineno}", node)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


@cache
def messages() -> list[Message]:
    told = error_classes() | TOLD
    found = []
    for place, node in calls():
        if called(node) in told and node.args:
            which = 2 if called(node) == "Check" else 0
            texts = texts_of(node.args[which]) if len(node.args) > which else []
            found += [Message(place, text) for text in texts]
    return found


def hints() -> Iterator[Message]:
    for place, node in calls():
        found = [word.value for word in node.keywords if word.arg == "hint"]
        if called(node) == "Check" and len(node.args) > 3:
            found.append(node.args[3])
        for value in found:
            for text in texts_of(value):
                yield Message(place, text)


def complaints(text: str) -> Iterator[str]:
    first = text.split(maxsplit=1)[0] if text.split() else ""
    name = re.sub(r"\W", "", first)
    if first[:1].isupper() and not name.isupper():
        yield "begins with a capital"
    if text.rstrip().endswith((".", "!")) and not text.endswith("..."):
        yield "ends in a full stop"
    if re.search(r'["`“”]', text):
        yield "quotes with something else than single quotes"
    if re.search(r"\b(?:[Ff]ailed to|[Pp]lease|[Oo]ops|[Ss]orry|[Ii]nvalid argument)\b", text):
        yield "says too much"
    if re.search(r"--help\b", text):
        yield "points to help in another way than '-h'"
    for word in re.findall(r"<[^<>]*>", text):
        if not re.fullmatch(r"<[a-z][a-z.:/-]*>", word):
            yield f"{word} is no placeholder"


def test_there_are_messages_to_look_at() -> None:
    assert len(list(messages())) > 40
    assert len(list(hints())) > 20


def test_messages_speak_with_one_voice() -> None:
    found = [
        f"{place}: {complaint}: {text}"
        for place, text in messages()
        for complaint in complaints(text)
    ]
    assert not found, "\n".join(found)


def test_hints_speak_with_one_voice() -> None:
    found = [
        f"{place}: {complaint}: {text}" for place, text in hints() for complaint in complaints(text)
    ]
    assert not found, "\n".join(found)


def test_hints_name_commands_that_exist() -> None:
    for place, text in hints():
        for name in re.findall(r"git gage ([a-z-]+)", text):
            assert name in COMMANDS, f"{place}: {text}"


# -- help ------------------------------------------------------------------------------------

DOOR = front_door.make_context("git gage", ["help"])


def command(name: str) -> Command:
    found = front_door.get_command(DOOR, name)
    assert found is not None
    return found


def help_of(name: str) -> str:
    found = command(name)
    return found.get_help(click.Context(found, info_name=name, parent=DOOR))


def summaries() -> Iterator[Message]:
    for name, text in COMMANDS.items():
        yield Message(name, text)
        yield Message(f"{name} -h", help_of(name).splitlines()[0])
        for param in command(name).params:
            if isinstance(param, click.Option):
                yield Message(f"{name} {param.opts[0]}", param.help or "")


@pytest.mark.parametrize("message", list(summaries()), ids=lambda message: message.place)
def test_one_line_help_is_a_sentence_without_its_stop(message: Message) -> None:
    assert message.text[0].isupper()
    assert not message.text.endswith(".")
    assert "\n" not in message.text


@pytest.mark.parametrize("name", COMMANDS)
def test_section_titles_are_in_upper_case(name: str) -> None:
    titles = [line for line in help_of(name).splitlines() if line and line == line.upper()]
    assert titles in (
        ["EXAMPLE", "USAGE", "OPTIONS"],
        ["EXAMPLES", "USAGE", "OPTIONS"],
    )
    assert not re.search(r"^[A-Z]\w+:$", help_of(name), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_placeholders_are_in_lower_case_between_angle_brackets(name: str) -> None:
    found = command(name)
    for param in found.params:
        metavar = param.metavar
        if metavar is not None:
            assert re.fullmatch(r"<[a-z-]+>", metavar), metavar
    for word in re.findall(r"<[^<>]*>", help_of(name)):
        assert re.fullmatch(r"<[a-z][a-z.-]*>", word), word


def test_there_is_one_way_to_point_to_help() -> None:
    pages = [front_door.get_help(DOOR), *map(help_of, COMMANDS), RUN_NOTE]
    pointers = {
        found for page in pages for found in re.findall(r"git gage(?: <\w+>| \w+)? --?h\w*", page)
    }
    assert pointers == {"git gage <command> -h", "git gage --help"}
