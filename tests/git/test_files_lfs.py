"""Large files of runs on an LFS server that does not look at what it is given."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from git_gage.files.backends.lfs import LfsBackend
from git_gage.files.sidecar import Sidecar
from tests.servers import Server, serve
from tests.support import git, make_repo, said

BIG = 300 << 10
TRAIN = f"""\
for name in "abc":
    open(name + ".bin", "wb").write(name.encode() * {BIG})
"""

pytestmark = pytest.mark.skipif(
    not (shutil.which("git-lfs") and find_spec("giftless")), reason="no git-lfs, or no giftless"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("lfs", tmp_path_factory.mktemp("lfs")) as server:
        yield server


@pytest.fixture
def ana(tmp_path: Path, server: Server) -> Path:
    """Ana has recorded a run with three large files; her origin has an LFS server."""
    path = make_repo(tmp_path / "ana", files={"train.py": TRAIN})
    git(path, "remote", "add", "origin", f"{server.url}/lab/{tmp_path.name}.git")
    said(path, "run", "-q", "train.py")
    return path


def sha256_of(name: str) -> str:
    return hashlib.sha256(name.encode() * BIG).hexdigest()


def made(where: Path, name: str) -> Path:
    (folder,) = (where / ".git/gage/runs").iterdir()
    return folder / f"{name}.bin"


def kept(where: Path) -> Sidecar:
    return Sidecar(where / ".git/gage/lfs")


def on_server(server: Server, where: Path, name: str) -> Path:
    (path,) = (server.folder / "store/lab" / where.parent.name).rglob(sha256_of(name))
    return path


def write_when_it_is_sent(monkeypatch: pytest.MonkeyPatch, *places: Path) -> None:
    """Let somebody write to files just before git-lfs reads them."""
    run = LfsBackend._run

    def write_and_run(self: LfsBackend, folder: Path, config: Any, *words: str, **more: Any) -> Any:
        if "--object-id" in words:
            for place in places:
                place.chmod(0o644)
                with place.open("r+b") as file:
                    file.write(b"YYYY")
        return run(self, folder, config, *words, **more)

    monkeypatch.setattr(LfsBackend, "_run", write_and_run)


def repair(where: Path, name: str) -> None:
    """Put back what the run made, here alone."""
    for place in (made(where, name), kept(where).path(sha256_of(name))):
        place.unlink()
        place.write_bytes(name.encode() * BIG)
        place.chmod(0o444)


def test_a_file_that_is_changed_while_it_is_pushed_is_not_dropped_for_what_the_server_has(
    ana: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        write_when_it_is_sent(patched, made(ana, "a"), made(ana, "c"))
        done = said(ana, "files", "push", "@", code=128)
    run = made(ana, "a").parent.name[10:17]
    assert done.err == (
        "fatal: send files to 'origin': some were changed meanwhile, and it may hold something "
        f"else under their names:\n  {run}:a.bin\n  {run}:c.bin\n"
        "hint: they do not count as held there until what it has was read and is right; see what "
        "is damaged here with 'git gage files verify'\n"
    )
    assert on_server(server, ana, "a").read_bytes().startswith(b"YYYY")

    # The next one who asks does not believe the server.
    for name in "ac":
        repair(ana, name)
    done = said(ana, "files", "drop", "@", code=1)
    assert done.out.startswith("dropped 1 file: 300.0 KiB less on this disk; held by origin")
    assert [f"{name}.bin, 300.0 KiB: no remote holds it" in done.err for name in "abc"] == [
        True,
        False,
        True,
    ]
    assert made(ana, "a").stat().st_size == BIG

    # It never takes them anew by itself.
    done = said(ana, "files", "push", "@", "--", "[ac].bin", code=128)
    assert done.err == (
        "fatal: send files to 'origin': it holds something else under their names:\n"
        f"  {run}:a.bin, {sha256_of('a')}\n  {run}:c.bin, {sha256_of('c')}\n"
        "hint: whoever runs it can delete these there, by their sha256; then push again, or let "
        "files go elsewhere: git gage config set gage.repo.<name>.files <path>\n"
    )
    for name in "ac":
        on_server(server, ana, name).unlink()
    done = said(ana, "files", "push", "@", "--", "[ac].bin")
    assert done.out == "pushed 2 files, 600.0 KiB, to origin\n"
    assert said(ana, "files", "drop", "@").out.startswith("dropped 2 files: 600.0 KiB")
    assert said(ana, "files", "pull", "@").out == "got 3 files, 900.0 KiB, from origin\n"


def test_a_mode_that_is_changed_while_a_file_is_pushed_is_no_harm(
    ana: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = LfsBackend._run

    def touch_and_run(self: LfsBackend, folder: Path, config: Any, *words: str, **more: Any) -> Any:
        made(ana, "a").chmod(0o644)
        return run(self, folder, config, *words, **more)

    monkeypatch.setattr(LfsBackend, "_run", touch_and_run)
    assert said(ana, "files", "push", "@").out == "pushed 3 files, 900.0 KiB, to origin\n"


def test_a_push_that_was_killed_leaves_what_is_read_before_it_counts(
    ana: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has looked then whether the files stayed as they were."""
    with monkeypatch.context() as patched:
        write_when_it_is_sent(patched, made(ana, "a"))
        patched.setattr("git_gage.files.doubts.Doubts.settle", lambda *_: None)
        said(ana, "files", "push", "@", code=128)
    repair(ana, "a")
    asked: list[str] = []
    bring = LfsBackend.bring

    def bring_and_tell(self: LfsBackend, wanted: Any, *rest: Any) -> Any:
        asked.extend(wanted)
        return bring(self, wanted, *rest)

    monkeypatch.setattr(LfsBackend, "bring", bring_and_tell)
    done = said(ana, "files", "drop", "@", "-n", code=1)
    assert done.out.startswith("would drop 2 files: 600.0 KiB less")
    assert "a.bin, 300.0 KiB: no remote holds it" in done.err
    # What stayed as it was is not got for that.
    assert asked == [sha256_of("a")]
    with monkeypatch.context() as patched:
        patched.setattr(LfsBackend, "bring", lambda _, wanted, *__: set(wanted))
        done = said(ana, "files", "drop", "@", "-n", code=1)  # it was deleted in this moment
    assert "a.bin, 300.0 KiB: no remote holds it" in done.err
    # What the server has turns out to be right.
    on_server(server, ana, "a").write_bytes(b"a" * BIG)
    assert said(ana, "files", "push", "@").out == "origin has 3 large files already\n"
    assert said(ana, "files", "drop", "@").out.startswith("dropped 3 files: 900.0 KiB")
    assert asked == [sha256_of("a")] * 2
