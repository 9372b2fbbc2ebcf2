"""Which tool wrote what lies at a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GageError
from git_gage.formats import (
    dvc,
    gage,
    guild,
    jsonl,
    mlflow,
    ro_crate,
    tables,
    tensorboard,
    wandb,
)
from git_gage.formats.model import Found, Unread
from git_gage.formats.opened import open_plain

if TYPE_CHECKING:
    from git_gage.git import Repository

BUNDLE = "bundle"
_BUNDLE_START = (b"# v2 git bundle\n", b"# v3 git bundle\n")


class Form(NamedTuple):
    """How the files of a tool are known, and read; `not_read`: what they hold and never is."""

    is_here: Callable[[Path], bool]
    read_runs: Callable[[Path], Iterator[Found]]
    not_read: str


FOLDERS = {
    "guild": Form(guild.is_here, guild.read_runs, guild.NOT_READ),
    "gage": Form(gage.is_here, gage.read_runs, gage.NOT_READ),
    "mlflow": Form(mlflow.is_here, mlflow.read_runs, mlflow.NOT_READ),
    "wandb": Form(wandb.is_here, wandb.read_runs, wandb.NOT_READ),
    "ro-crate": Form(ro_crate.is_here, ro_crate.read_runs, ro_crate.NOT_READ),
    # Other tools keep event files in their runs: they go first.
    "tensorboard": Form(tensorboard.is_here, tensorboard.read_runs, tensorboard.NOT_READ),
}
FILES = {
    "jsonl": Form(jsonl.is_here, jsonl.read_runs, jsonl.NOT_READ),
    "csv": Form(tables.is_csv, tables.read_csv, tables.NOT_READ),
    "parquet": Form(tables.is_parquet, tables.read_parquet, tables.NOT_READ),
}
READ_FROM_PATHS = {**FOLDERS, **FILES}
NAMES = (*READ_FROM_PATHS, "dvc", BUNDLE)
"""What can be imported."""
NOT_READ = {name: form.not_read for name, form in READ_FROM_PATHS.items()} | {"dvc": dvc.NOT_READ}


def find_forms(path: Path, open_repo: Callable[[Path], Repository]) -> list[str]:
    """The names of what lies at a path; several where a project used several tools."""
    if path.is_file():
        if is_bundle(path):
            return [BUNDLE]
        return [name for name, form in FILES.items() if form.is_here(path)]
    found = [name for name, form in FOLDERS.items() if form.is_here(path)]
    if len(found) > 1 and "tensorboard" in found:
        found.remove("tensorboard")
    if _is_repository(path):
        try:
            if dvc.has_experiments(open_repo(path)):
                found.append("dvc")
        except GageError:
            if not found:
                raise
    return found


def _is_repository(path: Path) -> bool:
    """Whether a folder is a work tree or a bare repository, or one that DVC works in."""
    is_bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    return is_bare or (path / ".git").exists() or (path / ".dvc").is_dir()


def is_bundle(path: Path) -> bool:
    """Whether a file is a bundle of git's."""
    with open_plain(path) as file:
        return file.read(len(_BUNDLE_START[0])) in _BUNDLE_START


def read_path(path: Path, form: str, open_repo: Callable[[Path], Repository]) -> Iterator[Found]:
    """The runs at a path, as a tool of this name has written them."""
    if form == "dvc":
        try:
            repo = open_repo(path)
        except GageError as error:
            return iter([Unread(str(path), error.message)])
        return dvc.read_runs(repo)
    return READ_FROM_PATHS[form].read_runs(path)
