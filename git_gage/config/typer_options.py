"""Settings that are parameters of the function that a script runs with typer.

Source: https://typer.tiangolo.com/tutorial/parameter-types/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.click_options import SUBCOMMANDS, read_names
from git_gage.config.names import Names
from git_gage.config.options import Option, read_default, text_of
from git_gage.config.parsers import literal_of
from git_gage.config.typed import as_value

if TYPE_CHECKING:
    from git_gage.config.script import Script
    from git_gage.config.values import Value

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_KINDS = {"int": "int", "float": "float", "bool": "word", "str": "str", "pathlib.Path": "str"}
_LISTS = ("list", "typing.List", "typing.Sequence", "collections.abc.Sequence")
_TUPLES = ("tuple", "typing.Tuple")
_OPTIONALS = ("typing.Optional", "typing.Union")
_ANNOTATED = ("typing.Annotated", "typing_extensions.Annotated")


def find_typer_options(script: Script, found: list[Option], refused: dict[str, str]) -> None:
    """Adds the options of the function that typer runs, and why others cannot be set."""
    names = Names(script.tree)
    functions = {node.name: node for node in script.tree.body if isinstance(node, _Function)}
    commands = _Commands(script.tree, names, functions)
    enums = dict(_find_enums(script.tree, names))
    for function in commands.functions:
        for parameter in _read_parameters(function, names):
            reader = _Reader(script, names, enums, parameter)
            try:
                if len(commands.functions) > 1 or commands.has_callback:
                    raise ValueError(SUBCOMMANDS)
                found.append(reader.read())
            except ValueError as error:
                refused.setdefault(parameter.name, str(error))


class _Commands:
    """The functions that typer may run, and whether the command line must say which."""

    def __init__(self, tree: ast.Module, names: Names, functions: Mapping[str, _Function]) -> None:
        self.functions: list[_Function] = []
        self.has_callback = False
        apps = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and names.full_name(node.value) == "typer.Typer"
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for function in functions.values():
            decorators = [names.full_name(node) for node in function.decorator_list]
            if any(f"{app}.command" in decorators for app in apps):
                self.functions.append(function)
            self.has_callback |= any(f"{app}.callback" in decorators for app in apps)
        for node in ast.walk(tree):
            match node:
                case ast.Call(args=[ast.Name(id=name), *_]) if (
                    names.full_name(node) == "typer.run" and name in functions
                ):
                    self.functions.append(functions[name])
                case ast.Call(func=ast.Attribute(attr="add_typer")):
                    self.has_callback = True


class _Parameter(NamedTuple):
    """A parameter of a function. info: the call of typer.Option or typer.Argument, if any."""

    name: str
    line: int
    type: ast.expr | None
    default: ast.expr | None
    info: ast.Call | None
    is_option: bool


def _read_parameters(function: _Function, names: Names) -> Iterator[_Parameter]:
    arguments = function.args
    placed = [*arguments.posonlyargs, *arguments.args]
    missing = len(placed) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [None] * missing + list(arguments.defaults)
    pairs = [
        *zip(placed, defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for arg, default in pairs:
        parameter = _read_parameter(arg, default, names)
        if parameter is not None:
            yield parameter


def _read_parameter(arg: ast.arg, default: ast.expr | None, names: Names) -> _Parameter | None:
    kind, info = _split_annotation(arg.annotation, names)
    if kind is not None and names.full_name(kind).rpartition(".")[2] in (
        "Context",
        "CallbackParam",
    ):
        return None
    if isinstance(default, ast.Call) and _info_kind(default, names):
        info = default
        given = [word.value for word in default.keywords if word.arg == "default"]
        default = next(iter([*default.args[:1], *given]), None)
        info = ast.Call(info.func, info.args[1:], info.keywords)
    if isinstance(default, ast.Constant) and default.value is ...:
        default = None
    is_option = default is not None
    if info is not None:
        is_option = _info_kind(info, names) == "Option"
    return _Parameter(arg.arg, arg.lineno, kind, default, info, is_option)


def _info_kind(node: ast.expr, names: Names) -> str:
    """Option or Argument, if a call is one of these of typer."""
    full = names.full_name(node)
    return full.removeprefix("typer.") if full in ("typer.Option", "typer.Argument") else ""


def _split_annotation(
    node: ast.expr | None, names: Names
) -> tuple[ast.expr | None, ast.Call | None]:
    """The type that an annotation says, and what typer is told along with it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None, None
    match node:
        case ast.Subscript(slice=ast.Tuple(elts=[kind, *rest])) if (
            names.full_name(node) in _ANNOTATED
        ):
            infos = [each for each in rest if isinstance(each, ast.Call)]
            return kind, next((each for each in infos if _info_kind(each, names)), None)
    return node, None


