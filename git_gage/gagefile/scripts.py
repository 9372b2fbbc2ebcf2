"""What in a project's folder is there to be run: scripts, notebooks, executable files with `#!`."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import ConfigError
from git_gage.gagefile.data import find_paths, find_words
from git_gage.gagefile.imports import Imports, read_imports

if TYPE_CHECKING:
    from git_gage.config import ScriptSettings

MAX_SCRIPTS = 40
_SHOWN = 5
# What is larger was not written by hand.
MAX_BYTES = 1024 * 1024
_PYTHON = "python3"
_NOTEBOOK = ("jupyter", "nbconvert", "--to", "notebook", "--execute")
# They are run by other tools, or by those who work on the project itself.
_TOOLS = re.compile(r"(.*/)?(setup|conftest|conf|noxfile|__init__|test_[^/]*|[^/]*_test)\.py")
_HIDDEN = re.compile(r"(.*/)?(\..*|tests?)/.*")
_GAGEFILE = re.compile(r"(.+?/)(?:\.gage/)?gage\.(?:toml|ya?ml|jsonc?)")
_MAIN = re.compile(r"^if\b.*__name__", re.MULTILINE)


class FoundScript(NamedTuple):
    """Something that can be run, by the words `argv` in the project's folder.

    keys: its config keys with their values as they are now, or what is to be said instead;
    data: what it seems to read and no run would get with its source: ("file" or "dir", path).
    """

    path: str
    argv: tuple[str, ...]
    description: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    data: tuple[tuple[str, str], ...] = ()


class Found(NamedTuple):
    """Scripts, those nearest to the top first, and why some files are not among them."""

    scripts: tuple[FoundScript, ...]
    left_out: tuple[str, ...]


def find_scripts(
    names: Iterable[str],
    read: Callable[[str], bytes | None],
    executable: Callable[[str], bool],
    kind_of_data: Callable[[str], str | None],
) -> Found:
    """What can be run among the files of a project, named by their paths below its folder.

    kind_of_data: "file" or "dir" for a path that is there and that no run would get.

    A Python file counts if it has a `__main__` block, or if no other file imports it and it has
    options, constants, or calls or loops at its top level. Tests do not count, nor do files of
    folders with a gagefile of their own.
    """
    from git_gage.config.typed import is_text

    project = _Project(list(names), read, executable, kind_of_data)
    scripts: list[FoundScript] = []
    left_out: list[str] = []
    for path in project.paths:
        try:
            script = project.look_at(path)
        except ConfigError as error:
            left_out.append(error.message)
            continue
        if script is None:
            continue
        if is_text(path):
            scripts.append(script)
        else:
            left_out.append(f"{path}: its name is not UTF-8")
    more = [script.path for script in scripts[MAX_SCRIPTS:]]
    if more:
        names = ", ".join(more[:_SHOWN]) + (
            f" and {len(more) - _SHOWN} more" * (len(more) > _SHOWN)
        )
        left_out.append(f"what is beyond {MAX_SCRIPTS} scripts: {names}")
    return Found(tuple(scripts[:MAX_SCRIPTS]), tuple(left_out))


class _Project:
    """The files of a project, each looked at once."""

    def __init__(
        self,
        names: list[str],
        read: Callable[[str], bytes | None],
        executable: Callable[[str], bool],
        kind_of_data: Callable[[str], str | None],
    ) -> None:
        self._read = read
        self._executable = executable
        self._kind_of_data = kind_of_data
        self.paths = sorted(_own(names), key=lambda path: (path.count("/"), path))
        python = {path: read(path) for path in self.paths if path.endswith(".py")}
        self._sources = {path: source for path, source in python.items() if source is not None}
        self._imports: dict[str, Imports] = {
            path: read_imports(path, source.decode(errors="replace"), self._sources)
            for path, source in self._sources.items()
        }
        self._imported = {
            file for path, found in self._imports.items() for file in found.files - {path}
        }

    def look_at(self, path: str) -> FoundScript | None:
        """The file as a script; None if it is none.

        Raises: ConfigError if it seems to be one and cannot be read.
        """
        if path in self._sources:
            source = self._sources[path]
            return None if _TOOLS.fullmatch(path) else self._look_at_python(path, source)
        if path.endswith(".ipynb"):
            return _look_at_notebook(path, self._read(path))
        if not path.endswith(".py") and self._executable(path):
            return self._look_at_program(path, self._read(path))
        return None

    def _look_at_python(self, path: str, source: bytes) -> FoundScript | None:
        main = _MAIN.search(source.decode(errors="replace")) or path.endswith("__main__.py")
        if path in self._imported and not main:
            return None
        if len(source) > MAX_BYTES:
            raise ConfigError(f"{path}: has more than {MAX_BYTES // 1024} KiB")
        from git_gage.config import find_settings

        settings = find_settings(source, path)
        keys = tuple(_find_keys(settings))
        tree = settings.script.tree
        if not (main or keys or settings.kind == "option" or any(map(_acts, tree.body))):
            return None
        argv = (_PYTHON, *_python_words(path, as_module=self._imports[path].as_module))
        data = tuple(self._find_data(path, find_paths(tree)))
        return FoundScript(path, argv, _first_line(ast.get_docstring(tree)), keys, data)

    def _look_at_program(self, path: str, source: bytes | None) -> FoundScript | None:
        if source is None or not source.startswith(b"#!"):
            return None
        text = source.decode(errors="replace")
        _, *lines = text.splitlines()
        comment = lines[0].lstrip("# ") if lines and lines[0].startswith("#") else None
        data = tuple(self._find_data(path, find_words(text)))
        return FoundScript(path, (f"./{path}",), _first_line(comment), data=data)

    def _find_data(self, path: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Data that texts of a script name, below the project's folder or its own."""
        folder = path.rpartition("/")[0]
        for text in texts:
            for place in dict.fromkeys((text, f"{folder}/{text}" if folder else text)):
                kind = self._kind_of_data(place)
                if kind is not None:
                    yield kind, place


