"""What names of a script stand for, as far as its imports tell."""

from __future__ import annotations

import ast
from collections.abc import Iterator


class Names:
    """Names that a script imports, by the dotted names of what they are."""

    def __init__(self, tree: ast.Module) -> None:
        self._imported = dict(_imported(tree))

    def full_name(self, node: ast.expr) -> str:
        """`click.option` for `option` that was imported from click; a name of its own as it is."""
        match node:
            case ast.Name(id=name):
                return self._imported.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                return f"{self.full_name(value)}.{attr}"
            case ast.Call(func=func):
                return self.full_name(func)
            case ast.Subscript(value=value):
                return self.full_name(value)
        return ""


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    name = alias.asname or alias.name.partition(".")[0]
                    yield name, alias.name if alias.asname else name
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
