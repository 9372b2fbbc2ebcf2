"""From an operation of the gagefile to what will run."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from git_gage.config.values import Value
from git_gage.errors import RequestError
from git_gage.runs.cmd import quote_for_cmd
from git_gage.runs.fields import fill_shell, fill_words
from git_gage.runs.interpreter import Interpreter, choose_interpreter
from git_gage.runs.masking import find_secret_config
from git_gage.runs.phases import PHASES, RUN, Step
from git_gage.runs.plan import Plan
from git_gage.runs.start import StartError
from git_gage.secrets import MASK
from git_gage.source.rules import is_secret
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.config.files import AppliedFiles, Keys
    from git_gage.gagefile.model import Exec, Gagefile, Operation
    from git_gage.git import Repository
    from git_gage.runs.request import RunRequest

T = TypeVar("T")
# A text with any of these is more than one plain command.
_NOT_PLAIN = frozenset(";|&<>()$`\n\\{}*?[]~#!")
_NOT_PLAIN_FOR_CMD = frozenset("|&<>()^%\n")


class Files(Protocol):
    """Files of a project; paths are relative to its folder."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
        ...

    def names(self) -> list[str]:
        """All files that patterns may mean."""
        ...


class ProjectFiles:
    """Files of the project as they are in the work tree; paths are relative to its folder."""

    def __init__(self, repo: Repository, folder: Path) -> None:
        self._repo = repo
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def names(self) -> list[str]:
        """All files but those that git ignores."""
        out = self._repo.run(
            *("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"),
            cwd=self._folder,
        )
        return [os.fsdecode(path) for path in out.split(b"\0")[:-1]]


def find_operation(gagefile: Gagefile, name: str | None) -> Operation | None:
    """The operation that is meant by `name`, `namespace:name`, or by saying nothing.

    None if there is none of that name. Raises: RequestError for one that is there and faulty, and
    where nothing says which.
    """
    if name is None:
        return _default_operation(gagefile)
    space, colon, bare = name.rpartition(":")
    if colon and space == gagefile.namespace and name not in gagefile.operations:
        name = bare
    if name in gagefile.refused:
        raise RequestError(
            f"operation '{name}' cannot run: {gagefile.refused[name]}",
            hint=f"git gage check {shlex.quote(gagefile.shown)}",
        )
    return gagefile.operations.get(name)


def _default_operation(gagefile: Gagefile) -> Operation:
    found = [operation for operation in gagefile.operations.values() if operation.default]
    if not found and len(gagefile.operations) == 1:
        found = list(gagefile.operations.values())
    if len(found) == 1:
        return found[0]
    names = ", ".join(gagefile.operations) or "none"
    first = next(map(shlex.quote, gagefile.operations), "<operation>")
    what = "no default operation" if not found else "more than one default operation"
    raise RequestError(
        f"{what} in '{gagefile.shown}' (operations: {names})",
        hint=f"git gage run {first}",
    )


def refuse_unknown(gagefile: Gagefile, name: str) -> RequestError:
    """There is no such operation, and what was most likely meant."""
    from difflib import get_close_matches

    known = [*gagefile.operations, *gagefile.refused]
    near = get_close_matches(name.rpartition(":")[2], known, n=1)
    return RequestError(
        f"no operation '{name}' in '{gagefile.shown}' (known: {', '.join(known) or 'none'})",
        hint=f"did you mean '{near[0]}'?" if near else "see them with 'git gage ops'",
    )


def plan_operation(
    repo: Repository,
    gagefile: Gagefile,
    operation: Operation,
    request: RunRequest,
    environ: Mapping[str, str],
    files: Files,
) -> Plan:
    """An operation with its settings.

    Raises: RequestError that names everything that is wrong with them.
    """
    from git_gage.config.files import apply, find_keys

    assert repo.work_tree is not None
    assignments, _ = split_bindings(operation, request.assignments)
    inputs = sorted(_bindable(operation))
    keys = find_keys(operation, files.read, files.names())
    applied = apply(keys, assignments, inputs)
    folder = with_slashes(os.path.relpath(gagefile.project_dir, repo.work_tree))
    folder = "" if folder == "." else folder
    # They are in no snapshot: the run gets them in its directory alone.
    secrets = {
        path: opened.content
        for path, opened in keys.files.items()
        if is_secret(os.fsencode(path)) and not request.in_place
    }
    interpreter = _choose_interpreter(repo, gagefile.project_dir, environ)
    of_files = _find_hidden(keys)
    named = {
        name: v for name, v in find_secret_config(applied.config).items() if name not in of_files
    }
    hidden = of_files.union(named)
    config = {
        name: Value("str", MASK) if name in hidden else value
        for name, value in applied.config.items()
    }
    values = {name: value.text for name, value in applied.config.items()}
    told = {name: value.text for name, value in config.items()}
    steps = _fill_steps(operation, gagefile, applied, values)
    if hidden:
        masked = _fill_steps(operation, gagefile, applied, told)
        steps = tuple(replace(s, told=m.argv) for s, m in zip(steps, masked, strict=True))
    return Plan(
        operation=operation.name,
        steps=steps,
        folder=folder,
        assignments=tuple(word for word in request.assignments if _key_of(word) not in of_files),
        env={name: fill_words((text,), values)[0] for name, text in operation.env.items()},
        config=config,
        hidden=named,
        replaced=_in_folder(folder, secrets | dict(applied.replaced)),
        config_files=frozenset(_in_folder(folder, keys.files)),
        config_diff=_without_secret_files(applied.diff),
        interpreter=interpreter and interpreter.path,
        interpreter_origin=interpreter and interpreter.origin,
        definition=operation,
        gagefile=gagefile,
        timeout_s=operation.timeout_s if request.timeout_s is None else request.timeout_s,
        in_place=request.in_place,
        warnings=applied.warnings,
    )


