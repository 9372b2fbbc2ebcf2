"""Somebody writes into the directory of a run: what was recorded comes back, and theirs stays."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from git_gage.files.notes import stamp_of
from git_gage.files.sidecar import Sidecar
from tests.support import Result, git, make_repo, said

BIG = 300 << 10
TRAIN = f"""\
for name in "abc":
    open(name + ".bin", "wb").write(name.encode() * {BIG})
open("short.txt", "w").write("in git")
"""


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    """Ana has sent the three large files of a run to her origin."""
    path = make_repo(tmp_path / "ana", files={"train.py": TRAIN})
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(path, "remote", "add", "origin", str(tmp_path / "origin.git"))
    said(path, "run", "-q", "train.py")
    said(path, "files", "push", "@")
    return path


def made(where: Path, name: str = "a.bin") -> Path:
    (folder,) = (where / ".git/gage/runs").iterdir()
    return folder / name


def run_of(where: Path) -> str:
    return made(where).parent.name[10:17]


def edit(path: Path, at: int = 0) -> None:
    """Write to a file in its place, as an editor of bytes does; its size stays."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"XXXX")


def hint_of(done: Result) -> str:
    (line,) = [line for line in done.err.splitlines() if line.startswith("hint: ")]
    return line


def type_it(where: Path, hint: str) -> None:
    """What stands behind the last colon of a hint, in a shell."""
    subprocess.run(["sh", "-c", hint.rpartition(": ")[2]], cwd=where, check=True)


def test_what_was_recorded_comes_back_and_what_was_changed_stays(ana: Path) -> None:
    run = run_of(ana)
    edit(made(ana))
    done = said(ana, "files", "verify", "@", code=1)
    assert done.out.startswith(f"differs   {run}:a.bin  in the directory of the run\n")
    assert hint_of(done) == f"hint: what was recorded can be had: git gage files pull {run}"

    assert said(ana, "files", "pull", "@", "-n").out.startswith("would have got 1 file, 300.0 KiB")
    done = said(ana, "files", "pull", "@")
    assert done.out == "got 1 file, 300.0 KiB, from origin\n"
    assert f"{run}:a.bin, 300.0 KiB: was changed in the directory of the run, and stays" in done.err
    place = made(ana)
    mv = f"mv {shlex.quote(str(place))} a.bin.changed"
    assert hint_of(done) == (f"hint: have it in its place again: {mv} && git gage files pull {run}")
    assert place.read_bytes().startswith(b"XXXX")
    # Who asks for the file gets what was recorded.
    assert said(ana, "cat", "@:a.bin").out == "a" * BIG
    said(ana, "export-files", "@", "out", "--", "a.bin")
    assert (ana / "out/a.bin").read_bytes() == b"a" * BIG

    done = said(ana, "files", "verify", "@", code=1)
    assert done.out.startswith(f"differs   {run}:a.bin  in the directory of the run\n")
    assert hint_of(done).endswith(f"again: {mv} && git gage files pull {run}")
    type_it(ana, hint_of(done))
    assert said(ana, "files", "pull", "@").out == "3 large files here already\n"
    assert said(ana, "files", "verify", "@").err == ""
    assert (ana / "a.bin.changed").read_bytes().startswith(b"XXXX")


def test_what_was_never_sent_is_promised_by_nobody(tmp_path: Path) -> None:
    ana = make_repo(tmp_path / "ana", files={"train.py": TRAIN})
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(ana, "remote", "add", "origin", str(tmp_path / "origin.git"))
    said(ana, "run", "-q", "train.py")
    run = run_of(ana)
    for name in ("a.bin", "b.bin"):
        made(ana, name).chmod(0o644)
    with made(ana).open("ab") as file:
        file.write(b"more")
    hint = f"hint: no remote is known to have it; to make it anew: git gage restart {run}"
    done = said(ana, "files", "verify", "@", code=1)
    assert done.out.startswith(f"differs   {run}:a.bin  in the directory of the run\n")
    assert hint_of(done) == hint
    done = said(ana, "files", "pull", "@", "--", "a.bin", code=1)
    assert f"{run}:a.bin, 300.0 KiB: not on origin, or not whole\n" in done.err
    assert hint_of(done) == hint
    made(ana, "b.bin").unlink()
    shutil.rmtree(ana / ".git/gage/lfs")
    done = said(ana, "files", "push", "@", "--", "[ab].bin", code=1)
    changed = "not here: it was changed in the directory of the run"
    assert done.err.splitlines() == [
        f"warning: {run}:a.bin, 300.0 KiB: {changed}",
        f"warning: {run}:b.bin, 300.0 KiB: not here",
        hint,
    ]
    assert hint_of(said(ana, "cat", "@:a.bin", code=1)) == hint
    body = json.loads(said(ana, "files", "push", "@", "--json", code=1).out)
    assert [each["path"] for each in body["changed"]] == ["a.bin"]


