"""Operations of a gagefile, run as a user runs them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.errors import RequestError
from git_gage.git import open_repository
from git_gage.runs.recall import read_begin, recall_run
from git_gage.runs.request import RunRequest
from git_gage.store import Store
from tests.git.test_store import begin
from tests.support import Result, clone, git, wait_until, write_files
from tests.support import gage as gage_apart
from tests.support import gage_inside as gage
from tests.unit.catalog.made_up import begin_body

GAGEFILE = """\
"$namespace" = "demo"
"$project-id" = "24e17ef2-4e6b-49bd-af59-f7ba0ca79349"

[hello]
description = "Say it"
default = true
exec = "echo {msg}"
attributes = { team = "x", n = 3 }
version = 2
[[hello.config]]
name = "msg"
default = "hi there"

[train]
exec = "python train.py"
config = "train.py"
sourcecode = ["*.py", "data/*.csv"]
env = { MODE = "fast-{lr}" }

[phases]
exec.stage-sourcecode = "echo staging"
exec.stage-runtime = "test -z '{fail}' || exit 5"
exec.run = "echo running; test -z '{late}' || exit 3"
exec.finalize = "echo '{{\\"acc\\": 0.5}}' > summary.json; test -z '{last}' || exit 7"
[[phases.config]]
name = "fail"
default = ""
[[phases.config]]
name = "late"
default = ""
[[phases.config]]
name = "last"
default = ""

[slow]
exec = "sleep 30"
timeout = "0.2s"

[argparse]
exec = "python arg.py --fixed 1"
config = "arg.py"
sourcecode = "arg.py"

[bad]
exec = 12
"""
TRAIN = """\
import os
lr = 0.1  # rate
print(os.environ["MODE"], sorted(os.listdir(".")), sorted(os.listdir("data")))
print("loss:", lr)
"""
ARG = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--fixed", type=int)
print(vars(parser.parse_args()))
"""


@pytest.fixture
def project(repo: Path) -> Path:
    """A project in a folder of a repository, with a blank in its name."""
    folder = repo / "my project"
    files = {
        "gage.toml": GAGEFILE,
        "train.py": TRAIN,
        "arg.py": ARG,
        ".gitignore": "data/\n",
        "data/x.csv": "1\n",
        "data/y.bin": "2\n",
        "notes.md": "n\n",
    }
    write_files(folder, files)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "project")
    return folder


def run(folder: Path, *words: str) -> Result:
    return gage(folder, "run", "-q", *words)


def shown(folder: Path, which: str = "@") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gage(folder, "show", "--json", which).out)
    return document


def test_an_operation_runs_with_its_config(project: Path) -> None:
    assert gage(project, "run", "-q").out == "hi there\n"
    assert gage(project, "run", "-q", "demo:hello", "msg=it's").out == "it's\n"
    found = shown(project)
    assert (found["operation"], found["version"]) == ("hello", "2")
    assert found["project"] == {
        "id": ["24e17ef2-4e6b-49bd-af59-f7ba0ca79349"],
        "namespace": "demo",
        "path": "my project",
    }
    assert found["config"] == {"msg": "it's"}
    assert found["attributes"] == {"team": "x", "n": 3}
    assert found["command"]["argv"] == ["echo 'it'\"'\"'s'"]
    assert found["command"]["shell"] is True


def test_it_gets_its_source_and_nothing_else(project: Path) -> None:
    done = gage(project, "run", "-q", "train", "lr=0.5")
    assert done.out == "fast-0.5 ['arg.py', 'data', 'train.py'] ['x.csv']\nloss: 0.5\n"
    found = shown(project)
    assert found["source"]["files"] == 3
    assert found["source"]["linked"] == []
    patch = gage(project, "show", "--diff").out
    assert "-lr = 0.1  # rate\n+lr = 0.5  # rate\n" in patch
    assert git(project, "status", "--porcelain") == ""


def test_options_of_a_script_go_behind_its_command(project: Path) -> None:
    assert gage(project, "run", "-q", "argparse", "lr=0.7").out == "{'lr': 0.7, 'fixed': 1}\n"
    write_files(project, {"gage.toml": "[a]\nexec = ['python', 'arg.py']\nconfig = 'arg.py'\n"})
    assert gage(project, "run", "-q", "a", "lr=0.7").out == "{'lr': 0.7, 'fixed': None}\n"


