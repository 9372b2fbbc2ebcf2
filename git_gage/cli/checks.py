"""What `doctor` looks at: git, the environment git-gage lives in, the repository, its runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from git_gage import __version__
from git_gage.errors import FETCH, GageError, GitError, IntegrityError, describe_os_error
from git_gage.lookup import find_program

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.git import Repository
    from git_gage.store import Store

OK, WARNING, PROBLEM = "ok", "warning", "problem"
MAN_PAGE = "man1/git-gage.1"
# More than a file system keeps where it keeps the names of files.
_TRIED_BYTES = 1 << 15


class Check(NamedTuple):
    """One thing that was looked at; `hint` is what to do about a warning or problem."""

    name: str
    verdict: str
    text: str
    hint: str | None = None


def check_all(app: App) -> Iterator[Check]:
    """Every check, in an order in which the first that fails explains those after it."""
    yield _check_git(app)
    yield from _check_home(app.environ)
    try:
        repo = app.repo
    except GageError as error:
        yield Check("repository", WARNING, error.message, error.hint)
        return
    if app.folder is not None and app.folder.is_unmade:
        text = f"'{app.folder.path}' is empty: it is made when runs come in"
        yield Check("repository", OK, text)
        return
    yield from _check_repository(repo, "recorded" if app.folder is None else "brought")
    yield _check_author(app.here)
    yield from _check_remotes(app.here)
    yield from _check_runs(app)


# -- the machine -----------------------------------------------------------------------------


def _check_git(app: App) -> Check:
    from git_gage.git.repository import git_version, require_git_version

    try:
        require_git_version(app.cwd, app.environ)
    except GageError as error:
        return Check("git", PROBLEM, error.message, error.hint)
    return Check("git", OK, ".".join(map(str, git_version(app.cwd, app.environ))))


def _check_home(environ: Mapping[str, str]) -> Iterator[Check]:
    """Where git-gage itself is installed, and whether that is done well."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check("git-gage", OK, f"{__version__} in '{sys.prefix}', Python {python}")
    yield _check_path(environ)
    yield _check_bytecode()
    yield _check_man_page(environ)


def _check_path(environ: Mapping[str, str]) -> Check:
    found = find_program("git-gage", environ.get("PATH"))
    if found is None:
        where = Path(sys.executable).parent
        return Check("PATH", WARNING, "no 'git-gage' on it", f"add '{where}' to PATH")
    return Check("PATH", OK, f"'{found}'")


def _check_bytecode() -> Check:
    from importlib.util import cache_from_source

    if Path(cache_from_source(__file__)).exists():
        return Check("bytecode", OK, "compiled")
    return Check(
        "bytecode",
        WARNING,
        "not compiled: every command starts slowly",
        f"{sys.executable} -m compileall -q {Path(__file__).parents[1]}",
    )


def _check_man_page(environ: Mapping[str, str]) -> Check:
    page = next((place for place in _man_places(environ) if _has_page(place)), None)
    if page is not None:
        return Check("man page", OK, f"'{page / MAN_PAGE}'")
    return Check(
        "man page",
        WARNING,
        "not where 'man git-gage' looks; 'git gage -h' works",
        f"export MANPATH='{sys.prefix}/share/man:'",
    )


