"""Values of TOML, JSON and YAML, set with everything around them as it was."""

from __future__ import annotations

import pytest

from git_gage.config.documents import DocumentError, read_value
from git_gage.config.formats import change_values, list_values, list_wholes
from git_gage.errors import RequestError
from tests.unit.config.documents import refuse_values, set_values


def test_json_keeps_all_but_the_values() -> None:
    data = '{"a": 1, // c\n "b": [0.5, null],\t"s":"\\u00e9", "e":{}, /* x */ "t": true,}'
    changed = set_values(
        "params.json",
        data,
        a="int 1_000",
        b__0="float 1e-7",
        b__1="str x",
        s="str ü\x7f",
        e='json {"a": [1]}',
        t="bool false",
    )
    assert changed == (
        '{"a": 1000, // c\n "b": [1e-7, "x"],\t"s":"\\u00fc\\u007f", "e":{"a": [1]}, '
        '/* x */ "t": false,}'
    )


def test_toml_keeps_quotes_and_spelling_where_it_can() -> None:
    data = (
        "a = 1 # x\n"
        'b = "q" # y\n'
        "c = 'l'\n"
        "d = 'l'\n"
        'e = """\nml\n"""\n'
        "f = '''\r\nml'''\r\n"
        "[t]\nx = [1, 2.5, true]\nday=2020-01-01\nempty = []\nk.l = {m = 0xff}\n"
    )
    changed = set_values(
        "params.toml",
        data,
        a="int 0x10",
        b='str é"\\\n\t\x1b\U000e0001',
        c="str C:\\dir",
        d="str it's",
        e='str two\nlines"""\n',
        f="str a\nb",
        t__x__1="float 3",
        t__x__2="bool false",
        t__day="str 2021-02-03",
        t__empty='json [1, {"a b": 1.5, "c": []}]',
        t__k__l__m="int -1",
    )
    assert changed == (
        "a = 0x10 # x\n"
        'b = "é\\"\\\\\\n\\t\\u001b\\U000e0001" # y\n'
        "c = 'C:\\dir'\n"
        'd = "it\'s"\n'
        'e = """\ntwo\nlines\\"\\"\\"\n"""\n'
        "f = '''\r\na\r\nb'''\r\n"
        '[t]\nx = [1, 3.0, false]\nday=2021-02-03\nempty = [1, {"a b" = 1.5, c = []}]\n'
        "k.l = {m = -1}\n"
    )


def test_yaml_keeps_quotes_comments_and_lines_where_it_can() -> None:
    data = (
        "a: 1 # c\n"
        "b: text  # c\n"
        "c: 'q'\n"
        'd: "q"\n'
        "e:   # none\n"
        "f: |  # lit\n  one\n  two\n\n"
        "g: >-  # fold\n  fold\n  ed\n"
        "h: [a, 0.5, {x: ~}]\n"
        "l:\n  - 1  # one\n  - 2\n"
        "url: http://x/y\n"
        "day: 2020-01-01\n"
    )
    changed = set_values(
        "params.yaml",
        data,
        a="float 1e-5",
        b="str a, b",
        c="str it's",
        d="str \x07é",
        e="int 3",
        f="str new\n\nlines\n",
        g="str one",
        h__0="str a, b",
        h__1="float 1e300",
        h__2__x="str x: y",
        l__0="int 5",
        url="str https://u",
        day="str 2021-02-03",
    )
    assert changed == (
        "a: 1.0e-05 # c\n"
        "b: a, b  # c\n"
        "c: 'it''s'\n"
        'd: "\\u0007é"\n'
        "e: 3   # none\n"
        "f: |  # lit\n  new\n\n  lines\n\n"
        "g: >-  # fold\n  one\n"
        'h: ["a, b", 1.0e+300, {x: "x: y"}]\n'
        "l:\n  - 5  # one\n  - 2\n"
        "url: https://u\n"
        "day: 2021-02-03\n"
    )


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("text", "str true", '"true"'),
        ("text", "str 12", '"12"'),
        ("text", "str null", '"null"'),
        ("text", "str 2020-01-01", '"2020-01-01"'),
        ("text", "str 1e3", '"1e3"'),
        ("1e3", "str 1e4", '"1e4"'),
        ("0o17", "str 0o20", "0o20"),
        ("1e3", "float 1e4", "1e4"),
        ("1e3", "float 0.5", "0.5"),
        ("0.5", "float 1e4", "10000.0"),
        ("0.5", "float 1.5e3", "1500.0"),
        ("text", "float 1e4", "10000.0"),
        ("1_000", "int 2_000", "2_000"),
        ("text", "str N", '"N"'),
        ("text", "str ", '""'),
        ("text", "str a #b", '"a #b"'),
        ("text", "str a\nb", '"a\\nb"'),
        ("'text'", "str a\nb", '"a\\nb"'),
        ("'text'", "str yes", "'yes'"),
        ("1", "str 1", '"1"'),
        ("2020-01-01", "str soon", "soon"),
        ("|-\n  text", "str ", '""'),
        ("|-\n  text", "str  a", '" a"'),
        ("| # c\n  text", "str a", "a # c"),
        ("yes", "bool false", "no"),
        ("Off", "bool true", "On"),
        ("TRUE", "bool false", "FALSE"),
        ("no", "bool false", "no"),
        ("0.5", "bool false", "false"),
        ("text", "bool true", "true"),
        ("1", "float 1", "1.0"),
        ("1", "int 1_000", "1000"),
        ("1", "int 0x1F", "0x1F"),
        ("1", "int 0o17", "15"),
        ("0.5", "float 1.5E+3", "1.5E+3"),
        ("0.5", "float inf", ".inf"),
        ("0.5", "float -inf", "-.inf"),
        ("0.5", "float nan", ".nan"),
        ("0.5", "null null", "null"),
        ("~", "null null", "~"),
        ("0.50", "float 0.5", "0.50"),
        ("&x 0.5", "float 1.5", "&x 1.5"),
        ("&x", "float 1.5", "&x 1.5"),
        ("!!float 1", "float 2.5", "!!float 2.5"),
        ("{a: 1}", "json [1, null, {}]", "[1, null, {}]"),
        ("\n- 1 # x\n- 2", "json [1.5e-7]", "[1.5e-07]"),
        ("\n  - 1\n  # x\n  - - 2", 'json {"a": "b", "c": true}', '{"a": b, "c": true}'),
        ("\n  b: 1", "json [[]]", "[[]]"),
        (" # x\n  b: 1", "json []", " # x\n  []"),
    ],
)
def test_yaml_spelling_of_a_value(old: str, value: str, new: str) -> None:
    data = f"x: 1\na: {old}\ny: 2\n"
    assert set_values("a.yaml", data, a=value) == f"x: 1\na: {new}\ny: 2\n".replace("a: \n", "a:\n")


