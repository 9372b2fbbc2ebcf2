"""MLflow's file store: `<experiment>/<run>/{meta.yaml,params,metrics,tags,artifacts}`.

Source: mlflow/store/tracking/file_store.py and mlflow/entities/run_status.py of MLflow 3.17.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from git_gage.formats.model import (
    MAX_NAMES,
    OWN_TOOL,
    BrokenError,
    ForeignRun,
    Found,
    Metrics,
    OwnRun,
    Written,
    as_text,
    counted,
    is_commit,
    native,
    read_each,
    read_scalars,
    read_typed,
    said_text,
)
from git_gage.formats.opened import list_parts, newest_change, open_plain, read_object, read_text
from git_gage.formats.written import copy_parts, new_folder
from git_gage.records import is_run_id, parse_time, run_name
from git_gage.safe_paths import check_path
from git_gage.source.remote import strip_user

TOOL = "mlflow"
NOT_READ = "registered models, logged models, traces, datasets, system metrics of a server"
NOT_WRITTEN = (
    "the records and their signatures, the command, exit codes, the snapshot, the environment, "
    "inputs, earlier values of what people said"
)

_META, _TRASH = "meta.yaml", ".trash"
_NO_RUNS = ("models", "traces", "datasets", "tags", _TRASH)
_STATUSES = {
    **dict.fromkeys((3, "FINISHED"), "completed"),
    **dict.fromkeys((4, "FAILED"), "error"),
    **dict.fromkeys((5, "KILLED"), "terminated"),
}
_GOING = {1, 2, "RUNNING", "SCHEDULED"}
_MAX_LINE = 4096
# Tags that are told in places of their own.
_NAME, _NOTE, _USER = "mlflow.runName", "mlflow.note.content", "mlflow.user"
_SOURCE, _ENTRY = "mlflow.source.name", "mlflow.project.entryPoint"
_COMMIT, _BRANCH, _URL = (f"mlflow.source.git.{name}" for name in ("commit", "branch", "repoURL"))
_TYPE = "mlflow.source.type"
_TOLD = {_NAME, _NOTE, _USER, _SOURCE, _ENTRY, _COMMIT, _BRANCH, _URL, _TYPE}
_OWN, _OWN_TAGS, _OWN_COMMENT = "git-gage.run", "git-gage.tags", "git-gage.comments"
# What MLflow lets names be made of.
_BAD_IN_NAME = re.compile(r"[^/\w.\- ]")


# -- reading -----------------------------------------------------------------------------------


def is_here(path: Path) -> bool:
    """Whether a folder is a file store, an experiment or a run of one, or holds `mlruns`."""
    return (path / _META).is_file() or any(
        (child / _META).is_file() for child in _folders(_top(path))
    )


def read_runs(path: Path) -> Iterator[Found]:
    """All runs of a store, an experiment, or the one run."""
    path = _top(path)
    if (path / _META).is_file():
        is_run = "run_id" in _peek(path) or (path / "params").is_dir()
        yield from read_each(_read_run, [path] if is_run else _runs_of(path))
        return
    for experiment in _folders(path):
        if experiment.name not in _NO_RUNS:
            yield from read_each(_read_run, _runs_of(experiment))


def _top(path: Path) -> Path:
    inner = path / "mlruns"
    return inner if inner.is_dir() and not (path / _META).exists() else path


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(
            child for child in path.iterdir() if child.is_dir() and not child.is_symlink()
        )
    except OSError:
        return []


def _runs_of(experiment: Path) -> list[Path]:
    return [child for child in _folders(experiment) if child.name not in _NO_RUNS]


def _peek(path: Path) -> dict[str, Any]:
    try:
        return read_object(path / _META, "yaml")
    except BrokenError:
        return {}


def _read_run(path: Path) -> ForeignRun:
    meta = read_object(path / _META, "yaml")
    id = meta.get("run_id") or meta.get("run_uuid")
    if not id:
        raise BrokenError(f"'{_META}' has no 'run_id'")
    if meta.get("lifecycle_stage") == "deleted":
        raise BrokenError("it is deleted")
    started, ended = _milliseconds(meta.get("start_time")), _milliseconds(meta.get("end_time"))
    if started is None:
        raise BrokenError(f"'{_META}' has no 'start_time'")
    status = meta.get("status")
    if status not in _STATUSES and status not in _GOING:
        raise BrokenError(f"'{_META}' has a 'status' that is none: {status!r}")
    tags = _read_values(path / "tags")
    left_out: list[str] = []
    metrics = _read_metrics(path / "metrics", left_out)
    run = ForeignRun(
        TOOL,
        # An id may look like a number; the folder is called the same.
        id if type(id) is str else path.name,
        str(path),
        operation=_operation(path, tags),
        started=started,
        ended=ended if status in _STATUSES else None,
        quiet_since=max(started, metrics.last_s or 0),
        changed=newest_change(path),
        took_s=None if ended is None else max(0.0, ended - started),
        status=_STATUSES.get(status, "terminated"),
        user=tags.get(_USER) or as_text(meta.get("user_id")) or None,
        config=read_typed(_read_values(path / "params"), left_out),
        metrics=metrics,
        label=tags.get(_NAME) or as_text(meta.get("run_name")),
        source=_read_source(tags),
        files=list_parts(path / "artifacts", left_out) if (path / "artifacts").is_dir() else (),
        left_out=left_out,
    )
    _read_tags(run, path, tags)
    uri = meta.get("artifact_uri")
    if type(uri) is str and "://" in uri and not uri.startswith("file:"):
        left_out.append(f"artifacts at {strip_user(uri)}")
    if (path / "inputs").is_dir():
        left_out.append("datasets that it used")
    return run


def _read_tags(run: ForeignRun, path: Path, tags: Mapping[str, str]) -> None:
    note = tags.get(_NOTE)
    run.comments = [note] if note else []
    # What our own export wrote is what it was again.
    for name, kept in ((_OWN_TAGS, "tags"), (_OWN_COMMENT, "comments")):
        if name in tags:
            try:
                found = json.loads(tags[name])
            except (ValueError, RecursionError):
                continue
            if isinstance(found, list):
                setattr(run, kept, [text for text in map(as_text, found) if text])
    others = {
        name: text
        for name, text in tags.items()
        if name not in _TOLD and name not in (_OWN, _OWN_TAGS, _OWN_COMMENT)
    }
    own = tags.get(_OWN)
    # Texts alone are in MLflow's tags; ours say what they were.
    typed = read_typed(others, run.left_out) if own else {}
    run.attributes = read_scalars(
        {name: native(typed[name]) if name in typed else text for name, text in others.items()},
        run.left_out,
    )
    experiment = as_text(_peek(path.parent).get("name"))
    if experiment:
        run.attributes.setdefault("experiment", experiment)
    if own:
        run.tool, run.id = OWN_TOOL, own
        if is_run_id(own) and run.label == run_name(own):
            run.label = None  # it had none: MLflow wants a name of each run


def _operation(path: Path, tags: Mapping[str, str]) -> str:
    name = tags.get(_SOURCE, "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    return tags.get(_ENTRY) or name or as_text(_peek(path.parent).get("name")) or TOOL


def _read_source(tags: Mapping[str, str]) -> dict[str, Any]:
    commit = tags.get(_COMMIT, "")
    if not is_commit(commit):
        return {}
    url = tags.get(_URL)
    return {
        "commit": commit,
        "branch": tags.get(_BRANCH),
        "remote": strip_user(url) if url else None,
    }


def _read_values(folder: Path) -> dict[str, str]:
    """The texts of a folder of small files, by their paths."""
    found = list_parts(folder, []) if folder.is_dir() else []
    return {os.fsdecode(part.path): read_text(part.place, 1 << 20) for part in found[:MAX_NAMES]}


def _read_metrics(folder: Path, left_out: list[str]) -> Metrics:
    metrics = Metrics()
    for part in list_parts(folder, left_out) if folder.is_dir() else ():
        name = os.fsdecode(part.path)
        with open_plain(part.place) as file:
            while line := file.readline(_MAX_LINE):
                _read_point(metrics, name, line)
    if metrics.left_out:
        left_out.append(counted(metrics.left_out, "value", " of metrics without a number"))
    return metrics


def _read_point(metrics: Metrics, name: str, line: bytes) -> None:
    """A line `<milliseconds> <value> [<step>]`."""
    words = line.split()
    try:
        at_ms, value, step = int(words[0]), float(words[1]), int(words[2] if words[2:] else 0)
    except (ValueError, IndexError):
        metrics.left_out += 1
        return
    metrics.add(name, step, value, at_ms / 1000 if abs(at_ms) < 1 << 60 else math.nan)


def _milliseconds(value: Any) -> float | None:
    return value / 1000 if type(value) is int and 0 <= value < 1 << 50 else None


# -- writing -----------------------------------------------------------------------------------


def write_runs(runs: Iterator[OwnRun], target: Path) -> Written:
    """Add runs to a file store; a run that is there is left as it is."""
    written = Written()
    target.mkdir(parents=True, exist_ok=True)
    for run in runs:
        experiment = _find_experiment(target, run.document["operation"])
        place = experiment / run_uuid(run.document["id"])
        if place.exists():
            written.there += 1
            continue
        with new_folder(place) as folder:
            _write_run(run, folder, place, experiment.name, written)
        written.count += 1
    return written


def run_uuid(run: str) -> str:
    """What MLflow knows a run of ours by: the same each time."""
    return hashlib.sha256(f"git-gage {run}".encode()).hexdigest()[:32]


def _find_experiment(target: Path, name: str) -> Path:
    for child in _folders(target):
        if child.name != _TRASH and _peek(child).get("name") == name:
            return child
    id = str(int(hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:14], 16))
    folder = target / id
    folder.mkdir()
    meta = {
        "artifact_location": folder.absolute().as_uri(),
        "experiment_id": id,
        "lifecycle_stage": "active",
        "name": name,
    }
    _write_yaml(folder / _META, meta)
    return folder


def _write_run(run: OwnRun, folder: Path, place: Path, experiment: str, written: Written) -> None:
    document = run.document
    started = round(parse_time(document["started"]) * 1000)
    ended = None if document["ended"] is None else round(parse_time(document["ended"]) * 1000)
    statuses = {"completed": 3, "error": 4, "terminated": 5}
    name = document["label"] or document["name"]
    user = (document["author"] or {}).get("name") or ""
    meta = {
        "artifact_uri": (place / "artifacts").absolute().as_uri(),
        "end_time": ended,
        "entry_point_name": "",
        "experiment_id": experiment,
        "lifecycle_stage": "active",
        "run_id": place.name,
        "run_name": name,
        "run_uuid": place.name,
        "source_name": "",
        "source_type": 4,
        "source_version": "",
        "start_time": started,
        "status": statuses.get(document["status"], 1),
        "tags": [],
        "user_id": user,
    }
    _write_yaml(folder / _META, meta)
    for part in ("params", "metrics", "tags", "artifacts"):
        (folder / part).mkdir()
    _write_values(folder / "params", document["config"], written)
    _write_values(folder / "tags", _tags(document, name, user), written)
    for metric, series in run.points():
        written.clipped += series.count > len(series.steps)
        times = [0.0 if time_s != time_s else time_s for time_s in series.times_s]
        lines = [
            f"{started + round(time_s * 1000)} {value!r} {step}\n"
            for step, value, time_s in zip(series.steps, series.values, times, strict=True)
        ]
        _write_value(folder / "metrics", metric, "".join(lines), written)
    copy_parts(run.files, folder / "artifacts", written)
    if run.output:
        _write_value(folder / "artifacts", "output.log", run.output, written)


def _tags(document: Mapping[str, Any], name: str, user: str) -> dict[str, Any]:
    source = document["source"]
    comments = list(filter(None, map(said_text, document["comments"])))
    tags = {key: value for key, value in document["attributes"].items() if key != "label"}
    tags |= {
        _OWN: document["id"],
        _NAME: name,
        _USER: user or None,
        _SOURCE: document["operation"],
        _TYPE: "LOCAL",
        _COMMIT: source["commit"],
        _BRANCH: source["branch"],
        _URL: source["remote"],
        _OWN_TAGS: document["tags"] or None,
        _OWN_COMMENT: comments or None,
        _NOTE: "\n\n".join(comments) or None,
    }
    return {key: value for key, value in tags.items() if value is not None}


def _write_values(folder: Path, values: Mapping[str, Any], written: Written) -> None:
    for name, value in values.items():
        text = value if type(value) is str else json.dumps(value)
        _write_value(folder, name, text, written)


def _write_value(folder: Path, name: str, text: str | bytes, written: Written) -> None:
    """A small file named as what it holds; a name that is none for MLflow is changed."""
    allowed = _BAD_IN_NAME.sub("_", name)
    if check_path(os.fsencode(allowed)) is not None:
        written.left_out += 1
        return
    path = folder / allowed
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text if isinstance(text, bytes) else text.encode(errors="backslashreplace"))
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        written.left_out += 1  # `loss` and `loss/val`: no file system has both
        return
    written.renamed += allowed != name


def _write_yaml(path: Path, values: Mapping[str, Any]) -> None:
    """JSON is YAML."""
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in values.items()]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
