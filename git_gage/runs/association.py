"""Which folder of this machine a run belongs to, where the run itself cannot tell.

That is known here alone and never sent. Source: docs/format.md, "On disk".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.errors import IntegrityError
from git_gage.store.files import write_json

if TYPE_CHECKING:
    from git_gage.store import Store

FORMAT = 1
NAME = "projects.json"


def associate_runs(store: Store, runs: Sequence[str], folder: Path | None) -> None:
    """Say which folder (absolute) runs belong to, or that it is not known (None).

    Raises: RequestError where nothing can be written; IntegrityError for a damaged file.
    """
    with store.writing():
        folders = {run: path for run, path in read_folders(store).items() if run not in runs}
        if folder is not None:
            folders |= dict.fromkeys(runs, folder)
        projects = {run: str(path) for run, path in folders.items()}
        write_json(store.dir / NAME, {"format": FORMAT, "projects": projects}, durable=True)


def find_linked(store: Store, tree: Path | None) -> frozenset[str]:
    """Runs that somebody has associated here with a folder of a work tree."""
    folders = {} if tree is None else read_folders(store)
    real = None if tree is None else tree.resolve()
    return frozenset(run for run, path in folders.items() if real in (path, *path.parents))


def read_folders(store: Store) -> dict[str, Path]:
    """Folders of the runs (by id) that somebody has associated here.

    Raises: IntegrityError for a damaged file.
    """
    path = store.dir / NAME
    try:
        projects = json.loads(path.read_bytes())["projects"]
        return {run: Path(folder) for run, folder in projects.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"'{path}' cannot be read: it is damaged",
            hint="move it away; then associate the runs again",
        ) from error
