"""What becomes of runs that git-gage could not see to their end, and of records too large."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.support import gage, git, write_files

FOREVER = """\
import time
print("loss: 0.5", flush=True)
open("model.txt", "w").write("half")
time.sleep(600)
"""


def runs_of(repo: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads(gage(repo, "list", "--all", "--json").out)
    return runs


def start_forever(repo: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A run that goes on, and the process id of its program."""
    write_files(repo, {"forever.py": FOREVER, "summary.json": '{"loss": 9}'})
    recorder = subprocess.Popen(
        ["git-gage", "run", "forever.py"], cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert recorder.stdout is not None
    assert recorder.stdout.readline() == b"loss: 0.5\n"
    (note,) = (repo / ".git/gage/state").glob("*/program.json")
    return recorder, json.loads(note.read_text())["pid"]


def wait_until_settled(repo: Path) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while (run := runs_of(repo)[0])["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    return run


def test_a_going_run_is_seen_from_elsewhere_in_the_clone(repo: Path) -> None:
    recorder, _ = start_forever(repo)
    assert runs_of(repo)[0]["status"] == "running"
    assert gage(repo, "output").out == "loss: 0.5\n"
    assert gage(repo, "label", "@", "--set", "while it runs").code == 0
    recorder.send_signal(signal.SIGTERM)
    recorder.communicate()
    assert recorder.returncode == 128 + signal.SIGTERM
    (run,) = runs_of(repo)
    assert (run["status"], run["signal"]) == ("terminated", "SIGTERM")
    assert run["label"] == "while it runs"
    assert run["exit_code"] == 128 + signal.SIGTERM


def test_a_killed_recorder_leaves_the_truth(repo: Path) -> None:
    recorder, program = start_forever(repo)
    recorder.kill()
    recorder.communicate()
    assert runs_of(repo)[0]["status"] == "running", "the program goes on"
    (state_dir,) = (repo / ".git/gage/state").iterdir()
    (state_dir / "output.idx.new").write_text("half a line")
    os.kill(program, signal.SIGKILL)
    run = wait_until_settled(repo)
    assert run["status"] == "terminated"
    assert run["exit_code"] is None
    assert "was not seen" in run["reason"]
    assert run["metrics"] == {"loss": 0.5}, "what the source holds is not what came out"
    assert gage(repo, "output").out == "loss: 0.5\n"
    run_dir = repo / ".git/gage/runs" / run["id"]
    assert sorted(path.name for path in run_dir.iterdir()) == [".gage", "model.txt"]
    assert [path.name for path in (run_dir / ".gage").iterdir()] == ["output.metrics.jsonl"]
    assert list((repo / ".git/gage/state").iterdir()) == []


def test_a_run_of_another_machine_is_lost_not_closed(repo: Path) -> None:
    recorder, program = start_forever(repo)
    recorder.kill()
    recorder.communicate()
    os.kill(program, signal.SIGKILL)
    (alive,) = (repo / ".git/gage/state").glob("*/alive")
    alive.write_text(alive.read_text().replace(socket.gethostname(), "another-host"))
    assert runs_of(repo)[0]["status"] == "running", "its heart beat a moment ago"
    for path in alive.parent.iterdir():
        os.utime(path, (0, 0))
    assert runs_of(repo)[0]["status"] == "lost"
    assert "lost?" in gage(repo, "list").out


def test_state_that_was_left_after_the_end_goes(repo: Path) -> None:
    gage(repo, "run", "train.py")
    (run,) = runs_of(repo)
    for name in (run["id"], "new-abc"):
        state_dir = repo / ".git/gage/state" / name
        state_dir.mkdir()
        here = {"host": socket.gethostname(), "boot": "before"}
        (state_dir / "alive").write_text(json.dumps(here))
    assert runs_of(repo) == [run]
    assert list((repo / ".git/gage/state").iterdir()) == []


def test_a_body_over_32_kib_goes_to_bulk_and_comes_back_whole(repo: Path) -> None:
    names = [f"folder/{'long-name-' * 8}{number}.txt" for number in range(400)]
    write_files(repo, dict.fromkeys(names, "x\n"))
    loop = "for n in range(900):\n    print(f'metric_{n}: {n}')\n"
    write_files(repo, {"many.py": loop})
    assert gage(repo, "run", "many.py").code == 0
    (run,) = runs_of(repo)
    assert len(run["source"]["status"]) == 401
    assert len(run["metrics"]) == 900
    lines = git(repo, "show", f"{_log(repo)}:hot/00000000-2").splitlines()
    assert all(len(line) < 32 * 1024 for line in lines)
    assert "begin.json" in json.loads(lines[0])["body"]["bulk"]


def test_a_long_output_is_clipped_in_git_and_whole_on_disk(repo: Path) -> None:
    write_files(repo, {"loud.py": "for n in range(300_000):\n    print(f'line {n:070d}')\n"})
    done = subprocess.run(
        ["git", "gage", "run", "-q", "loud.py"], cwd=repo, stdout=subprocess.DEVNULL, check=True
    )
    assert done.returncode == 0
    (run,) = runs_of(repo)
    size = 300_000 * 76
    assert run["output"]["bytes"] == size
    assert run["output"]["lines"] == 300_000
    assert run["output"]["kept"] < 16 << 20
    assert (repo / ".git/gage/outputs" / run["id"]).stat().st_size == size
    shown = gage(repo, "output").out
    assert shown.startswith(f"line {0:070d}\n")
    assert shown.endswith(f"line {299_999:070d}\n")
    assert shown.count("\n") == 300_000
    bulk = _log(repo).replace("/log", "/bulk")
    kept = git(repo, "show", f"{bulk}:{run['id']}/output")
    assert len(kept) == run["output"]["kept"]
    assert "bytes left out here" in kept


def test_a_program_that_cannot_be_started_is_recorded_as_such(repo: Path) -> None:
    missing = gage(repo, "run", "--", "./nothing-here")
    assert missing.code == 127
    assert "hint: " in missing.err
    write_files(repo, {"plain.txt": "no program\n"})
    assert gage(repo, "run", "--", "./plain.txt").code == 126
    assert [(run["status"], run["exit_code"]) for run in runs_of(repo)] == [
        ("error", 126),
        ("error", 127),
    ]


def test_when_staging_fails_the_run_says_so(repo: Path) -> None:
    gage(repo, "run", "train.py")
    runs = repo / ".git/gage/runs"
    shutil.rmtree(runs)
    runs.write_text("in the way")
    failed = gage(repo, "run", "train.py")
    assert failed.code == 125, failed.err
    assert failed.err.splitlines()[-1].startswith(("fatal: ", "hint: "))
    run = runs_of(repo)[0]
    assert run["status"] == "error"
    assert run["exit_code"] is None
    assert "git-gage" in run["reason"]


def _log(repo: Path) -> str:
    refs = git(repo, "for-each-ref", "--format=%(refname)", "refs/gage/w").split()
    return next(ref for ref in refs if ref.endswith("/log"))
