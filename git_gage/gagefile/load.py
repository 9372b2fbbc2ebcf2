"""A gagefile as a value: all of it that is right, and what was not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.documents import read_value
from git_gage.errors import ConfigError
from git_gage.gagefile.faults import Fault, find_faults, plain, read_file
from git_gage.gagefile.find import find_others, project_of
from git_gage.gagefile.known import known_faults
from git_gage.gagefile.model import Gagefile
from git_gage.gagefile.operations import read_operation, read_phases, systems_of
from git_gage.gagefile.problem import ERROR, one_of
from git_gage.gagefile.spellings import PRINTED

if TYPE_CHECKING:
    from git_gage.gagefile.patterns import Explain
    from git_gage.gagefile.spellings import KeyPath

_SYSTEMS = {"win32": "windows", "cygwin": "windows", "darwin": "macos"}
# A fault in one of these changes what is run.
_VITAL = ("exec", "config", "sourcecode", "depends", "requires", "env", "timeout")
# What is doubtful in these is for `check` to tell: a run does what is written.
_AS_IT_IS = ("exec", "output-summary", *PRINTED)


class Checked(NamedTuple):
    """What is wrong in a file, and how many operations it has (None if it cannot be read)."""

    faults: list[Fault]
    operations: int | None


def load_gagefile(
    path: Path, top: Path, *, system: str | None = None, cache_dir: Path | None = None
) -> Gagefile:
    """The operations of a gagefile as they are on a system (windows, macos, linux, …).

    What is wrong is not there: a key that changes nothing that is run, else the whole operation.
    top: the folder that paths in messages are relative to; cache_dir: where is kept what is wrong
    in a file, so that it is not looked for twice.

    Raises: ConfigError if the file cannot be read at all.
    """
    shown = path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)
    data, kind = read_file(path, shown, "gagefile")
    faults = known_faults(data, kind, shown, cache_dir)
    spoiled = [fault for fault in faults if fault.severity == ERROR and not fault.keys]
    if spoiled:
        raise ConfigError(spoiled[0].text(), hint="git gage check")
    document = plain(read_value(data, kind))
    warnings = [*find_others(path, shown), *_drop_faulty(document, faults)]
    refused = _refuse(document, faults)
    system = system or _SYSTEMS.get(sys.platform, sys.platform)
    refused |= _refuse_elsewhere(document, refused, system)
    return _build(path, shown, document, refused, warnings, system)


def check_file(path: Path, shown: str, explain: Explain | None = None) -> Checked:
    """What is wrong in a gagefile, by its place.

    shown: its path as faults have it; explain: who knows what is wrong with patterns and
    filters.

    Raises: ConfigError if the file cannot be read, or its name does not say what it is.
    """
    data, kind = read_file(path, shown, "gagefile")
    faults = list(_once(find_faults(data, kind, shown, explain)))
    if any(not fault.keys for fault in faults):
        return Checked(faults, None)
    names = [name for name in read_value(data, kind) if not str(name).startswith("$")]
    return Checked(faults, len(names))


def _once(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults without those that are there again because YAML's aliases repeat what has them."""
    first: dict[tuple[object, ...], KeyPath] = {}
    for fault in faults:
        place = (fault.line, fault.column, fault.end_column, fault.keys[-1:])
        if first.setdefault(place, fault.keys) == fault.keys:
            yield fault


# -- what faults spoil -------------------------------------------------------------------------


def _is_vital(fault: Fault) -> bool:
    """Whether the operation that has the fault would run something else than it should."""
    if len(fault.keys) == 1:
        return True
    keys = [str(fault.keys[1]), fault.guess or "" if len(fault.keys) == 2 else ""]
    return any(key.partition(".")[0] in _VITAL for key in keys)


def _drop_faulty(document: dict[str, Any], faults: Iterable[Fault]) -> list[str]:
    """Take out the keys that are wrong; the warnings that say so.

    Operations that cannot run stay, to be refused.
    """
    warnings = []
    for fault in faults:
        name, *inner = map(str, fault.keys)
        if fault.severity != ERROR:
            key = inner[0].partition(".")[0]
            if key in _AS_IT_IS:
                continue
            if key == "progress":
                document[name].pop(inner[0], None)
            warnings.append(fault.text())
        elif name.startswith("$") or not name:
            document.pop(name, None)
            warnings.append(f"{fault.text()}; the key is ignored")
        elif _is_vital(fault):
            warnings.append(f"{fault.text()}; operation '{name}' cannot run")
        else:
            _drop_key(document, name, inner[0])
            warnings.append(f"{fault.text()}; the key is ignored")
    return warnings


def _drop_key(document: dict[str, Any], name: str, key: str) -> None:
    dropped = document[name].pop(key, None)
    if key == "default" and dropped is True:
        # Of several default operations none is: nobody knows which is meant.
        for table in document.values():
            if isinstance(table, dict):
                table.pop(key, None)


def _refuse(document: dict[str, Any], faults: Iterable[Fault]) -> dict[str, str]:
    """What is wrong with each operation that cannot run, by its name."""
    refused: dict[str, list[str]] = {}
    for fault in faults:
        name = str(fault.keys[0])
        if fault.severity == ERROR and name in document and name[:1] != "$" and _is_vital(fault):
            refused.setdefault(name, []).append(fault.text())
    more = {name: f" (and {len(texts) - 1} more)" for name, texts in refused.items()}
    return {
        name: texts[0] + (more[name] if len(texts) > 1 else "") for name, texts in refused.items()
    }


def _refuse_elsewhere(
    document: dict[str, Any], refused: dict[str, str], system: str
) -> dict[str, str]:
    """Operations that have something to run, but on other systems."""
    found = {}
    for name, table in document.items():
        if name.startswith("$") or name in refused or "run" in read_phases(table, system):
            continue
        systems = systems_of(table, "run")
        if systems:
            found[name] = f"it has no command for {system}, only for {one_of(systems)}"
    return found


def _build(
    path: Path,
    shown: str,
    document: dict[str, Any],
    refused: dict[str, str],
    warnings: list[str],
    system: str,
) -> Gagefile:
    project_dir = project_of(path)
    names = [name for name in document if not name.startswith("$") and name not in refused]
    return Gagefile(
        path=path,
        project_dir=project_dir,
        namespace=document.get("$namespace", project_dir.name),
        shown=shown,
        project_id=document.get("$project-id"),
        runs_dir=document.get("$runs-dir"),
        operations={name: read_operation(name, document[name], system) for name in names},
        refused=refused,
        warnings=tuple(warnings),
    )
