"""Empty folders, and those a sparse checkout leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.source import folders
from git_gage.source.folders import find_absent, find_empty_folders
from git_gage.source.model import Linked


def test_empty_folders_without_those_that_are_linked(tmp_path: Path) -> None:
    for name in ("a/b/c", "a/d", "link/x", "full", "__pycache__/x"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "full" / "file").touch()
    (tmp_path / "a" / "to").symlink_to("d")
    others = b"a/\0file\0full/\0link/\0__pycache__/\0"
    found = list(find_empty_folders(tmp_path, others, [Linked(b"link/")]))
    assert found == [b"a/b/c/", b"a/d/"]


def test_search_for_empty_folders_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_VISITED", 3)
    for number in range(9):
        (tmp_path / f"d{number}").mkdir()
    others = b"".join(b"d%d/\0" % number for number in range(9))
    assert len(list(find_empty_folders(tmp_path, others, []))) == 3


def test_absent_files_are_told_by_folder_where_nothing_is_there() -> None:
    tracked = b"H a/x\0S a/y\0S b/c/d\0S b/e\0S f\0"
    absent = (b"a/y", b"b/c/d", b"b/e", b"f")
    assert list(find_absent(absent, tracked)) == [b"a/y", b"b/", b"f"]
    assert list(find_absent((), tracked)) == []
