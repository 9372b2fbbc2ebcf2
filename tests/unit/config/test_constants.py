"""A script whose settings are the constants at its top."""

from __future__ import annotations

import ast
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.config import Value
from tests.unit.config.scripts import apply, constants_of, plain, refused

TRAIN = """\
import math
lr = 0.1  # learning rate
epochs: int = 3
name = 'adam'
debug = False
layers = [64, 32]
for epoch in range(epochs):
    loss = lr / (epoch + 1)
"""


def test_new_value_takes_the_place_of_the_old_one_and_nothing_else_changes() -> None:
    applied = apply(TRAIN, "lr=1e-3", "name=sgd")
    assert applied.source.decode() == TRAIN.replace("0.1", "1e-3").replace("adam", "sgd")
    assert applied.argv == ()


def test_all_constants_are_recorded_with_what_they_held() -> None:
    assert apply(TRAIN, "epochs=5").config == {
        "lr": Value("float", "0.1"),
        "epochs": Value("int", "5"),
        "name": Value("str", "adam"),
        "debug": Value("bool", "false"),
        "layers": Value("json", "[64, 32]"),
    }


def test_change_is_kept_as_a_diff() -> None:
    assert apply("lr = 0.1\n", "lr=0.2", name="sub/train.py").diff == (
        "--- a/sub/train.py\n+++ b/sub/train.py\n@@ -1 +1 @@\n-lr = 0.1\n+lr = 0.2\n"
    )


def test_without_a_change_there_is_no_diff() -> None:
    applied = apply(TRAIN)
    assert applied.diff is None
    assert applied.source.decode() == TRAIN
    assert apply(TRAIN, "lr=0.1").diff is None


@pytest.mark.parametrize(
    ("line", "word", "changed", "value"),
    [
        ("x = 0.1", "1e-3", "x = 1e-3", Value("float", "1e-3")),
        ("x = 0.1", "1", "x = 1.0", Value("float", "1.0")),
        ("x = 0.1", "-1_0.5", "x = -1_0.5", Value("float", "-1_0.5")),
        ("x = 0.1", " 2.5 ", "x = 2.5", Value("float", "2.5")),
        ("x = 0.1", "nan", 'x = float("nan")', Value("float", "nan")),
        ("x = 0.1", "-inf", 'x = float("-inf")', Value("float", "-inf")),
        ("x = 1", "1_000", "x = 1_000", Value("int", "1_000")),
        ("x = 1", "0x1f", "x = 0x1f", Value("int", "0x1f")),
        ("x = 1", "007", "x = 7", Value("int", "7")),
        ("x = - 1", "-2", "x = -2", Value("int", "-2")),
        ("x: float = 1", "0.5", "x: float = 0.5", Value("float", "0.5")),
        ("x = True", "OFF", "x = False", Value("bool", "false")),
        ("x = False", "1", "x = True", Value("bool", "true")),
        ("x = 'a'", "it's", r"x = 'it\'s'", Value("str", "it's")),
        ('x = "a"', "", 'x = ""', Value("str", "")),
        ('x = "a"', "none", 'x = "none"', Value("str", "none")),
        ("x = '''a'''", "b\nc", r"x = '''b\nc'''", Value("str", "b\nc")),
        (r"x = r'\d'", r"\w+", r"x = r'\w+'", Value("str", r"\w+")),
        (r"x = r'\d'", "\\", r"x = '\\'", Value("str", "\\")),
        (r"x = r'\d'", r"\'", r"x = '\\\''", Value("str", r"\'")),
        ("x = u'a'", "b", "x = u'b'", Value("str", "b")),
        ("x = ('a'  # why\n 'b')", "c", "x = ('c')", Value("str", "c")),
        ("x = None", "3", "x = 3", Value("int", "3")),
        ("x = None", "3e1", "x = 3e1", Value("float", "3e1")),
        ("x = None", "True", "x = True", Value("bool", "true")),
        ("x = None", "null", "x = None", Value("null", "null")),
        ("x = None", "runs/a", 'x = "runs/a"', Value("str", "runs/a")),
        ("x = [1]", "[2, 'b']", 'x = [2, "b"]', Value("json", '[2, "b"]')),
        ("x = 1, 2", "(3,)", "x = (3,)", Value("json", "[3]")),
        ("x = {}", "{'a': {1: None}}", 'x = {"a": {1: None}}', Value("json", '{"a": {"1": null}}')),
        ("x = {1}", "{2, 'b'}", None, Value("json", '["b", 2]')),
        ("x = {1}", "set()", "x = set()", Value("json", "[]")),
        ("x = set()", "{(1, 2)}", "x = {(1, 2)}", Value("json", "[[1, 2]]")),
        ("x = b'a'", "it's", r"x = b'it\'s'", Value("str", "it's")),
        ('x = rb"\\d"', "é", 'x = b"\\xc3\\xa9"', Value("str", "é")),
        ("x = Rb'a'", r"\w", r"x = Rb'\w'", Value("str", r"\w")),
        ("x = ~1", "5", "x = 5", Value("int", "5")),
        ("x: float = 1", "1", "x: float = 1", Value("float", "1")),
        ("x = 0.0", "-0.0", "x = -0.0", Value("float", "-0.0")),
        ("x = 1e-3", "0.001", "x = 1e-3", Value("float", "1e-3")),
        ("x = [1]", "[ 1, ]", "x = [1]", Value("json", "[1]")),
        ("x = []", "[1e999, -0.5]", 'x = [float("inf"), -0.5]', Value("json", '["inf", -0.5]')),
    ],
)
def test_value_is_written_as_the_default_is(
    line: str, word: str, changed: str | None, value: Value
) -> None:
    applied = apply(f"{line}\n", f"x={word}")
    if changed is not None:  # a set has no order
        assert applied.source.decode() == f"{changed}\n"
    assert applied.config == {"x": value}


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("-(1)", Value("int", "-1")),
        ("(-  # why\n 1)", Value("int", "-1")),
        ("1e999", Value("float", "1e999")),
        ("0xFF", Value("int", "0xFF")),
        ("~1", Value("int", "-2")),
        ("-True", Value("int", "-1")),
        ("+-+1.5", Value("float", "-1.5")),
        ("- 0x1F", Value("int", "-0x1F")),
        ("b'a\\xc3\\xa9'", Value("str", "aé")),
        ("{(2, 1), 'b', 1}", Value("json", '["b", 1, [2, 1]]')),
        ("None", Value("null", "null")),
        ("(1, (2.5, 'a'))", Value("json", '[1, [2.5, "a"]]')),
        ("'é\\x00'", Value("str", "é\0")),
    ],
)
def test_value_that_was_not_set_is_recorded_as_it_stands(literal: str, value: Value) -> None:
    assert apply(f"x = {literal}\n").config == {"x": value}


