"""People say things of runs: labels, tags, comments, attributes, alone and at the same time."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.git import open_repository
from git_gage.store import Store
from tests.support import clone, forget_identity, gage_inside, git, make_repo
from tests.unit.catalog.made_up import begin_body, end_body

NOT_HERE = "fatal: no run 'nosuch' here\n"


@pytest.fixture
def runs(repo: Path) -> Path:
    """A repository with two runs, in the rows of a list."""
    record_run(repo, 1)
    record_run(repo, 2)
    assert gage_inside(repo, "list").code == 0
    return repo


def record_run(where: Path, number: int) -> None:
    """What is left of a run, without running anything."""
    store = Store(open_repository(where, dict(os.environ)))
    by = {"name": "Ana", "email": "ana@example.com"}
    body = begin_body(number, operation="echo", config={})
    begin = store.draft("run.begin", run=None, body=body, by=by, lc=1, seq=0, prev=None)
    store.append(begin)
    ended = end_body(metrics={})
    store.append(
        store.draft("run.end", run=begin.run, body=ended, by=by, lc=2, seq=1, prev=begin.id)
    )
    store.flush()
    store.close()


def show(where: Path, *words: str) -> Any:
    result = gage_inside(where, "show", *words, "--json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def say(where: Path, *words: str, stdin: str = "") -> str:
    """What a command that succeeds prints."""
    result = gage_inside(where, *words, stdin=stdin)
    assert (result.code, result.err) == (0, ""), result
    return result.out


def refused(where: Path, *words: str, code: int = 128) -> str:
    """What a command that fails says, and nothing is recorded."""
    before = recorded(where)
    result = gage_inside(where, *words)
    assert (result.code, result.out) == (code, "")
    assert recorded(where) == before
    return result.err


def recorded(where: Path) -> str:
    return git(where, "for-each-ref", "refs/gage")


def comments(where: Path, run: str = "1") -> list[Any]:
    return list(json.loads(say(where, "comment", run, "--list", "--json")))


# -- tags ------------------------------------------------------------------------------------------


def test_the_first_words_are_runs_and_the_others_tags(runs: Path) -> None:
    assert say(runs, "tag", "1", "2", "best", "v2", "best") == "Tagged 2 runs: best, v2\n"
    assert say(runs, "tag", "1:2", "both") == "Tagged 2 runs: both\n"
    assert show(runs, "1")["tags"] == show(runs, "2")["tags"] == ["best", "both", "v2"]
    removed = say(runs, "tag", "2", "best", "both", "--delete")
    assert removed == "Took tags away from 1 run: best, both\n"
    assert say(runs, "tag") == "TAG   RUNS\nv2       2\nbest     1\nboth     1\n"
    listed = json.loads(say(runs, "tag", "--json"))
    assert listed[0] == {"tag": "v2", "runs": 2}


def test_a_tag_that_a_run_has_is_not_added_again(runs: Path) -> None:
    say(runs, "tag", "1", "best")
    before = len(show(runs, "1", "--history")["history"])
    say(runs, "tag", "1", "best")
    assert len(show(runs, "1", "--history")["history"]) == before


def test_without_tags_there_are_none_to_list(repo: Path) -> None:
    assert say(repo, "tag") == "no tags\n"
    assert json.loads(say(repo, "tag", "--json")) == []


def test_words_that_could_be_both_need_dashes(runs: Path) -> None:
    run = show(runs, "1")["id"][10:]
    for words in (("1", "2"), ("1", run), ("1", "@"), ("1", "1:2")):
        err = refused(runs, "tag", *words)
        assert err.startswith(f"fatal: '{words[-1]}' can be a run or a tag\n")
        assert f"hint: git gage tag 1 -- {words[-1]}\n" in err
    err = refused(runs, "tag", "1", "best", "2")
    assert err == "fatal: '2' can be a run or a tag\nhint: git gage tag 1 -- best 2\n"

    assert say(runs, "tag", "1", "--", "2", "best") == "Tagged 1 run: 2, best\n"
    assert say(runs, "tag", "-d", "1", "--", "2") == "Took tags away from 1 run: 2\n"
    assert show(runs, "1")["tags"] == ["best"]


def test_what_looks_like_a_run_is_no_tag_by_accident(runs: Path) -> None:
    err = refused(runs, "tag", "1", "50")
    assert err.startswith("fatal: no row '50': the last list has 2\nhint: git gage tag <run> -- 50")
    assert say(runs, "tag", "1", "2024") == "Tagged 1 run: 2024\n"


def test_tags_that_cannot_be_given_or_taken(runs: Path) -> None:
    assert refused(runs, "tag", "nosuch", "best").startswith(NOT_HERE)
    assert "give at least one run and one tag" in refused(runs, "tag", "1", code=129)
    assert "give at least one run and one tag" in refused(runs, "tag", "1", "--", code=129)
    assert "give at least one run and one tag" in refused(runs, "tag", "--", "x", code=129)
    assert "'<tag>' needs some text" in refused(runs, "tag", "1", "--", " ", code=129)
    assert "'--json' lists all tags" in refused(runs, "tag", "1", "x", "--json", code=129)
    err = refused(runs, "tag", "1", "2", "-d", "nope")
    assert (
        err == "fatal: none of these runs has the tag 'nope'\nhint: list tags with 'git gage tag'\n"
    )


def test_a_shell_is_offered_tags_behind_a_run(runs: Path) -> None:
    say(runs, "tag", "1", "best", "of two words")

    def offered(*words: str) -> str:
        asked = {"COMP_WORDS": " ".join(("git-gage", *words)), "COMP_CWORD": str(len(words))}
        return gage_inside(runs, env={"_GIT_GAGE_COMPLETE": "bash_complete", **asked}).out

    assert "best" not in offered("tag", "")
    assert "plain,best\n" in offered("tag", "1", "b")
    assert "words" not in offered("tag", "1", "o")


# -- comments --------------------------------------------------------------------------------------


def test_a_comment_is_written_shown_edited_and_deleted(runs: Path) -> None:
    said = say(runs, "comment", "1", "2", "-m", "looks good\n ", "-m", "really")
    (comment,), (other,) = comments(runs, "1"), comments(runs, "2")
    short = comment["id"][:7]
    assert said == f"Commented on 2 runs: {short}, {other['id'][:7]}\n"
    assert comment["text"] == other["text"] == "looks good\n\nreally"
    assert comment["author"] == {"name": "Ana", "email": "ana@example.com"}
    assert comment["run"] == show(runs, "1")["id"]

    assert say(runs, "comment", "1", "--edit", short, "-m", "bad") == f"Edited comment {short}\n"
    assert re.search(r"^comments +Ana, \ds ago, edited: bad$", say(runs, "show", "1"), re.M)
    listing = say(runs, "comment", "1", "--list")
    assert listing.startswith(f"comment {short}  Ana <ana@example.com>, ")
    assert listing.endswith("    bad\n")

    assert say(runs, "comment", "1", "--delete", short[:5].upper()) == f"Deleted comment {short}\n"
    assert comments(runs) == []
    both = say(runs, "comment", "1", "2", "--list")
    assert "no comments\n\nrun " in both
    assert "looks good\n\n    really\n" in both


def test_the_text_may_come_from_a_file(runs: Path) -> None:
    (runs / "note").write_bytes(b"\n# a heading  \r\n\ttext\n\n")
    say(runs, "comment", "1", "-F", "note")
    say(runs, "comment", "1", "-F", "-", stdin="from a pipe\n")
    assert [each["text"] for each in comments(runs)] == ["# a heading\n\ttext", "from a pipe"]
    assert refused(runs, "comment", "1", "-F", "none").startswith(
        "fatal: cannot read 'none': no such file or directory\nhint: give it by '-m <text>'"
    )
    (runs / "latin").write_bytes(b"caf\xe9")
    assert refused(runs, "comment", "1", "-F", "latin") == "fatal: a comment needs text in UTF-8\n"
    (runs / "long").write_bytes(b"x" * (64 * 1024 + 1))
    assert refused(runs, "comment", "1", "-F", "long") == "fatal: a comment is longer than 64 KiB\n"


def test_an_empty_comment_is_none(runs: Path) -> None:
    nothing = "nothing recorded: the comment is empty\n"
    assert refused(runs, "comment", "1", "-m", " ", code=1) == nothing
    say(runs, "comment", "1", "-m", "x")
    (comment,) = comments(runs)
    assert refused(runs, "comment", "1", "--edit", comment["id"], "-m", "", code=1) == nothing


def test_what_comment_is_meant_must_be_clear(runs: Path) -> None:
    err = refused(runs, "comment", "1", "--edit", "abc", "-m", "x")
    assert err.startswith("fatal: no comment 'abc' of that run\nhint: list them with 'git gage")
    for number in range(5):
        say(runs, "comment", "1", "-m", f"{number}")
    err = refused(runs, "comment", "1", "--delete", "")
    assert err.startswith("fatal: '' is the beginning of 5 comments of that run\nhint: list them")
    assert "'--delete' needs one run, not 2" in refused(
        runs, "comment", "1", "2", "--delete", "x", code=129
    )
    assert "'--json' needs '--list'" in refused(runs, "comment", "1", "--json", code=129)
    page = say(runs, "show", "1")
    assert "and 2 before: git gage comment" in page
    assert re.search(r"^ +Ana, \ds ago: 4$", page, re.M)


def test_there_is_no_editor_without_a_terminal(runs: Path) -> None:
    err = refused(runs, "comment", "1")
    assert err == (
        "fatal: no text for the comment, and no terminal for an editor\n"
        "hint: give it by '-m <text>', or by '-F -' from standard input\n"
    )


def typed(where: Path, *words: str, text: str = "", code: int = 0) -> str:
    """What a command prints in a terminal, with an editor that writes this text.

    The editor keeps what it was given in the file `seen`.
    """
    (where / "text").write_text(text)
    (where / "edit").write_text(f'#!/bin/sh\ncp "$2" seen\ncp text "$2"\nexit {code}\n')
    (where / "edit").chmod(0o755)
    child = pexpect.spawn(
        "git",
        ["gage", "comment", *words],
        cwd=str(where),
        env={**os.environ, "GIT_EDITOR": "./edit -n"},
        timeout=60,
        encoding="utf-8",
    )
    out: str = child.read()
    child.close()
    return f"{out}[{child.exitstatus}]".replace("\r\n", "\n")


def test_the_editor_is_the_one_that_git_opens(runs: Path) -> None:
    said = typed(runs, "1", "2", text="\nfrom an editor  \n# none\n\n")
    (comment,), (other,) = comments(runs, "1"), comments(runs, "2")
    ids = f"{comment['id'][:7]}, {other['id'][:7]}"
    assert said == f"Commented on 2 runs: {ids}\n[0]"
    assert comment["text"] == "from an editor"
    seen = (runs / "seen").read_text()
    assert seen.startswith("\n\n# Comment on\n#   ")
    assert show(runs, "1")["name"] in seen
    assert show(runs, "2")["name"] in seen
    assert not (runs / ".git/gage/COMMENT_EDITMSG").exists()


def test_an_editor_that_is_left_without_text_or_fails_records_nothing(runs: Path) -> None:
    assert typed(runs, "1", text="# nothing\n") == "nothing recorded: the comment is empty\n[1]"
    said = typed(runs, "1", text="lost?", code=3)
    assert said.startswith("fatal: the editor './edit -n' ended with exit code 3\nhint: give the")
    assert (runs / ".git/gage/COMMENT_EDITMSG").read_text() == "lost?"
    assert comments(runs) == []


def test_the_editor_begins_with_what_is_edited_and_keeps_its_headings(runs: Path) -> None:
    say(runs, "comment", "1", "-m", "# heading\ntext")
    short = comments(runs)[0]["id"][:7]
    assert typed(runs, "1", "--edit", short, text="# other\n; none\n").endswith("[0]")
    assert (runs / "seen").read_text().startswith("# heading\ntext\n\n; Comment on\n;   ")
    assert comments(runs)[0]["text"] == "# other"


# -- attributes ------------------------------------------------------------------------------------


def test_attributes_have_types_as_settings_have(runs: Path) -> None:
    assert refused(runs, "set", "1", "l:json=[").startswith("fatal: 'l' needs JSON such as [1, 2]")
    words = ("grade=a", "n=3", "f=1e-3", "yes=true", "t:str=1", "no=null", "l:json=[1, {'a': 2}]")
    said = say(runs, "set", "1", "2", *words, "big=9007199254740993")
    assert said == "Set 8 attributes of 2 runs\n"
    assert show(runs, "1")["attributes"] == {
        "grade": "a",
        "n": 3,
        "f": 0.001,
        "yes": True,
        "t": "1",
        "no": None,
        "l": [1, {"a": 2}],
        "big": "9007199254740993",
    }
    assert "grade" in say(runs, "list", "-w", "grade = a and n > 2 and t = '1'", "--json")


def test_what_people_set_counts_before_what_was_logged(repo: Path) -> None:
    log = "import os; open(os.environ['GAGE_ATTRS_FILE'], 'a').write('{\"device\": \"cpu\"}')"
    (repo / "log.py").write_text(log)
    assert gage_inside(repo, "run", "-q", "log.py").code == 0
    gage_inside(repo, "list")
    say(repo, "set", "1", "device=gpu")
    assert show(repo, "1")["attributes"] == {"device": "gpu"}
    assert say(repo, "set", "1", "-d", "device") == "Took 1 attribute of 1 run away\n"
    assert show(repo, "1")["attributes"] == {"device": "cpu"}
    (row,) = show(repo, "1", "--attrs")["attrs"]
    assert (row["origin"], row["author"]["name"], row["at"]) == ("logged", "Ana", None)


BAD_SETS = {
    "no run": (("grade=a",), "give the runs before the attributes", 129),
    "no value": (("1",), "give '<key>=<value>', or '-d <key>'", 129),
    "a word without a value": (("1", "a=1", "b"), "'b' is not <name>=<value>", 128),
    "a run that is none": (("nosuch", "a=1"), "no run 'nosuch' here", 128),
    "twice": (("1", "a=1", "a=2"), "'a' is given twice", 128),
    "no such type": (("1", "a:b=1"), "'a:b' asks for no type that there is", 128),
    "not of its type": (("1", "a:int=x"), "'a' needs a whole number (int), not 'x'", 128),
    "no name": (("1", "=x"), "'=x' is not <name>=<value>", 128),
    "a label": (("1", "label=x"), "'label' is no attribute like others", 128),
    "a tag": (("1", "tags=x"), "'tags' is no attribute like others", 128),
    "a part": (("1", "attr.x=1"), "'attr.' in front of a name", 128),
    "only a part": (("1", "metric.=1"), "'metric.' in front of a name", 128),
    "a control character": (("1", "a\x1b=1"), "has 1 to 256 visible characters", 128),
    "a long name": (("1", f"{'a' * 257}=1"), "has 1 to 256 visible characters", 128),
    "a long value": (("1", f"a={'x' * 65537}"), "attribute 'a' is longer than 64 KiB", 128),
    "bytes": (("1", "a=\udcff"), "'a' needs text in UTF-8", 128),
    "both at once": (("1", "a=1", "-d", "b"), "'-d' cannot be used with 'a=1'", 129),
    "not there": (("1", "-d", "a"), "nobody has set 'a' of these runs", 128),
}


def test_attributes_that_cannot_be_set(runs: Path) -> None:
    for case, (words, message, code) in BAD_SETS.items():
        assert message in refused(runs, "set", *words, code=code), case
    for word, hint in (("=x", "<name>=x"), ("a:int=x", "a:str=x"), ("a:b=1", "a:str=1")):
        assert refused(runs, "set", "1", word).endswith(f"\nhint: {hint}\n")
    say(runs, "set", "1", "a:str=x")


# -- who said what ---------------------------------------------------------------------------------


def test_who_said_what_when(runs: Path) -> None:
    assert say(runs, "show", "1", "--attrs") == "no attributes\n"
    say(runs, "label", "1", "--set", "wide")
    say(runs, "tag", "1", "best")
    say(runs, "set", "1", "grade=a")
    rows = show(runs, "1", "--attrs")["attrs"]
    told = [(row["part"], row["name"], row["value"], row["origin"]) for row in rows]
    assert told == [
        ("label", None, "wide", "user"),
        ("tag", "best", None, "user"),
        ("attribute", "grade", "a", "user"),
    ]
    assert {row["author"]["name"] for row in rows} == {"Ana"}
    table = [line.split()[:4] for line in say(runs, "show", "1", "--attrs").splitlines()]
    assert table[1:] == [
        ["label", "wide", "user", "Ana"],
        ["tag", "best", "user", "Ana"],
        ["grade", "a", "user", "Ana"],
    ]


def test_the_history_of_a_run(runs: Path) -> None:
    say(runs, "label", "1", "--set", "a")
    say(runs, "label", "1", "--clear")
    say(runs, "tag", "1", "x")
    say(runs, "tag", "1", "x", "-d")
    say(runs, "comment", "1", "-m", "first\nmore")
    short = comments(runs)[0]["id"][:7]
    say(runs, "comment", "1", "--edit", short, "-m", "second")
    say(runs, "comment", "1", "--delete", short)
    told = [
        re.split(r"  +", line.partition("Ana")[2].strip())
        for line in say(runs, "show", "1", "--history").splitlines()[1:]
    ]
    assert told == [
        ["began echo"],
        ["ended: completed"],
        ["set label: a", "superseded"],
        ["took label away"],
        ["tagged: x", "superseded"],
        ["took tag away: x"],
        [f"comment {short}: first", "superseded"],
        [f"comment {short} now: second", "superseded"],
        [f"delete comment {short}"],
    ]
    history = show(runs, "1", "--history")["history"]
    assert [each["kind"] for each in history[:3]] == ["run.begin", "run.end", "attr.set"]
    label, clear = history[2:4]
    assert (label["about"], label["value"], label["superseded"]) == ("label", "a", True)
    assert (clear["deps"], clear["value"], clear["superseded"]) == ([label["record"]], None, False)
    assert all(each["applied"] and not each["request"] for each in history)
    assert set(show(runs, "1", "--history", "--attrs")) == {"id", "attrs", "history"}


def test_what_is_said_without_an_identity_is_somebodys(runs: Path) -> None:
    forget_identity(runs)
    say(runs, "comment", "1", "-m", "who?")
    assert comments(runs)[0]["author"] is None
    assert "somebody, " in say(runs, "comment", "1", "--list")
    say(runs, "comment", "1", "--edit", comments(runs)[0]["id"], "-m", "me, in the same clone")
    assert comments(runs)[0]["text"] == "me, in the same clone"


def test_what_people_say_cannot_steer_the_terminal(runs: Path) -> None:
    say(runs, "comment", "1", "-m", "a\x1b]52;c;x\x07\n\u202eb")
    say(runs, "tag", "1", "t\x1b[2J")
    say(runs, "set", "1", "a=\x1b[31m")
    for words in (
        ("show", "1"),
        ("show", "1", "--attrs", "--history"),
        ("comment", "1", "--list"),
        ("comment", "1", "--list", "--json"),
        ("tag",),
    ):
        out = say(runs, *words)
        assert not {"\x1b", "\x07", "\u202e"} & set(out), words


# -- two people ------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Clones of Ana and Bob that both have one run, in row 1."""
    hub = tmp_path / "hub.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(hub))
    ana = make_repo(tmp_path / "ana")
    git(ana, "remote", "add", "origin", str(hub))
    git(ana, "push", "-q", "origin", "main")
    bob = clone(hub, tmp_path / "bob", name="Bob")
    record_run(ana, 1)
    gage_inside(ana, "push")
    gage_inside(bob, "fetch")
    for where in (ana, bob):
        assert gage_inside(where, "list").code == 0
    return ana, bob