def test_phases_have_their_own_output_and_exit_codes(project: Path) -> None:
    assert run(project, "phases").code == 0
    found = shown(project)
    assert [(each["name"], each["exit_code"]) for each in found["phases"]] == [
        ("stage-sourcecode", 0),
        ("stage-runtime", 0),
        ("run", 0),
        ("finalize", 0),
    ]
    assert found["metrics"] == {"acc": 0.5}
    assert gage(project, "output").out == "running\n"
    page = gage(project, "show").out
    assert "stage-sourcecode  echo staging" in page


ALL = ["stage-sourcecode", "stage-runtime", "run", "finalize"]


@pytest.mark.parametrize(
    ("word", "code", "ran", "phase"),
    [
        ("fail=1", 5, ["stage-sourcecode", "stage-runtime", "finalize"], "stage-runtime"),
        ("late=1", 3, ALL, None),
        ("last=1", 7, ALL, "finalize"),
    ],
)
def test_a_phase_that_fails_ends_the_run(
    project: Path, word: str, code: int, ran: list[str], phase: str | None
) -> None:
    done = gage(project, "run", "phases", word)
    assert done.code == code
    found = shown(project)
    assert (found["status"], found["exit_code"]) == ("error", code)
    assert [each["name"] for each in found["phases"]] == ran
    reason = phase and f"phase '{phase}' failed"
    assert found["reason"] == reason
    assert f"{reason or 'failed'} with exit code {code}" in done.err


def test_a_program_that_takes_too_long_is_ended(project: Path) -> None:
    assert run(project, "slow").code == 124
    found = shown(project)
    assert (found["status"], found["exit_code"]) == ("terminated", 124)
    assert found["reason"].startswith("timeout after")
    assert run(project, "--timeout", "0.1", "hello").code == 0


def test_mistakes_start_nothing(project: Path) -> None:
    wrong = gage(project, "run", "hello", "mgs=x")
    assert (wrong.code, "unknown setting 'mgs'" in wrong.err) == (128, True)
    assert "did you mean 'msg'?" in wrong.err
    assert "no operation 'trian'" in (wrong := gage(project, "run", "trian")).err
    assert "did you mean 'train'?" in wrong.err
    assert "see them with 'git gage ops'" in gage(project, "run", "xyz").err
    bad = gage(project, "run", "bad")
    assert (bad.code, "operation 'bad' cannot run" in bad.err) == (128, True)
    assert gage(project, "list", "--json").out == "[]\n"


def test_a_preview_runs_nothing(project: Path) -> None:
    (project / "train.py").write_text(TRAIN + "# new\n")
    page = gage(project, "run", "-p", "train", "lr=0.2").out
    assert "command    python train.py\n" in page
    assert "+lr = 0.2  # rate" in page
    assert "my project/data/x.csv" in page
    told = json.loads(gage(project, "run", "--preview", "--json", "phases").out)
    assert told["command"]["phases"]["stage-sourcecode"]["argv"] == ["echo staging"]
    assert told["config"] == {"fail": "", "late": "", "last": ""}
    assert gage(project, "list", "--json").out == "[]\n"
    assert "phases" in gage(project, "run", "-p", "phases").out
    assert "timeout" in gage(project, "run", "-p", "slow").out
    script = json.loads(gage(project, "run", "-p", "--json", "arg.py").out)
    assert script["source"]["paths"] is None
    assert "linked" in gage(project, "run", "-p", "arg.py").out


def test_only_what_is_needed_runs(project: Path) -> None:
    assert run(project, "--needed", "train").out != ""
    again = gage(project, "run", "--needed", "train")
    assert (again.code, again.out) == (0, "")
    assert "up to date: run " in again.err
    assert run(project, "--needed", "train", "lr=0.3").out != ""
    (project / "notes.md").write_text("no source of it\n")
    assert run(project, "--needed", "train", "lr=0.3").out == ""
    (project / "train.py").write_text(TRAIN + "# new\n")
    assert run(project, "--needed", "train", "lr=0.3").out != ""
    assert run(project, "--needed", "arg.py").out != ""
    assert run(project, "--needed", "arg.py").out == ""


def test_a_staged_run_starts_later_from_what_was_recorded(project: Path) -> None:
    staged = gage(project, "run", "--stage", "-l", "later", "-t", "b", "-t", "a", "train", "lr=0.4")
    assert (staged.code, staged.out) == (0, "")
    found = shown(project)
    assert (found["status"], found["label"], found["tags"]) == ("staged", "later", ["a", "b"])
    assert found["staged"] == found["started"]
    write_files(project, {"train.py": "raise SystemExit('changed')\n", "gage.toml": "[x]\n"})
    started = gage(project, "run", "-q", "--start", "@")
    assert started.out.endswith("loss: 0.4\n")
    found = shown(project)
    assert (found["status"], found["metrics"]) == ("completed", {"loss": 0.4})
    assert found["started"] > found["staged"]
    again = gage(project, "run", "--start", "@")
    assert (again.code, "is not staged: it is completed" in again.err) == (128, True)


