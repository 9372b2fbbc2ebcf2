"""Options that say which runs are meant, the same in every command that takes more than one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from git_gage.cli.app import App

F = TypeVar("F", bound=Callable[..., Any])

_where = click.option(
    *("-w", "--where", "wheres"),
    metavar="<filter>",
    multiple=True,
    help="Choose the runs a filter holds for (can be repeated)",
)
_bounds = (
    click.option(
        *("--min", "lower_bounds"),
        metavar="<bound>",
        multiple=True,
        help="Choose runs where a value is no less: acc=0.9",
    ),
    click.option(
        *("--max", "upper_bounds"),
        metavar="<bound>",
        multiple=True,
        help="Choose runs where a value is no more: loss=0.2",
    ),
)
_others = (
    click.option(
        *("-t", "--tag", "tags"),
        metavar="<tag>",
        multiple=True,
        help="Choose runs with a tag (repeated: with all of them)",
    ),
    click.option(
        *("--op", "operations"),
        metavar="<operation>",
        multiple=True,
        help="Choose runs of an operation (repeated: of any of them)",
    ),
    click.option(
        *("--status", "statuses"),
        metavar="<status>",
        multiple=True,
        help="Choose runs by status (repeated: by any of them)",
    ),
    click.option("--since", metavar="<date>", help="Choose runs started at this time or later"),
    click.option("--until", metavar="<date>", help="Choose runs started before this time"),
    click.option(
        "--author", metavar="<pattern>", help="Choose runs whose author's name or address matches"
    ),
    click.option("--commit", metavar="<rev>", help="Choose runs of a commit"),
)


def filter_options(*, bounds: bool = True, all_without: bool = False) -> Callable[[F], F]:
    """`-w` and the options of its kind for a command, which gets them as `wheres`.

    That is a tuple of filters that must all hold; none means every run. Above `pass_obj`.
    `bounds=False` leaves out `--min` and `--max`. `all_without`: without a filter the command
    changes something with all runs, so an empty one, as of an unset variable, is refused.
    """
    options = [_where, *(_bounds if bounds else ()), *_others]

    def decorate(function: F) -> F:
        @wraps(function)
        def choosing(wheres: Sequence[str], **given: Any) -> Any:
            app: App = click.get_current_context().obj
            # '' asks for nothing, as in Gage
            filters = [where for where in wheres if where.strip()]
            if all_without and len(filters) < len(wheres):
                raise click.UsageError("'-w' needs a filter: leave it out for all runs")
            for name, read in _READERS.items():
                if name in given:
                    filters += read(app, given.pop(name))
            return function(wheres=tuple(filters), **given)

        decorated: Any = choosing
        for option in reversed(options):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def find_chosen(
    app: App,
    words: Sequence[str],
    wheres: Sequence[str],
    limit: int | None = None,
    *,
    put_away: bool = False,
) -> list[str]:
    """Ids of the runs that words name, in their order, of those that filters hold for.

    Without words it is all of these, the newest first, at most `limit`; archived and deleted ones
    only with `put_away`, or where a filter asks for them.

    Raises: click.UsageError where there are neither words nor filters.
    """
    if not (words or wheres):
        raise click.UsageError("give the runs, or choose them by '-w <filter>'")
    if not words:
        return app.runs.find(wheres, limit=limit, put_away=put_away)
    named = app.select(words)
    if not wheres:
        return named
    found = set(app.runs.find(wheres, put_away=put_away))
    return [run for run in named if run in found]


def tell_private(app: App, count: int) -> None:
    """Say of so many runs that are meant, and that nobody has named, that they stay here."""
    if count:
        what, it = (
            ("1 private run stays", "it")
            if count == 1
            else (f"{count:,} private runs stay", "them")
        )
        app.progress().note(f"hint: {what} here: 'git gage private -d <run>' lets {it} go")


def read_keys(option: str, given: Sequence[str]) -> list[str]:
    """Names of an option that can be repeated, and has commas between them."""
    keys = [key.strip() for keys in given for key in keys.split(",")]
    if not all(key.removeprefix("-") for key in keys):
        raise click.UsageError(f"'{option}' needs names with commas between them")
    return keys


def _read_least(_: App, bounds: Sequence[str]) -> Iterator[str]:
    return (_bound("--min", ">=", bound) for bound in bounds)


def _read_most(_: App, bounds: Sequence[str]) -> Iterator[str]:
    return (_bound("--max", "<=", bound) for bound in bounds)


def _bound(option: str, operator: str, bound: str) -> str:
    from git_gage.catalog.filter_nodes import spell_name
    from git_gage.catalog.filter_words import read_number

    name, _, number = bound.rpartition("=")
    if not name.strip() or read_number(number.strip()) is None:
        message = f"'{option}' needs a name and a number such as acc=0.9, not '{bound}'"
        raise click.UsageError(message)
    return f"{spell_name(name.strip())} {operator} {number.strip()}"


def _read_tags(_: App, tags: Sequence[str]) -> Iterator[str]:
    if tags:
        from git_gage.catalog.filter_nodes import spell_text

        yield from (f"tag = {spell_text(tag)}" for tag in tags)


def _read_operations(_: App, operations: Sequence[str]) -> Iterator[str]:
    if operations:
        from git_gage.catalog.filter_nodes import spell_text

        yield f"operation in [{', '.join(map(spell_text, operations))}]"


def _read_statuses(_: App, statuses: Sequence[str]) -> Iterator[str]:
    if not statuses:
        return
    from git_gage.catalog.filter_unknown import SHOWN_STATUSES

    for status in statuses:
        if status not in SHOWN_STATUSES:
            known = ", ".join(SHOWN_STATUSES)
            raise click.UsageError(f"'--status' needs one of {known}, not '{status}'")
    yield f"status in [{', '.join(statuses)}]"


def _read_since(_: App, since: str | None) -> Iterator[str]:
    if since is not None:
        yield f"started >= {_date('--since', since)}"


def _read_until(_: App, until: str | None) -> Iterator[str]:
    if until is not None:
        yield f"started < {_date('--until', until)}"


def _date(option: str, words: str) -> str:
    from git_gage.catalog.filter_nodes import spell_text
    from git_gage.catalog.filter_words import read_span

    if read_span(words, lambda _: 0.0) is None:
        message = f"'{option}' needs a date such as 2026-11-01 or '2 days ago', not '{words}'"
        raise click.UsageError(message)
    return spell_text(words)


def _read_author(_: App, pattern: str | None) -> Iterator[str]:
    if pattern is None:
        return
    if not pattern:
        raise click.UsageError("'--author' needs a pattern: every author has the empty one")
    from git_gage.catalog.filter_match import check_pattern
    from git_gage.catalog.filter_nodes import spell_text

    complaint = check_pattern(pattern)
    if complaint is not None:
        raise click.UsageError(f"'--author' needs a pattern: {complaint}")
    yield f"author =~ {spell_text(pattern)}"


def _read_commit(app: App, revision: str | None) -> Iterator[str]:
    """A revision of this repository, or the beginning of a commit that only runs know."""
    if revision is None:
        return
    from git_gage.errors import GitError

    try:
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = app.here.run(*asked)
    except GitError:
        if not re.fullmatch(r"[0-9a-f]{4,64}", revision):
            message = f"'--commit' needs a commit, branch or tag, not '{revision}'"
            raise click.UsageError(message) from None
        yield f"commit = {revision}"
        return
    yield f"commit = {found.decode().strip()}"


_READERS: dict[str, Callable[[App, Any], Iterator[str]]] = {
    "lower_bounds": _read_least,
    "upper_bounds": _read_most,
    "tags": _read_tags,
    "operations": _read_operations,
    "statuses": _read_statuses,
    "since": _read_since,
    "until": _read_until,
    "author": _read_author,
    "commit": _read_commit,
}
