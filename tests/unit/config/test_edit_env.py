"""Values of .env files."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.config.documents import DocumentError
from git_gage.config.formats import change_values, format_of, list_values
from git_gage.config.values import Value
from git_gage.errors import ConfigError, GageError
from tests.unit.config.documents import refuse_values, set_values

ENV = """\
# secrets
export LR=0.1 # rate
  NAME = "big \\"net\\"\\n" # c
PATTERN='$x'
EMPTY=
BLANK= # nothing
URL=http://x/#y z
DEBUG=True
export LATER
"""


def test_values_are_typed_by_their_look_and_text_in_quotes() -> None:
    listed = list_values(ENV.encode(), ".env")
    assert {place: tuple(value) for place, value in listed.items()} == {
        ("LR",): ("float", "0.1"),
        ("NAME",): ("str", 'big "net"\n'),
        ("PATTERN",): ("str", "$x"),
        ("EMPTY",): ("str", ""),
        ("BLANK",): ("str", ""),
        ("URL",): ("str", "http://x/#y z"),
        ("DEBUG",): ("bool", "true"),
    }


def test_only_values_change_and_get_the_quotes_they_need() -> None:
    changed = set_values(
        ".env",
        ENV,
        LR="float 1e-3",
        NAME="str a\\b\n",
        PATTERN="str $y",
        EMPTY="str two words",
        BLANK="int 3",
        URL="str $HOME",
        DEBUG="bool false",
    )
    assert changed == (
        "# secrets\n"
        "export LR=1e-3 # rate\n"
        '  NAME = "a\\\\b\\n" # c\n'
        "PATTERN='$y'\n"
        'EMPTY="two words"\n'
        "BLANK=3 # nothing\n"
        "URL='$HOME'\n"
        "DEBUG=False\n"
        "export LATER\n"
    )
    assert set_values(".env", "A='b'\n", A="str it's") == 'A="it\'s"\n'


def test_last_of_several_values_counts() -> None:
    assert set_values("a.env", "\ufeffA=1\r\nA=2\r\nB='x\r\ny'", A="int 3") == (
        "\ufeffA=1\r\nA=3\r\nB='x\r\ny'"
    )


def test_value_that_does_not_fit_is_refused() -> None:
    assert refuse_values(".env", "A=1", A="str it's $5", B="int 1") == (
        "'A' cannot be 'it's $5': no quotes can hold both ' and $ or `\nthere is no 'B'"
    )


@pytest.mark.parametrize(
    ("data", "message", "line", "column"),
    [
        ("A=1\nB='x\n", "unclosed string", 2, 3),
        ('A="x\\"', "unclosed string", 1, 3),
        ("é='x'y", "expected the end of the line after a string", 1, 3),
    ],
)
def test_fault_is_named_with_its_place(data: str, message: str, line: int, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        list_values(data.encode(), ".env")
    error = caught.value
    assert (error.message, error.line, error.column) == (message, line, column)


@settings(max_examples=80, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from(
            [*("A=1", "B = x y ", "export A='q'", 'C="a\\"b" # c', "#A=2", "", "junk", "B="), "A='"]
        ),
        max_size=6,
    ),
    text=st.one_of(st.text("ab$'\"\\ #=\n", max_size=6), st.text(max_size=4)),
    data=st.data(),
)
def test_only_the_chosen_value_changes(lines: list[str], text: str, data: st.DataObject) -> None:
    content = "\n".join(lines).encode()
    try:
        listed = list_values(content, ".env")
    except GageError:
        return
    if not listed:
        return
    place = data.draw(st.sampled_from(list(listed)))
    try:
        changed = change_values(content, ".env", {place: Value("str", text)})
    except GageError:
        return
    texts = {each: value.text for each, value in list_values(changed, ".env").items()}
    assert texts == {each: value.text for each, value in listed.items()} | {place: text}


@settings(max_examples=30, deadline=None)
@given(text=st.text("ab$'\"` #=;&|*~/", max_size=8))
def test_shell_reads_the_same(text: str) -> None:
    try:
        changed = set_values(".env", "A=1 # c\n", A=f"str {text}")
    except GageError:
        return
    shell = subprocess.run(
        ["sh", "-c", f'{changed}printf %s "$A"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".env", "env"),
        ("dir/.env.example", "env"),
        ("prod.env", "env"),
        ("a.ini", "ini"),
        ("a.cfg", "ini"),
        ("a.conf", "ini"),
        ("a.IPYNB", "notebook"),
        ("a.jsonc", "json"),
        ("a.yml", "yaml"),
        ("env", None),
        ("a.py", None),
        ("ini", None),
    ],
)
def test_format_of_a_file_by_its_name(name: str, expected: str | None) -> None:
    assert format_of(name) == expected


def test_file_of_no_format_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'a\.txt' has no format with values"):
        list_values(b"", "a.txt")
    with pytest.raises(ConfigError, match=r"'a\.txt' has no format with values"):
        change_values(b"", "a.txt", {})
