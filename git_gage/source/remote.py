"""Where the branch's commits come from, as a URL that holds no password."""

from __future__ import annotations

import re
from collections.abc import Mapping

QUESTION = ("config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$")

_SCHEME = re.compile(r"((?:[\w.+-]+::)*[\w.+-]+://)([^/]*)(.*)", re.DOTALL)
_SCP = re.compile(r"[^/]*@([^/:@]+:.*)", re.DOTALL)
_HOST = re.compile(r"[^:]*(:\d*)?|\[.*\](:\d*)?")


def find_remote(output: bytes, branch: str | None) -> str | None:
    """URL of the remote the branch follows, else of `origin`, from what QUESTION answers."""
    settings: dict[str, str] = {}
    for entry in output.decode(errors="surrogateescape").split("\0")[:-1]:
        key, _, value = entry.partition("\n")
        # The first URL of a remote is the one that is fetched from; the last setting wins else.
        if key.startswith("branch."):
            settings[key] = value
        else:
            settings.setdefault(key, value)
    url = _url_of(settings, settings.get(f"branch.{branch}.remote")) or _url_of(settings, "origin")
    return strip_user(url) if url else None


def _url_of(settings: Mapping[str, str], name: str | None) -> str | None:
    return settings.get(f"remote.{name}.url")


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
