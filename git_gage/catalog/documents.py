"""A run as one object, put together from its records.

Whoever wrote a record may have put anything into it. What is not of the type that docs/json.md
promises is refused here, so that nobody behind the catalog has to look again.
Source: docs/format.md, "run.begin", "run.end"; docs/json.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, NoReturn

from git_gage.catalog.attributes import OPERATION, make_origin, set_logged
from git_gage.catalog.values import read_value, storable
from git_gage.errors import IntegrityError
from git_gage.records import Record, parse_time, run_name, shown_path

STATUSES = ("completed", "error", "terminated")

_NONE = type(None)
_TEXT = (str, _NONE)
_FLAG = (bool, _NONE)
_COUNT = (int, _NONE)
_LIST = (list, _NONE)
_METRIC = (int, float, str)
_ALL_TEXT = frozenset({str})
_ALL_DICTS = frozenset({dict})
_SCALARS = frozenset({str, int, float, bool, _NONE})


class _Fields:
    """Keys an object has, each with the types its value may be of."""

    def __init__(self, **types: tuple[type, ...]) -> None:
        self._names = tuple(types)
        self._types = tuple(types.values())
        self._values = itemgetter(*types)
        # Runs are alike: what was found sound once is not looked at field by field again.
        self._sound: set[tuple[type, ...]] = set()

    def pick(self, given: Any, where: str) -> dict[str, Any]:
        """The fields of an object and nothing else of it; what is absent is None.

        Raises: IntegrityError if it is no object, or a field is of another type.
        """
        if type(given) is not dict:
            _refuse(where)
        try:
            values = self._values(given)
        except KeyError:
            values = tuple(map(given.get, self._names))
        found = tuple(map(type, values))
        if found not in self._sound:
            self._check(found, where)
        return dict(zip(self._names, values, strict=True))

    def pick_each(self, given: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The fields of several objects, by name: alike as they are, they are looked at at once."""
        objects = given.values()
        if not _ALL_DICTS.issuperset(map(type, objects)):
            _refuse(next(name for name, each in given.items() if type(each) is not dict))
        try:
            values = [self._values(each) for each in objects]
        except KeyError:
            values = [tuple(map(each.get, self._names)) for each in objects]
        for name, each in zip(given, values, strict=True):
            found = tuple(map(type, each))
            if found not in self._sound:
                self._check(found, name)
        return {
            name: dict(zip(self._names, each, strict=True))
            for name, each in zip(given, values, strict=True)
        }

    def _check(self, found: tuple[type, ...], where: str) -> None:
        for name, kind, types in zip(self._names, found, self._types, strict=True):
            if kind not in types:
                _refuse(f"{where}.{name}")
        self._sound.add(found)


