"""A script whose settings are the options and arguments of its click command."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.config import Applied
from tests.unit.config.scripts import apply, plain, refused


def script(*decorators: str, head: str = "") -> str:
    """A command that gives back what it was given."""
    lines = ["import click", *head.splitlines(), "@click.command()"]
    lines += [f"@click.{decorator}" for decorator in decorators]
    return "\n".join(
        [*lines, "def main(**given): return given", "if __name__ == '__main__': main()\n"]
    )


def given_by(source: str, argv: tuple[str, ...]) -> dict[str, Any]:
    """What the command is called with."""
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(source, "train.py", "exec"), names)
    found = names["main"].main(list(argv), standalone_mode=False)
    assert isinstance(found, dict)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def checked(source: str, *words: str) -> Applied:
    """Words applied; every recorded value is what the command is called with."""
    applied = apply(source, *words)
    found = given_by(source, applied.argv)
    for key, value in applied.config.items():
        assert plain(value) == found[key], key
    return applied


def test_options_are_passed_and_all_are_recorded() -> None:
    source = script(
        "option('--lr', default=0.1)",
        "option('-e', '--epochs', type=int, default=3)",
        "option('--name', default='run', show_default=True)",
        "option('--out', type=click.Path())",
        "argument('data')",
    )
    applied = checked(source, "lr=1e-3", "data=-x", "epochs=-5", "out=@a")
    assert applied.argv == (
        *("--lr", "1e-3", "--epochs", "-5", "--out", "@a"),
        *("--", "-x"),
    )
    assert [key for key, _ in applied.config.items()] == ["lr", "epochs", "name", "out", "data"]
    assert checked(source, "data=d", "e=4").config["epochs"].text == "4"


def test_flags() -> None:
    source = script(
        "option('--shout/--no-shout', default=True)",
        "option('--fast', is_flag=True)",
        "option(' /-q', 'loud', default=True)",
        "option('--deep', type=bool, default=False)",
        "option('--upper', 'case', flag_value='up')",
        "option('-v', '--verbose', count=True)",
    )
    applied = checked(source, "shout=no", "fast=yes", "loud=false", "deep=1", "verbose=2")
    assert applied.argv == (
        *("--no-shout", "--fast", "-q", "--deep", "true", "--verbose", "--verbose"),
    )
    assert given_by(source, apply(source, "upper=true").argv)["case"] == "up"
    assert checked(source, "shout=yes", "fast=no", "v=0").argv == ("--shout",)
    assert refused(script("option('--x', is_flag=True)"), "x=maybe")[0] == (
        "'x' needs true or false, not 'maybe' (default false)"
    )


def test_types_and_choices() -> None:
    source = script(
        "option('--opt', type=click.Choice(['adam', 'sgd']), default='sgd')",
        "option('--any', type=click.Choice(['a', 'B'], case_sensitive=False))",
        "option('--made', type=click.Choice(list('ab')))",
        "option('--part', type=click.Choice([KINDS, 'b']))",
        "option('--depth', type=click.IntRange(1, 9), default='3')",
        "option('--rate', type=click.FLOAT, default=1)",
        "option('--when', type=click.DateTime())",
        "option('--calc', default=lambda: 3)",
        "option('--home', default=str(1))",
        "option('--raw', default=b'x')",
        head="KINDS = 'a'",
    )
    assert (
        checked(source, "opt=adam", "any=A".lower(), "depth=4", "made=b").config["rate"].text == "1"
    )
    message, hint = refused(source, "opt=adan", "depth=x", "rate=x")
    assert message.splitlines() == [
        "'opt' must be one of adam, sgd, not 'adan'",
        "'depth' needs a whole number (int), not 'x' (default 3)",
        "'rate' needs a number (float), not 'x' (default 1)",
    ]
    assert hint == "did you mean 'adam'?"


def test_many_words() -> None:
    source = script(
        "option('--tag', multiple=True, default=['a'])",
        "option('--none', multiple=True, type=int)",
        "option('--empty', multiple=True, default=[])",
        "option('--size', nargs=2, type=float, default=(1, 2))",
        "option('--pair', type=(int, int))",
        "option('--both', type=click.Tuple([str, int]))",
        "argument('files', nargs=-1)",
    )
    applied = checked(source, "tag=x -y", "size=-3 4", "pair=1 2", "files=a 'b c'", "none=1 2")
    assert applied.argv[:2] == ("a", "b c")
    assert "--size -3 4" in " ".join(applied.argv)
    assert apply(source, "both=a 3").argv == ("--both", "a", "3")
    assert refused(script("argument('x', nargs=-1, required=True)"), "x=")[0] == (
        "'x' needs at least one word"
    )


def test_what_must_be_given() -> None:
    source = script(
        "option('--data', required=True)",
        "argument('out')",
        "argument('more', default='x')",
        "option('--opt', required=bool(0))",
    )
    assert refused(source)[0] == "'data' must be given\n'out' must be given"


@pytest.mark.parametrize(
    ("decorator", "key", "reason"),
    [
        ("option('--x', **{})", "x", "line 3 does not spell it out"),
        ("option('--x', nargs=0)", "x", "line 3 gives it an unknown nargs"),
        ("option('--x', nargs=len('ab'))", "x", "line 3 does not spell out its nargs"),
        (
            "option('--x', nargs=2, multiple=True)",
            "x",
            "line 3 makes a list of lists of it",
        ),
        (
            "option('--x', is_flag=True, default=True)",
            "x",
            "line 3 has it on, and no way to turn it off",
        ),
    ],
)
def test_option_that_cannot_be_set_says_why(decorator: str, key: str, reason: str) -> None:
    message, hint = refused(script(decorator), f"{key}=1")
    assert message == f"'{key}' of 'train.py' cannot be set: {reason}"
    assert hint == "git gage run -- python3 train.py <arguments>"


def test_option_whose_names_are_made_while_it_runs_is_unknown() -> None:
    source = script("option(f'--x', default=1)", "option('--y', default=1)")
    assert refused(source, "x=1")[0].startswith("unknown setting 'x' for 'train.py' (known: y)")


def test_options_of_subcommands_cannot_be_set() -> None:
    source = """\
    import click as c

    @c.group()
    @c.option("--debug/--no-debug")
    def cli(debug): ...

    @cli.command()
    @c.option("--lr", default=0.1)
    def train(lr): ...
    """
    for key in ("lr", "debug"):
        assert refused(source, f"{key}=1")[0] == (
            f"'{key}' of 'train.py' cannot be set: it belongs to a subcommand"
        )


@pytest.mark.parametrize(
    "call", ["train()", "train.main()", "if __name__ == '__main__':\n    train()"]
)
def test_the_command_that_is_called_is_the_one(call: str) -> None:
    source = f"""\
from click import command, option

@command()
@option("--lr", default=0.1)
def train(lr):
    class Inner: ...

@command()
@option("--split", default="test")
def test(split): ...

{call}
"""
    assert apply(source, "lr=1").argv == ("--lr", "1")
    assert refused(source, "split=a")[0] == (
        "'split' of 'train.py' cannot be set: it belongs to another command"
    )


def test_script_that_only_speaks_of_click_has_constants() -> None:
    assert apply("# click\nlr = 0.1\n", "lr=1").source == b"# click\nlr = 1.0\n"