def test_a_staged_run_starts_in_another_clone(project: Path, tmp_path: Path) -> None:
    assert run(project, "--stage", "train").code == 0
    remote = tmp_path / "remote.git"
    git(tmp_path, "clone", "-q", "--bare", str(project.parent), str(remote))
    git(project, "remote", "add", "there", str(remote))
    assert gage(project, "push", "there").code == 0
    other = clone(remote, tmp_path / "other")
    assert gage(other, "fetch").code == 0
    assert gage(other, "run", "-q", "--start", "train@", "--trust-code").out.endswith("loss: 0.1\n")
    assert gage(other, "push").code == 0
    assert gage(project, "fetch", "there").code == 0
    assert shown(project)["status"] == "completed"


def test_a_restart_has_the_same_code_and_config(project: Path) -> None:
    assert run(project, "train", "lr=0.4").code == 0
    first = shown(project)
    (project / "train.py").write_text(TRAIN.replace("0.1", "0.2") + "print('new')\n")
    assert gage(project, "restart", "-q", "@").out.endswith("loss: 0.4\n")
    second = shown(project)
    assert second["restart_of"] == first["id"]
    assert second["source"] == first["source"]
    assert gage(project, "restart", "-q", "@", "lr=0.9").out.endswith("loss: 0.9\n")
    assert gage(project, "restart", "-q", "@", "--code", "latest").out.endswith("loss: 0.9\nnew\n")
    assert f"restart of  run {first['id'][10:17]}" in gage(project, "show", "@~2").out
    assert shown(project, "@~3") == first


def test_the_default_of_changed_code_does_not_change_a_restart(project: Path) -> None:
    assert run(project, "train").code == 0
    (project / "train.py").write_text(TRAIN.replace("0.1", "0.2"))
    assert gage(project, "restart", "-q", "@", "--code", "latest").out.endswith("loss: 0.1\n")


def test_a_restart_keeps_files_that_are_asked_for(project: Path) -> None:
    save = "import os\nprint(os.path.exists('m.pt'))\nopen('m.pt', 'w')\n"
    write_files(project, {"save.py": save})
    assert run(project, "save.py").out == "False\n"
    assert gage(project, "restart", "-q", "@").out == "False\n"
    assert gage(project, "restart", "-q", "--keep-files", "@").out == "True\n"
    assert gage(project, "restart", "-q", "--keep-files=*.pt", "@~1").out == "True\n"
    (kept,) = shown(project)["inputs"]
    assert (kept["type"], kept["name"], kept["count"]) == ("run-files", "kept", 1)
    assert gage(project, "restart", "--keep-files=*.x", "@").code == 128


def test_the_pattern_of_kept_files_may_stand_behind_its_option(project: Path) -> None:
    save = "import os\nlr = 1\nprint(lr, os.path.exists('1.pt'))\nopen(f'{lr}.pt', 'w')\n"
    write_files(project, {"save.py": save})
    assert run(project, "save.py").code == 0
    first = shown(project)["id"]
    for words in (
        (first, "--keep-files", "*.pt", "lr=2"),
        ("--keep-files", "*.pt", first, "lr=2"),
        (first, "lr=2", "--keep-files"),
        ("--keep-files", first, "lr=2"),
        (first, "--keep-files", "lr=2"),
        (first, "--keep-files", "-t", "*.pt", "lr=2"),
    ):
        done = gage(project, "restart", "-q", *words)
        assert done.out == "2 True\n", words
    refused = gage(project, "restart", first, "lr=2", "*.pt", "--keep-files")
    assert (refused.code, "'*.pt' is no setting" in refused.err) == (129, True)


