"""What a run came from and what came from it."""

from __future__ import annotations

import json
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from git_gage.gagefile.model import Dependency
from git_gage.render.lineage import format_lineage
from git_gage.render.screen import Screen
from git_gage.runs import lineage as lineage_module
from git_gage.runs.inputs import inputs_body
from git_gage.runs.lineage import trace_lineage
from tests.git.inputs_story import World
from tests.support import gage_inside, make_repo, write_files


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(make_repo(tmp_path / "project", files={"train.py": "1\n", "words.txt": "w\n"}))


def run_with(world: World, operation: str, *depends: Dependency, **changes: Any) -> str:
    """A run with these inputs that left a file of its own name."""
    inputs = inputs_body(world.resolve(*depends), world.repo.work_tree)
    return world.run(operation, {f"{operation}.out": operation}, inputs=inputs, **changes)


def pipeline(world: World) -> dict[str, str]:
    """prepare -> train -> evaluate -> report; evaluate uses prepare too."""
    write_files(world.project_dir, {"raw/a": "1", "raw/b": "2"})
    of = {name: Dependency("run-files", where=f"op = {name}") for name in ("prepare", "train")}
    summary = Dependency("runs-summary", where="op in [train, evaluate]")
    return {
        "prepare": run_with(
            world, "prepare", Dependency("dir", path="raw"), Dependency("file", path="words.txt")
        ),
        "train": run_with(world, "train", of["prepare"]),
        "evaluate": run_with(world, "evaluate", of["prepare"], of["train"]),
        "report": run_with(world, "report", summary),
    }


def tree(world: World, *args: str, ids: dict[str, str], **env: str) -> str:
    """What `show --lineage` prints, with names in place of ids."""
    done = gage_inside(world.project_dir, "show", "--lineage", *args, env=env)
    assert (done.code, done.err) == (0, "")
    out = done.out
    for name, run in ids.items():
        out = out.replace(run[10:17], name.upper())
    return out


def test_the_story_of_a_pipeline(world: World) -> None:
    ids = pipeline(world)
    assert tree(world, ids["report"], ids=ids).splitlines() == [
        "report REPORT  ✓ completed",
        "made from",
        "├─ evaluate EVALUATE  ✓ completed  in a summary of 2 runs",
        "│  ├─ prepare PREPARE  ✓ completed  prepare.out",
        "│  │  ├─ raw/  2 files  cd6d42bd5f8f",
        "│  │  └─ words.txt  cf945b5236e1",
        "│  └─ train TRAIN  ✓ completed  train.out",
        "│     └─ prepare PREPARE  ✓ completed  prepare.out  (see above)",
        "└─ train TRAIN  ✓ completed  in a summary of 2 runs  (see above)",
    ]
    assert tree(world, ids["prepare"], ids=ids, LC_ALL="C").splitlines()[3:] == [
        "`- words.txt  cf945b5236e1",
        "used by",
        "|- train TRAIN  completed  prepare.out",
        "|  |- evaluate EVALUATE  completed  train.out",
        "|  |  `- report REPORT  completed  in a summary of 2 runs",
        "|  `- report REPORT  completed  in a summary of 2 runs  (see above)",
        "`- evaluate EVALUATE  completed  prepare.out  (see above)",
    ]


def test_a_run_on_its_own(world: World) -> None:
    run = world.run("train")
    assert tree(world, ids={"train": run}) == (
        "train TRAIN  ✓ completed\nmade from nothing but its source, and used by no run here\n"
    )


def test_restarts_and_runs_inside_of_runs(world: World) -> None:
    sweep = world.run("sweep")
    first = world.run("train", parent=sweep)
    again = world.run("train", restart_of=first)
    ids = {"sweep": sweep, "first": first, "again": again}
    assert tree(world, first, ids=ids).splitlines() == [
        "train FIRST  ✓ completed",
        "made from",
        "└─ started in sweep SWEEP  ✓ completed",
        "used by",
        "└─ restarted as train AGAIN  ✓ completed",
    ]
    assert tree(world, sweep, ids=ids).splitlines()[1:] == [
        "used by",
        "└─ started train FIRST  ✓ completed",
        "   └─ restarted as train AGAIN  ✓ completed",
    ]
    assert "└─ restart of train FIRST" in tree(world, again, ids=ids)


def test_a_run_that_is_not_here(world: World) -> None:
    world.run("train", restart_of="01m82m18q3tp6qaamtjgmaedr36s23")
    assert "└─ restart of run tp6qaam, which is not here" in tree(world, ids={})


