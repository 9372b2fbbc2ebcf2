"""What people say of runs: attributes, comments, and the history of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from git_gage.catalog.attributes import USER
from git_gage.catalog.said import ARCHIVE_RUN, LABEL, PLACING, Role
from git_gage.records import parse_time, short_id
from git_gage.render.amounts import age_text, moment_text, value_text
from git_gage.render.table import Column, format_table
from git_gage.render.wording import author_text, hint_text
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.catalog.said import Outcome, Said
    from git_gage.render.screen import Screen
    from git_gage.runs.history import Event

SHORT_COMMENT = 7
"""Characters of a comment's id that people see."""
_REMARKS = {
    Role.CURRENT: "",
    Role.SUPERSEDED: "superseded",
    Role.REQUEST: "a request",
    Role.WAITING: "not here yet",
    Role.REFUSED: "does not count",
    None: "damaged",
}


# -- attributes -----------------------------------------------------------------------------------


def attrs_body(document: Mapping[str, Any], outcome: Outcome) -> list[dict[str, Any]]:
    """Label, tags and attributes with who said them. Source: docs/json.md, "Parts of a run"."""
    label = outcome.attributes.get(LABEL)
    rows = [] if label is None else [_said_row("label", None, label)]
    rows += [
        _said_row("tag", tag, add) for tag in sorted(outcome.tags) for add in outcome.tags[tag]
    ]
    origins = document["attribute_origins"]
    rows += [
        {"part": "attribute", "name": name, "value": value, **origins[name]}
        for name, value in document["attributes"].items()
    ]
    return rows


def format_attrs(rows: Sequence[Mapping[str, Any]], screen: Screen) -> str:
    """The same as a table."""
    if not rows:
        return "no attributes\n"
    columns = [
        Column(
            "NAME",
            [
                clean(row["name"] or "") if row["part"] == "attribute" else row["part"]
                for row in rows
            ],
            0,
            least=8,
        ),
        Column("VALUE", [_attr_text(row) for row in rows], 1, least=12),
        Column("ORIGIN", [row["origin"] for row in rows], 3),
        Column("BY", [author_text(row["author"]) for row in rows], 2, least=8),
        Column("AT", ["" if row["at"] is None else _moment(row["at"]) for row in rows], 4),
    ]
    return format_table([*_states([row["state"] for row in rows]), *columns], screen)


def _said_row(part: str, name: str | None, said: Said) -> dict[str, Any]:
    return {
        "part": part,
        "name": name,
        "value": said.content,
        "origin": USER,
        "author": said.by,
        "at": said.at,
        "record": said.id,
        "state": said.verdict,
    }


def _attr_text(row: Mapping[str, Any]) -> str:
    return clean(row["name"]) if row["part"] == "tag" else value_text(row["value"])


# -- comments -------------------------------------------------------------------------------------


def format_comments(documents: Sequence[Mapping[str, Any]], screen: Screen, now: float) -> str:
    """All comments of runs, each with its whole text; of several runs those below its name."""
    parts = []
    for document in documents:
        if len(documents) > 1:
            parts.append(f"run {short_id(document['id'])} {clean(document['name'])}\n")
        comments = document["comments"]
        parts += ["".join(_comment_lines(each, screen, now)) for each in comments]
        parts += [] if comments else ["no comments\n"]
    return "\n".join(parts)


def comment_line(comment: Mapping[str, Any], now: float) -> str:
    """A comment on one line: who, when, its first line."""
    first, *more = comment["text"].strip().splitlines() or [""]
    edited = ", edited" if comment["edited"] else ""
    who = f"{author_text(comment['author'])}, {_ago(comment['at'], now)}{edited}"
    return f"{who}: {clean(first)}{' …' if more else ''}"


def _comment_lines(comment: Mapping[str, Any], screen: Screen, now: float) -> Iterator[str]:
    state = f"{clean(comment['state'])} " if comment["state"] else ""
    edited = f", edited {_ago(comment['edited'], now)}" if comment["edited"] else ""
    author = author_text(comment["author"], whole=True)
    name = screen.paint(comment["id"][:SHORT_COMMENT], "yellow")
    yield f"comment {name}  {state}{author}, {_ago(comment['at'], now)}{edited}\n"
    for line in comment["text"].splitlines():
        yield f"    {clean(line)}".rstrip() + "\n"
    for request in comment["requests"]:
        asked = "asks to delete it" if request["text"] is None else "asks for another text:"
        who = author_text(request["author"], whole=True)
        yield f"  {who}, {_ago(request['at'], now)}, {asked}\n"
        for line in (request["text"] or "").splitlines():
            yield f"      {clean(line)}".rstrip() + "\n"


# -- history --------------------------------------------------------------------------------------


