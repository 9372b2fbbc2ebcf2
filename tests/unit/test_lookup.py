"""Programs by their names, on PATH and by the rules of Windows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.lookup import find_on_windows, find_program

HERE = {
    "C:\\git\\git.exe",
    "C:\\git\\tool.cmd",
    "C:\\later\\tool.exe",
    "C:\\later\\tool.py",
    "C:\\Program Files\\x\\x.COM",
    "D:\\p\\run",
    "D:\\p\\run.bat",
    "D:\\p\\only",
    "git.exe",
}
PATH = 'C:\\git;;"C:\\Program Files\\x";C:\\later'


def is_here(place: str) -> bool:
    return place.lower() in map(str.lower, HERE)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("git", "C:\\git\\git.exe"),
        ("git.exe", "C:\\git\\git.exe"),
        ("GIT", "C:\\git\\GIT.exe"),
        ("tool", "C:\\git\\tool.cmd"),  # the first folder that has any
        ("tool.exe", "C:\\later\\tool.exe"),
        ("tool.py", "C:\\later\\tool.py"),
        ("x", "C:\\Program Files\\x\\x.com"),
        ("nothing", None),
        ("only", None),
        ("D:\\p\\run", "D:\\p\\run.bat"),  # what Windows can start is meant
        ("D:/p\\run.bat", "D:/p\\run.bat"),
        ("D:\\p\\only", "D:\\p\\only"),
        ("D:\\p\\no", None),
    ],
)
def test_a_name_on_windows(name: str, place: str | None) -> None:
    found = find_on_windows(name, PATH, lambda each: is_here(each.replace("/", "\\")))
    assert found == place


def test_what_lies_in_the_current_directory_is_not_on_path() -> None:
    assert find_on_windows("git", "", is_here) is None
    assert find_on_windows("git", ";;", is_here) is None


def test_path_of_this_system(tmp_path: Path) -> None:
    (tmp_path / "tool").touch(0o644)
    assert find_program("tool", str(tmp_path)) is None
    assert find_program("tool", str(tmp_path), os.F_OK) == str(tmp_path / "tool")
    assert find_program("sh", None) is not None
