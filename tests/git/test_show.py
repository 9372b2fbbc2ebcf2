"""`show` with the parts of a run, and `series`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from git_gage.runs import files as files_module
from git_gage.runs.files import list_files, list_images
from git_gage.runs.inputs.reference import Reference, format_reference
from tests.git.inputs_story import World
from tests.support import clone, gage, gage_inside, git, make_repo, wait_until
from tests.unit.images.test_sizes import PNG

TRAIN = f"""\
import os
lr = 0.1
epochs = 30
for epoch in range(epochs):
    print(f"step: {{epoch}}")
    print(f"loss: {{lr / (epoch + 1):.5f}}")
print("single: 1")
open("plot.png", "wb").write({PNG!r})
open("torn.png", "wb").write(b"no image")
open("model.bin", "wb").write(bytes(2048))
os.symlink("model.bin", "latest")
os.mkdir("deep")
os.symlink("nowhere", "deep/dead")
os.mkfifo("pipe")
"""
GAGEFILE = """\
[train]
exec = "python train.py"
config = "train.py"
depends = "file: raw.csv"

[test]
exec = "python -c 'print(\\"acc: 0.5\\")'"
depends = ["run-files: train", {type = "project-files", files = "copied.txt"}]
"""
FILES = {
    "train.py": TRAIN,
    "gage.toml": GAGEFILE,
    "raw.csv": "1\n",
    "copied.txt": "2\n",
    ".gitignore": "raw.csv\ncopied.txt\n",
}


# Made once, by the first of the sealed tests that asks for it; none of them changes it.
_made: list[Path] = []


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a run that trained and one that used it."""
    if not _made:
        repo = make_repo(tmp_path_factory.mktemp("show") / "repo", files=FILES)
        assert gage_inside(repo, "run", "-q", "train", "lr=0.2").code == 0
        assert gage_inside(repo, "run", "-q", "test").code == 0
        _made.append(repo)
    return _made[0]


def show(repo: Path, *args: str, **env: str) -> str:
    done = gage_inside(repo, "show", *args, env=env)
    assert (done.code, done.err) == (0, "")
    return done.out