def _own(names: list[str]) -> Iterator[str]:
    """Files that are this project's: in no hidden folder, none of tests, no other project's."""
    others = tuple(found[1] for found in map(_GAGEFILE.fullmatch, names) if found)
    for name in names:
        if not (_HIDDEN.fullmatch(name) or name.startswith(others)):
            yield name


def _find_keys(settings: ScriptSettings) -> Iterator[tuple[str, str]]:
    for key, option in settings.options.items():
        if option.default is None:
            yield key, "must be given" if option.required else "not set"
        else:
            yield key, option.default.text
    for key, constant in settings.constants.items():
        yield key, constant.value.text


def _acts(statement: ast.stmt) -> bool:
    """Whether a statement at the top level does more than to define or to import something."""
    match statement:
        case ast.Expr(value=ast.Call()):
            return True
        case ast.For() | ast.While() | ast.With():
            return True
    return False


def _python_words(path: str, *, as_module: bool) -> tuple[str, ...]:
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__main__" and len(parts) > 1:
        as_module = True
        del parts[-1]
    if as_module and all(part.isidentifier() for part in parts):
        return ("-m", ".".join(parts))
    return (f"./{path}" if path.startswith("-") else path,)


def _look_at_notebook(path: str, source: bytes | None) -> FoundScript | None:
    if source is None:
        return None
    try:
        cells = json.loads(source)["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path}: is no notebook that can be read") from error
    from git_gage.config.formats import list_values

    title = _first_line(texts[0].lstrip("# ")) if texts else None
    executed = f"{path.removesuffix('.ipynb').rpartition('/')[2]}.executed.ipynb"
    values = list_values(source, path).items()
    keys = tuple((str(place[0]), value.text) for place, value in values if not place[1:])
    return FoundScript(path, (*_NOTEBOOK, path, "--output", executed), title, keys)


def _first_line(text: str | None) -> str | None:
    lines = (text or "").strip().splitlines()
    return lines[0].strip().rstrip(".") or None if lines else None
