"""Files of runs whose names, or whose content, cannot be taken: the others come nevertheless."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.support import clone, gage_inside, git, make_repo, said, write_files

BIG = 840 * 150
CHECKPOINTS = ("a.bin", "ckpt-12:30.bin", "odd\tname.bin", "z.bin")
TRAIN = f"""\
for name in {CHECKPOINTS!r}:
    open(name, "w").write(name * ({BIG} // len(name)))
open("at 12:30.txt", "w").write("short")
open("odd\\tshort.txt", "w").write("short")
"""
LEFT = "warning: no file is made for 'odd\\t{}' of run {}: a character that is no part of a name\n"


@pytest.fixture
def sam(tmp_path: Path) -> Path:
    """Sam's clone has a run of Ana's without its large files, which origin has."""
    seed = make_repo(tmp_path / "seed", files={"train.py": TRAIN})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    ana = clone(tmp_path / "origin.git", tmp_path / "ana")
    said(ana, "run", "-q", "train.py")
    said(ana, "push", "--files")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch")
    return sam


def short_of(where: Path) -> str:
    return said(where, "select").out.strip()[10:17]


def placed(where: Path) -> dict[str, int]:
    (folder,) = (where / ".git" / "gage" / "runs").iterdir()
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def test_one_odd_name_keeps_no_other_file_out(sam: Path) -> None:
    run = short_of(sam)
    opened = said(sam, "open", run)
    assert opened.err == LEFT.format("name.bin", run) + LEFT.format("short.txt", run)
    names = {"a.bin", "ckpt-12:30.bin", "z.bin", "at 12:30.txt"}
    assert placed(sam).keys() == names
    assert max(placed(sam).values()) < 1000  # placeholders

    done = said(sam, "files", "pull", run)
    assert done.out == "got 4 files, 492.2 KiB, from origin\n"
    assert done.err == LEFT.format("name.bin", run)
    assert placed(sam).keys() == names
    assert placed(sam)["ckpt-12:30.bin"] == BIG
    assert len(said(sam, "cat", f"{run}:odd\tname.bin").out) == BIG
    assert said(sam, "fetch", "--files").err == LEFT.format("name.bin", run)
    done = said(sam, "open", f"{run}:odd\tname.bin", code=128)
    assert done.err.endswith("\nhint: 'git gage cat <run>:<path>' prints what it holds\n")


def test_what_stands_for_something_else_on_windows_is_left_out(
    sam: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.safe_paths._HAS_STREAMS", True)
    run = short_of(sam)
    assert said(sam, "open", run).err.count("a character that is no part of a name\n") == 4
    said(sam, "files", "pull", run)
    assert placed(sam).keys() == {"a.bin", "z.bin"}
    assert said(sam, "export-files", run, "out", code=1).out.startswith("Exported 2 files")


def test_a_disk_that_takes_no_such_name(sam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT takes no `:`, whatever the system."""
    real = os.replace

    def replace(fresh: str, path: str) -> None:
        if ":" in Path(path).name:
            raise OSError(errno.EINVAL, "Invalid argument")
        real(fresh, path)

    run = short_of(sam)
    monkeypatch.setattr("os.replace", replace)
    opened = said(sam, "open", run)
    done = said(sam, "files", "pull", run)
    for told in (opened, done):
        assert (
            f"warning: no file is made for 'ckpt-12:30.bin' of run {run}: this disk takes no such "
            "name: invalid argument\n"
        ) in told.err
    monkeypatch.undo()
    assert placed(sam)["z.bin"] > 1000
    # Another failure of the disk is told as such.
    said(sam, "files", "drop", run)
    monkeypatch.setattr("os.link", _no_link)
    monkeypatch.setattr("git_gage.files.sidecar._clone", lambda *_: False)
    monkeypatch.setattr("git_gage.files.sidecar._copy", _full)
    full = said(sam, "files", "pull", run, code=128).err
    assert full.splitlines()[-2:] == [
        f"fatal: get files: no space left on device ('{sam / '.git/gage/lfs'}')",
        "hint: free some space there, and try again: what has come is kept",
    ]
    full = said(sam, "export-files", run, "out", code=128).err
    assert full.startswith(f"fatal: no space left on device ('{sam / 'out'}')\nhint: free some")


def _no_link(*_: object) -> None:
    raise OSError(errno.EMLINK, "Too many links")


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_copy_has_the_names_that_this_system_takes(sam: Path) -> None:
    run = short_of(sam)
    said(sam, "files", "pull", run)
    done = said(sam, "export-files", run, "out", code=1)
    assert done.out.startswith("Exported 4 files")
    assert sorted(os.listdir(sam / "out")) == ["a.bin", "at 12:30.txt", "ckpt-12:30.bin", "z.bin"]


def test_who_needs_all_files_is_told_of_one_that_cannot_be(sam: Path) -> None:
    run = short_of(sam)
    said(sam, "files", "pull", run)
    use = '[use]\nexec = "python use.py"\ndepends = "run-files: train.py"\n'
    write_files(sam, {"gage.toml": use, "use.py": "import os; print(sorted(os.listdir()))\n"})
    done = said(sam, "run", "-q", "use")
    assert "'ckpt-12:30.bin'" in done.out
    assert LEFT.format("name.bin", run) in done.err
    done = said(sam, "export", "--format", "mlflow", "-o", "out", run)
    assert LEFT.format("name.bin", run) in done.err
    assert "goes without" not in done.err


def test_what_came_whole_is_laid_out_before_what_came_damaged_is_told(
    sam: Path, tmp_path: Path
) -> None:
    run = short_of(sam)
    said(sam, "open", run)
    files = sorted((tmp_path / "origin.git" / "gage" / "lfs" / "objects").glob("*/*/*"))
    (bad,) = (path for path in files if path.read_bytes().startswith(b"a.bin"))
    bad.chmod(0o644)
    bad.write_bytes(b"x" * bad.stat().st_size)
    done = said(sam, "files", "pull", run, code=128)
    assert "it arrived damaged" in done.err
    assert placed(sam)["z.bin"] == BIG
    assert placed(sam)["a.bin"] < 1000


FORGED = "x\nfatal: your key was revoked\u2028{}"
FORGER = f"""\
import os
open({FORGED!r}.format("short"), "w").write("short")
open({FORGED!r}.format("long"), "w").write("long" * 50_000)
os.symlink("nowhere\\nfatal: your key was revoked", {FORGED!r}.format("link"))
open({FORGED!r}.format("secret"), "w").write("token = ghp_7UeioEJP2NNern66nVberACpdclsxHKifxi5")
"""
FORGED_GAGEFILE = """\
[train]
exec = "python3 train.py"

[use]
exec = "true"
depends = "run-files: train"

[link]
exec = 'echo more >> x*short'
depends = {run = "train", link = true}
"""


def forged(where: Path, *args: str) -> str:
    """What a command says to a person; no line of it is a file's name."""
    done = gage_inside(where, *args, env={"GIT_PAGER_IN_USE": "1"})
    said_all = done.out + done.err
    assert "\nfatal: your key" not in said_all, args
    assert "\u2028" not in said_all, args
    return said_all


def test_a_name_is_no_line_of_what_a_command_says(tmp_path: Path) -> None:
    seed = make_repo(tmp_path / "seed", files={"train.py": FORGER, "gage.toml": FORGED_GAGEFILE})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    ana = clone(tmp_path / "origin.git", tmp_path / "ana")
    assert "x\\nfatal: your key was revoked" in forged(ana, "run", "-q", "train")
    forged(ana, "push")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    forged(sam, "fetch")
    run = short_of(sam)
    shown = FORGED.format("long").replace("\n", "\\n").replace("\u2028", "\\u2028")
    assert f"'{shown}' of run {run} is not here" in forged(sam, "cat", f"{run}:{shown}")
    for words in (
        ("open", run),
        ("open", f"{run}:{shown}"),
        ("cat", f"{run}:{FORGED.format('link')}"),
        ("cat", f"{run}:{FORGED.format('short')}x"),
        ("ls-files", run),
        ("files", "pull", run),
        ("files", "push", run),
        ("files", "drop", run, "-n"),
        ("files", "verify", run),
        ("export-files", run, "out"),
        ("export-files", run, "out"),
        ("check", run),
        ("show", run, "--files"),
        ("run", "-q", "use"),
        ("restart", run, "--keep-files", "--trust-code"),
        ("export", run, "--format", "ro-crate", "-o", str(tmp_path / "crate")),
    ):
        forged(sam, *words)
    made = next((ana / ".git/gage/runs").glob("*/x*short"))
    for operation in ("use", "link"):
        forged(ana, "run", "-q", operation)
    made.chmod(0o644)
    made.write_text("changed")
    (made.parent / FORGED.format("new")).write_text("new")
    own = made.parent.name[10:17]
    for words in (
        ("files", "verify", own),
        ("check", own),
        ("run", "-q", "use", f"run={own}"),
        ("restart", own, "--keep-files"),
        ("open", f"{own}:{FORGED.format('short')}"),
        ("cat", f"{own}:{FORGED.format('short')}"),
        ("open", f"@:{FORGED.format('short')}"),
        ("cat", f"@:{FORGED.format('short')}"),
        ("show", "@", "--lineage"),
        ("sign", own),
    ):
        forged(ana, *words)
