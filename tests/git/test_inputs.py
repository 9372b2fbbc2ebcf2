"""What an operation depends on, found and measured before anything starts."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import RequestError
from git_gage.gagefile.model import Dependency
from git_gage.runs.association import associate_runs
from git_gage.runs.inputs import Input, input_names, inputs_body
from git_gage.runs.inputs import hashes as hashes_module
from tests.git.inputs_story import ANY_NAME, World
from tests.support import commit, git, make_repo, write_files

PREPARED = {"out/data.csv": "a,b\n", "notes.txt": "1\n"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    files = {"train.py": "1\n", ".gitignore": "raw\n*.bin\n", "table.csv": "t\n"}
    return World(make_repo(tmp_path / "project", files=files))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def places(found: Input) -> list[str]:
    return [os.fsdecode(file.place) for file in found.files]


def refused(world: World, *depends: Dependency, **options: Any) -> str:
    """What is said, and hinted at, of inputs that cannot be had."""
    with pytest.raises(RequestError) as caught:
        world.resolve(*depends, **options)
    hint = caught.value.hint
    return caught.value.message + (f"\nhint: {hint}" if hint else "")


# -- files of the project ---------------------------------------------------------------------


def test_files_of_the_project_by_pattern_folder_and_name(world: World) -> None:
    files = {"raw/a b.csv": "1\n", "raw/deep/c.csv": "2\n", "x.bin": "x", "raw/no.txt": "3\n"}
    write_files(world.project_dir, files)
    (found,) = world.resolve(Dependency("project-files", files=("raw/", "-raw/*.txt", "*.bin")))
    assert places(found) == ["raw/a b.csv", "raw/deep/c.csv", "x.bin"]
    assert [file.sha256 for file in found.files] == [sha256("1\n"), sha256("2\n"), sha256("x")]
    assert (found.count, found.size, found.link, found.label) == (
        3,
        5,
        False,
        "raw/, -raw/*.txt, *.bin",
    )


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("'raw/a b.csv'",), ["raw/a b.csv"]),
        (("'my data'",), ["my data/x.csv"]),
        (("regex:raw/.*c[.]csv$",), ["raw/deep/c.csv"]),
        (("raw/**/*.csv",), ["raw/a b.csv", "raw/deep/c.csv"]),
        (("'raw/a *.csv'",), ["raw/a b.csv"]),
        (("./raw/deep/*",), ["raw/deep/c.csv"]),
        (("-**/*.csv", "-.git*", "-*.py"), ["raw/no.txt"]),
    ],
)
def test_ways_to_say_which_files(
    world: World, patterns: tuple[str, ...], expected: list[str]
) -> None:
    files = {"raw/a b.csv": "1", "raw/deep/c.csv": "2", "raw/no.txt": "3", "my data/x.csv": "4"}
    write_files(world.project_dir, files)
    (found,) = world.resolve(Dependency("project-files", files=patterns))
    assert places(found) == expected


def test_a_pattern_that_is_none_is_told(world: World) -> None:
    said = refused(world, Dependency("project-files", files=("'a",)))
    assert said == "input ''a': pattern ''a': no closing quotation"


def test_a_link_that_leads_nowhere_is_told_and_left_out(world: World) -> None:
    write_files(world.project_dir, {"raw/a": "1"})
    (world.project_dir / "raw/gone").symlink_to("nowhere")
    os.mkfifo(world.project_dir / "raw/pipe")
    (found,) = world.resolve(Dependency("project-files", files=("raw",)))
    assert places(found) == ["raw/a"]
    raw = world.project_dir / "raw"
    assert world.warnings == [
        f"'{raw}/gone' is left out: a link that leads nowhere or back",
        f"'{raw}/pipe' is left out: not a plain file",
    ]


def test_targets_and_new_names(world: World) -> None:
    write_files(world.project_dir, {"raw/a.csv": "1", "raw/b.csv": "2"})
    by_name = Dependency(
        "project-files", files=("raw",), target="in", rename=(("raw/a.csv", "x"), ("raw/", "y/"))
    )
    only_name = Dependency("file", path="raw/a.csv", rename=(("*", "first.csv"),))
    to_folder = Dependency("file", path="raw/b.csv", target="./data/")
    whole = Dependency("dir", path="raw", target="all")
    found = world.resolve(by_name, only_name, to_folder, whole)
    assert [places(each) for each in found] == [
        ["in/x", "in/y/b.csv"],
        ["first.csv"],
        ["data/b.csv"],
        ["all/a.csv", "all/b.csv"],
    ]
    assert found[3].folder == b"all"


def test_a_folder_under_another_name(world: World) -> None:
    write_files(world.project_dir, {"raw/a.csv": "1"})
    found = world.resolve(
        Dependency("dir", path="raw", rename=(("raw", "data"),)),
        Dependency("dir", path="raw", rename=(("*", "x"),), target="in"),
    )
    assert [each.folder for each in found] == [b"data", b"in/x"]


def test_a_new_name_for_what_is_not_there_is_told(world: World) -> None:
    world.run("prepare", PREPARED)
    rename = (("out", "x"), ("nope", "y"), ("nor", "z"))
    for dependency in (
        Dependency("run-files", where="op = prepare", rename=rename),
        Dependency("file", path="table.csv", rename=rename[1:]),
        Dependency("project-files", files=("table.csv",), rename=rename[1:]),
    ):
        assert refused(world, dependency).endswith("there is no 'nope', 'nor' to rename")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("../x", "its place '../x/table.csv' is not inside the run directory"),
        ("/tmp", "its place '/tmp/table.csv' is not inside the run directory"),
        ("a/.GIT/b", "its place 'a/.GIT/b/table.csv' is inside a '.git' folder"),
    ],
)
def test_no_place_outside_of_the_run_directory(world: World, target: str, problem: str) -> None:
    said = refused(world, Dependency("file", path="table.csv", target=target))
    assert said == f"input 'table.csv': {problem}"


# -- files and folders anywhere ---------------------------------------------------------------


def test_a_file_keeps_its_place_and_one_outside_its_name(
    world: World, tmp_path: Path, sealed: Path
) -> None:
    write_files(tmp_path, {"shared/words.txt": "w"})
    write_files(sealed, {"model.pt": "m"})
    write_files(world.project_dir, {"raw/deep/c.csv": "2"})
    found = world.resolve(
        Dependency("file", path="raw/deep/c.csv"),
        Dependency("file", path="../shared/words.txt"),
        Dependency("file", path="~/model.pt", link=False),
    )
    assert [places(each) for each in found] == [["raw/deep/c.csv"], ["words.txt"], ["model.pt"]]
    assert [each.link for each in found] == [True, True, False]
    assert [entry["path"] for entry in inputs_body(found, world.repo.work_tree)] == [
        "raw/deep/c.csv",
        str(tmp_path / "shared/words.txt"),
        str(sealed / "model.pt"),
    ]


def test_a_folder_has_one_digest_wherever_it_lies(world: World, tmp_path: Path) -> None:
    content = {"a.idx": "a", "deep/b.idx": "b"}
    write_files(tmp_path / "mnist", content)
    write_files(world.project_dir / "raw/copy", content)
    found = world.resolve(
        Dependency("dir", path="../mnist"), Dependency("dir", path="raw/copy", link=False)
    )
    lines = f"{sha256('a')} a.idx\0{sha256('b')} deep/b.idx\0"
    assert {each.digest for each in found} == {sha256(lines)}
    assert [(each.count, each.size) for each in found] == [(2, 2), (2, 2)]
    assert [each.folder for each in found] == [b"mnist", None]


def test_of_a_large_folder_the_digest_alone_is_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.runs.inputs.files.FILES_LISTED", 2)
    monkeypatch.setattr("git_gage.runs.inputs.record.FILES_LISTED", 2)
    write_files(world.project_dir, {"raw/a": "1", "raw/b": "2", "raw/c": "3", "raw/d": "4"})
    linked, copied = world.resolve(
        Dependency("dir", path="raw"), Dependency("dir", path="raw", target="b", link=False)
    )
    assert (linked.files, len(copied.files)) == ((), 4)
    for entry in inputs_body([linked, copied], None):
        assert (entry["files"], entry["count"], entry["size"]) == ([], 4, 4)
        assert entry["digest"] == linked.digest


def test_a_folder_with_source_in_it_is_linked_file_by_file(world: World) -> None:
    write_files(world.project_dir, {"raw/readme.md": "r", "raw/a": "1"})
    (found,) = world.resolve(Dependency("dir", path="raw"), source={b"raw/readme.md"})
    assert found.folder is None
    assert [(file.place, file.is_staged) for file in found.files] == [
        (b"raw/a", False),
        (b"raw/readme.md", True),
    ]


@ANY_NAME
def test_names_that_are_not_utf_8(world: World) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    write_files(world.project_dir, {f"raw/{name}": "1"})
    (found,) = world.resolve(Dependency("dir", path="raw"))
    (entry,) = inputs_body([found], world.repo.work_tree)
    assert entry["files"] == [
        {"path": {"b64": "cmF3L2NhZukuY3N2"}, "sha256": sha256("1"), "size": 1}
    ]


@pytest.mark.parametrize(
    ("dependency", "said"),
    [
        (
            Dependency("file", path="nope.csv"),
            "'nope.csv': no such file or folder\nhint: put it at 'nope.csv'",
        ),
        (
            Dependency("file", path="gone.csv"),
            "'gone.csv': no such file or folder\nhint: git restore gone.csv",
        ),
        (
            Dependency("file", path="kept.csv"),
            "'kept.csv': no such file or folder\nhint: dvc pull kept.csv.dvc",
        ),
        (
            Dependency("project-files", files=("gone.csv",)),
            "'gone.csv': nothing matches 'gone.csv'\nhint: git restore gone.csv",
        ),
        (
            Dependency("project-files", files=("*.h5", "-x")),
            "'*.h5, -x': nothing matches '*.h5'",
        ),
        (
            Dependency("file", path="dead"),
            "'dead': a link that leads nowhere\nhint: put it at 'dead'",
        ),
        (
            Dependency("file", path="raw"),
            "'raw': is a folder, not a file\nhint: write 'dir: raw'",
        ),
        (
            Dependency("dir", path="table.csv"),
            "'table.csv': is a file, not a folder\nhint: write 'file: table.csv'",
        ),
        (Dependency("dir", path="raw/empty"), "'raw/empty': is an empty folder"),
        (
            Dependency("dir", path=".."),
            "'..': its place '..' is not inside the run directory",
        ),
    ],
)
def test_what_is_missing_says_how_to_get_it(
    world: World, dependency: Dependency, said: str
) -> None:
    write_files(world.project_dir, {"gone.csv": "1", "raw/x": "1", "kept.csv.dvc": ""})
    (world.project_dir / "raw/empty").mkdir()
    commit(world.project_dir)
    (world.project_dir / "gone.csv").unlink()
    (world.project_dir / "dead").symlink_to("nowhere")
    if dependency.path == "..":
        dependency = Dependency("dir", path="..", target="..")
    assert refused(world, dependency) == f"input {said}"


def test_what_to_type_can_be_typed(world: World) -> None:
    write_files(world.project_dir, {"a b*.csv": "1", "c d.csv.dvc": ""})
    commit(world.project_dir)
    (world.project_dir / "a b*.csv").unlink()
    assert refused(world, Dependency("file", path="a b*.csv")).endswith("git restore 'a b*.csv'")
    assert refused(world, Dependency("file", path="c d.csv")).endswith("dvc pull 'c d.csv.dvc'")


def test_everything_amiss_is_told_at_once(world: World) -> None:
    said = refused(
        world,
        Dependency("project-files", files=("train.py", "*.h5")),
        Dependency("file", path="data.csv"),
        Dependency("run-files", where="op = clean"),
    )
    assert said.splitlines() == [
        "3 inputs are not as they must be",
        "  'train.py, *.h5': nothing matches '*.h5'",
        "  'data.csv': no such file or folder (put it at 'data.csv')",
        "  'run-files: op = clean': no run of this project matches (git gage run clean)",
        "hint: put it at 'data.csv'",
    ]


def test_what_cannot_be_read_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: bytes, *_: object) -> str:
        raise PermissionError(13, "Permission denied", os.fsdecode(path))

    monkeypatch.setattr(hashes_module, "_hash_file", deny)
    path = world.project_dir / "table.csv"
    said = refused(world, Dependency("file", path="table.csv"))
    assert said == f"input 'table.csv': permission denied ('{path}')"


def test_a_failure_of_the_machine_without_a_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(hashes_module, "_hash_file", fail)
    said = refused(world, Dependency("file", path="table.csv"))
    assert said == "input 'table.csv': the disk is on fire"


def test_an_optional_input_is_missed_aloud(world: World) -> None:
    found = world.resolve(
        Dependency("file", path="extra.csv", optional=True), Dependency("file", path="table.csv")
    )
    assert [each.label for each in found] == ["table.csv"]
    assert world.warnings == ["no optional input 'extra.csv': no such file or folder"]


# -- what is there but should not be ----------------------------------------------------------


def test_a_changed_input_is_refused_with_both_digests(world: World) -> None:
    write_files(world.project_dir, {"raw/a": "1"})
    right, wrong = sha256("t\n"), "0" * 64
    folder = sha256(f"{sha256('1')} a\0")
    world.resolve(
        Dependency("file", path="table.csv", sha256=right),
        Dependency("dir", path="raw", sha256=folder),
        Dependency("project-files", files=("raw/a",), sha256=sha256("1")),
    )
    said = refused(world, Dependency("file", path="table.csv", sha256=wrong, optional=True))
    assert said == (
        f"input 'table.csv': changed input: its sha256 is {right}, and the gagefile says {wrong}\n"
        "hint: put the old content back, or the new sha256 into the gagefile"
    )


def test_two_things_at_one_place_are_refused(world: World, tmp_path: Path) -> None:
    write_files(tmp_path, {"other/table.csv": "o", "a/b": "1"})
    world.run("prepare", {"table.csv": "p"})
    depends = (
        Dependency("file", path="table.csv"),
        Dependency("file", path="../other/table.csv"),
        Dependency("run-files", where="op = prepare"),
        Dependency("dir", path="../other"),
        Dependency("file", path="../a/b", rename=(("b", "train.py/b"),)),
        Dependency("file", path="../a/b", rename=(("b", "other/b"),)),
        Dependency("file", path="../a/b", rename=(("b", "lib"),)),
        Dependency("file", path="../a/b", rename=(("b", "README"),)),
    )
    source = {b"train.py", b"lib/util.py", b"README"}
    lines = refused(world, *depends, source=source).splitlines()
    assert lines[0] == "6 inputs are not as they must be"
    assert sorted(lines[1:]) == [
        "  'README' would come from the source code and from '../a/b'",
        "  'lib/util.py' would come from the source code and from '../a/b'",
        "  'other/b' would come from '../other' and from '../a/b'",
        "  'table.csv' would come from 'table.csv' and from '../other/table.csv'",
        "  'table.csv' would come from 'table.csv' and from 'run-files: op = prepare'",
        "  'train.py/b' would come from the source code and from '../a/b'",
    ]


def test_the_very_same_file_twice_is_no_clash(world: World) -> None:
    source = {b"table.csv", b"train.py"}
    first, second, third = world.resolve(
        Dependency("file", path="table.csv"),
        Dependency("file", path="table.csv", target="in"),
        Dependency("project-files", files=("table.csv",), target="in"),
        source=source,
    )
    assert [file.is_staged for each in (first, second, third) for file in each.files] == [
        True,
        False,
        True,
    ]


# -- files of runs ----------------------------------------------------------------------------


def test_the_newest_completed_run_is_taken(world: World) -> None:
    world.run("prepare", {"old": "1"})
    run = world.run("prepare", PREPARED)
    world.run("prepare", {"bad": "1"}, end={"status": "error", "exit_code": 1})
    world.run("train", {"model": "1"})
    (found,) = world.resolve(Dependency("run-files", where="op = prepare"))
    assert (found.run, found.name, found.link) == (run, "run", True)
    assert places(found) == ["notes.txt", "out/data.csv"]
    (entry,) = inputs_body([found], world.repo.work_tree)
    assert (entry["run"], entry["name"], entry["type"]) == (run, "run", "run-files")


def test_a_run_can_be_named(world: World) -> None:
    old = world.run("prepare", {"old": "1"})
    world.run("prepare", PREPARED)
    failed = world.run("prepare", {"bad": "1"}, end={"status": "error", "exit_code": 3})
    dependency = Dependency("run-files", where="op = prepare")
    (found,) = world.resolve(dependency, bound={"run": old[10:]})
    assert found.run == old
    assert not world.warnings
    (found,) = world.resolve(dependency, bound={"run": failed})
    assert found.run == failed
    short = failed[10:17]
    assert world.warnings == [f"run {short}, whose files are an input, failed with exit code 3"]
    assert "no run" in refused(world, dependency, bound={"run": "zzzzzzz"})


def test_several_dependencies_on_runs_have_names(world: World) -> None:
    data = Dependency("run-files", where="op = prepare", name="data")
    one, two = Dependency("run-files", where="op = a"), Dependency("run-files", where="op = b")
    file = Dependency("file", path="x")
    assert input_names([file]) == {}
    assert input_names([data, one, file]) == {data: "data", one: "run"}
    assert input_names([one, data, two, two]) == {one: "run-1", data: "data", two: "run-2"}


def test_nothing_says_which_run(world: World) -> None:
    said = refused(world, Dependency("run-files", name="model"))
    assert said == ("input 'run-files: model': nothing says which run\nhint: name it: model=<run>")


@pytest.mark.parametrize(
    ("end", "state"),
    [
        ({"status": "error", "exit_code": 1}, "failed with exit code 1"),
        ({"status": "error", "exit_code": None}, "failed"),
        ({"status": "terminated", "exit_code": None}, "was terminated"),
    ],
)
def test_only_a_failed_run_is_there(world: World, end: dict[str, Any], state: str) -> None:
    run = world.run("prepare", PREPARED, end=end)[10:17]
    said = refused(world, Dependency("run-files", where="op = prepare"))
    assert said == (
        f"input 'run-files: op = prepare': no completed run matches, and run {run} {state}\n"
        f"hint: to take it all the same: run={run}"
    )


@pytest.mark.parametrize(
    ("changes", "state"),
    [({"staged": True}, "has not started yet"), ({}, "has no end that is known here")],
)
def test_only_a_run_without_an_end_is_there(
    world: World, changes: dict[str, Any], state: str
) -> None:
    run = world.begin("prepare", **changes)[10:17]
    said = refused(world, Dependency("run-files", where="op = prepare"))
    assert f"no completed run matches, and run {run} {state}" in said


def test_a_going_run_gives_what_it_has_made_so_far(world: World) -> None:
    run = world.begin("prepare", source__linked=[{"path": "raw/"}, {"path": "x.bin"}])
    write_files(world.made(run), {"train.py": "1\n", "table.csv": "t\n", ".gitignore": "raw\n"})
    write_files(world.made(run), {"model.pt": "m", ".git": "gitdir: x"})
    write_files(world.project_dir, {"raw/huge": "h", "x.bin": "x"})
    (world.made(run) / "raw").symlink_to(world.project_dir / "raw")
    (world.made(run) / "x.bin").symlink_to(world.project_dir / "x.bin")
    (found,) = world.resolve(Dependency("run-files", where="op=prepare"), bound={"run": run})
    assert places(found) == ["model.pt"]


def test_a_going_run_without_a_snapshot(world: World) -> None:
    run = world.begin("prepare", source__snapshot=None, source__linked=[])
    write_files(world.made(run), {"model.pt": "m"})
    (found,) = world.resolve(Dependency("run-files"), bound={"run": run})
    assert places(found) == ["model.pt"]


def test_files_that_are_not_here_are_told(world: World) -> None:
    none = world.run("clean")
    missing = world.run("fetched", end={"generated": {"files": 3, "bytes": 4}})
    unseen = world.run("unseen", end={"generated": None})
    (world.made(world.run("emptied", {"x": "1"})) / "x").unlink()
    for operation, problem in (
        ("clean", f"run {none[10:17]} made no files"),
        (
            "fetched",
            f"the files of run {missing[10:17]} are not in this clone\nhint: git gage run fetched",
        ),
        (
            "unseen",
            f"the files of run {unseen[10:17]} are not in this clone\nhint: git gage run unseen",
        ),
    ):
        said = refused(world, Dependency("run-files", where=f"op = {operation}"))
        assert said == f"input 'run-files: op = {operation}': {problem}"
    said = refused(world, Dependency("run-files", where="op = emptied"))
    assert said.endswith("made no files")


def test_files_of_a_run_by_pattern_and_by_name_from_its_source(world: World) -> None:
    run = world.run("prepare", {**PREPARED, "out/more.csv": "2\n"})
    write_files(world.project_dir, {"table.csv": "changed\n"})
    commit(world.project_dir)
    where = "op = prepare"
    found, source, missing = (
        Dependency("run-files", where=where, files=("out/*.csv", "-**/m*", "table.csv")),
        Dependency("run-files", where=where, files=("table.csv",), target="old"),
        Dependency("run-files", where=where, files=("table.csv", "model.pt"), name="a"),
    )
    first, second = world.resolve(found, source)
    assert places(first) == ["out/data.csv", "table.csv"]
    assert second.files[0].content == b"t\n"
    assert second.files[0].sha256 == sha256("t\n")
    said = refused(world, missing)
    assert said == (
        f"input 'run-files: {where}': run {run[10:17]} has no file 'model.pt'\n"
        f"hint: git gage show {run[10:17]}"
    )


def test_a_file_of_a_run_that_is_not_here_is_not_said_to_be_missing_from_it(world: World) -> None:
    world.run("prepare", end={"generated": {"files": 1, "bytes": 1}})
    said = refused(world, Dependency("run-files", where="op = prepare", files=("model.pt",)))
    assert "are not in this clone" in said


@ANY_NAME
def test_a_run_that_ran_in_a_folder(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 1")
    top = make_repo(tmp_path / "repo", files={"a": "1", f"{name}/train.py": "1\n"})
    world = World(top, name)
    shown = {"b64": "Y2Fm6SAx"}
    run = world.run("prepare", {"x": "1"}, command__cwd=shown, project__path=shown)
    write_files(world.store.run_dir(run), {"above": "1"})
    (found,) = world.resolve(
        Dependency("run-files", where="op = prepare", files=("*", "train.py")),
        project={"id": None, "namespace": None, "path": "."},
    )
    assert places(found) == ["train.py", "x"]


def test_runs_of_another_project_are_none(world: World, tmp_path: Path) -> None:
    dependency = Dependency("run-files", where="op = prepare")
    roots = [git(world.project_dir, "rev-list", "--max-parents=0", "HEAD").strip()]

    def ours(**changes: Any) -> dict[str, Any]:
        return {"id": roots, "namespace": "n", "path": ".", **changes}

    run = world.run("prepare", PREPARED, project={"id": roots, "path": "sub"})
    (found,) = world.resolve(dependency, project=ours())
    assert found.run == run
    assert "no run" in refused(world, dependency, project=ours(id=["f" * 40]))
    # By an id that is no commit, wherever the project lies in the work tree.
    other = world.run("prepare", PREPARED, project={"id": ["24e1"], "path": "old"})
    (found,) = world.resolve(dependency, project=ours(id=["24e1"], path="new"))
    assert found.run == other
    # By the folder where all runs of the repository have the same id.
    (found,) = world.resolve(dependency, project=ours(path="sub"))
    assert found.run == run
    assert "no run of this project" in refused(world, dependency, project=ours(path="su"))


def test_a_run_that_somebody_has_linked_is_of_this_project(world: World) -> None:
    dependency = Dependency("run-files", where="op = prepare")
    ours = {"id": ["f" * 40], "namespace": "n", "path": "."}
    run = world.run("prepare", PREPARED, project={"id": ["e" * 40], "path": "."})
    assert "no run of this project" in refused(world, dependency, project=ours)
    associate_runs(world.store, [run], world.project_dir)
    (found,) = world.resolve(dependency, project=ours)
    assert found.run == run


def test_what_a_run_was_given_is_not_what_it_made(world: World) -> None:
    write_files(world.project_dir, {"raw/a": "1"})
    first = world.run("prepare", {"data.csv": "1\n"})
    linked, copied = world.resolve(
        Dependency("run-files", where="op = prepare"),
        Dependency("project-files", files=("raw/a", "table.csv")),
    )
    folder = world.stage(linked, copied)
    world.close()
    (folder / "table.csv").write_text("changed")
    (folder / "model.pt").write_text("m")
    second = world.run("train", inputs=inputs_body([linked, copied], world.repo.work_tree))
    folder.rename(world.store.run_dir(second))
    made, named = world.resolve(
        Dependency("run-files", where="op = train", target="x"),
        Dependency("run-files", where="op = train", files=("*.csv", "raw/a"), target="y"),
    )
    assert places(made) == ["x/model.pt", "x/table.csv"]
    assert places(named) == ["y/data.csv", "y/raw/a", "y/table.csv"]
    data = next(file for file in named.files if file.place == b"y/data.csv")
    assert (data.run, data.path) == (first, world.made(first, "data.csv"))


def test_references_are_followed_while_they_are_right(world: World, tmp_path: Path) -> None:
    write_files(tmp_path / "mnist", {"a.idx": "a", "deep/b.idx": "b"})
    first = world.run("prepare", {"data.csv": "1\n"})
    inputs = world.resolve(
        Dependency("run-files", where="op = prepare"), Dependency("dir", path="../mnist")
    )
    folder = world.stage(*inputs)
    world.close()
    second = world.run("train", {"model": "m"})
    (world.made(second) / "model").unlink()
    world.made(second).rmdir()
    folder.rename(world.store.run_dir(second))
    dependency = Dependency("run-files", where="op = train", files=("mnist", "data.csv"))
    (found,) = world.resolve(dependency)
    assert places(found) == ["data.csv", "mnist/a.idx", "mnist/deep/b.idx"]
    write_files(tmp_path / "mnist", {"a.idx": "aa"})
    assert "changed since run" in refused(world, dependency)
    write_files(tmp_path / "mnist", {"a.idx": "a"})
    world.made(first, "data.csv").write_text("2\n")
    said = refused(world, dependency)
    assert f"its sha256 is {sha256(chr(50) + chr(10))}, and was {sha256(chr(49) + chr(10))}" in said
    world.made(first, "data.csv").unlink()
    said = refused(world, dependency)
    assert f"'data.csv' of run {first[10:17]} is not in this clone" in said


def test_a_record_that_leads_elsewhere_is_not_followed(world: World) -> None:
    run = world.run("prepare", {"own": "1"}, command__cwd="../..", source__snapshot="--help")
    assert world.made(run, "own").exists()
    said = refused(world, Dependency("run-files", where="op = prepare"))
    assert "are not in this clone" in said
    said = refused(world, Dependency("run-files", where="op = prepare", files=("train.py",)))
    assert "are not in this clone" in said


def test_a_run_of_somebody_else_does_not_lead_out_of_its_directory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.run("prepare", {"own": "1"})
    (world.made(run) / "link").symlink_to("own")
    (found,) = world.resolve(Dependency("run-files", where="op = prepare"))
    assert places(found) == ["link", "own"]
    (world.made(run) / "key").symlink_to(world.project_dir / "train.py")
    (found,) = world.resolve(Dependency("run-files", where="op = prepare"))
    assert places(found) == ["key", "link", "own"]
    # As if this clone were another one.
    monkeypatch.setattr(world.catalog, "is_foreign", lambda _run: True)
    said = refused(world, Dependency("run-files", where="op = prepare"))
    assert "key' leads out of the run's directory" in said
    (world.made(run) / "key").unlink()
    (found,) = world.resolve(Dependency("run-files", where="op = prepare"))
    assert places(found) == ["link", "own"]


# -- a summary of runs ------------------------------------------------------------------------


def test_runs_are_summed_up(world: World) -> None:
    one = world.run("train", {"model": "1"})
    two = world.run("train", {"model": "2"})
    world.run("train", end={"status": "error", "exit_code": 1})
    world.run("prepare")
    chosen, every = world.resolve(
        Dependency("runs-summary", where="op = train and status = completed"),
        Dependency("runs-summary", summary_filename="all.json", target="in"),
    )
    assert (chosen.runs, places(chosen), places(every)) == (
        (two, one),
        ["runs.json"],
        ["in/all.json"],
    )
    content = chosen.files[0].content
    assert content is not None
    runs = json.loads(content)
    assert [run["id"] for run in runs] == [two, one]
    assert (runs[0]["metrics"]["acc"], runs[0]["source"]["branch"]) == (0.91, "main")
    assert len(every.runs) == 3
    (entry,) = inputs_body([chosen], None)
    assert (entry["runs"], entry["link"]) == ([two, one], False)
    assert entry["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_no_run_to_sum_up(world: World) -> None:
    said = refused(world, Dependency("runs-summary", where="op in [train, evaluate]"))
    assert said == (
        "input 'runs-summary: op in [train, evaluate]': no run of this project matches\n"
        "hint: git gage run train"
    )
    assert refused(world, Dependency("runs-summary")).endswith("hint: git gage list")
