"""A gagefile as people write it becomes operations; what is wrong spoils no more than it must."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from git_gage.errors import ConfigError
from git_gage.gagefile.load import load_gagefile
from git_gage.gagefile.model import ConfigFiles, ConfigKey, Dependency, Exec, Gagefile, Operation
from git_gage.git.durations import read_timeout


def load(folder: Path, text: str, kind: str = "toml", system: str = "linux") -> Gagefile:
    path = folder / f"gage.{kind}"
    path.write_text(dedent(text), encoding="utf-8")
    return load_gagefile(path, folder, system=system)


def load_one(folder: Path, text: str, kind: str = "toml", system: str = "linux") -> Operation:
    gagefile = load(folder, text, kind, system)
    assert (gagefile.warnings, dict(gagefile.refused)) == ((), {})
    (operation,) = gagefile.operations.values()
    return operation


# -- the whole file ----------------------------------------------------------------------------


def test_a_file_without_operations(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "")
    assert (gagefile.operations, gagefile.namespace) == ({}, tmp_path.name)
    assert (gagefile.project_dir, gagefile.shown) == (tmp_path, "gage.toml")
    assert (gagefile.project_id, gagefile.runs_dir) == (None, None)


def test_what_the_project_says_of_itself(tmp_path: Path) -> None:
    gagefile = load(
        tmp_path,
        """
        $namespace: my project
        $project-id: 24e17ef2-4e6b-49bd-af59-f7ba0ca79349
        $runs-dir: .runs
        hello world: {exec: echo hello}
        """,
        "yaml",
    )
    assert gagefile.namespace == "my project"
    assert gagefile.project_id == "24e17ef2-4e6b-49bd-af59-f7ba0ca79349"
    assert gagefile.runs_dir == ".runs"
    assert list(gagefile.operations) == ["hello world"]


def test_it_may_lie_outside_of_the_work_tree(tmp_path: Path) -> None:
    path = tmp_path / "gage.toml"
    path.write_text("")
    assert load_gagefile(path, tmp_path / "elsewhere").shown == str(path)


def test_an_operation_with_everything(tmp_path: Path) -> None:
    operation = load_one(
        tmp_path,
        """
        [train]
        description = "Train"
        default = true
        version = 2
        exec = "python train.py"
        progress = "tqdm"
        sourcecode = ["*.py", "-test_*.py"]
        output-summary = "loss: (.*)"
        summary.filename = "results.json"
        listing.description = ["lr", "loss"]
        env = { SEED = 1, DEBUG = true, NAME = "x", DAY = 2026-11-22 }
        attributes = { team = "vision", year = 2026 }
        timeout = "1h30m"
        """,
    )
    assert operation == Operation(
        name="train",
        description="Train",
        default=True,
        version="2",
        phases={"run": Exec(shell="python train.py")},
        progress={"run": "tqdm"},
        sourcecode=("*.py", "-test_*.py"),
        output_summary="loss: (.*)",
        summary_filename="results.json",
        listing=("lr", "loss"),
        env={"SEED": "1", "DEBUG": "true", "NAME": "x", "DAY": "2026-11-22"},
        attributes={"team": "vision", "year": 2026},
        timeout_s=5400,
    )


def test_keys_with_points_in_json(tmp_path: Path) -> None:
    operation = load_one(
        tmp_path,
        """
        {"train": { // as TOML has them
            "exec.run": ["python", "train.py"], "exec.finalize.posix": "ls",
            "progress.run": "tqdm", "summary.filename": "s.json", "listing.description": "lr",
            "output-summary": "",
        }}
        """,
        "json",
    )
    assert operation.phases == {
        "run": Exec(argv=("python", "train.py")),
        "finalize": Exec(shell="ls"),
    }
    assert operation.progress == {"run": "tqdm"}
    assert (operation.summary_filename, operation.listing) == ("s.json", ("lr",))
    assert operation.output_summary is False


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ('"90"', 90),
        ('"90s"', 90),
        ('"30m"', 1800),
        ('"2h"', 7200),
        ('"1h30m"', 5400),
        ('"1d 2h 3min 4.5s"', 93784.5),
    ],
)
def test_timeouts(tmp_path: Path, text: str, seconds: float) -> None:
    operation = load_one(tmp_path, f"[a]\nexec = 'x'\ntimeout = {text}\n")
    assert operation.timeout_s == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-1", "1x", "9" * 400])
def test_what_is_no_timeout(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        read_timeout(text)


@pytest.mark.parametrize(
    ("text", "patterns"),
    [("true", None), ("false", ()), ("[]", ()), ('"*.py"', ("*.py",)), ('["a", "b"]', ("a", "b"))],
)
def test_source_code(tmp_path: Path, text: str, patterns: tuple[str, ...] | None) -> None:
    assert load_one(tmp_path, f"[a]\nsourcecode = {text}\n").sourcecode == patterns


# -- exec --------------------------------------------------------------------------------------


def test_phases_in_their_spellings(tmp_path: Path) -> None:
    operation = load_one(
        tmp_path,
        """
        [a.exec]
        stage-sourcecode = "make"
        stage-runtime = ["python", "-m", "venv", "env"]
        stage-dependencies = ""
        run = '''
        #!/bin/bash
        python train.py
        '''
        finalize = []
        """,
    )
    assert operation.phases == {
        "stage-sourcecode": Exec(shell="make"),
        "stage-runtime": Exec(argv=("python", "-m", "venv", "env")),
        "run": Exec(shell="#!/bin/bash\npython train.py\n"),
    }


PLATFORMS = """
    [a.exec]
    run = "any"
    "run[windows]" = "windows"
    "run[mac]" = "mac"
    "run.linux" = "linux"
