"""Operations of a project: how each is run, as its gagefile says."""

from __future__ import annotations

__all__: list[str] = []
