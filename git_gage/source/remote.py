"""Where the branch's commits come from, as a URL that holds no password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.git.settings import Settings

_SCHEME = re.compile(r"((?:[\w.+-]+::)*[\w.+-]+://)([^/]*)(.*)", re.DOTALL)
_SCP = re.compile(r"[^/]*@([^/:@]+:.*)", re.DOTALL)
_HOST = re.compile(r"[^:]*(:\d*)?|\[.*\](:\d*)?")


def find_remote(settings: Settings, branch: str | None) -> str | None:
    """URL of the remote the branch follows, else of `origin`."""
    names = (settings.get(f"branch.{branch}.remote"), "origin")
    urls = settings.named("remote", "url")
    # The first URL of a remote is the one that is fetched from.
    url = next((urls[name][0].value for name in names if name in urls), None)
    return strip_user(url) if url else None


def strip_user(url: str) -> str:
    """The URL without user, password and query, where tokens are kept too."""
    if found := _SCHEME.fullmatch(url):
        scheme, authority, rest = found.groups()
        host = authority.rpartition("@")[2]
        if not _HOST.fullmatch(host):
            # A password with a slash in it: only what follows the last `@` is surely none.
            host, rest = (authority + rest).rpartition("@")[2], ""
        return scheme + host + re.split(r"[?#]", rest, maxsplit=1)[0]
    found = _SCP.fullmatch(url)
    return found[1] if found else url
