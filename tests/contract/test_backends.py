"""What every place for large files does alike: a directory, an LFS server, rclone, fsspec (S3)."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from git_gage.errors import IntegrityError, RemoteError, RequestError
from git_gage.files.backends import Backend, local
from git_gage.files.backends.fsspec import FsspecBackend
from git_gage.files.backends.lfs import LfsBackend
from git_gage.files.backends.local import LocalBackend
from git_gage.files.backends.programs import Said
from git_gage.files.backends.rclone import RcloneBackend
from git_gage.files.meter import Meter, Moving
from git_gage.files.sidecar import Sidecar
from git_gage.files.streams import gathering_place
from git_gage.files.transfer import ask_held, bring_files, send_files
from git_gage.git import open_repository
from git_gage.system import host_name, lock_file
from tests.servers import Server, serve
from tests.support import git, make_repo, wait_until, ways

KINDS = ("local", "lfs", "rclone", "fsspec")


class Heard:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.moves: list[Moving] = []
        self.warnings: list[str] = []

    def moving(self, _: str, moving: Moving) -> None:
        self.moves.append(moving)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


class Place(NamedTuple):
    """A backend, and a way to what it keeps; `away` is the same where nobody listens."""

    backend: Backend
    away: Backend
    server: Server | None
    folder: Path | None


@pytest.fixture(scope="session")
def lfs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("lfs", tmp_path_factory.mktemp("lfs")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("s3", tmp_path_factory.mktemp("s3")) as server:
        request = urllib.request.Request(f"{server.url}/lab", method="PUT")
        urllib.request.urlopen(request).close()
        yield server


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return make_place(request.param, request, tmp_path, monkeypatch)


def make_place(kind: str, request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if kind == "local":
        folder = tmp_path / "disk"
        folder.mkdir()
        notes = tmp_path / "notes"
        gone = tmp_path / "unmounted"
        away = LocalBackend(gone, "lab", notes, base=gone)
        return Place(LocalBackend(folder, "lab", notes, base=folder), away, None, folder)
    environ = dict(os.environ)
    if kind == "rclone":
        if not shutil.which("rclone"):
            pytest.skip("no rclone")
        environ["RCLONE_CONFIG_LAB_TYPE"] = "local"
        cloud = RcloneBackend(f"lab:{tmp_path}/cloud", "lab", tmp_path, environ)
        nowhere = RcloneBackend("nowhere:files", "lab", tmp_path, environ)
        return Place(cloud, nowhere, None, tmp_path / "cloud")
    if kind == "lfs":
        if not (shutil.which("git-lfs") and find_spec("giftless")):
            pytest.skip("no git-lfs, or no giftless")
        server: Server = request.getfixturevalue("lfs_server")
        repo = make_repo(tmp_path / "repo")
        git(repo, "config", "lfs.transfer.maxretries", "1")
        name = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
        git(repo, "remote", "add", "lab", f"{server.url}/lab/{name}.git")
        git(repo, "remote", "add", "away", "http://127.0.0.1:9/lab/away.git")
        found = open_repository(repo, environ)
        lab, none = (LfsBackend(found, word, "lab") for word in ("lab", "away"))
        return Place(lab, none, server, server.folder / "store" / "lab" / name)
    if not (find_spec("s3fs") and find_spec("moto")):
        pytest.skip("no s3fs, or no moto")
    server = request.getfixturevalue("s3_server")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    url = f"s3://lab/{tmp_path.name}"
    return Place(FsspecBackend(url, "lab"), FsspecBackend("s3://gone/x", "lab"), server, None)


@pytest.fixture
def sidecar(tmp_path: Path) -> Sidecar:
    return Sidecar(tmp_path / "mine" / "lfs")


@pytest.fixture
def other(tmp_path: Path) -> Sidecar:
    return Sidecar(tmp_path / "other" / "lfs")


def keep(sidecar: Sidecar, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    part = sidecar.incoming(sha256)
    part.write_bytes(content)
    sidecar.accept(sha256, len(content), part)
    return sha256


def keep_all(sidecar: Sidecar, *contents: bytes) -> dict[str, int]:
    return {keep(sidecar, content): len(content) for content in contents}


def test_there_and_back(place: Place, sidecar: Sidecar, other: Sidecar) -> None:
    wanted = keep_all(sidecar, b"", b"small", os.urandom(3 << 20))
    stranger = {"ab" * 32: 7}
    empty = hashlib.sha256().hexdigest()
    assert ask_held(place.backend, wanted | stranger) == {empty}
    assert send_files(place.backend, wanted, sidecar, Heard()) == set(wanted) - {empty}
    assert ask_held(place.backend, wanted | stranger) == set(wanted)
    assert send_files(place.backend, wanted, sidecar, Heard()) == set()

    arrived, missing = bring_files(place.backend, wanted | stranger, other, Heard())
    assert (arrived, missing) == (set(wanted), set(stranger))
    assert dict(other.list()) == wanted
    for sha256 in wanted:
        assert other.path(sha256).read_bytes() == sidecar.path(sha256).read_bytes()
        assert not other.path(sha256).stat().st_mode & 0o222
    assert bring_files(place.backend, wanted, other, Heard()) == (set(), set())


def test_notes_there_and_back(place: Place, tmp_path: Path) -> None:
    notes = [place.backend] if isinstance(place.backend, RcloneBackend | FsspecBackend) else []
    if isinstance(place.backend, FsspecBackend):
        notes.append(FsspecBackend(f"file://{tmp_path}/notes", "lab"))
    for each in notes:
        assert each.list_names("heads") == []
        for name in ("heads/a/1", "heads/b/2", "other/3"):
            each.put_note(name, b"x\n")
        each.put_note("heads/a/1", b"y\n")
        assert sorted(each.list_names("heads")) == ["a/1", "b/2"]
        each.remove_notes(["heads/a/1", "heads/nosuch"])
        assert each.list_names("heads") == ["b/2"]
    if notes:
        assert isinstance(place.away, RcloneBackend | FsspecBackend)
        with pytest.raises(RemoteError, match="send files to 'lab'"):
            place.away.put_note("heads/a", b"x")


# -- what goes wrong --------------------------------------------------------------------------


def spoil(place: Place, sha256: str, content: bytes) -> None:
    """Let something else lie where an object is."""
    if place.folder is None:
        backend = place.backend
        assert isinstance(backend, FsspecBackend)
        backend._fs.pipe_file(backend._path(sha256), content)
        return
    found = [path for path in place.folder.rglob(sha256) if path.is_file()]
    assert len(found) == 1
    found[0].unlink()
    found[0].write_bytes(content)


def test_who_is_away_says_so(place: Place, sidecar: Sidecar) -> None:
    wanted = keep_all(sidecar, b"model")
    # A bucket that is not there has nothing; what cannot be reached says that.
    is_empty = isinstance(place.away, FsspecBackend)
    for move in (send_files,) if is_empty else (send_files, bring_files):
        with pytest.raises(RemoteError) as caught:
            move(place.away, {"ab" * 32: 9} | wanted, sidecar, Heard())
        assert "'lab'" in caught.value.message
        assert caught.value.hint
    assert list(sidecar.list()) == list(wanted.items())


def test_a_truncated_object_is_not_held_and_is_sent_again(
    place: Place, sidecar: Sidecar, other: Sidecar
) -> None:
    wanted = keep_all(sidecar, b"model" * 1000)
    (sha256,) = wanted
    send_files(place.backend, wanted, sidecar, Heard())
    spoil(place, sha256, b"mod")
    assert ask_held(place.backend, wanted) == set()
    assert send_files(place.backend, wanted, sidecar, Heard()) == {sha256}
    assert bring_files(place.backend, wanted, other, Heard()).arrived == {sha256}


def test_what_arrives_as_something_else_is_refused(
    place: Place, sidecar: Sidecar, other: Sidecar, tmp_path: Path
) -> None:
    wanted = keep_all(sidecar, b"model" * 1000, *(b"%d" % each for each in range(6)))
    sha256, *sound = wanted
    send_files(place.backend, wanted, sidecar, Heard())
    spoil(place, sha256, b"MODEL" * 1000)
    with pytest.raises(IntegrityError, match=rf"{sha256[:12]}: it arrived damaged") as caught:
        bring_files(place.backend, wanted, other, Heard())
    assert f"{sha256}' there: then whoever" in str(caught.value.hint)
    # It keeps no other away.
    assert {name for name, _ in other.list()} == set(sound)
    # Once it has come from elsewhere, nothing half is left of it.
    other.incoming(f"{sha256[:-1]}{'b' if sha256[-1] == 'a' else 'a'}").write_bytes(b"another")
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    assert bring_files(open_local(tmp_path), wanted, other, Heard()).arrived == {sha256}
    assert [path.read_bytes() for path in other.half()] == [b"another"]


def test_an_object_that_is_damaged_here_is_not_sent(place: Place, sidecar: Sidecar) -> None:
    wanted = keep_all(sidecar, b"model", *(b"%d" % each for each in range(6)))
    sha256, *sound = wanted
    sidecar.path(sha256).chmod(0o644)
    sidecar.path(sha256).write_bytes(b"MODEL")
    with pytest.raises(IntegrityError, match="something else, or was changed") as caught:
        send_files(place.backend, wanted, sidecar, Heard())
    assert "files verify" in str(caught.value.hint)
    # Programs of others are not begun.
    at_once = isinstance(place.backend, LocalBackend | FsspecBackend)
    assert ask_held(place.backend, wanted) == (set(sound) if at_once else set())


def test_a_file_that_changes_while_it_is_sent(
    place: Place, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs of others read it after us, so it is looked at once more when they are done."""
    if not isinstance(place.backend, LfsBackend | RcloneBackend):
        pytest.skip("it is hashed on its way")
    wanted = keep_all(sidecar, b"model")
    (sha256,) = wanted
    run = place.backend._run

    def run_and_write(*args: Any, **kwargs: Any) -> Any:
        said = run(*args, **kwargs)
        if "copy" in args or "push" in args:
            sidecar.path(sha256).chmod(0o644)
            sidecar.path(sha256).write_bytes(b"MODEL")
        return said

    monkeypatch.setattr(place.backend, "_run", run_and_write)
    with pytest.raises(IntegrityError, match="changed meanwhile"):
        place.backend.send(wanted, sidecar, Meter(5, lambda _: None))
    if isinstance(place.backend, RcloneBackend):
        assert place.backend.held(wanted) == set()


