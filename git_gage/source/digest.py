"""One name for the files of a source, the same on every machine and in every clone.

Source: docs/format.md, "Source digest".
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.git.contents import hash_contents
from git_gage.source.cachefile import read_cache, write_cache

if TYPE_CHECKING:
    from git_gage.git import Repository

LIST_FILES = ("ls-tree", "-r", "-z", "--full-tree")
_KINDS = {b"100644": b"f", b"100755": b"x", b"120000": b"l", b"160000": b"m"}
_SUBMODULE = b"m"
# Room for the trees of some weeks, and for the blobs of some branches of one project.
_MAX_TREES = 256
_SPARE_BLOBS = 20_000


class Entry(NamedTuple):
    kind: bytes
    oid: str
    path: bytes


class Digest(NamedTuple):
    """sha256 over all files, their number, and the commit of each submodule."""

    digest: str
    files: int
    submodules: tuple[tuple[bytes, str], ...]


def digest_tree(
    repo: Repository,
    tree: str,
    absent: Sequence[bytes],
    env: Mapping[str, str],
    listing: bytes | None = None,
) -> Digest:
    """Digest of the files of a tree without those at `absent`; git is asked with `env`.

    `listing` is what LIST_FILES says of the tree, for a caller who has asked already.

    Raises: IntegrityError when a file is missing from the repository.
    """
    cache = repo.gage_dir / "cache"
    key = _cache_key(tree, absent)
    known = _read_trees(cache / "trees")
    if key in known:
        return known[key]
    if listing is None:
        listing = repo.run(*LIST_FILES, tree, env=env)
    entries = _parse_listing(listing, frozenset(absent))
    contents = _hash_blobs(repo, cache / "blobs", entries, env)
    digest = _digest(entries, contents)
    known[key] = digest
    _write_trees(cache / "trees", known)
    return digest


def digest_anew(repo: Repository, tree: str, absent: Sequence[bytes]) -> Digest:
    """The same from what the repository holds now: every file is read, and no note is believed.

    Raises: IntegrityError when a file is missing from the repository; GitError for no tree.
    """
    entries = _parse_listing(repo.run(*LIST_FILES, tree), frozenset(absent))
    oids = sorted({entry.oid for entry in entries if entry.kind != _SUBMODULE})
    return _digest(entries, dict(hash_contents(repo, oids)) if oids else {})


def _cache_key(tree: str, absent: Sequence[bytes]) -> str:
    if not absent:
        return tree
    left_out = hashlib.sha256(b"\0".join(sorted(absent))).hexdigest()
    return f"{tree}-{left_out}"


def _parse_listing(listing: bytes, absent: frozenset[bytes]) -> list[Entry]:
    entries = []
    for line in listing.split(b"\0")[:-1]:
        head, _, path = line.partition(b"\t")
        mode, _, oid = head.split(b" ")
        if path not in absent:
            entries.append(Entry(_KINDS[mode], oid.decode(), path))
    entries.sort(key=lambda entry: entry.path)
    return entries


def _digest(entries: Sequence[Entry], contents: Mapping[str, str]) -> Digest:
    digest = hashlib.sha256()
    for kind, oid, path in entries:
        named = oid if kind == _SUBMODULE else contents[oid]
        digest.update(b"%s %s %s\0" % (kind, named.encode(), path))
    submodules = tuple((path, oid) for kind, oid, path in entries if kind == _SUBMODULE)
    return Digest(digest.hexdigest(), len(entries) - len(submodules), submodules)


# -- what is known already --------------------------------------------------------------------


def _hash_blobs(
    repo: Repository, path: Path, entries: Sequence[Entry], env: Mapping[str, str]
) -> dict[str, str]:
    """Blob id → sha256 of the content; only blobs never seen before are read."""
    lines = (read_cache(path) or b"").decode().split("\n")
    known = dict(zip(lines[0::2], lines[1::2], strict=False))
    wanted = {entry.oid for entry in entries if entry.kind != _SUBMODULE}
    new = sorted(wanted.difference(known))
    if not new:
        return known
    known.update(hash_contents(repo, new, env))
    kept = known
    if len(known) > len(wanted) + _SPARE_BLOBS:
        kept = {oid: known[oid] for oid in wanted}
    text = "".join(f"{oid}\n{sha256}\n" for oid, sha256 in kept.items())
    write_cache(path, text.encode())
    return known


def _read_trees(path: Path) -> dict[str, Digest]:
    known = {}
    for line in (read_cache(path) or b"").decode().splitlines():
        key, digest, files, *modules = line.split(" ")
        pairs = (module.split(":") for module in modules)
        submodules = tuple((b64decode(name), oid) for oid, name in pairs)
        known[key] = Digest(digest, int(files), submodules)
    return known


def _write_trees(path: Path, known: Mapping[str, Digest]) -> None:
    lines = []
    for key, (digest, files, submodules) in list(known.items())[-_MAX_TREES:]:
        modules = [f"{oid}:{b64encode(name).decode()}" for name, oid in submodules]
        lines.append(" ".join([key, digest, str(files), *modules]) + "\n")
    write_cache(path, "".join(lines).encode())
