"""The README of published runs."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.render.published import (
    MOST_METRICS,
    MOST_ROWS,
    MOST_SECTIONS,
    format_published,
    read_choices,
)


def document(number: int, **more: Any) -> dict[str, Any]:
    source = {
        "commit": "c" * 40,
        "snapshot": "c" * 40,
        "dirty": False,
        "status": {},
        "left_out": [],
    }
    return {
        "id": f"01m8j2tf96{number:07d}c708sck70c3k0",
        "operation": "train",
        "label": None,
        "status": "completed",
        "started": "2026-03-04T05:06:07.890Z",
        "command": {"argv": ["/usr/bin/python3", "train.py"], "shell": False},
        "source": {**source, "insertions": 0, "deletions": 0},
        "imported": None,
        "config": {},
        "metrics": {},
        **more,
    }


def test_a_run_is_a_row_and_a_section() -> None:
    run = document(1, config={"lr": 0.1}, metrics={"acc|x": 0.98765}, label="wide `net`")
    text = format_published([run], title="Digits", url="https://example.com/a b.git")
    assert (
        "| run | operation | label | status | started (UTC) | acc\\|x |\n"
        "| --- | --- | --- | --- | --- | --: |\n"
        "| 0000001 | train | wide \\`net\\` | completed | 2026-03-04 05:06 | 0.9877 |\n"
        "\n## 0000001\n\ntrain, completed; code: ccccccc\n\nwide \\`net\\`\n\n"
        "    python3 train.py\n"
        "\n| setting | value |\n| --- | --- |\n| lr | 0.1 |\n"
        "\n| metric | value |\n| --- | --- |\n| acc\\|x | 0.98765 |\n"
    ) in text
    assert "\n    git clone 'https://example.com/a b.git' runs\n" in text
    assert read_choices(text) == {"title": "Digits", "url": "https://example.com/a b.git"}


def test_many_runs_are_cut_to_what_a_host_shows() -> None:
    metrics = {f"m{number}": number for number in range(MOST_METRICS + 1)}
    runs = [document(number) for number in range(MOST_ROWS)]
    runs += [document(MOST_ROWS, metrics=metrics), document(MOST_ROWS + 1, started=None)]
    runs = runs[::-1]
    runs[0]["operation"] = "x" * 500
    text = format_published(runs, title="Runs", url="u")
    assert text.count(" train.py\n") == MOST_SECTIONS
    assert "\nand 1 more metric\n" in text
    assert "\nand 2 older runs\n" in text
    assert "x" * 101 not in text
    assert len(text) < 512 << 10


@pytest.mark.parametrize("text", ["", "# Mine\n", "<!-- git gage publish {no} -->\n"])
def test_what_says_nothing_of_its_title(text: str) -> None:
    assert read_choices(text) == {}


def test_what_a_title_must_not_do() -> None:
    text = format_published([], title="--> <script>\n# x", url="u\x1b[2J")
    assert text.count("-->") == 1
    assert "\x1b" not in text
    assert text.splitlines()[1] == r"# \--\> \<script\>\\n\# x"
    assert read_choices('<!-- git gage publish {"title": 3, "url": "u"} -->\n') == {"url": "u"}
