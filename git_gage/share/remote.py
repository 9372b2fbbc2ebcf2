"""Which remote is meant, and under which name what it has is kept here."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError
from git_gage.git.known import read_all_valid
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.share.places import Place

# Names that can stand in a ref as they are; git allows more, those are hashed.
_PLAIN = re.compile(r"(?!.*\.lock(?:/|$))\w[\w+-]*(?:[./][\w+-]+)*")
_USER_INFO = re.compile(r"(?<=://)[^/@\s']+@")


class Remote(NamedTuple):
    """What git is given, what its tracking refs are called, and its name without secrets.

    `configured` says that it has a name in git's config; `is_place` that it has one of ours;
    `is_partial` that this is a partial clone of it.
    """

    address: str
    tracking: str
    shown: str
    configured: bool
    is_place: bool
    is_partial: bool


def find_remote(repo: Repository, asked: str | None) -> Remote:
    """The remote that was asked for (name, place, URL or path), else the one this repository
    works with.

    Raises: RequestError where there is none to choose.
    """
    names = remote_names(repo)
    word = asked or _usual_remotes(repo, names)[0]
    place = None if word in names or _is_address(word) else _find_place(repo, word)
    address = place.address if place else word
    if address.startswith("-") or "\n" in address:
        # git reads addresses line by line.
        why = ", as its path or URL has a line break" if "\n" in address else ""
        raise RequestError(
            f"not a remote{why}: '{clean(word)}'", hint="see them with 'git gage remote'"
        )
    configured = word in names
    return Remote(
        address,
        tracking=word if configured and _PLAIN.fullmatch(word) else name_address(repo, address),
        shown=hide_user(word),
        configured=configured,
        is_place=place is not None,
        is_partial=repo.settings.find(f"remote.{word}.promisor") is not None,
    )


def find_address(repo: Repository, asked: str, *, push: bool) -> str:
    """The same as a URL or an absolute path, which means it for other repositories as well.

    Raises: as `find_remote`.
    """
    from git_gage.share.places import is_url

    found = find_remote(repo, asked)
    address = found.address
    base = repo.cwd
    if found.configured:
        words = ("remote", "get-url", *(("--push",) if push else ()), found.address)
        address, base = os.fsdecode(repo.run(*words)).removesuffix("\n"), repo.config_base
    return address if is_url(address) else os.path.normpath(base / address)


def seen_from(repo: Repository, here: Repository, remote: Remote) -> Remote:
    """A remote of `here` as the repository with the runs knows it."""
    if here.common_dir == repo.common_dir:
        return remote
    return find_remote(repo, find_address(here, remote.address, push=True))


def remote_names(repo: Repository) -> list[str]:
    """The remotes that git's config names."""
    return list(repo.settings.named("remote", "url"))


def usual_remotes(repo: Repository) -> list[str]:
    """What is taken where no remote is asked for: `gage.remote` can name several.

    Raises: RequestError where there is no telling.
    """
    return _usual_remotes(repo, remote_names(repo))


def is_remote(repo: Repository, word: str) -> bool:
    """Whether a word names a remote or a place, or is an address."""
    from git_gage.share.places import find_places

    return (
        _is_address(word) or word in remote_names(repo) or find_places(repo).find(word) is not None
    )


def _is_address(word: str) -> bool:
    from git_gage.catalog.resolve import names_run

    return "/" in word or (":" in word and not names_run(word))


def _find_place(repo: Repository, word: str) -> Place | None:
    from shlex import quote

    from git_gage.share.places import find_places

    place = find_places(repo).find(word)
    if place is not None and place.refused is not None:
        message = f"'{word}' of '{place.origin}' is not used: {place.refused}"
        key, url = (
            quote(f"gage.repo.{word}.url"),
            quote(place.address) if place.address else "<url>",
        )
        raise RequestError(message, hint=f"to use it: git gage config set {key} {url}")
    return place


def hide_user(text: str) -> str:
    """Text in which URLs name neither user nor password."""
    return _USER_INFO.sub("", text)


def _usual_remotes(repo: Repository, names: list[str]) -> list[str]:
    chosen = read_all_valid(repo.settings, "gage.remote")
    if chosen:
        return chosen
    upstreams = {entries[-1].value for entries in repo.settings.named("branch", "remote").values()}
    if upstreams - {".", "origin"}:
        head = repo.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).decode().strip()
        upstream = repo.settings.get(f"branch.{head.removeprefix('refs/heads/')}.remote") or "."
        if upstream != ".":
            return [upstream]
    if "origin" in names:
        return ["origin"]
    if names:
        raise RequestError(
            "no remote to share with: none is called 'origin'",
            hint=f"choose one with 'git gage config set gage.remote {names[0]}'",
        )
    raise RequestError("no remote to share with", hint="add one: git remote add origin <url>")


def name_address(repo: Repository, address: str) -> str:
    """What the tracking refs of a URL, or of a path wherever it is seen from, are called."""
    path = os.path.join(repo.cwd, address)
    key = os.path.realpath(path) if os.path.exists(path) else address
    return "url-" + hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:12]
