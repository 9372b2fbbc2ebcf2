"""What a program logs is in its files; what a notebook asks for is what `git gage` says."""

from __future__ import annotations

import decimal
import enum
import fractions
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage import api
from tests.support import scale

RUN = "01m82dqzdvv88q3k3xsamprm2c31xp"


class Level(enum.IntEnum):
    low = 1


class InRun:
    """The files of a run that this very process is in."""

    def __init__(self, folder: Path) -> None:
        self.metrics, self.attrs = folder / "metrics", folder / "attrs"

    def points(self) -> list[dict[str, Any]]:
        """What was logged, times apart."""
        lines = list(map(json.loads, self.metrics.read_text().splitlines()))
        for line in lines:
            assert abs(line.pop("_at") - time.time()) < 60
        return lines


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process that has logged nothing so far."""
    lines = [api._Lines("GAGE_METRICS_FILE"), api._Lines("GAGE_ATTRS_FILE")]
    monkeypatch.setattr(api, "_metrics", lines[0])
    monkeypatch.setattr(api, "_attributes", lines[1])
    monkeypatch.setattr(api._Lines, "said_outside", False)
    monkeypatch.setattr(api, "_names", {})
    yield
    for line in lines:
        line.forget()


@pytest.fixture
def run(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InRun:
    here = InRun(tmp_path)
    monkeypatch.setenv("GAGE_METRICS_FILE", str(here.metrics))
    monkeypatch.setenv("GAGE_ATTRS_FILE", str(here.attrs))
    monkeypatch.setenv("GAGE_RUN_ID", RUN)
    return here


def start(
    program: str, *args: str, stdout: int | None = None, measured: bool = True
) -> subprocess.Popen[str]:
    """A program in a process of its own, in the run of the environment.

    One that logs all day is not `measured`: that it is covered is known after its first lines.
    """
    command = [sys.executable, "-c", f"import os, sys\nfrom git_gage import api\n{program}", *args]
    env = {name: text for name, text in os.environ.items() if measured or not is_coverage(name)}
    return subprocess.Popen(command, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True)


def is_coverage(name: str) -> bool:
    return name.startswith("COVERAGE")


def finish(program: subprocess.Popen[str]) -> str:
    """What it said on standard error."""
    said = program.communicate()[1]
    assert program.returncode == 0, said
    return said


# -- metrics ---------------------------------------------------------------------------------


def test_log_appends_a_line_of_json_with_the_time(run: InRun) -> None:
    run.metrics.write_bytes(b'{"loss":1}\n')
    before = time.time()
    api.log(step=3, loss=0.25, acc=1)
    first, second = run.metrics.read_bytes().splitlines(keepends=True)
    assert first == b'{"loss":1}\n'
    assert second.startswith(b'{"step":3,"loss":0.25,"acc":1,"_at":')
    assert second.endswith(b"}\n")
    assert before - 0.001 <= json.loads(second)["_at"] <= time.time()


def test_log_without_a_step_leaves_it_out(run: InRun) -> None:
    api.log(loss=0.25)
    assert run.points() == [{"loss": 0.25}]


def test_log_takes_a_mapping(run: InRun) -> None:
    api.log({"val/acc": 0.5, "loss": 1.0}, step=1, lr=0.1)
    api.log({"step": 2, "loss": 2.0})
    api.log({"val": {"acc": 0.5, "per class": {"a": 1}}}, step=3)
    assert run.points() == [
        {"step": 1, "val/acc": 0.5, "loss": 1.0, "lr": 0.1},
        {"step": 2, "loss": 2.0},
        {"step": 3, "val.acc": 0.5, "val.per class.a": 1},
    ]


def test_log_of_nothing_writes_nothing(run: InRun) -> None:
    api.log()
    api.log({}, step=1)
    api.log({"step": 1})
    assert not run.metrics.exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.30000000000000004"),
        (-0.0, "-0.0"),
        (5e-324, "5e-324"),
        (sys.float_info.max, "1.7976931348623157e+308"),
        (math.nan, '"nan"'),
        (math.inf, '"inf"'),
        (-math.inf, '"-inf"'),
        (2**53 + 1, "9007199254740993"),
        (10**64 - 1, "9" * 64),
        (-(10**300), "-1e+300"),
        (10**5000, '"inf"'),
        (-(10**5000), '"-inf"'),
        (True, "1"),
        (False, "0"),
        (Level.low, "1"),
        (decimal.Decimal("0.5"), "0.5"),
        (decimal.Decimal("NaN"), '"nan"'),
        (decimal.Decimal("1e400"), '"inf"'),
        (fractions.Fraction(1, 4), "0.25"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_numbers_are_written_as_they_are(run: InRun, value: Any, text: str) -> None:
    api.log(x=value)
    assert run.metrics.read_text().startswith(f'{{"x":{text},"_at":')


class Scalar:
    """What numpy, torch and jax have in common; torch has `numel` besides."""

    def __init__(self, *values: object) -> None:
        self.values = values

    def item(self) -> object:
        if len(self.values) != 1:
            raise ValueError("can only convert an array of size 1")
        return self.values[0]


class Tensor(Scalar):
    def numel(self) -> int:
        return len(self.values)

    def item(self) -> object:
        assert len(self.values) == 1
        return self.values[0]


class Eager:
    """Both are there and one of them fails, as in tensorflow."""

    def __index__(self) -> int:
        raise TypeError("only integer scalar arrays can be converted to a scalar index")

    def __float__(self) -> float:
        return 0.5


class Half(float):
    def __repr__(self) -> str:
        return "np.float64(0.5)"


@pytest.mark.parametrize("value", [Scalar(0.5), Tensor(0.5), Scalar(Eager()), Eager(), Half(0.5)])
def test_scalars_of_libraries_are_numbers(run: InRun, value: Any) -> None:
    api.log(step=Scalar(7), x=value)  # type: ignore[arg-type]
    assert run.points() == [{"step": 7, "x": 0.5}]


def test_scalars_of_numpy_are_numbers(run: InRun) -> None:
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    api.log(a=numpy.float64(0.1), b=numpy.float32(0.5), c=numpy.int64(-3), d=numpy.bool_(True))
    api.log(a=numpy.array([0.5]), b=numpy.array(2), c=numpy.float32("nan"), step=numpy.uint8(4))
    assert run.points() == [
        {"a": 0.1, "b": 0.5, "c": -3, "d": 1},
        {"step": 4, "a": 0.5, "b": 2, "c": "nan"},
    ]
    with pytest.raises(TypeError, match="metric 'x' must be a number, not ndarray"):
        api.log(x=numpy.zeros(2))
    with pytest.raises(TypeError, match="metric 'x' must be a number, not complex64"):
        api.log(x=numpy.complex64(1))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0.5", "'0.5'"),
        (None, "NoneType"),
        ([1], "list"),
        (1j, "complex"),
        (Scalar(1, 2), "Scalar"),
        (Tensor(1, 2), "Tensor"),
        (Scalar("0.5"), "Scalar"),
        (decimal.Decimal("sNaN"), "Decimal"),
        (fractions.Fraction(10**400), "Fraction"),
    ],
)
def test_what_is_no_number_is_refused_by_name(run: InRun, value: Any, told: str) -> None:
    with pytest.raises(TypeError) as caught:
        api.log(loss=1, acc=value)
    assert str(caught.value) == f"metric 'acc' must be a number, not {told}"
    assert not run.metrics.exists()


@pytest.mark.parametrize("step", [0.5, math.nan, math.inf, "1", [1]])
def test_a_step_is_a_whole_number(run: InRun, step: Any) -> None:
    api.log(step=2.0, x=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a step must be a whole number, not"):
        api.log(step=step, x=1)
    assert run.points() == [{"step": 2, "x": 1}]


@pytest.mark.parametrize(
    "name", ["loss", "val.acc", "größe", "損失", 'a"b\\c', "a\nb", "\ud800", " "]
)
def test_names_are_any_text(run: InRun, name: str) -> None:
    api.log({name: 1})
    api.log({name: 2})
    api.attr(name, name)
    assert run.points() == [{name: 1}, {name: 2}]
    assert json.loads(run.attrs.read_bytes()) == {name: name}
    assert run.metrics.read_bytes().count(b"\n") == 2


def test_what_is_no_name_is_refused(run: InRun) -> None:
    writes: dict[str, Callable[[Any], None]] = {
        "a metric": lambda name: api.log({name: 1}),
        "an attribute": lambda name: api.attr(name, 1),
    }
    for of, write in writes.items():
        with pytest.raises(ValueError, match=f"the name of {of} must not be empty"):
            write("")
        for bad in (1, None):
            with pytest.raises(TypeError, match=f"the name of {of} must be text, not "):
                write(bad)
    with pytest.raises(ValueError, match="'_at' is no name for a metric"):
        api.log(_at=1)
    assert not run.metrics.exists()
    assert not run.attrs.exists()


def test_a_value_that_is_given_twice_is_refused(run: InRun) -> None:
    with pytest.raises(TypeError, match="'loss' is given twice"):
        api.log({"loss": 1}, loss=2)
    with pytest.raises(TypeError, match="'step' is given twice"):
        api.log({"step": 1, "loss": 1}, step=2)
    assert not run.metrics.exists()


def test_a_program_that_makes_up_names_does_not_grow(
    run: InRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_KEPT_NAMES", 3)
    for number in range(5):
        api.log({f"m{number}": number})
    assert run.points() == [{f"m{number}": number} for number in range(5)]
    assert len(api._names) == 3


names = st.text(st.characters(codec=None), min_size=1).filter(lambda name: name != "_at")
numbers = st.floats(allow_nan=False) | st.integers()


@given(st.dictionaries(names.filter(lambda name: name != "step"), numbers, min_size=1))
def test_what_is_read_is_what_was_logged(values: dict[str, float]) -> None:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api._metrics, "append", lines.append)
        api.log(values, step=1)
    read = json.loads(lines[0])
    assert read.pop("step") == 1
    assert read.pop("_at") > 0
    assert {name: float(number) for name, number in read.items()} == {
        name: float(number)
        if abs(number) <= sys.float_info.max
        else math.copysign(math.inf, number)
        for name, number in values.items()
    }


# -- attributes, config, run -----------------------------------------------------------------


def test_attr_appends_a_line(run: InRun) -> None:
    for name, value in (
        *(("data", 'größe "2"\n'), ("rows", 10**40), ("share", 0.25), ("worst", math.inf)),
        *(("ready", True), ("note", None), ("data", "b"), ("numpy", Scalar(3))),
    ):
        api.attr(name, value)  # type: ignore[arg-type]
    assert list(map(json.loads, run.attrs.read_text().splitlines())) == [
        *({"data": 'größe "2"\n'}, {"rows": 10**40}, {"share": 0.25}, {"worst": "inf"}),
        *({"ready": True}, {"note": None}, {"data": "b"}, {"numpy": 3}),
    ]
    assert not run.metrics.exists()


@pytest.mark.parametrize("value", [[1], {"a": 1}, Path("x"), b"x", Scalar("x", "y")])
def test_attr_refuses_other_values(run: InRun, value: Any) -> None:
    told = "attribute 'x' must be text, a number, true, false or None, not"
    with pytest.raises(TypeError, match=told):
        api.attr("x", value)
    assert not run.attrs.exists()


def test_config_is_what_the_file_says(
    run: InRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.config() == {}
    values = {"lr": 0.1, "größe": "x", "layers": [1, 2], "deep": True, "seed": None, "top": "inf"}
    file = tmp_path / "config.json"
    file.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    monkeypatch.setenv("GAGE_CONFIG_FILE", str(file))
    assert api.config() == values


def test_run_id_is_that_of_the_run(run: InRun, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.run_id() == RUN
    monkeypatch.setenv("GAGE_RUN_ID", "")
    assert api.run_id() is None
    monkeypatch.delenv("GAGE_RUN_ID")
    assert api.run_id() is None


def test_outside_a_run_it_is_said_once(fresh: None, capsys: pytest.CaptureFixture[str]) -> None:
    api.log(step=1, loss=1)
    api.attr("data", "a")
    api.log(loss=1)
    assert capsys.readouterr() == (
        "",
        "git-gage: nothing is logged, as this is no run (start one with 'git gage run')\n",
    )
    with pytest.raises(TypeError, match="metric 'loss' must be a number"):
        api.log(loss="1")  # type: ignore[arg-type]
    assert api.config() == {}
    assert api.run_id() is None


def test_a_program_without_standard_error_goes_on(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    api.log(loss=1)


# -- what may happen to a program ------------------------------------------------------------


def test_two_processes_and_their_threads_tear_nothing(run: InRun) -> None:
    count = scale(20_000, 1_000_000)
    program = """
