"""A key that is given twice does not hide what else is wrong, whatever the key is called."""

from __future__ import annotations

import json

import pytest

from git_gage.config.documents import DocumentError, read_tree
from git_gage.gagefile.twice import read_on


def test_a_sound_document_is_read_as_ever() -> None:
    data = b'{"a": 1}'
    assert read_on(data, "json") == (read_tree(data, "json"), [])


def test_a_document_is_read_on_behind_each_key_that_is_there_again() -> None:
    data = b'{"a": 1, "a": 2, "b": 3, "a": 4, "b": 5}'
    tree, faults = read_on(data, "json")
    assert [error.offset for error in faults] == [9, 25, 33]
    assert tree is not None
    assert sorted(tree.value.values()) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ('{"a": 1, "a": 2, "b": }', 2),  # a fault of another kind ends it
        ('{"\u00e4": 1, "\u00e4": {}}', 1),  # no letter that could be another
        ('{"a": 1, "q": 2, "x": 3, "z": 4, "a": 5}', 1),  # the other names are taken
        ("{" + '"a": 1, ' * 200 + "}", 4),
    ],
)
def test_it_ends_where_no_other_name_is_found(data: str, count: int) -> None:
    tree, faults = read_on(data.encode(), "json")
    assert tree is None
    assert len(faults) == count
    with pytest.raises(DocumentError) as first:
        read_tree(data.encode(), "json")
    assert faults[0].offset == first.value.offset


def test_a_file_of_nothing_else_is_given_up() -> None:
    data = json.dumps({f"key-{number}": 0 for number in range(100)})
    tree, faults = read_on((data[:-1] + ", " + data[1:]).encode(), "json")
    assert tree is None
    assert len(faults) == 50
