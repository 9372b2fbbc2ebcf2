"""What machines that record runs said of them last: one ref a run, replaced and never kept.

Nobody signs a beat. It says what a list may show until the end of the run arrives, and no more.
Source: docs/format.md, "Heartbeats".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import IntegrityError
from git_gage.git.imports import IDENTITY
from git_gage.git.quarantine import quarantine_environ
from git_gage.records import format_time, parse_time
from git_gage.store.layout import TRACKING

if TYPE_CHECKING:
    from git_gage.git import Repository

SPACE = "refs/gage-live"
BEAT_BYTES = 64 << 10

_FILE = "beat.json"
_NAME = r"[a-z0-9-]{1,64}/([0-9a-z]{30})"
_REF = re.compile(rf"{TRACKING}/.+?/live/{_NAME}")
_THERE = re.compile(rf"{SPACE}/{_NAME}")
_MOST = 1000


class Beat(NamedTuple):
    """What is known of a run that goes on elsewhere; `at` in Unix seconds of that machine.

    progress: 0 to 1, None if it does not say. output: its last lines.
    """

    at: float
    progress: float | None
    metrics: dict[str, Any]
    attributes: dict[str, Any]
    output: str


def beat_ref(lane: str, run: str) -> str:
    """Where the remote keeps the beats of a run that the clone with this lane records."""
    return f"{SPACE}/{lane}/{run}"


def track_beats(tracking: str) -> str:
    """Refspec that brings the beats of a remote, which are replaced."""
    return f"+{SPACE}/*:{TRACKING}/{tracking}/live/*"


def beats_only(listed: Mapping[str, str]) -> dict[str, str]:
    """Of refs of a remote, those that hold beats."""
    return {ref: listed[ref] for ref in [ref for ref in listed if _THERE.fullmatch(ref)][:_MOST]}


def tracked_beat(tracking: str, ref: str) -> str:
    """Where such a ref of a remote is kept here, as `track_beats` has it."""
    return f"{TRACKING}/{tracking}/live{ref.removeprefix(SPACE)}"


def make_beat(repo: Repository, folder: Path, beat: Beat) -> str:
    """A commit without parent that holds a beat, made in `folder`/objects; its id."""
    env = quarantine_environ(repo, folder)
    (folder / "objects").mkdir(exist_ok=True)  # git takes no other folder for a repository's
    said = {**beat._asdict(), "at": format_time(beat.at)}
    content = json.dumps(said, sort_keys=True).encode() + b"\n"
    blob = repo.run("hash-object", "-w", "--stdin", input=content, env=env).decode().strip()
    entry = f"100644 blob {blob}\t{_FILE}\n".encode()
    tree = repo.run("mktree", input=entry, env=env).decode().strip()
    text = f"tree {tree}\nauthor {IDENTITY}\ncommitter {IDENTITY}\n\ngage beat\n".encode()
    made = repo.run("hash-object", "-t", "commit", "-w", "--stdin", input=text, env=env)
    return made.decode().strip()


def read_beats(repo: Repository) -> dict[str, Beat]:
    """The newest beat of each run of which a remote had one; what makes no sense is left out."""
    names = {
        f"{oid}:{_FILE}": match[1]
        for ref, oid in list(repo.list_refs(f"{TRACKING}/**/live/**").items())[:_MOST]
        if (match := _REF.fullmatch(ref))
    }
    beats: dict[str, Beat] = {}
    for found in repo.read_readable(names, "blob", BEAT_BYTES):
        beat = _read(found.content)
        run = names[found.name]
        if beat is not None and (run not in beats or beats[run].at < beat.at):
            beats[run] = beat
    return beats


def _read(content: bytes | None) -> Beat | None:
    try:
        said = json.loads(content or b"")
        progress, output = said["progress"], said["output"]
        found = Beat(parse_time(said["at"]), progress, said["metrics"], said["attributes"], output)
    except (ValueError, TypeError, KeyError, RecursionError, IntegrityError):
        return None
    is_share = progress is None or (type(progress) in (int, float) and 0 <= progress <= 1)
    is_sound = is_share and isinstance(output, str) and _is_map(found.metrics, found.attributes)
    return found if is_sound else None


def _is_map(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)
