"""Trees that somebody else made, read with a limit on everything they can be large in.

A tree object can name one folder many times: eleven of them make ten thousand million paths. So
each is read once, paths are counted before they are made, and no header is trusted to be small.

Source: gitformat-pack(5), "Object types"; git's tree.h (an entry is `MODE SP NAME NUL OID`).
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GitError, IntegrityError

if TYPE_CHECKING:
    from git_gage.git.repository import Repository

MAX_ENTRIES = 100_000
MAX_DEPTH = 64
FOLDER, FILE, PROGRAM, LINK, SUBMODULE = b"40000", b"100644", b"100755", b"120000", b"160000"
# A hundred thousand names of a sensible length; and so many paths of one.
_TREE_BYTES, _PATH_BYTES = 8 << 20, 32 << 20


class TooLargeError(IntegrityError):
    """What somebody else made is larger than anything that is read of theirs."""


class TreeEntry(NamedTuple):
    """A name in a tree, or a path below one; the mode as git has it, in octal digits."""

    mode: bytes
    oid: str
    path: bytes


# A path in two trees: the folder there, and the entry there, of each; None where there is none.
_Pair = tuple[bytes, str | None, str | None]
_Both = tuple[TreeEntry | None, TreeEntry | None]


class TreeReader:
    """Reads trees of one repository; what several of them share is read once."""

    def __init__(self, repo: Repository, env: Mapping[str, str] | None = None) -> None:
        self._repo = repo
        self._env = env
        self._known: dict[str, list[TreeEntry]] = {}

    def list_files(self, tree: str, *, most: int = MAX_ENTRIES) -> list[TreeEntry]:
        """All that is no folder, below a tree or commit, in whatever order.

        Raises: TooLargeError beyond `most` entries, folders counted, beyond 64 levels, or where all
        paths together are too long; GitError where a tree is not here.
        """
        files: list[TreeEntry] = []
        folders = [(b"", f"{tree}^{{tree}}")]
        budget = _Budget(f"the tree of '{tree[:12]}'", most)
        while folders:
            known = self.read({oid for _, oid in folders})
            budget.descend((prefix, len(known[oid])) for prefix, oid in folders)
            below = []
            for prefix, oid in folders:
                for mode, inner, name in known[oid]:
                    if mode == FOLDER:
                        below.append((prefix + name + b"/", inner))
                    else:
                        files.append(TreeEntry(mode, inner, prefix + name))
            folders = below
        return files

    def list_changes(self, one: str, other: str, *, most: int = MAX_ENTRIES) -> list[TreeEntry]:
        """Files of two trees or commits that are not the same in both, as they are in each.

        What is the same is not looked into. Raises: as `list_files`.
        """
        files: list[TreeEntry] = []
        pairs: list[_Pair] = [(b"", f"{one}^{{tree}}", f"{other}^{{tree}}")]
        budget = _Budget(f"what differs from '{one[:12]}' to '{other[:12]}'", most)
        while pairs:
            known = self.read({oid for _, *oids in pairs for oid in oids if oid is not None})
            known[None] = []
            budget.descend(
                (prefix, len(known[left]) + len(known[right])) for prefix, left, right in pairs
            )
            below = []
            for prefix, left, right in pairs:
                changed = _changed(known[left], known[right])
                files += [
                    each._replace(path=prefix + each.path)
                    for both in changed
                    for each in both
                    if each is not None and each.mode != FOLDER
                ]
                below += [_as_folders(prefix, *both) for both in changed]
            pairs = [pair for pair in below if pair[1:] != (None, None)]
        return files

    def read(
        self, trees: Iterable[str], *, most: int = _TREE_BYTES
    ) -> dict[str | None, list[TreeEntry]]:
        """The entries of each tree.

        Raises: TooLargeError for an object over `most` bytes; GitError for one that is not here.
        """
        asked = list(trees)
        unknown = [tree for tree in asked if tree not in self._known]
        size = len(self._repo.null_oid) // 2
        for found in self._repo.read_within(unknown, "tree", most, self._env):
            if found.content is None:
                raise TooLargeError(f"tree '{found.name[:12]}' has {found.size:,} bytes")
            self._known[found.name] = parse_tree(found.content, size)
        if missing := [tree for tree in unknown if tree not in self._known]:
            raise GitError(f"read tree '{missing[0]}': it is not here", hint="see 'git fsck'")
        return {tree: self._known[tree] for tree in asked}


class _Budget:
    """Counts what a walk meets on its way down.

    Raises: TooLargeError, naming `what`, where it is too much.
    """

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most = most
        self._depth = self._entries = self._bytes = 0

    def descend(self, folders: Iterable[tuple[bytes, int]]) -> None:
        """One level more; its folders have these prefixes, each with so many entries."""
        self._depth += 1
        for prefix, count in folders:
            self._entries += count
            self._bytes += len(prefix) * count
        if self._depth > MAX_DEPTH:
            raise TooLargeError(f"{self._what} has more than {MAX_DEPTH} levels")
        if self._entries > self._most or self._bytes > _PATH_BYTES:
            raise TooLargeError(f"{self._what} has more than {self._most:,} entries")


def _changed(one: list[TreeEntry], other: list[TreeEntry]) -> list[_Both]:
    """The entries of two trees that are not the same in both."""
    left, right = ({entry.path: entry for entry in tree} for tree in (one, other))
    both = ((left.get(name), right.get(name)) for name in left.keys() | right.keys())
    return [pair for pair in both if pair[0] != pair[1]]


def _as_folders(prefix: bytes, one: TreeEntry | None, other: TreeEntry | None) -> _Pair:
    entry = one or other
    assert entry is not None
    left, right = (each.oid if each and each.mode == FOLDER else None for each in (one, other))
    return prefix + entry.path + b"/", left, right


def parse_tree(content: bytes, oid_bytes: int) -> list[TreeEntry]:
    """The entries of a tree object, as they are.

    Raises: IntegrityError where it ends in the middle of one, or a name is none.
    """
    entries = []
    at = 0
    while at < len(content):
        space = content.find(b" ", at)
        end = content.find(b"\0", space)
        last = end + 1 + oid_bytes
        name = content[space + 1 : end]
        if space < 0 or end < 0 or last > len(content) or not name or b"/" in name:
            raise IntegrityError("a tree object is damaged", hint="see 'git fsck'")
        oid = content[end + 1 : last].hex()
        entries.append(TreeEntry(_plain_mode(content[at:space]), oid, name))
        at = last
    return entries


def _plain_mode(digits: bytes) -> bytes:
    """One of the five modes, as git itself takes any other (setuid, old programs' 100664)."""
    mode = int(digits, 8) if digits.isdigit() and not digits.strip(b"01234567") else 0
    if stat.S_ISREG(mode):
        return PROGRAM if mode & stat.S_IXUSR else FILE
    return {stat.S_IFDIR: FOLDER, stat.S_IFLNK: LINK}.get(stat.S_IFMT(mode), SUBMODULE)
