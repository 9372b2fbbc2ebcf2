"""What a run has to do with remotes: who follows it (`--live`), which runs it needs from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.cli.app import App
    from git_gage.git import Repository
    from git_gage.render.progress import Progress
    from git_gage.runs.request import Follow, Reach
    from git_gage.store import Store


def find_follow(app: App, live: str | None, progress: Progress) -> Follow | None:
    """What lets others follow the run, if somebody asked for that; a remote is chosen now.

    live: what stood behind the option, "" without a remote, None without the option: a setting is
    for many repositories, and where it does not fit the run goes on without.
    Raises: RequestError where there is no such remote, or it has no git.
    """
    from git_gage.errors import RequestError
    from git_gage.git.known import read_valid

    if live is not None:
        return _follow_by(app, live, progress)
    asked = read_valid(app.repo.settings, "gage.live")
    if asked is None:
        return None
    try:
        return _follow_by(app, asked, progress)
    except RequestError as error:
        progress.warning(f"gage.live: {error.message}\nhint: {error.hint}")
        return None


def _follow_by(app: App, asked: str, progress: Progress) -> Follow:
    """Raises: as `find_follow`."""
    from git_gage.share.bucket import require_git
    from git_gage.share.live import Broadcast
    from git_gage.share.remote import find_remote, is_remote

    if asked and not is_remote(app.repo, asked):
        from git_gage.cli.remote_words import no_remote

        raise no_remote(app, asked)
    require_git(find_remote(app.repo, asked or None), "follow a run")
    return Broadcast(lambda: _open_parts(app.repo), asked or None, progress).follow


def find_reach(app: App, progress: Progress) -> Reach:
    """What brings a run of another repository here."""

    def reach(text: str) -> tuple[str, str]:
        from git_gage.share.reach import reach_run

        return reach_run(app.store, app.catalog, app.judge, text, progress)

    return reach


@contextmanager
def _open_parts(repo: Repository) -> Iterator[tuple[Store, Catalog]]:
    """A store and a catalog for another thread, whose git asks nobody."""
    from git_gage.cli.app import App
    from git_gage.share.live import unattended

    own = App(unattended(repo))
    try:
        yield own.store, own.catalog
    finally:
        own.close()
