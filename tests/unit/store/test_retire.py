"""A journal is put away only when all of it is in git."""

from __future__ import annotations

import os
from pathlib import Path

from git_gage.store.journal import KEEP_S, Journal, list_journals, read_journal, retire_journal

NOW = 1_792_000_000.0


def day_lines(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("day-*.jsonl"))


def test_a_journal_that_is_in_git_goes_when_its_writer_is_gone(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"begin")
    (name,) = list_journals(tmp_path)
    _, reached = read_journal(tmp_path, name, 0)
    retire_journal(tmp_path, name, reached, NOW)
    assert list_journals(tmp_path) == [name]

    journal.close()
    retire_journal(tmp_path, name, reached, NOW)
    assert list_journals(tmp_path) == []
    assert day_lines(tmp_path) == b"begin\n"


def test_what_was_added_since_it_was_read_is_not_put_away(tmp_path: Path) -> None:
    """The writer ends between our reading and our tidying up."""
    journal = Journal(tmp_path)
    journal.append(b"begin")
    (name,) = list_journals(tmp_path)
    _, reached = read_journal(tmp_path, name, 0)
    journal.append(b"end")
    journal.close()
    retire_journal(tmp_path, name, reached, NOW)
    assert read_journal(tmp_path, name, reached)[0] == [b"end"]


def test_half_a_line_of_a_writer_that_was_killed_holds_nothing_up(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"begin")
    (name,) = list_journals(tmp_path)
    _, reached = read_journal(tmp_path, name, 0)
    with (tmp_path / name).open("ab") as file:
        file.write(b"half a li")
    journal.close()
    retire_journal(tmp_path, name, reached, NOW)
    assert list_journals(tmp_path) == []


def test_a_journal_that_was_just_made_is_left_alone(tmp_path: Path) -> None:
    """Its writer has not come to lock it."""
    path = tmp_path / "1-1-a.jsonl"
    path.touch()
    os.utime(path, (NOW, NOW))
    retire_journal(tmp_path, path.name, 0, NOW + 1)
    assert path.exists()
    retire_journal(tmp_path, path.name, 0, NOW + KEEP_S)
    assert not path.exists()
