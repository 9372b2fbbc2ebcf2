"""Which files of a run are meant, as git means them with a pathspec.

Source: gitglossary(7), "pathspec"; git's wildmatch.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from git_gage.safe import clean

_PART = re.compile(
    r"\\(?P<char>.)|(?P<many>\*+)|(?P<one>\?)"
    r"|\[(?P<others>[!^]?)(?P<set>(?:\\.|[^\\])(?:\\.|[^\]\\])*)\]|(?P<plain>.)",
    re.DOTALL,
)
_RANGE = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)


def match_globs(globs: Sequence[str]) -> Callable[[bytes], bool]:
    """Whether a path is meant by one of them: `*` takes `/`, too, and a folder all that is in it.

    Without any, every path is.
    """
    if not globs:
        return lambda _: True
    named = [glob.removeprefix("./").rstrip("/").encode(errors="surrogateescape") for glob in globs]
    patterns = [re.compile(_translate(each.decode("latin-1")), re.DOTALL) for each in named]

    def is_meant(path: bytes) -> bool:
        if any(path == each or path.startswith(each + b"/") for each in named):
            return True
        text = path.decode("latin-1")
        return any(pattern.fullmatch(text) for pattern in patterns)

    return is_meant


def make_glob(path: bytes) -> str:
    """A glob that means this file, and can be shown and typed: `?` is a byte that can not."""
    return "".join(map(_write_char, path.decode(errors="surrogateescape")))


def _write_char(char: str) -> str:
    if char in "*?[\\":
        return f"\\{char}"
    return char if clean(char) == char else "?" * len(char.encode(errors="surrogateescape"))


def _translate(glob: str) -> str:
    """A regex; what stands between two stars is looked for once, so that none takes for ever."""
    parts = [""]
    for found in _PART.finditer(glob):
        if found["many"]:
            parts.append("")
        else:
            parts[-1] += _translate_part(found)
    first, *others = parts
    *between, last = others or [first]
    middle = "".join(f"(?>.*?{part})" for part in between)
    return f"{first}{middle}.*{last}" if others else first


def _translate_part(found: re.Match[str]) -> str:
    if found["one"]:
        return "."
    if found["set"] is None:
        return re.escape(found["char"] or found["plain"])
    chars = ""
    for low, high in _RANGE.findall(found["set"]):
        chars += low + "".join(map(chr, range(ord(low), ord(high or low) + 1)))
    return f"[{'^' if found['others'] else ''}{re.escape(chars)}]"