def test_commands_and_scripts_restart_too(project: Path) -> None:
    assert gage(project, "run", "-q", "--", "echo", "a  b").out == "a  b\n"
    assert gage(project, "restart", "-q", "@").out == "a  b\n"
    refused = gage(project, "restart", "@", "x=1")
    assert (refused.code, "cannot be set" in refused.err) == (128, True)
    assert run(project, "arg.py", "lr=3").out == "{'lr': 3.0, 'fixed': None}\n"
    assert gage(project, "restart", "-q", "@", "fixed=2").out == "{'lr': 3.0, 'fixed': 2}\n"
    (project / "arg.py").write_text("raise SystemExit(1)\n")
    at_head = gage(project, "restart", "-q", "@", "fixed=4", "--code", "HEAD")
    assert at_head.out == "{'lr': 3.0, 'fixed': 4}\n"
    assert shown(project)["source"]["dirty"] is False
    git(project, "checkout", "-q", "arg.py")
    assert "no commit 'nope'" in gage(project, "restart", "@", "--code", "nope").err
    git(project, "mv", "arg.py", "arg2.py")
    gone = gage(project, "restart", "@", "--code", "latest")
    assert "no script 'my project/arg.py' in the work tree" in gone.err


def test_an_operation_that_is_gone_says_so(project: Path) -> None:
    assert run(project, "hello").code == 0
    write_files(project, {"gage.toml": "[other]\nexec = 'true'\n"})
    gone = gage(project, "restart", "@", "--code", "latest")
    assert "no operation 'hello' in the work tree" in gone.err
    (project / "gage.toml").unlink()
    gone = gage(project, "restart", "@", "--code", "latest")
    assert "no 'my project/gage.toml' in the work tree" in gone.err


def test_a_clean_tree_can_be_asked_for(project: Path) -> None:
    assert run(project, "--require-clean", "hello").code == 0
    write_files(project, {f"new{number}": "" for number in range(7)})
    refused = gage(project, "run", "--require-clean", "hello")
    assert (refused.code, "?? 'my project/new0'" in refused.err) == (128, True)
    assert "and 2 more" in refused.err


def test_in_place_is_where_the_user_is(project: Path) -> None:
    write_files(project, {"here.py": "open('made', 'w')\n"})
    assert run(project, "--in-place", "here.py").code == 0
    assert (project / "made").exists()
    assert shown(project)["in_place"] is True
    (project / "summary.json").write_text('{"old": 1}')
    os.utime(project / "summary.json", (1, 1))
    assert run(project, "--in-place", "here.py").code == 0
    assert shown(project)["metrics"] == {}
    write_files(project, {"here.py": "open('summary.json', 'w').write('{\"acc\": 0.5}')\n"})
    assert run(project, "--in-place", "here.py").code == 0
    assert shown(project)["metrics"] == {"acc": 0.5}
    assert gage(project, "run", "-q", "--in-place", "hello").out == "hi there\n"
    refused = gage(project, "run", "--in-place", "train", "lr=3")
    assert "the settings would change 'my project/train.py'" in refused.err


def test_a_run_that_begins_another_is_its_parent(project: Path) -> None:
    write_files(project, {"outer.sh": "git gage run -q -- echo inner\n"})
    assert gage(project, "run", "-q", "--", "sh", "outer.sh").out == "inner\n"
    listed = json.loads(gage(project, "list", "--json").out)
    runs = {each["command"]["argv"][0]: each for each in listed}
    assert runs["echo"]["parent"] == runs["sh"]["id"]
    assert runs["sh"]["parent"] is None
    page = gage(project, "show", runs["echo"]["id"]).out
    assert any(line.split()[:2] == ["begun", "in"] for line in page.splitlines())


def test_without_a_default_the_user_must_say_which(repo: Path) -> None:
    write_files(repo, {"gage.toml": "['a x']\nexec = 'true'\n[b]\nexec = 'true'\n"})
    refused = gage(repo, "run")
    assert "no default operation in 'gage.toml' (operations: a x, b)" in refused.err
    assert "hint: git gage run 'a x'\n" in refused.err
    write_files(repo, {"gage.toml": "[a]\nexec = 'true'\n"})
    assert gage(repo, "run", "-q").code == 0
    write_files(repo, {"gage.toml": "[a]\nexec.finalize = 'true'\n"})
    assert gage(repo, "run", "-q", "a").code == 128


def test_a_command_that_is_not_one_gets_no_options(repo: Path) -> None:
    files = {"gage.toml": "[a]\nexec = 'true && python arg.py'\nconfig = 'arg.py'\n", "arg.py": ARG}
    write_files(repo, files)
    refused = gage(repo, "run", "a", "lr=3")
    assert refused.code == 128
    assert "lr" in refused.err


