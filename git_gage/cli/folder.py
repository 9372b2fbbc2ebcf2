"""The folder whose runs are meant: `--runs`, GAGE_RUNS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from git_gage.git import Repository


class Folder:
    """A repository that is named; one that is not there yet is made when runs come in."""

    def __init__(self, name: str, cwd: Path, environ: Mapping[str, str]) -> None:
        self.path = cwd / os.path.expanduser(name)
        self._cwd = cwd
        self._environ = environ
        self._nothing: TemporaryDirectory[str] | None = None

    @cached_property
    def repo(self) -> Repository:
        """What has the runs; a repository without any stands for a folder without anything."""
        return self._found or self._stand_in()

    @property
    def is_unmade(self) -> bool:
        return self._found is None

    def make(self) -> None:
        """Make a repository of the folder, to be opened anew."""
        from git_gage.git.folder import make_folder

        make_folder(self.path, self._environ)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._nothing is not None:
            self._nothing.cleanup()

    @cached_property
    def _found(self) -> Repository | None:
        from git_gage.git.folder import open_folder

        return open_folder(self.path, self._cwd, self._environ)

    def _stand_in(self) -> Repository:
        from tempfile import TemporaryDirectory

        from git_gage.git.folder import make_folder, open_folder

        self._nothing = TemporaryDirectory(prefix="git-gage-")
        folder = Path(self._nothing.name)
        make_folder(folder, self._environ)
        made = open_folder(folder, self._cwd, self._environ)
        assert made is not None
        return made


def refuse(name: str, verb: str) -> RequestError:
    """What a command says that records runs where the user is."""
    return RequestError(
        f"'{verb}' records runs where you are, not in '{name}'",
        hint="leave out --runs and GAGE_RUNS, then: git gage copy @ --to <dir>",
    )
