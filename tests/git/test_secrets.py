"""Secrets do not get into records: what is refused, what is covered, and what is said of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.git import open_repository
from git_gage.git.imports import Commit, import_commits
from git_gage.records import short_id
from git_gage.runs.attributes import add_tags
from git_gage.secrets import SecretsFoundError
from git_gage.share import leaks
from git_gage.share.delivery import Load
from git_gage.share.lanes import own_refs
from git_gage.store import Store
from git_gage.store.clean import read_clean_tips
from tests.support import TRAIN, commit, git, make_repo, write_files
from tests.support import gage_inside as gage
from tests.unit.secrets.tokens import make_tokens

TOKENS = make_tokens(11)
GITHUB, HUGGING = TOKENS["github classic"], TOKENS["hugging face"]


def objects_of(repo: Path) -> bytes:
    """All bytes of all objects."""
    words = ["cat-file", "--batch-all-objects", "--batch", "--unordered"]
    return git(repo, *words).encode(errors="surrogateescape")


def everything(repo: Path) -> bytes:
    """The same, and all bytes of the files of git-gage."""
    objects = objects_of(repo)
    files = [path for path in (repo / ".git" / "gage").rglob("*") if path.is_file()]
    return objects + b"".join(path.read_bytes() for path in files)


def assert_nothing_was_recorded(repo: Path) -> None:
    assert not git(repo, "for-each-ref", "refs/gage")
    assert not list((repo / ".git" / "gage").glob("journal/*"))
    assert not list((repo / ".git" / "gage").glob("state/*"))


def newest(repo: Path) -> str:
    return str(json.loads(gage(repo, "show", "@", "--json").out)["id"])


def begin_of(repo: Path) -> dict[str, Any]:
    """The newest record of the beginning of a run."""
    tips = git(repo, "for-each-ref", "--format=%(refname)", "refs/gage/w").split()
    lines = [
        line
        for tip in tips
        if tip.endswith("/log")
        for blob in git(repo, "ls-tree", "-r", "--object-only", tip).split()
        for line in git(repo, "cat-file", "blob", blob).splitlines()
    ]
    records = [json.loads(line) for line in lines]
    begun = [record for record in records if record["kind"] == "run.begin"]
    return dict(max(begun, key=lambda record: str(record["at"]))["body"])


# -- refused before anything is written ------------------------------------------------------------


@pytest.mark.parametrize("name", ["train.py", "notes/new.txt"])
def test_a_secret_in_what_is_not_committed_stops_a_run(repo: Path, name: str) -> None:
    write_files(repo, {name: f"{TRAIN}# a\ntoken = '{GITHUB}'\n"})
    done = gage(repo, "run", "train.py")
    assert done.code == 1
    line = TRAIN.count("\n") + 2
    assert f"error: this looks like a secret: {name}:{line}: GitHub token" in done.err
    assert "hint: name the file in .gitignore" in done.err
    assert GITHUB not in done.err + done.out
    assert_nothing_was_recorded(repo)
    assert GITHUB.encode() not in everything(repo)
    assert gage(repo, "run", "--preview", "train.py").code == 1
    (repo / ".git/info/exclude").write_text("notes\n")
    if name != "train.py":
        assert gage(repo, "run", "train.py").code == 0
        return
    assert gage(repo, "run", "--allow-secrets", "train.py").code == 0
    assert gage(repo, "restart", "@").code == 1
    assert gage(repo, "restart", "@", "--allow-secrets").code == 0


def test_what_is_committed_already_stops_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"train.py": f"{TRAIN}token = '{GITHUB}'\n"})
    write_files(repo, {"other.py": "x = 1\n"})
    assert gage(repo, "run", "train.py").code == 0
    assert gage(repo, "restart", "@", "--code", "latest").code == 0
    assert gage(repo, "restart", "@").code == 0


def test_a_secret_before_the_first_commit_stops_a_run(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "r", files={"a.sh": f"curl {GITHUB}\n"}, commit=False)
    done = gage(repo, "run", "--", "true")
    assert (done.code, "a.sh:1: GitHub token" in done.err) == (1, True)


def test_a_secret_in_the_command_or_in_words_stops_a_run(repo: Path) -> None:
    done = gage(repo, "run", "--", "echo", HUGGING)
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        "error: this looks like a secret: the command: Hugging Face token",
    )
    done = gage(repo, "run", "-l", f"for {HUGGING}", "-t", GITHUB, "--", "true")
    assert done.err.splitlines()[:3] == [
        "error: these 2 look like secrets:",
        "  the label: Hugging Face token",
        "  a tag: GitHub token",
    ]
    write_files(repo, {"train.py": "name = 'a'\n"})
    done = gage(repo, "run", "train.py", f"name={HUGGING}")
    assert done.code == 1
    assert "setting 'name': Hugging Face token" in done.err
    assert_nothing_was_recorded(repo)


def test_an_environment_of_an_operation_is_looked_at(repo: Path) -> None:
    text = f"a:\n  exec: 'true'\n  env:\n    X: '{HUGGING}'\n"
    write_files(repo, {"gage.yaml": text})
    commit(repo)
    done = gage(repo, "run", "a")
    assert (done.code, "variable 'X' of the operation" in done.err) == (1, True)


def test_labels_hold_no_secrets_unless_that_is_wanted(repo: Path) -> None:
    assert gage(repo, "run", "train.py").code == 0
    refused = gage(repo, "label", "@", "--set", GITHUB)
    assert (refused.code, GITHUB in refused.err) == (1, False)
    assert "this looks like a secret: the label" in refused.err
    for words in (
        ["label", "@", "--set", GITHUB],
        ["tag", "@", "--", GITHUB],
        ["set", "@", f"note={GITHUB}"],
        ["comment", "@", "-m", f"with {GITHUB}"],
    ):
        assert gage(repo, *words).code == 1
        at = words.index("--") if "--" in words else len(words)
        assert gage(repo, *words[:at], "--allow-secrets", *words[at:]).code == 0
    refused = gage(repo, "set", "@", "db_password=hunter2x")
    assert "this looks like a secret: attribute 'db_password': password" in refused.err
    store = Store(open_repository(repo, dict(os.environ)))
    with pytest.raises(SecretsFoundError, match="a tag: GitHub token"):
        add_tags(store, Catalog(store), [], ["fine", GITHUB], None)


# -- covered, where a name says that it is secret --------------------------------------------------

READS = """\
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--api-key", default="")
parser.add_argument("--url", default="")
parser.add_argument("--max-tokens", type=int, default=5)
args = parser.parse_args()
config = json.load(open(os.environ["GAGE_CONFIG_FILE"]))
assert args.api_key == config["api_key"], config
print("length:", len(args.api_key))
"""


def test_settings_with_secret_names_are_covered_in_the_record(repo: Path) -> None:
    write_files(repo, {"train.py": READS})
    commit(repo)
    done = gage(repo, "run", "train.py", "api_key=hush-hush", "max_tokens=7")
    assert (done.code, done.out) == (0, "length: 9\n")
    body = begin_of(repo)
    assert body["config"]["api_key"] == {"type": "str", "text": "***"}
    assert body["config"]["max_tokens"]["text"] == "7"
    assert body["command"]["assignments"] == ["api_key=***", "max_tokens=7"]
    assert body["command"]["argv"][2:] == ["--api-key", "***", "--max-tokens", "7"]
    assert body["masked"] == ["command.argv", "command.assignments", "config.api_key"]
    assert b"hush-hush" not in everything(repo)


def test_a_run_with_a_secret_is_repeated_only_with_it(repo: Path) -> None:
    write_files(repo, {"train.py": READS})
    commit(repo)
    assert gage(repo, "run", "train.py", "api_key=hush-hush").code == 0
    done = gage(repo, "restart", "@")
    assert done.code == 128
    assert "was given a secret that is not recorded: 'api_key'" in done.err
    assert "api_key=<value>" in done.err
    done = gage(repo, "restart", "@", "api_key=other-one-")
    assert (done.code, done.out) == (0, "length: 10\n")
    staged = gage(repo, "run", "--stage", "train.py", "api_key=hush-hush")
    assert (staged.code, "cannot start another time" in staged.err) == (128, True)
    shown = gage(repo, "show", "@", "--reproduce")
    assert "***" in shown.out
    assert b"hush-hush" not in everything(repo)


def test_constants_of_a_script_are_covered_in_what_was_changed(repo: Path) -> None:
    write_files(repo, {"train.py": "api_key = ''\nlr = 0.1\nprint(len(api_key))\n"})
    commit(repo)
    done = gage(repo, "run", "train.py", "api_key=hush", "lr=0.2")
    assert (done.code, done.out) == (0, "4\n")
    body = begin_of(repo)
    assert "+api_key = ***" in body["config_diff"]
    assert "+lr = 0.2" in body["config_diff"]
    assert "config_diff" in body["masked"]
    assert b"hush" not in everything(repo)
    done = gage(repo, "restart", "@", "api_key=hush2")
    assert (done.code, done.out) == (0, "5\n")


def test_words_of_a_command_are_covered(repo: Path) -> None:
    words = ["--password", "hush1", "--token=hush2x", "https://sam:hush3@example.com/?q=1"]
    assert gage(repo, "run", "--", "echo", "-n", *words).code == 0
    body = begin_of(repo)
    assert body["command"]["argv"][2:] == [
        *("--password", "***", "--token=***"),
        "https://***@example.com/?q=1",
    ]
    assert body["masked"] == ["command.argv"]
    done = gage(repo, "restart", "@")
    assert (done.code, "is not recorded" in done.err) == (128, True)
    staged = gage(repo, "run", "--stage", "--", "echo", "--password", "hush1")
    assert (staged.code, "cannot start another time" in staged.err) == (128, True)
    assert gage(repo, "run", "--stage", "-t", "a", "--", "true").code == 0
    assert gage(repo, "run", "--start", "@").code == 0
    assert gage(repo, "restart", "@").code == 0


def test_operations_cover_what_their_config_and_environment_hold(repo: Path) -> None:
    text = """\
