"""Operations of a project: how each is run, as its gagefile says.

Every run asks this room what lines of an output mean, and must not load the rest of it.
"""

from __future__ import annotations
