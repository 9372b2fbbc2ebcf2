"""Large files of runs: to a remote, off this disk, back again, to a colleague."""

from __future__ import annotations

import atexit
import errno
import hashlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from shlex import quote
from subprocess import DEVNULL, PIPE, Popen
from types import SimpleNamespace
from typing import Any

import pytest

from git_gage.cli.app import App
from git_gage.errors import RemoteError, RequestError
from git_gage.files.backends import local
from git_gage.files.backends.local import LocalBackend
from git_gage.files.backends.programs import Said
from git_gage.files.backends.rclone import RcloneBackend
from git_gage.files.sidecar import Sidecar
from git_gage.share.storage import find_storage, find_storages
from tests.support import Result, clone, gage_inside, git, make_repo, wait_until
from tests.unit.share.world import Heard

BIG = 300 << 10
TRAIN = f"""\
import os, sys
os.mkdir("deep")
open("model.pt", "wb").write(b"m" * {BIG})
open("deep/data.bin", "wb").write(b"d" * {BIG} + os.environb.get(b"SEED", b""))
open("short.txt", "w").write("in git")
"""


class Files(Heard):
    """An observer of files, too."""

    def moving(self, *_: object) -> None:
        self.counters.append("moving")


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    """Ana has recorded a run with two large files, and has a bare repository as origin."""
    shutil.copytree(_template(), tmp_path, dirs_exist_ok=True, symlinks=True)
    git(tmp_path / "ana", "config", "remote.origin.url", str(tmp_path / "origin.git"))
    return tmp_path / "ana"


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    seed = make_repo(folder / "seed", files={"train.py": TRAIN})
    git(folder, "clone", "-q", "--bare", str(seed), "origin.git")
    path = clone(folder / "origin.git", folder / "ana")
    assert gage_inside(path, "run", "-q", "train.py").code == 0
    shutil.rmtree(seed)
    return folder


def said(where: Path, *args: str, code: int = 0, **env: str) -> Result:
    done = gage_inside(where, *args, env=env)
    assert done.code == code, done.err
    return done


def answer(where: Path, *args: str) -> str:
    done = said(where, *args)
    assert done.err == ""
    return done.out


def run_dir(where: Path) -> Path:
    (folder,) = (where / ".git" / "gage" / "runs").iterdir()
    return folder


def run_dir_of(where: Path, run: str) -> Path:
    (folder,) = (where / ".git" / "gage" / "runs").glob(f"??????????{run}*")
    return folder


def sidecar(where: Path) -> Sidecar:
    return Sidecar(where / ".git" / "gage" / "lfs")


