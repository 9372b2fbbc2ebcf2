"""The record of a run before its program starts: what and how.

Source: docs/format.md, "run.begin".
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.records import encode_text, encode_value
from git_gage.runs.masking import masked_places
from git_gage.runs.plan import recorded_config
from git_gage.secrets import MASK, is_secret
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.gagefile.model import Gagefile
    from git_gage.git import Repository
    from git_gage.runs.plan import Plan
    from git_gage.runs.request import Lineage

# A longer body goes to the bulk lane, so that lanes stay quick to read.
MAX_BODY = 32 * 1024


def begin_body(
    plan: Plan,
    *,
    project: Mapping[str, Any],
    source: Mapping[str, Any],
    environment: Mapping[str, Any],
    variables: Mapping[str, str],
    lineage: Lineage,
    staged: bool,
    work_tree: Path | None,
) -> dict[str, Any]:
    """Body of `run.begin`; `environment` is without its packages, which go to bulk."""
    body: dict[str, Any] = {
        "operation": plan.operation,
        "project": dict(project),
        "command": _command(plan, variables),
        "config": recorded_config(plan.config),
        "source": dict(source),
        "environment": dict(environment),
        "nonce": os.urandom(8).hex(),
    }
    optional = {
        "config_diff": plan.config_diff,
        "version": plan.definition and plan.definition.version,
        "definition": definition_body(plan) or None,
        "inputs": _inputs(plan, work_tree) if plan.inputs else None,
        "staged": staged or None,
        "in_place": plan.in_place or None,
        "parent": lineage.parent,
        "restart_of": lineage.restart_of,
    }
    body |= {key: value for key, value in optional.items() if value is not None}
    masked = masked_places(body)
    return {**body, "masked": masked} if masked else body


def _command(plan: Plan, variables: Mapping[str, str]) -> dict[str, Any]:
    command: dict[str, Any] = {
        **plan.program.to_json(),
        "cwd": encode_text(plan.folder or "."),
        "interpreter": encode_text(str(plan.interpreter)) if plan.interpreter else None,
        "interpreter_origin": plan.interpreter_origin,
        "variables": {name: encode_text(value) for name, value in sorted(variables.items())},
    }
    if plan.assignments:
        command["assignments"] = [encode_text(word) for word in plan.assignments]
    if plan.script is not None:
        command["script"] = encode_text(plan.script)
    if len(plan.steps) > 1:
        command["phases"] = {step.phase: step.to_json() for step in plan.steps}
    return command


def _place(plan: Plan, gagefile: Gagefile) -> str:
    """The gagefile's path in the work tree."""
    place = with_slashes(os.path.relpath(gagefile.path, gagefile.project_dir))
    return posixpath.join(plan.folder, place)


def _inputs(plan: Plan, work_tree: Path | None) -> list[dict[str, Any]]:
    from git_gage.runs.inputs import inputs_body

    return inputs_body(plan.inputs, work_tree)


def definition_body(plan: Plan) -> dict[str, Any]:
    """What the gagefile says of the operation and nothing else in the record does; may be empty."""
    operation = plan.definition
    if operation is None or plan.gagefile is None:
        return {}
    said: dict[str, Any] = {
        "gagefile": encode_text(_place(plan, plan.gagefile)),
        "attributes": dict(operation.attributes),
        "listing": None if operation.listing is None else list(operation.listing),
        "sourcecode": None if operation.sourcecode is None else list(operation.sourcecode),
        "timeout_s": plan.timeout_s,
        "progress": dict(operation.progress) or None,
        "summary": operation.summary_filename,
        "output_summary": operation.output_summary,
        "output_metrics": operation.output_metrics,
        "output_attributes": operation.output_attributes,
        "env": {
            name: MASK if is_secret(name, text) else encode_text(text)
            for name, text in operation.env.items()
        },
    }
    return {key: value for key, value in said.items() if value is not None}


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
    body = encode_value(body)
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
