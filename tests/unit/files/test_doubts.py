"""What a place may hold wrongly is remembered until somebody has looked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from git_gage.files.doubts import Doubts
from git_gage.files.notes import stamp_of
from git_gage.files.sidecar import Sidecar


def keep(sidecar: Sidecar, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    part = sidecar.incoming(sha256)
    part.write_bytes(content)
    sidecar.accept(sha256, len(content), part)
    return sha256


def test_in_doubt_until_it_was_looked_at(tmp_path: Path) -> None:
    sidecar, doubts = Sidecar(tmp_path / "lfs"), Doubts(tmp_path / "doubts")
    one, other, gone = (keep(sidecar, each) for each in (b"one", b"other", b"gone"))
    assert doubts.find([one]) == set()
    stamps = {each: stamp_of(sidecar.path(each).stat()) for each in (one, other, gone)}
    noted = doubts.note(sidecar, stamps)
    # A push that was killed: what is as it was then was sent as it is.
    assert doubts.find([one, other, gone]) == set()
    os.link(sidecar.path(one), tmp_path / "another name")
    sidecar.path(other).chmod(0o644)
    sidecar.path(other).write_bytes(b"OTHER")
    sidecar.remove(gone)
    assert doubts.find([one, other]) == {other}
    assert doubts.find([gone]) == {gone}

    # What has changed stays in doubt, even where somebody has put it right here.
    doubts.settle(noted, [other, gone])
    sidecar.path(other).write_bytes(b"other")
    os.utime(sidecar.path(other), ns=(0, stamps[other].mtime_ns))
    again = doubts.note(sidecar, {one: stamps[one]})
    assert Doubts(tmp_path / "doubts").find([one, other, gone]) == {other, gone}
    doubts.clear(gone)
    assert doubts.find([other, gone]) == {other}
    doubts.clear(other)
    doubts.settle(again, [])
    assert doubts.find([one, other, gone]) == set()
    assert list((tmp_path / "doubts").iterdir()) == []
    doubts.settle(again, [one])  # by another process, in this moment