class _Reader:
    """Reads one parameter; ValueError says why it is no setting."""

    def __init__(
        self,
        script: Script,
        names: Names,
        enums: Mapping[str, Mapping[str, str]],
        parameter: _Parameter,
    ) -> None:
        self._script = script
        self._names = names
        self._enums = enums
        self._parameter = parameter
        self._given = {
            word.arg: word.value for word in (parameter.info.keywords if parameter.info else ())
        }

    def read(self) -> Option:
        parameter = self._parameter
        nargs: int | str | None
        kind, nargs, several, choices = self._type(parameter.type)
        on, off = self._find_names(kind)
        action = self._action(kind, several=several)
        if several and not parameter.is_option:
            nargs = "*" if parameter.default is not None else "+"
        return Option(
            key=parameter.name,
            parser="typer",
            names=on,
            off_names=off,
            action=action,
            kind="int" if action == "count" else kind,
            nargs=nargs,
            default=self._default(kind),
            base=None,
            choices=choices,
            required=parameter.default is None,
            apart=True,
        )

    def _action(self, kind: str, *, several: bool) -> str:
        parameter = self._parameter
        if not parameter.is_option:
            return "store"
        match self._given.get("count"):
            case ast.Constant(value=True):
                return "count"
        if kind == "word" and not several:
            return "switch"
        return "append" if several else "store"

    def _find_names(self, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        parameter = self._parameter
        if not parameter.is_option:
            return (), ()
        texts = [text_of(arg) for arg in (parameter.info.args if parameter.info else ())]
        spelled = [text for text in texts if text is not None]
        if len(spelled) != len(texts) or None in self._given:
            raise ValueError(f"line {parameter.line} does not spell it out")
        if spelled:
            on, off, _ = read_names(spelled)
            return on, off
        long = parameter.name.replace("_", "-")
        return (f"--{long}",), ((f"--no-{long}",) if kind == "word" else ())

    def _type(self, node: ast.expr | None) -> tuple[str, int | None, bool, tuple[Any, ...] | None]:
        """Kind, number of words, whether it may be given more than once, and choices."""
        match node:
            case None:
                return "str", None, False, None
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._type(_other_than_none([left, right]))
            case ast.Subscript(slice=inside):
                return self._type_of_many(self._names.full_name(node), inside)
        name = self._names.full_name(node)
        if name in self._enums:
            return "str", None, False, tuple(dict.fromkeys(self._enums[name].values()))
        return _KINDS.get(name, "any"), None, False, None

    def _type_of_many(
        self, name: str, inside: ast.expr
    ) -> tuple[str, int | None, bool, tuple[Any, ...] | None]:
        parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        if name in _OPTIONALS:
            return self._type(_other_than_none(parts))
        if name in _LISTS:
            kind, _, _, choices = self._type(inside)
            return kind, None, True, choices
        if name in _TUPLES:
            kinds = {self._type(part)[0] for part in parts}
            return kinds.pop() if len(kinds) == 1 else "any", len(parts), False, None
        if name.endswith("Literal"):
            return "str", None, False, tuple(map(str, literal_of(ast.Tuple(parts, ast.Load()))))
        return "any", None, False, None

    def _default(self, kind: str) -> Value | None:
        node = self._parameter.default
        match node:
            case None:
                return None
            case ast.Attribute(value=ast.Name(id=enum), attr=member) if enum in self._enums:
                value = self._enums[enum].get(member)
                return as_value(value) if value is not None else None
            case ast.Call(args=[ast.Constant(value=str(path))]) if (
                self._names.full_name(node) == "pathlib.Path"
            ):
                return as_value(path)
        try:
            return read_default(self._script, node, kind)
        except ValueError:
            return None


def _other_than_none(parts: list[ast.expr]) -> ast.expr | None:
    """The one type of a union that is not None; any other union has no type that can be told."""
    others = [part for part in parts if not (isinstance(part, ast.Constant) and part.value is None)]
    return others[0] if len(others) == 1 else ast.Name("object", ast.Load())


def _find_enums(tree: ast.Module, names: Names) -> Iterator[tuple[str, dict[str, str]]]:
    """The texts that members of enums stand for."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = {names.full_name(base).rpartition(".")[2] for base in node.bases}
        if bases.isdisjoint(("Enum", "StrEnum")):
            continue
        yield (
            node.name,
            {
                target.id: text
                for statement in node.body
                if isinstance(statement, ast.Assign)
                and (text := text_of(statement.value)) is not None
                for target in statement.targets
                if isinstance(target, ast.Name)
            },
        )
