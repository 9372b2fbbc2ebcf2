"""Runs are put out of sight and come back; nothing of them is gone meanwhile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.support import clone, commit, gage, gage_inside, git, write_files

HUSH = "import os\nprint('loss:', len(os.environ.get('WORD', '')))\n"


def say(where: Path, *words: str) -> str:
    """What a command answers that is done."""
    done = gage_inside(where, *words)
    assert done.code == 0, done.err
    return done.out


def listed(where: Path, *words: str) -> list[str]:
    return [each["id"] for each in json.loads(say(where, "list", "--all", "--json", *words))]


def show(where: Path, run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(say(where, "show", run, "--json"))
    return found


def run(where: Path, *words: str) -> str:
    say(where, "run", "-q", *(words or ("train.py",)))
    return str(show(where, "@")["id"])


@pytest.fixture
def runs(repo: Path) -> tuple[Path, list[str]]:
    """Three runs, the oldest first."""
    write_files(repo, {"train.py": HUSH})
    commit(repo)
    return repo, [run(repo) for _ in range(3)]


def test_a_deleted_run_is_out_of_sight_and_comes_back(runs: tuple[Path, list[str]]) -> None:
    repo, (one, two, three) = runs
    asked = gage_inside(repo, "rm", three)
    assert (asked.code, asked.out) == (1, "")
    assert "train.py, completed" in asked.err
    assert "nobody can be asked" in asked.err
    done = gage_inside(repo, "rm", "-y", three)
    assert done.out == "Deleted 1 run\n"
    assert done.err == f"hint: undo it with 'git gage restore {three[10:17]}'\n"
    assert listed(repo) == [two, one]
    assert "of 2" not in say(repo, "list")
    assert listed(repo, "-w", "op = train") == listed(repo, "--sort", "loss") == [two, one]
    assert listed(repo, "--deleted") == listed(repo, "-w", "deleted") == [three]
    assert listed(repo, "-w", "not deleted") == [two, one]
    assert show(repo, "@")["id"] == two
    assert show(repo, "train@")["id"] == two
    assert say(repo, "best", "loss") == f"{two}\n"
    shown = say(repo, "show", three)
    assert re.search(r"^deleted +Ana, \ds ago, git gage restore ", shown, re.M)
    assert "delete the run" in say(repo, "show", three, "--history")
    hint = "hint: see them with 'git gage list --deleted'\n"
    for word, told in (
        ("@~2", "fewer runs here were begun in this clone"),
        ("train@~2", "'train.py' has fewer runs"),
    ):
        refused = gage_inside(repo, "show", word).err
        assert refused == f"fatal: no run '{word}': without deleted ones {told}\n{hint}"
    again = gage_inside(repo, "delete", "-y", three)
    assert (again.code, again.out) == (1, "")
    assert "nothing to do" in again.err

    assert say(repo, "restore", three) == "Restored 1 run\n"
    assert listed(repo) == [three, two, one]
    assert show(repo, three)["deleted"] is None
    assert gage_inside(repo, "restore", three).code == 1

    say(repo, "rm", "-y", one, two, three)
    for word in ("@", "@~2"):
        told = "fatal: each run that was begun in this clone is deleted\n"
        assert gage_inside(repo, "restore", word).err == told + hint
    assert (
        gage_inside(repo, "show", "train@").err == f"fatal: each run of 'train' is deleted\n{hint}"
    )


def test_an_archive_has_a_name_and_a_note(runs: tuple[Path, list[str]]) -> None:
    repo, (one, two, three) = runs
    assert say(repo, "archive", "--list") == "no archives\n"
    say(repo, "archive", one, "--to", "spring", "-m", "too old\nto look at")
    assert say(repo, "archive", two) == "Archived 1 run\n"
    assert listed(repo) == [three]
    assert listed(repo, "--archived") == [two, one]
    assert listed(repo, "--archived=spring") == listed(repo, "-w", "archived = spring") == [one]
    assert say(repo, "archive", "--list") == "ARCHIVE  RUNS\n-           1\nspring      1\n"
    rows = json.loads(say(repo, "archive", "--list", "--json"))
    assert rows == [{"name": "", "runs": 1}, {"name": "spring", "runs": 1}]
    archived = show(repo, one)["archived"]
    assert (archived["name"], archived["note"]) == ("spring", "too old\nto look at")
    shown = say(repo, "show", one)
    assert re.search(r"^archived +Ana, \ds ago, as spring: too old, git gage restore", shown, re.M)
    history = say(repo, "show", one, "--history")
    assert "archive the run as spring: too old" in history
    assert show(repo, "@")["id"] == three
    assert gage_inside(repo, "archive", one, "--to", "spring", "-m", "too old\nto look at").code

    say(repo, "archive", one, "--to", "autumn")
    assert listed(repo, "--archived=spring") == []
    say(repo, "rm", "-y", one)
    assert listed(repo, "--archived") == [two]
    assert listed(repo, "--archived", "--deleted") == [two, one]
    assert "no run matches" in gage_inside(repo, "list", "--archived=winter").err
    say(repo, "archive", "--all", "--to", "winter")
    assert listed(repo) == []
    assert "no runs are listed: 3 runs put away" in gage_inside(repo, "list").err
    assert say(repo, "restore", "-w", "deleted or archived") == "Restored 3 runs\n"
    assert listed(repo) == [three, two, one]


def test_what_cannot_be_put_away_is_refused(runs: tuple[Path, list[str]]) -> None:
    repo, (one, *_) = runs
    for words in (
        ("archive", one, "--all"),
        ("archive", one, "--list"),
        ("archive", one, "--json"),
        ("archive",),
        ("rm",),
    ):
        assert gage_inside(repo, *words).code == 129
    token = "ghp_" + "a1B2" * 9
    assert gage_inside(repo, "archive", one, "-m", f"for {token}").code == 1
    assert gage_inside(repo, "rm", "-y", "-w", "loss > 9").code == 1
    assert gage(repo, "run", "-q", "--detach", "--", "sleep", "30").code == 0
    refused = gage_inside(repo, "rm", "-y", "@")
    assert (refused.code, "goes on\nhint: git gage stop" in refused.err) == (128, True)
    assert gage(repo, "stop", "@").code == 0


def test_a_person_is_asked(runs: tuple[Path, list[str]]) -> None:
    repo, many = runs
    for answer, code in (("n", 1), ("y", 0)):
        child = pexpect.spawn("git", ["gage", "rm", *many], cwd=repo, encoding="utf-8", timeout=20)
        child.expect(r"Delete 3 runs\?")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == code
    assert listed(repo) == []


def test_no_is_the_same_answer_everywhere(
    runs: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, (one, *_) = runs
    monkeypatch.setattr("git_gage.cli.consent.can_ask", lambda: True)
    for words, done in (
        (("rm", one), "changed"),
        (("purge", one), "changed"),
        (("redact", "--output", one), "changed"),
        (("copy", one, "--to", str(tmp_path / "there")), "copied"),
    ):
        asked = gage_inside(repo, *words, stdin="n\n")
        assert (asked.code, asked.out) == (1, "")
        assert asked.err.endswith(f"error: nothing was {done}\n"), asked.err


def test_of_many_runs_the_first_are_told(
    runs: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, (one, *_) = runs
    say(repo, "label", one, "--set", "first")
    monkeypatch.setattr("git_gage.cli.put_away.MOST_TOLD", 2)
    monkeypatch.setattr("git_gage.cli.put_away.MOST_NAMED", 2)
    asked = gage_inside(repo, "rm", "1:3")
    assert "no rows" in asked.err
    say(repo, "list")
    assert "no rows '3:1': they end before they begin\n" in gage_inside(repo, "rm", "3:1").err
    assert "no rows '8:9': the last list has 3\n" in gage_inside(repo, "rm", "8:9").err
    asked = gage_inside(repo, "rm", "3", "1:2")
    assert "completed, first\n" in asked.err
    assert "and 1 more\n" in asked.err
    assert "restore <run>..." in gage_inside(repo, "rm", "-y", "1:3").err


def test_a_shell_is_offered_what_can_be_meant(runs: tuple[Path, list[str]]) -> None:
    repo, (one, two, three) = runs
    say(repo, "rm", "-y", one)
    say(repo, "archive", two)

    def offered(*words: str) -> set[str]:
        asked = {
            "COMP_WORDS": " ".join(("git-gage", *words, "")),
            "COMP_CWORD": str(1 + len(words)),
        }
        out = gage_inside(repo, env={"_GIT_GAGE_COMPLETE": "bash_complete", **asked}).out
        return set(re.findall(r"^plain,([0-9a-z]{7})", out, re.M))

    assert offered("show") == {two[10:17], three[10:17]}
    assert offered("restore") == {one[10:17], two[10:17]}


# -- others ----------------------------------------------------------------------------------------


@pytest.fixture
def pair(runs: tuple[Path, list[str]], tmp_path: Path) -> tuple[Path, Path, list[str]]:
    """Ana and Bob with Ana's runs, and a remote between them."""
    repo, ids = runs
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    say(repo, "push")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    say(bob, "fetch")
    return repo, bob, ids


