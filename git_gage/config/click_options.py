"""Settings that are options and arguments of a script's click command.

Source: https://click.palletsprojects.com/en/stable/api/#decorators
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from git_gage.config.names import Names
from git_gage.config.options import Option, read_default, spelled_out, text_of
from git_gage.config.parsers import literal_of
from git_gage.config.typed import as_value, kind_of

if TYPE_CHECKING:
    from git_gage.config.script import Script
    from git_gage.config.values import Value

_MODULES = ("click", "rich_click", "asyncclick")
_KINDS = {
    **dict.fromkeys(("int", "INT", "IntRange"), "int"),
    **dict.fromkeys(("float", "FLOAT", "FloatRange"), "float"),
    **dict.fromkeys(("str", "STRING", "Path", "File", "Choice"), "str"),
    **dict.fromkeys(("bool", "BOOL"), "word"),
}
SUBCOMMANDS = "it belongs to a subcommand"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_click_options(script: Script, found: list[Option], refused: dict[str, str]) -> None:
    """Adds the options of the script's command, and why others cannot be set."""
    names = Names(script.tree)
    functions = [node for node in ast.walk(script.tree) if isinstance(node, _Function)]
    commands = {function.name: function for function in functions if _is_command(function, names)}
    called = set(find_called(script.tree))
    entries = [each for name, each in commands.items() if len(commands) == 1 or name in called]
    has_groups = any(_has_subcommands(function, names) for function in functions)
    for function in functions:
        parameters = [
            ClickParameter(script, names, decorator)
            for decorator in function.decorator_list
            if isinstance(decorator, ast.Call) and _click_name(decorator, names) in PARAMETERS
        ]
        for parameter in parameters:
            try:
                if has_groups:
                    raise ValueError(SUBCOMMANDS)
                if len(entries) != 1 or entries[0] is not function:
                    raise ValueError("it belongs to another command")
                found.append(parameter.read())
            except ValueError as error:
                if parameter.key:
                    refused.setdefault(parameter.key, str(error))


PARAMETERS = ("option", "argument")


def find_called(tree: ast.Module) -> Iterator[str]:
    """Names of functions that the module itself calls, `if __name__` included."""
    for statement in tree.body:
        if isinstance(statement, _Function | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Name(id=name)):
                    yield name
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="main")):
                    yield name


def _click_name(node: ast.expr, names: Names) -> str:
    """What of click a decorator is, by its name there; nothing if it is not of click."""
    module, _, name = names.full_name(node).rpartition(".")
    return name if module.partition(".")[0] in _MODULES else ""


def _is_command(function: _Function, names: Names) -> bool:
    return any(_click_name(node, names) == "command" for node in function.decorator_list)


def _has_subcommands(function: _Function, names: Names) -> bool:
    return any(_click_name(node, names) == "group" for node in function.decorator_list)


