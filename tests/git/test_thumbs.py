"""Previews of images: made at the close, added by anybody, shared on request, shown."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.errors import GageError
from git_gage.images.draw import draw_preview
from git_gage.runs import thumbs
from git_gage.runs.files import RunFile
from git_gage.runs.thumbs import add_at_close, add_missing, find_gallery
from git_gage.share.fetch import fetch_runs
from git_gage.share.push import push_runs
from git_gage.share.thumbs import fetch_thumbs, push_thumbs
from git_gage.store.thumbs import Gallery, Preview, folder_of, read_gallery
from tests.support import clone, gage_inside, git, make_repo, write_files
from tests.unit.images.png import png
from tests.unit.share.world import Person, World, make_world

RED = png(60, 40, shade=90)
DRAW = f"""\
import os
os.mkdir("deep")
open("red.png", "wb").write({RED!r})
open("deep/wide.png", "wb").write({png(100, 9)!r})
open("torn.jpg", "wb").write(b"no image")
open("vector.svg", "w").write("<svg/>")
open("data.csv", "w").write("1")
os.symlink("red.png", "linked.png")
"""
# What is said of torn.jpg.
REFUSED = "warning: 1 image refused: damaged, or too large\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def paint(person: Person, run: str, **images: bytes) -> Path:
    """Put images (`red` for red.png) into the directory of a run."""
    run_dir = person.store.run_dir(run)
    write_files(run_dir, {f"{name}.png": content for name, content in images.items()})
    return run_dir


def add(person: Person, run: str) -> tuple[int, int, bool]:
    return add_missing(person.store, person.catalog, run)[:3]


def paint_two(person: Person) -> tuple[str, str]:
    """Two runs with a preview each."""
    first, second = person.run("first.py"), person.run("second.py")
    for run, shade in ((first, 10), (second, 20)):
        paint(person, run, red=png(60, 40, shade=shade))
        add(person, run)
    return first, second


def gallery(person: Person, run: str) -> Gallery:
    return find_gallery(person.store, person.catalog, run)


def paths(person: Person, run: str) -> list[bytes]:
    return [preview.path for preview in gallery(person, run).previews]


def push(person: Person, *runs: str) -> int:
    push_runs(person.store, person.catalog, None, runs, person.heard)
    return push_thumbs(person.store, person.catalog, None, runs, person.heard)


def fetch(person: Person) -> int:
    fetch_runs(person.store, person.catalog, None, person.heard)
    return fetch_thumbs(person.store, None, person.heard)


def answer(where: Path, *args: str, **env: str) -> str:
    done = gage_inside(where, *args, env=env)
    assert done.code == 0, done.err
    return done.out


def thumb_refs(where: Path) -> list[str]:
    names = git(where, "for-each-ref", "--format=%(refname)").split()
    return [name for name in names if name.endswith("/thumbs")]


# -- from the close of a run to what a colleague sees -----------------------------------------


def test_from_the_end_of_a_run_to_a_colleague(tmp_path: Path) -> None:
    seed = make_repo(tmp_path / "seed", files={"draw.py": DRAW})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    ana = clone(tmp_path / "origin.git", tmp_path / "ana")
    sam = clone(tmp_path / "origin.git", tmp_path / "sam", name="Sam")

    git(ana, "config", "gage.files.threshold", "0")
    done = gage_inside(ana, "run", "-q", "draw.py")
    assert (done.code, done.err) == (0, "")
    git(ana, "gc", "-q", "--prune=now")
    page = answer(ana, "show")
    assert "images     deep/wide.png  100 x 9, " in page
    assert "--images" not in page
    shown = answer(ana, "show", "--images")
    assert shown.startswith("deep/wide.png  100 x 9, ")
    assert "torn.jpg  8 bytes, no preview\n" in shown
    assert "vector.svg  6 bytes\n" in shown
    assert "without a preview yet: git gage thumbs " in shown
    files = json.loads(answer(ana, "show", "--files", "--json"))["files"]
    assert [file["path"] for file in files if file["preview"]] == ["deep/wide.png", "red.png"]

    assert answer(ana, "push") == "pushed 1 run to origin\n"
    assert thumb_refs(tmp_path / "origin.git") == []
    would = answer(ana, "push", "--files=thumbs", "-n")
    assert would == "would push previews to origin\n"
    assert answer(ana, "push", "--files=thumbs") == "pushed 2 previews to origin\n"
    assert answer(ana, "push", "--files=thumbs", "-n") == "nothing to push to origin\n"
    assert answer(ana, "push", "--files=thumbs") == "origin is up to date\n"

    assert answer(sam, "fetch") == "fetched 1 run from origin\n"
    assert thumb_refs(sam) == []
    assert answer(sam, "show", "--images") == (
        "no images here; previews may be elsewhere: git gage fetch --files=thumbs\n"
    )
    would = json.loads(answer(sam, "sync", "--files=thumbs", "-n", "--json"))
    assert [(each["move"], each["previews"]) for each in would] == [
        ("fetch", True),
        ("push", False),
    ]
    assert answer(sam, "fetch", "--files=thumbs", "-n") == "would fetch previews from origin\n"
    assert answer(sam, "fetch", "--files=thumbs") == "fetched 2 previews from origin\n"
    assert answer(sam, "fetch", "--files=thumbs", "-n") == "nothing to fetch from origin\n"
    assert answer(sam, "fetch", "--files=thumbs") == "nothing new on origin\n"
    page = answer(sam, "show")
    size = f"{len(RED)} bytes, preview only\n           and 2 more\n           previews: git gage"
    assert f"red.png  60 x 40, {size} show " in page
    shown = answer(sam, "show", "--images")
    assert shown.endswith("preview only\nand 2 more images, not here\n")
    assert "previews of 2 images\n" in answer(sam, "show", "--files")
    body = json.loads(answer(sam, "show", "--images", "--json"))
    assert body["images_known"] == 4
    assert body["images"][1] == {
        "path": "red.png",
        "size": len(RED),
        "role": "generated",
        "sha256": body["images"][1]["sha256"],
        "where": "not here",
        "width": 60,
        "height": 40,
        "input": False,
        "here": False,
        "preview": True,
        "link": None,
        "reference": None,
    }


def test_opening_a_preview_gets_the_one_file(tmp_path: Path) -> None:
    seed = make_repo(tmp_path / "seed", files={"draw.py": DRAW})
    ana, sam = (clone(seed, tmp_path / name) for name in ("ana", "sam"))
    git(ana, "config", "gage.files.threshold", "0")
    assert gage_inside(ana, "run", "-q", "draw.py").code == 0
    answer(ana, "push", "--files=thumbs")
    answer(sam, "fetch", "--files=thumbs")
    run = answer(sam, "select").strip()
    done = gage_inside(sam, "open", f"{run}:red.png")
    assert (done.code, done.out) == (1, "")
    assert f"'red.png' of run {run[10:17]} is not here, nor on origin" in done.err
    answer(ana, "files", "push", "@")
    assert answer(sam, "open", f"{run}:red.png").endswith("/red.png\n")
    files = json.loads(answer(sam, "ls-files", run, "--json"))["files"]
    assert [file["path"] for file in files if file["here"]] == ["linked.png", "red.png"]


def test_a_short_image_is_more_than_its_preview(tmp_path: Path) -> None:
    """It came in git with its run: there is nothing to get."""
    seed = make_repo(tmp_path / "seed", files={"draw.py": DRAW})
    ana = clone(seed, tmp_path / "ana")
    sam = clone(seed, tmp_path / "sam", name="Sam")
    assert gage_inside(ana, "run", "-q", "draw.py").code == 0
    answer(ana, "push", "--files=thumbs")
    answer(sam, "fetch")
    assert "preview only" not in answer(sam, "show", "--images")
    answer(sam, "fetch", "--files=thumbs")
    shown = answer(sam, "show", "--images")
    assert f"red.png  60 x 40, {len(RED)} bytes\n" in shown
    assert "preview only" not in shown
    run = answer(sam, "select").strip()
    done = gage_inside(sam, "thumbs", run)
    assert (done.out, done.err) == ("No previews to make\n", REFUSED)


def test_images_are_drawn_wherever_they_are(tmp_path: Path) -> None:
    """In git or in the sidecar; of one that is not here it is said."""
    seed = make_repo(tmp_path / "seed", files={"draw.py": DRAW})
    ana = clone(seed, tmp_path / "ana")
    git(ana, "config", "gage.files.large", "red.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("git_gage.runs.thumbs.can_draw", lambda: False)
        assert gage_inside(ana, "run", "-q", "draw.py").code == 0
    answer(ana, "push", "--files")
    folder = str(tmp_path / "runs")
    answer(ana, "copy", "--all", "--to", folder, "-y")

    short = answer(ana, "select").strip()[10:17]
    done = gage_inside(ana, "--runs", folder, "thumbs", short)
    assert done.out == "Made 1 preview\n"
    assert done.err == f"warning: run '{short}' has 1 image that is not here\n{REFUSED}"
    answer(ana, "--runs", folder, "copy", "--all", "--from", str(seed), "--files", "-y")
    done = gage_inside(ana, "--runs", folder, "thumbs", short)
    assert (done.out, done.err) == ("Made 1 preview\n", REFUSED)
    shown = answer(ana, "--runs", folder, "show", short, "--images")
    assert "red.png  60 x 40, " in shown
    assert "preview only" not in shown


def test_a_run_without_images_writes_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"draw.py": "open('model.pt', 'w')\n"})
    assert gage_inside(repo, "run", "-q", "draw.py").code == 0
    assert thumb_refs(repo) == []


# -- adding what is missing -------------------------------------------------------------------


def test_a_colleague_adds_what_is_missing(world: World) -> None:
    ana, sam = world.ana, world.sam
    run = ana.run()
    paint(ana, run, red=png(4, 4))
    assert add(ana, run) == (1, 0, True)
    paint(ana, run, red=RED)
    assert answer(ana.path, "thumbs", run) == "Made 1 preview\n"
    told = answer(ana.path, "push", "--files=thumbs")
    assert told == "pushed 1 run and 2 previews to origin\n"
    told = answer(sam.path, "fetch", "--files=thumbs")
    assert told == "fetched 1 run and 2 previews from origin\n"
    paint(sam, run, red=RED, blue=png(7, 7))
    assert add(sam, run) == (1, 0, True)
    assert add(sam, run) == (0, 0, True)
    assert paths(sam, run) == [b"blue.png", b"red.png"]
    assert push(sam) == 1
    assert fetch(ana) == 1
    assert paths(ana, run) == [b"blue.png", b"red.png"]
    assert gallery(ana, run) == gallery(sam, run)


def test_the_recorders_word_counts_and_is_the_same_everywhere(world: World) -> None:
    ana, sam = world.ana, world.sam
    run = ana.run()
    paint(ana, run, red=RED)
    ana.push()
    fetch(sam)
    paint(sam, run, red=png(5, 5))
    add(sam, run)
    push(sam)
    assert [each.width for each in gallery(sam, run).previews] == [5]
    add(ana, run)
    push(ana)
    fetch(sam)
    fetch(ana)
    assert [each.width for each in gallery(sam, run).previews] == [60]
    assert gallery(ana, run) == gallery(sam, run)
    # What Sam has is known, though another is shown.
    assert add(sam, run) == (0, 0, True)


def test_previews_stay_when_epochs_close(world: World) -> None:
    ana = Person(world.ana.path, now=1_793_000_000)
    run = ana.run()
    paint(ana, run, red=RED)
    add(ana, run)
    later = Person(world.ana.path, now=1_797_000_000)
    paint(later, later.run(), red=RED)
    paint(later, run, blue=png(3, 3))
    assert add(later, run) == (1, 0, True)
    assert len(thumb_refs(ana.path)) == 2
    assert paths(later, run) == [b"blue.png", b"red.png"]


def test_the_command_tells_what_it_could_not_do(world: World) -> None:
    there, away = world.ana.run("there.py"), world.ana.run("away.py")
    paint(world.ana, there, torn=RED[:50])
    done = gage_inside(world.ana.path, "thumbs", there, away)
    assert (done.code, done.out) == (0, "No previews to make\n")
    assert f"warning: the files of run '{away[10:17]}' are not here\n" in done.err
    assert "warning: 1 image refused: damaged, or too large\n" in done.err


def test_without_pillow_only_who_asks_for_previews_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.ana.run()
    paint(world.ana, run, red=RED)
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert add_at_close(world.ana.store, world.ana.catalog, run) == []
    assert thumb_refs(world.ana.path) == []
    done = gage_inside(world.ana.path, "thumbs", run)
    assert (done.code, done.out) == (128, "")
    assert done.err == (
        "fatal: previews of images need Pillow\nhint: pip install 'git-gage[thumbs]'\n"
    )
    told = "previews need Pillow: pip install 'git-gage[thumbs]'\n"
    shown = gage_inside(world.ana.path, "show", run, "--images").out
    assert shown.endswith(f"without a preview yet: {told}")
    for words in (("push",), ("copy", run, "--to", "./there", "-y")):
        done = gage_inside(world.ana.path, *words, "--files=thumbs")
        assert (done.code, done.err) == (0, f"warning: nothing to send of images: {told}")


# -- what goes wrong --------------------------------------------------------------------------


def fake_python(folder: Path, script: str) -> str:
    """A Python that does not come to what it is asked for."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_failure_does_not_concern_the_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.ana.run()
    paint(world.ana, run, red=RED)
    broken = fake_python(tmp_path, "echo Traceback >&2; echo ImportError: no libz >&2; exit 1")
    monkeypatch.setattr(sys, "executable", broken)
    (told,) = add_at_close(world.ana.store, world.ana.catalog, run)
    assert told == (
        f"run {run[10:17]} is recorded, but without previews of its images: "
        "draw previews: ImportError: no libz"
    )
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, "exit 1"))
    with pytest.raises(GageError, match="the process failed"):
        add(world.ana, run)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert add_at_close(world.ana.store, world.ana.catalog, run) != []