from threading import Thread
who, count = sys.argv[1], int(sys.argv[2])
def work(half):
    for step in range(half, count, 2):
        api.log({f"{who}{half}": step / 7, "pad": 10 ** (step % 90)}, step=step)
threads = [Thread(target=work, args=[half]) for half in (0, 1)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    writers = [start(program, who, str(count), measured=False) for who in "ab"]
    assert [finish(writer) for writer in writers] == ["", ""]
    seen: dict[str, list[int]] = {}
    for point in run.points():
        name = next(iter(point.keys() - {"step", "pad"}))
        assert point == {"step": point["step"], name: point["step"] / 7, "pad": point["pad"]}
        seen.setdefault(name, []).append(point["step"])
    assert seen == {f"{who}{half}": list(range(half, count, 2)) for who in "ab" for half in (0, 1)}


def test_after_a_kill_every_point_is_there(run: InRun) -> None:
    program = """
step = 0
while True:
    api.log(step=step, loss=step / 3)
    os.write(1, b"%d\\n" % step)
    step += 1
"""
    with start(program, stdout=subprocess.PIPE, measured=False) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(2_000)]
        writer.send_signal(signal.SIGKILL)
        last = int([*told, *writer.stdout][-1])
    assert writer.returncode == -signal.SIGKILL
    logged = run.points()
    assert len(logged) > last >= 1_999
    assert logged == [{"step": step, "loss": step / 3} for step in range(len(logged))]


