"""Whether a run is what its record says, as far as that can be seen in this clone.

What is recorded may come from anybody: nothing of it is executed here.
Source: docs/format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from git_gage.catalog.bulk import ENVIRONMENT, Bound, find_bound
from git_gage.errors import FETCH, RESTORE, GageError, RequestError
from git_gage.files.manifest import UNRECORDED
from git_gage.git.contents import hash_readable
from git_gage.git.reachable import lacks_objects
from git_gage.records import is_canonical, path_text, short_id
from git_gage.runs.files import is_as_recorded, list_made
from git_gage.runs.inputs.choice import COMMIT
from git_gage.runs.inputs.model import ChangedInputError
from git_gage.runs.inputs.record import path_bytes
from git_gage.runs.interpreter import choose_interpreter
from git_gage.runs.lost import is_lost, is_source_lost
from git_gage.runs.made import ABSENT as ABSENT_FILE
from git_gage.runs.made import DIFFERS
from git_gage.runs.planning import recall_inputs
from git_gage.runs.recall import (
    CommitView,
    divide_source,
    load_begin,
    recall_plan,
    recall_run,
)
from git_gage.runs.request import RunRequest
from git_gage.runs.start import StartError
from git_gage.runs.vetting import vet_begin
from git_gage.source import describe_environment
from git_gage.source.digest import digest_anew
from git_gage.source.foreign import vet_source
from git_gage.source.rules import ABSENT

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.records import Record
    from git_gage.runs.made import MadeFiles
    from git_gage.runs.request import Observer
    from git_gage.store import Store

OK, NO, NOT_HERE, WARNING = "ok", "no", "not here", "warning"
# As long as any bulk file can be.
_LARGEST = 1 << 40
_REQUEST = RunRequest(author=None)

T = TypeVar("T")


class Line(NamedTuple):
    """One thing that was looked at; verdict: `ok`, `warning`, `no` or `not here`; hint: what to
    type."""

    name: str
    verdict: str
    text: str
    hint: str | None = None


def check_run(
    store: Store,
    catalog: Catalog,
    document: Mapping[str, Any],
    files: MadeFiles,
    observer: Observer,
) -> Iterator[Line]:
    """Record, source, kept files, inputs, files that it made, environment, whether it can be
    repeated; `document` is the run object."""
    run = _Run(store, catalog, document, files, observer)
    yield run.record()
    yield run.source()
    yield run.bulk()
    yield from run.inputs()
    yield from run.generated()
    yield from run.environment()
    yield run.repeat()


class _Run:
    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        document: Mapping[str, Any],
        files: MadeFiles,
        observer: Observer,
    ) -> None:
        self._files = files
        self._store = store
        self._repo = store.repo
        self._catalog = catalog
        self._document = document
        self._observer = observer
        self._records = catalog.records(document["id"])

    # -- the record ----------------------------------------------------------------------------

    def record(self) -> Line:
        """Its lines are as docs/format.md says, and none is missing in between."""
        odd = [record.id[:12] for record in self._records if not is_canonical(record)]
        if odd:
            return Line("record", NO, f"not canonical JSON: {', '.join(odd)}")
        gaps = sorted(set(_find_gaps(self._records)))
        if gaps:
            return Line("record", NO, f"records are missing of {', '.join(gaps)}", FETCH)
        return Line("record", OK, f"canonical, ids fit, records: {len(self._records)}")

    # -- the source ----------------------------------------------------------------------------

    def source(self) -> Line:
        """The snapshot is here with every file, and has the digest that was recorded."""
        return self._source

    @cached_property
    def _source(self) -> Line:
        source = self._document["source"]
        snapshot = source["snapshot"]
        if snapshot is None and self._document["imported"] is not None:
            return Line("source", NOT_HERE, "another tool ran it, and has not kept its files")
        if snapshot is None:
            return Line("source", OK, "none was recorded: there was no work tree")
        if not COMMIT.fullmatch(snapshot):
            return Line("source", NO, f"'{snapshot}' is no commit id")
        kind = self._repo.object_sizes([snapshot])[snapshot]
        if kind is None:
            is_lost_here = is_source_lost(self._repo, snapshot)
            hint = f"{FETCH} {short_id(self._document['id'])}" if is_lost_here else FETCH
            return Line("source", NOT_HERE, f"snapshot {snapshot[:12]}", hint)
        if kind[0] != "commit":
            return Line("source", NO, f"snapshot {snapshot[:12]} is a {kind[0]}")
        if lacks_objects(self._repo, snapshot):
            told = f"this disk has lost a part of snapshot {snapshot[:12]}"
            return Line("source", NOT_HERE, told, RESTORE)
        if not self._is_made_from(snapshot, source["commit"]):
            return Line("source", NO, f"snapshot {snapshot[:12]} was not made from its commit")
        return self._compare_digest(snapshot, source["digest"])

    def _is_made_from(self, snapshot: str, commit: str | None) -> bool:
        parents = self._repo.run("rev-list", "--parents", "-n1", snapshot).decode().split()
        return commit in parents if commit is not None else len(parents) == 1

    def _compare_digest(self, snapshot: str, recorded: str | None) -> Line:
        try:
            if self._catalog.is_foreign(self._document["id"]):
                vet_source(self._repo, snapshot)
            absent = self._find_absent(snapshot)
            found = digest_anew(self._repo, f"{snapshot}^{{tree}}", absent)
        except GageError as error:
            return Line("source", NO, error.message, error.hint)
        if found.digest != recorded:
            told = f"{found.digest[:12]}, recorded {(recorded or 'none')[:12]}"
            return Line("source", NO, f"its digest is another one: {told}")
        return Line("source", OK, f"snapshot {snapshot[:12]}, digest equal, files: {found.files}")

    def _find_absent(self, snapshot: str) -> Sequence[bytes]:
        """Files of the snapshot that the run did not have."""
        if self._begin.get("definition") is None:
            left_out = self._document["source"]["left_out"]
            return [path_bytes(each["path"]) for each in left_out if each["reason"] == ABSENT]
        view = CommitView(self._repo, snapshot)
        plan = self._plan(lambda body: recall_plan(self._repo, body, view, _REQUEST))
        return divide_source(self._repo, plan, snapshot)[1]

    # -- the plan ------------------------------------------------------------------------------

    @cached_property
    def _begin(self) -> dict[str, Any]:
        return load_begin(self._store, self._catalog, self._document["id"])

    def _plan(self, recall: Callable[[dict[str, Any]], T]) -> T:
        """What the record says, as a plan.

        Raises: RequestError where something for it is not here; IntegrityError for a record that
        does not keep to the format, as those of strangers may.
        """
        if self._repo.work_tree is None:
            raise RequestError("there is no work tree here")
        vet_begin(self._document["id"], self._begin)
        return recall(self._begin)

    @cached_property
    def _repeatable(self) -> GageError | None:
        """Why the run cannot be repeated here."""
        try:
            self._plan(self._recall)
        except GageError as error:
            return error
        return None

    def _recall(self, body: dict[str, Any]) -> None:
        run = self._document["id"]
        plan, source = recall_run(self._store, self._catalog, run, body, _REQUEST)
        recorded = body.get("inputs", ())
        recall_inputs(
            *(self._store, self._catalog, plan, source, recorded, _REQUEST, self._observer)
        )

    # -- what is kept in git besides ------------------------------------------------------------

    def bulk(self) -> Line:
        """What it printed, its metrics and environment are here, and are what the record binds."""
        bound = list(self._find_bound())
        wrong = [each.name for each in bound if isinstance(each, _Unreadable)]
        files = [each for each in bound if isinstance(each, Bound)]
        digests = hash_readable(self._repo, sorted({each.oid for each in files}))
        wrong += [each.name for each in files if digests.get(each.oid, each.sha256) != each.sha256]
        if wrong:
            return Line("output", NO, f"not what the record binds: {', '.join(sorted(wrong))}")
        absent = [each.name for each in files if each.oid not in digests]
        if absent:
            return Line("output", NOT_HERE, ", ".join(sorted(absent)), self._how_to_fetch(absent))
        return Line("output", OK, f"as its record binds it, files: {len(files)}")

    def _how_to_fetch(self, names: Sequence[str]) -> str:
        run = self._document["id"]
        return f"{FETCH} {short_id(run)}" if is_lost(self._repo, run, names) else FETCH

    def _find_bound(self) -> Iterator[Bound | _Unreadable]:
        for record in self._records:
            named = record.body.get("bulk")
            for name in named if isinstance(named, dict) else ():
                found = find_bound(record.body, record.run, name, _LARGEST)
                yield found if found is not None else _Unreadable(name)

    # -- what it was given, and what it made ----------------------------------------------------

    def inputs(self) -> Iterator[Line]:
        """The files that it depends on hold what they held."""
        count = len(self._document["inputs"])
        if not count:
            return
        problem = self._repeatable
        if problem is None:
            yield Line("inputs", OK, f"here, digests equal: {count}")
        else:
            verdict = NO if isinstance(problem, ChangedInputError) else NOT_HERE
            yield Line("inputs", verdict, problem.message)

    def generated(self) -> Iterator[Line]:
        """Its files are what its manifest says; without one, as many, with as many bytes."""
        recorded = self._document["generated"]
        if recorded is None:
            return
        if self._files.filed is not None:
            yield self._compare_files()
            return
        files, size = recorded["files"], recorded["bytes"]
        if files and not self._store.run_dir(self._document["id"]).is_dir():
            yield Line("files", NOT_HERE, f"made where it ran: {files}, with {size} bytes")
            return
        made = list_made(self._store, self._catalog, self._document)
        if is_as_recorded(made, self._document):
            yield Line("files", OK, f"as many as it made: {files}, with {size} bytes")
        else:
            told = f"here are {len(made)}, with {sum(each.size for each in made)} bytes"
            yield Line("files", NO, f"it made {files}, with {size} bytes; {told}")

    def _compare_files(self) -> Line:
        compared = self._files.compared
        differ = [_shown(each.entry.path) for each in compared if each.verdict == DIFFERS]
        strange = [_shown(path) for path in self._files.strange]
        if differ:
            return Line("files", NO, f"not what it made: {', '.join(differ)}")
        if strange:
            return Line("files", NO, f"it did not make: {', '.join(strange)}")
        unrecorded = [_shown(each.entry.path) for each in compared if each.entry.is_unrecorded]
        absent = [
            each.entry.is_private
            for each in compared
            if each.verdict == ABSENT_FILE and not each.entry.is_unrecorded
        ]
        size = sum(each.entry.size for each in compared)
        told = f"{len(compared)}, with {size} bytes"
        if unrecorded:
            told += f"; {', '.join(unrecorded)}: {UNRECORDED}"
        if absent:
            run = short_id(self._document["id"])
            # What has a secret in it is nowhere else.
            hint = None if all(absent) else f"git gage files pull {run}"
            return Line("files", NOT_HERE, f"{len(absent)} of those it made: {told}", hint)
        verdict = WARNING if unrecorded else OK
        return Line("files", verdict, f"as it made them: {told}")

    # -- where it ran, and whether it can again -------------------------------------------------

    def environment(self) -> Iterator[Line]:
        """The Python that would run it here has the version and the packages that it had.

        The one that the record names is not asked: it could be any program.
        """
        if self._document["command"]["interpreter"] is None:
            return
        recorded = self._document["environment"]
        top = self._repo.work_tree or self._repo.cwd
        environ = self._repo.environ
        try:
            python = choose_interpreter(top / "script.py", b"", environ, top, top)
        except StartError as error:
            yield Line("environment", NO, error.message, error.hint)
            return
        now = describe_environment(python.path, self._store.dir / "cache", environ)
        version = (now["python"] or {}).get("version")
        if version != recorded["python"]:
            told = f"Python {version or 'of unknown version'} here, {recorded['python']} then"
            yield Line("environment", NO, told)
        elif recorded["packages"] is None:
            hint = self._how_to_fetch([ENVIRONMENT])
            yield Line("environment", NOT_HERE, f"Python {version}, but its packages", hint)
        else:
            yield _compare_packages(version, recorded["packages"], now["packages"] or {})

    def repeat(self) -> Line:
        """Whether the run can be done again in this clone."""
        run = short_id(self._document["id"])
        if self._document["imported"] is not None:
            return Line("repeat", NOT_HERE, "another tool ran it")
        problem = self._repeatable
        if self._source.verdict != OK:
            return Line("repeat", NO, "its source is not here, or not what was recorded")
        if problem is not None:
            hint = None if isinstance(problem, ChangedInputError) else problem.hint
            return Line("repeat", NO, problem.message, hint)
        return Line("repeat", OK, f"git gage restart {run}")


def _shown(path: bytes) -> str:
    return path_text(path)


class _Unreadable(NamedTuple):
    """A kept file of which the record says nothing that makes sense."""

    name: str


def _find_gaps(records: Sequence[Record]) -> Iterator[str]:
    """Writers of whose records some are not there, or do not follow each other."""
    chains: dict[str, dict[int, Record]] = {}
    for record in records:
        chains.setdefault(record.writer, {})[record.seq] = record
    for writer, chain in chains.items():
        before = None
        for seq, record in sorted(chain.items()):
            if seq and (seq - 1 not in chain or record.prev != before):
                yield writer
            before = record.id


def _compare_packages(version: str | None, then: Mapping[str, str], now: Mapping[str, str]) -> Line:
    other = sum(1 for name, text in then.items() if name in now and now[name] != text)
    gone = len(then.keys() - now.keys())
    more = len(now.keys() - then.keys())
    equal = len(then) - other - gone
    told = f"Python {version}, packages: {equal} equal"
    if not (other or gone or more):
        return Line("environment", OK, told)
    return Line("environment", NO, f"{told}, {other} of another version, {gone} gone, {more} new")