"""


@pytest.mark.parametrize(
    ("system", "shell"),
    [("windows", "windows"), ("macos", "mac"), ("linux", "linux"), ("freebsd", "any")],
)
def test_each_system_has_its_own_command(tmp_path: Path, system: str, shell: str) -> None:
    phases = load_one(tmp_path, PLATFORMS, system=system).phases
    assert phases == {"run": Exec(shell=shell)}
    nested = "[a.exec.run]\nwindows = 'windows'\nmac = 'mac'\nlinux = 'linux'\ndefault = 'any'"
    assert load_one(tmp_path, nested, system=system).phases == phases


@pytest.mark.parametrize("system", ["linux", "macos", "freebsd"])
def test_what_is_alike_on_all_of_unix(tmp_path: Path, system: str) -> None:
    text = "[a.exec]\nrun.posix = 'sh'\nrun.windows = 'cmd'\n"
    assert load_one(tmp_path, text, system=system).phases["run"] == Exec(shell="sh")


def test_an_operation_for_other_systems_cannot_run_and_says_so(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "[a.exec]\nrun.windows = 'dir'\nrun.mac = 'ls'\n[b]\nexec = 'ls'\n")
    assert list(gagefile.operations) == ["b"]
    assert gagefile.refused == {"a": "it has no command for linux, only for windows or mac"}
    assert gagefile.warnings == ()


def test_without_a_system_it_is_this_one(tmp_path: Path) -> None:
    path = tmp_path / "gage.toml"
    path.write_text("[a]\nexec = 'x'\n")
    assert load_gagefile(path, tmp_path).operations["a"].phases == {"run": Exec(shell="x")}


# -- config ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'config = "a.py"',
        'config = ["a.py"]',
        'config.keys = "a.py"',
        'config.keys = ["a.py"]',
        '[[op.config]]\nkeys = "a.py"',
    ],
)
def test_config_of_a_file_in_every_spelling(tmp_path: Path, text: str) -> None:
    assert load_one(tmp_path, f"[op]\n{text}\n").config_files == (ConfigFiles(("a.py",)),)


def test_texts_side_by_side_belong_together(tmp_path: Path) -> None:
    operation = load_one(
        tmp_path,
        """
        op:
          config:
            - train.py#lr
            - '#epochs'
            - keys: [eval.py, -eval.py#debug]
              description: Evaluation
              prefix: eval.
              strip-prefix: x
              rename: {a: b}
            - name: msg
            - conf.yaml
            - keys: one.py#x
              rename: y
        """,
        "yaml",
    )
    assert operation.config_files == (
        ConfigFiles(("train.py#lr", "#epochs")),
        ConfigFiles(("eval.py", "-eval.py#debug"), "Evaluation", "eval.", "x", {"a": "b"}),
        ConfigFiles(("conf.yaml",)),
        ConfigFiles(("one.py#x",), rename={"*": "y"}),
    )
    assert operation.config_keys == (ConfigKey("msg"),)


def test_declared_keys(tmp_path: Path) -> None:
    operation = load_one(
        tmp_path,
        """
        [hello]
        exec = "echo {msg} {times}"

        [[hello.config]]
        name = "msg"
        description = "What to say"
        choices = ["hi", "ho"]
        required = true

        [[hello.config]]
        name = "times"
        type = "integer"
        default = 3
        min = 1
        max = 9.5
        """,
    )
    assert operation.config_keys == (
        ConfigKey("msg", "What to say", choices=("hi", "ho"), required=True),
        ConfigKey("times", None, "int", 3, has_default=True, min=1, max=9.5),
    )


# -- depends -----------------------------------------------------------------------------------

DEPENDENCIES = [
    ("data.csv", Dependency("project-files", files=("data.csv",))),
    ("project-files: '*.csv'", Dependency("project-files", files=("*.csv",))),
    ("{files: [a, b], link: true}", Dependency("project-files", files=("a", "b"), link=True)),
    ("'file: data.csv'", Dependency("file", path="data.csv")),
    ("file: data.csv", Dependency("file", path="data.csv")),
    (
        "{type: file, path: x, sha256: " + "A" * 64 + "}",
        Dependency("file", path="x", sha256="a" * 64),
    ),
    ("'dir: C:\\data'", Dependency("dir", path="C:\\data")),
    ("{dir: data, optional: true}", Dependency("dir", path="data", optional=True)),
    ("'dvcfile: data.csv'", Dependency("dvcfile", path="data.csv")),
    ("{type: dvcfile, path: x, target-path: y}", Dependency("dvcfile", path="x", target="y")),
    ("'run-files: op=prepare'", Dependency("run-files", where="op=prepare")),
    ("run-files: prepare-data", Dependency("run-files", where="op = prepare-data")),
    ("{run: op=a, target: in}", Dependency("run-files", where="op=a", target="in")),
    ("{type: runfiles, operation: prepare}", Dependency("run-files", where="op = prepare")),
    ("{operation: my op}", Dependency("run-files", where='op = "my op"')),
    ("{operation: not}", Dependency("run-files", where='op = "not"')),
    ("{operation: 'a\"b\\'}", Dependency("run-files", where='op = "a\\"b\\\\"')),
    ("{operation: [a, b c]}", Dependency("run-files", where='op in [a, "b c"]')),
    ("{name: run, type: run-files}", Dependency("run-files", name="run")),
    ("{run.select: op = a, select: x}", Dependency("run-files", where="op = a", files=("x",))),
    ("{run: {select: a = 1}}", Dependency("run-files", where="a = 1")),
    ("{runs-select: op = a, select: x}", Dependency("run-files", where="op = a", files=("x",))),
    (
        '{type: runfiles, run.select: "op in [a, b]", operation: a, files.select: [data.csv]}',
        Dependency("run-files", where="(op in [a, b]) and (op = a)", files=("data.csv",)),
    ),
    ("{run-select: x, files: {select: 'regex:a|b'}}", Dependency("run-files", "x", ("regex:a|b",))),
    ("'runs-summary: op=train'", Dependency("runs-summary", where="op=train")),
    (
        "{type: runs-summary, runs: {select: a = 1}, summary-filename: r.json, description: all}",
        Dependency("runs-summary", "a = 1", summary_filename="r.json", description="all"),
    ),
    (
        "runs-summary: op = a and (started after 2 days ago or ended before today)",
        Dependency("runs-summary", "op = a and (started > 2 days ago or ended < today)"),
    ),
    ("{runs-select: op = a}", Dependency("runs-summary", where="op = a")),
    ("{files: a, rename: b}", Dependency("project-files", files=("a",), rename=(("*", "b"),))),
    ("{files: a, rename: {a: c}}", Dependency("project-files", files=("a",), rename=(("a", "c"),))),
    ("{resource: 'file:x', writeable: true}", Dependency("file", path="x", link=False)),
    (
        "{resource: \"run:prepare?where='loss < 0.1'\"}",
        Dependency("run-files", where="(loss < 0.1) and (op = prepare)"),
    ),
]


@pytest.mark.parametrize(
    ("text", "dependency"), DEPENDENCIES, ids=[text for text, _ in DEPENDENCIES]
)
def test_a_dependency_in_each_spelling(tmp_path: Path, text: str, dependency: Dependency) -> None:
    for key in ("depends", "requires"):
        assert load_one(tmp_path, f"a:\n  {key}:\n    - {text}\n", "yaml").depends == (dependency,)


def test_a_single_dependency_needs_no_list(tmp_path: Path) -> None:
    assert load_one(tmp_path, "[a]\ndepends = 'file: x'").depends == (Dependency("file", path="x"),)
    assert load_one(tmp_path, "[a.depends]\nfile = 'x'").depends == (Dependency("file", path="x"),)


def test_inputs_among_config(tmp_path: Path) -> None:
    operation = load_one(
        tmp_path,
        """
        [[a.config]]
        type = "run-files"
        run-select = "op in [prepare-data, prepare]"
        files = "data.csv"

        [[a.config]]
        operation = "prepare-data"

        [[a.config]]
        name = "lr"
        """,
    )
    assert operation.depends == (
        Dependency("run-files", "op in [prepare-data, prepare]", ("data.csv",)),
        Dependency("run-files", "op = prepare-data"),
    )
    assert operation.config_keys == (ConfigKey("lr"),)
    assert operation.config_files == ()


# -- what is wrong -----------------------------------------------------------------------------


def test_a_fault_that_changes_nothing_that_runs_takes_its_key(tmp_path: Path) -> None:
    gagefile = load(
        tmp_path,
        """
        "$namespace" = "a:b"
        "$archive" = 1

        [train]
        descripton = "Train"
        description = 1
        exec = "python train.py"
        listing.descripton = "x"
        progress = "floop"
        output-summary = "no group"
        """,
    )
    operation = gagefile.operations["train"]
    assert operation.phases == {"run": Exec(shell="python train.py")}
    assert (operation.description, operation.listing, operation.progress) == (None, None, {})
    assert operation.output_summary == "no group"
    assert gagefile.namespace == tmp_path.name
    assert gagefile.refused == {}
    assert gagefile.warnings == (
        "gage.toml:2:16: '$namespace' must be a name without ':'; the key is ignored",
        "gage.toml:3:1: unknown key '$archive'; the key is ignored",
        (
            "gage.toml:6:1: unknown key 'descripton' in 'train' (did you mean 'description'?);"
            " the key is ignored"
        ),
        "gage.toml:7:15: 'train.description' must be a text, not an integer; the key is ignored",
        (
            "gage.toml:9:9: unknown key 'descripton' in 'train.listing'"
            " (did you mean 'description'?); the key is ignored"
        ),
        "gage.toml:10:12: 'train.progress' cannot be 'floop' (known: tqdm)",
    )


@pytest.mark.parametrize(
    "text",
    [
        "exec = 1",
        "exce = 'x'",
        "config = 1",
        "sourcecode = 1",
        "depends = [{}]",
        "requires = 1",
        "env = 1",
        "timeout = 'soon'",
        "config = [{name = 'x', default = 1, max = 0}]",
    ],
)
def test_a_fault_that_does_takes_the_operation(tmp_path: Path, text: str) -> None:
    gagefile = load(tmp_path, f"[train]\n{text}\n[good]\nexec = 'x'\n")
    assert list(gagefile.operations) == ["good"]
    (warning,) = gagefile.warnings
    assert warning.startswith("gage.toml:2:")
    assert warning.endswith("; operation 'train' cannot run")
    assert gagefile.refused == {"train": warning.removesuffix("; operation 'train' cannot run")}


def test_the_first_of_many_faults_is_why(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "[train]\nexec = 1\nenv = 2\ntimeout = 'x'\n")
    assert gagefile.refused["train"].endswith("not an integer (and 2 more)")
    assert len(gagefile.warnings) == 3


def test_what_is_no_table_is_no_operation(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "{train: 3, '': {}, eval: {exec: x}}", "yaml")
    assert list(gagefile.operations) == ["eval"]
    assert list(gagefile.refused) == ["train"]
    assert [warning.split(": ", 1)[1] for warning in gagefile.warnings] == [
        "'train' must be a table, not an integer; operation 'train' cannot run",
        "empty key; the key is ignored",
    ]


def test_of_several_default_operations_none_is(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "a: {default: true}\nb: {default: true}\nc: {default: x}\n", "yaml")
    assert [operation.default for operation in gagefile.operations.values()] == [False] * 3
    assert "'b' cannot be the default operation: 'a' is it already" in gagefile.warnings[0]


def test_a_default_that_is_none_leaves_the_other(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "a: {default: true}\nc: {default: x}\nd: 3\n", "yaml")
    assert gagefile.operations["a"].default is True


def test_several_defaults_beside_what_is_no_operation(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "d: 3\na: {default: true}\nb: {default: true}\n", "yaml")
    assert list(gagefile.refused) == ["d"]
    assert not any(operation.default for operation in gagefile.operations.values())


def test_words_that_yaml_reads_as_true(tmp_path: Path) -> None:
    gagefile = load(tmp_path, "a:\n  default: yes\n  version: 1.10\n  env: {X: no}\n", "yaml")
    assert gagefile.operations["a"].default is True
    assert gagefile.warnings == (
        "gage.yaml:2:12: 'yes' is read as true by YAML 1.1 (did you mean true?)",
        (
            "gage.yaml:3:12: 'a.version' is the number 1.1, not the text it looks like"
            ' (did you mean "1.10"?)'
        ),
        "gage.yaml:4:12: 'no' is read as false by YAML 1.1 (did you mean \"no\"?)",
    )


def test_braces_of_other_languages_are_no_fields(tmp_path: Path) -> None:
    text = """[a]\nexec = '''python -c "for i in range(3): print(f'{i}')"'''\n"""
    assert load_one(tmp_path, text).phases["run"].shell is not None


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("toml", "[a\n", "gage.toml:1:3: "),
        ("json", "", "gage.json:1:1: the file is empty: JSON needs at least '{}'"),
        ("json", "[1]", "gage.json:1:1: a gagefile must be a table, not a list"),
        ("yaml", "x", "gage.yaml:1:1: a gagefile must be a table, not a text"),
        ("toml", "#" * 128_001, "gage.toml:1:1: larger than 128,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, kind: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, kind)
    assert caught.value.message.startswith(message)
    assert caught.value.hint == "git gage check"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^cannot read 'gage.toml': no such file or directory$"):
        load_gagefile(tmp_path / "gage.toml", tmp_path)
