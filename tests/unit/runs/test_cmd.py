"""Words on their way through Windows: `cmd` reads a line first, then the program takes it apart.

The readers here follow the documents that git_gage/runs/cmd.py names, and know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from git_gage.errors import RequestError
from git_gage.runs.cmd import CMD, batch_text, join_arguments, join_for_start, quote_for_cmd
from git_gage.runs.fields import fill_shell

# What `cmd` would put in place of %PATH% and the like is never what was meant.
VARIABLES = {"PATH": "EXPANDED", "a": "EXPANDED", "x y": "EXPANDED"}
ANY_LINE = st.text(
    st.one_of(
        st.sampled_from(" \"\\^%&|<>()!=;,~*?'`{}PATHaxy:0"),
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")),
    ),
    max_size=24,
)
NASTY = [
    "",
    " ",
    '"',
    "\\",
    'a\\"',
    "\\\\",
    "a b\\",
    "%PATH%",
    "%PATH:~0,3%",
    "%%",
    "100%",
    "%a",
    "^",
]


def split_arguments(line: str) -> list[str]:
    """As the start-up code of C programs does; the first word too, which is no path here."""
    words: list[str] = []
    at = 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
            continue
        word, quoted = "", False
        while at < len(line) and (quoted or line[at] not in " \t"):
            slashes = len(line) - at - len(line[at:].lstrip("\\"))
            at += slashes
            if line[at : at + 1] != '"':
                word += "\\" * slashes or line[at]
                at += not slashes
                continue
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            elif quoted and line[at + 1 : at + 2] == '"':
                word += '"'
                at += 1
            else:
                quoted = not quoted
            at += 1
        words.append(word)
    return words


def read_as_cmd(line: str, *, batch: bool, variables: Mapping[str, str] = VARIABLES) -> str:
    """The command line that `cmd` starts a program with; it must be one plain command."""
    return take_carets(expand(line, batch, variables))


def expand(line: str, batch: bool, variables: Mapping[str, str]) -> str:
    done, at = "", 0
    while at < len(line):
        if line[at] != "%":
            done += line[at]
            at += 1
            continue
        if batch and line[at + 1 : at + 2] == "%":
            done += "%"
            at += 2
            continue
        end = line.find("%", at + 1)
        name = line[at + 1 : end].partition(":")[0] if end >= 0 else ""
        if name in variables:
            done += variables[name]
            at = end + 1
        elif batch:
            at = end + 1 if end >= 0 else at + 1
        else:
            done += "%"
            at += 1
    return done


def take_carets(line: str) -> str:
    done, quoted, at = "", False, 0
    while at < len(line):
        char = line[at]
        if char == "^" and not quoted:
            at += 1
            done += line[at : at + 1]
        else:
            assert quoted or char not in "&|<>()\n", f"cmd would act on {char!r} in {line!r}"
            quoted ^= char == '"'
            done += char
        at += 1
    return done


@pytest.mark.parametrize(
    ("line", "words"),
    [
        # Microsoft's own examples.
        ('"a b c" d e', ["a b c", "d", "e"]),
        (r'"ab\"c" "\\" d', ['ab"c', "\\", "d"]),
        (r'a\\\b d"e f"g h', [r"a\\\b", "de fg", "h"]),
        (r"a\\\"b c d", [r"a\"b", "c", "d"]),
        (r'a\\\\"b c" d e', [r"a\\b c", "d", "e"]),
        ('a"b"" c d', ['ab" c d']),
    ],
)
def test_the_reader_reads_as_documented(line: str, words: list[str]) -> None:
    assert split_arguments(line) == words


@given(st.lists(ANY_LINE, min_size=1))
@example(NASTY)
@example(["C:\\Program Files\\x\\", "--name=a b", "plain", "C:\\a\\"])
def test_a_program_gets_the_words_that_were_meant(words: list[str]) -> None:
    assert split_arguments(join_arguments(words)) == words
    assert join_for_start(words) == join_arguments(words)


def test_words_that_need_none_have_no_quotes() -> None:
    assert join_arguments(["python", "C:\\a\\train.py", "--lr=0.1", "a b"]) == (
        'python C:\\a\\train.py "--lr=0.1" "a b"'
    )


@given(st.lists(ANY_LINE, min_size=1), st.booleans())
@example(NASTY, True)
@example(NASTY, False)
def test_a_text_for_cmd_holds_any_word(words: list[str], batch: bool) -> None:
    line = " ".join(quote_for_cmd(word, batch=batch) for word in words)
    assert split_arguments(read_as_cmd(line, batch=batch)) == words


@given(ANY_LINE)
@example('a\\"b\\')
@example("& ")
def test_a_value_is_one_word_or_a_part_of_one(value: str) -> None:
    for text, before, after in (
        ("tool {m}", "", ""),
        ("tool --x={m}", "--x=", ""),
        ("tool dir\\{m}", "dir\\", ""),
        ("tool dir\\\\{m}", "dir\\\\", ""),
        ('"tool" "a b" & tool {m}', "", ""),
    ):
        for end, batch in (("", False), ("\ntool 2\n", True)):
            filled = fill_shell(text + end, {"m": value}, windows=True).partition("\n")[0]
            last = filled.partition("& ")[2] if "&" in text else filled
            words = split_arguments(read_as_cmd(last, batch=batch))
            assert words == ["tool", before + value + after]


@given(ANY_LINE.filter(lambda value: '"' not in value))
@example("C:\\dir\\")
@example("100%")
def test_between_quotes_a_value_is_a_part_of_what_they_hold(value: str) -> None:
    for text, before, after in (('tool "{m}"', "", ""), ('tool "a {m} b"', "a ", " b")):
        filled = fill_shell(f"{text}\ntool 2", {"m": value}, windows=True).partition("\n")[0]
        assert split_arguments(read_as_cmd(filled, batch=True)) == ["tool", before + value + after]
        if "%" not in value:
            filled = fill_shell(text, {"m": value}, windows=True)
            assert split_arguments(read_as_cmd(filled, batch=False))[1] == before + value + after


@pytest.mark.parametrize(
    ("text", "value", "where"),
    [
        ('tool "{m}"', 'a"b', "between quotes"),
        ('tool "{m}"', "%PATH%", "between quotes"),
        ("tool ^{m}", "a b", "behind '^'"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(text: str, value: str, where: str) -> None:
    with pytest.raises(RequestError, match="cannot be filled in") as refused:
        fill_shell(text, {"m": value}, windows=True)
    assert where in refused.value.message
    assert refused.value.hint == "write {m} without quotes around it: its value gets its own"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_no_text_for_cmd_holds_a_line_end(value: str) -> None:
    with pytest.raises(RequestError, match="cannot hold a value with a line end") as refused:
        fill_shell("tool {m}", {"m": value}, windows=True)
    assert refused.value.hint == "give exec as a list: it needs no shell"


def test_an_escaped_quote_does_not_begin_quotes() -> None:
    filled = fill_shell('echo ^"{m} ^^{m}', {"m": "a b"}, windows=True)
    assert filled == 'echo ^"^"a b^" ^^^"a b^"'


def test_what_another_program_reads_has_the_rules_of_sh() -> None:
    assert fill_shell("#!bash\necho {m}", {"m": "a b"}, windows=True) == "#!bash\necho 'a b'"


def test_cmd_gets_its_text_as_it_is() -> None:
    line = join_for_start(["C:\\Windows\\cmd.exe", *CMD[1:], 'echo "a" & echo %PATH%'])
    assert line == 'C:\\Windows\\cmd.exe /d /s /c "echo "a" & echo %PATH%"'


def test_several_lines_are_a_batch_file() -> None:
    assert batch_text("echo 1\necho 2\n") == "@echo off\r\nchcp 65001 > nul\r\necho 1\r\necho 2\r\n"