_COMMAND = _Fields(
    argv=(list,),
    shell=_FLAG,
    cwd=_TEXT,
    interpreter=_TEXT,
    interpreter_origin=_TEXT,
    variables=(dict, _NONE),
    phases=(dict, _NONE),
)
_PROJECT = _Fields(id=_LIST, namespace=_TEXT, path=_TEXT)
_SOURCE = _Fields(
    commit=_TEXT,
    branch=_TEXT,
    remote=_TEXT,
    dirty=_FLAG,
    status=_LIST,
    snapshot=_TEXT,
    digest=_TEXT,
    files=_COUNT,
    insertions=_COUNT,
    deletions=_COUNT,
    submodules=_LIST,
    superproject=_TEXT,
    left_out=_LIST,
    linked=_LIST,
)
_ENVIRONMENT = _Fields(
    python=_TEXT, platform=_TEXT, host=_TEXT, cpus=_COUNT, gpus=_LIST, git=_TEXT, gage=_TEXT
)
_SUMMARY = _Fields(
    last=_METRIC,
    min=_METRIC,
    max=_METRIC,
    mean=_METRIC,
    count=(int,),
    last_step=_COUNT,
    min_step=_COUNT,
    max_step=_COUNT,
)
_OUTPUT = _Fields(bytes=(int,), lines=(int,), kept=(int,))
_GENERATED = _Fields(files=(int,), bytes=(int,))
_FILES = _Fields(made=(dict,), large=(dict, _NONE))
# In the order in which they run.
_PHASES = (
    *("stage-sourcecode", "stage-runtime", "stage-dependencies"),
    *("run", "finalize"),
)
_PHASE = _Fields(argv=(list,), shell=_FLAG)
_PHASE_END = _Fields(name=(str,), exit_code=_COUNT, duration_s=(int, float, _NONE))
_HISTORY = _Fields(version=_TEXT, staged=_FLAG, in_place=_FLAG, parent=_TEXT, restart_of=_TEXT)
_IMPORTED = _Fields(tool=(str,), id=(str,), path=_TEXT, user=_TEXT, started=(str,), left_out=_LIST)
_DEFINITION = _Fields(
    attributes=(dict, _NONE),
    listing=_LIST,
    timeout_s=(int, float, _NONE),
    progress=(dict, _NONE),
    summary=_TEXT,
    output_summary=(bool, str, _NONE),
    output_metrics=(bool, str, list, dict, _NONE),
    output_attributes=(bool, str, list, dict, _NONE),
)
_INPUT = _Fields(
    type=(str,),
    name=_TEXT,
    run=_TEXT,
    remote=_TEXT,
    runs=_LIST,
    path=_TEXT,
    files=_LIST,
    count=_COUNT,
    digest=_TEXT,
    size=_COUNT,
    link=_FLAG,
)
_END = _Fields(
    exit_code=_COUNT, signal=_TEXT, ended=_TEXT, duration_s=(int, float, _NONE), reason=_TEXT
)


def new_document(begin: Record, part: Mapping[str, Any]) -> dict[str, Any]:
    """The run object of a run that has begun; `part` is what `begin_part` gave.

    "packages" stay None here, as the very last value: see `texts`.
    """
    imported = part["imported"]
    return {
        "id": begin.run,
        "name": run_name(begin.run),
        "operation": part["operation"],
        "version": part["version"],
        "status": "staged" if part["staged"] else "running",
        "exit_code": None,
        "staged": begin.at if part["staged"] else None,
        "started": begin.at if imported is None else imported["started"],
        "ended": None,
        "duration_s": None,
        "label": None,
        "tags": [],
        "comments": [],
        "deleted": None,
        "archived": None,
        "asked": [],
        "config": part["config"],
        "metrics": {},
        "summaries": {},
        "attributes": dict(part["definition"]["attributes"]),
        "attribute_origins": {
            name: make_origin(OPERATION, begin.by) for name in part["definition"]["attributes"]
        },
        "logged": {},
        "signal": None,
        "progress": None,
        "heard": None,
        "command": part["command"],
        "phases": [],
        "definition": part["definition"],
        "inputs": part["inputs"],
        "parent": part["parent"],
        "restart_of": part["restart_of"],
        "imported": imported,
        "in_place": bool(part["in_place"]),
        "masked": part["masked"],
        "redacted": [],
        "project": part["project"],
        "author": begin.by,
        "writer": begin.writer,
        "source": part["source"],
        "output": None,
        "generated": None,
        "files": None,
        "written": [],
        "reason": None,
        "environment": part["environment"],
    }


