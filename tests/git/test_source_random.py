"""Any tree, any edits: the snapshot is the work tree without what is ignored or left out."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from git_gage.runs.stage import finish_stage, stage_source
from tests.git.source_story import Files, Taken, adopt, list_files, restore, take, untouched
from tests.support import clone, commit, git, make_repo, scale

NAMES = st.sampled_from([b"a", b"b", b"c.py", b"sp ace", b"n\nl", b"\xff", b"x.log", b"A"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
CONTENTS = st.binary(max_size=8)
WRITE = st.tuples(st.just("write"), PATHS, CONTENTS)
EDITS = st.one_of(
    WRITE,
    st.tuples(st.just("link"), PATHS, st.sampled_from([b"a", b"nowhere", b"../b"])),
    st.tuples(st.just("delete"), PATHS, st.just(b"")),
    st.tuples(st.just("mode"), PATHS, st.just(b"")),
    st.tuples(st.just("stage"), st.just(b"."), st.just(b"")),
)


def apply(top: Path, edit: tuple[str, bytes, bytes]) -> None:
    """Do an edit as a user would: what is in the way goes first."""
    kind, name, content = edit
    path = os.path.join(os.fsencode(top), name)
    if kind == "stage":
        git(top, "add", "-A")
        return
    if kind == "mode":
        if os.path.isfile(path) and not os.path.islink(path):
            os.chmod(path, os.stat(path).st_mode ^ 0o111)
        return
    _clear(path, os.fsencode(top))
    if kind == "delete":
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if kind == "link":
        os.symlink(content, path)
    else:
        with open(path, "wb") as file:
            file.write(content)


def _clear(path: bytes, top: bytes) -> None:
    place = top
    for part in os.path.relpath(path, top).split(b"/"):
        place = os.path.join(place, part)
        if place == path and os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place)
        elif os.path.islink(place) or os.path.isfile(place):
            os.unlink(place)


def in_folder(check: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder))


def expected(top: Path) -> Files:
    """What is not ignored: `*.log`, file or folder, is."""
    return {
        path: found
        for path, found in list_files(top).items()
        if not any(part.endswith(b".log") for part in path.split(b"/"))
    }


def check_digest(taken: Taken, folder: Path) -> None:
    """The same files, committed and cloned to another path, have the same digest."""
    git(taken.repo.cwd, "add", "-A")
    commit(taken.repo.cwd)
    elsewhere = clone(taken.repo.cwd, folder / "else" / "where")
    assert take(elsewhere, folder / "q2").source.digest == taken.source.digest


def check_stage(taken: Taken, folder: Path, wanted: Files) -> None:
    """Staged it is the same; closed at once nothing stays of it."""
    adopt(taken)
    run_dir, private = folder / "run", folder / "private"
    staged = stage_source(taken.repo, taken.source, run_dir, private)
    found = list_files(run_dir)
    for linked in taken.source.linked:
        assert found.pop(linked.path.rstrip(b"/"))[0] == "link"
    assert found == wanted
    outcome = finish_stage(taken.repo, staged, run_dir, private)
    assert (outcome.generated_files, outcome.written, outcome.unseen) == (0, [], [])
    assert not run_dir.exists()


@settings(
    max_examples=scale(8, 300),
    # An example is a dozen git processes: making a failing one smaller would take minutes.
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=st.lists(WRITE, max_size=5), after=st.lists(EDITS, max_size=7))
def test_snapshot_digest_and_stage_of_any_tree(
    before: list[tuple[str, bytes, bytes]], after: list[tuple[str, bytes, bytes]]
) -> None:
    def check(folder: Path) -> None:
        repo = make_repo(folder / "repo", files={".gitignore": "*.log\n"}, commit=False)
        for edit in before:
            apply(repo, edit)
        commit(repo)
        for edit in after:
            apply(repo, edit)
        with untouched(repo):
            taken = take(repo, folder / "q")
        wanted = expected(repo)
        assert restore(taken, folder / "restored") == wanted
        assert taken.source.files == len(wanted)
        (folder / "else").mkdir()
        check_stage(taken, folder, wanted)
        check_digest(taken, folder)

    in_folder(check)
