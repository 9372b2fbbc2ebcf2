"""Every failure ends in a sentence and an exit code, never in a traceback."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from git_gage.cli.app import App
from git_gage.cli.boundary import describe_usage, report_failure
from git_gage.errors import FREE_SPACE, GitError, RequestError, RunNotFoundError
from tests.support import gage, gage_inside, make_repo


def app_in(folder: Path, *, opened: bool = False) -> App:
    app = App(os.environ)
    app.cwd = folder
    if opened:
        assert app.repo.gage_dir == folder / ".git" / "gage"
    return app


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (click.exceptions.Exit(3), 3, ""),
        (
            RunNotFoundError("no run 'x'", hint="git gage list"),
            128,
            "fatal: no run 'x'\nhint: git gage list\n",
        ),
        (RequestError("a\x1b[2J\nsecond line"), 128, "fatal: a\\x1b[2J\nsecond line\n"),
        (GitError("git push: refused", stderr="refused"), 128, "fatal: git push: refused\n"),
        (
            click.UsageError("Missing parts."),
            129,
            "fatal: missing parts\nhint: see 'git gage -h'\n",
        ),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            128,
            f"fatal: no space left on device ('/x')\nhint: {FREE_SPACE}\n",
        ),
        (OSError(errno.EFBIG, "File too large"), 128, "fatal: file too large\n"),
        (OSError(errno.EIO, "Input/output error"), 128, "fatal: input/output error\n"),
    ],
)
def test_each_kind_has_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    assert report_failure(error, app_in(tmp_path)) == code
    assert capsys.readouterr().err == said


def raised(message: str) -> ZeroDivisionError:
    try:
        raise ZeroDivisionError(message)
    except ZeroDivisionError as error:
        return error


def test_a_bug_leaves_its_traceback_with_the_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_repo(tmp_path)
    assert report_failure(raised("by zero"), app_in(tmp_path, opened=True)) == 70
    (path,) = (tmp_path / ".git" / "gage" / "log").iterdir()
    assert "raise ZeroDivisionError(message)\nZeroDivisionError: by zero\n" in path.read_text()
    said = capsys.readouterr().err
    assert said.startswith(
        f"fatal: this is a bug in git-gage: ZeroDivisionError (details in '{path}')\n"
    )
    assert "Traceback" not in said


def test_a_bug_outside_a_repository_leaves_it_with_the_temporary_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    assert report_failure(raised("by zero"), app_in(tmp_path)) == 70
    (path,) = (tmp_path / "tmp").iterdir()
    assert str(path) in capsys.readouterr().err


def test_a_bug_on_a_machine_without_a_place_to_write_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file" / "tmp"))
    assert report_failure(raised("by zero"), app_in(tmp_path)) == 70
    said = capsys.readouterr().err
    assert said.startswith("fatal: this is a bug in git-gage: ZeroDivisionError (by zero)\n")


def test_a_usage_error_without_a_command_points_to_the_front_door() -> None:
    error = click.MissingParameter(param_hint="<run>", param_type="argument")
    assert describe_usage(error) == ("missing argument <run>", "see 'git gage -h'")


def test_an_option_without_a_near_one_points_to_help() -> None:
    error = click.NoSuchOption("--x")
    assert describe_usage(error) == ("no option '--x'", "see 'git gage -h'")


def test_no_repository_is_a_sentence(tmp_path: Path) -> None:
    for words in (["list"], ["show"], ["run", "x.py"], ["push"], ["label", "@", "--clear"]):
        result = gage_inside(tmp_path, *words)
        assert result.err.startswith("fatal: not a git repository")
        assert "hint: start one here with 'git init'" in result.err
        assert (result.code, result.out) == (128, "")


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec git-gage list'],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128
    assert done.stderr.startswith("fatal: the current directory does not exist any more\n")


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    script = "git-gage help run; echo $? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({script}) | true"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    # The reader may be quicker or slower than we are; nothing but the code is said either way.
    assert done.stderr in ("141\n", "0\n")


def test_a_closed_pipe_is_found_at_the_latest_when_it_is_flushed(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        ["git-gage", "version"],
        cwd=tmp_path,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_full_disk_behind_standard_output_is_a_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            ["git-gage", "version"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 128
    assert done.stderr.startswith("fatal: no space left on device")
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_it_quietly(repo: Path) -> None:
    """`fetch` waits for a remote that never answers."""
    slow = repo / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    process = subprocess.Popen(
        ["git-gage", "fetch", "ssh://nobody@localhost/x"],
        cwd=repo,
        env={**os.environ, "GIT_SSH_COMMAND": str(slow)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "")


def test_a_closed_standard_output_is_a_sentence(repo: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", "exec git-gage list --json >&-"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (128, "fatal: standard output is closed\n")


def test_python_m_git_gage_is_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "git_gage", "lsit"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (129, gage(tmp_path, "lsit").err)
