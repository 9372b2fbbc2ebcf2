"""What a clone remembers of records and keys, through kills, damage and read-only disks."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from git_gage.trust.ledger import append_notes, read_notes
from git_gage.trust.pins import Pin, Pins
from git_gage.trust.seen import Seen
from git_gage.trust.sources import note_stamp
from git_gage.trust.stamp import is_changed

ID = "a" * 64


def test_the_first_sight_of_a_record_counts(tmp_path: Path) -> None:
    path = tmp_path / "trust" / "seen"
    assert Seen(path).first(ID) is None
    Seen(path).note([ID, ID], 1000.5)
    Seen(path).note([ID], 2000)
    assert Seen(path).first(ID) == 1000.5
    assert path.read_text() == f"1000500 {ID}\n"


def test_a_torn_line_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text(f"1000 {ID}\n2000 bbb")
    Seen(path).note(["c"], 3)
    assert path.read_text() == f"1000 {ID}\n2000 bbb\n3000 c\n"
    path.write_text(f"{'9' * 15} x\nx y\n١ z\n1 2 3\n\n5000 {ID}\n")
    assert dict(Seen(path)._known) == {ID: 5.0}


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    seen = Seen(tmp_path / "file" / "seen")
    seen.note([ID], 1)
    assert seen.first(ID) == 1
    assert list(read_notes(tmp_path / "file" / "seen", 1)) == []


def test_pins_are_of_a_name_and_a_key(tmp_path: Path) -> None:
    path = tmp_path / "pins"
    Pins(path).note([("sam@x", "k1"), ("sam@x", "k1"), ("Sam of\nX", "k1")], 10)
    pins = Pins(path)
    pins.note([("sam@x", "k2"), ("sam@x", "k1")], 20)
    for each in (pins, Pins(path)):
        assert each.list_all() == [
            Pin("sam@x", "k1", 10),
            Pin("Sam of\nX", "k1", 10),
            Pin("sam@x", "k2", 20),
        ]
        assert each.claims_of("k1") == {"sam@x": 10, "Sam of\nX": 10}
        assert each.claims_of("k3") == {}
        assert each.keys_of("sam@x") == {"k1", "k2"}
        assert each.keys_of("nobody") == set()


@given(st.lists(st.text(max_size=20), max_size=5, unique=True))
def test_any_claim_is_read_back_as_it_was(tmp_path_factory: object, claims: list[str]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        named = [claim.encode("utf-8", "replace").decode() for claim in claims]
        Pins(Path(folder, "pins")).note(((claim, "k") for claim in named), 1)
        assert set(Pins(Path(folder, "pins")).claims_of("k")) == set(named)


def test_nothing_to_remember_makes_no_file(tmp_path: Path) -> None:
    append_notes(tmp_path / "notes", 1, [])
    assert not (tmp_path / "notes").exists()


def test_a_change_of_a_file_is_seen_and_a_file_that_comes(tmp_path: Path) -> None:
    stamp, one, other = tmp_path / "s" / "stamp", tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    note_stamp(stamp, [one, other])
    assert not is_changed(stamp)
    one.write_text("22")
    assert is_changed(stamp)
    note_stamp(stamp, [one, other])
    other.write_text("")
    assert is_changed(stamp)
    note_stamp(stamp, [one, other])
    os.utime(one, ns=(1, 1))
    assert is_changed(stamp)
    stamp.write_text("nonsense")
    assert is_changed(stamp)


def test_a_stamp_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    note_stamp(tmp_path / "file" / "stamp", [])
    assert (tmp_path / "file").read_text() == ""
