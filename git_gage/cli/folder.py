"""The folder whose runs are meant: `--runs`, GAGE_RUNS."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from git_gage.cli.app import App
    from git_gage.git import Repository

_LEAVE_OUT = "leave out --runs and GAGE_RUNS, then"
_ADD = "git remote add "
# A host or a helper before a colon, as git has them; one letter is a drive of Windows.
_ADDRESS = re.compile(r"[^/:]{2,}:.*", re.DOTALL)


class Folder:
    """A repository that is named; one that is not there yet is made when runs come in."""

    def __init__(self, name: str, cwd: Path, environ: Mapping[str, str]) -> None:
        """Raises: RequestError for the address of a place that is no directory."""
        path = name.removeprefix("file://") if name.startswith("file:///") else name
        self.path = cwd / os.path.expanduser(path)
        if "://" in path or (_ADDRESS.fullmatch(path) and not os.path.exists(self.path)):
            raise _refuse_address(path)
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
        made.stands_for = Path(os.path.realpath(self.path))
        return made


def take_in(app: App, again: Collection[str] = ()) -> None:
    """Runs have come into a folder: `offer_runs`, and rows name them if nobody has seen a list."""
    from git_gage.cli.list import SHOWN
    from git_gage.share.copy import offer_runs

    offer_runs(app.store, app.catalog, again)
    if app.has_made_folder and app.catalog.last_list.read() is None:
        app.catalog.remember_rows([document["id"] for document in app.catalog.newest(SHOWN)])


def warn_of_remote(name: str, folder: Folder, app: App) -> None:
    """Say so where a directory that is not there yet has the name of a remote."""
    from git_gage.git import open_repository
    from git_gage.share.known import remote_words

    if os.path.exists(folder.path):
        return
    try:
        here = open_repository(app.cwd, app.environ)
    except RequestError:
        return  # who is in no repository has no remotes
    if name in remote_words(here):
        progress, shown = app.progress(), shlex.quote(name)
        progress.warning(f"there is no directory '{name}'; the remote of that name is elsewhere")
        progress.note(f"hint: {_LEAVE_OUT}: git gage list --remote {shown}")


def _refuse_address(address: str) -> RequestError:
    from git_gage.share.remote import hide_user

    shown = hide_user(address)
    place = shlex.quote(shown)
    return RequestError(
        f"runs are kept in a directory, and '{shown}' is none",
        hint=f"{_LEAVE_OUT}: git gage list --remote {place}, or: git gage copy @ --to {place}",
    )


def add_where_runs_are(app: App, text: str) -> str:
    """Text with the command that adds a remote as who is in no repository has to type it."""
    if _ADD not in text or not app.is_outside:
        return text
    place = shlex.quote(app.asked_folder or "")
    made = f"git init --bare {place} && " if app.folder and app.folder.is_unmade else ""
    return text.replace(_ADD, f"{made}git -C {place} remote add ")


def refuse(name: str, verb: str) -> RequestError:
    """What a command says that records runs where the user is."""
    return RequestError(
        f"'{verb}' records runs where you are, not in '{name}'",
        hint=f"{_LEAVE_OUT}: git gage copy @ --to <dir>",
    )
