"""Config of an operation, in its files: what there is to set, and what setting it changes."""

from __future__ import annotations

import pytest

from git_gage.config import Value
from git_gage.gagefile.model import ConfigFiles
from tests.unit.config.operations import Files, find, operation, refused, run, texts

TRAIN = """\
lr = 0.1  # learning rate
name = "adam"
model = {
    "depth": 3,
    "layers": [64, 32],
}
"""
YAML = "lr: 0.5  # why\ndb:\n  port: 80\n  hosts: [a, b]\n"
PROJECT: Files = {
    "train.py": TRAIN,
    "conf/base.yaml": YAML,
    "notes.txt": "",
    "broken.py": "x = (\n",
    "broken.json": "{",
}


def test_top_level_values_of_a_script_are_keys() -> None:
    assert texts(run(operation("train.py"), PROJECT)) == {"lr": "0.1", "name": "adam"}


def test_nested_values_are_keys_by_their_place() -> None:
    applied = run(operation("train.py#**.*"), PROJECT, "model.layers.1=16", "name=it's")
    assert texts(applied) == {
        "lr": "0.1",
        "name": "it's",
        "model.depth": "3",
        "model.layers.0": "64",
        "model.layers.1": "16",
    }
    changed = TRAIN.replace("adam", "it's").replace("32", "16")
    assert applied.replaced == {"train.py": changed.encode()}
    assert applied.diff is not None
    assert applied.diff.startswith("--- a/train.py\n+++ b/train.py\n@@ -1,6 +1,6 @@\n lr = 0.1")


def test_value_that_is_there_already_changes_nothing() -> None:
    applied = run(operation("train.py", "conf/*#lr"), PROJECT, "train.py#lr=1e-1", "name=adam")
    assert applied.replaced == {}
    assert applied.diff is None
    assert applied.config["train.py#lr"] == Value("float", "0.1")


def test_list_is_a_key_as_a_whole_if_it_is_named() -> None:
    found = operation("train.py#model.layers", "conf/base.yaml#db.hosts", "conf/base.yaml#db")
    assert texts(run(found, PROJECT)) == {
        "model.layers": "[64, 32]",
        "db.hosts": '["a", "b"]',
        "db": '{"port": 80, "hosts": ["a", "b"]}',
    }
    applied = run(found, PROJECT, "model.layers=[8]", 'db.hosts=["c"]')
    assert b'"layers": [8],' in applied.replaced["train.py"]
    assert b"hosts: [c]" in applied.replaced["conf/base.yaml"].replace(b'"', b"")
    assert applied.config["db"].text == '{"port": 80, "hosts": ["c"]}'


def test_same_key_in_two_files_is_set_in_both() -> None:
    found = operation("train.py#lr", "conf/base.yaml#lr")
    applied = run(found, PROJECT, "lr=0.25")
    assert sorted(applied.replaced) == ["conf/base.yaml", "train.py"]
    assert texts(applied) == {"lr": "0.25"}
    assert applied.diff is not None
    assert applied.diff.count("+++ b/") == 2


def test_same_key_with_other_values_is_recorded_for_each_file() -> None:
    found = operation("train.py#lr", "conf/base.yaml#lr")
    assert texts(run(found, PROJECT)) == {"conf/base.yaml#lr": "0.5", "train.py#lr": "0.1"}
    assert texts(run(found, PROJECT, "train.py#lr=0.5")) == {"lr": "0.5"}
    both = run(found, PROJECT, "lr=1.5", "train.py#lr=2.5")
    assert texts(both) == {"conf/base.yaml#lr": "1.5", "train.py#lr": "2.5"}


def test_names_of_keys_can_be_others() -> None:
    section = ConfigFiles(
        ("train.py#model.depth",), "the model", prefix="net.", strip_prefix="model"
    )
    keys = find(operation(section), PROJECT)
    assert list(keys.known) == ["net.depth"]
    assert keys.known["net.depth"].description == "the model"
    assert keys.known["net.depth"].places[0].origin == "train.py#model.depth"
    assert keys.known["net.depth"].default == Value("int", "3")


