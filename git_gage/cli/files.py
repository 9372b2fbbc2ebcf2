"""`git gage files`: where the files of runs are, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RemoteOrRun, json_option, secrets_option, yes_option
from git_gage.cli.parsing import RUN_NOTE, GlobCommand

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.files.manifest import Entry
    from git_gage.runs.files import Filed

Action = Callable[["App", tuple[str, ...], tuple[str, ...], bool], int]
"""What an action does: runs and globs as they were typed, and whether JSON is asked for."""


def _show_status(app: App, runs: tuple[str, ...], globs: tuple[str, ...], as_json: bool) -> int:
    """How much disk files take, and where those are that are not on it."""
    from git_gage.render.files import disk_body, format_disk
    from git_gage.runs.disk import measure_disk

    if globs:
        raise click.UsageError("'status' takes no <glob>")
    disk = measure_disk(app.store, app.catalog, _choose(app, runs))
    screen = app.screen()
    if as_json:
        from git_gage.render.machine import format_json

        app.show(format_json(disk_body(disk)), screen)
    else:
        app.show(format_disk(disk, screen), screen)
    if disk.size > disk.limit:
        app.progress().note("hint: 'git gage files drop <run>' frees what a remote has")
    return 0


def _verify(app: App, runs: tuple[str, ...], globs: tuple[str, ...], as_json: bool) -> int:
    """Whether files hold what they held when their runs ended."""
    from git_gage.files.globs import match_globs
    from git_gage.render.files import compared_body, format_compared
    from git_gage.runs.files import require_meant
    from git_gage.runs.made import DIFFERS, MadeFiles

    is_meant = match_globs(globs)
    found = []
    differing: list[tuple[Filed, Entry]] = []
    documents = _choose(app, runs)
    require_meant(app.store, app.runs, [document["id"] for document in documents], globs)
    for document in documents:
        made = MadeFiles(app.store, app.catalog, document)
        compared = [each for each in made.compared if is_meant(each.entry.path)]
        if made.filed is not None:
            found.append((document["id"], compared))
            differing += [(made.filed, e.entry) for e in compared if e.verdict == DIFFERS]
    screen = app.screen()
    if as_json:
        from git_gage.render.machine import format_json

        app.show(format_json(compared_body(found)), screen)
    else:
        app.show(format_compared(found), screen)
        for filed, entry in differing[:1]:
            _hint_at_recorded(app, filed, entry)
    return int(bool(differing))


def _hint_at_recorded(app: App, filed: Filed, entry: Entry) -> None:
    """How to have what was recorded of a file that differs; one with a secret is nowhere else."""
    from git_gage.cli.absent import find_pull, who_can_help
    from git_gage.cli.files_transfer import how_to_restore

    if entry.is_private:
        return
    assert entry.sha256 is not None, "what is not known differs from nothing"
    pull = find_pull(app, filed.run, entry.path, alone=False)
    hint = f"what was recorded can be had: {pull}"
    if pull is None:
        hint = who_can_help(app, filed.run, entry.path)
    if entry.sha256 in filed.bound or app.store.sidecar.is_sound(entry.sha256, entry.size):
        hint = how_to_restore(app, filed, entry)
    app.progress().note(f"hint: {hint}")


ACTIONS: dict[str, Action] = {"status": _show_status, "verify": _verify}
MOVES = ("push", "pull", "drop")


@click.command(
    "files",
    cls=GlobCommand,
    usage=(
        "git gage files [status [<run>...]] [--json]",
        "git gage files verify [<run>...] [--json] [-- <glob>...]",
        "git gage files (push | pull) <run>... [<remote>] [-n] [-- <glob>...]",
        "git gage files drop <run>... [<remote>] [-n] [--force] [-- <glob>...]",
    ),
    examples=["git gage files", "git gage files push @", "git gage files pull 3 -- '*.pt'"],
    note="""\
'status' tells how much disk files take and where the others are; 'verify' reads
them, and leaves with 1 if one is not what it was when its run ended: of all
runs without a <run>. 'push' sends large files to a remote, 'pull' gets them
back; 'drop' takes off this disk what a remote holds, which is asked first.

"""
    + RUN_NOTE,
)
@click.argument(
    "action", metavar="<action>", type=click.Choice([*ACTIONS, *MOVES]), default="status"
)
@click.argument("runs", metavar="<run>", nargs=-1, type=RemoteOrRun())
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be moved, and move nothing")
@click.option("--force", is_flag=True, help="Drop also what no remote holds: it is gone then")
@secrets_option
@json_option
@yes_option
@click.pass_obj
def command(
    app: App,
    action: str,
    runs: tuple[str, ...],
    globs: tuple[str, ...],
    dry_run: bool,
    force: bool,
    allow_secrets: bool,
    as_json: bool,
) -> int:
    """Tell of the files of runs, send and get the large ones"""
    if force and action != "drop":
        raise click.UsageError(f"'{action}' takes no '--force'")
    if allow_secrets and action != "push":
        raise click.UsageError(f"'{action}' takes no '--allow-secrets'")
    if action not in MOVES:
        if dry_run:
            raise click.UsageError(f"'{action}' takes no '--dry-run'")
        return ACTIONS[action](app, runs, globs, as_json)
    from git_gage.cli.files_transfer import drop_files, move_files

    if action == "drop":
        return drop_files(app, runs, globs, force=force, dry_run=dry_run, as_json=as_json)
    options = {"dry_run": dry_run, "allow_secrets": allow_secrets, "as_json": as_json}
    return move_files(app, action, runs, globs, **options)


def _choose(app: App, runs: tuple[str, ...]) -> list[dict[str, Any]]:
    """Run objects of the runs that are meant, without any of all whose files may be on this disk;
    what was left for such a command is done first.
    """
    from git_gage.cli.files_transfer import finish_files

    chosen = app.select(runs) if runs else None
    finish_files(app)
    if chosen is None:  # those in an archive, and deleted ones, too
        chosen = app.runs.find((), put_away=True)
    return app.documents(None, chosen)
