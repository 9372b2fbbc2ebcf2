"""Words on the command line that mean something here, and how a shell completes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.parsing import BareOption

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from git_gage.cli.app import App


LONGEST_LABEL = 1000


class PathWord(click.Path):
    """A path; an empty word, such as of a variable that is not set, is none."""

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        if value == "":
            self.fail("an empty word is no path", param, ctx)
        return super().convert(value, param, ctx)


class RunName(click.ParamType):  # type: ignore[type-arg]
    """A word that names a run; the catalog says which."""

    name = "run"
    put_away = False

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        app: App = ctx.obj
        return [
            CompletionItem(value, help=text)
            for value, text in app.catalog.complete(incomplete, put_away=self.put_away)
        ]


class FileOfRun(RunName):
    """A run, and behind a `:` a file of it."""

    name = "run:path"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002 - click's
        ctx: click.Context | None,  # noqa: ARG002 - click's
    ) -> tuple[str, str | None]:
        # `@{best:acc}` has a `:` of its own.
        end = value.find("}") + 1 if "@{" in value else 0
        run, colon, path = value[end:].partition(":")
        return value[:end] + run, path if colon else None


class PutAwayRun(RunName):
    """A word that names a run; what is offered was deleted or archived."""

    put_away = True


class RunOrTag(RunName):
    """A run first, and then also a tag that some run has."""

    name = "run or tag"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        import shlex

        from click.shell_completion import CompletionItem

        app: App = ctx.obj
        runs = super().shell_complete(ctx, param, incomplete)
        tags = app.catalog.complete_name("tag", incomplete) if ctx.params.get("words") else []
        return [CompletionItem(tag) for tag in tags if shlex.quote(tag) == tag] + runs


class MetricName(click.ParamType):  # type: ignore[type-arg]
    """A word that names a metric of any run."""

    name = "metric"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        import shlex

        from click.shell_completion import CompletionItem

        app: App = ctx.obj
        names = app.catalog.complete_name("metric", incomplete)
        # What is offered is typed as it is.
        return [CompletionItem(name) for name in names if shlex.quote(name) == name]


class RemoteName(click.ParamType):  # type: ignore[type-arg]
    """A word that names a remote or a place."""

    name = "remote"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises: click.UsageError for an empty word, as of an unset variable."""
        if value == "":
            self.fail(f"an empty word names no {self.name}", param, ctx)
        return value

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from git_gage.share.known import remote_words

        app: App = ctx.obj
        names = remote_words(app.here)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class RemoteOrRun(RemoteName):
    """A remote, or a run: what `push` takes first."""

    name = "remote or run"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        remotes = (
            []
            if ctx.params.get(param.name or "")
            else super().shell_complete(ctx, param, incomplete)
        )
        return remotes + RunName().shell_complete(ctx, param, incomplete)


class Label(click.ParamType):  # type: ignore[type-arg]
    """A few words that a record can hold and a list can show."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        option = param.opts[-1] if param else self.name
        if not text.strip():
            raise click.UsageError(f"'{option}' needs some text", ctx)
        if len(text) > LONGEST_LABEL:
            raise click.UsageError(f"'{option}' takes {LONGEST_LABEL} characters at most", ctx)
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise click.UsageError(f"'{option}' needs text in UTF-8, not '{text}'", ctx)
        return text


class Count(click.ParamType):  # type: ignore[type-arg]
    """A whole number from 1 up."""

    name = "num"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not (value.isascii() and value.isdigit() and int(value)):
            option = param.opts[0] if param else self.name
            raise click.UsageError(f"'{option}' needs a number from 1 up, not '{value}'", ctx)
        return int(value)


class Duration(click.ParamType):  # type: ignore[type-arg]
    """A length of time, in seconds; written as in a gagefile."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        from git_gage.git.durations import read_timeout

        try:
            return read_timeout(value)
        except ValueError as error:
            option = param.opts[0] if param else self.name
            message = f"'{option}' needs a time such as 30s, 90m, 2h or 7d, not '{value}'"
            raise click.UsageError(message, ctx) from error


def _remember_key(ctx: click.Context, _: click.Parameter, key: str | None) -> None:
    if key is not None:
        ctx.obj.ask_to_sign(key or None)


def _remember_no(ctx: click.Context, _: click.Parameter, given: bool) -> None:
    if given:
        ctx.obj.ask_not_to_sign()


def sign_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What all commands that write records take; `App.signer` goes by it."""
    no_sign = click.option(
        "--no-sign",
        is_flag=True,
        expose_value=False,
        callback=_remember_no,
        help="Record without a signature",
    )
    sign = click.option(
        "--sign",
        cls=BareOption,
        metavar="<key>",
        expose_value=False,
        callback=_remember_key,
        help="Sign what is recorded, or fail",
    )
    return sign(no_sign(command))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs")
color_option = click.option(
    "--color",
    metavar="<when>",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Use colour: auto (default), always or never",
)
csv_option = click.option("--csv", is_flag=True, help="Print CSV")
md_option = click.option("--md", is_flag=True, help="Print a table in Markdown")
html_option = click.option(
    "--html",
    metavar="<file>",
    type=PathWord(),
    help="Write a page to this file (- for standard output)",
)
files_option = click.option(
    "--files",
    cls=BareOption,
    metavar="<what>",
    bare="all",
    type=click.Choice(["none", "thumbs", "all"]),
    default="none",
    help="Files that go along: none (default), thumbs, all",
)
# What `run` and `restart` say alike of a run that they begin.
label_option = click.option(
    "-l", "--label", metavar="<text>", type=Label(), help="Label to give the run"
)
tag_option = click.option(
    *("-t", "--tag", "tags"),
    metavar="<tag>",
    type=Label(),
    multiple=True,
    help="Tag to give the run (can be repeated)",
)
stage_option = click.option(
    "--stage", is_flag=True, help="Record the run, to start it another time"
)
timeout_option = click.option(
    "--timeout", metavar="<time>", type=Duration(), help="End the program after 90s, 30m, 2h"
)
detach_option = click.option(
    "--detach", is_flag=True, help="Leave the run in the background, print its id"
)
live_option = click.option(
    "--live",
    cls=BareOption,
    metavar="<remote>",
    help="Let others follow the run on a remote while it goes on",
)
private_option = click.option(
    "--private", is_flag=True, help="Let the run stay in this clone: no push takes it"
)
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing but what the program says"
)
secrets_option = click.option(
    "--allow-secrets", is_flag=True, help="Take what looks like a secret, and is none"
)
yes_option = click.option(
    "-y", "--yes", is_flag=True, expose_value=False, help="Never ask, for scripts"
)
# The same where there is a question, whose answer is then no.
never_ask_option = click.option(
    "-y", "--yes", "never_ask", is_flag=True, help="Never ask, for scripts"
)
