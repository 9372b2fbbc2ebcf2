"""`show --reproduce`: what it prints, given to a shell, repeats the run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git.inputs_story import World
from tests.support import TRAIN, clone, commit, gage_inside, git, make_repo, write_files

SCRIPT = """\
import argparse, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("--name", default="x")
parser.add_argument("--lr", type=float, default=0.1)
args = parser.parse_args()
print(args.name, args.lr, open("data/in.csv").read(), os.environ.get("PYTHONHASHSEED"))
open("made.txt", "w").write(args.name)
"""
GAGEFILE = """\
[prepare]
exec = "python prepare.py"
sourcecode = ["*.py"]
depends = [
    "file: raw.csv",
    "file: ../outside.csv",
    "dir: folder",
    {type = "project-files", files = ["some/copied.txt", "prepare.py"]},
]

[fit]
depends = ["run-files: prepare", "runs-summary: op = prepare"]
env = { SEED = "{seed}" }
[fit.config]
keys = ["fit.py", ".env"]
[fit.exec]
stage-sourcecode = "echo sources"
stage-runtime = "#!/usr/bin/env python3\\nprint('runtime')\\n"
stage-dependencies = "#!/bin/cat\\nEND\\n"
run = "python fit.py && false"
finalize = "cat made.txt"
"""
PIPELINE = {
    "gage.toml": GAGEFILE,
    ".gitignore": ".env\n",
    ".env": "KEY=abc\n",
    "raw.csv": "1,2\n",
    "some/copied.txt": "a copy\n",
    "folder/deep/er.txt": "in a folder\n",
    "prepare.py": "open('made.csv', 'w').write(open('raw.csv').read() * 2)\n"
    "print(open('some/copied.txt').read(), open('folder/deep/er.txt').read())\n",
    "fit.py": "import json, os\nseed = 1\nopen('made.txt', 'w').write('last')\n"
    "print(seed, os.environ['SEED'], open('made.csv').read(), len(json.load(open('runs.json'))))\n"
    "print(open('.env').read(), os.environ['PROJECT_DIR'] != os.environ['RUN_DIR'])\n",
}


def run(repo: Path, *args: str) -> None:
    """A run, whatever becomes of its program."""
    assert gage_inside(repo, "run", "-q", *args).code in (0, 1)


def script_of(repo: Path, run: str = "@") -> str:
    done = gage_inside(repo, "show", run, "--reproduce")
    assert (done.code, done.err) == (0, "")
    return done.out


def repeat(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh"], input=script, cwd=cwd, capture_output=True, text=True, check=False
    )


def folder_of(repo: Path, run: str = "@") -> Path:
    """Where the commands put a run."""
    short = gage_inside(repo, "select", run).out.strip()[10:17]
    return repo.with_name(f"{repo.name}-{short}")


def test_a_script_with_its_settings_data_and_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    repo = make_repo(
        tmp_path / "my repo",
        files={
            "sub/train.py": SCRIPT,
            "sub/data/in.csv": "1\n",
            ".gitignore": "data\nlocal\nit's\n",
        },
    )
    write_files(
        repo,
        {"sub/train.py": SCRIPT + "print('changed since')\n", "sub/local": "2\n", "sub/it's": ""},
    )
    run(repo / "sub", "train.py", 'name=it\'s a "$name" `x`\n\t\x1b[31m=é', "lr=0.25")
    monkeypatch.setenv("PYTHONHASHSEED", "8")
    write_files(repo, {"sub/train.py": "print('another by now')\n"})
    (repo / "sub" / "it's").unlink()
    done = repeat(script_of(repo), tmp_path)
    assert done.stdout.endswith(gage_inside(repo, "output").out)
    assert "changed since\n" in done.stdout
    assert "0.25 1\n 7\n" in done.stdout
    made = (folder_of(repo) / "sub" / "made.txt").read_text()
    assert made == 'it\'s a "$name" `x`\n\t\x1b[31m=é'
    assert (folder_of(repo) / "sub" / "local").is_symlink()
    assert "not here:\n#   'it'\"'\"'s'\n" in script_of(repo)
    again = repeat(script_of(repo), tmp_path)
    assert again.returncode != 0
    assert "already exists" in again.stderr
    assert again.stdout == ""


def test_a_program_that_logs_and_reads_its_config(repo: Path, tmp_path: Path) -> None:
    logging = (
        "import json, os\nlr = 0.1\n"
        "for name in ('METRICS', 'ATTRS'):\n"
        "    open(os.environ[f'GAGE_{name}_FILE'], 'a').write('{}\\n')\n"
        "print(json.load(open(os.environ['GAGE_CONFIG_FILE'])), lr)\n"
    )
    write_files(repo, {"log.py": logging})
    run(repo, "log.py", "lr=0.5")
    done = repeat(script_of(repo), tmp_path)
    assert (done.stdout, done.returncode) == ("{'lr': 0.5} 0.5\n", 0)
    assert git(folder_of(repo), "status", "--porcelain") == " M log.py\n"


def test_nothing_in_it_can_reach_a_terminal(repo: Path) -> None:
    run(
        repo,
        "--",
        "python3",
        "-c",
        "import sys; print(sys.argv)",
        "\x1b]0;title\x07",
        "\u202e",
        "=a",
        "b=c",
        "",
    )
    script = script_of(repo)
    assert "PATH" not in script
    assert "\x1b" not in script
    assert "\x07" not in script
    assert "\u202e" not in script
    assert repeat(script, repo).stdout.endswith(gage_inside(repo, "output").out)


def test_constants_are_changed_in_a_copy_also_of_a_file_that_git_ignores(repo: Path) -> None:
    source = b"lr = 0.1\r\nname = 'END'\nprint(lr, name)\n"
    write_files(repo, {".gitignore": "own.py\n", "own.py": source})
    run(repo, "own.py", "lr=0.5")
    script = script_of(repo)
    assert "cp -Rp " in script
    assert "| git apply" in script
    assert repeat(script, repo).stdout.endswith("0.5 END\n")
    assert (repo / "own.py").read_bytes() == source


def test_operations_with_phases_and_inputs(tmp_path: Path) -> None:
    write_files(tmp_path, {"outside.csv": "0\n"})
    repo = make_repo(tmp_path / "repo", files=PIPELINE)
    run(repo, "prepare")
    run(repo, "fit", "seed=5")
    done = repeat(script_of(repo, "prepare@"), tmp_path)
    assert (done.returncode, done.stderr.count("fatal")) == (0, 0)
    assert done.stdout.endswith(gage_inside(repo, "output", "prepare@").out)
    made = folder_of(repo, "prepare@")
    assert (made / "made.csv").read_text() == "1,2\n1,2\n"
    assert (made / "folder").is_symlink()
    assert not (made / "some" / "copied.txt").is_symlink()
    done = repeat(script_of(repo, "fit@"), tmp_path)
    phases = ("stage-sourcecode", "stage-runtime", "stage-dependencies", "run", "finalize")
    printed = [gage_inside(repo, "output", "fit@", "--phase", phase).out for phase in phases]
    assert printed[3].startswith("5 5 1,2\n1,2\n 1\nKEY=abc\n True\n")
    assert done.returncode == 1
    assert done.stdout.endswith("".join(printed))


def test_inputs_that_are_not_here_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.runs.inputs.record.FILES_LISTED", 1)
    write_files(tmp_path, {"outside.csv": "0\n"})
    repo = make_repo(tmp_path / "repo", files={**PIPELINE, "folder/two.txt": "2\n"})
    run(repo, "prepare")
    write_files(repo, {"raw.csv": "another\n"})
    shutil.rmtree(repo / "folder")
    script = script_of(repo)
    assert "# Put in what is not here: " in script
    assert "  raw.csv\n" in script
    assert "  folder\n" in script
    done = repeat(script.replace("raw.csv", "gone.csv"), tmp_path)
    assert done.returncode != 0
    assert "gone.csv" in done.stderr
    assert done.stdout == ""


def test_python_that_is_gone_is_made_anew(tmp_path: Path) -> None:
    operation = '[op]\nexec = "python train.py"\n'
    repo = make_repo(tmp_path / "repo", files={"train.py": TRAIN, "gage.toml": operation})
    venv = repo / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    run(repo, "train.py")
    run(repo, "op")
    assert f'export PATH={venv}/bin:"$PATH"\n' in script_of(repo)
    (site,) = venv.glob("lib/*/site-packages")
    write_files(site, {"small-1.5.dist-info/METADATA": "Name: small\nVersion: 1.5\n"})
    run(repo, "train.py")
    shutil.rmtree(venv)
    assert '"$venv"/bin/python -m pip install --quiet small==1.5\n' in script_of(repo)
    script = script_of(repo, "@~2")
    assert '-m venv --without-pip "$venv"\n' in script
    assert "\npython train.py\n" in script
    assert repeat(script, tmp_path).stdout.endswith("loss: 0.05\n")


def test_python_under_another_name(repo: Path, tools: Path, tmp_path: Path) -> None:
    write_files(repo, {"gage.toml": '[op]\nexec = "python train.py"\n'})
    only = tmp_path / "only"
    only.mkdir()
    (only / "python3").symlink_to((tools / "python3").resolve())
    path = f"{only}:/usr/bin:/bin"
    env = {"PATH": path}
    assert gage_inside(repo, "run", "-q", "op", env=env).code == 0
    script = gage_inside(repo, "show", "--reproduce", env=env).out
    assert repeat(script, repo).stdout.endswith("loss: 0.05\n")
    assert (f"export PATH={only}" in script) != ('"$bin"/python' in script)


def test_elsewhere_one_begins_with_a_clone(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "host.git")
    ana = clone(tmp_path / "host.git", tmp_path / "ana")
    write_files(ana, {"train.py": "print('here')\n"})
    commit(ana)
    git(ana, "push", "-q", "origin", "HEAD")
    write_files(ana, {"train.py": "print('changed')\n"})
    run(ana, "train.py")
    assert gage_inside(ana, "push").code == 0
    script = script_of(ana)
    commands = [line.removeprefix("#   ") for line in script.splitlines() if line[:4] == "#   "]
    sam = tmp_path / "sam"
    sam.mkdir()
    done = repeat("\n".join(commands), sam)
    assert done.returncode == 0, done.stderr
    done = repeat(script.replace(f"repo={ana}", f"repo={sam / 'ana'}"), sam)
    assert done.stdout.endswith("changed\n")
    bob = clone(tmp_path / "host.git", tmp_path / "bob", options=("--no-local",))
    git(bob, "fetch", "-q", "origin", "refs/gage/w/*/log:refs/gage-remotes/origin/w/*/log")
    found = gage_inside(bob, "show", "--reproduce")
    assert (found.code, found.err) == (128, "fatal: source: not here\nhint: git gage fetch\n")


def test_without_a_work_tree(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    bare = tmp_path / "bare.git"
    run(bare, "--", "sh", "-c", "echo bare; cat HEAD")
    script = script_of(bare)
    assert "worktree" not in script
    assert repeat(script, tmp_path).stdout == gage_inside(bare, "output").out


def test_secrets_are_to_be_put_in(repo: Path) -> None:
    files = {
        "gage.toml": '[op]\nexec = "echo {KEY}"\n[op.config]\nkeys = ".env"\n',
        ".env": "KEY=hidden\n",
    }
    write_files(repo, files)
    run(repo, "op")
    script = script_of(repo)
    assert "hidden" not in script
    assert "# Put in what was not recorded" in script
    (repo / ".env").unlink()
    script = script_of(repo)
    assert "# Put in what is not here: " in script
    assert "ls -d" not in script


def test_nothing_outside_of_the_folder_is_touched(repo: Path) -> None:
    for path in ("../out", "/etc"):
        made = World(repo).run(source__linked=[{"path": path}])
        done = gage_inside(repo, "show", made, "--reproduce")
        assert (done.code, done.out) == (128, "")
        assert "'source.linked' of its record is not what the format says" in done.err
