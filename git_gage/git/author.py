"""Who git takes the user for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from git_gage.errors import GitError

if TYPE_CHECKING:
    from git_gage.git.repository import Repository


def read_author(repo: Repository) -> dict[str, str] | None:
    """Name and email as git would commit with them; None where the user has told git none.

    What git would make up from the login and the host's name is nobody's identity.
    """
    try:
        out = repo.run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
    except GitError:
        return None
    name, _, rest = out.decode(errors="replace").partition(" <")
    return {"name": name, "email": rest.partition(">")[0]}
