"""What a program leaves in summary.json, however it looks."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.metrics.summary_file import (
    MAX_BYTES,
    Summary,
    find_printed_summary,
    read_attributes,
    read_summary,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "summary.json"


def written(file: Path, text: str | bytes) -> Summary:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_summary(file)


def test_numbers_are_metrics(file: Path) -> None:
    summary = written(file, '{"loss": 0.25, "images": 1437}')
    assert summary.values == {"loss": 0.25, "images": 1437}
    assert summary.warnings() == []


def test_objects_give_dotted_names(file: Path) -> None:
    summary = written(file, '{"val": {"loss": 1, "top": {"5": 2}}, "empty": {}}')
    assert summary.values == {"val.loss": 1, "val.top.5": 2}


def test_nan_and_infinity_are_numbers(file: Path) -> None:
    summary = written(file, '{"a": NaN, "b": -Infinity}')
    assert math.isnan(summary.values["a"])
    assert summary.values["b"] == -math.inf


def test_what_is_no_number_is_named(file: Path) -> None:
    summary = written(
        file, '{"ok": true, "note": "good", "x": {"tags": [1]}, "none": null, "n": 1}'
    )
    assert summary.values == {"n": 1}
    assert summary.skipped == ["ok", "note", "x.tags", "none"]
    (warning,) = summary.warnings()
    assert warning.startswith("'summary.json': left out 'ok', 'note', 'x.tags', 'none' (only num")


def test_many_that_are_no_numbers_are_counted(file: Path) -> None:
    summary = written(file, json.dumps({f"s{number}": "" for number in range(1007)}))
    (warning,) = summary.warnings()
    assert warning.startswith(
        "'summary.json': left out 's0', 's1', 's2', 's3', 's4' and 1,002 more"
    )
    assert warning.endswith("(only numbers are metrics, at most 1,000)")


def test_numbers_over_the_limit_are_named(file: Path) -> None:
    summary = written(file, json.dumps({f"m{number}": number for number in range(1002)}))
    assert len(summary.values) == 1000
    assert summary.skipped == ["m1000", "m1001"]


@pytest.mark.parametrize(
    "name", ["", "x" * 257, "\ud800"], ids=["empty", "too long", "half a character"]
)
def test_names_that_are_no_names_are_left_out(file: Path, name: str) -> None:
    summary = written(file, json.dumps({name: 1, "loss": 2}))
    assert summary.values == {"loss": 2}
    assert len(summary.skipped) == 1


def test_number_that_no_metric_has_is_left_out(file: Path) -> None:
    assert written(file, '{"big": 1%s, "n": 1}' % ("0" * 64)).skipped == ["big"]


def test_deep_objects_are_cut_where_their_name_is_too_long(file: Path) -> None:
    summary = written(file, '{"a": ' * 300 + "1" + "}" * 300)
    assert summary.values == {}
    assert len(summary.skipped) == 1


def test_no_file_is_an_empty_summary(file: Path) -> None:
    assert read_summary(file) == Summary("summary.json", {}, {}, [], None, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"loss": 0.25', "line 1 is not JSON"),
        ('{\n"loss": 0.25,\n}', "line 3 is not JSON"),
        ("", "line 1 is not JSON"),
        (b'{"loss": 1, "x": "\xff\xff"}', "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ('{"x": 1%s}' % ("0" * 5000), "it is not JSON"),
        ("[1, 2]", "it is not an object of names and values"),
        ("3", "it is not an object of names and values"),
        ("{}" + " " * MAX_BYTES, "it has more than 1 MB"),
    ],
    ids=["cut", "line 3", "empty", "bytes", "deep", "long number", "list", "number", "large"],
)
def test_broken_file_is_a_warning(file: Path, text: str | bytes, problem: str) -> None:
    summary = written(file, text)
    assert summary.values == {}
    assert summary.warnings() == [f"'summary.json' was not read: {problem}"]


def test_file_of_just_the_limit_is_read(file: Path) -> None:
    text = '{"n": 1}'
    assert written(file, text + " " * (MAX_BYTES - len(text))).values == {"n": 1}


def test_folder_or_pipe_in_its_place_is_a_warning(file: Path) -> None:
    file.mkdir()
    assert read_summary(file).problem == "is a directory"
    file.rmdir()
    os.mkfifo(file)
    assert read_summary(file).problem == "it is not a regular file"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON)
def test_every_number_is_a_metric_or_named(tmp_path_factory: Any, value: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    summary = written(file, json.dumps(value))
    if isinstance(value, dict):
        named = len(summary.skipped) + len(summary.refused)
        assert len(summary.values) + named <= _count_leaves(value)
    else:
        assert summary.problem is not None


def _count_leaves(value: Any) -> int:
    return sum(map(_count_leaves, value.values())) if isinstance(value, dict) else 1


def test_metrics_and_attributes_as_gage_has_them(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    told = {
        "metrics": {"acc": {"value": 0.9, "label": "Accuracy"}, "loss": 2, "val": {"loss": 3}},
        "attributes": {"type": "demo", "ok": True, "list": [1], "long": "x" * 2000},
        "run": {"label": "x"},
        "more": 1,
    }
    path.write_text(json.dumps(told))
    found = read_summary(path)
    assert found.values == {"acc": 0.9, "loss": 2, "val.loss": 3}
    assert found.attributes == {"type": "demo", "ok": True}
    assert (found.skipped, found.refused) == (["more"], ["list", "long"])
    why = "attributes are texts up to 1,000 long, numbers, true, false, at most 1,000"
    assert found.warnings() == [
        "'results.json': left out 'more' (only numbers are metrics, at most 1,000)",
        f"'results.json': left out 'list', 'long' ({why})",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("zefile.toml", "[metrics]\nacc = 0.5\n[attributes]\nkind = 'x'\n"),
        ("zefile.yaml", "metrics:\n  acc: 0.5\nattributes: {kind: x}\n"),
    ],
)
def test_a_summary_in_another_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = read_summary(tmp_path / name)
    assert (found.values, found.attributes) == ({"acc": 0.5}, {"kind": "x"})


def test_a_summary_that_is_no_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("a = 1\nb = \n")
    (warning,) = read_summary(tmp_path / "s.toml").warnings()
    assert warning.startswith("'s.toml' was not read: line 2: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.attrs.json", '{"kind": "x", "layers": 3, "none": null, "list": [1]}'),
        ("a.attrs.json", '{"attributes": {"kind": "x", "layers": {"value": 3}, "none": null}}'),
        ("a.attrs", "kind: x\nlayers: 3\nnone: null\n"),
    ],
)
def test_files_of_attributes(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert read_attributes(tmp_path / name).attributes == {"kind": "x", "layers": 3, "none": None}


def test_a_file_of_attributes_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.attrs.json").write_text("[]")

    assert read_attributes(tmp_path / "a.attrs.json").warnings() == [
        "'a.attrs.json' was not read: it is not an object of names and values"
    ]


PRINTED = 'loading\n--- summary ---\n{"metrics": {"f": 3.4}, "attributes": {"s": "d"}}\n---\nbye\n'


@pytest.mark.parametrize(
    ("text", "pattern", "values", "attributes"),
    [
        ('{"metrics": {"i": 1}}\n', True, {"i": 1}, {}),
        ('{"i": 1}\n', True, {}, {}),
        ("[1]\n", True, {}, {}),
        ("{broken\n", True, {}, {}),
        ("nothing here\n", True, {}, {}),
        (PRINTED, True, {"f": 3.4}, {"s": "d"}),
        (PRINTED.replace("\n", "\r\n"), True, {"f": 3.4}, {"s": "d"}),
        (PRINTED, False, {}, {}),
        ("Summary:\n  i: 3\n  f: 3.4\n\nrest", "Summary:\n(.*?)\n\n", {"i": 3, "f": 3.4}, {}),
        ("Summary: x", "Summary", {}, {}),
    ],
)
def test_a_summary_that_is_printed(
    tmp_path: Path,
    text: str,
    pattern: bool | str,
    values: dict[str, float],
    attributes: dict[str, str],
) -> None:
    path = tmp_path / "output"
    path.write_bytes(text.encode())
    found = find_printed_summary(path, pattern)
    assert (found.values, found.attributes, found.problem) == (values, attributes, None)


def test_a_pattern_that_finds_something_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("Summary: [1, 2]\nSummary: {a: b: c}\n")
    for pattern in ("Summary: (.*?)\n", "(\\{.*\\})", "(Summary)"):
        (warning,) = find_printed_summary(path, pattern).warnings()
        assert warning.startswith("'output' was not read: what its pattern finds")
    assert find_printed_summary(tmp_path / "none", True).values == {}


@pytest.mark.parametrize("name", ["", "x" * 257, "\ud800"], ids=["empty", "too long", "half"])
def test_attributes_without_a_usable_name_are_left_out(file: Path, name: str) -> None:
    found = written(file, json.dumps({"attributes": {name: "text", "kind": "x"}}))
    assert found.attributes == {"kind": "x"}
    assert len(found.refused) == 1


def test_printed_blank_lines_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("--- summary ---\n" + "\n" * 100_000 + "x")
    assert find_printed_summary(path, True).problem is None
    path.write_text("--- summary ---\n\n x: 1 \n" + "\n" * 100_000 + "---\nx: 2\n---")
    assert find_printed_summary(path, True).values == {"x": 1}


def test_printed_summary_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "output"
    lines = "".join(f"m{number}: {number}\n" for number in range(100_000))
    path.write_text(f"{lines}metrics:\n  x: 1\n")
    assert find_printed_summary(path, True) == Summary("output", {}, {}, [], None, [])
    path.write_text(f"--- summary ---\n{lines}---\n")
    problem = "what its pattern finds has more than 1 MB"
    assert find_printed_summary(path, True).problem == problem


_STRANGE = st.lists(
    st.sampled_from(
        [
            b"\0",
            b"\xff\xfe",
            b"--- summary ---\n",
            b"---",
            b"metrics",
            b":",
            b" ",
            b"\n",
            b"{",
            b'"',
        ]
    )
    | st.binary(max_size=20)
).map(b"".join)


@given(_STRANGE, st.sampled_from(["json", "toml", "yaml", "yml", "txt"]))
def test_no_bytes_are_too_strange(tmp_path_factory: Any, content: bytes, ending: str) -> None:
    file = tmp_path_factory.getbasetemp() / f"strange.{ending}"
    written(file, content).warnings()
    for printed in (content, b"--- summary ---" + content + b"---", b"metrics:" + content):
        file.write_bytes(printed)
        find_printed_summary(file, True).warnings()
        find_printed_summary(file, "(?s)metrics(.*)").warnings()