def show_json(repo: Path, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(show(repo, *args, "--json"))
    return found


def short(repo: Path, run: str) -> str:
    return gage_inside(repo, "select", run).out[10:17]


def test_the_page_tells_how_it_went_and_what_came_of_it(world: Path) -> None:
    page = show(world, "train@", COLUMNS="140")
    assert "epochs=30  lr=0.2\n" in page
    assert "loss   0.00667  █▄▃▂▂▁▁" in page
    assert "  best 0.00667 at step 29, 30 values\n" in page
    assert f"used by    test {short(world, 'test@')}  ✓ completed  acc 0.5\n" in page
    assert "images     plot.png  640 x 480, 33 bytes\n           torn.png  8 bytes\n" in page
    plain = show(world, "train@", LC_ALL="C", COLUMNS="80")
    assert "loss   0.00667  #" in plain


def test_defaults_are_dimmed(world: Path) -> None:
    assert "\x1b[2mepochs=30\x1b[0m" in show(world, "train@", "--color", "always")


def test_config_and_metrics_together(world: Path) -> None:
    text = show(world, "train@", "--config", "--metrics")
    config, metrics = text.split("\n\n")
    assert config == "config\nepochs  30  default\nlr      0.2"
    assert metrics.startswith("metrics\nMETRIC     LAST  AT      MIN  AT")
    assert "loss    0.00667  29  0.00667  29  0.2" in metrics
    body = show_json(world, "train@", "--config", "--metrics")
    assert set(body) == {"id", "config", "defaults", "metrics", "summaries"}
    assert (body["config"], body["defaults"]) == ({"epochs": 30, "lr": 0.2}, ["epochs"])
    assert show(world, "test@", "--config") == "no config\n"


def test_files_that_it_made_and_was_given(world: Path) -> None:
    text = show(world, "train@", "--files", COLUMNS="200")
    title, *rows = text.splitlines()
    assert title.startswith("5 files, 2.0 KiB in /")
    assert [row.split() for row in rows[:6]] == [
        ["deep/dead", "→", "nowhere,", "not", "here"],
        ["latest", "→", "model.bin"],
        ["2.0", "KiB", "model.bin"],
        ["33", "bytes", "plot.png", "640", "x", "480"],
        ["8", "bytes", "torn.png"],
        ["given", "to", "it:", "1", "file"],
    ]
    assert rows[6].split() == ["2", "bytes", "raw.csv", "→", "raw.csv"]
    given = show(world, "test@", "--files", COLUMNS="200")
    assert "2 bytes  copied.txt  a copy\n" in given
    assert f"→ model.bin of run {short(world, 'train@')}\n" in given


def test_files_as_json(world: Path) -> None:
    body = show_json(world, "test@", "--files")
    files = {file["path"]: file for file in body["files"]}
    assert Path(body["directory"]).is_dir()
    model = files["model.bin"]
    train = gage_inside(world, "select", "train@").out.strip()
    assert (model["size"], model["input"], model["here"]) == (2048, True, True)
    assert model["reference"]["run"] == train
    assert model["reference"]["type"] == "file"
    assert files["copied.txt"]["reference"] is None
    (plot,) = [file for file in show_json(world, "train@", "--files")["files"] if file["width"]]
    assert (plot["path"], plot["width"], plot["height"]) == ("plot.png", 640, 480)


def test_environment(world: Path) -> None:
    text = show(world, "train@", "--environment")
    assert "\nvariables  CI=1\n           LC_ALL=C.UTF-8\n           TZ=UTC\n" in text
    body = show_json(world, "train@", "--environment")
    assert body["variables"]["TZ"] == "UTC"
    assert set(body["environment"]) >= {"python", "packages", "host"}


def test_output_is_that_of_output(world: Path) -> None:
    assert show(world, "train@", "--output") == gage_inside(world, "output", "train@").out != ""


def test_answers_of_their_own_stand_alone(world: Path) -> None:
    done = gage_inside(world, "show", "--config", "--reproduce")
    assert (done.code, done.err.splitlines()[0]) == (
        129,
        "fatal: '--reproduce' cannot be used with '--config'",
    )


def test_the_series_of_a_run(world: Path) -> None:
    table = gage_inside(world, "series", "train@", "loss").out.splitlines()
    assert table[:2] == ["loss: 30 values", "STEP    VALUE   TIME"]
    assert table[2].split()[:2] == ["0", "0.2"]
    text = gage_inside(world, "series", "train@", "--csv").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["metric", "step", "value", "time"]
    assert len([row for row in rows if row["metric"] == "loss"]) == 30
    body = json.loads(gage_inside(world, "series", "train@", "loss", "--json").out)
    assert list(body) == ["loss"]
    assert body["loss"]["steps"] == list(range(30))
    assert body["loss"]["values"][0] == 0.2
    assert body["loss"]["count"] == len(body["loss"]["times"]) == 30
    both = gage_inside(world, "series", "train@", "loss", "single").out
    assert "\n\nsingle: 1 value\n" in both


def test_a_metric_that_is_not_there(world: Path) -> None:
    run = short(world, "train@")
    done = gage_inside(world, "series", "train@", "los")
    assert (done.code, done.err) == (
        128,
        f"fatal: run {run} has no metric 'los'\nhint: did you mean 'loss'?\n",
    )
    done = gage_inside(world, "series", "train@", "zzz")
    assert done.err.endswith(f"hint: git gage show {run} --metrics\n")


def test_a_metric_without_a_series(repo: Path) -> None:
    value = {"last": 1, "min": 1, "max": 1, "mean": 1, "count": 1}
    run = World(repo).run(end={"metrics": {"acc": value}})[10:17]
    done = gage_inside(repo, "series", run, "acc")
    assert done.err == (
        "fatal: no series of 'acc': its last value alone was recorded\n"
        f"hint: git gage show {run} --metrics\n"
    )
    assert gage_inside(repo, "series", run) == (0, "", "")
    assert gage_inside(repo, "series", run, "--json").out == "{}\n"


def test_files_that_are_gone(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(repo)
    made = world.run(files={"a.png": "1", "b.png": "2", "c.png": "3"})
    document = world.catalog.document(made)
    assert document is not None
    assert len(list(list_images(world.store, world.catalog, document, 2))) == 2
    content = format_reference(Reference(made, b"gone.bin", "0" * 64, 9, is_folder=False))
    world.made(made, "c.png").write_bytes(content)
    world.made(made, "b.png").unlink()
    (_, given) = list_files(world.store, world.catalog, document)
    assert (given.size, given.is_input, given.is_here) == (9, True, False)
    world.made(made, "c.png").write_bytes(b'{"git-gage":"reference",')
    monkeypatch.setattr(files_module, "walk_left", lambda *_: [b"b.png", b"c.png"])
    (damaged,) = list_files(world.store, world.catalog, document)
    assert (damaged.path, damaged.is_input) == (b"c.png", False)


def test_in_another_clone(world: Path, tmp_path: Path) -> None:
    bare = tmp_path / "host.git"
    git(tmp_path, "init", "-q", "--bare", "host.git")
    git(world, "remote", "add", "host", str(bare))
    git(world, "push", "-q", "host", "HEAD")
    assert gage_inside(world, "push", "host").code == 0
    git(world, "remote", "remove", "host")
    sam = clone(bare, tmp_path / "sam", options=("--no-local",))
    git(sam, "fetch", "-q", "origin", "refs/gage/w/*/log:refs/gage-remotes/origin/w/*/log")
    done = gage_inside(sam, "series", "train@")
    assert (done.code, done.err) == (128, "fatal: series: not here\nhint: git gage fetch\n")
    assert show(sam, "train@", "--environment").endswith("packages   not here: git gage fetch\n")
    assert show(sam, "train@", "--files").startswith("6 files, 2.0 KiB: not in this clone\n")
    assert gage_inside(sam, "fetch").code == 0
    assert gage_inside(sam, "series", "train@", "loss").code == 0
    assert "6 files, 2.0 KiB: 4 in git, 2 not here\n" in show(sam, "train@")
    assert show(sam, "train@", "--files").startswith("6 files, 2.0 KiB: 4 in git, 2 not here\n")
    body = show_json(sam, "train@", "--files")
    assert body["directory"] is None
    assert [(file["path"], file["where"]) for file in body["files"]] == [
        ("deep/dead", "not here"),
        ("latest", "in git"),
        ("model.bin", "in git"),
        ("plot.png", "in git"),
        ("raw.csv", "not here"),
        ("torn.png", "in git"),
    ]
    done = gage_inside(sam, "show", "test@", "--reproduce")
    assert "# Put in what is not here: " in done.out


def test_a_run_that_goes_on(tmp_path: Path) -> None:
    source = "import time\nopen('half.bin', 'w').write('x')\nprint('loss: 1', flush=True)\n"
    files = {"slow.py": source + "time.sleep(60)\n", "data": "1\n", ".gitignore": "data\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    assert gage(repo, "run", "-q", "--detach", "slow.py").code == 0
    wait_until(lambda: "half.bin" in show(repo, "--files"))
    assert [file["path"] for file in show_json(repo, "--files")["files"]] == ["half.bin"]
    assert gage(repo, "stop", "@").code == 0


def test_runs_without_files(repo: Path) -> None:
    assert gage_inside(repo, "run", "-q", "--", "true").code == 0
    assert show(repo, "--files") == "no files\n"
    assert gage_inside(repo, "run", "-q", "--in-place", "train.py").code == 0
    assert show(repo, "--files") == "none known: it ran in the work tree\n"
    assert show(repo, "--metrics").startswith("METRIC")
    assert gage_inside(repo, "run", "-q", "--stage", "train.py").code == 0
    assert show(repo, "--files") == "none here\n"
    git(repo.parent, "init", "-q", "--bare", "bare.git")
    bare = repo.with_name("bare.git")
    assert gage_inside(bare, "run", "-q", "--stage", "--", "true").code == 0
    assert show(bare, "--files") == "none here\n"
