"""Programs in other languages log as those in Python do, where their interpreters are at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support import gage, make_repo

EXAMPLES = Path(__file__).parents[2] / "examples" / "languages"


class Language(NamedTuple):
    """A shim, and a program that calls all of it: `PROGRAM` in that language."""

    interpreter: str
    shim: str
    example: str
    program: str
    needs: tuple[str, ...] = ()


JAVASCRIPT = Language(
    "node",
    "gage.mjs",
    "train.mjs",
    r"""
import { attr, config, log, runId } from "./gage.mjs";
log({ loss: 0.1 + 0.2, step: 3 });
log({ a: NaN, b: Infinity, c: -Infinity, d: true, e: 1152921504606846976n, f: -0, g: 1e21 }, 4);
log({ "val/acc": 0.5, val: { "größe \"損\\\n": 1 } });
log({ step: 5 });
log({ step: 6, x: 10n ** 400n });
attr("data", 'größe "2"\n'); attr("n", 2.5); attr("ok", true); attr("none", null); attr("i", 7);
attr("worst", -Infinity);
for (const bad of [() => log({ x: "1" }), () => log({ x: 1 }, 0.5), () => attr("x", [1]),
                   () => log({ x: null }), () => attr("x")]) {
  try { bad(); console.log("taken"); } catch (error) { console.log(error.name); }
}
console.log(config().lr ?? "-", runId() ?? "-");
""",
)
R = Language(
    "Rscript",
    "gage.R",
    "train.R",
    r"""
source("gage.R")
gage$log(loss = 0.1 + 0.2, step = 3)
gage$log(a = NaN, b = Inf, c = -Inf, d = TRUE, e = 1152921504606846976, f = -0.0, g = 1e21,
         step = 4L)
gage$log(list("val/acc" = 0.5, val = list("gr\u00f6\u00dfe \"\u640d\\\n" = 1L)))
gage$log(step = 5)
gage$log(step = 6, x = 10^308 * 10)
gage$attr("data", "gr\u00f6\u00dfe \"2\"\n")
gage$attr("n", 2.5); gage$attr("ok", TRUE); gage$attr("none", NULL); gage$attr("i", 7L)
gage$attr("worst", -Inf)
for (bad in expression(gage$log(x = "1"), gage$log(x = 1, step = 0.5), gage$attr("x", 1:2),
                       gage$log(x = NULL), gage$attr("x", list(1)))) {
  cat(tryCatch({ eval(bad); "taken" }, error = function(error) "TypeError"), "\n", sep = "")
}
lr <- gage$config()$lr
run <- gage$run_id()
cat(if (is.null(lr)) "-" else lr, if (is.null(run)) "-" else run, "\n")
""",
    ("-e", "library(jsonlite)"),
)
JULIA = Language(
    "julia",
    "gage.jl",
    "train.jl",
    r"""
include("gage.jl")
Gage.log(loss=0.1 + 0.2, step=3)
Gage.log(a=NaN, b=Inf, c=-Inf, d=true, e=1152921504606846976, f=-0.0, g=1e21, step=4)
Gage.log(Dict("val/acc" => 0.5, "val" => Dict("größe \"損\\\n" => 1)))
Gage.log(step=5)
Gage.log(step=6, x=big(10)^400)
Gage.attr("data", "größe \"2\"\n")
Gage.attr("n", 2.5); Gage.attr("ok", true); Gage.attr("none", nothing); Gage.attr("i", 7)
Gage.attr("worst", -Inf)
for bad in (() -> Gage.log(x="1"), () -> Gage.log(x=1, step=0.5), () -> Gage.attr("x", [1]),
            () -> Gage.log(x=nothing), () -> Gage.attr("x", :a))
    println(try bad(); "taken" catch; "TypeError" end)
