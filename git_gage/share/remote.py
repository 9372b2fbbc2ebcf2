"""Which remote is meant, and under which name what it has is kept here."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.git import Repository

# Names that can stand in a ref as they are; git allows more, those are hashed.
_PLAIN = re.compile(r"(?!.*\.lock(?:/|$))\w[\w+-]*(?:[./][\w+-]+)*")
_USER_INFO = re.compile(r"(?<=://)[^/@\s']+@")
_SETTINGS = r"^(gage\.remote|branch\..*\.remote|remote\..*\.(url|promisor))$"


class Remote(NamedTuple):
    """What git is given, what its tracking refs are called, and its name without secrets.

    `configured` says that it has a name in the config; `is_partial` that this is a partial clone
    of it.
    """

    address: str
    tracking: str
    shown: str
    configured: bool
    is_partial: bool


def find_remote(repo: Repository, asked: str | None) -> Remote:
    """The remote that was asked for (name, URL or path), else the one this repository works with.

    Raises: RequestError where there is none to choose.
    """
    settings = _read_settings(repo)
    names = [key[7:-4] for key in settings if key.startswith("remote.") and key.endswith(".url")]
    address = asked or _usual_remote(repo, settings, names)
    if address.startswith("-") or "\n" in address:
        raise RequestError(f"not a remote: '{address}'", hint="see remotes with 'git remote -v'")
    configured = address in names
    return Remote(
        address,
        tracking=address if configured and _PLAIN.fullmatch(address) else _hashed(repo, address),
        shown=hide_user(address),
        configured=configured,
        is_partial=f"remote.{address}.promisor" in settings,
    )


def hide_user(text: str) -> str:
    """Text in which URLs name neither user nor password."""
    return _USER_INFO.sub("", text)


def _usual_remote(repo: Repository, settings: dict[str, str], names: list[str]) -> str:
    if settings.get("gage.remote"):
        return settings["gage.remote"]
    upstreams = {value for key, value in settings.items() if key.startswith("branch.")}
    if upstreams - {".", "origin"}:
        head = repo.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).decode().strip()
        upstream = settings.get(f"branch.{head.removeprefix('refs/heads/')}.remote", ".")
        if upstream != ".":
            return upstream
    if "origin" in names:
        return "origin"
    if names:
        raise RequestError(
            "no remote to share with: none is called 'origin'",
            hint=f"choose one with 'git config gage.remote {names[0]}'",
        )
    raise RequestError("no remote to share with", hint="add one: git remote add origin <url>")


def _read_settings(repo: Repository) -> dict[str, str]:
    """Settings by key, the last value of each."""
    out = repo.run("config", "-z", "--get-regexp", _SETTINGS, ok=(0, 1))
    entries = out.decode(errors="surrogateescape").split("\0")[:-1]
    return {key: value for key, _, value in (entry.partition("\n") for entry in entries)}


def _hashed(repo: Repository, address: str) -> str:
    """Stands for a URL, or for a path as it is seen from everywhere."""
    path = os.path.join(repo.cwd, address)
    key = os.path.realpath(path) if os.path.exists(path) else address
    return "url-" + hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:12]
