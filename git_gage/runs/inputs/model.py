"""An input of a run: what its operation depends on, found and measured before anything starts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from git_gage.errors import ElsewhereError, RequestError
from git_gage.safe import clean
from git_gage.secrets import mask_urls

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency
    from git_gage.git import Repository
    from git_gage.records import Record
    from git_gage.store import Store


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of an input. `place` is where the run finds it, below the project's folder there.

    Its content is that of `path` as it was at `mtime_ns` or, where it is made for this run,
    `content`. `run` is the run in whose directory `path` lies. `is_staged`: it is there already,
    with the source code or by another input.
    """

    place: bytes
    sha256: str
    size: int
    path: Path | None = None
    mtime_ns: int | None = None
    content: bytes | None = None
    run: str | None = None
    is_staged: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """A dependency that is met.

    label: what people know it by; run: whose files these are; runs: those that are summed up.
    remote: where that run was got from, if it was for this one.
    path: a file or folder as it was found; folder: the place of a folder that is linked as one,
    whose `files` are then only for the record (none if there are more than FILES_LISTED).
    link: whether files are linked; is_shared: also those of a run that the program can write to.
    digest, count, size: the Tally of all files. yields: files whose
    place is taken by what a phase made are left away.
    """

    type: str
    label: str
    files: tuple[InputFile, ...]
    digest: str
    count: int
    size: int
    link: bool = False
    is_shared: bool = False
    name: str | None = None
    run: str | None = None
    remote: str | None = None
    runs: tuple[str, ...] = ()
    path: Path | None = None
    folder: bytes | None = None
    yields: bool = False


# Of more files the record holds the digest alone.
FILES_LISTED = 1000


class InputError(RequestError):
    """An input cannot be had as it is described."""


class AbsentInputError(ElsewhereError, InputError):
    """An input is a large file of a run, and that is elsewhere."""

    alone = False


class ChangedInputError(InputError):
    """An input is there, but it is not what it was or what the gagefile says it is."""


class Runs(Protocol):
    """What inputs ask of the catalog."""

    def refresh(self) -> list[str]:
        """Bring it up to date."""
        ...

    def find(self, where: str, *, limit: int | None = None) -> list[str]:
        """Ids of the runs that a filter chooses, newest first."""
        ...

    def resolve(self, text: str) -> str:
        """The run that is meant by what somebody typed."""
        ...

    def document(self, run: str) -> dict[str, Any] | None:
        """The run object of a full id."""
        ...

    def is_foreign(self, run: str) -> bool:
        """Whether it was begun in another clone."""
        ...

    def records(self, run: str) -> list[Record]:
        """All that was recorded of it."""
        ...


@dataclass(frozen=True, slots=True)
class Search:
    """Where inputs are looked for, and who is told what should be looked at.

    project: as runs/project.py has it; bound: <run> by the name of the dependency; source_files:
    what the run gets as its source, below the project's folder; summed: the runs of each summary
    to come, if that is known; made_only: of a run nothing that it was given, whatever patterns say.
    """

    project_dir: Path
    project: Mapping[str, Any]
    repo: Repository
    store: Store
    runs: Runs
    bound: Mapping[str, str]
    names: Mapping[Dependency, str]
    source_files: Collection[bytes]
    pull: bool
    summed: Iterator[Sequence[str]] | None
    made_only: bool
    warn: Callable[[str], None]

    def cache(self, dependency: Dependency, what: str = "sha256") -> Path:
        """Where digests of the files of a dependency are kept for the next time."""
        key = repr((str(self.project_dir), dependency, what)).encode(errors="surrogateescape")
        return self.repo.gage_dir / "cache" / "inputs" / hashlib.sha256(key).hexdigest()[:32]

    def tell_left_out(self, top: Path, path: bytes) -> None:
        """Say that something below `top` is no part of an input."""
        place = top / os.fsdecode(path)
        why = "a link that leads nowhere or back" if place.is_symlink() else "not a plain file"
        self.warn(f"'{clean(str(place))}' is left out: {why}")


class Tally:
    """Digest, number and bytes of files that are added one by one, sorted by path.

    Source: docs/format.md, "Inputs".
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.count = 0
        self.size = 0

    def add(self, path: bytes, sha256: str, size: int) -> None:
        self._digest.update(b"%s %s\0" % (sha256.encode(), path))
        self.count += 1
        self.size += size

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


def describe(dependency: Dependency) -> str:
    """What people know a dependency by, in a few words."""
    if dependency.path is not None:
        return dependency.path
    if dependency.type == "project-files":
        return ", ".join(dependency.files)
    elsewhere = mask_urls(dependency.elsewhere or "")
    return f"{dependency.type}: {elsewhere or dependency.where or dependency.name or 'a run'}"


def collect_files(
    dependency: Dependency,
    files: Iterable[InputFile],
    *,
    link: bool,
    name: str | None = None,
    run: str | None = None,
    runs: tuple[str, ...] = (),
    path: Path | None = None,
) -> Input:
    """An input that these files are."""
    listed = sorted(files, key=lambda file: file.place)
    tally = Tally()
    for file in listed:
        tally.add(file.place, file.sha256, file.size)
    return Input(
        type=dependency.type,
        label=describe(dependency),
        files=tuple(listed),
        digest=tally.digest,
        count=tally.count,
        size=tally.size,
        link=link,
        name=name,
        run=run,
        runs=runs,
        path=path,
    )
