"""Values of config files of any format, listed and set in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from git_gage.config.documents import kind_of_file
from git_gage.errors import ConfigError

if TYPE_CHECKING:
    from git_gage.config.edits import Place
    from git_gage.config.values import Value

_ENDINGS = {".ini": "ini", ".cfg": "ini", ".conf": "ini", ".ipynb": "notebook"}


def format_of(name: str) -> str | None:
    """The format of a file by its name: toml, json, yaml, ini, env, notebook, or None."""
    base = name.lower().rpartition("/")[2]
    if base == ".env" or base.startswith(".env.") or base.endswith(".env"):
        return "env"
    _, dot, ending = base.rpartition(".")
    return kind_of_file(name) or _ENDINGS.get(dot + ending)


def list_values(data: bytes, name: str) -> dict[Place, Value]:
    """Every plain value in a file by its place: keys, and indexes of arrays.

    An empty array or table is one too, of type json. In INI files keys are in lower case behind
    their section; in notebooks they are names that cells set at their top level.
    Raises: DocumentError (a ConfigError) with the place of a fault; ConfigError.
    """
    match format_of(name):
        case "ini":
            from git_gage.config.edit_ini import list_ini

            return list_ini(data)
        case "env":
            from git_gage.config.edit_env import list_env

            return list_env(data)
        case "notebook":
            from git_gage.config.edit_notebook import list_notebook

            return list_notebook(data, name)
        case "toml" | "json" | "yaml" as kind:
            from git_gage.config.edit_documents import list_document

            return list_document(data, kind)
    raise ConfigError(f"'{name}' has no format with values")


def list_wholes(data: bytes, name: str) -> dict[Place, Value]:
    """The arrays and tables that hold anything and can be set as a whole, as json.

    Raises: as `list_values`.
    """
    match format_of(name):
        case "notebook":
            from git_gage.config.edit_notebook import list_notebook_wholes

            return list_notebook_wholes(data, name)
        case "toml" | "json" | "yaml" as kind:
            from git_gage.config.edit_documents import list_document_wholes

            return list_document_wholes(data, kind)
    return {}


def change_values(data: bytes, name: str, changes: Mapping[Place, Value]) -> bytes:
    """The file with some values replaced; every other byte is as it was.

    A value gets the type that is asked for, whatever the old one had; a float is spelled as one.
    Arrays and tables can be set as a whole to a json value. What was written is read again: each
    chosen value is as asked for and no other one changed.
    Raises: as `list_values`; RequestError that names all values that cannot be set.
    """
    match format_of(name):
        case "ini":
            from git_gage.config.edit_ini import change_ini

            return change_ini(data, changes)
        case "env":
            from git_gage.config.edit_env import change_env

            return change_env(data, changes)
        case "notebook":
            from git_gage.config.edit_notebook import change_notebook

            return change_notebook(data, name, changes)
        case "toml" | "json" | "yaml" as kind:
            from git_gage.config.edit_documents import change_document

            return change_document(data, kind, changes)
    raise ConfigError(f"'{name}' has no format with values")
