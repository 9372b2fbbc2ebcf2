"""The record of a run before its program starts: what and how.

Source: docs/format.md, "run.begin".
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.records import encode_path, encode_text
from git_gage.runs.plan import recorded_config

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.runs.plan import Plan

# A longer body goes to the bulk lane, so that lanes stay quick to read.
MAX_BODY = 32 * 1024


def begin_body(
    repo: Repository,
    plan: Plan,
    *,
    project: Mapping[str, Any],
    source: Mapping[str, Any],
    environment: Mapping[str, Any],
    variables: Mapping[str, str],
) -> dict[str, Any]:
    """Body of `run.begin`; `environment` is without its packages, which go to bulk."""
    body: dict[str, Any] = {
        "operation": plan.operation,
        "project": dict(project),
        "command": {
            "argv": [encode_text(word) for word in plan.argv],
            "shell": False,
            "cwd": encode_text(repo.prefix.rstrip("/") or "."),
            "interpreter": encode_text(str(plan.interpreter)) if plan.interpreter else None,
            "interpreter_origin": plan.interpreter_origin,
            "variables": {name: encode_text(value) for name, value in sorted(variables.items())},
        },
        "config": recorded_config(plan.config),
        "source": encode_bytes(source),
        "environment": dict(environment),
        "nonce": os.urandom(8).hex(),
    }
    if plan.config_diff is not None:
        body["config_diff"] = plan.config_diff
    return body


def encode_bytes(value: Any) -> Any:
    """A value with every path in it (bytes) as records hold paths."""
    if isinstance(value, bytes):
        return encode_path(value)
    if isinstance(value, Mapping):
        return {key: encode_bytes(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [encode_bytes(item) for item in value]
    return value


def bind_file(repo: Repository, path: Path) -> dict[str, Any]:
    """What a record says of a bulk file: its blob id, sha256 and size in bytes."""
    size = path.stat().st_size
    oid = hashlib.new(repo.object_format, b"blob %d\0" % size, usedforsecurity=False)
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            oid.update(chunk)
            sha256.update(chunk)
    return {"oid": oid.hexdigest(), "sha256": sha256.hexdigest(), "size": size}


def fit_body(
    repo: Repository, body: dict[str, Any], state_dir: Path, name: str, shorten: Sequence[str]
) -> dict[str, Any]:
    """The body itself, or its short form with the whole bound as the bulk file `name`.

    `shorten` names what the short form leaves out, as dotted keys.
    """
    whole = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    if len(whole) <= MAX_BODY:
        return body
    path = state_dir / name
    path.write_bytes(whole)
    short: dict[str, Any] = json.loads(whole)
    for dotted in shorten:
        *outer, last = dotted.split(".")
        place = short
        for key in outer:
            place = place[key]
        place.pop(last, None)
    short["bulk"] = {**body.get("bulk", {}), name: bind_file(repo, path)}
    return short
