"""`git gage compare` and `git gage diff` of runs in real repositories."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support import clone, gage_inside, git, make_repo, write_files

PROGRAM = "lr = 0.1\nprint('acc: 0.0')\nprint('acc:', 1 - lr)\nprint('val loss:', lr)\n"
PAGE = Path(__file__).parents[2] / "docs" / "json.md"
MORE = "# <b>more</b>\nprint('extra: 1')\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


@pytest.fixture
def repo(folder: Path) -> Path:
    """Three runs: as it is, with another setting, and with other code. Made once, and only read."""
    if (made := folder / "repo").exists():
        return made
    make_repo(made, files={"train.py": PROGRAM, "data/raw.txt": "raw\n"})
    assert gage_inside(made, "run", "-q", "train.py").code == 0
    assert gage_inside(made, "run", "-q", "-t", "try", "train.py", "lr=0.25").code == 0
    write_files(made, {"train.py": f"{PROGRAM}{MORE}", "new.txt": "new\n"})
    assert gage_inside(made, "run", "-q", "-t", "try", "train.py", "lr=0.5").code == 0
    gage_inside(made, "list")
    return made


def lines(repo: Path, *args: str, **env: str) -> list[str]:
    result = gage_inside(repo, "compare", *args, env=env)
    assert (result.code, result.err) == (0, "")
    return [" ".join(line.split()) for line in result.out.splitlines()]


def refused(repo: Path, *args: str) -> tuple[int, str]:
    result = gage_inside(repo, "compare", *args)
    return result.code, result.err


def test_what_differs_and_which_runs(repo: Path) -> None:
    shown = lines(repo, "3", "1")
    assert "lr 0.1 0.5" in shown
    assert "acc *0.9 0.5 -0.4" in shown
    assert "files – 2 files +3 -0" in shown
    assert not any(line.startswith("operation") for line in shown)
    assert re.fullmatch(r"\d+ equal rows hidden \(--all-rows\)", shown[-1])
    everything = lines(repo, "3", "1", "--all-rows")
    assert "operation train.py train.py" in everything
    assert not any("hidden" in line for line in everything)
    # the order of words counts; of options the newest comes first
    assert "lr 0.5 0.25 0.1" in lines(repo, "1:3")
    assert "lr 0.5 0.25" in lines(repo, "-t", "try")
    assert "lr 0.25 0.5" in lines(repo, "3", "2", "1", "--min", "config.lr=0.2")
    assert "files – same 2 files +3 -0" in lines(repo, "3", "2", "1")
    assert "lr 0.5 0.1" in lines(repo, "1", "@{best:acc}")


def test_some_metrics_alone(repo: Path) -> None:
    shown = lines(repo, "1", "2", "--metric", "val loss")
    assert any(line.startswith("val loss 0.5 *0.25") for line in shown)
    assert not any(line.startswith("acc") for line in shown)


def test_forms_for_programs(repo: Path) -> None:
    table = list(csv.reader(io.StringIO(gage_inside(repo, "compare", "3", "2", "--csv").out)))
    assert table[0][0] == "name"
    assert all(len(row) == 3 for row in table)
    assert ["config.lr", "0.1", "0.25"] in table
    assert "| config.lr | 0.1 | 0.25 |" in lines(repo, "3", "2", "--md")
    body = json.loads(gage_inside(repo, "compare", "3", "1", "--json").out)
    (files,) = [row for row in body["rows"] if row["name"] == "files"]
    assert files["missing"] == [0]
    assert files["values"] == [
        None,
        [
            {"path": "new.txt", "insertions": 1, "deletions": 0},
            {"path": "train.py", "insertions": 2, "deletions": 0},
        ],
    ]
    (acc,) = [row for row in body["rows"] if row["name"] == "acc"]
    assert (acc["best"], acc["deltas"]) == (0, [None, -0.4])
    assert acc["differs"]
    assert body["hidden"] > 5
    page = PAGE.read_text()
    assert all(
        f"`{key}`" in page for key in (*body, *body["runs"][0], *acc, *files["values"][1][0])
    )


def test_what_cannot_be_compared(repo: Path, tmp_path: Path) -> None:
    name = gage_inside(repo, "select", "1", "--name").out.strip()
    assert refused(repo, "1") == (
        128,
        f"fatal: there is nothing to compare '{name}' with\nhint: git gage show {name}\n",
    )
    assert refused(repo) == (
        129,
        "fatal: give the runs, or choose them by '-w <filter>'\nhint: see 'git gage compare -h'\n",
    )
    assert refused(repo, "-w", "lr > 9") == (1, "no run matches\n")
    assert refused(repo, "1", "-w", "accc > 9") == (
        1,
        "no run matches\nhint: no run has a 'accc': did you mean 'acc'?\n",
    )
    assert refused(repo, "1", "2", "--metric", "ac") == (
        128,
        "fatal: none of these runs has a metric 'ac'\nhint: did you mean 'acc'?\n",
    )
    assert refused(repo, "1", "2", "--plot", "xyz")[1].endswith(
        "hint: see them with 'git gage show'\n"
    )
    assert refused(repo, "1", "2", "--csv", "--md")[0] == 129
    assert refused(repo, "1", "2", "--plot", "acc", "--all-rows")[0] == 129
    assert refused(repo, "1", "2", "--html", "no/such/folder.html") == (
        128,
        "fatal: cannot write 'no/such/folder.html': no such file or directory\n",
    )


def test_too_many_runs(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.cli.compare.MAX_RUNS", 2)
    assert refused(repo, "1:3")[1].startswith("fatal: 3 runs are too many to compare, at most 2\n")


def test_a_page(repo: Path, tmp_path: Path) -> None:
    result = gage_inside(repo, "compare", "3", "1", "--html", f"{tmp_path}/page.html")
    assert result == (0, f"Wrote {tmp_path}/page.html\n", "")
    page = (tmp_path / "page.html").read_text()
    assert page == gage_inside(repo, "compare", "3", "1", "--html", "-").out
    assert page.count("<svg") == 1  # one value is no chart
    assert "+# &lt;b&gt;more&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<script" not in page


def test_a_plot(repo: Path, far: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [gage_inside(repo, "select", row, "--name").out.strip() for row in "123"]
    shown = lines(repo, "1:3", "--plot", "acc")
    assert shown[0] == "acc by step"
    assert [line.split()[2] for line in shown[-3:]] == names
    shown = lines(repo, "1", "2", "--plot", "extra", "--plot", "acc")
    assert re.fullmatch(rf"● \w+ {names[0]}", shown[shown.index("") - 2])
    assert re.fullmatch(rf"\w+ {names[1]}, no values of extra by step", shown[shown.index("") - 1])
    assert lines(repo, "1", "--plot", "acc", LC_ALL="C")[-1].startswith("* ")
    assert lines(far, "1", "--plot", "acc")[0].endswith(f" {names[0]}, not here: git gage fetch")
    monkeypatch.setattr("git_gage.render.plot.MAX_LINES", 2)
    assert lines(repo, "1:3", "--plot", "acc")[-1] == "not drawn: 1 more run"


@pytest.fixture
def far(repo: Path, folder: Path) -> Path:
    """A clone with the runs, but without their source and output."""
    if (there := folder / "there").exists():
        return there
    origin = folder / "origin"
    git(folder, "init", "-q", "--bare", str(origin))
    git(repo, "push", "-q", str(origin), "HEAD:main")
    assert gage_inside(repo, "push", str(origin)).code == 0
    clone(origin, there)
    assert gage_inside(there, "fetch", "origin").code == 0
    gage_inside(there, "list")
    for ref in git(
        there, "for-each-ref", "--format=%(refname)", "refs/gage", "refs/gage-remotes"
    ).split():
        if ref.rpartition("/")[2] in ("src", "bulk"):
            git(there, "update-ref", "-d", ref)
    git(there, "gc", "-q", "--prune=now")
    for file in (there / ".git" / "gage").rglob("catalog*"):
        file.unlink()
    return there


def test_what_was_not_fetched(far: Path) -> None:
    shown = lines(far, "3", "1")
    assert "files – not here" in shown
    assert "packages not here not here" in shown
    assert "not here: git gage fetch" in shown


# -- diff ----------------------------------------------------------------------------------------


def diff(repo: Path, *args: str, code: int = 0, env: Mapping[str, str] | None = None) -> str:
    result = gage_inside(repo, "diff", *args, env=env)
    assert (result.code, result.err) == (code, "")
    return result.out


def test_all_that_differs(repo: Path) -> None:
    text = diff(repo, "3", "1")
    heads = [
        line for line in text.splitlines() if line in ("source", "config", "environment", "output")
    ]
    assert heads == ["source", "config", "output"]
    assert "\n+# <b>more</b>\n" in text
    assert "\nconfig\n-lr = 0.1\n+lr = 0.5\n\noutput\n" in text
    assert "\n acc: 0.0\n-acc: 0.9\n-val loss: 0.1\n+acc: 0.5\n+val loss: 0.5\n+extra: 1\n" in text
    assert diff(repo, "2", "2") == diff(repo, "--exit-code", "2", "2") == ""
    assert diff(repo, "3", "1", "--exit-code", code=1) == text
    assert diff(repo, "3", "1", "--config", "--exit-code", code=1) == "-lr = 0.1\n+lr = 0.5\n"
    assert diff(repo, "3", "2", "--source", "--environment", "--exit-code") == ""


def test_source_alone_is_a_patch(repo: Path, tmp_path: Path) -> None:
    patch = diff(repo, "--source", "3", "1")
    assert patch.startswith("diff --git a/new.txt b/new.txt\n")
    there = clone(repo, tmp_path / "there")
    git(there, "apply", input=patch)
    assert (there / "train.py").read_text() == (repo / "train.py").read_text()
    assert diff(repo, "1", "3", "--", "new.txt").count("diff --git") == 1
    assert diff(repo / "data", "3", "1", "--", ".") == ""
    assert diff(repo, "3", "1", "--stat").splitlines()[-1] == " 2 files changed, 3 insertions(+)"


def test_against_the_work_tree(repo: Path, tmp_path: Path) -> None:
    status = git(repo, "status", "--porcelain")
    assert diff(repo, "1", "--exit-code") == diff(repo, "--exit-code") == ""
    patch = diff(repo, "3", "--exit-code", code=1)
    assert "+++ b/new.txt" in patch
    assert "+# <b>more</b>" in patch
    assert diff(repo, "2", "--", "train.py").count("diff --git") == 1
    assert git(repo, "status", "--porcelain") == status
    assert [each["path"] for each in json.loads(diff(repo, "3", "--json"))["source"]] == [
        "new.txt",
        "train.py",
    ]


def test_difftool(repo: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    for key, value in (
        ("difftool.ours.cmd", f'cat "$REMOTE" >> {told}'),
        ("difftool.prompt", "no"),
    ):
        git(repo, "config", key, value)
    assert diff(repo, "3", "1", "--tool=ours", "--", "new.txt") == ""
    assert told.read_text() == "new\n"
    git(repo, "config", "diff.tool", "ours")
    assert diff(repo, "3", "--tool", "--", "new.txt") == ""
    assert told.read_text() == "new\nnew\n"


def test_diff_for_programs(repo: Path) -> None:
    body = json.loads(diff(repo, "3", "1", "--json"))
    ids = [gage_inside(repo, "select", row).out.strip() for row in "31"]
    assert body["runs"] == ids
    assert body["source"][0] == {"path": "new.txt", "insertions": 1, "deletions": 0}
    assert body["config"] == [{"part": "config", "name": "lr", "values": [0.1, 0.5]}]
    assert body["environment"] == []
    assert "+acc: 0.5" in body["output"]
    assert json.loads(diff(repo, "3", "1", "--config", "--json"))["output"] is None
    assert json.loads(diff(repo, "3", "2", "--json"))["source"] == []


def test_colours_are_those_of_git(repo: Path, tmp_path: Path) -> None:
    colored = diff(repo, "3", "1", "--config", "--color", "always")
    assert colored == "\x1b[31m-lr = 0.1\x1b[m\n\x1b[32m+lr = 0.5\x1b[m\n"
    settings = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "color.diff",
        "GIT_CONFIG_VALUE_0": "always",
        "GIT_CONFIG_KEY_1": "color.diff.old",
        "GIT_CONFIG_VALUE_1": "blue",
    }
    text = diff(repo, "3", "1", env=settings)
    assert "\x1b[34m-lr = 0.1\x1b[m\n" in text
    assert "\x1b[1mconfig\x1b[m\n" in text
    assert "\x1b[32m+new\x1b[m" in text.replace("+\x1b[m\x1b[32m", "+")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("1", "--config"), "fatal: the work tree has no config to compare '"),
        (("1", "--source", "--output"), "fatal: the work tree has no output to compare '"),
        (("3", "1", "--output", "--", "x"), "fatal: paths are about the source alone\n"),
        (("3", "1", "--output", "--stat"), "fatal: '--stat' cannot be used with '--output'\n"),
        (("1:2",), "fatal: '1:2' are 2 runs, and one is needed\n"),
        (("3", "2", "1"), "fatal: unexpected argument '1'\n"),
    ],
)
def test_what_diff_refuses(repo: Path, args: tuple[str, ...], message: str) -> None:
    result = gage_inside(repo, "diff", *args)
    assert result.code in (128, 129)
    assert result.err.startswith(message)


def test_diff_of_what_was_not_fetched(far: Path) -> None:
    text = diff(far, "3", "1", "--exit-code", code=1)
    assert text == (
        "source\nnot here: git gage fetch\n\nconfig\n-lr = 0.1\n+lr = 0.5\n\n"
        "environment\npackages: not here: git gage fetch\n\noutput\nnot here: git gage fetch\n"
    )
    assert diff(far, "3", "2", "--source", "--config") == "config\n-lr = 0.1\n+lr = 0.25\n"
    for section, what in (("--source", "source of '"), ("--output", "output: ")):
        result = gage_inside(far, "diff", "3", "1", section)
        assert (result.code, result.err[:7]) == (128, "fatal: ")
        assert what in result.err
        assert result.err.endswith("not here\nhint: git gage fetch\n")
    assert json.loads(diff(far, "3", "1", "--json"))["source"] is None


def test_a_bare_repository_has_no_work_tree(far: Path, folder: Path, repo: Path) -> None:
    newest = gage_inside(repo, "select", "1").out.strip()
    result = gage_inside(folder / "origin", "diff", newest)
    assert result.err == (
        "fatal: there is no work tree here to compare with\nhint: git gage diff 2 1\n"
    )


def test_runs_without_source_or_output(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    for key in ("user.name", "user.email"):
        git(bare, "config", key, "ana@example.com")
    for word in ("true", "sh"):
        argv = [word] if word == "true" else ["sh", "-c", "printf '\\033[2Jhi'"]
        gage_inside(bare, "run", "-q", "--", *argv)
    assert diff(bare, "@~1", "@").startswith("config\n-command = true\n+command = sh -c ")
    assert "command true sh -c" in " ".join(lines(bare, "@~1", "@"))
    assert gage_inside(bare, "diff", "@~1", "@", "--source").err.startswith("fatal: no source of '")
    assert gage_inside(bare, "diff", "@").err.startswith("fatal: no source of '")


def test_long_output_is_compared_up_to_a_bound(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.runs.changes.MAX_OUTPUT", 8)
    text = diff(repo, "3", "2", "--output")
    assert text == "not compared: what comes after 8 bytes\n"
    assert diff(repo, "3", "3", "--output") == ""


def test_a_terminal_sees_what_is_recorded_cleaned(repo: Path) -> None:
    seen = {"GIT_PAGER_IN_USE": "1", "NO_COLOR": "1", "COLUMNS": "40"}
    assert "\x1b" not in diff(repo, "3", "1", env=seen)
    assert " | " in diff(repo, "3", "1", "--stat", env=seen)
