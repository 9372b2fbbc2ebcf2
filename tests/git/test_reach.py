"""A run may need files of a run in another repository: it is got, looked at, and written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import Result, gage_inside, git, make_repo, write_files

TRAIN = """\
import os
print("trained")
open("model.bin", "wb").write(b"weights" * 50_000)
open("notes.txt", "w").write("small")
"""
USE = """\
print(len(open("model.bin", "rb").read()), open("notes.txt").read())
"""


class Teams:
    """Ana's team has trained a model; Sam, of another one, wants to use it."""

    def __init__(self, folder: Path) -> None:
        self.shared = folder / "models.git"
        git(folder, "init", "-q", "--bare", str(self.shared))
        self.ana = make_repo(folder / "ana", files={"train.py": TRAIN})
        git(self.ana, "remote", "add", "origin", str(self.shared))
        assert gage_inside(self.ana, "run", "-q", "train.py").code == 0
        assert gage_inside(self.ana, "push", "--files=all").code == 0
        self.run = gage_inside(self.ana, "select", "--id").out.strip()
        self.sam = make_repo(folder / "sam", files={"use.py": USE, "other.txt": "another project"})

    def depend(self, text: str) -> None:
        write_files(self.sam, {"gage.toml": f'[use]\nexec = "python use.py"\ndepends = {text}\n'})

    def use(self, *words: str) -> Result:
        return gage_inside(self.sam, "run", "-q", "use", *words)

    def input(self) -> Any:
        (found,) = json.loads(gage_inside(self.sam, "show", "--json").out)["inputs"]
        return found


@pytest.fixture
def teams(tmp_path: Path) -> Teams:
    return Teams(tmp_path)


def test_a_run_of_another_repository_is_an_input(teams: Teams) -> None:
    teams.depend(f'"run: {teams.shared}#{teams.run}"')
    done = teams.use()
    assert (done.code, done.out) == (0, "350000 small\n")
    found = teams.input()
    assert (found["run"], found["remote"]) == (teams.run, str(teams.shared))
    assert found["count"] == 2
    # A path that is too long is folded.
    shown = "".join(gage_inside(teams.sam, "ops", "use").out.split())
    assert f"dependsrun-files:{teams.shared}#{teams.run}gagefile" in shown
    shown = "".join(gage_inside(teams.sam, "show").out.split())
    assert f"inputsrun-filesrunrun{teams.run[10:17]}of{teams.shared}:2files" in shown
    assert gage_inside(teams.sam, "check").code == 0
    assert "trained" in gage_inside(teams.sam, "output", teams.run).out
    # It is here now, and nobody is asked again.
    teams.shared.rename(teams.shared.with_name("away"))
    assert teams.use().out == "350000 small\n"
    assert gage_inside(teams.sam, "restart", "@").code == 0


@pytest.mark.parametrize(
    "text",
    [
        '{{ run = "{place}#{short}", files = ["*.bin", "*.txt"] }}',
        '[{{ type = "run-files", name = "model" }}]',
    ],
)
def test_other_ways_to_say_so(teams: Teams, text: str) -> None:
    short = teams.run[10:17]
    teams.depend(text.format(place=teams.shared.as_uri(), short=short))
    assert gage_inside(teams.sam, "check").code == 0
    words = [f"model={teams.shared}#{short}"] if "model" in text else []
    done = teams.use(*words)
    assert (done.code, done.out) == (0, "350000 small\n")


def test_what_cannot_be_had_is_said_before_anything_runs(teams: Teams) -> None:
    teams.depend(f'"run: {teams.shared}#zzzzzzz"')
    assert "no run 'zzzzzzz'" in teams.use().err
    teams.depend(f'"run: {teams.shared}-none#{teams.run}"')
    done = teams.use()
    assert done.code == 128
    assert "does not appear to be a git repository" in done.err
    for path in (teams.shared / "gage/lfs/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    teams.depend(f'"run: {teams.shared}#{teams.run}"')
    done = teams.use()
    assert done.code == 128
    assert f"'{teams.shared}' does not have model.bin of run" in done.err
    assert json.loads(gage_inside(teams.sam, "list", "--json", "-w", "op=use").out) == []


def test_a_run_elsewhere_that_made_nothing_is_named_with_its_place(teams: Teams) -> None:
    assert gage_inside(teams.ana, "run", "-q", "--", "true").code == 0
    assert gage_inside(teams.ana, "push").code == 0
    run = gage_inside(teams.ana, "select", "--id").out.strip()
    teams.depend(f'"run: {teams.shared}#{run}"')
    told = f"fatal: input 'run-files: {teams.shared}#{run}': run {run[10:17]} made no files\n"
    assert teams.use().err == told


def test_of_many_files_that_cannot_be_had_the_first_is_named(teams: Teams) -> None:
    made = "for name in 'ab': open(f'{name}.bin', 'wb').write(name.encode() * 200_000)\n"
    write_files(teams.ana, {"many.py": made})
    assert gage_inside(teams.ana, "run", "-q", "many.py").code == 0
    assert gage_inside(teams.ana, "push").code == 0
    run = gage_inside(teams.ana, "select", "--id").out.strip()
    teams.depend(f'"run: {teams.shared}#{run}"')
    told = f"'{teams.shared}' does not have a.bin and 1 more of run {run[10:17]}"
    assert told in teams.use().err


def test_a_word_that_names_no_run_of_another_repository_is_told_as_such(teams: Teams) -> None:
    teams.depend('"run-files: op = train"')
    done = teams.use("run=../models.git#")
    assert done.code == 128
    assert "'../models.git#' names no run of another repository" in done.err
    assert "<url>#<id>" in done.err


def test_a_run_that_is_not_there_is_not_said_to_be_missing_here(teams: Teams) -> None:
    teams.depend(f'"run: {teams.shared}#zzzzzzz"')
    done = teams.use()
    told = f"no run 'zzzzzzz' on '{teams.shared}'"
    assert (done.code, told in done.err) == (128, True), done.err
    hint = f"hint: see them with 'git gage list --remote {teams.shared}'\n"
    assert done.err.endswith(hint), done.err


def test_a_file_that_was_dropped_here_comes_again(teams: Teams) -> None:
    teams.depend(f'"run: {teams.shared}#{teams.run}"')
    assert teams.use().code == 0
    dropped = gage_inside(teams.sam, "files", "drop", "--force", teams.run)
    assert dropped.code == 0, dropped.err
    assert teams.use().out == "350000 small\n"


def test_a_run_that_is_not_what_it_says_is_not_used(teams: Teams) -> None:
    signers = teams.sam / "signers"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJQVDQVWyAR6gTHHnOSRGLaRJX1BRxHBvr6fc6X8hLBU"
    signers.write_text(f"ana@example.com {key}\n")
    git(teams.sam, "config", "--global", "gpg.ssh.allowedSignersFile", str(signers))
    teams.depend(f'"run: {teams.shared}#{teams.run}"')
    done = teams.use()
    assert done.code == 128
    assert "is not what it says: says ana@example.com, who signs" in done.err
    assert "hint: git gage verify" in done.err
