"""JSON for programs."""

from __future__ import annotations

import json

from git_gage.render.machine import format_array, format_json


def test_an_array_has_one_run_a_line() -> None:
    text = "".join(format_array(['{"id":"1"}', '{"label":"größer"}']))
    assert text == '[\n{"id":"1"},\n{"label": "gr\\u00f6\\u00dfer"}\n]\n'
    assert json.loads(text) == [{"id": "1"}, {"label": "größer"}]


def test_no_runs_are_an_empty_array() -> None:
    assert "".join(format_array([])) == "[]\n"


def test_json_is_ascii_whatever_was_recorded() -> None:
    assert format_json({"label": "\x9b\u202e"}) == '{\n  "label": "\\u009b\\u202e"\n}\n'
