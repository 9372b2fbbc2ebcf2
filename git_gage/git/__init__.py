"""The only door to git: the program, its objects and its refs.

Lists must start fast and only read, so what writes (`imports`, `quarantine`) is a face of its own.
"""

from __future__ import annotations

from git_gage.git.repository import Repository, open_repository

__all__ = ["Repository", "open_repository"]
