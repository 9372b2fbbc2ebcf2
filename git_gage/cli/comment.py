"""`git gage comment`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, json_option, secrets_option, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command, UsageError
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git_gage.catalog.said import Comment
    from git_gage.cli.app import App

_OTHERWISE = "give it by '-m <text>', or by '-F -' from standard input"


@click.command(
    "comment",
    cls=Command,
    usage=(
        "git gage comment <run>... [-m <text> | -F <file>]",
        "git gage comment <run> --edit <id> [-m <text> | -F <file>]",
        "git gage comment <run> --delete <id>",
        "git gage comment <run>... --list [--json]",
    ),
    examples=["git gage comment 3 -m 'better than the last'", "git gage comment 3 --list"],
    exclusive=[
        ("--edit", "--delete", "--list"),
        ("-m", "-F", "--delete", "--list"),
    ],
    note="Without -m and -F, the editor opens that git would open. A change of a comment\n"
    "of somebody else is recorded as a request, for its author to see\n\n" + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.option(
    *("-m", "--message", "messages"),
    metavar="<text>",
    multiple=True,
    help="Text of the comment (repeated: paragraphs)",
)
@click.option(
    *("-F", "--file"), metavar="<file>", help="Read the text from a file (- for standard input)"
)
@click.option("--edit", metavar="<id>", help="Give a comment another text")
@click.option("--delete", metavar="<id>", help="Delete a comment")
@click.option("--list", "listed", is_flag=True, help="List the comments")
@secrets_option
@json_option
@sign_options
@click.pass_obj
def command(
    app: App,
    runs: tuple[str, ...],
    messages: tuple[str, ...],
    file: str | None,
    edit: str | None,
    delete: str | None,
    listed: bool,
    allow_secrets: bool,
    as_json: bool,
) -> int:
    """Comment on runs"""
    if as_json and not listed:
        raise UsageError("'--json' needs '--list'", f"git gage comment {runs[0]} --list --json")
    chosen = app.select(runs)
    if listed:
        _list_comments(app, chosen, as_json=as_json)
        return 0
    if edit is None and delete is None:
        text = _read_text(app, chosen, messages, file, None)
        return _add(app, chosen, text, allow_secrets=allow_secrets)
    return _change(app, chosen, messages, file, edit, delete, allow_secrets=allow_secrets)


def _add(app: App, runs: Sequence[str], text: str, *, allow_secrets: bool) -> int:
    from git_gage.render.amounts import count_text
    from git_gage.render.said import SHORT_COMMENT
    from git_gage.runs.attributes import add_comment

    if not text:
        return _abort()
    author = app.author
    added = add_comment(app.store, app.catalog, runs, text, author, allow_secrets=allow_secrets)
    ids = ", ".join(id[:SHORT_COMMENT] for id in added)
    click.echo(f"Commented on {count_text(len(runs), 'run')}: {ids}")
    return 0


def _change(
    app: App,
    runs: Sequence[str],
    messages: Sequence[str],
    file: str | None,
    edit: str | None,
    delete: str | None,
    *,
    allow_secrets: bool,
) -> int:
    """Give one comment another text, or take it away."""
    from git_gage.runs.attributes import change_comment, find_comment

    option = "--edit" if delete is None else "--delete"
    if len(runs) > 1:
        raise click.UsageError(f"'{option}' needs one run, not {len(runs)}")
    comment = find_comment(app.catalog, runs[0], delete or edit or "")
    text = None if delete is not None else _read_text(app, runs, messages, file, comment)
    if text == "":
        return _abort()
    counts = change_comment(
        *(app.store, app.catalog, runs[0], comment, text, app.author),
        allow_secrets=allow_secrets,
    )
    _tell_change(comment, "Deleted" if text is None else "Edited", counts=counts)
    return 0


def _tell_change(comment: Comment, done: str, *, counts: bool) -> None:
    from git_gage.render.said import SHORT_COMMENT
    from git_gage.render.wording import author_text

    name = comment.first.id[:SHORT_COMMENT]
    if counts:
        click.echo(f"{done} comment {name}")
    else:
        author = author_text(comment.first.by, whole=True)
        click.echo(f"Recorded a request: comment {name} is for {author} to change")


def _abort() -> int:
    click.echo("nothing recorded: the comment is empty", err=True)
    return 1


def _list_comments(app: App, runs: Sequence[str], *, as_json: bool) -> None:
    import time

    from git_gage.render.machine import format_json
    from git_gage.render.said import format_comments

    screen = app.screen()
    documents = app.documents(None, runs)
    if as_json:
        rows: list[dict[str, Any]] = [
            {"run": document["id"], **comment}
            for document in documents
            for comment in document["comments"]
        ]
        screen.write(screen.encode(format_json(rows)))
    else:
        app.show(format_comments(documents, screen, time.time()), screen)


# -- the text -------------------------------------------------------------------------------------


def _read_text(
    app: App,
    runs: Sequence[str],
    messages: Sequence[str],
    file: str | None,
    comment: Comment | None,
) -> str:
    """What was given for a comment, or what the user writes in an editor."""
    if messages:
        text = "\n\n".join(message.strip() for message in messages)
    elif file is not None:
        text = _read_file(app, file)
    else:
        text = _edit(app, runs, comment)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def _read_file(app: App, name: str) -> str:
    if name == "-":
        return sys.stdin.read() if sys.stdin is not None else ""
    try:
        return (app.cwd / name).read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise RequestError(f"cannot read '{name}': {reason}", hint=_OTHERWISE) from error


def _edit(app: App, runs: Sequence[str], comment: Comment | None) -> str:
    from git_gage.git.editor import edit_text
    from git_gage.records import run_name, short_id

    if sys.stdin is None or not sys.stdin.isatty():
        raise RequestError(
            "no text for the comment, and no terminal for an editor",
            hint=_OTHERWISE,
        )
    named = "".join(f"  {short_id(run)} {run_name(run)}\n" for run in runs)
    notes = f"Comment on\n{named}\nLines like these do not count; an empty comment is none\n"
    before = "" if comment is None else str(comment.now.content)
    return edit_text(app.here, app.store.dir / "COMMENT_EDITMSG", before, notes)
