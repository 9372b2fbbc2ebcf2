"""Runs as a remote has them now."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from git_gage.cli.app import App
from git_gage.cli.remote_words import require_remote
from git_gage.errors import RemoteError, RunNotFoundError
from git_gage.safe import clean

# How often a remote is asked where somebody watches: runs say no more often how they get on.
AGAIN_S = 30.0
_OWN = re.compile(r"@(?:~[0-9]*)?")


class Elsewhere(App):
    """What a command works with, of a remote: its records, read from what a look at it has left.

    Run objects have `here`, whether the run is in this clone too.
    """

    def __init__(self, app: App, remote: str) -> None:
        """Raises: RequestError where it is no remote; RemoteError with git's own text."""
        super().__init__(app.environ)
        require_remote(app, remote)
        self.asked_folder, self.typed_folder = app.asked_folder, app.typed_folder
        self._app = app
        self._address = app.address(remote)
        self._look(quiet=False)

    def _look(self, *, quiet: bool) -> None:
        from git_gage.share.lanes import tracking_refs
        from git_gage.share.peek import look_at
        from git_gage.share.withdrawn import Withdrawn

        app = self._app
        self._looked = time.monotonic()
        with app.progress(quiet=quiet) as progress:
            peek = look_at(app.store, app.catalog, self._address, progress)
            waiting = Withdrawn(app.store).deletes(peek.remote.tracking)
            self.is_partial = any(ref in peek.listed for ref in waiting.keys() - peek.tips.keys())
            if self.is_partial:
                shown = peek.remote.shown
                progress.warning(
                    f"'{shown}' still has what was taken out of runs here, and what lies beside it"
                    f" is not shown: 'git gage push {shlex.quote(shown)}' replaces it"
                )
        self.peek = peek
        self._here = set(app.runs.find(()))
        self._shown = peek.remote.shown
        self.had_runs = not peek.tips and bool(tracking_refs(app.store.repo, peek.remote))
        parts = {"store": peek.store, "catalog": peek.catalog, "runs": peek.catalog}
        vars(self).update(cwd=app.cwd, folder=app.folder, here=app.here, repo=app.repo, **parts)

    def look_again(self) -> None:
        """Ask the remote again, if the last time is a while ago; `trouble` says if it is away."""
        if time.monotonic() - self._looked < AGAIN_S:
            return
        self._app.look_again()
        self.catalog.close()
        try:
            self._look(quiet=True)
            self.trouble = ""
        except RemoteError as error:
            self.trouble = clean(error.message.partition("\n")[0])

    def select(self, texts: Iterable[str]) -> list[str]:
        # Which run is the newest begun here is known here alone.
        words = [self._app.select([text])[0] if _OWN.fullmatch(text) else text for text in texts]
        try:
            return super().select(words)
        except RunNotFoundError as error:
            from git_gage.share.peek import not_there

            raise not_there(error, self._shown, is_partial=self.is_partial) from error

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
