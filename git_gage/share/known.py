"""All remotes and places that runs can come from and go to."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError
from git_gage.share.lanes import recall_name
from git_gage.share.places import find_places
from git_gage.share.remote import (
    find_address,
    find_remote,
    name_address,
    remote_names,
    usual_remotes,
)
from git_gage.source.remote import strip_user
from git_gage.store import TAKEN, TRACKING, parse_ref

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.places import Places
    from git_gage.store import Store

REMOTE, PLACE = "remote", "place"
# A partial clone has its filter behind.
_URL_LINE = re.compile(r"^([^\t\n]*)\t(.*) \((fetch|push)\)(?: \[.*\])?$", re.MULTILINE)


class KnownRemote(NamedTuple):
    """One of them. `fetch_url` and `push_url` are without user; `origin`: who says so.

    has_runs: runs were fetched from it, or pushed to it. is_usual: it is taken where none is named.
    refused: why it is not used, None if it is.
    """

    name: str
    kind: str
    fetch_url: str
    push_url: str
    origin: str
    has_runs: bool
    is_usual: bool
    refused: str | None = None


def list_remotes(
    repo: Repository, holder: Repository | None = None
) -> tuple[list[KnownRemote], list[str]]:
    """git's remotes, then places, with what is wrong with the files that name places.

    `holder` is the repository that has the runs, where it is another one.
    """
    refs = (holder or repo).list_refs(f"{TRACKING}/", f"{TAKEN}/")
    seen = {found.remote for found in map(parse_ref, refs) if found}
    usual = find_usual(repo)
    places = find_places(repo)
    remotes = _list_git_remotes(repo, holder, seen, usual)
    return [*remotes, *_list_places(repo, places, seen, usual)], places.notices


def find_usual(repo: Repository) -> list[str]:
    """Those that are taken where none is named; none where there is no telling."""
    try:
        return usual_remotes(repo)
    except RequestError:
        return []


def remote_words(repo: Repository) -> list[str]:
    """Names that push and fetch take."""
    places = (place.name for place in find_places(repo).found if place.refused is None)
    return list(dict.fromkeys([*sorted(remote_names(repo)), *places]))


def find_givers(store: Store, catalog: Catalog, run: str) -> list[str]:
    """What to type for the remotes that have something of a run, as far as that is known still."""
    return name_remotes(store, catalog.remotes_of(run))


def name_remotes(store: Store, found: Iterable[str]) -> list[str]:
    """What to type for remotes, by their names in refs; none for one that nobody knows any more."""
    names = remote_names(store.repo)
    typed = [(each, recall_name(store, each)) for each in found]
    return [name for tracking, name in typed if name != tracking or name in names]


def _list_git_remotes(
    repo: Repository,
    holder: Repository | None,
    seen: Container[str | None],
    usual: Container[str],
) -> Iterator[KnownRemote]:
    urls = _read_urls(repo)
    for name, entries in repo.settings.named("remote", "url").items():
        fetch_url, push_url = (urls.get((name, way), entries[0].value) for way in ("fetch", "push"))
        yield KnownRemote(
            *(name, REMOTE, strip_user(fetch_url), strip_user(push_url), entries[0].place),
            has_runs=_tracking(repo, holder, name) in seen,
            is_usual=name in usual,
        )


def _tracking(repo: Repository, holder: Repository | None, name: str) -> str:
    if holder is None:
        return find_remote(repo, name).tracking
    return name_address(holder, find_address(repo, name, push=False))


def _read_urls(repo: Repository) -> dict[tuple[str, str], str]:
    """(remote, `fetch` or `push`) → the first URL, rewritten as git does for `insteadOf`."""
    urls: dict[tuple[str, str], str] = {}
    for name, url, way in _URL_LINE.findall(os.fsdecode(repo.run("remote", "-v"))):
        urls.setdefault((name, way), url)
    return urls


def _list_places(
    repo: Repository, places: Places, seen: Container[str | None], usual: Container[str]
) -> Iterator[KnownRemote]:
    taken = set(remote_names(repo))
    for place in places.found:
        url = strip_user(place.address)
        refused = place.refused or ("the name is taken" if place.name in taken else None)
        taken.update([] if refused else [place.name])
        yield KnownRemote(
            *(place.name, PLACE, url, url, place.origin),
            has_runs=name_address(repo, place.address) in seen,
            is_usual=refused is None and place.name in usual,
            refused=refused,
        )
