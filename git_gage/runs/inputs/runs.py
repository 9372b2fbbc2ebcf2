"""Inputs that are files of another run."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from git_gage.errors import GitError
from git_gage.records import encode_path, short_id, shown_path
from git_gage.runs.inputs.choice import COMMIT, choose_run, how_to_run
from git_gage.runs.inputs.hashes import hash_files
from git_gage.runs.inputs.model import (
    AbsentInputError,
    ChangedInputError,
    Input,
    InputError,
    InputFile,
    Search,
    Tally,
    collect_files,
)
from git_gage.runs.inputs.places import place_in_run, require_renamed
from git_gage.runs.inputs.record import path_bytes
from git_gage.runs.inputs.reference import Reference, follow_reference, read_reference
from git_gage.runs.inputs.selection import literal_path, select_files
from git_gage.runs.inputs.walk import walk_files
from git_gage.runs.placeholders import read_placeholder
from git_gage.runs.results import KEPT as LOGS
from git_gage.safe import clean
from git_gage.source.foreign import MAX_SHOWN

if TYPE_CHECKING:
    from git_gage.gagefile.model import Dependency
    from git_gage.runs.files import Filed
    from git_gage.runs.inputs.recorded import RecordedFiles


def find_run_files(dependency: Dependency, search: Search) -> Input:
    """Files of one run: what it made, or as the patterns say.

    They are linked unless `link` is false; where it is not true, only as far as modes save them.

    A file of its source is taken where a pattern is just its path.
    """
    document = choose_run(dependency, search)
    files = _RunFiles(document, dependency, search).find()
    if not files:
        raise InputError(f"run {short_id(document['id'])} made no files")
    found = collect_files(
        dependency,
        files,
        link=dependency.link is not False,
        name=search.names[dependency],
        run=document["id"],
    )
    return replace(found, is_shared=dependency.link is True)


class _RunFiles:
    """The files of a run, by their paths below the folder that it ran in."""

    def __init__(self, document: dict[str, Any], dependency: Dependency, search: Search) -> None:
        self._document = document
        self._dependency = dependency
        self._search = search
        self._run: str = document["id"]
        self._top = search.store.run_dir(self._run)
        self._cwd = posixpath.normpath(path_bytes(document["command"]["cwd"] or "."))
        self._folder = self._top / os.fsdecode(self._cwd)
        self._tell = partial(search.tell_left_out, self._folder)
        self._paths: list[bytes] = []
        self._filed: Filed | None = None
        self._recorded: RecordedFiles | None = None
        self._made: dict[bytes, int] = {}
        self._is_foreign = search.runs.is_foreign(self._run)
        self._made_only = search.made_only or not dependency.files
        snapshot = document["source"]["snapshot"] or ""
        # What a record says is no option of git.
        self._snapshot = snapshot if COMMIT.fullmatch(snapshot) else None

    def find(self) -> list[InputFile]:
        files = list(self._find())
        require_renamed(self._dependency, self._paths)
        return files

    def _place(self, path: bytes) -> bytes:
        self._paths.append(path)
        return place_in_run(self._dependency, path)

    def _find(self) -> Iterator[InputFile]:
        self._read_manifest()
        patterns = list(self._dependency.files)
        if not self._made_only:
            patterns = [each for each in patterns if not self._is_source(each)]
        if patterns or not self._dependency.files:
            self._require_folder()
            yield from self._find_here(patterns)
        for pattern in self._dependency.files:
            if pattern not in patterns:
                yield self._read_source(literal_path(pattern) or "")

    def _require_folder(self) -> None:
        """What is here of the run's files lies in its directory from now on.

        Raises: InputError where they are not in this clone.
        """
        self._place_files()
        inside = self._folder.resolve().is_relative_to(self._top.resolve())
        if inside and self._folder.is_dir():
            return
        run, generated = short_id(self._run), self._document["generated"]
        if generated is not None and not generated["files"]:
            raise InputError(f"run {run} made no files")
        raise InputError(
            f"the files of run {run} are not in this clone",
            hint=how_to_run(f"op={self._document['operation']}"),
        )

    def _read_manifest(self) -> None:
        # With all that reads manifests.
        from git_gage.runs.files import read_filed_of
        from git_gage.runs.inputs.recorded import RecordedFiles

        store = self._search.store
        self._filed = read_filed_of(store, self._search.runs, self._document)
        if self._filed is not None:
            self._recorded = RecordedFiles(store, self._filed, self._search.warn)
            self._made = self._recorded.made_in(self._cwd)

    def _place_files(self) -> None:
        from git_gage.runs.placing import place_files

        if self._filed is not None:
            for left in place_files(self._search.store, self._filed):
                self._search.warn(left.message)

    # -- in its directory ----------------------------------------------------------------------

    def _find_here(self, patterns: list[str]) -> Iterator[InputFile]:
        given = self._given_paths()
        skip = {os.path.join(os.fsencode(self._folder), path) for path in given}
        if self._made_only:  # what was logged is ours, and comes anew with each run
            skip.add(os.fsencode(self._top / LOGS))
        paths: Iterable[bytes]
        if patterns:
            paths = select_files(self._folder, patterns, self._tell, skip, self._made)
        else:
            walked = walk_files(os.fsencode(self._folder), self._tell, skip)
            paths = sorted({*walked, *self._made})
        plain = []
        for path in paths:
            if self._made_only and path in given:
                continue
            here = self._folder / os.fsdecode(path)
            self._require_inside(here)
            if path in self._made and not self._is_here(path):
                continue
            self._require_content(here)
            if path in self._made or read_reference(here) is None:
                plain.append(path)
            elif not self._made_only:
                yield from self._follow(path)
        yield from self._measure(plain)
        if self._recorded is not None:
            self._recorded.tell_strange()

    def _measure(self, paths: list[bytes]) -> Iterator[InputFile]:
        copied = self._copied_inputs() if self._made_only else {}
        cache = self._search.cache(self._dependency)
        for each in hash_files(os.fsencode(self._folder), paths, cache):
            if copied.get(shown_path(encode_path(each.path))) == each.digest:
                continue  # it was given to that run, not made by it
            if not self._is_recorded(each.path, each.digest):
                continue
            yield InputFile(
                place=self._place(each.path),
                sha256=each.digest,
                size=each.size,
                path=self._folder / os.fsdecode(each.path),
                mtime_ns=each.mtime_ns,
                run=self._run,
            )

    def _is_recorded(self, path: bytes, sha256: str) -> bool:
        """Whether the run left a file, as far as that is known.

        Raises: ChangedInputError for what is not as it left it.
        """
        if self._recorded is None:
            return True
        return self._recorded.has(self._below_top(path), sha256)

    def _is_here(self, path: bytes) -> bool:
        assert self._recorded is not None, "it is known to be made"
        return self._recorded.is_here(self._below_top(path))

    def _below_top(self, path: bytes) -> bytes:
        return posixpath.normpath(posixpath.join(self._cwd, path))

    def _require_inside(self, path: Path) -> None:
        """What somebody else's run left must not make us read what is ours."""
        if self._is_foreign and not path.resolve().is_relative_to(self._top.resolve()):
            raise InputError(f"'{clean(str(path))}' leads out of the run's directory")

    def _require_content(self, path: Path) -> None:
        """Raises: InputError for what only stands for a file that was taken off this disk."""
        if read_placeholder(path) is not None:
            run = short_id(self._run)
            raise AbsentInputError(
                f"'{clean(str(path.relative_to(self._top)))}' of run {run} is not here",
                *(self._run, os.fsencode(path.relative_to(self._top))),
                hint=f"git gage files pull {run}",
            )

    def _given_paths(self) -> set[bytes]:
        """What a run that has not ended finds in its directory: its source, and links."""
        if self._document["ended"] is not None:
            return set()
        source = self._document["source"]
        given = {path_bytes(linked["path"]).rstrip(b"/") for linked in source["linked"]}
        if self._snapshot is not None:
            listing = ("ls-tree", "-r", "-z", "--full-tree", "--name-only", self._snapshot)
            given.update(self._search.repo.run(*listing).split(b"\0")[:-1])
        return {posixpath.relpath(path, self._cwd) for path in given}

    def _copied_inputs(self) -> dict[str, str]:
        inputs = self._document["inputs"]
        if self._search.made_only:  # what it went on with itself is taken along
            inputs = [each for each in inputs if each["name"] != self._dependency.name]
        return {file["path"]: file["sha256"] for each in inputs for file in each["files"]}

    # -- elsewhere -----------------------------------------------------------------------------

    def _follow(self, path: bytes) -> Iterator[InputFile]:
        """What a reference leads to: a file, or all files of a folder."""
        here = self._folder / os.fsdecode(path)
        target, reference = follow_reference(here, self._search.store)
        assert reference is not None, "it was read before"
        if not self._is_recorded(path, reference.digest):
            return
        top, names = target.parent, [os.fsencode(target.name)]
        if reference.is_folder:
            top, names = target, list(walk_files(os.fsencode(target), self._tell))
        cache = self._search.cache(self._dependency, os.fsdecode(path))
        tally = Tally()
        for each in hash_files(os.fsencode(top), names, cache):
            tally.add(each.path, each.digest, each.size)
            below = posixpath.join(path, each.path) if reference.is_folder else path
            yield InputFile(
                place=self._place(below),
                sha256=each.digest,
                size=each.size,
                path=top / os.fsdecode(each.path),
                mtime_ns=each.mtime_ns,
                run=reference.run,
            )
        self._require_same(tally.digest if reference.is_folder else each.digest, reference, target)

    def _require_same(self, digest: str, reference: Reference, target: Path) -> None:
        if digest != reference.digest:
            run = short_id(self._run)
            raise ChangedInputError(
                f"'{clean(str(target))}' changed since run {run} used it: its sha256 is {digest},"
                f" and was {reference.digest}"
            )

    def _is_source(self, pattern: str) -> bool:
        """Whether a pattern is a path that the run's directory lacks, and that it did not make."""
        path = literal_path(pattern)
        if path is None or os.path.lexists(self._folder / path):
            return False
        inside = os.fsencode(path) + b"/"
        return not any((made + b"/").startswith(inside) for made in self._made)

    def _read_source(self, path: str) -> InputFile:
        """A file of the run's source, with the content that a checkout would give it."""
        inside = posixpath.normpath(posixpath.join(os.fsdecode(self._cwd), path))
        name = f"{self._snapshot}:{inside}"
        try:
            if self._is_foreign and int(self._search.repo.run("cat-file", "-s", name)) > MAX_SHOWN:
                raise InputError(f"'{path}' of run {short_id(self._run)} is too large to be read")
            content = self._search.repo.run("cat-file", "--filters", name)
        except GitError as error:
            self._require_folder()
            run = short_id(self._run)
            raise InputError(
                f"run {run} has no file '{path}'", hint=f"git gage show {run}"
            ) from error
        return InputFile(
            place=self._place(os.fsencode(path)),
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            content=content,
        )
