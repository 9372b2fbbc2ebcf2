"""What can go wrong while results are read: the run is recorded in any case."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import GitError
from git_gage.metrics.collector import Collector
from git_gage.metrics.documents import Documents
from git_gage.runs import results
from git_gage.runs.results import Watch, keep_logged
from git_gage.runs.run import RunFailedError
from git_gage.store.files import StorageError, write_json
from tests.scenarios.test_run_faults import Session, raising
from tests.scenarios.test_settle import runs_of, start_forever
from tests.support import gage, gage_inside


@pytest.fixture
def session(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(results, "_FIRST_S", 0.01)
    monkeypatch.setattr(results, "PERIOD_S", 0.01)
    return Session(repo)


def in_thread(error: Exception, then: Callable[..., Any]) -> Callable[..., Any]:
    """Fails for the thread that watches a run, and not for whoever closes it."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            raise error
        return then(*args, **kwargs)

    return fail


def test_a_bug_of_ours_does_not_cost_the_run(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = AssertionError("no such thing")
    monkeypatch.setattr(Collector, "scan", in_thread(bug, Collector.scan))
    with pytest.raises(AssertionError, match="no such thing"):
        session.run("sleep", "0.3")
    session.catalog.refresh()
    (run,) = session.catalog.newest(1)
    assert (run["status"], run["exit_code"]) == ("completed", 0)


@pytest.mark.parametrize("name", ["scan", "finish"])
def test_a_bug_of_ours_does_not_keep_a_killed_run_open(
    repo: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    recorder, program = start_forever(repo)
    recorder.kill()
    recorder.communicate()
    os.kill(program, signal.SIGKILL)
    time.sleep(0.1)
    with monkeypatch.context() as broken:
        broken.setattr(Collector, name, raising(AssertionError("no such thing")))
        assert gage_inside(repo, "list").code == 70
    (run,) = runs_of(repo)
    assert (run["status"], run["metrics"]) == ("terminated", {})
    assert list((repo / ".git/gage/state").iterdir()) == []


def test_a_disk_that_is_full_for_a_while_is_of_no_matter(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = StorageError("write metrics.json: no space left")
    monkeypatch.setattr(results, "write_json", in_thread(full, write_json))
    assert session.run("sh", "-c", "echo loss: 1; sleep 0.3") == 0
    assert session.told.warnings == []
    assert session.told.documents[-1]["metrics"] == {"loss": 1}


def test_what_the_machine_refuses_for_a_while_does_not_cost_the_run(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = OSError(errno.EMFILE, "Too many open files")
    monkeypatch.setattr(Watch, "_lines_that_may_change", in_thread(refused, list))
    no_git = GitError("git config: bad config line 1 in file .git/config")

    def refuse_settings(_settings: object, _name: str) -> str:
        raise no_git

    monkeypatch.setattr(results, "read_valid", refuse_settings)
    assert session.run("sh", "-c", "echo loss: 1; sleep 0.3") == 0
    run = session.told.documents[-1]
    assert (run["status"], run["metrics"]) == ("completed", {"loss": 1})
    assert session.told.warnings == [f"gage.pollInterval could not be read: {no_git}"]


def test_a_disk_that_stays_full_is_told_and_made_up_for(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(results, "write_json", raising(full))
    with pytest.raises(RunFailedError, match="no space left"):
        session.run("sh", "-c", "echo loss: 1")
    assert list((session.store.dir / "state").iterdir()), "the next command closes it"


def watch_of(session: Session, folder: Path, **definition: Any) -> Watch:
    state_dir = folder / "state"
    state_dir.mkdir()
    documents = Documents(None, None, since=0, own=True)
    return Watch(session.store.repo, state_dir, documents, definition, 0.0)


def test_a_printed_summary_is_looked_for_while_the_output_is_short(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watch_of(session, tmp_path, output_summary=True)
    watch.scan()
    (tmp_path / "state" / "output").write_text('{"metrics": {"f1": 0.5}}')
    watch.scan()
    assert watch._collector.summaries()["f1"]["last"] == 0.5
    monkeypatch.setattr(results, "_LIVE_OUTPUT_BYTES", 4)
    watch.scan()
    assert watch._collector.summaries() == {}
    assert watch.finish().metrics["f1"]["last"] == 0.5


def test_series_are_written_seldom_while_the_run_goes_on(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_SERIES_SHARE", 10**9)
    watch = watch_of(session, tmp_path)
    written = []
    for line in (b"loss: 2", b"loss: 1"):
        watch.feed(line, 0)
        watch._show()
        written.append((tmp_path / "state" / results.SERIES).read_text())
    assert written[0] == written[1]
    watch.finish()
    assert '"values":[2,1]' in (tmp_path / "state" / results.SERIES).read_text()


def test_what_was_logged_is_kept_on_another_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = tmp_path / "state" / "logged"
    logged.mkdir(parents=True)
    (logged / "metrics.jsonl").write_text("{}")
    (logged / "attrs.jsonl").touch()
    monkeypatch.setattr(Path, "rename", raising(OSError(errno.EXDEV, "other device")))
    keep_logged(tmp_path / "state", tmp_path / "run")
    assert [path.name for path in (tmp_path / "run/.gage").iterdir()] == ["metrics.jsonl"]
    keep_logged(tmp_path / "nowhere", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_what_was_logged_is_kept_beside_what_the_program_called_so(session: Session) -> None:
    assert session.run("sh", "-c", 'echo \'{"loss": 1}\' > "$GAGE_METRICS_FILE"; echo > .gage') == 0
    (kept,) = (session.store.dir / "runs").glob("*/.gage-logged/metrics.jsonl")
    assert kept.read_text() == '{"loss": 1}\n'


def test_what_is_in_the_way_of_one_run_keeps_no_other_open(repo: Path) -> None:
    lines = 'echo \'{"loss": 1}\' > "$GAGE_METRICS_FILE"'
    in_the_way = f"{lines}; mkdir -p .gage/metrics.jsonl; echo > .gage/metrics.jsonl/file"
    recorder, program = start_forever(repo)
    assert gage(repo, "run", "-q", "--", "sh", "-c", in_the_way).code == 125
    recorder.kill()
    recorder.communicate()
    os.kill(program, signal.SIGKILL)
    time.sleep(0.1)
    done = gage(repo, "list", "--json")
    assert done.code == 0
    assert done.err.startswith("warning: a run that is over could not be closed: is a directory (")
    assert [run["status"] for run in json.loads(done.out)] == ["completed", "terminated"]


def test_a_program_that_outlives_a_scan_is_looked_at_again(session: Session) -> None:
    script = "import time\nfor n in range(3): print('loss:', n, flush=True); time.sleep(0.1)"
    assert session.run("python3", "-c", script) == 0
    assert session.told.documents[-1]["summaries"]["loss"]["count"] == 3
