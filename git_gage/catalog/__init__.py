"""The lookup table derived from lanes and journals; deleting it loses nothing.

Source: docs/decisions, "The catalog".
"""

from __future__ import annotations

from git_gage.catalog.catalog import Catalog
from git_gage.catalog.query import Chain

__all__ = ["Catalog", "Chain"]
