"""Inputs as a run's record has them, and paths as a run object shows them.

Source: docs/format.md, "Inputs"; docs/json.md.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from git_gage.records import decode_path, encode_path
from git_gage.runs.inputs.model import FILES_LISTED, ChangedInputError, Input
from git_gage.system import with_slashes

_OCTAL = re.compile(rb"\\([0-7]{3})")


def inputs_body(inputs: Sequence[Input], work_tree: Path | None) -> list[dict[str, Any]]:
    """The value of `inputs` in `run.begin`.

    Source: docs/format.md, "Inputs".
    """
    return [_entry(each, work_tree) for each in inputs]


def _entry(each: Input, work_tree: Path | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": each.type,
        "link": each.link,
        "count": each.count,
        "size": each.size,
        "digest": each.digest,
        "files": [
            {"path": encode_path(file.place), "sha256": file.sha256, "size": file.size}
            for file in (each.files if each.count <= FILES_LISTED else ())
        ],
    }
    if each.name is not None:
        entry["name"] = each.name
    if each.run is not None:
        entry["run"] = each.run
    if each.remote is not None:
        entry["remote"] = each.remote
    if each.runs:
        entry["runs"] = list(each.runs[:FILES_LISTED])
    if each.path is not None:
        inside = work_tree is not None and each.path.is_relative_to(work_tree)
        path = each.path.relative_to(work_tree) if work_tree is not None and inside else each.path
        entry["path"] = encode_path(with_slashes(os.fsencode(path)))
    return entry


def recorded_files(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Patterns for the files of an input that a record has, each for one of them."""
    paths = (os.fsdecode(decode_path(file["path"])) for file in entry["files"])
    return tuple(map(shlex.quote, paths))


def require_recorded(inputs: Sequence[Input], recorded: Sequence[Mapping[str, Any]]) -> None:
    """Compare inputs with those that a run was recorded with.

    Raises: ChangedInputError that names each that is another by now.
    """
    changed = [
        f"'{each.label}'"
        for each, entry in zip(inputs, recorded, strict=False)
        if (each.type, each.digest) != (entry["type"], entry["digest"])
    ]
    if changed or len(inputs) != len(recorded):
        which = ", ".join(changed) or "their number"
        raise ChangedInputError(
            f"inputs changed since the run was recorded: {which}", hint="stage it again"
        )


def path_bytes(shown: str) -> bytes:
    """A path from its text in a run object, where git's quotes are around what is not UTF-8."""
    if not (shown.startswith('"') and shown.endswith('"')):
        return shown.encode(errors="backslashreplace")  # what is no text a record may still spell
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), shown[1:-1].encode())
