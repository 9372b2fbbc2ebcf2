"""What is kept of a run beside its run object: its output and its patches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.git import Repository

OUTPUT = "output"
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read_bulk(app: App, run: str, name: str) -> bytes | None:
    """A bulk file of a run, also while the run goes on; None where it is not here."""
    for bound in _bindings(app, run, name):
        content = app.store.read_bulk(run, name, bound)
        if content is not None:
            return content
    return _read_file(app.store.state_dir(run) / name)


def has_bulk(app: App, run: str, name: str) -> bool:
    """Whether `read_bulk` would find the file; nothing of it is read."""
    oids = [bound["oid"] for bound in _bindings(app, run, name)]
    in_git = any(found is not None for found in app.repo.object_sizes(oids).values())
    return in_git or (app.store.state_dir(run) / name).exists()


def open_output(app: App, run: str, name: str = OUTPUT) -> BinaryIO | None:
    """A log of the run, or its index: all of it where this clone has more than git has.

    A whole log may be long and is read from its file; what git has is short. None if not here.
    """
    whole = app.store.dir / "outputs" / run
    paths = [
        whole.with_name(whole.name + name.removeprefix(OUTPUT)),
        app.store.state_dir(run) / name,
    ]
    for path in paths:
        try:
            return path.open("rb")
        except FileNotFoundError:
            continue
    content = read_bulk(app, run, name)
    return None if content is None else BytesIO(content)


def read_config_diff(app: App, run: str) -> str | None:
    """The patch that settings made to the run's copy of its script."""
    for record in app.runs.records(run):
        found = record.body.get("config_diff")
        if record.kind == "run.begin" and isinstance(found, str):
            return found
    whole = read_bulk(app, run, "begin.json")
    if whole is None:
        return None
    import json

    found = json.loads(whole).get("config_diff")
    return found if isinstance(found, str) else None


def has_source(repo: Repository, source: Mapping[str, Any]) -> bool:
    """Whether the snapshot of a run is in this repository, or there was none to take."""
    snapshot = source["snapshot"]
    if snapshot is None:
        return True
    return (
        _OID.fullmatch(snapshot) is not None and repo.object_sizes([snapshot])[snapshot] is not None
    )


def read_patch(repo: Repository, source: Mapping[str, Any], *, color: bool) -> bytes:
    """The patch from a run's commit, or from nothing, to its snapshot.

    Raises: RequestError where there is no snapshot, or it is not here.
    """
    snapshot, commit = source["snapshot"], source["commit"]
    if snapshot is None:
        raise RequestError("no source was recorded: there was no work tree")
    if not has_source(repo, source) or (commit is not None and not _OID.fullmatch(commit)):
        raise RequestError("source: not here", hint="git gage fetch")
    base = commit or repo.run("hash-object", "-t", "tree", "--stdin", input=b"").decode().strip()
    when = "always" if color else "never"
    return repo.run(
        *("diff", f"--color={when}", "--no-ext-diff", "--no-textconv", "--full-index", "--binary"),
        # Whatever diff.noprefix says: what settings changed has them too.
        *("--src-prefix=a/", "--dst-prefix=b/"),
        *(base, snapshot, "--"),
    )


def _bindings(app: App, run: str, name: str) -> Iterator[dict[str, Any]]:
    """What the records of a run say of a bulk file, as far as it makes sense."""
    for record in app.runs.records(run):
        bulk = record.body.get("bulk")
        bound = bulk.get(name) if isinstance(bulk, dict) else None
        if isinstance(bound, dict) and _OID.fullmatch(str(bound.get("oid"))):
            yield bound


def _read_file(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
