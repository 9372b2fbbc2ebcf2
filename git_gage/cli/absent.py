"""What to type for what a run has elsewhere."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from git_gage.errors import FETCH

if TYPE_CHECKING:
    from git_gage.cli.app import App


def how_to_fetch(app: App, run: str) -> str:
    """The command that gets what records alone left out of a run: its output, source, short files.

    Without words a fetch asks the usual remotes. A run that came from another place is there.
    """
    from git_gage.records import short_id
    from git_gage.share.known import find_givers, find_usual
    from git_gage.share.remote import find_remote

    usual = {find_remote(app.repo, app.address(word)).tracking for word in find_usual(app.here)}
    givers = find_givers(app.store, app.catalog, run)
    if not givers or usual.intersection(app.catalog.remotes_of(run)):
        return FETCH
    return f"git gage fetch {quote(givers[0])} {short_id(run)}"
