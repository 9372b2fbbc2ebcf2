"""`git gage files push | pull | drop`: large files to, from and in exchange for a remote."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.cli.app import App
    from git_gage.files.manifest import Entry
    from git_gage.runs.files import Filed
    from git_gage.share.files import Dropped, Large, Moved

fetch_option = click.option(
    "--fetch", is_flag=True, help="Get the file from a remote if it is not here"
)


def move_files(
    app: App,
    action: str,
    words: Sequence[str],
    globs: Sequence[str],
    *,
    dry_run: bool,
    allow_secrets: bool,
    as_json: bool,
) -> int:
    """`push` or `pull` large files of runs; 1 if some could not be had."""
    from git_gage.runs.files import require_meant
    from git_gage.share.files import fetch_files, push_files

    remote, runs = _split_words(app, action, words)
    require_meant(app.store, app.runs, runs, globs)
    with app.progress() as progress:
        meant = (app.store, app.runs, remote, runs, progress, globs)
        if action == "push":
            moved = push_files(*meant, here=app.here, dry_run=dry_run, allow_secrets=allow_secrets)
        else:
            moved = fetch_files(*meant, here=app.here, dry_run=dry_run)
    if as_json:
        _print_json(moved_body(moved))
    else:
        click.echo(_describe_moved(moved, action, dry_run=dry_run))
        _tell_missing(app, moved, action)
        if action == "pull":
            _tell_changed(app, moved)
    return 1 if moved.missing else 0


def drop_files(
    app: App,
    words: Sequence[str],
    globs: Sequence[str],
    *,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take large files off this disk that a remote holds; 1 if some had to stay."""
    from git_gage.runs.files import require_meant
    from git_gage.share.files import drop_files

    remote, runs = _split_words(app, "drop", words)
    require_meant(app.store, app.runs, runs, globs)
    with app.progress() as progress:
        dropped = drop_files(
            *(app.store, app.runs, runs, progress, globs),
            here=app.here,
            remote=remote,
            force=force,
            dry_run=dry_run,
        )
    if as_json:
        kept = [{**_as_json(each), "reason": why} for each, why in dropped.kept]
        said = {"files": dropped.files, "bytes": dropped.bytes, "remotes": [*dropped.remotes]}
        _print_json({**said, "kept": kept, "lost": [_as_json(each) for each in dropped.lost]})
    else:
        click.echo(_describe_dropped(dropped, dry_run=dry_run))
        gone = "would be gone" if dry_run else "is gone now"
        who = "no remote that could be asked holds it" if dropped.away else "no remote holds it"
        _list_files(app, [(each, f"{gone}: {who}") for each in dropped.lost])
        _tell_kept(app, dropped, remote)
    return 1 if dropped.kept else 0


def finish_files(app: App) -> None:
    """List and keep the files of runs that were too many when the run ended."""
    from git_gage.runs.settle import finish_pending

    for notice in finish_pending(app.store, app.runs):
        app.progress().warning(notice)
    app.look_again()


def send_large(
    app: App,
    remote: str,
    runs: Sequence[str],
    *,
    dry_run: bool,
    allow_secrets: bool,
    told: dict[str, Any] | None = None,
) -> int:
    """`push --files=all`: large files of runs, or of all begun here; 1 if some are missing.

    With `told`, which gets them as `large`, nothing is printed.
    """
    from git_gage.share.files import push_files, runs_with_large

    finish_files(app)
    chosen = runs or runs_with_large(app.store, app.runs, own=True)
    with app.progress() as progress:
        moved = push_files(
            *(app.store, app.runs, remote, chosen, progress),
            here=app.here,
            dry_run=dry_run,
            allow_secrets=allow_secrets,
        )
    if told is not None:
        told["large"] = moved_body(moved)
    else:
        click.echo(_describe_moved(moved, "push", dry_run=dry_run))
        _tell_missing(app, moved, "push")
    return 1 if moved.missing else 0