class ClickParameter:
    """A call of click.option or click.argument; ValueError says why it is no setting."""

    def __init__(self, script: Script, names: Names, call: ast.Call) -> None:
        self._script = script
        self._names = names
        self._call = call
        self._given = {keyword.arg: keyword.value for keyword in call.keywords}
        self._is_option = _click_name(call, names) == "option"
        declared = [text_of(arg) for arg in call.args]
        spelled = [text for text in declared if text is not None]
        self.is_clear = len(spelled) == len(declared) and bool(spelled)
        self._on, self._off, self.key = read_names(spelled)
        if self._is_option and "flag_value" in self._given:
            # Flags that share a name are told apart by their own.
            self.key = read_names([name for name in spelled if name[:1] == "-"])[2]

    def read(self) -> Option:
        if not self.is_clear or None in self._given:
            raise ValueError(f"line {self._call.lineno} does not spell it out")
        nargs = self._nargs()
        action = self._action(nargs)
        kind, choices = ("word", None) if action in ("switch", "flag") else self._type(action)
        return Option(
            key=self.key,
            parser="click",
            names=self._on if self._is_option else (),
            off_names=self._off if self._is_option else (),
            action=action,
            kind=kind,
            nargs=nargs,
            default=self._default(action, kind),
            base=None,
            choices=choices,
            required=self._required(nargs),
            apart=True,
        )

    def _literal(self, name: str, default: Any = None) -> Any:
        if name not in self._given:
            return default
        try:
            return literal_of(self._given[name])
        except ValueError as error:
            line = self._call.lineno
            raise ValueError(f"line {line} does not spell out its {name}") from error

    def _nargs(self) -> int | str | None:
        nargs = self._literal("nargs")
        if nargs is None:
            nargs = len(_parts(self._given.get("type"))) or None
        if nargs == -1:
            return "+" if self._literal("required") else "*"
        if nargs is not None and not (isinstance(nargs, int) and nargs > 0):
            raise ValueError(f"line {self._call.lineno} gives it an unknown nargs")
        return None if nargs == 1 else nargs

    def _action(self, nargs: int | str | None) -> str:
        if not self._is_option:
            return "store"
        if self._literal("count"):
            return "count"
        if self._is_flag():
            if "flag_value" in self._given and not isinstance(self._literal("flag_value"), bool):
                return "flag"
            if self._literal("default") is True and not self._off:
                raise ValueError(f"line {self._call.lineno} has it on, and no way to turn it off")
            return "switch"
        if self._literal("multiple"):
            if nargs is not None:
                raise ValueError(f"line {self._call.lineno} makes a list of lists of it")
            return "append"
        return "store"

    def _is_flag(self) -> bool:
        given = self._literal("is_flag")
        return bool(self._off or "flag_value" in self._given) if given is None else bool(given)

    def _type(self, action: str) -> tuple[str, tuple[Any, ...] | None]:
        if action == "count":
            return "int", None
        node = self._given.get("type")
        if node is None:
            return self._type_of_default(), None
        names = [self._names.full_name(each) for each in _parts(node) or [node]]
        kinds = {_KINDS.get(name.rpartition(".")[2], "any") for name in names}
        choices = _read_choices(node) if names[0].endswith("Choice") else None
        return kinds.pop() if len(kinds) == 1 else "any", choices

    def _type_of_default(self) -> str:
        """Without a type click takes that of the default, or of the first of many."""
        node = self._given.get("default")
        if node is None:
            return "str"
        try:
            value = literal_of(spelled_out(self._script, node))
        except ValueError:
            return "any"
        if isinstance(value, list | tuple):
            value = value[0] if value else ""
        kind = kind_of("" if value is None else value) or "any"
        return {"bool": "word"}.get(kind, kind if kind in ("int", "float", "str") else "any")

    def _default(self, action: str, kind: str) -> Value | None:
        node = self._given.get("default")
        if action == "flag":
            return None
        if node is None:
            return {"switch": as_value(False), "count": as_value(0)}.get(action)
        try:
            return read_default(self._script, node, kind)
        except ValueError:
            return None

    def _required(self, nargs: int | str | None) -> bool:
        given = self._given.get("required")
        if given is not None:
            return isinstance(given, ast.Constant) and given.value is True
        return not (self._is_option or "default" in self._given or nargs == "*")


def read_names(declared: list[str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Names that give or switch on a parameter, that switch it off, and the name of its value."""
    on: list[str] = []
    off: list[str] = []
    for text in declared:
        if text.isidentifier():
            continue
        mark = ";" if text[:1] == "/" else "/"
        first, _, second = text.partition(mark)
        on += [first.strip()] if first.strip() else []
        off += [second.strip()] if second.strip() else []
    named = [text for text in declared if text.isidentifier()]
    longest = sorted(on, key=lambda name: len(name) - len(name.lstrip("-")), reverse=True)
    key = next(iter([*named, *longest, *off]), "")
    return tuple(on), tuple(off), key.lstrip("-").replace("-", "_").lower() if not named else key


def _parts(node: ast.expr | None) -> list[ast.expr]:
    """The types that a type of several words is made of."""
    match node:
        case ast.Tuple(elts=parts):
            return parts
        case ast.Call(
            func=ast.Attribute(attr="Tuple") | ast.Name(id="Tuple"), args=[ast.List(elts=parts)]
        ):
            return parts
    return []


def _read_choices(node: ast.expr) -> tuple[Any, ...] | None:
    """The choices that are spelled out, unless upper and lower case are the same."""
    match node:
        case ast.Call(args=[ast.List() | ast.Tuple() as choices], keywords=[]):
            try:
                return tuple(map(str, literal_of(choices)))
            except ValueError:
                return None
    return None
