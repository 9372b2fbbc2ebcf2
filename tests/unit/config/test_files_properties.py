"""Config applied to any Python: only what was chosen changes; and any words: refused or applied."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from git_gage.config.constants import find_constants
from git_gage.config.files import apply, find_keys
from git_gage.config.script import parse_script
from git_gage.config.typed import spell_value
from git_gage.errors import ConfigError, RequestError
from git_gage.gagefile.model import ConfigKey
from tests.unit.config.operations import operation, run

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_NAMES = st.sampled_from(["lr", "a", "b c", "ä", "9"])
_PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
    | _TEXT.map(str.encode)
)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(_NAMES, inner, max_size=3)
        | st.sets(st.integers(), max_size=3)
    ),
    max_leaves=8,
)
_WORDS = st.sampled_from(
    ["1", "-2.5", "true", "none", "", "it's", "[1]", '"', "1e999", "\\", "é\n"]
)


@st.composite
def _scripts(draw: st.DrawFn) -> str:
    """A script of assignments, with whatever else there may be between them."""
    lines = []
    for name in draw(st.lists(st.sampled_from(["x", "y", "z", "été"]), min_size=1, max_size=4)):
        before = draw(
            st.sampled_from(["", "# é ✓\n", "import os\n", "if 1:\n    pass\n", "'''x\n'''\n"])
        )
        mark = draw(st.sampled_from([" = ", "=", ": object = "]))
        after = draw(st.sampled_from(["", "  # why", "; q = f'{1}'"]))
        lines.append(f"{before}{name}{mark}{spell_value(draw(_VALUES), 'utf-8')}{after}")
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n"]))


def _held(script: bytes) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(script, "train.py", "exec"), names)
    return {name: value for name, value in names.items() if name not in ("__builtins__", "os")}


def _leaves(value: Any, place: str) -> dict[str, str]:
    """What a value holds, by place, spelled so that nan is nan and 1 is not true."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list | tuple):
        items = list(enumerate(value))
    else:
        return {place: repr(sorted(value) if isinstance(value, set) else value)}
    found = {place: type(value).__name__}
    for key, item in items:
        found |= _leaves(item, f"{place}.{key}")
    return found


def _all_leaves(script: bytes) -> dict[str, str]:
    held = _held(script)
    return {key: text for name in held for key, text in _leaves(held[name], name).items()}


@given(_scripts(), st.data())
def test_only_the_chosen_values_change(text: str, data: st.DataObject) -> None:
    source = text.encode()
    keys = find_keys(operation("train.py#**.*"), {"train.py": source}.get, [])
    names = data.draw(st.sets(st.sampled_from(["", *sorted(keys.known)]), max_size=3)) - {""}
    chosen = {name: data.draw(_WORDS) for name in sorted(names)}
    applied = apply(keys, [f"{name}:str={word}" for name, word in chosen.items()])
    changed = applied.replaced.get("train.py", source)

    before, after = _all_leaves(source), _all_leaves(changed)
    assert after == before | {name: repr(word) for name, word in chosen.items()}
    for name, word in chosen.items():
        assert applied.config[name].text == word

    script = parse_script(source, "train.py")
    constants = find_constants(script).known
    pieces, position = [], 0
    for start, end in sorted(script.find(constants[name].node) for name in chosen):
        pieces.append(re.escape(script.text[position:start]))
        position = end
    pieces.append(re.escape(script.text[position:]))
    assert re.fullmatch("(.*)".join(pieces), changed.decode(), re.DOTALL)


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0"), max_size=12)
        | st.tuples(
            st.sampled_from(
                ["lr", "x", "x.0", "n", "opt", "msg", "a.x", "c.toml#lr", "lr:int", "x:json"]
            ),
            _WORDS | _TEXT,
        ).map("=".join),
        max_size=5,
    )
)
def test_any_words_are_applied_or_refused(words: list[str]) -> None:
    script = [
        "import argparse",
        "x = [1, {'a': None}]",
        "n = b'a'",
        "parser = argparse.ArgumentParser()",
        "parser.add_argument('--lr', type=float)",
        "parser.add_argument('--opt', nargs='*')",
    ]
    files = {
        "train.py": "\n".join(script),
        "c.toml": "lr = 1\nday = 2020-01-01\n",
        "d.json": '{"msg": null}',
        "e.ini": "[a]\nx = 1\n",
    }
    found = operation(
        *("*.py#**.*", "train.py#x", "c.toml", "d.json", "e.ini#**.*"),
        ConfigKey("lr", min=0),
        ConfigKey("only", type="json"),
    )
    with suppress(RequestError, ConfigError):
        run(found, files, *words)
