"""`git gage init`: a first gagefile, never a second."""

from __future__ import annotations

import json
import os
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
import tomli

from tests.support import TRAIN, gage_inside, make_repo, write_files


def test_it_writes_what_it_says(repo: Path) -> None:
    result = gage_inside(repo, "init")
    assert (result.code, result.out) == (0, "Wrote gage.toml with 1 operation\n  train  train.py\n")
    assert result.err == ("hint: see them with 'git gage ops', run one with 'git gage run train'\n")
    read = tomli.loads((repo / "gage.toml").read_text())
    assert UUID(read.pop("$project-id")).version == 4
    assert read == {
        "$namespace": "repo",
        "train": {"exec": "python3 train.py", "config": ["train.py#lr", "train.py#epochs"]},
    }


def test_a_dry_run_prints_it_and_writes_nothing(repo: Path) -> None:
    result = gage_inside(repo, "init", "-n")
    assert (result.code, result.err) == (0, "")
    assert tomli.loads(result.out)["train"]["exec"] == "python3 train.py"
    assert [path.name for path in repo.iterdir() if path.name != ".git"] == ["train.py"]


@pytest.mark.parametrize("name", ["gage.toml", "gage.json", ".gage/gage.yaml"])
def test_a_gagefile_is_never_overwritten(repo: Path, name: str) -> None:
    write_files(repo, {name: "mine"})
    for option in ((), ("-n",)):
        result = gage_inside(repo, "init", *option)
        assert (result.code, result.out) == (128, "")
        assert result.err == f"fatal: '{name}' is here already\nhint: see it with 'git gage ops'\n"
    assert (repo / name).read_text() == "mine"


def test_nor_is_one_that_is_made_meanwhile(repo: Path) -> None:
    (repo / "gage.toml").symlink_to("nowhere")
    result = gage_inside(repo, "init")
    assert result.code == 128
    assert result.err.startswith("fatal: 'gage.toml' is here already\n")


def test_in_a_folder_without_scripts_there_is_a_sample(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "my repo", files={}, commit=False)
    result = gage_inside(repo, "init")
    assert (result.code, result.out) == (0, "Wrote gage.toml with 1 operation\n  hello  a sample\n")
    assert "run one with 'git gage run hello'" in result.err
    assert tomli.loads((repo / "gage.toml").read_text())["$namespace"] == "my-repo"


def test_in_a_subfolder_its_own_scripts_are_found(repo: Path) -> None:
    write_files(repo, {"sub/new one.py": TRAIN})
    assert gage_inside(repo / "sub", "init").out.splitlines()[1:] == ["  new-one  new one.py"]
    assert not (repo / "gage.toml").exists()


def test_what_git_ignores_is_left_alone(repo: Path) -> None:
    write_files(repo, {".gitignore": "out\n", "out/x.py": TRAIN, "new.py": TRAIN})
    write_files(repo, {"env/pyvenv.cfg": "", "env/lib/y.py": TRAIN})
    write_files(repo, {"run.sh": "#!/bin/sh\n", "plain.sh": "#!/bin/sh\n"})
    (repo / "run.sh").chmod(0o755)
    (repo / "gone.py").symlink_to("nowhere.py")
    assert gage_inside(repo, "init").out.splitlines()[1:] == [
        "  new    new.py",
        "  run    run.sh",
        "  train  train.py",
    ]


def test_data_that_a_run_would_miss_is_an_input(repo: Path) -> None:
    reads = [".env", ".git", "data.csv", "images", "env", "net.bin", "notes.txt", "sub", "nowhere"]
    names = {".gitignore": "data.csv\nimages\n", "notes.txt": "", "sub/notes.txt": ""}
    write_files(
        repo, {**names, ".env": "", "data.csv": "1\n", "images/1.txt": "", "env/pyvenv.cfg": ""}
    )
    write_files(repo, {"net.bin": b"\0\1", "sub/new.py": f"reads = {reads}\nprint(reads)\n"})
    assert gage_inside(repo, "init").code == 0
    read = tomli.loads((repo / "gage.toml").read_text())
    assert read["new"]["depends"] == ["file: data.csv", "dir: images", "file: net.bin"]
    result = gage_inside(repo / "sub", "init", "-n")
    assert "depends = [" not in result.out.replace("#     depends", "")


def test_a_notebook_may_be_large(repo: Path) -> None:
    notebook = {"cells": [{"cell_type": "raw", "source": ["#" * 2**21]}]}
    write_files(repo, {"fit.ipynb": json.dumps(notebook)})
    assert gage_inside(repo, "init").out.splitlines()[1:] == [
        "  fit    fit.ipynb",
        "  train  train.py",
    ]


def test_what_is_left_out_is_said(repo: Path) -> None:
    write_files(repo, {"bad.py": "print(\n", os.fsdecode(b"caf\xe9.py"): "print(1)\n"})
    result = gage_inside(repo, "init")
    assert result.code == 0
    first, second, _ = result.err.splitlines()
    assert first == "warning: left out bad.py:1: '(' was never closed"
    assert second == "warning: left out caf\\xe9.py: its name is not UTF-8"


def test_a_script_that_cannot_be_opened_stops_it(repo: Path) -> None:
    with patch.object(Path, "open", side_effect=PermissionError(13, "Permission denied", "x.py")):
        result = gage_inside(repo, "init")
    assert (result.code, result.err) == (128, "fatal: permission denied ('x.py')\n")


def test_without_a_work_tree_there_is_nothing_to_describe(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", files={}, commit=False, options=("--bare",))
    result = gage_inside(bare, "init")
    assert result.code == 128
    assert result.err.startswith("fatal: there is no work tree here\n")
