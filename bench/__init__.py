"""How fast it is, against git and peers in the same run: `make bench`."""

from __future__ import annotations
