"""What the code is now, taken without a trace in the user's repository.

Source: docs/format.md, "run.begin".
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.git import settings
from git_gage.source import rules, status
from git_gage.source.asking import Question, ask_together
from git_gage.source.choice import Choice, Chosen, candidates_in_tree, expand_ignored
from git_gage.source.digest import LIST_FILES, Digest, digest_tree
from git_gage.source.folders import find_absent, find_empty_folders
from git_gage.source.model import Linked, Source
from git_gage.source.remote import find_remote
from git_gage.source.selection import Selection, Selector
from git_gage.source.snapshot import (
    UNBORN_DATE,
    Head,
    Snapshot,
    SnapshotIndex,
    index_info,
    top_environ,
)
from git_gage.source.status import Status, parse_status
from git_gage.source.superproject import find_superproject

if TYPE_CHECKING:
    from git_gage.git import Repository

_HIDDEN = ("ls-files", "-v", "-z")
_FOLDERS = ("ls-files", "--others", "--directory", "--exclude-standard", "-z")
# Lower case: assumed unchanged; S: skip-worktree, which is how a sparse checkout leaves files out.
_TAGGED = re.compile(rb"(?:\A|\0)([a-zS]) ([^\0]*)")
_COMMITTER = re.compile(rb"^committer .*> (\d+ [+-]\d{4})$", re.MULTILINE)
_NOT_LINKED = (rules.CACHE, rules.OWN, rules.ABSENT)


def capture_source(repo: Repository, quarantine: Path, choice: Choice | None = None) -> Source:
    """The exact working state: tracked changes, and untracked files that are not ignored.

    With a choice only what it takes is source: the rest is in the snapshot, but `absent`, and
    nothing is linked.

    Where it differs from HEAD the snapshot commit and its objects lie in `quarantine`/objects
    alone; the caller brings them into the repository. The index, work tree, stash and reflog are
    never written. Without a work tree there is no snapshot.

    Raises: GitError; IntegrityError when a tracked file is missing from the repository.
    """
    if repo.work_tree is None:
        return _describe_bare(repo)
    return _Capture(repo, repo.work_tree, quarantine, choice).capture()


def _describe_bare(repo: Repository) -> Source:
    commit = repo.run("rev-parse", "--quiet", "--verify", "HEAD", ok=(0, 1)).decode().strip()
    branch = os.fsdecode(repo.run("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))).strip()
    return Source(commit or None, branch or None, find_remote(repo.settings, branch or None))


class _Capture:
    def __init__(
        self, repo: Repository, top: Path, quarantine: Path, choice: Choice | None
    ) -> None:
        self._repo = repo
        self._top = top
        self._choice = choice
        self._env = top_environ(repo, top)
        self._index = SnapshotIndex(repo, top, quarantine)
        self._copied = False

    def capture(self) -> Source:
        said, hidden, head_text, config, others = self._ask_git()
        # Whatever else the run is told by settings need not ask again.
        self._repo.settings = settings.parse_settings(config, self._top)
        absent = self._reveal(hidden)
        if self._copied:
            said = self._repo.run(*status.QUESTION, env=self._index.env, cwd=self._top)
        found = parse_status(said)
        head = self._find_head(found, head_text)
        selection = self._select(found, absent)
        snapshot = self._take_snapshot(found, selection, head)
        for path in find_absent(absent, hidden):
            selection.left_out[path] = rules.ABSENT
        taken: frozenset[bytes] | None = None
        unused: tuple[str, ...] = ()
        if self._choice is not None:
            chosen, absent = self._choose(self._choice, snapshot, selection, absent)
            taken, unused = chosen.files, chosen.unused
        digest = digest_tree(
            self._repo, snapshot.tree, absent, self._read_environ(), snapshot.listing
        )
        linked = () if self._choice else tuple(self._link(found, selection, digest))
        return Source(
            commit=found.commit,
            branch=found.branch,
            remote=find_remote(self._repo.settings, found.branch),
            dirty=bool(selection.status),
            status=tuple(selection.status),
            snapshot=snapshot.commit,
            tree=snapshot.tree,
            digest=digest.digest,
            files=digest.files,
            insertions=snapshot.insertions,
            deletions=snapshot.deletions,
            submodules=digest.submodules,
            superproject=find_superproject(self._repo, self._top),
            left_out=tuple(sorted(selection.left_out.items())),
            linked=linked,
            folders=() if self._choice else tuple(find_empty_folders(self._top, others, linked)),
            absent=absent,
            index_info=index_info(found, selection, self._repo.null_oid),
            taken=taken,
            unused=unused,
        )

    # -- questions to git ----------------------------------------------------------------------

    def _ask_git(self) -> list[bytes]:
        questions = (
            Question(status.QUESTION),
            Question(_HIDDEN),
            Question(("cat-file", "--batch"), input=b"HEAD\n"),
            Question(settings.QUESTION),
            Question(_FOLDERS),
        )
        return ask_together(self._repo, questions, self._env, self._top)

    def _find_head(self, found: Status, text: bytes) -> Head | None:
        if found.commit is None:
            return None
        if not text.startswith(found.commit.encode()):
            # HEAD moved between two questions: the status is what counts.
            asked = found.commit.encode() + b"\n"
            text = self._repo.run("cat-file", "--batch", input=asked, env=self._env, cwd=self._top)
        content = text.partition(b"\n")[2]
        date = _COMMITTER.search(content.partition(b"\n\n")[0])
        tree = content.partition(b"\n")[0].removeprefix(b"tree ").decode()
        return Head(found.commit, tree, date[1].decode() if date else UNBORN_DATE)

    # -- files that git was told not to look at ------------------------------------------------

    def _reveal(self, hidden: bytes) -> tuple[bytes, ...]:
        """Make git look at hidden files that are there; the others are tracked, but absent."""
        tagged = [(tag, path) for tag, path in _TAGGED.findall(hidden)]
        skipped = [path for tag, path in tagged if tag in b"Ss"]
        absent = tuple(path for path in skipped if not self._exists(path))
        assumed = [path for tag, path in tagged if tag != b"S"]
        present = sorted(set(skipped).difference(absent))
        if assumed or present:
            self._copy_index()
            self._index.reveal(assumed, present)
        return absent

    def _exists(self, path: bytes) -> bool:
        return os.path.lexists(os.path.join(os.fsencode(self._top), path))

    # -- what an operation takes ----------------------------------------------------------------

    def _select(self, found: Status, absent: tuple[bytes, ...]) -> Selection:
        selector = Selector(self._top, found, frozenset(absent))
        selection = selector.select()
        if self._choice is not None:
            for path in expand_ignored(self._top, found.ignored, self._choice):
                selector.add_ignored(path)
        return selection

    def _choose(
        self, choice: Choice, snapshot: Snapshot, selection: Selection, absent: tuple[bytes, ...]
    ) -> tuple[Chosen, tuple[bytes, ...]]:
        """What is there for the run, and what is not."""
        listing = snapshot.listing
        if listing is None:
            listing = self._repo.run(*LIST_FILES, snapshot.tree, env=self._read_environ())
        paths = {line.partition(b"\t")[2] for line in listing.split(b"\0")[:-1]}
        chosen = choice.divide(candidates_in_tree(self._top, paths.difference(absent)))
        selection.left_out.update(chosen.left_out)
        chosen = chosen._replace(files=chosen.files.intersection(paths))
        return chosen, tuple(sorted(paths.difference(chosen.files).union(absent)))

    # -- the snapshot --------------------------------------------------------------------------

    def _take_snapshot(self, found: Status, selection: Selection, head: Head | None) -> Snapshot:
        """The working state as a commit; where nothing differs that is HEAD."""
        if head is not None and not found.changes and not selection.added:
            return Snapshot(head.commit, head.tree)
        self._copy_index()
        self._index.apply(selection)
        tree = self._index.write_tree()
        if head is not None and tree == head.tree:
            return Snapshot(head.commit, head.tree)
        return self._index.write_commit(tree, head)

    def _copy_index(self) -> None:
        if not self._copied:
            self._index.copy()
            self._copied = True

    def _read_environ(self) -> dict[str, str]:
        return self._index.env if self._copied else self._env

    # -- what is not in the snapshot -----------------------------------------------------------

    def _link(self, found: Status, selection: Selection, digest: Digest) -> Iterator[Linked]:
        """What the program would miss without a link; nothing inside of a linked folder."""
        wanted = [path for path in found.ignored if self._is_wanted(path)]
        wanted += [path for path, reason in selection.left_out.items() if reason not in _NOT_LINKED]
        wanted += [path + b"/" for path, _ in digest.submodules if self._is_filled(path)]
        folder = None
        for path in sorted(set(wanted)):
            if folder is None or not path.startswith(folder):
                yield self._describe_linked(path)
                folder = path if path.endswith(b"/") else folder

    def _is_wanted(self, path: bytes) -> bool:
        return rules.find_disposable(path) is None and not self._is_marked(os.path.dirname(path))

    def _is_marked(self, folder: bytes) -> bool:
        """Whether a folder, or one above it, says that it is no part of any run."""
        while folder:
            if os.path.exists(os.path.join(os.fsencode(self._top), folder, rules.NO_COPY)):
                return True
            folder = os.path.dirname(folder)
        return False

    def _is_filled(self, folder: bytes) -> bool:
        try:
            return bool(os.listdir(os.path.join(os.fsencode(self._top), folder)))
        except OSError:
            return False  # not checked out, or something else stands in its place

    def _describe_linked(self, path: bytes) -> Linked:
        if rules.is_secret(path):
            return Linked(path)
        try:
            found = os.stat(os.path.join(os.fsencode(self._top), path))
        except OSError:
            return Linked(path)  # a link that leads nowhere is linked as it is
        if not stat.S_ISREG(found.st_mode):
            return Linked(path)
        return Linked(path, found.st_size, found.st_mtime_ns)