def app(where: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.chdir(where)
    return App(dict(os.environ))


def test_what_would_come_with_all_files(ana: Path, tmp_path: Path) -> None:
    answer(ana, "push", "--files=all")
    sam = clone(f"file://{tmp_path}/origin.git", tmp_path / "sam")
    assert answer(sam, "fetch", "-n", "--files=all").splitlines()[1:] == [
        "with them 2 large files (600.0 KiB), as far as origin has them"
    ]
    answer(sam, "fetch")
    would = "would have got 2 files, 600.0 KiB, from origin"
    assert answer(sam, "fetch", "-n", "--files=all").splitlines()[1:] == [would]
    (run,) = json.loads(answer(sam, "list", "--json"))
    assert answer(sam, "fetch", "origin", run["id"], "-n", "--files=all").splitlines()[1:] == [
        would
    ]
    assert not sidecar(sam).root.exists()
    assert "3 files, 600.0 KiB: 1 in git, 2 not here\n" in answer(sam, "show", run["id"])
    assert gage_inside(sam, "files", "-n").err.startswith("fatal: 'status' takes no '--dry-run'")


def test_an_empty_word_sends_no_files(ana: Path, tmp_path: Path) -> None:
    """A script whose variable is empty: `--files=$WHAT`."""
    copy = ["copy", "--all", "--to", str(tmp_path / "copy"), "-y"]
    for words in (["push"], ["fetch"], ["sync"], copy):
        refused = said(ana, *words, "--files=", code=129)
        assert refused.err == (
            "fatal: invalid value for '--files': '' is not one of 'none', 'thumbs', 'all'\n"
            f"hint: see 'git gage {words[0]} -h'\n"
        )
    assert answer(ana, "push", "--files").endswith("pushed 2 files, 600.0 KiB, to origin\n")


def test_sent_dropped_and_back(ana: Path, tmp_path: Path) -> None:
    model = run_dir(ana) / "model.pt"
    assert answer(ana, "files", "push", "@", "-n") == (
        "would have pushed 2 files, 600.0 KiB, to origin\n"
    )
    stays = said(ana, "files", "drop", "@", code=1)
    assert stays.out == "nothing dropped\n"
    assert "model.pt, 300.0 KiB: no remote holds it" in stays.err
    assert "git gage files push <run>" in stays.err
    assert model.stat().st_size == BIG

    assert answer(ana, "files", "push", "@", "--", "*.pt") == (
        "pushed 1 file, 300.0 KiB, to origin\n"
    )
    assert answer(ana, "files", "push", "origin", "@") == "pushed 1 file, 300.0 KiB, to origin\n"
    assert answer(ana, "files", "push", "@") == "origin has 2 large files already\n"
    assert answer(ana, "files", "push", "@", "--", "short.txt") == "no large files to send\n"

    assert answer(ana, "files", "drop", "@", "-n") == (
        "would drop 2 files: 600.0 KiB less on this disk; held by origin\n"
    )
    assert model.stat().st_size == BIG
    assert answer(ana, "files", "drop", "@", "origin", "--", "model.pt") == (
        "dropped 1 file: 300.0 KiB less on this disk; held by origin\n"
    )
    told = json.loads(model.read_bytes())
    assert (told["size"], told["remotes"]) == (BIG, ["origin"])
    assert [size for _, size in sidecar(ana).list()] == [BIG]

    # Another run, on another day, would not miss what this one has dropped.
    assert (
        answer(ana, "files", "pull", "@", "-n") == "would have got 1 file, 300.0 KiB, from origin\n"
    )
    assert answer(ana, "files", "pull", "@") == "got 1 file, 300.0 KiB, from origin\n"
    assert model.read_bytes() == b"m" * BIG
    assert answer(ana, "files", "pull", "@") == "2 large files here already\n"
    assert answer(ana, "files", "pull", "@", "--", "*.txt") == "no large files to get\n"


def test_what_stands_for_a_file_takes_no_part_of_the_disk(ana: Path) -> None:
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    assert answer(ana, "files").splitlines()[1:] == [
        f"{run_dir(ana).name[10:17]}      3  600.0 KiB  6 bytes                 2",
        "6 bytes on this disk",
    ]


def test_what_was_dropped_is_got_first_and_then_sent_elsewhere(ana: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    git(ana, "remote", "add", "lab", str(tmp_path / "lab.git"))
    for here, there in (("origin", "lab"), ("lab", "origin")):
        said(ana, "files", "push", "@", here)
        said(ana, "files", "drop", "@", here)
        shutil.rmtree(tmp_path / f"{there}.git" / "gage", ignore_errors=True)
        absent = said(ana, "copy", "@", "--to", there, "-y", "--files", code=1)
        assert absent.out == "no large files to send\nCopied 1 run\n"
        assert "model.pt, 300.0 KiB: not here" in absent.err
        assert type_hint(ana, absent.err).out == f"got 2 files, 600.0 KiB, from {here}\n"
        sent = answer(ana, "copy", "@", "--to", there, "-y", "--files")
        assert sent.startswith(f"pushed 2 files, 600.0 KiB, to {there}\n")


def test_a_remote_that_is_away_may_have_it(ana: Path, tmp_path: Path) -> None:
    """A disk that is not mounted is not taken for one that has nothing."""
    told = f"warning: 'origin' is '{tmp_path / 'origin.git'}', and there is no such folder\n"
    said(ana, "files", "push", "@", "--", "model.pt")
    said(ana, "files", "drop", "@", "--", "model.pt")
    (tmp_path / "origin.git").rename(tmp_path / "away")
    for words in (("cat", "@:model.pt", "--fetch"), ("open", "@:model.pt")):
        absent = said(ana, *words, code=1)
        assert absent.err.startswith(told)
        assert "nor on" not in absent.err
        assert "\nhint: once origin can be asked: git gage files pull " in absent.err
    kept = said(ana, "files", "drop", "@", code=1)
    assert told in kept.err
    assert "data.bin, 300.0 KiB: no remote that could be asked holds it\n" in kept.err
    (tmp_path / "away").rename(tmp_path / "origin.git")
    assert type_hint(ana, absent.err).out == "got 1 file, 300.0 KiB, from origin\n"
    (tmp_path / "origin.git").rename(tmp_path / "away")
    dropped = said(ana, "files", "drop", "@", "--force")
    gone = "300.0 KiB: is gone now: no remote that could be asked holds it\n"
    assert dropped.err.count(gone) == 2


def test_a_remote_goes_away_while_files_come(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came until then is kept, and the rest is got once the disk is back."""
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    accept = Sidecar.accept

    def accept_and_unmount(self: Sidecar, *rest: Any) -> None:
        accept(self, *rest)
        (tmp_path / "origin.git").rename(tmp_path / "away")

    with monkeypatch.context() as patched:
        patched.setattr("git_gage.files.streams.AT_ONCE", 1)
        patched.setattr(Sidecar, "accept", accept_and_unmount)
        cut = said(ana, "files", "pull", "@", code=128)
    place = tmp_path / "origin.git"
    told = f"fatal: 'origin' keeps files in '{place}', and there is no such folder\n"
    assert cut.err == f"{told}hint: mount the disk it is on, or make it: mkdir -p {place}\n"
    (tmp_path / "away").rename(place)
    assert answer(ana, "files", "pull", "@") == "got 1 file, 300.0 KiB, from origin\n"


def test_a_remote_goes_away_while_files_are_sent(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half of it is made where it was."""
    write, place = local._write, tmp_path / "origin.git"

    def write_and_unmount(*args: Any) -> None:
        write(*args)
        place.rename(tmp_path / "away")

    with monkeypatch.context() as patched:
        patched.setattr(local, "clone_file", lambda *_: False)
        patched.setattr("git_gage.files.streams.AT_ONCE", 1)
        patched.setattr(local, "_write", write_and_unmount)
        cut = said(ana, "files", "push", "@", code=128)
    assert f"'origin' keeps files in '{place}', and there is no such folder\n" in cut.err
    assert not place.exists()
    (tmp_path / "away").rename(place)
    look = LocalBackend._is_sound

    def look_and_unmount(*args: Any) -> bool:
        found = look(*args)
        if place.exists():
            place.rename(tmp_path / "away")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(LocalBackend, "_is_sound", look_and_unmount)
        assert said(ana, "files", "push", "@", code=128).err == cut.err
    assert not place.exists()
    (tmp_path / "away").rename(place)
    assert answer(ana, "files", "push", "@") == "pushed 2 files, 600.0 KiB, to origin\n"


def test_rows_are_no_remote(ana: Path) -> None:
    """Nobody's host is asked for what `2:4`, `train.py@` and `@{best:x}` mean."""
    said(ana, "list")
    for word in ("1:1", "1:", "train.py@", "@~0"):
        assert answer(ana, "files", "push", word, "-n").startswith("would have pushed 2 files")
        assert answer(ana, "push", word, "-n").startswith("would push 1 run to origin")
    assert "no run has a 'ns:acc'" in said(ana, "push", "@{best:ns:acc}", "-n", code=128).err
    assert "git gage files pull @" in said(ana, "files", "pull", "origin", code=128).err


def test_a_colleague_gets_what_she_asks_for(ana: Path, tmp_path: Path) -> None:
    done = said(ana, "push", "--files=all")
    assert done.out == ("pushed 1 run to origin\npushed 2 files, 600.0 KiB, to origin\n")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    assert "hint: git gage fetch\n" in said(sam, "files", "pull", "origin", code=128).err
    said(sam, "fetch")
    assert not (sam / ".git" / "gage" / "lfs").exists()
    run = said(sam, "select").out.strip()
    hint = said(sam, "files", "pull", "origin", code=128).err.splitlines()[1]
    assert hint == f"hint: the newest is {run[10:17]}: git gage files pull {run[10:17]}"
    body = json.loads(answer(sam, "files", "pull", run, "--json", "--", "deep"))
    said_of = {"remote": "origin", "files": 1, "bytes": BIG, "there": 0}
    assert body == {**said_of, "missing": [], "changed": []}
    assert said(sam, "fetch", "--files=all").out == (
        "nothing new on origin\ngot 1 file, 300.0 KiB, from origin\n"
    )
    body = json.loads(answer(sam, "files", "drop", run, "--json"))
    gone = {"files": 2, "bytes": 2 * BIG, "remotes": ["origin"], "kept": [], "lost": []}
    assert body == gone
    assert not list(sidecar(sam).list())
    assert list((sam / ".git" / "gage").glob("runs/*")) == []
    # What came from a colleague and was dropped is no loss for those who push.
    assert said(sam, "push", "--files=all").out.endswith("no large files to send\n")


def test_a_look_tells_of_files_of_runs_that_are_not_here_yet(ana: Path, tmp_path: Path) -> None:
    said(ana, "push", "--files=all")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    for words in (
        ("fetch", "--files", "-n"),
        ("fetch", "--files", "-w", "status = completed", "-n"),
    ):
        first, *others = answer(sam, *words).splitlines()
        assert first.startswith("would fetch 1 run from origin"), words
        assert others == ["with them 2 large files (600.0 KiB), as far as origin has them"], words
    (told,) = json.loads(answer(sam, "fetch", "--files", "-n", "--json"))
    assert told["large_coming"] == {"count": 2, "bytes": 2 * BIG}
    said(sam, "fetch")
    said(ana, "run", "-q", "train.py", SEED="2")
    said(ana, "push", "--files=all")
    assert answer(sam, "fetch", "--files", "-n").splitlines()[1:] == [
        "with them 2 large files (600.0 KiB), as far as origin has them",
        "would have got 2 files, 600.0 KiB, from origin",
    ]


def test_a_look_at_one_file_that_would_come(ana: Path, tmp_path: Path) -> None:
    (ana / "one.py").write_text(f"open('one.bin', 'w').write('1' * {BIG})")
    said(ana, "run", "-q", "one.py")
    said(ana, "push", "origin", "@", "--files")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    told = "with them 1 large file (300.0 KiB), as far as origin has it\n"
    assert answer(sam, "fetch", "--files", "-n").endswith(told)


def test_what_is_nowhere_is_named(ana: Path, tmp_path: Path) -> None:
    said(ana, "push")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch")
    run = said(sam, "select").out.strip()
    for action, where in (("pull", "not on origin, or not whole"), ("push", "not here")):
        done = said(sam, "files", action, run, code=1)
        assert f"model.pt, 300.0 KiB: {where}" in done.err
        assert "hint: " in done.err
    # Who fetches again and again is not warned of it each time: nobody has to send them.
    nothing = "got no large files from origin (2 are not on origin, or not whole)\n"
    for words, told in (
        ([], f"nothing new on origin\n{nothing}"),
        (["-n"], f"would have {nothing}"),
    ):
        assert answer(sam, "fetch", "--files", *words).endswith(told)
    said(ana, "files", "push", "@", "--", "*.pt")
    told = "nothing new on origin\ngot 1 file, 300.0 KiB, from origin (1 more is not on origin,"
    assert answer(sam, "fetch", "--files").startswith(told)
    told = (
        "nothing new on origin\n1 large file here already (1 more is not on origin, or not whole)\n"
    )
    assert answer(sam, "fetch", "--files") == told
    body = json.loads(said(sam, "files", "pull", run, "--json", code=1).out)
    assert [each["path"] for each in body["missing"]] == ["deep/data.bin"]
    body = json.loads(said(ana, "files", "drop", "@", "--json", code=1).out)
    assert [each["reason"] for each in body["kept"]] == ["no remote holds it"]


def test_all_runs_are_named_whose_files_are_to_be_got_first(ana: Path, tmp_path: Path) -> None:
    said(ana, "run", "-q", "train.py", SEED="2")
    said(ana, "push", "--files")
    said(ana, "files", "drop", "@", "@~1")
    lab = str(tmp_path / "lab.git")
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    absent = said(ana, "backup", lab, code=1)
    names = [each.name[10:17] for each in sorted((ana / ".git/gage/runs").iterdir())]
    hint = absent.err.splitlines()[-1]
    assert hint.startswith("hint: git gage files pull ")
    assert set(hint.split()[-2:]) == set(names)
    assert type_hint(ana, absent.err).out == "got 3 files, 900.0 KiB, from origin\n"
    assert f"Saved 2 runs on {lab}\n" in answer(ana, "backup", lab)


def test_dropped_by_force(ana: Path, tmp_path: Path) -> None:
    said(ana, "files", "push", "@", "--", "*.pt")
    would = said(ana, "files", "drop", "@", "--force", "-n")
    assert would.out == "would drop 2 files: 600.0 KiB less on this disk; held by origin (1)\n"
    assert "deep/data.bin, 300.0 KiB: would be gone: no remote holds it" in would.err
    body = json.loads(said(ana, "files", "drop", "@", "--force", "-n", "--json").out)
    assert [each["path"] for each in body["lost"]] == ["deep/data.bin"]
    done = said(ana, "files", "drop", "@", "--force")
    assert done.out == "dropped 2 files: 600.0 KiB less on this disk; held by origin (1)\n"
    assert done.err.endswith("deep/data.bin, 300.0 KiB: is gone now: no remote holds it\n")
    said(ana, "files", "pull", "@", "--", "*.pt")
    git(tmp_path, "init", "-q", "--bare", "lab.git")
    done = said(ana, "files", "drop", "@", "../lab.git", code=1)
    assert "model.pt, 300.0 KiB: '../lab.git' does not hold it" in done.err
    assert "'git gage files push <run> ../lab.git', or use --force" in done.err
    # Whoever drops it in any case need not fear for what another remote holds.
    done = said(ana, "files", "drop", "@", "../lab.git", "--force", "-n")
    assert (done.out.endswith("; held by origin\n"), done.err) == (True, "")
    shutil.rmtree(tmp_path / "origin.git" / "gage")
    done = said(ana, "files", "drop", "@", "--force")
    assert done.out == "dropped 1 file: 300.0 KiB less on this disk\n"
    done = said(ana, "push", "--files=all", code=1)
    assert "model.pt, 300.0 KiB: not here" in done.err
    usage = said(ana, "files", "push", "@", "--force", code=129)
    assert "'push' takes no '--force'" in usage.err
    assert "no run is named" in said(ana, "files", "push", "origin", code=128).err


def test_a_file_that_no_run_has_is_no_file(ana: Path) -> None:
    said(ana, "run", "-q", "--", "true")
    for action in ("push", "pull", "drop", "verify"):
        done = said(ana, "files", action, "@~1", "@", "--", "*.typo", "model", code=128)
        assert "fatal: none of these runs has such a file\nhint: git gage ls-files " in done.err
    done = said(ana, "files", "push", "@~1", "--", "model", code=128)
    assert " has no such file\nhint: git gage ls-files " in done.err
    # One that has not begun has none; what one that goes on makes is to be seen.
    said(ana, "run", "--stage", "train.py")
    for words in (["drop", "@~2", "@"], ["verify"]):
        done = said(ana, "files", *words, "--", "*.typo", code=128)
        assert "fatal: none of these runs has such a file\n" in done.err
    (ana / "wait.py").write_text("input()")
    going = [sys.executable, "-m", "git_gage", "run", "-q", "wait.py"]
    with Popen(going, cwd=ana, stdin=PIPE, stderr=DEVNULL):
        wait_until(lambda: said(ana, "list", "-w", "status=running").out)
        assert answer(ana, "files", "push", "@", "--", "model.pt") == "no large files to send\n"


def test_two_runs_share_a_file(ana: Path) -> None:
    said(ana, "run", "-q", "train.py", SEED="1")
    said(ana, "files", "push", "@", "@~1")
    first, second = sorted((ana / ".git" / "gage" / "runs").iterdir())
    done = said(ana, "files", "drop", "@~1")
    # Of the two files one is the other run's as well: its bytes stay on the disk.
    assert done.out == "dropped 2 files: 300.0 KiB less on this disk; held by origin\n"
    assert (first / "model.pt").read_bytes().startswith(b'{"git-gage"')
    assert (second / "model.pt").stat().st_size == BIG
    assert said(ana, "files", "push", "@").out == "origin has 2 large files already\n"


def test_what_another_run_has_nowhere_else_is_not_dropped_by_force(ana: Path) -> None:
    said(ana, "run", "-q", "train.py", SEED="1")
    first, second = sorted((ana / ".git" / "gage" / "runs").iterdir())
    shutil.rmtree(first)
    drop = ("files", "drop", second.name, "--force")
    dropped = said(ana, *drop)
    assert dropped.out == "dropped 2 files: 300.0 KiB less on this disk\n"
    assert ("data.bin" in dropped.err, "model.pt" in dropped.err) == (True, False)
    assert said(ana, "cat", f"{first.name}:model.pt").out == "m" * BIG
    # A run that has dropped it does not hold it back.
    said(ana, "files", "drop", first.name, "--force")
    assert list(sidecar(ana).list()) == []


def test_what_somebody_changed_is_not_dropped(ana: Path) -> None:
    said(ana, "files", "push", "@")
    model, data = run_dir(ana) / "model.pt", run_dir(ana) / "deep" / "data.bin"
    model.unlink()
    model.write_bytes(b"mine")
    data.unlink()
    data.symlink_to(model)
    done = said(ana, "files", "drop", "@", code=1)
    assert done.out == "nothing dropped\n"
    assert done.err.count("it was changed in the directory of the run") == 2
    assert model.read_bytes() == b"mine"
    model.unlink()
    model.write_bytes(b"m" * BIG)  # a copy is as good
    data.unlink()
    assert said(ana, "files", "drop", "@").out.startswith("dropped 2 files: 600.0 KiB")
    assert not os.path.lexists(data)


def test_one_file_of_a_run(ana: Path, tmp_path: Path) -> None:
    said(ana, "push", "--files=all")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    git(sam, "config", "gage.repo.away.url", str(tmp_path / "gone"))
    git(sam, "config", "gage.repo.away.files", str(tmp_path / "gone"))
    git(sam, "config", "gage.repo.none.url", str(tmp_path / "gone"))
    git(sam, "config", "gage.repo.odd.url", str(tmp_path / "gone"))
    git(sam, "config", "gage.repo.odd.files", "lfs")
    git(sam, "config", "gage.remote", "away")
    said(sam, "fetch", "origin")
    run = said(sam, "select").out.strip()
    done = said(sam, "cat", f"{run}:model.pt", code=1)
    assert "hint: git gage files pull" in done.err
    done = said(sam, "cat", f"{run}:model.pt", "--fetch")
    assert done.out == "m" * BIG
    assert done.err.startswith("warning: 'away' keeps files in")
    assert len(list(sidecar(sam).list())) == 1
    assert said(sam, "cat", f"{run}:model.pt", "--fetch") == Result(0, "m" * BIG, "")
    assert said(sam, "cat", f"{run}:short.txt", "--fetch").out == "in git"
    assert said(sam, "open", f"{run}:model.pt").out.endswith("/model.pt\n")
    shutil.rmtree(tmp_path / "origin.git" / "gage")
    done = said(sam, "cat", f"{run}:deep/data.bin", "--fetch", code=1)
    assert "warning: 'odd' is a directory, which has no LFS server" in done.err
    assert "is not here, nor on origin" in done.err
    # Nobody who is away can be asked what to drop for.
    done = said(sam, "files", "drop", run, code=1)
    assert "there is no such folder" in done.err
    assert "model.pt, 300.0 KiB: no remote that could be asked holds it" in done.err


def test_one_remote_that_is_no_use_keeps_nobody_from_another(ana: Path, tmp_path: Path) -> None:
    said(ana, "push", "--files=all")
    shutil.copytree(tmp_path / "origin.git" / "gage" / "lfs", tmp_path / "bad")
    for path in (tmp_path / "bad").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"x" * path.stat().st_size)
    sam = clone(f"file://{tmp_path}/origin.git", tmp_path / "sam")
    said(sam, "fetch")
    git(sam, "config", "gage.remote", "bad")
    git(sam, "config", "gage.repo.bad.url", str(tmp_path / "bad"))
    git(sam, "config", "gage.repo.bad.files", str(tmp_path / "bad"))
    run = said(sam, "select").out.strip()
    done = said(sam, "cat", f"{run}:model.pt", "--fetch")
    assert done.out == "m" * BIG
    assert "it arrived damaged (from 'bad')" in done.err

    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    git(sam, "config", "gage.repo.drive.url", "rclone:drive:runs")
    done = said(sam, "files", "drop", run, PATH=str(tools))
    assert "held by origin" in done.out
    assert done.err.startswith("warning: reach 'drive': the program rclone is not installed\n")


def test_a_file_of_a_run_that_goes_on_is_nowhere_else(ana: Path) -> None:
    said(ana, "run", "--stage", "train.py")
    assert "has no file 'model.pt'" in said(ana, "cat", "@:model.pt", "--fetch", code=128).err


def test_a_file_that_is_damaged_here_is_named(ana: Path) -> None:
    model = sidecar(ana).path(hashlib.sha256(b"m" * BIG).hexdigest())
    model.chmod(0o644)
    with model.open("r+b") as file:
        file.write(b"x")
    done = said(ana, "files", "push", "@", code=128)
    named = f"send file {run_dir(ana).name[10:17]}:model.pt: what is here is something else"
    assert done.err.startswith(f"fatal: {named}")


def test_a_run_without_a_manifest_has_none(ana: Path) -> None:
    said(ana, "run", "--stage", "train.py")
    assert answer(ana, "files", "push", "@") == "no large files to send\n"
    assert answer(ana, "files", "drop", "@") == "nothing dropped\n"


def test_a_disk_that_is_full(ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_: object) -> object:
        return shutil._ntuple_diskusage(1, 1, 0)

    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    monkeypatch.setattr(shutil, "disk_usage", no_room)
    done = said(ana, "files", "pull", "@", code=128)
    assert "they need 614,400 bytes, and the disk has 0 left" in done.err
    assert not list(sidecar(ana).list())


def test_a_small_disk_needs_no_room_for_what_the_remote_does_not_have(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def little_room(_: object) -> object:
        return shutil._ntuple_diskusage(1, 1, BIG)

    def not_told(*_: object) -> set[str]:
        raise RemoteError("ask 'origin': you may read, and no more")

    said(ana, "push")
    said(ana, "files", "push", "@", "--", "*.pt")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam")
    said(sam, "fetch")
    said(sam, "list")
    monkeypatch.setattr(shutil, "disk_usage", little_room)
    with monkeypatch.context() as patched:
        patched.setattr("git_gage.files.backends.local.LocalBackend.held", not_told)
        assert "the disk has 307,200 left" in said(sam, "files", "pull", "1", code=128).err
    done = said(sam, "files", "pull", "1", code=1)
    assert done.out == "got 1 file, 300.0 KiB, from origin\n"
    assert "deep/data.bin, 300.0 KiB: not on origin" in done.err


# -- where they go ----------------------------------------------------------------------------


def shown_storage(where: App, remote: str | None = None) -> str:
    backend = find_storage(where.repo, remote).backend
    return f"{type(backend).__name__} {backend.shown}"


def test_where_files_of_a_remote_go(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "remote.url.url": "https://example.com/x.git",
        "remote.scp.url": "git@example.com:x.git",
        "remote.no.url": "https://example.com/x.git",
        "gage.repo.no.files": "none",
        "remote.file.url": f"file://{tmp_path}/origin.git",
        "remote.cloud.url": "https://example.com/x.git",
        "gage.repo.cloud.files": "rclone:lab:runs",
        "remote.home.url": "https://example.com/x.git",
        "gage.repo.home.files": "~/files",
        "remote.here.url": "https://example.com/x.git",
        "gage.repo.here.files": f"file://{tmp_path}",
        "remote.lfs.url": "https://example.com/x.git",
        "gage.repo.lfs.files": "lfs",
        "remote.dir.url": "../ana",
        "remote.mixed.url": "../ana",
        "remote.mixed.lfsurl": "https://example.com/lfs",
        "gage.repo.mixed.files": "lfs",
        "remote.gone.url": str(tmp_path / "gone"),
    }
    for name, value in settings.items():
        git(ana, "config", name, value)
    here = app(ana, monkeypatch)
    monkeypatch.setattr("git_gage.share.storage.find_program", lambda *_: "/usr/bin/git-lfs")
    assert shown_storage(here) == "LocalBackend origin"
    assert shown_storage(here, "url") == "LfsBackend url"
    assert shown_storage(here, "scp") == "LfsBackend scp"
    assert shown_storage(here, "lfs") == "LfsBackend lfs"
    assert shown_storage(here, "file") == "LocalBackend file"
    assert shown_storage(here, "cloud") == "RcloneBackend cloud"
    assert shown_storage(here, "home") == "LocalBackend home"
    assert shown_storage(here, "here") == "LocalBackend here"
    assert shown_storage(here, "dir") == "LocalBackend dir"
    assert shown_storage(here, "mixed") == "LfsBackend mixed"
    assert shown_storage(here, "../ana") == "LocalBackend ../ana"
    with pytest.raises(RequestError, match="large files do not go to 'no'") as caught:
        find_storage(here.repo, "no")
    assert caught.value.hint == (
        "git gage config set gage.repo.no.files <path, rclone:... or s3://...>"
    )
    with pytest.raises(RequestError, match="do not go to") as caught:
        find_storage(here.repo, str(tmp_path))
    assert "give it a name" in str(caught.value.hint)
    with pytest.raises(RequestError, match=r"^'\./nothing': there is no such folder$") as caught:
        find_storage(here.repo, "./nothing")
    assert "mount the disk" in str(caught.value.hint)
    with pytest.raises(RequestError, match=r"'gone' is '.*/gone', and there is no such folder"):
        find_storage(here.repo, "gone")
    monkeypatch.setattr("git_gage.share.storage.find_program", lambda *_: None)
    with pytest.raises(RequestError, match="do not go to") as caught:
        find_storage(here.repo, "url")
    assert "install git-lfs" in str(caught.value.hint)
    names = [found.remote.shown for found in find_storages(here.repo, Files(), [])]
    assert names == ["origin", "file", "cloud", "home", "here", "lfs", "dir", "mixed"]


def test_files_that_go_to_a_url(ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = (SimpleNamespace(protocol="s3"), "lab/x")
    monkeypatch.setattr("git_gage.files.backends.fsspec._open", lambda *_: bucket)
    git(ana, "config", "gage.repo.origin.files", "s3://sam:secret@lab/x")
    assert shown_storage(app(ana, monkeypatch)) == "FsspecBackend origin (s3://lab/x)"


def test_what_a_process_alone_would_have_is_no_place(ana: Path) -> None:
    for value in ("memory://runs", "simplecache::memory://runs"):
        done = said(ana, "config", "set", "gage.repo.origin.files", value, code=128)
        assert "keeps nothing: it is the memory of one process" in done.err
        git(ana, "config", "gage.repo.origin.files", value)
        done = said(ana, "files", "push", "@", code=128)
        assert "keeps nothing: it is the memory of one process" in done.err


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("http://127.0.0.1:1/x", "can be read and not written: name a path"),
        ("simplecache::https://lab/x", "can be read and not written: name a path"),
        ("s3://", "names no place behind '://'"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(ana: Path, value: str, why: str) -> None:
    refused = said(ana, "config", "set", "gage.repo.origin.files", value, code=128)
    assert f"'gage.repo.origin.files' {why}" in refused.err
    git(ana, "config", "gage.repo.origin.files", value)
    for words in (["files", "push", "@"], ["files", "push", "@", "-n"]):
        assert f"'gage.repo.origin.files' {why}" in said(ana, *words, code=128).err


@pytest.mark.skipif(not shutil.which("rclone"), reason="no rclone")
def test_a_disk_behind_rclone_that_is_too_small(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCLONE_CONFIG_LAB_TYPE", "local")
    git(ana, "config", "gage.repo.origin.files", f"rclone:lab:{tmp_path}/not/made/yet")
    would = "would have pushed 2 files, 600.0 KiB, to origin\n"
    assert answer(ana, "files", "push", "@", "-n") == would
    run = RcloneBackend._run

    def run_about(self: RcloneBackend, *words: str, **more: Any) -> Said:
        found = run(self, *words, **more)
        return found._replace(out=told, returncode=code) if words[0] == "about" else found

    monkeypatch.setattr(RcloneBackend, "_run", run_about)
    told, code = '{"free": 1000}', 0
    for words in (["files", "push", "@", "-n"], ["files", "push", "@"]):
        refused = said(ana, *words, code=128)
        assert refused.err == (
            f"fatal: send files to 'origin': they need {2 * BIG:,} bytes, and it has 1,000 left\n"
            "hint: nothing was sent: free some space there, and try again\n"
        )
    told = '{"used": 1000}'  # of some services nobody can tell
    assert answer(ana, "files", "push", "@", "-n") == would
    code = 3  # nor where there is no folder at all yet
    assert answer(ana, "files", "push", "@", "-n") == would


def test_a_setting_that_cannot_be(ana: Path) -> None:
    for value, why in (("rclone:lab", "rclone:<remote>:<path>"), ("-x", "begins with '-'")):
        done = said(ana, "config", "set", "--", "gage.repo.lab.files", value, code=128)
        assert why in done.err


def test_nothing_half_is_left_where_the_disk_is_full(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fresh: Path, _: object) -> None:
        fresh.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("git_gage.files.backends.local._write", refuse)
    done = said(ana, "files", "push", "@", code=128)
    assert done.err == (
        "fatal: send files to 'origin': no space left on device\n"
        "hint: nothing here has changed, and what has arrived there is whole: free some space "
        "there, and try again\n"
    )
    there = tmp_path / "origin.git" / "gage" / "lfs"
    assert [path for path in there.rglob("*") if path.is_file()] == []


def test_what_a_broken_line_has_carried_is_kept(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(fresh: Path, _: object) -> None:
        fresh.write_bytes(b"m" * 1000)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("git_gage.files.backends.local._write", break_off)
        done = said(ana, "files", "push", "@", "--", "*.pt", code=128)
    assert "fatal: send files to 'origin': input/output error" in done.err
    (part,) = (tmp_path / "origin.git" / "gage" / "lfs" / "incoming").iterdir()
    assert part.stat().st_size == 1000
    assert answer(ana, "files", "push", "@", "--", "*.pt").startswith("pushed 1 file")
    assert not part.exists()


# -- short files, which travel with the output ---------------------------------------------------


def type_hint(where: Path, err: str) -> Result:
    """Type what a hint says."""
    hint = err.rpartition(": git gage ")[2]
    return said(where, *shlex.split(hint))


def test_what_records_alone_leave_out_comes_by_the_hint(ana: Path, tmp_path: Path) -> None:
    said(ana, "run", "-q", "--", "sh", "-c", "echo told; printf 'in git' > short.txt")
    said(ana, "push", "origin", "@")
    for number, words in enumerate((["output"], ["cat"], ["export-files"])):
        sam = clone(f"file://{tmp_path}/origin.git", tmp_path / f"sam{number}", name="Sam")
        said(sam, "fetch", "--meta")
        run = said(sam, "select").out.strip()[10:17]
        named = {"output": [run], "cat": [f"{run}:short.txt"], "export-files": [run, "out"]}
        more = ["--", "short.txt"] if words == ["export-files"] else []
        refused = gage_inside(sam, *words, *named[words[0]], *more)
        assert refused.code != 0
        assert refused.err.endswith("hint: git gage fetch\n")
        type_hint(sam, refused.err)
        said(sam, *words, *named[words[0]], *more)
    assert (sam / "out/short.txt").read_text() == "in git"


def test_a_run_that_came_from_a_directory_is_completed_from_there(
    ana: Path, tmp_path: Path
) -> None:
    """The usual remote knows nothing of it."""
    place = str(tmp_path / "lab's runs")
    said(ana, "run", "-q", "--", "sh", "-c", "echo told; printf 'in git' > short.txt")
    said(ana, "copy", "@", "--to", place, "-y")
    sam = clone(f"file://{tmp_path}/origin.git", tmp_path / "sam", name="Sam")
    said(sam, "copy", "--all", "--from", "../lab's runs", "--meta", "-y")
    run = said(sam, "select").out.strip()[10:17]
    refused = gage_inside(sam, "output", run)
    assert refused.err == f"fatal: output: not here\nhint: git gage fetch {quote(place)} {run}\n"
    hint = refused.err.partition("\n")[2]
    assert gage_inside(sam, "cat", f"{run}:short.txt").err.endswith(hint)
    assert hint in gage_inside(sam, "check", run).out
    page = said(sam, "show", run, COLUMNS="500").out
    assert f", not here: {hint.removeprefix('hint: ')}" in page
    assert "fetched sources and outputs from " in type_hint(sam, refused.err).out
    assert said(sam, "output", run).out == "told\n"
    assert said(sam, "cat", f"{run}:short.txt").out == "in git"


@pytest.mark.parametrize("words", [["open"], ["cat", "--fetch"]])
def test_a_short_file_is_got_when_it_is_asked_for(
    ana: Path, tmp_path: Path, words: list[str]
) -> None:
    said(ana, "push")
    sam = clone(f"file://{tmp_path}/origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch", "--meta")
    run = said(sam, "select").out.strip()[10:17]
    said(sam, *words, f"{run}:short.txt")
    assert said(sam, "cat", f"{run}:short.txt").out == "in git"


def test_a_short_file_that_nobody_can_give(ana: Path, tmp_path: Path) -> None:
    said(ana, "push")
    sam = clone(f"file://{tmp_path}/origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch", "--meta")
    run = said(sam, "select").out.strip()[10:17]
    (tmp_path / "origin.git").rename(tmp_path / "away.git")
    refused = gage_inside(sam, "open", f"{run}:short.txt")
    assert refused.code == 1
    assert "warning: " in refused.err
    assert f"error: 'short.txt' of run {run} is not here, nor on origin\n" in refused.err
    assert refused.err.endswith("hint: git gage fetch\n")


def test_a_bundle_has_no_large_files_to_give(ana: Path, tmp_path: Path) -> None:
    said(ana, "export", "@", "--format", "bundle", "-o", str(tmp_path / "x.bundle"))
    run = said(ana, "select").out.strip()[10:17]
    sam = make_repo(tmp_path / "sam")
    said(sam, "import", str(tmp_path / "x.bundle"))
    who = "hint: whoever has them can send them with 'git gage files push <run>'\n"
    assert said(sam, "cat", f"{run}:model.pt", code=1).err.endswith(who)
    git(sam, "remote", "add", "origin", str(tmp_path / "origin.git"))
    hint = f"hint: git gage files pull {run} -- model.pt\n"
    assert said(sam, "cat", f"{run}:model.pt", code=1).err.endswith(hint)


def test_the_remote_that_has_a_file_is_named(ana: Path, tmp_path: Path) -> None:
    """Ana keeps her runs at the host and large files on a disk at home; Sam has the disk alone."""
    said(ana, "push")
    git(tmp_path, "init", "-q", "--bare", "disk.git")
    git(ana, "remote", "add", "bk", str(tmp_path / "disk.git"))
    said(ana, "push", "bk", "--files=all")
    assert "held by bk" in answer(ana, "files", "drop", "@")
    run = said(ana, "select").out.strip()[10:17]
    refused = said(ana, "cat", "@:model.pt", code=1)
    assert refused.err.endswith(f"hint: git gage files pull {run} bk -- model.pt\n")
    for words, code in (
        (["files", "pull", "@"], 1),
        (["export-files", "@", "out"], 1),
        (["restart", "-q", "@", "--keep-files", "*.pt"], 128),
        (["files", "pull", "origin", "@"], 1),
    ):
        done = said(ana, *words, code=code)
        assert done.err.splitlines()[-1].startswith(f"hint: git gage files pull {run} bk")
    assert "got 2 files" in type_hint(ana, done.err).out
    assert said(ana, "cat", "@:model.pt").out == "m" * BIG
    # Without its directory nothing says more than where files were sent to.
    said(ana, "files", "drop", "@")
    place = run_dir(ana)
    (place / "model.pt").chmod(0o644)
    (place / "model.pt").write_text('{"git-gage":"dropped",')
    assert said(ana, "cat", "@:model.pt", code=1).err.endswith(f"{run} bk -- model.pt\n")
    shutil.rmtree(place)
    assert said(ana, "cat", "@:model.pt", code=1).err.endswith(f"{run} bk -- model.pt\n")
    said(ana, "files", "pull", "@", "bk")
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    assert said(ana, "cat", "@:model.pt", code=1).err.endswith(f"{run} -- model.pt\n")

    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    git(sam, "remote", "add", "lab", str(tmp_path / "disk.git"))
    said(sam, "fetch", "lab")
    assert "got 1 file" in type_hint(sam, said(sam, "cat", f"{run}:model.pt", code=1).err).out
    said(sam, "fetch")
    refused = said(sam, "cat", f"{run}:deep/data.bin", code=1)
    assert refused.err.endswith(f"hint: git gage files pull {run} -- deep/data.bin\n")
    git(sam, "remote", "remove", "lab")
    git(ana, "remote", "remove", "bk")
    assert said(ana, "cat", "@:model.pt", code=1).err.endswith(f"{run} -- model.pt\n")


def test_hints_can_be_typed_whatever_things_are_called(ana: Path, tmp_path: Path) -> None:
    names = ["it's big", "new\nline.bin", "[x]*.bin", "x1.bin"]
    (ana / "odd.py").write_text(
        f"for name in {names!r}: open(name, 'wb').write(name.encode() * {BIG})"
    )
    said(ana, "run", "-q", "odd.py")
    said(ana, "push", "--files")
    said(ana, "files", "drop", "@")
    run = said(ana, "select").out.strip()[10:17]
    for name in names:
        refused = said(ana, "cat", f"@:{name}", code=1)
        assert type_hint(ana, refused.err).out.startswith("got 1 file, ")
        assert said(ana, "cat", f"@:{name}").out == name * BIG
    (place,) = (path for path in run_dir_of(ana, run).iterdir() if path.name == names[0])
    place.chmod(0o644)
    place.write_text("mine")
    told = said(ana, "files", "pull", "@").err.rpartition(": ")[2].strip()
    assert shlex.split(told)[:3] == ["mv", str(place), "it's big.changed"]

    disk = tmp_path / "it's my disk"
    git(ana, "config", "gage.repo.origin.files", str(disk))
    refused = said(ana, "files", "push", "@", code=128)
    assert refused.err.endswith(f"make it: mkdir -p {quote(str(disk))}\n")
    refused = said(ana, "push", str(disk / "gone.git"), code=128)
    assert refused.err.endswith(f"hint: try it: git ls-remote {quote(str(disk / 'gone.git'))}\n")
    git(ana, "config", "gage.live", str(disk / "gone.git"))
    went = said(ana, "run", "-q", "train.py")
    assert f"hint: git gage push {quote(str(disk / 'gone.git'))} " in went.err


def test_a_file_with_a_secret_is_to_be_had_where_it_was_made_alone(tmp_path: Path) -> None:
    code = 'open("notes.txt", "w").write("token ghp_" + "a1B2c3D4e5F6" * 3)'
    seed = make_repo(tmp_path / "seed", files={"train.py": code})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    ana = clone(tmp_path / "origin.git", tmp_path / "ana")
    said(ana, "run", "-q", "train.py")
    said(ana, "push", "--files")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch", "--files")
    (run,) = json.loads(answer(sam, "list", "--json"))
    short = run["id"][10:17]
    why = "something in it looks like a secret, so that it stays where it was made"
    for verb, *options in (["cat"], ["cat", "--fetch"], ["open"]):
        told = said(sam, verb, f"{short}:notes.txt", *options, code=1)
        assert told.err == (
            f"error: 'notes.txt' of run {short} is not here: {why}\n"
            f"hint: it can only be where the run was recorded: git gage show {short}\n"
        )
    left = said(sam, "export-files", short, str(tmp_path / "out"), code=1)
    assert left.err == f"warning: 'notes.txt' is left out: not here; {why}\n"
    checked = said(sam, "check", short).out
    assert "1 of those it made: 1, with 46 bytes" in checked
    assert "files pull" not in checked
    assert said(ana, "cat", "@:notes.txt").out.startswith("token ghp_")


def test_a_short_file_comes_into_a_directory_of_runs(ana: Path, tmp_path: Path) -> None:
    """Whoever has it from there gets it, too."""
    said(ana, "push")
    place = str(tmp_path / "runs")
    said(ana, "--runs", place, "fetch", "origin", "--meta")
    run = said(ana, "select").out.strip()[10:17]
    said(ana, "--runs", place, "cat", "--fetch", f"{run}:short.txt")
    sam = clone(f"file://{tmp_path}/origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch", place)
    assert said(sam, "cat", f"{run}:short.txt").out == "in git"
