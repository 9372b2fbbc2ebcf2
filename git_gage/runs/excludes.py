"""What git ignores in a run directory beside what the source says.

Where a pattern means folders alone (`data/`), it does not mean the link in place of a folder, and
`git status` would tell of it. A private git directory has no `info/exclude` of its own, so such
links are named in a file that git is led to by variables. They hold for that git directory alone.

Source: gitrepository-layout(5), "info"; git-config(1), "Conditional includes"; gitignore(5).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.source import Source

_CONFIG, _EXCLUDES = "gage-config", "gage-excludes"
_SPECIAL = re.compile(rb"[][*?\\]|[ \t]+\Z")


def write_excludes(repo: Repository, source: Source, private_git: Path) -> None:
    """Let git ignore the links in place of folders that it ignores in the work tree."""
    folders = _ignored_folders(source)
    if not folders:
        return
    excludes = private_git / _EXCLUDES
    patterns = [
        b"/" + _escape(folder.rstrip(b"/")) + b"\n"
        for folder in folders
        if b"\n" not in folder  # what no pattern can hold
    ]
    # git reads one such file, and the user may have one.
    excludes.write_bytes(_users_excludes(repo) + b"\n" + b"".join(patterns))
    value = re.sub(r'(["\\])', r"\\\1", str(excludes)).replace("\n", r"\n")
    config = f'[core]\n\texcludesFile = "{value}"\n'
    (private_git / _CONFIG).write_bytes(os.fsencode(config))


def excludes_environ(private_git: Path) -> dict[str, str]:
    """Variables for a program in the run directory; none where nothing was written."""
    config = private_git / _CONFIG
    if not config.exists():
        return {}
    # A key holds no line end, but a pattern has a sign for anything.
    place = os.fsdecode(_escape(os.fsencode(os.path.realpath(private_git)))).replace("\n", "?")
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"includeIf.gitdir:{place}.path",
        "GIT_CONFIG_VALUE_0": str(config),
    }


def _ignored_folders(source: Source) -> list[bytes]:
    """Folders that are linked because git ignores them."""
    others = {path + b"/" for path, _ in source.submodules}
    others.update(path for path, _ in source.left_out)
    paths = (linked.path for linked in source.linked)
    return [path for path in paths if path.endswith(b"/") and path not in others]


def _users_excludes(repo: Repository) -> bytes:
    asked = ("config", "--type=path", "-z", "--get", "core.excludesFile")
    named = repo.run(*asked, ok=(0, 1))
    environ = repo.environ
    config = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", "/"), ".config")
    path = os.fsdecode(named[:-1]) if named else os.path.join(config, "git", "ignore")
    try:
        return (repo.work_tree or repo.cwd).joinpath(path).read_bytes()
    except OSError:
        return b""  # git goes on without it, too


def _escape(path: bytes) -> bytes:
    """As a pattern that means this path and no other."""
    return _SPECIAL.sub(lambda found: re.sub(rb"(?s)(.)", rb"\\\1", found[0]), path)
