"""What is asked of a run, and what comes of it: run, stage, start."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import RequestError
from git_gage.records import path_text, short_id
from git_gage.runs.consent import require_consent
from git_gage.runs.leaks import require_no_leaks
from git_gage.runs.masking import require_recorded_words
from git_gage.runs.needed import find_same_run
from git_gage.runs.planning import (
    choose_source,
    find_inputs,
    keep_files,
    plan_run,
    recall_inputs,
)
from git_gage.runs.project import find_project
from git_gage.runs.recall import Recalled, TreeView, read_begin, recall_at, recall_plan, recall_run
from git_gage.runs.request import Lineage, Observer, RunOutcome, RunRequest
from git_gage.runs.run import Prepared, Runner
from git_gage.source import Source, capture_source

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.runs.plan import Plan
    from git_gage.runs.process import Console
    from git_gage.store import Store

_SHOWN = 5


def run_command(
    store: Store, catalog: Catalog, request: RunRequest, console: Console, observer: Observer
) -> RunOutcome:
    """Run a program and record it: what ran before it starts, what came out after it ended.

    Raises: RequestError before anything was written; StartError when the program cannot be
    started and RunFailedError when we fail, both after the run was closed as such.
    """
    plan = plan_run(store, request, observer)

    def prepare(quarantine: Path) -> Prepared | str:
        found = _prepare(store, catalog, plan, request, observer, quarantine)
        if not request.needed:
            return found
        work_tree = store.repo.work_tree
        return find_same_run(catalog, found.plan, found.source, work_tree) or found

    lineage = Lineage(parent=request.parent)
    return _begin_and_run(store, catalog, request, console, observer, prepare, lineage)


def _begin_and_run(
    store: Store,
    catalog: Catalog,
    request: RunRequest,
    console: Console,
    observer: Observer,
    prepare: Callable[[Path], Prepared | str],
    lineage: Lineage,
) -> RunOutcome:
    runner = Runner(store, catalog, request, console, observer)
    try:
        begun = runner.begin(prepare, lineage=lineage, staged=request.stage)
        if isinstance(begun, str):
            runner.tell_up_to_date(begun)
            return RunOutcome(begun, 0)
        prepared, begin = begun
        if request.stage:
            return runner.leave_staged(begin)
        return runner.carry_out(prepared.plan, prepared.source, begin.run, begin.at)
    finally:
        runner.let_go()


def _prepare(
    store: Store,
    catalog: Catalog,
    plan: Plan,
    request: RunRequest,
    observer: Observer,
    quarantine: Path,
) -> Prepared:
    source = capture_source(store.repo, quarantine, choose_source(plan))
    if request.require_clean and source.dirty:
        raise _refuse_dirty(source)
    plan = find_inputs(store, catalog, plan, source, request, observer)
    require_no_leaks(store.repo, plan, source, quarantine, request)
    return Prepared(plan, source, quarantine)


def start_run(
    store: Store,
    catalog: Catalog,
    run: str,
    request: RunRequest,
    console: Console,
    observer: Observer,
) -> RunOutcome:
    """Start a run that was staged, from what its record says and nothing else.

    Raises: RequestError for a run that is not staged, or whose source is not here.
    """
    document = catalog.document(run)
    assert document is not None
    if document["status"] != "staged":
        raise RequestError(
            f"run {short_id(run)} is not staged: it is {document['status']}",
            hint=f"git gage restart {short_id(run)}",
        )
    body = read_begin(store, catalog, run)
    require_recorded_words(body, (), run)
    recalled = recall_run(store, catalog, run, body, request)
    require_consent(store.repo, catalog, run, recalled, request.consent)
    plan = recall_inputs(store, catalog, *recalled, body.get("inputs", ()), request, observer)
    runner = Runner(store, catalog, request, console, observer)
    try:
        record = runner.take_up(run, plan)
        return runner.carry_out(plan, recalled.source, run, record.at)
    finally:
        runner.let_go()


class Code(NamedTuple):
    """Which source a run is done again with: its own, that of the work tree, or a commit's."""

    kind: str
    commit: str | None = None


def read_code(repo: Repository, text: str) -> Code:
    """What `same`, `latest` or a revision stands for.

    Raises: RequestError for a revision that is none.
    """
    if text in ("same", "latest"):
        return Code(text)
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    found = repo.run(*asked, ok=(0, 1, 128)).decode().strip()
    if not found:
        raise RequestError(
            f"no commit '{text}'", hint="see which there are with 'git log --oneline'"
        )
    return Code("commit", found)


def restart_run(
    store: Store,
    catalog: Catalog,
    run: str,
    code: Code,
    keep: str | None,
    request: RunRequest,
    console: Console,
    observer: Observer,
) -> RunOutcome:
    """A new run of what another one did, which is left as it is.

    `keep` is a pattern of files that it made, which the new one starts with; "" is all.
    Raises: RequestError for what does not exist or fit.
    """
    body = read_begin(store, catalog, run)
    require_recorded_words(body, request.assignments, run)
    if request.timeout_s is None:
        request = replace(request, timeout_s=body.get("definition", {}).get("timeout_s"))

    def prepare(quarantine: Path) -> Prepared:
        recalled = _recall(store, catalog, run, body, code, request, quarantine)
        require_consent(store.repo, catalog, run, recalled, request.consent)
        for warning in recalled.plan.warnings:
            observer.warning(warning)
        plan = find_inputs(store, catalog, recalled.plan, recalled.source, request, observer)
        if keep is not None:
            patterns = (keep,) if keep else ()
            plan = keep_files(store, catalog, plan, recalled.source, run, patterns, observer)
        fresh = quarantine if code.kind == "latest" else None
        require_no_leaks(store.repo, plan, recalled.source, fresh, request)
        return Prepared(plan, recalled.source, fresh)

    lineage = Lineage(parent=request.parent, restart_of=run)
    return _begin_and_run(store, catalog, request, console, observer, prepare, lineage)


def _recall(
    store: Store,
    catalog: Catalog,
    run: str,
    body: Mapping[str, Any],
    code: Code,
    request: RunRequest,
    quarantine: Path,
) -> Recalled:
    repo = store.repo
    if code.commit is not None:
        return recall_at(repo, body, code.commit, request)
    if code.kind == "same" or repo.work_tree is None:
        return recall_run(store, catalog, run, body, request)
    plan = recall_plan(repo, body, TreeView(repo), request)
    return Recalled(plan, capture_source(repo, quarantine, choose_source(plan)))


class Preview(NamedTuple):
    """What a run would be: nothing of it is recorded."""

    plan: Plan
    source: Source
    project: Mapping[str, Any]


def preview_run(store: Store, catalog: Catalog, request: RunRequest, observer: Observer) -> Preview:
    """What `run_command` would run, with everything that it would refuse refused."""
    plan = plan_run(store, request, observer)
    with tempfile.TemporaryDirectory(prefix="git-gage-") as scratch:
        found = _prepare(store, catalog, plan, request, observer, Path(scratch))
    plan, source = found.plan, found.source
    return Preview(plan, source, find_project(store.repo, source.commit, plan.gagefile))


def _refuse_dirty(source: Source) -> RequestError:
    paths = [f"{xy} '{path_text(path)}'" for path, xy in source.status[:_SHOWN]]
    more = len(source.status) - _SHOWN
    if more > 0:
        paths.append(f"and {more} more")
    return RequestError(f"the work tree is not clean: {', '.join(paths)}", hint="git stash -u")
