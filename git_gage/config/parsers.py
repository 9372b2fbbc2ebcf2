"""Which argparse parser of a script an argument belongs to, and what parsers do to defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

SUBCOMMAND = "<subcommand>"
_GROUPS = ("add_argument_group", "add_mutually_exclusive_group")
_PARSE = ("parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args")


class Parsers:
    """The parsers of a script, told apart by name, as the source goes from top to bottom."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._owners: dict[str, str] = {}
        self._presets: list[tuple[ast.Call, str | None, ast.expr | None]] = []
        self._parents: dict[bool, set[str]] = {True: set(), False: set()}
        self._conditional = set(_find_conditional(tree))
        self.arguments: list[tuple[ast.Call, str]] = []
        self.implies_defaults = True
        for node in _in_order(tree):
            if isinstance(node, ast.Call):
                self._note_call(node)
            else:
                self._note_names(node)

    def used(self) -> bool:
        """Whether a parser reads the command line: it is argparse's, and not given other words."""
        parse = [node for node in ast.walk(self._tree) if _method(node) in _PARSE]
        if parse and all(map(_is_given_words, parse)):
            return False
        return bool(self.arguments) and (bool(parse) or _imports_argparse(self._tree))

    def parser_of(self, owner: str) -> str:
        """The parser with this name, or SUBCOMMAND if only subcommands have its arguments."""
        only_there = self._parents[True] - self._parents[False]
        return SUBCOMMAND if owner in only_there else owner

    def default_of(self, call: ast.Call, key: str, given: ast.expr | None) -> ast.expr | None:
        """What the argument's default is after all calls of set_defaults; None if there is none.

        Raises: ValueError if that depends on how the script runs.
        """
        presets = [preset for preset in self._presets if preset[1] in (key, None)]
        if not presets:
            return given
        (where, _, value), *others = presets
        if not others and given is not None and _place(where) < _place(call):
            return given
        if others or value is None:
            raise ValueError(key)
        return value

    def is_conditional(self, call: ast.Call) -> bool:
        """Whether the argument is there only if something holds."""
        return id(call) in self._conditional

    def _note_names(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            name = ast.unparse(target)
            owner = self._owner(node.value) if node.value is not None else name
            self._owners[name] = owner or name

    def _note_call(self, call: ast.Call) -> None:
        method = _method(call)
        if method == "add_argument":
            self.arguments.append((call, self._receiver(call)))
        elif method == "set_defaults":
            self._note_presets(call)
        for keyword in call.keywords:
            if keyword.arg == "argument_default":
                self.implies_defaults = False
            if keyword.arg == "parents" and isinstance(keyword.value, ast.List | ast.Tuple):
                names = map(ast.unparse, keyword.value.elts)
                self._parents[method == "add_parser"].update(names)

    def _note_presets(self, call: ast.Call) -> None:
        elsewhere = self._receiver(call) == SUBCOMMAND
        for keyword in call.keywords:
            known = keyword.arg is not None and not elsewhere
            self._presets.append((call, keyword.arg, keyword.value if known else None))

    def _receiver(self, call: ast.Call) -> str:
        assert isinstance(call.func, ast.Attribute)
        receiver = call.func.value
        name = ast.unparse(receiver)
        return self._owner(receiver) or self._owners.get(name, name)

    def _owner(self, node: ast.expr) -> str | None:
        """The parser that a call hands out, if that is not a new one."""
        match _method(node):
            case "add_parser":
                return SUBCOMMAND
            case method if method in _GROUPS and isinstance(node, ast.Call):
                return self._receiver(node)
        return None


def literal_of(node: ast.expr) -> Any:
    """The value of a literal.

    Raises: ValueError if it is none.
    """
    try:
        return ast.literal_eval(node)
    except (TypeError, RecursionError) as error:
        raise ValueError(ast.unparse(node)) from error


def _in_order(tree: ast.Module) -> list[ast.Call | ast.Assign | ast.AnnAssign]:
    """Calls and assignments, each after what it is made of."""
    nodes = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Assign | ast.AnnAssign)
    )
    return sorted(nodes, key=lambda node: (_end(node), isinstance(node, ast.stmt)))


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _method(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name
    return None


def _is_given_words(node: ast.AST) -> bool:
    """Whether a call of parse_args spells out what to parse, as notebooks do."""
    assert isinstance(node, ast.Call)
    words = node.args[:1] or [word.value for word in node.keywords if word.arg == "args"]
    match words:
        case [ast.List() | ast.Tuple() | ast.Constant(value=str())]:
            return True
    return False


def _imports_argparse(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if "argparse" in module:
                return True
            case ast.Import(names=names) if any("argparse" in alias.name for alias in names):
                return True
    return False


def _find_conditional(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "__name__" not in ast.unparse(node.test):
            yield from (id(inner) for inner in ast.walk(node))
