"""The record of a run after its program ended: what came out.

Source: docs/format.md, "run.end".
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import GageError
from git_gage.records import encode_path, format_time, short_id
from git_gage.runs.begin import bind_file, fit_body
from git_gage.runs.covering import cover_outputs, describe_covered
from git_gage.runs.liveness import PENDING
from git_gage.runs.next_record import draft_next
from git_gage.runs.output import clip_output, summarise_output
from git_gage.runs.phases import PHASES, log_name
from git_gage.runs.place import forget_empty_run_dir
from git_gage.runs.results import SUMMARIES, attribute_body, keep_logged
from git_gage.system import remove_tree
from git_gage.trust.errors import SigningError

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.runs.left import Left
    from git_gage.runs.stage import Outcome
    from git_gage.store import Store

OUTPUT, _INDEX = "output", ".idx"
# Above this a log is clipped for git; the whole stays on this machine.
OUTPUT_LIMIT = 16 << 20
_SHORTEN = ("metrics", "attributes", "written", "unseen")


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: `ended` in Unix seconds; `duration_s` is None where nobody measured it;
    `reason` only where git-gage says it, not the program; `outcome` is None where nothing was
    staged; `covered`: secrets in what was logged; `secrets`: those that the run was given, as far
    as that is known."""

    status: str
    exit_code: int | None
    signal: str | None
    ended: float
    duration_s: float | None
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outcome: Outcome | None = None
    reason: str | None = None
    phases: Sequence[Mapping[str, Any]] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    covered: int = 0
    secrets: Sequence[bytes] = ()


class Closed(NamedTuple):
    """What the user should be warned of; the body of the record; whether it has a signature."""

    warnings: list[str]
    body: Mapping[str, Any]
    signed: bool


class Kept(NamedTuple):
    """What the user should be warned of, and whether git has all that was recorded."""

    warnings: list[str]
    in_git: bool


def close_run(
    store: Store, catalog: Catalog, run: str, end: End, author: By, *, signed: bool = True
) -> Closed:
    """Record the end of a run; `keep_run` is to follow.

    Without `signed`, and where the key fails, the end gets no signature.
    Raises: StorageError where the record cannot be written: the next command tries again.
    """
    forget_empty_run_dir(store, run)
    with store.writing():
        body = _end_body(store, run, end)
        told = describe_covered(body.get("masked", 0))
        record, warnings = _draft(store, catalog, "run.end", run, body, author, signed=signed)
        store.append(record)
    return Closed([*told, *warnings], body, record.sig is not None or (signed and not warnings))


def keep_run(
    store: Store,
    catalog: Catalog,
    run: str,
    author: By,
    body: Mapping[str, Any],
    *,
    secrets: Sequence[bytes] = (),
    signed: bool = True,
    most: int | None = None,
) -> Kept:
    """List and keep the files that a run left, bring all of it into git, and forget its state.

    `body` is that of its end. Of more than `most` bytes of files nothing is done yet but to note
    that it is to be done.
    Raises: StorageError, KeyboardInterrupt: the next command goes on with it.
    """
    warnings: list[str] = []
    bodies = [body]
    if store.run_dir(run).is_dir():
        from git_gage.runs.left import find_left

        left = find_left(store.run_dir(run))
        if most is not None and sum(each.found.st_size for each in left) > most:
            (store.state_dir(run) / PENDING).touch()
            store.flush()
            return Kept([], in_git=True)
        if left:
            warnings, files = _record_files(
                *(store, catalog, run, author, left, secrets), signed=signed
            )
            bodies.append(files)
    try:
        store.flush()
    except GageError as error:
        late = f"run {short_id(run)} is recorded, but not in git yet: {error.message}"
        return Kept([*warnings, late], in_git=False)
    forget_state(store, run, *bodies)
    return Kept(warnings, in_git=True)


def _record_files(
    store: Store,
    catalog: Catalog,
    run: str,
    author: By,
    left: Sequence[Left],
    secrets: Sequence[bytes],
    *,
    signed: bool,
) -> tuple[list[str], Mapping[str, Any]]:
    """Record the files of a run, unless that was done; warnings, and the body of the record."""
    from git_gage.runs.inputs import path_bytes
    from git_gage.runs.manifest import keep_files

    catalog.refresh()
    document = catalog.document(run)
    assert document is not None, "its end has just been recorded"
    if document["files"] is not None:
        return [], {}
    # Nobody waits for us meanwhile: what a run leaves may be as large as a disk.
    kept = keep_files(store, run, left, path_bytes(document["command"]["cwd"] or "."), secrets)
    with store.writing():
        record, warnings = _draft(
            store, catalog, "run.files", run, kept.body, author, signed=signed
        )
        store.append(record)
    return [*kept.warnings, *warnings], kept.body


