"""What is typed behind a script's name, and what is said of it."""

from __future__ import annotations

import pytest

from tests.unit.config.scripts import apply, refused

CONSTANTS = "lr = 0.1\nbatch = 8\nepochs = 3\n"
OPTIONS = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--batch-size", "--bs", "-b", type=int, default=8)
parser.add_argument("--data", required=True)
args = parser.parse_args()
"""


def test_unknown_setting_names_the_known_ones_and_a_guess() -> None:
    assert refused(CONSTANTS, "lrr=1") == (
        "unknown setting 'lrr' for 'train.py' (known: lr, batch, epochs)",
        "did you mean 'lr'?",
    )


def test_guess_knows_that_case_is_easily_mistaken() -> None:
    assert refused("LR = 0.1\n", "lr=1")[1] == "did you mean 'LR'?"
    assert refused(OPTIONS, "data=d", "Batch-Sise=1")[1] == "did you mean 'batch_size'?"


def test_unknown_setting_like_no_other_has_no_guess() -> None:
    assert refused(CONSTANTS, "momentum=1")[1] is None


def test_script_without_settings_says_so() -> None:
    assert refused("print(1)\n", "lr=1") == (
        "unknown setting 'lr' for 'train.py' (it has none)",
        None,
    )


def test_long_lists_of_known_settings_are_cut() -> None:
    script = "".join(f"x{number} = 1\n" for number in range(40))
    message, _ = refused(script, "momentum=1")
    assert message.endswith("x28, x29 and 10 more)")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("lr", "lr=<value>"),
        ("=1", "<name>=1"),
        ("=", "<name>=<value>"),
        ("", "<name>=<value>"),
    ],
)
def test_word_that_sets_nothing_is_refused(word: str, hint: str) -> None:
    assert refused(CONSTANTS, word) == (f"'{word}' is not <name>=<value>", hint)


def test_value_may_hold_an_equals_sign() -> None:
    assert apply("name = ''\n", "name=a=b").config["name"].text == "a=b"


def test_setting_given_twice_is_refused() -> None:
    assert refused(CONSTANTS, "lr=1", "lr=2")[0] == "'lr' is given twice"
    message, _ = refused(OPTIONS, "batch-size=1", "bs=2", "data=d")
    assert message == "'batch_size' is given twice"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    message, hint = refused(CONSTANTS, "lrr=1", "epochs=many", "x=", "lr", "batch=1.5", "lr=0.2")
    assert message.splitlines() == [
        "unknown settings 'lrr', 'x' for 'train.py' (known: lr, batch, epochs)",
        "'lr' is not <name>=<value>",
        "'epochs' needs a whole number (int), not 'many' (default 3)",
        "'batch' needs a whole number (int), not '1.5' (default 8)",
    ]
    assert hint == "did you mean 'lr'?"


def test_bytes_that_are_not_utf8_are_refused() -> None:
    message, _ = refused("name = 'a'\n", "name=caf\udce9")
    assert message == "'name' needs text in UTF-8, not 'caf\udce9'"


def test_options_are_known_by_any_of_their_spellings() -> None:
    for key in ("batch_size", "batch-size", "bs", "b"):
        applied = apply(OPTIONS, "data=d", f"{key}=16")
        assert applied.argv == ("--data", "d", "--batch-size", "16")
        assert applied.config["batch_size"].text == "16"