@pytest.mark.parametrize(
    ("line", "word", "message"),
    [
        ("x = 1", "", "'x' needs a whole number (int), not '' (default 1)"),
        ("x = 1", "9" * 5000, f"'x' needs a whole number (int), not '{'9' * 39}…' (default 1)"),
        ("x = 0.01", "abc", "'x' needs a number (float), not 'abc' (default 0.01)"),
        ("x = True", "2", "'x' needs true or false, not '2' (default True)"),
        ("x = [1]", "3", "'x' needs a list such as [1, 2], not '3' (default [1])"),
        ("x = [1]", "[1", "'x' needs a list such as [1, 2], not '[1' (default [1])"),
        ("x = [1]", "[b'a']", "'x' needs a list such as [1, 2], not '[b'a']' (default [1])"),
        ("x = ()", "[1]", "'x' needs a tuple such as (1, 2), not '[1]' (default ())"),
        ("x = {}", "{1, 2}", "'x' needs a dict such as {'a': 1}, not '{1, 2}' (default {})"),
        ("x = {}", "{[]: 1}", "'x' needs a dict such as {'a': 1}, not '{[]: 1}' (default {})"),
        (
            "x = []",
            "['\\d' 1or 2]",
            "'x' needs a list such as [1, 2], not '['\\d' 1or 2]' (default [])",
        ),
    ],
)
def test_value_of_the_wrong_type_is_refused(line: str, word: str, message: str) -> None:
    assert refused(f"{line}\n", f"x={word}") == (message, None)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("x = 1\nx += 1\n", "line 2 sets it again"),
        ("x = 1\nfor x in []: pass\n", "line 2 sets it again"),
        ("x = 1\nif x:\n    x = 2\n", "line 3 sets it again"),
        ("x = 1\nwith open('f') as x: pass\n", "line 2 sets it again"),
        ("x = 1\ntry: pass\nexcept OSError as x: pass\n", "line 3 sets it again"),
        ("x = 1\nimport x.y\n", "line 2 sets it again"),
        ("x = 1\nfrom m import y as x\n", "line 2 sets it again"),
        ("x = 1\ndef x(): pass\n", "line 2 sets it again"),
        ("x = 1\nasync def x(): pass\n", "line 2 sets it again"),
        ("x = 1\nclass x: pass\n", "line 2 sets it again"),
        ("x = 1\ndel x\n", "line 2 sets it again"),
        ("x = 1\nprint(x := 2)\n", "line 2 sets it again"),
        ("x = 1\nprint([x := i for i in []])\n", "line 2 sets it again"),
        ("x = 1\ndef f(a=(x := 2)): pass\n", "line 2 sets it again"),
        ("x = 1\nmatch 1:\n  case x: pass\n", "line 3 sets it again"),
        ("x = 1\nmatch 1:\n  case [*x]: pass\n", "line 3 sets it again"),
        ("x = 1\nmatch 1:\n  case {**x}: pass\n", "line 3 sets it again"),
        ("x = 1\ndef f():\n    global x\n    x = 2\n", "line 3 may set it again"),
        ("def f():\n    global x\n    x = 2\nx = 1\n", "line 2 may set it again"),
        ("x = 1\nfrom m import *\n", "line 2 may set it again"),
        ("if True:\n    x = 1\n", "line 2 is no plain assignment at the top level"),
        ("x, y = 1, 2\n", "line 1 is no plain assignment at the top level"),
        ("import x\n", "line 1 is no plain assignment at the top level"),
        ("x = int(1)\n", "line 1 does not give it a plain value"),
        ("x = [b'bytes']\n", "line 1 does not give it a plain value"),
        ("x = b'\\xff'\n", "line 1 does not give it a plain value"),
        ("x = -'a'\n", "line 1 does not give it a plain value"),
        ("x = not 1\n", "line 1 does not give it a plain value"),
        (f"x = [{'1, ' * 400}]\n", "its value has more than 1,000 characters"),
        ("x = 1j\n", "line 1 does not give it a plain value"),
        ("x = ...\n", "line 1 does not give it a plain value"),
        ("x = {(1, 2): 3}\n", "line 1 does not give it a plain value"),
        ("x = {[]: 3}\n", "line 1 does not give it a plain value"),
        ("x = {'a': b'b'}\n", "line 1 does not give it a plain value"),
        ("x = f'{1}'\n", "line 1 does not give it a plain value"),
        ("x = '\\ud800'\n", "line 1 does not give it a plain value"),
        (f"x = '{'long' * 250}'\n", "its value has more than 1,000 characters"),
    ],
)
def test_name_that_cannot_be_set_says_why(script: str, reason: str) -> None:
    assert refused(script, "x=3") == (f"'x' of 'train.py' cannot be set: {reason}", None)
    assert "x" not in apply(script).config


