"""Metrics and attributes out of all sources of a run, live and at its end."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import pytest

from bench.events import make_bytes, make_event, make_record, make_scalar
from git_gage.metrics import documents
from git_gage.metrics.collector import Collector
from git_gage.metrics.documents import Documents
from git_gage.metrics.series import Series
from git_gage.metrics.summary_file import Summary

STARTED = 1_700_000_000.0


class Run:
    """A run directory, and the files that its program logs to."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "run"
        self.top.mkdir()
        self.metrics, self.attributes = folder / "m.jsonl", folder / "a.jsonl"

    def log(self, *lines: dict[str, Any]) -> None:
        with self.metrics.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def say(self, *lines: dict[str, Any]) -> None:
        with self.attributes.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def leave(self, name: str, content: Any) -> Path:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    def leave_events(self, name: str, *points: tuple[str, float, int]) -> Path:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            for tag, value, step in points:
                file.write(make_record(make_event(make_scalar(tag, value), step=step)))
        return path

    def documents(self, *, own: bool = True, since: float = STARTED) -> Documents:
        return Documents(self.top, self.top / "summary.json", since=since, own=own)

    def collector(self, found: Documents | None = None) -> Collector:
        found = found or self.documents()
        return Collector([self.metrics], [self.attributes], found, started=STARTED)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def last(collector: Collector) -> dict[str, Any]:
    return {name: found["last"] for name, found in collector.summaries().items()}


def test_what_is_logged_is_seen_as_it_comes(run: Run) -> None:
    collector = run.collector()
    run.log({"step": 5, "loss": 0.5, "_at": STARTED + 1.5})
    run.say({"device": "cpu"})
    collector.scan()
    assert last(collector) == {"loss": 0.5}
    assert collector.attributes() == {"device": "cpu"}
    run.log({"loss": 0.25}, {"loss": math.nan, "step": 9})
    run.say({"device": "gpu", "ok": True})
    collector.scan()
    assert collector.attributes() == {"device": "gpu", "ok": True}
    assert collector.summaries()["loss"] == {
        "last": "nan",
        "min": 0.25,
        "max": 0.5,
        "mean": 0.375,
        "count": 3,
        "last_step": 9,
        "min_step": 6,
        "max_step": 5,
    }
    ((name, series),) = collector.series()
    assert (name, series.steps, series.values[:2]) == ("loss", [5, 6, 9], [0.5, 0.25])
    assert series.times_s[0] == 1.5
    assert math.isnan(series.times_s[1])


def test_what_may_still_change_is_shown_until_the_next_look(run: Run) -> None:
    collector = run.collector()
    run.log({"loss": 0.5})
    lately: list[tuple[bool, dict[str, Any]]] = [
        (True, {"loss": 0.25}),
        (True, {"acc": 1}),
        (False, {"device": "cpu"}),
    ]
    collector.scan(lately=lately)
    assert last(collector) == {"loss": 0.25, "acc": 1}
    assert collector.summaries()["loss"]["count"] == 2
    assert collector.attributes() == {"device": "cpu"}
    collector.scan()
    assert last(collector) == {"loss": 0.5}
    assert collector.attributes() == {}


def test_documents_are_final(run: Run) -> None:
    collector = run.collector()
    run.log({"acc": 0.9}, {"acc": 0.8})
    run.leave("summary.json", {"acc": 0.9, "f1": 0.7})
    collector.scan()
    collector.scan()
    assert last(collector) == {"acc": 0.9, "f1": 0.7}
    assert collector.summaries()["acc"]["count"] == 2
    run.leave("summary.json", {"acc": 0.95, "f1": 0.7})
    collector.finish()
    assert last(collector) == {"acc": 0.95, "f1": 0.7}
    assert collector.summaries()["acc"]["count"] == 3
    assert collector.summaries()["acc"]["max"] == 0.95
    assert dict(collector.series())["f1"].values == [0.7]
    assert collector.warnings() == []


