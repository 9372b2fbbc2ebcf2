"""Names that vulture cannot see the use of, each with who uses it; reviewed with every change."""

from __future__ import annotations
