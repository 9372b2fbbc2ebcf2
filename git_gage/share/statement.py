"""A run as an in-toto statement: what came out, and of what.

It says no more than the record does: where and by which program the run was made is what its
writer says (SLSA build level 1).
Source: in-toto/attestation, spec/v1 (statement.md, resource_descriptor.md, digest_set.md);
slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from git_gage import __version__
from git_gage.catalog.bulk import find_bound
from git_gage.errors import RequestError
from git_gage.files.manifest import GENERATED, UNRECORDED
from git_gage.records import encode_path, parse_time, short_id, shown_path
from git_gage.runs.files import is_as_recorded, list_made
from git_gage.runs.made import ABSENT, DIFFERS, UNKNOWN, MadeFiles
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.runs.files import RunFile
    from git_gage.store import Store

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:git-gage:run:v1"
BUILDER = "urn:git-gage:local"
# A clock of files that ticks slowly, or is not quite that of the machine.
_SLACK_S = 2
_LEFT_OUT = (ABSENT, UNKNOWN)
_LARGEST = 1 << 40

Json = dict[str, Any]


class Exported(NamedTuple):
    """The bytes of a statement, and what it could not say."""

    payload: bytes
    notices: list[str]


def make_statement(store: Store, catalog: Catalog, document: Mapping[str, Any]) -> Exported:
    """What can be said of a run that has ended; files that it made as far as they are here.

    Raises: RequestError for a run of which nothing is known that has a digest.
    """
    run = short_id(document["id"])
    notices: list[str] = []
    subjects = [
        *_made(store, catalog, document, notices),
        *_kept(catalog, document["id"]),
        *_snapshot(document["source"]),
    ]
    if not subjects:
        raise RequestError(f"nothing of run {run} has a digest", hint=f"git gage check {run}")
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": _definition(document),
            "runDetails": _details(document),
        },
    }
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    return Exported(text.encode(), notices)


# -- subjects ----------------------------------------------------------------------------------


def _made(
    store: Store, catalog: Catalog, document: Mapping[str, Any], notices: list[str]
) -> Iterator[Json]:
    """The files that the run made, where they are here and nobody has touched them since."""
    recorded = document["generated"]
    if not recorded or not recorded["files"]:
        return
    files = MadeFiles(store, catalog, document)
    if files.filed is not None:
        yield from _filed_subjects(files, document, notices)
        return
    top = store.run_dir(document["id"])
    if not top.is_dir():
        run = short_id(document["id"])
        notices.append(f"run {run} goes without its files: not here: git gage fetch")
        return
    made = list_made(store, catalog, document)
    if not is_as_recorded(made, document):
        raise _refuse_changed(document)
    for file in made:
        subject = _file_subject(top, file, parse_time(document["ended"]))
        if subject is None:
            notices.append(_describe_left_out(file.path))
        else:
            yield subject


def _filed_subjects(
    files: MadeFiles, document: Mapping[str, Any], notices: list[str]
) -> Iterator[Json]:
    """Those of a manifest, as far as they are here."""
    assert files.filed is not None
    verdicts = {each.verdict for each in files.compared}
    if DIFFERS in verdicts or files.strange:
        raise _refuse_changed(document)
    links = [each for each in files.filed.manifest.entries if each.role == GENERATED and each.link]
    notices += [_describe_left_out(each.path) for each in links]
    notices += _describe_absent(files, short_id(document["id"]))
    for entry, verdict, _ in files.compared:
        if verdict not in _LEFT_OUT:
            yield _subject(entry.path, entry.sha256)


def _describe_absent(files: MadeFiles, run: str) -> Iterator[str]:
    """Which files are not among the subjects though they are plain, and how to get them."""
    count, out = 0, "it is not among the subjects"
    for entry, verdict, _ in files.compared:
        name = clean(os.fsdecode(entry.path))
        if verdict not in _LEFT_OUT:
            continue
        if entry.sha256 is None:
            yield f"'{name}' is not among the subjects: {UNRECORDED}"
        elif entry.is_private:
            yield f"'{name}' is not here, and was kept in its directory alone: {out}"
        else:
            count += 1
    if count:
        pull = f"git gage files pull {run}"
        yield f"run {run} goes without {count:,} of its files: not here: {pull}"


def _refuse_changed(document: Mapping[str, Any]) -> RequestError:
    run = short_id(document["id"])
    return RequestError(
        f"files of run {run} are not those that it made", hint=f"git gage check {run}"
    )


def _describe_left_out(path: bytes) -> str:
    return f"'{clean(os.fsdecode(path))}' is no plain file of the run, and not among the subjects"


def _file_subject(top: Path, file: RunFile, ended_s: float) -> Json | None:
    """A file with its digest; None for a link, and for what was changed after the end."""
    if file.link is not None:
        return None
    with (top / os.fsdecode(file.path)).open("rb") as content:
        if os.fstat(content.fileno()).st_mtime > ended_s + _SLACK_S:
            return None
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return _subject(file.path, digest)


def _subject(path: bytes, digest: str | None) -> Json:
    return {"name": shown_path(encode_path(path)), "digest": {"sha256": digest}}


def _kept(catalog: Catalog, run: str) -> Iterator[Json]:
    """What it printed, as far as git keeps it."""
    for record in catalog.records(run):
        bulk = record.body.get("bulk")
        for name in sorted(bulk) if record.kind == "run.end" and isinstance(bulk, dict) else ():
            bound = find_bound(record.body, run, name, _LARGEST)
            is_log = name.startswith("output") and not name.endswith(".idx")
            # That of nothing is also that of any other empty file.
            if bound is not None and is_log and bound.size:
                yield {"name": f"git-gage:{name}", "digest": {"sha256": bound.sha256}}


def _snapshot(source: Mapping[str, Any]) -> Iterator[Json]:
    if source["snapshot"] is not None:
        yield {"name": "git-gage:snapshot", "digest": {"gitCommit": source["snapshot"]}}


# -- how it was made ---------------------------------------------------------------------------


def _definition(document: Mapping[str, Any]) -> Json:
    command = document["command"]
    return {
        "buildType": BUILD_TYPE,
        "externalParameters": {
            "operation": document["operation"],
            "command": {key: command[key] for key in ("argv", "shell", "cwd", "phases")},
            "config": document["config"],
        },
        "internalParameters": {
            "interpreter": command["interpreter"],
            "variables": command["variables"],
            "environment": {
                key: document["environment"][key] for key in ("python", "platform", "cpus", "gpus")
            },
            "sourceDigest": document["source"]["digest"],
            "recordedBy": {"author": document["author"], "writer": document["writer"]},
        },
        "resolvedDependencies": [
            *_commits(document["source"]),
            *(each for entry in document["inputs"] for each in _input(entry)),
            *_packages(document["environment"]["packages"] or {}),
        ],
    }


def _commits(source: Mapping[str, Any]) -> Iterator[Json]:
    if source["commit"] is not None:
        remote = source["remote"]
        place = {"uri": f"git+{remote}"} if remote and "://" in remote else {}
        yield {"name": "commit", **place, "digest": {"gitCommit": source["commit"]}}
    for module in source["submodules"]:
        yield {"name": module["path"], "digest": {"gitCommit": module["commit"]}}


def _input(entry: Mapping[str, Any]) -> Iterator[Json]:
    """The files of an input; of many, and of a folder, one digest that is ours alone."""
    place = {"uri": f"urn:git-gage:run:{entry['run']}"} if entry["run"] else {}
    for file in entry["files"]:
        yield {"name": file["path"], **place, "digest": {"sha256": file["sha256"]}}
    if not entry["files"] and entry["digest"]:
        name = entry["path"] or entry["name"] or entry["type"]
        yield {"name": name, **place, "digest": {"gitGageInput": entry["digest"]}}


def _packages(packages: Mapping[str, str]) -> Sequence[Json]:
    """Source: package-url/purl-spec, "pypi"."""
    return [
        {"uri": f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(version)}"}
        for name, version in sorted(packages.items())
    ]


def _details(document: Mapping[str, Any]) -> Json:
    environment = document["environment"]
    versions = {"git": environment["git"], "git-gage": environment["gage"]}
    return {
        "builder": {
            "id": BUILDER,
            "version": {name: version for name, version in versions.items() if version},
        },
        "metadata": {
            "invocationId": document["id"],
            "startedOn": document["started"],
            "finishedOn": document["ended"],
        },
        "byproducts": [
            {
                "name": "git-gage:end",
                "annotations": {
                    "status": document["status"],
                    "exitCode": document["exit_code"],
                    "metrics": document["metrics"],
                    "exportedBy": f"git-gage {__version__}",
                },
            }
        ],
    }