def test_objects_are_removed(place: Place, sidecar: Sidecar) -> None:
    wanted = keep_all(sidecar, b"model", b"other")
    one, other = wanted
    send_files(place.backend, wanted, sidecar, Heard())
    if isinstance(place.backend, LfsBackend):
        with pytest.raises(RequestError, match="takes nothing back"):
            place.backend.remove([one])
        return
    place.backend.remove([one, "ab" * 32])
    assert ask_held(place.backend, wanted) == {other}
    if not isinstance(place.away, FsspecBackend):
        with pytest.raises(RemoteError, match="lab"):
            place.away.remove([one])


@pytest.mark.skipif(os.name == "nt", reason="no groups like these there")
@pytest.mark.parametrize("mode", [0o2775, 0o775, 0o755])
@pytest.mark.parametrize("umask", [0o077, 0o022, 0o002])
def test_whom_a_shared_folder_lets_in_it_lets_into_all_below(
    tmp_path: Path, sidecar: Sidecar, mode: int, umask: int
) -> None:
    wanted = keep_all(sidecar, b"model")
    base = tmp_path / "lab"
    base.mkdir()
    base.chmod(mode)
    backend = LocalBackend(base / "gage" / "lfs", "lab", tmp_path / "notes", base=base)
    before = os.umask(umask)
    try:
        assert send_files(backend, wanted, sidecar, Heard()) == set(wanted)
    finally:
        os.umask(before)
    made = [each for each in base.rglob("*") if each.is_dir()]
    assert len(made) == 6
    shared = mode == 0o2775
    for each in made:
        assert each.stat().st_mode & 0o777 == 0o777 & ~umask | (0o070 if shared else 0)
        assert bool(each.stat().st_mode & 0o2000) == shared


