"""What `push`, `fetch` and `sync` have in common: which remotes, which runs, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from git_gage.cli.choosing import filter_options
from git_gage.cli.params import files_option, json_option, yes_option

if TYPE_CHECKING:
    from git_gage.catalog.query import Mark
    from git_gage.cli.app import App
    from git_gage.render.progress import Progress
    from git_gage.share.delivery import Pushed
    from git_gage.share.fetch import Fetched
    from git_gage.share.preview import Move

F = TypeVar("F", bound=Callable[..., Any])
# Of more it takes longer than a fetch should: 'git gage verify --all' tells.
MOST_JUDGED = 500
# More ids are harder to type than what they were chosen by.
MOST_NAMED = 9

meta_option = click.option(
    "--meta", is_flag=True, help="Records alone: sources and outputs stay where they are"
)
user_option = click.option(
    "--user", is_flag=True, help="What people said alone: labels, tags, comments"
)
dry_run_option = click.option(
    "-n", "--dry-run", is_flag=True, help="Say what would move, and move nothing"
)


def moving_options(command: F) -> F:
    """Options that say what moves; see `What`."""
    decorated: Any = command
    for option in (
        yes_option,
        json_option,
        dry_run_option,
        user_option,
        meta_option,
        files_option,
        filter_options(bounds=False, all_without=True),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


class What(NamedTuple):
    """Which runs move, by words and filters (none: all), and what of them."""

    words: tuple[str, ...]
    wheres: tuple[str, ...]
    files: str
    meta: bool
    user: bool
    dry_run: bool
    told: list[dict[str, Any]] | None = None
    """What would move, to be printed as JSON; None where it is printed as text."""

    @property
    def is_chosen(self) -> bool:
        return bool(self.words or self.wheres)

    @property
    def parts(self) -> Collection[str]:
        from git_gage.share.lanes import CARGO

        return () if self.meta or self.user else CARGO

    @property
    def kinds(self) -> Collection[str] | None:
        from git_gage.catalog.said import KINDS

        return KINDS if self.user else None


def read_what(words: tuple[str, ...], *, as_json: bool, **given: Any) -> What:
    """What the options of `moving_options` say."""
    what = What(words, **given, told=[] if as_json else None)
    if as_json and not what.dry_run:
        raise click.UsageError("'--json' needs '--dry-run'")
    return what


def split_words(app: App, words: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """The remotes that are meant, and the words that name runs.

    Raises: RequestError where there is no telling.
    """
    from git_gage.errors import RequestError
    from git_gage.share.remote import is_remote, usual_remotes

    if words and is_remote(app.here, words[0]):
        return [words[0]], words[1:]
    try:
        return usual_remotes(app.here), words
    except RequestError as error:
        if not words:
            raise
        # What was meant for a remote may be no such name.
        told = f"{error.message}, and '{words[0]}' is none"
        raise RequestError(told, hint=error.hint) from error


def each_remote(
    app: App, remotes: Sequence[str], move: Callable[[str], int | None], what: What
) -> None:
    """Move to or from one after the other; one that fails does not stop the others.

    `move` gives an exit code, None where no run is meant there.
    Raises: what the only one raises; click's Exit after one of several has failed, or where no run
    is meant anywhere.
    """
    from git_gage.errors import RemoteError, RequestError

    code = 0
    is_any = False
    for remote in remotes:
        try:
            done = move(remote)
            is_any |= done is not None
            code = max(code, done or 0)
        except (RemoteError, RequestError) as error:
            if len(remotes) == 1:
                raise
            from git_gage.cli.boundary import report_failure

            code = report_failure(error, app)
    if what.told is not None:
        from git_gage.render.machine import format_json

        click.echo(format_json(what.told), nl=False)
    if not (code or is_any):
        from git_gage.cli.list import hint_at_filter

        hint_at_filter(app, what.wheres)
        code = 1
    if code:
        click.get_current_context().exit(code)


def find_here(app: App, what: What) -> list[str] | None:
    """Ids of the chosen runs that are here; None where none are chosen.

    A filter alone does not mean those that are private, which is told.
    """
    from git_gage.cli.choosing import find_chosen, tell_private
    from git_gage.cli.remote_words import naming_runs

    if not what.is_chosen:
        return None
    with naming_runs(app, _verb(), what.words, what.wheres):
        found = find_chosen(app, what.words, what.wheres)
    private = frozenset() if what.words else app.store.private
    shared = [run for run in found if run not in private]
    if shared:
        tell_private(app, len(found) - len(shared))
    return shared


def find_there(app: App, remote: str, what: What) -> list[str] | None:
    """Ids of the chosen runs that a remote has; None where none are chosen."""
    if not what.is_chosen:
        return None
    from git_gage.cli.elsewhere import Elsewhere

    return find_here(Elsewhere(app, remote), what)


def find_anywhere(app: App, remote: str, what: What) -> list[str] | None:
    """Ids of the chosen runs that are here or that a remote has; None where none are chosen.

    A word that names a run here means that one. A filter alone does not mean those that are
    private, which is told.
    """
    if not what.is_chosen:
        return None
    from git_gage.cli.choosing import tell_private
    from git_gage.cli.elsewhere import Elsewhere
    from git_gage.cli.remote_words import naming_runs

    there = Elsewhere(app, remote)
    held = dict.fromkeys(run for each in (app, there) for run in each.runs.find(what.wheres))
    if not what.words:
        shared = [run for run in held if run not in app.store.private]
        if shared:
            tell_private(app, len(held) - len(shared))
        return shared
    with naming_runs(app, _verb(), what.words, what.wheres):
        named = dict.fromkeys(run for word in what.words for run in _select(word, app, there))
    return [run for run in named if run in held]


def _verb() -> str:
    """The command that was typed."""
    return click.get_current_context().info_name or ""


def _select(word: str, app: App, there: App) -> list[str]:
    from git_gage.errors import RunNotFoundError

    try:
        return app.select([word])
    except RunNotFoundError:
        return there.select([word])


@contextmanager
def hinting(command: str) -> Iterator[None]:
    """Where a remote refuses, the hint repeats what was asked for, and not a move of all runs."""
    from git_gage.errors import RemoteError

    try:
        yield
    except RemoteError as error:
        if error.hint and error.again:
            error.hint = error.hint.removesuffix(error.again) + command
            error.again = command
        raise


def repeat_move(words: Sequence[str], runs: Sequence[str] | None, what: What, *more: str) -> str:
    """The command that moves chosen runs once more, by their ids where these are few."""
    import shlex

    from git_gage.records import short_id

    wheres = [word for where in what.wheres for word in ("-w", where)]
    is_named = bool(what.words) and runs is not None and len(runs) <= MOST_NAMED
    chosen = map(short_id, runs or ()) if is_named else [*what.words, *wheres]
    options = [f"--{name}" for name in ("meta", "user") if getattr(what, name)]
    options += [f"--files={what.files}"] if what.files != "none" else []
    return shlex.join(["git", "gage", *words, *chosen, *options, *more])


def push(app: App, remote: str, runs: list[str] | None, what: What, allow_secrets: bool) -> int:
    """Send runs (None: what this clone has recorded), or say what would be sent.

    1 where files that were to go along are not here.
    """
    from git_gage.share.push import push_runs
    from git_gage.share.remote import hide_user

    allowed = ["--allow-secrets"] if allow_secrets else []
    again = repeat_move(["push", hide_user(remote)], runs, what, *allowed)
    word, remote = remote, app.address(remote, push=True)
    with hinting(again), app.progress() as progress:
        if what.dry_run:
            from git_gage.share.chosen import Chosen
            from git_gage.share.preview import preview_push

            chosen = Chosen(runs, what.parts, what.kinds)
            move = preview_push(
                *(app.store, app.catalog, remote, chosen, progress),
                allow_secrets=allow_secrets,
                previews=what.files != "none",
            )
        else:
            pushed = push_runs(
                *(app.store, app.catalog, remote, runs or (), progress),
                allow_secrets=allow_secrets,
                parts=what.parts,
                kinds=what.kinds,
                here=app.here,
            )
            previews = 0
            if what.files != "none":
                from git_gage.share.thumbs import push_thumbs

                previews = push_thumbs(app.store, app.catalog, remote, runs or (), progress)
                warn_of_previews(progress, what, previews)
    told = _tell_move("push", move, what) if what.dry_run else None
    if not what.dry_run:
        click.echo(_describe_push(pushed, previews))
    if what.files != "all":
        return 0
    from git_gage.cli.files_transfer import send_large

    return send_large(
        *(app, word, runs or ()),
        dry_run=what.dry_run,
        allow_secrets=allow_secrets,
        told=told,
    )


def warn_of_previews(progress: Progress, what: What, previews: int) -> None:
    """Say why there are none to send, where they are what was asked for."""
    from git_gage.render.images import NEEDS_PILLOW
    from git_gage.runs.thumbs import can_draw

    if what.files == "thumbs" and not (previews or can_draw()):
        progress.warning(f"nothing to send of images: {NEEDS_PILLOW}")


def fetch(app: App, remote: str, runs: list[str] | None, what: What) -> None:
    """Get runs (None: all that the remote has), or say what would come."""
    from git_gage.share.fetch import fetch_runs
    from git_gage.share.remote import hide_user

    again = repeat_move(["fetch", hide_user(remote)], runs, what)
    word, remote = remote, app.address(remote)
    if not what.dry_run:
        _make_folder(app, remote)
        app.catalog.refresh()  # what was here and not read yet is no news
    mark = app.catalog.mark()
    with hinting(again), app.progress() as progress:
        if what.dry_run:
            from git_gage.share.chosen import Chosen
            from git_gage.share.preview import preview_fetch

            chosen = Chosen(runs, what.parts, what.kinds)
            move = preview_fetch(
                *(app.store, app.runs, remote, chosen, progress), previews=what.files != "none"
            )
        else:
            if runs is None and what.kinds is None:
                fetched = fetch_runs(app.store, app.catalog, remote, progress, what.parts)
            else:
                from git_gage.share.take import fetch_chosen

                fetched = fetch_chosen(
                    *(app.store, app.catalog, remote, runs, progress), what.parts, what.kinds
                )
            previews = 0
            if what.files != "none":
                from git_gage.share.thumbs import fetch_thumbs

                previews = fetch_thumbs(app.store, remote, progress)
            if app.folder is not None:
                from git_gage.cli.folder import take_in

                take_in(app)
    told = _tell_move("fetch", move, what) if what.dry_run else None
    if not what.dry_run:
        click.echo(_describe_fetch(fetched, previews) + _judge_news(app, fetched, mark))
    if what.files == "all":
        from git_gage.cli.files_transfer import get_large

        if what.dry_run and told is None and _tell_coming(app, move, runs):
            return
        get_large(app, word, runs, dry_run=what.dry_run, told=told)


def _make_folder(app: App, remote: str) -> None:
    """A folder without anything becomes a repository, if there is anything to fetch for it."""
    if app.folder is None or not app.folder.is_unmade:
        return
    from git_gage.share.remote import find_remote
    from git_gage.share.transfer import list_remote

    with app.progress() as progress:
        listed = list_remote(app.repo, find_remote(app.repo, remote), progress)
    if listed:
        app.make_folder()


def _tell_move(verb: str, move: Move, what: What) -> dict[str, Any] | None:
    """Say what would move; its JSON object, where that is what is asked for."""
    if what.told is None:
        click.echo(_describe_move(verb, "to" if verb == "push" else "from", move))
        return None
    counts = {"runs": move.runs, "records": move.records, "bytes": move.size}
    coming = dict(zip(("count", "bytes"), move.large, strict=True))
    told = {"remote": move.remote, "move": verb, **counts, "gives_up": move.gives_up}
    told |= {"previews": move.has_previews}
    told |= {"large": None, "large_coming": coming}
    what.told.append(told)
    return what.told[-1]


def _describe_move(verb: str, way: str, move: Move) -> str:
    from git_gage.render.amounts import count_text, size_text
    from git_gage.safe import clean

    remote = clean(move.remote)
    besides = "; it would give up what was taken out" if move.gives_up else ""
    what = ["sources and outputs"] if move.has_cargo else []
    details = [size_text(move.size)] if move.size else []
    if move.records:
        amount = (move.runs, "run") if move.runs else (move.records, "update")
        what = [count_text(*amount)]
        details[:0] = [count_text(move.records, "record")] if move.runs else []
    what += ["previews"] if move.has_previews else []
    if not what:
        if move.gives_up:
            return f"{remote} would give up what was taken out"
        return f"nothing to {verb} {way} {remote}"
    size = f" ({', '.join(details)})" if details else ""
    return f"would {verb} {' and '.join(what)} {way} {remote}{size}{besides}"


def _tell_coming(app: App, move: Move, runs: Sequence[str] | None) -> bool:
    """Tell of large files of runs that would come; whether there are none to be told of here."""
    from git_gage.render.amounts import count_text, size_text
    from git_gage.safe import clean
    from git_gage.share.files import runs_with_large

    count, size = move.large
    if not count:
        return False
    amount = f"{count_text(count, 'large file')} ({size_text(size)})"
    them = "it" if count == 1 else "them"
    click.echo(f"with them {amount}, as far as {clean(move.remote)} has {them}")
    here = runs_with_large(app.store, app.runs, own=False)
    return not (here if runs is None else set(here).intersection(runs))


def _describe_push(pushed: Pushed, previews: int) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    remote = clean(pushed.remote)
    sent = [count_text(previews, "preview")] if previews else []
    if pushed.records:
        amount = (pushed.runs, "run") if pushed.runs else (pushed.records, "update")
        sent.insert(0, count_text(*amount))
    elif not pushed.up_to_date:
        sent.insert(0, "sources and outputs")
    if not sent:
        return (
            f"{remote} gave up what was taken out" if pushed.gave_up else f"{remote} is up to date"
        )
    commits = f", with {count_text(pushed.commits, 'commit')} of yours" if pushed.commits else ""
    besides = "; it gave up what was taken out" if pushed.gave_up else ""
    return f"pushed {' and '.join(sent)} to {remote}{commits}{besides}"


def _describe_fetch(fetched: Fetched, previews: int) -> str:
    from git_gage.render.amounts import count_text
    from git_gage.safe import clean

    remote = clean(fetched.remote)
    new = [count_text(previews, "preview")] if previews else []
    if fetched.runs_new:
        new.insert(0, count_text(fetched.runs_new, "run"))
    elif fetched.records_new:
        new.insert(0, count_text(fetched.records_new, "update"))
    elif fetched.has_cargo:
        new.insert(0, "sources and outputs")
    return f"fetched {' and '.join(new)} from {remote}" if new else f"nothing new on {remote}"


def _judge_news(app: App, fetched: Fetched, mark: Mark) -> str:
    """Of how many records it is known who wrote them, where that is quick to tell."""
    news = app.catalog.news(mark) if fetched.records_new else []
    if not news or len(news) > MOST_JUDGED:
        return ""
    from git_gage.render.verdicts import count_states

    ids = {id for _, id in news}
    runs = list(dict.fromkeys(run for run, _ in news))
    records = [record for record in app.catalog.record_lines(runs) if record.id in ids]
    verdicts = app.judge.judge(records)
    if all(verdict.state == "N" for verdict in verdicts):
        return ""  # nobody signs here: that says nothing
    return f" ({count_states(verdicts)})"
