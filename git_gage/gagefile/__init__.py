"""Settings of what is run: which there are, and how a value reaches the program."""

from __future__ import annotations

from git_gage.gagefile.values import Value, native

__all__ = ["Value", "native"]
