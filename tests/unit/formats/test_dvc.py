"""Experiments of DVC, as commits have them: with less than DVC writes, and with more."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

from git_gage.formats import dvc
from git_gage.formats.model import ForeignRun, Unread
from git_gage.git import open_repository
from tests.support import commit, git, make_repo, write_files

REF = f"refs/exps/ab/{'c' * 38}/exp"


def read(repo: Path) -> ForeignRun:
    (run,) = dvc.read_runs(open_repository(repo, os.environ))
    assert isinstance(run, ForeignRun), run
    return run


def why(repo: Path) -> str:
    (run,) = dvc.read_runs(open_repository(repo, os.environ))
    assert isinstance(run, Unread)
    return run.reason


def note(repo: Path, files: dict[str, str | bytes]) -> None:
    write_files(repo, files)
    git(repo, "update-ref", REF, commit(repo))


def test_a_commit_with_next_to_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    git(repo, "update-ref", "refs/exps/exec/EXEC_HEAD", "HEAD")
    assert not dvc.has_experiments(open_repository(repo, os.environ))
    git(repo, "update-ref", REF, "HEAD")
    run = read(repo)
    assert (run.operation, run.argv, run.config, run.attributes) == ("dvc", [], {}, {})
    assert run.label == "exp"


def test_files_of_many_kinds(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    os.symlink("train.py", repo / "link")
    note(
        repo,
        {
            "params.yaml": "lr: 0.1\n",
            "dvc.lock": "stages:\n  bad: 1\n  a: {cmd: one, params: {params.yaml: {lr: 1, n: 2},"
            " other.json: {x: 1}, odd: 1}}\n  b: {cmd: two, outs: [1, {path: a}, {path: b},"
            " {path: c}, {path: d}], params: 1}\n",
            "dvc.yaml": "metrics: [m.json]\nstages:\n  a: {metrics: [{n.yaml: {}}, gone.json]}\n"
            "  b: 1\n",
            "m.json": '{"loss": 0.5, "step": 3, "text": "x"}',
            "n.yaml": "- 1\n",
            "dvclive/plots/metrics/train/loss.tsv": "timestamp\tstep\tloss\n1\t0\t0.5\n",
            "dvclive/plots/metrics/odd.tsv": "a\tb\n",
            "dvclive/plots/metrics/bad.tsv": "step\tbad\n0\tx\n",
        },
    )
    run = read(repo)
    assert run.argv == ["one && two"]
    assert {name: value.text for name, value in run.config.items()} == {
        "lr": "0.1",
        "n": "2",
        "other.json:x": "1",
    }
    assert set(run.metrics.summaries()) == {"loss", "train.loss"}
    assert run.left_out == [
        "'dvclive/plots/metrics/bad.tsv', which is not as DVCLive writes it",
        "'dvclive/plots/metrics/odd.tsv', which is not as DVCLive writes it",
        "4 outputs in DVC's cache: a, b, c …",
    ]


def test_commits_that_are_too_large_or_none(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    note(repo, {"params.yaml": "[1"})
    assert why(repo).startswith("'params.yaml': ")
    with patch.object(dvc, "MAX_FILE", 1):
        assert why(repo) == "'params.yaml' is larger than 0 MiB, or not here"
    with patch.object(dvc, "_MAX_LISTED", 1):
        assert why(repo) == "it has more than 1 files"
    git(repo, "update-ref", REF, git(repo, "rev-parse", "HEAD:train.py").strip())
    assert why(repo) == "it is no commit, or not here"
