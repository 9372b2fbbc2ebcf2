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
    from git_gage.runs.stage import Outcome
    from git_gage.store import Store

OUTPUT, _INDEX = "output", ".idx"
# Above this a log is clipped for git; the whole stays on this machine.
OUTPUT_LIMIT = 16 << 20
_SHORTEN = ("metrics", "attributes", "written", "unseen")


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: `ended` in Unix seconds; `reason` only where git-gage says it, not the
    program; `outcome` is None where nothing was staged; `covered`: secrets in what was logged;
    `secrets`: those that the run was given, as far as that is known."""

    status: str
    exit_code: int | None
    signal: str | None
    ended: float
    duration_s: float
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outcome: Outcome | None = None
    reason: str | None = None
    phases: Sequence[Mapping[str, Any]] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    covered: int = 0
    secrets: Sequence[bytes] = ()


class Closed(NamedTuple):
    """What the user should be warned of, and whether git has the record."""

    warnings: list[str]
    in_git: bool


def close_run(
    store: Store, catalog: Catalog, run: str, end: End, author: By, *, signed: bool = True
) -> Closed:
    """Record the end of a run and bring it into git.


    Without `signed`, and where the key fails, the end gets no signature.
    Raises: StorageError where the record cannot be written: the next command tries again.
    """
    forget_empty_run_dir(store, run)
    with store.writing():
        body = _end_body(store, run, end)
        told = describe_covered(body.get("masked", 0))
        catalog.refresh()
        record, warnings = _draft_end(store, catalog, run, body, author, signed=signed)
        store.append(record)
        try:
            store.flush()
        except GageError as error:
            late = f"run {short_id(run)} is recorded, but not in git yet: {error.message}"
            return Closed([*told, *warnings, late], in_git=False)
    forget_state(store, run, body)
    return Closed([*told, *warnings], in_git=True)


def _draft_end(
    store: Store, catalog: Catalog, run: str, body: dict[str, Any], author: By, *, signed: bool
) -> tuple[Record, list[str]]:
    """The record of an end, and what the user should be warned of.

    What a run came to is not lost with a key that was there when it began.
    """
    warnings = []
    if signed:
        try:
            return draft_next(store, catalog, "run.end", run, body, author), []
        except SigningError as error:
            warnings = [
                f"the end of run {short_id(run)} is not signed: {error.message}",
                f"sign it later with 'git gage sign {short_id(run)}'",
            ]
    return draft_next(store, catalog, "run.end", run, body, author, signed=False), warnings


def forget_state(store: Store, run: str, body: Mapping[str, Any]) -> None:
    """Remove what only a going run needs, once git holds every file that its records bind."""
    bound = [str(file["oid"]) for file in body.get("bulk", {}).values()]
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
        "duration_s": round(end.duration_s, 3),
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