def test_a_project_may_keep_its_runs_elsewhere(repo: Path, tmp_path: Path) -> None:
    gagefile = "'$runs-dir' = '{}'\n[make]\nexec = 'echo x > made'\n[empty]\nexec = 'true'\n"
    write_files(repo, {"gage.toml": gagefile.format(".runs"), "here.py": "print(1)\n"})
    assert run(repo, "make").code == 0
    made = shown(repo)["id"]
    assert (repo / ".runs" / made / "made").read_text() == "x\n"
    assert ".runs" not in git(repo, "status", "--porcelain")
    assert str(repo / ".runs" / made) in gage(repo, "show").out.replace("\n", "").replace(" ", "")
    assert run(repo, "empty").code == 0
    assert [path.name for path in (repo / ".runs").iterdir() if path.is_dir()] == [made]
    assert run(repo, "here.py").code == 0
    assert shown(repo)["source"]["linked"] == []
    write_files(repo, {"gage.toml": gagefile.format("~/kept")})
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    assert gage(repo, "run", "-q", "make", env={"HOME": str(home)}).code == 0
    assert (home / "kept" / shown(repo)["id"] / "made").exists()
    git(repo, "config", "gage.runsDir", "mine")
    assert run(repo, "make").code == 0
    assert (repo / "mine" / shown(repo)["id"] / "made").exists()
    assert run(repo, "here.py").code == 0
    assert (repo / "mine" / shown(repo)["id"]).parent == repo / "mine"
    assert "mine" not in git(repo, "status", "--porcelain")


def test_how_far_a_run_is_and_what_its_operation_lists(repo: Path) -> None:
    bar = "w = 3\nprint('\\r 41%|## | 41/100\\r', end='', flush=True)\nopen('wait').read()\n"
    gagefile = (
        "[bar]\nprogress = 'tqdm'\nlisting.description = ['team', 'w', 'gone']\nconfig = 'bar.py'\n"
        "attributes = {team = 'blue'}\nexec = 'python bar.py'\n"
        "exec.stage-runtime = 'mkfifo wait'\nexec.finalize = 'echo over'\n"
    ).replace("exec = ", "exec.run = ")
    write_files(repo, {"gage.toml": gagefile, "bar.py": bar})
    assert gage_apart(repo, "run", "-l", "best", "--detach", "bar").code == 0
    run_dir = repo / ".git" / "gage" / "runs" / shown(repo)["id"]
    wait_until(lambda: shown(repo)["progress"] == 0.41)
    listed = gage(repo, "list", env={"COLUMNS": "140"}).out
    assert "running 41%" in listed
    assert "best team=blue w=3" in listed
    (run_dir / "wait").write_text("on\n")
    assert gage(repo, "wait", "@").code == 0
    assert shown(repo)["progress"] is None
    assert gage(repo, "output", "--phase", "finalize").out == "over\n"
    refused = gage(repo, "output", "--phase", "x")
    assert "no phase 'x' in this run (known: stage-runtime, run, finalize)" in refused.err


def test_what_secret_files_hold_is_not_recorded(repo: Path) -> None:
    gagefile = (
        "[a]\nexec = 'echo {TOKEN} $OWN; cat .env'\nconfig = ['.env', 'open.json']\n"
        "env = { OWN = '{TOKEN}' }\n"
    )
    files = {"gage.toml": gagefile, ".env": "TOKEN=mno\n", "open.json": '{"lr": 1}\n'}
    write_files(repo, files)
    done = gage(repo, "run", "-q", "a", "TOKEN=xyz", "lr=2")
    assert done.out == "xyz xyz\nTOKEN=xyz\n"
    lanes = git(repo, "for-each-ref", "--format=%(refname)", "refs/gage/w/*/*/log").split()
    records = "".join(git(repo, "grep", "-h", "", lane) for lane in lanes)
    found = records + json.dumps(shown(repo)) + gage(repo, "show", "--diff").out
    assert "xyz" not in found
    assert "lr=2" in records
    assert '"TOKEN": "***"' in found
    assert '-{"lr": 1}\n+{"lr": 2}\n' in found
    assert "mno" not in found


def test_secret_files_are_those_of_the_work_tree_when_a_run_starts_again(repo: Path) -> None:
    gagefile = "[a]\nexec = 'echo {TOKEN}; cat .env'\nconfig = '.env'\n"
    write_files(repo, {"gage.toml": gagefile, ".env": "TOKEN=mno\n"})
    assert run(repo, "a", "TOKEN=xyz").out == "xyz\nTOKEN=xyz\n"
    assert gage(repo, "restart", "-q", "@").out == "mno\nTOKEN=mno\n"
    assert run(repo, "--stage", "a").code == 0
    (repo / ".env").unlink()
    refused = gage(repo, "run", "--start", "@")
    assert (refused.code, refused.out) == (128, "")
    assert "config 'TOKEN' of run" in refused.err
    assert shown(repo)["status"] == "staged"
    write_files(repo, {".env": "TOKEN=new\n"})
    assert gage(repo, "run", "-q", "--start", "@").out == "new\nTOKEN=new\n"


