"""What people say of a run: attributes, its label among them, tags, comments, where it is put away.

Each is a record of its own, and what a run has now follows from the set of them, in whatever order
they came. Source: docs/format.md, "What people say".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.texts import dump, tame
from git_gage.catalog.values import storable

if TYPE_CHECKING:
    from git_gage.records import By, Record

SET, DEL = "attr.set", "attr.del"
TAG, UNTAG = "tag.add", "tag.del"
COMMENT, EDIT, DELETE = "comment.add", "comment.edit", "comment.del"
ARCHIVE_RUN, DELETE_RUN, RESTORE_RUN = "run.archive", "run.delete", "run.restore"
PLACING = (ARCHIVE_RUN, DELETE_RUN, RESTORE_RUN)
KINDS = frozenset({SET, DEL, TAG, UNTAG, COMMENT, EDIT, DELETE, *PLACING})
LABEL, RUN = "label", "run"
MAX_TEXT = 64 * 1024
"""Bytes of a comment."""
REFUSED = frozenset({"M", "B", "R", "flagged"})
"""Verdicts on records that are kept and do not count."""
UNPROVEN = frozenset({"N", "E"})
"""Verdicts on records of which nobody can tell here who signed them."""
ADMIN = "admin"
"""The verdict on what was verified, of somebody who may change what others wrote."""

_ID = re.compile(r"[0-9a-f]{64}")


class Content(NamedTuple):
    """What a record says: of which attribute, tag or comment, and its value as JSON.

    A comment is called by the id of the record that it came with, a run itself by `RUN`.
    """

    about: str
    value: str | None


class Said(NamedTuple):
    """One record and what it says. `value` is JSON; None where it takes something away.

    `own`: written by this clone; `signed`: some copy of it has a signature; `state` is the verdict
    on the best of its copies, None where there was none.
    """

    id: str
    kind: str
    about: str
    value: str | None
    lc: int
    at: str
    deps: tuple[str, ...]
    by: By
    writer: str
    own: bool
    signed: bool
    state: str | None

    @property
    def content(self) -> Any:
        """The value itself; None also where it takes something away."""
        return None if self.value is None else json.loads(self.value)

    @property
    def verdict(self) -> str | None:
        """The letter of the verdict, as people know it."""
        return "G" if self.state == ADMIN else self.state

    @property
    def counts(self) -> bool:
        """Whether it can have an effect: a verdict on what this clone wrote changes nothing."""
        return self.own or self.state not in REFUSED


class Begun(NamedTuple):
    """Who began a run, as its `run.begin` says, which the run's id certifies."""

    by: By
    writer: str