def test_an_image_that_kills_is_refused_and_the_others_are_not(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.ana.run()
    paint(world.ana, run, b=RED, c=png(3, 3), a=png(2, 2))
    top = os.fsencode(world.ana.store.run_dir(run))
    dying = (
        f'if [ -e {tmp_path}/died ]; then exec {sys.executable} "$@"; fi\n'
        f"touch {tmp_path}/died; head -c {len(top) + 8} >{tmp_path}/first\n"
        f'{sys.executable} "$@" <{tmp_path}/first; kill -SEGV $$'
    )
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, dying))
    assert add(world.ana, run) == (2, 1, True)
    assert paths(world.ana, run) == [b"a.png", b"c.png"]


def test_who_takes_too_long_is_stopped(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.ana.run()
    run_dir = paint(world.ana, run, a=RED, b=png(2, 2), c=png(3, 3))
    answer_file = tmp_path / "answer"
    answer_file.write_text(f"{json.dumps(draw_preview(bytes(run_dir / 'a.png')))}\n[torn")
    slow = f"cat {answer_file}; exec sleep 60"
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, slow))
    monkeypatch.setattr(thumbs, "_ON_REQUEST", (100, 0.3))
    done = gage_inside(world.ana.path, "thumbs", run)
    assert done.out == "Made 1 preview\n"
    assert f"run '{run[10:17]}' takes too long: some previews are missing" in done.err
    assert "warning: 1 image refused" in done.err


