"""What comes out of a run: seen while it goes on, kept after a kill, and had by a colleague."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from bench.events import make_event, make_record, make_scalar
from git_gage.catalog import Catalog
from git_gage.runs.series import read_series
from git_gage.store import Store
from tests.git.test_catalog import open_store
from tests.git.test_store import begin
from tests.support import clone, git, make_repo, write_files
from tests.support import gage_inside as gage

# Logs in every way there is, then waits to be let go.
LOGGER = """\
import json, os, sys, time
def log(variable, **values):
    with open(os.environ[variable], "a") as file:
        file.write(json.dumps(values) + chr(10))
for step in range(3):
    log("GAGE_METRICS_FILE", step=step, loss=1 / (step + 1), _at=time.time())
log("GAGE_ATTRS_FILE", device="cpu")
print("speed: 12.5", flush=True)
json.dump({"f1": 0.75}, open("final.metrics.json", "w"))
json.dump({"kind": "small"}, open("note.attrs.json", "w"))
if len(sys.argv) > 1:
    open(sys.argv[1]).read()
log("GAGE_METRICS_FILE", step=9, loss=0.125)
"""


def wait_for(repo: Path, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = json.loads(gage(repo, "list", "--json", "-n", "1").out)
        if found and condition(found[0]):
            return dict(found[0])
        time.sleep(0.05)
    raise AssertionError(found)


def open_both(where: Path) -> tuple[Store, Catalog]:
    store = open_store(where)
    return store, Catalog(store)


@pytest.fixture
def logger(repo: Path) -> Path:
    write_files(repo, {"logger.py": LOGGER})
    git(repo, "config", "gage.pollInterval", "0.1s")
    return repo


@pytest.fixture
def going(logger: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    os.mkfifo(tmp_path / "go")
    recorder = subprocess.Popen(
        ["git-gage", "run", "-q", "--", "python3", "logger.py", str(tmp_path / "go")],
        cwd=logger,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    yield recorder
    recorder.kill()
    recorder.communicate()
    with suppress(OSError):  # nobody waits for it any more
        os.close(os.open(tmp_path / "go", os.O_WRONLY | os.O_NONBLOCK))


def let_go(tmp_path: Path) -> None:
    (tmp_path / "go").write_text("")


def test_another_terminal_sees_the_values_of_a_run_that_goes_on(
    logger: Path, going: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    run = wait_for(logger, lambda run: "f1" in run["metrics"] and run["logged"])
    assert run["status"] == "running"
    assert run["metrics"] == {"loss": 1 / 3, "speed": 12.5, "f1": 0.75}
    assert run["summaries"]["loss"]["max_step"] == 0
    assert run["attributes"] == {"device": "cpu", "kind": "small"}
    assert "0.3333" in gage(logger, "show").out
    where = ("-w", "loss < 0.4 and device = cpu", "--sort", "f1", "--format", "{loss} {f1}")
    assert gage(logger, "list", *where).out == "0.3333333333333333 0.75\n"
    assert gage(logger, "best", "loss").out == f"{run['id']}\n"
    store, catalog = open_both(logger)
    assert catalog.find("loss < 0.4") == [], "they are not kept"
    with closing(sqlite3.connect(store.dir / "catalog.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert gage(logger, "list", "-w", "loss = null", "--format", "{run}").code == 0
    let_go(tmp_path)
    _, err = going.communicate()
    assert (going.returncode, err) == (0, b"")
    run = wait_for(logger, lambda run: run["status"] == "completed")
    assert run["metrics"] == {"loss": 0.125, "speed": 12.5, "f1": 0.75}
    author = {"email": "ana@example.com", "name": "Ana"}
    assert run["attribute_origins"] == {
        name: {"author": author, "origin": "logged", "at": None, "record": None, "state": None}
        for name in ("device", "kind")
    }


def test_a_kill_of_everything_leaves_the_last_values_in_the_record(
    logger: Path, going: subprocess.Popen[bytes]
) -> None:
    wait_for(logger, lambda run: "f1" in run["metrics"])
    (note,) = (logger / ".git/gage/state").glob("*/program.json")
    going.kill()
    going.wait()
    os.kill(json.loads(note.read_text())["pid"], signal.SIGKILL)
    run = wait_for(logger, lambda run: run["status"] == "terminated")
    assert run["metrics"] == {"loss": 1 / 3, "speed": 12.5, "f1": 0.75}
    assert run["attributes"] == {"device": "cpu", "kind": "small"}
    assert list((logger / ".git/gage/state").iterdir()) == []


def test_a_colleague_has_the_series_after_a_plain_fetch(logger: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(logger), str(bare))
    git(logger, "remote", "add", "origin", str(bare))
    assert gage(logger, "run", "-q", "logger.py").code == 0
    assert gage(logger, "push").code == 0
    sam = clone(bare, tmp_path / "sam")
    git(sam, "fetch", "-q", "origin", "refs/gage/w/*:refs/gage-remotes/origin/w/*")
    store, catalog = open_both(sam)
    catalog.refresh()
    (run,) = catalog.newest(1)
    series = read_series(store, catalog, run["id"], ["loss", "f1"])
    assert series is not None
    assert series["loss"].steps == [0, 1, 2, 9]
    assert series["loss"].values == [1, 0.5, 1 / 3, 0.125]
    assert series["loss"].times_s[0] > 0
    assert set(series) == {"loss", "f1"}
    refs = git(sam, "for-each-ref", "--format=%(refname)", "refs/gage-remotes").split()
    (bulk,) = [ref for ref in refs if ref.endswith("/bulk")]
    metrics = json.loads(git(sam, "show", f"{bulk}:{run['id']}/summaries/metrics.json"))
    assert metrics["loss"]["last"] == 0.125
    said = json.loads(git(sam, "show", f"{bulk}:{run['id']}/summaries/attrs.json"))
    assert said["device"] == {"origin": "logged", "value": "cpu"}


def test_where_the_bulk_lane_was_not_fetched_series_are_not_here(
    logger: Path, tmp_path: Path
) -> None:
    assert gage(logger, "run", "-q", "logger.py").code == 0
    sam = clone(f"file://{logger}", tmp_path / "sam")
    spec = "refs/gage/w/*/log:refs/gage-remotes/origin/w/*/log"
    git(sam, "fetch", "-q", str(logger), spec)
    store, catalog = open_both(sam)
    catalog.refresh()
    (run,) = catalog.newest(1)
    assert run["metrics"]["loss"] == 0.125
    assert read_series(store, catalog, run["id"]) is None


def test_a_run_without_metrics_has_no_series(repo: Path) -> None:
    assert gage(repo, "run", "-q", "--", "true").code == 0
    store, catalog = open_both(repo)
    catalog.refresh()
    (run,) = catalog.newest(1)
    assert read_series(store, catalog, run["id"]) == {}
    assert not (repo / ".git/gage/runs" / run["id"]).exists()


@pytest.mark.parametrize(
    "change",
    [{"size": 10**12}, {"size": 3}, {"sha256": "0" * 64}, {"oid": 7}, {"oid": "HEAD"}, None],
)
def test_series_that_are_not_what_a_record_binds_are_not_read(
    repo: Path, change: dict[str, Any] | None
) -> None:
    store, catalog = open_both(repo)
    line = b'{"name":"a","count":1,"steps":[0],"values":[1],"times":[null]}\n'
    oid = git(repo, "hash-object", "-w", "--stdin", input=line.decode()).strip()
    bound = {"oid": oid, "sha256": hashlib.sha256(line).hexdigest(), "size": len(line)}
    record = begin(store, bulk={"summaries/series.jsonl": change and {**bound, **change}})
    catalog.refresh()
    assert not read_series(store, catalog, record.run)
    record = begin(store, bulk={"summaries/series.jsonl": bound})
    catalog.refresh()
    assert set(read_series(store, catalog, record.run) or ()) == {"a"}


def test_a_run_that_goes_on_has_series_too(logger: Path, going: subprocess.Popen[bytes]) -> None:
    run = wait_for(logger, lambda run: "f1" in run["metrics"])
    store, catalog = open_both(logger)
    catalog.refresh()
    series = read_series(store, catalog, run["id"], ["loss"])
    assert series is not None
    assert series["loss"].steps == [0, 1, 2]


def test_what_another_user_does_not_let_us_see_keeps_no_list_from_us(
    logger: Path, going: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = wait_for(logger, lambda run: "f1" in run["metrics"])
    open_path = Path.open

    def refuse(path: Path, *words: Any, **more: Any) -> Any:
        if path.parent.name == "summaries":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return open_path(path, *words, **more)

    monkeypatch.setattr(Path, "open", refuse)
    (found,) = json.loads(gage(logger, "list", "--json").out)
    assert (found["id"], found["status"], found["metrics"]) == (run["id"], "running", {})
    store, catalog = open_both(logger)
    catalog.refresh()
    assert read_series(store, catalog, run["id"]) == {}


def test_what_was_logged_is_kept_with_the_run(logger: Path) -> None:
    assert gage(logger, "run", "-q", "logger.py").code == 0
    run_dir = Path(gage(logger, "select", "--run-dir").out.strip())
    kept = sorted(path.name for path in (run_dir / ".gage").iterdir())
    assert kept == ["attrs.jsonl", "metrics.jsonl", "output.metrics.jsonl"]
    lines = (run_dir / ".gage/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [0, 1, 2, 9]
    run = wait_for(logger, lambda _: True)
    assert run["generated"]["files"] == 2, "what was logged is none of them"


def test_a_program_finds_its_config(repo: Path) -> None:
    write_files(
        repo,
        {
            "gage.toml": """\
