"""Values set in documents; random documents in any spelling, and random values for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from git_gage.config.formats import change_values
from git_gage.config.values import Value
from git_gage.errors import RequestError


def set_values(name: str, data: str, /, **words: str) -> str:
    """The text with values set: `a__0="int 3"` sets `a.0` to the integer 3."""
    changes = {}
    for key, word in words.items():
        place = tuple(int(part) if part.isdigit() else part for part in key.split("__"))
        changes[place] = Value(*word.partition(" ")[::2])
    return change_values(data.encode(), name, changes).decode()


def refuse_values(name: str, data: str, /, **words: str) -> str:
    """What is said of values that cannot be set."""
    with pytest.raises(RequestError) as caught:
        set_values(name, data, **words)
    return caught.value.message


_WORDS = ["lr", "model", "a b", "x.y", "", "é", "0", "yes", "#", "name: x", "'", '"', "-", "null"]
texts = st.one_of(
    st.sampled_from([*_WORDS, "1e3", "true", "~", "a, b", " x", "x ", "two\nlines", "tab\t", "\\"]),
    st.text(max_size=6),
)
keys = st.one_of(st.sampled_from(_WORDS), st.text(max_size=3))
numbers = st.one_of(
    st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.one_of(texts, numbers, st.booleans())
trees = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)
values = st.one_of(
    texts.map(lambda text: Value("str", text)),
    st.integers(-(10**20), 10**20).map(lambda number: Value("int", str(number))),
    st.sampled_from(["1e-3", "1", "0.10", "1_000.5", "-0.0", "1e300", ".5"]).map(
        lambda text: Value("float", text)
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: Value("float", repr(x))),
    st.sampled_from(["true", "false"]).map(lambda text: Value("bool", text)),
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


def quote(text: str) -> str:
    """A text between double quotes, as TOML and YAML read it."""
    return f'"{"".join(map(_escape, text))}"'


def _escape(char: str) -> str:
    if char in ('"', "\\"):
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def spell(value: float) -> str:
    """A number, true or false as TOML and YAML read it."""
    mantissa, e, exponent = repr(value).lower().partition("e")
    if isinstance(value, bool) or "." in mantissa or not e:
        return repr(value).lower()
    return f"{mantissa}.0e{exponent}"


class _Writer:
    """Spells values, each time in another way."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def pick(self, *choices: str) -> str:
        return str(self._draw(st.sampled_from(choices)))

    def flip(self) -> bool:
        return bool(self._draw(st.booleans()))


class _Json(_Writer):
    def gap(self) -> str:
        return self.pick("", "", " ", "\n", "\t", "// é: {\n", '/* " */', "\r\n  ")

    def write(self, value: Any) -> str:
        if isinstance(value, dict):
            items = [
                f"{self.gap()}{self.write(k)}{self.gap()}:{self.item(v)}" for k, v in value.items()
            ]
            return f"{{{self.join(items)}}}"
        if isinstance(value, list):
            return f"[{self.join([self.item(item) for item in value])}]"
        return json.dumps(value, ensure_ascii=self.flip())

    def item(self, value: Any) -> str:
        return f"{self.gap()}{self.write(value)}{self.gap()}"

    def join(self, items: list[str]) -> str:
        return ",".join(items) + ("," if items and self.flip() else "") + self.gap()


class _Toml(_Writer):
    def key(self, text: str) -> str:
        bare = text.isascii() and text.isalnum() and self.flip()
        return text if bare else quote(text)

    def write(self, value: Any) -> str:
        gap = self.pick("", " ")
        if isinstance(value, dict):
            pairs = (f"{gap}{self.key(k)}{gap}={gap}{self.write(v)}" for k, v in value.items())
            return f"{{{','.join(pairs)}{gap}}}"
        if isinstance(value, list):
            new = self.pick("", "\n", " # ]\n  ")
            return f"[{new}{','.join(f'{self.write(item)}{new}' for item in value)}]"
        if isinstance(value, str):
            plain = value.isprintable() and "'" not in value
            forms = [quote(value), f'"""\n{quote(value)[1:-1]}"""']
            return self.pick(*forms, *([f"'{value}'", f"'''{value}'''"] if plain else []))
        return spell(value)

    def table(self, value: dict[str, Any], path: tuple[str, ...]) -> list[str]:
        comments = ("", "", " # é = 1", "\t#")
        lines, later = [], []
        for name, item in value.items():
            if isinstance(item, dict) and item and self.flip():
                here = (*path, name)
                later.append(f"[{'.'.join(map(self.key, here))}]{self.pick(*comments)}")
                later += self.table(item, here)
            else:
                gap = self.pick("", " ")
                pair = f"{gap}{self.key(name)}{gap}={gap}{self.write(item)}"
                lines.append(f"{pair}{self.pick(*comments)}")
        return lines + later


class _Yaml(_Writer):
    def comment(self) -> str:
        return self.pick("", "", "  # é: 1", " #")

    def write(self, value: Any) -> str:
        gap = self.pick("", " ")
        if isinstance(value, dict):
            pairs = (f"{gap}{quote(k)}: {self.write(v)}" for k, v in value.items())
            return f"{{{','.join(pairs)}{gap}}}"
        if isinstance(value, list):
            return f"[{gap}{f'{gap}, '.join(map(self.write, value))}]"
        if isinstance(value, str):
            doubled = value.replace("'", "''")
            single = [f"'{doubled}'"] if value.isprintable() else []
            plain = [value] if value in ("lr", "model", "a b", "x.y", "é") else []
            return self.pick(quote(value), *single, *plain)
        return spell(value)

    def block(self, value: Any, indent: str) -> str:
        """What stands behind a key or a dash, down to the end of its last line."""
        if isinstance(value, dict | list) and value and self.flip():
            inner = indent + self.pick(" ", "  ")
            pairs = value.items() if isinstance(value, dict) else [(None, item) for item in value]
            lines = (
                f"{inner}{'-' if k is None else f'{quote(k)}:'}{self.block(item, inner)}"
                for k, item in pairs
            )
            return f"{self.comment()}\n{''.join(lines)}"
        if value == "two\nlines" and self.flip():
            return f" {self.pick('|-', '>-')}{self.comment()}\n{indent} two\n{indent} lines\n"
        return f" {self.write(value)}{self.comment()}\n"


@st.composite
def json_documents(draw: Draw) -> str:
    return _Json(draw).item(draw(trees))


@st.composite
def toml_documents(draw: Draw) -> str:
    writer = _Toml(draw)
    return writer.pick("\n", "\r\n").join(writer.table(draw(trees), ()))


@st.composite
def yaml_documents(draw: Draw) -> str:
    writer = _Yaml(draw)
    lines = (f"{quote(key)}:{writer.block(item, '')}" for key, item in draw(trees).items())
    return writer.pick("", "---\n", "# é\n") + "".join(lines)
