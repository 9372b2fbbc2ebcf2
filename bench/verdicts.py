"""How long 1,000 signed records take to verify, against `git log --format=%G?` on as many commits.

python bench/verdicts.py [<count>]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from git_gage.records import Record, format_time, make_record, parse_record, run_id, sign_record
from git_gage.trust.checked import Checked, Checks
from git_gage.trust.judge import Judge
from git_gage.trust.pins import Pins
from git_gage.trust.private import make_ed25519
from git_gage.trust.rules import Own, Rules
from git_gage.trust.seen import Seen
from git_gage.trust.signer import NAMESPACE
from git_gage.trust.signers import AllowedSigners
from git_gage.trust.sshsig import make_signature

if TYPE_CHECKING:
    from git_gage.trust.keys import SigningKey

WHO = "sam@example.com"
# git takes 20 to 40 ms for each.
MOST_COMMITS = 100


def make_records(key: SigningKey, count: int) -> list[Record]:
    """Comments of one person, signed."""
    records = []
    for number in range(count):
        record = make_record(
            "comment.add",
            run=run_id(1_800_000_000_000 + number, f"{number:064x}"),
            at=format_time(time.time()),
            lc=2,
            by={"name": "Sam", "email": WHO, "key": key.public.fingerprint},
            writer="0123456789abcdef",
            seq=0,
            prev=None,
            body={"text": f"comment {number}: looks good, but see the last epochs"},
        )
        armor = make_signature(key, record.payload, NAMESPACE)
        records.append(parse_record(sign_record(record, armor).line))
    return records


def open_judge(folder: Path, signers: str) -> Judge:
    lines = AllowedSigners.parse(signers, "signers").lines.values()
    rules = Rules([line for each in lines for line in each], [], Own(None, frozenset()))
    checks = Checks(folder / "checks.json", lambda *_: Checked("E"), "")
    return Judge(rules, checks, Seen(folder / "seen"), Pins(folder / "pins"), time.time())


def timed(what: str, run: Callable[[], object], count: int) -> float:
    began, cpu = time.perf_counter(), time.process_time()
    run()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"{what:<40} {took * 1000:8.0f} ms ({used * 1000:.0f} ms cpu), {count} of them")
    return took


def run_git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)


def make_commits(folder: Path, key: Path, count: int) -> None:
    run_git(folder, "init", "-q")
    settings = {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "gpg.ssh.allowedSignersFile": str(folder / "signers"),
        "user.name": "Sam",
        "user.email": WHO,
    }
    for name, value in settings.items():
        run_git(folder, "config", name, value)
    for number in range(count):
        run_git(folder, "commit", "-q", "-S", "--allow-empty", "-m", f"comment {number}")


def main(words: Sequence[str]) -> int:
    count = int(words[0]) if words else 1000
    with TemporaryDirectory(prefix="git-gage-") as name:
        folder = Path(name)
        key = make_ed25519(folder / "key")
        signers = f"{WHO} {key.public.text}\n"
        (folder / "signers").write_text(signers)
        records = make_records(key, count)
        states: list[str] = []

        def judge() -> None:
            states[:] = [each.state for each in open_judge(folder, signers).judge(records)]

        timed("verify, cold", judge, count)
        assert states == ["G"] * count
        timed("verify, from the cache", judge, count)
        commits = min(count, MOST_COMMITS)
        make_commits(folder, folder / "key", commits)
        log = ("log", "--format=%G?")
        took = timed("git log --format=%G?", lambda: run_git(folder, *log), commits)
        print(f"{'  as many as above would take':<40} {took * count / commits * 1000:8.0f} ms")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("GIT_CONFIG_GLOBAL", os.devnull)
    sys.exit(main(sys.argv[1:]))
