"""What is said of a run to other machines while it goes on.

Source: docs/format.md, "Heartbeats".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.runs.covering import cover_attributes, cover_metrics
from git_gage.runs.liveness import OUTPUT
from git_gage.runs.progress import find_progress
from git_gage.runs.results import read_live
from git_gage.secrets import MASK, mask_secrets
from git_gage.store.beats import Beat

if TYPE_CHECKING:
    from git_gage.store import Store

LINES = 10
# A secret of several lines is known by its first: what is said is looked for in more than that.
_WINDOW = 64 << 10
_LINE_BYTES = 400
_METRICS, _ATTRIBUTES = 100, 20


def look_at(store: Store, run: str, progress: Mapping[str, str], secrets: Sequence[bytes]) -> Beat:
    """How a run of this clone is getting on.

    progress: phase → how it is read from the output. secrets: those that the run was given.
    """
    state_dir = store.state_dir(run)
    metrics, logged = read_live(state_dir)
    metrics, _ = cover_metrics(dict(list(metrics.items())[:_METRICS]))
    attributes, _ = cover_attributes(dict(list(logged.items())[:_ATTRIBUTES]))
    return Beat(
        at=store.clock(),
        progress=find_progress(state_dir, progress),
        metrics=metrics,
        attributes={name: _shorten(value) for name, value in attributes.items()},
        output=_last_lines(state_dir / OUTPUT, secrets),
    )


def _last_lines(path: Path, secrets: Sequence[bytes]) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _WINDOW))
            data = file.read()
    except FileNotFoundError:
        return ""
    if size > _WINDOW:
        data = data.partition(b"\n")[2]
    for secret in secrets:
        data = data.replace(secret, MASK.encode())
    data, _ = mask_secrets(data)
    lines = [line[:_LINE_BYTES] for line in data.splitlines()[-LINES:]]
    return "".join(f"{line.decode(errors='replace')}\n" for line in lines)


def _shorten(value: Any) -> Any:
    return value[:_LINE_BYTES] if isinstance(value, str) else value
