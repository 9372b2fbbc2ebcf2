"""Whether a word looks drawn by lot, or like a password that somebody chose."""

from __future__ import annotations

import math
import re
from collections import Counter

SHORTEST = 16
WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=_.~%-")
_WORD = re.compile(rb"[A-Za-z0-9+/=_.~%-]{16,}")
# As code says where something is: names with dots between them.
_DOTTED = re.compile(rb"[a-z_]\w*(?:\.[A-Za-z_]\w*)+")
_SEGMENT = re.compile(rb"[A-Za-z0-9]{8,}")
_TURN = re.compile(rb"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_LEAST_BITS = 3.0
# What manuals write where a secret goes, and values that are no secret.
_PLACEHOLDER = re.compile(
    rb"(?:your|my|the|some|a|an)[_-]?.*(?:password|token|key|secret).*|.*(?:example|placeholder|change_?me"
    rb"|dummy|redacted|xxxx|\.\.\.|\*\*|1234567890?$).*|x+|\.+|\*+|-+|none|null|true|false|undefined|string"
    rb"|user(?:name)?|pass(?:w(?:or)?d)?\d{0,3}|pwd|guest|root|admin|test|foo|bar|sha\d+|md5|utf-?8|base64"
    rb"|[%$].*|.*(?:\$\{|\{\{|%s|%\().*",
    re.IGNORECASE | re.DOTALL,
)


def is_random(word: bytes, *, quoted: bool = True) -> bool:
    """Whether a word of 16 bytes or more is what nobody would choose: letters and digits mixed.

    Not `quoted`, it may also be the name of something.
    """
    if not _WORD.fullmatch(word) or _PLACEHOLDER.fullmatch(word):
        return False
    if not quoted and _DOTTED.fullmatch(word):
        return False
    most = max((len(_TURN.findall(part)) for part in _SEGMENT.findall(word)), default=0)
    return most > (1 if quoted else 2) and _bits(word) >= _LEAST_BITS


def is_password(word: bytes, *, quoted: bool, in_url: bool = False) -> bool:
    """Whether a word that is given as a password may be one.

    quoted: it is surely a text, and not the name of a variable.
    """
    if _PLACEHOLDER.fullmatch(word):
        return False
    if in_url:
        return True
    has_letters, has_digits = (re.search(kind, word) for kind in (rb"[A-Za-z]", rb"[0-9]"))
    mixed = bool(has_letters and (has_digits or re.search(rb"[^\w.:/ -]", word)))
    return mixed and (quoted or (len(word) >= 8 and not re.search(rb"[_./]", word)))


def _bits(word: bytes) -> float:
    """Shannon's entropy, in bits a byte."""
    counts = Counter(word).values()
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts)
