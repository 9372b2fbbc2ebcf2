"""Whatever a gagefile holds, it is told or loaded: nothing else comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from git_gage.cli.check import explain_filter, explain_pattern
from git_gage.errors import ConfigError
from git_gage.gagefile.faults import find_faults
from git_gage.gagefile.load import check_file, load_gagefile
from git_gage.gagefile.patterns import Explain
from tests.support import scale

# Each alias stands for two of the one before.
BOMB = b"k: &k [x]\n" + b"".join(
    b"k%d: &k%d [*%s, *%s]\n" % (number, number, before, before)
    for number, before in enumerate([b"k", *(b"k%d" % number for number in range(30))])
)
EXPLAIN = Explain(explain_pattern, explain_filter)
HERE = Path(__file__).parent
KINDS = ("toml", "json", "yaml")
SEEDS = {
    kind: [path.read_bytes() for path in sorted((HERE / "broken").glob(f"*.{kind}"))]
    for kind in KINDS
}
WORDS = [
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b"'",
        b"=",
        b":",
        b",",
        b"#",
        b"\n",
        b"  ",
        b"- ",
        b"\0",
        b"\xff",
    ),
    *(b"exec", b"config", b"depends", b"type", b"name", b"select", b"run", b"files", b"default"),
    *(
        b"true",
        b"null",
        b"1",
        b"-1e999",
        b"nan",
        b"2026-11-22",
        b"&a",
        b"*a",
        b"<<: ",
        b"!!binary ",
    ),
    *(b"regex:(", b"run-files: ", b"url: x", b"{x}", b"exec.run[mac]", b"\\ud800", b"\t"),
]
# Any of them where a value may stand.
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = st.sampled_from(
    [
        *("exec", "config", "depends", "requires", "env", "timeout", "default", "version", "name"),
        *("type", "keys", "files", "select", "run", "runs", "run-select", "path", "link", "rename"),
        *("choices", "min", "max", "required", "operation", "resource", "file", "dvcfile", "url"),
        *("progress", "summary", "filename", "listing", "description", "exec.run", "run[mac]"),
        *("sourcecode", "attributes", "output-summary", "progress.run", "sha256", "windows", "mac"),
        *("output-metrics", "output-attrs", "output-scalars", r"(\value)"),
        *("run-files", "runs-summary", "file: x", "run: op", "", "$namespace", "$x", "{name}"),
    ]
)
TEXTS = KEYS | st.text(max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OPERATIONS = st.dictionaries(KEYS, VALUES, max_size=5)


def try_it(folder: Path, data: bytes, kind: str) -> None:
    """Check and load it; only that it cannot be read at all may be raised."""
    path = folder / f"gage.{kind}"
    path.write_bytes(data)
    checked = check_file(path, path.name, EXPLAIN)
    for fault in checked.faults:
        assert 1 <= fault.column < fault.end_column
        assert "\n" not in fault.source_line
    try:
        gagefile = load_gagefile(path, folder)
    except ConfigError:
        assert checked.operations is None
        return
    assert checked.operations is not None
    assert not set(gagefile.refused) & set(gagefile.operations)


many = settings(
    max_examples=scale(40, 1000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
@many
def test_any_bytes(tmp_path: Path, kind: str, data: bytes) -> None:
    try_it(tmp_path, data, kind)


@pytest.mark.parametrize("kind", KINDS)
@given(draw=st.data())
@many
def test_good_files_with_a_piece_cut_out_or_put_in(
    tmp_path: Path, kind: str, draw: st.DataObject
) -> None:
    data = draw.draw(st.sampled_from(SEEDS[kind]))
    for _ in range(draw.draw(st.integers(1, 3))):
        start = draw.draw(st.integers(0, len(data)))
        end = draw.draw(st.integers(start, min(start + 9, len(data))))
        data = data[:start] + draw.draw(st.sampled_from([b"", *WORDS])) + data[end:]
    try_it(tmp_path, data, kind)


@given(document=st.dictionaries(TEXTS, OPERATIONS, max_size=3))
@many
def test_any_tables_and_values(tmp_path: Path, document: dict[str, Any]) -> None:
    import json

    try_it(tmp_path, json.dumps(document).encode(), "json")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("json", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("yaml", b"[" * 5000),
        ("yaml", BOMB),
        ("yaml", b"a: &a {exec: *a}\n"),
        ("toml", b"a.b" + b".c" * 5000 + b" = 1"),
        ("toml", b'[a]\nexec = "' + b"{x}" * 50_000 + b'"'),
        ("json", b'{"a": {"output-summary": "' + b"(" * 50_000 + b'"}}'),
        ("json", b'{"a": {"timeout": "' + b"1" * 50_000 + b'x"}}'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_takes_long(kind: str, data: bytes) -> None:
    assert find_faults(data, kind, "f", EXPLAIN)
