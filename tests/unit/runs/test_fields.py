"""Config values in exec: every value stays one word, whatever it holds and wherever it stands."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.errors import RequestError
from git_gage.runs.fields import fill_shell, fill_words

NASTY = ["", "a b", "it's", '"', "$HOME", "`id`", "$(id)", "\\", "a\nb", "*", "!x", "{msg}", "-n"]


def said(text: str) -> str:
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=True, env={})
    return done.stdout.decode()


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    "text",
    [
        "printf '<%s>' {msg}",
        "printf '<%s>' \"{msg}\"",
        "printf '<%s>' '{msg}'",
        "printf '<%s>' \"$(printf a >/dev/null)\"{msg}",
        "# it's a \"comment\" with {other}\nprintf '<%s>' {msg} # don't",
        "true;#don't\nprintf '<%s>' {msg}",
        "printf '<%s>' \\'' '{msg} | cut -c1- >/dev/null; printf '<%s>' {msg}",
    ],
)
def test_a_value_is_one_word_in_any_quotes(text: str, value: str) -> None:
    assert said(fill_shell(text, {"msg": value})) == f"<{value}>"


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20))
def test_any_text_is_one_word(value: str) -> None:
    for text in ("printf '<%s>' {m}", "printf '<%s>' \"{m}\"", "printf '<%s>' '{m}'"):
        assert said(fill_shell(text, {"m": value})) == f"<{value}>"


@pytest.mark.parametrize(
    "text",
    [
        'echo "$(cat {msg})"',
        'echo "$(echo ")" {msg})"',
        'echo "$(case a in a) echo {msg};; esac)"',
        'echo "$(cat',
        'echo "`cat {msg}`"',
        "echo `cat {msg}`",
        "echo `cat",
        "echo $'it\\'s' {msg}",
        "cat <<END\n{msg}\nEND\n",
    ],
)
def test_where_it_could_not_be_one_word_it_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="cannot be filled into") as refused:
        fill_shell(text if "{" in text else text + " {msg}", {"msg": "x"})
    assert refused.value.hint == "first put it into a variable: v={msg}"


@pytest.mark.parametrize(
    "text",
    [
        "echo ${msg} {other} {i}",
        "python -c \"print(f'{i}')\"",
        "awk '{print $1}'",
        "docker ps --format '{{.ID}}'",
    ],
)
def test_braces_that_mean_something_else_stay(text: str) -> None:
    assert fill_shell(text, {"msg": "x"}) == text
    assert fill_words((text,), {"msg": "x"}) == (text,)


def test_doubled_braces_are_braces_where_fields_are() -> None:
    assert fill_shell("echo {msg} {{msg}}", {"msg": "x"}) == "echo x {msg}"
    assert fill_shell("echo {{msg}} {{a}}", {"msg": "x"}, doubled=True) == "echo {msg} {a}"
    words = ("{msg}", "{{msg}}", "{{")
    assert fill_words(words, {"msg": "x y"}) == ("x y", "{{msg}}", "{{")
    assert fill_words(words, {"msg": "x y"}, doubled=True) == ("x y", "{msg}", "{")
    assert fill_words(("{a.b-c}",), {"a.b-c": "1"}) == ("1",)
