"""How TOML, JSON and YAML spell a value, near to how the one before it was spelled.

Every spelling is tried: what reads as another value or type is not used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.documents import DocumentError, Node, read_tree
from git_gage.config.edits import leaves, to_python
from git_gage.config.typed import is_number_literal

if TYPE_CHECKING:
    from git_gage.config.values import Value

# Words that some YAML programs read as true or false, PyYAML's among them or not.
_YAML_BOOLS = {"yes": "no", "no": "yes", "on": "off", "off": "on"}
_YAML_WORDS = ("y", "n")
_TOML_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLOCK = re.compile(
    r"(?P<header>[|>][-+0-9]*)(?P<comment>[^\r\n]*)(?P<end>\r?\n|$)(?:[ ]*\r?\n)*(?P<indent>[ ]*)"
)


class Spelling(NamedTuple):
    """How a value is spelled, and what that reads as."""

    text: str
    value: Any


def respell(kind: str, value: Value, old: Node, *, flow: bool = False) -> Spelling:
    """A value as a document of this kind spells it in the place of another.

    flow: the place is between brackets or braces of YAML.
    Raises: ValueError that says why it cannot.
    """
    wanted = to_python(value)
    if old.kind == "date" and isinstance(wanted, str):
        date = _read(kind, wanted)
        if date is not None and date.kind == "date":
            return Spelling(wanted, date.value)
    return Spelling(_spell(kind, wanted, value.text, old.spelled, flow), wanted)


def _spell(kind: str, value: Any, text: str, like: str, flow: bool) -> str:
    if isinstance(value, dict):
        items = (
            f"{_spell_key(kind, key)} {_spell(kind, item, '', '', True)}"
            for key, item in value.items()
        )
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_spell(kind, item, '', '', True) for item in value)}]"
    for candidate in _candidates(kind, value, text, like):
        if _reads_as(kind, candidate, value, flow):
            return candidate
    raise ValueError(f"{kind.upper()} has no spelling for it")


def _spell_key(kind: str, key: str) -> str:
    if kind == "toml":
        return f"{key} =" if _TOML_BARE.fullmatch(key) else f'"{_escape_all(key)}" ='
    return f"{json.dumps(key)}:"


def _reads_as(kind: str, text: str, value: Any, flow: bool) -> bool:
    node = _read(kind, text)
    if node is None or leaves(node.value) != leaves(value):
        return False
    if kind != "yaml" or not flow:
        return True
    inner = _read(kind, f"[{text}, {{x: {text}}}]")
    return inner is not None and leaves(inner.value) == leaves([value, {"x": value}])


def _read(kind: str, text: str) -> Node | None:
    """The value that a spelling stands for, None if it is no value at all."""
    before, after = {"json": ('{"x": ', "}"), "toml": ("x = ", ""), "yaml": ("x: ", "\n")}[kind]
    try:
        tree = read_tree(f"{before}{text}{after}".encode(), kind)
    except DocumentError:
        return None
    return tree.entries[0].node if len(tree.entries) == 1 else None


def _candidates(kind: str, value: Any, text: str, like: str) -> Iterator[str]:
    if isinstance(value, bool):
        yield from _spell_bool(kind, value, like)
    elif isinstance(value, int | float):
        yield from _spell_number(kind, value, text, like)
    elif value is None:
        yield "null"
    elif kind == "toml":
        yield from _spell_toml(value, like)
    elif kind == "yaml":
        yield from _spell_yaml(value, like)
    else:
        yield json.dumps(value, ensure_ascii="\\u" in like)


def _spell_bool(kind: str, value: bool, like: str) -> tuple[str, ...]:
    word = "true" if value else "false"
    if kind != "yaml":
        return (word,)
    near = _YAML_BOOLS.get(like.lower(), word)
    return like, near.upper() if like.isupper() else near.title() if like.istitle() else near


def _spell_number(kind: str, value: float, text: str, like: str) -> Iterator[str]:
    plain = repr(value)
    loose = is_number_literal(like) and not _is_plain_yaml(like)
    for candidate in (text, plain, re.sub(r"^(-?\d+)e", r"\1.0e", plain)):
        if kind != "yaml" or loose or _is_plain_yaml(candidate):
            yield candidate
    yield plain.replace("inf", ".inf").replace("nan", ".nan")


def _is_plain_yaml(number: str) -> bool:
    """Whether all YAML programs read a number as one; 1e3 and 1_000 only some do."""
    mantissa, e, exponent = number.lower().partition("e")
    return "_" not in number and (not e or ("." in mantissa and exponent[:1] in ("-", "+")))


def _spell_toml(text: str, like: str) -> Iterator[str]:
    end = "\r\n" if "\r\n" in like else "\n"
    first = end if like[3:].startswith(end) else ""
    if like.startswith("'''"):
        lines = text.split("\n")
        yield f"'''{first}{end.join(lines)}'''"
    elif like.startswith("'"):
        yield f"'{text}'"
    elif like.startswith('"""'):
        lines = [_escape_all(line) for line in text.split("\n")]
        yield f'"""{first}{end.join(lines)}"""'
    yield f'"{_escape_all(text)}"'


def _spell_yaml(text: str, like: str) -> Iterator[str]:
    block = _BLOCK.match(like)
    comment = block["comment"] if block else ""
    if block and block["indent"] and text.removesuffix("\n") == text.rstrip() != "":
        lines = text.removesuffix("\n").split("\n")
        body = block["end"].join(f"{block['indent']}{line}" if line else "" for line in lines)
        yield f"{block['header']}{comment}{block['end']}{body}"
    if like.startswith("'"):
        doubled = text.replace("'", "''")
        yield f"'{doubled}'"
    elif not like.startswith('"'):
        # Other programs than PyYAML read 1e3 as a number, and some y as true.
        odd = is_number_literal(text) and not is_number_literal(like)
        if not odd and text.lower() not in _YAML_WORDS:
            yield f"{text}{comment}"
    yield f'"{_escape_all(text)}"{comment}'


def _escape_all(text: str) -> str:
    """A text as it stands between double quotes in JSON, TOML and YAML alike."""
    return "".join(map(_escape, text))


def _escape(char: str) -> str:
    if char in ('"', "\\"):
        return f"\\{char}"
    if char.isprintable():
        return char
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    code = ord(char)
    return short or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")
