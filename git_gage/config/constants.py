"""Settings that are constants at the top of a script: `lr = 0.1`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from git_gage.config.script import Script, replace_values
from git_gage.config.typed import (
    NEEDS,
    as_value,
    is_number_literal,
    kind_of,
    read_literal,
    read_word,
    shorten,
    spell_number,
    spell_text,
    spell_value,
)
from git_gage.config.values import Value
from git_gage.errors import RequestError

# What is longer is a table or a text, and a record has little room for it.
MAX_SPELLING = 1000
# Of these, names that are bound inside belong to another scope.
_SCOPES = {
    ast.FunctionDef: "body",
    ast.AsyncFunctionDef: "body",
    ast.ClassDef: "body",
    ast.Lambda: "body",
    ast.comprehension: "target",
}
_AGAIN, _MAYBE, _INSIDE, _NO_LITERAL, _LONG = (
    "line {} sets it again",
    "line {} may set it again",
    "line {} is no plain assignment at the top level",
    "line {} does not give it a plain value",
    f"its value has more than {MAX_SPELLING:,} characters",
)


class Constant(NamedTuple):
    """A name that the script binds once, to a literal; `kind` is what a new value must be."""

    name: str
    kind: str
    node: ast.expr
    spelling: str
    value: Value


def find_constants(script: Script) -> tuple[dict[str, Constant], dict[str, str]]:
    """The script's constants, and why other names of its top level are none."""
    assigned: dict[str, ast.Assign | ast.AnnAssign] = {}
    for name, statement in _assignments(script.tree):
        assigned.setdefault(name, statement)
    constants: dict[str, Constant] = {}
    refused: dict[str, str] = {}
    for name, lines in _bindings(script.tree).items():
        if name.startswith("__"):
            continue
        found = _read_constant(script, name, assigned.get(name), lines)
        if isinstance(found, Constant):
            constants[name] = found
        else:
            refused[name] = found
    order = sorted(constants.values(), key=lambda constant: constant.node.lineno)
    return {constant.name: constant for constant in order}, refused


def change_constants(
    script: Script, constants: Mapping[str, Constant], words: Mapping[str, str]
) -> tuple[bytes, dict[str, Value], list[RequestError]]:
    """The script's bytes with new values, all values, and what was wrong with some words."""
    config = {name: constant.value for name, constant in constants.items()}
    changes: list[tuple[ast.expr, str]] = []
    problems: list[RequestError] = []
    for name, word in words.items():
        constant = constants[name]
        try:
            spelling, config[name] = _respell(constant, word, script.encoding)
        except ValueError:
            needs = f"'{name}' needs {NEEDS[constant.kind]}, not '{shorten(word)}'"
            problems.append(RequestError(f"{needs} (default {shorten(constant.spelling)})"))
        else:
            changes.append((constant.node, spelling))
    return replace_values(script, changes), config, problems


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.Assign | ast.AnnAssign]]:
    """`NAME = …` and `NAME: T = …` at the top level."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name, statement
            case ast.AnnAssign(target=ast.Name(id=name)) if statement.value is not None:
                yield name, statement


def _read_constant(
    script: Script,
    name: str,
    statement: ast.Assign | ast.AnnAssign | None,
    lines: list[tuple[int, str]],
) -> Constant | str:
    if statement is None or statement.value is None:
        return _INSIDE.format(lines[0][0])
    line = statement.lineno
    if len(lines) > 1:
        again, reason = next((other for other in lines if other[0] != line), lines[0])
        return reason.format(again)
    node = statement.value
    spelling = script.segment(node)
    value, kind = _read_node(node)
    if kind is None:
        return _NO_LITERAL.format(line)
    if len(spelling) > MAX_SPELLING:
        return _LONG
    if kind in ("int", "float"):
        spelling = _join_number(spelling)
    recorded = as_value(value, spelling)
    match statement:
        case ast.AnnAssign(annotation=ast.Name(id="float")) if kind == "int":
            kind, recorded = "float", Value("float", recorded.text)
    return Constant(name, kind, node, spelling, recorded)


def _read_node(node: ast.expr) -> tuple[Any, str | None]:
    try:
        value = ast.literal_eval(node)
        return value, kind_of(value)
    except (ValueError, TypeError, RecursionError):
        return None, None


def _join_number(spelling: str) -> str:
    """A number's literal in one piece, as `- 1` and `-(1)` are not."""
    joined = re.sub(r"[\s()\\]", "", spelling)
    return joined if is_number_literal(joined) else str(read_literal(f"({spelling})"))


def _respell(constant: Constant, word: str, encoding: str) -> tuple[str, Value]:
    """A word as the constant's new literal, and as its value."""
    value = read_word(constant.kind, word)
    if isinstance(value, str):
        like = constant.spelling if constant.kind == "str" else '"'
        return spell_text(value, like, encoding), as_value(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        spelling = spell_number(value, word)
        text = spelling if is_number_literal(spelling) else str(value)
        return spelling, as_value(value, text)
    return spell_value(value, encoding), as_value(value)


def _bindings(tree: ast.Module) -> dict[str, list[tuple[int, str]]]:
    """For each name the lines that bind it in the module, and what to say of a second one."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name, line, reason in sorted(_bound(tree), key=lambda binding: binding[1]):
        if name == "*":
            for lines in found.values():
                lines.append((line, reason))
        else:
            found.setdefault(name, []).append((line, reason))
    return found


def _bound(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from ((name, node.lineno, _MAYBE) for name in node.names)
    for node in _walk_scope(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name, node.lineno, _AGAIN
            case (
                ast.FunctionDef(name=str(name))
                | ast.AsyncFunctionDef(name=str(name))
                | ast.ClassDef(name=str(name))
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield name, node.lineno, _AGAIN
            case ast.alias(name="*"):
                yield "*", node.lineno, _MAYBE
            case ast.alias(name=name, asname=asname):
                yield asname or name.partition(".")[0], node.lineno, _AGAIN


def _walk_scope(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that the module itself evaluates, in no order."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.AnnAssign) and node.value is None:
            continue  # only says what a name will be
        inner = _SCOPES.get(type(node))
        for field, child in ast.iter_fields(node):
            if field == inner:
                continue
            todo.extend(
                item
                for item in (child if isinstance(child, list) else [child])
                if isinstance(item, ast.AST)
            )
