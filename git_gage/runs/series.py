"""The series of a run's metrics: from git, or from where a run that goes on has them."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING

from git_gage.catalog.bulk import find_bound, read_files
from git_gage.metrics.series import MAX_BYTES, Series, parse_series
from git_gage.runs.results import SERIES

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.store import Store


def read_series(
    store: Store, catalog: Catalog, run: str, names: Collection[str] | None = None
) -> dict[str, Series] | None:
    """The series of these metrics, or of all, by name; None where they were not fetched.

    Those of a run that goes on are as its recorder last wrote them.
    Raises: IntegrityError where they are not what the format says.
    """
    bounds = [
        bound
        for record in catalog.records(run)
        if (bound := find_bound(record.body, run, SERIES, MAX_BYTES)) is not None
    ]
    _, content = next(read_files(store, bounds), (None, None))
    if content is None and bounds:
        return None
    if content is None:
        content = _read_going(store, run)
    return parse_series(BytesIO(content), None if names is None else frozenset(names))


def _read_going(store: Store, run: str) -> bytes:
    try:
        return (store.state_dir(run) / SERIES).read_bytes()
    except (FileNotFoundError, PermissionError):
        return b""  # none yet, or not for us to see
