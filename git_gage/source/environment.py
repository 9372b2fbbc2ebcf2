"""Where a run happened: machine, programs, and the packages of the program's own interpreter.

Source: docs/format.md, "environment.json".
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from git_gage import __version__
from git_gage.git.repository import git_version
from git_gage.lookup import find_program
from git_gage.source.cachefile import read_cache, write_cache
from git_gage.system import host_name, usable_cpus

TIMEOUT_S = 10
_GPUS = Path("/proc/driver/nvidia/gpus")
_ASKED_BY = ("PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "HOME")

# Runs in the program's interpreter, whichever version that is. The first of two packages of one
# name is the one that is imported.
_QUESTION = """
import sys
sys.path[:] = [place for place in sys.path if place]
import json, platform
answer = {
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "executable": sys.executable,
    "path": sys.path,
    "packages": None,
}
try:
    from importlib.metadata import distributions
except ImportError:
    pass
else:
    answer["packages"] = packages = {}
    for found in distributions():
        about = found.metadata
        name = about["Name"] if about else None
        if name and found.version:
            packages.setdefault(name, found.version)
print("\\n" + json.dumps(answer))
"""


def describe_environment(
    interpreter: Path | None, cache_dir: Path, environ: Mapping[str, str]
) -> dict[str, Any]:
    """python, packages, platform, host, cpus (usable ones), gpus (names), git and gage (versions).

    `python` and `packages` are asked of `interpreter` with the program's own `environ`; without an
    interpreter, or an answer, they are None. "warning" is there only when an answer should have
    been. What was asked before and can't have changed is not asked again.
    """
    environment: dict[str, Any] = {
        "python": None,
        "packages": None,
        "platform": _describe_system(),
        "host": host_name(),
        "cpus": usable_cpus(),
        "gpus": _list_gpus(),
        "git": _find_git_version(cache_dir, environ),
        "gage": __version__,
    }
    if interpreter is not None:
        environment.update(_describe_python(interpreter, cache_dir, environ))
    return environment


def _describe_system() -> dict[str, str]:
    if sys.platform == "win32":
        import platform

        found = platform.uname()
        return {"system": found.system, "release": found.release, "machine": found.machine}
    uname = os.uname()
    return {"system": uname.sysname, "release": uname.release, "machine": uname.machine}


def _list_gpus() -> list[str]:
    """Names as the driver gives them; asking nvidia-smi would cost more than most runs."""
    names = []
    for information in sorted(_GPUS.glob("*/information")):
        lines = information.read_text(errors="replace").splitlines()
        names += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return names


# -- programs ---------------------------------------------------------------------------------


def _find_git_version(cache_dir: Path, environ: Mapping[str, str]) -> str | None:
    program = find_program("git", environ.get("PATH"))
    if program is None:
        return None
    asked = {"git": _stamp(program)}
    path = cache_dir / "git-version"
    known = _recall(path, asked)
    if known is None:
        known = ".".join(map(str, git_version(Path("/"), environ)))
        _remember(path, asked, known)
    return str(known)


def _describe_python(
    interpreter: Path, cache_dir: Path, environ: Mapping[str, str]
) -> dict[str, Any]:
    interpreter = Path(os.path.abspath(interpreter))
    asked = {
        "python": _stamp(str(interpreter)),
        "environ": {name: environ[name] for name in _ASKED_BY if name in environ},
    }
    name = hashlib.sha256(json.dumps(asked["environ"]).encode() + os.fsencode(interpreter))
    path = cache_dir / f"python-{name.hexdigest()[:16]}"
    known = _recall(path, asked)
    if known is not None and known["stamps"] == _stamps(known["path"]):
        return dict(known["described"])
    answer = _ask_python(interpreter, environ)
    if isinstance(answer, str):
        return {"warning": answer}
    described = {
        "python": {key: answer[key] for key in ("version", "implementation", "executable")},
        "packages": answer["packages"],
    }
    if answer["packages"] is None:
        described["warning"] = f"'{interpreter}' can't list its packages: Python is too old"
    stamps = _stamps(answer["path"])
    _remember(path, asked, {"path": answer["path"], "stamps": stamps, "described": described})
    return described


def _ask_python(interpreter: Path, environ: Mapping[str, str]) -> dict[str, Any] | str:
    """What the interpreter says of itself, or why it says nothing."""
    try:
        done = subprocess.run(
            [interpreter, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            # Nothing there that Python could import in place of its own modules.
            cwd="/",
            env=dict(environ),
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"'{interpreter}' did not list its packages within {TIMEOUT_S} s"
    except OSError as error:
        return f"cannot start '{interpreter}': {error.strerror}"
    answer = _parse_answer(done.stdout)
    if done.returncode != 0 or answer is None:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return f"'{interpreter}' did not list its packages: {said[-1] if said else 'no answer'}"
    return answer


def _parse_answer(stdout: bytes) -> dict[str, Any] | None:
    """The last object that was printed, whatever else an interpreter's start-up prints."""
    _, brace, last = stdout.decode(errors="replace").rpartition("\n{")
    try:
        answer, _ = json.JSONDecoder().raw_decode(brace[1:] + last)
    except ValueError:
        return None
    return dict(answer)


# -- what is known already --------------------------------------------------------------------


def _stamp(program: str) -> list[Any]:
    """What changes when a program is replaced, wherever links lead."""
    try:
        found = os.stat(program)
    except OSError:
        return [program]
    return [program, os.path.realpath(program), found.st_size, found.st_mtime_ns]


def _stamps(folders: Sequence[str]) -> list[Any]:
    """What changes when a package is installed, upgraded or removed."""
    return [_stamp(folder) for folder in folders]


def _recall(path: Path, asked: Mapping[str, Any]) -> Any:
    kept = json.loads(read_cache(path) or b"{}")
    return kept.get("answer") if kept.get("asked") == asked else None


def _remember(path: Path, asked: Mapping[str, Any], answer: Any) -> None:
    write_cache(path, json.dumps({"asked": asked, "answer": answer}).encode())
