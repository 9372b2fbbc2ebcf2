"""Whatever a file looks like, only the chosen values change in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from git_gage.config.documents import find, kind_of_file, read_tree
from git_gage.config.edits import leaves, to_python
from git_gage.config.formats import change_values, list_values
from git_gage.config.values import Value
from git_gage.errors import ConfigError, RequestError
from tests.unit.config import documents

FAST = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
DOCUMENTS = {
    "a.json": documents.json_documents(),
    "a.toml": documents.toml_documents(),
    "a.yaml": documents.yaml_documents(),
}


def without(data: bytes, kind: str, places: list[Any]) -> list[bytes]:
    """What is between the values at these places."""
    tree = read_tree(data, kind)
    spans = []
    for place in places:
        entry = find(tree, place)
        assert entry is not None
        spans.append((entry.node.start, entry.node.end))
    pieces, position = [], 0
    for start, end in sorted(spans):
        pieces.append(data[position:start])
        position = end
    return [*pieces, data[position:]]


@pytest.mark.parametrize("name", DOCUMENTS)
@FAST
@given(data=st.data())
def test_only_chosen_values_change(name: str, data: st.DataObject) -> None:
    document = data.draw(DOCUMENTS[name]).encode()
    kind = kind_of_file(name)
    assert kind is not None
    known = list_values(document, name)
    places = data.draw(st.lists(st.sampled_from(list(known)), unique=True, max_size=4))
    chosen = {place: data.draw(documents.values) for place in places}
    changed = change_values(document, name, chosen)
    expected = leaves(read_tree(document, kind).value)
    assert {
        place: leaves(to_python(value), place)[place] for place, value in known.items()
    } == expected
    for place, value in chosen.items():
        expected[place] = leaves(to_python(value), place)[place]
    assert leaves(read_tree(changed, kind).value) == expected
    assert without(changed, kind, places) == without(document, kind, places)


@pytest.mark.parametrize("name", [*DOCUMENTS, "a.ini", ".env", "a.ipynb"])
@FAST
@given(
    content=st.one_of(
        st.binary(max_size=30),
        st.text(max_size=20).map(str.encode),
        st.text("a1[]{}:=,\"'#&*|>-! \n\r\t\\", max_size=20).map(str.encode),
        st.text("a1='\\(\n%!?", max_size=9).map(
            lambda text: json.dumps({"cells": [{"cell_type": "code", "source": text}]}).encode()
        ),
    ),
    value=documents.values,
)
def test_garbage_is_refused_or_set(name: str, content: bytes, value: Value) -> None:
    try:
        for place in list_values(content, name):
            change_values(content, name, {place: value})
    except (ConfigError, RequestError) as error:
        assert error.message  # noqa: PT017
