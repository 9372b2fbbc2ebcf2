"""Whether what somebody else recorded may run here: that is for the user to say.

A run that was begun in another clone names programs and brings source code. Nothing of it is
started, nor laid out, before the user has seen what it is and said yes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import RefusedError
from git_gage.git.trees import TooLargeError
from git_gage.records import By, short_id
from git_gage.runs.changes import changed_files
from git_gage.source.foreign import limit_diff

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.runs.phases import Step
    from git_gage.runs.plan import Plan
    from git_gage.runs.recall import Recalled
    from git_gage.source import Source


class ForeignRun(NamedTuple):
    """What a run of somebody else would do here.

    author: as its record says; signer: who signed that, where somebody known did. folder: where
    its steps run, below the top of the source. is_own: it runs with the user's source and not with
    its own. commit: what its source began from; changes: files, and lines added and taken away
    since then, None where that is not known. left_out: what of its source is not laid out, and why.
    """

    run: str
    author: By
    signer: str | None
    steps: tuple[Step, ...]
    folder: str
    is_own: bool
    commit: str | None
    changes: tuple[int, int, int] | None
    left_out: tuple[tuple[str, str], ...]


Consent = Callable[[ForeignRun], bool]


def require_consent(
    repo: Repository, catalog: Catalog, run: str, recalled: Recalled, consent: Consent | None
) -> None:
    """Go on only if the user agrees; for runs of this clone nobody is asked.

    `consent` shows it to the user and asks; None where nobody can be asked.

    Raises: RefusedError without a yes.
    """
    if not catalog.is_foreign(run):
        return
    if sys.platform == "win32":
        raise RefusedError(
            f"run {short_id(run)} was begun elsewhere: its files cannot be laid out safely here",
            hint="run it under Linux, for example in WSL",
        )
    if consent is None:
        raise _refuse(run, "was not begun in this clone: its code is somebody else's")
    document = catalog.document(run)
    assert document is not None
    if not consent(_describe(repo, document, recalled.plan, recalled.source)):
        raise _refuse(run, "is not run: there was no yes")


def _describe(
    repo: Repository, document: Mapping[str, Any], plan: Plan, source: Source
) -> ForeignRun:
    left_out = source.foreign.left_out if source.foreign is not None else ()
    return ForeignRun(
        run=document["id"],
        author=document["author"],
        signer=None,
        steps=plan.steps,
        folder=plan.folder or ".",
        is_own=source.foreign is None,
        commit=source.commit,
        changes=_count_changes(repo, source),
        left_out=tuple((os.fsdecode(path), why) for path, why in left_out),
    )


def _count_changes(repo: Repository, source: Source) -> tuple[int, int, int] | None:
    if source.foreign is None or source.snapshot is None:
        return None
    base = source.commit or repo.empty_tree()
    try:
        limits = limit_diff(repo, base, source.snapshot)
    except TooLargeError:
        return None
    files = changed_files(repo, base, source.snapshot, limits=limits)
    added = sum(each["insertions"] or 0 for each in files)
    return len(files), added, sum(each["deletions"] or 0 for each in files)


def _refuse(run: str, why: str) -> RefusedError:
    name = short_id(run)
    return RefusedError(
        f"run {name} {why}",
        hint=f"look at it with 'git gage show {name} --diff', and add '--trust-code' to run it",
    )
