"""Globs mean what git means by them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.files.globs import make_glob, match_globs
from tests.support import git

NAMES = [
    *("a.bin", "b.bin", "deep/a.bin", "[x]*.bin", "x1.bin", "^.bin", "-.bin", "]", "].bin"),
    *("it's big", "new\nline.bin", "back\\slash", "what?", "ünï.bin", "[x]/y", "z\u202e.bin"),
]
GLOBS = [
    *("*.bin", "?.bin", "deep", "deep/", "./a.bin", "[ab].bin", "[!a].bin", "[^a].bin", "[a-]*"),
    *("[x]*.bin", r"\[x\]\*.bin", r"\a.bin", r"[\]]", "[]].bin", r"[\^-].bin", r"[\a-\b].bin"),
    *("[b-a].bin", "[!b-a].bin", "back\\\\slash", r"back\slash", "what\\?", "*i*b*n", "ü*", "**"),
    *("new?line.bin", "[x]", r"\[x\]", "?n?.bin", "*x*", "*n*.bin*n*"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    git(folder, "init", "-q")
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    git(folder, "add", "-A")
    return folder


def listed(tree: Path, glob: str) -> list[str]:
    return git(tree, "ls-files", "-z", "--", glob).split("\0")[:-1]


@pytest.mark.parametrize("glob", GLOBS)
def test_a_glob_means_what_git_means(tree: Path, glob: str) -> None:
    is_meant = match_globs([glob])
    assert sorted(filter(lambda name: is_meant(os.fsencode(name)), NAMES)) == sorted(
        listed(tree, glob)
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_file_has_a_glob_that_can_be_typed(tree: Path, name: str) -> None:
    glob = make_glob(os.fsencode(name))
    assert glob.isprintable()
    assert listed(tree, glob) == [name]
    assert match_globs([glob])(os.fsencode(name))


def test_a_name_that_is_no_text_has_one_too() -> None:
    assert make_glob(b"caf\xe9.bin") == "caf?.bin"
    assert match_globs(["caf?.bin"])(b"caf\xe9.bin")
