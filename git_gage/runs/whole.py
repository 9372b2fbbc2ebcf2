"""Runs of which all is known that there will be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from git_gage.errors import NotHereError, RequestError
from git_gage.records import short_id


def require_ended(document: Mapping[str, Any]) -> None:
    """Raises: RequestError for a run that goes on: half of it would be taken for the whole."""
    if document["ended"] is not None:
        return
    run, status = short_id(document["id"]), document["status"]
    message = f"run {run} has not ended: it is {status}"
    if status == "lost":  # its end may be known where it was begun
        raise NotHereError(message, document["id"])
    start, wait = f"git gage run --start {run}", f"git gage wait {run}"
    raise RequestError(message, hint=start if status == "staged" else wait)
