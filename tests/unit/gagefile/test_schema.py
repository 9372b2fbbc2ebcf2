"""The schema: published as it is used, and complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from git_gage.gagefile.grammar import GAGEFILE
from git_gage.gagefile.schema import judge
from git_gage.gagefile.spellings import (
    CONFIG_TYPES,
    DEPENDENCY_TYPES,
    INPUT_KEYS,
    SYSTEM_WORDS,
)

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA: dict[str, Any] = json.loads(GAGEFILE.schema_bytes())
DEFS = SCHEMA["$defs"]


def test_it_is_the_one_that_is_published() -> None:
    assert (DOCS / "gagefile.schema.json").read_bytes() == GAGEFILE.schema_bytes()


@pytest.mark.filterwarnings("ignore:Please use rfc3986:DeprecationWarning")
def test_it_is_valid_itself() -> None:
    from jschon import JSONSchema, create_catalog

    create_catalog("2020-12")
    assert JSONSchema(SCHEMA).validate().valid


def iter_properties(schema: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        for key, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict) and "required" not in schema:
                yield key, inner
        for inner in schema.values():
            yield from iter_properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from iter_properties(inner)


def test_editors_can_say_what_every_key_means() -> None:
    for key, schema in iter_properties(SCHEMA):
        described = schema if "description" in schema else DEFS[schema["$ref"].rpartition("/")[2]]
        assert described["description"].endswith("."), key


def test_every_key_is_in_the_reference() -> None:
    page = (DOCS / "gagefile.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([^`\n]+)`", page))
    for key, _ in iter_properties(SCHEMA):
        assert key in told, key


def test_it_knows_the_spellings_that_are_understood() -> None:
    types = DEFS["dependency"]["properties"]["type"]["enum"]
    assert {*types, "url"} == set(DEPENDENCY_TYPES)
    assert set(DEFS["config-key"]["properties"]["type"]["enum"]) == set(CONFIG_TYPES)
    assert set(DEFS["phase"]["anyOf"][2]["properties"]) == set(SYSTEM_WORDS)
    inputs = DEFS["is-dependency"]["anyOf"][1]["allOf"][1]["not"]["propertyNames"]["not"]["enum"]
    assert set(inputs) == set(INPUT_KEYS)
    assert set(inputs) <= set(DEFS["dependency"]["properties"])


def test_any_order_of_words_is_no_fault() -> None:
    assert judge({"train": {"exec": "true"}, "$namespace": "a b"}) == []
