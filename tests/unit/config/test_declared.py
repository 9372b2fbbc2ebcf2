"""Config keys that an operation declares, and options of the script that it runs."""

from __future__ import annotations

import datetime as dt

import pytest

from git_gage.config import Value
from git_gage.gagefile.model import ConfigKey
from tests.unit.config.operations import Files, find, operation, refused, run, texts

PARSER = """\
import argparse
SEED = 1
parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--lr", "--rate", type=float, default=0.1)
parser.add_argument("--opt", choices=["adam", "sgd"], default="sgd")
parser.add_argument("--size", nargs=2, type=int)
"""
FILES: Files = {"train.py": PARSER, "lib.py": "lr = 0.5\n"}


def key(name: str, default: object = ..., **declared: object) -> ConfigKey:
    given = {} if default is ... else {"default": default, "has_default": True}
    return ConfigKey(name, **given, **declared)  # type: ignore[arg-type]


def test_declared_keys_have_values_of_their_own() -> None:
    found = operation(
        *(key("msg", "hi"), key("n", 3, type="float"), key("who"), key("on", True)),
        *(key("day", dt.date(2026, 1, 2)), key("none", None), key("sizes", [1, 2])),
    )
    assert run(found, {}).config == {
        "msg": Value("str", "hi"),
        "n": Value("float", "3"),
        "on": Value("bool", "true"),
        "day": Value("str", "2026-01-02"),
        "none": Value("null", "null"),
        "sizes": Value("json", "[1, 2]"),
    }
    applied = run(found, {}, "msg=1", "n=1e2", "who=7", "on=no", "none=x", "sizes=[3]", "day:int=4")
    assert applied.config == {
        "msg": Value("str", "1"),
        "n": Value("float", "1e2"),
        "who": Value("int", "7"),
        "on": Value("bool", "false"),
        "day": Value("int", "4"),
        "none": Value("str", "x"),
        "sizes": Value("json", "[3]"),
    }


def test_what_a_value_may_be() -> None:
    found = operation(
        key("opt", "sgd", choices=("sgd", "adam")),
        key("n", 1, choices=(1, 2)),
        key("day", choices=(dt.date(2026, 1, 2),)),
        key("low", type="int", min=1, max=9),
        key("p", 0.5, min=0, max=1),
        key("any", min=0),
        key("data", required=True),
    )
    assert texts(run(found, {}, "data=d", "low=9", "p=1", "n=2"))["low"] == "9"
    messages, hint = refused(found, {}, "opt=adan", "n:bool=1", "day=1", "low=0", "p=1.5", "any=x")
    assert messages == [
        "'data' must be given",
        "'opt' must be one of sgd, adam, not 'adan'",
        "'n' must be one of 1, 2, not '1'",
        "'day' must be one of 2026-01-02, not '1'",
        "'low' must be at least 1, not '0'",
        "'p' must be at most 1, not '1.5'",
        "'any' needs a number, not 'x'",
    ]
    assert hint == "data=<value>"
    assert refused(found, {}, "data=d", "p=nan")[0] == [
        "'p' must be at least 0, not 'nan'",
        "'p' must be at most 1, not 'nan'",
    ]
    assert refused(found, {}, "data=d", "low=x", "p=y", "any:bool=1")[0] == [
        "'low' needs a whole number (int), not 'x'",
        "'p' needs a number (float), not 'y' (default 0.5)",
        "'any' needs a number, not '1'",
    ]


def test_declared_key_says_what_a_file_may_hold() -> None:
    found = operation("lib.py", key("lr", choices=(0.5, 1.5), description="learning rate"))
    assert find(found, FILES).known["lr"].description == "learning rate"
    assert refused(found, FILES, "lr=2")[0] == ["'lr' must be one of 0.5, 1.5, not '2'"]
    assert run(found, FILES, "lr=1.5").replaced == {"lib.py": b"lr = 1.5\n"}
    assert run(found, FILES, "lib.py#lr=1.5").replaced == {"lib.py": b"lr = 1.5\n"}
    assert run(found, FILES).replaced == {}


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        (key("lr", 1), b"lr = 1.0\n"),
        (key("lr", "1", type="str"), b'lr = "1"\n'),
        (key("lr", None), b"lr = None\n"),
        (key("lr", [1]), b"lr = [1]\n"),
    ],
)
def test_declared_default_is_set_in_the_file(declared: ConfigKey, line: bytes) -> None:
    found = operation("lib.py", declared)
    assert run(found, FILES).replaced == {"lib.py": line}
    assert run(found, FILES, "lr:float=0.25").replaced == {"lib.py": b"lr = 0.25\n"}


def test_declared_type_is_that_of_the_file() -> None:
    applied = run(operation("lib.py", key("lr", type="str")), FILES, "lr=2")
    assert applied.replaced == {"lib.py": b'lr = "2"\n'}


# -- options of the script -------------------------------------------------------------------------