[a]
exec = "cat $GAGE_CONFIG_FILE"
config = ["c.py"]
attributes.x = 1
""",
            "c.py": "lr = 1e-3\nname = 'x'\n",
        },
    )
    out = gage(repo, "run", "-q", "a", "lr=0.5", "-y").out
    assert json.loads(out) == {"lr": 0.5, "name": "x"}
    run = wait_for(repo, lambda _: True)
    assert run["attribute_origins"]["x"]["origin"] == "operation"


def test_an_operation_says_what_its_output_means(repo: Path) -> None:
    text = """\
[a]
exec = "printf 'Epoch 3 loss=0.5\\nusing cpu\\nacc: 1\\n'"
output-metrics = { step = 'Epoch \\step', loss = 'loss=\\value' }
output-attributes = { device = 'using (.*)' }
"""
    write_files(repo, {"gage.toml": text})
    assert gage(repo, "run", "-q", "a", "-y").code == 0
    run = wait_for(repo, lambda _: True)
    assert run["metrics"] == {"loss": 0.5}
    assert run["summaries"]["loss"]["last_step"] == 3
    assert run["attributes"] == {"device": "cpu"}


def test_event_files_in_an_ignored_folder_belong_to_the_run(repo: Path) -> None:
    write_files(repo, {".gitignore": "logs/\n", "logs/old": "", "log.sh": 'cp "$1" logs/"$2"\n'})
    record = make_record(make_event(make_scalar("loss", 0.5), step=7))
    source = repo.parent / "events"
    source.write_bytes(record)
    name = f"events.out.tfevents.{time.time():.0f}.host.1.0"
    done = gage(repo, "run", "-q", "--", "sh", "log.sh", str(source), name)
    assert (done.code, done.err) == (
        0,
        "warning: 'logs/" + name + "' changed outside of the run directory\n",
    )
    run = wait_for(repo, lambda _: True)
    assert run["summaries"]["loss"]["last_step"] == 7


def test_in_place_only_what_the_run_wrote_counts(repo: Path) -> None:
    write_files(
        repo, {"old.metrics.json": '{"old": 1}', "w.sh": "echo '{\"f1\": 1}' > new.metrics.json"}
    )
    assert gage(repo, "run", "-q", "--in-place", "--", "sh", "w.sh").code == 0
    run = wait_for(repo, lambda _: True)
    assert run["metrics"] == {"f1": 1}


def test_in_a_bare_repository_there_is_what_was_logged(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "r", options=("--bare",), files={}, commit=False)
    script = "echo '{\"loss\": 1}' >> $GAGE_METRICS_FILE; echo '{}' > x.metrics.json"
    done = gage(bare, "run", "-q", "--", "sh", "-c", script)
    assert done.code == 0, done.err
    run = wait_for(bare, lambda _: True)
    assert run["metrics"] == {"loss": 1}


def test_what_is_broken_is_told_with_its_number(repo: Path) -> None:
    script = """printf '{\\n\\0\\n{"loss": 1}\\n{"lo' >> $GAGE_METRICS_FILE"""
    done = gage(repo, "run", "-q", "--", "sh", "-c", script)
    assert done.code == 0
    assert done.err.splitlines() == [
        "warning: 'metrics.jsonl': left out 2 lines that are no objects",
        "warning: 'metrics.jsonl': left out its last line, which is not whole",
    ]
    assert wait_for(repo, lambda _: True)["metrics"] == {"loss": 1}


def test_two_processes_log_to_one_run(repo: Path) -> None:
    script = """\
import json, os, sys
fd = os.open(os.environ["GAGE_METRICS_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
child = os.fork()
name = "a" if child else "b"
for step in range(2000):
    os.write(fd, json.dumps({"step": step, name: step}).encode() + b"\\n")
if child:
    os.wait()
"""
    write_files(repo, {"two.py": script})
    done = gage(repo, "run", "-q", "two.py")
    assert (done.code, done.err) == (0, "")
    run = wait_for(repo, lambda _: True)
    assert {name: each["count"] for name, each in run["summaries"].items()} == {
        "a": 2000,
        "b": 2000,
    }


def test_a_period_that_is_none_is_told(logger: Path) -> None:
    git(logger, "config", "gage.pollInterval", "often")
    done = gage(logger, "run", "-q", "--", "sleep", "0.4")
    place = logger / ".git" / "config"
    assert done.err == (
        f"warning: 'gage.pollInterval' is no time such as '2s': 'often' (in {place})\n"
    )