def test_lineage_as_json(world: World) -> None:
    ids = pipeline(world)
    done = gage_inside(world.project_dir, "show", "--lineage", "--json", ids["train"])
    found = json.loads(done.out)
    assert (found["id"], found["operation"]) == (ids["train"], "train")
    (prepare,) = found["sources"]
    assert (prepare["run"], prepare["how"], prepare["again"]) == (
        ids["prepare"],
        "run-files",
        False,
    )
    assert prepare["input"]["files"][0]["path"] == "prepare.out"
    folder, words = prepare["sources"]
    assert (folder["how"], folder["run"], folder["operation"]) == ("dir", None, None)
    assert words["input"]["path"] == "words.txt"
    evaluate, report = found["followers"]
    assert [evaluate["run"], report["run"]] == [ids["evaluate"], ids["report"]]
    assert evaluate["followers"][0]["run"] == ids["report"]
    assert report["again"]


def test_lineage_and_a_patch_are_two_things(world: World) -> None:
    done = gage_inside(world.project_dir, "show", "--lineage", "--diff")
    assert (done.code, done.err.splitlines()[0]) == (
        129,
        "fatal: '--lineage' cannot be used with '--diff'",
    )


# -- large and odd ----------------------------------------------------------------------------


class Made:
    """Run objects that are made up."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.documents = {document["id"]: document for document in documents}

    def document(self, run: str) -> dict[str, Any] | None:
        return self.documents.get(run)

    def followers(self, run: str) -> list[str]:
        return [id for id, each in self.documents.items() if each["restart_of"] == run]


def run_object(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{number:030d}",
        "operation": "train",
        "status": "completed",
        "exit_code": 0,
        "inputs": [],
        "parent": None,
        "restart_of": None,
        **changes,
    }


def entry(**changes: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(("name", "run", "path", "count", "digest")),
        "type": "project-files",
        "runs": [],
        "files": [],
        "link": False,
        **changes,
    }


def shown(made: Made, run: str, width: int = 80, *, unicode: bool = True) -> list[str]:
    lineage = trace_lineage(made.documents[run], made)
    screen = Screen(TextIOWrapper(BytesIO()), width, unicode=unicode)
    lines = format_lineage(lineage, screen).splitlines()
    assert all(len(line) <= width for line in lines)
    return lines


def test_inputs_of_each_kind_in_few_words() -> None:
    files = [{"path": name, "sha256": "ab" * 32} for name in ("a", "b", "c", "d", "e")]
    made = Made(
        run_object(
            1,
            inputs=[
                entry(files=files, count=5, digest="12" * 32),
                entry(files=files[:1], count=1, digest="12" * 32),
                entry(count=2000, digest="34" * 32),
                entry(path="x\x1b[31m", type="file"),
                entry(type="dir", path=None, count=1),
            ],
        )
    )
    assert shown(made, f"{1:030d}")[2:] == [
        "├─ a, b, c and 2 more  121212121212",
        "├─ a  abababababab",
        "├─ 2,000 files  343434343434",
        "├─ x\\x1b[31m",
        "└─ /  1 file",
    ]


def test_a_long_chain_of_restarts_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [
        run_object(number, restart_of=f"{number - 1:030d}" if number else None)
        for number in range(60)
    ]
    lines = shown(Made(*chain), f"{59:030d}")
    assert len(lines) == 61
    assert lines[-1].startswith("… restart of train")
    monkeypatch.setattr(lineage_module, "MAX_STEPS", 3)
    lines = shown(Made(*chain), f"{59:030d}", unicode=False)
    assert lines[2:] == [
        "`- restart of train 0000000  completed",
        "   `- restart of train 0000000  completed",
        "      `- restart of train 0000000  completed  (and so on)",
    ]


def test_a_circle_that_somebody_made_up_ends() -> None:
    made = Made(run_object(1, restart_of=f"{2:030d}"), run_object(2, restart_of=f"{1:030d}"))
    assert shown(made, f"{1:030d}")[2:4] == [
        "└─ restart of train 0000000  ✓ completed",
        "   └─ restart of train 0000000  ✓ completed  (see above)",
    ]


def test_of_many_runs_some_are_shown() -> None:
    many = [run_object(number) for number in range(30)]
    runs = [each["id"] for each in many]
    made = Made(*many, run_object(99, inputs=[entry(type="runs-summary", runs=runs)]))
    lines = shown(made, f"{99:030d}")
    assert (len(lines), lines[-1]) == (15, "└─ and 18 more")
