"""The files that a run made, compared with what was recorded of them; each is read once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.files.sidecar import digest_file
from git_gage.records import encode_path
from git_gage.runs.files import (
    NOT_HERE,
    Filed,
    find_in_git,
    find_where,
    is_in_place,
    list_made,
    read_filed,
)
from git_gage.runs.inputs.model import Tally
from git_gage.runs.left import find_left

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.files.manifest import Entry
    from git_gage.store import Store

SAME, DIFFERS, ABSENT, UNKNOWN = "ok", "differs", NOT_HERE, "unknown"
_IN_DIRECTORY = "in the directory of the run"


class Compared(NamedTuple):
    """A file beside its entry; verdict: `ok`, `differs`, `not here`, or `unknown` where there is
    nothing to compare it with; what: which copy differs, or is all that there is.
    """

    entry: Entry
    verdict: str
    what: str = ""


class MadeFiles:
    """What one run made, as far as it is here."""

    def __init__(self, store: Store, catalog: Catalog, document: Mapping[str, Any]) -> None:
        self._store = store
        self._catalog = catalog
        self._document = document
        self._run: str = document["id"]

    @cached_property
    def filed(self) -> Filed | None:
        """Its manifest; None of a run that has none, or whose manifest is not here."""
        return read_filed(self._store, self._catalog, self._run)

    @cached_property
    def compared(self) -> list[Compared]:
        """Its files as the manifest has them, read from the disk; none without one."""
        if self.filed is None:
            return []
        in_git = find_in_git(self._store, self.filed)
        return [_compare(self._store, self.filed, each, in_git) for each in self.filed.made]

    @cached_property
    def are_here(self) -> bool:
        """Whether all that `measured` counts can be read, wherever it is; told by sizes."""
        if self.filed is None:
            nothing = (self._document["generated"] or {}).get("files") == 0
            return nothing or self._store.run_dir(self._run).is_dir()
        in_git = find_in_git(self._store, self.filed)
        known = (each for each in self.filed.made if each.sha256 is not None)
        return all(find_where(self._store, self.filed, each, in_git) != NOT_HERE for each in known)

    @cached_property
    def strange(self) -> list[bytes]:
        """Files in its directory that are not in its manifest, where it has one."""
        assert self.filed is not None
        known = {entry.path for entry in self.filed.manifest.entries}
        left = find_left(self._store.run_dir(self._run))
        return [each.path for each in left if each.path not in known]

    @cached_property
    def measured(self) -> dict[str, Any]:
        """The value of `made` in `attest`: as recorded, or without a manifest as they are here.

        Source: docs/format.md, "attest".
        """
        if self.filed is not None:
            known = [(e.path, e.sha256, e.size) for e in self.filed.made if e.sha256 is not None]
            return _tally(known)
        top = self._store.run_dir(self._run)
        made = list_made(self._store, self._catalog, self._document)
        return _tally(
            (each.path, *digest_file(top / os.fsdecode(each.path)))
            for each in sorted(made, key=lambda each: each.path)
            if each.link is None
        )


def _compare(store: Store, filed: Filed, entry: Entry, in_git: frozenset[str]) -> Compared:
    """Read what is here of a file: in the run's directory, and in the sidecar if that is another.

    What git holds is compared with the rest of what it keeps of the run.
    """
    place = store.run_dir(filed.run) / os.fsdecode(entry.path)
    if entry.sha256 is None:
        here = is_in_place(place, entry)
        return Compared(entry, UNKNOWN, _IN_DIRECTORY) if here else Compared(entry, ABSENT)
    where = find_where(store, filed, entry, in_git)
    if _is_changed(place, entry):
        return Compared(entry, DIFFERS, _IN_DIRECTORY)
    if where == NOT_HERE:
        return Compared(entry, ABSENT)
    kept = store.sidecar.path(entry.sha256)
    for path, what in ((place, _IN_DIRECTORY), (kept, "in the sidecar")):
        if path is kept and not _is_another(kept, place, entry):
            continue
        if is_in_place(path, entry) and digest_file(path)[0] != entry.sha256:
            store.sidecar.forget(entry.sha256)
            return Compared(entry, DIFFERS, what)
    return Compared(entry, SAME)


def _is_changed(place: Path, entry: Entry) -> bool:
    """Whether something else is in the place of a file, which is neither that nor a placeholder."""
    from git_gage.runs.placeholders import is_placeholder

    return os.path.lexists(place) and not is_in_place(place, entry) and not is_placeholder(place)


def _is_another(kept: Path, place: Path, entry: Entry) -> bool:
    """Whether an object is there, and not as another name of the run's own file."""
    return kept.exists() and not (is_in_place(place, entry) and os.path.samefile(kept, place))


def _tally(files: Iterable[tuple[bytes, str, int]]) -> dict[str, Any]:
    tally, listed = Tally(), []
    for path, sha256, size in files:
        tally.add(path, sha256, size)
        listed.append({"path": encode_path(path), "sha256": sha256, "size": size})
    return {"files": listed, "count": tally.count, "size": tally.size, "digest": tally.digest}
