"""What each command answers, in a repository with real runs."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from git_gage import __version__
from tests.support import Result, clone, commit, gage, gage_inside, git, make_repo, write_files


def record(where: Path, *words: str) -> dict[str, Any]:
    """Run something that prints nothing; the run object."""
    result = gage_inside(where, "run", "-q", *words)
    assert result.err == "", result
    return shown(where)


def shown(where: Path, *words: str) -> dict[str, Any]:
    result = gage_inside(where, "show", "--json", *words)
    assert result.code == 0, result
    document: dict[str, Any] = json.loads(result.out)
    return document


# -- run -------------------------------------------------------------------------------------


def test_run_takes_everything_after_the_dashes_as_it_is(repo: Path) -> None:
    run = record(repo, "-l", "a label", "--", "true", "-h", "--json", "--", "x=1")
    assert run["command"]["argv"] == ["true", "-h", "--json", "--", "x=1"]
    assert run["label"] == "a label"
    assert run["config"] == {}


def test_run_gives_settings_to_a_script(repo: Path) -> None:
    write_files(repo, {"quiet.py": "lr = 0.1\n"})
    run = record(repo, "-y", "quiet.py", "lr=0.5")
    assert run["config"] == {"lr": 0.5}
    assert run["operation"] == "quiet.py"


def test_run_ends_with_the_code_of_the_program(repo: Path) -> None:
    assert gage_inside(repo, "run", "-q", "--", "sh", "-c", "exit 7").code == 7
    assert shown(repo)["exit_code"] == 7


# -- list ------------------------------------------------------------------------------------


def test_list_in_an_empty_repository_hints_and_is_content(repo: Path) -> None:
    result = gage_inside(repo, "list")
    assert (result.code, result.out) == (0, "")
    assert "hint: record one with 'git gage run <script.py>'" in result.err
    assert "hint: get those of others with 'git gage fetch'" in result.err
    assert gage_inside(repo, "list", "--json") == Result(0, "[]\n", "")


def test_list_shows_the_newest_and_says_how_many_are_older(repo: Path) -> None:
    ids = [record(repo, "--", "true")["id"] for _ in range(3)]
    lines = gage_inside(repo, "list", "-n", "2").out.splitlines()
    assert lines[1].startswith(f"@ 1  {ids[2][10:17]}")
    assert lines[2].startswith(f"  2  {ids[1][10:17]}")
    assert lines[-1] == "1 older run: git gage list --all"
    assert shown(repo, "2")["id"] == ids[1]
    everything = gage_inside(repo, "list", "--all").out
    assert "older" not in everything
    assert ids[0][10:17] in everything
    for alias in ("ls", "runs"):
        assert gage_inside(repo, alias).out.splitlines()[1].startswith(lines[1][:20])


def test_list_as_json_is_what_show_has(repo: Path) -> None:
    runs = [record(repo, "--", "true") for _ in range(2)]
    assert json.loads(gage_inside(repo, "list", "--json").out) == runs[::-1]
    assert json.loads(gage_inside(repo, "list", "--json", "-n1").out) == runs[:0:-1]


def test_list_in_colour_when_asked(repo: Path) -> None:
    record(repo, "--", "true")
    assert "\x1b[" in gage_inside(repo, "list", "--color=always").out
    assert "\x1b[" not in gage_inside(repo, "list").out


# -- show, output ----------------------------------------------------------------------------


def test_show_without_a_run_is_the_newest_from_here_or_else_the_newest(
    repo: Path, tmp_path: Path
) -> None:
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(repo, "remote", "add", "origin", str(hub))
    theirs = record(repo, "--", "true")
    gage_inside(repo, "push")
    other = clone(hub, tmp_path / "other")
    gage_inside(other, "fetch")
    assert shown(other)["id"] == theirs["id"]
    ours = record(other, "--", "true")
    assert shown(other)["id"] == ours["id"]


def test_show_is_a_page(repo: Path) -> None:
    run = record(repo, "--", "true")
    page = gage_inside(repo, "show")
    assert page.code == 0
    assert page.out.startswith(f"run {run['id'][10:17]} {run['name']}  ✓ completed\n")
    assert f"id         {run['id']}\n" in page.out


def test_show_diff_is_a_patch_that_applies(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"train.py": "lr = 0.1\n# changed\n", "new \x1b[31mfile": "\x1b[2Jnew\n"})
    record(repo, "train.py", "lr=0.2")
    git(repo, "config", "diff.noprefix", "true")
    patch = gage_inside(repo, "show", "--diff").out
    assert "+# changed" in patch
    assert patch.endswith("-lr = 0.1\n+lr = 0.2\n # changed\n")
    fresh = clone(repo, tmp_path / "fresh")
    git(fresh, "apply", "-", input=patch)
    assert (fresh / "train.py").read_text() == "lr = 0.2\n# changed\n"


def test_show_diff_before_the_first_commit_is_the_whole_tree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", commit=False)
    record(repo, "--", "true")
    patch = gage_inside(repo, "show", "--diff").out
    assert "new file mode 100644" in patch
    assert "+lr = 0.1" in patch


def test_show_diff_where_no_source_was_recorded(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", files={}, commit=False, options=("--bare",))
    record(bare, "--", "true")
    assert "source     not recorded: there is no work tree\n" in gage_inside(bare, "show").out
    result = gage_inside(bare, "show", "--diff")
    assert (result.code, result.out) == (128, "")
    assert result.err == "fatal: no source was recorded: there was no work tree\n"


def test_a_long_patch_of_settings_is_found_too(repo: Path) -> None:
    many = "".join(f"setting_{number} = 0  # {'x' * 100}\n" for number in range(800))
    write_files(repo, {"many.py": many})
    commit(repo)
    record(repo, "many.py", *(f"setting_{number}=1" for number in range(800)))
    patch = gage_inside(repo, "show", "--diff").out
    assert patch.count("\n+setting_") == 800


def test_what_did_not_travel_says_how_to_get_it(repo: Path, tmp_path: Path) -> None:
    """Records alone are fetched with stock git; sources and outputs are not."""
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(repo, "remote", "add", "origin", str(hub))
    write_files(repo, {"train.py": "print('hello')\n"})
    gage(repo, "run", "-q", "train.py")
    gage_inside(repo, "push")
    other = clone(f"file://{hub}", tmp_path / "other")
    git(other, "fetch", "-q", "origin", "refs/gage/w/*/log:refs/gage-remotes/origin/w/*/log")
    page = gage_inside(other, "show").out
    assert ", not here: git gage fetch\n" in page
    assert "output     1 line, 6 bytes, not here: git gage fetch\n" in page
    assert gage_inside(other, "show", "--diff").err == (
        "fatal: source: not here\nhint: git gage fetch\n"
    )
    assert gage_inside(other, "output").err == "fatal: output: not here\nhint: git gage fetch\n"
    gage_inside(other, "fetch")
    assert gage_inside(other, "output").out == "hello\n"
    assert "+print('hello')" in gage_inside(other, "show", "--diff").out


def test_output_is_as_it_was_recorded(repo: Path) -> None:
    script = "import sys\nsys.stdout.buffer.write(b'\\xff\\x1b[2J\\n')\n"
    write_files(repo, {"raw.py": script})
    gage(repo, "run", "-q", "raw.py")
    done = subprocess.run(["git-gage", "output"], cwd=repo, capture_output=True, check=True)
    assert done.stdout == b"\xff\x1b[2J\n"
    stamped = gage_inside(repo, "output", "-t").out.split()
    assert float(stamped[0]) >= 0


def test_output_of_a_run_that_never_started_is_nothing(repo: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "no-such-program")
    assert gage_inside(repo, "output") == Result(0, "", "")


def test_output_that_is_too_long_for_git_is_whole_where_it_was_printed(repo: Path) -> None:
    run = record(repo, "--", "true")
    whole = repo / ".git" / "gage" / "outputs" / run["id"]
    write_files(whole.parent, {whole.name: "all of it\n"})
    assert gage_inside(repo, "output").out == "all of it\n"


def test_a_going_run_is_seen_as_one(repo: Path) -> None:
    program = "import time; print('half way', flush=True); time.sleep(60)"
    with subprocess.Popen(
        ["git-gage", "run", "-q", "--", sys.executable, "-c", program],
        cwd=repo,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half way\n"
        assert gage_inside(repo, "output").out == "half way\n"
        assert "running" in gage_inside(repo, "list").out
        assert json.loads(gage_inside(repo, "list", "--json").out)[0]["status"] == "running"
        assert "so far: git gage output" in gage_inside(repo, "show").out
        process.send_signal(signal.SIGTERM)
    assert shown(repo)["status"] == "terminated"


def test_output_of_a_run_that_goes_on_elsewhere(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(repo, "--", "true")
    changes: dict[str, Any] = {"output": None, "status": "lost", "command": {"phases": None}}
    changes |= {"redacted": [], "heard": None}
    monkeypatch.setattr("git_gage.cli.bulk.open_output", lambda *_: None)
    monkeypatch.setattr(
        "git_gage.cli.app.App.document", lambda _app, _text: {"id": "0" * 30, **changes}
    )
    assert gage_inside(repo, "output").err == "fatal: output: not here\nhint: git gage fetch\n"
    changes["status"] = "running"
    assert gage_inside(repo, "output") == Result(0, "", "")


# -- label, push, fetch ----------------------------------------------------------------------


def test_labels_of_several_runs_at_once(repo: Path) -> None:
    first, second = (record(repo, "--", "true")["id"] for _ in range(2))
    said = gage_inside(repo, "label", "@", second, first[:17], "--set", "both")
    assert said == Result(0, "Set label for 2 runs\n", "")
    assert [shown(repo, run)["label"] for run in (first, second)] == ["both", "both"]
    assert gage_inside(repo, "label", "@", "--clear").out == "Cleared label of 1 run\n"
    assert [shown(repo, run)["label"] for run in (first, second)] == ["both", None]


def test_push_and_fetch_say_what_moved(repo: Path, tmp_path: Path) -> None:
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(repo, "remote", "add", "origin", str(hub))
    first, second = (record(repo, "--", "true")["id"] for _ in range(2))
    assert gage_inside(repo, "push", first).out == (
        "pushed 1 run to origin, with 1 commit of yours\n"
    )
    assert gage_inside(repo, "push", "origin", second).out == "pushed 1 run to origin\n"
    assert gage_inside(repo, "push", str(hub), second).out == f"{hub} is up to date\n"
    gage_inside(repo, "push", "origin")
    assert gage_inside(repo, "push").out == "origin is up to date\n"
    other = clone(hub, tmp_path / "other")
    assert gage_inside(other, "fetch").out == "fetched 2 runs from origin\n"
    assert gage_inside(other, "fetch", "origin").out == "nothing new on origin\n"
    gage_inside(repo, "label", "@", "--set", "x")
    assert gage_inside(repo, "push").out == "pushed 1 update to origin\n"
    assert gage_inside(other, "fetch").out == "fetched 1 update from origin\n"


# -- version, terminals ----------------------------------------------------------------------


def test_version(tmp_path: Path) -> None:
    found = json.loads(gage_inside(tmp_path, "version", "--json").out)
    assert list(found) == ["git-gage", "git", "python"]
    assert found["git-gage"] == __version__
    text = "".join(f"{name} {version}\n" for name, version in found.items())
    assert gage_inside(tmp_path, "version").out == text
    assert gage_inside(tmp_path, "--version").out == text


def in_terminal(where: Path, *words: str, keys: bytes = b"", **environ: str) -> str:
    """What a person sees in a terminal of 24 lines of 80 columns."""
    process, master = pty.fork()
    if process == 0:  # pragma: no cover - the other side of the fork
        os.chdir(where)
        environment = {**os.environ, **environ}
        environment.pop("COLUMNS")
        os.execvpe("git-gage", ["git-gage", *words], environment)
    seen = b""
    try:
        if keys:
            time.sleep(0.8)
            os.write(master, keys)
        while chunk := os.read(master, 1 << 16):
            seen += chunk
    except OSError:
        pass  # the terminal is gone with the program
    os.waitpid(process, 0)
    os.close(master)
    return seen.decode().replace("\r\n", "\n")


def test_in_a_terminal_a_list_is_coloured_and_output_is_tame(repo: Path) -> None:
    write_files(repo, {"evil.py": r"print('\x1b[31mred\x1b[0m\x1b]0;title\x07')"})
    gage(repo, "run", "-q", "evil.py")
    assert "\x1b[32mcompleted\x1b[0m" in in_terminal(repo, "list")
    assert "\x1b[" not in in_terminal(repo, "list", NO_COLOR="1")
    git(repo, "config", "color.ui", "never")
    assert "\x1b[" not in in_terminal(repo, "list")
    assert in_terminal(repo, "output") == "\x1b[31mred\x1b[0m\n"


def test_in_a_terminal_a_patch_is_coloured_by_git_and_tame(repo: Path) -> None:
    write_files(repo, {"evil": "\x1b]0;title\x07\n"})
    record(repo, "--", "true")
    seen = in_terminal(repo, "show", "--diff")
    assert "\x1b[32m+" in seen
    assert "\x1b]0" not in seen


def test_what_is_longer_than_the_screen_goes_to_the_pager(repo: Path) -> None:
    write_files(repo, {"long.py": "print('line\\n' * 50)"})
    gage(repo, "run", "-q", "long.py")
    assert in_terminal(repo, "output", GIT_PAGER="wc -l").split() == ["51"]
    assert in_terminal(repo, "output", GIT_PAGER="cat").count("line\n") == 50
    assert in_terminal(repo, "output", GIT_PAGER="").count("line\n") == 50
    assert in_terminal(repo, "version", GIT_PAGER="wc -l").startswith("git-gage ")


def test_a_pager_that_is_left_early_is_no_failure(repo: Path) -> None:
    write_files(repo, {"long.py": "print('line\\n' * 100000)"})
    gage(repo, "run", "-q", "long.py")
    assert in_terminal(repo, "output", GIT_PAGER="head -n 1") == "line\n"
    assert in_terminal(repo, "output", GIT_PAGER="cat").count("line\n") == 100_000
