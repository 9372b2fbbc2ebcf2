"""The examples work as a user would try them: by themselves, and as their READMEs tell."""

from __future__ import annotations

import json
import os
import subprocess
from copy import copy
from pathlib import Path

import pytest

from tests.scenarios.readme import Example, retold, settled
from tests.support import clone, gage_inside, git, make_repo

EXAMPLES = Path(__file__).parents[2] / "examples"
READMES = sorted(EXAMPLES.glob("*/README.md"))
GAGEFILES = sorted([*EXAMPLES.glob("*/gage.toml"), *EXAMPLES.glob("*/board.toml")])
REWRITE = os.environ.get("GAGE_REWRITE") == "1"


def run_example(where: Path, script: str, *args: str) -> list[str]:
    done = subprocess.run(
        ["python3", str(EXAMPLES / script), *args],
        cwd=where,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_digits_are_learned_better_than_guessed(tmp_path: Path) -> None:
    lines = run_example(tmp_path, "digits/train.py", "--epochs", "1", "--hidden", "12")
    assert lines[0] == "epoch 1/1"
    assert lines[1].startswith("loss: ")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert lines[2] == f"accuracy: {summary['accuracy']:.4f}"
    assert summary["accuracy"] > 0.5
    first, second = json.loads((tmp_path / "model.json").read_text())
    assert (len(first), len(first[0]), len(second), len(second[0])) == (12, 65, 10, 13)


def test_the_same_seed_gives_the_same_model(tmp_path: Path) -> None:
    args = ("digits/train.py", "--epochs", "1", "--hidden", "4")
    once = run_example(tmp_path, *args, "--seed", "3")
    assert run_example(tmp_path, *args, "--seed", "3") == once
    assert run_example(tmp_path, *args, "--seed", "4") != once


def test_irises_are_named(tmp_path: Path) -> None:
    lines = run_example(tmp_path, "iris/knn.py")
    assert lines == ["flowers: 30", "errors: 1", "accuracy: 0.9667"]
    assert json.loads((tmp_path / "summary.json").read_text()) == {"errors": 1}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_what_a_readme_shows_is_what_happens(readme: Path, tmp_path: Path) -> None:
    told = readme.read_text()
    now = "".join(retold(told, Example(readme.parent, tmp_path)))
    if REWRITE and settled(now) != settled(told):
        readme.write_text(now)
    else:
        assert settled(now) == settled(told)


def test_the_session_that_the_project_shows_first(tmp_path: Path) -> None:
    told = (EXAMPLES.parent / "README.md").read_text()
    session = told.partition("## A first session")[2].partition("\n## ")[0]
    alone, _, shared = session.partition("Sam, in a clone")
    first, _, changed = alone.partition("She lets")

    ana = Example(EXAMPLES / "digits", tmp_path)
    origin = make_repo(tmp_path / "origin.git", files={}, commit=False, options=("--bare",))
    git(ana.where, "remote", "add", "origin", str(origin))
    git(ana.where, "push", "-q", "origin", "main")
    now = [*retold(first, ana)]
    ana.type(
        "sed -i.bak 's/lr = args.lr$/lr = args.lr \\/ (epoch + 1)/' train.py && rm train.py.bak"
    )
    ana.type("git gage run train.py lr=0.1 epochs=3")
    now += ["She lets", *retold(changed, ana)]
    sam = copy(ana)
    sam.where = clone(origin, tmp_path / "sam")
    now += ["Sam, in a clone", *retold(shared, sam)]

    assert settled("".join(now)) == settled(session)


@pytest.mark.parametrize("gagefile", GAGEFILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_gagefiles_and_boards_have_no_faults(gagefile: Path) -> None:
    result = gage_inside(gagefile.parent, "check", gagefile.name)
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(" no faults\n")