@pytest.mark.parametrize(
    ("section", "names"),
    [
        (ConfigFiles(("train.py",), rename={"lr": "rate"}, prefix="t."), ["rate", "t.name"]),
        (ConfigFiles(("train.py#name",), rename={"*": "who"}), ["who"]),
        (ConfigFiles(("train.py",), rename={"*": "who"}), ["lr", "name"]),
        (ConfigFiles(("train.py",), rename={"*": "lr rate"}), ["rate", "name"]),
        (
            ConfigFiles(
                ("train.py#model.**.*",),
                rename={"model.layers.": "l", "depth": "d"},
                strip_prefix="model.",
            ),
            ["d", "l0", "l1"],
        ),
        (ConfigFiles(("train.py#lr",), strip_prefix="lr"), ["lr"]),
    ],
)
def test_renames(section: ConfigFiles, names: list[str]) -> None:
    assert list(find(operation(section), PROJECT).known) == names


def test_two_names_for_one_place() -> None:
    found = operation("train.py#lr", "train.py", ConfigFiles(("train.py#lr",), prefix="t."))
    assert texts(run(found, PROJECT, "lr=0.5")) == {"lr": "0.5", "name": "adam", "t.lr": "0.5"}
    assert texts(run(found, PROJECT, "lr=0.5", "t.lr=0.5"))["t.lr"] == "0.5"
    assert refused(found, PROJECT, "lr=0.5", "t.lr=0.6")[0] == [
        "'lr' and 't.lr' are the same value in 'train.py'",
        "'lr' and 't.lr' are the same value in the script",
    ]


def test_list_and_its_item_cannot_both_be_set() -> None:
    found = operation("train.py#model.**.*", "train.py#model.layers")
    assert refused(found, PROJECT, "model.layers=[1]", "model.layers.0=2")[0] == [
        "'model.layers.0' and 'model.layers' are the same value in the script"
    ]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    messages, hint = refused(
        operation("train.py", "conf/base.yaml#db.port"),
        PROJECT,
        *("lrr=1", "lr=x", "db.port=y", "name", "lr:strr=1", "b#prt=1"),
    )
    assert messages == [
        "unknown settings 'lrr', 'b#prt' for operation 'train' (known: lr, name, db.port)",
        "'name' is not <name>=<value>",
        "'lr:strr' asks for no type that there is (int, float, str, bool, null, json)",
        "'lr' needs a number (float), not 'x' (default 0.1)",
        "'db.port' needs a whole number (int), not 'y' (default 80)",
    ]
    assert hint == "did you mean 'lr'?"


def test_what_is_wrong_in_two_files_is_said_once() -> None:
    messages, _ = refused(operation("train.py#lr", "conf/base.yaml#lr"), PROJECT, "lr=x")
    assert messages == ["'lr' needs a number (float), not 'x' (default 0.5)"]


def test_types_can_be_forced() -> None:
    applied = run(
        operation("train.py", "conf/base.yaml#db.port"),
        PROJECT,
        *("lr:str=1", "name:int=0x10", "db.port:json=[1]"),
    )
    assert applied.config == {
        "db.port": Value("json", "[1]"),
        "lr": Value("str", "1"),
        "name": Value("int", "0x10"),
    }
    assert refused(operation("train.py"), PROJECT, "lr:int=x", "name:json={")[0] == [
        "'lr' needs a whole number (int), not 'x'",
        "'name' needs JSON such as [1, 2], not '{'",
    ]


def test_a_value_that_its_file_cannot_hold_is_refused() -> None:
    found = operation("a.ini#**.*")
    messages, _ = refused(found, {"a.ini": "[a]\nx = 1\n"}, "a.x:str=b\nc")
    assert len(messages) == 1
    assert messages[0].startswith("'a.x' cannot be 'b")


