"""Secrets that a run would take into its record or its source: looked for before it is begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.git.quarantine import quarantine_environ
from git_gage.secrets import (
    VERSION,
    Sighting,
    find_in_lines,
    find_in_text,
    is_secret,
    require_none,
)
from git_gage.source.additions import PATCH, PATCH_OPTIONS, read_additions
from git_gage.source.cachefile import read_cache, write_cache

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.runs.plan import Plan
    from git_gage.runs.request import RunRequest
    from git_gage.source import Source

HINT = (
    "name the file in .gitignore, give the value by an environment variable, "
    "or add '--allow-secrets' if it is none"
)
_CLEAN = "clean"
_REMEMBERED = 2000


def require_no_leaks(
    repo: Repository, plan: Plan, source: Source, quarantine: Path | None, request: RunRequest
) -> None:
    """Refuse a run that holds secrets, before anything of it is written.

    Raises: SecretsFoundError that names where they are.
    """
    if request.allow_secrets:
        return
    found = [*_find_in_words(request), *_find_in_plan(plan)]
    require_none([*found, *find_in_source(repo, source, quarantine)], HINT)


def _find_in_words(request: RunRequest) -> Iterator[Sighting]:
    yield from find_in_text(request.label or "", "the label")
    for tag in request.tags:
        yield from find_in_text(tag, "a tag")


def _find_in_plan(plan: Plan) -> Iterator[Sighting]:
    """Secrets in what the record says of how the run is made."""
    for step in plan.steps:
        yield from find_in_text(" ".join(step.shown), "the command")
    for word in plan.assignments:
        yield from find_in_text(word, f"setting '{word.partition('=')[0]}'")
    for name, value in plan.config.items():
        yield from find_in_text(f"{name}={value.text}", f"config '{name}'")
    yield from find_in_text(plan.config_diff or "", "what the settings change")
    for name, text in (plan.definition.env if plan.definition else {}).items():
        if not is_secret(name, text):
            yield from find_in_text(f"{name}={text}", f"variable '{name}' of the operation")


def find_in_source(repo: Repository, source: Source, quarantine: Path | None) -> Iterator[Sighting]:
    """Secrets in what the source has more than the commit that it stands on."""
    snapshot = source.snapshot
    # A commit of the user's is looked at when it is sent.
    if snapshot is None or snapshot == source.commit or snapshot in read_clean(repo):
        return
    env = {}
    if quarantine is not None and (quarantine / "objects").is_dir():
        env = quarantine_environ(repo, quarantine)
    found = list(find_in_snapshot(repo, snapshot, source.commit, env))
    if not found:
        note_clean(repo, [snapshot])
    yield from found


def find_in_snapshot(
    repo: Repository, snapshot: str | None, commit: str | None, env: Mapping[str, str] | None = None
) -> Iterator[Sighting]:
    """Secrets in what a snapshot has more than its commit, as far as it is here."""
    if snapshot is None or snapshot == commit:
        return
    patch = repo.run(*PATCH, *PATCH_OPTIONS, "--no-commit-id", snapshot, env=env)
    for addition in read_additions(patch):
        yield from find_in_lines(addition.text, addition.path, first=addition.line)


def read_clean(repo: Repository) -> set[str]:
    """Commits, and sha256 of files, that were looked at by the rules of today."""
    version, *commits = (read_cache(repo.gage_dir / "cache" / _CLEAN) or b"").decode().split("\n")
    return set(commits) if version == str(VERSION) else set()


def note_clean(repo: Repository, commits: list[str]) -> None:
    """Remember that these need not be looked at again."""
    path = repo.gage_dir / "cache" / _CLEAN
    version, *known = (read_cache(path) or b"").decode().split("\n")
    kept = known if version == str(VERSION) else []
    lines = [str(VERSION), *dict.fromkeys([*kept, *commits])]
    write_cache(path, "\n".join([lines[0], *lines[1:][-_REMEMBERED:]]).encode())
