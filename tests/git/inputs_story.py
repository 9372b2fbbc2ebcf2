"""A project whose operations depend on things, for tests of inputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.gagefile.model import Dependency
from git_gage.git import open_repository
from git_gage.records import Record
from git_gage.runs.inputs import Input, close_inputs, resolve_inputs, stage_inputs
from git_gage.runs.inputs.close import ClosedInputs
from git_gage.store import Store
from tests.support import git, write_files
from tests.unit.catalog.made_up import begin_body, end_body

ANY_NAME = pytest.mark.skipif(
    sys.platform == "darwin", reason="names of files there are always UTF-8"
)


class World:
    """A repository, and what inputs ask of it."""

    def __init__(self, top: Path, project: str = "") -> None:
        self.repo = open_repository(top / project, os.environ)
        self.project_dir = top / project
        self.store = Store(self.repo)
        self.catalog = Catalog(self.store)
        self.warnings: list[str] = []

    def begin(self, operation: str = "prepare", **changes: Any) -> str:
        """A run that goes on; its id."""
        changes.setdefault("command__cwd", self.repo.prefix.rstrip("/") or ".")
        if "project" not in changes:
            changes.setdefault("project__path", self.repo.prefix.rstrip("/") or ".")
        changes.setdefault("source__snapshot", git(self.project_dir, "rev-parse", "HEAD").strip())
        body = begin_body(operation=operation, nonce=os.urandom(8).hex(), **changes)
        record = self._append("run.begin", None, body)
        self.store.state_dir(record.run).mkdir(parents=True)
        return record.run

    def run(
        self,
        operation: str = "prepare",
        files: Mapping[str, str | bytes] | None = None,
        end: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A run that left these files in its directory, and ended; its id."""
        run = self.begin(operation, **changes)
        made = files or {}
        if made:
            write_files(self.made(run), made)
        body = end_body(**{"generated": {"files": len(made), "bytes": 1}, **(end or {})})
        self._append("run.end", run, body)
        self.catalog.refresh()
        return run

    def _append(self, kind: str, run: str | None, body: Mapping[str, Any]) -> Record:
        seq = 0 if run is None else 1
        record = self.store.draft(kind, run=run, body=body, by=None, lc=seq + 1, seq=seq, prev=None)
        self.store.append(record)
        return record

    def made(self, run: str, path: str = "") -> Path:
        """A file that a run left."""
        return self.store.run_dir(run) / self.repo.prefix / path

    def resolve(
        self,
        *depends: Dependency,
        bound: Mapping[str, str] | None = None,
        source: Collection[bytes] = (),
        **options: Any,
    ) -> tuple[Input, ...]:
        path = self.repo.prefix.rstrip("/") or "."
        options.setdefault("project", {"id": None, "namespace": None, "path": path})
        return resolve_inputs(
            depends,
            project_dir=self.project_dir,
            repo=self.repo,
            runs=self.catalog,
            store=self.store,
            warn=self.warnings.append,
            bound=bound,
            source_files=source,
            **options,
        )

    def stage(self, *inputs: Input, name: str = "next", own: bytes = b"") -> Path:
        """A run directory with these inputs."""
        folder, state = self.store.run_dir(name), self.store.state_dir(name)
        folder.mkdir(parents=True, exist_ok=True)
        state.mkdir(parents=True, exist_ok=True)
        stage_inputs(inputs, folder, state, self.store, own)
        return folder

    def close(self, name: str = "next", until: float | None = None) -> ClosedInputs:
        return close_inputs(self.store.run_dir(name), b".", self.store.state_dir(name), until)
