"""What a run depends on: found, laid out, put away."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.errors import RequestError
from git_gage.gagefile.model import Dependency
from git_gage.runs.inputs import inputs_body
from tests.git.inputs_story import World
from tests.support import make_repo, write_files

PREPARED = {"out/data.csv": "a,b\n", "notes.txt": "1\n"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    files = {"train.py": "1\n", ".gitignore": "raw\n*.bin\n"}
    return World(make_repo(tmp_path / "project", files=files))


def test_files_of_the_project_are_copied(world: World) -> None:
    write_files(world.project_dir, {"raw/a b.csv": "1\n", "raw/deep/c.csv": "2\n", "x.bin": "x"})
    (found,) = world.resolve(Dependency("project-files", files=("raw", "*.bin")))
    folder = world.stage(found)
    assert (folder / "raw/a b.csv").read_text() == "1\n"
    assert (folder / "raw/deep/c.csv").read_text() == "2\n"
    assert [file.place for file in found.files] == [b"raw/a b.csv", b"raw/deep/c.csv", b"x.bin"]
    (folder / "x.bin").write_text("mine")
    closed = world.close()
    assert closed.kept == {b"raw/a b.csv", b"raw/deep/c.csv"}
    assert not closed.changed


def test_a_folder_outside_is_linked_and_becomes_a_reference(world: World, tmp_path: Path) -> None:
    write_files(tmp_path / "mnist", {"a.idx": "a", "deep/b.idx": "b"})
    (found,) = world.resolve(Dependency("dir", path="../mnist"))
    folder = world.stage(found)
    assert (folder / "mnist").is_symlink()
    assert (folder / "mnist/deep/b.idx").read_text() == "b"
    closed = world.close()
    assert closed.kept == {b"mnist"}
    assert (folder / "mnist").read_text().startswith('{"git-gage":"reference","type":"dir"')
    assert world.close().kept == {b"mnist"}
    (entry,) = inputs_body([found], world.repo.work_tree)
    assert entry["path"] == str(tmp_path / "mnist")
    assert [file["path"] for file in entry["files"]] == ["mnist/a.idx", "mnist/deep/b.idx"]


def test_files_of_a_run_go_on_to_the_next_and_the_one_after(world: World) -> None:
    first = world.run("prepare", PREPARED)
    (found,) = world.resolve(Dependency("run-files", where="op=prepare"))
    assert found.run == first
    assert [file.place for file in found.files] == [b"notes.txt", b"out/data.csv"]
    folder = world.stage(found)
    assert (folder / "out/data.csv").read_text() == "a,b\n"
    world.close()
    assert (folder / "out/data.csv").read_text().startswith('{"git-gage":"reference"')


def test_everything_amiss_is_told_at_once(world: World) -> None:
    with pytest.raises(RequestError) as caught:
        world.resolve(
            Dependency("file", path="data.csv"),
            Dependency("run-files", where="op=clean"),
            Dependency("project-files", files=("train.py", "*.h5")),
        )
    assert str(caught.value) == "\n".join(
        [
            "3 inputs are not as they must be",
            "  'data.csv': no such file or folder",
            "  'run-files: op=clean': no run of this project matches (git gage run clean)",
            "  'train.py, *.h5': nothing matches '*.h5'",
        ]
    )
