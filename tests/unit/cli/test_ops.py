"""`git gage ops`: what there is to run, and one operation in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import Result, gage_inside, make_repo, write_files

TRAIN = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--lr", type=float, default=0.1, help="rate")
parser.add_argument("--mode", choices=["fast", "slow"])
parser.parse_args()
"""
GAGEFILE = '''\
"$namespace" = "digits"

[prepare]
exec.stage-sourcecode = "cp -r src $run_dir"
exec.run = ["python3", "prepare.py", "{share}"]
sourcecode = false
config = [
    { name = "share", type = "float", default = 0.3, min = 0, max = 1 },
    { name = "who", required = true },
]

[train]
description = """
Train a small net.

It reads digits.
"""
default = true
version = "2"
exec = "python3 train.py"
config = ["train.py", "net.toml#**.*", { name = "net.layers", max = 9, description = "How many" }]
sourcecode = ["train.py", "big.py size<10"]
env = { THREADS = 1 }
attributes = { stage = "try", n = 3 }
timeout = "1h30m"
depends = [
    { type = "run-files", operation = "prepare", files = ["a.csv", "b.csv"], name = "data" },
    { type = "file", path = "raw.csv", sha256 = "%s", target = "in", rename = { raw = "a" } },
    { runs-select = "op = a", summary-filename = "all.json", optional = true },
    "project-files: *.txt",
]
''' % ("ab" * 32)
FILES = {
    "gage.toml": GAGEFILE,
    "train.py": TRAIN,
    "prepare.py": "share = 0.3\n",
    "net.toml": "[net]\nlayers = 3\n",
    "big.py": "x = 1\n" * 100,
    "sub/notes.txt": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "project", files=FILES)


def described(where: Path, name: str) -> dict[str, Any]:
    result = gage_inside(where, "ops", name, "--json")
    assert (result.code, result.err) == (0, "")
    found: dict[str, Any] = json.loads(result.out)
    return found


# -- the list --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["ops", "operations"])
def test_the_operations_are_listed_with_what_runs_by_itself(project: Path, command: str) -> None:
    listed = """\
  OPERATION  DESCRIPTION
  prepare
* train      Train a small net.
* runs when no operation is named: git gage run
"""
    assert gage_inside(project, command) == Result(0, listed, "")
    assert gage_inside(project / "sub", command).out == listed


def test_the_list_as_json(project: Path) -> None:
    prepare, train = json.loads(gage_inside(project, "ops", "--json").out)
    assert prepare == {
        "name": "prepare",
        "full_name": "digits:prepare",
        "description": None,
        "default": False,
        "version": None,
        "gagefile": "gage.toml",
    }
    assert (train["default"], train["version"]) == (True, "2")


def test_in_colour_when_asked(project: Path) -> None:
    assert "\x1b[" in gage_inside(project, "ops", "--color=always").out
    assert "\x1b[" in gage_inside(project, "ops", "train", "--color=always").out


def test_without_a_gagefile_init_is_what_to_type(repo: Path) -> None:
    for words in ((), ("train",), ("--json",)):
        assert gage_inside(repo, "ops", *words) == Result(
            128, "", "fatal: no gagefile here\nhint: write one with 'git gage init'\n"
        )