end
println(get(Gage.config(), "lr", "-"), " ", something(Gage.run_id(), "-"))
""",
    ("-e", "import JSON"),
)
LANGUAGES = pytest.mark.parametrize(
    "language", [JAVASCRIPT, R, JULIA], ids=lambda language: language.shim
)
LOGGED: list[dict[str, Any]] = [
    {"step": 3, "loss": 0.1 + 0.2},
    {
        "step": 4,
        "a": "nan",
        "b": "inf",
        "c": "-inf",
        "d": 1,
        "e": 1152921504606846976,
        "f": 0,
        "g": 1e21,
    },
    {"val/acc": 0.5, 'val.größe "損\\\n': 1},
    {"step": 6, "x": "inf"},
]
ATTRIBUTES = {
    "data": 'größe "2"\n',
    "n": 2.5,
    "ok": True,
    "none": None,
    "i": 7,
    "worst": "-inf",
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A copy of the examples."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "languages"))


def run(language: Language, script: str, here: Path, env: dict[str, str]) -> tuple[str, str]:
    """What a script prints, and what it says on standard error."""
    found = shutil.which(language.interpreter)
    if found is None:
        pytest.skip(f"{language.interpreter} is not installed")
    if language.needs:
        asked = subprocess.run([found, *language.needs], capture_output=True, check=False)
        if asked.returncode != 0:
            pytest.skip(f"{language.interpreter} {' '.join(language.needs)}: not installed")
    done = subprocess.run(
        [found, script],
        cwd=here,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def in_run(here: Path) -> dict[str, str]:
    (here / "config.json").write_text('{"lr": 0.25}')
    return {
        "GAGE_METRICS_FILE": str(here / "metrics"),
        "GAGE_ATTRS_FILE": str(here / "attrs"),
        "GAGE_CONFIG_FILE": str(here / "config.json"),
        "GAGE_RUN_ID": "01m82dqzdvv88q3k3xsamprm2c31xp",
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@LANGUAGES
def test_a_shim_writes_what_python_would(language: Language, here: Path) -> None:
    program = f"program{Path(language.shim).suffix}"
    (here / program).write_text(language.program)
    out, err = run(language, program, here, in_run(here))
    assert err == ""
    refused = out.splitlines()[:-1]
    assert len(refused) == 5
    assert "taken" not in refused
    assert out.splitlines()[-1].split() == ["0.25", "01m82dqzdvv88q3k3xsamprm2c31xp"]
    points = read_lines(here / "metrics")
    for point in points:
        assert abs(point.pop("_at") - time.time()) < 120
    assert points == LOGGED
    attributes = {
        name: value for line in read_lines(here / "attrs") for name, value in line.items()
    }
    assert attributes == ATTRIBUTES


@LANGUAGES
def test_outside_a_run_a_shim_says_so_once(language: Language, here: Path) -> None:
    program = f"program{Path(language.shim).suffix}"
    (here / program).write_text(language.program)
    out, err = run(language, program, here, {})
    said = "nothing is logged, as this is no run (start one with 'git gage run')"
    assert err.splitlines() == [f"git-gage: {said}"]
    assert out.splitlines()[-1].split() == ["-", "-"]


@LANGUAGES
def test_a_file_that_cannot_be_written_ends_nothing(language: Language, here: Path) -> None:
    env = {**in_run(here), "GAGE_METRICS_FILE": str(here / "gone" / "metrics")}
    out, err = run(language, language.example, here, env)
    assert out.startswith("run 01m82dqzdvv88q3k3xsamprm2c31xp: w is ")
    assert len([line for line in err.splitlines() if line.startswith("git-gage: cannot log")]) == 1


SHELL = Language("sh", "", "train.sh", "")


@pytest.mark.parametrize(
    "language", [JAVASCRIPT, R, JULIA, SHELL], ids=lambda language: language.example
)
def test_the_examples_log_the_same_training(language: Language, here: Path) -> None:
    run(language, language.example, here, {})
    env = in_run(here)
    (here / "config.json").write_text('{"lr": 0.1}')
    out, _ = run(language, language.example, here, env)
    assert out == "run 01m82dqzdvv88q3k3xsamprm2c31xp: w is 2.678\n"
    points = read_lines(here / "metrics")
    assert [point["step"] for point in points] == list(range(10))
    assert [round(point["loss"], 3) for point in points[:3]] == [9, 5.76, 3.686]
    assert list(read_lines(here / "attrs")[0]) == ["language"]


def test_an_example_is_an_operation_like_any_other(here: Path) -> None:
    make_repo(here, files={})
    names = ["shell", *(["javascript"] if shutil.which("node") else [])]
    for name in names:
        ran = gage(here, "run", "-q", name, "lr=0.2")
        assert ran.code == 0, ran.err
        assert ran.out.endswith(": w is 2.982\n")
    told = json.loads(gage(here, "list", "--json").out)
    assert [run["attributes"]["language"].lower() for run in told] == names[::-1]
    for run_object in told:
        assert run_object["summaries"]["loss"]["count"] == 10
        assert run_object["summaries"]["loss"]["max"] == 9


@LANGUAGES
def test_a_shim_is_short(language: Language) -> None:
    assert len((EXAMPLES / language.shim).read_text().splitlines()) < 100