a:
  exec: "printf %s {api_token} | wc -c"
  env: {DB_PASSWORD: hush-env}
  config: conf.json
"""
    write_files(repo, {"gage.yaml": text, "conf.json": '{"api_token": "", "n": 1}\n'})
    commit(repo)
    done = gage(repo, "run", "a", "api_token=hush-hush")
    assert (done.code, done.out.strip()) == (0, "9"), done.err
    body = begin_of(repo)
    assert body["command"]["argv"] == ["printf %s '***' | wc -c"]
    assert body["definition"]["env"] == {"DB_PASSWORD": "***"}
    assert "definition.env.DB_PASSWORD" in body["masked"]
    assert gage(repo, "restart", "@").code == 128
    assert gage(repo, "restart", "@", "api_token=another").out.strip() == "7"
    assert b"hush-hush" not in everything(repo)


# -- covered, in what a program says ---------------------------------------------------------------

PRINTS = """\
import os, sys, time
token = os.environ["SECRET"]
for at, part in enumerate((token[:9], token[9:] + "\\n", "loss: 0.5\\n")):
    sys.stdout.write(part)
    sys.stdout.flush()
    time.sleep(0.05)
print("end", file=sys.stderr)
open(os.environ["GAGE_METRICS_FILE"], "a").write('{"step": 1, "' + token + '": 1, "acc": 0.5}\\n')
open(os.environ["GAGE_ATTRS_FILE"], "a").write(
    '{"note": "with ' + token + '!", "password": "hush-' + 'hush", "n": 3}\\n'
)
"""


def test_what_a_program_says_is_covered(repo: Path) -> None:
    write_files(repo, {"train.py": PRINTS})
    commit(repo)
    done = gage(repo, "run", "train.py", env={"SECRET": GITHUB})
    assert done.code == 0
    assert f"{GITHUB}\n" in done.out
    assert "printed or logged 4 secrets" in done.err
    shown = gage(repo, "output", "@").out
    assert shown == f"{'*' * len(GITHUB)}\nloss: 0.5\nend\n"
    assert GITHUB.encode() not in objects_of(repo)
    assert b"hush-hush" not in objects_of(repo)
    document = json.loads(gage(repo, "show", "@", "--json").out)
    assert document["logged"] == {
        "note": f"with {'*' * len(GITHUB)}!",
        "password": "***",
        "n": 3,
    }
    assert document["metrics"] == {"loss": 0.5, "acc": 0.5, "*" * len(GITHUB): 1}
    assert gage(repo, "output", "@", "--timestamps").code == 0


ECHO = """\
import sys
print(sys.argv, "and", sys.argv[-1])
"""


@pytest.mark.parametrize(
    "words",
    [
        ["train.py", "api_key=hush-hush"],
        ["--", "python3", "train.py", "--password", "hush-hush"],
        ["--", "python3", "train.py", "--token=hush-hush"],
        ["--", "python3", "train.py", "https://sam:hush-hush@example.com/"],
    ],
)
def test_what_a_run_was_given_is_covered_where_its_program_prints_it(
    repo: Path, words: list[str]
) -> None:
    options = "import argparse\nparser = argparse.ArgumentParser()\n"
    options += 'parser.add_argument("--api-key", default="")\n' if "--" not in words else ""
    write_files(repo, {"train.py": options + ECHO})
    commit(repo)
    done = gage(repo, "run", *words)
    assert "hush-hush" in done.out
    assert "printed or logged" in done.err
    assert b"hush-hush" not in everything(repo)
    assert "*" * len("hush-hush") in gage(repo, "output", "@").out


# -- refused before a push -------------------------------------------------------------------------


@pytest.fixture
def remote(tmp_path: Path, repo: Path) -> Path:
    """A bare repository that `origin` of `repo` leads to."""
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    return tmp_path / "remote.git"


def test_a_push_sends_no_secrets(repo: Path, remote: Path) -> None:
    assert gage(repo, "run", "train.py").code == 0
    assert gage(repo, "push").code == 0
    write_files(repo, {"train.py": f"{TRAIN}x = '{GITHUB}'\n"})
    assert gage(repo, "run", "--allow-secrets", "-l", f"for {HUGGING}", "train.py").code == 0
    done = gage(repo, "push")
    assert done.code == 1
    assert done.err.startswith("error: these 2 look like secrets:\n")
    assert ": its attr.set: Hugging Face token" in done.err
    assert ": train.py:6: GitHub token" in done.err
    assert ": its run.begin: GitHub token" not in done.err
    assert f"'git gage redact {newest(repo)[10:17]}'" in done.err
    assert GITHUB not in done.err
    chosen = gage(repo, "push", "origin", "@")
    assert (chosen.code, chosen.err.count("Hugging Face")) == (1, 1)
    assert GITHUB.encode() not in objects_of(remote)
    assert HUGGING.encode() not in objects_of(remote)
    assert gage(repo, "push", "--allow-secrets").code == 0
    assert GITHUB.encode() in objects_of(remote)
    assert gage(repo, "push").code == 0


def test_a_hint_leads_out_of_a_secret_in_a_commit(repo: Path, remote: Path) -> None:
    """What is in history is not in a record: nothing is to be redacted in vain."""
    write_files(repo, {"new.py": f"a = '{GITHUB}'\n"})
    commit(repo)
    write_files(repo, {"new.py": "a = 1\n"})
    commit(repo)
    assert gage(repo, "run", "-q", "train.py").code == 0
    refused = gage(repo, "push")
    assert refused.err.splitlines()[1] == (
        "hint: history goes along as it is: rewrite it, run again and end what ran before with"
        " 'git gage purge <run>', or add '--allow-secrets' if it is none"
    )
    nothing = gage(repo, "redact", "@", "-y")
    assert (nothing.code, "--output" in nothing.err) == (128, False)

    write_files(repo, {"train.py": f"{TRAIN}x = '{GITHUB}'\n"})
    assert gage(repo, "run", "-q", "--allow-secrets", "train.py").code == 0
    both = gage(repo, "push").err
    taken = f"take it out with 'git gage redact {newest(repo)[10:17]}'"
    assert f"hint: {taken}; history goes along" in both
    assert gage(repo, "redact", "@", "-y").code == 0
    assert "redact" not in gage(repo, "push").err

    git(repo, "reset", "-q", "--hard", "HEAD~2")
    assert gage(repo, "run", "-q", "train.py").code == 0
    assert gage(repo, "purge", "--force", "@~1", "@~2").code == 0
    assert gage(repo, "push").code == 0
    assert GITHUB.encode() not in objects_of(remote)


def test_a_look_refuses_what_would_be_refused(repo: Path, remote: Path, tmp_path: Path) -> None:
    assert gage(repo, "run", "-q", "train.py").code == 0
    assert gage(repo, "run", "--allow-secrets", "-l", f"for {HUGGING}", "train.py").code == 0
    place = ("copy", "--to", str(tmp_path / "place"))
    for words in (("push", "-n"), ("push", "origin", "@", "-n"), (*place, "--all", "-n")):
        refused = gage(repo, *words)
        assert (refused.code, refused.out) == (1, ""), words
        assert "Hugging Face token" in refused.err
        allowed = gage(repo, *words, "--allow-secrets")
        assert (allowed.code, allowed.err) == (0, ""), words
    for words in (("push", "origin", "@~1", "-n"), (*place, "@~1", "-n"), (*place, "@~1", "-y")):
        assert gage(repo, *words).code == 0, words
    assert gage(repo, *place, "@~1", "-n").out.startswith("Nothing to copy")
    assert not git(remote, "for-each-ref", "refs/gage")


def test_commits_that_no_remote_has_are_looked_through(repo: Path, remote: Path) -> None:
    write_files(repo, {"old.py": f"a = '{HUGGING}'\n"})
    commit(repo)
    git(repo, "push", "-q", "origin", "main")
    write_files(repo, {"new.py": f"# b\na = '{GITHUB}'\n"})
    found = commit(repo)
    assert gage(repo, "run", "train.py").code == 0
    done = gage(repo, "push")
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        f"error: this looks like a secret: commit {found[:7]}: new.py:2: GitHub token",
    )
    git(repo, "push", "-q", "origin", "main")
    assert gage(repo, "push").code == 0


def test_what_was_looked_at_once_is_not_looked_at_again(
    repo: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {"new.py": "x = 1\n"})
    assert gage(repo, "run", "train.py").code == 0
    assert gage(repo, "push").code == 0

    def refuse(data: bytes) -> None:
        raise AssertionError("looked at again")

    monkeypatch.setattr(leaks, "find_secrets", refuse)
    monkeypatch.setattr(leaks, "find_in_lines", refuse)
    assert gage(repo, "push").code == 0
    git(tmp_path, "init", "-q", "--bare", "other.git")
    assert gage(repo, "push", str(tmp_path / "other.git")).code == 0
    # What a run writes is looked at then.
    assert gage(repo, "run", "train.py").code == 0
    assert gage(repo, "push").code == 0
    store, load = load_of(repo)
    (store.dir / "cache" / "clean-tips.json").write_bytes(b"of another version")
    with pytest.raises(AssertionError):
        leaks.require_no_leaks(store, load)
    sources = {ref: oid for ref, oid in load.updates.items() if ref.endswith("/src")}
    leaks.require_no_leaks(store, load._replace(updates=sources))


def test_what_was_clean_when_it_was_written_hides_nothing_that_was_not(
    repo: Path, remote: Path
) -> None:
    assert gage(repo, "run", "--allow-secrets", "-l", HUGGING, "train.py").code == 0
    assert gage(repo, "run", "train.py").code == 0
    assert gage(repo, "push").code == 1
    assert gage(repo, "push", "--allow-secrets").code == 0
    assert gage(repo, "run", "train.py").code == 0
    assert gage(repo, "push").code == 0


def clean_refs(repo: Path) -> set[str]:
    """The last words of the refs of lanes that need not be looked at."""
    tips = read_clean_tips(open_repository(repo, dict(os.environ)))
    listed = git(repo, "for-each-ref", "--format=%(objectname) %(refname)", "refs/gage").split("\n")
    return {line.rpartition("/")[2] for line in listed if line.partition(" ")[0] in tips}


def test_a_long_output_is_looked_at_by_the_push(
    repo: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gage(repo, "run", "train.py").code == 0
    assert clean_refs(repo) == {"log", "bulk"}
    monkeypatch.setattr("git_gage.store.flush._LOOKED_AT", 0)
    assert gage(repo, "run", "train.py").code == 0
    assert clean_refs(repo) == {"log"}
    assert gage(repo, "push").code == 0
    assert clean_refs(repo) == {"log", "bulk", "src"}


def test_a_sealed_epoch_is_as_clean_as_its_log(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.store.layout.EPOCH_RUNS", 1)
    assert gage(repo, "run", "train.py").code == 0
    assert clean_refs(repo) == {"sealed", "bulk"}
    assert gage(repo, "run", "--allow-secrets", "-l", HUGGING, "train.py").code == 0
    assert len(git(repo, "for-each-ref", "refs/gage/**/sealed").splitlines()) == 2
    (store, load) = load_of(repo)
    with pytest.raises(SecretsFoundError, match="Hugging Face"):
        leaks.require_no_leaks(store, load)


def test_output_of_others_and_records_of_tomorrow_are_looked_through(
    repo: Path, remote: Path
) -> None:
    assert gage(repo, "run", "train.py").code == 0
    (log,) = [
        ref for ref in git(repo, "for-each-ref", "--format=%(refname)").split() if "/log" in ref
    ]
    store = Store(open_repository(repo, dict(os.environ)))
    run = json.loads(gage(repo, "show", "@", "--json").out)["id"]
    for ref, path, text in (
        (log, "hot/00000009-1", f'{{"v": 9, "x": "{GITHUB}"}}\n'),
        (log.replace("/log", "/bulk"), f"{run}/output", f"one\n{HUGGING}\n"),
    ):
        tip = git(repo, "rev-parse", ref).strip()
        import_commits(store.repo, [Commit(ref, "x", parent=tip, files=((path, text.encode()),))])
    done = gage(repo, "push")
    assert done.code == 1
    assert "  a record: GitHub token\n" in done.err
    assert f"  run {short_id(run)}: output:2: Hugging Face token\n" in done.err


def load_of(repo: Path) -> tuple[Store, Load]:
    """What a push would send that knows nothing of what the remote has."""
    store = Store(open_repository(repo, dict(os.environ)))
    return store, Load(own_refs(store), {}, {}, [])


def test_a_push_of_sources_alone_is_looked_through(repo: Path) -> None:
    write_files(repo, {"train.py": f"{TRAIN}x = '{GITHUB}'\n"})
    assert gage(repo, "run", "--allow-secrets", "train.py").code == 0
    store, load = load_of(repo)
    sources = {ref: oid for ref, oid in load.updates.items() if ref.endswith("/src")}
    with pytest.raises(SecretsFoundError, match="GitHub token"):
        leaks.require_no_leaks(store, load._replace(updates=sources))