def test_a_pattern_that_takes_nothing_is_said(repo: Path) -> None:
    write_files(repo, {"gage.toml": "[a]\nexec = 'ls'\nsourcecode = ['*.zzz', '*.toml']\n"})
    done = gage(repo, "run", "a")
    assert "warning: sourcecode pattern '*.zzz' takes nothing\n" in done.err
    assert "python" not in done.err


def test_a_long_record_is_recalled_whole(repo: Path) -> None:
    config = "".join(f"key_{number} = 'value {number} {'x' * 60}'\n" for number in range(500))
    write_files(repo, {"long.py": config + "print(key_7[:7])\n"})
    assert run(repo, "--stage", "long.py", "key_7=changed").code == 0
    assert gage(repo, "run", "-q", "--start", "@").out == "changed\n"
    assert gage(repo, "restart", "-q", "@").out == "changed\n"
    remote = repo.parent / "remote.git"
    git(repo.parent, "init", "-q", "--bare", str(remote))
    git(
        repo,
        "push",
        "-q",
        str(remote),
        "HEAD:refs/heads/main",
        "refs/gage/w/*/log:refs/gage/w/*/log",
    )
    other = clone(remote, repo.parent / "other")
    git(other, "fetch", "-q", "origin", "refs/gage/w/*:refs/gage-remotes/origin/w/*")
    listed = json.loads(gage(other, "list", "--json").out)
    refused = gage(other, "restart", listed[0]["id"])
    assert refused.code == 128
    assert "the whole record of run" in refused.err
    assert "hint: git gage fetch" in refused.err


def test_source_that_is_not_here_is_said(repo: Path) -> None:
    write_files(repo, {"new.py": "print(1)\n"})
    assert run(repo, "new.py").code == 0
    remote = repo.parent / "remote.git"
    git(repo.parent, "init", "-q", "--bare", str(remote))
    git(
        repo,
        "push",
        "-q",
        str(remote),
        "HEAD:refs/heads/main",
        "refs/gage/w/*/log:refs/gage/w/*/log",
    )
    other = clone(remote, repo.parent / "other")
    git(other, "fetch", "-q", "origin", "refs/gage/w/*:refs/gage-remotes/origin/w/*")
    refused = gage(other, "restart", "new.py@")
    assert (refused.code, "the source of run" in refused.err) == (128, True)


@pytest.mark.parametrize("bulk", [[], {"begin.json": {"oid": 7}}, {"begin.json": "x"}])
def test_what_a_record_binds_without_sense_is_no_longer_body(repo: Path, bulk: Any) -> None:
    store = Store(open_repository(repo, dict(os.environ)))
    catalog = Catalog(store)
    record = begin(store, **begin_body(bulk=bulk))
    catalog.refresh()
    assert read_begin(store, catalog, record.run) == record.body


def test_a_source_that_would_come_out_otherwise_is_refused(project: Path) -> None:
    assert run(project, "train").code == 0
    store = Store(open_repository(project, dict(os.environ)))
    catalog = Catalog(store)
    name = shown(project)["id"]
    body = read_begin(store, catalog, name)
    request = RunRequest(None)
    assert recall_run(store, catalog, name, body, request).source.digest == body["source"]["digest"]
    body["source"]["digest"] = "0" * 64
    with pytest.raises(RequestError, match="cannot be laid out as it was"):
        recall_run(store, catalog, name, body, request)


def test_in_a_bare_repository_commands_restart(tmp_path: Path, repo: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(bare))
    assert gage(bare, "run", "-q", "--", "echo", "x").out == "x\n"
    assert gage(bare, "restart", "-q", "@").out == "x\n"
    assert gage(bare, "restart", "-q", "@", "--code", "latest").out == "x\n"
    assert gage(bare, "run", "-q", "--needed", "--", "echo", "x").out == "x\n"
    assert "no work tree" in gage(bare, "restart", "@", "--keep-files").err
    assert "no script 'train' here" in gage(bare, "run", "train").err


