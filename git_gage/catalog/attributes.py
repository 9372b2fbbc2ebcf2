"""What people say of a run, in its run object.

Source: docs/json.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from git_gage.catalog.said import LABEL, Comment, Outcome, Placed, Said

if TYPE_CHECKING:
    from git_gage.records import By

OPERATION, LOGGED, USER = "operation", "logged", "user"
"""Where the value of an attribute comes from."""


def set_said(document: dict[str, Any], outcome: Outcome) -> None:
    """Put what people say of a run into its run object."""
    said = {
        name: (each.content, make_origin(USER, each.by, each))
        for name, each in outcome.attributes.items()
    }
    document["label"], _ = said.pop(LABEL, (None, None))
    document["tags"] = sorted(outcome.tags)
    document["comments"] = [_comment(comment) for comment in outcome.comments]
    document.update(_place(outcome.placed))
    _set_attributes(document, said)


def set_logged(document: dict[str, Any], logged: dict[str, Any]) -> None:
    """Put what a run logged under what people said of it."""
    said = {
        name: (document["attributes"][name], origin)
        for name, origin in document["attribute_origins"].items()
        if origin["origin"] == USER
    }
    document["logged"] = logged
    _set_attributes(document, said)


def make_origin(origin: str, author: By, said: Said | None = None) -> dict[str, Any]:
    """Where the value of an attribute comes from; who said it when, where people did."""
    return {
        "origin": origin,
        "author": author,
        "at": said and said.at,
        "record": said and said.id,
        "state": said and said.verdict,
    }


def _set_attributes(
    document: dict[str, Any], said: Mapping[str, tuple[Any, dict[str, Any]]]
) -> None:
    """What people said, each with its origin, over what a run logged, over its operation's."""
    own, logged, by = (
        document["definition"]["attributes"],
        document["logged"],
        document["author"],
    )
    document["attributes"] = {**own, **logged, **{name: value for name, (value, _) in said.items()}}
    document["attribute_origins"] = {
        **{name: make_origin(OPERATION, by) for name in own},
        **{name: make_origin(LOGGED, by) for name in logged},
        **{name: origin for name, (_, origin) in said.items()},
    }


def _place(placed: Placed) -> dict[str, Any]:
    deleted, archived = placed.deleted, placed.archived
    return {
        "deleted": deleted and _who(deleted),
        "archived": archived and {**archived.content, **_who(archived)},
        "asked": [
            {"kind": request.kind, **(request.content or {}), **_who(request)}
            for request in placed.requests
        ],
    }


def _who(said: Said) -> dict[str, Any]:
    return {"record": said.id, "author": said.by, "at": said.at, "state": said.verdict}


def _comment(comment: Comment) -> dict[str, Any]:
    first, now = comment.first, comment.now
    return {
        "id": first.id,
        "text": now.content,
        "author": first.by,
        "at": first.at,
        "edited": None if now is first else now.at,
        "state": now.verdict,
        "requests": [_request(request) for request in comment.requests],
    }


def _request(said: Said) -> dict[str, Any]:
    """A change that somebody else asks for; without a text it is to go."""
    return {
        "id": said.id,
        "text": said.content,
        "author": said.by,
        "at": said.at,
        "state": said.verdict,
    }
