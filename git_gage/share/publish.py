"""An index of the runs that a remote has, on a branch of it: one README.md that others can read.

Source: docs/format.md, "Published runs".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import GitError, RemoteError, RequestError
from git_gage.git.author import read_author
from git_gage.git.quarantine import quarantine_environ
from git_gage.git.trees import FILE, parse_tree
from git_gage.share.bucket import require_git
from git_gage.share.peek import look_at
from git_gage.share.remote import find_remote
from git_gage.share.transfer import (
    Outcome,
    extend_ref,
    fetch_objects,
    list_remote,
    make_refusal,
)

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.git import Repository
    from git_gage.share.remote import Remote
    from git_gage.share.transfer import Observer
    from git_gage.store import Store

FILE_NAME = "README.md"
MARK = "<!-- git gage publish "
"""What a README begins with that is an index: its branch is ours to go on with."""
_MOST_BYTES = 16 << 20
_ATTEMPTS = 5
_NOBODY = {"name": "git-gage", "email": "git-gage@localhost"}


class _Index(NamedTuple):
    """The commit a branch is at, None where there is no such branch, and its README."""

    tip: str | None
    text: str


def require_own_branch(store: Store, asked: str, branch: str, observer: Observer) -> None:
    """Look at a branch of a remote before anything is sent.

    Raises: RequestError where the branch holds anything but an index, or has no name that git
    takes; RemoteError with git's own text.
    """
    with TemporaryDirectory(prefix="git-gage-") as folder:
        _read_index(store.repo, find_remote(store.repo, asked), branch, Path(folder), observer)


def write_index(
    store: Store,
    catalog: Catalog,
    asked: str,
    branch: str,
    write: Callable[[Catalog, str], str],
    observer: Observer,
) -> bool:
    """Put an index of all runs that a remote has on a branch of it; False if it is there already.

    `write` gets what knows these runs and the README that is there ("" for none), and gives the new
    one. The branch is only ever moved forward: where somebody else was faster, all is read again.

    Raises: as `require_own_branch`; RemoteError where the remote refuses the branch.
    """
    remote = find_remote(store.repo, asked)
    for _ in range(_ATTEMPTS):
        runs = look_at(store, catalog, asked, observer).catalog
        with TemporaryDirectory(prefix="git-gage-") as name:
            folder = Path(name)
            before = _read_index(store.repo, remote, branch, folder, observer)
            text = write(runs, before.text)
            if text == before.text:
                return False
            made = _commit(store, before.tip, text, folder)
            outcome = extend_ref(store.repo, remote, _ref(branch), made, folder, observer)
        if outcome.accepted:
            return True
        if not outcome.behind:
            break
    raise _failure(remote, branch, outcome)


def _ref(branch: str) -> str:
    return f"refs/heads/{branch}"


def _read_index(
    repo: Repository, remote: Remote, branch: str, folder: Path, observer: Observer
) -> _Index:
    """What is on the branch; its objects come into `folder`/objects."""
    require_git(remote, "publish")
    ref = _ref(branch)
    try:
        repo.run("check-ref-format", ref)
    except GitError as error:
        hint = "give another one: --branch runs"
        raise RequestError(f"no name for a branch: '{branch}'", hint=hint) from error
    (folder / "objects").mkdir()
    tip = list_remote(repo, remote, observer, ref).get(ref)
    if tip is None:
        return _Index(None, "")
    # A branch of others may be large: what is here of it is not sent.
    fetch_objects(repo, remote, [ref], folder, observer, known=None, strict=True)
    text = _read_readme(repo, tip, quarantine_environ(repo, folder))
    if text is None:
        raise RequestError(
            f"the branch '{branch}' of '{remote.shown}' is no index of runs: left as it is",
            hint="choose another one with '--branch <name>'",
        )
    return _Index(tip, text)


def _read_readme(repo: Repository, tip: str, env: dict[str, str]) -> str | None:
    """The index that is all there is in a commit; None where there is anything else."""
    tree = next(repo.read_within([f"{tip}^{{tree}}"], "tree", 1 << 10, env), None)
    if tree is None or tree.content is None:
        return None
    entries = parse_tree(tree.content, len(repo.null_oid) // 2)
    if [(entry.mode, entry.path) for entry in entries] != [(FILE, FILE_NAME.encode())]:
        return None
    blob = next(repo.read_within([entries[0].oid], "blob", _MOST_BYTES, env), None)
    content = (blob and blob.content) or b""
    return content.decode(errors="replace") if content.startswith(MARK.encode()) else None


def _commit(store: Store, parent: str | None, text: str, folder: Path) -> str:
    """A commit with this README and nothing else, in `folder`/objects; its id."""
    repo, env = store.repo, quarantine_environ(store.repo, folder)
    who = read_author(repo) or _NOBODY
    signature = f"{who['name']} <{who['email']}> {int(store.clock())} +0000"
    blob = repo.run("hash-object", "-w", "--stdin", input=text.encode(), env=env).decode().strip()
    entry = f"100644 blob {blob}\t{FILE_NAME}\n".encode()
    tree = repo.run("mktree", input=entry, env=env).decode().strip()
    parents = f"parent {parent}\n" if parent else ""
    head = f"tree {tree}\n{parents}author {signature}\ncommitter {signature}\n"
    content = f"{head}\nrun index\n".encode()
    made = repo.run("hash-object", "-t", "commit", "-w", "--stdin", input=content, env=env)
    return made.decode().strip()


def _failure(remote: Remote, branch: str, outcome: Outcome) -> RemoteError:
    error = make_refusal(remote, outcome)
    error.hint = (
        f"the runs are there, and the index is not: once '{remote.shown}' takes the branch "
        f"'{branch}', publish again, or choose another one with '--branch <name>'"
    )
    return error
