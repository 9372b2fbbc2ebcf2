"""The series of a run's metrics: from git, or from where a run that goes on has them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from git_gage.catalog.bulk import find_bound, open_file
from git_gage.metrics.series import MAX_BYTES, MAX_LINE, Series, parse_series
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
    opened = map(partial(open_file, store), bounds)
    file = next(filter(None, opened), None) if bounds else _open_going(store, run)
    if file is None:
        return None
    with file:
        # Not a whole line, however long: the first bytes over the limit are enough to refuse it.
        lines = iter(lambda: file.readline(MAX_LINE + 1), b"")
        return parse_series(lines, None if names is None else frozenset(names))


def _open_going(store: Store, run: str) -> BinaryIO:
    try:
        return (store.state_dir(run) / SERIES).open("rb")
    except (FileNotFoundError, PermissionError):
        return BytesIO()  # none yet, or not for us to see
