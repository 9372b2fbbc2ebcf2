"""From what was typed to what will run: operation, arguments, settings, interpreter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from git_gage.config import apply_settings, find_settings
from git_gage.errors import RequestError
from git_gage.runs.interpreter import choose_interpreter

if TYPE_CHECKING:
    from git_gage.config import Value
    from git_gage.git import Repository
    from git_gage.runs.request import RunRequest


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can begin. `script` is relative to the work tree, `source` its changed bytes."""

    operation: str
    argv: tuple[str, ...]
    config: Mapping[str, Value] = field(default_factory=dict)
    script: PurePosixPath | None = None
    source: bytes | None = None
    config_diff: str | None = None
    interpreter: Path | None = None
    interpreter_origin: str | None = None


def plan_run(repo: Repository, request: RunRequest, environ: Mapping[str, str]) -> Plan:
    """Everything that can be refused is refused here, before anything is written.

    Raises: RequestError for a script or setting that does not exist or fit.
    """
    if request.script is None:
        return _plan_command(request, environ)
    return _plan_script(repo, request.script, request, environ)


def _plan_command(request: RunRequest, environ: Mapping[str, str]) -> Plan:
    program = request.argv[0]
    words = [Path(word).name for word in request.argv]
    interpreter = None
    operation = words[0]
    if _is_python(program):
        interpreter = _on_path(program, environ)
        operation = next((word for word in words[1:] if word.endswith(".py")), operation)
    return Plan(operation=operation, argv=request.argv, interpreter=interpreter)


def _plan_script(
    repo: Repository, script: str, request: RunRequest, environ: Mapping[str, str]
) -> Plan:
    path, place = _locate(repo, script)
    source = path.read_bytes()
    applied = apply_settings(find_settings(source, script), request.assignments)
    assert repo.work_tree is not None
    interpreter = choose_interpreter(path, source, environ, repo.cwd, repo.work_tree)
    return Plan(
        operation=path.name,
        argv=(str(interpreter.path), *interpreter.options, script, *applied.argv),
        config=applied.config,
        script=place,
        source=applied.source if applied.source != source else None,
        config_diff=applied.diff,
        interpreter=interpreter.path,
        interpreter_origin=interpreter.origin,
    )


def _locate(repo: Repository, script: str) -> tuple[Path, PurePosixPath]:
    """The script's path, and its place in the work tree."""
    if repo.work_tree is None:
        raise RequestError(
            f"cannot run '{script}' here: there is no work tree",
            hint="give a command instead: git gage run -- <command>",
        )
    if not script.endswith(".py"):
        raise RequestError(
            f"'{script}' is not a Python script", hint=f"git gage run -- {_as_command(script)}"
        )
    path = repo.cwd / script
    if not path.is_file():
        raise RequestError(
            f"no script '{script}' here", hint="see what is here with 'git ls-files'"
        )
    place = os.path.relpath(os.path.abspath(path), repo.work_tree)
    if place.startswith(".."):
        raise RequestError(
            f"script '{script}' is outside the work tree '{repo.work_tree}'",
            hint=f"git gage run -- python3 {script}",
        )
    return path, PurePosixPath(place)


def _as_command(word: str) -> str:
    return word if "/" in word or not Path(word).is_file() else f"./{word}"


def _is_python(program: str) -> bool:
    return Path(program).name.startswith("python")


def _on_path(program: str, environ: Mapping[str, str]) -> Path | None:
    import shutil

    found = shutil.which(program, path=environ.get("PATH"))
    return Path(found) if found else None


def recorded_config(config: Mapping[str, Value]) -> dict[str, Any]:
    """Settings as a record holds them."""
    return {name: value.to_json() for name, value in config.items()}