def test_where_no_remote_is_known_it_is_said_who_can_help(ana: Path) -> None:
    run, place = run_of(ana), made(ana, "b.bin")
    git(ana, "remote", "remove", "origin")
    edit(made(ana))
    who = "hint: whoever has them can send them with 'git gage files push <run>'"
    assert hint_of(said(ana, "files", "verify", "@", code=1)) == who
    made(ana).unlink()
    assert hint_of(said(ana, "cat", "@:a.bin", code=1)) == who
    # Of this one the clone has more than what stands in its place.
    place.unlink()
    place.write_bytes(b"B" * BIG)
    done = said(ana, "files", "verify", "@", "--", "b.bin", code=1)
    mv = f"mv {shlex.quote(str(place))} b.bin.changed"
    assert hint_of(done) == f"hint: have it in its place again: {mv} && git gage open {run}:b.bin"
    assert said(ana, "cat", "@:b.bin").out == "b" * BIG


def test_what_a_link_in_a_run_leads_to_is_not_moved(ana: Path, tmp_path: Path) -> None:
    deep = f"import os; os.mkdir('-d'); open('-d/z', 'wb').write(b'z' * {BIG})"
    said(ana, "run", "-q", "--", sys.executable, "-c", deep)
    said(ana, "files", "push", "@")
    top = Path(said(ana, "select", "--run-dir").out.strip())
    (top / "-d").rename(tmp_path / "else")
    (top / "-d").symlink_to(tmp_path / "else")
    (tmp_path / "else" / "z").unlink()
    (tmp_path / "else" / "z").write_bytes(b"Z" * BIG)
    done = said(ana, "files", "verify", "@", code=1)
    mv = f"mv {shlex.quote(str(top / '-d'))} ./-d.changed"
    assert hint_of(done).endswith(f"again: {mv} && git gage files pull {top.name[10:17]}")
    subprocess.run(["sh", "-c", mv], cwd=ana, check=True)
    assert said(ana, "files", "pull", "@").out == "1 large file here already\n"
    assert (tmp_path / "else" / "z").read_bytes() == b"Z" * BIG


def test_fetch_with_files_brings_it_back_too(ana: Path) -> None:
    edit(made(ana))
    body = json.loads(said(ana, "files", "pull", "@", "--json").out)
    assert (body["files"], [each["path"] for each in body["changed"]]) == (1, ["a.bin"])
    edit(made(ana, "b.bin"))
    done = said(ana, "fetch", "--files")
    assert done.out.endswith("got 1 file, 300.0 KiB, from origin\n")
    assert "b.bin, 300.0 KiB: was changed in the directory of the run" in done.err


def test_what_is_not_what_was_recorded_is_not_printed(ana: Path) -> None:
    run = run_of(ana)
    edit(made(ana))
    done = said(ana, "cat", "@:a.bin", code=1)
    assert done.out == ""
    assert done.err == (
        f"error: 'a.bin' of run {run} was changed here: it is not what was recorded\n"
        f"hint: git gage files pull {run} -- a.bin\n"
    )
    done = said(ana, "export-files", "@", "out", code=1)
    assert done.out == "Exported 3 files, 600.0 KiB to out\n"
    assert done.err == (
        "warning: 'a.bin' is left out: changed here, and not what was recorded\n"
        f"hint: git gage files pull {run}\n"
    )
    assert said(ana, "cat", "@:a.bin", "--fetch").out == "a" * BIG
    # What git has of a short one is as good as ever.
    edit(made(ana, "short.txt"))
    assert said(ana, "cat", "@:short.txt").out == "in git"
    done = said(ana, "files", "verify", "@", "--", "short.txt", code=1)
    assert hint_of(done).endswith(f" && git gage open {run}:short.txt")
    type_it(ana, hint_of(done))
    assert made(ana, "short.txt").read_text() == "in git"


