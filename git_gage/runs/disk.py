"""How much disk the files of runs take, and where what is not on it is."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.git.known import read_valid
from git_gage.git.sizes import read_size
from git_gage.runs.files import HERE, find_in_git, find_where, read_filed_of
from git_gage.runs.left import Left, find_left
from git_gage.runs.liveness import PENDING
from git_gage.runs.placeholders import MAX_PLACEHOLDER, is_placeholder

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.catalog import Catalog
    from git_gage.store import Store

LIMIT = "50g"


class RunDisk(NamedTuple):
    """Files that one run made, and their bytes: all, and how many are where.

    large: those that git has not, which travel on request. alone: those that lie in the directory
    of the run and nowhere else. is_pending: they are not listed yet.
    """

    run: str
    files: int
    size: int
    where: dict[str, int]
    here_size: int
    large: int
    alone: int
    is_pending: bool


class Disk(NamedTuple):
    """Runs, and the bytes that all runs here take together; `limit`: from where on that is much.

    half: files with what is on its way into the sidecar, or was cut short, as far as it came.
    """

    runs: list[RunDisk]
    size: int
    objects: int
    objects_size: int
    limit: int
    half: int
    half_size: int


def measure_disk(store: Store, catalog: Catalog, documents: Iterable[Mapping[str, Any]]) -> Disk:
    """What some runs take, and all of them together; a file with several names counts once."""
    runs = [found for each in documents if (found := _measure_run(store, catalog, each))]
    objects = list(store.sidecar.list())
    limit = read_size(read_valid(store.repo.settings, "gage.files.limit") or LIMIT)
    half = [path.stat().st_size for path in store.sidecar.half()]
    return Disk(
        *(runs, _measure_all(store), len(objects), sum(size for _, size in objects), limit),
        *(len(half), sum(half)),
    )


def _measure_run(store: Store, catalog: Catalog, document: Mapping[str, Any]) -> RunDisk | None:
    run = document["id"]
    pending = (store.state_dir(run) / PENDING).exists()
    filed = read_filed_of(store, catalog, document)
    if filed is None:
        generated = document["generated"]
        if generated is None or not generated["files"]:
            return None
        is_here = store.run_dir(run).is_dir()
        files, size = generated["files"], generated["bytes"]
        where = {HERE if is_here else "not here": files}
        return RunDisk(run, files, size, where, size * is_here, files, files * is_here, pending)
    in_git = find_in_git(store, filed)
    made = filed.made
    places = [find_where(store, filed, each, in_git) for each in made]
    here = [each for each, where in zip(made, places, strict=True) if where == HERE]
    alone = [
        each
        for each in here
        if each.sha256 not in in_git
        and (each.sha256 is None or not store.sidecar.has(each.sha256, each.size))
    ]
    return RunDisk(
        *(run, len(made), sum(each.size for each in made), dict(Counter(places))),
        *(sum(each.size for each in here), len(filed.large), len(alone), pending),
    )


def _measure_all(store: Store) -> int:
    """Bytes of all run directories and the sidecar, without what stands for a file elsewhere."""
    sizes: dict[tuple[int, int], int] = {}
    runs = store.dir / "runs"
    names = os.listdir(runs) if runs.is_dir() else ()
    for top in (place for name in names if (place := store.run_dir(name)).is_dir()):
        for left in find_left(top):
            if not _is_placeholder(top, left):
                sizes[left.found.st_dev, left.found.st_ino] = left.found.st_size
    objects = (store.sidecar.path(sha256) for sha256, _ in store.sidecar.list())
    for path in (*objects, *store.sidecar.half()):
        found = path.stat()
        sizes[found.st_dev, found.st_ino] = found.st_size
    return sum(sizes.values())


def _is_placeholder(top: Path, left: Left) -> bool:
    is_short = stat.S_ISREG(left.found.st_mode) and left.found.st_size <= MAX_PLACEHOLDER
    return is_short and is_placeholder(top / os.fsdecode(left.path))