def test_value_of_an_alias_is_set_alone() -> None:
    data = "a: &x 1\nb: *x\nc: &t {d: 1}\ne:\n  <<: *t\n"
    assert set_values("a.yaml", data, b="int 2") == data.replace("*x", "2")
    assert list_values(data.encode(), "a.yaml")[("b",)].text == "1"
    assert refuse_values("a.yaml", data, a="int 2") == "cannot set 'a' alone: 'b' would change too"
    assert refuse_values("a.yaml", data, e__d="int 2") == (
        "cannot set 'e.d' alone: 'c.d' would change too"
    )
    assert set_values("a.yaml", data, c__d="int 20", e__d="int 20") == data.replace("d: 1", "d: 20")
    assert set_values("a.yaml", data, a="int 2", b="int 2") == "a: &x 2\nb: 2\n" + data[14:]


def test_whole_toml_table_with_a_header_cannot_be_set() -> None:
    assert refuse_values("a.toml", "[t]\na = 1\n", t='json {"a": 2}') == (
        "cannot set 't' in the way the file is written"
    )


def test_values_are_listed_by_place() -> None:
    data = (
        b"a: 0x1F\nb: [1_000, {c: 0o17, d: 010}]\ne: {}\nf: .inf\n"
        b"g: &g 2020-01-01\nh: *g\ni: 1:30\n"
    )
    listed = {place: tuple(value) for place, value in list_values(data, "a.yml").items()}
    assert listed == {
        ("a",): ("int", "0x1F"),
        ("b", 0): ("int", "1_000"),
        ("b", 1, "c"): ("str", "0o17"),
        ("b", 1, "d"): ("int", "8"),
        ("e",): ("json", "{}"),
        ("f",): ("float", "inf"),
        ("g",): ("str", "2020-01-01"),
        ("h",): ("str", "2020-01-01"),
        ("i",): ("int", "90"),
    }
    assert list_values(b"[1]", "a.json") == {(0,): ("int", "1")}
    assert list_values(b"1", "a.json") == {}


def test_lists_and_tables_are_listed_as_wholes() -> None:
    data = b"a: [1, {b: [x]}]\nc: {}\nd: [2020-01-01]\ne: 1\n"
    assert list_wholes(data, "a.yaml") == {
        ("a",): ("json", '[1, {"b": ["x"]}]'),
        ("a", 1): ("json", '{"b": ["x"]}'),
        ("a", 1, "b"): ("json", '["x"]'),
    }
    assert list_wholes(b"[a]\nb = 1", "a.ini") == {}


def test_everything_that_cannot_be_set_is_named() -> None:
    data = '{"a": 1.0, "b": 1, "c": null}'
    assert refuse_values("a.json", data, a="float nan", b="int x", c__d="int 1", e="int 1") == (
        "'a' cannot be 'nan': JSON has no spelling for it\n"
        "'b' cannot be 'x': it is no int\n"
        "there is no 'c.d'\n"
        "there is no 'e'"
    )
    assert refuse_values("a.toml", "a = 1", a="null null") == (
        "'a' cannot be 'null': TOML has no spelling for it"
    )


def test_broken_document_is_refused_with_its_place() -> None:
    with pytest.raises(DocumentError) as caught:
        change_values(b"a = 1\nb", "a.toml", {})
    assert (caught.value.line, caught.value.message) == (2, "expected '=' after a key")


def test_nothing_to_set_changes_nothing() -> None:
    assert set_values("a.json", '{"a": 1}') == '{"a": 1}'
    assert read_value(b"", "json") == {}
    assert list_values(b"", "a.toml") == {}
    with pytest.raises(RequestError):
        set_values("a.json", "", a="int 1")
