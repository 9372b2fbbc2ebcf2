"""`git gage report`: files and charts of real runs."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from git_gage.runs import series
from tests.support import gage_inside, make_repo, write_files

PROGRAM = """\
lr = 0.1
for step in range(3):
    print(f"step: {step}")
    print(f"loss: {lr / (step + 1)}")
print("acc:", 1 - lr)
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = make_repo(tmp_path / "repo", files={"train.py": PROGRAM})
    for lr in ("0.5", "0.25"):
        assert gage_inside(made, "run", "-q", "train.py", f"lr={lr}").code == 0
    gage_inside(made, "list")
    return made


def test_files_and_their_charts(repo: Path) -> None:
    done = gage_inside(repo, "report", "1:2", "-o", "best.md", "-o", "best.html")
    assert done == (0, "Wrote best.md\nWrote best.html\n", "")
    text = (repo / "best.md").read_text()
    assert text.startswith("# Report of 2 runs\n")
    charts = sorted(path.name for path in (repo / "best-charts").iterdir())
    assert charts == ["01-acc.svg", "02-loss.svg"]
    for name in charts:
        assert f"](best-charts/{name})" in text
        ET.fromstring((repo / "best-charts" / name).read_text())
    page = (repo / "best.html").read_text()
    assert page.count("<svg ") == 2
    assert "3 points, 0.08333 to 0.25, last 0.08333" in page
    assert gage_inside(repo, "report", "1:2", "-o", "best.md").code == 0  # over the old one

    printed = gage_inside(repo, "report", "2", "-w", "lr > 0.3", "--title", "One")
    assert printed.out.startswith("# One\n\n1 run, ")
    assert gage_inside(repo, "report", "1", "-w", "lr > 0.3") == (1, "", "no run matches\n")

    none = gage_inside(repo, "report", "-w", "losss > 1")
    assert none.err.endswith("hint: no run has a 'losss': did you mean 'loss'?\n")

    for form in ("md", "html"):
        write_files(
            repo, {f"own.{form}": gage_inside(repo, "report", "--print-template", form).out}
        )
    again = gage_inside(repo, "report", "1:2", "--template", "own.html")
    assert again.out.count("<svg ") == 2
    write_files(repo, {"own.md": "${titel}", "bad.md": b"\xff"})
    own = gage_inside(repo, "report", "1", "--template", "own.md")
    assert own.err.startswith("fatal: own.md:1: nothing is called 'titel' here\n")
    bad = gage_inside(repo, "report", "1", "--template", "bad.md")
    assert bad.err == "fatal: cannot read 'bad.md': it is not text in UTF-8\n"
    none = gage_inside(repo, "report", "1", "--template", "none.md")
    assert none.err == "fatal: cannot read 'none.md': no such file or directory\n"


def test_without_the_values_by_step_there_are_bars(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "open_file", lambda *_: None)  # as where it was not fetched
    done = gage_inside(repo, "report", "1:2", "-o", "a.html")
    assert done.err == "warning: values by step are not all here: git gage fetch\n"
    assert (repo / "a.html").read_text().count('class="line"') == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give the runs, or choose them by '-w <filter>'"),
        (["1", "--print-template", "md"], "'--print-template' takes no runs"),
        (
            ["--print-template", "md", "-o", "x.md"],
            "'--print-template' cannot be used with '-o'",
        ),
        (["1", "-o", "x.txt"], "'-o' needs a .md or .html file, not 'x.txt'"),
        (["1", "-o", "x"], "'-o' needs a .md or .html file, not 'x'"),
        (["1", "--template", "x"], "'--template' needs a .md or .html file, not 'x'"),
        (["1", "--template", "own.md", "-o", "x.html"], "'own.md' is no template for 'x.html'"),
    ],
)
def test_what_is_asked_wrongly(tmp_path: Path, words: list[str], message: str) -> None:
    empty = make_repo(tmp_path / "empty")
    write_files(empty, {"own.md": ""})
    result = gage_inside(empty, "report", *words)
    assert (result.code, result.err.splitlines()[0]) == (129, f"fatal: {message}")
