"""Runs whose recorder died are closed as what they are, by the next command that shows runs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.errors import GageError, describe_os_error
from git_gage.runs.liveness import LOST_S, OUTPUT, PENDING, Life, find_life, last_sign
from git_gage.system import remove_tree

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.runs.results import Watch
    from git_gage.store import Store

NEW = "new-"
# So many bytes are measured by any command that comes by; `git gage files` measures more.
MOST_IN_PASSING = 256 << 20
REASON = "git-gage was killed before the program ended; its end was not seen"
IMPORT_REASON = "git-gage was killed while it imported this run"
_SHOWN = {
    Life.RUNNING: "running",
    Life.ENDED_UNSEEN: "terminated",
    Life.RUNNING_ELSEWHERE: "running",
    Life.ELSEWHERE: "lost",
}


def settle(store: Store, catalog: Catalog) -> list[str]:
    """Close runs begun here that neither git-gage nor the program goes on with.

    What could not be closed (a read-only repository, a full disk) is tried again next time, and
    `with_status` still tells the truth; gives what the user should know of it.
    """
    folder = store.dir / "state"
    if not folder.is_dir():
        return []
    dead = [path for path in folder.iterdir() if _is_left_open(path)]
    if not dead:
        return []
    told = []
    try:
        with store.writing():
            for state_dir in dead:
                told += _try_settle(store, catalog, state_dir)
    except GageError as error:
        return [*told, _describe(str(error))]
    catalog.refresh()
    return told


def with_status(store: Store, document: dict[str, Any]) -> dict[str, Any]:
    """The run object with the status of a run that has no end as it is at this moment."""
    if document["status"] != "running":
        return document
    from git_gage.catalog.documents import add_live
    from git_gage.records import format_time
    from git_gage.runs.results import read_live

    state_dir = store.state_dir(document["id"])
    life = find_life(state_dir)
    if life is Life.ELSEWHERE and (beat := store.read_beats().get(document["id"])) is not None:
        status = _heard_status(beat.at)
        heard = {"at": format_time(beat.at), "output": beat.output}
        document = {**document, "status": status, "progress": beat.progress, "heard": heard}
        return add_live(document, beat.metrics, beat.attributes)
    status = _SHOWN[life]
    progress = None
    if status == "running" and document["definition"]["progress"]:
        from git_gage.runs.progress import find_progress

        progress = find_progress(state_dir, document["definition"]["progress"])
    return add_live({**document, "status": status, "progress": progress}, *read_live(state_dir))


def read_going(store: Store) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Summaries of metrics and logged attributes of the runs that go on here, by id."""
    paths = list((store.dir / "state").glob("*/summaries"))
    if not paths:
        return {}
    from git_gage.runs.results import read_live

    return {path.parent.name: read_live(path.parent) for path in paths}


def status_now(store: Store, run: str) -> str:
    """The status of a run that has no end, by its id, at this moment."""
    life = find_life(store.state_dir(run))
    if life is Life.ELSEWHERE and (beat := store.read_beats().get(run)) is not None:
        return _heard_status(beat.at)
    return _SHOWN[life]


def _heard_status(at: float) -> str:
    """The status of a run by the time of its last beat."""
    return "running" if time.time() - at < LOST_S else "lost"


def finish_pending(store: Store, catalog: Catalog) -> list[str]:
    """List and keep the files of runs that left too many bytes for a command in passing.

    Gives what the user should know of it.
    """
    told = []
    for mark in sorted((store.dir / "state").glob(f"*/{PENDING}")):
        run = mark.parent.name
        if find_life(mark.parent) is Life.ENDED_UNSEEN:
            told += _keep(store, catalog, run, {}, most=None)
    return told


def _is_left_open(state_dir: Path) -> bool:
    return not (state_dir / PENDING).exists() and find_life(state_dir) is Life.ENDED_UNSEEN


def _keep(
    store: Store, catalog: Catalog, run: str, body: Mapping[str, Any], *, most: int | None
) -> list[str]:
    from git_gage.runs.close import keep_run

    # Nobody vouches for what nobody saw; and who only looks at runs is not asked to sign.
    return keep_run(store, catalog, run, None, body, signed=False, most=most).warnings


def _try_settle(store: Store, catalog: Catalog, state_dir: Path) -> list[str]:
    """What is in the way of one run must not keep the others open, nor any command from working."""
    try:
        return _settle_one(store, catalog, state_dir)
    except OSError as error:
        return [_describe(describe_os_error(error)[0])]


def _describe(why: str) -> str:
    return f"a run that is over could not be closed: {why}"


def _settle_one(store: Store, catalog: Catalog, state_dir: Path) -> list[str]:
    # Somebody else may have been here while we waited for the lock.
    if not _is_left_open(state_dir):
        return []
    catalog.refresh()
    document = None if state_dir.name.startswith(NEW) else catalog.document(state_dir.name)
    if document is None:
        remove_tree(state_dir)
        return []
    body: Mapping[str, Any] = {}
    if document["status"] == "running":
        body = _close(store, catalog, state_dir, document)
    # Where the end is recorded, its files and what it binds may not be kept yet.
    return _keep(store, catalog, state_dir.name, body, most=MOST_IN_PASSING)


def _close(
    store: Store, catalog: Catalog, state_dir: Path, document: dict[str, Any]
) -> Mapping[str, Any]:
    from git_gage.records import parse_time
    from git_gage.runs.close import End, close_run
    from git_gage.runs.inputs import close_inputs, unwritten_inputs
    from git_gage.runs.stage import recover_stage

    run = document["id"]
    run_dir = store.run_dir(run)
    watch = _recover_watch(store, state_dir, document)
    given = unwritten_inputs(run_dir, _folder(document), state_dir)
    watch.forget(given)
    watch.scan_first()
    # First what was staged goes: a `summary.json` of the source is not what this run came to.
    ended = last_sign(state_dir)
    folder = os.fsencode(_folder(document))
    closed = close_inputs(run_dir, folder, state_dir, ended)
    outcome = recover_stage(store.repo, run_dir, state_dir / "git", ended, closed.kept)
    watch.forget(given)  # references, by now
    if outcome is not None:
        outcome.written.extend(closed.changed)
        outcome.unseen.extend(closed.unseen)
    found, failure = watch.finish_surely()
    end = End(
        status="terminated",
        exit_code=None,
        signal=None,
        ended=ended,
        duration_s=max(0.0, ended - parse_time(document["started"])),
        metrics=found.metrics,
        attributes=found.attributes,
        covered=found.covered,
        outcome=outcome,
        reason=REASON if document["imported"] is None else IMPORT_REASON,
    )
    body = close_run(store, catalog, run, end, None, signed=False).body
    if failure is not None:
        raise failure
    return body


def _recover_watch(store: Store, state_dir: Path, document: dict[str, Any]) -> Watch:
    """All that the run logged, printed or left, read from the beginning."""
    from git_gage.runs.output import read_lines
    from git_gage.runs.results import watch_run

    in_place = document["in_place"]
    top = store.repo.work_tree if in_place else store.run_dir(document["id"])
    folder = _folder(document)
    watch = watch_run(
        store,
        document["id"],
        document["definition"],
        top=top and top / folder if in_place else top,
        folder="" if in_place else folder,
        own=not in_place,
        started=document["started"],
    )
    output = state_dir / OUTPUT
    if output.exists():
        for line in read_lines(output):
            watch.feed(line, 0)
    return watch


def _folder(document: dict[str, Any]) -> str:
    """The project's folder, as the system spells it."""
    from git_gage.runs.inputs import path_bytes

    return os.fsdecode(path_bytes(document["command"]["cwd"] or "."))
