"""Settings that are constants at the top of a script: `lr = 0.1`, `model = {"depth": 3}`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from git_gage.config.bindings import Binding, find_bindings
from git_gage.config.script import Script, parse_script, replace_values
from git_gage.config.typed import (
    CONTAINERS,
    as_value,
    is_number_literal,
    kind_of,
    read_literal,
    read_word,
    spell_number,
    spell_text,
    spell_value,
)
from git_gage.config.values import Value
from git_gage.config.words import Word, refuse_word
from git_gage.errors import RequestError

# What is longer is a table or a text, and a record has little room for it.
MAX_SPELLING = 1000
# A longer list or dict is data, in which nobody sets single values.
_MAX_NESTED = 50_000
_INSIDE, _NO_LITERAL, LONG = (
    "line {} is no plain assignment at the top level",
    "line {} does not give it a plain value",
    f"its value has more than {MAX_SPELLING:,} characters",
)
_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}


class Constant(NamedTuple):
    """A literal that a name of the script stands for, or one inside of its list, tuple or dict.

    kind: what a new value must be; doubt: why the script may not go on with a new value.
    """

    place: tuple[str | int, ...]
    kind: str
    node: ast.expr
    spelling: str
    value: Value
    doubt: str | None

    @property
    def name(self) -> str:
        """What it is called on the command line: `lr`, `model.depth`, `layers.0`."""
        return ".".join(map(str, self.place))

    @property
    def is_leaf(self) -> bool:
        """Whether it is a plain value, not a list or the like."""
        return self.kind not in CONTAINERS

    @property
    def is_long(self) -> bool:
        return len(self.spelling) > MAX_SPELLING


class Constants(NamedTuple):
    """All constants by name, in the order of the script, and why other names are none."""

    known: dict[str, Constant]
    refused: dict[str, str]


def find_constants(script: Script) -> Constants:
    """The script's constants; of a name that is given several, the last one."""
    assigned: dict[str, list[tuple[ast.stmt, ast.expr, bool]]] = {}
    for name, statement, value, is_float in _assignments(script.tree):
        assigned.setdefault(name, []).append((statement, value, is_float))
    found: list[Constant] = []
    refused: dict[str, str] = {}
    for name, bindings in find_bindings(script.tree).items():
        if name.startswith("__"):
            continue
        if name not in assigned:
            refused[name] = _INSIDE.format(bindings[0].line)
            continue
        constants = _read_last(script, name, assigned[name], bindings)
        found += constants
        if not any(constant.name == name for constant in constants):
            refused[name] = _explain(assigned[name][-1][1])
    found.sort(key=lambda constant: (constant.node.lineno, constant.node.col_offset))
    return Constants({constant.name: constant for constant in found}, refused)


def change_constants(
    script: Script, constants: Mapping[str, Constant], words: Mapping[str, Word]
) -> tuple[bytes, dict[str, Value], list[RequestError]]:
    """The script's bytes with new values, these values, and what was wrong with some words."""
    config: dict[str, Value] = {}
    changes: dict[tuple[int, int], tuple[str, str]] = {}
    problems: list[RequestError] = []
    for name, word in words.items():
        constant = constants[name]
        try:
            value = read_word(word.type or constant.kind, word.text)
        except ValueError:
            problems.append(refuse_word(name, word, constant.kind, constant.spelling))
            continue
        spelling, config[name] = _respell(constant, value, word.text, script.encoding)
        if spelling is None:
            continue
        problem = _note_change(changes, script.find(constant.node), name, spelling)
        problems += [problem] if problem is not None else []
    spellings = [(*place, spelling) for place, (_, spelling) in changes.items()]
    return replace_values(script, spellings), config, problems


def reread(script: Script, changed: bytes, constants: Mapping[str, Constant]) -> dict[str, Value]:
    """The values that constants have in the changed script; one that is no literal has none."""
    if changed != script.source:
        found = find_constants(parse_script(changed, script.filename)).known
        constants = {name: found[name] for name in constants if name in found}
    return {name: constant.value for name, constant in constants.items()}


