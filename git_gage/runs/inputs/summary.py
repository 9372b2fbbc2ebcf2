"""An input that is many runs in one JSON file.

Source: docs/json.md, "A summary of runs".
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.runs.inputs.choice import find_documents, how_to_run, read_document
from git_gage.runs.inputs.model import Input, InputError, InputFile, Search, collect_files
from git_gage.runs.inputs.places import place_in_run

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency

FILE_NAME = "runs.json"
COMPLETED = "status = completed"
KEYS = (
    *("id", "name", "operation", "version", "status", "exit_code"),
    *("started", "ended", "duration_s", "label", "tags", "config"),
    *("metrics", "summaries", "attributes", "inputs", "parent", "restart_of"),
)
SOURCE_KEYS = ("commit", "branch", "dirty", "snapshot", "digest")


def sum_up_runs(dependency: Dependency, search: Search) -> Input:
    """A JSON array of the runs of this project that a filter chooses, newest first.

    Without a filter these are the completed ones.
    """
    if search.summed is None:
        documents = list(find_documents(dependency.where or COMPLETED, search))
    else:
        documents = [read_document(run, search) for run in next(search.summed, ())]
    if not documents:
        raise InputError("no run of this project matches", hint=how_to_run(dependency.where))
    content = _format(documents)
    file = InputFile(
        place=place_in_run(dependency, os.fsencode(dependency.summary_filename or FILE_NAME)),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=content,
    )
    runs = tuple(document["id"] for document in documents)
    return collect_files(dependency, [file], link=False, runs=runs)


def _format(documents: Iterable[Mapping[str, Any]]) -> bytes:
    """One run a line, in ASCII."""
    lines = [json.dumps(_pick(document)) for document in documents]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _pick(document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a run object is worth a report."""
    picked = {key: document[key] for key in KEYS}
    picked["source"] = {key: document["source"][key] for key in SOURCE_KEYS}
    return picked
