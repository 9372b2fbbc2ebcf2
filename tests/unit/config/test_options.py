"""A script whose settings are the options of its argparse parser."""

from __future__ import annotations

import math
import re
import shlex
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.config import Applied, Value, find_settings
from tests.unit.config.scripts import apply, parsed_by, plain, refused

HEAD = "import argparse\nparser = argparse.ArgumentParser()\n"
SUBCOMMANDS = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
common = argparse.ArgumentParser(add_help=False)
common.add_argument("--verbose", action="store_true")
commands = parser.add_subparsers()
fit = commands.add_parser("fit", parents=[common])
fit.add_argument("--depth", type=int, default=3)
group = fit.add_argument_group("more")
group.add_argument("--width")
commands.add_parser("eval").add_argument("--split")
"""


def script(*arguments: str) -> str:
    return HEAD + "".join(f"parser.add_argument({argument})\n" for argument in arguments)


def checked(source: str, *words: str) -> tuple[Applied, dict[str, Any]]:
    """Words applied, and what the parser makes of them; every recorded value is what it made."""
    applied = apply(source, *words)
    parsed = parsed_by(source, applied.argv)
    for key, value in applied.config.items():
        assert plain(value) == parsed[key], key
    return applied, parsed


def settings_of(source: str) -> list[str]:
    return list(find_settings(dedent(source).encode(), "train.py").options)


def test_options_are_passed_as_typed_and_all_are_recorded() -> None:
    source = script(
        '"--lr", type=float, default=1e-3',
        '"--epochs", type=int, default=3',
        '"--name", default="run"',
        '"--out"',
    )
    applied, _ = checked(source, "epochs=5", "lr=0.10")
    assert applied.argv == ("--epochs", "5", "--lr", "0.10")
    assert applied.source.decode() == source
    assert applied.diff is None
    assert applied.config == {
        "lr": Value("float", "0.10"),
        "epochs": Value("int", "5"),
        "name": Value("str", "run"),
    }


@pytest.mark.parametrize(
    ("argument", "words", "argv"),
    [
        ('"--lr", type=float', ["lr=-0.1"], ["--lr=-0.1"]),
        ('"--name"', ["name=@file"], ["--name=@file"]),
        ('"--name"', ["name="], ["--name", ""]),
        ('"--name"', ["name=a b"], ["--name", "a b"]),
        ('"-l", type=float', ["l=-0.5"], ["-l=-0.5"]),
        ('"-l", "--learning-rate", dest="lr"', ["lr=1"], ["--learning-rate", "1"]),
        ('"-l", "--learning-rate", dest="lr"', ["learning-rate=1"], ["--learning-rate", "1"]),
        ('"--fast", action="store_true"', ["fast=true"], ["--fast"]),
        ('"--fast", action="store_true"', ["fast=off"], []),
        ('"--no-cuda", action="store_false", dest="cuda"', ["cuda=no"], ["--no-cuda"]),
        ('"--no-cuda", action="store_false", dest="cuda"', ["cuda=yes"], []),
        ('"--amp", action=argparse.BooleanOptionalAction', ["amp=1"], ["--amp"]),
        ('"-a", "--amp", action=argparse.BooleanOptionalAction', ["amp=0"], ["--no-amp"]),
        ('"-v", "--verbose", action="count"', ["verbose=2"], ["--verbose", "--verbose"]),
        ('"-v", action="count", default=1', ["v=3"], ["-v", "-v"]),
        (
            '"--tag", action="append"',
            ["tag=a 'b c' -d"],
            ["--tag", "a", "--tag", "b c", "--tag=-d"],
        ),
        ('"--tag", action="append", default=["x"]', ["tag=a"], ["--tag", "a"]),
        ('"--n", type=int, nargs=2', ["n=1 -2"], ["--n", "1", "-2"]),
        ('"--n", type=float, nargs="+"', ["n=-1e-3"], ["--n=-1e-3"]),
        ('"--n", nargs="*"', ["n="], ["--n"]),
        ('"--n", nargs="*"', ["n=a b"], ["--n", "a", "b"]),
        ('"--n", nargs="*", default=["x"]', ['n=["a b", "c"]'], ["--n", "a b", "c"]),
        ('"--n", nargs="+", type=int', ["n=[1, 2]"], ["--n", "1", "2"]),
        ('"--n", nargs="*"', ["n=[a] [[1]]"], ["--n", "[a]", "[[1]]"]),
        ('"--n", nargs="*"', ["n=[[1]]"], ["--n", "[[1]]"]),
        ('"--n", nargs=argparse.ONE_OR_MORE', ["n=a b"], ["--n", "a", "b"]),
        ('"--n", nargs="?", const="all"', ["n=a"], ["--n", "a"]),
        ('"--n", action="extend", nargs="+", default=["x"]', ["n=a b"], ["--n", "a", "b"]),
        ('"--opt", choices=["adam", "sgd"]', ["opt=sgd"], ["--opt", "sgd"]),
        ('"--opt", type=None', ["opt=5"], ["--opt", "5"]),
        ('"--opt", type=__import__("functools").partial(str)', ["opt=5"], ["--opt", "5"]),
        ('"--k", type=int, choices=(1, 2)', ["k=2"], ["--k", "2"]),
        ('"--k", type=int, choices=range(3)', ["k=2"], ["--k", "2"]),
        ('"--k", choices=[*"ab"]', ["k=a"], ["--k", "a"]),
        ('"--flag", type=bool, default=True', ["flag=false"], ["--flag", ""]),
        ('"--flag", type=bool', ["flag=1"], ["--flag", "1"]),
        ('"--flag", type=bool, nargs=2', ["flag=no yes"], ["--flag", "", "yes"]),
        ('"--flag", type=lambda text: text.lower() == "true"', ["flag=yes"], ["--flag", "true"]),
        ('"--flag", type=lambda text: text.lower() == "true"', ["flag=False"], ["--flag", "False"]),
        ('"--name", type=lambda text: text.lower()', ["name=yes"], ["--name", "yes"]),
        ('"data"', ["data=x.csv"], ["x.csv"]),
        ('"data"', ["data=-x.csv"], ["--", "-x.csv"]),
        ('"data", nargs="*"', ["data=a b"], ["a", "b"]),
        ('"data", nargs=2, type=int', ["data=1 2"], ["1", "2"]),
        ('"data", nargs="?", default="d"', ["data=a"], ["a"]),
        ('"my-data"', ["my_data=a"], ["a"]),
    ],
)
def test_value_reaches_the_parser(argument: str, words: list[str], argv: list[str]) -> None:
    source = script(argument)
    applied = apply(source, *words)
    assert list(applied.argv) == argv
    parsed = {
        key.replace("-", "_"): value for key, value in parsed_by(source, applied.argv).items()
    }
    assert {key: plain(value) for key, value in applied.config.items()} == parsed


@pytest.mark.parametrize(
    ("argument", "word", "message"),
    [
        (
            '"--lr", type=float, default=0.1',
            "lr=abc",
            "'lr' needs a number (float), not 'abc' (default 0.1)",
        ),
        ('"--n", type=int', "n=0x10", "'n' needs a whole number (int), not '0x10'"),
        ('"--n", type=int, nargs="+"', "n=1 b", "'n' needs a whole number (int), not 'b'"),
        ('"--n", nargs=2', "n=1", "'n' needs 2 words, not 1"),
        ('"--n", nargs="+"', "n=", "'n' needs at least one word"),
        ('"--n", nargs="+"', "n='a", "'n': no closing quotation in ''a'"),
        ('"--n"', "n=--", "'n' cannot be '--', which argparse drops"),
        ('"n", nargs="+"', "n=a --", "'n' cannot be '--', which argparse drops"),
        ('"--n", nargs="+"', "n=a -b", "'n' cannot have '-b' among its words"),
        (
            '"--fast", action="store_true"',
            "fast=2",
            "'fast' needs true or false, not '2' (default false)",
        ),
        (
            '"--fast", action="store_const", const=1',
            "fast=x",
            "'fast' needs true or false, not 'x'",
        ),
        ('"--f", action="store_true", default=None', "f=no", "'f' can only be switched on"),
        ('"--f", action="store_false", default=F', "f=yes", "'f' can only be switched off"),
        ('"-v", action="count", default=2', "v=1", "'v' must be from 2 to 1002"),
        ('"-v", action="count"', "v=9999", "'v' must be from 0 to 1000"),
        (
            '"--opt", choices=["adam", "sgd"]',
            "opt=rms",
            "'opt' must be one of adam, sgd, not 'rms'",
        ),
        ('"--k", type=int, choices=[1, 2]', "k=3", "'k' must be one of 1, 2, not '3'"),
    ],
)
def test_value_that_the_parser_would_refuse_starts_nothing(
    argument: str, word: str, message: str
) -> None:
    assert refused(script(argument), word)[0] == message


def test_choice_that_is_near_another_gets_a_hint() -> None:
    _, hint = refused(script('"--opt", choices=["adam", "sgd"]'), "opt=adm")
    assert hint == "did you mean 'adam'?"
    _, hint = refused(script('"--n", nargs=2'), "n=1")
    assert hint == "n='<word> <word>'"


@pytest.mark.parametrize(
    ("argument", "config"),
    [
        ('"--x", default="0.5", type=float', {"x": Value("float", "0.5")}),
        ('"--x", default="abc", type=float', {}),
        ('"--x", default=1, type=float', {"x": Value("float", "1")}),
        ('"--x", default=-1_0.5', {"x": Value("float", "-1_0.5")}),
        ('"--x", default=5', {"x": Value("int", "5")}),
        ('"--x", default=None', {"x": Value("null", "null")}),
        ('"--x", default=[1, "a"], nargs="*"', {"x": Value("json", '[1, "a"]')}),
        ('"--x", default="data", type=Path', {"x": Value("str", "data")}),
        ('"--x", default="yes", type=bool', {"x": Value("bool", "true")}),
        ('"--x", default="", type=bool', {"x": Value("bool", "false")}),
        ('"--x", default="yes", type=str2bool', {"x": Value("bool", "true")}),
        ('"--x", default=True, type=strings.to_bool', {"x": Value("bool", "true")}),
        ('"--x", default=b"x"', {}),
        ('"--x", default={[]: 1}', {}),
        ('"--x", default=os.cpu_count()', {}),
        ('"--x", default=argparse.SUPPRESS', {}),
        ('"--x"', {}),
        ('"--x", action="store_true"', {"x": Value("bool", "false")}),
        ('"--x", action="store_false"', {"x": Value("bool", "true")}),
        ('"--x", action="store_true", default=True', {"x": Value("bool", "true")}),
        ('"--x", action="store_true", default=D', {}),
        ('"--x", action=argparse.BooleanOptionalAction', {}),
        ('"--x", action=BooleanOptionalAction, default=True', {"x": Value("bool", "true")}),
        ('"--x", action="store_const", const=1, default=2', {}),
        ('"--x", action="count", default=0', {"x": Value("int", "0")}),
    ],
)
def test_default_is_recorded_if_the_source_spells_it_out(
    argument: str, config: dict[str, Value]
) -> None:
    assert apply(script(argument)).config == config


@pytest.mark.parametrize(
    ("default", "word", "value"),
    [
        ("", "5", Value("str", "5")),
        (", default=1", "5", Value("int", "5")),
        (", default=1", "five", Value("str", "five")),
        (", default=0.5", "1", Value("float", "1")),
        (", default=0.5", "1e3", Value("float", "1e3")),
        (", default=True", "False", Value("bool", "false")),
        (", default='a'", "5", Value("str", "5")),
    ],
)
def test_word_for_a_function_of_the_script_is_recorded_as_its_default_is(
    default: str, word: str, value: Value
) -> None:
    applied = apply(script(f'"--x", type=checks.positive{default}'), f"x={word}")
    assert applied.config == {"x": value}
    assert applied.argv == ("--x", word)


def test_words_for_a_function_of_the_script_are_not_checked() -> None:
    source = script('"--x", type=str.lower, choices=["a"]', '"--y", type=Path, nargs="+"')
    applied = apply(source, "x=A", "y=a b")
    assert applied.argv == ("--x", "A", "--y", "a", "b")
    assert applied.config["y"] == Value("json", '["a", "b"]')


@pytest.mark.parametrize(
    ("presets", "value"),
    [
        ("parser.set_defaults(x=2)", Value("int", "2")),
        ("parser.set_defaults(x=compute())", None),
        ("parser.set_defaults(**settings)", None),
        ("parser.set_defaults(x=2)\nparser.set_defaults(x=3)", None),
        ("parser.set_defaults(y=2)", Value("int", "1")),
        ("parser.add_subparsers().add_parser('fit').set_defaults(x=2)", None),
    ],
)
def test_set_defaults_is_heeded(presets: str, value: Value | None) -> None:
    source = script('"--x", type=int, default=1')
    config = apply(f"{source}{presets}\n").config
    assert config.get("x") == value


def test_set_defaults_before_an_argument_yields_to_its_own_default() -> None:
    before = HEAD + "parser.set_defaults(x=2, y=2)\n"
    source = (
        before + "parser.add_argument('--x', default=1)\nparser.add_argument('--y', type=int)\n"
    )
    checked(source)
    assert apply(source).config == {"x": Value("int", "1"), "y": Value("int", "2")}


def test_default_for_all_arguments_leaves_none_implied() -> None:
    source = (
        "import argparse\nparser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)\n"
    )
    assert apply(source + "parser.add_argument('--x', action='store_true')\n").config == {}


def test_pair_of_switches_is_one_setting() -> None:
    source = script(
        '"--feature", action="store_true"', '"--no-feature", dest="feature", action="store_false"'
    )
    assert settings_of(source) == ["feature"]
    assert checked(source, "feature=yes")[0].argv == ("--feature",)
    assert checked(source, "feature=no")[0].argv == ("--no-feature",)
    assert checked(source)[0].config == {"feature": Value("bool", "false")}


def test_flags_that_share_a_dest_are_known_by_their_own_names() -> None:
    source = script(
        '"--fast", dest="mode", action="store_const", const="f"',
        '"--slow", dest="mode", action="store_const", const="s"',
        '"--log", dest="sinks", action="append_const", const="l"',
    )
    assert settings_of(source) == ["fast", "slow", "log"]
    applied = apply(source, "slow=true", "fast=false")
    assert applied.argv == ("--slow",)
    assert applied.config == {"slow": Value("bool", "true"), "fast": Value("bool", "false")}
    assert parsed_by(source, applied.argv)["mode"] == "s"


def test_options_that_share_a_dest_are_one_setting() -> None:
    source = script('"--lr", type=float, default=0.1', '"--rate", type=float, dest="lr"')
    applied, parsed = checked(source, "rate=0.5")
    assert applied.argv == ("--lr", "0.5")
    assert parsed == {"lr": 0.5}


def test_same_option_of_two_parsers_has_a_default_if_they_agree() -> None:
    for other, config in (("1", {"n": Value("int", "1")}), ("2", {})):
        source = HEAD + "other = argparse.ArgumentParser()\n"
        source += "parser.add_argument('--n', default=1)\n"
        source += f"other.add_argument('--n', default={other})\n"
        assert apply(source).config == config


def test_custom_actions_take_a_value_or_none() -> None:
    source = script('"--x", action=Store', '"--y", action=Flag, nargs=0')
    assert apply(source, "x=1", "y=true").argv == ("--x", "1", "--y")


def test_help_and_version_are_no_settings() -> None:
    source = script('"--version", action="version", version="1"', '"-?", action="help"', '"--x"')
    assert settings_of(source) == ["x"]


def test_names_made_at_run_time_are_no_settings() -> None:
    source = script("*names", "name", 'f"--{x}"', 'dest="y"', '"--z", dest=where', '"--x"')
    assert settings_of(source) == ["x"]


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ('"--x", **extra', "line 3 does not spell it out"),
        ('"--x", nargs=count', "line 3 does not spell out its nargs"),
        ('"--x", nargs="many"', "line 3 gives it an unknown nargs"),
        ('"--x", nargs=argparse.REMAINDER', "it takes all that follows"),
        ('"x", nargs="..."', "it takes all that follows"),
        ('"--x", action="append", nargs=2', "line 3 makes a list of lists of it"),
        ('"--x", action="extend"', "line 3 makes a list of lists of it"),
        ('"--x", action="append", default=given', "line 3 does not spell out what it starts from"),
        ('"--x", action="append", default=1', "line 3 does not spell out what it starts from"),
        ('"--x", action="count", default="a"', "line 3 does not spell out what it starts from"),
    ],
)
def test_argument_that_is_no_setting_says_why(argument: str, reason: str) -> None:
    message, hint = refused(script(argument, '"--y"'), "x=1")
    assert message == f"'x' of 'train.py' cannot be set: {reason}"
    assert hint == "git gage run -- python3 train.py <arguments>"


def test_options_of_subcommands_are_not_offered() -> None:
    assert settings_of(SUBCOMMANDS) == ["seed"]
    for key in ("depth", "width", "split", "verbose"):
        message, hint = refused(SUBCOMMANDS, f"{key}=1")
        assert message == f"'{key}' of 'train.py' cannot be set: it belongs to a subcommand"
        assert hint == "git gage run -- python3 train.py <arguments>"


def test_script_with_nothing_but_subcommands_has_no_settings() -> None:
    source = (
        HEAD + "fit = parser.add_subparsers().add_parser('fit')\nfit.add_argument('--x')\nk = 1\n"
    )
    message, hint = refused(source, "x=1", "k=2")
    assert message.splitlines() == [
        "'x' of 'train.py' cannot be set: it belongs to a subcommand",
        "unknown setting 'k' for 'train.py' (it has none)",
    ]
    assert hint is not None


def test_arguments_of_groups_and_parents_are_offered() -> None:
    source = """\
        import argparse
        base = argparse.ArgumentParser(add_help=False)
        base.add_argument("--seed", type=int, default=0)
        parser: argparse.ArgumentParser = argparse.ArgumentParser(parents=[base])
        group = parser.add_argument_group("model")
        group.add_argument("--depth", type=int, default=2)
        either = group.add_mutually_exclusive_group()
        either.add_argument("--cpu", action="store_true")
        later: int
        parser.add_subparsers().add_parser("fit", parents=[base])
        parser.add_argument_group("data").add_argument("--data", default="d")
    """
    assert settings_of(source) == ["seed", "depth", "cpu", "data"]


def test_required_arguments_must_be_given() -> None:
    source = script(
        '"data"', '"--out", required=True', '"--x", required=False', '"more", nargs="*"'
    )
    message, hint = refused(source, "x=1")
    assert message.splitlines() == ["'data' must be given", "'out' must be given"]
    assert hint == "data=<value>"
    assert checked(source, "data=d", "out=o")[0].argv == ("d", "--out", "o")


def test_argument_that_is_there_only_sometimes_is_not_demanded() -> None:
    source = """\
        import argparse, sys
        parser = argparse.ArgumentParser()
        if len(sys.argv) > 99:
            parser.add_argument("--x", required=True)
        if __name__ == "__main__":
            parser.add_argument("--y", required=True)
    """
    assert refused(source)[0] == "'y' must be given"


def test_positional_arguments_come_in_their_order_before_the_options() -> None:
    source = script('"src"', '"--n", nargs="*", type=int', '"dst"', '"--k", type=int')
    applied, parsed = checked(source, "n=1 2", "dst=b", "k=3", "src=a")
    assert applied.argv == ("a", "b", "--n", "1", "2", "--k", "3")
    assert parsed == {"src": "a", "dst": "b", "n": [1, 2], "k": 3}


def test_positional_argument_with_a_dash_comes_after_the_options() -> None:
    source = script('"src"', '"--n", nargs="*", type=int', '"dst", nargs="*"')
    applied, _ = checked(source, "n=1 2", "src=-a", "dst=b -c")
    assert applied.argv == ("--n", "1", "2", "--", "-a", "b", "-c")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (['"a", nargs="?"', '"b", nargs="?"'], ["b=1"]),
        (['"a", nargs="+"', '"b", nargs="+"'], ["a=1", "b=2 3"]),
        (['"a", nargs="*"', '"b", nargs="?"'], ["b=1"]),
    ],
)
def test_positional_arguments_that_would_be_taken_for_others_are_refused(
    arguments: list[str], words: list[str]
) -> None:
    message, _ = refused(script(*arguments), *words)
    assert message.endswith("cannot be told from the arguments beside it")


def test_positional_argument_after_one_that_may_be_missing_is_refused() -> None:
    source = HEAD + "if x:\n    parser.add_argument('a')\nparser.add_argument('b')\n"
    assert refused(source, "b=1")[0] == "'b' cannot be told from the arguments beside it"


@pytest.mark.parametrize(
    "source",
    [
        "from argparse import ArgumentParser\nArgumentParser().add_argument('--x')\n",
        "import os, argparse as ap\np = ap.ArgumentParser()\np.add_argument('--x')\n",
        "import configargparse\np.add_argument('--x')\n",
        "from mine import parser\nparser.add_argument('--x')\nparser.parse_args()\n",
        "def main(argv=None):\n    p.add_argument('--x')\n    p.parse_known_args(argv)\n",
        "p.add_argument('--x')\np.parse_args(args=sys.argv[1:])\n",
    ],
)
def test_script_that_reads_its_command_line_has_options(source: str) -> None:
    assert settings_of(source) == ["x"]


@pytest.mark.parametrize(
    "source",
    [
        "from selenium import options\noptions.add_argument('--x')\n",
        "import argparse\np.add_argument('--x')\nargs = p.parse_args([])\n",
        "import argparse\np.add_argument('--x')\nargs = p.parse_args(args='')\n",
        "import argparse\np.add_argument(name)\np.parse_args()\n",
        "import argparse\nadd_argument('--x')\n",
    ],
)
def test_script_that_does_not_has_constants(source: str) -> None:
    assert apply(f"{source}k = 1\n", "k=2").config == {"k": Value("int", "2")}


# -- properties ------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_INTS = st.integers(-(2**53) + 1, 2**53 - 1).map(lambda number: (str(number), number))
_FLOATS = st.floats(allow_nan=False).map(lambda number: (str(number), number))
_STRINGS = (
    _TEXT.filter(lambda text: text != "--") | st.sampled_from(["-", "-1", "--x0", "-x", "@x", "="])
).map(lambda text: (text, text))
_BOOLS = st.sampled_from([("yes", True), ("FALSE", False), ("0", False), ("true", True)])
_KINDS: dict[str, st.SearchStrategy[tuple[str, Any]]] = {
    "type=int": _INTS,
    "type=float": _FLOATS,
    "type=str": _STRINGS,
    "type=bool": _BOOLS,
    "type=str2bool": _BOOLS,
}
STR2BOOL = "def str2bool(text): return {'true': True, 'false': False}[text.lower()]\n"


def _can_be_among_others(pair: tuple[str, Any]) -> bool:
    word, value = pair
    negative = re.fullmatch(r"-\d+|-\d*\.\d+", word)
    return (negative is not None or not word.startswith("-")) and value not in (math.inf, -math.inf)


@st.composite
def _arguments(draw: st.DrawFn) -> list[tuple[str, str | None, Any]]:
    """Arguments of a parser, each with a word (None to leave it alone) and what it comes to."""
    found: list[tuple[str, str | None, Any]] = []
    for number in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from([f'"--x{number}"', f'"-{"abcde"[number]}"']))
        name = f'{name}, dest="x{number}"'
        kind = draw(st.sampled_from(list(_KINDS)))
        how = draw(st.sampled_from(["one", "many", "each", "count", "switch", "place"]))
        word, value = draw(_KINDS[kind])
        if how == "one":
            found.append((f"{name}, {kind}", word, value))
        elif how == "place":
            found.append((f'"x{number}", {kind}', word, value))
        elif how == "count":
            times = draw(st.integers(0, 4))
            found.append((f'{name}, action="count", default=0', str(times), times))
        elif how == "switch":
            word, value = draw(_BOOLS)
            found.append((f"{name}, action=argparse.BooleanOptionalAction", word, value))
            if name.startswith('"-' + "abcde"[number]):
                found[-1] = (f'{name}, action="store_true"', word, value)
        else:
            many = _KINDS[kind].filter(_can_be_among_others)
            pairs = draw(st.lists(many, min_size=1, max_size=3))
            word, value = shlex.join(word for word, _ in pairs), [value for _, value in pairs]
            action = 'nargs="+"' if how == "many" else 'action="append"'
            found.append((f"{name}, {kind}, {action}", word, value))
        if how in ("one", "many", "each") and draw(st.booleans()):
            found[-1] = (found[-1][0], None, None)
    return found


@given(_arguments())
def test_parser_makes_of_the_arguments_what_was_meant(
    arguments: list[tuple[str, str | None, Any]],
) -> None:
    source = STR2BOOL + script(*(argument for argument, _, _ in arguments))
    words = [
        f"x{number}={word}" for number, (_, word, _) in enumerate(arguments) if word is not None
    ]
    applied, parsed = checked(source, *words)
    assert parsed == {f"x{number}": value for number, (_, _, value) in enumerate(arguments)}
    assert set(applied.config) >= {word.partition("=")[0] for word in words}


def test_default_that_is_a_constant_of_the_script_is_known() -> None:
    source = "LR = 1e-3\nN = 1\nN += 1\n" + script(
        '"--lr", type=float, default=LR', '"--n", type=int, default=N', '"--x", default=UNKNOWN'
    )
    settings = find_settings(source.encode(), "train.py")
    assert settings.options["lr"].default == Value("float", "1e-3")
    assert settings.options["n"].default is None
    assert settings.options["x"].default is None
