"""What our commands do otherwise than click's: help, exclusive options, stray words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

HELP_NAMES = ["-h", "--help"]
RUN_NOTE = """\
A <run> is its row in the last list (1 to 999), its id or the first characters
of it (4 or more), its name, @ for the newest begun here, @~1 for the one before
that, <operation>@ for the newest of an operation, or @{best:acc}. Where several
can be given, 2:4 are rows of the last list
"""


class BareOption(click.Option):
    """An option that can stand without its value, which is then `bare`: `--sign[=<key>]`."""

    def __init__(self, *args: Any, bare: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bare = bare


class Command(click.Command):
    """A command whose help begins with examples.

    `exclusive` holds groups of option names of which one at most can be given.
    """

    def __init__(
        self,
        *args: Any,
        usage: str | Sequence[str],
        examples: Sequence[str],
        exclusive: Sequence[Sequence[str]] = (),
        note: str = "",
        **kwargs: Any,
    ) -> None:
        settings = {"help_option_names": HELP_NAMES, "allow_extra_args": True}
        kwargs["context_settings"] = settings | kwargs.get("context_settings", {})
        super().__init__(*args, **kwargs)
        self.usage = (usage,) if isinstance(usage, str) else tuple(usage)
        self.examples = examples
        self.exclusive = exclusive
        self.note = note

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, self._end_bare_options(args))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # so that the hint names the command
            raise

    def _end_bare_options(self, args: list[str]) -> list[str]:
        """Words in which `--sign` is `--sign=`: a value of its own it has behind a `=` only."""
        options = [each for each in self.params if isinstance(each, BareOption)]
        bare = {name: f"{name}={each.bare}" for each in options for name in each.opts}
        end = args.index("--") if "--" in args else len(args)
        ours = [bare.get(word, word) for word in args[:end]]
        return ours + args[end:]

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.args:
            raise click.UsageError(f"unexpected argument '{ctx.args[0]}'", ctx)
        asked = _names_given(ctx) if self.exclusive else set()
        for group in self.exclusive if len(asked) > 1 else ():
            given = [name for name in group if name in asked]
            if len(given) > 1:
                raise click.UsageError(f"'{given[0]}' cannot be used with '{given[1]}'", ctx)
        return super().invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        sections = {
            "USAGE": _indented(self.usage),
            "OPTIONS": help_rows((option_names(option), _meaning(option)) for option in options),
        }
        formatter.write(help_page(self.help or "", self.examples, sections, self.note))


def split_dashes(args: list[str]) -> tuple[list[str], bool, list[str]]:
    """What stands before the first `--`, whether there is one, and what stands behind it."""
    if "--" not in args:
        return args, False, []
    at = args.index("--")
    return args[:at], True, args[at + 1 :]


class GlobCommand(Command):
    """Knows which words stand behind `--`: these name files, as `globs`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ours, _, globs = split_dashes(args)
        rest = super().parse_args(ctx, list(ours))
        ctx.params["globs"] = tuple(globs)
        return rest


def help_page(about: str, examples: Sequence[str], sections: Mapping[str, str], footer: str) -> str:
    """Help as every command has it: what it does, an example, the rest."""
    title = "EXAMPLES" if len(examples) > 1 else "EXAMPLE"
    shown = {title: _indented(examples), **sections}
    parts = [f"{about}\n", *(f"{name}\n{text}" for name, text in shown.items())]
    return "\n".join([*parts, footer] if footer else parts)


def help_rows(rows: Iterable[tuple[str, str]], width: int = 0) -> str:
    """Names and what they mean, in two columns, the first of at least `width` characters."""
    listed = list(rows)
    width = max(width, *(len(name) for name, _ in listed))
    return "".join(f"  {name:<{width}}  {text}\n" for name, text in listed)


def option_names(option: click.Option) -> str:
    """`-n, --max-count <num>`."""
    names = ", ".join(sorted(option.opts, key=len))
    if isinstance(option, BareOption):
        return f"{names}[={option.metavar}]"
    return f"{names} {option.metavar}" if option.metavar else names


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"  {line}\n" for line in lines)


def _meaning(option: click.Option) -> str:
    return "Show this help" if option.opts == HELP_NAMES else option.help or ""


def _names_given(ctx: click.Context) -> set[str]:
    """Names of the options on the command line, each with its other names."""
    sources = ctx.get_parameter_source
    given = (
        param
        for param in ctx.command.params
        if sources(param.name or "") is ParameterSource.COMMANDLINE
    )
    return {name for param in given for name in param.opts}


class UsageError(click.UsageError):
    """A command line that is wrong, and what could be typed instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