class Role(StrEnum):
    """What became of a record."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    REQUEST = "request"
    """It would change a comment, or put away a run, of somebody else."""
    WAITING = "waiting"
    """What it is about is not here, or does not count."""
    REFUSED = "refused"


class Comment(NamedTuple):
    """A comment that is there: what it began with, what it says now, what others ask for.

    A request is gone once its author has changed the comment with it in sight.
    """

    first: Said
    now: Said
    requests: tuple[Said, ...]


class Placed(NamedTuple):
    """Where a run is: what deleted or archived it, if anything, and what others ask for."""

    deleted: Said | None = None
    archived: Said | None = None
    requests: tuple[Said, ...] = ()


class Outcome(NamedTuple):
    """What a run has now. `attributes` are those with a value, `tags` has what gives a run each.

    `roles` has every record, by id.
    """

    attributes: dict[str, Said]
    tags: dict[str, list[Said]]
    comments: list[Comment]
    placed: Placed
    roles: dict[str, Role]


def read_content(record: Record) -> Content | None:
    """What a record of one of `KINDS` says; None if it is not what the format says."""
    body = record.body
    if record.kind in (SET, DEL):
        return _attribute(body, gone=record.kind == DEL)
    if record.kind in (TAG, UNTAG):
        tag = body.get("tag")
        return Content(storable(tag), None) if type(tag) is str and tag else None
    if record.kind in PLACING:
        return _read_placing(record.kind, body)
    comment = record.id if record.kind == COMMENT else body.get("comment")
    if type(comment) is not str or not _ID.fullmatch(comment):
        return None
    if record.kind == DELETE:
        return Content(comment, None)
    return Content(comment, dump(body["text"])) if _is_comment(body.get("text")) else None


def weigh(records: Iterable[Said], begun: Begun | None = None) -> Outcome:
    """What follows from all that was said of a run; `begun` is None where its begin is not here.

    Source: docs/format.md, "What people say".
    """
    said = sorted(records, key=_rank)
    roles = {each.id: Role.CURRENT if each.counts else Role.REFUSED for each in said}
    counting = [each for each in said if each.counts]
    attributes = _weigh_attributes(counting, roles)
    tags = _weigh_tags(counting, roles)
    comments = _weigh_comments(counting, roles)
    return Outcome(attributes, tags, comments, _weigh_placing(counting, begun, roles), roles)


def find_heads(records: Sequence[Said]) -> list[str]:
    """Ids of those records that none of the others supersedes."""
    superseded = {dep for each in records for dep in each.deps}
    return [each.id for each in sorted(records, key=_rank) if each.id not in superseded]


def is_by_author(comment: Said, change: Said) -> bool:
    """Whether a change of a comment is by who wrote it, as far as the two records tell, or by an
    admin.

    A key that a record names is only as good as its signature: what changes a signed record
    must be signed as well, and whether it is by that key is for the verdict to say.
    """
    if change.state == ADMIN:
        return True
    author, changer = comment.by or {}, change.by or {}
    if comment.signed and not change.signed:
        return False
    if "key" in author:
        return changer.get("key") == author["key"]
    same_address = bool(author.get("email")) and author.get("email") == changer.get("email")
    return comment.writer == change.writer or (same_address and "key" not in changer)


def is_by_runner(begun: Begun, change: Said | Record, state: str | None, *, signed: bool) -> bool:
    """Whether a record is by who began the run: signed by that key, or else from the same clone;
    or by an admin.

    `state` is the verdict on it, `signed` whether some copy of it has a signature.
    """
    if state == ADMIN:
        return True
    key = (begun.by or {}).get("key")
    if key is None:
        return change.writer == begun.writer
    proven = signed and state not in REFUSED | UNPROVEN
    return proven and (change.by or {}).get("key") == key


def _rank(said: Said) -> tuple[int, str, str]:
    return said.lc, said.at, said.id


def _attribute(body: dict[str, Any], *, gone: bool) -> Content | None:
    name, value = body.get("name"), body.get("value")
    if type(name) is not str or not name:
        return None
    if gone:
        return Content(storable(name), None)
    sound = type(value) is str if name == LABEL else "value" in body
    return Content(storable(name), dump(tame(value))) if sound else None


def _read_placing(kind: str, body: dict[str, Any]) -> Content | None:
    if kind != ARCHIVE_RUN:
        return Content(RUN, None)
    name, note = (body.get(key, "") for key in ("name", "note"))
    if type(name) is not str or not _is_comment(note):
        return None
    return Content(RUN, dump({"name": storable(name), "note": storable(note)}))


def _is_comment(text: Any) -> bool:
    return type(text) is str and len(text.encode(errors="surrogatepass")) <= MAX_TEXT


def _weigh_attributes(said: Iterable[Said], roles: dict[str, Role]) -> dict[str, Said]:
    last: dict[str, Said] = {}
    for each in said:
        if each.kind in (SET, DEL):
            if each.about in last:
                roles[last[each.about].id] = Role.SUPERSEDED
            last[each.about] = each
    return {name: each for name, each in last.items() if each.kind == SET}


def _weigh_tags(said: Sequence[Said], roles: dict[str, Role]) -> dict[str, list[Said]]:
    removed = {(dep, each.about) for each in said if each.kind == UNTAG for dep in each.deps}
    tags: dict[str, list[Said]] = {}
    for each in said:
        if each.kind == TAG and (each.id, each.about) in removed:
            roles[each.id] = Role.SUPERSEDED
        elif each.kind == TAG:
            tags.setdefault(each.about, []).append(each)
    return tags


def _weigh_comments(said: Sequence[Said], roles: dict[str, Role]) -> list[Comment]:
    comments = {each.id: Comment(each, each, ()) for each in said if each.kind == COMMENT}
    for each in said:
        comment = comments.get(each.about)
        if each.kind not in (EDIT, DELETE):
            continue
        if comment is None:
            roles[each.id] = Role.WAITING
        elif not is_by_author(comment.first, each):
            roles[each.id] = Role.REQUEST
            comments[each.about] = comment._replace(requests=(*comment.requests, each))
        elif comment.now.kind == DELETE:  # whatever was written elsewhere: gone is gone
            roles[each.id] = Role.SUPERSEDED
        else:
            roles[comment.now.id] = Role.SUPERSEDED
            left = tuple(asked for asked in comment.requests if asked.id not in each.deps)
            comments[each.about] = comment._replace(now=each, requests=left)
    return [comment for comment in comments.values() if comment.now.kind != DELETE]


def _weigh_placing(said: Sequence[Said], begun: Begun | None, roles: dict[str, Role]) -> Placed:
    """The last word on whether a run is put away. What this clone says of it holds here."""
    last: dict[str, Said] = {}
    asked: tuple[Said, ...] = ()
    for each in said:
        if each.kind not in PLACING:
            continue
        if not each.own and (begun is None or not _is_by_runner(begun, each)):
            roles[each.id] = Role.REQUEST
            roles |= {old.id: Role.SUPERSEDED for old in asked if _is_replaced(old, each)}
            asked = (*(old for old in asked if not _is_replaced(old, each)), each)
            continue
        before = {gone.id for gone in last.values()}
        kinds = (DELETE_RUN, ARCHIVE_RUN) if each.kind == RESTORE_RUN else (each.kind,)
        last |= dict.fromkeys(kinds, each)
        left = {kept.id for kept in last.values()}
        roles |= dict.fromkeys(before - left, Role.SUPERSEDED)
        asked = tuple(request for request in asked if request.id not in each.deps)
    there = {kind: each for kind, each in last.items() if each.kind == kind}
    return Placed(there.get(DELETE_RUN), there.get(ARCHIVE_RUN), asked)


def _is_replaced(request: Said, later: Said) -> bool:
    """Whether somebody has asked for something else since, instead of besides."""
    instead = request.kind == later.kind or RESTORE_RUN in (request.kind, later.kind)
    return instead and is_by_author(request, later)


def _is_by_runner(begun: Begun, change: Said) -> bool:
    return is_by_runner(begun, change, change.state, signed=change.signed)
