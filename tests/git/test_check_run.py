"""`git gage check <run>`: what is here is what was recorded, or is told not to be."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from git_gage.cli.app import App
from git_gage.cli.judging import find_signer, judge_runs
from git_gage.git import open_repository
from git_gage.records import Record, make_record
from git_gage.store import Store
from git_gage.trust.verdict import Verdict
from tests.support import clone, commit, gage_inside, git, make_repo, unpack_all, write_files
from tests.unit.share.world import refs_of

SCRIPT = "lr = 0.1\nopen('model.bin', 'w').write('weights')\nprint('loss:', lr)\n"
GAGEFILE = """\
[train]
exec = "python train.py"
config = "train.py"
sourcecode = ["train.py"]
depends = ["file:data.csv"]
"""


@pytest.fixture
def project(repo: Path) -> Path:
    """A project with a gagefile, an input, and one run of its operation."""
    write_files(
        repo, {"train.py": SCRIPT, "gage.toml": GAGEFILE, "data.csv": "1\n", "other.py": ""}
    )
    commit(repo)
    assert gage_inside(repo, "run", "-q", "train", "lr=0.5").code == 0
    return repo


def check(where: Path, *words: str) -> dict[str, tuple[str, str]]:
    """What is said of each thing: the verdict and the text."""
    done = gage_inside(where, "check", *(words or ("@",)), "--json")
    assert done.out, done.err
    found = json.loads(done.out)
    assert done.code == (0 if found["good"] else 1)
    assert found["good"] == all(each["verdict"] != "no" for each in found["checks"])
    return {each["name"]: (each["verdict"], each["text"]) for each in found["checks"]}


def verdicts(where: Path, *words: str) -> dict[str, str]:
    return {name: verdict for name, (verdict, _) in check(where, *words).items()}


def newest(where: Path) -> str:
    """Id of the newest run, begun anywhere."""
    return str(json.loads(gage_inside(where, "list", "--json").out)[0]["id"])


def run_dir(where: Path) -> Path:
    shown = json.loads(gage_inside(where, "show", "--json", "--files").out)
    return Path(shown["directory"])


def test_a_run_that_is_as_it_was_recorded(project: Path) -> None:
    shown = gage_inside(project, "check", "@")
    assert (shown.code, shown.err) == (0, "")
    run = json.loads(gage_inside(project, "show", "--json").out)
    lines = dict(line.removeprefix("ok").strip().split(": ", 1) for line in shown.out.splitlines())
    assert lines["record"] == "canonical, ids fit, records: 3"
    assert lines["source"] == f"snapshot {run['source']['snapshot'][:12]}, digest equal, files: 1"
    assert lines["output"].startswith("as its record binds it, files: ")
    assert lines["inputs"] == "here, digests equal: 1"
    assert lines["files"] == "as it made them: 1, with 7 bytes"
    assert lines["environment"].startswith("Python 3.")
    assert lines["repeat"] == f"git gage restart {run['id'][10:17]}"
    assert gage_inside(project, "check", "--run", run["name"]) == shown
    # The run that is checked was made by its restart as well as by hand.
    assert gage_inside(project, "restart", "-q", "@").code == 0
    found = verdicts(project)
    assert (found.pop("signatures"), set(found.values())) == ("warning", {"ok"})


def test_who_says_so_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to sign; what is signed by somebody else than it says is wrong."""
    monkeypatch.chdir(project)
    assert check(project)["signatures"] == ("warning", "3 records: 3 unsigned")
    assert find_signer(App(os.environ), newest(project)) is None
    monkeypatch.delenv("CI")
    assert gage_inside(project, "restart", "-q", "@").code == 0
    assert check(project)["signatures"] == ("ok", "3 records: 3 verified")
    assert find_signer(App(os.environ), newest(project)) == "ana@example.com"

    def judge_falsely(app: App, runs: Sequence[str]) -> list[tuple[Verdict, Record]]:
        return [(verdict._replace(state="M"), record) for verdict, record in judge_runs(app, runs)]

    monkeypatch.setattr("git_gage.cli.check.judge_runs", judge_falsely)
    shown = gage_inside(project, "check", "@")
    assert shown.code == 1
    assert "no       signatures: 3 records: 3 mismatch" in shown.out
    assert f"hint: git gage verify {newest(project)[10:17]}" in shown.out


