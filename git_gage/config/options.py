"""Settings that are options of a script's parser: argparse, click or typer, as it is spelled out.

Source: https://docs.python.org/3/library/argparse.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.parsers import SUBCOMMAND, Parsers, literal_of
from git_gage.config.typed import as_value, is_number_literal, kind_of, read_word
from git_gage.config.values import Value

if TYPE_CHECKING:
    from git_gage.config.script import Script

_TYPES = ("int", "float", "str", "bool")
_SWITCHES = {"store_true": True, "store_false": False}
_PLAIN = ("store", "append", "extend", "count")
_INVISIBLE = ("help", "version")
_ARITIES = {
    "OPTIONAL": "?",
    "ZERO_OR_MORE": "*",
    "ONE_OR_MORE": "+",
    "REMAINDER": "...",
    "PARSER": "A...",
}
_MANY = ("*", "+")


class Option(NamedTuple):
    """One argument of a parser.

    names: what is passed before the value, or to switch it on; none for a positional argument.
    off_names: what switches it off.
    action: store, append, extend, count, switch (true or false) or flag (there or not).
    kind: what a value must be: int, float, str, bool (argparse's `bool`, false of no text but the
        empty one), word (a function that reads true and false), any (any other function).
    nargs: how many words: None (one, as a value), a number, ?, * or +.
    default: None where the source does not say; `base` is what append and count start from.
    apart: whether its value must be a word of its own, and may be any word then (click).
    """

    key: str
    parser: str
    names: tuple[str, ...]
    off_names: tuple[str, ...]
    action: str
    kind: str
    nargs: int | str | None
    default: Value | None
    base: Any
    choices: tuple[Any, ...] | None
    required: bool
    apart: bool = False


class Options(NamedTuple):
    """Options by key; other spellings of their keys; why other arguments are no settings."""

    known: dict[str, Option]
    aliases: dict[str, str]
    refused: dict[str, str]


def find_options(script: Script) -> Options | None:
    """The options of the script's parsers; None if it has none that can be told."""
    found: list[Option] = []
    refused: dict[str, str] = {}
    parsers = Parsers(script.tree)
    if parsers.used():
        _find_arguments(script, parsers, found, refused)
    elif "click" in script.text:
        from git_gage.config.click_options import find_click_options

        find_click_options(script, found, refused)
    if "typer" in script.text and not (found or refused):
        from git_gage.config.typer_options import find_typer_options

        find_typer_options(script, found, refused)
    if not (found or refused):
        return None
    known = _merge(found)
    return Options(known, _find_aliases(found, known), refused)


def _find_arguments(
    script: Script, parsers: Parsers, found: list[Option], refused: dict[str, str]
) -> None:
    for call, owner in parsers.arguments:
        argument = _Argument(script, parsers, call, owner)
        if not argument.key or argument.action in _INVISIBLE:
            continue
        try:
            found.append(argument.read())
        except ValueError as error:
            refused.setdefault(argument.key, str(error))


def read_default(script: Script, node: ast.expr, kind: str) -> Value:
    """A default as the parser hands it on: one that is text is given to the type, as if typed.

    Raises: ValueError if it is none that a record can hold.
    """
    node = spelled_out(script, node)
    value = literal_of(node)
    if isinstance(value, str) and kind != "any":
        return as_value(bool(value) if kind == "bool" else read_word(_plain(kind), value))
    if kind_of(value) in (None, "bytes"):
        raise ValueError(value)
    spelling = script.segment(node)
    found = as_value(value, spelling if is_number_literal(spelling) else None)
    return Value("float", found.text) if (found.type, kind) == ("int", "float") else found


def spelled_out(script: Script, node: ast.expr) -> ast.expr:
    """What a name stands for, if that is a constant at the top of the script."""
    return _find_sure(script).get(node.id, node) if isinstance(node, ast.Name) else node


@lru_cache(maxsize=1)
def _find_sure(script: Script) -> dict[str, ast.expr]:
    from git_gage.config.constants import find_constants

    known = find_constants(script).known.values()
    return {each.name: each.node for each in known if each.doubt is None}


