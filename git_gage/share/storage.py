"""Where the large files of a remote go: what the user said, else what suits the remote."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import ConfigError, GageError, RequestError
from git_gage.git.known import read_valid
from git_gage.lookup import find_program
from git_gage.share.bucket import FILES, is_bucket, open_notes
from git_gage.share.known import find_usual
from git_gage.share.places import find_places
from git_gage.share.remote import Remote, find_remote, hide_user, remote_names, seen_from

if TYPE_CHECKING:
    from git_gage.files.backends import Backend
    from git_gage.git import Repository
    from git_gage.share.transfer import Observer

LFS, NONE, RCLONE, FILE = "lfs", "none", "rclone:", "file://"
# git's own rule: what has a colon before the first slash is no path.
_AN_ADDRESS = re.compile(r"[^/]*:.*", re.DOTALL)


class Storage(NamedTuple):
    """A remote and the place of its large files."""

    remote: Remote
    backend: Backend


def find_storage(repo: Repository, asked: str | None) -> Storage:
    """Where large files of a remote go; without `asked` of the one this repository works with.

    Raises: RequestError where there is no such remote, or none of its files go anywhere.
    """
    remote = find_remote(repo, asked)
    backend = open_backend(repo, remote)
    if backend is None:
        _require_folder(repo, remote)
        raise RequestError(
            f"large files do not go to '{remote.shown}'", hint=_how_to_choose(repo, remote)
        )
    return Storage(remote, backend)


def find_storages(repo: Repository, observer: Observer, away: list[str]) -> Iterator[Storage]:
    """All that there are, the usual one first.

    What is wrong with one is told, and its remote named in `away`.
    """
    places = (place.name for place in find_places(repo).found if place.refused is None)
    words = [*find_usual(repo), *remote_names(repo), *places]
    for word in dict.fromkeys(words):
        remote = find_remote(repo, word)
        try:
            backend = open_backend(repo, remote)
            if backend is None and _find_chosen(repo, remote) != NONE:
                _require_folder(repo, remote)
        except GageError as error:
            observer.warning(error.message)
            away.append(remote.shown)
            continue
        if backend is not None:
            yield Storage(remote, backend)


def open_backend(repo: Repository, remote: Remote) -> Backend | None:
    """Where they go; None where they go nowhere."""
    value = _find_chosen(repo, remote)
    if value == NONE:
        return None
    if value is None and is_bucket(remote.address):
        return open_notes(repo, remote, FILES)
    folder = None if value else _find_git_dir(repo, remote)
    if folder is not None:
        return _open_folder(repo, folder / "gage" / "lfs", remote.shown, folder)
    if value == LFS:
        return _open_lfs(repo, remote)
    if value is None:
        has_lfs = find_program("git-lfs", repo.environ.get("PATH")) is not None
        return _open_lfs(repo, remote) if has_lfs and _is_url(repo, remote) else None
    return _open_chosen(repo, value, remote.shown)


def open_backends(repo: Repository, remote: Remote, here: Repository) -> Iterator[Backend]:
    """Where they can be: also where names say that `here` has for the same remote.

    By its path or URL, and with `--runs`, a remote has no name, and no place of its own.
    """
    first = open_backend(repo, remote)
    if first is not None:
        yield first
    places = (place.name for place in find_places(here).found if place.refused is None)
    for word in (*remote_names(here), *places):
        named = find_remote(here, word)
        if named == remote or _find_chosen(here, named) is None:
            continue
        other = open_backend(here, named)
        if other is not None and seen_from(repo, here, named).tracking == remote.tracking:
            yield other


def _find_chosen(repo: Repository, remote: Remote) -> str | None:
    """What the user said of a remote that has a name."""
    name = remote.address if remote.configured else remote.shown if remote.is_place else None
    return read_valid(repo.settings, f"gage.repo.{name}.files") if name else None


def _open_chosen(repo: Repository, value: str, shown: str) -> Backend:
    if value.startswith(RCLONE):
        from git_gage.files.backends.rclone import RcloneBackend

        return RcloneBackend(value.removeprefix(RCLONE), shown, repo.cwd, repo.environ)
    if "://" in value and not value.startswith(FILE):
        from git_gage.files.backends.fsspec import FsspecBackend

        return FsspecBackend(value, f"{shown} ({hide_user(value)})")
    path = value.removeprefix(FILE)
    home = repo.environ.get("HOME")
    if home and path.startswith("~/"):
        path = os.path.join(home, path[2:])
    folder = Path(os.path.normpath(repo.config_base / path))
    return _open_folder(repo, folder, shown, folder)


def _open_folder(repo: Repository, folder: Path, shown: str, base: Path) -> Backend:
    from git_gage.files.backends.local import LocalBackend

    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:12]
    return LocalBackend(folder, shown, repo.gage_dir / "cache" / "held" / name, base=base)


def _open_lfs(repo: Repository, remote: Remote) -> Backend:
    from git_gage.files.backends.lfs import LfsBackend

    # Which server it is git-lfs is told by these first, whatever the remote is.
    told = [repo.settings.get(key) for key in (f"remote.{remote.address}.lfsurl", "lfs.url")]
    if not (any(told) or _is_url(repo, remote)):
        raise ConfigError(
            f"'{remote.shown}' is a directory, which has no LFS server",
            hint=f"git config --unset gage.repo.{remote.shown}.files, or say which one: "
            f"git config remote.{remote.shown}.lfsurl <url>",
        )
    return LfsBackend(repo, remote.address, remote.shown)


def _address(repo: Repository, remote: Remote) -> str:
    """What git makes of the remote's name, with what it rewrites."""
    if not remote.configured:
        return remote.address
    return os.fsdecode(repo.run("remote", "get-url", "--", remote.address)).strip()


def _is_url(repo: Repository, remote: Remote) -> bool:
    address = _address(repo, remote)
    return _AN_ADDRESS.fullmatch(address) is not None and not address.startswith(FILE)


def _find_git_dir(repo: Repository, remote: Remote) -> Path | None:
    """The git directory of a remote that is a path; None for what is none.

    Source: git-clone(1), "GIT URLS"; gitrepository-layout(5).
    """
    if _is_url(repo, remote):
        return None
    path = repo.config_base / _address(repo, remote).removeprefix(FILE)
    for place in (path / ".git", path.with_name(f"{path.name}.git"), path):
        if (place / "HEAD").is_file() and (place / "objects").is_dir():
            return place
    return None


def _require_folder(repo: Repository, remote: Remote) -> None:
    """Raises: RequestError where a remote is a directory and there is none."""
    path = repo.config_base / _address(repo, remote).removeprefix(FILE)
    if not _is_url(repo, remote) and not path.exists():
        is_named = remote.configured or remote.is_place
        what = f"'{remote.shown}' is '{path}', and" if is_named else f"'{remote.shown}':"
        check = "check its address with" if is_named else "choose another of"
        raise RequestError(
            f"{what} there is no such folder",
            hint=f"mount the disk it is on, or {check} 'git gage remote'",
        )


def _how_to_choose(repo: Repository, remote: Remote) -> str:
    if not (remote.configured or remote.is_place):
        return "give it a name: git gage config set gage.repo.<name>.url <url>"
    setting = f"git gage config set gage.repo.{remote.shown}.files <path, rclone:... or s3://...>"
    has_lfs = find_program("git-lfs", repo.environ.get("PATH")) is not None
    return setting if has_lfs else f"install git-lfs, or say where: {setting}"