def test_without_a_work_tree_no_source_is_laid_out(tmp_path: Path, repo: Path) -> None:
    write_files(repo, {"t.py": "print('t')\n"})
    assert gage(repo, "run", "-q", "t.py").code == 0
    assert gage(repo, "run", "-q", "--", "echo", "x").code == 0
    assert gage(repo, "run", "-q", "--stage", "t.py").code == 0
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(bare))
    assert gage(bare, "fetch", str(repo)).code == 0
    for where in (bare, repo / ".git"):
        assert gage(where, "list").code == 0
        for args in (("restart", "3"), ("restart", "2"), ("restart", "3", "--code", "latest")):
            done = gage(where, *args, "--trust-code")
            assert (done.code, done.out) == (128, "")
            assert done.err.startswith("fatal: cannot run '")
            assert "here: there is no work tree\nhint: " in done.err
        done = gage(where, "run", "--start", "1", "--trust-code")
        assert done.code == 128
        assert done.err.startswith("fatal: cannot run 't.py' here: there is no work tree\n")
        assert gage(where, "show", "--reproduce", "3").code == 0


def test_linked_files_are_there_for_a_restart_as_long_as_they_are(repo: Path) -> None:
    write_files(repo, {".gitignore": "data\nmore\n", "data": "1\n", "more": "2\n"})
    write_files(
        repo, {"read.py": "import os\nprint(os.path.exists('data'), os.path.exists('more'))\n"}
    )
    assert run(repo, "read.py").out == "True True\n"
    (repo / "more").unlink()
    assert gage(repo, "restart", "-q", "@").out == "True False\n"


def test_config_of_a_restart_warns_as_a_run_does(repo: Path) -> None:
    gagefile = "[a]\nexec = 'echo x'\nconfig = 'gone.json'\ntimeout = '1m'\n"
    write_files(repo, {"gage.toml": gagefile})
    assert "config file 'gone.json' is not there" in gage(repo, "run", "a").err
    assert "config file 'gone.json' is not there" in gage(repo, "restart", "@").err
    assert shown(repo)["definition"]["timeout_s"] == 60
    assert gage(repo, "restart", "-q", "--timeout", "5", "@").code == 0
    assert shown(repo)["definition"]["timeout_s"] == 5
    write_files(repo, {"gage.toml": "[b]\nexec = 'ls'\ndepends = 'file: train.py'\n"})
    refused = gage(repo, "run", "--in-place", "b")
    assert "cannot run 'b' in place: it has inputs" in refused.err
    assert "?? 'gage.toml'" in gage(repo, "run", "--require-clean", "b").err


def test_the_python_of_an_operation(repo: Path, tmp_path: Path) -> None:
    gagefile = "[a]\nexec = 'command -v python || echo none'\nsourcecode = false\n"
    write_files(repo, {"gage.toml": gagefile, ".venv/pyvenv.cfg": "", ".gitignore": ".venv\n"})
    write_files(repo, {".venv/bin/python3": "#!/bin/sh\n", ".venv/bin/python": "#!/bin/sh\n"})
    for name in ("python", "python3"):
        (repo / ".venv" / "bin" / name).chmod(0o755)
    assert run(repo, "a").out == f"{repo}/.venv/bin/python\n"
    git(repo, "clean", "-fdxq", ".venv")
    tools = tmp_path / "few"
    tools.mkdir()
    for name in ("git", "sh", "env"):
        (tools / name).symlink_to(shutil.which(name) or name)
    alone = {"PATH": str(tools)}
    gage_program = shutil.which("git-gage")
    assert gage_program is not None
    done = gage(repo, "run", "-q", "--preview", "--json", "a", env=alone)
    assert json.loads(done.out)["command"]["interpreter"] is None
    assert gage(repo, "run", "-q", "a", env=alone).code == 0
    assert shown(repo)["command"]["interpreter"] is None


def test_a_preview_tells_of_inputs_and_what_is_left_out(project: Path) -> None:
    gagefile = (
        "[a]\nexec = 'ls'\nsourcecode = '**/* size<3'\ndepends = ['file: notes.md', 'dir: data']\n"
    )
    write_files(project, {"gage.toml": gagefile})
    write_files(project, {f"many/{number}": "" for number in range(20)})
    page = gage(project, "run", "-p", "a").out
    assert "input      file" in page
    assert "left out   my project/arg.py (size<3)" in page
    assert "and 9 more: git gage run --preview --json" in page
    told = json.loads(gage(project, "run", "-p", "--json", "a").out)
    assert [each["type"] for each in told["inputs"]] == ["file", "dir"]
    assert gage(project, "run", "-q", "a").code == 0
    shown_page = gage(project, "show").out
    assert "inputs" in shown_page
    assert "label" not in gage(project, "label", "@", "--set", "x").err
    assert run(project, "-t", "one", "-t", "two", "a").code == 0
    assert "tags       one, two\n" in gage(project, "show").out
    bare = gage(project, "run", "-p", "--", "echo").out
    assert "python" not in bare


