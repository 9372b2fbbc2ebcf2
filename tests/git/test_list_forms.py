"""`git gage list` in every order and form."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from git_gage.cli import list_watch
from git_gage.cli.app import App
from git_gage.cli.list import FORMS
from git_gage.cli.topics import topic_page
from git_gage.render.columns import FIELDS
from git_gage.render.screen import Screen
from tests.support import gage_inside, make_repo, unmeasured_environ

PROGRAM = "lr = 0.1\nkind = 'a'\nprint('acc:', 1 - lr)\nprint('loss:', lr)\n"
PAGE = Path(__file__).parents[2] / "docs" / "list.md"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves three runs for the others."""
    return tmp_path_factory.mktemp("list") / "repo"


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Path:
    if not template.exists():
        make_repo(template, files={"train.py": PROGRAM})
        for lr, kind in (("0.5", "a"), ("0.25", "b"), ("0.75", "a")):
            done = gage_inside(template, "run", "-q", "train.py", f"lr={lr}", f"kind={kind}")
            assert done.code == 0
    return shutil.copytree(template, tmp_path / "repo", symlinks=True)


def rates(repo: Path, *options: str) -> list[str]:
    """Learning rates in the order of the list."""
    result = gage_inside(repo, "list", "--format", "{lr}", *options)
    assert (result.code, result.err) == (0, "")
    return result.out.split()


def titles(repo: Path, *options: str) -> list[str]:
    result = gage_inside(repo, "list", *options)
    assert result.code == 0
    return [line for line in result.out.splitlines() if "train.py" not in line]


def test_order_groups_and_the_best(repo: Path) -> None:
    assert rates(repo) == ["0.75", "0.25", "0.5"]
    assert rates(repo, "--sort", "lr") == rates(repo, "--sort", "-acc") == ["0.25", "0.5", "0.75"]
    assert rates(repo, "--sort", "kind", "--sort=-lr") == ["0.75", "0.5", "0.25"]
    assert rates(repo, "--group-by", "kind") == ["0.75", "0.5", "0.25"]
    assert rates(repo, "--group-by", "kind", "--sort", "lr", "-n", "2") == ["0.25", "0.5"]
    assert rates(repo, "--best", "acc") == rates(repo, "--best", "-lr") == ["0.25"]
    assert rates(repo, "--best", "+lr") == ["0.75"]
    assert rates(repo, "--best", "loss", "--group-by", "kind") == ["0.25", "0.5"]
    assert rates(repo, "--best", "loss", "--group-by", "kind", "--sort=-lr") == ["0.5", "0.25"]
    assert rates(repo, "--best", "loss", "--op", "nothing") == []


def test_groups_in_the_table(repo: Path) -> None:
    lines = gage_inside(repo, "list", "--group-by", "kind").out.splitlines()
    assert [lines[1], lines[4]] == ["kind=a: 2 runs", "kind=b: 1 run"]
    lines = gage_inside(repo, "list", "--group-by", "kind", "-n", "2").out.splitlines()
    assert lines[1] == "kind=a: 2 runs"
    assert not any(line.startswith("kind=b") for line in lines)
    assert lines[-1] == "1 more run: git gage list --all --group-by kind"
    assert "dirty=true: 3 runs" not in gage_inside(repo, "list", "--group-by", "dirty").out
    assert "lr=0.75: 1 run\n" in gage_inside(repo, "list", "--group-by", "lr").out
    assert "label=-: 3 runs\n" in gage_inside(repo, "list", "--group-by", "label").out
    (repo / "flag.py").write_text("deep = True\n")
    gage_inside(repo, "run", "-q", "flag.py")
    gage_inside(repo, "run", "-q", "flag.py", "deep=false")
    text = gage_inside(repo, "list", "--group-by", "deep").out
    assert "deep=true: 1 run\n" in text
    assert "deep=false: 1 run\n" in text


def test_rows_of_a_list(repo: Path) -> None:
    assert rates(repo, "2:3") == ["0.25", "0.5"]
    assert rates(repo, "1", "3") == ["0.75", "0.5"]
    assert rates(repo, "--", "-1:") == ["0.5"]
    assert rates(repo, "2:3", "--sort", "lr") == ["0.5", "0.75"]
    assert rates(repo, "2:3", "-n", "1") == ["0.25"]
    assert rates(repo, "@", "@~2") == ["0.75", "0.5"]
    assert rates(repo, "@", "-w", "lr < 0.7") == rates(repo, "9") == []
    rows = gage_inside(repo, "list", "2:3").out.splitlines()
    assert [line.split()[0] for line in rows[1:3]] == ["2", "3"]
    assert gage_inside(repo, "select", "3", "--config", "lr").out == "0.5\n"
    again = gage_inside(repo, "list", "2:3").out.splitlines()
    # Their age may have changed.
    assert [line.split()[:3] for line in again[1:3]] == [line.split()[:3] for line in rows[1:3]]
    assert rates(repo, "--op", "nothing", "1:2") == []
    assert gage_inside(repo, "list", "7:") == (0, "", "no run matches\n")


def test_what_is_left_out_is_told_with_what_to_type(repo: Path) -> None:
    out = gage_inside(repo, "list", "-n", "1", "--sort", "lr", "--op", "train").out
    to_type = "git gage list --all -w 'operation in [train]' --sort lr"
    assert out.splitlines()[-1].startswith(f"2 more runs: {to_type[:60]}")
    out = gage_inside(repo, "list", "-n", "1", "--best", "acc", "--group-by", "kind").out
    assert out.splitlines()[-1] == "1 more run: git gage list --all --group-by kind --best acc"


