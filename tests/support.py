"""What tests are told with: repositories, git, and `git gage` as a user types it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple, TypeVar
from unittest.mock import patch

T = TypeVar("T")
FULL = os.environ.get("GAGE_TEST_FULL") == "1"
"""Whether the sizes the issues ask for are run (`make test-all`), not the small ones."""

TRAIN = """\
lr = 0.1
epochs = 2
for epoch in range(epochs):
    print(f"epoch {epoch + 1}/{epochs}")
print("loss:", round(lr / epochs, 4))
"""

# Fixed, so that equal stories make equal commits.
_DATES = {
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
}
# Coverage of subprocesses and pytest's own bookkeeping travel in these.
_KEPT = ("COVERAGE_", "PYTEST_", "TMPDIR")


class Result(NamedTuple):
    """What a program answered."""

    code: int
    out: str
    err: str


def scale(small: int, full: int) -> int:
    """How many: `small` in `make test`, `full` in `make test-all`."""
    return full if FULL else small


def ways(*cases: T, small: int = 1) -> tuple[T, ...]:
    """Ways in which one thing comes about: the first in `make test`, else all."""
    return cases[: scale(small, len(cases))]


def make_tools(folder: Path) -> Path:
    """Put `git-gage` and a python3 without it into a folder, as on a machine with pipx.

    That python3 has nothing that is installed on the machine: what that does as Python starts would
    be waited for a thousand times.
    """
    beside = Path(sys.executable).parent
    (folder / "git-gage").symlink_to(beside / "git-gage")
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (folder / "python3").symlink_to(base)
    alone = f"home = {base.parent}\ninclude-system-site-packages = false\n"
    (folder / "pyvenv.cfg").write_text(alone)
    return folder


def sealed_environ(home: Path, tools: Path) -> dict[str, str]:
    """A whole environment with nothing in it of the person who runs the tests."""
    git = shutil.which("git")
    assert git is not None, "git is not on PATH"
    places = [str(tools), str(Path(git).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_ALLOW_PROTOCOL": "file:http:ssh",
        "GIT_TERMINAL_PROMPT": "0",
        # What git says where there is no repository is the same on a disk of its own.
        "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
        # Nobody who has named no key signs there: tests that sign say so.
        "CI": "1",
        "PATH": os.pathsep.join(dict.fromkeys(places)),
        "COLUMNS": "80",
        "LINES": "24",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def unmeasured_environ() -> dict[str, str]:
    """For a process that may not write as it likes: its coverage data would be torn."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def git(where: Path, *args: str, input: str | None = None, ok: tuple[int, ...] = (0,)) -> str:
    """Standard output of `git <args>` in a folder; anything but an exit code in `ok` fails."""
    done = subprocess.run(
        ["git", *args],
        cwd=where,
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    assert done.returncode in ok, f"git {' '.join(args)}: {done.returncode}\n{done.stderr}"
    return done.stdout


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by relative path, with the folders they need."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(where: Path, message: str = "a change") -> str:
    """Commit everything that is not ignored, at a fixed date; the commit's id."""
    env = {**os.environ, **_DATES}
    subprocess.run(["git", "add", "-A"], cwd=where, check=True, env=env)
    subprocess.run(
        ["git", "commit", "-q", "--allow-empty", "-m", message], cwd=where, check=True, env=env
    )
    return git(where, "rev-parse", "HEAD").strip()


def make_repo(
    path: Path,
    *,
    files: Mapping[str, str | bytes] | None = None,
    commit: bool = True,
    identity: bool = True,
    options: tuple[str, ...] = (),
) -> Path:
    """A new repository on branch main; `files` default to a small train.py.

    `options` go to `git init`. Without `identity` git knows no name for whoever works there.
    """
    if (
        files is None
        and commit
        and not options
        and not Path(os.environ["GIT_CONFIG_GLOBAL"]).exists()
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(_template(), path, symlinks=True, dirs_exist_ok=True)
        git(path, "update-index", "-q", "--refresh")  # it notes times of files
    else:
        _make_repo(path, {"train.py": TRAIN} if files is None else files, commit, options)
    if not identity:
        forget_identity(path)
    return path


@functools.cache
def _template() -> Path:
    """The repository that most tests begin with, made once a process."""
    folder = tempfile.mkdtemp(prefix="gage-template-")
    atexit.register(shutil.rmtree, folder)
    _make_repo(Path(folder), {"train.py": TRAIN}, True, ())
    return Path(folder)


def _make_repo(
    path: Path, files: Mapping[str, str | bytes], commit: bool, options: tuple[str, ...]
) -> None:
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "-q", "-b", "main", *options)
    set_identity(path)
    write_files(path, files)
    if commit:
        _commit(path, "first")


def clone(
    source: Path | str, path: Path, *, name: str = "Sam", options: tuple[str, ...] = ()
) -> Path:
    """A clone with an identity of its own."""
    user = (word for key, value in _identity(name).items() for word in ("-c", f"{key}={value}"))
    git(path.parent, "clone", "-q", *user, *options, str(source), str(path))
    return path


def set_identity(where: Path, name: str = "Ana") -> None:
    """Give this repository, and nothing else, a user."""
    for key, value in _identity(name).items():
        git(where, "config", key, value)


def _identity(name: str) -> dict[str, str]:
    return {"user.name": name, "user.email": f"{name.lower()}@example.com"}


def forget_identity(where: Path) -> None:
    """Leave git without a user here, and without leave to guess one from the host."""
    git(where, "config", "--unset", "user.name", ok=(0, 5))
    git(where, "config", "--unset", "user.email", ok=(0, 5))
    git(where, "config", "user.useConfigOnly", "true")


def gage(
    where: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout_s: float = 120,
) -> Result:
    """`git gage <args>` as a user types it: git, then our program, as processes."""
    done = subprocess.run(
        ["git", "gage", *args],
        cwd=where,
        env={**os.environ, **(env or {})},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=timeout_s,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def gage_inside(
    where: Path, *args: str, env: Mapping[str, str] | None = None, stdin: str = ""
) -> Result:
    """The same within this process: no git in front, no start of Python, several times faster.

    Not for what forks or ends its process, and not where it has to be a process of its own.
    """
    from git_gage.cli.app import main

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with (
            contextlib.chdir(where),
            patch.dict(os.environ, env or {}),
            patch("sys.stdin", io.StringIO(stdin)),
            _lead("stdout", 1, out.fileno()),
            _lead("stderr", 2, err.fileno()),
        ):
            code = main(args)
        return Result(code, _read(out), _read(err))


def said(where: Path, *args: str, code: int = 0) -> Result:
    """The same where it has to end with this exit code."""
    done = gage_inside(where, *args)
    assert done.code == code, done.err
    return done


@contextlib.contextmanager
def _lead(name: str, stream: int, file: int) -> Iterator[None]:
    """What is written to a standard stream, by us and by programs, goes to a file."""
    before = os.dup(stream)
    os.dup2(file, stream)
    try:
        with (
            open(stream, "w", encoding="utf-8", errors="surrogateescape", closefd=False) as text,
            patch(f"sys.{name}", text),
        ):
            yield
    finally:
        os.dup2(before, stream)
        os.close(before)


def wait_until(true: Callable[[], object], timeout_s: float = 20) -> None:
    """Look again and again until something is so; what never is fails the test."""
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, "this did not come true in time"
        time.sleep(0.01)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "surrogateescape").replace("\r\n", "\n")


_commit = commit


def unpack_all(repo: Path) -> None:
    """Make each object a file of its own, which a test can damage."""
    pack_dir = repo / ".git" / "objects" / "pack"
    aside = repo / "packs"
    shutil.move(pack_dir, aside)
    for pack in aside.glob("*.pack"):
        with pack.open("rb") as file:
            subprocess.run(["git", "unpack-objects", "-q"], cwd=repo, stdin=file, check=True)
    shutil.rmtree(aside)