def test_of_documents_the_summary_comes_last(run: Run) -> None:
    run.leave("summary.json", {"metrics": {"acc": 3}, "attributes": {"by": "summary"}})
    run.leave("z/b.metrics.json", {"acc": 2, "b": {"x": 1}})
    run.leave("a.attrs.json", {"by": "file", "who": "me"})
    (run.top / "b.attrs").write_text("by: guild\nold: 1\n")
    collector = run.collector()
    collector.finish(Summary("output", {"acc": 1, "printed": 1}, {"by": "output"}, [], None, []))
    assert last(collector) == {"acc": 3, "b.x": 1, "printed": 1}
    assert collector.attributes() == {"by": "summary", "who": "me", "old": 1}


def test_what_was_there_before_is_not_the_programs(run: Run) -> None:
    run.leave("summary.json", {"acc": 1})
    run.leave("old.metrics.json", {"old": 1})
    found = run.documents()
    found.forget_present()
    collector = run.collector(found)
    collector.scan()
    assert last(collector) == {}
    path = run.leave("summary.json", {"acc": 1})
    os.utime(path, ns=(1, 1))
    collector.finish()
    assert last(collector) == {"acc": 1}, "it was written anew, with the same content"


def test_a_document_that_is_read_is_not_read_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.leave("a.metrics.json", {"acc": 1})
    collector = run.collector()
    collector.scan()
    read: list[Path] = []
    monkeypatch.setattr(documents, "read_summary", read.append)
    collector.scan()
    assert read == []
    assert last(collector) == {"acc": 1}


def test_event_files_are_read_as_they_grow(run: Run) -> None:
    name = f"logs/events.out.tfevents.{STARTED + 5:.0f}.host.1.0"
    run.leave_events(name, ("loss", 0.5, 1))
    collector = run.collector()
    collector.scan()
    run.leave_events(name, ("loss", 0.25, 2), ("acc", 0.75, 2))
    collector.finish()
    assert last(collector) == {"loss": 0.25, "acc": 0.75}
    assert dict(collector.series())["loss"].steps == [1, 2]


def test_folders_of_event_files_side_by_side_have_names(run: Run) -> None:
    for folder in ("logs/train", "logs/validation", "logs"):
        run.leave_events(f"{folder}/events.out.tfevents.{STARTED:.0f}.h", ("loss", 0.5, 1))
    collector = run.collector()
    collector.finish()
    assert set(last(collector)) == {"loss", "train/loss", "validation/loss"}


def test_a_metric_of_events_with_the_name_of_a_logged_one_has_that_of_its_folder(run: Run) -> None:
    run.leave_events(f"logs/events.out.tfevents.{STARTED:.0f}.h", ("loss", 0.5, 1))
    run.log({"loss": 1})
    collector = run.collector()
    collector.finish()
    assert last(collector) == {"loss": 1, "logs/loss": 0.5}


def test_texts_in_event_files_of_guild_are_attributes(run: Run) -> None:
    metadata = make_bytes(9, make_bytes(1, make_bytes(1, b"text")))
    texts = [
        make_bytes(1, name) + make_bytes(8, make_bytes(8, text)) + metadata
        for name, text in ((b"color", b"green"), (b"kind/text_summary", b"x"), (b"\xff", b"y"))
    ]
    for suffix in (".attrs", ""):
        path = run.top / f"events.out.tfevents.{STARTED:.0f}.host{suffix}"
        path.write_bytes(make_record(make_event(*texts)))
    collector = run.collector()
    collector.finish()
    assert collector.attributes() == {"color": "green", "kind": "x"}


def test_event_files_of_others_do_not_count(run: Run) -> None:
    run.leave_events(f"events.out.tfevents.{STARTED - 60:.0f}.earlier", ("a", 1, 1))
    known = run.leave_events("present.tfevents", ("b", 1, 1))
    found = run.documents()
    found.forget_present()
    collector = run.collector(found)
    run.leave_events(known.name, ("b", 2, 2))
    run.leave_events("fresh.tfevents", ("c", 1, 1))
    collector.finish()
    assert last(collector) == {"c": 1}


def test_where_others_write_only_what_is_newer_counts(run: Run) -> None:
    run.leave("old.metrics.json", {"old": 1})
    os.utime(run.top / "old.metrics.json", (STARTED - 10, STARTED - 10))
    run.leave("new.metrics.json", {"new": 1})
    collector = run.collector(run.documents(own=False))
    collector.finish()
    assert last(collector) == {"new": 1}


