"""What somebody without git-gage needs to repeat a run: source, links, inputs, Python, programs."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import NotHereError, RequestError
from git_gage.lookup import find_program
from git_gage.records import decode_path
from git_gage.runs.environ import repeated_variables, user_path
from git_gage.runs.fields import fill_words
from git_gage.runs.inputs.choice import COMMIT
from git_gage.runs.phases import PHASES, RUN, Step
from git_gage.runs.planning import recall_inputs
from git_gage.runs.recall import read_begin, recall_run
from git_gage.runs.request import RunRequest
from git_gage.runs.results import format_config
from git_gage.secrets import MASK
from git_gage.source import describe_environment
from git_gage.source.rules import is_secret

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.runs.inputs import Input
    from git_gage.runs.request import Observer
    from git_gage.store import Store

_PATCHED = re.compile(r"^--- a/(.*)$", re.MULTILINE)


class Place(NamedTuple):
    """Something that the run found besides its source; `path` is below where it ran.

    It is a link to `origin`, a copy of that, or has this content. replaces: the snapshot has
    something else there.
    """

    path: bytes
    origin: Path | None
    link: bool = False
    content: bytes | None = None
    replaces: bool = False


class Python(NamedTuple):
    """The interpreter of a run. is_here: with the same version and packages as then.

    packages: name and version of each; None where they are not known. maker: what can make such
    an environment anew. folder: what is to be first on PATH; alias: by which name it must be found,
    where its folder has none of that name.
    """

    path: str
    version: str | None
    packages: Mapping[str, str] | None
    is_here: bool
    maker: str
    folder: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """All there is to do, in words that need no git-gage.

    top: of this clone; folder: where in it the run ran; snapshot: None where the source was not
    recorded; patch: what its settings changed; config: the file in which programs find theirs;
    unlinked: what it found in the work tree and is not there any more; missing: inputs that are
    not here, as a digest and a path each, and problem: why; hidden: whether words hold `***` for
    what was not recorded.
    """

    run: str
    top: Path
    folder: str
    project: str
    remote: str | None
    snapshot: str | None
    patch: str | None
    links: tuple[Place, ...]
    unlinked: tuple[bytes, ...]
    inputs: tuple[Place, ...]
    missing: tuple[tuple[str, bytes], ...]
    problem: str | None
    variables: Mapping[str, str]
    config: str
    python: Python | None
    steps: tuple[Step, ...]
    is_operation: bool
    hidden: bool


def plan_repeat(
    store: Store, catalog: Catalog, document: Mapping[str, Any], observer: Observer
) -> Repeat:
    """How to repeat a run by hand, in this clone.

    Raises: RequestError where its record or its source is not here.
    """
    repo, run = store.repo, document["id"]
    snapshot = document["source"]["snapshot"]
    if snapshot is not None and not _is_here(repo, snapshot):
        raise NotHereError("source: not here", run)
    body = read_begin(store, catalog, run)
    command = body["command"]
    steps = tuple(_steps(command))
    patch = _word(body["config_diff"]) if "config_diff" in body else None
    inputs, problem = _find_inputs(store, catalog, run, body, observer)
    folder = _word(command["cwd"])
    variables = _variables(body)
    words = [word for step in steps for word in step.argv]
    links = list(_links(repo, body["source"], folder, patch))
    return Repeat(
        run=run,
        top=repo.work_tree or repo.common_dir,
        folder=folder,
        project=_word(body["project"].get("path") or "."),
        remote=document["source"]["remote"],
        snapshot=snapshot,
        patch=patch,
        links=tuple(each for each in links if _is_there(each)),
        unlinked=tuple(each.path for each in links if not _is_there(each)),
        inputs=inputs,
        missing=() if problem is None else tuple(_missing(body)),
        problem=problem,
        variables=variables,
        config=format_config(body["config"]),
        python=_find_python(
            store,
            body,
            document["environment"],
            steps,
            foreign=catalog.is_foreign(run),
        ),
        steps=steps,
        is_operation="definition" in body,
        hidden=any(MASK in word for word in [*words, *variables.values()]),
    )


def _is_here(repo: Repository, snapshot: str) -> bool:
    return COMMIT.fullmatch(snapshot) is not None and bool(repo.object_sizes([snapshot])[snapshot])


def _steps(command: Mapping[str, Any]) -> Iterator[Step]:
    """The programs in the order in which they run."""
    phases = command.get("phases") or {RUN: command}
    for phase in PHASES:
        if phase in phases:
            each = phases[phase]
            yield Step(phase, tuple(map(_word, each["argv"])), bool(each.get("shell")))


def _variables(body: Mapping[str, Any]) -> dict[str, str]:
    """What programs compute by, and what the operation gives them."""
    recorded = {name: _word(text) for name, text in body["command"]["variables"].items()}
    values = {name: str(value["text"]) for name, value in body["config"].items()}
    own = body.get("definition", {}).get("env", {})
    filled = {name: fill_words((_word(text),), values)[0] for name, text in own.items()}
    return repeated_variables(recorded) | filled


# -- what the run found besides its source ------------------------------------------------------


def _links(
    repo: Repository, source: Mapping[str, Any], folder: str, patch: str | None
) -> Iterator[Place]:
    """Paths of the work tree that are not in the snapshot."""
    top = os.fsencode(repo.work_tree or b"")
    submodules = {decode_path(each["path"]) for each in source.get("submodules") or ()}
    # What is patched must be the run's own.
    found = (posixpath.join(folder, each) for each in _PATCHED.findall(patch or ""))
    patched = {os.fsencode(posixpath.normpath(each)) for each in found}
    for each in source.get("linked") or ():
        path = decode_path(each["path"]).rstrip(b"/")
        yield Place(
            posixpath.relpath(path, os.fsencode(folder)),
            Path(os.fsdecode(os.path.join(top, path))),
            link=path not in patched,
            replaces=path in submodules,
        )


def _is_there(link: Place) -> bool:
    return link.origin is not None and os.path.lexists(link.origin)


def _find_inputs(
    store: Store, catalog: Catalog, run: str, body: Mapping[str, Any], observer: Observer
) -> tuple[tuple[Place, ...], str | None]:
    """Inputs of an operation, and files of it that are in no snapshot; or why they are not here."""
    if "definition" not in body and "inputs" not in body:
        return (), None
    request = RunRequest(author=None)
    try:
        plan, source = recall_run(store, catalog, run, body, request)
        recorded = body.get("inputs", ())
        plan = recall_inputs(store, catalog, plan, source, recorded, request, observer)
    except RequestError as error:
        return (), str(error.message)
    prefix = os.fsencode(plan.folder + "/" if plan.folder else "")
    absent = [path[len(prefix) :] for path in source.absent if path.startswith(prefix)]
    places = [place for each in plan.inputs for place in _places(each)]
    secret = [path for path in plan.replaced if is_secret(path) and path not in source.absent]
    assert store.repo.work_tree is not None
    for path in secret:
        origin = store.repo.work_tree / os.fsdecode(path)
        places.append(Place(path[len(prefix) :], origin))
    return tuple(each._replace(replaces=_is_at(each.path, absent)) for each in places), None


def _places(each: Input) -> Iterator[Place]:
    if each.folder is not None:
        yield Place(each.folder, each.path, link=True)
        return
    for file in each.files:
        if not file.is_staged:
            link = each.link and file.path is not None
            yield Place(file.place, file.path, link, file.content)


def _is_at(path: bytes, others: list[bytes]) -> bool:
    return any(other == path or other.startswith(path + b"/") for other in others)


def _missing(body: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for each in body.get("inputs", ()):
        for file in each["files"]:
            yield str(file["sha256"]), decode_path(file["path"])
        if not each["files"]:
            yield str(each["digest"]), decode_path(each.get("path", each["type"]))


# -- Python -------------------------------------------------------------------------------------


def _find_python(
    store: Store,
    body: Mapping[str, Any],
    environment: Mapping[str, Any],
    steps: tuple[Step, ...],
    *,
    foreign: bool,
) -> Python | None:
    """`foreign`: somebody else names the program, which is then not even asked what it is."""
    if body["command"].get("interpreter") is None:
        return None
    path = _word(body["command"]["interpreter"])
    top = (store.repo.work_tree or Path()) / _word(body["command"]["cwd"])
    python = Python(
        path,
        environment["python"],
        environment["packages"],
        not foreign and _is_same(store, top / path, environment),
        _find_maker(environment["python"] or "", store.repo.environ),
    )
    if "definition" in body:
        return _with_path(python, "python", store.repo.environ)
    first = steps[0].argv[0]
    return python if "/" in first else _with_path(python, first, store.repo.environ)


def _is_same(store: Store, interpreter: Path, environment: Mapping[str, Any]) -> bool:
    """Whether an interpreter has the version and packages that the run had."""
    if not os.access(interpreter, os.X_OK):
        return False
    now = describe_environment(interpreter, store.dir / "cache", store.repo.environ)
    version = (now["python"] or {}).get("version")
    return version == environment["python"] and environment["packages"] in (None, now["packages"])


def _find_maker(version: str, environ: Mapping[str, str]) -> str:
    """The Python of a version, as far as there is one here."""
    name = "python" + ".".join(version.split(".")[:2])
    return "python3" if find_program(name, user_path(environ)) is None else name


def _with_path(python: Python, name: str, environ: Mapping[str, str]) -> Python:
    """What makes programs find the interpreter by a name."""
    folder = os.path.dirname(python.path)
    found = find_program(name, user_path(environ))
    if found is not None and os.path.dirname(os.path.abspath(found)) == folder:
        return python
    if os.access(os.path.join(folder, name), os.X_OK):
        return python._replace(folder=folder)
    return python._replace(alias=name)


# -- words --------------------------------------------------------------------------------------


def _word(value: Any) -> str:
    return os.fsdecode(decode_path(value))
