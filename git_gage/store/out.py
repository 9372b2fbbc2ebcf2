"""Records and previews that are in one lane already, put into another lane of this clone as well.

Source: docs/format.md, "Lanes".
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.store import layout
from git_gage.store.lane import Bulk, Epoch, Lane
from git_gage.store.thumbs import Gallery, add_galleries

if TYPE_CHECKING:
    from git_gage.git import Repository

PINS = 256


class Parcel(NamedTuple):
    """A record line with the bulk files and the source commit that go with it."""

    line: bytes
    begins_run: bool = False
    bulk: tuple[Bulk, ...] = ()
    snapshot: str | None = None


def extend_lane(repo: Repository, prefix: str, now: float, parcels: Sequence[Parcel]) -> None:
    """Add parcels to the lane below `prefix`, closing epochs that are full. Hold the store's lock.

    `now` is in Unix seconds.
    """
    lane = Lane(repo, prefix)
    month = time.strftime("%Y%m", time.gmtime(now))
    rest = list(parcels)
    while rest:
        epoch = _open(lane, month)
        part = _take(rest, layout.EPOCH_RUNS - epoch.runs)
        rest = rest[len(part) :]
        epoch = _write(lane, epoch, part)
        if epoch.runs >= layout.EPOCH_RUNS:
            lane.close(epoch)


def extend_cargo(
    repo: Repository, prefix: str, now: float, files: Mapping[str, str], snapshots: Sequence[str]
) -> None:
    """Add bulk files (path → blob) and sources alone, of records that a lane of ours has already.

    Hold the store's lock.
    """
    if files or snapshots:
        lane = Lane(repo, prefix)
        epoch = _open(lane, time.strftime("%Y%m", time.gmtime(now)))
        _add(lane, epoch, [], 0, list(files.items()), snapshots)


def extend_galleries(
    repo: Repository, prefix: str, now: float, galleries: Mapping[str, Gallery]
) -> None:
    """Add previews of runs (by id) to the lane below `prefix`. Hold the store's lock."""
    lane = Lane(repo, prefix)
    add_galleries(lane, _open(lane, time.strftime("%Y%m", time.gmtime(now))), galleries)


def _open(lane: Lane, month: str) -> Epoch:
    epoch, over = lane.open_epoch(month, {})
    if not over:
        return epoch
    lane.close(epoch)
    return Epoch(layout.epoch_name(month, [epoch.name]))


def _take(parcels: Sequence[Parcel], room: int) -> Sequence[Parcel]:
    """The first parcels that begin no more runs than there is room for."""
    begun = 0
    for place, parcel in enumerate(parcels):
        begun += parcel.begins_run
        if begun > room:
            return parcels[:place]
    return parcels


def _write(lane: Lane, epoch: Epoch, parcels: Sequence[Parcel]) -> Epoch:
    snapshots = list(dict.fromkeys(parcel.snapshot for parcel in parcels if parcel.snapshot))
    bulk = list(dict.fromkeys(file for parcel in parcels for file in parcel.bulk))
    runs = sum(parcel.begins_run for parcel in parcels)
    return _add(lane, epoch, [parcel.line for parcel in parcels], runs, bulk, snapshots)


def _add(
    lane: Lane,
    epoch: Epoch,
    lines: Sequence[bytes],
    runs: int,
    bulk: Sequence[Bulk],
    snapshots: Sequence[str],
) -> Epoch:
    for first in range(0, len(snapshots), PINS):
        epoch = lane.pin(epoch, snapshots[first : first + PINS])
    return lane.append(epoch, lines, runs, bulk)
