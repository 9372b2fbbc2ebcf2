"""`git gage verify`: who wrote what of a run, asked by whoever has a clone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from git_gage.errors import RequestError
from git_gage.records import Record, parse_record, short_id
from git_gage.runs.project import is_other_project
from tests.git.trust.story import allow, done, gage, sign_with, states, verify
from tests.signing import NAMESPACE, fingerprint, read_all
from tests.support import clone, git, make_repo

# -- a first look ---------------------------------------------------------------------------------


def test_who_has_set_up_nothing_has_verified_records(repo: Path) -> None:
    result = gage(repo, "verify")
    assert (result.code, result.err) == (0, "")
    assert (
        re.sub(r" \d+[sm] ", " 0s ", result.out)
        == """\
G  verified  ana@example.com  0s  begin  "true"       your own key
G  verified  ana@example.com  0s  end    "completed"  your own key
G  verified  ana@example.com  0s  label  "mine"       your own key
3 of 3 verified
"""
    )


def test_an_object_a_record_for_programs(repo: Path) -> None:
    (record,) = verify(repo, "--attr", "label")
    (written,) = (each for each in read_all(repo) if each.kind == "attr.set")
    assert record == {
        "record": written.id,
        "run": written.run,
        "kind": "attr.set",
        "state": "G",
        "principal": "ana@example.com",
        "claimed": "ana@example.com",
        "key": (written.by or {})["key"],
        "time": written.at,
        "reason": "your own key",
        "flagged": False,
        "admin": False,
    }


def test_a_colleague_is_unknown_until_somebody_says_whose_key_it_is(
    repo: Path, sams: Path, sam: Path
) -> None:
    for path in (repo / ".git/gage").glob("catalog.db*"):
        path.unlink()  # what was here before is no news for all that
    fetched = done(repo, "fetch")
    assert fetched == "fetched 1 update from origin (1 record: 1 unknown key)\n"
    fresh = clone(repo.parent / "hub.git", repo.parent / "fresh", name="Bob")
    assert done(fresh, "fetch") == "fetched 1 run from origin (4 records: 4 unknown key)\n"
    assert gage(repo, "verify", "@", "--attr", "comment").code == 1
    (record,) = verify(repo, "@", "--attr", "comment")
    assert (record["state"], record["principal"]) == ("U", None)
    assert (record["claimed"], record["key"]) == ("sam@example.com", fingerprint(sam))
    allow(repo, "sam@example.com", sam)
    (record,) = verify(repo, "@", "--attr", "comment")
    assert (record["state"], record["principal"]) == ("G", "sam@example.com")
    assert states(repo, "--by", "sam@example.com") == "G"
    assert states(repo, "--by", "Sam") == "G"
    assert states(repo, "--by", fingerprint(sam)) == "G"
    assert states(repo, "--all") == "GGGG"


def test_nothing_that_was_asked_for_is_not_good(repo: Path) -> None:
    assert gage(repo, "verify", "--by", "nobody@example.com") == (1, "", "no such record\n")
    assert gage(repo, "verify", "--by", "nobody", "--json") == (1, "[]\n", "")
    assert gage(repo, "verify", "--all", "@").code == 129
    assert gage(repo, "verify", "nosuchrun").code == 128


@pytest.mark.parametrize(
    ("required", "code", "last"),
    [
        ("trusted", 1, "3 of 4 verified"),
        ("signed", 0, "4 of 4 signed"),
        ("none", 0, "4 of 4 not false"),
    ],
)
def test_what_is_good_enough_can_be_said(
    repo: Path, sams: Path, required: str, code: int, last: str
) -> None:
    done(repo, "fetch")
    result = gage(repo, "verify", "--require", required)
    assert (result.code, result.out.splitlines()[-1]) == (code, last)


def test_unsigned_records_are_enough_only_if_nothing_is_required(repo: Path) -> None:
    done(repo, "label", "@", "--set", "x", "--no-sign")
    assert states(repo, "--attr", "label") == "GN"
    assert gage(repo, "verify", "--require", "signed").code == 1
    assert gage(repo, "verify", "--require", "none").code == 0


@pytest.mark.parametrize("columns", [80, 140])
def test_lines_fit_the_screen_and_say_who_before_what(
    repo: Path, sams: Path, sam: Path, bob: Path, columns: int
) -> None:
    """Whatever a record says, it cannot look like a verdict, nor like a line of its own."""
    forged = 'x"  G  verified  sam@example.com\nG  verified  sam@example.com \x1b[2J\u202e'
    sign_with(sams, bob)
    done(sams, "comment", "1", "-m", forged)
    done(sams, "push", "origin", "1")
    done(repo, "fetch")
    allow(repo, "sam@example.com", sam)
    env = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    out = gage(repo, "verify", "--attr", "comment", env=env).out
    assert max(map(len, out.splitlines())) <= columns
    *lines, last = out.splitlines()
    assert [line[0] for line in lines] == ["G", "U"]
    assert last == "1 of 2 verified"
    assert '"sam@example.com"' in lines[1]
    assert "claims sam@example.com" in lines[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    whole = gage(repo, "verify", "--attr", "comment", env={"COLUMNS": "400"}).out.splitlines()[1]
    assert '"x\\"  G  verified  sam@example.com\\\\nG  verified' in whole
    painted = gage(repo, "verify", "--attr", "comment", "--color", "always").out
    assert painted.startswith("\x1b[32mG\x1b[0m")


def test_records_of_several_runs_say_which(repo: Path) -> None:
    done(repo, "run", "-q", "--", "true")
    ids = [each["id"] for each in json.loads(done(repo, "list", "--json"))]
    lines = gage(repo, "verify", "--all").out.splitlines()
    assert {line.split()[2] for line in lines[:-1]} == {short_id(each) for each in ids}


# -- what stock tools say ------------------------------------------------------------------------


def only_comment(where: Path) -> Record:
    (record,) = (each for each in read_all(where) if each.kind == "comment.add")
    return record


def ssh_keygen_says(where: Path, record: Record, who: str) -> bool:
    """Whether stock ssh-keygen takes the record as signed by somebody, by git's own files."""
    assert record.sig is not None
    (where / "sig").write_text(record.sig)
    revoked = where / ".git" / "revoked"
    time = record.at[:19].translate(str.maketrans("", "", "-:T"))
    done = subprocess.run(
        [
            *("ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", who, "-s", where / "sig"),
            *("-f", where / ".git" / "signers", "-O", f"verify-time={time}Z"),
            *(("-r", revoked) if revoked.exists() else ()),
        ],
        input=record.payload,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def test_every_state_of_an_ssh_key_as_ssh_keygen_has_it(
    repo: Path, sams: Path, sam: Path, bob: Path
) -> None:
    done(repo, "fetch")
    record = only_comment(repo)
    signers = repo / ".git" / "signers"
    told = {}

    def look(name: str) -> None:
        (found,) = verify(repo, "@", "--attr", "comment")
        told[name] = found["state"], ssh_keygen_says(repo, record, "sam@example.com")
        signers.unlink()

    allow(repo, "bob@example.com", bob)
    look("unknown")
    allow(repo, "bob@example.com", sam)
    look("another's")
    allow(repo, "sam@example.com", sam)
    look("known")
    allow(repo, "sam@example.com", sam, 'valid-before="20200101Z"')
    look("expired")
    allow(repo, "sam@example.com", sam, 'namespaces="git"')
    look("for other uses")
    allow(repo, "sam@example.com", sam)
    shutil.copy(f"{sam}.pub", repo / ".git" / "revoked")
    git(repo, "config", "gpg.ssh.revocationFile", str(repo / ".git" / "revoked"))
    look("revoked")
    assert told == {
        "unknown": ("U", False),
        "another's": ("M", False),
        "known": ("G", True),
        "expired": ("Y", False),
        "for other uses": ("U", False),
        "revoked": ("R", False),
    }


def put(where: Path, *lines: bytes) -> None:
    """Put lines into a clone's journal, as somebody with a text editor would."""
    journal = where / ".git" / "gage" / "journal"
    head = b'{"host":"x","journal":1,"pid":1}\n'
    (journal / "1-1-aaaaaa.jsonl").write_bytes(head + b"".join(line + b"\n" for line in lines))


def test_a_record_that_was_edited_is_bad(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "fetch")
    allow(repo, "sam@example.com", sam)
    record = only_comment(repo)
    forged = parse_record(record.line.replace(b"looks good", b"looks odd!"))
    put(repo, forged.line)
    assert sorted(states(repo, "--attr", "comment")) == ["B", "G"]
    assert not ssh_keygen_says(repo, forged, "sam@example.com")
    comments = json.loads(done(repo, "show", "--json"))["comments"]
    assert [comment["text"] for comment in comments] == ["looks good"]


def test_of_another_project_nothing_is_verified(
    tmp_path: Path, repo: Path, sams: Path, sam: Path
) -> None:
    """Sam's words on one project, carried into another one by whoever has both."""
    other = make_repo(tmp_path / "other", files={"other.py": "pass\n"})
    git(other, "fetch", "-q", str(sams), "refs/gage/w/*:refs/gage-remotes/x/w/*")
    git(other, "fetch", "-q", str(sams), "refs/gage-remotes/origin/w/*:refs/gage-remotes/x/w/*")
    allow(other, "sam@example.com", sam)
    found = verify(other, "--all", "--attr", "comment")
    assert [(each["state"], each["reason"]) for each in found] == [("M", "of another project")]


# -- what counts ---------------------------------------------------------------------------------


def comments(where: Path) -> list[str]:
    return [each["text"] for each in json.loads(done(where, "show", "@", "--json"))["comments"]]


def test_a_false_claim_is_kept_and_does_not_count(
    repo: Path, sams: Path, sam: Path, bob: Path
) -> None:
    sign_with(sams, bob)
    done(sams, "label", "1", "--set", "not by sam")
    done(sams, "push", "origin", "1")
    done(repo, "fetch")
    assert json.loads(done(repo, "show", "@", "--json"))["label"] == "not by sam"
    allow(repo, "sam@example.com", sam)
    assert json.loads(done(repo, "show", "@", "--json"))["label"] == "mine"
    assert comments(repo) == ["looks good"]
    git(repo, "config", "gage.apply", "all")
    assert json.loads(done(repo, "show", "@", "--json"))["label"] == "not by sam"


def test_only_what_is_verified_counts_if_so_wanted(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "fetch")
    assert comments(repo) == ["looks good"]
    git(repo, "config", "gage.apply", "trusted")
    assert comments(repo) == []
    allow(repo, "sam@example.com", sam)
    assert comments(repo) == ["looks good"]


def test_a_setting_that_cannot_be_is_told(repo: Path, sams: Path) -> None:
    git(repo, "config", "gage.apply", "never")
    result = gage(repo, "fetch")
    assert result.code == 128
    assert "'gage.apply' can be unflagged, trusted or all: 'never'" in result.err


def test_a_fetch_of_much_does_not_wait_for_verdicts(
    repo: Path, sams: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.cli.moving.MOST_JUDGED", 0)
    assert done(repo, "fetch") == "fetched 1 update from origin\n"


# -- trust files ---------------------------------------------------------------------------------


def test_the_ids_of_projects_are_compared_with_their_like() -> None:
    root, other = "a" * 40, "b" * 40
    assert is_other_project({"id": [root]}, frozenset([other]))
    assert not is_other_project({"id": [root]}, frozenset([other, root]))
    assert not is_other_project({"id": [root]}, frozenset(["digits"]))
    assert is_other_project({"id": ["digits"]}, frozenset(["letters", root]))
    assert not is_other_project({"id": None}, frozenset([root]))
    assert not is_other_project({"id": [1]}, frozenset([root]))
    assert not is_other_project(None, frozenset([root]))
    assert not is_other_project({"id": [root]}, frozenset())


def test_a_project_by_its_name_and_one_whose_gagefile_is_broken(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever verifies need not be able to run, nor to write."""
    (repo / "gage.yaml").write_text("- $project-id: digits\n")
    assert states(repo) == "GGG"
    (repo / "gage.yaml").write_text("- nonsense: [\n")
    (repo / ".git" / "gage" / "cache" / "roots.json").unlink()

    def refuse(*_: object) -> None:
        raise RequestError("no permission")

    monkeypatch.setattr("git_gage.runs.project.write_json", refuse)
    assert states(repo) == "GGG"


def test_a_bare_clone_has_no_gagefile(repo: Path) -> None:
    assert states(repo / ".git") == "GGG"


def test_a_bad_line_is_told_and_the_others_count(repo: Path, sams: Path, sam: Path) -> None:
    done(repo, "fetch")
    allow(repo, "sam@example.com", sam)
    signers = repo / ".git" / "signers"
    signers.write_text("nonsense\n" + signers.read_text())
    result = gage(repo, "verify", "--attr", "comment")
    assert result.code == 0
    assert "signers:1:" in result.err


def test_a_list_of_revoked_keys_that_is_not_there_is_told(repo: Path) -> None:
    git(repo, "config", "gpg.ssh.revocationFile", "nowhere")
    result = gage(repo, "verify")
    assert result.code == 0
    assert "gpg.ssh.revocationfile names a file that is not there" in result.err.lower()


def test_a_list_of_revoked_keys_that_cannot_be_read_stops_all(repo: Path) -> None:
    git(repo, "config", "gpg.ssh.revocationFile", ".")
    assert states(repo) == "EEE"
    git(repo, "config", "gpg.ssh.allowedSignersFile", ".")
    assert "cannot be read" in gage(repo, "verify").err


def test_a_key_that_a_repository_names_is_not_ones_own_without_its_private_half(
    repo: Path, tmp_path: Path, bob: Path
) -> None:
    """Whoever hands over a repository may have written its config."""
    sign_with(repo, bob)
    done(repo, "label", "@", "--set", "x")
    assert states(repo, "--attr", "label") == "GG"
    bob.unlink()
    sign_with(repo, bob.with_name("bob.pub"))
    assert states(repo, "--attr", "label") == "GU"
    sign_with(repo, Path(bob.with_name("bob.pub").read_text().strip()))
    assert states(repo, "--attr", "label") == "GU"
    git(repo, "config", "--unset", "user.signingKey")
    git(repo, "config", "--global", "user.signingKey", bob.with_name("bob.pub").read_text().strip())
    assert states(repo, "--attr", "label") == "GG"
    git(repo, "config", "--global", "user.signingKey", "ssh-nonsense")
    assert states(repo, "--attr", "label") == "GU"
