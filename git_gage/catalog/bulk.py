"""Files that travel apart from the records, because they are long or the same for many runs.

They come from anybody: only what is as large as its record says, and has that digest, is read.

Source: docs/format.md, "Bulk files".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from git_gage.git.contents import stream_contents

if TYPE_CHECKING:
    from git_gage.records import Record
    from git_gage.store import Store

ENVIRONMENT = "environment.json"
WHOLE = {"run.begin": "begin.json", "run.end": "end.json"}
# As long as a body can sensibly be: a changed path for each of a hundred thousand files.
MAX_BYTES = 16 << 20
_IN_MEMORY = 8 << 20

_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Bound(NamedTuple):
    """A bulk file as a record binds it."""

    run: str
    name: str
    oid: str
    sha256: str
    size: int


def find_bound(body: dict[str, Any], run: str, name: str, most: int = MAX_BYTES) -> Bound | None:
    """What a record's body says of a bulk file of at most so many bytes.

    None where it says nothing that makes sense.
    """
    bulk = body.get("bulk")
    found = bulk.get(name) if type(bulk) is dict else None
    if type(found) is not dict:
        return None
    oid, sha256, size = found.get("oid"), found.get("sha256"), found.get("size")
    if type(oid) is not str or type(sha256) is not str or type(size) is not int:
        return None
    if not _OID.fullmatch(oid) or not _SHA256.fullmatch(sha256) or not 0 <= size <= most:
        return None
    return Bound(run, name, oid, sha256, size)


def find_environment(record: Record) -> Bound | None:
    """Where the packages of a run are, by its `run.begin`."""
    return find_bound(record.body, record.run, ENVIRONMENT)


def find_whole(record: Record) -> Bound | None:
    """Where the body is of a record that holds a short form only."""
    return find_bound(record.body, record.run, WHOLE.get(record.kind, ""))


def read_documents(store: Store, wanted: Sequence[Bound]) -> Iterator[tuple[Bound, dict[str, Any]]]:
    """The objects in those files that are here and are what the records bind."""
    for bound, content in read_files(store, wanted):
        found = _parse(content)
        if found is not None:
            yield bound, found


def read_files(store: Store, wanted: Sequence[Bound]) -> Iterator[tuple[Bound, bytes]]:
    """Those files that are here and are what the records bind.

    One git process, however many there are; none for runs that still go on.
    """
    in_git: dict[str, list[Bound]] = {}
    for bound in wanted:
        found = _read_state(store, bound)
        if found is None:
            in_git.setdefault(bound.oid, []).append(bound)
        else:
            yield bound, found
    most = max((bound.size for bound in wanted), default=0)
    for blob in store.repo.read_readable(in_git, "blob", most):
        if blob.content is not None:
            said = (hashlib.sha256(blob.content).hexdigest(), blob.size)
            bounds = (bound for bound in in_git[blob.name] if (bound.sha256, bound.size) == said)
            yield from ((bound, blob.content) for bound in bounds)


def open_file(store: Store, bound: Bound) -> IO[bytes] | None:
    """The same of one file that may be long: then it is not held in memory. None if not here."""
    if bound.size <= _IN_MEMORY or (store.state_dir(bound.run) / bound.name).exists():
        _, content = next(read_files(store, [bound]), (None, None))
        return None if content is None else BytesIO(content)
    if store.repo.object_sizes([bound.oid])[bound.oid] != ("blob", bound.size):
        return None
    from tempfile import TemporaryFile

    file, digest = TemporaryFile(), hashlib.sha256()  # noqa: SIM115 - the caller closes it
    for _, parts in stream_contents(store.repo, [bound.oid]):
        for part in parts:
            digest.update(part)
            file.write(part)
    if digest.hexdigest() != bound.sha256:
        file.close()
        return None
    file.seek(0)
    return file


def _read_state(store: Store, bound: Bound) -> bytes | None:
    """The file while it is not in git yet: it lies with the run that goes on."""
    path = store.state_dir(bound.run) / bound.name
    try:
        content = path.read_bytes() if path.stat().st_size == bound.size else b""
    except OSError:
        return None  # not here, or not ours to read: git may have it
    return content if hashlib.sha256(content).hexdigest() == bound.sha256 else None


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if type(found) is dict else None
