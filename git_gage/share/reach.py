"""Runs of other repositories that somebody depends on: brought here, with all their files.

Source: docs/dependencies.md, "Runs of other repositories".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from git_gage.errors import RequestError, RunNotFoundError
from git_gage.records import path_text, short_id
from git_gage.runs.files import NOT_HERE, find_in_git, find_where, read_filed
from git_gage.share.files import Observer, fetch_files
from git_gage.share.peek import look_at, not_there
from git_gage.share.remote import hide_user
from git_gage.share.take import fetch_chosen

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.store import Store
    from git_gage.trust.judge import Judge

_WHOLE_ID = 30


def reach_run(
    store: Store, catalog: Catalog, judge: Judge, text: str, observer: Observer
) -> tuple[str, str]:
    """The id of the run that `<url>#<id>` names, here with all its files; and the URL, to be shown.

    A run that is here whole, and named by its whole id, is asked of nobody.
    Raises: RequestError where there is no such run, its files cannot be had, or its signatures
    speak against it; RemoteError with git's own text.
    """
    remote, _, word = text.rpartition("#")
    run = word if len(word) == _WHOLE_ID else None
    if run is None or not _is_whole(store, catalog, run):
        there = look_at(store, catalog, remote, observer)
        try:
            run = there.catalog.resolve(word)
        except RunNotFoundError as error:
            raise not_there(error, there.remote.shown) from error
        fetch_chosen(store, catalog, remote, [run], observer)
        moved = fetch_files(store, catalog, remote, [run], observer, here=store.repo)
        if moved.missing:
            first, *others = (path_text(each.entry.path) for each in moved.missing)
            more = f" and {len(others):,} more" if others else ""
            raise RequestError(
                f"'{moved.remote}' does not have {first}{more} of run {short_id(run)}",
                hint="whoever has them can send them: git gage files push <run>",
            )
    _require_unflagged(catalog, judge, run)
    return run, hide_user(remote)


def _is_whole(store: Store, catalog: Catalog, run: str) -> bool:
    catalog.refresh()
    filed = read_filed(store, catalog, run) if catalog.document(run) else None
    if filed is None:
        return False
    in_git = find_in_git(store, filed)
    wheres = (find_where(store, filed, each, in_git) for each in filed.manifest.generated)
    return NOT_HERE not in wheres


def _require_unflagged(catalog: Catalog, judge: Judge, run: str) -> None:
    """Raises: RequestError where somebody else than it says wrote a part of the run."""
    for verdict in judge.judge(list(catalog.record_lines([run]))):
        if verdict.flagged and verdict.kind.startswith("run."):
            raise RequestError(
                f"run {short_id(run)} is not what it says: {verdict.reason or verdict.state}",
                hint=f"git gage verify {short_id(run)}",
            )
