"""What a gagefile may not say although its schema allows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from git_gage.gagefile.faults import find_faults
from git_gage.gagefile.patterns import Explain


def told(operation: dict[str, Any], explain: Explain | None = None) -> list[tuple[str, str | None]]:
    """What is said of an operation `a`, by its place."""
    data = json.dumps({"a": operation}).encode()
    return [(fault.message, fault.guess) for fault in find_faults(data, "json", "f", explain)]


def messages(operation: dict[str, Any]) -> list[str]:
    return [message for message, _ in told(operation)]


# -- exec --------------------------------------------------------------------------------------


def test_one_command_for_a_phase_and_a_system() -> None:
    assert messages({"exec": {"run": "x"}, "exec.run": "y"}) == [
        "'a.exec.run' is given twice: see 'a.exec.run'"
    ]
    assert messages({"exec": {"run": {"mac": "x", "macos": "y"}}}) == [
        "'a.exec.run.macos' is given twice: see 'a.exec.run.mac'"
    ]
    assert messages({"exec": {"run": "x", "run[linux]": "y", "run.windows": "z"}}) == []


def test_a_field_beside_a_key_without_a_name() -> None:
    found = messages({"exec": "echo {mgs}", "config": [{"name": None}]})
    assert "'{mgs}' in 'a.exec' is no config key of the operation" in found


@pytest.mark.parametrize("command", [None, [None], {"exec": 1}, [["x"]]])
def test_what_is_no_command_is_told_once(command: Any) -> None:
    assert messages({"exec": {"run[mac]": {"exec": command}}, "config": [{"name": "a"}]})
    assert messages({"exec": {"exec": command}})


def test_a_program_has_a_name() -> None:
    assert messages({"exec": ["", "x"]}) == ["'a.exec' must start with a program"]
    assert messages({"exec": ["x", ""], "progress": {"run": "tqdm"}}) == []


DECLARED = [{"name": "msg"}, {"name": "lr"}]


@pytest.mark.parametrize(
    ("command", "config", "expected"),
    [
        ("echo {msg}", DECLARED, []),
        ("echo '{msg}' {{x}} ${HOME} {} {1} {a b}", DECLARED, []),
        ("echo {mgs} {other}", DECLARED, [("{mgs}", "msg"), ("{other}", None)]),
        (["echo", "{mgs}", "{mgs}"], DECLARED, [("{mgs}", "msg")]),
        ("echo {mgs}", [*DECLARED, "train.py"], []),
        ("echo {mgs}", "train.py", []),
        ("echo {msg}", [], [("{msg}", None)]),
        (r"echo \" {msg}", [], [("{msg}", None)]),
        (r"echo 'a\' {msg}", [], [("{msg}", None)]),
    ],
)
def test_fields_are_declared_keys(
    command: Any, config: Any, expected: list[tuple[str, str | None]]
) -> None:
    assert told({"exec": command, "config": config}) == [
        (f"'{field}' in 'a.exec' is no config key of the operation", guess)
        for field, guess in expected
    ]


@pytest.mark.parametrize(
    "command",
    ["""python -c "print(f'{i}')" """, "awk '{i}' x", ["awk", "{i}"], r'echo "a\"{i}"'],
)
def test_braces_in_quotes_may_be_of_another_language(command: Any) -> None:
    (fault,) = find_faults(json.dumps({"a": {"exec": command}}).encode(), "json", "f")
    assert fault.severity == "warning"
    assert fault.message == "'{i}' in 'a.exec' stays as it is: no config key has this name"


# -- config ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"default": "x", "type": "int"}, "'a.config.default' must be an integer, not 'x'"),
        ({"default": True, "type": "int"}, "'a.config.default' must be an integer, not true"),
        ({"default": 1.5, "type": "int"}, "'a.config.default' must be an integer, not 1.5"),
        ({"default": 1, "type": "bool"}, "'a.config.default' must be true or false, not 1"),
        ({"default": 1, "type": "str"}, "'a.config.default' must be a text, not 1"),
        ({"default": 0, "min": 1}, "'a.config.default' is less than min: 0 < 1"),
        ({"default": 3, "max": 2}, "'a.config.default' is greater than max: 3 > 2"),
        ({"default": "x", "max": 2}, "'a.config.default' must be a number, not 'x'"),
        ({"default": 3, "choices": [1, 2]}, "'a.config.default' is not among its choices: 1, 2"),
        ({"default": True, "choices": [1]}, "'a.config.default' is not among its choices: 1"),
        ({"choices": [1, "x"], "type": "float"}, "'a.config.choices.1' must be a number, not 'x'"),
        ({"choices": [1, 5], "max": 3}, "'a.config.choices.1' is greater than max: 5 > 3"),
        ({"min": 3, "max": 2}, "'a.config.max' is less than min: 2 < 3"),
        ({"min": 1, "type": "str"}, "'a.config.min' needs type int or float, not str"),
        ({"max": 1, "type": "bool"}, "'a.config.max' needs type int or float, not bool"),
        (
            {"required": True, "default": 1},
            "'a.config' has a default, and so cannot be required",
        ),
        ({"type": "itn", "default": 1, "min": 2}, "'a.config.type' cannot be 'itn'"),
    ],
)
def test_values_of_declared_keys(key: dict[str, Any], message: str) -> None:
    assert messages({"config": {"name": "k", **key}})[0] == message


@pytest.mark.parametrize(
    "key",
    [
        {"default": None, "type": "int", "min": 1},
        {"default": 1, "type": "float", "choices": [1, 2.5], "min": 1, "max": 3},
        {"default": {"a": [1]}, "type": "json"},
        {"default": None, "type": "null"},
        {"required": False, "default": "x"},
        {"type": 3, "default": 1, "required": True, "choices": []}["choices"] or {"required": True},
    ],
)
def test_values_that_are_right(key: dict[str, Any]) -> None:
    assert messages({"config": {"name": "k", **key}}) == []


def test_a_fault_hides_no_other() -> None:
    key = {"name": "k", "type": "itn", "default": 5, "max": 3, "min": "x"}
    assert sorted(messages({"config": [key, {"name": "k"}]})) == [
        "'a.config.0.default' is greater than max: 5 > 3",
        "'a.config.0.min' must be a number, not a text",
        "'a.config.0.type' cannot be 'itn'",
        "config key 'k' is declared twice: see 'a.config.0'",
    ]


def test_patterns_of_config() -> None:
    assert messages({"config": ["train.py", "#"]}) == [
        "'a.config.1': config pattern '#' names no file and no key"
    ]
    assert messages({"config": {"keys": ["-"]}}) == [
        "'a.config.keys.0': config pattern '-' names no file and no key"
    ]
    assert messages({"config": {"name": "x", "keys": "train.py#x"}}) == [
        "'a.config' has 'name' and 'keys': it is either a declared key or files"
    ]


# -- depends -----------------------------------------------------------------------------------

NO_URL = "names a download, and nothing is downloaded: use a 'dvcfile', or files of a run elsewhere"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("https://example.com/x", f"'a.depends' {NO_URL}"),
        ("url: example.com/x", f"'a.depends' {NO_URL}"),
        ({"url": "example.com/x"}, f"'a.depends.url' {NO_URL}"),
        ({"type": "url", "path": "x"}, f"'a.depends.type' {NO_URL}"),
        ({"file": "s3://x/y"}, f"'a.depends.file' {NO_URL}"),
        ({"resource": "https://x"}, f"'a.depends.resource' {NO_URL}"),
        (
            "mystery: x",
            (
                "'a.depends' cannot be of type 'mystery'"
                " (known: project-files, run-files, runs-summary, file, dir, dvcfile)"
            ),
        ),
        (
            {"type": "mystery", "path": "x"},
            (
                "'a.depends.type' cannot be 'mystery'"
                " (known: project-files, run-files, runs-summary, file, dir, dvcfile)"
            ),
        ),
        ({"files": "x", "keys": "y"}, "unknown key 'keys' in 'a.depends'"),
        ("dvcfle: x", "'a.depends' cannot be of type 'dvcfle'"),
        ("file:", "'a.depends' says nothing after 'file:'"),
        (
            "regex:(",
            (
                "'a.depends' cannot be of type 'regex'"
                " (known: project-files, run-files, runs-summary, file, dir, dvcfile)"
            ),
        ),
        (
            "project-files: regex:(",
            (
                "'a.depends': pattern 'regex:(' is no regular expression:"
                " missing ), unterminated subpattern at position 0"
            ),
        ),
        (
            {"files": {"select": ["x", "-regex:["]}},
            (
                "'a.depends.files.select.1': pattern '-regex:[' is no regular expression:"
                " unterminated character set at position 0"
            ),
        ),
        ({"path": "x"}, "'a.depends' needs a 'type' (file, dir or dvcfile)"),
        (
            {"optional": True},
            (
                "'a.depends' needs a 'type'"
                " (project-files, run-files, runs-summary, file, dir or dvcfile)"
            ),
        ),
        ({"type": "file"}, "'a.depends' needs 'path', as its type is file"),
        ({"files": []}, "'a.depends' needs 'files', as its type is project-files"),
        ({"type": "runs-summary"}, "'a.depends' needs 'runs-select', as its type is runs-summary"),
        ({"type": "file", "pth": "x"}, "unknown key 'pth' in 'a.depends'"),
        ({"type": "file", "path": 3}, "'a.depends.path' must be a text, not an integer"),
        ({"pth": "x"}, "unknown key 'pth' in 'a.depends'"),
        (
            {"type": "file", "path": "x", "files": "y"},
            "'a.depends.files' says nothing about an input of type file",
        ),
        (
            {"type": "file", "dir": "x"},
            "'a.depends.dir' cannot be given together with 'type'",
        ),
        (
            {"run-select": "x", "run": {"select": "y"}},
            "'a.depends.run' cannot be given together with 'run-select'",
        ),
        (
            {"files": "x", "select": "y"},
            "'a.depends.select' cannot be given together with 'files'",
        ),
        (
            {"files": "x", "link": True, "writeable": True},
            "'a.depends.writeable' cannot be given together with 'link'",
        ),
        (
            [{"files": "x", "name": "n"}, {"files": "y", "name": "n"}],
            "input 'n' is named twice: see 'a.depends.0'",
        ),
    ],
    ids=str,
)
def test_inputs(item: Any, expected: str) -> None:
    assert messages({"depends": item}) == [expected]


def test_filters_and_patterns_are_judged_by_who_reads_them() -> None:
    explain = Explain(pattern=lambda text: f"pattern {text}", filter=lambda text: f"filter {text}")
    depends = [
        *({"run-select": "1"}, {"run": {"select": "2"}}, {"run": "3=3"}, {"run": "op"}),
        *({"type": "runs-summary", "runs": {"select": "4"}}, "run-files: 5=5", "run-files: op"),
        *({"resource": "run:op?where=6"}, "7", {"files": "8"}),
    ]
    found = [message.partition(": ")[2] for message, _ in told({"depends": depends}, explain)]
    filters = [f"filter {text}" for text in ("1", "2", "3=3", "4", "5=5", "6")]
    assert found == [*filters, "pattern 7", "pattern 8"]
    assert told({"sourcecode": "x"}, explain) == [("'a.sourcecode': pattern x", None)]


# -- the rest ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"env": {"A=B": 1}}, "'A=B' in 'a.env' cannot be the name of a variable"),
        ({"env": {"": 1}}, "'' in 'a.env' cannot be the name of a variable"),
        ({"attributes": {"x": float("inf")}}, "'a.attributes.x' must be a finite number"),
        ({"exec": "a\0b"}, "'a.exec' holds a NUL character"),
        ({"env": {"A\0": "x"}}, "key 'A\0' holds a NUL character"),
        ({"exec": ["a", "\0"]}, "'a.exec.1' holds a NUL character"),
        (
            {"summary": {"filename": "x"}, "summary.filename": "y"},
            "'a.summary.filename' is given twice",
        ),
        ({"summary.filename": "", "summary": 3}, "'a.summary' must be a table, not an integer"),
        ({"progress.run": "tqdn"}, "'a.progress.run' cannot be 'tqdn'"),
        ({"progress": {"runn": "bar"}}, "unknown key 'runn' in 'a.progress'"),
        ({"progress": {"run": "bar"}}, "'a.progress.run' cannot be 'bar' (known: tqdm)"),
        (
            {"sourcecode": ["-regex:*"]},
            "'a.sourcecode.0': pattern '-regex:*' is no regular expression: nothing to repeat",
        ),
        ({"output-summary": "(" * 20_000}, "'a.output-summary' is no regular expression: "),
        ({"timeout": 0}, '\'a.timeout\' must be a time such as 90, "30m" or "1h30m"'),
        ({"timeout": "0s"}, '\'a.timeout\' must be a time such as 90, "30m" or "1h30m"'),
        ({"timeout": float("nan")}, "'a.timeout' must be a finite number"),
        ({"timeout": float("inf")}, "'a.timeout' must be a finite number"),
        ({"timeout": 10**400}, "'a.timeout' must be a finite number"),
        ({"version": float("nan")}, "'a.version' must be a finite number"),
        (
            {"attributes": {"x": []}},
            "'a.attributes.x' must be a text, a number, true or false or null, not a list",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_other_keys(operation: dict[str, Any], message: str) -> None:
    assert any(found.startswith(message) for found in messages(operation))


def test_no_message_is_as_long_as_what_is_wrong() -> None:
    long = "x" * 10_000
    operation = {long: 1, "env": {long: []}, "version": f"{long} y", "sourcecode": f"regex:({long}"}
    assert len(messages(operation)) == 4
    assert all(len(message) < 400 for message in messages(operation))


def test_lists_and_tables_have_bounds() -> None:
    many = ["x"] * 1001
    config = [{"keys": many}, {"name": "k", "choices": many}]
    assert sorted(messages({"exec": many, "env": dict.fromkeys(map(str, range(1001)), 1)})) == [
        "'a.env' has more than 1,000 entries",
        "'a.exec' has more than 1,000 entries",
    ]
    assert messages({"config": config}) == [
        "'a.config.0.keys' has more than 1,000 entries",
        "'a.config.1.choices' has more than 1,000 entries",
    ]


def test_default_operations_are_told_apart() -> None:
    data = b'{"a": {"default": true}, "b": {"default": false}, "c": {"default": true}}'
    (fault,) = find_faults(data, "json", "f")
    assert fault.message == "'c' cannot be the default operation: 'a' is it already"


def test_words_in_yaml_that_are_no_texts() -> None:
    found = find_faults(b"a: {description: on, env: {X: off}}\n$x: yes", "yaml", "f")
    assert [(fault.severity, fault.guess) for fault in found] == [
        ("error", '"on"'),
        ("warning", '"off"'),
        ("error", None),
    ]