def history_body(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The records of a run as JSON. Source: docs/json.md, "Parts of a run"."""
    return [
        {
            "record": event.record.id,
            "kind": event.record.kind,
            "at": event.record.at,
            "lc": event.record.lc,
            "author": event.record.by,
            "writer": event.record.writer,
            "deps": list(event.record.deps),
            "about": event.said and event.said.about,
            "value": event.said and event.said.content,
            "state": event.said and event.said.verdict,
            "signed": event.record.sig is not None,
            "applied": event.role in (Role.CURRENT, Role.SUPERSEDED),
            "superseded": event.role is Role.SUPERSEDED,
            "request": event.role is Role.REQUEST,
        }
        for event in events
    ]


def format_history(events: Sequence[Event], screen: Screen) -> str:
    """The same as a table, the oldest first."""
    columns = [
        Column("AT", [_moment(event.record.at) for event in events], 2),
        Column("BY", [author_text(event.record.by) for event in events], 1, least=8),
        Column("WHAT", [clean(_what(event)) for event in events], 0, least=20),
        Column("", [_REMARKS[event.role] for event in events], 3),
    ]
    return format_table(
        [*_states([event.said and event.said.verdict for event in events]), *columns], screen
    )


def _what(event: Event) -> str:
    """What a record says, in a few words; not yet cleaned."""
    record, said = event.record, event.said
    match record.kind:
        case "run.begin":
            return f"began {record.body.get('operation', '')}"
        case "run.start":
            return "started"
        case "run.end":
            return f"ended: {record.body.get('status', '')}"
        case "run.files":
            return "listed its files"
        case "run.redact":
            return "took something out"
        case "attest":
            return "signed what came out"
    return record.kind if said is None else _saying(said)


def _saying(said: Said) -> str:
    value = said.content
    text = value if isinstance(value, str) else value_text(value)
    first = text.strip().split("\n", 1)[0]
    match said.kind:
        case "attr.set":
            return f"set {said.about}: {first}"
        case "attr.del":
            return f"took {said.about} away"
        case "tag.add":
            return f"tagged: {said.about}"
        case "tag.del":
            return f"took tag away: {said.about}"
    if said.kind in PLACING:
        return _placing(said.kind, "the run", said.content or {})
    comment = f"comment {said.about[:SHORT_COMMENT]}"
    match said.kind:
        case "comment.add":
            return f"{comment}: {first}"
        case "comment.edit":
            return f"{comment} now: {first}"
    return f"delete {comment}"


def _placing(kind: str, run: str, archive: Mapping[str, str]) -> str:
    """What a record does to the run itself, in a few words; not yet cleaned."""
    words = _archive(archive) if kind == ARCHIVE_RUN else ""
    return f"{kind.removeprefix('run.')} {run}{words}"


def _archive(archive: Mapping[str, str]) -> str:
    name = f" as {archive['name']}" if archive["name"] else ""
    first = archive["note"].strip().split("\n", 1)[0]
    return name + (f": {first}" if first else "")


def placing_rows(
    document: Mapping[str, Any], now: float, folder: str | None = None
) -> Iterator[tuple[str, str]]:
    """Whether a run is put away, by whom, and who else asks for that; `folder`: of `--runs`."""
    run = short_id(document["id"])
    for key in ("deleted", "archived"):
        if document[key] is not None:
            said = "" if key == "deleted" else clean(_archive(document[key]).strip())
            back = hint_text(f"git gage restore {run}", folder)
            yield key, ", ".join(filter(None, [_who(document[key], now), said, back]))
    for number, each in enumerate(document["asked"]):
        words = clean(_placing(each["kind"], "it", each))
        yield "" if number else "asked", f"{_who(each, now)}, asks to {words}"


def _who(said: Mapping[str, Any], now: float) -> str:
    return f"{author_text(said['author'])}, {_ago(said['at'], now)}"


# -- tags -----------------------------------------------------------------------------------------


def format_tags(counts: Sequence[tuple[str, int]], screen: Screen) -> str:
    """Tags, each with how many runs have it."""
    if not counts:
        return "no tags\n"
    tags = Column("TAG", [clean(tag) for tag, _ in counts], 0, least=8)
    runs = Column("RUNS", [f"{count:,}" for _, count in counts], 1, right=True)
    return format_table([tags, runs], screen)


def format_archives(counts: Sequence[tuple[str, int]], screen: Screen) -> str:
    """Archives, each with how many runs are in it."""
    if not counts:
        return "no archives\n"
    names = Column("ARCHIVE", [clean(name) or "-" for name, _ in counts], 0, least=8)
    runs = Column("RUNS", [f"{count:,}" for _, count in counts], 1, right=True)
    return format_table([names, runs], screen)


# -- small things ---------------------------------------------------------------------------------


def _states(states: Sequence[str | None]) -> list[Column]:
    """A column of verdicts, where there are any: of its own, so that no text looks like one."""
    return [Column("", [clean(state or "") for state in states], 0)] if any(states) else []


def _moment(at: str) -> str:
    return moment_text(parse_time(at))


def _ago(at: str, now: float) -> str:
    return f"{age_text(now - parse_time(at))} ago"
