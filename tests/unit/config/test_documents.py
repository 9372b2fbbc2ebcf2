"""TOML, JSON and YAML as trees: what is read, where it stands, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from git_gage.config.documents import (
    DocumentError,
    Node,
    find,
    kind_of_file,
    line_column,
    read_tree,
    read_value,
)

KINDS = ("toml", "json", "yaml")


def places(data: bytes, kind: str) -> list[tuple[Any, ...]]:
    """Every entry: path, kind, and the bytes of its key and its value."""

    def walk(node: Node, path: str) -> list[tuple[Any, ...]]:
        found = []
        for entry in node.entries:
            here = f"{path}{entry.key}"
            key, value = (
                data[entry.key_start : entry.key_end].decode(),
                data[entry.node.start : entry.node.end].decode(),
            )
            found.append((here, entry.node.kind, key, value))
            found += walk(entry.node, f"{here}/")
        return found

    return walk(read_tree(data, kind), "")


def refuse(data: bytes, kind: str) -> tuple[str, int, int]:
    with pytest.raises(DocumentError) as caught:
        read_value(data, kind)
    error = caught.value
    assert line_column(data, error.offset) == (error.line, error.column)
    assert error.exit_code == 128
    return error.message, error.line, error.column


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gage.toml", "toml"),
        ("dir/params.json", "json"),
        ("tsconfig.JSONC", "json"),
        ("a.b.yaml", "yaml"),
        ("a.yml", "yaml"),
        ("train.py", None),
        ("json", None),
        ("toml/README", None),
    ],
)
def test_kind_of_a_file(name: str, kind: str | None) -> None:
    assert kind_of_file(name) == kind


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_empty_file_is_an_empty_table(kind: str, mark: bytes) -> None:
    assert read_tree(mark, kind) == Node("table", {}, 0, len(mark))
    assert read_tree(mark + b"\r\n\n", kind).value == {}


def test_file_of_comments_is_an_empty_table() -> None:
    assert read_value(b"# nothing\n", "toml") == {}
    assert read_value(b"// nothing\n/* at\nall */", "json") == {}
    assert read_value(b"---\n# nothing\n", "yaml") == {}


def test_every_kind_of_toml_key_has_its_place() -> None:
    data = (
        b"lr = 1e-3 # rate\r\n"
        b"a.b.\"c d\" = 'x'\r\n"
        b"[t]\r\n"
        b'x = [1, {k = 1979-05-27 07:32:00}, """a"b""""]\r\n'
        b"[[t.run]]\n"
        b"on = true\n"
        b"[[t.run]]\n"
        b"n = '''it's'''\n"
        b"[t.run.deep]\n"
        b"inline = {p=0x1F,\n # of two lines\n q=-inf,\n}\n"
        b"[t.y]\n"
        b"[u.v.w]\n"
        b"[u.v]\n"
        b"z = 07:32\n"
    )
    assert places(data, "toml") == [
        ("lr", "float", "lr", "1e-3"),
        ("a", "table", "a", "a"),
        ("a/b", "table", "b", "b"),
        ("a/b/c d", "text", '"c d"', "'x'"),
        ("t", "table", "t", "[t]"),
        ("t/x", "array", "x", '[1, {k = 1979-05-27 07:32:00}, """a"b""""]'),
        ("t/x/0", "int", "1", "1"),
        ("t/x/1", "table", "{k = 1979-05-27 07:32:00}", "{k = 1979-05-27 07:32:00}"),
        ("t/x/1/k", "date", "k", "1979-05-27 07:32:00"),
        ("t/x/2", "text", '"""a"b""""', '"""a"b""""'),
        ("t/run", "array", "run", "[[t.run]]"),
        ("t/run/0", "table", "[[t.run]]", "[[t.run]]"),
        ("t/run/0/on", "bool", "on", "true"),
        ("t/run/1", "table", "[[t.run]]", "[[t.run]]"),
        ("t/run/1/n", "text", "n", "'''it's'''"),
        ("t/run/1/deep", "table", "deep", "[t.run.deep]"),
        ("t/run/1/deep/inline", "table", "inline", "{p=0x1F,\n # of two lines\n q=-inf,\n}"),
        ("t/run/1/deep/inline/p", "int", "p", "0x1F"),
        ("t/run/1/deep/inline/q", "float", "q", "-inf"),
        ("t/y", "table", "y", "[t.y]"),
        ("u", "table", "u", "u"),
        ("u/v", "table", "v", "[u.v]"),
        ("u/v/w", "table", "w", "[u.v.w]"),
        ("u/v/z", "date", "z", "07:32"),
    ]
    assert read_value(data, "toml") == {
        "lr": 0.001,
        "a": {"b": {"c d": "x"}},
        "t": {
            "x": [1, {"k": dt.datetime(1979, 5, 27, 7, 32)}, 'a"b"'],  # noqa: DTZ001
            "run": [
                {"on": True},
                {"n": "it's", "deep": {"inline": {"p": 31, "q": -math.inf}}},
            ],
            "y": {},
        },
        "u": {"v": {"w": {}, "z": dt.time(7, 32)}},
    }


def test_toml_spellings_that_are_no_faults() -> None:
    data = b'a = ""\nb = \'\'\nc = """"""\n"" = 1\n\'d.e\' = 2\n"\\u00e9" = 3\n[ f . g ]\n[[ h ]]\n'
    value = {"a": "", "b": "", "c": "", "": 1, "d.e": 2, "é": 3, "f": {"g": {}}, "h": [{}]}
    assert read_value(data, "toml") == value
    assert read_value(b"a.b = 1\na.c = 2\n[x]\na.b = 1\n[x.a.d]\n", "toml") == {
        "a": {"b": 1, "c": 2},
        "x": {"a": {"b": 1, "d": {}}},
    }


def test_json_may_have_comments_and_trailing_commas() -> None:
    data = (
        b'{ // first\n  "a": /* one */ -1.5e3,\n  "b//": ["/*", null, true, NaN,], /* , */\n'
        b'  "c": {"d": "\\u00e9\\ud83d\\ude00"},\n}\n// end'
    )
    assert places(data, "json") == [
        ("a", "float", '"a"', "-1.5e3"),
        ("b//", "array", '"b//"', '["/*", null, true, NaN,]'),
        ("b///0", "text", '"/*"', '"/*"'),
        ("b///1", "null", "null", "null"),
        ("b///2", "bool", "true", "true"),
        ("b///3", "float", "NaN", "NaN"),
        ("c", "table", '"c"', '{"d": "\\u00e9\\ud83d\\ude00"}'),
        ("c/d", "text", '"d"', '"\\u00e9\\ud83d\\ude00"'),
    ]
    assert read_value(b'[{}, [], -0, 1E2, "", Infinity]', "json") == [{}, [], 0, 100, "", math.inf]
    assert read_value(b' "text" ', "json") == "text"


@pytest.mark.parametrize("fast", [True, False])
def test_yaml_has_places_in_bytes(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fast:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    data = (
        "\ufeff# ä\nrate: 1.5 # ü\n'größe': [größer, \"ä\", {tief: 0x1F}]\nday: 2020-01-02\n"
        "list:\n- a\n-   - b\nnone: ~\nempty:\ntext: |  # ö\n  one\n  two\n\n# end\n"
        "? odd\n: folded\n  text\n"
    ).encode()
    assert places(data, "yaml") == [
        ("rate", "float", "rate", "1.5"),
        ("größe", "array", "'größe'", '[größer, "ä", {tief: 0x1F}]'),
        ("größe/0", "text", "größer", "größer"),
        ("größe/1", "text", '"ä"', '"ä"'),
        ("größe/2", "table", "{tief: 0x1F}", "{tief: 0x1F}"),
        ("größe/2/tief", "int", "tief", "0x1F"),
        ("day", "date", "day", "2020-01-02"),
        ("list", "array", "list", "- a\n-   - b"),
        ("list/0", "text", "a", "a"),
        ("list/1", "array", "- b", "- b"),
        ("list/1/0", "text", "b", "b"),
        ("none", "null", "none", "~"),
        ("empty", "null", "empty", ""),
        ("text", "text", "text", "|  # ö\n  one\n  two"),
        ("odd", "text", "odd", "folded\n  text"),
    ]
    assert find(read_tree(data, "yaml"), ["text"])[3].value == "one\ntwo\n"  # type: ignore[index]


def test_yaml_number_without_a_point_is_one() -> None:
    data = b"[1e-3, 1.5E3, .5e1, 1.e+1, -2e2, '1e3', 1e, e3, 0o17, 1_0.0]"
    assert read_value(data, "yaml") == [
        *(0.001, 1500.0, 5.0, 10.0, -200.0, "1e3", "1e", "e3", "0o17", 10.0)
    ]


def test_yaml_booleans_of_1_1_keep_their_spelling() -> None:
    tree = read_tree(b"on: yes\noff: 'no'\n1: off\n", "yaml")
    assert tree.value == {"on": True, "off": "no", "1": False}
    assert [entry.node.spelled for entry in tree.entries] == ["yes", "'no'", "off"]


def test_yaml_anchors_aliases_and_merged_tables() -> None:
    data = (
        b"base: &base {lr: &lr !!float 1, n: 2}\n"
        b"more: &more\n  n: 3\n  x: !!str 4\n"
        b"a:\n  <<: *base\n  n: 5\n"
        b"b:\n  <<: [*more, *base]\n"
        b"c: [*lr, *base]\n"
        b"d: !!map {'<<': 1, e: &none }\n"
        b"f: !!seq [<<, =]\n"
    )
    assert read_value(data, "yaml") == {
        "base": {"lr": 1.0, "n": 2},
        "more": {"n": 3, "x": "4"},
        "a": {"lr": 1.0, "n": 5},
        "b": {"lr": 1.0, "n": 3, "x": "4"},
        "c": [1.0, {"lr": 1.0, "n": 2}],
        "d": {"<<": 1, "e": None},
        "f": ["<<", "="],
    }
    found = {path: (value, kind) for path, kind, _, value in places(data, "yaml")}
    assert found["base/lr"] == ("1", "float")
    assert found["a/lr"] == ("1", "float")
    assert found["c/0"] == ("*lr", "float")
    assert found["c/1"] == ("*base", "table")
    assert found["a"] == ("<<: *base\n  n: 5", "table")


def test_find_follows_keys_and_indexes() -> None:
    data = b"[a]\nb = [{c = 1}]\n1 = 2\n"
    tree = read_tree(data, "toml")
    entry = find(tree, ["a", "b", 0, "c"])
    assert entry is not None
    assert (entry.key, data[entry.key_start : entry.key_end], entry.node.value) == ("c", b"c", 1)
    assert find(tree, ["a", "b", 1]) is None
    assert find(tree, ["a", 1]) is None
    assert find(tree, ["a", "b", 0, "c", "d"]) is None
    assert find(tree, []) is None


def test_lines_and_columns_are_those_of_editors() -> None:
    data = "\ufeffä = 1\r\nöö = x".encode()
    assert line_column(data, 0) == (1, 1)
    assert line_column(data, 3) == (1, 1)
    assert line_column(data, data.index(b"1")) == (1, 5)
    assert line_column(data, data.index(b"x")) == (2, 6)
    assert line_column(data, len(data)) == (2, 7)


@pytest.mark.parametrize(
    ("kind", "data", "message", "line", "column"),
    [
        (kind, data, message, line, column)
        for message, faults in {
            "not text in UTF-8": [
                ("toml", b"a = 1\nb = '\xff'", 2, 6),
                ("json", b'{"a": 1,\n "\xff": 2}', 2, 3),
                ("yaml", b"a: 1\nb: \xff", 2, 4),
            ],
            "key 'b' is given twice": [
                ("toml", b"b = 1\n b = 2\n", 2, 2),
                ("toml", b"[b]\n[c]\n[b]\n", 3, 2),
                ("toml", b"a.b = 1\n[a.b]\n", 2, 4),
                ("toml", b"a.b.c = 1\n[a.b]\n", 2, 4),
                ("toml", b"b = {c = 1}\n[b.d]\n", 2, 2),
                ("toml", b"b = {c = 1}\nb.d = 1\n", 2, 1),
                ("toml", b"a = {b = 1, b = 2}\n", 1, 13),
                ("toml", b"b = []\n[[b]]\n", 2, 3),
                ("toml", b"[b]\n[[b]]\n", 2, 3),
                ("toml", b"[[b]]\n[b]\n", 2, 2),
                ("toml", b"b = 1\n[b.c]\n", 2, 2),
                ("toml", b"[a.b]\n[a]\nb.c = 1\n", 3, 1),
                ("toml", b"[a.c.b.d]\n[a]\nc.b.e = 1\n[x]\n[a.c.b]\n", 5, 6),
                ("json", b'{"b": 1,\n "b": 2}', 2, 2),
                ("yaml", b"b: 1\na: 2\nb: 3\n", 3, 1),
                ("yaml", b"{b: 1, 'b': 3}\n", 1, 8),
            ],
            "key '<<' is given twice": [("yaml", b"a: &a {}\nb:\n  <<: *a\n  <<: *a\n", 4, 3)],
            "unclosed string": [
                ("toml", b"a = 'x\nb = 1", 1, 5),
                ("toml", b'a = "x', 1, 5),
                ("toml", b'a = """x"', 1, 5),
                ("toml", b"a = '''x''\n", 1, 5),
                ("toml", b'"a = 1\n', 1, 1),
                ("json", b'{"a": "x\n}', 1, 7),
                ("json", b'{"a', 1, 2),
                ("json", b'["\\', 1, 2),
                ("yaml", b"a: 'x\nb: 1\n", 1, 4),
                ("yaml", b'a: "x\n---\n"', 1, 4),
            ],
            "unclosed '['": [
                ("toml", b"a = [1,\n", 1, 5),
                ("json", b'{"a": [1, ', 1, 7),
                ("yaml", b"a: [1,\n", 1, 4),
            ],
            "unclosed '{'": [
                ("toml", b"a = {b = 1\n", 1, 5),
                ("json", b"{", 1, 1),
                ("yaml", b"a: {b: 1\n", 1, 4),
            ],
            "unclosed comment": [("json", b'{"a": 1} /* end', 1, 10)],
            "expected ',' or ']'": [
                ("toml", b"a = [1 2]", 1, 8),
                ("json", b"[1 2]", 1, 4),
                ("yaml", b"a: [b\nc: 1", 2, 2),
            ],
            "expected ',' or '}'": [
                ("toml", b"a = {b = 1 c = 2}", 1, 12),
                ("json", b'{"a": 1 "b": 2}', 1, 9),
                ("yaml", b'{"a": "b" "c": 2}', 1, 11),
            ],
            "expected '=' after a key": [("toml", b"a = 1\nb", 2, 2), ("toml", b"a : 1", 1, 3)],
            "expected ':' after a key": [
                ("json", b'{"a" 1}', 1, 6),
                ("json", b'{"a"', 1, 5),
                ("yaml", b"a: 1\nb\nc: 2\n", 2, 1),
            ],
            "expected a key": [
                ("toml", b"= 1", 1, 1),
                ("toml", b"[]", 1, 2),
                ("toml", b"a. = 1", 1, 4),
                ("json", b'{"a": 1,,}', 1, 9),
                ("yaml", b"? \n: 1", 1, 2),
            ],
            "a key needs double quotes": [
                ("json", b"{a: 1}", 1, 2),
                ("json", b"{'a': 1}", 1, 2),
            ],
            "a key must be a text": [
                ("yaml", b"? [a]\n: 1\n", 1, 3),
                ("yaml", b"a: &a b\n*a : 1\n", 2, 1),
            ],
            "expected a value": [
                ("toml", b"a =\n", 1, 4),
                ("toml", b"a = # x", 1, 5),
                ("json", b'{"a": }', 1, 7),
                ("json", b"[1,,2]", 1, 4),
                ("yaml", b"a: ]", 1, 4),
            ],
            "'foo' is no value (a text needs quotes)": [("toml", b"a = foo", 1, 5)],
            "'01' is no value (a text needs quotes)": [("toml", b"a = 01", 1, 5)],
            "'foo' is no value (a text needs double quotes)": [("json", b'{"a": foo}', 1, 7)],
            f"'{'x' * 39}…' is no value (a text needs quotes)": [("toml", b"a=" + b"x" * 50, 1, 3)],
            "'2020-99-01' is no value": [("yaml", b"a: 2020-99-01", 1, 4)],
            "'''' is no value": [("yaml", b"a: !!int ''", 1, 10)],
            "no such date": [("toml", b"a = 2021-02-29", 1, 5)],
            "no such character or number": [("yaml", b'"\\UFFFFFFFF"', 1, 4)],
            "a number with too many digits": [
                ("toml", b"a = 1" + b"0" * 5000, 1, 5),
                ("json", b"[1" + b"0" * 5000 + b"]", 1, 2),
            ],
            "expected the end of the line": [
                ("toml", b"a = 1 b = 2", 1, 7),
                ("toml", b"[a] b = 2", 1, 5),
            ],
            "expected the end of the file": [
                ("json", b"{} {}", 1, 4),
                ("yaml", b"[a]\nb", 2, 1),
            ],
            "expected ']'": [("toml", b"[a\n", 1, 3)],
            "expected ']]'": [("toml", b"[[a]\n", 1, 4)],
            "a control character": [
                ("toml", b"a = 'x\x01'", 1, 7),
                ("toml", b'a = "x\x01"', 1, 7),
                ("yaml", b"\xc3\xa9: 1\x01", 1, 5),
            ],
            "a control character in a string": [("json", b'["x\x01"]', 1, 4)],
            "bad escape in a string": [
                ("toml", b'a = "\\q"', 1, 8),
                ("toml", b'"\\q" = 1', 1, 4),
                ("toml", b'a = "\\xz"', 1, 8),
                ("json", b'["\\q"]', 1, 2),
                ("yaml", b'a: "\\q"', 1, 6),
                ("yaml", b'a: "\\xz"', 1, 7),
            ],
            "half of a surrogate pair in a string": [
                ("toml", b'a = "\\ud800"', 1, 12),
                ("json", b'["\\ud800"]', 1, 2),
                ("yaml", b'a: "\\ud800"', 1, 4),
            ],
            "nested too deeply": [
                ("toml", b"a=" + b"[" * 101, 1, 103),
                ("toml", b"a=" + b"[" * 500, 1, 103),
                ("toml", b".".join([b"a"] * 101) + b"=1", 1, 201),
                ("json", b"[" * 101, 1, 101),
                ("yaml", b"[" * 500, 1, 101),
            ],
            "more than one document": [("yaml", b"a: 1\n---\nb: 1\n", 2, 1)],
            "unknown alias '*b'": [
                ("yaml", b"a: *b\n", 1, 4),
                ("yaml", b"a: &b [*b]", 1, 8),
            ],
            "anchor '&b' is given twice": [("yaml", b"a: &b 1\nc: &b 2", 2, 4)],
            "'<<' needs a table": [
                ("yaml", b"<<: 1", 1, 5),
                ("yaml", b"a: &a {}\nb:\n  <<: [*a, c]", 3, 12),
            ],
            "the tag '!new' is not supported": [("yaml", b"a: !new 1", 1, 4)],
            "the tag '!!set' is not supported": [("yaml", b"a: !!set {b}", 1, 4)],
            "the tag '!!omap' is not supported": [("yaml", b"a: !!omap [b]", 1, 4)],
            "the tag '!!python/name:os.system' is not supported": [
                ("yaml", b"a: !!python/name:os.system ''", 1, 4)
            ],
            "unknown tag": [("yaml", b"a: !x!y 1", 1, 4)],
            "a tab cannot indent": [("yaml", b"a:\n\t- b", 2, 1)],
            "a text that starts with this sign needs quotes": [("yaml", b"a: @b", 1, 4)],
            "':' cannot stand here (other indentation, or quotes?)": [
                ("yaml", b"a: b: c", 1, 5),
                ("yaml", b"a: 1\n  b: 2", 2, 4),
            ],
            "'-' cannot stand here (other indentation, or quotes?)": [("yaml", b"a: - b", 1, 4)],
            "expected a key or item in line with those above": [("yaml", b"- a\nb: 1", 2, 1)],
            "not YAML": [("yaml", b"%YAML 3.0\n---\n", 1, 1)],
        }.items()
        for kind, data, line, column in faults
    ],
)
def test_fault_is_named_with_its_place(
    kind: str, data: bytes, message: str, line: int, column: int
) -> None:
    assert refuse(data, kind) == (message, line, column)


