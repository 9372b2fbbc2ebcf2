"""What a run depends on: found before it starts, recorded, laid out, and put away at its close.

Source: docs/dependencies.md; docs/format.md, "Inputs" and "References".
"""

from __future__ import annotations

from git_gage.runs.inputs.close import ClosedInputs, close_inputs, unwritten_inputs
from git_gage.runs.inputs.model import Input
from git_gage.runs.inputs.places import settle_places
from git_gage.runs.inputs.record import (
    inputs_body,
    path_bytes,
    recorded_files,
    require_recorded,
)
from git_gage.runs.inputs.reference import follow_reference
from git_gage.runs.inputs.resolve import input_names, resolve_inputs
from git_gage.runs.inputs.stage import stage_inputs

__all__ = [
    "ClosedInputs",
    "Input",
    "close_inputs",
    "follow_reference",
    "input_names",
    "inputs_body",
    "path_bytes",
    "recorded_files",
    "require_recorded",
    "resolve_inputs",
    "settle_places",
    "stage_inputs",
    "unwritten_inputs",
]