class _Argument:
    """A call of add_argument; ValueError says why it is no setting."""

    def __init__(self, script: Script, parsers: Parsers, call: ast.Call, owner: str) -> None:
        self.script = script
        self.parsers = parsers
        self.call = call
        self.owner = owner
        self.given = {keyword.arg: keyword.value for keyword in call.keywords}
        self.names = tuple(_read_names(call))
        self.action = _read_action(self.given.get("action"))
        self.key = self._find_key()

    def read(self) -> Option:
        parser = self.parsers.parser_of(self.owner)
        if parser == SUBCOMMAND:
            raise ValueError("it belongs to a subcommand")
        if None in self.given:
            raise ValueError(f"line {self.call.lineno} does not spell it out")
        nargs = self._nargs()
        action = self._behaviour(nargs)
        positional = not self.names[0].startswith("-")
        names, off_names = self._switch_names(positional)
        return Option(
            key=self.key,
            parser=parser,
            names=names,
            off_names=off_names,
            action=action,
            kind=self._kind(action),
            nargs=nargs,
            default=self._default(action),
            base=self._base(action),
            choices=self._choices(),
            required=self._required(positional, nargs),
        )

    def _find_key(self) -> str:
        """What argparse calls it (dest); a flag goes by its own name, as flags share one."""
        if not self.names:
            return ""
        long = [name for name in self.names if name.startswith("--")]
        name = (long or self.names)[0]
        dest = self.given.get("dest")
        if dest is not None and self.action not in ("store_const", "append_const"):
            name = text_of(dest) or ""
        return name.lstrip("-").replace("-", "_")

    def _literal(self, name: str) -> Any:
        if name not in self.given:
            return None
        try:
            return literal_of(self.given[name])
        except ValueError as error:
            line = self.call.lineno
            raise ValueError(f"line {line} does not spell out its {name}") from error

    def _nargs(self) -> int | str | None:
        match self.given.get("nargs"):
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in _ARITIES:
                nargs: Any = _ARITIES[name]
            case _:
                nargs = self._literal("nargs")
        if nargs in ("...", "A..."):
            raise ValueError("it takes all that follows")
        if nargs is not None and not isinstance(nargs, int) and nargs not in ("?", *_MANY):
            raise ValueError(f"line {self.call.lineno} gives it an unknown nargs")
        return nargs if nargs is None or isinstance(nargs, int) else str(nargs)

    def _behaviour(self, nargs: int | str | None) -> str:
        if self.action in _SWITCHES or self.action == "boolean":
            return "switch"
        if self.action in ("store_const", "append_const") or nargs == 0:
            return "flag"
        several = isinstance(nargs, int) or nargs in _MANY
        if (self.action == "append" and nargs is not None) or (
            self.action == "extend" and not several
        ):
            raise ValueError(f"line {self.call.lineno} makes a list of lists of it")
        return self.action if self.action in _PLAIN else "store"

    def _switch_names(self, positional: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        names = () if positional else self.names
        if self.action == "store_false":
            return (), names
        if self.action == "boolean":
            return names, tuple(f"--no-{name[2:]}" for name in names if name.startswith("--"))
        return names, ()

    def _kind(self, action: str) -> str:
        if action in ("switch", "flag"):
            return "word"
        if action == "count":
            return "int"
        match self.given.get("type"):
            case None | ast.Constant(value=None):
                return "str"
            case ast.Name(id=name) if name in _TYPES:
                return name
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return "word" if "bool" in name.lower() else "any"
            case ast.Lambda(body=body) if ".lower()" in ast.unparse(body):
                return "word" if "true" in ast.unparse(body) else "any"
        return "any"

    def _default(self, action: str) -> Value | None:
        if action == "flag":
            return None
        try:
            node = self.parsers.default_of(self.call, self.key, self.given.get("default"))
            if node is not None:
                return read_default(self.script, node, self._kind(action))
        except ValueError:
            return None
        if self.action in _SWITCHES and self.parsers.implies_defaults:
            return as_value(not _SWITCHES[self.action])
        return None

    def _base(self, action: str) -> Any:
        if action not in ("append", "extend", "count"):
            return None
        unclear = f"line {self.call.lineno} does not spell out what it starts from"
        try:
            node = self.parsers.default_of(self.call, self.key, self.given.get("default"))
            base = None if node is None else literal_of(node)
        except ValueError as error:
            raise ValueError(unclear) from error
        if base is not None and kind_of(base) != ("int" if action == "count" else "list"):
            raise ValueError(unclear)
        return base

    def _choices(self) -> tuple[Any, ...] | None:
        node = self.given.get("choices")
        if not isinstance(node, ast.List | ast.Tuple | ast.Set):
            return None
        try:
            return tuple(literal_of(item) for item in node.elts)
        except ValueError:
            return None

    def _required(self, positional: bool, nargs: int | str | None) -> bool:
        if self.parsers.is_conditional(self.call):
            return False
        if positional:
            return nargs not in ("?", "*")
        match self.given.get("required"):
            case ast.Constant(value=True):
                return True
        return False


def _plain(kind: str) -> str:
    return "bool" if kind == "word" else kind


def _read_names(call: ast.Call) -> Iterator[str]:
    """The names of an argument, none if they are made while the script runs."""
    names = [text_of(arg) for arg in call.args]
    if all(names):
        yield from (name for name in names if name)


def _read_action(node: ast.expr | None) -> str:
    match node:
        case None:
            return "store"
        case ast.Attribute(attr="BooleanOptionalAction") | ast.Name(id="BooleanOptionalAction"):
            return "boolean"
    return text_of(node) or "custom"


def text_of(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
    return None


def _merge(found: list[Option]) -> dict[str, Option]:
    """Options by key. Those that share one are one setting, a pair of switches for example."""
    known: dict[str, Option] = {}
    for option in found:
        first = known.get(option.key)
        if first is None:
            known[option.key] = option
            continue
        same = option.parser == first.parser or option.default == first.default
        first = first._replace(default=first.default if same else None, required=False)
        if first.action == option.action == "switch":
            first = first._replace(
                names=first.names + option.names, off_names=first.off_names + option.off_names
            )
        known[option.key] = first
    return known


def _find_aliases(found: list[Option], known: dict[str, Option]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for option in found:
        for name in option.names:
            alias = name.lstrip("-").replace("-", "_")
            if alias not in known:
                aliases.setdefault(alias, option.key)
    return aliases
