"""Text that somebody else wrote, made harmless before a terminal sees it.

What is cleaned and why: control characters move the cursor, set the title, fill the clipboard;
direction marks and invisible characters make a line read as something it is not.
"""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins a text that a spreadsheet takes for a formula (OWASP, "CSV Injection")."""
# Joiners are part of ordinary words and emoji, variation selectors of emoji and of Japanese names:
# one of them behind a character. More of them say nothing that is seen, and hide what is to be.
_JOINERS = frozenset("\u200c\u200d")
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# Letters and marks that are not seen either, and the rest of the plane of tags.
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
_TAGS = ("\U000e0000", "\U000e0fff")
_BLANK = _SELECTORS | _HIDDEN
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
# A terminal reads ESC and what follows as one order (ECMA-48): strings such as titles end in BEL
# or ST; the others are a few characters long. Colours and the like (SGR) are let through.
_ESCAPES = (
    r"(?P<sgr>\x1b\[[0-9;:]*m)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)


def clean(text: str) -> str:
    """One line of text in which everything that is not a visible character shows as `\\x1b`."""
    if text.isprintable() and (text.isascii() or _BLANK.isdisjoint(text)):
        return text
    return "".join(map(_visible, text, f"\0{text}"))


def clean_output(text: str) -> str:
    """Output of a program as a terminal may see it: its lines and colours, no other orders."""
    import re  # a list does without, and starts the faster

    text = re.sub(_ESCAPES, lambda found: found["sgr"] or "", text)
    parts = re.split(r"(\x1b\[[0-9;:]*m|[\n\t]|\r+\n?)", text)
    return "".join(part if odd else clean(part) for part, odd in _alternate(parts))


def _alternate(parts: list[str]) -> list[tuple[str, bool]]:
    return [(part, bool(number % 2)) for number, part in enumerate(parts)]


def _visible(char: str, before: str) -> str:
    if not _is_unsafe(char, before):
        return char
    if "\udc80" <= char <= "\udcff":  # a byte that was not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape", "backslashreplace").decode()


def _is_unsafe(char: str, before: str) -> bool:
    from unicodedata import category

    for kept in (_JOINERS, _SELECTORS):
        if char in kept:
            return before == "\0" or before in kept
    return char in _HIDDEN or _TAGS[0] <= char <= _TAGS[1] or category(char) in _UNSAFE
