"""A run that was recorded becomes a plan again, with the source that it had or another."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from git_gage.catalog.bulk import WHOLE, find_bound, read_documents
from git_gage.errors import FETCH, IntegrityError, LostError, NotHereError, RequestError
from git_gage.git.reachable import lacks_objects
from git_gage.git.trees import TooLargeError
from git_gage.records import decode_path, short_id
from git_gage.runs.masking import mask_plan
from git_gage.runs.operations import ProjectFiles, find_operation, plan_operation
from git_gage.runs.phases import RUN, Step
from git_gage.runs.plan import Plan, plan_command, plan_source, recorded_config
from git_gage.runs.planning import KEPT, choose_source
from git_gage.runs.vetting import vet_begin
from git_gage.secrets import MASK
from git_gage.source import Linked, Source
from git_gage.source.choice import candidates_in_commit
from git_gage.source.digest import digest_tree
from git_gage.source.foreign import vet_source
from git_gage.source.rules import is_secret
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.gagefile.model import Gagefile
    from git_gage.git import Repository
    from git_gage.runs.operations import Files
    from git_gage.runs.request import RunRequest
    from git_gage.store import Store


# Of a script, a gagefile or a file of settings.
_MAX_FILE = 64 << 20


class Recalled(NamedTuple):
    """What a record says, as a plan with its source."""

    plan: Plan
    source: Source


class View(Protocol):
    """Where the files of a run are taken from."""

    @property
    def name(self) -> str:
        """How messages name it."""
        ...

    def files(self, folder: str) -> Files:
        """The files of a project whose folder this is; of the whole tree for ""."""
        ...


class CommitView:
    """The files of a commit."""

    def __init__(self, repo: Repository, commit: str) -> None:
        self.name = f"commit {commit[:12]}"
        self._repo = repo
        self._commit = commit
        # A plan may be made twice of them: the commit is listed once.
        self._listed: dict[str, CommitFiles] = {}

    def files(self, folder: str) -> CommitFiles:
        """The files of a project."""
        if folder not in self._listed:
            self._listed[folder] = CommitFiles(self._repo, self._commit, folder)
        return self._listed[folder]


class TreeView:
    """The files of the work tree, as they are now."""

    name = "the work tree"

    def __init__(self, repo: Repository) -> None:
        assert repo.work_tree is not None
        self._repo = repo
        self._top = repo.work_tree

    def files(self, folder: str) -> ProjectFiles:
        """The files of a project."""
        return ProjectFiles(self._repo, self._top / folder)


class CommitFiles:
    """Files of the project as a commit has them; paths are relative to its folder.

    Secret files, which are in no snapshot, are those of the work tree.
    """

    def __init__(self, repo: Repository, commit: str, folder: str) -> None:
        assert repo.work_tree is not None
        self._repo = repo
        self._here = ProjectFiles(repo, repo.work_tree / folder)
        where = f"{commit}:{folder}" if folder else commit
        out = repo.run("ls-tree", "-r", "-z", "--full-tree", where)
        lines = (line.partition(b"\t") for line in out.split(b"\0")[:-1])
        self._oids = {os.fsdecode(path): head.split()[2].decode() for head, _, path in lines}

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
        oid = self._oids.get(posixpath.normpath(path))
        if oid is None:
            return self._here.read(path) if is_secret(os.fsencode(path)) else None
        found = next(self._repo.read_within([oid], "blob", _MAX_FILE), None)
        if found is None:
            raise IntegrityError(f"read source '{path}': it is not here", hint="see 'git fsck'")
        if found.content is None:
            raise TooLargeError(f"'{path}' has {found.size:,} bytes: nobody's settings are as long")
        return found.content

    def names(self) -> list[str]:
        """All files."""
        return list(self._oids)


def read_begin(store: Store, catalog: Catalog, run: str) -> dict[str, Any]:
    """The whole body of a run's `run.begin`, of which all that is acted on is what it must be.

    Raises: as `load_begin`; RequestError for a run of another tool; IntegrityError where it says
    what nobody may act on.
    """
    body = load_begin(store, catalog, run)
    if body.get("imported") is not None:
        raise RequestError(
            f"run {short_id(run)} was recorded by another tool: what it did cannot be done again",
            hint=f"see what is known of it with 'git gage show {short_id(run)}'",
        )
    vet_begin(run, body)
    return body


def load_begin(store: Store, catalog: Catalog, run: str) -> dict[str, Any]:
    """The same, whatever it says.

    Raises: RequestError where it is too long for its record and its bulk file is not here;
    IntegrityError where it was listed, and its record cannot be read.
    """
    begins = (record for record in catalog.records(run) if record.kind == "run.begin")
    begin = next(begins, None)
    if begin is None:
        message = f"read run {short_id(run)}: this disk has lost how it began"
        raise IntegrityError(message, hint=FETCH)
    body: dict[str, Any] | None = begin.body
    if (bound := find_bound(begin.body, run, WHOLE["run.begin"])) is not None:
        _, body = next(read_documents(store, [bound]), (None, None))
    if body is None:
        raise _refuse_absent(run, "the whole record")
    return body


def find_given(body: Mapping[str, Any], config: Iterable[str]) -> frozenset[str]:
    """Those of the settings of a run that its user typed; the others are defaults."""
    words = body["command"].get("assignments")
    typed = {_bare_key(_word(each)) for each in words} if isinstance(words, list) else set()
    return frozenset(name for name in config if _bare_key(name) in typed)


def recall_run(
    store: Store, catalog: Catalog, run: str, body: Mapping[str, Any], request: RunRequest
) -> Recalled:
    """The run as it was recorded, with the same source; settings of the request go before its own.

    Raises: RequestError where its source is not here, or a setting does not fit; IntegrityError
    for source of somebody else's that is not laid out.
    """
    repo = store.repo
    snapshot = body["source"]["snapshot"]
    if snapshot is None:
        return Recalled(
            mask_plan(_recall_command(repo, body, request)), _bare_source(body["source"])
        )
    if not repo.object_sizes([snapshot])[snapshot]:
        raise _refuse_absent(run, "the source")
    if lacks_objects(repo, snapshot):
        message = f"this disk has lost a part of the source of run {short_id(run)}"
        raise LostError(message, run)
    # Before anything else is read of it.
    foreign = vet_source(repo, snapshot) if catalog.is_foreign(run) else None
    plan = recall_plan(repo, body, CommitView(repo, snapshot), request)
    for key in body["config"]:
        if key not in plan.config:
            raise RequestError(
                f"config '{key}' of run {short_id(run)} is not here: its file is in no snapshot",
                hint="put the file where it was",
            )
    source = _recall_source(repo, plan, body["source"])
    return Recalled(plan, replace(source, foreign=foreign))


def recall_at(
    repo: Repository, body: Mapping[str, Any], commit: str, request: RunRequest
) -> Recalled:
    """The run with the source of another commit."""
    plan = recall_plan(repo, body, CommitView(repo, commit), request)
    blank: dict[str, Any] = {"commit": commit, "snapshot": commit, "branch": None, "remote": None}
    return Recalled(plan, _recall_source(repo, plan, blank))


def recall_plan(repo: Repository, body: Mapping[str, Any], view: View, request: RunRequest) -> Plan:
    """What ran, planned anew from other files with the settings and inputs that it had.

    Raises: RequestError without a work tree, which has what is in no commit, and for what does not
    fit.
    """
    if repo.work_tree is None:
        raise RequestError(
            f"cannot run '{body['operation']}' here: there is no work tree",
            hint="make one, and go there: git worktree add <path>",
        )
    asked = [_word(each) for each in body["command"].get("assignments", ())]
    words = override([*asked, *_bindings(body)], request.assignments)
    plan = _plan_at(repo, body, view, replace(request, assignments=words))
    missed = _differences(plan, body["config"], request.assignments)
    if missed:
        words = override(words, missed)
        plan = _plan_at(repo, body, view, replace(request, assignments=words))
    return plan


def _bindings(body: Mapping[str, Any]) -> Iterator[str]:
    """Words that choose the same runs for inputs."""
    for each in body.get("inputs", ()):
        if "run" in each and each.get("name", KEPT) != KEPT:
            yield f"{each['name']}={each['run']}"


def override(words: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """`key=value` words in which those of `others` replace those with the same key."""
    given = {_key(word) for word in others}
    return (*(word for word in words if _key(word) not in given), *others)


def _key(word: str) -> str:
    return word.partition("=")[0].partition(":")[0].replace("-", "_")


def _bare_key(word: str) -> str:
    """A key without the file that it may be given with."""
    return _key(word).rpartition("#")[2]


def _differences(plan: Plan, recorded: Mapping[str, Any], given: Sequence[str]) -> tuple[str, ...]:
    """Settings whose default is another one by now: the run had them as recorded."""
    keys = {_key(word) for word in given}
    planned = recorded_config(plan.config)
    return tuple(
        f"{key}={value['text']}"
        for key, value in recorded.items()
        if key not in keys
        and key in planned
        and planned[key] != value
        # What was no default is among the words that were typed.
        and MASK not in value["text"]
    )


# -- the plan ----------------------------------------------------------------------------------


def _plan_at(repo: Repository, body: Mapping[str, Any], view: View, request: RunRequest) -> Plan:
    return mask_plan(_plan_unmasked(repo, body, view, request))


def _plan_unmasked(
    repo: Repository, body: Mapping[str, Any], view: View, request: RunRequest
) -> Plan:
    command = body["command"]
    if body.get("definition") is not None:
        return _plan_operation(repo, body, view, request)
    if "script" not in command:
        return _recall_command(repo, body, request)
    script = _word(command["script"])
    source = view.files("").read(script)
    if source is None:
        raise _refuse_missing(f"script '{script}'", view)
    return plan_source(repo, script, source, _folder(command), request, repo.environ)


def _recall_command(repo: Repository, body: Mapping[str, Any], request: RunRequest) -> Plan:
    command = body["command"]
    if request.assignments:
        raise RequestError(
            f"'{request.assignments[0]}' cannot be set: the run was a command as it is",
            hint="git gage run -- <command>",
        )
    argv = tuple(_word(word) for word in command["argv"])
    plan = plan_command(repo, replace(request, argv=argv), repo.environ)
    return replace(plan, steps=(Step(RUN, argv, command["shell"]),), folder=_folder(command))


def _plan_operation(
    repo: Repository, body: Mapping[str, Any], view: View, request: RunRequest
) -> Plan:
    assert repo.work_tree is not None
    gagefile = _load_gagefile(repo.work_tree, _word(body["definition"]["gagefile"]), view, body)
    operation = find_operation(gagefile, body["operation"])
    if operation is None:
        raise _refuse_missing(f"operation '{body['operation']}'", view)
    folder = with_slashes(os.path.relpath(gagefile.project_dir, repo.work_tree))
    files = view.files("" if folder == "." else folder)
    return plan_operation(repo, gagefile, operation, request, repo.environ, files)


def _load_gagefile(top: Path, place: str, view: View, body: Mapping[str, Any]) -> Gagefile:
    """The gagefile of a view, as if it were where it was."""
    from git_gage.gagefile.find import project_of
    from git_gage.gagefile.load import load_gagefile

    content = view.files("").read(place)
    if content is None:
        raise _refuse_missing(f"'{place}'", view)
    with tempfile.TemporaryDirectory(prefix="git-gage-") as scratch:
        path = Path(scratch) / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        gagefile = load_gagefile(path, Path(scratch))
    return replace(
        gagefile,
        path=top / place,
        project_dir=project_of(top / place),
        namespace=_word(body["project"]["namespace"]),
    )


# -- the source --------------------------------------------------------------------------------


def _recall_source(repo: Repository, plan: Plan, recorded: Mapping[str, Any]) -> Source:
    """The source that was recorded, and the links that can still be made."""
    snapshot = recorded["snapshot"]
    tree = repo.run("rev-parse", f"{snapshot}^{{tree}}").decode().strip()
    taken, absent = divide_source(repo, plan, snapshot)
    digest = digest_tree(repo, tree, absent, {})
    if "digest" in recorded and digest.digest != recorded["digest"]:
        raise RequestError(
            "the source cannot be laid out as it was: its digest is another one"
            f" ({digest.digest[:12]}, recorded {recorded['digest'][:12]})",
            hint="git gage restart --code latest <run>",
        )
    return Source(
        commit=recorded["commit"],
        branch=recorded["branch"],
        remote=recorded["remote"],
        dirty=recorded.get("dirty", False),
        status=tuple((decode_path(each["path"]), each["xy"]) for each in _list(recorded, "status")),
        snapshot=snapshot,
        tree=tree,
        digest=digest.digest,
        files=digest.files,
        insertions=recorded.get("insertions", 0),
        deletions=recorded.get("deletions", 0),
        submodules=digest.submodules,
        superproject=recorded.get("superproject"),
        left_out=tuple(
            (decode_path(each["path"]), each["reason"]) for each in _list(recorded, "left_out")
        ),
        linked=tuple(_links(repo, _list(recorded, "linked"))),
        absent=absent,
        taken=taken,
    )


def divide_source(
    repo: Repository, plan: Plan, snapshot: str
) -> tuple[frozenset[bytes] | None, tuple[bytes, ...]]:
    """Files of a snapshot that an operation takes, and those it does not; (None, ()) if all."""
    choice = choose_source(plan)
    if choice is None:
        return None, ()
    candidates = list(candidates_in_commit(repo, snapshot))
    taken = choice.divide(candidates).files
    return taken, tuple(sorted({each.path for each in candidates} - taken))


def _links(repo: Repository, recorded: Iterable[Mapping[str, Any]]) -> Iterable[Linked]:
    assert repo.work_tree is not None
    top = os.fsencode(repo.work_tree)
    for each in recorded:
        path = decode_path(each["path"])
        if os.path.lexists(os.path.join(top, path.rstrip(b"/"))):
            yield Linked(path)


def _bare_source(recorded: Mapping[str, Any]) -> Source:
    return Source(recorded["commit"], recorded["branch"], recorded["remote"])


def _list(recorded: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return list(recorded.get(key) or ())


def _folder(command: Mapping[str, Any]) -> str:
    folder = _word(command["cwd"])
    return "" if folder == "." else folder


def _word(value: Any) -> str:
    return os.fsdecode(decode_path(value))


def _refuse_missing(what: str, view: View) -> RequestError:
    return RequestError(f"no {what} in {view.name}", hint="git gage restart --code same <run>")


def _refuse_absent(run: str, what: str) -> RequestError:
    return NotHereError(f"{what} of run {short_id(run)} is not here", run)