def test_what_a_pattern_asks_for_and_is_not_there_is_a_warning() -> None:
    found = operation("train.py#lr", "#momentum", "gone.py", "notes.txt", "*.json", "*.txt")
    keys = find(found, {**PROJECT, "train.py": f"{TRAIN}momentum = float(1)\n"})
    assert sorted(keys.warnings) == [
        "config file 'gone.py' is not there",
        "config key 'momentum' of 'train.py' is not there: line 7 does not give it a plain value",
        "no config can be read from 'notes.txt': its format has none",
        "no config is taken from broken.json:1:1: unclosed '{'",
    ]
    assert run(found, PROJECT).warnings == find(found, PROJECT).warnings


def test_wildcards_and_renames_that_find_nothing_are_warnings() -> None:
    assert find(operation("train.py#**"), PROJECT).warnings == (
        "config pattern 'train.py#**' takes no key",
    )
    assert "config pattern '*.py#x.*' takes no key" in find(operation("*.py#x.*"), PROJECT).warnings
    assert find(operation("*.nope#x.*"), PROJECT).warnings == ()
    renamed = ConfigFiles(("train.py#lr",), prefix="t.", rename={"lr": "rate", "t.lr": "r"})
    keys = find(operation(renamed), PROJECT)
    assert list(keys.known) == ["rate"]
    assert keys.warnings == ("config key 't.lr' is renamed, and is not there",)


def test_patterns_that_say_the_same_twice() -> None:
    again = ConfigFiles(("train.py#lr", "gone.py"))
    keys = find(operation("train.py#lr", "gone.py", again), PROJECT)
    assert len(keys.known["lr"].places) == 1
    assert keys.warnings == ("config file 'gone.py' is not there",)
    both = operation(
        "notes.txt",
        ConfigFiles(("notes.txt#a",)),
        ConfigFiles(("train.py#x",)),
        ConfigFiles(("train.py#x",)),
    )
    assert len(find(both, PROJECT).warnings) == 2


def test_file_that_is_named_must_be_readable() -> None:
    assert refused(operation("broken.py"), PROJECT)[0] == ["broken.py:1: '(' was never closed"]
    assert refused(operation("broken.json"), PROJECT)[0][0].startswith("broken.json:1:")


def test_file_that_git_ignores_is_found_by_its_name() -> None:
    keys = operation("local.yaml")
    from git_gage.config.files import find_keys

    found = find_keys(keys, {"local.yaml": b"a: 1\n"}.get, [])
    assert list(found.known) == ["a"]


def test_name_that_the_script_sets_again_is_set_with_a_warning() -> None:
    script = "x = 1\nif x:\n    x = x + 1\n"
    applied = run(operation("a.py"), {"a.py": script}, "x=5")
    assert applied.replaced == {"a.py": script.replace("= 1", "= 5", 1).encode()}
    assert applied.warnings == ("'x' of 'a.py' may not stay as it is set: line 3 sets it again",)
    assert run(operation("a.py"), {"a.py": script}).warnings == ()


def test_name_that_cannot_be_set_says_why_and_where() -> None:
    assert refused(operation("a.py"), {"a.py": "x = len('')\n"}, "x=5")[0] == [
        "'x' of operation 'train' cannot be set: in 'a.py', line 1 does not give it a plain value"
    ]


def test_one_value_with_two_names_in_the_script() -> None:
    applied = run(operation("a.py"), {"a.py": "x = y = 1\n"}, "x=2")
    assert texts(applied) == {"x": "2", "y": "2"}


def test_files_in_any_encoding_have_a_diff() -> None:
    files: Files = {
        "a.py": "# coding: latin-1\nx = 'é'\n".encode("latin-1"),
        "b.ini": b"[a]\nx=1\n",
    }
    applied = run(operation("a.py", "b.ini#**.*"), files, "x=ü", "a.x=2")
    assert applied.replaced["a.py"].endswith("'ü'\n".encode("latin-1"))
    assert applied.diff is not None
    assert "+x = 'ü'\n" in applied.diff
    assert "+x=2\n" in applied.diff
