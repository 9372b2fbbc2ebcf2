"""A pipe in the place of a file of a run: nobody waits for what may come out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import gage, make_repo, said

BIG = 300 << 10
GAGEFILE = f"""\
[make]
exec = "echo in git > short.txt; head -c {BIG} /dev/zero > big.bin"

[use]
exec = "ls"
depends = "run-files: make"

[text]
exec = "ls"
depends = {{run = "make", files = ["short.txt text", "big.bin"]}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A run of `make`, and one that was given its files."""
    path = make_repo(tmp_path / "repo", files={"gage.toml": GAGEFILE})
    for operation in ("make", "use"):
        said(path, "run", "-q", operation)
    return path


def made(project: Path, name: str) -> Path:
    return Path(said(project, "select", "make@", "--run-dir").out.strip()) / name


@pytest.mark.parametrize("name", ["short.txt", "big.bin"])
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(project: Path, name: str) -> None:
    run = said(project, "select", "make@").out.strip()[10:17]
    place = made(project, name)
    place.unlink()
    os.mkfifo(place)
    verified = gage(project, "files", "verify", "make@", timeout_s=60)
    assert verified.code == 1
    assert verified.out.startswith(f"differs   {run}:{name}  in the directory of the run\n")
    assert f"{name}" in said(project, "check", "make@", code=1).out
    for words in (
        ("run", "use"),
        ("run", "text"),
        ("run", "--needed", "use"),
        ("restart", "@"),
        ("restart", "make@", "--keep-files"),
        ("restart", "make@", f"--keep-files={name}"),
    ):
        done = said(project, *words, code=128)
        assert f"'{name}' of run {run} was changed here: it is not what was recorded" in done.err
        assert f"once that is moved: mv {place} {name}.changed\n" in done.err
    done = said(project, "export", "make@", "--format", "in-toto", "-o", "../x", code=128)
    assert f"files of run {run} are not those that it made" in done.err
    for form in ("mlflow", "ro-crate"):
        said(project, "export", "make@", "--format", form, "-o", f"../{form}")
    said(project, "cat", f"make@:{name}")
    given = said(project, "cat", f"@:{name}", code=1)
    assert f"'{name}', which run" in given.err
    opened = said(project, "open", f"make@:{name}")
    assert f"'{place}' is not what the run made" in opened.err
    said(project, "check", "@", code=1)