def test_a_file_that_went_away_is_not_known(tmp_path: Path) -> None:
    known = frozenset([(b"gone.png", "0" * 64)])
    assert not thumbs._is_known(os.fsencode(tmp_path), RunFile(b"gone.png", 1), known)


# -- sharing ----------------------------------------------------------------------------------


def test_chosen_runs_go_with_their_previews_alone(world: World) -> None:
    ana, sam = world.ana, world.sam
    first, second = ana.run("first.py"), ana.run("second.py")
    for run in (first, second):
        paint(ana, run, red=RED)
        add(ana, run)
    words = ("push", "origin", first[10:], "--files=thumbs", "-n")
    assert answer(ana.path, *words).startswith("would push 1 run and previews to origin (2 rec")
    assert push(ana, first) == 1
    assert answer(ana.path, *words) == "nothing to push to origin\n"
    assert push(ana, first) == 0
    assert fetch(sam) == 1
    assert paths(sam, first) == [b"red.png"]
    assert sam.runs() == {first}
    # As if that push had been killed before it was noted.
    (noted,) = [ref for ref in thumb_refs(ana.path) if "gage-remotes" in ref]
    ana.git("update-ref", "-d", noted)
    assert push(ana, second) == 1
    assert push(ana, first, second) == 0
    assert fetch(sam) == 1
    assert paths(sam, first) == paths(sam, second) == [b"red.png"]