def test_options_are_passed_to_the_script_that_is_run() -> None:
    applied = run(operation("train.py"), FILES, "rate=0.5", "data=d", "SEED=2", "size=1 2")
    assert applied.argv == {"train.py": ("d", "--lr", "0.5", "--size", "1", "2")}
    assert applied.replaced == {"train.py": PARSER.replace("SEED = 1", "SEED = 2").encode()}
    assert texts(applied) == {
        "SEED": "2",
        "data": "d",
        "lr": "0.5",
        "opt": "sgd",
        "size": "[1, 2]",
    }
    assert refused(operation("train.py"), FILES, "opt=adan") == (
        ["'opt' must be one of adam, sgd, not 'adan'"],
        "did you mean 'adam'?",
    )


def test_other_spellings_mean_only_keys_that_are_chosen() -> None:
    assert run(operation("train.py#lr"), FILES, "rate=1").argv == {"train.py": ("--lr", "1")}
    assert refused(operation("train.py#opt"), FILES, "rate=1")[0] == [
        "unknown setting 'rate' for operation 'train' (known: opt)"
    ]


def test_no_option_is_asked_for_that_exec_may_give() -> None:
    assert run(operation("train.py", exec="python train.py d"), FILES).argv == {}


@pytest.mark.parametrize(
    ("exec", "free"),
    [
        ("python ./train.py", {"data", "lr", "opt", "size"}),
        ("python train.py --lr 1", {"opt", "size"}),
        ("python train.py --rate=1", {"data", "opt", "size"}),
        (["python", "-m", "train", "data.csv"], {"lr", "opt", "size"}),
        ("cd x && python train.py --opt sgd && echo done", {"lr", "size"}),
        ("python train.py 'data", {"lr", "opt", "size"}),
        ("bash run.sh", set()),
        ("bash run.sh {lr}", {"lr"}),
        (["-m"], set()),
        (None, set()),
    ],
)
def test_options_that_exec_gives_or_does_not_reach_are_no_keys(
    exec: str | list[str] | None, free: set[str]
) -> None:
    keys = find(operation("train.py", exec=exec), FILES)
    assert set(keys.known) - {"SEED"} == free
    for name in {"data", "lr", "opt", "size"} - free:
        assert keys.refused[name] in (
            "in 'train.py', exec gives it already",
            "in 'train.py', exec does not run it itself",
        )


def test_constant_that_an_option_hides_can_be_set_where_the_option_cannot_be_given() -> None:
    script = f"lr = 0.2\n{PARSER.replace('0.1', 'lr')}"
    applied = run(operation("train.py", exec="bash run.sh"), {"train.py": script}, "lr=0.5")
    assert applied.replaced == {"train.py": script.replace("0.2", "0.5").encode()}
    applied = run(operation("train.py"), {"train.py": script}, "lr=0.5")
    assert applied.argv == {"train.py": ("--lr", "0.5")}


def test_option_whose_default_is_a_constant_follows_it() -> None:
    script = f"LR = 0.2\n{PARSER.replace('0.1', 'LR')}"
    applied = run(operation("train.py"), {"train.py": script}, "LR=0.5")
    assert texts(applied) == {"LR": "0.5", "SEED": "1", "lr": "0.5", "opt": "sgd"}
    assert texts(run(operation("train.py"), {"train.py": script}, "LR:str=x"))["LR"] == "x"


def test_options_that_exec_names_are_filled_in_there() -> None:
    found = operation("train.py", exec="python train.py --lr {lr} {data}")
    applied = run(found, FILES, "lr=0.5", "data=d", "opt=adam")
    assert applied.argv == {"train.py": ("--opt", "adam")}
    assert texts(applied)["lr"] == "0.5"
    assert refused(found, FILES, "lr=x", "data=d")[0] == [
        "'lr' needs a number (float), not 'x' (default 0.1)"
    ]
    assert texts(run(found, FILES, "data=d"))["lr"] == "0.1"


def test_what_exec_names_must_have_a_value() -> None:
    found = operation(
        *("train.py", "lib.py"), key("msg"), key("who", required=True), exec="x {msg} {who} {lr}"
    )
    assert refused(found, FILES)[0] == [
        "'who' must be given",
        "'lr' must be given: exec has it as '{lr}'",
        "'msg' must be given: exec has it as '{msg}'",
    ]
    assert texts(run(found, FILES, "msg=1", "who=2", "lr=3"))["lr"] == "3"


def test_type_that_is_forced_on_an_option() -> None:
    found = operation("train.py")
    assert run(found, FILES, "opt:str=sgd", "data:int=5").config["data"] == Value("int", "5")
    assert refused(found, FILES, "data:int=x")[0] == ["'data' needs a whole number (int), not 'x'"]


def test_keys_know_where_they_are() -> None:
    keys = find(operation("train.py"), FILES)
    option = keys.known["opt"].places[0]
    assert (option.path, option.name, option.place, option.passed) == (
        *("train.py", "opt", ("opt",), True),
    )
    assert option.choices == ("adam", "sgd")
    assert keys.known["data"].default is None
    assert keys.files["train.py"].options["opt"].key == "opt"
