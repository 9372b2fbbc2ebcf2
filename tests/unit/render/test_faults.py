"""Faults of a file as people see them, in whatever width."""

from __future__ import annotations

import io

import pytest

from git_gage.gagefile.faults import Fault
from git_gage.render.faults import format_count, format_faults
from git_gage.render.screen import Screen


def fault(source_line: str, column: int, end_column: int, guess: str | None = None) -> Fault:
    return Fault("gage.toml", 7, column, end_column, "it is wrong", guess, source_line)


def lines(found: Fault, width: int = 80, *, terminal: bool = False) -> list[str]:
    screen = Screen(io.StringIO(), width, terminal=terminal)
    return format_faults([found], screen).splitlines()


def test_the_mark_is_below_what_is_meant() -> None:
    assert lines(fault("exec = 12", 8, 10)) == [
        "gage.toml:7:8: it is wrong",
        "   7 | exec = 12",
        "     |        ^^",
    ]


@pytest.mark.parametrize(
    ("guess", "question"),
    [("run", "did you mean 'run'?"), ("true", "did you mean true?"), ('"1"', 'did you mean "1"?')],
)
def test_a_guess_stands_beside_the_mark(guess: str, question: str) -> None:
    assert lines(fault("rum = 1", 1, 4, guess))[-1] == f"     | ^^^ {question}"


def test_where_there_is_no_room_it_stands_below() -> None:
    assert lines(fault("x" * 60 + "rum", 61, 64, "run"), 80)[2:] == [
        f"     | {' ' * 60}^^^",
        "     | did you mean 'run'?",
    ]


@pytest.mark.parametrize("column", [1, 30, 70, 110, 190])
def test_no_line_is_wider_than_the_screen(column: int) -> None:
    text = "".join(chr(97 + number % 26) for number in range(200))
    _, source, mark = lines(fault(text, column, column + 4), 60)
    assert len(source) <= 60
    assert len(mark) <= 60
    start = mark.index("^")
    assert source[start : start + 4] == text[column - 1 : column + 3]


def test_what_is_meant_may_itself_be_too_long() -> None:
    _, source, mark = lines(fault("a = " + "x" * 200, 5, 205), 40)
    assert (source, mark) == (f"   7 | a = {'x' * 28}…", f"     |     {'^' * 29}")


def test_tabs_and_wide_letters_and_orders_to_the_terminal() -> None:
    _, source, mark = lines(fault("\t名 = \x1b[2J1", 10, 11))
    assert source == "   7 |  名 = \\x1b[2J1"
    assert mark.index("^") - len("     | ") == len(" xx = \\x1b[2J")


def test_an_empty_line_has_a_mark_too() -> None:
    assert lines(fault("", 1, 2)) == ["gage.toml:7:1: it is wrong", "   7 |", "     | ^"]


def test_long_messages_are_folded_for_a_terminal_alone() -> None:
    found = fault("x", 1, 2)._replace(message="word " * 20 + "end")
    assert len(lines(found)[0]) > 80
    folded = lines(found, terminal=True)
    assert all(len(line) <= 80 for line in folded)
    assert folded[1].startswith("  word")


def test_what_was_found_in_a_file() -> None:
    wrong, doubtful = fault("x", 1, 2), fault("x", 1, 2)._replace(severity="warning")
    assert format_count("a", 1, []) == "a: 1 operation, no faults\n"
    assert format_count("a", 2, [wrong, doubtful, wrong]) == (
        "a: 2 operations, 2 errors, 1 warning\n"
    )
    assert format_count("a\n", None, [wrong]) == "a\\n: 1 error\n"
