"""The head of a bundle of git's: whether it is whole, and of a repository that names objects alike.

Source: gitformat-bundle(5), "FORMAT", "CAPABILITIES".
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from git_gage.errors import IntegrityError, RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.git import Repository

ANEW = (
    "nothing was changed; bring it here again, or write it anew where the runs are: git gage export"
    " <run> --format bundle -o <file>"
)
_START = b"# v"
_FORMAT = b"@object-format="


def require_whole_head(repo: Repository, path: Path, attempt: str) -> None:
    """Refuse a head without its end, which git takes for a bundle of nothing, or of another hash.

    `attempt` is what the message says was tried, such as `import`. What is no bundle passes.

    Raises: IntegrityError; RequestError where git names objects otherwise there.
    """
    with path.open("rb") as file:
        if file.read(len(_START)) != _START:
            return
        head = list(itertools.takewhile(lambda line: line != b"\n", iter(file.readline, b"")))
        is_cut = file.read(1) == b""
    if is_cut:
        raise IntegrityError(f"{attempt} '{path}': it is cut off", hint=ANEW)
    told = [line for line in head if line.startswith(_FORMAT)]
    form = told[0].removeprefix(_FORMAT).decode(errors="replace").strip() if told else "sha1"
    if form != repo.object_format:
        raise RequestError(
            f"{attempt} '{path}': it is of a repository with {form} objects, and here they are "
            f"{repo.object_format}",
            hint="what runs came to can go as another file: there 'git gage export @ --format "
            "jsonl -o runs.jsonl', here 'git gage import runs.jsonl'",
        )