def test_without_a_work_tree_there_are_none(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", files={}, commit=False, options=("--bare",))
    assert gage_inside(bare, "ops").code == 128


def test_a_gagefile_without_operations(repo: Path) -> None:
    write_files(repo, {"gage.toml": '"$namespace" = "a"\n'})
    assert gage_inside(repo, "ops") == Result(
        0, "", "no operations in 'gage.toml'\nhint: 'git gage run train.py' works without\n"
    )
    assert gage_inside(repo, "ops", "--json") == Result(0, "[]\n", "")


def test_what_is_wrong_in_a_gagefile_is_told_and_the_rest_listed(repo: Path) -> None:
    write_files(repo, {"gage.toml": '[a]\nexec = "true"\n[b]\nexec = 1\n'})
    result = gage_inside(repo, "ops")
    assert (result.code, result.out) == (0, "  OPERATION\n  a\n")
    assert result.err.startswith("warning: gage.toml:4:8: ")
    result = gage_inside(repo, "ops", "b")
    assert (result.code, result.out) == (128, "")
    assert "fatal: operation 'b' cannot run: " in result.err


# -- one of them -----------------------------------------------------------------------------


def test_an_operation_on_a_page(project: Path) -> None:
    assert (
        gage_inside(project, "ops", "train").out
        == """\
operation   train  (default)
full name   digits:train
version     2
about       Train a small net.

            It reads digits.
run         python3 train.py
config      KEY         DEFAULT  TYPE   FROM
            data                        train.py:3
            lr          0.1      float  train.py:4
            mode                        train.py:5
              one of fast, slow
            net.layers  3        int    net.toml:2
              9 at most: How many
source      2 files, by train.py, big.py size<10
            net.toml
            train.py
left out    big.py: size<10
depends     run-files: op = prepare, files a.csv, b.csv (data=<run>)
            file: raw.csv, in in, raw as a, sha256 abababababababab
            runs-summary: op = a, as all.json, optional
            project-files: *.txt
env         THREADS=1
attributes  stage: try
            n: 3
timeout     1h 30m
gagefile    gage.toml
"""
    )


def test_every_phase_has_its_command(project: Path) -> None:
    assert (
        gage_inside(project, "ops", "prepare").out
        == """\
operation         prepare
full name         digits:prepare
stage-sourcecode  cp -r src $run_dir
run               python3 prepare.py '{share}'
config            KEY    DEFAULT     TYPE   FROM
                  share  0.3         float  gagefile
                    from 0 to 1
                  who    (required)         gagefile
source            none
gagefile          gage.toml
"""
    )


def test_an_operation_as_json(project: Path) -> None:
    found = described(project, "train")
    assert found["exec"] == {"run": {"shell": "python3 train.py", "argv": None}}
    keys = {key["name"]: key for key in found["config"]}
    data, lr, mode, layers = (keys[name] for name in ("data", "lr", "mode", "net.layers"))
    assert lr == {
        "name": "lr",
        "description": lr["description"],
        "type": "float",
        "default": 0.1,
        "has_default": True,
        "required": False,
        "choices": None,
        "min": None,
        "max": None,
        "places": [{"path": "train.py", "name": "lr", "line": 4, "argument": True}],
    }
    assert (data["has_default"], mode["choices"]) == (False, ["fast", "slow"])
    assert layers["places"] == [
        {"path": "net.toml", "name": "net.layers", "line": 2, "argument": False}
    ]
    assert found["sourcecode"] == {
        "patterns": ["train.py", "big.py size<10"],
        "files": ["net.toml", "train.py"],
        "left_out": [{"path": "big.py", "reason": "size<10"}],
    }
    assert found["depends"][0]["where"] == "op = prepare"
    assert (found["env"], found["timeout_s"]) == ({"THREADS": "1"}, 5400.0)
    assert described(project, "digits:train") == found


def test_a_project_in_a_subfolder_has_paths_of_its_own(project: Path) -> None:
    files = {"sub/gage.json": '{"a": {"exec": "true"}}', "sub/caf\udce9.txt": "", "sub/.env": "A"}
    write_files(project, files)
    found = described(project / "sub", "a")
    assert found["sourcecode"] == {
        "patterns": None,
        "files": ['"caf\\351.txt"', "gage.json", "notes.txt"],
        "left_out": [{"path": ".env", "reason": "secret"}],
    }
    assert (found["gagefile"], found["full_name"]) == ("sub/gage.json", "sub:a")


def test_of_many_files_the_first_are_shown(project: Path) -> None:
    write_files(project, {f"sub/n{number}.py": "" for number in range(10)})
    write_files(project, {"gage.toml": '[a]\nexec = "true"\nsourcecode = "sub/n*.py"\n'})
    lines = gage_inside(project, "ops", "a").out.splitlines()
    assert lines[3] == "source     10 files, by sub/n*.py"
    assert lines[11].split() == ["sub/n7.py"]
    assert lines[12].split() == ["and", "2", "more"]


def test_a_pattern_that_means_no_key_is_told(project: Path) -> None:
    write_files(project, {"gage.toml": '[a]\nexec = "true"\nconfig = "train.py#nothing"\n'})
    result = gage_inside(project, "ops", "a")
    assert result.code == 0
    assert result.err.startswith("warning: ")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("trian", "did you mean 'train'?"),
        ("digit:trian", "did you mean 'train'?"),
        ("x", "see them with 'git gage ops'"),
    ],
)
def test_a_name_that_is_none_gets_a_guess(project: Path, typed: str, hint: str) -> None:
    assert gage_inside(project, "ops", typed) == Result(
        128,
        "",
        f"fatal: no operation '{typed}' in 'gage.toml' (known: prepare, train)\nhint: {hint}\n",
    )


def test_names_are_completed(project: Path) -> None:
    env = {"_GIT_GAGE_COMPLETE": "bash_complete", "COMP_WORDS": "git-gage ops t", "COMP_CWORD": "2"}
    assert gage_inside(project, env=env) == Result(0, "plain,train\n", "")
    write_files(project, {"gage.toml": '[try]\nexec = 1\n[two]\nexec = "true"\n'})
    assert gage_inside(project, env=env) == Result(0, "plain,two\n", "")
    (project / "gage.toml").unlink()
    assert gage_inside(project, env=env).out.strip() == ""