def get_large(
    app: App,
    remote: str,
    runs: Sequence[str] | None,
    *,
    dry_run: bool,
    told: dict[str, Any] | None = None,
) -> None:
    """`fetch --files=all`: large files of runs (None: of all), as far as this remote has them.

    How many it does not have is told with the rest, and is nothing to be warned of each time:
    nobody has to send them. 'files pull' names them, and says who can.

    With `told`, which gets them as `large`, nothing is printed.
    """
    from git_gage.share.files import fetch_files, runs_with_large

    with app.progress() as progress:
        chosen = runs_with_large(app.store, app.runs, own=False) if runs is None else runs
        if dry_run:  # of runs that did not come nothing is known here
            chosen = [run for run in chosen if app.runs.document(run) is not None]
        moved = fetch_files(
            *(app.store, app.runs, remote, chosen, progress), here=app.here, dry_run=dry_run
        )
    if told is not None:
        told["large"] = moved_body(moved)
    else:
        click.echo(_describe_moved(moved, "pull", dry_run=dry_run) + _describe_absent(moved))
        _tell_changed(app, moved)


def get_one(app: App, run: str, path: str) -> None:
    """`--fetch`: one file of a run from whichever remote has it, if it is not here."""
    from git_gage.share.files import fetch_one

    with app.progress() as progress:
        came = fetch_one(app.store, app.runs, run, path, progress, here=app.here)
    if came and app.folder is not None:
        from git_gage.share.copy import offer_runs

        offer_runs(app.store, app.catalog, [run])


