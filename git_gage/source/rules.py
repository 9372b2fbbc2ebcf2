"""What belongs to the source of a run, told by name and size alone.

Source: docs/format.md, "run.begin".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_TOTAL_BYTES = 50 * 1024 * 1024

# Reasons that the record gives for what it leaves out.
SECRET = "secret"
SIZE = "size"
REPOSITORY = "nested repository"
UNREADABLE = "unreadable"
SPECIAL = "special file"
INSTALLED = "installed packages"
CACHE = "cache"
OWN = "git-gage's own"
ABSENT = "not checked out"
# Nobody misses these in a record, so nobody is told each time.
EXPECTED = frozenset({CACHE, OWN, ABSENT})

_SECRET = re.compile(
    rb"""
      \.env(rc|[._-].*)? | \.netrc | _netrc | \.pypirc | \.npmrc | \.pgpass | \.my\.cnf | \.htpasswd
    | \.git-credentials | \.dockercfg | \.vault-token
    | \.s3cfg | \.boto | \.databrickscfg | \.renviron
    | id_(rsa|dsa|ecdsa|ed25519).* | id_[^.]*
    | .*\.(pem|key|p8|p12|pfx|ppk|jks|keystore|kdbx)
    | kaggle\.json | credentials(\.json)? | client_secret.*\.json | service[-_]account.*\.json
    | secrets?\.(json|toml|ya?ml)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_NO_SECRET = re.compile(
    rb".*\.(pub|example|sample|template|dist)|\.env[-_](example|sample|template)",
    re.IGNORECASE | re.DOTALL,
)
# A folder with such a file in it is no part of any run.
NO_COPY = b".nocopy"
_CACHES = frozenset((b"__pycache__", b".pytest_cache", b".mypy_cache", b".ruff_cache"))


class Place(NamedTuple):
    """A folder (ending in a slash) or file that is left out as a whole, and why."""

    path: bytes
    reason: str


def is_secret(path: bytes) -> bool:
    """Whether a file with this name may hold a key or password."""
    name = path.rstrip(b"/").rpartition(b"/")[2]
    return bool(_SECRET.fullmatch(name)) and not _NO_SECRET.fullmatch(name)


def find_disposable(path: bytes) -> Place | None:
    """The cache, or the folder of our own, that a path lies in."""
    parts = path.split(b"/")
    # A gagefile may lie in our folder, and is the user's all the same.
    if parts[0] == b".gage" and not (len(parts) == 2 and parts[1].startswith(b"gage.")):
        return Place(_folder(parts, 0), OWN)
    for depth, part in enumerate(parts):
        if is_cache_name(part):
            return Place(_folder(parts, depth), CACHE)
    return None


def is_cache_name(name: bytes) -> bool:
    """Whether a file or folder of this name can always be made again."""
    return name in _CACHES or name.endswith(b".pyc")


def find_installed(paths: Iterable[bytes]) -> tuple[bytes, ...]:
    """Folders among untracked paths that hold installed packages, not source; ending in a slash."""
    found = set()
    for path in paths:
        if path.endswith(b"/pyvenv.cfg"):
            found.add(path.removesuffix(b"pyvenv.cfg"))
        head, slash, _ = path.partition(b"node_modules/")
        if slash and (not head or head.endswith(b"/")):
            found.add(head + slash)
    return tuple(sorted(found))


def _folder(parts: list[bytes], depth: int) -> bytes:
    path = b"/".join(parts[: depth + 1])
    return path if depth == len(parts) - 1 else path + b"/"
