"""From what an operation depends on to files that are there; everything amiss is told at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.errors import GageError, RequestError
from git_gage.runs.inputs.dvcfile import find_dvcfile
from git_gage.runs.inputs.files import find_dir, find_file, find_project_files
from git_gage.runs.inputs.model import (
    AbsentInputError,
    ChangedInputError,
    Input,
    Runs,
    Search,
    describe,
)
from git_gage.runs.inputs.places import settle_places
from git_gage.runs.inputs.runs import find_run_files
from git_gage.runs.inputs.summary import sum_up_runs

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency
    from git_gage.git import Repository
    from git_gage.store import Store

FINDERS: Mapping[str, Callable[[Dependency, Search], Input]] = {
    "project-files": find_project_files,
    "run-files": find_run_files,
    "file": find_file,
    "dir": find_dir,
    "dvcfile": find_dvcfile,
    "runs-summary": sum_up_runs,
}
_OF_RUNS = ("run-files", "runs-summary")


def resolve_inputs(
    depends: Sequence[Dependency],
    *,
    project_dir: Path,
    project: Mapping[str, Any],
    repo: Repository,
    runs: Runs,
    store: Store,
    warn: Callable[[str], None],
    bound: Mapping[str, str] | None = None,
    source_files: Collection[bytes] = (),
    pull: bool = False,
    recorded: Sequence[Mapping[str, Any]] | None = None,
    made_only: bool = False,
) -> tuple[Input, ...]:
    """Every input found and measured, in the order of the dependencies; nothing is written.

    project_dir is absolute, project what `find_project` says of it; runs is the catalog; bound has
    the <run> for a dependency by its name (`input_names`); source_files are the paths of the
    source that the run gets, below the project's folder; pull: run `dvc pull` for what is missing;
    recorded: `inputs` of a record, whose summaries are made again; made_only: patterns choose of
    the files that a run made, and of no others.
    Optional dependencies that are not there are told to `warn`, and left out.

    Raises: RequestError that names each input that is missing, or is not what it must be;
    ChangedInputError if one of them is the latter.
    """
    search = Search(
        project_dir=project_dir,
        project=project,
        repo=repo,
        store=store,
        runs=runs,
        bound=dict(bound or {}),
        names=input_names(depends),
        source_files=source_files,
        pull=pull,
        summed=None if recorded is None else _summed_runs(recorded),
        made_only=made_only,
        warn=warn,
    )
    if any(dependency.type in _OF_RUNS for dependency in depends):
        runs.refresh()
    faults = _Faults()
    found = []
    for dependency in depends:
        try:
            each = FINDERS[dependency.type](dependency, search)
            check_digest(dependency, each)
            found.append(each)
        except (GageError, OSError) as error:
            if dependency.optional and not isinstance(error, ChangedInputError):
                warn(f"no optional input '{describe(dependency)}': {_reason(error)}")
            else:
                faults.add(dependency, error)
    inputs, clashes = settle_places(found, source_files, project_dir)
    faults.raise_if_any(clashes)
    return inputs


def _summed_runs(recorded: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    """The runs of each summary of a record, in their order."""
    return iter([entry.get("runs", ()) for entry in recorded if entry["type"] == "runs-summary"])


def input_names(depends: Sequence[Dependency]) -> dict[Dependency, str]:
    """The names by which the command line can say which run a dependency on run files means.

    A single one without a name is "run"; of several each is "run-1", "run-2", … in their order.
    """
    of_runs = [each for each in dict.fromkeys(depends) if each.type == "run-files"]
    unnamed = [each for each in of_runs if each.name is None]
    numbered = {each: f"run-{number}" for number, each in enumerate(unnamed, 1)}
    if len(unnamed) == 1:
        numbered = {unnamed[0]: "run"}
    return {each: each.name or numbered[each] for each in of_runs}


def check_digest(dependency: Dependency, found: Input) -> None:
    """Compare with the sha256 that the gagefile gives: of the file, or over all files.

    Raises: ChangedInputError with both.
    """
    alone = len(found.files) == 1 and dependency.type != "dir"
    digest = found.files[0].sha256 if alone else found.digest
    if dependency.sha256 is not None and dependency.sha256 != digest:
        raise ChangedInputError(
            f"changed input: its sha256 is {digest}, and the gagefile says {dependency.sha256}",
            hint="put the old content back, or the new sha256 into the gagefile",
        )


class _Faults:
    """What is amiss with each dependency, and what helps, told as one error."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str | None]] = []
        self._kind: type[RequestError] = RequestError
        self._elsewhere: AbsentInputError | None = None

    def add(self, dependency: Dependency, error: Exception) -> None:
        hint = error.hint if isinstance(error, GageError) else None
        if isinstance(error, ChangedInputError):
            self._kind = ChangedInputError
        if isinstance(error, AbsentInputError) and not any(hint for _, hint in self._found):
            self._elsewhere = error
        self._found.append((f"'{describe(dependency)}': {_reason(error)}", hint))

    def raise_if_any(self, clashes: Sequence[str]) -> None:
        found = [*self._found, *((clash, None) for clash in clashes)]
        if not found:
            return
        message, hint = f"input {found[0][0]}", next((hint for _, hint in found if hint), None)
        if len(found) > 1:
            lines = [f"  {text}" + (f" ({hint})" if hint else "") for text, hint in found]
            message = "\n".join([f"{len(found)} inputs are not as they must be", *lines])
        if self._elsewhere is not None and self._kind is RequestError:
            raise AbsentInputError(
                message, self._elsewhere.run, self._elsewhere.path, hint=hint
            ) from self._elsewhere
        raise self._kind(message, hint=hint)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower() + (
            f" ('{error.filename}')" if error.filename else ""
        )
    return str(error)