def test_links_lead_to_what_the_program_wrote_there(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "work" / "logs"
    (elsewhere / "deep").mkdir(parents=True)
    (run.top / "logs").symlink_to(elsewhere)
    (elsewhere / "deep" / "away").symlink_to(tmp_path)
    (run.top / "nowhere.metrics.json").symlink_to(tmp_path / "nothing")
    name = f"events.out.tfevents.{time.time():.0f}.h"
    collector = run.collector()
    run.leave_events(f"logs/deep/{name}", ("loss", 0.5, 1))
    old = run.leave_events(f"logs/{name}.old", ("old", 0.5, 1))
    os.utime(old, (STARTED - 10, STARTED - 10))
    collector.scan()
    (run.top / "logs").unlink()
    with (elsewhere / "deep" / name).open("ab") as file:
        file.write(make_record(make_event(make_scalar("loss", 0.25), step=2)))
    collector.finish()
    assert last(collector) == {"loss": 0.25}


def test_our_own_folders_and_gits_are_not_looked_at(run: Run) -> None:
    run.leave(".git/x.metrics.json", {"x": 1})
    run.leave(".gage/x.metrics.json", {"x": 1})
    collector = run.collector()
    collector.finish()
    assert last(collector) == {}


def test_however_many_files_there_are_the_summary_is_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "BUDGET", 3)
    for number in range(5):
        run.leave(f"{number}.txt", 0)
    run.leave("z.metrics.json", {"z": 1})
    run.leave("summary.json", {"acc": 1})
    collector = run.collector()
    collector.finish()
    assert last(collector) == {"acc": 1}


def test_without_a_place_there_is_what_was_logged(run: Run) -> None:
    collector = run.collector(Documents(None, None, since=STARTED, own=True))
    run.log({"loss": 1})
    collector.finish()
    assert last(collector) == {"loss": 1}


def test_a_folder_that_is_gone_is_empty(run: Run) -> None:
    collector = run.collector()
    run.top.rmdir()
    collector.finish()
    assert last(collector) == {}


def test_what_is_left_out_is_counted(run: Run) -> None:
    run.log({f"m{number}": number for number in range(1001)}, {"m0": None}, {"x" * 300: 1})
    run.say({"list": [1]}, {f"a{number}": 1 for number in range(1002)})
    with run.metrics.open("a") as file:
        file.write('{"half"')
    (run.top / "summary.json").write_text("[]")
    run.leave("late.metrics.json", {"late": 1})
    collector = run.collector()
    collector.finish()
    assert len(last(collector)) == 1000
    assert collector.warnings() == [
        "'m.jsonl': left out its last line, which is not whole",
        "left out 3 values of metrics beyond 1,000, or with names that are too long",
        "left out 1 value of metrics, for not being numbers",
        "left out 3 values of attributes, for being no text, number, true or false",
        "'summary.json' was not read: it is not an object of names and values",
    ]


def test_event_files_that_cannot_be_read_are_told(run: Run) -> None:
    os.mkfifo(run.top / "a.tfevents")
    collector = run.collector()
    collector.finish()
    assert collector.warnings() == [
        "'a.tfevents' was not read to its end: it is not a regular file"
    ]


def test_an_event_file_that_goes_away_leaves_what_was_read(run: Run) -> None:
    path = run.leave_events("a.tfevents", ("loss", 0.5, 1))
    collector = run.collector()
    collector.scan()
    path.unlink()
    collector.finish()
    assert last(collector) == {"loss": 0.5}
    assert collector.warnings() == []


def test_of_many_points_memory_holds_few(run: Run) -> None:
    collector = run.collector()
    run.log(*({"loss": step % 1000, "step": step} for step in range(30_000)))
    collector.finish()
    series: Series = dict(collector.series())["loss"]
    assert series.count == 30_000
    assert 5_000 <= len(series.steps) <= 10_004
    assert (min(series.values), max(series.values)) == (0, 999)
    assert collector.summaries()["loss"]["count"] == 30_000
