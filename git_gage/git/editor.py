"""The user's editor, chosen and started as git does it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.git.repository import Repository


# What a line of notes may begin with, the first that no line of the text begins with.
_MARKS = "#;@!$%^&|:"


def edit_text(repo: Repository, path: Path, text: str, notes: str) -> str:
    """Text as the user leaves it in a file; `notes` stand below it, and do not count.

    Raises: RequestError where the editor fails; GitError where git knows of none. The file is left.
    """
    command = repo.run("var", "GIT_EDITOR").decode(errors="surrogateescape").strip()
    taken = {line[:1] for line in text.splitlines()}
    mark = next((mark for mark in _MARKS if mark not in taken), _MARKS[0])
    setting = f"core.commentChar={mark}"
    remarks = repo.run("-c", setting, "stripspace", "--comment-lines", input=notes.encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"{text}\n\n".encode() + remarks)
    _run_editor(repo, command, path)
    kept = repo.run("-c", setting, "stripspace", "--strip-comments", input=path.read_bytes())
    path.unlink()
    return kept.decode(errors="surrogateescape").removesuffix("\n")


def _run_editor(repo: Repository, command: str, path: Path) -> None:
    # As git does: an editor may be a command with arguments, or a line for the shell.
    done = subprocess.run(
        [f'{command} "$@"', command, path],
        shell=True,
        cwd=repo.cwd,
        env=dict(repo.environ),
        check=False,
    )
    if done.returncode:
        raise RequestError(
            f"the editor '{command}' ended with exit code {done.returncode}",
            hint="give the text by '-m <text>', or set another editor by 'git config core.editor'",
        )
