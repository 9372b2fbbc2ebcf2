"""Which Python runs a script: the one the user means, not the one git-gage lives in."""

from __future__ import annotations

import ntpath
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from git_gage.lookup import find_program
from git_gage.runs.environ import user_path
from git_gage.runs.start import NOT_FOUND, StartError

_WINDOWS = sys.platform == "win32"
# On Windows environments have no python3, and that of PATH may be no more than a way to a shop.
_ANY_PYTHON = ("python", "python3") if _WINDOWS else ("python3", "python")
_SYSTEM = ("/usr/bin/python3", "/usr/bin/python", "/bin/python3", "/bin/python")
FIRST_LINE = "the script's first line"


class Interpreter(NamedTuple):
    """A Python, why it was chosen, and what the script's first line wants before its name."""

    path: Path
    origin: str
    options: tuple[str, ...] = ()


def choose_interpreter(
    script: Path,
    source: bytes,
    environ: Mapping[str, str],
    project_dir: Path,
    work_tree: Path,
    *,
    own_prefix: str = sys.prefix,
    base_prefix: str = sys.base_prefix,
) -> Interpreter:
    """What runs a script, as its user would expect.

    The first that is there of: a certain program that the script's first line names; the active
    environment ($VIRTUAL_ENV, $CONDA_PREFIX); the project's (`.venv` or `venv`, looked for from the
    script's folder up to `work_tree`, then from `project_dir`); python3 on the user's PATH. There
    the environment that git-gage lives in, `own_prefix`, does not count.
    Raises: StartError.
    """
    program, options = _read_first_line(source)
    if _is_own_choice(program):
        return Interpreter(Path(program), FIRST_LINE, options)
    names = _ANY_PYTHON if "/" in program or program in ("", *_ANY_PYTHON) else (program,)
    for environment, origin in _environments(script, environ, project_dir, work_tree):
        found = _first_of(names, programs_of(str(environment)))
        if found is not None:
            return Interpreter(found, origin, options)
    if program in _SYSTEM and os.access(program, os.X_OK):
        return Interpreter(Path(program), FIRST_LINE, options)
    own = "" if own_prefix == base_prefix else programs_of(own_prefix)
    found = _first_of(names, _without(user_path(environ), own))
    if found is not None:
        return Interpreter(found, f"{found.name} on PATH", options)
    raise StartError(
        f"cannot run '{script.name}': no {names[0]} on PATH",
        exit_code=NOT_FOUND,
        hint=f"{_ANY_PYTHON[0]} -m venv .venv"
        if names is _ANY_PYTHON
        else f"install {program}, or change the first line of '{script.name}'",
    )


def _read_first_line(source: bytes) -> tuple[str, tuple[str, ...]]:
    """Program and options of `#!`; no program where there is none that we understand."""
    line = os.fsdecode(source.partition(b"\n")[0])
    if not line.startswith("#!"):
        return "", ()
    program, _, rest = line[2:].strip().partition(" ")
    if program in ("/usr/bin/env", "/bin/env"):
        words = rest.removeprefix("-S").split()
        # Settings for env itself are none that we could hand on.
        if not words or words[0].startswith("-") or "=" in words[0]:
            return "", ()
        return words[0], tuple(words[1:])
    if not program.startswith("/"):
        return "", ()
    # The system hands on the rest as one word.
    return program, (rest.strip(),) if rest.strip() else ()


def _is_own_choice(program: str) -> bool:
    """Whether this is a certain program on this machine, not just the system's Python."""
    return program.startswith("/") and program not in _SYSTEM and os.access(program, os.X_OK)


def _environments(
    script: Path, environ: Mapping[str, str], project_dir: Path, work_tree: Path
) -> Iterator[tuple[Path, str]]:
    """Environments that the user may mean, best first."""
    conda = environ.get("CONDA_PREFIX")
    # conda's base is active in every shell of those who have it: that says nothing.
    conda_is_meant = environ.get("CONDA_DEFAULT_ENV") not in ("base", "root")
    if environ.get("VIRTUAL_ENV"):
        yield Path(environ["VIRTUAL_ENV"]), "$VIRTUAL_ENV"
    if conda and conda_is_meant:
        yield Path(conda), "$CONDA_PREFIX"
    for folder in (*_upwards(script.parent, work_tree), *_upwards(project_dir, work_tree)):
        for name in (".venv", "venv"):
            if any((folder / name / mark).exists() for mark in ("pyvenv.cfg", "conda-meta")):
                yield folder / name, f"project's {name}"
    if conda and not conda_is_meant:
        yield Path(conda), "$CONDA_PREFIX"


def _upwards(folder: Path, top: Path) -> Sequence[Path]:
    """A folder and those above it, up to `top`; `top` alone if it is not inside."""
    top = Path(os.path.realpath(top))
    folder = Path(os.path.realpath(folder))
    places = [folder, *folder.parents]
    return places[: places.index(top) + 1] if top in places else [top]


def programs_of(environment: str, *, windows: bool = _WINDOWS) -> str:
    """As PATH has it, where the programs of an environment are."""
    if not windows:
        return os.path.join(environment, "bin")
    # Those of venv, then those of conda.
    return ";".join([ntpath.join(environment, "Scripts"), environment])


def _first_of(names: Sequence[str], path: str) -> Path | None:
    for name in names:
        found = find_program(name, path)
        if found is not None:
            return Path(os.path.abspath(found))
    return None


def _without(path: str, folders: str) -> str:
    if not folders:
        return path
    left_out = [os.path.realpath(folder) for folder in folders.split(os.pathsep)]
    places = path.split(os.pathsep)
    return os.pathsep.join(place for place in places if os.path.realpath(place) not in left_out)
