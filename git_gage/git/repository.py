"""A repository as the git program sees it, and the program itself."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from git_gage.errors import FREE_SPACE, GitError, RequestError
from git_gage.git.refs import OddRefsError, read_refs

if TYPE_CHECKING:
    from git_gage.git.settings import Settings

# core.fsync, safe.directory and cat-file --batch-command (2.36) are what we cannot do without.
MINIMUM_GIT = (2, 36)
# Programs that a repository's config or folder names for git's own work: none of ours needs them.
# What reads the tree (filters), signs, or reaches a remote stays as the user has set it.
UNHOOKED = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")

# What the environment says of a repository: of another one it would not be so.
_OF_REPOSITORY = (
    *("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
)

# With so little no ref can be written.
_LEAST_FREE = 64 << 10
# These leave all refs as they are.
_LOOKS = frozenset(
    (
        *("cat-file", "config", "diff-files", "diff-index", "diff-tree", "for-each-ref", "log"),
        *("ls-files", "ls-remote", "ls-tree", "rev-list", "rev-parse", "var", "version"),
        *("hash-object", "index-pack", "pack-objects", "unpack-objects"),
    )
)

# By the path of the program.
_versions: dict[str, tuple[int, ...]] = {}

_LOCKED = "another git is at work there, or was killed: try again in a minute"

_QUESTIONS = (
    "--path-format=absolute",
    "--git-dir",
    "--git-common-dir",
    "--show-object-format",
    "--is-bare-repository",
    "--show-prefix",
    "--show-toplevel",
)


class Found:
    """An object by the name it was asked for; content is None where it was not to be loaded."""

    # No NamedTuple, which every short command would have to make.
    __slots__ = ("content", "kind", "name", "size")

    def __init__(self, name: str, kind: str, size: int, content: bytes | None) -> None:
        self.name = name
        self.kind = kind
        self.size = size
        self.content = content


class _Reader:
    """A `git cat-file --batch-command`, which answers one question after the other."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        # Not in the middle of an answer.
        self.is_idle = True

    def read(self, name: str, kind: str, most: int) -> Found | None:
        """An object, with its content if it is of this kind and has at most `most` bytes.

        Raises: GitError where git stops at it.
        """
        self.is_idle = False
        head = self._ask("info", name)
        found = None
        if len(head) == 3:
            size = int(head[2])
            content = None
            if head[1] == kind and size <= most:
                self._ask("contents", name)
                content = _read_content(self._stdout, name, size)
            found = Found(name, head[1], size, content)
        self.is_idle = True
        return found

    def _ask(self, order: str, name: str) -> list[str]:
        """The head of the answer, in words."""
        try:
            self._stdin.write(f"{order} {name}\n".encode())
            self._stdin.flush()
            head = self._stdout.readline().decode().split()
        except BrokenPipeError:
            head = []
        if not head:
            raise _ended_early(name)
        return head

    def close(self) -> None:
        # What is left in the buffer of a git that died has nowhere to go.
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()
        self._process.wait()


