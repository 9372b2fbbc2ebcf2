"""RO-Crate: a folder with the files of runs, and one JSON-LD document on all of it.

Source: RO-Crate 1.1; Process Run Crate 0.5 (workflow-run-crate profiles).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from git_gage.errors import RequestError
from git_gage.formats.model import OwnRun, Written
from git_gage.formats.tensorboard import folder_name
from git_gage.formats.written import copy_parts, new_folder
from git_gage.records import encode_path, short_id, shown_path
from git_gage.safe_paths import check_path

if TYPE_CHECKING:
    from pathlib import Path

NOT_WRITTEN = (
    "the records and their signatures, values of metrics before the last, the snapshot, "
    "packages, inputs"
)

_DOCUMENT = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STATUS = "http://schema.org/"

Json = dict[str, Any]


def write_runs(runs: Iterator[OwnRun], target: Path) -> Written:
    """Make a crate of runs; the folder must not be there, or be empty.

    Raises: RequestError; OSError.
    """
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        raise RequestError(
            f"'{target.name}' is there already: a crate is made whole", hint="name a new folder"
        )
    written = Written()
    graph: dict[str, Json] = {}
    with new_folder(target) as folder:
        actions = [_write_run(run, folder, graph, written) for run in runs]
        written.count = len(actions)
        document = {"@context": f"{_CRATE}/context", "@graph": _root(graph, actions)}
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (folder / _DOCUMENT).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return written


def _root(graph: dict[str, Json], actions: list[Json]) -> list[Json]:
    files = [each for each in graph.values() if each["@type"] == "File"]
    ended = max((each["endTime"] for each in actions if "endTime" in each), default=None)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{len(actions)} runs",
        "description": "Runs that git-gage recorded",
        "license": "not stated",
        "conformsTo": {"@id": _PROFILE},
        "hasPart": [{"@id": each["@id"]} for each in files],
        "mentions": [{"@id": each["@id"]} for each in actions],
        **({"datePublished": ended} if ended else {}),
    }
    head = {
        "@id": _DOCUMENT,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _CRATE},
        "about": {"@id": "./"},
    }
    profile = {
        "@id": _PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }
    return [head, root, profile, *graph.values(), *actions]


def _write_run(run: OwnRun, folder: Path, graph: dict[str, Json], written: Written) -> Json:
    document = run.document
    name = folder_name(document)
    copy_parts(run.files, folder / name, written)
    results = [
        _add_file(folder, f"{name}/{os.fsdecode(part.path)}", part.path, graph)
        for part in run.files
        if check_path(part.path) is None
    ]
    if run.output:
        place = folder / f"{name}.output.log"
        place.write_bytes(run.output)
        results.append(_add_file(folder, place.name, b"what it printed", graph))
    tool = _add_tool(document, graph)
    settings = _add_values(document["id"], "config", document["config"], graph)
    measured = _add_values(document["id"], "metric", document["metrics"], graph)
    action: Json = {
        "@id": f"urn:git-gage:run:{document['id']}",
        "@type": "CreateAction",
        "name": document["label"] or f"{document['operation']} {short_id(document['id'])}",
        "description": _describe(document),
        "instrument": {"@id": tool},
        "object": settings,
        "result": [*results, *measured],
        "startTime": document["started"],
        "actionStatus": {"@id": f"{_STATUS}{_action_status(document['status'])}"},
    }
    if document["ended"] is not None:
        action["endTime"] = document["ended"]
    if document["author"]:
        action["agent"] = {"@id": _add_person(document["author"], graph)}
    if document["status"] == "error":
        action["error"] = document["reason"] or f"exit code {document['exit_code']}"
    if document["tags"]:
        action["keywords"] = ", ".join(document["tags"])
    if document["comments"]:
        action["disambiguatingDescription"] = "\n\n".join(
            each["text"] for each in document["comments"]
        )
    return action


def _action_status(status: str) -> str:
    return "CompletedActionStatus" if status == "completed" else "FailedActionStatus"


def _describe(document: Json) -> str:
    """The command, as a person reads it."""
    import shlex

    words = [shown_path(word) for word in document["command"]["argv"]]
    return words[0] if document["command"]["shell"] and words else shlex.join(words)


def _add_tool(document: Json, graph: dict[str, Json]) -> str:
    """The program that ran: what is known of it is a commit."""
    source = document["source"]
    remote, commit = source["remote"], source["commit"]
    id = f"#{quote(document['operation'])}@{commit or source['digest'] or 'unknown'}"
    if id not in graph:
        tool: Json = {"@id": id, "@type": "SoftwareApplication", "name": document["operation"]}
        if commit:
            tool["version"] = commit
        if source["digest"]:
            tool["identifier"] = f"sha256 over its files: {source['digest']}"
        if remote and "://" in remote:
            tool["codeRepository"] = remote
        graph[id] = tool
    return id


def _add_person(author: Json, graph: dict[str, Json]) -> str:
    id = f"#person-{quote(author.get('email') or author.get('name') or author.get('key') or '')}"
    person = {"@id": id, "@type": "Person", "name": author.get("name") or author.get("email") or id}
    if author.get("email"):
        person["email"] = author["email"]
    graph.setdefault(id, person)
    return id


def _add_file(folder: Path, path: str, name: bytes, graph: dict[str, Json]) -> Json:
    import hashlib

    id = quote(path)
    place = folder / path
    with place.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    graph[id] = {
        "@id": id,
        "@type": "File",
        "name": shown_path(encode_path(name)),
        "contentSize": str(place.stat().st_size),
        "sha256": digest,
    }
    return {"@id": id}


def _add_values(run: str, part: str, values: Json, graph: dict[str, Json]) -> list[Json]:
    found = []
    for name, value in values.items():
        id = f"#{run}-{part}-{quote(name)}"
        text = value if type(value) in (str, int, float, bool) else json.dumps(value)
        graph[id] = {"@id": id, "@type": "PropertyValue", "name": f"{part}.{name}", "value": text}
        found.append({"@id": id})
    return found