@pytest.mark.full
def test_another_place_at_the_same_address_gets_no_previews_of_before(world: World) -> None:
    ana = world.ana
    first, second = paint_two(ana)
    assert push(ana, first) == 1
    shutil.rmtree(world.origin)
    world.bare(world.origin.name)
    assert push(ana, second) == 1
    assert fetch(world.sam) == 1
    assert world.sam.runs() == {second}
    assert push(ana, first) == 1
    assert fetch(world.sam) == 1


@pytest.mark.full
def test_a_remote_that_lost_the_previews_alone_gets_those_that_are_chosen_now(world: World) -> None:
    ana = world.ana
    first, second = paint_two(ana)
    assert push(ana, first) == 1
    (lost,) = thumb_refs(world.origin)
    git(world.origin, "update-ref", "-d", lost)
    assert push(ana, second) == 1
    assert fetch(world.sam) == 1
    assert [len(paths(world.sam, run)) for run in (first, second)] == [0, 1]


def test_a_copy_that_writes_the_same_lane_is_left_alone(world: World) -> None:
    ana, run = world.ana, world.ana.run()
    paint(ana, run, red=RED)
    ana.push()
    add(ana, run)
    (mine,) = thumb_refs(ana.path)
    tree = ana.git("rev-parse", f"{mine}^{{tree}}").strip()
    theirs = ana.git("commit-tree", "-m", "other", tree).strip()
    ana.git("push", "-q", "origin", f"{theirs}:{mine}")
    assert push(ana) == 0
    assert "are written by a copy of this clone too: not sent" in ana.heard.warnings[-1]


