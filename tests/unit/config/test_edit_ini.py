"""Values of INI files, as Python's configparser reads them."""

from __future__ import annotations

import configparser
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.config.documents import DocumentError
from git_gage.config.edits import Place, look_at
from git_gage.config.formats import change_values, list_values
from git_gage.config.values import Value
from git_gage.errors import ConfigError, GageError
from tests.unit.config.documents import refuse_values, set_values

SETUP = """\
; about

[DEFAULT]
Rate = 1e-3
[Model]
name:  big net  ; not a comment
use_cache = True
layers =
    64
    32

# between
    16
empty =
flag
none:x
[data.train]
path=a/b.csv
  # inner
n = 007
"""


def test_values_are_typed_by_their_look() -> None:
    listed = list_values(SETUP.encode(), "setup.cfg")
    assert {place: tuple(value) for place, value in listed.items()} == {
        ("DEFAULT", "rate"): ("float", "1e-3"),
        ("Model", "name"): ("str", "big net  ; not a comment"),
        ("Model", "use_cache"): ("bool", "true"),
        ("Model", "layers"): ("str", "\n64\n32\n\n16"),
        ("Model", "empty"): ("str", ""),
        ("Model", "none"): ("str", "x"),
        ("data.train", "path"): ("str", "a/b.csv"),
        ("data.train", "n"): ("str", "007"),
    }


def test_only_values_change() -> None:
    changes: dict[Place, Value] = {
        ("DEFAULT", "rate"): Value("float", "0.1"),
        ("Model", "name"): Value("str", "é = x"),
        ("Model", "use_cache"): Value("bool", "false"),
        ("Model", "empty"): Value("int", "3"),
        ("data.train", "path"): Value("str", ""),
        ("data.train", "n"): Value("bool", "true"),
    }
    changed = change_values(SETUP.encode(), "a.ini", changes).decode()
    assert changed == (
        SETUP.replace("1e-3", "0.1")
        .replace("big net  ; not a comment", "é = x")
        .replace("True", "False")
        .replace("empty =", "empty = 3")
        .replace("a/b.csv", "")
        .replace("007", "true")
    )


def test_lines_of_a_value_become_one() -> None:
    data = "\ufeff[a]\r\nx =\r\n  1\r\n  2\r\n\r\ny = 3\r\n"
    assert set_values("a.conf", data, a__x="str 4 5") == ("\ufeff[a]\r\nx = 4 5\r\n\r\ny = 3\r\n")


@pytest.mark.parametrize(
    ("value", "shown", "message"),
    [
        ("str a\nb", "a", "an INI value has one line and no space around it"),
        ("str  a", " a", "an INI value has one line and no space around it"),
        ("null null", "null", "this format has no null"),
    ],
)
def test_value_that_does_not_fit_is_refused(value: str, shown: str, message: str) -> None:
    assert refuse_values("a.ini", "[a]\nx = 1\n", a__x=value) == (
        f"'a.x' cannot be '{shown}': {message}"
    )


def test_value_with_comments_between_its_lines_is_left() -> None:
    assert refuse_values("a.ini", SETUP, Model__layers="int 1") == (
        "'Model.layers' cannot be '1': there are comments between the lines of the old one"
    )
    assert refuse_values("a.ini", SETUP, Model__flag="int 1", a__b="int 1") == (
        "'Model.flag' cannot be '1': it has no '='\nthere is no 'a.b'"
    )


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        ("a = 1\n", "expected a [section]", 1),
        ("[a]\n = 1\n", "expected a key", 2),
        ("[a]\nX = 1\nx: 2\n", "key 'x' is given twice", 3),
        ("[a]\n[b]\n[a]\n", "key '[a]' is given twice", 3),
    ],
)
def test_fault_is_named_with_its_line(data: str, message: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        list_values(data.encode(), "a.ini")
    assert (caught.value.message, caught.value.line) == (message, line)


LINES = st.sampled_from(
    [
        *("[a]", "[b.c]", "[DEFAULT]", "x = 1", "y: two words", "X=", "é = ü", "z = a = b : c"),
        *("", "  ", "  more", "\tmore", "# x = 2", "  ; no", "t = True", "  x = 1", "[a", "bare"),
    ]
)


def test_a_key_without_a_value_has_no_second_line() -> None:
    with pytest.raises(DocumentError, match="no second line") as refused:
        list_values(b"[a]\nbare\n  more\n", "a.ini")
    assert refused.value.line == 3


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(LINES, max_size=8),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    text=st.sampled_from(["3", "new text", "", "# x", "= y", "[b]", "é"]),
    data=st.data(),
)
def test_configparser_reads_the_same(
    lines: list[str], end: str, text: str, data: st.DataObject
) -> None:
    content = end.join(lines)
    try:
        listed = list_values(content.encode(), "a.ini")
    except ConfigError:
        with pytest.raises((configparser.Error, AttributeError)):
            parse(content)
        return
    assert listed == {place: look_at(value) for place, value in parse(content).items()}
    if not listed:
        return
    place = data.draw(st.sampled_from(list(listed)))
    try:
        changed = change_values(content.encode(), "a.ini", {place: Value("str", text)}).decode()
    except GageError:
        return
    assert parse(changed) == parse(content) | {place: text}


def parse(content: str) -> dict[Place, str]:
    parser: Any = configparser.RawConfigParser(allow_no_value=True)
    parser.read_file(io.StringIO(content, newline=None))
    return {
        (section, key): value
        for section, options in {"DEFAULT": parser._defaults, **parser._sections}.items()
        for key, value in options.items()
        if value is not None
    }
