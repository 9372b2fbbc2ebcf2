"""Where it was learnt what a remote has: its name, or URL, can lead to another place by now.

What is known of one place counts for nothing at another: it may have nothing of that, and be open
to others. Source: docs/format.md, "On disk", `shared.json`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from git_gage.share.lanes import Memory, Refs, still_there, tracking_refs
from git_gage.share.remote import hide_user
from git_gage.share.transfer import list_push_side

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

_TOPIC = "learnt"


def see_where(store: Store, remote: Remote, observer: Observer) -> Refs | None:
    """Before a push: if what is known was learnt elsewhere, look at what is there, and note that.

    Gives what a look has found, None where there was none. Hold the sharing lock.
    Raises: RemoteError with git's own text.
    """
    if _is_learnt_here(store, remote):
        return None
    tracked = tracking_refs(store.repo, remote)
    listed = list_push_side(store.repo, remote, observer) if tracked else None
    there = still_there(tracked, listed or {})
    _note(store, remote, {ref: oid for ref, oid in tracked.items() if ref not in there})
    return listed


def note_first_fetch(store: Store, remote: Remote, tracked: Refs) -> None:
    """Before a fetch of which all comes that will be known of a remote: it is learnt here.

    Not where a push goes to another URL than a fetch: it has to look there first.
    """
    if not (tracked or _is_learnt_here(store, remote) or _is_split(store.repo, remote)):
        _note(store, remote, {})


def let_go_of_place(store: Store, remote: Remote) -> None:
    """Before refs come from a place, or go there: if it is another one, no place has all of them.

    The next push looks again.
    """
    memory = Memory(store)
    if memory.recall(_TOPIC, remote.tracking) and not _is_learnt_here(store, remote):
        memory.note(_TOPIC, remote.tracking, "")


def recall_absent(store: Store, remote: Remote) -> Refs:
    """Refs, by the name they have on the remote, that were tracked and not there at a look."""
    _, *words = (Memory(store).recall(_TOPIC, remote.tracking) or "").split() or [""]
    return dict(zip(words[::2], words[1::2], strict=True))


def known_refs(store: Store, remote: Remote) -> Refs:
    """Tracking refs, as far as they tell what the place has to which a push goes."""
    absent = recall_absent(store, remote)
    tracked = tracking_refs(store.repo, remote)
    return {ref: oid for ref, oid in tracked.items() if absent.get(ref) != oid}


def note_given(store: Store, remote: Remote, refs: Mapping[str, str]) -> None:
    """A push has brought these there."""
    absent = recall_absent(store, remote)
    left = {ref: oid for ref, oid in absent.items() if refs.get(ref) != oid}
    if left != absent:
        _note(store, remote, left)


def _is_learnt_here(store: Store, remote: Remote) -> bool:
    noted = Memory(store).recall(_TOPIC, remote.tracking) or ""
    return noted.partition(" ")[0] == _digest(store.repo, remote)


def _note(store: Store, remote: Remote, absent: Mapping[str, str]) -> None:
    words = [_digest(store.repo, remote), *(word for pair in absent.items() for word in pair)]
    Memory(store).note(_TOPIC, remote.tracking, " ".join(words))


def _digest(repo: Repository, remote: Remote) -> str:
    """Equal as long as git is told the same URLs for a remote, and the same of these.

    Who is named in one does not count: that can be a token, new each day.
    """
    base = repo.config_base if remote.configured else repo.cwd
    told = [
        *((name, _place(base, url)) for name, url in _urls(repo, remote)),
        *((key, hide_user(start)) for key, start in _rewritings(repo, remote)),
    ]
    return hashlib.sha256(repr(told).encode(errors="surrogateescape")).hexdigest()


def _place(base: os.PathLike[str], url: str) -> str:
    path = os.path.join(base, url.removeprefix("file://"))
    return os.path.realpath(path) if os.path.exists(path) else hide_user(url)


def _is_split(repo: Repository, remote: Remote) -> bool:
    """Whether git pushes to other URLs than the one that it fetches from, perhaps."""
    names = [name for name, _ in _urls(repo, remote)]
    rules = (key for key, _ in _rewritings(repo, remote))
    return names != ["url"] or any(key.endswith(".pushinsteadof") for key in rules)


def _urls(repo: Repository, remote: Remote) -> list[tuple[str, str]]:
    if not remote.configured:
        return [("url", remote.address)]
    start = f"remote.{remote.address}."
    keys = {f"{start}{name}": name for name in ("url", "pushurl", "vcs")}
    return [(keys[e.key], e.value) for e in repo.settings.entries if e.key in keys]


def _rewritings(repo: Repository, remote: Remote) -> Iterator[tuple[str, str]]:
    """What git is told to replace at the start of these URLs."""
    urls = [url for _, url in _urls(repo, remote)]
    for entry in repo.settings.entries:
        is_rule = entry.key.startswith("url.") and entry.key.endswith("insteadof")
        if is_rule and any(url.startswith(entry.value) for url in urls):
            yield entry.key, entry.value
