"""The series of a run's metrics: from git, or from where a run that goes on has them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from git_gage.metrics.series import Series, parse_series
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
        if isinstance(bulk := record.body.get("bulk"), dict)
        and isinstance(bound := bulk.get(SERIES), dict)
    ]
    content = None
    for bound in bounds:
        content = content or store.read_bulk(run, SERIES, bound)
    if content is None:
        path = store.state_dir(run) / SERIES
        content = path.read_bytes() if path.exists() else None
    if content is None:
        return None if bounds else {}
    return parse_series(content.splitlines(), None if names is None else frozenset(names))