def _split_words(app: App, action: str, words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The remote that the first or the last word names, if one does, and the runs of the others.

    Raises: RequestError where there is no run among them.
    """
    from git_gage.cli.remote_words import naming_runs
    from git_gage.share.remote import is_remote

    left = list(words)
    remote = None
    for at in (0, -1):
        if remote is None and left and is_remote(app.here, left[at]):
            remote = left.pop(at)
    if not left:
        raise RequestError("no run is named", hint=_how_to_name(app, action))
    with naming_runs(app, f"files {action}", left):
        runs = app.select(left)
    finish_files(app)
    return remote, runs


def _how_to_name(app: App, action: str) -> str:
    from git_gage.records import short_id

    if app.runs.newest_here() is not None:
        return f"@ is the newest: git gage files {action} @"
    newest = [short_id(document["id"]) for document in app.documents(1)]
    return (
        f"the newest is {newest[0]}: git gage files {action} {newest[0]}"
        if newest
        else "git gage fetch"
    )


def _describe_moved(moved: Moved, action: str, *, dry_run: bool = False) -> str:
    from git_gage.render.amounts import count_text, size_text
    from git_gage.safe import clean

    remote = clean(moved.remote)
    would = "would have " if dry_run else ""
    if moved.files:
        verb, way = ("pushed", "to") if action == "push" else ("got", "from")
        amount = f"{count_text(moved.files, 'file')}, {size_text(moved.bytes)}"
        return f"{would}{verb} {amount}, {way} {remote}"
    if moved.missing and action == "pull" and not moved.there:
        return f"{would}got no large files from {remote}"
    if not moved.there:
        return "no large files to send" if action == "push" else "no large files to get"
    there = count_text(moved.there, "large file")
    return f"{remote} has {there} already" if action == "push" else f"{there} here already"


def _describe_absent(moved: Moved) -> str:
    if not moved.missing:
        return ""
    from git_gage.safe import clean

    count = len(moved.missing)
    more = " more" if moved.files or moved.there else ""
    return f" ({count:,}{more} {'is' if count == 1 else 'are'} {clean(_not_there(moved))})"


def _tell_missing(app: App, moved: Moved, action: str) -> None:
    if not moved.missing:
        return
    from git_gage.share.files import CHANGED

    where = "not here" if action == "push" else _not_there(moved)
    changed = {(each.run, each.entry.path) for each in moved.changed}
    why = {True: f"{where}: {CHANGED}", False: where}
    listed = [(each, why[(each.run, each.entry.path) in changed]) for each in moved.missing]
    _list_files(app, listed)
    app.progress().note(f"hint: {_how_to_find(app, moved)}")


def _how_to_find(app: App, moved: Moved) -> str:
    """How to come by files that a remote has not: from another one, that is known to have some."""
    from git_gage.cli.absent import find_holder, who_can_help
    from git_gage.runs.content import pull_command
    from git_gage.share.known import find_usual

    runs: dict[str | None, dict[str, None]] = {}
    for each in moved.missing:
        holder = find_holder(app, each.run, each.entry.path)
        runs.setdefault(holder, {})[each.run] = None
    usual = find_usual(app.here)[:1]
    holders = [each for each in runs if each not in (None, moved.remote)]
    if holders:
        run, *others = runs[holders[0]]
        return pull_command(run, remote=holders[0], others=others)
    if usual and usual[0] != moved.remote:
        run, *others = dict.fromkeys(each.run for each in moved.missing)
        return pull_command(run, others=others)
    return who_can_help(app, moved.missing[0].run, moved.missing[0].entry.path)


def _tell_changed(app: App, moved: Moved) -> None:
    stays = "was changed in the directory of the run, and stays as it is"
    _list_files(app, [(each, stays) for each in moved.changed])
    for each in moved.changed[:1]:
        app.progress().note(f"hint: {how_to_restore(app, each.filed, each.entry)}")


def how_to_restore(app: App, filed: Filed, entry: Entry) -> str:
    """How what was recorded of a file takes the place of what somebody made of it."""
    from git_gage.cli.absent import find_pull
    from git_gage.records import path_text, short_id

    command = find_pull(app, filed.run, entry.path, alone=False)
    if entry.sha256 in filed.bound or command is None:
        name = f"{short_id(filed.run)}:{path_text(entry.path)}"
        command = f"git gage open {quote(name)}"
    return f"have it in its place again: {_how_to_move(app, filed.run, entry)} && {command}"


def _how_to_move(app: App, run: str, entry: Entry) -> str:
    from git_gage.runs.placing import how_to_move

    return how_to_move(app.store.run_dir(run), entry.path)


def _not_there(moved: Moved) -> str:
    return f"not on {moved.remote}, or not whole"


def _describe_dropped(dropped: Dropped, *, dry_run: bool) -> str:
    from git_gage.render.amounts import count_text, size_text

    if not dropped.files:
        return "nothing dropped"
    verb = "would drop" if dry_run else "dropped"
    amount = f"{count_text(dropped.files, 'file')}: {size_text(dropped.bytes)}"
    return f"{verb} {amount} less on this disk{_describe_holders(dropped)}"


def _describe_holders(dropped: Dropped) -> str:
    """Who holds what was dropped; how much of it, where that is not all."""
    from git_gage.safe import clean

    counts = {clean(name): count for name, count in dropped.remotes.items()}
    if all(count == dropped.files for count in counts.values()):
        return f"; held by {', '.join(counts)}" if counts else ""
    return f"; held by {', '.join(f'{name} ({count:,})' for name, count in counts.items())}"


def _tell_kept(app: App, dropped: Dropped, remote: str | None) -> None:
    from git_gage.share.files import CHANGED

    _list_files(app, dropped.kept)
    changed = [each for each, why in dropped.kept if why == CHANGED]
    if len(changed) < len(dropped.kept):
        from git_gage.share.remote import hide_user

        there = "" if remote is None else f" {quote(hide_user(remote))}"
        hint = f"send them first with 'git gage files push <run>{there}', or use --force"
        app.progress().note(f"hint: {hint}")
    for each in changed[:1]:
        away = _how_to_move(app, each.run, each.entry)
        app.progress().note(f"hint: move away what was changed, then drop again: {away}")


def _list_files(app: App, files: Sequence[tuple[Large, str]]) -> None:
    from git_gage.records import path_text, short_id
    from git_gage.render.amounts import size_text

    progress = app.progress()
    for each, why in files:
        path = path_text(each.entry.path)
        size = size_text(each.entry.size)
        progress.warning(f"{short_id(each.run)}:{path}, {size}: {why}")


def moved_body(moved: Moved) -> dict[str, Any]:
    """The same as a JSON value. Source: docs/json.md, "Files"."""
    return {
        "remote": moved.remote,
        "files": moved.files,
        "bytes": moved.bytes,
        "there": moved.there,
        "missing": [_as_json(each) for each in moved.missing],
        "changed": [_as_json(each) for each in moved.changed],
    }


def _as_json(each: Large) -> dict[str, Any]:
    from git_gage.records import encode_path, shown_path

    return {
        "run": each.run,
        "path": shown_path(encode_path(each.entry.path)),
        "size": each.entry.size,
        "sha256": each.sha256,
    }


def _print_json(said: dict[str, Any]) -> None:
    from git_gage.render.machine import format_json

    click.echo(format_json(said), nl=False)
