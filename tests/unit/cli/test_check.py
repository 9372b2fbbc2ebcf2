"""`git gage check`: everything that is wrong, where, and what was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import gage_inside, make_repo, write_files

BROKEN = '[train]\ndescripton = "x"\nexec = 12\nversion = 1.10\n'


def test_a_file_without_a_fault(repo: Path) -> None:
    write_files(repo, {"gage.toml": "[a]\nexec = 'x'\n[b]\n[c]\n", "sub/x": ""})
    result = gage_inside(repo, "check")
    assert result == (0, "gage.toml: 3 operations, no faults\n", "")
    assert gage_inside(repo / "sub", "check").out == "../gage.toml: 3 operations, no faults\n"
    assert gage_inside(repo, "check", "--json") == (0, "[]\n", "")


def test_every_fault_at_once(repo: Path) -> None:
    write_files(repo, {"gage.toml": BROKEN})
    result = gage_inside(repo, "check")
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "gage.toml:2:1: unknown key 'descripton' in 'train'\n"
        '   2 | descripton = "x"\n'
        "     | ^^^^^^^^^^ did you mean 'description'?\n"
        "gage.toml:3:8: 'train.exec' must be a text, a list or a table, not an integer\n"
        "   3 | exec = 12\n"
        "     |        ^^\n"
        "gage.toml:4:11: warning: 'train.version' is the number 1.1, not the text it looks like\n"
        "   4 | version = 1.10\n"
        '     |           ^^^^ did you mean "1.10"?\n'
        "gage.toml: 1 operation, 2 errors, 1 warning\n"
    )


def test_as_json(repo: Path) -> None:
    write_files(repo, {"gage.toml": BROKEN})
    result = gage_inside(repo, "check", "--json")
    assert result.code == 1
    first, second, third = json.loads(result.out)
    assert first == {
        "path": "gage.toml",
        "line": 2,
        "column": 1,
        "end_column": 11,
        "severity": "error",
        "message": "unknown key 'descripton' in 'train'",
        "guess": "description",
    }
    assert (second["line"], second["column"], second["guess"]) == (3, 8, None)
    assert third["severity"] == "warning"


def test_with_warnings_alone_it_is_content(repo: Path) -> None:
    write_files(repo, {"gage.yaml": "a: {default: yes}\n"})
    result = gage_inside(repo, "check")
    assert result.code == 0
    assert result.out.endswith("gage.yaml: 1 operation, 1 warning\n")


def test_a_file_that_cannot_be_read_has_one_fault(repo: Path) -> None:
    write_files(repo, {"gage.json": '{"a": {}\n'})
    result = gage_inside(repo, "check")
    assert result.code == 1
    assert result.out.endswith("gage.json: 1 error\n")


def test_a_file_or_folder_that_is_named_outside_of_any_repository(tmp_path: Path) -> None:
    write_files(tmp_path, {"p/.gage/gage.json": "{}", "x.yaml": "a: {}", "none/y": ""})
    assert gage_inside(tmp_path, "check", "x.yaml").out == "x.yaml: 1 operation, no faults\n"
    result = gage_inside(tmp_path, "check", "p")
    assert result.out == "p/.gage/gage.json: 0 operations, no faults\n"
    absolute = str(tmp_path / "x.yaml")
    assert gage_inside(tmp_path, "check", absolute).out.startswith(f"{absolute}: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none"], "fatal: no gagefile in 'none'\nhint: git gage check <file>\n"),
        (["gone.toml"], "fatal: cannot read 'gone.toml': no such file or directory\n"),
        (
            ["none/y.txt"],
            (
                "fatal: 'none/y.txt' is no gagefile: its name must end in .toml, .yaml, .yml, .json"
                " or .jsonc\n"
            ),
        ),
    ],
)
def test_what_is_no_gagefile(tmp_path: Path, words: list[str], message: str) -> None:
    write_files(tmp_path, {"none/y.txt": ""})
    assert gage_inside(tmp_path, "check", *words) == (128, "", message)


def test_no_gagefile(repo: Path) -> None:
    result = gage_inside(repo, "check")
    assert result == (128, "", "fatal: no gagefile in this project\nhint: git gage init\n")


def test_no_work_tree(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", files={}, commit=False, options=("--bare",))
    result = gage_inside(bare, "check")
    assert result == (128, "", "fatal: there is no work tree here\nhint: git gage check <file>\n")


def test_others_that_are_not_used_are_named(repo: Path) -> None:
    write_files(repo, {"gage.toml": "", "gage.json": "{}"})
    result = gage_inside(repo, "check")
    assert result.code == 0
    assert result.err == "warning: 'gage.json' is not used: the gagefile is 'gage.toml'\n"
    assert gage_inside(repo, "check", "gage.json").err == ""


def test_patterns_and_filters_are_read(repo: Path) -> None:
    write_files(
        repo,
        {
            "gage.toml": """
[a]
sourcecode = ["*.py", "*.csv size<big"]
depends = ["run-files: op in [a, b", "run-files: op in [a, b]"]
"""
        },
    )
    result = gage_inside(repo, "check", "--json")
    found = [(fault["line"], fault["column"]) for fault in json.loads(result.out)]
    assert found == [(3, 23), (4, 12)]
    assert result.code == 1


def test_in_colour_when_asked(repo: Path) -> None:
    write_files(repo, {"gage.toml": BROKEN})
    assert "\x1b[31m^^\x1b[0m" in gage_inside(repo, "check", "--color=always").out
    assert "\x1b[" not in gage_inside(repo, "check").out
