"""Verdicts on records: a letter where others show them, a line each where they are asked for.

The verdict stands before what the record says, and that in quotes: no text in a record can look
like a verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from git_gage.records import author_name, parse_time, short_id
from git_gage.render.amounts import age_text, count_text, value_text
from git_gage.render.table import Column, format_table
from git_gage.safe import clean
from git_gage.trust.verdict import FALSE, WORDS, is_met

if TYPE_CHECKING:
    from git_gage.records import Record
    from git_gage.render.screen import Screen
    from git_gage.trust.verdict import Verdict

_KINDS = {
    "run.begin": "begin",
    "run.start": "start",
    "run.end": "end",
    "run.files": "files",
    "attr.set": "attr",
    "attr.del": "attr",
    "tag.add": "tag",
    "tag.del": "tag",
    "comment.add": "comment",
    "comment.edit": "comment",
    "comment.del": "comment",
    "key.retire": "key",
}
_KEY = "SHA256:"
_MET = {"trusted": "verified", "signed": "signed", "none": "not false"}


def state_style(state: str) -> str:
    """A colour for the letter of a verdict; it says no more than the letter."""
    return "green" if state == "G" else "red" if state in FALSE else "yellow"


def format_verdicts(
    verdicts: Sequence[Verdict],
    records: Sequence[Record],
    required: str,
    screen: Screen,
    now: float,
) -> str:
    """A line a record, and how many are as required. `now` is Unix seconds."""
    several = len({verdict.run for verdict in verdicts}) > 1
    styles = [state_style(verdict.state) for verdict in verdicts]
    ages = [age_text(now - parse_time(verdict.time)) for verdict in verdicts]
    columns = [
        Column("", [verdict.state for verdict in verdicts], 0, styles=styles),
        Column("", [WORDS[verdict.state] for verdict in verdicts], 1, styles=styles),
        *([Column("", [short_id(verdict.run) for verdict in verdicts], 2)] if several else []),
        Column("", list(map(_who, verdicts)), 3, least=24),
        Column("", ages, 4, right=True),
        Column("", list(map(kind_text, records)), 5),
        Column("", list(map(said_text, records)), 7, least=8),
        Column("", [clean(verdict.reason) for verdict in verdicts], 6, least=30),
    ]
    _, rows = format_table(columns, screen).split("\n", 1)
    met = sum(is_met(verdict, required) for verdict in verdicts)
    return f"{rows}{met} of {len(verdicts)} {_MET[required]}\n"


def count_states(verdicts: Sequence[Verdict]) -> str:
    """`31 records: 28 verified, 2 unknown key, 1 mismatch`."""
    counts = Counter(verdict.state for verdict in verdicts)
    told = [f"{counts[state]:,} {word}" for state, word in WORDS.items() if counts[state]]
    return f"{count_text(len(verdicts), 'record')}: {', '.join(told)}"


def verdict_body(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON. Source: docs/json.md, "Verdicts"."""
    return verdict._asdict()


def kind_text(record: Record) -> str:
    """What kind of thing a record says."""
    if record.kind.startswith("attr.") and record.body.get("name") == "label":
        return "label"
    return clean(_KINDS.get(record.kind, record.kind))


def said_text(record: Record) -> str:
    """What a record says, in a few words between quotes."""
    body = record.body
    match record.kind:
        case "attr.set" if body.get("name") != "label":
            return f"{_quoted(body.get('name'))} = {_quoted(body.get('value'))}"
        case "attr.set":
            return _quoted(body.get("value"))
        case "attr.del":
            return f"{_quoted(body.get('name'))} removed"
        case "tag.add":
            return _quoted(body.get("tag"))
        case "tag.del":
            return f"{_quoted(body.get('tag'))} removed"
        case "comment.add" | "comment.edit":
            return _quoted(body.get("text"))
        case "comment.del":
            return "removed"
        case "run.begin":
            return _quoted(body.get("operation"))
        case "run.end":
            return _quoted(body.get("status"))
    return ""


def _who(verdict: Verdict) -> str:
    """Whose key it is; in quotes, who it is only said to be."""
    if verdict.principal is not None:
        is_key = verdict.principal.startswith(_KEY)
        return clean(author_name({"key": verdict.principal}) if is_key else verdict.principal)
    return "nobody" if verdict.claimed is None else _quoted(verdict.claimed)


def _quoted(value: Any) -> str:
    text = clean(value_text(value)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
