"""Runs as a remote has them now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from git_gage.cli.app import App
from git_gage.errors import RunNotFoundError


class Elsewhere(App):
    """What a command works with, of a remote: its records, read from what a look at it has left.

    Run objects have `here`, whether the run is in this clone too.
    """

    def __init__(self, app: App, remote: str) -> None:
        """Raises: RequestError where it is no remote; RemoteError with git's own text."""
        from git_gage.share import look_at

        super().__init__(app.environ)
        self.asked_folder = app.asked_folder
        self._here = set(app.runs.find(()))
        with app.progress() as progress:
            peek = look_at(app.store, app.catalog, app.address(remote), progress)
        self._shown = peek.remote.shown
        parts = {"store": peek.store, "catalog": peek.catalog, "runs": peek.catalog}
        vars(self).update(cwd=app.cwd, folder=app.folder, here=app.here, repo=app.repo, **parts)

    def select(self, texts: Iterable[str]) -> list[str]:
        try:
            return super().select(texts)
        except RunNotFoundError as error:
            told, is_absent, _ = error.message.partition("' here")
            message = f"{told}' on '{self._shown}'" if is_absent else told
            hint = f"see them with 'git gage list --remote {self._shown}'"
            raise RunNotFoundError(message, hint=hint) from error

    def documents(
        self, limit: int | None, among: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        return [self._marked(document) for document in super().documents(limit, among)]

    def document_texts(
        self, limit: int | None, among: Sequence[str] | None = None
    ) -> Iterator[str]:
        for text in super().document_texts(limit, among):
            yield json.dumps(self._marked(json.loads(text)))

    def _marked(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "here": document["id"] in self._here}
