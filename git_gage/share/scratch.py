"""A repository that lies beside for a moment: what goes out is put together there first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.git import open_repository
from git_gage.share.delivery import Load
from git_gage.share.lanes import KINDS, Refs, refs_below
from git_gage.share.leaks import require_no_leaks
from git_gage.store import LOCAL, Store
from git_gage.store.identity import new_lane
from git_gage.store.out import Parcel, extend_lane

if TYPE_CHECKING:
    from git_gage.git import Repository

# What git is told of the repository it is called in, and not of the one that is made.
_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


@contextmanager
def scratch(ours: Repository) -> Iterator[Repository]:
    """An empty bare repository that can read the objects of ours."""
    with tempfile.TemporaryDirectory(prefix="git-gage-") as folder:
        place = Path(folder) / "git"
        form = f"--object-format={ours.object_format}"
        ours.run("init", "--quiet", "--bare", form, env={"GIT_DIR": str(place)})
        (place / "objects" / "info").mkdir(exist_ok=True)
        (place / "objects" / "info" / "alternates").write_text(f"{ours.objects_dir}\n")
        (place / "gage").mkdir()
        yield open_repository(place, _without_ours(ours.environ))


@contextmanager
def packed(
    store: Store, parcels: Sequence[Parcel], known: Refs, *, allow_secrets: bool
) -> Iterator[tuple[Repository, Refs]]:
    """Such a repository with these parcels, and its refs; `known` is what was given before.

    Raises: SecretsFoundError.
    """
    with scratch(store.repo) as repo:
        # A lane of its own each time: two of the same runs do not rewrite each other.
        extend_lane(repo, f"{LOCAL}/{new_lane()}", store.clock(), parcels)
        refs = refs_below(repo, LOCAL, KINDS)
        if not allow_secrets:
            lines = [parcel.line for parcel in parcels]
            require_no_leaks(Store(repo), Load(refs, {}, known, lines))
        yield repo, refs


def _without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environ.items() if name not in _OURS}