def test_first_fault_of_toml_is_named() -> None:
    assert refuse(b"a = '\x01'\nb\n", "toml") == ("a control character", 1, 6)
    assert refuse(b"b\na = '\x01'\n", "toml") == ("expected '=' after a key", 1, 2)


def test_aliases_are_bounded() -> None:
    laughs = [b"a0: &a0 [1,1,1,1,1,1,1,1,1]\n"]
    laughs += [
        b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 12)
    ]
    assert refuse(b"".join(laughs), "yaml")[0] == "aliases repeat more than 10,000 values"
    assert refuse(b"".join(laughs), "yaml")[1] == 5


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None)
@example(data=b"a: !<")
@example(data=b"a: |x\n b")
@example(data=b"%\n")
@example(data=b"\r")
@example(data=b"a = 1\r")
@given(
    data=st.one_of(
        st.binary(max_size=40),
        st.lists(
            st.sampled_from(
                [*"abx019 \n\r\t-:,[]{}\"'#=.\\|>&*!?%@<é\x00\x85", "\ufeff", "<<", "//", "/*"]
            ),
            max_size=25,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_garbage_is_read_or_refused(kind: str, data: bytes) -> None:
    try:
        tree = read_tree(data, kind)
    except DocumentError as caught:
        error = caught
    else:
        assert 0 <= tree.start <= tree.end <= len(data)
        return
    assert 0 <= error.offset <= len(data)
    assert error.message != "not TOML"