def exchange(*clones: Path) -> None:
    for command in ("push", "fetch"):
        for where in clones:
            assert gage_inside(where, command).code == 0


def state(where: Path) -> Any:
    document = show(where, "1")
    keys = ("label", "tags", "comments", "attributes", "attribute_origins")
    both = {key: document[key] for key in keys}, show(where, "1", "--history", "--attrs")
    return without_verdicts(both)


def without_verdicts(value: Any) -> Any:
    """What somebody wrote in a clone is judged in the others alone."""
    if isinstance(value, dict):
        return {key: without_verdicts(each) for key, each in value.items() if key != "state"}
    return [without_verdicts(each) for each in value] if isinstance(value, list | tuple) else value


def test_two_people_at_once_end_up_with_the_same(two: tuple[Path, Path]) -> None:
    ana, bob = two
    say(ana, "tag", "1", "best")
    exchange(ana, bob)
    for where, name in ((ana, "ana"), (bob, "bob")):
        say(where, "label", "1", "--set", f"by {name}")
        say(where, "set", "1", f"grade={name}", f"{name}=1")
        say(where, "comment", "1", "-m", f"{name} was here")
        say(where, "tag", "1", name)
    say(ana, "tag", "1", "best", "-d")
    say(bob, "tag", "1", "best", "-d")
    say(bob, "tag", "1", "best")
    exchange(ana, bob)
    assert state(ana) == state(bob)
    document = show(ana, "1")
    assert document["tags"] == ["ana", "best", "bob"]
    assert document["label"] == "by bob"  # the clocks are equal, and Bob was later
    assert {key: document["attributes"][key] for key in ("ana", "bob")} == {"ana": 1, "bob": 1}
    assert sorted(each["text"] for each in document["comments"]) == ["ana was here", "bob was here"]