def _note_change(
    changes: dict[tuple[int, int], tuple[str, str]],
    place: tuple[int, int],
    name: str,
    spelling: str,
) -> RequestError | None:
    """Notes a change; the problem if another one would be at the same place."""
    for (start, end), (other, same) in changes.items():
        if start < place[1] and place[0] < end and ((start, end), same) != (place, spelling):
            return RequestError(f"'{other}' and '{name}' are the same value in the script")
    changes[place] = (name, spelling)
    return None


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, ast.expr, bool]]:
    """`NAME = …` and `NAME: T = …` at the top level, and whether T is float."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, statement, value, False
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, statement, value, ast.unparse(statement.annotation) == "float"


def _read_last(
    script: Script,
    name: str,
    assigned: list[tuple[ast.stmt, ast.expr, bool]],
    bindings: list[Binding],
) -> list[Constant]:
    """The constants of the last assignment that has any."""
    for statement, node, is_float in reversed(assigned):
        others = [other for other in bindings if _comes_later(other, statement)]
        doubt = others[0].reason.format(others[0].line) if others else None
        constants = list(_read_constants(script, (name,), node, doubt))
        if not constants:
            continue
        if is_float and constants[0].kind == "int":
            value = Value("float", constants[0].value.text)
            constants[0] = constants[0]._replace(kind="float", value=value)
        return constants
    return []


def _comes_later(binding: Binding, statement: ast.stmt) -> bool:
    if binding.any_time:
        return True
    end = statement.end_lineno or 0, statement.end_col_offset or 0
    return (binding.line, binding.column) >= end


def _read_constants(
    script: Script, place: tuple[str | int, ...], node: ast.expr, doubt: str | None
) -> Iterator[Constant]:
    """A literal and all that are in it, whatever else a list or dict may hold."""
    value, kind = _read_node(node)
    spelling = script.segment(node)
    if kind is not None and (kind not in CONTAINERS or len(spelling) <= MAX_SPELLING):
        if kind in ("int", "float"):
            spelling = _join_number(spelling, value)
        yield Constant(place, kind, node, spelling, as_value(value, spelling), doubt)
    if len(spelling) <= _MAX_NESTED:
        for key, item in _items(node):
            yield from _read_constants(script, (*place, key), item, doubt)


def _items(node: ast.expr) -> Iterator[tuple[str | int, ast.expr]]:
    """The items of a list, tuple or dict whose place can be told."""
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for index, item in enumerate(items):
                if isinstance(item, ast.Starred):
                    return
                yield index, item
        case ast.Dict(keys=keys, values=values):
            for key, item in zip(keys, values, strict=True):
                match key:
                    case ast.Constant(value=str() | int() as name) if not isinstance(name, bool):
                        yield name, item


def _explain(node: ast.expr) -> str:
    """Why the value as a whole cannot be set."""
    if _read_node(node)[1] is not None:
        return LONG
    return _NO_LITERAL.format(node.lineno)


def _read_node(node: ast.expr) -> tuple[Any, str | None]:
    try:
        value = _evaluate(node)
        return value, kind_of(value)
    except (ValueError, TypeError, RecursionError):
        return None, None


def _evaluate(node: ast.expr) -> Any:
    """The value of a literal, with any signs before a number: Python has no literal `~1`."""
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        value = _evaluate(node.operand)
        if isinstance(value, int | float):
            return _SIGNS[type(node.op)](value)
    return ast.literal_eval(node)


def _join_number(spelling: str, value: float) -> str:
    """A number's literal in one piece, as `- 1` and `-(1)` are not."""
    joined = re.sub(r"[\s()\\]", "", spelling)
    return joined if is_number_literal(joined) and read_literal(joined) == value else str(value)


def _respell(constant: Constant, value: Any, word: str, encoding: str) -> tuple[str | None, Value]:
    """A value as the constant's new literal (None if it is the old one), and as a record has it."""
    kind = kind_of(value)
    if kind == constant.kind and _is_same(value, _read_node(constant.node)[0]):
        return None, constant.value
    if isinstance(value, str | bytes):
        like = constant.spelling if kind == constant.kind else f'{"b" * (kind == "bytes")}"'
        return spell_text(value, like, encoding), as_value(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        spelling = spell_number(value, word)
        text = spelling if is_number_literal(spelling) else str(value)
        return spelling, as_value(value, text)
    return spell_value(value, encoding), as_value(value)


def _is_same(value: Any, old: Any) -> bool:
    if isinstance(value, float) and type(old) is int:
        return value == old
    return repr(value) == repr(old)  # 0.0 is not -0.0, nor 1 true
