"""A gagefile as values: what an operation is, with every spelling of its keys made one.

Source: docs/gagefile.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PHASES = ("stage-sourcecode", "stage-runtime", "stage-dependencies", "run", "finalize")


@dataclass(frozen=True, slots=True)
class Exec:
    """What a phase runs: a text for the shell (it may start with `#!`) or words for a program.

    Both may hold `{name}` fields; `{{` and `}}` stand for braces.
    """

    shell: str | None = None
    argv: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """Config keys that are found in files: `patterns` are `[-]file#key` in their order.

    rename: new names of keys; that of `*` is the new name of whatever single key is found.
    """

    patterns: tuple[str, ...]
    description: str | None = None
    prefix: str | None = None
    strip_prefix: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """A config key that is declared: `{name}` in exec, or what a key of a file may hold.

    type: int, float, str, bool, null, json, or None (as the default is, else as it is typed).
    """

    name: str
    description: str | None = None
    type: str | None = None
    default: Any = None
    has_default: bool = False
    choices: tuple[Any, ...] | None = None
    min: float | None = None
    max: float | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Dependency:
    """An input of an operation.

    type: project-files, run-files, runs-summary, file, dir or dvcfile.
    where: what chooses runs, as the filter language has it; files: patterns (`regex:…`, globs).
    elsewhere: a run of another repository, `<url>#<id>`.
    path: of file, dir and dvcfile; name: what binds it on the command line (`run=<run>`).
    link: by a link, not a copy; target: the folder of the run directory it goes to.
    """

    type: str
    where: str | None = None
    files: tuple[str, ...] = ()
    path: str | None = None
    elsewhere: str | None = None
    name: str | None = None
    link: bool | None = None
    target: str | None = None
    rename: tuple[tuple[str, str], ...] = ()
    sha256: str | None = None
    optional: bool = False
    summary_filename: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. sourcecode: patterns, None for the defaults, () for no source at all.

    output_summary: False, True or a regular expression; listing: fields, None for the usual ones.
    output_metrics, output_attributes: as metrics/output reads them, None for the defaults.
    """

    name: str
    description: str | None = None
    default: bool = False
    version: str | None = None
    phases: Mapping[str, Exec] = field(default_factory=dict)
    progress: Mapping[str, str] = field(default_factory=dict)
    sourcecode: tuple[str, ...] | None = None
    config_files: tuple[ConfigFiles, ...] = ()
    config_keys: tuple[ConfigKey, ...] = ()
    depends: tuple[Dependency, ...] = ()
    output_summary: bool | str = True
    output_metrics: Any = None
    output_attributes: Any = None
    summary_filename: str | None = None
    listing: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Gagefile:
    """A loaded gagefile.

    shown: its path as messages have it. warnings: what was wrong in it, each with its place;
    refused: what was wrong with each operation that is therefore not there, by its name.
    """

    path: Path
    project_dir: Path
    namespace: str
    shown: str = ""
    project_id: str | None = None
    runs_dir: str | None = None
    operations: Mapping[str, Operation] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