@pytest.mark.parametrize(
    "script",
    [
        "x = 1\ny = [x for x in range(3)]\n",
        "x = 1\ny = {x: x for x, z in []}\n",
        "x = 1\ndef f(x):\n    x = 2\n",
        "x = 1\nclass A:\n    x = 2\n",
        "x = 1\nf = lambda x: x\n",
        "x: int\nx = 1\n",
        "from m import *\nx = 1\n",
        "x = 1\nwith open('f'): pass\n",
        "x = 1\ntry: pass\nexcept OSError: pass\n",
        "x = 1\nmatch 1:\n  case _: pass\n",
        "x = 1\nmatch 1:\n  case [*_]: pass\n",
        "x = 1\nmatch 1:\n  case {}: pass\n",
    ],
)
def test_name_of_an_inner_scope_is_another_name(script: str) -> None:
    assert apply(script, "x=3").config["x"] == Value("int", "3")


@pytest.mark.parametrize(
    ("script", "changed"),
    [
        ("x = 1\nx = 2\n", "x = 1\nx = 3\n"),
        ("x = 1; x = 2\n", "x = 1; x = 3\n"),
        ("import x\nx = 1\n", "import x\nx = 3\n"),
        ("if x:\n    x = 0\nx = 1\n", "if x:\n    x = 0\nx = 3\n"),
    ],
)
def test_of_several_assignments_the_last_counts(script: str, changed: str) -> None:
    assert apply(script, "x=3").source.decode() == changed


