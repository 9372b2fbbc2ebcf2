"""Runs to and from a remote, by plain git.

A push or fetch needs few of these modules and must start fast, so the face of this room is its
modules: `push` (push_runs), `fetch` (fetch_runs), `take` (fetch_chosen), `peek` (look_at).
Source: docs/format.md, "Lanes".
"""

from __future__ import annotations
