"""A first gagefile for what a folder holds: true, complete, and in TOML whatever the names are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from git_gage.gagefile.init import draft_gagefile, name_operations
from git_gage.gagefile.scripts import MAX_BYTES, MAX_SCRIPTS, Found, FoundScript, find_scripts

PROGRAMS = ("prep.sh", "tools/fetch", "hi there.sh")
DATA = {"data.csv": "file", "images": "dir", "nets/x.bin": "file"}
TRAIN = '"""Train a net.\n\nSlowly.\n"""\nlr = 0.1\nname = ""\nprint(lr)\n'
PARSER = """\
from argparse import ArgumentParser
parser = ArgumentParser()
parser.add_argument("data")
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--mode")
parser.parse_args()
"""


def find(files: Mapping[str, str | bytes | None]) -> Found:
    def read(name: str) -> bytes | None:
        content = files[name]
        return content.encode() if isinstance(content, str) else content

    return find_scripts(files, read, lambda name: name in PROGRAMS, DATA.get)


def paths(files: Mapping[str, str | bytes | None]) -> list[str]:
    found = find(files)
    assert not found.left_out
    return [script.path for script in found.scripts]


def draft(files: Mapping[str, str | bytes | None], namespace: str = "digits") -> dict[str, Any]:
    return tomli.loads(draft_text(files, namespace))


def draft_text(files: Mapping[str, str | bytes | None], namespace: str = "digits") -> str:
    return draft_gagefile(name_operations(find(files).scripts), namespace, "an-id")


# -- what is a script ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        TRAIN,
        PARSER,
        "lr = 0.1\n",
        "print('hello')\n",
        "for i in range(3):\n    print(i)\n",
        "def main():\n    pass\nif __name__ == '__main__':\n    main()\n",
    ],
)
def test_a_file_that_does_something_when_run_is_a_script(source: str) -> None:
    assert paths({"train.py": source}) == ["train.py"]


@pytest.mark.parametrize("source", ["", "def f():\n    return 1\n", "import os\n"])
def test_a_file_that_only_defines_is_none(source: str) -> None:
    assert paths({"train.py": source}) == []


@pytest.mark.parametrize(
    ("importer", "module"),
    [
        ("import model\n", "model.py"),
        ("from model import net, LAYERS\n", "model.py"),
        ("import os, nets.model as m\n", "nets/model.py"),
        ("from nets import (\n    model,  # the net\n)\n", "nets/model.py"),
        ("from nets.model import *\n", "nets/model.py"),
        ("import nets\n", "nets/__init__.py"),
    ],
)
def test_what_another_file_imports_is_a_module(importer: str, module: str) -> None:
    files = {"train.py": f"{importer}print(1)\n", module: "LAYERS = 3\nprint(LAYERS)\n"}
    assert paths(files) == ["train.py"]


def test_a_module_with_a_main_block_is_a_script_too() -> None:
    files = {"train.py": "import model\nprint(1)\n", "model.py": "if __name__ == '__main__': 1\n"}
    assert paths(files) == ["model.py", "train.py"]


def test_tests_and_tools_are_left_to_those_who_run_them() -> None:
    names = ["setup.py", "conftest.py", "test_net.py", "a/net_test.py", "tests/run.py"]
    names += [".github/act.py", "docs/conf.py", "pkg/__init__.py"]
    assert paths(dict.fromkeys(names, "x = 1\nprint(x)\n")) == []


def test_a_folder_with_a_gagefile_is_another_project() -> None:
    files = {"a/train.py": TRAIN, "b/train.py": TRAIN, "b/.gage/gage.toml": "", "c/gage.yml": ""}
    assert paths({**files, "c/d/train.py": TRAIN}) == ["a/train.py"]


def test_files_that_are_gone_are_no_scripts() -> None:
    gone = dict.fromkeys(("train.py", "net.ipynb", "prep.sh"))
    assert paths(gone) == []


def test_a_script_that_cannot_be_read_is_named() -> None:
    found = find({"bad.py": "print((\n", "big.py": "x = 1\n" + "#" * MAX_BYTES, "good.py": TRAIN})
    assert [script.path for script in found.scripts] == ["good.py"]
    bad, big = found.left_out
    assert bad.startswith("bad.py:1: ")
    assert big == "big.py: has more than 1024 KiB"


def test_a_name_that_toml_cannot_hold_is_named() -> None:
    found = find({"caf\udce9.py": TRAIN})
    assert found == Found((), ("caf\udce9.py: its name is not UTF-8",))


def test_of_very_many_scripts_the_nearest_are_taken_and_the_others_named() -> None:
    files = {f"{'deep/' * (n % 2)}s{n:03}.py": TRAIN for n in range(MAX_SCRIPTS + 20)}
    found = find(files)
    assert len(found.scripts) == MAX_SCRIPTS
    names = ", ".join(f"deep/s{n:03}.py" for n in range(21, 31, 2))
    assert found.left_out == (f"what is beyond 40 scripts: {names} and 15 more",)


# -- how it is run ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "path", "command"),
    [
        ({}, "train.py", "python3 train.py"),
        ({}, "src/train.py", "python3 src/train.py"),
        ({}, "-x.py", "python3 ./-x.py"),
        ({}, "__main__.py", "python3 __main__.py"),
        ({}, "net/__main__.py", "python3 -m net"),
        ({"net/a.py": ""}, "net/b.py", "python3 -m net.b"),
        ({"a.py": ""}, "net/b.py", "python3 -m net.b"),
        ({"a.py": "", "net/a.py": ""}, "net/c.py", "python3 net/c.py"),
        ({"a.py": ""}, "my net/b.py", "python3 my net/b.py"),
        ({"src/a.py": ""}, "bin/b.py", "python3 bin/b.py"),
    ],
)
def test_a_script_runs_from_the_project_folder_and_finds_its_modules(
    files: dict[str, str], path: str, command: str
) -> None:
    imports = "from . import a\n" if path == "net/b.py" and "net/a.py" in files else "import a\n"
    (script,) = find({**files, path: f"{imports}print(1)\n"}).scripts
    assert " ".join(script.argv) == command


def test_programs_run_as_they_are() -> None:
    script = "#!/bin/sh\n# Get the data ready.\necho\n"
    files = {"prep.sh": script, "tools/fetch": "#!/bin/sh\n", "hi there.sh": "no program\n"}
    prep, fetch = find({**files, "plain.sh": script}).scripts
    assert (prep.argv, prep.description) == (("./prep.sh",), "Get the data ready")
    assert (fetch.argv, fetch.description) == (("./tools/fetch",), None)


def test_a_notebook_runs_in_the_users_jupyter_and_is_kept() -> None:
    cells = [
        {"cell_type": "code", "source": ["lr = 0.1\n", "d = {'a': 1}"]},
        {"cell_type": "markdown", "source": ["# Fit\n"]},
    ]
    files = {"nb/fit.ipynb": json.dumps({"cells": cells}), "nb/bare.ipynb": '{"cells": []}'}
    bare, notebook = find(files).scripts
    assert " ".join(notebook.argv) == (
        "jupyter nbconvert --to notebook --execute nb/fit.ipynb --output fit.executed.ipynb"
    )
    assert (notebook.description, bare.description) == ("Fit", None)
    assert (notebook.keys, bare.keys) == ((("lr", "0.1"),), ())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 1}', '{"cells": [{}]}', "[" * 100_000])
def test_a_notebook_that_is_none_is_named(text: str) -> None:
    assert find({"fit.ipynb": text}) == Found((), ("fit.ipynb: is no notebook that can be read",))


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("open('data.csv')", [("file", "data.csv")]),
        ("open('./data.csv', 'rb')", [("file", "data.csv")]),
        ("d = 'images/'\nprint(d, d)", [("dir", "images")]),
        ("open(Path(__file__).parent / 'x.bin')", [("file", "nets/x.bin")]),
        ("print('other.csv', 'a/../data.csv', '/data.csv', 1)", []),
        ("open('data.csv', 'w')", []),
        ("open('data.csv', mode='ab')", []),
        ("Path('data.csv').write_text('')", []),
        ("frame.to_csv('data.csv')", []),
    ],
)
def test_data_that_no_run_would_get_is_found(source: str, data: list[tuple[str, str]]) -> None:
    (script,) = find({"nets/train.py": f"{source}\nprint(1)\n"}).scripts
    assert list(script.data) == data


def test_a_program_for_the_shell_has_data_too() -> None:
    text = (
        "#!/bin/sh\ncat data.csv ./images/ > nets/x.bin\necho >nets/x.bin $data.csv /data.csv ..\n"
    )
    (script,) = find({"prep.sh": text}).scripts
    assert script.data == (("file", "data.csv"), ("dir", "images"))


def test_names_of_results_are_no_data() -> None:
    with patch.dict(DATA, {"out": "dir", "logs": "dir"}):
        (script,) = find({"train.py": "print('out', 'logs', 'data.csv')\n"}).scripts
    assert script.data == (("file", "data.csv"),)


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["train.py"], ["train"]),
        (["a/train.py"], ["train"]),
        (["train.py", "a/train.py"], ["train", "a-train"]),
        (["a/train.py", "b/train.py"], ["a-train", "b-train"]),
        (["a-b.py", "a/b.py"], ["a-b", "b"]),
        (["a b.py", "a-b.py", "a+b.py", "a=b.py"], ["a-b", "a-b-py", "a-b-py-2", "a-b-py-3"]),
        (["net/__main__.py", "net.py"], ["net", "net-py"]),
        (["__main__.py"], ["__main__"]),
        (["тест.py"], ["тест"]),
        (["$x.py", "-.py"], ["x", "main"]),
        (["v1.2.py"], ["v1.2"]),
        (["tools/fetch"], ["fetch"]),
        (["a/run", "b/run"], ["a-run", "b-run"]),
    ],
)
def test_operations_have_short_names_of_their_own(files: list[str], names: list[str]) -> None:
    scripts = [FoundScript(path, ("true",)) for path in files]
    assert sorted(name_operations(scripts)) == sorted(names)


# -- the text --------------------------------------------------------------------------------


def test_an_operation_has_what_is_known_of_its_script() -> None:
    assert draft({"train.py": TRAIN, "eval.py": PARSER}) == {
        "$namespace": "digits",
        "$project-id": "an-id",
        "eval": {
            "exec": "python3 eval.py",
            "config": ["eval.py#data", "eval.py#lr", "eval.py#mode"],
        },
        "train": {
            "description": "Train a net",
            "exec": "python3 train.py",
            "config": ["train.py#lr", "train.py#name"],
        },
    }


def test_the_values_of_today_are_in_comments() -> None:
    text = draft_text({"train.py": TRAIN + f"long = {'x' * 99!r}\n", "zeta.py": PARSER})
    assert '    "train.py#lr",    # 0.1\n' in text
    assert '    "train.py#name",  # empty\n' in text
    assert f'    "train.py#long",  # {"x" * 39}…\n' in text
    assert '    "zeta.py#data",  # must be given\n' in text
    assert '    "zeta.py#mode",  # not set\n' in text
    assert "# What can be set for a run: git gage run train lr=0.1\n" in text
    assert text.count("# What can be set for a run") == 1


def test_an_example_has_no_value_that_a_shell_would_read_otherwise() -> None:
    text = draft_text({"train.py": "name = 'a b; rm'\n"})
    assert "git gage run train name=<value>\n" in text


def test_words_that_a_shell_would_split_are_a_list() -> None:
    assert draft({"a{b}.py": "b = 1\n"})["a-b"]["exec"] == ["python3", "a{{b}}.py"]
    assert draft({"a{b}*.py": "b = 1\n"})["a-b"] == {"exec": ["python3", "a{b}*.py"]}
    assert draft({"-x.py": "b = 1\n"})["x"]["config"] == ["./-x.py#b"]
    files = {"my net.py": "lr = 1\n", "a{b}.py": "lr = 1\n", "it's.py": "", "d*.py": "lr = 1\n"}
    found = draft(files)
    assert found["my-net"] == {"exec": ["python3", "my net.py"], "config": ["my net.py#lr"]}
    assert found["a-b"] == {"exec": ["python3", "a{b}.py"], "config": ["a{b}.py#lr"]}
    assert found["d"] == {"exec": ["python3", "d*.py"]}
    assert "# Its keys cannot be named here" in draft_text(files)


def test_data_is_what_the_operation_depends_on() -> None:
    found = draft({"train.py": "open('data.csv')\nopen('images')\n"})
    assert found["train"]["depends"] == ["file: data.csv", "dir: images"]


def test_an_empty_folder_gets_a_sample() -> None:
    assert draft({}, "my project")["hello"] == {
        "description": "Say something",
        "exec": "echo {words}",
        "config": [{"name": "words", "default": "hello", "description": "What to say"}],
    }
    assert draft({}, "my project")["$namespace"] == "my-project"


@given(st.lists(st.text(min_size=1), unique=True), st.text(), st.text())
def test_any_names_and_texts_make_a_file_that_can_be_read(
    names: list[str], text: str, namespace: str
) -> None:
    scripts = [FoundScript(name, ("python3", name), text, (("key", text),)) for name in names]
    operations = name_operations(scripts)
    read = tomli.loads(draft_gagefile(operations, namespace, "an-id"))
    assert list(read)[2:] == (list(operations) or ["hello"])
    for name, script in operations.items():
        assert read[name].get("description", "") == text
        words = read[name]["exec"]
        path = script.path
        escaped = path.replace("{", "{{").replace("}", "}}")
        assert words in (f"python3 {path}", ["python3", path], ["python3", escaped])
