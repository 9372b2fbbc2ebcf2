"""Which files of a run may travel in git, as the settings of its user say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from git_gage.files.globs import match_globs
from git_gage.git.known import read_all_valid, read_valid
from git_gage.git.sizes import read_size

if TYPE_CHECKING:
    from git_gage.git.settings import Settings

THRESHOLD = "100k"


class ShortRule(NamedTuple):
    """How many bytes a file may have; `is_large`: which are large all the same, by their paths."""

    threshold: int
    is_large: Callable[[bytes], bool]


def read_short_rule(settings: Settings) -> ShortRule:
    """Raises: ConfigError for a value that cannot be."""
    threshold = read_size(read_valid(settings, "gage.files.threshold") or THRESHOLD)
    globs = read_all_valid(settings, "gage.files.large")
    return ShortRule(threshold, match_globs(globs) if globs else lambda _: False)