def test_name_with_a_value_that_is_none_afterwards_cannot_be_set() -> None:
    message, _ = refused("x = 1\nx = int(x)\n", "x=3")
    assert message == "'x' of 'train.py' cannot be set: line 2 sets it again"


NESTED = """\
model = {"depth": 3, "size": (1, [2.5, "a"]), 7: None, "d.e": 1, True: 4, **more, f(): 5}
layers = [1, f(), {"n": 0x10}, *others, 9]
x = y = {"a": 1}
"""


def test_values_of_lists_and_dicts_can_be_set_by_their_place() -> None:
    words = ("model.size.1.0=-1e3", "model.7=x", "layers.2.n=5", "model.d.e=2", "layers.0:str=a")
    applied = apply(NESTED, *words)
    changed = NESTED.replace("2.5", "-1e3").replace("None", '"x"').replace("0x10", "5")
    changed = changed.replace('"d.e": 1', '"d.e": 2').replace("[1, f", '["a", f')
    assert applied.source.decode() == changed
    assert applied.config == {
        "model.size.1.0": Value("float", "-1e3"),
        "model.7": Value("str", "x"),
        "layers.2.n": Value("int", "5"),
        "model.d.e": Value("int", "2"),
        "layers.0": Value("str", "a"),
        "x": Value("json", '{"a": 1}'),
        "y": Value("json", '{"a": 1}'),
    }


@pytest.mark.parametrize("key", ["layers.1", "layers.3", "layers.4", "model.True", "model.size.5"])
def test_places_that_are_no_literals_or_not_known_cannot_be_set(key: str) -> None:
    assert refused(NESTED, f"{key}=1")[0].startswith(f"unknown setting '{key}' for 'train.py'")


def test_whole_and_part_are_recorded_as_they_are_in_the_end() -> None:
    assert apply("x = {'a': 1}\ny = 2\n", "x.a=5").config == {
        "x": Value("json", '{"a": 5}'),
        "y": Value("int", "2"),
        "x.a": Value("int", "5"),
    }
    assert "x" not in apply("x = {'a': 1.5}\n", "x.a=nan").config


def test_whole_and_part_cannot_both_be_set() -> None:
    assert refused("x = [1]\n", "x=[2]", "x.0=3")[0] == (
        "'x' and 'x.0' are the same value in the script"
    )


def test_two_names_of_one_value_can_be_set_to_the_same() -> None:
    assert apply("x = y = 1\n", "x=2", "y=2").source == b"x = y = 2\n"


def test_lists_that_are_data_have_no_settings_inside() -> None:
    data = ", ".join(map(str, range(15_000)))
    assert (
        refused(f"x = [{data}]\n", "x.0=3")[0]
        == "unknown setting 'x.0' for 'train.py' (it has none)"
    )


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("x:str=1", b'x = "1"\n'),
        ("x:float=1", b"x = 1.0\n"),
        ("x:bool=on", b"x = True\n"),
        ("x:null=null", b"x = None\n"),
        ('x:json={"a": [true, null]}', b'x = {"a": [True, None]}\n'),
        ("x:json=('a',)", b'x = ("a",)\n'),
        ("x:int=7", b"x = 7\n"),
    ],
)
def test_type_that_is_asked_for(word: str, line: bytes) -> None:
    assert apply("x = 1\n", word).source == line


def test_type_that_the_word_is_not_of() -> None:
    message, hint = refused("x = 1\n", "x:json=b'a'")
    assert (message, hint) == (
        "'x' needs JSON such as [1, 2], not 'b'a''",
        """'x:str=b'"'"'a'"'"''""",
    )
    assert refused("x = 1\n", "x:colour=red")[1] == "x:str=red"
    assert refused("x = 1\n", "x:flaot=1") == (
        "'x:flaot' asks for no type that there is (int, float, str, bool, null, json)",
        "did you mean 'float'?",
    )
    assert refused("x = 1\n", "x=1.5") == (
        "'x' needs a whole number (int), not '1.5' (default 1)",
        "x:float=1.5",
    )
    assert refused("lr = 1\n", "lrr:str=1")[1] == "did you mean 'lr'?"


def test_dunder_names_are_no_settings() -> None:
    message, _ = refused("__version__ = '1'\nlr = 1\n", "__version__=2")
    assert message == "unknown setting '__version__' for 'train.py' (known: lr)"


def test_two_settings_on_one_line() -> None:
    assert apply("a=1;b='é';c=2\n", "c=3", "a=10").source.decode() == "a=10;b='é';c=3\n"


