"""What the code is now: commit, snapshot, diff, digest, environment."""

from __future__ import annotations

from git_gage.source.capture import capture_source
from git_gage.source.environment import describe_environment
from git_gage.source.model import Linked, Source, source_body
from git_gage.source.rules import EXPECTED, is_cache_name

__all__ = [
    "EXPECTED",
    "Linked",
    "Source",
    "capture_source",
    "describe_environment",
    "is_cache_name",
    "source_body",
]
