"""What somebody has taken out of a run is known wherever the words about it lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from git_gage.share.redaction import find_said
from tests.unit.catalog.made_up import (
    LANE,
    OTHER,
    FakeStore,
    after,
    begin,
    fresh_catalog,
    lines,
    ref,
)

if TYPE_CHECKING:
    from git_gage.store import Store


def test_the_run_is_here_and_what_was_taken_out_is_said_there(tmp_path: Path) -> None:
    here, there = FakeStore(tmp_path / "here"), FakeStore(tmp_path / "there")
    first, second = begin(1), begin(2)
    said = [after(each, "run.redact", {"parts": ["run"]}, writer=LANE) for each in (first, second)]
    here.lane(ref(), lines(first, second))
    there.lane(ref(OTHER), lines(*said))
    catalogs = fresh_catalog(here), fresh_catalog(there)
    of_here, of_there = cast("Store", here), cast("Store", there)
    assert find_said(of_here, None, *catalogs).runs == {first.run, second.run}
    assert find_said(of_here, [first.run], *catalogs).runs == {first.run}
    assert not find_said(of_here, None, catalogs[0]).runs
    # Nobody knows there who began them.
    assert not find_said(of_there, None, catalogs[1]).runs