def test_what_nobody_runs_twice(project: Path) -> None:
    assert run(project, "--stage", "hello").code == 0
    state = project.parent / ".git" / "gage" / "state" / shown(project)["id"]
    state.mkdir(parents=True)
    refused = gage(project, "run", "--start", "@")
    assert (refused.code, "was started meanwhile" in refused.err) == (128, True)


def test_options_that_no_command_has(repo: Path) -> None:
    assert "no option '--bogus'" in gage(repo, "run", "--bogus").err
    write_files(repo, {"a.ipynb": "{}"})
    assert "git gage run -- jupyter nbconvert" in gage(repo, "run", "a.ipynb").err


def test_a_summary_may_hold_attributes(repo: Path) -> None:
    told = {"metrics": {"acc": 0.5}, "attributes": {"kind": "demo", "n": 3, "ok": True}}
    files = {
        "gage.toml": "[a]\nexec = 'cat told.json'\n",
        "told.json": json.dumps(told),
        "python": "#!/bin/sh\n",
    }
    write_files(repo, files)
    (repo / "python").chmod(0o755)
    path = f"{repo}{os.pathsep}{os.environ['PATH']}"
    assert gage(repo, "run", "-q", "a", env={"PATH": path}).code == 0
    found = shown(repo)
    assert found["attributes"] == {"kind": "demo", "n": 3, "ok": True}
    assert found["metrics"] == {"acc": 0.5}
    assert "attributes  kind" in gage(repo, "show").out
    assert "\nin " not in gage(repo, "run", "-p", "a").out


def test_a_summary_may_hold_more_attributes_than_a_record_has_room_for(repo: Path) -> None:
    attributes = {f"a{number}": "x" * 1000 for number in range(300)}
    told = json.dumps({"metrics": {"acc": 0.5}, "attributes": attributes})
    write_files(repo, {"gage.toml": "[a]\nexec = 'cp told.json summary.json'\n", "told.json": told})
    assert run(repo, "a").code == 0
    found = shown(repo)
    assert (found["status"], found["attributes"]) == ("completed", attributes)


def test_options_behind_more_than_one_command_are_refused(repo: Path) -> None:
    gagefile = "[a]\nexec = 'python arg.py && true'\nconfig = 'arg.py'\n"
    write_files(repo, {"gage.toml": gagefile, "arg.py": ARG})
    refused = gage(repo, "run", "a", "lr=3")
    assert "cannot pass '--lr 3' to 'arg.py': the exec of 'a' is more than one" in refused.err
    assert "hint: put {lr} into the exec" in refused.err


def test_a_secret_is_no_source_though_a_pattern_names_it(repo: Path) -> None:
    files = {
        "gage.toml": "[a]\nexec = 'ls -A'\nsourcecode = ['.env', 'x']\n",
        ".gitignore": ".env\nx\n",
        ".env": "A=1\n",
        "x": "1\n",
    }
    write_files(repo, files)
    done = gage(repo, "run", "a")
    assert sorted(done.out.split()) == [".git", "x"]
    assert "warning: '.env' is not recorded (secret)" in done.err


def test_a_project_in_a_folder_that_is_not_utf8(repo: Path) -> None:
    folder = repo / os.fsdecode(b"caf\xe9 x")
    write_files(folder, {"gage.toml": "[a]\nexec = 'echo x'\n", "t.py": "lr = 1\nprint(lr)\n"})
    assert run(folder, "a").out == "x\n"
    assert run(folder, "--needed", "a").out == ""
    found = shown(folder)
    assert found["project"]["path"] == '"caf\\351 x"'
    assert run(folder, "t.py", "lr=2").out == "2\n"
    assert gage(folder, "restart", "-q", "@").out == "2\n"
    assert run(folder, "--stage", "a").code == 0
    assert gage(folder, "run", "-q", "--start", "@").out == "x\n"
    assert gage(folder, "restart", "-q", "@", "--code", "latest").out == "x\n"


def test_a_gagefile_in_a_folder_of_its_own_is_source_too(repo: Path) -> None:
    write_files(repo, {".gage/gage.yaml": "a:\n  exec: echo x\n", ".gage/other": "1\n"})
    assert run(repo, "--stage", "a").code == 0
    assert gage(repo, "run", "-q", "--start", "@").out == "x\n"
    found = shown(repo)
    assert found["definition"] is not None
    assert ".gage/gage.yaml" in found["source"]["status"]
    assert ".gage/other" not in found["source"]["status"]