def test_files_are_compared_with_what_was_signed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI")
    assert "attested" not in check(project)
    assert gage_inside(project, "sign", "@").code == 0
    who = "ana@example.com signed"
    assert check(project)["attested"] == ("ok", f"the files are those that {who}")
    made = run_dir(project) / "model.bin"
    made.chmod(0o644)
    made.write_text("WEIGHTS")
    found = check(project)
    assert (found["files"][0], found["attested"][0]) == ("no", "no")
    shutil.rmtree(run_dir(project))
    assert check(project)["attested"] == ("ok", f"the files are those that {who}")


def test_what_was_signed_may_be_elsewhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(project, "config", "gage.files.threshold", "0")
    assert gage_inside(project, "run", "-q", "train", "lr=0.25").code == 0
    monkeypatch.delenv("CI")
    assert gage_inside(project, "sign", "@").code == 0
    shutil.rmtree(run_dir(project))
    shutil.rmtree(project / ".git/gage/lfs")
    told = ("not here", "the files that ana@example.com signed")
    assert check(project)["attested"] == told


def test_a_file_goes_before_a_run_of_the_same_name(project: Path) -> None:
    run = json.loads(gage_inside(project, "show", "--json").out)
    write_files(project, {f"{run['name']}/gage.toml": "[x]\nexec = 'true'\n"})
    assert "1 operation, no faults" in gage_inside(project, "check", run["name"]).out
    assert "record" in check(project, "--run", run["name"])
    nothing = gage_inside(project, "check", "none.toml")
    assert nothing.err == "fatal: cannot read 'none.toml': no such file or directory\n"
    unknown = gage_inside(project, "check", "zzzz")
    assert unknown.err.startswith("fatal: no run 'zzzz' here\n")
    both = gage_inside(project, "check", "--run", "@", "gage.toml")
    assert (both.code, both.err.splitlines()[0]) == (
        129,
        "fatal: '--run' cannot be used with a <file>",
    )


def test_inputs_and_files_that_are_others_by_now(project: Path) -> None:
    write_files(project, {"data.csv": "2\n"})
    (run_dir(project) / "more").touch()
    assert check(project)["files"] == ("no", "it did not make: more")
    (run_dir(project) / "model.bin").chmod(0o644)
    (run_dir(project) / "model.bin").write_text("others!")
    found = check(project)
    assert found["inputs"] == ("no", "inputs changed since the run was recorded: 'data.csv'")
    assert found["files"] == ("no", "not what it made: model.bin")
    assert found["repeat"][0] == "no"
    (project / "data.csv").unlink()
    assert verdicts(project)["inputs"] == "not here"


def test_a_run_that_was_fetched(project: Path, tmp_path: Path) -> None:
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(project, "push", "-q", str(hub), "main")
    write_files(project, {"train.py": SCRIPT + "# changed\n"})
    gage_inside(project, "run", "-q", "train")
    gage_inside(project, "push", str(hub))
    other = clone(f"file://{hub}", tmp_path / "other")
    git(other, "fetch", "-q", "origin", "refs/gage/w/*/log:refs/gage-remotes/origin/w/*/log")
    run = newest(other)
    before = verdicts(other, run)
    assert (before["output"], before["source"], before["repeat"]) == ("not here", "not here", "no")
    assert before["environment"] == "not here"
    gage_inside(other, "fetch")
    found = check(other, run)
    assert found["files"] == ("ok", "as it made them: 1, with 7 bytes")
    # The input of an operation is its user's, and was not committed everywhere.
    assert {name for name, (verdict, _) in found.items() if verdict == "no"} == set()


