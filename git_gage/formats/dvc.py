"""DVC's experiments: `refs/exps/AB/CDEF…/<name>`, commits with settings and metrics in files.

They are read by git alone, from the repository that they are in.
Source: dvc/repo/experiments/refs.py, dvc/schema.py and dvc/render of DVC 3.67.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.documents import kind_of_file
from git_gage.formats.model import (
    BrokenError,
    ForeignRun,
    Found,
    Metrics,
    Unread,
    as_number,
    as_text,
    counted,
    flatten,
    read_settings,
)
from git_gage.formats.opened import MAX_FILE, parse

if TYPE_CHECKING:
    from git_gage.git import Repository

TOOL = "dvc"
NOT_READ = "plots but those of DVCLive's metrics, outputs in DVC's cache, queued experiments"

_SPACE = "refs/exps"
_REF = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/([^/]+)")
_PARAMS, _LOCK, _YAML = "params.yaml", "dvc.lock", "dvc.yaml"
_METRICS = ("metrics.json", "metrics.yaml", "dvclive/metrics.json")
_SERIES = "dvclive/plots/metrics/"
_MAX_LISTED = 200_000


class _Commit(NamedTuple):
    """The files of a commit, by path, and when it was made."""

    repo: Repository
    oid: str
    parent: str
    made_s: float
    files: Mapping[str, str]

    def read(self, path: str) -> bytes | None:
        """A file; None where there is none. Raises: BrokenError where it is too large."""
        oid = self.files.get(path)
        if oid is None:
            return None
        (found,) = self.repo.read_within([oid], "blob", MAX_FILE)
        if found.content is None:
            raise BrokenError(f"'{path}' is larger than {MAX_FILE >> 20} MiB, or not here")
        return found.content

    def document(self, path: str) -> dict[str, Any]:
        """The table in a file; empty where there is no such file. Raises: BrokenError."""
        data, kind = self.read(path), "yaml" if path == _LOCK else kind_of_file(path)
        if data is None or kind is None:
            return {}
        value = parse(data, kind, path)
        return value if isinstance(value, dict) else {}


def has_experiments(repo: Repository) -> bool:
    """Whether a repository has experiments of DVC's."""
    return any(map(_REF.fullmatch, repo.list_refs(_SPACE)))


def read_runs(repo: Repository) -> Iterator[Found]:
    """All experiments of a repository."""
    for ref, oid in sorted(repo.list_refs(_SPACE).items()):
        named = _REF.fullmatch(ref)
        if named is None:
            continue  # DVC's own notes on what goes on
        try:
            yield _read(_open(repo, oid), named[1], ref)
        except BrokenError as error:
            yield Unread(ref, str(error))


def _open(repo: Repository, oid: str) -> _Commit:
    sizes = repo.object_sizes([oid])
    if not (sizes[oid] and sizes[oid][0] == "commit"):  # type: ignore[index]
        raise BrokenError("it is no commit, or not here")
    head = repo.run("log", "-1", "--format=%ct %P", oid).decode().split()
    listed = repo.run("ls-tree", "-r", "-z", "--full-tree", oid).split(b"\0")[:-1]
    if len(listed) > _MAX_LISTED:
        raise BrokenError(f"it has more than {_MAX_LISTED:,} files")
    files = {}
    for line in listed:
        words, _, path = line.partition(b"\t")
        mode, _, blob = words.decode().split(" ")
        if mode.startswith("100"):
            files[path.decode(errors="surrogateescape")] = blob
    return _Commit(repo, oid, head[1] if head[1:] else "", float(head[0]), files)


def _read(commit: _Commit, name: str, ref: str) -> ForeignRun:
    left_out: list[str] = []
    stages = _stages(commit.document(_LOCK))
    commands = [text for stage in stages.values() if (text := as_text(stage.get("cmd")))]
    metrics = _read_metrics(commit, left_out)
    outputs = [
        path
        for stage in stages.values()
        for each in _list(stage.get("outs"))
        if isinstance(each, dict)
        and (path := as_text(each.get("path")))
        and path not in commit.files
    ]
    if outputs:
        shown = ", ".join(outputs[:3]) + (" …" if len(outputs) > 3 else "")
        left_out.append(counted(len(outputs), "output", f" in DVC's cache: {shown}"))
    return ForeignRun(
        TOOL,
        commit.oid,
        ref,
        operation=next(iter(stages)) if len(stages) == 1 else TOOL,
        started=commit.made_s,
        ended=commit.made_s,
        status="completed",
        argv=[" && ".join(commands)] if commands else [],
        shell=bool(commands),
        config=read_settings(_read_params(commit, stages), left_out),
        metrics=metrics,
        label=name,
        source={"commit": commit.oid},
        attributes={"baseline": commit.parent} if commit.parent else {},
        left_out=left_out,
    )


def _stages(lock: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    stages = lock.get("stages")
    return {
        str(name): stage
        for name, stage in (stages.items() if isinstance(stages, dict) else ())
        if isinstance(stage, dict)
    }


def _read_params(commit: _Commit, stages: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Settings of `params.yaml`; those of other files are called after these."""
    found: dict[str, Any] = dict(flatten(commit.document(_PARAMS)))
    for stage in stages.values():
        params = stage.get("params")
        for path, values in params.items() if isinstance(params, dict) else ():
            if isinstance(values, dict):
                before = "" if path == _PARAMS else f"{path}:"
                for name, value in flatten(values, before):
                    found.setdefault(name, value)
    return found


def _read_metrics(commit: _Commit, left_out: list[str]) -> Metrics:
    """The last value of each metric, and of DVCLive's the values before it."""
    metrics = Metrics()
    with_steps = set()
    for path in sorted(commit.files):
        if path.startswith(_SERIES) and path.endswith(".tsv"):
            name = path.removeprefix(_SERIES).removesuffix(".tsv")
            if _read_series(metrics, name, commit.read(path) or b""):
                with_steps.add(name.replace("/", "."))
            else:
                left_out.append(f"'{path}', which is not as DVCLive writes it")
    for path in _metric_files(commit):
        for name, value in flatten(commit.document(path)):
            number = as_number(value)
            if number is not None and name not in with_steps and name != "step":
                metrics.end_with(name, number)
    return metrics


def _read_series(metrics: Metrics, name: str, data: bytes) -> bool:
    """A table with tabs: `step`, the value, and perhaps `timestamp`; whether it is one."""
    rows = csv.DictReader(io.StringIO(data.decode(errors="replace")), delimiter="\t")
    column = posixpath.basename(name)
    if not {"step", column} <= set(rows.fieldnames or ()):
        return False
    try:
        for row in rows:
            metrics.add(name.replace("/", "."), int(row["step"]), float(row[column]))
    except (ValueError, TypeError, csv.Error):
        return False
    return True


def _metric_files(commit: _Commit) -> list[str]:
    """Files that `dvc.yaml` names as metrics, and what they are called where it names none."""
    document = commit.document(_YAML)
    entries = _list(document.get("metrics"))
    stages = document.get("stages")
    for stage in stages.values() if isinstance(stages, dict) else ():
        entries += _list(stage.get("metrics")) if isinstance(stage, dict) else []
    names = [next(iter(each), None) if isinstance(each, dict) else each for each in entries]
    named = [name for name in names if type(name) is str and name in commit.files]
    return named or [name for name in _METRICS if name in commit.files]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []
