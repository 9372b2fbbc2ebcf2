"""Runs to and from a remote, all of them at once: against plain git of the same objects."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.fill import fill
from tests.git.over_http import GitOverHttp, serve

if TYPE_CHECKING:
    from bench.run import Bench

PUSH, FETCH = ("git", "gage", "push"), ("git", "gage", "fetch")
# Of more it takes minutes: the catalog of the remote is made for it, and then our own.
MOST_CHOSEN = 1000
LANES = "refs/gage/w/*:refs/gage/w/*"
AWAY_S = 0.05
GOALS = ("a path", "https, 50 ms away")


class FarAway(GitOverHttp):
    """Answers as late as a host would by https that a message takes AWAY_S to reach and come back.

    TCP and TLS 1.3 take a round trip each for a connection, and each request takes one.
    """

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        time.sleep(2 * AWAY_S)
        super().setup()

    def _answer(self, body: bytes) -> None:
        time.sleep(AWAY_S)
        super()._answer(body)


def measure_moving(bench: Bench, runs: int) -> None:
    """Push and fetch of so many runs by a path, file://, http and from afar; to an empty place."""
    repo = bench.make_repo(f"moving{runs}")
    bench.time(repo, ["git", "gage", "run", "-q", "train.py"])
    lane = bench.git(repo, "for-each-ref", "--format=%(refname)", "refs/gage").split("/")[3]
    fill(repo, runs, 1, own=lane)
    folder = bench.folder / f"remotes{runs}"
    folder.mkdir()
    there, plain = folder / "there.git", folder / "plain.git"
    label = f"{runs:,} runs"
    with _addresses(folder) as addresses:
        for kind, address in addresses.items():
            push = partial(
                bench.compare,
                where=repo,
                command=[*PUSH, address(there)],
                base=["git", "push", "-q", address(plain), LANES],
                before_base=partial(_make_empty, bench, plain),
                goal="≤ 1.5 ×" if kind in GOALS else "",
                memory=kind == "a path",
            )
            push(f"push {label} to {kind}", before=partial(_forget, bench, repo, there))
            if kind == "a path":
                again = partial(_forget, bench, repo, there, looked_at=False)
                push(f"push {label} that were not looked at for secrets yet", before=again)
                push(f"push {label} again", goal="≤ 150 ms", before_base=lambda: None)
            taker, puller = folder / "taker", folder / "puller"
            bench.compare(
                f"fetch {label} from {kind}",
                taker,
                [*FETCH, address(there)],
                before=partial(_make_empty, bench, taker, bare=False),
                base=["git", "-C", str(puller), "fetch", "-q", address(plain), LANES],
                before_base=partial(_make_empty, bench, puller, bare=False),
                goal="≤ 1.5 ×" if kind in GOALS else "",
                memory=kind == "a path",
            )
    if runs > MOST_CHOSEN:
        return
    choose = [*FETCH, str(there), "-w", "status = completed"]
    before = partial(_make_empty, bench, taker, bare=False)
    bench.compare(
        f"fetch {label} by a filter",
        taker,
        choose,
        before=before,
        base=["git", "-C", str(puller), "fetch", "-q", str(plain), LANES],
        before_base=partial(_make_empty, bench, puller, bare=False),
        goal="",
    )


@contextmanager
def _addresses(folder: Path) -> Iterator[dict[str, Callable[[Path], str]]]:
    """How a repository in the folder is spelled, by the kind of remote."""
    with serve(folder) as url, serve(folder, FarAway) as far:
        yield {
            "a path": str,
            "file://": Path.as_uri,
            "http": lambda path: f"{url}/{path.name}",
            "https, 50 ms away": lambda path: f"{far}/{path.name}",
        }


def _make_empty(bench: Bench, place: Path, *, bare: bool = True) -> None:
    shutil.rmtree(place, ignore_errors=True)
    bench.git(place.parent, "init", "-q", *(("--bare",) if bare else ()), str(place))


def _forget(bench: Bench, repo: Path, there: Path, *, looked_at: bool = True) -> None:
    """Let there be nothing at the remote, and nothing known of it here."""
    _make_empty(bench, there)
    for ref in bench.git(repo, "for-each-ref", "--format=%(refname)", "refs/gage-remotes").split():
        bench.git(repo, "update-ref", "-d", ref)
    gage = repo / ".git" / "gage"
    (gage / "shared.json").unlink(missing_ok=True)
    if not looked_at:
        (gage / "cache" / "clean-tips.json").unlink(missing_ok=True)
