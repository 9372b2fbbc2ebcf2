"""Beats of runs that go on: got from a remote, and taken back there.

Source: docs/format.md, "Heartbeats".
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.share.transfer import delete_refs, fetch_refs, replace_ref
from git_gage.store.beats import Beat, beat_ref, make_beat, track_beats
from git_gage.store.files import read_json, write_json
from git_gage.system import remove_file

if TYPE_CHECKING:
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

_FOLDER = "live"


def fetch_beats(store: Store, remote: Remote, observer: Observer) -> None:
    """Get what the remote has of runs that go on; what it has no longer is forgotten here.

    Raises: RemoteError with git's own text.
    """
    spec = track_beats(remote.tracking)
    fetch_refs(store.repo, remote, [spec], observer, strict=True, prune=True)


def send_beat(
    store: Store, remote: Remote, run: str, beat: Beat, folder: Path, observer: Observer
) -> None:
    """Put a beat in place of the one before; its objects are made in `folder`, not here.

    Raises: RemoteError with git's own text.
    """
    ref = beat_ref(store.lane, run)
    path = store.dir / _FOLDER / remote.tracking / f"{run}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"ref": ref})  # so that it is taken back if we are killed
    replace_ref(store.repo, remote, ref, make_beat(store.repo, folder, beat), folder, observer)


def drop_beats(store: Store, remote: Remote, observer: Observer) -> None:
    """Take back what the remote has of beats of runs that no longer go on here.

    Raises: RemoteError with git's own text.
    """
    paths = list((store.dir / _FOLDER / remote.tracking).glob("*.json"))
    if not paths:
        return
    from git_gage.runs.liveness import Life, find_life

    noted = {
        path: read_json(path).get("ref")
        for path in paths
        if find_life(store.state_dir(path.stem)) is not Life.RUNNING
    }
    refs = [ref for ref in noted.values() if isinstance(ref, str)]
    if refs:
        delete_refs(store.repo, remote, refs, observer)
    for path in noted:
        remove_file(path)