def test_a_change_of_somebody_elses_comment_is_a_request(two: tuple[Path, Path]) -> None:
    ana, bob = two
    say(ana, "comment", "1", "-m", "looks good")
    exchange(ana, bob)
    short = comments(bob)[0]["id"][:7]
    said = say(bob, "comment", "1", "--edit", short, "-m", "looks bad\nvery")
    owner = "Ana <ana@example.com>"
    assert said == f"Recorded a request: comment {short} is for {owner} to change\n"
    say(bob, "comment", "1", "--delete", short)
    exchange(bob, ana)
    assert state(ana) == state(bob)
    assert [(each["text"], len(each["requests"])) for each in comments(ana)] == [("looks good", 2)]
    listing = say(ana, "comment", "1", "--list")
    assert "asks for another text:\n      looks bad\n      very\n" in listing
    assert "asks to delete it\n" in listing
    assert say(ana, "show", "1", "--history").count("a request\n") == 2

    say(ana, "comment", "1", "--edit", short, "-m", "as you like")
    exchange(ana, bob)
    assert [(each["text"], each["requests"]) for each in comments(bob)] == [("as you like", [])]


def test_an_author_edits_from_another_clone_of_theirs(two: tuple[Path, Path]) -> None:
    ana, bob = two
    say(ana, "comment", "1", "-m", "at home")
    exchange(ana, bob)
    git(bob, "config", "user.name", "Ana")
    git(bob, "config", "user.email", "ana@example.com")
    say(bob, "comment", "1", "--edit", comments(bob)[0]["id"], "-m", "at work")
    say(ana, "comment", "1", "--edit", comments(ana)[0]["id"], "-m", "still at home")
    exchange(ana, bob)
    assert state(ana) == state(bob)
    assert comments(ana)[0]["text"] in ("at work", "still at home")
    edits = [each for each in show(ana, "1", "--history")["history"] if "edit" in each["kind"]]
    assert [each["superseded"] for each in edits].count(True) == 1
