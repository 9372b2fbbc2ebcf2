"""What is said of places for large files that cannot be used, and before anything is moved."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from git_gage.files.sidecar import Sidecar
from git_gage.files.transfer import bring_files
from tests.servers import serve
from tests.support import clone, gage, git, make_repo, said

BIG = 300 << 10
SET = "git gage config set gage.repo.<name>.files"
TRAIN = f'for n in "ab": open(n + ".bin", "w").write(n * {BIG})\n'


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    """Ana has recorded a run with two large files, and has a bare repository as origin."""
    seed = make_repo(tmp_path / "seed", files={"train.py": TRAIN})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    ana = clone(tmp_path / "origin.git", tmp_path / "ana")
    said(ana, "run", "-q", "train.py")
    return ana


def short_of(where: Path) -> str:
    return said(where, "select").out.strip()[10:17]


# -- what would happen ---------------------------------------------------------------------------


def test_a_bucket_that_is_not_there_is_told_before(ana: Path, tmp_path: Path) -> None:
    if not (find_spec("s3fs") and find_spec("moto")):
        pytest.skip("no s3fs, or no moto")
    (tmp_path / "s3").mkdir()
    with serve("s3", tmp_path / "s3") as server:
        # In processes of their own: s3fs remembers the server for all tests of this one.
        env = {"AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "x"}
        env |= {"AWS_SECRET_ACCESS_KEY": "x"}
        git(ana, "config", "gage.repo.origin.files", "s3://nosuch/runs")
        told = gage(ana, "files", "push", "@", "-n", env=env)
        assert told == gage(ana, "files", "push", "@", env=env)
        assert told.code == 128
        assert told.err.splitlines() == [
            "fatal: send files to 'origin (s3://nosuch/runs)': there is no bucket 'nosuch'",
            f"hint: make it, or name another place: {SET} <url>",
        ]
        request = urllib.request.Request(f"{server.url}/nosuch", method="PUT")
        urllib.request.urlopen(request).close()
        would = gage(ana, "files", "push", "@", "-n", env=env)
        assert would.out.startswith("would have pushed 2 files"), would.err
        assert gage(ana, "files", "push", "@", env=env).out.startswith("pushed 2 files")


def test_whoever_may_not_see_a_bucket_may_send_to_it(
    ana: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> dict[str, object]:
        if path == "lab":
            raise PermissionError("no ListBucket")
        raise FileNotFoundError(path)

    git(ana, "config", "gage.repo.origin.files", "s3://lab/x")
    for protocol, root in (("s3", "lab/x"), (("hf",), "datasets/lab/x")):
        names = {"protocol": protocol, "info": refuse, "invalidate_cache": lambda: None}
        opened = (SimpleNamespace(**names), root)
        monkeypatch.setattr("git_gage.files.backends.fsspec._open", lambda *_, found=opened: found)
        assert said(ana, "files", "push", "@", "-n").out.startswith("would have pushed 2 files")


def test_a_disk_without_room_is_told_before(ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_: object) -> object:
        return shutil._ntuple_diskusage(1, 1, BIG)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", no_room)
        told = said(ana, "files", "push", "@", "-n", code=128).err
        assert told == said(ana, "files", "push", "@", code=128).err
        assert told.startswith("fatal: send files to 'origin': no space left on device")
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    shutil.rmtree(ana / ".git" / "gage" / "lfs")
    monkeypatch.setattr(shutil, "disk_usage", no_room)
    told = said(ana, "files", "pull", "@", "-n", code=128).err
    assert told.startswith(
        "fatal: get files: they need 614,400 bytes, "
        f"and the disk has 307,200 left ('{ana / '.git' / 'gage' / 'lfs'}')\n"
    )
    assert not (ana / ".git" / "gage" / "lfs").exists()
    assert said(ana, "files", "pull", "@", code=128).err == told
    assert said(ana, "files", "pull", "@", "-n", "--", "a.bin").out == (
        "would have got 1 file, 300.0 KiB, from origin\n"
    )


def test_what_has_come_half_needs_no_room_once_more(
    ana: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk was full, and has room again for what is missing yet."""
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    half = Sidecar(ana / ".git/gage/lfs").incoming(hashlib.sha256(b"a" * BIG).hexdigest())
    half.write_bytes(b"a" * (200 << 10))

    def some_room(_: object) -> object:
        return shutil._ntuple_diskusage(1, 1, room)

    monkeypatch.setattr(shutil, "disk_usage", some_room)
    room = (400 << 10) - 1
    told = said(ana, "files", "pull", "@", "-n", code=128).err
    assert told.startswith("fatal: get files: they need 409,600 bytes, and the disk has ")
    assert said(ana, "files", "pull", "@", code=128).err == told
    room += 1
    for more, begins in ((["-n"], "would have got 2 files"), ([], "got 2 files")):
        assert said(ana, "files", "pull", "@", *more).out.startswith(begins)


