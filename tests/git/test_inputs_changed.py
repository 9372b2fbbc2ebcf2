"""What a run is given of another run is what that run made, or it does not start."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.files.manifest import format_manifest, parse_manifest
from git_gage.runs.files import Filed
from git_gage.runs.inputs import stage
from git_gage.runs.inputs.recorded import RecordedFiles
from tests.git.inputs_story import World
from tests.support import Result, clone, git, make_repo, said, ways, write_files

BIG = 300 << 10
GAGEFILE = f"""\
[make]
exec = '''
    echo right > s.txt
    head -c {BIG} /dev/zero > big.bin
    mkdir d
    echo a > d/a.txt
    ln -s s.txt latest
    ln -s d all
    ln -s "$OUTSIDE" outside
'''

[use]
exec = "cat s.txt"
depends = "run-files: make"

[tune]
exec = "echo tuned >> s.txt; cat s.txt"
depends = "run-files: make"

[risk]
exec = "echo tuned >> s.txt; cat s.txt"
depends = {{run = "make", link = true}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of `make`, and what is none of its business."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.txt").write_text("not made here\n")
    monkeypatch.setenv("OUTSIDE", str(tmp_path / "elsewhere"))
    path = make_repo(tmp_path / "repo", files={"gage.toml": GAGEFILE})
    said(path, "run", "-q", "make")
    return path


def made(project: Path, name: str, run: str = "make@") -> Path:
    return Path(said(project, "select", run, "--run-dir").out.strip()) / name


def id_of(project: Path, run: str) -> str:
    return said(project, "select", run).out[10:17]


def edit(path: Path, text: str) -> None:
    path.chmod(0o644)
    path.write_text(text)


def refused(project: Path, name: str, *args: str) -> Result:
    done = said(project, *args, code=128)
    run = id_of(project, "make@")
    assert f"'{name}' of run {run} was changed here: it is not what was recorded" in done.err
    return done


def test_a_changed_file_is_not_given_to_other_runs(project: Path) -> None:
    said(project, "run", "-q", "use")
    make = id_of(project, "make@")
    edit(made(project, "s.txt"), "TAMPERED\n")
    done = refused(project, "s.txt", "run", "use")
    refused(project, "s.txt", "run", "use", f"run={make}")
    refused(project, "s.txt", "run", "--needed", "use")
    refused(project, "s.txt", "restart", "@")
    refused(project, "s.txt", "restart", make, "--keep-files=s.txt")
    checked = said(project, "check", "@", code=1).out
    assert f"no       inputs: input 'run-files: op = make': 's.txt' of run {make} was" in checked
    # As the hint says, and then the next run has what was recorded.
    hint = done.err.splitlines()[-1]
    assert hint.startswith("hint: what was recorded is taken again once that is moved: mv ")
    subprocess.run(["sh", "-c", hint.rpartition(": ")[2]], cwd=project, check=True)
    assert said(project, "run", "-q", "use").out == "right\n"
    assert (project / "s.txt.changed").read_text() == "TAMPERED\n"


def test_a_run_that_may_write_to_its_input_has_it_for_itself(project: Path) -> None:
    """As root may: modes hold nobody else back who wants to."""
    make = id_of(project, "make@")
    made(project, "s.txt").chmod(0o644)
    done = said(project, "run", "-q", "tune")
    assert (done.out, done.err) == ("right\ntuned\n", "")
    assert made(project, "s.txt").read_text() == "right\n"
    made_by_tune = json.loads(said(project, "ls-files", "--json").out)["files"]
    assert {each["path"]: each["role"] for each in made_by_tune}["s.txt"] == "generated"
    done = said(project, "run", "-q", "use", f"run={make}")
    assert (done.out, done.err) == ("right\n", "")
    # What it did not write is no second copy on the disk afterwards.
    assert '"git-gage":"reference"' in made(project, "s.txt", "@").read_text()
    assert said(project, "cat", "@:s.txt").out == "right\n"


def test_what_a_run_was_given_is_not_printed_if_it_is_something_else(project: Path) -> None:
    write_files(project, {"own.csv": "1\n", "data/x.csv": "1\n"})
    with (project / "gage.toml").open("a") as file:
        file.write('[both]\nexec = "ls"\nsourcecode = false\n')
        file.write('depends = ["run-files: make", "file: own.csv", "dir: data"]\n')
    said(project, "run", "-q", "both")
    assert said(project, "cat", "@:s.txt").out == "right\n"
    assert said(project, "cat", "@:own.csv").out == "1\n"
    both, make = id_of(project, "@"), id_of(project, "make@")
    edit(made(project, "s.txt"), "TAMPERED\n")
    done = said(project, "cat", "@:s.txt", code=1)
    assert done.out == ""
    assert done.err == (
        f"error: 's.txt', which run {both} was given, was changed since\n"
        f"hint: git gage files verify {make}\n"
    )
    write_files(project, {"own.csv": "2\n"})
    assert said(project, "cat", "@:own.csv", code=1).err.count("\n") == 1
    assert f"'data' of run {both} is a folder" in said(project, "cat", "@:data", code=128).err