def test_a_remote_that_says_no(world: World) -> None:
    run = world.ana.run()
    paint(world.ana, run, red=RED)
    add(world.ana, run)
    world.ana.push()
    hook = world.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho no pictures >&2\nexit 1\n")
    hook.chmod(0o755)
    done = gage_inside(world.ana.path, "push", "--files=thumbs")
    assert done.code == 128
    assert "pre-receive hook declined" in done.err


def test_what_the_remote_has_now_replaces_what_it_had(world: World) -> None:
    ana, run = world.ana, world.ana.run()
    paint(ana, run, red=RED)
    add(ana, run)
    push(ana)
    fetch(world.sam)
    (ref,) = thumb_refs(world.origin)
    git(world.origin, "update-ref", "-d", ref)
    ana.git("update-ref", "-d", ref)
    paint(ana, run, red=png(9, 9))
    add(ana, run)
    ana.git("push", "-q", "origin", ref)
    assert fetch(world.sam) == 1
    assert [each.width for each in gallery(world.sam, run).previews] == [9]


# -- data from strangers ----------------------------------------------------------------------


def plant(person: Person, run: str, index: Any, **pictures: bytes) -> None:
    """A lane of a stranger that holds an index, and pictures by digest."""
    text = index if isinstance(index, bytes) else json.dumps(index).encode()
    files = {"index.json": text, **{f"{name}.png": each for name, each in pictures.items()}}
    lane = person.path / "stranger"
    shutil.rmtree(lane, ignore_errors=True)
    write_files(lane / folder_of(run), files)
    env = {"GIT_INDEX_FILE": str(person.path / ".git" / "strange"), "GIT_WORK_TREE": str(lane)}
    for name, value in env.items():
        os.environ[name] = value
    person.git("--git-dir=.git", "add", "-A", ".")
    tree = person.git("--git-dir=.git", "write-tree").strip()
    for name in env:
        del os.environ[name]
    made = person.git("commit-tree", "-m", "strange", tree).strip()
    person.git("update-ref", "refs/gage-remotes/origin/w/stranger/202611-01/thumbs", made)