def test_a_full_disk_is_told_and_ends_nothing(run: InRun) -> None:
    # The limit of a file's size cuts a write as a full disk does.
    program = """
import resource
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
api.log(step=0, loss=0)
size = os.path.getsize(os.environ["GAGE_METRICS_FILE"])
limit(size + int(sys.argv[1]))
for step in range(1, 1002):
    api.log(step=step, loss=1)
limit(resource.RLIM_INFINITY)
api.log(step=2000, loss=2)
api.log(step=2001, loss=2)
"""
    line = b'{"step":1,"loss":1,"_at":1795342333.123}\n'
    for cut, whole in ((0, []), (9, []), (len(line) - 1, [1])):
        run.metrics.unlink(missing_ok=True)
        assert finish(start(program, str(cut))).splitlines() == [
            "git-gage: cannot log: file too large",
            "git-gage: 1,001 lines for GAGE_METRICS_FILE could not be written",
        ]
        lines = run.metrics.read_bytes().splitlines()
        if cut == 9:
            assert lines.pop(1) == line[:9]
        if cut == 0:
            assert b"" not in lines
        assert [json.loads(line)["step"] for line in lines] == [0, *whole, 2000, 2001]


def test_a_file_that_cannot_be_opened_is_told(
    run: InRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GAGE_METRICS_FILE", str(tmp_path / "gone" / "metrics"))
    api.log(loss=1)
    api.log(loss=2)
    said = f"git-gage: cannot log: no such file or directory ('{tmp_path}/gone/metrics')\n"
    assert capsys.readouterr().err == said
    (tmp_path / "gone").mkdir()
    api.log(loss=3)
    assert json.loads((tmp_path / "gone" / "metrics").read_text())["loss"] == 3


def test_a_forked_process_logs_by_a_file_of_its_own(run: InRun, tmp_path: Path) -> None:
    """A daemon closes all it was left; what it opens then may get the number of our file."""
    program = """
api.log(step=0, x=0)
if os.fork() == 0:
    os.closerange(3, 100)
    others = [os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT) for _ in range(20)]
    api.log(step=1, x=1)
    os._exit(0)
os.wait()
api.log(step=2, x=2)
"""
    other = tmp_path / "other"
    assert finish(start(program, str(other))) == ""
    assert [point["step"] for point in run.points()] == [0, 1, 2]
    assert other.read_bytes() == b""


def test_threads_of_one_process_share_the_file(run: InRun) -> None:
    def log_many(who: str) -> None:
        for number in range(200):
            api.log({who: number})

    workers = [threading.Thread(target=log_many, args=[who]) for who in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(run.points()) == 800


def test_an_import_loads_next_to_nothing() -> None:
    program = "import sys; a = set(sys.modules); import git_gage.api; print(*set(sys.modules) - a)"
    # Measuring coverage loads half of the library.
    kept = {name: text for name, text in os.environ.items() if not is_coverage(name)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=kept, capture_output=True, text=True, check=True
    )
    ours = {"git_gage", "git_gage.api", "git_gage.errors"}
    assert ours <= set(done.stdout.split()) <= {*ours, "__future__", "atexit", "errno", "time"}


def test_the_page_begins_with_what_can_be_typed(run: InRun, tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "api.md"
    block = page.read_text().split("\n\n", 1)[1].split("\n`", 1)[0]
    (tmp_path / "config.json").write_text('{"lr": 0.5}')
    program = textwrap.dedent(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAGE_CONFIG_FILE", str(tmp_path / "config.json"))
        assert finish(start(program)) == ""
    assert [point["loss"] for point in run.points()[:3]] == [9.0, 0.0, 0.0]
    assert json.loads(run.attrs.read_text()) == {"data": "v2"}