def test_who_asks_for_links_gets_them_and_is_told(project: Path) -> None:
    made(project, "s.txt").chmod(0o644)
    done = said(project, "run", "-q", "risk")
    assert "warning: input 's.txt' was changed while the run went on\n" in done.err
    refused(project, "s.txt", "run", "use")


def test_a_copy_is_a_reflink_where_there_are_such(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clone(source: Path, fresh: Path) -> bool:
        fresh.write_bytes(source.read_bytes())
        return True

    monkeypatch.setattr(stage, "clone_file", clone)
    made(project, "s.txt").chmod(0o644)
    assert said(project, "run", "-q", "tune").out == "right\ntuned\n"
    assert made(project, "s.txt").read_text() == "right\n"


def test_a_file_that_was_cut_is_found_too(project: Path) -> None:
    edit(made(project, "big.bin"), "short\n")
    refused(project, "big.bin", "run", "use")
    refused(project, "big.bin", "restart", "make@", "--keep-files=*.bin")


def test_links_of_the_run_are_held_to_what_they_led_to(project: Path) -> None:
    said(project, "run", "-q", "use")
    given = json.loads(said(project, "show", "--json").out)["inputs"][0]["files"]
    paths = [each["path"] for each in given]
    assert paths == ["all/a.txt", "big.bin", "d/a.txt", "latest", "outside/a.txt", "s.txt"]
    made(project, "latest").unlink()
    made(project, "latest").symlink_to("d/a.txt")
    done = refused(project, "latest", "run", "use")
    assert "hint: see where it led with 'git gage ls-files" in done.err


def test_what_came_later_is_no_file_of_the_run(project: Path, tmp_path: Path) -> None:
    make, folder = id_of(project, "make@"), made(project, "d")
    shutil.rmtree(folder)
    (tmp_path / "elsewhere/a.txt").write_text("a\n")
    (tmp_path / "elsewhere/b.txt").write_text("nobody's\n")
    folder.symlink_to(tmp_path / "elsewhere")
    left_out = f"left out: run {make} did not leave that when it ended\n"
    done = said(project, "restart", make, "--keep-files=d/*")
    assert f"warning: 'd/b.txt' is {left_out}" in done.err
    done = said(project, "run", "use", f"run={make}")
    assert f"warning: 'all/b.txt' and 1 more are {left_out}" in done.err

    (tmp_path / "elsewhere/a.txt").write_text("not made here\n")
    done = said(project, "run", "use", f"run={make}", code=128)
    assert f"'d/a.txt' of run {make} was changed here" in done.err
    # Nobody moves what lies elsewhere.
    assert f"once that is moved: mv {folder} d.changed\n" in done.err


def test_a_reference_that_came_later_is_none_of_the_run(project: Path) -> None:
    said(project, "run", "-q", "use")
    shutil.copy(made(project, "s.txt", "@"), made(project, "later.txt"))
    take = '[take]\nexec = "ls"\ndepends = {run = "make", files = "*.txt"}\n'
    with (project / "gage.toml").open("a") as file:
        file.write(take)
    assert "warning: 'later.txt' is left out" in said(project, "run", "take").err


def to_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()
    (place / "junk.txt").write_text("not made\n")


def to_dangling(place: Path) -> None:
    place.unlink()
    place.symlink_to("nowhere")


@pytest.mark.parametrize("change", ways(to_folder, to_dangling))
@pytest.mark.parametrize("files", ways("", ', files = ["s.txt"]', ', files = ["*.txt", "d"]'))
def test_a_file_that_became_something_else_is_not_left_out(
    project: Path, change: Callable[[Path], None], files: str
) -> None:
    take = f'[take]\nexec = "ls"\ndepends = {{run = "make"{files}}}\n'
    with (project / "gage.toml").open("a") as file:
        file.write(take)
    said(project, "run", "-q", "take")
    place = made(project, "s.txt")
    change(place)
    done = refused(project, "s.txt", "run", "take")
    assert done.err.endswith(f"once that is moved: mv {place} s.txt.changed\n")
    refused(project, "s.txt", "run", "--needed", "take")
    refused(project, "s.txt", "restart", "@")
    refused(project, "s.txt", "restart", "make@", "--keep-files")
    refused(project, "s.txt", "restart", "make@", "--keep-files=*.txt")
    assert "'s.txt' of run" in said(project, "check", "@", code=1).out
    said(project, "restart", "make@", "--keep-files=*.bin")
    subprocess.run(["sh", "-c", done.err.rpartition(": ")[2]], cwd=project, check=True)
    said(project, "run", "-q", "take")
    assert said(project, "cat", "@:s.txt").out == "right\n"


@pytest.mark.parametrize("files", ways("", ', files = ["d"]', ', files = ["d/*"]'))
def test_a_folder_that_became_a_file_is_not_left_out(project: Path, files: str) -> None:
    with (project / "gage.toml").open("a") as file:
        file.write(f'[take]\nexec = "cat d/a.txt"\ndepends = {{run = "make"{files}}}\n')
    folder = made(project, "d")
    shutil.rmtree(folder)
    folder.write_text("no folder\n")
    done = refused(project, "d/a.txt", "run", "take")
    assert done.err.endswith(f"once that is moved: mv {folder} d.changed\n")
    refused(project, "d/a.txt", "restart", "make@", "--keep-files")
    subprocess.run(["sh", "-c", done.err.rpartition(": ")[2]], cwd=project, check=True)
    assert said(project, "run", "-q", "take").out == "a\n"


def test_a_file_that_became_a_reference_is_not_left_out(project: Path) -> None:
    said(project, "run", "-q", "use")
    reference = made(project, "s.txt", "@").read_text()
    edit(made(project, "s.txt"), reference)
    refused(project, "s.txt", "run", "use")


def test_files_of_an_operation_in_a_folder_are_held_to_its_record(project: Path) -> None:
    """Below that folder alone; a repository that the run made there is nobody's input."""
    script = "mkdir -p r/.git && echo x > r/.git/x && echo up > ../up.txt && echo in > in.txt"
    gagefile = f"[sub]\nexec = '{script}'\n[then]\nexec = 'ls'\ndepends = 'run-files: sub'\n"
    write_files(project, {"deep/gage.toml": gagefile})
    said(project / "deep", "run", "-q", "sub")
    assert said(project / "deep", "run", "-q", "then").out == "gage.toml\nin.txt\n"
    to_folder(made(project / "deep", "deep/in.txt", "sub@"))
    done = said(project / "deep", "run", "then", code=128)
    assert "'deep/in.txt' of run" in done.err
    assert "was changed here" in done.err


HELD_BACK = """\
[make]
exec = '''
    echo ok > a.txt
    printf 'token ghp_%s%s' a1B2c3D4e5F6a1B2c3 D4e5F6a1B2c3D4e5F6 > sec.txt
    mkdir d
    cp sec.txt d
'''

[all]
exec = "ls"
depends = "run-files: make"

[one]
exec = "ls"
depends = {run = "make", files = ["sec.txt"]}

[folder]
exec = "ls"
depends = {run = "make", files = ["d"]}

[other]
exec = "ls"
depends = {run = "make", files = ["a.txt"]}
"""


def test_what_stays_where_it_was_made_is_not_left_out(tmp_path: Path) -> None:
    seed = make_repo(tmp_path / "seed", files={"gage.toml": HELD_BACK})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    ana = clone(tmp_path / "origin.git", tmp_path / "ana")
    said(ana, "run", "-q", "make")
    said(ana, "push", "--files")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")
    said(sam, "fetch", "--files")
    run = id_of(sam, "make@")
    why = "something in it looks like a secret, so that it stays where it was made"
    hint = f"hint: it can only be where the run was recorded: git gage show {run}\n"
    for name, *words in (
        ("d/sec.txt", "run", "all"),
        ("sec.txt", "run", "one"),
        ("d/sec.txt", "run", "folder"),
        ("d/sec.txt", "restart", run, "--keep-files", "--trust-code"),
        ("sec.txt", "restart", run, "--keep-files=sec.txt", "--trust-code"),
    ):
        done = said(sam, *words, code=128)
        assert f"'{name}' of run {run} is not here: {why}\n{hint}" in done.err
    assert said(sam, "run", "-q", "other").out == "a.txt\ngage.toml\n"
    assert "sec.txt" in said(ana, "run", "-q", "one").out


def test_what_was_not_recorded_is_taken_and_told(project: Path) -> None:
    script = "import subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 2 > s.txt'])\n"
    (project / "make.py").write_text(script + "import time; time.sleep(0.5)\n")
    text = (project / "gage.toml").read_text()
    (project / "gage.toml").write_text(
        text + '\n[slow]\nexec = "python3 make.py"\n'
        '[then]\nexec = "cat s.txt"\ndepends = "run-files: slow"\n'
    )
    said(project, "run", "slow")
    done = said(project, "run", "then")
    assert "warning: 's.txt' is taken as it is now: it was still being written" in done.err


def test_a_list_that_was_too_long_says_nothing_of_the_rest(project: Path) -> None:
    manifest = parse_manifest({**format_manifest([]), "left_out": 3})
    warnings: list[str] = []
    recorded = RecordedFiles(World(project).store, Filed("x", manifest, {}), warnings.append)
    assert recorded.has(b"any.png", "0" * 64)
    recorded.tell_strange()
    assert not warnings
