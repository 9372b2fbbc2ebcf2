"""Which files of the work tree are the source of an operation, as its patterns say."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.git.contents import stream_contents
from git_gage.source import rules
from git_gage.source.patterns import BINARY, Candidate, parse_patterns
from git_gage.system import with_slashes

if TYPE_CHECKING:
    from git_gage.git import Repository

_START_BYTES = 1024
_WILD = re.compile(r"[*?\[]")


class Choice(NamedTuple):
    """What an operation takes: `patterns` as its gagefile has them, below `folder`.

    folder: the project's, relative to the top of the work tree, empty or with a slash at its end;
    always: files that are taken whatever the patterns say, relative to the top.
    """

    folder: bytes
    patterns: tuple[str, ...] | None
    always: frozenset[bytes] = frozenset()

    def divide(self, candidates: Iterable[Candidate]) -> Chosen:
        """What is taken of files whose paths are relative to the top."""
        inside = {
            file.path[len(self.folder) :]: file
            for file in candidates
            if file.path.startswith(self.folder)
        }
        found = parse_patterns(self.patterns).select(
            file._replace(path=path) for path, file in inside.items()
        )
        return Chosen(
            frozenset(self.folder + path for path in found.chosen) | self.always,
            tuple(
                (self.folder + path, "binary file" if reason == BINARY else reason)
                for path, reason in found.left_out
                if self.folder + path not in self.always
            ),
            found.unused,
        )

    def names_ignored(self, ignored: bytes) -> bool:
        """Whether a pattern names an ignored file, or a place in an ignored folder, by its name.

        A wildcard does not reach into what git ignores: `**/*.py` means no virtual environment.
        """
        place = ignored.rstrip(b"/") + b"/"
        return ignored in self.always or any(
            (self.folder + os.fsencode(_literal_start(pattern)) + b"/").startswith(place)
            for pattern in self.patterns or ()
        )


class Chosen(NamedTuple):
    """Files taken; those that a limit left out and which; patterns that took nothing."""

    files: frozenset[bytes]
    left_out: tuple[tuple[bytes, str], ...]
    unused: tuple[str, ...]


def _literal_start(pattern: str) -> str:
    """The path of a pattern up to its first wildcard, in whole names."""
    if pattern.startswith(("-", "regex:")):
        return ""
    glob = pattern.lstrip("\\").removeprefix("./").split(" ")[0]
    names = []
    for name in glob.split("/"):
        if _WILD.search(name):
            break
        names.append(name)
    return "/".join(names)


def candidates_in_tree(top: Path, paths: Iterable[bytes]) -> Iterator[Candidate]:
    """Files of the work tree as patterns look at them."""
    root = os.fsencode(top)
    for path in paths:
        full = os.path.join(root, path)
        try:
            size = os.lstat(full).st_size
        except OSError:
            continue  # a submodule that is not checked out, or gone while we looked
        yield Candidate(path, size, _Start(full))


class _Start:
    """Reads the first bytes of a file when it is asked for."""

    def __init__(self, full: bytes) -> None:
        self._full = full

    def __call__(self) -> bytes:
        try:
            with open(self._full, "rb") as file:
                return file.read(_START_BYTES)
        except OSError:
            return b""


def candidates_in_commit(repo: Repository, commit: str) -> Iterator[Candidate]:
    """The same of a commit's files."""
    lines = repo.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split(b"\0")[:-1]
    entries: list[tuple[bytes, str, int]] = []
    for line in lines:
        head, _, path = line.partition(b"\t")
        _, kind, oid, size = head.split()
        if kind == b"blob":
            entries.append((path, oid.decode(), int(size)))
    oids = sorted({oid for _, oid, _ in entries})
    starts = {oid: next(parts, b"")[:_START_BYTES] for oid, parts in stream_contents(repo, oids)}
    for path, name, size_bytes in entries:
        yield Candidate(path, size_bytes, _reader(starts, name))


def _reader(starts: Mapping[str, bytes], oid: str) -> Callable[[], bytes]:
    return lambda: starts.get(oid, b"")


def expand_ignored(top: Path, ignored: Sequence[bytes], choice: Choice) -> Iterator[bytes]:
    """Files among what git ignores that patterns name; no caches, nothing of git-gage's own."""
    root = os.fsencode(top)
    for path in ignored:
        if rules.find_disposable(path) is not None or not choice.names_ignored(path):
            continue
        if not path.endswith(b"/"):
            yield path
            continue
        for folder, folders, names in os.walk(os.path.join(root, path)):
            folders[:] = [name for name in folders if not _is_nobodys(name)]
            for name in names:
                found = with_slashes(os.path.relpath(os.path.join(folder, name), root))
                if not _is_nobodys(name):
                    yield found


def _is_nobodys(name: bytes) -> bool:
    return name == b".git" or rules.is_cache_name(name)
