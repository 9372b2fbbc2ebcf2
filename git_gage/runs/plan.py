"""From what was typed to what will run: operation, arguments, settings, interpreter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from git_gage.config import apply_settings, find_settings
from git_gage.errors import RequestError
from git_gage.lookup import find_program
from git_gage.runs.interpreter import choose_interpreter
from git_gage.runs.phases import RUN, Step, find_step
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.config import Value
    from git_gage.gagefile.model import Gagefile, Operation
    from git_gage.git import Repository
    from git_gage.runs.inputs import Input
    from git_gage.runs.request import RunRequest


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can begin.

    `folder` is where it runs, `replaced` the files that it gets with other content, and
    `config_files` those that it reads: all relative to the work tree, as is `script`, the path of
    one. `assignments` are settings as they were typed, and `env` is what the program gets besides.
    `definition` and `gagefile` are those of an operation; such a run sees nothing but its source
    and its inputs. `hidden` are the values of settings that have `***` in `config`. Nothing here
    but them, the steps, `env` and `replaced` holds what is secret.
    """

    operation: str
    steps: tuple[Step, ...]
    folder: str
    script: str | None = None
    assignments: tuple[str, ...] = ()
    config: Mapping[str, Value] = field(default_factory=dict)
    hidden: Mapping[str, Value] = field(default_factory=dict)
    replaced: Mapping[bytes, bytes] = field(default_factory=dict)
    config_files: frozenset[bytes] = frozenset()
    config_diff: str | None = None
    interpreter: Path | None = None
    interpreter_origin: str | None = None
    definition: Operation | None = None
    gagefile: Gagefile | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    timeout_s: float | None = None
    in_place: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def program(self) -> Step:
        """What the run itself runs."""
        step = find_step(self.steps, RUN)
        assert step is not None
        return step


def plan_command(repo: Repository, request: RunRequest, environ: Mapping[str, str]) -> Plan:
    """A command as it is."""
    argv = request.argv
    words = [Path(word).name for word in argv]
    interpreter = None
    operation = words[0]
    if _is_python(argv[0]):
        interpreter = _on_path(argv[0], environ)
        operation = next((word for word in words[1:] if word.endswith(".py")), operation)
    return Plan(
        operation=operation,
        steps=(Step(RUN, argv),),
        folder=repo.prefix.rstrip("/"),
        interpreter=interpreter,
        timeout_s=request.timeout_s,
        in_place=request.in_place,
    )


def plan_script(
    repo: Repository, script: str, request: RunRequest, environ: Mapping[str, str]
) -> Plan:
    """A Python script with settings that are found in it.

    Raises: RequestError for a script or setting that does not exist or fit.
    """
    path, place = _locate(repo, script)
    folder = repo.prefix.rstrip("/")
    return plan_source(repo, str(place), path.read_bytes(), folder, request, environ, script)


def plan_source(
    repo: Repository,
    place: str,
    source: bytes,
    folder: str,
    request: RunRequest,
    environ: Mapping[str, str],
    word: str | None = None,
) -> Plan:
    """A script with this content at `place` in the work tree, run in `folder`.

    `word`: how the program is told of it, if not by its path from there.
    Raises: RequestError for a setting that does not exist or fit.
    """
    assert repo.work_tree is not None
    word = word or with_slashes(os.path.relpath(place, folder or "."))
    applied = apply_settings(find_settings(source, word), request.assignments)
    path = repo.work_tree / place
    project_dir = repo.work_tree / folder
    interpreter = choose_interpreter(path, source, environ, project_dir, repo.work_tree)
    argv = (str(interpreter.path), *interpreter.options, word, *applied.argv)
    return Plan(
        operation=path.name,
        steps=(Step(RUN, argv),),
        folder=folder,
        script=place,
        assignments=request.assignments,
        config=applied.config,
        replaced={os.fsencode(place): applied.source} if applied.source != source else {},
        config_diff=applied.diff,
        interpreter=interpreter.path,
        interpreter_origin=interpreter.origin,
        timeout_s=request.timeout_s,
        in_place=request.in_place,
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
    place = with_slashes(os.path.relpath(os.path.abspath(path), repo.work_tree))
    if place.startswith(".."):
        import shlex

        raise RequestError(
            f"script '{script}' is outside the work tree '{repo.work_tree}'",
            hint=f"git gage run -- python3 {shlex.quote(script)}",
        )
    return path, PurePosixPath(place)


def _as_command(word: str) -> str:
    if word.endswith(".ipynb"):
        return f"jupyter nbconvert --to notebook --execute {word}"
    return word if "/" in word or not Path(word).is_file() else f"./{word}"


def _is_python(program: str) -> bool:
    return Path(program).name.startswith("python")


def _on_path(program: str, environ: Mapping[str, str]) -> Path | None:
    found = find_program(program, environ.get("PATH"))
    return Path(found) if found else None


def recorded_config(config: Mapping[str, Value]) -> dict[str, Any]:
    """Settings as a record holds them."""
    return {name: value.to_json() for name, value in config.items()}