def begin_part(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the body of `run.begin` says of a run, by the run object's keys.

    Raises: IntegrityError if it is not what docs/format.md promises.
    """
    command = _COMMAND.pick(body.get("command"), "command")
    command["argv"] = _texts(command["argv"], "command.argv")
    command["shell"] = bool(command["shell"])
    command["variables"] = _variables(command["variables"] or {})
    command["phases"] = _phases(command["phases"] or {})
    project = _PROJECT.pick(body.get("project") or {}, "project")
    if project["id"] is not None:
        project["id"] = _texts(project["id"], "project.id")
    operation = body.get("operation")
    return {
        "operation": operation if type(operation) is str and operation else _refuse("operation"),
        **_HISTORY.pick(body, "run.begin"),
        "masked": _texts(body.get("masked") or [], "masked"),
        "imported": None if body.get("imported") is None else _imported(body["imported"]),
        "config": _config(body.get("config") or {}),
        "command": command,
        "definition": _definition(body.get("definition") or {}),
        "inputs": _inputs(body.get("inputs") or []),
        "project": project,
        "source": _source(_SOURCE.pick(body.get("source") or {}, "source")),
        "environment": _environment(body.get("environment") or {}),
    }


def replace_begin(document: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Put what a whole begin says in place of its short form; what was said later stays."""
    started = document["staged"] not in (None, document["started"])
    later = ("staged", "in_place", *(["environment"] if started else ()))
    document.update({key: value for key, value in part.items() if key not in later})


def start_part(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the body of `run.start` says of a run that was staged, by the run object's keys.

    Raises: IntegrityError if it is not what docs/format.md promises.
    """
    return {"environment": _environment(body.get("environment") or {})}


def end_part(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the body of `run.end` says of a run, by the run object's keys.

    Raises: IntegrityError if it is not what docs/format.md promises.
    """
    part = _END.pick(body, "run.end")
    part["status"] = body.get("status")
    if part["status"] not in STATUSES:
        _refuse("status")
    if part["ended"] is not None:
        parse_time(part["ended"])
    part.update(_metrics(body.get("metrics") or {}))
    for key, fields in (("output", _OUTPUT), ("generated", _GENERATED)):
        part[key] = None if body.get(key) is None else fields.pick(body[key], key)
    part["written"] = _entries(body.get("written") or [], "written", ())
    part["logged"] = _logged(body.get("attributes") or {})
    phases = _objects(body.get("phases") or [], "phases")
    part["phases"] = [_PHASE_END.pick(phase, "phases") for phase in phases]
    return part


def files_part(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the body of `run.files` says of a run, by the run object's keys.

    Raises: IntegrityError if it is not what docs/format.md promises.
    """
    said = _FILES.pick(body, "run.files")
    made = _GENERATED.pick(said["made"], "made")
    large = _GENERATED.pick(said["large"] or {"files": 0, "bytes": 0}, "large")
    return {"files": {**_counted(made), "large": _counted(large)}}


def _counted(said: dict[str, Any]) -> dict[str, int]:
    return {"count": said["files"], "bytes": said["bytes"]}


_PARTS = {
    "run.begin": begin_part,
    "run.start": start_part,
    "run.end": end_part,
    "run.files": files_part,
}
SHOWN = frozenset(_PARTS)
"""Kinds of records that say what a run is."""


def read_part(record: Record) -> dict[str, Any]:
    """What the line of a `run.begin`, `run.start`, `run.end` or `run.files` says of a run.

    Raises: IntegrityError if it is not what docs/format.md promises.
    """
    body = plain(record.body) if b'"b64"' in record.line else record.body
    return _PARTS[record.kind](body)


def read_whole(kind: str, whole: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a body that was too long for a record of that kind.

    Raises: IntegrityError if it is not what docs/format.md promises.
    """
    return _PARTS[kind](plain(whole))


def show_end(document: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Put what a `run.end` says into the run object; `part` is what `end_part` gave."""
    document.update(part)
    set_logged(document, part["logged"])


def plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body in which words that are not UTF-8 are text, quoted as git quotes them."""
    return {key: _plain(value) for key, value in body.items()}


def add_live(
    document: dict[str, Any], metrics: dict[str, Any], logged: dict[str, Any]
) -> dict[str, Any]:
    """A run that goes on with what its recorder knows of it up to now."""
    try:
        document = {**document, **_metrics(metrics)}
        set_logged(document, _logged(logged))
    except IntegrityError:
        pass  # written by another version: it is shown when the run ends
    return document


def _metrics(given: Any) -> dict[str, Any]:
    if type(given) is not dict:
        _refuse("metrics")
    summaries = _SUMMARY.pick_each(given)
    last = {name: found["last"] for name, found in summaries.items()}
    return {"summaries": summaries, "metrics": last}


def _logged(given: Any) -> dict[str, Any]:
    if type(given) is not dict or not _SCALARS.issuperset(map(type, given.values())):
        _refuse("attributes")
    return dict(given)


def end_rank(end: Record, begin_writer: str) -> str:
    """Sort key of a `run.end` or `run.files`; of several the lowest counts.

    The run's own writer knows best. An end that was seen comes before one that recovery made up
    (it has a reason); among equals the first one counts, and the same one in every clone.
    """
    foreign = end.writer != begin_writer
    reasoned = end.body.get("reason") is not None
    return storable(f"{foreign:d}{reasoned:d} {end.lc:016d} {end.at} {end.id}")


# -- parts -------------------------------------------------------------------------------------


def _source(source: dict[str, Any]) -> dict[str, Any]:
    changes = _entries(source["status"] or [], "source.status", ("xy",))
    source["status"] = {each["path"]: each["xy"] for each in changes}
    source["submodules"] = _entries(source["submodules"] or [], "source.submodules", ("commit",))
    source["left_out"] = _entries(source["left_out"] or [], "source.left_out", ("reason",))
    source["linked"] = _entries(source["linked"] or [], "source.linked", ())
    return source


def _environment(given: Any) -> dict[str, Any]:
    environment = _ENVIRONMENT.pick(given, "environment")
    environment["gpus"] = _texts(environment["gpus"] or [], "environment.gpus")
    environment["packages"] = None
    return environment


def _phases(phases: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in _PHASES if name in phases]
    found = {name: _PHASE.pick(phases[name], "command.phases") for name in names}
    for phase in found.values():
        _texts(phase["argv"], "command.phases")
        phase["shell"] = bool(phase["shell"])
    return found


def _definition(given: Any) -> dict[str, Any]:
    definition = _DEFINITION.pick(given, "definition")
    definition["attributes"] = definition["attributes"] or {}
    _texts(definition["listing"] or [], "definition.listing")
    return definition


def _imported(given: Any) -> dict[str, Any]:
    """Where a run comes from that another tool recorded."""
    found = _IMPORTED.pick(given, "imported")
    parse_time(found["started"])
    found["left_out"] = _texts(found["left_out"] or [], "imported.left_out")
    return found


def _inputs(given: Any) -> list[dict[str, Any]]:
    found = [_INPUT.pick(each, "inputs") for each in _objects(given, "inputs")]
    for each in found:
        each["files"] = _entries(each["files"] or [], "inputs.files", ())
        each["runs"] = _texts(each["runs"] or [], "inputs.runs")
        each["link"] = bool(each["link"])
    return found


def _objects(given: Any, where: str) -> list[Any]:
    return given if type(given) is list else _refuse(where)


def _config(config: Any) -> dict[str, Any]:
    if type(config) is not dict:
        _refuse("config")
    return {name: read_value(value) for name, value in config.items()}


def _variables(variables: dict[str, Any]) -> dict[str, str]:
    _texts(variables.values(), "command.variables")
    return variables


def _entries(found: Any, where: str, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Objects that each have a path, and a text under these keys."""
    if type(found) is not list:
        _refuse(where)
    for each in found:
        if type(each) is not dict or type(each.get("path")) is not str:
            _refuse(where)
        if not _SCALARS.issuperset(map(type, each.values())):
            _refuse(where)
        _texts((each.get(key) for key in texts), where)
    return list(found)


def _texts(found: Iterable[Any], where: str) -> Any:
    if not _ALL_TEXT.issuperset(map(type, found)):
        _refuse(where)
    return found


def _plain(value: Any) -> Any:
    if type(value) is dict:
        if value.keys() == {"b64"}:
            return _shown(value)
        return {key: _plain(item) for key, item in value.items()}
    if type(value) is list:
        return [_plain(item) for item in value]
    return value


def _shown(value: dict[str, Any]) -> str:
    try:
        return shown_path(value)
    except (TypeError, ValueError):
        _refuse("b64")


def _refuse(where: str) -> NoReturn:
    raise IntegrityError(f"read record: '{where}' is not what the format says")