@pytest.mark.parametrize("form", ["mlflow", "ro-crate"])
def test_other_tools_get_what_was_recorded(ana: Path, tmp_path: Path, form: str) -> None:
    edit(made(ana))  # with its object in the sidecar
    made(ana, "b.bin").rename(made(ana, "b.bin.changed"))
    made(ana, "b.bin").write_bytes(b"x" * BIG)
    made(ana, "short.txt").chmod(0o644)
    made(ana, "short.txt").write_text("something else")
    done = said(ana, "export", "@", "--format", form, "-o", str(tmp_path / "out"))
    run = run_of(ana)
    hint = f"git gage files pull {run}"
    assert done.err.startswith(
        f"warning: run {run} goes without 1 of its files: not here: {hint}\n"
    )
    said(ana, "files", "pull", "@")
    said(ana, "export", "@", "--format", form, "-o", str(tmp_path / "again"))
    found = {path.name: path for path in (tmp_path / "again").rglob("*.*")}
    for name in "abc":
        assert found[f"{name}.bin"].read_bytes() == name.encode() * BIG
    assert found["short.txt"].read_text() == "in git"
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name == "a.bin"]
    assert next((tmp_path / "out").rglob("b.bin")).read_bytes() == b"b" * BIG
    assert next((tmp_path / "out").rglob("short.txt")).read_text() == "in git"


def test_a_disk_that_goes_bad_is_found_by_who_reads_all(ana: Path) -> None:
    """No time of a file tells of it."""
    edit(made(ana))
    sidecar = Sidecar(ana / ".git/gage/lfs")
    sha256 = hashlib.sha256(b"a" * BIG).hexdigest()
    sidecar._note(sha256, stamp_of(sidecar.path(sha256).stat()))
    assert said(ana, "files", "pull", "@").out == "3 large files here already\n"
    assert "pull" in hint_of(said(ana, "files", "verify", "@", code=1))
    assert said(ana, "files", "pull", "@").out.startswith("got 1 file")


def test_nobody_else_has_what_was_changed(ana: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "origin.git" / "gage")
    edit(made(ana))
    done = said(ana, "files", "pull", "@", code=1)
    assert "a.bin, 300.0 KiB: not on origin, or not whole" in done.err
    assert made(ana).read_bytes().startswith(b"XXXX")
    # It does not come back under its name from here, either.
    made(ana).rename(ana / "mine")
    said(ana, "files", "pull", "@", code=1)
    assert not made(ana).exists()


@pytest.mark.parametrize("grown", [False, True])
def test_what_was_changed_is_not_dropped(ana: Path, grown: bool) -> None:
    place = made(ana, "b.bin")
    edit(place, BIG if grown else 7)
    for words in ((), ("--force",)):
        done = said(ana, "files", "drop", "@", *words, "--", "b.bin", code=1)
        assert done.out == "nothing dropped\n"
        assert "b.bin, 300.0 KiB: it was changed in the directory of the run" in done.err
        mv = f"mv {shlex.quote(str(place))} b.bin.changed"
        assert hint_of(done) == f"hint: move away what was changed, then drop again: {mv}"
    assert said(ana, "files", "drop", "@", code=1).out.startswith("dropped 2 files: 600.0 KiB")
    type_it(ana, hint_of(done))
    said(ana, "files", "pull", "@", "--", "b.bin")
    assert said(ana, "files", "drop", "@").out.startswith("dropped 1 file: 300.0 KiB")
    assert (ana / "b.bin.changed").read_bytes().count(b"XXXX") == 1


def test_what_was_changed_and_what_is_nowhere_have_each_a_hint(ana: Path) -> None:
    git(ana, "init", "-q", "--bare", "../lab.git")
    said(ana, "files", "push", "@", "../lab.git", "--", "a.bin")
    edit(made(ana))
    done = said(ana, "files", "drop", "@", "../lab.git", code=1)
    hints = [line for line in done.err.splitlines() if line.startswith("hint: ")]
    assert [each.split()[1] for each in hints] == ["send", "move"]


def test_objects_that_nobody_touched_are_read_once(
    ana: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sound files stay known: a pull of what is here costs no reading."""
    sound = ana / ".git/gage/lfs/sound"
    said(ana, "files", "drop", "@", "--", "a.bin")
    said(ana, "files", "pull", "@")

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    with monkeypatch.context() as patched:
        patched.setattr("git_gage.files.sidecar.digest_file", refuse)
        assert said(ana, "files", "pull", "@").out == "3 large files here already\n"
    # They are only notes.
    sound.unlink()
    assert said(ana, "files", "pull", "@").out == "3 large files here already\n"
    assert len(sound.read_text().splitlines()) == 3
    sound.unlink()
    sound.mkdir()
    assert said(ana, "cat", "@:a.bin").out == "a" * BIG
    sha256 = hashlib.sha256(b"a" * BIG).hexdigest()
    assert Sidecar(sound.parent).is_sound(sha256, BIG)
