"""What was asked becomes a plan: an operation of the gagefile, a script, or a command as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from git_gage.errors import RequestError
from git_gage.runs.masking import mask_plan, require_nothing_masked
from git_gage.runs.plan import Plan, plan_command, plan_script
from git_gage.runs.project import find_project
from git_gage.safe import clean
from git_gage.source.choice import Choice

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.gagefile.model import Dependency, Gagefile
    from git_gage.git import Repository
    from git_gage.runs.request import Observer, RunRequest
    from git_gage.source import Source
    from git_gage.store import Store

KEPT = "kept"
"""The name of the input that is files which an earlier run left."""


def plan_run(store: Store, request: RunRequest, observer: Observer) -> Plan:
    """Everything that can be refused is refused here, before anything is written.

    Raises: RequestError for what does not exist or fit.
    """
    repo = store.repo
    if request.argv:
        return _mask(plan_command(repo, request, repo.environ), request)
    gagefile = None if _is_script(repo, request.target) else load_project(repo, observer)
    plan = None
    if gagefile is not None:
        plan = _plan_operation(store, gagefile, request)
    if plan is None:
        plan = _plan_script(repo, gagefile, request)
    for warning in plan.warnings:
        observer.warning(warning)
    if plan.in_place and plan.replaced:
        names = ", ".join(f"'{clean(os.fsdecode(path))}'" for path in sorted(plan.replaced))
        raise RequestError(
            f"cannot run in place: the settings would change {names}",
            hint="leave '--in-place' away: a run has its own copy of the files",
        )
    return _mask(plan, request)


def _mask(plan: Plan, request: RunRequest) -> Plan:
    """The plan without secrets in what is recorded of it; a staged run has to do without any."""
    plan = mask_plan(plan)
    if request.stage:
        require_nothing_masked(plan)
    return plan


def load_project(repo: Repository, observer: Observer) -> Gagefile | None:
    """The gagefile of where the user is; None if there is none. What is wrong in it is told."""
    if repo.work_tree is None:
        return None
    from git_gage.gagefile.find import find_gagefile

    path = find_gagefile(repo.cwd, repo.work_tree)
    if path is None:
        return None
    from git_gage.gagefile.load import load_gagefile

    gagefile = load_gagefile(path, repo.work_tree, cache_dir=repo.gage_dir / "cache")
    for warning in gagefile.warnings:
        observer.warning(warning)
    return gagefile


def _is_script(repo: Repository, target: str | None) -> bool:
    return target is not None and target.endswith(".py") and (repo.cwd / target).is_file()


def _plan_operation(store: Store, gagefile: Gagefile, request: RunRequest) -> Plan | None:
    from git_gage.runs.operations import ProjectFiles, find_operation, plan_operation

    repo = store.repo
    operation = find_operation(gagefile, request.target)
    if operation is None:
        return None
    files = ProjectFiles(repo, gagefile.project_dir)
    plan = plan_operation(repo, gagefile, operation, request, repo.environ, files)
    if operation.depends and plan.in_place:
        raise RequestError(
            f"cannot run '{operation.name}' in place: it has inputs", hint="leave '--in-place' away"
        )
    return plan


def find_inputs(
    store: Store,
    catalog: Catalog,
    plan: Plan,
    source: Source,
    request: RunRequest,
    observer: Observer,
    recorded: Sequence[Mapping[str, Any]] | None = None,
) -> Plan:
    """The plan with the inputs of its operation, found and measured.

    Summaries are over the runs that were `recorded`, if that is given.
    Raises: RequestError that names each that is missing.
    """
    if plan.definition is None or plan.gagefile is None or not plan.definition.depends:
        return plan
    from git_gage.runs.inputs import resolve_inputs
    from git_gage.runs.operations import split_bindings

    catalog.refresh()
    _, given = split_bindings(plan.definition, plan.assignments)
    bound, remotes = _reach_runs(plan.definition.depends, given, request)
    inputs = resolve_inputs(
        plan.definition.depends,
        project_dir=plan.gagefile.project_dir,
        project=find_project(store.repo, source.commit, plan.gagefile),
        repo=store.repo,
        runs=catalog,
        store=store,
        warn=observer.warning,
        bound=bound,
        source_files=_source_files(plan, source),
        pull=request.pull,
        recorded=recorded,
    )
    inputs = tuple(
        replace(each, remote=remotes.get(each.run)) if each.run else each for each in inputs
    )
    return replace(plan, inputs=inputs)


def _reach_runs(
    depends: Sequence[Dependency], given: Mapping[str, str], request: RunRequest
) -> tuple[dict[str, str], dict[str, str]]:
    """Ids in place of runs of other repositories, by names of inputs; and where those came from.

    Raises: RequestError, RemoteError.
    """
    from git_gage.gagefile.dependencies import is_elsewhere
    from git_gage.runs.inputs import input_names

    said = {name: each.elsewhere for each, name in input_names(depends).items() if each.elsewhere}
    bound = {**said, **given}
    remotes = {}
    for name, text in bound.items():
        if request.reach is not None and is_elsewhere(text):
            bound[name], remote = request.reach(text)
            remotes[bound[name]] = remote
    return bound, remotes


def recall_inputs(
    store: Store,
    catalog: Catalog,
    plan: Plan,
    source: Source,
    recorded: Sequence[Mapping[str, Any]],
    request: RunRequest,
    observer: Observer,
) -> Plan:
    """The plan with the inputs that its run was recorded with; nothing where there were none.

    Raises: RequestError that names each that is missing, or another by now.
    """
    if not recorded:
        return plan
    from git_gage.runs.inputs import recorded_files, require_recorded

    plan = find_inputs(store, catalog, plan, source, request, observer, recorded)
    for entry in recorded:
        if entry.get("name") == KEPT:
            patterns = recorded_files(entry)
            plan = keep_files(store, catalog, plan, source, entry["run"], patterns, observer)
    require_recorded(plan.inputs, recorded)
    return plan


def keep_files(
    store: Store,
    catalog: Catalog,
    plan: Plan,
    source: Source,
    run: str,
    patterns: tuple[str, ...],
    observer: Observer,
) -> Plan:
    """The plan with files that another run made as one more input, copied.

    Raises: RequestError where there are none, or something else is at their place.
    """
    from git_gage.gagefile.model import Dependency
    from git_gage.runs.inputs import resolve_inputs, settle_places

    if store.repo.work_tree is None:
        raise RequestError("cannot keep files: there is no work tree", hint="git gage restart @")
    project_dir = store.repo.work_tree / plan.folder
    (kept,) = resolve_inputs(
        [Dependency("run-files", files=patterns, name=KEPT, link=False)],
        project_dir=project_dir,
        project=find_project(store.repo, source.commit, plan.gagefile),
        repo=store.repo,
        runs=catalog,
        store=store,
        warn=observer.warning,
        bound={KEPT: run},
        made_only=True,
    )
    inputs, clashes = settle_places(
        (*plan.inputs, replace(kept, label="--keep-files", yields=True)),
        _source_files(plan, source),
        project_dir,
    )
    if clashes:
        raise RequestError(
            f"cannot keep files: {'; '.join(clashes)}",
            hint="git gage restart @ --keep-files '*.pt'",
        )
    return replace(plan, inputs=inputs)


def _source_files(plan: Plan, source: Source) -> set[bytes]:
    """The files of the source that an operation takes, below the project's folder."""
    folder = os.fsencode(plan.folder + "/" if plan.folder else "")
    return {path[len(folder) :] for path in source.taken or () if path.startswith(folder)}


def _plan_script(repo: Repository, gagefile: Gagefile | None, request: RunRequest) -> Plan:
    target = request.target
    if target is None:
        raise RequestError(
            "nothing to run: there is no gagefile here", hint="git gage run train.py"
        )
    if gagefile is None and not target.endswith(".py") and not (repo.cwd / target).exists():
        raise RequestError(
            f"no script '{target}' here, and no gagefile that has such an operation",
            hint="git gage init",
        )
    if gagefile is None or target.endswith(".py"):
        return plan_script(repo, target, request, repo.environ)
    from git_gage.runs.operations import refuse_unknown

    raise refuse_unknown(gagefile, target)


def choose_source(plan: Plan) -> Choice | None:
    """Which files are the source of a plan; None for all there are."""
    definition = plan.definition
    if definition is None or plan.in_place:
        return None
    folder = os.fsencode(plan.folder + "/" if plan.folder else "")
    return Choice(folder, definition.sourcecode, plan.config_files)
