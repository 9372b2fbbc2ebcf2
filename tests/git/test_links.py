"""Symbolic links that a run made lead where they led, in every clone, and never out of the run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support import clone, gage, gage_inside, git, make_repo, write_files

MAKES = """\
import os
os.mkdir("d")
open("d/a.txt", "w").write("hello")
open("big.bin", "w").write("x" * 200_000)
for name, target in {
    "file": "d/a.txt", "d/beside": "a.txt", "twice": "file", "folder": "d/../d/.", "big": "big.bin",
    "whole": os.path.abspath("d/a.txt"), "away": "/etc/passwd", "up": "../../config", "gone": "d/b",
    "loop": "loop", "mixed": ".",
}.items():
    os.symlink(target, name)
"""


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    repo = make_repo(tmp_path / "ana", files={"train.py": MAKES})
    git(tmp_path, "clone", "-q", "--bare", str(repo), "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    return repo


def answer(where: Path, *words: str) -> str:
    done = gage_inside(where, *words)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def places(where: Path) -> dict[str, str]:
    found = json.loads(answer(where, "ls-files", "1", "--json"))["files"]
    assert all(each["here"] == (each["where"] != "not here") for each in found)
    return {each["path"]: each["where"] for each in found if each["link"] is not None}


def test_links_are_where_their_targets_are(ana: Path, tmp_path: Path) -> None:
    assert answer(ana, "push").startswith("pushed 1 run")
    sam = clone(tmp_path / "hub.git", tmp_path / "sam")
    for where in (ana, sam):
        gage_inside(where, "fetch")
        gage_inside(where, "list")
    inside = ("file", "d/beside", "twice", "whole", "folder")
    nowhere = dict.fromkeys(("up", "gone", "loop"), "not here")
    assert places(ana) == {
        **dict.fromkeys((*inside, "big", "mixed", "away"), "here"),
        **nowhere,
    }
    far = dict.fromkeys(("away", "big", "mixed"), "not here")
    assert places(sam) == {**dict.fromkeys(inside, "in git"), **far, **nowhere}
    listing = answer(sam, "ls-files", "1")
    assert "in git    generated             file → d/a.txt\n" in listing
    for where in (ana, sam):
        for name in ("file", "d/beside", "twice", "whole", "folder/a.txt", "mixed/d/beside"):
            assert answer(where, "cat", f"1:{name}") == "hello"
        assert answer(where, "open", "1:twice").endswith("/d/a.txt\n")
    assert answer(sam, "ls-files", "1", "-z", "file") == "file\0"
    assert "hint: git gage files pull" in gage_inside(sam, "cat", "1:big").err


def test_no_link_leads_out(ana: Path) -> None:
    gage_inside(ana, "list")
    out = "it leads out of the run, or in circles, and what is there is no file of it"
    none = "the run has no such file"
    for name, link, why in (
        ("away", "/etc/passwd", out),
        ("up", "../../config", out),
        ("gone", "d/b", none),
    ):
        for word in ("cat", "open"):
            done = gage_inside(ana, word, f"1:{name}")
            assert (done.code, done.out) == (128, "")
            assert f"is a link to '{link}': {why}\nhint: " in done.err
    assert f"is a link to 'loop': {out}" in gage_inside(ana, "cat", "1:loop").err
    for name in ("folder", "d", "mixed"):
        said = gage_inside(ana, "cat", f"1:{name}").err
        assert f"fatal: '{name}' of run " in said
        assert "is a folder\nhint: see what is in it: git gage ls-files " in said


def test_a_link_to_what_the_run_was_given(repo: Path) -> None:
    script = "import os\nos.symlink('data.txt', 'given')\n"
    given = 'depends = [{type = "project-files", files = ["data.txt"], link = true}]'
    gagefile = f'[train]\nexec = "python3 train.py"\n{given}\n'
    write_files(repo, {"train.py": script, "gage.toml": gagefile, ".gitignore": "data.txt\n"})
    write_files(repo, {"data.txt": "hello"})
    assert gage_inside(repo, "run", "-q", "train").code == 0
    gage_inside(repo, "list")
    assert places(repo) == {"given": "here"}
    assert answer(repo, "cat", "1:given") == "hello"
    (repo / "data.txt").unlink()
    assert places(repo) == {"given": "not here"}


def test_while_a_run_goes_on_its_links_lead_no_farther(repo: Path) -> None:
    assert gage(repo, "run", "-q", "--detach", "--", "sleep", "30").code == 0
    (top,) = (repo / ".git/gage/runs").iterdir()
    (top / "d").mkdir()
    (top / "d/a.txt").write_text("hello")
    for name, target in {"file": "d/a.txt", "folder": "d", "gone": "x", "away": "/etc"}.items():
        os.symlink(target, top / name)
    assert answer(repo, "cat", "@:file") == "hello"
    assert "is a folder" in gage_inside(repo, "cat", "@:folder").err
    for name in ("gone", "away"):
        done = gage_inside(repo, "cat", f"@:{name}")
        assert (done.code, f"has no file '{name}'" in done.err) == (128, True)
    assert gage(repo, "stop", "@").code == 0
