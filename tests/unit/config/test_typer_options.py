"""A script whose settings are the parameters of the function that typer runs."""

from __future__ import annotations

from textwrap import indent

import pytest

from git_gage.config import Value, find_settings
from tests.unit.config.scripts import apply, refused

HEAD = """\
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, List, Literal, Optional, Tuple, Union
import typer

class Opt(str, Enum):
    adam = "adam"
    sgd = made = "s-g-d"
    other = auto()

class Other: ...

"""


def script(*parameters: str, head: str = HEAD) -> str:
    """A function that typer runs."""
    inside = indent(",\n".join(parameters), "    ")
    return f"{head}def main(\n{inside}\n): ...\n\nif __name__ == '__main__':\n    typer.run(main)\n"


def test_parameters_are_options_and_arguments() -> None:
    source = script("data: Path", "lr: float = 0.1", "batch_size: int = 8", "name='x'")
    applied = apply(source, "data=d", "lr=-1e-3", "batch-size=16")
    assert applied.argv == ("d", "--lr", "-1e-3", "--batch-size", "16")
    assert applied.config == {
        "data": Value("str", "d"),
        "lr": Value("float", "-1e-3"),
        "batch_size": Value("int", "16"),
        "name": Value("str", "x"),
    }
    assert refused(source)[0] == "'data' must be given"


def test_what_typer_is_told_of_a_parameter() -> None:
    source = script(
        "out: Annotated[Path, typer.Argument(help='where')] = Path('runs')",
        "lr: Annotated[float, typer.Option('--rate', '-r')] = 0.1",
        "epochs: int = typer.Option(3, '--epochs', '-e', min=1)",
        "seed: int = typer.Option(default=1)",
        "data: str = typer.Option(..., help='what')",
        "loud: Annotated[int, typer.Option('--verbose', '-v', count=True)] = 0",
    )
    applied = apply(source, "r=1", "e=4", "data=d", "out=o", "verbose=2")
    assert applied.argv == (
        *("o", "--rate", "1", "--epochs", "4", "--data", "d", "--verbose", "--verbose"),
    )
    assert apply(source, "data=d").config["out"] == Value("str", "runs")
    assert refused(source)[0] == "'data' must be given"


def test_flags() -> None:
    source = script(
        "fast: bool = False",
        "slow: Annotated[bool, typer.Option('--slow')] = False",
        "deep: Annotated[bool, typer.Option('--deep/--flat')] = True",
        "maybe: Optional[bool] = None",
        "sure: Annotated[bool, typer.Argument()] = True",
    )
    applied = apply(source, "fast=yes", "slow=1", "deep=no", "maybe=false", "sure=off")
    assert applied.argv == ("false", "--fast", "--slow", "--flat", "--no-maybe")


def test_types() -> None:
    source = script(
        "opt: Opt = Opt.adam",
        "auto: Opt = Opt.other",
        "mode: Literal['a', 'b'] = 'a'",
        "size: Tuple[int, int] = (1, 2)",
        "pair: tuple[str, int] = ('a', 1)",
        "tags: List[str] = []",
        "rates: list[float] | None = None",
        "either: Union[int, None] = 1",
        "both: int | str = 1",
        "when: datetime = 'now'",
        "deep: dict[str, int] = {}",
        "text: 'float' = 1",
        "odd: '1 +' = 'x'",
        "home: str = str(1)",
        "raw: str = b'x'",
    )
    applied = apply(
        source,
        "opt=s-g-d",
        "mode=b",
        "size=3 4",
        "tags='a b' -c",
        "rates=1 2",
        "either=2",
        "both=x",
    )
    assert applied.argv == (
        *("--opt", "s-g-d", "--mode", "b", "--size", "3", "4", "--tags", "a b", "--tags", "-c"),
        *("--rates", "1", "--rates", "2", "--either", "2", "--both", "x"),
    )
    assert applied.config["text"] == Value("float", "1")
    assert "auto" not in applied.config
    assert refused(source, "opt=sgd", "mode=c", "either=x", "size=1")[0].splitlines() == [
        "'opt' must be one of adam, s-g-d, not 'sgd'",
        "'mode' must be one of a, b, not 'c'",
        "'either' needs a whole number (int), not 'x' (default 1)",
        "'size' needs 2 words, not 1",
    ]


def test_arguments_of_many_words() -> None:
    assert apply(script("files: list[Path]"), "files=a b").argv == ("a", "b")
    assert refused(script("files: list[Path]"))[0] == "'files' must be given"
    many = script("files: Annotated[list[str], typer.Argument()] = ['a']")
    assert apply(many, "files=").argv == ()


def test_parameters_that_are_no_settings() -> None:
    source = script("ctx: typer.Context", "lr: float = 1", "*", "deep=1")
    assert list(find_settings(source.encode(), "train.py").options) == ["lr", "deep"]


def test_options_whose_names_are_not_spelled_out_cannot_be_set() -> None:
    source = script("lr: float = typer.Option(1, NAME)", "x: int = typer.Option(1, **{})")
    for key in ("lr", "x"):
        message, _ = refused(source, f"{key}=1")
        assert message.startswith(f"'{key}' of 'train.py' cannot be set: line ")
        assert message.endswith("does not spell it out")


APP = """\
import typer
app = typer.Typer()

@app.command()
def train(lr: float = 0.1): ...
"""


def test_one_command_of_an_app_is_run_as_such() -> None:
    assert apply(f"{APP}app()\n", "lr=1").argv == ("--lr", "1")


@pytest.mark.parametrize(
    "more",
    [
        "@app.command('eval')\ndef other(): ...\n",
        "@app.callback()\ndef main(): ...\n",
        "app.add_typer(typer.Typer(), name='more')\n",
    ],
)
def test_of_several_commands_none_can_be_set(more: str) -> None:
    assert refused(f"{APP}{more}app()\n", "lr=1")[0] == (
        "'lr' of 'train.py' cannot be set: it belongs to a subcommand"
    )


def test_script_that_only_speaks_of_typer_has_constants() -> None:
    assert apply("# typer\nlr = 0.1\n", "lr=1").source == b"# typer\nlr = 1.0\n"