class Repository:
    """Where a repository lies and how to ask git about it.

    `work_tree` is None in a bare repository and inside a git directory; `prefix` is the current
    directory relative to it, "" or ending in a slash. `stands_for` is the folder that is to be made
    one, where this one lies somewhere else meanwhile.
    """

    stands_for: Path | None = None

    def __init__(
        self,
        *,
        cwd: Path,
        git_dir: Path,
        common_dir: Path,
        work_tree: Path | None,
        prefix: str,
        object_format: str,
        bare: bool,
        environ: Mapping[str, str],
    ) -> None:
        self.cwd = cwd
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.work_tree = work_tree
        self.prefix = prefix
        self.object_format = object_format
        self.bare = bare
        self.environ = environ
        self.gage_dir = common_dir / "gage"
        self.objects_dir = common_dir / "objects"
        self._spare: list[_Reader] | None = None
        self._watched: tuple[str, ...] = ()
        self._refs: dict[str, str] | None = None

    @property
    def null_oid(self) -> str:
        return "0" * (40 if self.object_format == "sha1" else 64)

    @cached_property
    def settings(self) -> Settings:
        """git's config as it counts here, read once."""
        from git_gage.git.settings import read_settings

        return read_settings(self.cwd, self.environ, self.config_base)

    @property
    def config_base(self) -> Path:
        """Where relative names of git's config files begin."""
        return self.work_tree or self.git_dir

    def run(
        self,
        *args: str,
        input: bytes | Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        ok: tuple[int, ...] = (0,),
    ) -> bytes:
        """Standard output of `git <args>`; `input` is what it reads, as bytes or from a file.

        Raises: GitError with git's own text when the exit code is not in `ok`.
        """
        if isinstance(input, Path):
            with input.open("rb") as file:
                return self._run(args, {"stdin": file}, env, cwd, ok)
        given = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
        return self._run(args, given, env, cwd, ok)

    def _run(
        self,
        args: tuple[str, ...],
        given: Mapping[str, Any],
        env: Mapping[str, str] | None,
        cwd: Path | None,
        ok: tuple[int, ...],
    ) -> bytes:
        done = subprocess.run(
            git_command(*args),
            **given,
            capture_output=True,
            cwd=cwd or self.cwd,
            env=git_environ(self.environ, env),
            check=False,
        )
        if _without_settings(args)[0] not in _LOOKS:
            self.forget_refs()
        if done.returncode not in ok:
            raise git_error(args, done.returncode, done.stderr)
        return bytes(done.stdout)

    def hand_over(self, *args: str, env: Mapping[str, str] | None = None) -> int:
        """Let `git <args>` have our own standard streams, and the user's locale; its exit code."""
        return subprocess.run(
            git_command(*args), cwd=self.cwd, env={**self.environ, **(env or {})}, check=False
        ).returncode

    def read_objects(
        self, oids: Iterable[str], env: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str | None, bytes]]:
        """(oid, type, content) of each object in the order asked for; type None where missing."""
        asked = list(oids)
        if not asked:
            return
        process = self._cat_file("--batch", env)
        assert process.stdin is not None and process.stdout is not None
        try:
            # One question at a time: a full pipe in both directions would stop both sides.
            for oid in asked:
                process.stdin.write(oid.encode() + b"\n")
                process.stdin.flush()
                head = process.stdout.readline().split()
                if len(head) != 3:
                    if not head:  # pragma: no cover - git died in the middle of an answer
                        raise _ended_early(oid)
                    yield oid, None, b""
                    continue
                content = _read_content(process.stdout, oid, int(head[2]))
                yield oid, head[1].decode(), content
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def read_within(
        self, names: Iterable[str], kind: str, most: int, env: Mapping[str, str] | None = None
    ) -> Iterator[Found]:
        """Objects that are here, in the order asked for, those of a kind and size with content.

        A blob or tree of others may be anything: its header is read first, and nothing larger than
        `most` bytes is loaded, by git or by us.
        """
        asked = list(names)
        if not asked:
            return
        with self._reader(env) as reader:
            for name in asked:
                if found := reader.read(name, kind, most):
                    yield found

    def read_readable(
        self, names: Iterable[str], kind: str, most: int, env: Mapping[str, str] | None = None
    ) -> Iterator[Found]:
        """The same without those that are damaged: one that git stops at does not hide others."""
        left = dict.fromkeys(names)
        try:
            for found in self.read_within(left, kind, most, env):
                del left[found.name]
                yield found
        except GitError:
            for name in left if len(left) > 1 else ():
                yield from self.read_readable([name], kind, most, env)

    @contextmanager
    def reading(self, *spaces: str) -> Iterator[None]:
        """`read_within` asks one git meanwhile, where each call starts one of its own otherwise.

        Refs below `spaces` are listed once, until a git of ours may have written some, or
        `forget_refs` is called. Not for as long as a run goes on: that git keeps packs open which
        a gc has removed.
        """
        if self._spare is not None:
            yield
            return
        self._spare, self._watched = [], spaces
        try:
            yield
        finally:
            spare, self._spare, self._watched = self._spare, None, ()
            self.forget_refs()
            for reader in spare:
                reader.close()

    def forget_refs(self) -> None:
        """Ask again for refs that others may have written meanwhile."""
        self._refs = None

    @contextmanager
    def _reader(self, env: Mapping[str, str] | None) -> Iterator[_Reader]:
        spare = self._spare if env is None else None
        reader = spare.pop() if spare else _Reader(self._cat_file("--batch-command", env))
        try:
            yield reader
        finally:
            if env is None and self._spare is not None and reader.is_idle:
                self._spare.append(reader)
            else:
                reader.close()

    @property
    def is_shallow(self) -> bool:
        """Whether its history was cut off when it was cloned."""
        return (self.common_dir / "shallow").exists()

    def list_work_trees(self) -> list[Path]:
        """Folders of all work trees, also of those that are not there any more.

        Source: git-worktree(1), "Porcelain Format".
        """
        lines = self.run("worktree", "list", "--porcelain", "-z").split(b"\0")
        start = b"worktree "
        return [
            Path(os.fsdecode(line.removeprefix(start))) for line in lines if line.startswith(start)
        ]

    def object_sizes(
        self, oids: Iterable[str], env: Mapping[str, str] | None = None
    ) -> dict[str, tuple[str, int] | None]:
        """Type and size in bytes of each object, None where it is not here."""
        asked = list(oids)
        if not asked:
            return {}
        questions = "\n".join(asked).encode() + b"\n"
        out = self.run("cat-file", "--batch-check", input=questions, env=env)
        sizes: dict[str, tuple[str, int] | None] = {}
        for oid, line in zip(asked, out.decode().splitlines(), strict=True):
            head = line.split()
            sizes[oid] = (head[1], int(head[2])) if len(head) == 3 else None
        return sizes

    def list_refs(self, *prefixes: str) -> dict[str, str]:
        """Refs below the prefixes with the objects they name."""
        folders = tuple(f"{each.removesuffix('/')}/" for each in prefixes)
        watched = tuple(f"{each}/" for each in self._watched)
        is_plain = all(each.startswith(watched) and "*" not in each for each in folders)
        if not (folders and is_plain):
            return self._find_refs(prefixes)
        if self._refs is None:
            self._refs = self._find_refs(self._watched)
        return {
            name: oid
            for name, oid in self._refs.items()
            if name.startswith(folders) or name in prefixes
        }

    def _find_refs(self, prefixes: Sequence[str]) -> dict[str, str]:
        if prefixes and not any("*" in each for each in prefixes):
            folders = [f"{each.removesuffix('/')}/" for each in prefixes]
            with suppress(OddRefsError, OSError):  # git says what is wrong
                return read_refs(self.common_dir, folders, len(self.null_oid))
        out = self.run("for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
        return {name: oid for oid, name in (line.split(" ") for line in out.decode().splitlines())}

    def empty_tree(self) -> str:
        """What git calls the tree with nothing in it."""
        return self._name(b"tree", b"")

    def blob_oid(self, content: bytes) -> str:
        """What git would call a blob with this content."""
        return self._name(b"blob", content)

    def _name(self, kind: bytes, content: bytes) -> str:
        import hashlib

        digest = hashlib.new(self.object_format, usedforsecurity=False)
        digest.update(b"%s %d\0" % (kind, len(content)))
        digest.update(content)
        return digest.hexdigest()

    def _cat_file(self, mode: str, env: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            git_command("cat-file", mode),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what is damaged is told by whoever asked
            cwd=self.cwd,
            env=git_environ(self.environ, env),
        )


def open_repository(cwd: Path, environ: Mapping[str, str]) -> Repository:
    """The repository that `cwd` (or `GIT_DIR`) is in.

    Raises: RequestError where there is none, where it is somebody else's, or git is too old.
    """
    found = find_repository(cwd, environ)
    if "GIT_DIR" not in environ:
        _refuse_nested(found.git_dir, cwd)
    return found


def find_repository(
    cwd: Path, environ: Mapping[str, str], *, options: tuple[str, ...] = ()
) -> Repository:
    """The same, also one that lies in the work tree of another; `options` go to git.

    Raises: as `open_repository`.
    """
    done = _ask_git(cwd, environ, _QUESTIONS, options)
    lines = os.fsdecode(done.stdout).split("\n")[:-1]
    if len(lines) < len(_QUESTIONS) - 2 or lines[0].startswith("--"):
        _require_git_version(cwd, environ)
        raise _no_repository(done.stderr.decode(errors="replace"))
    if len(lines) >= len(_QUESTIONS) or lines[3] not in ("true", "false"):
        lines = _ask_one_by_one(cwd, environ, options)
    git_dir, common_dir, object_format, bare = lines[:4]
    inside = done.returncode == 0 and len(lines) >= 6
    return Repository(
        cwd=cwd,
        git_dir=Path(git_dir),
        common_dir=Path(common_dir),
        work_tree=Path(lines[5]) if inside else None,
        prefix=lines[4] if inside else "",
        object_format=object_format,
        bare=bare == "true",
        environ=environ,
    )


def git_command(*args: str) -> list[str]:
    """The words of a git call of ours, which starts nothing that the repository names."""
    return ["git", *UNHOOKED, *args]


def _read_content(stdout: IO[bytes], name: str, size: int) -> bytes:
    content = stdout.read(size)
    # git may tell the size of an object before it finds that it cannot read it.
    if len(content) != size or not stdout.read(1):
        raise _ended_early(name)
    return content


def _ended_early(name: str) -> GitError:
    return GitError(f"read object '{name}': git cat-file ended early", hint="see 'git fsck'")


def open_bare(
    repo: Repository, folder: Path, *, cwd: Path, env: Mapping[str, str] | None = None
) -> Repository:
    """A bare repository in a folder that is there, made if need be, of the format of another one.

    It has the environment of that one, but for what says which repository it is, and `env`.
    """
    environ = {name: value for name, value in repo.environ.items() if name not in _OF_REPOSITORY}
    bare = Repository(
        cwd=cwd,
        git_dir=folder,
        common_dir=folder,
        work_tree=None,
        prefix="",
        object_format=repo.object_format,
        bare=True,
        environ={**environ, "GIT_DIR": str(folder), **(env or {})},
    )
    if not (folder / "HEAD").exists():
        kind = f"--object-format={repo.object_format}"
        bare.run("init", "-q", "--bare", "--template=", kind)
    return bare


def git_environ(environ: Mapping[str, str], extra: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of our own git calls: the user's, but nothing is locked for a mere look."""
    return {**environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(extra or {})}


def git_error(args: Iterable[str], returncode: int, stderr: bytes) -> GitError:
    """git's own words, without its 'fatal: ', as our error."""
    text = stderr.decode(errors="replace").strip()
    first = text.splitlines()[0] if text else f"exit code {returncode}"
    command = " ".join(_without_settings(args)[:2])
    return GitError(
        f"git {command}: {first.removeprefix('fatal: ').removeprefix('error: ')}",
        stderr=text,
        returncode=returncode,
        hint=_find_hint(text),
    )


def _find_hint(text: str) -> str | None:
    from git_gage.git.locks import find_locks  # only where git has failed

    if locks := find_locks(text):
        # Those of all refs can be of any git, and stay; locks on refs of ours are taken away.
        more = f", and if none is at work by then: rm -f {shlex.join(locks)}" if locks[1:] else ""
        return f"{_LOCKED}{more}"
    return FREE_SPACE if "No space left on device" in text or _is_full(text) else None


def _is_full(text: str) -> bool:
    """Whether git could not write a ref as the disk is full: it does not say why."""
    import re
    import shutil

    found = re.search(r"ouldn't write '(.+)/", text)
    try:
        return found is not None and shutil.disk_usage(found[1]).free < _LEAST_FREE
    except OSError:
        return False


def _without_settings(args: Iterable[str]) -> list[str]:
    """A command without settings of ours, which say nothing of what is attempted."""
    words = list(args)
    while words[0] == "-c":
        del words[:2]
    return words


def git_version(cwd: Path, environ: Mapping[str, str]) -> tuple[int, ...]:
    """Version of the git program as numbers, the first three at most; each is asked once."""
    from git_gage.lookup import find_program  # who only reads does without it

    program = find_program("git", environ.get("PATH"))
    if program is None:
        raise _no_git()
    if program not in _versions:
        done = subprocess.run(
            ["git", "version"], capture_output=True, cwd=cwd, env=dict(environ), check=False
        )
        words = done.stdout.decode().split()
        numbers = words[2].split(".") if len(words) > 2 else []
        _versions[program] = tuple(int(number) for number in numbers[:3] if number.isdigit())
    return _versions[program]


def _ask_one_by_one(cwd: Path, environ: Mapping[str, str], options: tuple[str, ...]) -> list[str]:
    """The answers, where a path in them holds the end of a line."""
    style, *questions = _QUESTIONS
    answers = (_ask_git(cwd, environ, (style, question), options) for question in questions)
    return [os.fsdecode(each.stdout).removesuffix("\n") for each in answers if not each.returncode]


def _ask_git(
    cwd: Path, environ: Mapping[str, str], questions: Iterable[str], options: tuple[str, ...]
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            git_command(*options, "rev-parse", *questions),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=cwd,
            env=git_environ(environ, None),
            check=False,
        )
    except FileNotFoundError as error:
        raise _no_git() from error


def _refuse_nested(git_dir: Path, cwd: Path) -> None:
    """Refuse a git directory that may be content of another repository, with its settings.

    Files of a commit can be laid out so that their folder looks like a bare repository; git opens
    one that it is in (git-config(1), "safe.bareRepository").
    """
    if git_dir.name == ".git" or not Path(os.path.realpath(cwd)).is_relative_to(git_dir):
        return
    import shlex

    for folder in git_dir.parents:
        inner = folder / ".git"
        if os.path.exists(inner) and not git_dir.is_relative_to(inner):
            raise RequestError(
                f"the repository '{git_dir}' lies in the work tree of another one: not opened",
                hint=f"if you trust it: GIT_DIR={shlex.quote(str(git_dir))} git gage list",
            )


def _no_git() -> RequestError:
    return RequestError("no 'git' program on PATH", hint="install git, then run 'git version'")


def require_git_version(cwd: Path, environ: Mapping[str, str]) -> None:
    """Refuse to go on with a git that lacks what the store relies on."""
    _require_git_version(cwd, environ)


def _require_git_version(cwd: Path, environ: Mapping[str, str]) -> None:
    version = git_version(cwd, environ)
    if version < MINIMUM_GIT:
        found = ".".join(map(str, version)) or "unknown"
        needed = ".".join(map(str, MINIMUM_GIT))
        raise RequestError(
            f"git {found} is too old: git-gage needs {needed} or newer",
            hint="upgrade git, then run 'git gage doctor'",
        )


def _no_repository(stderr: str) -> RequestError:
    first, *rest = stderr.strip().splitlines() or ["not a git repository"]
    message = first.removeprefix("fatal: ")
    if "unknown repository extension" in message:
        named = ", ".join(line.strip() for line in rest)
        return RequestError(
            f"{message} {named}",
            hint="a newer git made this repository: upgrade git, then run 'git gage doctor'",
        )
    if "dubious ownership" in message:
        path = message.rpartition(" at ")[2].strip("'")
        return RequestError(
            message,
            hint=f"if you trust it: git config --global --add safe.directory {shlex.quote(path)}",
        )
    if "not a git repository" in message:
        return RequestError(message, hint="start one here with 'git init'")
    return RequestError(message)
