"""An operation as a value, from its table in a gagefile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from git_gage.gagefile.dependencies import read_dependency, read_renames
from git_gage.gagefile.model import PHASES, ConfigFiles, ConfigKey, Exec, Operation
from git_gage.gagefile.spellings import (
    ANY_SYSTEM,
    CONFIG_TYPES,
    PRINTED,
    SYSTEMS,
    as_list,
    iter_commands,
    iter_config,
    iter_dependencies,
)
from git_gage.git.durations import read_timeout


def read_operation(name: str, table: Mapping[str, Any], system: str) -> Operation:
    """An operation without a fault, as it is on a system (windows, macos, linux or another)."""
    config = [item for _, item in iter_config(table)]
    return Operation(
        name=name,
        description=table.get("description"),
        default=table.get("default", False),
        version=_text_or_none(table.get("version")),
        phases=read_phases(table, system),
        progress=_read_progress(table),
        sourcecode=_read_sourcecode(table.get("sourcecode")),
        config_files=tuple(_read_config_files(config)),
        config_keys=tuple(_read_config_key(item) for item in config if is_declared(item)),
        depends=tuple(read_dependency(item) for _, item in iter_dependencies(table)),
        output_summary=table.get("output-summary", True) or False,
        output_metrics=_first(table, *PRINTED[:2]),
        output_attributes=_first(table, *PRINTED[2:]),
        summary_filename=_inner(table, "summary", "filename"),
        listing=_read_listing(_inner(table, "listing", "description")),
        env={key: env_text(value) for key, value in table.get("env", {}).items()},
        attributes=table.get("attributes", {}),
        timeout_s=read_timeout(table["timeout"]) if "timeout" in table else None,
    )


def read_phases(table: Mapping[str, Any], system: str) -> dict[str, Exec]:
    """What each phase runs on a system; a phase with an empty command is none."""
    known = (*SYSTEMS.get(system, (system, "posix")), ANY_SYSTEM)
    commands: dict[str, dict[str, Any]] = {}
    for _, phase, word, command in iter_commands(table):
        commands.setdefault(phase, {})[word] = command
    chosen = {
        phase: next((commands[phase][word] for word in known if word in commands[phase]), None)
        for phase in PHASES
        if phase in commands
    }
    return {phase: _as_exec(command) for phase, command in chosen.items() if command}


def systems_of(table: Mapping[str, Any], phase: str) -> list[str]:
    """The systems that a phase has a command for, in their order."""
    return [word for _, name, word, command in iter_commands(table) if name == phase and command]


def _as_exec(command: str | list[str]) -> Exec:
    return Exec(shell=command) if isinstance(command, str) else Exec(argv=tuple(command))


def _read_progress(table: Mapping[str, Any]) -> dict[str, str]:
    value = table.get("progress", {})
    progress = dict(value) if isinstance(value, Mapping) else {"run": value}
    dotted = {key.removeprefix("progress."): table[key] for key in table if key[:9] == "progress."}
    return progress | dotted


def _read_sourcecode(value: bool | str | list[str] | None) -> tuple[str, ...] | None:
    if value is None or value is True:
        return None
    return tuple(as_list(value)) if value is not False else ()


def is_declared(item: Any) -> bool:
    """Whether an entry of config declares a key by its name."""
    return isinstance(item, Mapping) and "name" in item


def _read_config_files(items: list[Any]) -> Iterator[ConfigFiles]:
    # Texts side by side are one: `#key` means the file before, `-file` takes from all of them.
    texts: list[str] = []
    for item in items:
        if isinstance(item, str):
            texts.append(item)
            continue
        if texts:
            yield ConfigFiles(tuple(texts))
            texts = []
        if not is_declared(item):
            yield _read_config_table(item)
    if texts:
        yield ConfigFiles(tuple(texts))


def _read_config_table(table: Mapping[str, Any]) -> ConfigFiles:
    return ConfigFiles(
        patterns=tuple(as_list(table["keys"])),
        description=table.get("description"),
        prefix=table.get("prefix"),
        strip_prefix=table.get("strip-prefix"),
        rename=dict(read_renames(table.get("rename"))),
    )


def _read_config_key(table: Mapping[str, Any]) -> ConfigKey:
    return ConfigKey(
        name=table["name"],
        description=table.get("description"),
        type=CONFIG_TYPES[table["type"]] if "type" in table else None,
        default=table.get("default"),
        has_default="default" in table,
        choices=tuple(table["choices"]) if "choices" in table else None,
        min=table.get("min"),
        max=table.get("max"),
        required=table.get("required", False),
    )


def _read_listing(value: str | list[str] | None) -> tuple[str, ...] | None:
    return tuple(as_list(value)) if value is not None else None


def _inner(table: Mapping[str, Any], outer: str, key: str) -> Any:
    """`outer.key`, as a table in a table or as one key."""
    return table.get(f"{outer}.{key}", table.get(outer, {}).get(key))


def _first(table: Mapping[str, Any], *keys: str) -> Any:
    """The value of a key, by whichever of its spellings."""
    return next((table[key] for key in keys if key in table), None)


def _text_or_none(value: Any) -> str | None:
    return str(value) if value is not None else None


def env_text(value: Any) -> str:
    """A value of env as the program sees it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