def test_where_there_is_no_work_tree(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(project), "hub.git")
    gage_inside(project, "push", str(tmp_path / "hub.git"))
    found = check(tmp_path / "hub.git", newest(tmp_path / "hub.git"))
    assert found["source"] == ("no", "there is no work tree here")
    assert found["repeat"] == ("no", "its source is not here, or not what was recorded")


def test_an_object_that_is_gone(repo: Path) -> None:
    gage_inside(repo, "run", "-q", "--", "true")
    blob = git(repo, "rev-parse", "HEAD:train.py").strip()
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    snapshot = json.loads(gage_inside(repo, "show", "--json").out)["source"]["snapshot"]
    gone = f"this disk has lost a part of snapshot {snapshot[:12]}"
    assert check(repo)["source"] == ("not here", gone)


def test_a_record_in_the_place_of_another(repo: Path) -> None:
    """A disk gives what can be read, and is of another object."""
    for words in (("run", "-q", "--", "true"),) * 2 + (("comment", "@", "-m", "hm"),):
        gage_inside(repo, *words)
    shutil.rmtree(repo / ".git/gage/journal")
    (tip,) = (oid for ref, oid in refs_of(repo, "refs/gage/w").items() if ref.endswith("/log"))
    listed = [line.split() for line in git(repo, "ls-tree", "-r", tip).splitlines()]
    blobs = [oid for _, _, oid, name in listed if name != "v1"][:2]
    unpack_all(repo)
    one, two = (repo / ".git" / "objects" / oid[:2] / oid[2:] for oid in blobs)
    two.unlink()
    shutil.copyfile(one, two)
    done = gage_inside(repo, "check", "@")
    assert done.code == 1
    assert ": this disk has lost how it began\n" in done.out


def test_a_python_that_is_another(project: Path, tmp_path: Path) -> None:
    run = json.loads(gage_inside(project, "show", "--json").out)
    answer = {"version": run["environment"]["python"], "implementation": "", "executable": ""}
    packages = {**run["environment"]["packages"], "more": "1"}
    says = json.dumps({**answer, "path": [], "packages": packages})
    write_files(tmp_path, {"venv/bin/python3": f"#!/bin/sh\necho '{says}'\n"})
    (tmp_path / "venv" / "bin" / "python3").chmod(0o755)
    verdict, text = _environment(project, VIRTUAL_ENV=str(tmp_path / "venv"))
    assert verdict == "no"
    assert text.endswith(
        f"packages: {len(packages) - 1} equal, 0 of another version, 0 gone, 1 new"
    )
    write_files(tmp_path, {"venv/bin/python3": "#!/bin/sh\necho\n"})
    verdict, text = _environment(project, VIRTUAL_ENV=str(tmp_path / "venv"))
    assert verdict == "no"
    assert text.startswith("Python of unknown version here, 3.")
    assert _environment(project, PATH=_path_of("git", tmp_path))[0] == "no"


def _environment(where: Path, **environ: str) -> tuple[str, str]:
    checks = json.loads(gage_inside(where, "check", "@", "--json", env=environ).out)["checks"]
    (found,) = [each for each in checks if each["name"] == "environment"]
    return found["verdict"], found["text"]


def _path_of(program: str, folder: Path) -> str:
    """A PATH with one program."""
    import shutil

    found = shutil.which(program)
    assert found is not None
    (folder / "one").mkdir()
    (folder / "one" / program).symlink_to(found)
    return str(folder / "one")


# -- records of strangers ------------------------------------------------------------------------


def record(where: Path, **body: Any) -> str:
    """A run of somebody who writes what they like; its id."""
    store = Store(open_repository(where, dict(os.environ)))
    head = git(where, "rev-parse", "HEAD").strip()
    begin = make_record(
        "run.begin",
        run=None,
        at="2026-01-02T03:04:05.000Z",
        lc=1,
        by=None,
        writer="stranger",
        seq=0,
        prev=None,
        body={
            "operation": "x",
            "command": {"argv": ["true"], "shell": False, "cwd": "."},
            "config": {},
            "source": {"commit": head, "snapshot": head, "digest": "0" * 64},
            **body,
        },
    )
    store.append(begin)
    store.close()
    return begin.run


