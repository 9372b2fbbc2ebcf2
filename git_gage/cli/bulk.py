"""What is kept of a run beside its run object: its output and its patches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from git_gage.errors import NotHereError, RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.git import Repository
    from git_gage.source.foreign import DiffLimits

OUTPUT = "output"
# As much output as is kept, with the line that says what was left out; and of its index.
_MAX_OUTPUT, _MAX_INDEX = (16 << 20) + 1024, 64 << 20
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read_bulk(app: App, run: str, name: str) -> bytes | None:
    """Output of a run or its index, also while the run goes on; None where it is not here.

    It is as its record binds it, and not longer than output that was ever recorded.
    """
    from git_gage.catalog.bulk import find_bound, read_files

    most = _MAX_INDEX if name.endswith(".idx") else _MAX_OUTPUT
    bodies = [record.body for record in app.runs.records(run)]
    bounds = [bound for body in bodies if (bound := find_bound(body, run, name, most)) is not None]
    _, content = next(read_files(app.store, bounds), (None, None))
    return _read_file(app.store.state_dir(run) / name) if content is None else content


def refuse_absent(app: App, document: Mapping[str, Any], name: str) -> RequestError:
    """Why `read_bulk` has nothing of a run to give."""
    from git_gage.records import short_id
    from git_gage.runs.lost import is_lost

    run = document["id"]
    redacted = document["redacted"]
    if {"output", "run"}.intersection(redacted):
        who = "who began the run, or an admin" if "run" in redacted else "who recorded the run"
        return RequestError(
            f"{name}: taken out by {who}",
            hint=f"git gage show {short_id(run)} --history",
        )
    if is_lost(app.repo, run, [name]):
        from git_gage.cli.absent import how_to_fetch

        hint = how_to_fetch(app, run, is_lost=True)
        return RequestError(f"{name}: this disk has lost it", hint=hint)
    sizes = app.repo.object_sizes(bound["oid"] for bound in _bindings(app, run, name))
    for oid, found in sizes.items():
        if found is not None:
            return RequestError(
                f"{name}: what is here has {found[1]:,} bytes and is not what its record binds,"
                " or longer than anything that is shown",
                hint=f"git cat-file blob {oid} > {name}.txt",
            )
    return NotHereError(f"{name}: not here", run)


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
    from git_gage.catalog.bulk import WHOLE, find_bound, read_documents

    (body,) = [record.body for record in app.runs.records(run) if record.kind == "run.begin"]
    bound = find_bound(body, run, WHOLE["run.begin"])
    wholes = read_documents(app.store, [] if bound is None else [bound])
    _, whole = next(wholes, (None, body))
    found = whole.get("config_diff")
    return found if isinstance(found, str) else None


def has_source(repo: Repository, source: Mapping[str, Any]) -> bool:
    """Whether the snapshot of a run is in this repository, or there was none to take."""
    snapshot = source["snapshot"]
    if snapshot is None:
        return True
    return (
        _OID.fullmatch(snapshot) is not None and repo.object_sizes([snapshot])[snapshot] is not None
    )


def show_limits(
    app: App,
    runs: Sequence[Mapping[str, Any]],
    one: str,
    other: str,
    env: Mapping[str, str] | None = None,
    *,
    lines: bool = True,
) -> DiffLimits:
    """How the sources of runs are compared, if one is somebody else's.

    `lines`: it is shown, and its lines not only counted.
    Raises: TooLargeError where it is too much.
    """
    from git_gage.source.foreign import MAX_COMPARED, MAX_SHOWN, NO_LIMITS, limit_diff

    if not any(app.catalog.is_foreign(run["id"]) for run in runs):
        return NO_LIMITS

    return limit_diff(app.repo, one, other, env, MAX_SHOWN if lines else MAX_COMPARED)


def read_patch(app: App, document: Mapping[str, Any], *, color: bool) -> bytes:
    """The patch from a run's commit, or from nothing, to its snapshot.

    Raises: RequestError where there is no snapshot, or it is not here; TooLargeError.
    """
    from git_gage.runs.changes import read_diff

    repo, source = app.repo, document["source"]
    snapshot, commit = source["snapshot"], source["commit"]
    if snapshot is None:
        raise RequestError("no source was recorded: there was no work tree")
    if not has_source(repo, source) or (commit is not None and not _OID.fullmatch(commit)):
        raise NotHereError("source: not here", document["id"])
    base = commit or repo.empty_tree()
    when = "always" if color else "never"
    # Whatever diff.noprefix says: what settings changed has them too.
    prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
    options = (f"--color={when}", "--full-index", "--binary", *prefixes)
    limits = show_limits(app, [document], base, snapshot)
    return read_diff(repo, base, snapshot, options=options, limits=limits)


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