def split_bindings(
    operation: Operation, assignments: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Words that set config, and those that say which run an input comes from."""
    names = _bindable(operation)
    bound = {}
    others = []
    for word in assignments:
        name, _, value = word.partition("=")
        if name in names:
            bound[name] = value
        else:
            others.append(word)
    return tuple(others), bound


def _bindable(operation: Operation) -> set[str]:
    """The names by which inputs can be given a run."""
    from git_gage.runs.inputs import input_names

    return set(input_names(operation.depends).values()) - {
        key.name for key in operation.config_keys
    }


def _in_folder(folder: str, files: Mapping[str, T]) -> dict[bytes, T]:
    return {os.fsencode(posixpath.join(folder, path)): each for path, each in files.items()}


def _find_hidden(keys: Keys) -> set[str]:
    """Keys whose values are not recorded: what files like `.env` hold stays there."""
    hidden = {
        name
        for name, key in keys.known.items()
        if any(is_secret(os.fsencode(place.path)) for place in key.places)
    }
    return hidden | {alias for alias, name in keys.aliases.items() if name in hidden}


def _key_of(word: str) -> str:
    """The key that a `[file#]key[:type]=value` word sets."""
    return word.partition("=")[0].rpartition("#")[2].partition(":")[0]


def _without_secret_files(diff: str | None) -> str | None:
    parts = re.split(r"^(?=--- a/)", diff or "", flags=re.MULTILINE)
    kept = [part for part in parts if part and not is_secret(os.fsencode(part.splitlines()[0][6:]))]
    return "".join(kept) or None


def _choose_interpreter(
    repo: Repository, project_dir: Path, environ: Mapping[str, str]
) -> Interpreter | None:
    """The Python that the operation's commands find first; None where there is none at all."""
    assert repo.work_tree is not None
    try:
        script = project_dir / "gage.py"
        return choose_interpreter(script, b"", environ, project_dir, repo.work_tree)
    except StartError:
        return None


# -- commands ----------------------------------------------------------------------------------


def _fill_steps(
    operation: Operation, gagefile: Gagefile, applied: AppliedFiles, values: Mapping[str, str]
) -> tuple[Step, ...]:
    # Whoever declares keys writes for us; what was written for Gage may hold any braces.
    doubled = bool(operation.config_keys)
    steps = [
        _fill_step(phase, operation.phases[phase], gagefile, values, doubled)
        for phase in PHASES
        if phase in operation.phases
    ]
    if RUN not in operation.phases:
        raise RequestError(
            f"operation '{operation.name}' has no exec: there is nothing to run",
            hint=f"git gage ops {shlex.quote(operation.name)}",
        )
    return tuple(_pass_arguments(step, applied, operation.name) for step in steps)


def _fill_step(
    phase: str, exec: Exec, gagefile: Gagefile, values: Mapping[str, str], doubled: bool
) -> Step:
    project_dir = str(gagefile.project_dir)
    if exec.shell is None:
        words = tuple(word.replace("$project_dir", project_dir) for word in exec.argv or ())
        return Step(phase, fill_words(words, values, doubled=doubled))
    return Step(phase, (fill_shell(exec.shell, values, doubled=doubled),), shell=True)


def _pass_arguments(step: Step, applied: AppliedFiles, operation: str) -> Step:
    """Options of scripts go behind the command that runs them."""
    if step.phase != RUN:
        return step
    for path, arguments in applied.argv.items():
        step = _pass_to(step, path, arguments, operation)
    return step


def _join(words: Sequence[str]) -> str:
    if sys.platform == "win32":
        return " ".join(quote_for_cmd(word, batch=False) for word in words)
    return shlex.join(words)


def _pass_to(step: Step, path: str, arguments: tuple[str, ...], operation: str) -> Step:
    if not step.shell:
        return Step(step.phase, (*step.argv, *arguments))
    text = step.argv[0].strip()
    not_plain = _NOT_PLAIN_FOR_CMD if sys.platform == "win32" else _NOT_PLAIN
    if not not_plain.intersection(text):
        return Step(step.phase, (f"{text} {_join(arguments)}",), shell=True)
    raise RequestError(
        f"cannot pass '{shlex.join(arguments)}' to '{path}': the exec of '{operation}' is more than"
        " one plain command",
        hint=f"put {{{arguments[0].lstrip('-')}}} into the exec, where the value belongs",
    )
