"""What `git gage -h` and completion may not load; .ci/startup.py counts what is left."""

from __future__ import annotations

import contextlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from git_gage.cli.door import Inspect
from tests.support import gage_inside

# Each costs up to as much as click itself.
HEAVY = {
    "ast",
    "asyncio",
    "dataclasses",
    "git_gage.catalog",
    "git_gage.git",
    "git_gage.render",
    "git_gage.runs",
    "git_gage.store",
    "hashlib",
    "importlib.metadata",
    "pathlib",
    "pty",
    "pygit2",
    "rfc8785",
    "rich",
    "selectors",
    "shutil",
    "sqlite3",
    "subprocess",
    "tempfile",
}
PROGRAM = """
import sys
from git_gage.cli.door import main
sys.argv[0] = "git-gage"
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
COMPLETION = {"_GIT_GAGE_COMPLETE": "bash_complete", "COMP_WORDS": "git-gage ", "COMP_CWORD": "1"}


def loaded_modules(*args: str, **extra: str) -> set[str]:
    # Measuring coverage loads half of the list.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        env={**kept, **extra},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [("-h",), ("list", "-h"), ("run", "-h"), ("show", "-h")])
def test_help_loads_click_and_little_else(args: tuple[str, ...]) -> None:
    assert loaded_modules(*args) & HEAVY == set()


def test_completion_of_commands_loads_click_and_little_else() -> None:
    assert loaded_modules(**COMPLETION) & HEAVY == set()


# What reads gagefiles, event files, inputs and images; most runs have no use for it.
READERS = {
    "git_gage.gagefile.load",
    "git_gage.gagefile.model",
    "git_gage.metrics.event",
    "git_gage.runs.files",
    "git_gage.runs.inputs",
    "git_gage.runs.thumbs",
    "git_gage.store.thumbs",
}


def test_the_life_of_a_run_loads_nothing_that_few_runs_need() -> None:
    program = "import git_gage.runs.command, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "git_gage.runs.results" in done.stdout.split()
    assert set(done.stdout.split()) & READERS == set()


@pytest.mark.parametrize("args", [("list",), ("show", "@")])
def test_who_only_reads_loads_no_keys(repo: Path, args: tuple[str, ...]) -> None:
    assert gage_inside(repo, "run", "-q", "--", "true").code == 0
    with contextlib.chdir(repo):
        found = loaded_modules(*args, CI="")
    assert {name for name in found if name.startswith(("git_gage.trust", "cryptography"))} == set()
    assert "git_gage.catalog" in found


def test_inspect_is_there_for_whoever_needs_more_than_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = Inspect("inspect")
    monkeypatch.setitem(sys.modules, "inspect", late)
    for text in ("Show all runs", " \tbehind a tab\t", "", "  "):
        assert late.cleandoc(text) == inspect.cleandoc(text)
    assert sys.modules["inspect"] is late
    assert late.cleandoc("a\n  b\n    c\n") == "a\nb\n  c"
    assert sys.modules["inspect"] is not late
    assert "extra" in late.signature(loaded_modules).parameters