def test_who_waited_for_another_pull_tells_what_came_by_itself(
    ana: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@")
    name = "git_gage.share.files.bring_files"

    def after_another(*args: object) -> object:
        monkeypatch.setattr(name, bring_files)
        thread = threading.Thread(target=said, args=(ana, "files", "pull", "@", "--", "a.bin"))
        thread.start()
        thread.join()
        return bring_files(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(name, after_another)
    assert said(ana, "files", "pull", "@").out == "got 1 file, 300.0 KiB, from origin\n"


# -- what is wrong with a place ------------------------------------------------------------------


def test_a_file_is_no_place(ana: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    git(ana, "config", "gage.repo.origin.files", str(tmp_path / "file"))
    assert said(ana, "files", "push", "@", code=128).err == (
        f"fatal: 'origin' keeps files in '{tmp_path}/file', and that is no folder\n"
        "hint: name one: git gage config set gage.repo.<name>.files <path>\n"
    )


def test_a_library_that_is_not_there_is_named(ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")

    def fail(url: str) -> object:
        raise ImportError(f"install what {url} needs")

    place = "hint: name another place: git gage config set gage.repo.<name>.files "
    git(ana, "config", "gage.repo.origin.files", "bogus://lab/x")
    told = said(ana, "files", "push", "@", code=128).err
    assert "Protocol not known: bogus" in told
    assert told.splitlines()[1].startswith(place)
    monkeypatch.setattr("fsspec.core.url_to_fs", fail)
    git(ana, "config", "gage.repo.origin.files", "gs://lab/x")
    told = said(ana, "files", "push", "@", code=128).err
    assert told.endswith("hint: pip install gcsfs\n")


def test_what_arrived_damaged_is_named_with_where_it_lies(ana: Path, tmp_path: Path) -> None:
    said(ana, "files", "push", "@")
    said(ana, "files", "drop", "@", "--", "a.bin")
    store = tmp_path / "origin.git" / "gage" / "lfs" / "objects"
    (bad,) = (path for path in store.glob("*/*/*") if path.read_bytes().startswith(b"a"))
    bad.chmod(0o644)
    bad.write_bytes(b"x" * BIG)
    told = said(ana, "files", "pull", "@", code=128).err
    assert told.startswith(
        f"fatal: receive file {short_of(ana)}:a.bin: it arrived damaged (from 'origin')\n"
    )
    assert f"delete '{bad}' there" in told
    # Whoever wants that file alone is told the same: the remote was asked.
    message, hint = told.splitlines()
    short = short_of(ana)
    for words in (("cat", f"{short}:a.bin", "--fetch"), ("open", f"{short}:a.bin")):
        assert said(ana, *words, code=1).err.splitlines() == [
            message.replace("fatal: ", "warning: "),
            f"error: 'a.bin' of run {short} is not here",
            hint,
        ]


def test_a_drop_that_may_not_write_says_where(ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """root may write everywhere, so what the disk says is put in its mouth."""
    said(ana, "files", "push", "@")
    (folder,) = (ana / ".git" / "gage" / "runs").iterdir()

    def refuse(*_: object) -> None:
        place = str(folder / ".gage-1")
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), place)

    monkeypatch.setattr("git_gage.runs.placeholders.write_whole", refuse)
    assert said(ana, "files", "drop", "@", code=128).err == (
        f"fatal: drop files: cannot write in '{folder}': read-only file system\n"
        f"hint: see whose it is: ls -ld {folder}\n"
    )


def test_an_lfs_server_may_stand_beside_a_remote_that_is_a_path(ana: Path, tmp_path: Path) -> None:
    if not (shutil.which("git-lfs") and find_spec("giftless")):
        pytest.skip("no git-lfs, or no giftless")
    (tmp_path / "lfs").mkdir()
    git(ana, "config", "gage.repo.origin.files", "lfs")
    told = said(ana, "files", "push", "@", code=128).err
    assert "is a directory, which has no LFS server" in told
    assert "git config remote.origin.lfsurl <url>" in told
    with serve("lfs", tmp_path / "lfs") as server:
        git(ana, "config", "remote.origin.lfsurl", f"{server.url}/lab/mixed.git")
        assert said(ana, "files", "push", "@").out == "pushed 2 files, 600.0 KiB, to origin\n"
        said(ana, "files", "drop", "@")
        assert said(ana, "files", "pull", "@").out == "got 2 files, 600.0 KiB, from origin\n"
    assert not (tmp_path / "origin.git" / "gage").exists()
