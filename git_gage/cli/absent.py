"""What to type for what a run has elsewhere."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from git_gage.errors import FETCH, RESTORE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App


WHO_CAN = "whoever has them can send them with 'git gage files push <run>'"


def how_to_fetch(app: App, run: str, *, is_lost: bool = False) -> str:
    """The command that gets what records alone left out of a run: its output, source, short files.

    Without words a fetch asks the usual remotes. A run that came from another place is there; of
    one that is lost here it has to be named. What no remote was given only a backup can have.
    """
    from git_gage.records import short_id
    from git_gage.share.known import find_givers, find_usual
    from git_gage.share.remote import find_remote

    usual = {find_remote(app.repo, app.address(word)).tracking for word in find_usual(app.here)}
    there = app.catalog.remotes_of(run)
    if not (there or app.catalog.is_foreign(run)):
        return f"{RESTORE} <backup>"
    alone = f"{FETCH} {short_id(run)}" if is_lost else FETCH
    givers = find_givers(app.store, app.catalog, run)
    if not givers or usual.intersection(there):
        return alone
    return f"git gage fetch {quote(givers[0])} {short_id(run)}"


def how_to_mend(app: App) -> str:
    """The command that gets again what this disk has lost of records."""
    from git_gage.share.known import find_usual

    return FETCH if find_usual(app.here) else f"{RESTORE} <backup>"


def how_to_give_back(app: App, run: str) -> str:
    """The command that gives back what this disk has lost of a run, and no fetch misses."""
    from git_gage.share.known import find_givers

    givers = find_givers(app.store, app.catalog, run)
    return f"{RESTORE} {quote(givers[0]) if givers else '<backup>'}"


def how_to_pull(app: App, run: str, path: bytes, *, alone: bool) -> str:
    """The command that gets a large file of a run, `alone` or with the others of the run.

    Where no remote is known, who can help.
    """
    return find_pull(app, run, path, alone=alone) or who_can_help(app, run, path)


def find_pull(app: App, run: str, path: bytes, *, alone: bool) -> str | None:
    """The same; None where no remote is known."""
    from git_gage.runs.content import pull_command
    from git_gage.share.known import find_usual

    holder = find_holder(app, run, path)
    if holder is None and not (find_usual(app.here) and _was_sent(app, run, path)):
        return None
    return pull_command(run, path if alone else None, holder)


def who_can_help(app: App, run: str, path: bytes) -> str:
    """What to do for a large file of a run that no remote is known to have."""
    from git_gage.records import short_id

    if _was_sent(app, run, path):
        return WHO_CAN
    return f"no remote is known to have it; to make it anew: git gage restart {short_id(run)}"


def _was_sent(app: App, run: str, path: bytes) -> bool:
    """Whether a file can be elsewhere: of a run begun here, only where files were sent to."""
    from git_gage.share.lanes import read_holders

    is_foreign = app.catalog.is_foreign(run)
    return is_foreign or bool(_read_holders(app, run, path) or read_holders(app.store))


def find_holder(app: App, run: str, path: bytes) -> str | None:
    """The remote to name for a large file, as far as this clone knows who has it.

    None where that is the usual one, which is asked where none is named, or where nobody knows.
    """
    from git_gage.share.known import find_usual
    from git_gage.share.remote import find_remote, is_remote

    usual = find_usual(app.here)[:1]
    if names := _read_holders(app, run, path):
        named = [name for name in names if is_remote(app.here, name)]
    else:
        seen = [find_remote(app.repo, app.address(word)).tracking for word in usual]
        named = _guess_holders(app, run, seen)
    return None if set(named).intersection(usual) else next(iter(named), None)


def _read_holders(app: App, run: str, path: bytes) -> tuple[str, ...]:
    """The remotes that had a file when it was dropped here; its placeholder says so."""
    from git_gage.errors import IntegrityError
    from git_gage.runs.placeholders import read_placeholder

    place = app.store.run_dir(run) / os.fsdecode(path)
    try:
        found = read_placeholder(place)
    except IntegrityError:
        return ()  # one that is damaged knows nothing, and is told of where it is in the way
    return () if found is None else found.remotes


def _guess_holders(app: App, run: str, usual: Sequence[str]) -> list[str]:
    """Remotes that were sent large files from here, else those that have something of the run.

    None where the `usual` one is among them. A file, as a bundle is, has no large ones.
    """
    from git_gage.share.known import name_remotes
    from git_gage.share.lanes import read_holders

    sent = [] if app.catalog.is_foreign(run) else sorted(read_holders(app.store))
    found = sent or app.catalog.remotes_of(run)
    if set(usual).intersection(found):
        return []
    return [name for name in name_remotes(app.store, found) if not os.path.isfile(name)]
