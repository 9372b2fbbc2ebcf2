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
CHANGE = ("lr = args.lr\n", "lr = args.lr / (epoch + 1)\n")


class Person:
    """Somebody at a terminal in a clone."""

    def __init__(self, name: str, place: Path, environ: dict[str, str]) -> None:
        self.name = name
        self.place = place
        self.environ = environ

    def shows(self, command: str, *, only: str = "") -> None:
        """Type a command and print what it says; of a run told before, `only` how it ended."""
        print(f"{self.name}$ {command}", flush=True)
        lines = self.types(command, stderr=subprocess.STDOUT).splitlines()
        print("\n".join(line for line in lines if line.startswith(only)), flush=True)

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
        "XDG_DATA_HOME": str(scratch / "data"),
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
    ana.shows("git gage run train.py epochs=2 lr=0.2", only="done")
    print("(ana lets the learning rate fall in train.py, and does not commit that)")
    script = ana.place / "train.py"
    script.write_text(script.read_text().replace(*CHANGE))
    ana.shows("git gage run train.py epochs=4 lr=0.1", only="done")
    return script.read_text()


def compare(ana: Person, sam: Person) -> None:
    """Check that what Sam has is what Ana did, down to the bytes of the source."""
    hers = json.loads(ana.types("git gage list --json"))
    his = json.loads(sam.types("git gage list --json"))
    check("three runs, and Sam's are Ana's, metrics and all", len(his) == 3 and his == hers)
    check("each completed", all(run["status"] == "completed" for run in his))
    sam.shows("git gage output 1 | tail -n 2")
    outputs = [[who.types(f"git gage output {run['id']}") for run in his] for who in (ana, sam)]
    check("every output is the same, byte for byte", outputs[0] == outputs[1])
    accuracy = float(outputs[1][0].split()[-1])
    check("the metric is what was printed", his[0]["metrics"]["accuracy"] == accuracy)


def show_source(ana: Person, sam: Person, ran: str) -> None:
    """Show Sam what Ana had not committed, and check that it is what ran."""
    sam.shows("git gage show 1 --diff | grep '^[-+] '")
    run = json.loads(sam.types("git gage show 1 --json"))
    source = run["source"]
    check("the tree was dirty, and the run says so", source["status"] == {"train.py": " M"})
    check(
        "stock git has the script that ran",
        sam.types(f"git show {source['snapshot']}:train.py") == ran,
    )
    check("Ana's edit is still only hers", ana.types("git status --short") == " M train.py\n")
    check("Sam's work tree is untouched", sam.types("git status --short") == "")


def main() -> None:
    scratch = Path(tempfile.mkdtemp(prefix="git-gage-demo-")).resolve()
    print(f"A scratch repository with examples/digits, in {scratch}\n")
    try:
        ana, sam = start(scratch, make_environ(scratch))
        ran = run_three_times(ana)
        print()
        ana.shows("git gage list")
        ana.shows("git gage show | head -n 10")
        print()
        ana.shows("git gage push")
        sam.shows("git gage fetch")
        sam.shows("git gage list")
        compare(ana, sam)
        print()
        show_source(ana, sam, ran)
    finally:
        if os.environ.get("KEEP") == "1":
            print(f"\nKept: {scratch}")
        else:
            shutil.rmtree(scratch)
    print("\nEvery claim held.")


if __name__ == "__main__":
    main()
