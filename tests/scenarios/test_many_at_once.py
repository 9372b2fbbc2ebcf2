"""Eight people's worth of runs in one repository at once, beside a gc that spares nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support import gage_inside, git, scale, write_files

WRITERS = 8
PROGRAM = """\
import sys
print("writer", sys.argv[1], "run", sys.argv[2])
print("loss:", float(sys.argv[1]) + float(sys.argv[2]) / 100)
"""
# Each run has a source of its own: an untracked file that only this writer's next run sees.
LOOP = """
for number in $(seq {count}); do
    echo "{writer} $number" > note-{writer}.txt
    git gage run -q -- python3 program.py {writer} $number >/dev/null || exit 1
done
"""


def test_no_run_source_or_output_is_lost(repo: Path) -> None:
    each = scale(2, 40)
    write_files(repo, {"program.py": PROGRAM})
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "program")
    writers = [
        subprocess.Popen(["sh", "-c", LOOP.format(count=each, writer=writer)], cwd=repo)
        for writer in range(WRITERS)
    ]
    while any(writer.poll() is None for writer in writers):
        git(repo, "gc", "-q", "--prune=now", ok=(0, 1, 128, 255))
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    runs = json.loads(gage_inside(repo, "list", "--all", "--json").out)
    assert len(runs) == WRITERS * each
    seen = set()
    for run in runs:
        writer, number = run["command"]["argv"][2:]
        seen.add((writer, number))
        assert run["status"] == "completed"
        assert run["metrics"]["loss"] == float(writer) + float(number) / 100
        # The source: what this writer had written just before is in the snapshot.
        note = git(repo, "show", f"{run['source']['snapshot']}:note-{writer}.txt")
        assert note == f"{writer} {number}\n"
        output = gage_inside(repo, "output", run["id"])
        assert output.out.startswith(f"writer {writer} run {number}\n")
    assert len(seen) == WRITERS * each
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
