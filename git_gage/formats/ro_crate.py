"""RO-Crate: a folder with the files of runs, and one JSON-LD document on all of it.

Crates are read again, also those of other tools that say in this way what ran.

Source: RO-Crate 1.1; Process Run Crate 0.5 (workflow-run-crate profiles).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from git_gage.errors import RequestError
from git_gage.formats.model import (
    OWN_TOOL,
    BrokenError,
    ForeignRun,
    Found,
    OwnRun,
    RunPart,
    Unread,
    Written,
    as_number,
    as_text,
    counted,
    guess_text,
    is_commit,
    read_scalars,
    read_settings,
    read_time,
    said_text,
)
from git_gage.formats.opened import list_parts, parse, read_bytes
from git_gage.formats.tensorboard import folder_name
from git_gage.formats.written import copy_parts, new_folder
from git_gage.records import encode_path, short_id, shown_path
from git_gage.safe_paths import check_path

if TYPE_CHECKING:
    from pathlib import Path

NOT_WRITTEN = (
    "the records and their signatures, values of metrics before the last, the snapshot, "
    "the environment, exit codes, inputs"
)
NOT_READ = (
    "records and signatures, earlier values of metrics, the environment, exit codes, files that "
    "went in, steps of a workflow, files that lie elsewhere"
)
TOOL = "ro-crate"

_DOCUMENT = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STATUS = "http://schema.org/"
_MAX_DOCUMENT = 256 << 20
_OWN_RUN = "urn:git-gage:run:"
_OUTPUT = ".output.log"
_ACTIONS = {"CreateAction", "UpdateAction", "ActivateAction"}

Json = dict[str, Any]


# -- writing -----------------------------------------------------------------------------------


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
        place = folder / f"{name}{_OUTPUT}"
        place.write_bytes(run.output)
        results.append(_add_file(folder, place.name, b"what it printed", graph))
    tool = _add_tool(document, graph)
    settings = _add_values(document["id"], "config", document["config"], graph)
    measured = _add_values(document["id"], "metric", document["metrics"], graph)
    said = {key: value for key, value in document["attributes"].items() if key != "label"}
    measured += _add_values(document["id"], "attr", said, graph)
    action: Json = {
        "@id": f"{_OWN_RUN}{document['id']}",
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
        texts = filter(None, map(said_text, document["comments"]))
        action["disambiguatingDescription"] = "\n\n".join(texts)
    return action


def _action_status(status: str) -> str:
    return "CompletedActionStatus" if status == "completed" else "FailedActionStatus"


def _describe(document: Json) -> str:
    """The command, as a person reads it."""
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


# -- reading -----------------------------------------------------------------------------------


def is_here(path: Path) -> bool:
    """Whether a folder is a crate."""
    return (path / _DOCUMENT).is_file()


def read_runs(path: Path) -> Iterator[Found]:
    """The runs that a crate tells of."""
    try:
        document = parse(read_bytes(path / _DOCUMENT, _MAX_DOCUMENT), "json", _DOCUMENT)
    except BrokenError as error:
        yield Unread(str(path), str(error))
        return
    found = document.get("@graph") if isinstance(document, dict) else None
    entities = [each for each in _listed(found) if isinstance(each, dict)]
    graph = {each["@id"]: each for each in entities if type(each.get("@id")) is str}
    # What is not among these, such as links, is told of each run that names it.
    parts = {part.path: part for part in list_parts(path, [])}
    for id, action in graph.items():
        if not _ACTIONS.isdisjoint(map(str, _listed(action.get("@type")))):
            try:
                yield _read_action(path, id, graph, parts)
            except BrokenError as error:
                yield Unread(f"{path}:{id}", str(error))


def _read_action(
    path: Path, id: str, graph: dict[str, Json], parts: dict[bytes, RunPart]
) -> ForeignRun:
    action = graph[id]
    begun, ended = read_time(action.get("startTime")), read_time(action.get("endTime"))
    started = ended if begun is None else begun
    if started is None:
        raise BrokenError("it has no time in 'startTime' or 'endTime'")
    is_own = id.startswith(_OWN_RUN)
    tool = next(_follow(action, "instrument", graph), {})
    operation = _text(tool, "name") or _text(action, "name") or "unknown"
    run = ForeignRun(
        OWN_TOOL if is_own else TOOL,
        id.removeprefix(_OWN_RUN) if is_own else _name_action(id, action),
        f"{path}:{id}",
        operation=operation,
        started=started,
        ended=ended,
        quiet_since=started,
        took_s=None if begun is None or ended is None else max(ended - begun, 0.0),
        user=_text(next(_follow(action, "agent", graph), {}), "name"),
        reason=_text(action, "error"),
    )
    _read_status(run, action)
    name = _text(action, "name")
    nameless = f"{operation} {short_id(run.id)}" if is_own else operation
    run.label = None if name == nameless else name
    run.tags = [tag for tag in (_text(action, "keywords") or "").split(", ") if tag]
    description, said = _text(action, "description"), _text(action, "disambiguatingDescription")
    if is_own and description:
        run.argv, run.shell = _read_command(description)
        description = None
    run.comments = [text for text in (description, said) if text]
    commit = _text(tool, "version") or ""
    run.source = {"remote": _text(tool, "codeRepository")}
    if is_commit(commit):
        run.source["commit"] = commit
    _read_object(run, list(_follow(action, "object", graph)), is_own=is_own)
    _read_result(run, list(_follow(action, "result", graph)), parts, is_own=is_own)
    return run


def _read_status(run: ForeignRun, action: Json) -> None:
    """By the profile, what has no status has completed."""
    status = _reference(action.get("actionStatus")).rpartition("/")[2]
    if status in ("ActiveActionStatus", "PotentialActionStatus"):
        raise BrokenError("it has not ended")
    if status == "FailedActionStatus":
        run.status = "error" if run.reason else "terminated"


def _read_command(text: str) -> tuple[list[str], bool]:
    """The words that `_describe` has made one text of; what is no list of words is for a shell."""
    try:
        words = shlex.split(text)
    except ValueError:
        return [text], True
    return (words, False) if shlex.join(words) == text else ([text], True)


def _read_object(run: ForeignRun, entities: list[Json], *, is_own: bool) -> None:
    values = _read_values(entities, is_own=is_own)
    run.config = read_settings(
        {name.removeprefix("config."): value for name, value in values.items()}, run.left_out
    )
    if others := len(entities) - len(values):
        run.left_out.append(counted(others, "input"))


def _read_result(
    run: ForeignRun, entities: list[Json], parts: dict[bytes, RunPart], *, is_own: bool
) -> None:
    attributes = {}
    for name, value in _read_values(entities, is_own=is_own).items():
        number = as_number(value)
        if number is None or name.startswith("attr."):
            attributes[name.removeprefix("attr.")] = value
        else:
            run.metrics.end_with(name.removeprefix("metric."), number)
    run.attributes = read_scalars(attributes, run.left_out)
    files, absent = [], 0
    for entity in entities:
        if _is_value(entity):
            continue
        path = os.fsencode(unquote(entity["@id"]).removeprefix("./").rstrip("/"))
        inside = path + b"/"
        below = [path] if path in parts else [each for each in parts if each.startswith(inside)]
        absent += not below
        for each in below:
            if is_own and b"/" not in each and each.endswith(_OUTPUT.encode()):
                run.output = parts[each].place
            else:
                # Our own crates have a folder for each run.
                inner = each.partition(b"/")[2] if is_own else each
                files.append(RunPart(inner, parts[each].place))
    if absent:
        is_one = "is" if absent == 1 else "are"
        rest = f" that {is_one} not in the crate, or a symbolic link"
        run.left_out.append(counted(absent, "file", rest))
    run.files = files


def _read_values(entities: list[Json], *, is_own: bool) -> Json:
    """Names and values; other tools write numbers as texts as well."""
    found = {}
    for entity in filter(_is_value, entities):
        name, value = _text(entity, "name"), entity.get("value")
        if name:
            found[name] = guess_text(value) if type(value) is str and not is_own else value
    return found


def _is_value(entity: Json) -> bool:
    return "PropertyValue" in _listed(entity.get("@type"))


def _name_action(id: str, action: Json) -> str:
    """What a run of another tool is known by: `#1` can be in any crate."""
    text = json.dumps(action, sort_keys=True)
    return f"{id} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _follow(entity: Json, name: str, graph: dict[str, Json]) -> Iterator[Json]:
    """The entities that a property refers to; those that are not described have their id alone."""
    for each in _listed(entity.get(name)):
        id = _reference(each)
        if id:
            yield graph.get(id, {"@id": id})


def _reference(value: Any) -> str:
    id = value.get("@id") if isinstance(value, dict) else value
    return id if type(id) is str else ""


def _listed(value: Any) -> list[Any]:
    """JSON-LD has one value as it is, and several as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(entity: Json, name: str) -> str | None:
    return as_text(entity.get(name)) or None
