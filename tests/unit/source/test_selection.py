"""What goes into the snapshot when the work tree is not what git said a moment ago."""

from __future__ import annotations

from pathlib import Path

from git_gage.source.selection import Selector
from git_gage.source.status import Change, Status, Version, parse_status

HEAD = Version("100644", "1" * 40)


def test_what_is_gone_by_now_is_gone(tmp_path: Path) -> None:
    change = Change(b"a", " M", HEAD, (HEAD,))
    status = Status("2" * 40, "main", (change,), (b"b",), ())
    selector = Selector(tmp_path, status, frozenset())
    selector.add_ignored(b"c")
    chosen = selector.select()
    assert chosen.settled == [(b"a", Version("000000", HEAD.oid))]
    assert chosen.added == []
    assert chosen.status == [(b"a", " M")]


def test_status_with_names_that_look_like_more() -> None:
    said = (
        b"# branch.oid (initial)\0# branch.head (detached)\0"
        b"1 A. N... 000000 100644 100644 %s %s with space\nand line\0"
        b"2 R. N... 100644 100644 100644 %s %s R100 new\0? old\0? 1 .M\0! ! x\0"
    ) % ((b"0" * 40,) * 4)
    found = parse_status(said)
    assert (found.commit, found.branch) == (None, None)
    assert [change.path for change in found.changes] == [b"with space\nand line", b"new"]
    assert found.changes[1].origin == b"? old"
    assert found.untracked == (b"1 .M",)
    assert found.ignored == (b"! x",)
