"""Which runs a dependency means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from git_gage.records import short_id
from git_gage.runs.association import find_linked
from git_gage.runs.inputs.model import InputError, Search
from git_gage.runs.settle import with_status

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OPERATION = re.compile(r"\bop(?:eration)?\s*(?:=+|in\s*\[)\s*[\"']?([\w.:-]+)")


def choose_run(dependency: Dependency, search: Search) -> dict[str, Any]:
    """The run that the command line names for a dependency, else the newest that is completed.

    Raises: InputError where there is none, with the reason for the newest that does not count;
    RunNotFoundError and AmbiguousRunError for what the command line says.
    """
    name = search.names[dependency]
    if name in search.bound:
        return _bound_run(search.bound[name], search)
    if dependency.where is None:
        raise InputError("nothing says which run", hint=f"name it: {name}=<run>")
    passed_over = None
    for document in find_documents(dependency.where, search):
        if document["status"] == "completed":
            return document
        passed_over = passed_over or document
    if passed_over is None:
        raise InputError("no run of this project matches", hint=how_to_run(dependency.where))
    run = short_id(passed_over["id"])
    raise InputError(
        f"no completed run matches, and run {run} {_state(passed_over)}",
        hint=f"to take it all the same: {name}={run}",
    )


def find_documents(where: str, search: Search) -> Iterator[dict[str, Any]]:
    """Run objects of this project that a filter chooses, newest first.

    Those are of it, too, of which somebody has said so here.
    """
    linked = find_linked(search.store, search.project_dir)
    for run in search.runs.find(where):
        document = read_document(run, search)
        if run in linked or is_same_project(document["project"], search.project):
            yield document


def is_same_project(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether a run belongs to a project: by a common id, and by the folder where ids are commits.

    Of a history that is not all here nothing is known, so it stands in nobody's way.
    """
    if theirs["id"] and ours["id"]:
        common = set(theirs["id"]).intersection(ours["id"])
        if not common:
            return False
        if not all(map(COMMIT.fullmatch, common)):
            return True
    folder = ours["path"] or "."
    return folder == "." or f"{theirs['path'] or '.'}/".startswith(f"{folder}/")


def how_to_run(where: str | None) -> str:
    """What to type for a run that a filter would choose."""
    found = _OPERATION.search(where or "")
    return f"git gage run {found[1]}" if found else "git gage list"


def _bound_run(text: str, search: Search) -> dict[str, Any]:
    if "#" in text:
        raise InputError(
            f"'{text}' names no run of another repository",
            hint="<url>#<id>, with four letters of the id or more, or the name of the run",
        )
    document = read_document(search.runs.resolve(text), search)
    if document["status"] != "completed":
        search.warn(f"run {short_id(document['id'])}, whose files are an input, {_state(document)}")
    return document


def read_document(run: str, search: Search) -> dict[str, Any]:
    """The run object of a run that is here, with its status as it is now."""
    document = search.runs.document(run)
    assert document is not None, f"the catalog names run {run} and does not know it"
    return with_status(search.store, document)


def _state(document: Mapping[str, Any]) -> str:
    """How it is with a run that is not completed."""
    code = document["exit_code"]
    states = {
        "running": "is still going",
        "staged": "has not started yet",
        "error": "failed" if code is None else f"failed with exit code {code}",
        "terminated": "was terminated",
    }
    return states.get(document["status"], "has no end that is known here")