def test_a_digest_that_is_made_up(repo: Path) -> None:
    run = record(repo)
    verdict, text = check(repo, run)["source"]
    assert (verdict, text.rpartition(", recorded ")[2]) == ("no", "0" * 12)
    assert check(repo, run)["repeat"][0] == "no"


@pytest.mark.parametrize(
    ("snapshot", "commit_id", "said"),
    [
        ("--output=x", None, ("no", "'--output=x' is no commit id")),
        ("1" * 40, None, ("not here", "snapshot 111111111111")),
        ("blob", None, ("no", "is a blob")),
        ("head", "2" * 40, ("no", "was not made from its commit")),
        ("head", None, ("ok", "digest equal")),
        (None, None, ("ok", "none was recorded: there was no work tree")),
    ],
)
def test_a_source_that_is_made_up(
    repo: Path, snapshot: str | None, commit_id: str | None, said: tuple[str, str]
) -> None:
    names = {"blob": "HEAD:train.py", "head": "HEAD"}
    if snapshot in names:
        snapshot = git(repo, "rev-parse", names[snapshot]).strip()
    gage_inside(repo, "run", "-q", "--", "true")
    digest = json.loads(gage_inside(repo, "show", "--json").out)["source"]["digest"]
    run = record(repo, source={"commit": commit_id, "snapshot": snapshot, "digest": digest})
    verdict, text = check(repo, run)["source"]
    assert verdict == said[0]
    assert text.endswith(said[1]) or said[1] in text


def test_files_that_are_bound_and_are_others(repo: Path) -> None:
    blob = git(repo, "rev-parse", "HEAD:train.py").strip()
    bound = {"oid": blob, "sha256": "0" * 64, "size": 3}
    other = record(repo, bulk={"output": bound})
    assert check(repo, other)["output"] == ("no", "not what the record binds: output")
    absent = record(repo, bulk={"output": {**bound, "oid": "1" * 40}})
    assert check(repo, absent)["output"] == ("not here", "output")
    strange = record(repo, bulk={"output": {"oid": "--x", "sha256": "", "size": 0}})
    assert check(repo, strange)["output"] == ("no", "not what the record binds: output")
    assert check(repo, record(repo, bulk=["x"]))["output"][0] == "ok"


def test_a_record_that_cannot_be_followed(repo: Path) -> None:
    write_files(repo, {"gage.toml": "[x]\nexec = 'true'\n"})
    commit(repo)
    found = check(repo, record(repo, definition={"gagefile": "gage.toml"}))
    assert found["source"][0] == "no"
    assert "cannot be run again: 'project' of its record is not what" in found["source"][1]
    assert found["repeat"] == ("no", "its source is not here, or not what was recorded")


def test_records_that_are_missing_or_odd(repo: Path) -> None:
    run = record(repo)
    store = Store(open_repository(repo, dict(os.environ)))
    late = make_record(
        "tag.add",
        run=run,
        at="2026-01-02T03:04:06.000Z",
        lc=5,
        by=None,
        writer="stranger",
        seq=3,
        prev="0" * 64,
        body={"tag": "x"},
    )
    store.append(late)
    assert check(repo, run)["record"] == ("no", "records are missing of stranger")
    odd = late.line.replace(b'"v":1,', b'"v": 1,')
    store._journal.append(odd)
    store.close()
    assert check(repo, run)["record"][1].startswith("not canonical JSON: ")


def test_nothing_that_is_recorded_is_executed(repo: Path, tmp_path: Path) -> None:
    evil = tmp_path / "python3"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\n")
    evil.chmod(0o755)
    command = {"argv": [str(evil), "train.py"], "shell": False, "cwd": ".", "script": "train.py"}
    run = record(
        repo, command={**command, "interpreter": str(evil), "interpreter_origin": "its first line"}
    )
    assert "environment" in check(repo, run)
    assert not (tmp_path / "started").exists()
