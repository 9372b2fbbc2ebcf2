"""Filters in real repositories: dates that git reads, runs that go on."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from git_gage.catalog import Catalog
from git_gage.git import open_repository
from git_gage.store import Store
from tests.scenarios.test_settle import start_forever
from tests.support import gage_inside
from tests.unit.test_startup import loaded_modules

DAY_S = 86400


def read_date(repo: Path, words: str, **environ: str) -> float:
    store = Store(open_repository(repo, {**os.environ, **environ}))
    return Catalog(store)._read_date(words)


def count(repo: Path, where: str) -> int:
    result = gage_inside(repo, "list", "--json", "-w", where)
    assert (result.code, result.err) == (0, ""), where
    return len(json.loads(result.out))


def test_git_reads_dates(repo: Path) -> None:
    now = time.time()
    for words, days in (("now", 0), ("2 days ago", 2), ("3.weeks.ago", 21), ("1 hour ago", 1 / 24)):
        assert read_date(repo, words) == pytest.approx(now - days * DAY_S, abs=5), words
    friday = datetime.fromtimestamp(read_date(repo, "last friday"), UTC)
    assert friday.weekday() == 4
    assert (
        read_date(repo, "2026-01-05 10:30") == datetime(2026, 1, 5, 10, 30, tzinfo=UTC).timestamp()
    )


def test_days_begin_at_the_midnight_of_the_user(repo: Path) -> None:
    midnight = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
    assert read_date(repo, "2026-01-05 00:00:00") == midnight
    assert read_date(repo, "2026-01-05 00:00:00", TZ="XYZ-9") == midnight - 9 * 3600
    for day in ("today", "yesterday"):
        assert read_date(repo, f"{day} 00:00:00") % DAY_S == 0


def test_every_kind_of_date_is_taken(repo: Path) -> None:
    assert gage_inside(repo, "label", "@", "--clear").code == 128, "no run is here yet"
    for words in ("today", "yesterday", "2026-01-05", "2 days ago", "noon", "last monday"):
        assert count(repo, f"started > {words}") == 0
    for words in ("Jan 5 2026", "5 January 2026 10:30", "2026-01-05T10:30:00Z", "10:30", "3rd may"):
        assert count(repo, f"started > '{words}'") == 0
    for words in ("someday", "2 dais ago", "tomorrow", "2026-1-55x", "'--all'", "-1"):
        result = gage_inside(repo, "list", "-w", f"started > {words}")
        assert (result.code, "is not a date" in result.err) == (128, True), words


def test_going_runs_are_found_as_what_they_are(repo: Path) -> None:
    recorder, program = start_forever(repo)
    try:
        assert count(repo, "status = running") == count(repo, "running") == 1
        assert count(repo, "ended = null and duration = null and op = forever") == 1
        recorder.kill()
        recorder.communicate()
    finally:
        os.kill(program, signal.SIGKILL)
    (alive,) = (repo / ".git/gage/state").glob("*/alive")
    alive.write_text(alive.read_text().replace(socket.gethostname(), "another-host"))
    for path in alive.parent.iterdir():
        os.utime(path, (0, 0))
    assert count(repo, "status = running") == 0
    assert count(repo, "status = lost") == count(repo, "lost and not label") == 1


def test_a_list_without_a_filter_loads_nothing_for_it(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    gage_inside(repo, "list")
    loaded = loaded_modules("list")
    assert not {name for name in loaded if "filter" in name}
    assert "git_gage.catalog.filter_table" not in loaded_modules("list", "-w", "train")
    assert "git_gage.catalog.filter_table" in loaded_modules("list", "-w", "op = train")
