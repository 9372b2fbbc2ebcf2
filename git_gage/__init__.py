"""Track runs of any program in git."""

from __future__ import annotations

__version__ = "0.1.0"
