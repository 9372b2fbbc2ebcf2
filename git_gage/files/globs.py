"""Which files of a run are meant, as git means them with a pathspec.

Source: gitglossary(7), "pathspec".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate


def match_globs(globs: Sequence[str]) -> Callable[[bytes], bool]:
    """Whether a path is meant by one of them: `*` takes `/`, too, and a folder all that is in it.

    Without any, every path is.
    """
    if not globs:
        return lambda _: True
    named = [glob.removeprefix("./").rstrip("/").encode(errors="surrogateescape") for glob in globs]
    patterns = [re.compile(translate(each.decode("latin-1")).encode("latin-1")) for each in named]

    def is_meant(path: bytes) -> bool:
        if any(path == each or path.startswith(each + b"/") for each in named):
            return True
        return any(pattern.match(path) for pattern in patterns)

    return is_meant
