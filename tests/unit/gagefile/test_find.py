"""Which gagefile is the project's."""

from __future__ import annotations

from pathlib import Path

from git_gage.gagefile.find import find_gagefile, project_of
from git_gage.gagefile.load import load_gagefile
from tests.support import write_files


def test_the_nearest_one_up_to_the_top(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {"gage.toml": "", "top/a/gage.json": "{}", "top/a/b/x": "", "top/c/d/x": ""},
    )
    top = tmp_path / "top"
    assert find_gagefile(top / "a" / "b", top) == top / "a" / "gage.json"
    assert find_gagefile(top / "a", top) == top / "a" / "gage.json"
    assert find_gagefile(top / "c" / "d", top) is None, "what is above the top is another's"
    assert find_gagefile(tmp_path, top) == tmp_path / "gage.toml"
    assert find_gagefile(tmp_path / "elsewhere", top) is None


def test_in_one_folder_the_hidden_one_goes_first_then_toml_yaml_json(tmp_path: Path) -> None:
    names = [
        *(".gage/gage.toml", ".gage/gage.yaml", ".gage/gage.yml", ".gage/gage.json"),
        *(".gage/gage.jsonc", "gage.toml", "gage.yaml", "gage.yml", "gage.json", "gage.jsonc"),
    ]
    for name in reversed(names):
        write_files(tmp_path, {name: "" if "json" not in name else "{}"})
        assert find_gagefile(tmp_path, tmp_path) == tmp_path / name
        assert project_of(tmp_path / name) == tmp_path


def test_the_others_are_named(tmp_path: Path) -> None:
    write_files(tmp_path, {"p/.gage/gage.yaml": "", "p/gage.toml": "", "p/gage.json": "{}"})
    gagefile = load_gagefile(tmp_path / "p" / ".gage" / "gage.yaml", tmp_path)
    assert gagefile.shown == "p/.gage/gage.yaml"
    assert gagefile.warnings == (
        "'gage.toml' is not used: the gagefile is 'p/.gage/gage.yaml'",
        "'gage.json' is not used: the gagefile is 'p/.gage/gage.yaml'",
    )


def test_a_folder_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "gage.toml").mkdir()
    assert find_gagefile(tmp_path, tmp_path) is None
