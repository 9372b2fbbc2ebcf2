"""Places that have a name of the user's: `gage.repo.<name>.url`, and the `repos` of Gage's config.

Source: git-config(1); Gage's userconfig.schema.json, and which files it reads.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from git_gage.git import Repository

GAGE_FILES = (
    *(".gage/config.toml", ".gage/config.yaml", ".gage/config.json"),
    *("gageconfig.toml", "gageconfig.yaml", "gageconfig.json"),
)
"""What Gage calls its user config; of one folder the first that there is counts."""
_MAX_BYTES = 1 << 20
# What git takes for an address and not for a path: a scheme, or a host before a colon.
_URL = re.compile(r"[\w+.-]+://.*|[^/:]+:.*", re.DOTALL)
# A helper of git's is a program: no file that lies about says which one is started.
_PLAIN_URL = re.compile(
    r"(?:https?|ssh|git|file)://[^-].*|(?!rclone:)[^/:-][^/:]*:(?!:|//).*", re.DOTALL
)
_LOCAL, _GIT = "local", "git"


class Place(NamedTuple):
    """A repository with a name. `address` is a URL or an absolute path; `origin` the file it is in.

    `refused`: why it is not used, None if it is.
    """

    name: str
    address: str
    origin: str
    refused: str | None = None


class Places(NamedTuple):
    """All that have a name, those that count most first, and what is wrong with their files."""

    found: list[Place]
    notices: list[str]

    def find(self, name: str) -> Place | None:
        """The place that a name stands for; one that is not used if there is no other."""
        named = [place for place in self.found if place.name == name]
        usable = (place for place in named if place.refused is None)
        return next(usable, named[0] if named else None)


def find_places(repo: Repository) -> Places:
    """Places in git's config, then in the files of this folder and of those above it, then in HOME.

    A file of the repository, or of another user, may be anybody's: what it says is not used.
    """
    places = Places(list(_find_configured(repo)), [])
    for path in _find_gage_files(repo):
        found, notice = _read_gage_file(path)
        refused = _distrust(repo, path) if found else None
        for name, entry in found.items():
            places.found.append(_read_entry(name, entry, path, repo.environ, refused))
        if notice is not None:
            places.notices.append(f"'{path}' is not read: {notice}")
    return places


def _find_configured(repo: Repository) -> Iterator[Place]:
    for name, entries in repo.settings.named("gage.repo", "url").items():
        entry = entries[-1]
        if entry.value:
            address = _resolve(entry.value, repo.config_base, repo.environ)
            yield Place(name, address, entry.place)


def is_url(text: str) -> bool:
    """Whether git takes this for an address, and not for a path."""
    return _URL.fullmatch(text) is not None


def _resolve(text: str, folder: Path, environ: Mapping[str, str]) -> str:
    """An address as it is, a path absolute."""
    if is_url(text):
        return text
    home = environ.get("HOME")
    path = os.path.join(home, text[2:]) if home and text.startswith("~/") else text
    return os.path.normpath(folder / path)


# -- Gage's files ------------------------------------------------------------------------------


def _find_gage_files(repo: Repository) -> Iterator[Path]:
    folders = [repo.cwd, *repo.cwd.parents]
    home = repo.environ.get("HOME")
    folders += [Path(home)] if home else []
    for folder in dict.fromkeys(folders):
        candidates = (folder / name for name in GAGE_FILES)
        path = next(filter(os.path.isfile, candidates), None)
        if path is not None:
            yield path


def _read_gage_file(path: Path) -> tuple[dict[str, Any], str | None]:
    """`repos` of a file, by name, or what is wrong with it."""
    from git_gage.config.documents import DocumentError, kind_of_file, read_value

    kind = kind_of_file(path.name)
    assert kind is not None
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}, "it is too large"
        document = read_value(path.read_bytes(), kind)
    except OSError as error:
        return {}, (error.strerror or str(error)).lower()
    except DocumentError as error:
        return {}, error.message
    repos = document.get("repos", {}) if isinstance(document, dict) else None
    if not isinstance(repos, dict) or not all(map(_is_entry, repos.items())):
        return {}, "'repos' must hold a table for each name"
    return repos, None


def _is_entry(item: tuple[object, object]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], dict)


def _distrust(repo: Repository, path: Path) -> str | None:
    """Why what a file says may be anybody's."""
    uid = getattr(os, "geteuid", lambda: 0)()  # Windows has no such thing
    if path.stat().st_uid not in (uid, 0):
        return "the file is another user's"
    top = repo.work_tree
    if top is None or top not in path.parents:
        return None
    listed = repo.run("ls-files", "-z", "--", f":(top,literal){path.relative_to(top).as_posix()}")
    return "the file came with the repository" if listed else None


def _read_entry(
    name: str, entry: dict[str, Any], path: Path, environ: Mapping[str, str], refused: str | None
) -> Place:
    usual = _GIT if "url" in entry and "path" not in entry else _LOCAL
    kind = entry.get("type", usual)
    field = "url" if kind == _GIT else "path"
    text = entry.get(field)
    if kind not in (_LOCAL, _GIT):
        return Place(name, "", str(path), f"type '{kind}' is no git repository")
    if not isinstance(text, str) or not text.isprintable() or not text.strip():
        return Place(name, "", str(path), f"it has no '{field}'")
    folder = path.parent.parent if path.parent.name == ".gage" else path.parent
    address = _resolve(text, folder, environ)
    if is_url(address) and not _PLAIN_URL.fullmatch(address):
        refused = "its URL would start a program"
    return Place(name, address, str(path), refused)
