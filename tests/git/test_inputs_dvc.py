"""Inputs that DVC keeps, without DVC."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from git_gage.errors import RequestError
from git_gage.gagefile.model import Dependency
from tests.git.inputs_story import World
from tests.support import make_repo, write_files


def md5(content: str | bytes) -> str:
    return hashlib.md5(content.encode() if isinstance(content, str) else content).hexdigest()


def pointer(name: str, digest: str, more: str = "  hash: md5\n", head: str = "") -> str:
    """A `.dvc` file as DVC 3 writes it."""
    return f"{head}outs:\n- md5: {digest}\n  size: 4\n{more}  path: {name}\n"


def listing(files: dict[str, str]) -> str:
    """What DVC keeps of a folder in its cache."""
    found = [{"md5": md5(content), "relpath": path} for path, content in sorted(files.items())]
    return json.dumps(found)


@pytest.fixture
def world(tmp_path: Path) -> World:
    top = make_repo(tmp_path / "project", files={".gitignore": "/data.csv\n/raw\n"})
    write_files(top, {"data.csv": "a,b\n", "data.csv.dvc": pointer("data.csv", md5("a,b\n"))})
    return World(top)


def refused(world: World, path: str, *, pull: bool = False) -> str:
    with pytest.raises(RequestError) as caught:
        world.resolve(Dependency("dvcfile", path=path), pull=pull)
    hint = caught.value.hint
    return caught.value.message + (f"\nhint: {hint}" if hint else "")


def fake_dvc(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "dvc").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "dvc").chmod(0o755)


@pytest.mark.parametrize("path", ["data.csv", "data.csv.dvc", "./data.csv"])
def test_a_file_is_found_by_either_name(world: World, path: str) -> None:
    (found,) = world.resolve(Dependency("dvcfile", path=path))
    assert [file.place for file in found.files] == [b"data.csv"]
    assert (found.link, found.path) == (True, world.project_dir / "data.csv")


def test_a_folder_is_checked_file_by_file(world: World) -> None:
    files = {"a b.csv": "1\n", "deep/c.csv": "2\n", "deep-d.csv": "3\n", "é.csv": "4\n"}
    write_files(world.project_dir / "raw", files)
    digest = md5(listing(files)) + ".dir"
    write_files(world.project_dir, {"dvc/raw.dvc": pointer("raw", digest, head="wdir: ..\n")})
    (found,) = world.resolve(Dependency("dvcfile", path="dvc/raw"))
    assert (found.folder, found.count) == (b"raw", 4)
    # Without the list in DVC's cache it is only known that something differs.
    write_files(world.project_dir / "raw", {"deep/c.csv": "22\n", "new": "n"})
    said = refused(world, "dvc/raw")
    now = md5(listing({**files, "deep/c.csv": "22\n", "new": "n"})) + ".dir"
    changed = f"input 'dvc/raw': changed input: its md5 is {now}, and 'raw.dvc' says {digest}"
    assert said == f"{changed}\nhint: dvc pull dvc/raw.dvc"
    cache = f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}"
    write_files(world.project_dir, {cache: listing(files)})
    assert "; not as they were: 'deep/c.csv', 'new'\n" in refused(world, "dvc/raw")
    write_files(world.project_dir / "raw", dict.fromkeys(["n2", "n3"], ""))
    assert "; not as they were: 'deep/c.csv', 'n2', 'n3' and 1 more\n" in refused(world, "dvc/raw")


def test_a_file_that_is_missing_or_another(world: World) -> None:
    (world.project_dir / "data.csv").unlink()
    assert refused(world, "data.csv") == "input 'data.csv': not here\nhint: dvc pull data.csv.dvc"
    write_files(world.project_dir, {"data.csv": "x\n"})
    assert refused(world, "data.csv") == (
        f"input 'data.csv': changed input: its md5 is {md5('x' + chr(10))}, and 'data.csv.dvc' says"
        f" {md5('a,b' + chr(10))}\nhint: dvc pull data.csv.dvc"
    )
    (world.project_dir / "data.csv").unlink()
    (world.project_dir / "data.csv").mkdir()
    assert "not the file that 'data.csv.dvc' names" in refused(world, "data.csv")
    write_files(world.project_dir, {"raw": "1", "raw.dvc": pointer("raw", "0" * 32 + ".dir")})
    assert "not the folder that 'raw.dvc' names" in refused(world, "raw")


def test_what_an_old_dvc_wrote(world: World) -> None:
    write_files(world.project_dir, {"data.csv": "a\r\nb\r\n"})
    write_files(world.project_dir, {"data.csv.dvc": pointer("data.csv", md5("a\nb\n"), more="")})
    (found,) = world.resolve(Dependency("dvcfile", path="data.csv"))
    assert found.files[0].sha256 == hashlib.sha256(b"a\r\nb\r\n").hexdigest()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("outs: [", "'data.csv.dvc' cannot be read: "),
        ("[1]\n", "'data.csv.dvc' names no single file with an md5"),
        ("outs:\n- path: data.csv\n  etag: x\n", "'data.csv.dvc' names no single file"),
        (f"outs:\n- path: a\n  md5: {'0' * 32}\n- path: b\n", "'data.csv.dvc' names no single"),
    ],
)
def test_what_is_no_dvc_file(world: World, text: str, problem: str) -> None:
    write_files(world.project_dir, {"data.csv.dvc": text})
    assert refused(world, "data.csv").startswith(f"input 'data.csv': {problem}")


def test_there_is_no_dvc_file(world: World) -> None:
    assert refused(world, "other.csv") == (
        "input 'other.csv': there is no 'other.csv.dvc'\nhint: dvc add other.csv"
    )


def test_dvc_is_asked_only_if_the_user_says_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (world.project_dir / "data.csv").unlink()
    said = refused(world, "data.csv", pull=True)
    assert said == "input 'data.csv': not here, and there is no 'dvc' on PATH\nhint: install DVC"
    fake_dvc(tmp_path / "bin", 'echo "$@"; [ -e ok ] && printf "a,b\\n" > data.csv')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    world = World(world.project_dir)
    assert "not here" in refused(world, "data.csv")
    assert capfd.readouterr() == ("", "")
    # It does not get it.
    assert "not here" in refused(world, "data.csv", pull=True)
    assert capfd.readouterr() == ("", "pull data.csv.dvc\n")
    write_files(world.project_dir, {"ok": ""})
    (found,) = world.resolve(Dependency("dvcfile", path="data.csv"), pull=True)
    assert found.size == 4
    # What is there is not asked for again.
    capfd.readouterr()
    world.resolve(Dependency("dvcfile", path="data.csv"), pull=True)
    assert capfd.readouterr() == ("", "")
