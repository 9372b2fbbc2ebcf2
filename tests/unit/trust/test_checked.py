"""What was found once is not looked for again, and only as long as it holds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.git import open_repository
from git_gage.records import Record, parse_record, sign_record
from git_gage.trust import checked
from git_gage.trust.checked import Checked, Checks
from git_gage.trust.errors import SigningError
from git_gage.trust.others import make_check
from git_gage.trust.settings import read_trust_settings
from tests.support import make_repo
from tests.unit.trust.judging import make_key, write

PGP = "-----BEGIN PGP SIGNATURE-----\n"


class Program:
    """One that checks OpenPGP, and counts how often it is asked."""

    def __init__(self, state: str = "G") -> None:
        self.asked = 0
        self.state = state

    def __call__(self, *_: object) -> Checked:
        self.asked += 1
        return Checked(self.state, "", b"", "AB12", ("sam@x",))


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    key = make_key(tmp_path)
    return [write(key, body={"text": f"comment {number}"}) for number in range(20)]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a record was looked at since the last time."""
    seen = []
    real = checked.check_record

    def check(record: Record, other: checked.CheckOther) -> Checked:
        seen.append(record.id)
        return real(record, other)

    def count() -> int:
        number = len(seen)
        seen.clear()
        return number

    monkeypatch.setattr(checked, "check_record", check)
    return count


def judge(path: Path, records: list[Record], program: Program, stamp: str = "") -> list[Checked]:
    checks = Checks(path, program, stamp)
    found = [checks.check(record) for record in records]
    checks.save()
    return found


def test_a_record_is_checked_once(
    tmp_path: Path, records: list[Record], look: Callable[[], int]
) -> None:
    path = tmp_path / "cache" / "checks.json"
    unsigned, forged = (
        write(None),
        parse_record(records[0].line.replace(b"comment 0", b"comment X")),
    )
    asked = [*records, unsigned, forged, unsigned]
    first = judge(path, asked, Program())
    assert look() == 22
    assert [each.state for each in first[-3:]] == ["N", "B", "N"]
    assert judge(path, asked, Program(), "whatever else") == first
    assert look() == 0


def test_a_few_are_not_worth_a_file(tmp_path: Path, records: list[Record]) -> None:
    judge(tmp_path / "checks.json", records[:3], Program())
    assert not (tmp_path / "checks.json").exists()


def test_a_program_is_asked_again_when_it_may_say_something_else(tmp_path: Path) -> None:
    """10 ms a record are worth a file, but keyrings change, and so does the day."""
    record = parse_record(sign_record(write(None), PGP).line)
    path, program = tmp_path / "checks.json", Program()
    for stamp, asked in (("a", 1), ("a", 1), ("b", 2)):
        judge(path, [record], program, stamp)
        assert program.asked == asked


def test_what_could_not_be_checked_is_tried_again(tmp_path: Path) -> None:
    record = parse_record(sign_record(write(None), PGP).line)
    program = Program("E")
    for asked in (1, 2):
        judge(tmp_path / "checks.json", [record], program)
        assert program.asked == asked


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "keys": {"x": ""}}'],
)
def test_a_damaged_file_costs_time_alone(
    tmp_path: Path, records: list[Record], content: str
) -> None:
    path = tmp_path / "checks.json"
    path.write_text(content)
    assert {each.state for each in judge(path, records, Program())} == {"G"}
    assert json.loads(path.read_text())["format"] == checked.FORMAT


def test_where_nothing_can_be_written_all_is_checked_anew(
    tmp_path: Path, records: list[Record]
) -> None:
    (tmp_path / "file").write_text("")
    judge(tmp_path / "file" / "checks.json", records, Program())
    assert (tmp_path / "file").read_text() == ""


def test_an_unknown_kind_of_ssh_key_cannot_be_checked(tmp_path: Path) -> None:
    from git_gage.trust.sshsig import BEGIN, END
    from git_gage.trust.wire import encode_base64, pack

    blob = b"SSHSIG" + (1).to_bytes(4) + pack(pack("ssh-tomorrow"), "x", b"", "sha512", b"")
    record = sign_record(write(None), f"{BEGIN}\n{encode_base64(blob)}\n{END}\n")
    (found,) = judge(tmp_path / "checks.json", [parse_record(record.line)], Program())
    assert found == Checked("E", "keys of type 'ssh-tomorrow' cannot be checked here")


def test_a_program_that_answers_only_once_cannot_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gpg is asked whose the key is after it was asked about the signature."""

    def stop(*_: object) -> None:
        raise SigningError("'gpg' did not answer for 120 seconds")

    monkeypatch.setattr("git_gage.trust.others.check_with_program", stop)
    repo = open_repository(make_repo(tmp_path / "repo"), dict(os.environ))
    found = make_check(read_trust_settings(repo))(PGP, b"")
    assert found == Checked("E", "'gpg' did not answer for 120 seconds")
