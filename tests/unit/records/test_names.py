"""Two words that people can say to each other."""

from __future__ import annotations

from git_gage.records import run_id, run_name


def test_name_comes_from_the_first_two_bytes_of_the_record_id() -> None:
    first = run_id(1, "00" + "ff" + "0" * 60)
    last = run_id(2, "ff" + "00" + "f" * 60)
    assert run_name(first) == "able-zebra"
    assert run_name(last) == "zesty-alpaca"


def test_name_does_not_depend_on_the_rest_of_the_id() -> None:
    assert run_name(run_id(1, "12341" + "0" * 59)) == run_name(run_id(99, "1234e" + "f" * 59))


def test_every_byte_pair_has_a_name_of_its_own() -> None:
    names = {run_name(run_id(1, f"{pair:04x}" + "0" * 60)) for pair in range(0x10000)}
    assert len(names) == 0x10000
