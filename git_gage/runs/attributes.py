"""What people say about runs: labels and other attributes, tags, comments; putting them away.

Each is a record of its own. Source: docs/format.md, "What people say".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.said import (
    ARCHIVE_RUN,
    COMMENT,
    DEL,
    DELETE,
    DELETE_RUN,
    EDIT,
    LABEL,
    MAX_TEXT,
    PLACING,
    RESTORE_RUN,
    RUN,
    SET,
    TAG,
    UNTAG,
    Begun,
    Comment,
    Placed,
    Role,
    Said,
    find_heads,
    weigh,
)
from git_gage.config.typed import is_text
from git_gage.config.values import json_text
from git_gage.errors import RequestError
from git_gage.runs.next_record import draft_next
from git_gage.safe import clean
from git_gage.secrets import require_no_secrets

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import By, Record
    from git_gage.store import Store

MAX_NAME = 256
_COMMANDS = {
    "label": "git gage label <run> --set <text>",
    **dict.fromkeys(("tag", "tags"), "git gage tag <run> <tag>"),
    **dict.fromkeys(("comment", "comments"), "git gage comment <run> -m <text>"),
}
# What a record is about the same thing as.
_TOPICS = {
    kind: topic
    for topic in ((SET, DEL), (TAG, UNTAG), (COMMENT, EDIT, DELETE), PLACING)
    for kind in topic
}
_PARTS = ("attr.", "config.", "metric.")


class _Statement(NamedTuple):
    kind: str
    about: str
    body: Mapping[str, Any]


def set_label(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    text: str | None,
    author: By,
    *,
    allow_secrets: bool = False,
) -> None:
    """Give runs a label, or take it away (None).

    Raises: RequestError where nothing can be written, or for what no record can hold;
    SecretsFoundError for what looks like a secret.
    """
    if text is None:
        statement = _Statement(DEL, LABEL, {"name": LABEL})
    else:
        require_text(text, "the label", allow_secrets=allow_secrets)
        statement = _Statement(SET, LABEL, {"name": LABEL, "value": text})
    _say(store, catalog, runs, [statement], author)


def set_attributes(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    values: Mapping[str, Any],
    author: By,
    *,
    allow_secrets: bool = False,
) -> None:
    """Give runs attributes: text, numbers, booleans, null, and lists and dicts of them, as JSON.

    Raises: as `set_label`.
    """
    for name, value in values.items():
        require_name(name)
        where = f"attribute '{name}'"
        require_text(
            value if type(value) is str else json_text(value), where, allow_secrets=allow_secrets
        )
        if not allow_secrets:
            require_no_secrets(f"{name}={value}", where)
    _say(
        store,
        catalog,
        runs,
        [_Statement(SET, name, {"name": name, "value": values[name]}) for name in values],
        author,
    )


def unset_attributes(
    store: Store, catalog: Catalog, runs: Sequence[str], names: Sequence[str], author: By
) -> int:
    """Take away what people said of attributes; how many values of runs that were.

    What the program logged, or its operation says, is there again then.
    Raises: RequestError where nothing can be written.
    """
    statements = [_Statement(DEL, name, {"name": name}) for name in dict.fromkeys(names)]
    return len(_say(store, catalog, runs, statements, author))


def add_tags(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    tags: Sequence[str],
    author: By,
    *,
    allow_secrets: bool = False,
) -> None:
    """Give runs tags; one that a run has already stays one.

    Raises: as `set_label`.
    """
    for tag in tags:
        require_text(tag, "a tag", allow_secrets=allow_secrets)
    _say(store, catalog, runs, _about_tags(TAG, tags), author)


def remove_tags(
    store: Store, catalog: Catalog, runs: Sequence[str], tags: Sequence[str], author: By
) -> int:
    """Take tags away; how many tags of runs that were.

    Raises: RequestError where nothing can be written.
    """
    return len(_say(store, catalog, runs, _about_tags(UNTAG, tags), author))


def add_comment(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    text: str,
    author: By,
    *,
    allow_secrets: bool = False,
) -> list[str]:
    """Comment on runs; the ids of the comments.

    Raises: as `set_label`.
    """
    require_text(text, "a comment", allow_secrets=allow_secrets)
    statement = _Statement(COMMENT, "", {"text": text})
    return [record.id for record in _say(store, catalog, runs, [statement], author)]


def describe_run(
    store: Store,
    catalog: Catalog,
    run: str,
    author: By,
    *,
    label: str | None,
    tags: Sequence[str],
    comments: Sequence[str],
) -> None:
    """Say all this of a run at once; secrets in it are for the caller to cover.

    Raises: RequestError where nothing can be written, or for what no record can hold.
    """
    for text in (*([label] if label else ()), *tags, *comments):
        require_text(text, "what is said of a run", allow_secrets=True)
    statements = [_Statement(SET, LABEL, {"name": LABEL, "value": label})] if label else []
    statements += _about_tags(TAG, tags)
    statements += [_Statement(COMMENT, "", {"text": text}) for text in comments]
    if statements:
        _say(store, catalog, [run], statements, author)


def change_comment(
    store: Store,
    catalog: Catalog,
    run: str,
    comment: Comment,
    text: str | None,
    author: By,
    *,
    allow_secrets: bool = False,
) -> bool:
    """Give a comment another text, or take it away (None); whether that counts.

    What is asked of a comment of somebody else is recorded, and changes nothing.
    Raises: as `set_label`.
    """
    id = comment.first.id
    if text is None:
        statement = _Statement(DELETE, id, {"comment": id})
    else:
        require_text(text, "a comment", allow_secrets=allow_secrets)
        statement = _Statement(EDIT, id, {"comment": id, "text": text})
    (record,) = _say(store, catalog, [run], [statement], author)
    return weigh(catalog.said(run)).roles[record.id] is not Role.REQUEST


def delete_runs(store: Store, catalog: Catalog, runs: Sequence[str], author: By) -> list[str]:
    """Put runs out of sight, until they are restored; those where that changes anything.

    Of what somebody else began it holds in this clone, and is a request to all others.
    Raises: RequestError where nothing can be written.
    """
    return _put_away(store, catalog, runs, _Statement(DELETE_RUN, RUN, {}), author)


def archive_runs(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    author: By,
    *,
    name: str = "",
    note: str = "",
    allow_secrets: bool = False,
) -> list[str]:
    """Put runs into an archive, and say why; those where that changes anything.

    Raises: as `set_label`.
    """
    for text, where in ((name, "the name of an archive"), (note, "a note")):
        require_text(text, where, allow_secrets=allow_secrets)
    body = {key: text for key, text in (("name", name), ("note", note)) if text}
    return _put_away(store, catalog, runs, _Statement(ARCHIVE_RUN, RUN, body), author)


def restore_runs(store: Store, catalog: Catalog, runs: Sequence[str], author: By) -> list[str]:
    """Bring back what was deleted or archived, or say no to who asks for that; which it was.

    Raises: RequestError where nothing can be written.
    """
    return _put_away(store, catalog, runs, _Statement(RESTORE_RUN, RUN, {}), author)


def _put_away(
    store: Store, catalog: Catalog, runs: Sequence[str], statement: _Statement, author: By
) -> list[str]:
    return [record.run for record in _say(store, catalog, runs, [statement], author)]


def find_comment(catalog: Catalog, run: str, prefix: str) -> Comment:
    """The comment of a run of which the id begins so.

    Raises: RequestError if there is none, or more than one.
    """
    comments = weigh(catalog.said(run)).comments
    found = [comment for comment in comments if comment.first.id.startswith(prefix.lower())]
    if len(found) == 1 and prefix:
        return found[0]
    many = f"'{prefix}' is the beginning of {len(found)} comments of that run"
    raise RequestError(
        many if found else f"no comment '{prefix}' of that run",
        hint="list them with 'git gage comment <run> --list'",
    )


def require_name(name: str) -> None:
    """Raises: RequestError for what no attribute can be called by people."""
    if name in _COMMANDS:
        raise RequestError(f"'{name}' is no attribute like others", hint=_COMMANDS[name])
    if not 0 < len(name) <= MAX_NAME or clean(name) != name:
        message = f"an attribute's name has 1 to {MAX_NAME} visible characters, unlike '{name}'"
        raise RequestError(message)
    for part in _PARTS:
        if name.startswith(part):
            rest = name.removeprefix(part)
            raise RequestError(
                f"'{part}' in front of a name says where to look for it in filters",
                hint=f"{rest}=<value>" if rest else None,
            )


def require_text(text: str, where: str, *, allow_secrets: bool = False) -> None:
    """All that people write into records passes here.

    Raises: RequestError for what no record can hold, SecretsFoundError for what looks like a
    secret; `where` names it.
    """
    if not is_text(text):
        raise RequestError(f"{where} needs text in UTF-8")
    if len(text.encode()) > MAX_TEXT:
        raise RequestError(f"{where} is longer than {MAX_TEXT // 1024} KiB")
    if not allow_secrets:
        require_no_secrets(text, where)


def _about_tags(kind: str, tags: Sequence[str]) -> list[_Statement]:
    return [_Statement(kind, tag, {"tag": tag}) for tag in dict.fromkeys(tags)]


def _say(
    store: Store,
    catalog: Catalog,
    runs: Sequence[str],
    statements: Sequence[_Statement],
    author: By,
) -> list[Record]:
    """Write what is said of each of some runs; nothing where it is so already."""
    records = []
    with store.writing():
        for statement in statements:
            catalog.refresh()
            kind, _, body = statement
            # All are signed before one is written: a key that fails leaves none half said.
            drafts = [
                draft_next(store, catalog, kind, run, body, author, deps)
                for run in runs
                if (deps := _find_deps(catalog, run, statement)) is not None
            ]
            for record in drafts:
                store.append(record)
            records += drafts
        store.flush()
    catalog.refresh()
    return records


def _find_deps(catalog: Catalog, run: str, statement: _Statement) -> list[str] | None:
    """Records that a statement supersedes; None where it would change nothing."""
    kind, about, body = statement
    said = catalog.said(run)
    known = [each for each in said if each.about == about and each.kind in _TOPICS[kind]]
    if kind in PLACING:
        document = catalog.document(run)
        assert document is not None, "whoever names a run has its begin"
        begun = Begun(document["author"], document["writer"])
        placed = weigh(known, begun).placed
        return _find_heads(known, placed.requests) if _is_moved(kind, body, placed) else None
    there = weigh(known)
    if kind == TAG:
        return None if about in there.tags else []
    if kind == UNTAG:
        return [each.id for each in there.tags[about]] if about in there.tags else None
    if kind == DEL and about not in there.attributes:
        return None
    return _find_heads(known, [each for comment in there.comments for each in comment.requests])


def _find_heads(known: Sequence[Said], requests: Sequence[Said]) -> list[str]:
    asked = [request.id for request in requests]
    return find_heads([each for each in known if each.id not in asked]) + asked


def _is_moved(kind: str, body: Mapping[str, Any], placed: Placed) -> bool:
    """Whether a run is elsewhere after what is said of it, or a request is answered."""
    if kind == DELETE_RUN:
        return placed.deleted is None
    if kind == ARCHIVE_RUN:
        before = placed.archived
        return before is None or before.content != {"name": "", "note": "", **body}
    return placed != Placed()
