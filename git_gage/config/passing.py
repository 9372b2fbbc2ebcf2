"""Which options of a script an operation's command leaves to be given."""

from __future__ import annotations

import posixpath
import re
import shlex
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from git_gage.config.model import Operation
    from git_gage.config.options import Option

_FIELD = re.compile(r"(?<![{$])\{([A-Za-z_][\w.-]*)\}")
_ENDS = frozenset(("&&", "||", ";", "|", "&"))


class Command(NamedTuple):
    """The command of the phase `run`: its words, and the keys that it has as `{key}`."""

    words: tuple[str, ...]
    fields: frozenset[str]

    def keeps_all_from(self, path: str) -> str | None:
        """Why no option of a script can be given; None if some may be, also by their fields."""
        hidden = self._find(path) is None and not self.fields
        return "exec does not run it itself" if hidden else None

    def keeps_from(self, path: str, option: Option) -> str | None:
        """Why an option of a script cannot be given to it; None if it can."""
        place = self._find(path)
        if place is None:
            return "exec does not run it itself"
        rest = list(takewhile(lambda word: word not in _ENDS, self.words[place + 1 :]))
        if option.names or option.off_names:
            given = {word.partition("=")[0] for word in rest}
            is_given = not given.isdisjoint((*option.names, *option.off_names))
        else:
            is_given = any(not word.startswith("-") for word in rest)
        return "exec gives it already" if is_given else None

    def _find(self, path: str) -> int | None:
        module = path.removesuffix(".py").replace("/", ".")
        for place, word in enumerate(self.words):
            before = self.words[place - 1] if place else ""
            if posixpath.normpath(word) == path or (before == "-m" and word == module):
                return place
        return None


def read_command(operation: Operation) -> Command:
    """What the operation runs, as far as words tell."""
    run = operation.phases.get("run")
    if run is None:
        return Command((), frozenset())
    text = run.shell if run.shell is not None else " ".join(run.argv or ())
    try:
        words = shlex.split(text) if run.shell is not None else run.argv or ()
    except ValueError:
        words = text.split()
    return Command(tuple(words), frozenset(_FIELD.findall(text)))