def _man_places(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where man looks: MANPATH, then beside each folder of PATH, then the usual places."""
    yield from map(Path, filter(None, environ.get("MANPATH", "").split(os.pathsep)))
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        yield Path(folder).parent / "share" / "man"
        yield Path(folder).parent / "man"
    yield from (Path("/usr/local/share/man"), Path("/usr/share/man"))


def _has_page(place: Path) -> bool:
    return any((place / f"{MAN_PAGE}{ending}").exists() for ending in ("", ".gz"))


# -- the repository --------------------------------------------------------------------------


def _check_repository(repo: Repository, done: str) -> Iterator[Check]:
    formats = f"{repo.object_format} objects, refs in {_ref_format(repo)}"
    kind = "bare, " if repo.bare else ""
    yield Check("repository", OK, f"'{repo.common_dir}' ({kind}{formats})")
    place = repo.gage_dir if repo.gage_dir.exists() else repo.common_dir
    if os.access(place, os.W_OK):
        yield _check_writing(place, done)
    else:
        yield Check(
            "writing",
            WARNING,
            f"no permission to write in '{repo.common_dir}': runs can be read only",
            f"ls -ld {quote(str(repo.common_dir))}",
        )


def _check_writing(folder: Path, done: str) -> Check:
    """Only who writes knows whether the disk has room, and takes it."""
    from tempfile import TemporaryFile

    try:
        with TemporaryFile(dir=folder) as file:
            file.write(bytes(_TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason, hint = describe_os_error(error)
        text = f"nothing can be written in '{folder}': {reason}"
        return Check("writing", PROBLEM, text, hint or f"df {quote(str(folder))}")
    return Check("writing", OK, f"runs can be {done} here")


def _ref_format(repo: Repository) -> str:
    out = repo.run("config", "--get", "extensions.refStorage", ok=(0, 1))
    return out.decode().strip() or "files"


def _check_author(repo: Repository) -> Check:
    from git_gage.git.author import read_author

    author = read_author(repo)
    if author is None:
        return Check(
            "author",
            WARNING,
            "git does not know who you are: runs are recorded without your name",
            "git config --global user.name '<name>'",
        )
    return Check("author", OK, f"{author['name']} <{author['email']}>")


def _check_remotes(repo: Repository) -> Iterator[Check]:
    """Settings with which git itself deletes runs, here or on the remote."""
    names = repo.run("remote").decode().split()
    dangers = [danger for name in names for danger in _dangers(repo, name)]
    yield from dangers
    if not dangers:
        yield Check("remotes", OK, ", ".join(names) or "none")


def _dangers(repo: Repository, remote: str) -> Iterator[Check]:
    def ask(key: str, *options: str) -> list[str]:
        out = repo.run("config", *options, "--get-all", f"remote.{remote}.{key}", ok=(0, 1))
        return out.decode().splitlines()

    if ask("mirror", "--type=bool")[-1:] == ["true"]:
        yield Check(
            f"remote {remote}",
            WARNING,
            "is a mirror: 'git push' deletes the runs there that are not here",
            f"git config --unset remote.{remote}.mirror",
        )
    for spec in ask("fetch"):
        if spec.partition(":")[2].startswith(("refs/*", "refs/gage/")):
            yield Check(
                f"remote {remote}",
                WARNING,
                f"fetches '{spec}': with --prune git deletes runs that were not pushed yet",
                f"git config --unset remote.{remote}.fetch '{_pattern(spec)}'",
            )
    if any("refs/gage/" in spec for spec in ask("push")):
        yield Check(
            f"remote {remote}",
            WARNING,
            "its push setting names refs/gage: a plain 'git push' leaves out your branches",
            f"git config --unset-all remote.{remote}.push refs/gage",
        )


def _pattern(spec: str) -> str:
    """A regular expression for `git config --unset` that matches this value."""
    return "".join(f"\\{char}" if char in "*+.[]^$" else char for char in spec)


# -- runs ------------------------------------------------------------------------------------


def _check_runs(app: App) -> Iterator[Check]:
    try:
        found = _read_records(app.store)
        yield _check_records(found)
        if not found.missing:  # the catalog may still know those that are to come again
            app.catalog.refresh()
            yield _check_catalog(app.catalog.count(), len(found.runs), app.store.dir)
    except (GitError, IntegrityError) as error:
        app.catalog.start_anew()  # so that a fetch knows of it, too
        yield Check("runs", PROBLEM, error.message, FETCH)
    except GageError as error:
        yield Check("runs", PROBLEM, error.message, error.hint)


class _Found(NamedTuple):
    runs: set[str]
    unreadable: int
    missing: int


def _read_records(store: Store) -> _Found:
    """Every record there is, read as if for the first time."""
    from git_gage.records import parse_record

    journals = [line for name in store.journals() for line in store.read_journal(name, 0)[0]]
    lists = store.list_blobs(set(store.read_tips().values())).values()
    blobs = {blob for listed in lists for blob in listed}
    runs: set[str] = set()
    unreadable = read = 0
    for lines in (journals, *(lines for _, lines in store.read_lines(blobs))):
        read += 1
        for line in lines:
            try:
                record = parse_record(line)
            except IntegrityError:
                unreadable += 1
            else:
                runs |= {record.run} if record.kind == "run.begin" else set()
    return _Found(runs, unreadable, len(blobs) + 1 - read)


def _check_records(found: _Found) -> Check:
    if found.missing:
        text = f"{found.missing} objects with records are missing"
        return Check("records", PROBLEM, text, "git gage fetch")
    if found.unreadable:
        text = f"{found.unreadable} records cannot be read by git-gage {__version__}"
        return Check("records", WARNING, text, "upgrade git-gage")
    return Check("records", OK, f"all readable, runs: {len(found.runs)}")


def _check_catalog(known: int, begun: int, folder: Path) -> Check:
    if known == begun:
        return Check("catalog", OK, "in step with the records")
    return Check(
        "catalog",
        PROBLEM,
        f"knows {known} runs, but there are records of {begun}",
        f"rm '{folder}/catalog.db'",
    )
