"""A run that goes on until it is told to stop, and whoever follows it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import git, wait_until, write_files
from tests.unit.share.world import Person, World, make_world

SOON = Path(__file__).with_name("follow_soon.py")
LONG = """\
import json, os, pathlib, time
logged = open(os.environ["GAGE_METRICS_FILE"], "a", buffering=1)
print("step 1 of 2", flush=True)
print("the password is", os.environ.get("SAID", "hidden"), flush=True)
logged.write(json.dumps({"step": 1, "loss": 0.5}) + "\\n")
with open(os.environ["GAGE_ATTRS_FILE"], "a") as said:
    said.write(json.dumps({"note": "x" * 500}) + "\\n")
end = time.time() + 60
while not pathlib.Path(os.environ["STOP"]).exists() and time.time() < end:
    time.sleep(0.05)
"""


@contextmanager
def long_world(folder: Path) -> Iterator[World]:
    """Ana has that program; what she began has ended before its files go."""
    found = make_world(folder)
    write_files(found.ana.path, {"long.py": LONG})
    yield found
    (folder / "stop").touch()
    wait_until(lambda: not list((found.ana.path / ".git/gage/state").glob("*/alive")))


def begin(person: Person, stop: Path, *words: str) -> str:
    env = {**os.environ, "STOP": str(stop)}
    done = subprocess.run(
        [sys.executable, str(SOON), "run", "--detach", *words, "long.py"],
        cwd=person.path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def beats_there(world: World) -> str:
    return git(world.origin, "for-each-ref", "--format=%(refname)", "refs/gage-live")
