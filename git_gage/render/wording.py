"""Parts of a run in a few words, the same in a list, on a page and while it goes on."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import author_name, decode_path, parse_time
from git_gage.render.amounts import age_text, count_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen

FETCH = "not here: git gage fetch"
# What records or sets up where the user is; and what is for somebody else, elsewhere.
_COMMAND = re.compile(
    r"(?<!there )(?<!there ')(?<!there: )\bgit gage"
    r"(?= (?!run\b|restart\b|init\b|ops\b|config\b|remote\b|help\b|version\b)[a-z])"
)
_QUOTED = re.compile(rf"'{_COMMAND.pattern}")
# What a shell reads between double quotes, too.
_SPECIAL = re.compile(r'["$`\\!]')
STATUS_STYLES = {
    "completed": "green",
    "error": "red",
    "running": "cyan",
    "terminated": "yellow",
    "lost": "magenta",
}
_STATUS_SIGNS = {"completed": "✓ ", "error": "✗ ", "running": "▶ ", "terminated": "■ "}


def status_text(document: Mapping[str, Any], screen: Screen, *, sign: bool) -> str:
    """Status in words, with the exit code of a failure; with a sign if asked and possible.

    Of a run on another machine also when that was heard.
    """
    status, code = document["status"], document["exit_code"]
    mark = _STATUS_SIGNS.get(status, "") if sign else ""
    words = clean(status)
    if status == "lost":
        words = "lost?"
    elif status == "error" and code is not None:
        words = f"error {code}"
    elif status == "running" and document["progress"] is not None:
        words = f"running {document['progress']:.0%}"
    if (heard := document.get("heard")) is not None:
        ago_s = time.time() - parse_time(heard["at"])
        words += f" {age_text(max(0.0, ago_s))} ago"
    return screen.sign(mark, "") + words


def hint_text(hint: str, folder: str | None) -> str:
    """A hint as it is to be typed by who gave `--runs`: its commands are about those runs, too."""
    if folder is None or hint.startswith("whoever ") or "--runs" in hint or "GAGE_RUNS" in hint:
        return hint
    named = _QUOTED.sub(lambda _: f"'git gage --runs {_quote_within(folder)}", hint)
    return _COMMAND.sub(lambda _: f"git gage --runs {shlex.quote(folder)}", named)


def _quote_within(text: str) -> str:
    """Text for a shell, between quotes that show where a command begins and ends."""
    plain = shlex.quote(text)
    return plain if plain == text or _SPECIAL.search(text) else f'"{text}"'


def places_text(count: int, places: Mapping[str, int]) -> str:
    """Where so many files of a run are, by how many of them are `here` and `in git`."""
    found = {place: places[place] for place in ("here", "in git") if places.get(place)}
    if not found:
        return "not in this clone"
    if count in found.values():
        return next(iter(found))
    if absent := count - sum(found.values()):
        found["not here"] = absent
    return ", ".join(f"{number:,} {place}" for place, number in found.items())


def command_text(command: Mapping[str, Any]) -> str:
    """A command as a shell would take it; a program with a whole path by its name alone.

    Of a text for the shell the first line.
    """
    import shlex

    argv: Sequence[Any] = command["argv"]
    if command["shell"] and argv:
        first, *more = decode_path(argv[0]).decode(errors="replace").strip().splitlines() or [""]
        return clean(first) + (" …" if more else "")
    if not argv:
        return "unknown"
    words = [decode_path(word).decode(errors="surrogateescape") for word in argv]
    if words and words[0].startswith("/"):
        words[0] = words[0].rpartition("/")[2]
    return clean(shlex.join(words))


def author_text(by: Mapping[str, str] | None, *, whole: bool = False) -> str:
    """Who wrote a record, as it says itself: the name, else the address, else the key.

    `whole`: name and address as git writes them, where there are both.
    """
    author = by or {}
    name, email = (author.get(part, "") for part in ("name", "email"))
    if whole and name and email:
        return clean(f"{name} <{email}>")
    return clean(author_name(by) or "somebody")


def code_text(source: Mapping[str, Any]) -> str:
    """The code that ran: its commit, and how far from it the tree was."""
    if not source["snapshot"]:
        return "not recorded: there is no work tree"
    commit = source["commit"]
    at = clean(commit[:7]) if commit else "without a commit"
    return f"{at} + {_changes(source)}" if source["dirty"] else at


def source_text(document: Mapping[str, Any]) -> str:
    """The same of a run; of one that another tool recorded, what that says of a commit."""
    imported, commit = document["imported"], document["source"]["commit"]
    if imported is None:
        return code_text(document["source"])
    return f"{clean(commit[:7])}, as {clean(imported['tool'])} says" if commit else "unknown"


def _changes(source: Mapping[str, Any]) -> str:
    lines = (source["insertions"] or 0) + (source["deletions"] or 0)
    left_out = {entry["path"] for entry in source["left_out"]}
    paths = sum(path not in left_out for path in source["status"])
    if source["status"] and not paths:
        return f"{count_text(len(source['status']), 'changed file')} not recorded"
    if not lines:
        return count_text(paths, "changed file")
    return f"{count_text(lines, 'changed line')} in {count_text(paths, 'file')}"