def test_a_delete_travels_and_no_fetch_undoes_it(pair: tuple[Path, Path, list[str]]) -> None:
    ana, bob, (one, two, three) = pair
    say(ana, "rm", "-y", one)
    say(ana, "archive", two, "--to", "old")
    say(ana, "fetch")
    assert listed(ana) == [three]
    say(ana, "push")
    say(bob, "fetch")
    assert listed(bob) == [three]
    assert listed(bob, "--archived=old") == [two]
    say(ana, "restore", one, two)
    say(ana, "push")
    say(bob, "fetch")
    assert listed(bob) == [three, two, one]


def test_what_somebody_else_deletes_is_gone_there_and_a_request_elsewhere(
    pair: tuple[Path, Path, list[str]],
) -> None:
    ana, bob, (one, two, three) = pair
    done = gage_inside(bob, "rm", "-y", one)
    assert done.err.startswith(
        "it was begun elsewhere: for others this is a request, until whoever\n"
        "began it does the same\n"
    )
    say(bob, "archive", two, "--to", "old")
    say(bob, "fetch")
    assert listed(bob) == [three]
    say(bob, "push")
    say(ana, "fetch")
    assert listed(ana) == [three, two, one]
    (asked,) = show(ana, one)["asked"]
    assert (asked["kind"], asked["author"]["name"]) == ("run.delete", "Bob")
    assert re.search(r"^asked +Bob, \d+s ago, asks to delete it$", say(ana, "show", one), re.M)
    assert "asks to archive it as old" in say(ana, "show", two)
    both = gage_inside(bob, "archive", "-y", one, two)
    assert "2 of them were begun elsewhere: for others these are requests" in both.err
    assert "a request" in say(ana, "show", one, "--history")
    say(ana, "restore", one)
    assert show(ana, one)["asked"] == []
    say(ana, "rm", "-y", two)
    assert show(ana, two)["asked"] == []
    say(ana, "push")
    say(bob, "fetch")
    assert listed(bob) == [three, one]
