"""What `make demo` shows: three real runs, listed, shown, pushed, and found again by a colleague.

Works in a scratch folder that is removed at the end (KEEP=1 keeps it) and reads no git settings of
yours. Everything shown is the real output; every claim is checked, and a false one ends the demo
with exit code 1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).parent / "digits"
CHANGE = ("chances[digit], 1e-12", "chances[digit], 1e-9")


class Person:
    """Somebody at a terminal in a clone."""

    def __init__(self, name: str, place: Path, environ: dict[str, str]) -> None:
        self.name = name
        self.place = place
        self.environ = environ

    def shows(self, command: str, *, last: int | None = None) -> None:
        """Type a command and print what it says, or its last lines."""
        print(f"\n{self.name}$ {command}", flush=True)
        lines = self.types(command, stderr=subprocess.STDOUT).splitlines()
        if last is not None and len(lines) > last:
            print("  ...")
            lines = lines[-last:]
        print("\n".join(lines), flush=True)

    def types(self, command: str, stderr: int = subprocess.PIPE) -> str:
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.place,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{done.stdout}{done.stderr or ''}\ndemo: '{command}' ended {done.returncode}")
        return done.stdout


def check(claim: str, true: bool) -> None:
    """Print a claim that holds; end the demo with one that does not."""
    if not true:
        sys.exit(f"demo: not so: {claim}")
    print(f"  checked: {claim}", flush=True)


def make_environ(scratch: Path) -> dict[str, str]:
    """The user's environment without the user's git settings, and with git-gage on PATH."""
    tools = scratch / "bin"
    tools.mkdir()
    (tools / "git-gage").symlink_to(Path(sys.executable).parent / "git-gage")
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "PATH": f"{tools}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "HOME": str(scratch),
        "GIT_CONFIG_NOSYSTEM": "1",
        "COLUMNS": "80",
    }


def introduce(person: Person) -> None:
    person.types(f"git config user.name {person.name}")
    person.types(f"git config user.email {person.name}@example.com")


def start(scratch: Path, environ: dict[str, str]) -> tuple[Person, Person]:
    """Ana with the example committed and pushed; Sam with a clone of it."""
    ana = Person("ana", scratch / "ana", environ)
    sam = Person("sam", scratch / "sam", environ)
    ana.place.mkdir()
    ana.types("git init -q -b main")
    introduce(ana)
    for name in ("train.py", "digits.csv"):
        shutil.copy(EXAMPLE / name, ana.place)
    ana.types("git add . && git commit -q -m 'Read handwritten digits'")
    ana.types("git init -q --bare -b main ../shared.git && git remote add origin ../shared.git")
    ana.types("git push -q -u origin main && git clone -q ../shared.git ../sam")
    introduce(sam)
    return ana, sam


def run_three_times(ana: Person) -> str:
    """Three runs, the last on a changed, uncommitted script; that script's text."""
    ana.shows("git gage run train.py epochs=2")
    ana.shows("git gage run train.py epochs=2 lr=0.02 hidden=32", last=2)
    script = ana.place / "train.py"
    script.write_text(script.read_text().replace(*CHANGE))
    print(f"\nana edits train.py and does not commit it: {CHANGE[0][-5:]} becomes {CHANGE[1][-4:]}")
    ana.shows("git gage run train.py epochs=3", last=2)
    return script.read_text()


def compare(ana: Person, sam: Person, ran: str) -> None:
    """Check that what Sam has is what Ana did, down to the bytes of the source."""
    hers = json.loads(ana.types("git gage list --json"))
    his = json.loads(sam.types("git gage list --json"))
    check("three runs, and Sam's are Ana's", len(his) == 3 and his == hers)
    check("all completed", all(run["status"] == "completed" for run in his))
    newest = his[0]
    ident = newest["id"]
    sam.shows(f"git gage output {ident[10:17]}", last=2)
    same = ana.types(f"git gage output {ident}") == sam.types(f"git gage output {ident}")
    check("the same output, byte for byte", same)
    check("metrics came along", 0 < newest["metrics"]["accuracy"] <= 1)
    sam.shows(f"git gage show {ident[10:17]} --diff")
    snapshot = newest["source"]["snapshot"]
    check("the tree was dirty, and says so", newest["source"]["dirty"] is True)
    check(
        "stock git gives Sam the very script that ran",
        sam.types(f"git show {snapshot}:train.py") == ran,
    )
    check("Ana's edit is still only hers", ana.types("git status --short") == " M train.py\n")
    check("Sam's work tree is untouched", sam.types("git status --short") == "")


def main() -> None:
    scratch = Path(tempfile.mkdtemp(prefix="git-gage-demo-")).resolve()
    print(f"A scratch repository with examples/digits, in {scratch}")
    try:
        ana, sam = start(scratch, make_environ(scratch))
        ran = run_three_times(ana)
        ana.shows("git gage list")
        ana.shows("git gage show")
        ana.shows("git gage push")
        sam.shows("git gage fetch")
        sam.shows("git gage list")
        compare(ana, sam, ran)
    finally:
        if os.environ.get("KEEP") == "1":
            print(f"\nKept: {scratch}")
        else:
            shutil.rmtree(scratch)
    print("\nEvery claim held.")


if __name__ == "__main__":
    main()