SHA = "ab" * 32


def entry(**changes: Any) -> dict[str, Any]:
    return {"path": "x.png", "sha256": SHA, "size": 9, "width": 3, "height": 3, **changes}


def test_strangers_can_say_little(world: World) -> None:
    run = world.ana.run()
    good = png(3, 3)
    sound = [entry(), entry(path={"b64": "/w=="})]
    broken: list[Any] = [
        *("x.png", None, entry(path="../x.png"), entry(path="/etc/x.png"), entry(path="a//x")),
        *(entry(path=""), entry(path="a/./x"), entry(path="a\0x"), entry(path="x" * 1001)),
        *(entry(path=5), entry(path={"b64": "!"}), entry(path={}), entry(path={"b64": 3})),
        *(entry(path="\ud800"), entry(sha256="AB"), entry(sha256=None), entry(sha256="../" + SHA)),
        *(entry(size=-1), entry(size=True), entry(width=1.5), entry(height=1 << 60)),
        *(entry(size=None), entry(path="none.png", sha256="cd" * 32)),
    ]
    plant(world.ana, run, {"images": 5, "previews": [*broken, *sound]}, **{SHA: good})
    found = gallery(world.ana, run)
    assert found.previews == (
        Preview(b"x.png", SHA, 9, 3, 3, good),
        Preview(b"\xff", SHA, 9, 3, 3, good),
    )
    assert found.images == 5
    page = answer(world.ana.path, "show", run)
    assert 'images     x.png  3 x 3, 9 bytes, preview only\n           "\\377"  3 x 3' in page


def test_an_index_that_is_none(world: World) -> None:
    run = world.ana.run()
    broken: list[Any] = [
        *(b"", b"no json", b"[" * 100_000, [], {"images": 1}, {"previews": [entry()]}),
        *({"images": "1", "previews": [entry()]}, {"images": 1, "previews": {}}),
        b'{"images":1,"previews":[' + b" " * (1 << 20) + b"]}",
    ]
    tips = {}
    for number, index in enumerate(broken):
        plant(world.ana, run, index, **{SHA: png(3, 3)})
        (ref,) = thumb_refs(world.ana.path)
        tips[ref.replace("-01/", f"-{number + 1:02}/")] = world.ana.git("rev-parse", ref).strip()
    assert read_gallery(world.ana.store.repo, run, tips, "") == Gallery()


def test_what_is_no_small_png_is_not_shown(world: World) -> None:
    run = world.ana.run()
    index = {"images": 1, "previews": [entry()]}
    for content in (b"\x1b]0;owned\x07", png(3, 3) + b"\x1b[2J", bytes(9000), png(200, 2)):
        plant(world.ana, run, index, **{SHA: content})
        assert gallery(world.ana, run) == Gallery((), 1)
    assert answer(world.ana.path, "show", run, "--images").startswith("and 1 more image, not here")


def test_a_run_has_a_hundred_previews_at_most(world: World) -> None:
    run = world.ana.run()
    many = [entry(path=f"{number:03}.png") for number in range(150)]
    plant(world.ana, run, {"images": 150, "previews": many}, **{SHA: png(3, 3)})
    found = gallery(world.ana, run)
    assert (len(found.previews), found.images) == (100, 150)


# -- in a terminal ----------------------------------------------------------------------------


def test_a_terminal_that_can_is_shown_previews_and_no_pager(world: World) -> None:
    run = world.ana.run()
    paint(world.ana, run, **{f"image{number}": RED for number in range(30)})
    add(world.ana, run)
    environ = {**os.environ, "TERM": "xterm-kitty", "GIT_PAGER": "sed s/^/paged:/"}
    where = str(world.ana.path)
    for extra, images, paged in (({}, 30, False), ({"TERM": "xterm"}, 0, True)):
        words = ["gage", "show", run, "--images"]
        shown: Any = pexpect.spawn(
            "git", words, cwd=where, env={**environ, **extra}, dimensions=(20, 80), timeout=30
        )
        shown.expect(pexpect.EOF)
        assert shown.before.count(b"\x1b_Ga=T,f=100") == images
        assert (b"paged:image0" in shown.before) == paged
