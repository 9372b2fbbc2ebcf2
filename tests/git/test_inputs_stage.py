"""Inputs in a run directory: laid out before the program starts, put away when the run closes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.errors import IntegrityError, RequestError
from git_gage.gagefile.model import Dependency
from git_gage.runs.inputs import close as close_module
from git_gage.runs.inputs import follow_reference
from git_gage.runs.inputs import stage as stage_module
from git_gage.runs.inputs.reference import Reference, format_reference, read_reference
from tests.git.inputs_story import World
from tests.support import make_repo, write_files

OLD_NS = 1_000_000_000_000_000_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    files = {"train.py": "1\n", ".gitignore": "raw\n", "table.csv": "t\n"}
    return World(make_repo(tmp_path / "project", files=files))


def file(path: str, **options: Any) -> Dependency:
    return Dependency("file", path=path, **options)


# -- before the program -----------------------------------------------------------------------


def test_copies_keep_time_and_rights_but_can_be_written(world: World) -> None:
    write_files(world.project_dir, {"raw/tool.sh": "#!/bin/sh\n", "raw/deep/x": "1"})
    tool = world.project_dir / "raw/tool.sh"
    tool.chmod(0o555)
    os.utime(tool, ns=(OLD_NS, OLD_NS))
    folder = world.stage(*world.resolve(Dependency("project-files", files=("raw",))))
    found = (folder / "raw/tool.sh").stat()
    assert (found.st_mode & 0o777, found.st_mtime_ns) == (0o755, OLD_NS)
    assert (folder / "raw/deep/x").read_text() == "1"
    assert world.close().kept == {b"raw/tool.sh", b"raw/deep/x"}


def test_what_the_source_brings_is_not_staged_again(world: World) -> None:
    inputs = world.resolve(
        file("table.csv"), file("train.py", target="in"), source={b"table.csv", b"train.py"}
    )
    folder = world.stage(*inputs)
    assert os.listdir(folder) == ["in"]


def test_made_content_is_written(world: World) -> None:
    world.run("train", {"model": "m"})
    folder = world.stage(
        *world.resolve(
            Dependency("runs-summary"),
            Dependency("run-files", where="op = train", files=("train.py",), target="code"),
        )
    )
    assert json.loads((folder / "runs.json").read_text())[0]["operation"] == "train"
    assert (folder / "code/train.py").read_text() == "1\n"
    assert world.close().kept == {b"runs.json", b"code/train.py"}


@pytest.mark.parametrize("there", ["in/table.csv", "in"])
def test_nothing_is_overwritten(world: World, there: str) -> None:
    folder = world.store.run_dir("next")
    write_files(folder, {there: "mine"})
    with pytest.raises(RequestError, match=r"no room for the input 'in/table.csv': there is '.*in"):
        world.stage(*world.resolve(file("table.csv", target="in")))
    assert (folder / there).read_text() == "mine"


def test_nothing_is_written_through_a_link(world: World, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = world.store.run_dir("next")
    folder.mkdir(parents=True)
    (folder / "in").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RequestError, match=r"there is '.*/in'"):
        world.stage(*world.resolve(file("table.csv", target="in", link=False)))
    assert not os.listdir(tmp_path / "elsewhere")


def test_an_input_that_changed_meanwhile_is_refused(world: World) -> None:
    inputs = world.resolve(file("table.csv"))
    write_files(world.project_dir, {"table.csv": "other\n"})
    with pytest.raises(RequestError, match=r"table.csv' changed since it was measured") as caught:
        world.stage(*inputs)
    assert caught.value.hint == "start the run again"


def test_a_copy_that_is_not_what_was_measured_is_refused(world: World) -> None:
    inputs = world.resolve(file("table.csv", link=False))
    table = world.project_dir / "table.csv"
    times = table.stat()
    table.write_text("x\n")
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(RequestError, match=r"table.csv' changed since it was measured"):
        world.stage(*inputs)


# -- after the program ------------------------------------------------------------------------


def test_links_become_references(world: World, tmp_path: Path) -> None:
    write_files(tmp_path, {"mnist/a.idx": "a", "words.txt": "w"})
    run = world.run("prepare", {"out/data.csv": "1\n"})
    inputs = world.resolve(
        Dependency("dir", path="../mnist"),
        file("../words.txt"),
        file("table.csv", target="in"),
        Dependency("run-files", where="op = prepare", link=True),
    )
    folder = world.stage(*inputs)
    leads = {
        "mnist": tmp_path / "mnist",
        "words.txt": tmp_path / "words.txt",
        "in/table.csv": world.project_dir / "table.csv",
        "out/data.csv": world.made(run, "out/data.csv"),
    }
    for place, target in leads.items():
        assert (folder / place).readlink() == target
    # Again, as after a crash in between.
    for _ in range(2):
        closed = world.close()
        assert closed.kept == {os.fsencode(place) for place in leads}
        assert (closed.changed, closed.unseen) == ([], [])
    for place, target in leads.items():
        assert not (folder / place).is_symlink()
        assert follow_reference(folder / place, world.store)[0] == target
    found = read_reference(folder / "out/data.csv")
    assert found is not None
    assert (found.run, found.path, found.is_folder) == (run, b"out/data.csv", False)
    assert json.loads((folder / "in/table.csv").read_text()) == {
        "git-gage": "reference",
        "type": "file",
        "run": None,
        "path": "table.csv",
        "sha256": inputs[2].files[0].sha256,
        "size": 2,
    }


def test_what_the_program_changed_is_its_own(world: World) -> None:
    write_files(world.project_dir, {f"raw/{name}": name for name in "abcdef"})
    inputs = [file(f"raw/{name}", link=False) for name in "abc"]
    linked = [file(f"raw/{name}") for name in "def"]
    folder = world.stage(*world.resolve(*inputs, *linked))
    (folder / "raw/a").write_text("A")
    (folder / "raw/b").unlink()
    (folder / "raw/c").touch()
    (folder / "raw/d").unlink()
    (folder / "raw/d").write_text("mine")
    (folder / "raw/e").unlink()
    (folder / "raw/f").unlink()
    (folder / "raw/f").symlink_to("a")
    closed = world.close()
    assert (closed.kept, closed.changed) == ({b"raw/c"}, [])
    assert (folder / "raw/d").read_text() == "mine"


def test_an_input_where_the_program_writes_is_a_copy_until_the_end(world: World) -> None:
    run = world.run("train", {"summary.json": "1"})
    inputs = world.resolve(Dependency("run-files", where="op = train"))
    folder = world.stage(*inputs, own=b"summary.json")
    assert not (folder / "summary.json").is_symlink()
    for _ in range(2):
        assert world.close().kept == {b"summary.json"}
        assert '"git-gage":"reference"' in (folder / "summary.json").read_text()
    again = world.stage(*inputs, name="again", own=b"summary.json")
    (again / "summary.json").write_text("1")
    assert world.close("again").kept == {b"summary.json"}
    assert (again / "summary.json").read_text() == "1"
    assert world.made(run, "summary.json").read_text() == "1"


def test_an_input_that_was_written_through_its_link_is_told(world: World, tmp_path: Path) -> None:
    write_files(tmp_path, {"far/x": "1", "far/y": "1", "far/z": "1"})
    folder = world.stage(*world.resolve(*(file(f"../far/{name}") for name in "xyz")))
    with (folder / "x").open("a") as target:
        target.write("2")
    (folder / "y").touch()
    (tmp_path / "far/z").unlink()
    assert world.close().changed == [b"x", b"z"]


def test_files_of_a_linked_folder_that_changed_are_told(world: World, tmp_path: Path) -> None:
    write_files(tmp_path / "mnist", {"a": "1", "deep/b": "1"})
    (found,) = world.resolve(Dependency("dir", path="../mnist"))
    world.stage(found)
    note = world.store.state_dir("next") / "inputs.json"
    os.utime(note, (2e9, 2e9))
    assert world.close().changed == []
    os.utime(note, (1e9, 1e9))
    assert world.close().changed == [b"mnist/a", b"mnist/deep/b"]
    # What was written after the run's end was not written by it.
    assert world.close(until=1e9 + 1).changed == []
    # A file that is gone was there before.
    os.utime(note, (2e9, 2e9))
    (tmp_path / "mnist/deep/b").unlink()
    assert world.close().changed == [b"mnist"]


def test_later_changes_of_a_file_are_not_the_run_s(world: World) -> None:
    world.stage(*world.resolve(file("table.csv")))
    write_files(world.project_dir, {"table.csv": "later\n"})
    assert world.close(until=1e9).changed == []
    assert world.close().changed == [b"table.csv"]


def test_a_folder_that_is_too_large_or_gone_is_told(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"large/a": "1", "large/b": "2", "gone/a": "1"})
    world.stage(
        *world.resolve(Dependency("dir", path="../large"), Dependency("dir", path="../gone"))
    )
    monkeypatch.setattr(close_module, "SCAN_BUDGET", 1)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    closed = world.close()
    assert (closed.unseen, closed.changed) == ([b"large", b"gone"], [])


def test_a_file_that_is_gone_while_it_is_looked_at(tmp_path: Path) -> None:
    assert close_module._newest(os.fsencode(tmp_path / "gone")) == 0


def test_a_link_stays_where_no_reference_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = world.stage(*world.resolve(file("table.csv")))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert world.close().kept == {b"table.csv"}
    assert (folder / "table.csv").is_symlink()
    assert os.listdir(folder) == ["table.csv"]


def test_a_run_without_inputs_or_with_half_a_note(world: World) -> None:
    assert world.close("never") == close_module.ClosedInputs()
    world.stage(*world.resolve(file("table.csv")))
    note = world.store.state_dir("next") / stage_module.NOTE
    note.write_text(note.read_text()[:10])
    assert world.close() == close_module.ClosedInputs()


# -- references -------------------------------------------------------------------------------


@given(
    st.builds(
        Reference,
        run=st.one_of(st.none(), st.just("01m82m18q3tp6qaamtjgmaedr36s23")),
        path=st.binary(min_size=1).filter(lambda path: path[0] != 47 and b".." not in path),
        digest=st.text(alphabet="0123456789abcdef", min_size=64, max_size=64),
        size=st.integers(min_value=0, max_value=2**53),
        is_folder=st.booleans(),
    )
)
def test_what_a_reference_says_is_read_again(reference: Reference) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(format_reference(reference))
        assert read_reference(path) == reference


def test_other_files_are_no_references(world: World, tmp_path: Path) -> None:
    write_files(tmp_path, {"plain": '{"git-gage": "x"}', "empty": ""})
    for path in (tmp_path / "plain", tmp_path / "empty", tmp_path, tmp_path / "gone"):
        assert read_reference(path) is None
    assert follow_reference(tmp_path, world.store) == (tmp_path, None)


@pytest.mark.parametrize(
    "content",
    [
        '{"git-gage":"reference",',
        '{"git-gage":"reference","run":null}',
        '{"git-gage":"reference","run":"../x","path":"a","sha256":"","size":1,"type":"file"}',
        (
            '{"git-gage":"reference","run":"01m82m18q3tp6qaamtjgmaedr36s23","path":"../../a",'
            '"sha256":"","size":1,"type":"file"}'
        ),
        (
            '{"git-gage":"reference","run":"01m82m18q3tp6qaamtjgmaedr36s23","path":"/etc/passwd",'
            '"sha256":"","size":1,"type":"file"}'
        ),
    ],
)
def test_a_damaged_reference_is_refused(tmp_path: Path, content: str) -> None:
    write_files(tmp_path, {"x": content})
    with pytest.raises(IntegrityError, match=r"read reference '.*/x': it is damaged"):
        read_reference(tmp_path / "x")


def test_references_that_lead_nowhere_or_on_and_on(world: World, tmp_path: Path) -> None:
    here = tmp_path / "x"
    here.write_bytes(format_reference(Reference(None, b"nope.csv", "0" * 64, 1, False)))
    with pytest.raises(RequestError, match=r"'nope.csv' is not here any more"):
        follow_reference(here, world.store)
    here.write_bytes(format_reference(Reference(None, os.fsencode(here), "0" * 64, 1, False)))
    with pytest.raises(IntegrityError, match=r"too many references in a row"):
        follow_reference(here, world.store)
