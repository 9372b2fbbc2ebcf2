"""Where a module binds its names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

_AGAIN, _MAYBE = "line {} sets it again", "line {} may set it again"
# Of these, names that are bound inside belong to another scope.
_SCOPES = {
    ast.FunctionDef: "body",
    ast.AsyncFunctionDef: "body",
    ast.ClassDef: "body",
    ast.Lambda: "body",
    ast.comprehension: "target",
}


class Binding(NamedTuple):
    """A place where the module gives a name a value; at any time, if a function does it."""

    name: str
    line: int
    column: int
    reason: str
    any_time: bool = False


def find_bindings(tree: ast.Module) -> dict[str, list[Binding]]:
    """Where the module binds its names."""
    found: dict[str, list[Binding]] = {}
    for binding in sorted(_bound(tree), key=lambda binding: binding[1:3]):
        if binding.name == "*":
            for others in found.values():
                others.append(binding)
        else:
            found.setdefault(binding.name, []).append(binding)
    return found


def _bound(tree: ast.Module) -> Iterator[Binding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                yield Binding(name, node.lineno, node.col_offset, _MAYBE, any_time=True)
    for node in _walk_scope(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield Binding(name, node.lineno, node.col_offset, _AGAIN)
            case (
                ast.FunctionDef(name=str(name))
                | ast.AsyncFunctionDef(name=str(name))
                | ast.ClassDef(name=str(name))
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield Binding(name, node.lineno, node.col_offset, _AGAIN)
            case ast.alias(name="*"):
                yield Binding("*", node.lineno, node.col_offset, _MAYBE)
            case ast.alias(name=name, asname=asname):
                bound = asname or name.partition(".")[0]
                yield Binding(bound, node.lineno, node.col_offset, _AGAIN)


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