def test_ctrl_c_keeps_what_has_arrived(
    place: Place, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = keep_all(sidecar, os.urandom(2 << 20), os.urandom(3 << 20))
    monkeypatch.setattr("git_gage.files.meter.EVERY_S", 0)

    class Impatient(Heard):
        def moving(self, *_: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_files(place.backend, wanted, sidecar, Impatient())
    send_files(place.backend, wanted, sidecar, Heard())
    try:
        bring_files(place.backend, wanted, other, Impatient())
    except KeyboardInterrupt:
        pass  # else it was too quick to be watched
    bring_files(place.backend, wanted, other, Heard())
    assert dict(other.list()) == wanted


@pytest.mark.parametrize(
    "body", ways("", '{"message": "we are sorry"}', '{"message": "over quota"}')
)
@pytest.mark.parametrize("status", ["403", "413", "429", "507"])
def test_an_lfs_server_that_refuses(
    status: str,
    body: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sidecar: Sidecar,
) -> None:
    place = make_place("lfs", request, tmp_path, monkeypatch)
    assert place.server is not None
    wanted = keep_all(sidecar, b"model")
    place.server.fault(f"{status} {body}")
    try:
        with pytest.raises(RemoteError, match="send files to 'lab'") as caught:
            send_files(place.backend, wanted, sidecar, Heard())
        # Of a 429 git-lfs 3.3 says nothing but "Error", and at times it stumbles over itself.
        if "broke off" not in str(caught.value):
            assert ("make room there" in str(caught.value.hint)) == (status != "429")
    finally:
        place.server.fault("")
    assert ask_held(place.backend, wanted) == set()
    assert send_files(place.backend, wanted, sidecar, Heard()) == set(wanted)


@pytest.mark.parametrize("what", ["", "all "], ids=["files", "all"])
@pytest.mark.parametrize("status", ["403", "500"])
def test_an_lfs_server_that_gives_nothing(
    status: str,
    what: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sidecar: Sidecar,
    other: Sidecar,
) -> None:
    place = make_place("lfs", request, tmp_path, monkeypatch)
    assert place.server is not None
    wanted = keep_all(sidecar, b"model")
    send_files(place.backend, wanted, sidecar, Heard())
    place.server.fault(f'{what}{status} {{"message": "{status}: we are sorry"}}')
    try:
        with pytest.raises(RemoteError, match="get files from 'lab'") as caught:
            bring_files(place.backend, wanted, other, Heard())
    finally:
        place.server.fault("")
    # More room there would be of no help to who reads, and its log goes with its folder.
    assert "make room there" not in str(caught.value.hint)
    assert "we are sorry" in str(caught.value)
    assert "lfs logs" not in str(caught.value)
    assert "logged" not in str(caught.value)


def test_an_lfs_server_that_dies_half_way(tmp_path: Path, sidecar: Sidecar, other: Sidecar) -> None:
    if not (shutil.which("git-lfs") and find_spec("giftless")):
        pytest.skip("no git-lfs, or no giftless")
    (tmp_path / "server").mkdir()
    repo = make_repo(tmp_path / "repo")
    git(repo, "config", "lfs.transfer.maxretries", "1")
    wanted = keep_all(sidecar, b"first", os.urandom(2 << 20))
    with serve("lfs", tmp_path / "server") as server:
        backend = LfsBackend(
            open_repository(repo, dict(os.environ)), f"{server.url}/lab/x.git", "lab"
        )
        send_files(backend, wanted, sidecar, Heard())
        for fault in ("cut", "die"):
            server.fault(fault)
            with pytest.raises(RemoteError, match="'lab'") as caught:
                bring_files(backend, wanted, other, Heard())
            assert "what has arrived is kept" in str(caught.value.hint)
    with serve("lfs", tmp_path / "server") as server:
        (tmp_path / "server" / "fault").unlink()
        backend = LfsBackend(
            open_repository(repo, dict(os.environ)), f"{server.url}/lab/x.git", "lab"
        )
        assert bring_files(backend, wanted, other, Heard()).missing == set()
    assert dict(other.list()) == wanted


# -- each in its own way ------------------------------------------------------------------------


def open_local(tmp_path: Path) -> LocalBackend:
    folder = tmp_path / "disk"
    folder.mkdir(exist_ok=True)
    return LocalBackend(folder, "lab", tmp_path / "notes", base=folder)


def test_a_directory_counts_by_what_it_holds(tmp_path: Path, sidecar: Sidecar) -> None:
    wanted = keep_all(sidecar, b"model")
    (sha256,) = wanted
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    place = next(path for path in (tmp_path / "disk").rglob(sha256))
    # Somebody else has put it there: it is read, once.
    place.unlink()
    place.write_bytes(b"model")
    assert open_local(tmp_path).held(wanted) == {sha256}
    place.write_bytes(b"MODEL")
    assert open_local(tmp_path).held(wanted) == set()
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    assert place.read_bytes() == b"model"


def test_a_directory_gets_the_rest_of_what_was_cut(tmp_path: Path, sidecar: Sidecar) -> None:
    content = os.urandom(3 << 20)
    wanted = keep_all(sidecar, content)
    (sha256,) = wanted
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    place = next(path for path in (tmp_path / "disk").rglob(sha256))
    for before in (content[: 1 << 20], b"?" * (2 << 20), content + b"more"):
        place.unlink()
        fresh = next((tmp_path / "disk").glob("incoming")) / f"{sha256}-{clone_of(sidecar)}"
        fresh.write_bytes(before)
        send_files(open_local(tmp_path), wanted, sidecar, Heard())
        assert place.read_bytes() == content
        assert not fresh.exists()


def test_two_processes_that_send_the_same(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = keep_all(sidecar, b"model")
    (sha256,) = wanted
    write = local._write

    def write_and_lose(part: Path, blocks: Any) -> None:
        write(part, blocks)
        place = tmp_path / "disk" / "objects" / sha256[:2] / sha256[2:4] / sha256
        part.rename(place)

    monkeypatch.setattr(local, "_write", write_and_lose)
    assert send_files(open_local(tmp_path), wanted, sidecar, Heard()) == {sha256}
    wanted = keep_all(sidecar, b"gone")
    monkeypatch.setattr(local, "_write", lambda *_: None)
    with pytest.raises(RemoteError, match="no such file"):
        send_files(open_local(tmp_path), wanted, sidecar, Heard())


def clone_of(sidecar: Sidecar) -> str:
    return hashlib.sha256(os.fsencode(f"{host_name()}:{sidecar.root}")).hexdigest()[:8]


def test_a_disk_that_shares_extents(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here none does: a copy stands for what the kernel would do."""

    def share(source: Path, fresh: Path) -> bool:
        shutil.copyfile(source, fresh)
        return True

    monkeypatch.setattr("git_gage.files.backends.local.clone_file", share)
    wanted = keep_all(sidecar, b"model")
    (sha256,) = wanted
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    assert bring_files(open_local(tmp_path), wanted, other, Heard()).arrived == {sha256}
    wanted = keep_all(sidecar, b"second")
    (sha256,) = wanted
    sidecar.path(sha256).chmod(0o644)
    sidecar.path(sha256).write_bytes(b"SECOND")
    with pytest.raises(IntegrityError, match="something else"):
        send_files(open_local(tmp_path), wanted, sidecar, Heard())
    assert not [path for path in (tmp_path / "disk").rglob("*") if path.name.startswith(sha256)]


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
def test_a_directory_that_takes_no_more(tmp_path: Path, sidecar: Sidecar) -> None:
    import resource

    wanted = keep_all(sidecar, b"small", os.urandom(3 << 20))
    small, big = wanted
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(RemoteError, match="file too large") as caught:
            send_files(open_local(tmp_path), wanted, sidecar, Heard())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "what has arrived there is whole" in str(caught.value.hint)
    assert open_local(tmp_path).held(wanted) <= {small}
    assert not list((tmp_path / "disk").rglob(f"{big}*"))
    assert send_files(open_local(tmp_path), wanted, sidecar, Heard())


def test_a_directory_without_room(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = keep_all(sidecar, b"model")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3))
    with pytest.raises(RemoteError, match="no space left") as caught:
        send_files(open_local(tmp_path), wanted, sidecar, Heard())
    assert "free some space there" in str(caught.value.hint)


def test_a_directory_that_fails(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise OSError(errno.EIO, "Input/output error", "disk")

    backend, wanted = open_local(tmp_path), keep_all(sidecar, b"model")
    send_files(backend, wanted, sidecar, Heard())
    monkeypatch.setattr(Sidecar, "has", fail)
    monkeypatch.setattr(Sidecar, "remove", fail)
    meter = Meter(0, lambda _: None)
    with pytest.raises(RemoteError, match=r"look for files in 'lab': .* \('disk'\)"):
        backend.held(wanted)
    with pytest.raises(RemoteError, match="get files from 'lab'"):
        backend.bring(wanted, sidecar, meter)
    with pytest.raises(RemoteError, match="remove files from 'lab'"):
        backend.remove(wanted)


def test_who_promised_and_has_not(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBackend, "send", lambda *_: None)
    with pytest.raises(RemoteError, match="it took 1 and has 0"):
        send_files(open_local(tmp_path), keep_all(sidecar, b"model"), sidecar, Heard())


def test_much_is_told_before_it_comes(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, heard = keep_all(sidecar, b"model", b"other"), Heard()
    send_files(open_local(tmp_path), wanted, sidecar, heard)
    monkeypatch.setattr("git_gage.files.transfer._MUCH", 10)
    bring_files(open_local(tmp_path), wanted, other, heard)
    assert heard.moves == [Moving(0, 10, None, None)]


def test_one_who_gets_files_waits_for_another(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar
) -> None:
    wanted, heard = keep_all(sidecar, b"model"), Heard()
    send_files(open_local(tmp_path), wanted, sidecar, heard)
    handle = os.open(gathering_place(other) / "lock", os.O_RDWR | os.O_CREAT)
    lock_file(handle)
    done = []
    backend = open_local(tmp_path)
    thread = threading.Thread(
        target=lambda: done.append(bring_files(backend, wanted, other, heard))
    )
    thread.start()
    wait_until(lambda: heard.warnings)
    assert not done
    os.close(handle)
    thread.join()
    assert done[0].arrived == set(wanted)


def test_programs_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo(tmp_path / "repo")
    (tmp_path / "bin").mkdir()
    found = open_repository(repo, dict(os.environ))
    git_program = shutil.which("git")
    assert git_program is not None
    (tmp_path / "bin" / "git").symlink_to(git_program)
    environ = {**os.environ, "PATH": str(tmp_path / "bin"), "GIT_EXEC_PATH": str(tmp_path / "x")}
    with pytest.raises(RemoteError, match="rclone is not installed") as caught:
        RcloneBackend("lab:x", "lab", tmp_path, environ).held({"ab" * 32: 1})
    assert caught.value.hint == "install it: https://rclone.org/install"
    said = Said(1, "", "git: 'lfs' is not a git command. See 'git --help'.\n")
    monkeypatch.setattr(LfsBackend, "_run", lambda *_, **__: said)
    with pytest.raises(RemoteError, match="git-lfs is not installed"):
        LfsBackend(found, "lab", "lab").held({"ab" * 32: 1})
    panic = Said(2, "", "LFS: Error\npanic: runtime error\n\ngoroutine 5 [running]:\nx.go:403\n")
    monkeypatch.setattr(LfsBackend, "_run", lambda *_, **__: panic)
    with pytest.raises(RemoteError) as caught:
        LfsBackend(found, "lab", "lab").held({"ab" * 32: 1})
    told = "ask 'lab': LFS: Error\ngit-lfs broke off (panic: runtime error)"
    assert str(caught.value) == told
    assert "try again" in str(caught.value.hint)  # 403 is a line of its source


def test_an_answer_of_lfs_that_says_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Had a version of git-lfs asked nothing at all, nothing would be held."""
    found = open_repository(make_repo(tmp_path / "repo"), dict(os.environ))
    monkeypatch.setattr(LfsBackend, "_run", lambda *_, **__: Said(0, "", ""))
    with pytest.raises(RemoteError, match="no clear answer"):
        LfsBackend(found, "lab", "lab").held({"ab" * 32: 1})


def test_an_rclone_that_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = RcloneBackend("lab:x", "lab", tmp_path, dict(os.environ))
    monkeypatch.setattr(RcloneBackend, "_run", lambda *_, **__: Said(9, "", ""))
    with pytest.raises(RemoteError, match="rclone exited with 9"):
        backend.held({"ab" * 32: 1})


@pytest.mark.parametrize("url", ["nonsense://x/y", "adl://x/y"])
def test_a_url_that_nothing_here_reaches(url: str) -> None:
    """No library that could be installed would help."""
    pytest.importorskip("fsspec")
    with pytest.raises(RequestError, match="reach 'lab'") as caught:
        FsspecBackend(url, "lab")
    assert str(caught.value.hint).startswith("name another place: ")


def test_a_url_that_is_only_read(tmp_path: Path, sidecar: Sidecar) -> None:
    """Of a kind that no setting is refused for."""
    pytest.importorskip("fsspec")
    backend = FsspecBackend(f"file://{tmp_path}/there", "lab")

    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError

    with patch.object(backend._fs, "open", refuse), pytest.raises(RequestError) as caught:
        backend.send(keep_all(sidecar, b"model"), sidecar, Meter(0, lambda _: None))
    assert caught.value.message == "send files to 'lab': a place of this kind cannot do that"
    assert str(caught.value.hint).startswith("name another place: ")


def test_a_library_below_prints_no_traceback(tmp_path: Path) -> None:
    """asyncio logs what nobody waits for any more, such as the rest of a line that broke."""
    pytest.importorskip("fsspec")
    script = (
        "import logging; from git_gage.files.backends.fsspec import FsspecBackend\n"
        f"FsspecBackend('file://{tmp_path}', 'lab')\n"
        "logging.getLogger('asyncio').error('Task exception was never retrieved')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stderr == b""


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(RequestError, match="needs fsspec") as caught:
        FsspecBackend("s3://lab/x", "lab")
    assert caught.value.hint == "pip install 'git-gage[fsspec]'"


def test_fsspec_with_folders_and_a_file_that_cannot_be_written(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fsspec")
    backend = FsspecBackend(f"file://{tmp_path}/far", "lab")
    wanted = keep_all(sidecar, os.urandom(2 << 20))
    (sha256,) = wanted
    send_files(backend, wanted, sidecar, Heard())
    other.incoming(sha256).write_bytes(sidecar.path(sha256).read_bytes()[: 1 << 20])
    assert bring_files(backend, wanted, other, Heard()).arrived == {sha256}
    (tmp_path / "flat").write_text("no folder")
    backend = FsspecBackend(f"file://{tmp_path}/flat", "lab")
    with pytest.raises(RemoteError, match="send files to 'lab'"):
        backend.send(wanted, sidecar, Meter(0, lambda _: None))
    backend = FsspecBackend(f"file://{tmp_path}/far", "lab")
    backend.remove([sha256, "ab" * 32])
    assert backend.held(wanted) == set()

    def say_nothing(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(backend._fs, "info", say_nothing)
    with pytest.raises(RemoteError, match="ask 'lab': ValueError"):
        backend.held(wanted)


def test_a_directory_that_changes_meanwhile(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = keep_all(sidecar, b"model")
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    (tmp_path / "notes").unlink()
    stamps = iter(range(9))
    monkeypatch.setattr(LocalBackend, "_stamp", lambda *_: next(stamps))
    assert bring_files(open_local(tmp_path), wanted, other, Heard()).arrived == set(wanted)
    assert not (tmp_path / "notes").exists()


@pytest.mark.parametrize("kind", [LocalBackend, FsspecBackend])
def test_objects_that_are_taken_away_while_others_are_read(
    kind: type, tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = keep_all(sidecar, b"first", b"second", b"third")
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    backend: Backend = open_local(tmp_path)
    if kind is FsspecBackend:
        pytest.importorskip("fsspec")
        backend = FsspecBackend(f"file://{tmp_path}/disk", "lab")
    accept = Sidecar.accept

    def accept_and_take_away(self: Sidecar, *rest: Any) -> None:
        accept(self, *rest)
        shutil.rmtree(tmp_path / "disk" / "objects", ignore_errors=True)

    monkeypatch.setattr(Sidecar, "accept", accept_and_take_away)
    monkeypatch.setattr("git_gage.files.streams.AT_ONCE", 1)
    arrived, missing = bring_files(backend, wanted, other, Heard())
    assert (len(arrived), arrived | missing) == (1, set(wanted))
    assert {name for name, _ in other.list()} == arrived
    monkeypatch.undo()
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    assert bring_files(backend, wanted, other, Heard()) == (missing, set())


def test_an_object_that_is_taken_away_just_before_it_is_read(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = keep_all(sidecar, b"model")
    send_files(open_local(tmp_path), wanted, sidecar, Heard())

    def take_away(place: Path, _: object) -> bool:
        place.unlink()
        return False

    monkeypatch.setattr(local, "clone_file", take_away)
    assert bring_files(open_local(tmp_path), wanted, other, Heard()) == (set(), set(wanted))


def test_a_directory_that_breaks_while_it_is_read(
    tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network disk whose server has forgotten what is open."""
    wanted = keep_all(sidecar, b"model")
    send_files(open_local(tmp_path), wanted, sidecar, Heard())

    def fail(*_: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(local, "clone_file", lambda *_: False)
    with patch.object(local, "read_blocks", fail), pytest.raises(RemoteError) as caught:
        bring_files(open_local(tmp_path), wanted, other, Heard())
    assert caught.value.message.startswith("get files from 'lab': stale file handle")
    assert "try again once that is settled" in str(caught.value.hint)
    assert bring_files(open_local(tmp_path), wanted, other, Heard()).arrived == set(wanted)


@pytest.mark.parametrize("kind", [LocalBackend, FsspecBackend])
def test_a_disk_here_that_gets_full(
    kind: type, tmp_path: Path, sidecar: Sidecar, other: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks for room on the side that has enough."""
    wanted = keep_all(sidecar, b"model")
    send_files(open_local(tmp_path), wanted, sidecar, Heard())
    backend: Backend = open_local(tmp_path)
    if kind is FsspecBackend:
        pytest.importorskip("fsspec")
        backend = FsspecBackend(f"file://{tmp_path}/disk", "lab")

    def fill_up(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Sidecar, "accept", fill_up)
    with pytest.raises(RequestError) as caught:
        bring_files(backend, wanted, other, Heard())
    assert caught.value.message == f"get files: no space left on device ('{other.root}')"


def test_an_rclone_remote_that_cannot_be_written(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make_place("rclone", None, tmp_path, monkeypatch)
    wanted = keep_all(sidecar, b"model")
    (tmp_path / "cloud").write_text("no folder")
    with pytest.raises(RemoteError, match=r"send files to 'lab': .*not a directory"):
        place.backend.send(wanted, sidecar, Meter(0, lambda _: None))


def test_an_rclone_remote_without_room(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rclone makes room for a file first, and leaves it empty where there is none."""
    place = make_place("rclone", None, tmp_path, monkeypatch)
    wanted = keep_all(sidecar, b"fits", b"too much", b"more than that")
    whole, *torn = wanted
    run = RcloneBackend._run
    why = "Failed to copy: preallocate: file too big for remaining disk space"

    def run_out(self: RcloneBackend, *words: str, **more: Any) -> Said:
        said = run(self, *words, **more)
        if words[0] == "copy":
            for sha256 in torn:
                (found,) = (tmp_path / "cloud").rglob(sha256)
                found.write_bytes(b"")
            lines = [why, *(f"Attempt {each}/3 failed with 2 errors and: {why}" for each in "123")]
            log = Path(words[words.index("--log-file") + 1])
            log.write_text("".join(f'{{"level":"error","msg":"{each}"}}\n' for each in lines))
            last = f"2026/11/29 16:07:56 Failed to copy with 2 errors: last error was: {why}\n"
            return said._replace(returncode=1, err=last)
        return said

    monkeypatch.setattr(RcloneBackend, "_run", run_out)
    with pytest.raises(RemoteError) as caught:
        send_files(place.backend, wanted, sidecar, Heard())
    assert caught.value.message == f"send files to 'lab': {why}"
    assert caught.value.hint == (
        "nothing was lost, and what has arrived whole is kept: free some space there, and try again"
    )
    left = [path.name for path in (tmp_path / "cloud").rglob("*") if path.is_file()]
    assert left == [whole]
    torn.clear()  # all that is there is whole, and so it stays
    with pytest.raises(RemoteError, match="send files to 'lab'"):
        send_files(place.backend, wanted, sidecar, Heard())
    assert place.backend.held(wanted) == set(wanted)


def test_rclone_without_room_here(
    tmp_path: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = RcloneBackend("lab:x", "lab", tmp_path, dict(os.environ))
    said = Said(1, "", "2026/11/29 16:07:56 Failed to copy with 2 errors: No space left on device")
    monkeypatch.setattr(RcloneBackend, "_run", lambda *_, **__: said)
    with pytest.raises(RemoteError, match="Failed to copy with 2 errors") as caught:
        backend.bring({"ab" * 32: 9}, sidecar, Meter(9, lambda _: None))
    assert "free some space here" in str(caught.value.hint)


def test_what_rclone_tells_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.files.meter.EVERY_S", 0)

    def run(self: object, *words: str, watch: Callable[[], None]) -> Said:
        log = Path(words[words.index("--log-file") + 1])
        log.write_text('torn\n7\n{"level":"notice","stats":{"bytes":3}}\n{"level":"er')
        watch()
        return Said(0, "", "")

    monkeypatch.setattr(RcloneBackend, "_run", run)
    told: list[Moving] = []
    backend = RcloneBackend("lab:x", "lab", tmp_path, dict(os.environ))
    missing = backend.bring({"ab" * 32: 9}, Sidecar(tmp_path), Meter(9, told.append))
    assert missing == {"ab" * 32}
    assert told[-1].done == 3


def test_a_folder_that_goes_away_before_a_file_is_sent_is_not_made_anew(tmp_path: Path) -> None:
    """Between the look whether it is there, and the file."""
    gone = tmp_path / "gone"
    backend = LocalBackend(gone, "lab", tmp_path / "notes", base=gone)
    for folder in (gone / "incoming", gone / "objects" / "ab" / "cd"):
        with pytest.raises(FileNotFoundError):
            backend._make_folder(folder)
    assert not gone.exists()
    gone.mkdir()
    backend._make_folder(gone / "objects" / "ab" / "cd")
    assert (gone / "objects" / "ab" / "cd").is_dir()