# -- properties ------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT
_NESTED = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(_TEXT | st.integers(), inner, max_size=3)
    ),
    max_leaves=5,
)
# Beside texts, which can hold that word.
_INFINITE = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|inf""")
# A word that a user can type has no NUL in it.
_TYPED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def _literal(value: Any) -> str:
    return _INFINITE.sub(lambda found: "1e999" if found[0] == "inf" else found[0], repr(value))


def test_a_text_in_a_literal_is_no_number() -> None:
    assert _literal([{"inf": math.inf}, "it's -inf"]) == """[{'inf': 1e999}, "it's -inf"]"""


def _words(value: Any) -> st.SearchStrategy[tuple[str, Any]]:
    """Words for a setting of this default, each with the value it stands for."""
    if isinstance(value, bool):
        return st.sampled_from([("Yes", True), ("off", False), ("TRUE", True), ("0", False)])
    if isinstance(value, int):
        return st.integers().flatmap(
            lambda number: st.sampled_from([(str(number), number), (f"{number:_}", number)])
        )
    if isinstance(value, float):
        return st.floats().flatmap(
            lambda number: st.sampled_from(
                [(str(number), number), (f"{number:e}", float(f"{number:e}"))]
            )
        )
    if isinstance(value, str):
        return _TYPED.map(lambda text: (text, text))
    if value is None:
        return st.sampled_from([("7", 7), ("a b", "a b"), ("none", None), ("1e3", 1000.0)])
    return _NESTED.map(
        lambda other: type(value)([other]) if not isinstance(value, dict) else {"k": other}
    ).map(lambda other: (_literal(other), other))


@st.composite
def _scripts(draw: st.DrawFn) -> tuple[list[str], list[str], dict[str, tuple[str, Any]]]:
    """What stands around the values, the values' literals, and new values for some of them."""
    values = draw(st.lists(_NESTED, min_size=1, max_size=5))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    around, words = [draw(st.sampled_from(["", "# é\n", "'''doc\n'''; "])).replace("\n", end)], {}
    for number, value in enumerate(values):
        name = f"x{number}"
        around[-1] += name + draw(st.sampled_from([" = ", "=", ": object =  "]))
        around.append(draw(st.sampled_from(["", "  # why é", ";"])) + end)
        if draw(st.booleans()):
            words[name] = draw(_words(value))
    return around, [_literal(value) for value in values], words


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and repr(left) == repr(right)


@given(_scripts(), st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]))
def test_changed_script_has_the_new_values_and_every_other_byte(
    script: tuple[list[str], list[str], dict[str, tuple[str, Any]]], encoding: str
) -> None:
    around, literals, words = script
    if encoding == "latin-1":
        around[0] = "# coding: latin-1\n" + around[0]
        literals = [literal.encode("ascii", "backslashreplace").decode() for literal in literals]
    parts = [part for pair in zip(around, [*literals, ""], strict=True) for part in pair]
    source = "".join(parts).encode(encoding)
    applied = apply(source, *(f"{name}={word}" for name, (word, _) in words.items()))

    before, after = constants_of(source), constants_of(applied.source)
    for name, value in before.items():
        assert _same(after[name], words[name][1] if name in words else value)
        recorded = applied.config[name]
        if recorded.type != "json":
            assert _same(plain(recorded), after[name])

    start = "" if encoding != "utf-8-sig" else "\ufeff"
    untouched = [
        re.escape(f"{start if not number else ''}{part}".encode(encoding.removesuffix("-sig")))
        for number, part in enumerate(around)
    ]
    spelled = [
        b"(.*)"
        if f"x{number}" in words
        else re.escape(literal.encode(encoding.removesuffix("-sig")))
        for number, literal in enumerate(literals)
    ]
    pattern = b"".join(
        part for pair in zip(untouched, [*spelled, b""], strict=True) for part in pair
    )
    assert re.fullmatch(pattern, applied.source, re.DOTALL)


@given(_TYPED, st.sampled_from(["'", '"', "'''", '"""', "r'", 'R"', "r'''"]))
def test_any_text_survives_any_quotes(text: str, quote: str) -> None:
    literal = f"{quote}a{quote.lstrip('rR')}"
    applied = apply(f"x = {literal}\n", f"x={text}")
    assert ast.literal_eval(applied.source.decode().removeprefix("x = ")) == text
