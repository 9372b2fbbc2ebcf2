"""Whether a run has done already what another is asked to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.catalog.values import read_value
from git_gage.records import encode_text, shown_path
from git_gage.runs.plan import recorded_config

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.runs.plan import Plan
    from git_gage.source import Source


def find_same_run(
    catalog: Catalog, plan: Plan, source: Source, work_tree: Path | None
) -> str | None:
    """The newest completed run of the same operation, config, source, command and inputs."""
    if source.digest is None:
        return None
    name = json.dumps(plan.operation, ensure_ascii=False)
    wanted = f"operation = {name} and status = completed and digest = {source.digest}"
    from git_gage.runs.inputs import inputs_body

    inputs = _contents(inputs_body(plan.inputs, work_tree))
    catalog.refresh()
    for run in catalog.find(wanted):
        document = catalog.document(run)
        if document is not None and _is_same(document, plan, source, inputs):
            return run
    return None


def _is_same(document: Mapping[str, Any], plan: Plan, source: Source, inputs: list[Any]) -> bool:
    command = document["command"]
    config = {name: read_value(value) for name, value in recorded_config(plan.config).items()}
    steps = {step.phase: step for step in plan.steps}
    phases = command["phases"] or {"run": command}
    return (
        document["operation"] == plan.operation
        and document["source"]["digest"] == source.digest
        and document["config"] == config
        and document["version"] == (plan.definition and plan.definition.version)
        and command["cwd"] == _shown(plan.folder or ".")
        and {name: _words(phase["argv"], command) for name, phase in phases.items()}
        == {
            name: _words(list(map(_shown, step.shown)), _interpreter(plan))
            for name, step in steps.items()
        }
        and _contents(document["inputs"]) == inputs
    )


def _interpreter(plan: Plan) -> dict[str, Any]:
    return {"interpreter": _shown(str(plan.interpreter)) if plan.interpreter else None}


def _shown(word: str) -> str:
    """A word as the run object has it."""
    return shown_path(encode_text(word))


def _words(argv: list[str], command: Mapping[str, Any]) -> list[str]:
    """A command without the place of its Python, which is another on each machine."""
    if argv and argv[0] == command["interpreter"]:
        return ["python", *argv[1:]]
    return argv


def _contents(inputs: list[dict[str, Any]]) -> list[Any]:
    """What the inputs were, wherever they came from."""
    return sorted((str(each.get("name")), str(each.get("digest"))) for each in inputs)
