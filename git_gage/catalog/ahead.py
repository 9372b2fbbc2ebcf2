"""Record blobs read for a load; by a second process, ahead of it, where there are many.

`python -m git_gage.catalog.ahead` takes names of blobs on standard input and hands out each of
them, pickled, on standard output, while whoever asked writes those before into the catalog.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.catalog.ready import Ready, make_ready
from git_gage.git import open_repository
from git_gage.store import Store
from git_gage.system import usable_cpus

if TYPE_CHECKING:
    from subprocess import Popen

# About as many as are read here until a second process has come up, and earn its start.
MANY = 2000
# Room for one portion while another is written: without it the two wait for each other.
_PIPE_BYTES = 1 << 20


class Portion(NamedTuple):
    """A blob: runs that are ready to be written, and all other lines."""

    blob: str
    ready: Sequence[Ready]
    lines: Sequence[bytes]


def read_portions(store: Store, blobs: Sequence[str]) -> Iterator[Portion]:
    """All blobs that can be read; runs are ready only where a second process reads.

    Whatever that leaves behind, also by its end, is read here.
    """
    left = dict.fromkeys(blobs)
    read = 0
    for done, (blob, lines) in enumerate(store.read_readable(blobs), 1):
        del left[blob]
        yield Portion(blob, (), lines)
        read += len(lines)
        if read >= MANY and read * len(left) >= MANY * done:
            break
    else:
        return
    for portion in _read_ahead(store, list(left)):
        del left[portion.blob]
        yield portion
    for blob, lines in store.read_readable(left):
        yield Portion(blob, (), lines)


def main() -> None:
    """Make portions of the blobs that are asked for."""
    gc.disable()  # many objects and no cycles, as in any load
    store = Store(open_repository(Path.cwd(), dict(os.environ)))
    seen: set[str] = set()
    for blob, lines in store.read_readable(sys.stdin.read().split()):
        pickle.dump((blob, *make_ready(lines, seen)), sys.stdout.buffer)


def _read_ahead(store: Store, blobs: Sequence[str]) -> Iterator[Portion]:
    """Portions from a second process, as far as it comes."""
    process = _start(store)
    if process is None:
        return
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write("\n".join(blobs).encode())
        process.stdin.close()
        while True:
            yield Portion(*pickle.load(process.stdout))
    except (OSError, EOFError, pickle.UnpicklingError):
        return  # it is through, or was ended
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _start(store: Store) -> Popen[bytes] | None:
    """None where there is nothing to win, or it can't be started."""
    if sys.platform == "win32" or usable_cpus() == 1:
        return None
    try:
        return subprocess.Popen(
            (sys.executable, "-P", "-m", "git_gage.catalog.ahead"),
            cwd=store.repo.cwd,
            env=dict(store.repo.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=_PIPE_BYTES,
        )
    except OSError:
        return None


if __name__ == "__main__":  # pragma: no branch - nobody imports it as that
    main()