def _draft(
    store: Store,
    catalog: Catalog,
    kind: str,
    run: str,
    body: Mapping[str, Any],
    author: By,
    *,
    signed: bool,
) -> tuple[Record, list[str]]:
    """A record of a run that is over, and what the user should be warned of.

    What a run came to is not lost with a key that was there when it began.
    """
    catalog.refresh()
    warnings = []
    if signed:
        try:
            return draft_next(store, catalog, kind, run, body, author), []
        except SigningError as error:
            warnings = [
                f"the end of run {short_id(run)} is not signed: {error.message}",
                f"sign it later with 'git gage sign {short_id(run)}'",
            ]
    return draft_next(store, catalog, kind, run, body, author, signed=False), warnings


def forget_state(store: Store, run: str, *bodies: Mapping[str, Any]) -> None:
    """Remove what only a going run needs, once git holds every file that its records bind."""
    bound = [str(file["oid"]) for body in bodies for file in body.get("bulk", {}).values()]
    if all(store.repo.object_sizes(bound).values()):
        forget_state_dir(store, run)


def forget_state_dir(store: Store, run: str) -> None:
    """The state directory goes; what was logged stays with the run."""
    keep_logged(store.state_dir(run), store.run_dir(run))
    # On Windows the file of our own lock may stay until that is let go, and its folder with it.
    remove_tree(store.state_dir(run), surely=sys.platform != "win32")


def _end_body(store: Store, run: str, end: End) -> dict[str, Any]:
    state_dir = store.state_dir(run)
    covered = end.covered + cover_outputs(_find_logs(state_dir), end.secrets)
    outputs = _clip_outputs(state_dir, store.dir / "outputs" / run)
    body: dict[str, Any] = {
        "status": end.status,
        "exit_code": end.exit_code,
        "signal": end.signal,
        "ended": format_time(end.ended),
        "duration_s": None if end.duration_s is None else round(end.duration_s, 3),
        "metrics": {name: dict(metric) for name, metric in end.metrics.items()},
        "output": outputs.get(OUTPUT),
        "bulk": {
            name: bind_file(store.repo, state_dir / name)
            for name in _bulk_names(state_dir)
            if (state_dir / name).exists()
        },
    }
    if end.attributes:
        body["attributes"] = {name: attribute_body(value) for name, value in end.attributes.items()}
    if len(end.phases) > 1:
        body["phases"] = [dict(phase) for phase in end.phases]
    if end.outcome is not None:
        outcome = end.outcome
        body["generated"] = {"files": outcome.generated_files, "bytes": outcome.generated_bytes}
        body["written"] = [{"path": encode_path(path)} for path in outcome.written]
        body["unseen"] = [{"path": encode_path(path)} for path in outcome.unseen]
    if covered:
        body["masked"] = covered
    if end.reason is not None:
        body["reason"] = end.reason
    return fit_body(store.repo, body, state_dir, "end.json", _SHORTEN)


def _bulk_names(state_dir: Path) -> Iterator[str]:
    """What goes to git as it is: what was printed, and what came out."""
    for log in _find_logs(state_dir):
        yield from (log.name, f"{log.name}{_INDEX}")
    yield from SUMMARIES


def _find_logs(state_dir: Path) -> list[Path]:
    """What was printed, by each phase that has a program; a kill may have left more beside it."""
    logs = (state_dir / log_name(phase) for phase in PHASES)
    return [path for path in logs if path.exists()]


def _clip_outputs(state_dir: Path, whole: Path) -> dict[str, dict[str, int]]:
    """Make what was printed short enough for git, log by log; `whole` is where the run's stays."""
    clipped = {}
    for path in _find_logs(state_dir):
        kept = whole.with_name(whole.name + path.name.removeprefix(OUTPUT))
        # A close that was cut short may have clipped it already.
        found = summarise_output(kept if kept.exists() else path)
        clip_output(path, path.with_name(path.name + _INDEX), OUTPUT_LIMIT, whole=kept)
        size = path.stat().st_size
        clipped[path.name] = {"bytes": found.bytes, "lines": found.lines, "kept": size}
    return clipped
