"""Globs over names that have levels: paths of files (`/`) and of keys (`.`)."""

from __future__ import annotations

import re
from functools import cache


@cache
def compile_glob(glob: str, separator: str) -> re.Pattern[str]:
    """A glob as an expression that matches whole names.

    `*` is any text within a level, `?` at most one character within it, `**` with a separator
    behind it any number of levels, also none. `**` alone stands for levels too, so that no name
    matches it. All else stands for itself, brackets too.
    """
    sep = re.escape(separator)
    meanings = {"*": f"[^{sep}]*", "?": f"[^{sep}]?"}
    pieces, position = [], 0
    for found in re.finditer(rf"\*\*(?:{sep})?|[*?]", glob):
        pieces.append(re.escape(glob[position : found.start()]))
        pieces.append(meanings.get(found.group(), f"(?:.+{sep})?"))
        position = found.end()
    return re.compile("".join([*pieces, re.escape(glob[position:]), r"\Z"]), re.DOTALL)
