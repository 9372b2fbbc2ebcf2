"""Large files on the LFS server of a git remote, carried by the git-lfs program.

It knows the server, its credentials and its proxies. What it wants besides is names of files, so it
gets a commit of pointers to objects, in a folder of its own, that nobody else ever sees.

Source: git-lfs 3.3: git-lfs-push(1), git-lfs-fetch(1), git-lfs-config(5), docs/spec.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from git_gage.errors import IntegrityError, RemoteError, RequestError
from git_gage.files.backends.programs import Said, Tail, run_program
from git_gage.files.doubts import Doubts
from git_gage.files.meter import Meter
from git_gage.files.sidecar import Sidecar, damaged_object
from git_gage.files.streams import (
    accept_all,
    check_here,
    find_changed,
    gathering_place,
    in_parallel,
)
from git_gage.git.repository import git_command, git_environ
from git_gage.system import remove_tree

if TYPE_CHECKING:
    from git_gage.files.notes import Stamp
    from git_gage.git import Repository

# Behind the last line stands an empty one: these are no blobs that the remote may have of its own.
_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n\n"
_MISSING = re.compile(r"^ *\(missing\) ([0-9a-f]{64}) ", re.MULTILINE)
_NOT_THERE = re.compile(r"^\[([0-9a-f]{64})\] .*\[(?:404|410)\]", re.MULTILINE)
_DAMAGED = re.compile(r"\bexpected OID ([0-9a-f]{64}), got \w+ after (\d+) bytes")
_MOVED = re.compile(r"(?:up|down)load \d+/\d+ (\d+)/-?\d+ (?:.*/)?([0-9a-f]{64})")
_WORDS_AT_ONCE = 200
_NOISE = (
    *("Uploading LFS objects", "Downloading LFS objects", "fetch: Fetching", "Git LFS upload"),
    # That log goes with its folder, and the command finds none.
    *("Errors logged to", "Use `git lfs logs last`"),
)
_GET = "get files from"
_REFUSED = re.compile(r"\b(?:507|403|413|429)\b|quota|storage limit|rate limit", re.IGNORECASE)
# A server with words of its own, or none, is known by its status alone.
_NOTED = re.compile(r" git-lfs: HTTP: (?:403|413|507)\b")
_NOBODY = {
    f"GIT_{role}_{name}": value
    for role in ("AUTHOR", "COMMITTER")
    for name, value in (("NAME", "x"), ("EMAIL", "x"), ("DATE", "@0 +0000"))
}


class LfsBackend:
    """The LFS server of a remote, by the remote's name or URL."""

    def __init__(self, repo: Repository, address: str, shown: str) -> None:
        self.shown = shown
        self._repo = repo
        self._address = address
        self._spoilt: set[str] = set()

    @cached_property
    def _doubts(self) -> Doubts:
        url = self._repo.run("ls-remote", "--get-url", "--", self._address).strip()
        return Doubts(self._repo.gage_dir / "doubts" / hashlib.sha256(url).hexdigest()[:12])

    def held(self, wanted: Mapping[str, int]) -> set[str]:
        # A push that has none of the objects: the server says which of them it wants. It can want
        # one that nobody ever had; if that is not told, nothing else that was told counts.
        stranger = os.urandom(32).hex()
        config = {"allowincompletepush": "true", "locksverify": "false"}
        with self._pointers({**wanted, stranger: 1}) as (folder, commit):
            said = self._run(folder, config, "push", self._address, commit)
        missing = set(_MISSING.findall(f"{said.out}\n{said.err}"))
        if said.returncode or stranger not in missing:
            self._fail("ask", said)
        there = set(wanted) - missing
        doubted = self._doubts.find(there)
        return {name for name in there if name not in doubted or self._is_right(name, wanted[name])}

    def require_ready(self, size: int) -> None:
        pass  # the server has been asked what it holds

    def send(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> None:
        stamps: dict[str, Stamp] = {}

        def check(sha256: str) -> None:
            stamps[sha256] = check_here(sidecar, sha256, wanted[sha256], meter)

        in_parallel(wanted, check, meter)
        sound = [sha256 for sha256 in wanted if sha256 not in self._spoilt]
        noted = self._doubts.note(sidecar, {sha256: stamps[sha256] for sha256 in sound})
        changed: list[str] = []
        try:
            self._push(sound, sidecar, meter)
        finally:
            changed = find_changed(sidecar, {sha256: stamps[sha256] for sha256 in sound})
            self._doubts.settle(noted, changed)
        if changed:
            raise self._changed_meanwhile(changed)
        if len(sound) < len(wanted):
            raise self._something_else(sorted(self._spoilt & wanted.keys()))

    def _push(self, names: Sequence[str], sidecar: Sidecar, meter: Meter) -> None:
        config = {"storage": str(sidecar.root)}
        with tempfile.TemporaryDirectory(prefix="git-gage-") as folder:
            for first in range(0, len(names), _WORDS_AT_ONCE):
                chunk = names[first : first + _WORDS_AT_ONCE]
                words = ("push", "--object-id", self._address, *chunk)
                said = self._run(Path(folder), config, *words, meter=meter)
                if said.returncode:
                    self._fail("send files to", said)

    def _is_right(self, sha256: str, size: int) -> bool:
        """Whether the server gives what an object is; it is read, and not kept."""
        place = gathering_place(Sidecar(self._repo.gage_dir / "lfs"))
        with tempfile.TemporaryDirectory(prefix="read-", dir=place) as folder:
            try:
                missing = self.bring(
                    {sha256: size}, Sidecar(Path(folder)), Meter(size, lambda _: None)
                )
            except IntegrityError:
                self._spoilt.add(sha256)
                return False
        if not missing:
            self._doubts.clear(sha256)
        return not missing

    def bring(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> set[str]:
        # What has arrived in part stays there, and the next attempt goes on with it.
        storage = gathering_place(sidecar) / "lfs"
        config = {"storage": str(storage), "fetchinclude": "", "fetchexclude": ""}
        with self._pointers(wanted) as (folder, commit):
            said = self._run(folder, config, "fetch", self._address, commit, meter=meter)
        objects = storage / "objects"
        missing = set(wanted) - accept_all(
            sidecar, wanted, lambda sha256: objects / sha256[:2] / sha256[2:4] / sha256
        )
        told = f"{said.out}\n{said.err}"
        for sha256, size in _DAMAGED.findall(told):
            if int(size) == wanted.get(sha256):  # else the line was cut
                raise damaged_object(sha256)
        if missing - set(_NOT_THERE.findall(told)):
            self._fail(_GET, said)
        remove_tree(storage, surely=False)
        return missing

    def remove(self, names: Iterable[str]) -> None:  # noqa: ARG002 - the Protocol's
        raise RequestError(
            "an LFS server takes nothing back",
            hint="whoever runs it can delete them there",
        )

    @contextmanager
    def _pointers(self, wanted: Mapping[str, int]) -> Iterator[tuple[Path, str]]:
        """A commit with a pointer to each object, and the folder whose objects/ it lies in."""
        with tempfile.TemporaryDirectory(prefix="git-gage-") as name:
            folder = Path(name)
            (folder / "objects").mkdir()
            for sha256, size in wanted.items():
                (folder / sha256).write_text(_POINTER.format(sha256, size), newline="\n")
            paths = "".join(f"{folder / sha256}\n" for sha256 in wanted)
            words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
            blobs = self._git(folder, *words, input=os.fsencode(paths)).split()
            rows = zip(blobs, wanted, strict=True)
            tree = "".join(f"100644 blob {blob}\t{sha256}\n" for blob, sha256 in rows)
            oid = self._git(folder, "mktree", input=tree.encode())
            yield folder, self._git(folder, "commit-tree", "-m", "pointers", oid.strip()).strip()

    def _git(self, folder: Path, *words: str, input: bytes | None = None) -> str:
        return self._repo.run(*words, input=input, env=_NOBODY | self._objects(folder)).decode()

    def _objects(self, folder: Path) -> dict[str, str]:
        before = self._repo.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES")
        others = filter(None, (str(self._repo.objects_dir), before))
        return {
            "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(others),
        }

    def _run(
        self, folder: Path, config: Mapping[str, str], *words: str, meter: Meter | None = None
    ) -> Said:
        told = Tail(folder / "progress")

        def watch() -> None:
            for match in filter(None, map(_MOVED.match, told.lines() if meter else ())):
                assert meter is not None
                meter.at(match[2], int(match[1]))

        config = {"storage": str(folder / "empty"), **config}
        settings = [
            word for name, value in config.items() for word in ("-c", f"lfs.{name}={value}")
        ]
        env = {"GIT_LFS_PROGRESS": str(folder / "progress")}
        trace = folder / "trace"
        # What a fetch notes can be all that comes.
        if "push" in words and "GIT_TRACE" not in self._repo.environ:
            env["GIT_TRACE"] = str(trace)
        if (folder / "objects").is_dir():
            env |= self._objects(folder)
        command = git_command(*settings, "lfs", *words)
        environ = git_environ(self._repo.environ, env)
        said = run_program(command, cwd=self._repo.cwd, env=environ, watch=watch)
        noted = trace.read_text(errors="replace") if trace.exists() else ""
        return said._replace(noted=noted)

    def _changed_meanwhile(self, names: Sequence[str]) -> IntegrityError:
        listed = "".join(f"\n  {sha256[:12]}" for sha256 in names)
        return IntegrityError(
            f"send files to '{self.shown}': some were changed meanwhile, and it may hold something "
            f"else under their names:{listed}",
            hint="they do not count as held there until what it has was read and is right; see "
            "what is damaged here with 'git gage files verify'",
        )

    def _something_else(self, names: Sequence[str]) -> IntegrityError:
        # Whoever has an object is not sent it again.
        listed = "".join(f"\n  {sha256[:12]}, {sha256}" for sha256 in names)
        return IntegrityError(
            f"send files to '{self.shown}': it holds something else under their names:{listed}",
            hint="whoever runs it can delete these there, by their sha256; then push again, or let "
            "files go elsewhere: git gage config set gage.repo.<name>.files <path>",
        )

    def _fail(self, attempt: str, said: Said) -> NoReturn:
        lines = [line for line in said.lines if not line.startswith(_NOISE)] or ["no clear answer"]
        if any("'lfs' is not a git command" in line for line in lines):
            raise RemoteError(
                f"{attempt} '{self.shown}': the program git-lfs is not installed",
                hint="install it (https://git-lfs.com), or let files go elsewhere: "
                "git gage config set gage.repo.<name>.files <path>",
            )
        for at, line in enumerate(lines):
            if line.startswith("panic:"):  # what follows is of its programmers' concern
                lines = [*lines[:at], f"git-lfs broke off ({line})"]
                break
        hint = "nothing was lost, and what has arrived is kept: try again once that is settled"
        is_full = any(map(_REFUSED.search, lines)) or _NOTED.search(said.noted)
        if is_full and attempt != _GET:  # who reads needs no room there
            hint = "nothing was lost: what is on the server stays there, all else is here; "
            hint += "make room there, or set gage.repo.<name>.files to another place"
        message = "\n".join([f"{attempt} '{self.shown}': {lines[0]}", *lines[1:5]])
        raise RemoteError(message, hint=hint, stderr=said.err, returncode=said.returncode)
