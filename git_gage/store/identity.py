"""Which lane this clone writes.

A lane is written by one clone on one machine, so pushes never race. It is bound to the machine and
to the path and inode of the git directory: a copied clone sees that it is a copy and takes a lane
of its own. Source: docs/format.md, "Lane ids".
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from git_gage.records import ALPHABET
from git_gage.store.files import read_json, write_json

FORMAT = 1
LANE_CHARS = 16
_LANE = re.compile(r"[a-z0-9-]{1,64}")
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


class Identity(NamedTuple):
    """The lane in use, lanes this clone wrote before, the out lane of each remote.

    given: out lanes before those; what remotes have of them is still this clone's to take back.
    """

    lane: str
    former: tuple[str, ...]
    out: dict[str, str]
    given: tuple[str, ...] = ()

    @property
    def out_lanes(self) -> frozenset[str]:
        """All lanes in which this clone gave runs to remotes."""
        return frozenset((*self.given, *self.out.values()))


def read_identity(path: Path) -> Identity | None:
    """This clone's lanes; None before its first record."""
    state = read_json(path)
    if not isinstance(state.get("lane"), str):
        return None
    return _parse(state)


def own_identity(path: Path, common_dir: Path) -> Identity:
    """This clone's lanes, with a fresh lane at first use and in a copy. Hold the store's lock."""
    state = read_json(path)
    place = _place(common_dir)
    if not isinstance(state.get("lane"), str) or state.get("place") != place:
        former = [*state.get("former", ()), *([state["lane"]] if "lane" in state else ())]
        given = [*state.get("given", ()), *state.get("out", {}).values()]
        state = {"lane": new_lane(), "former": former, "out": {}, "given": given}
        _save(path, place, state)
    return _parse(state)


def renew_lane(path: Path, common_dir: Path) -> Identity:
    """Leave the lane to a twin that writes it too, and take a new one."""
    identity = own_identity(path, common_dir)
    renewed = identity._replace(lane=new_lane(), former=(*identity.former, identity.lane))
    _save(path, _place(common_dir), renewed._asdict())
    return renewed


def out_lane(path: Path, common_dir: Path, remote: str, *, fresh: bool = False) -> str:
    """The lane that holds what this remote was given run by run; a new one if `fresh`.

    Hold the store's lock.
    """
    identity = own_identity(path, common_dir)
    if remote in identity.out and not fresh:
        return identity.out[remote]
    left = [identity.out[remote]] if remote in identity.out else []
    lane = new_lane()
    state = identity._replace(out={**identity.out, remote: lane}, given=(*identity.given, *left))
    _save(path, _place(common_dir), state._asdict())
    return lane


def adopt_lanes(path: Path, common_dir: Path, lanes: Iterable[str]) -> None:
    """Take the lanes of a backup as former ones of this clone. Hold the store's lock."""
    identity = own_identity(path, common_dir)
    former = [lane for lane in dict.fromkeys([*identity.former, *lanes]) if _LANE.fullmatch(lane)]
    state = identity._replace(former=tuple(each for each in former if each != identity.lane))
    _save(path, _place(common_dir), state._asdict())


def new_lane() -> str:
    return "".join(ALPHABET[byte % 32] for byte in os.urandom(LANE_CHARS))


def _parse(state: dict[str, Any]) -> Identity:
    former, given = tuple(state.get("former", ())), tuple(state.get("given", ()))
    return Identity(state["lane"], former, dict(state.get("out", {})), given)


def _save(path: Path, place: dict[str, Any], state: dict[str, Any]) -> None:
    write_json(path, {"format": FORMAT, "place": place, **state}, durable=True)


def _place(common_dir: Path) -> dict[str, Any]:
    return {
        "machine": _machine(),
        "path": str(common_dir.resolve()),
        "inode": common_dir.stat().st_ino,
    }


def _machine() -> str:
    """A stable id of this machine, hashed, because it is nobody else's business."""
    import hashlib

    found = ""
    for name in _MACHINE_IDS:
        try:
            found = found or Path(name).read_text().strip()
        except OSError:
            continue
    found = found or platform.node()
    return hashlib.sha256(b"git-gage " + found.encode()).hexdigest()[:16]