def test_forms_for_programs(repo: Path) -> None:
    whole = json.loads(gage_inside(repo, "list", "--json").out)
    lines = gage_inside(repo, "list", "--jsonl").out.splitlines()
    assert list(map(json.loads, lines)) == whole
    rows = list(csv.DictReader(io.StringIO(gage_inside(repo, "list", "--csv").out)))
    assert [row["id"] for row in rows] == [run["id"] for run in whole]
    assert rows[0]["config.kind"] == "a"
    head = gage_inside(repo, "list", "--md", "-n", "1").out.splitlines()
    assert len(head) == 3
    porcelain = gage_inside(repo, "list", "--porcelain").out
    assert gage_inside(repo, "list", "-z").out == porcelain.replace("\n", "\0")
    assert porcelain.splitlines()[0].split("\t")[0] == whole[0]["id"]
    named = gage_inside(repo, "list", "--porcelain", "--columns", "run,lr", "--columns", "kind")
    assert named.out.splitlines()[1].split("\t")[1:] == ["0.25", "b"]
    short = gage_inside(repo, "list", "--csv", "-s").out.splitlines()
    assert short[:2] == ["operation,status,label", "train.py,completed,"]
    assert gage_inside(repo, "list", "--jsonl", "-z", "-n", "1").out == lines[0] + "\0"
    assert gage_inside(repo, "list", "--format", "", "-n", "1").out == "\n"


def test_columns_of_ones_own_are_all_there_without_a_terminal(repo: Path) -> None:
    names = [name for name in FIELDS if name not in ("op", "by", "took", "duration")]
    out = gage_inside(repo, "list", "--columns", ",".join(names)).out
    assert len(out.splitlines()[0].split()) == len(names) + 1


@pytest.mark.parametrize(
    "options",
    [
        ("--columns", "acd"),
        ("--csv", "--columns", "acd"),
        ("--format", "{acd}"),
        ("--sort", "acd"),
        ("--group-by", "acd"),
        ("--best", "acd"),
    ],
)
def test_a_name_that_no_run_has(repo: Path, options: tuple[str, ...]) -> None:
    result = gage_inside(repo, "list", *options)
    assert result == (128, "", "fatal: no run has a 'acd'\nhint: did you mean 'acc'?\n")


def test_age_is_for_tables(repo: Path) -> None:
    assert gage_inside(repo, "list", "--columns", "age").code == 0
    assert gage_inside(repo, "list", "--csv", "--columns", "age").code == 128


def test_the_page_has_every_name() -> None:
    page = PAGE.read_text()
    assert not [name for name in FIELDS if f"`{name}`" not in page and name not in ("op", "by")]


def test_help_has_every_name_and_form_and_fits_a_screen(tmp_path: Path) -> None:
    result = gage_inside(tmp_path, "help", "formats")
    assert (result.code, result.err) == (0, "")
    words = set(re.findall(r"[a-z_-]+", result.out))
    aliases = {"op", "by", "took", "duration"}
    assert set(FIELDS) - aliases <= words
    assert {*FORMS, "-z"} <= words
    assert max(map(len, result.out.splitlines())) <= 80


def test_the_examples_of_help_run(repo: Path) -> None:
    examples = re.findall(r"^ +git gage (list .*?)(?: > .*)?$", topic_page("formats"), re.M)
    assert len(examples) == 3
    for example in examples:
        assert gage_inside(repo, *shlex.split(example)).code == 0, example


# -- watching ------------------------------------------------------------------------------------


class Terminal(io.TextIOWrapper):
    """What is written to a terminal of 24 lines."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding="utf-8")


def watched(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What was written while a list was watched that had these texts, one after another."""
    stream = Terminal()
    screen = Screen(stream, height=24, terminal=True)

    def sleep(seconds: float) -> None:
        assert seconds == 2.0
        if not left:
            raise KeyboardInterrupt

    left = list(texts)
    app = App({})
    monkeypatch.setattr(app, "screen", lambda: screen)
    monkeypatch.setattr(time, "sleep", sleep)
    list_watch.watch_list(app, lambda: (left.pop(0), screen), "git gage list")
    return stream.bytes.getvalue().decode()


def test_a_list_that_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watched(["", "one\n", "one\n", "two\n" * 50], monkeypatch)
    assert seen.startswith("\x1b[?1049h\x1b[?25l\x1b[Hno runs yet")
    assert seen.endswith("\x1b[?25h\x1b[?1049l")
    assert seen.count("one") == 1  # what is the same is not written again
    assert seen.count("two") == 23


def test_watching_needs_a_terminal(repo: Path) -> None:
    result = gage_inside(repo, "list", "--watch")
    assert (result.code, result.out) == (128, "")
    assert result.err == "fatal: to watch takes a terminal\nhint: git gage list\n"
    result = gage_inside(repo, "list", "--watch", "-w", "acc > 0")
    assert result.err.endswith("hint: git gage list -w 'acc > 0'\n")


# -- rows ------------------------------------------------------------------------------------------


def test_rows_that_cannot_be_kept_are_told(repo: Path) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    kept = repo / ".git/gage/last-list.json"
    assert gage_inside(repo, "list").err == ""
    kept.unlink()
    kept.mkdir()
    listed = gage_inside(repo, "list")
    assert (listed.code, listed.err) == (
        0,
        "warning: rows of this list cannot be used: is a directory\n",
    )
    assert "there is no list to count in" in gage_inside(repo, "show", "1").err


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_rows_of_a_list_on_a_full_disk(repo: Path) -> None:
    import resource

    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    listed = subprocess.run(
        [sys.executable, "-m", "git_gage", "list"],
        cwd=repo,
        env=unmeasured_environ(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (listed.returncode, "completed" in listed.stdout) == (0, True)
    assert listed.stderr == "warning: rows of this list cannot be used: file too large\n"
