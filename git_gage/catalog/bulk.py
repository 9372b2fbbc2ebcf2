"""Files that travel apart from the records, because they are long or the same for many runs.

They come from anybody: only what is as large as its record says, and has that digest, is read.

Source: docs/format.md, "Bulk files".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.store import Store

ENVIRONMENT = "environment.json"
WHOLE = {"run.begin": "begin.json", "run.end": "end.json"}
# As long as a body can sensibly be: a changed path for each of a hundred thousand files.
MAX_BYTES = 16 << 20

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


def read_documents(store: Store, wanted: Sequence[Bound]) -> Iterator[tuple[Bound, dict[str, Any]]]:
    """The objects in those files that are here and are what the records bind."""
    for bound, content in read_files(store, wanted):
        found = _parse(content)
        if found is not None:
            yield bound, found


def read_files(store: Store, wanted: Sequence[Bound]) -> Iterator[tuple[Bound, bytes]]:
    """Those files that are here and are what the records bind.

    Two git processes, however many there are; none for runs that still go on.
    """
    in_git: dict[str, list[Bound]] = {}
    for bound in wanted:
        found = _read_state(store, bound)
        if found is None:
            in_git.setdefault(bound.oid, []).append(bound)
        else:
            yield bound, found
    sizes = store.repo.object_sizes(in_git)
    sound = [oid for oid in in_git if _is_sound(sizes[oid], in_git[oid])]
    for oid, _, content in store.repo.read_objects(sound):
        sha256 = hashlib.sha256(content).hexdigest()
        yield from ((bound, content) for bound in in_git[oid] if bound.sha256 == sha256)


def _is_sound(size: tuple[str, int] | None, bounds: Sequence[Bound]) -> bool:
    return size is not None and any(size == ("blob", bound.size) for bound in bounds)


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
