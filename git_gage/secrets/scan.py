"""Secrets in any text: by the form that their issuers give them, or by what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from git_gage.secrets.rules import RULES, Rule
from git_gage.secrets.values import SHORTEST, WORD_BYTES, is_password, is_random

# When more is found than before, what was looked at is looked at again.
VERSION = 1

_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# Words become runs of `a`: the search for a long one is the quickest there is.
_RUNS = bytes(97 if byte in WORD_BYTES else 32 for byte in range(256))
_RUN = b"a" * SHORTEST
# What may be said before and behind a long word that tells what it is; how long a secret may be.
_BEFORE, _BEHIND, _AHEAD = 160, 16, 512
_N = ord("n")
_ANY = "key or token"

_STRONG = (b"passw", b"passph", b"pwd", b"secret")
# Compiled when they are needed, which they seldom are: `re` remembers them.
_NAMES = (*_STRONG, b"token", b"key", b"credential")
_ASSIGNED = (
    rb"(?P<name>passw(?:or)?d|passphrase|pwd|secret|token|credential"
    rb"|(?:api|access|private|auth|account|signing|encryption|license|client|service|deploy|admin"
    rb"|master|storage|subscription)[_.-]?key)"
    rb"(?P<more>[\w.-]{0,24})"
    rb"(?:\\?[\"'\]]){0,3}"
    # What type it has, as Python says it.
    rb"(?:\s{0,2}:\s{0,2}[a-z][\w.]{0,20}(?:\s?\|\s?none)?(?=\s{0,2}=))?"
    rb"(?P<sign>\s{0,4}(?:=>|:=|={1,2}|[:,]|\s(?=\S))\s{0,4})"
    rb"(?P<quote>\\?[\"'])?(?P<value>[^\s\"'`,;(){}\[\]<>\\]{6,200})(?P<end>\\?[\"'])?"
)
_BEARER = rb"(?:bearer|basic)\s{1,2}([a-z0-9+/=_.~-]{16,400})"
# Names of what is said of a secret, which is none itself.
_HARMLESS = (
    rb"(?:.*[_.-])?(?:hash|digest|sha\d*|md5|type|id|ids|name|file|path|dir|url|uri|len|length|policy"
    rb"|field|label|hint|regex|pattern|format|class|size|count|index|limit|version|env|var|mode"
    rb"|public|ttl|expiry|expires|prefix|suffix|at|in|from|to|by|for)s?"
    rb"|s|iz.*|is.*|_?per_.*|\d+[a-z].*"
)
# A value that names what holds the secret.
_SAYS_WHERE = (b"os.", b"self.", b"args.", b"config.", b"env", b"process.")
_USER_INFO = rb"://(?P<user>[^\s/:@\"'<>{}$]{0,200})(?::(?P<password>[^\s/@\"'<>{}$]{3,200}))?@(?=[A-Za-z0-9\[])"


class Found(NamedTuple):
    """A secret in a text: what it is, and where it begins and ends (in bytes)."""

    kind: str
    start: int
    end: int


def find_secrets(data: bytes) -> list[Found]:
    """Secrets in a text, in their order; none overlaps another.

    What holds no long words is through at 100 MB a second or more.
    """
    found: list[Found] = []
    for each in _candidates(data):
        if all(each.end <= other.start or other.end <= each.start for other in found):
            found.append(each)
    return sorted(found, key=lambda each: each.start)


def _candidates(data: bytes) -> Iterator[Found]:
    """What rules find, those before others that are surer of what they find."""
    folded = data.lower()
    stretches = list(_find_stretches(data))
    for rule in _rules_for(data, stretches):
        text = folded if rule.folded else data
        for stretch in stretches:
            yield from _find_by_rule(rule, text, *stretch)
    for at in _places(data, b"://", 0, len(data)):
        yield from _find_in_url(data, at)
    for stretch in stretches:
        yield from _find_assigned(data, folded, *stretch)
    for word in _STRONG:
        for at in _places(folded, word, 0, len(data)):
            match = re.compile(_ASSIGNED).match(folded, at)
            if match is not None:
                yield from _judge(data, match)


def _rules_for(data: bytes, stretches: Sequence[tuple[int, int]]) -> Iterator[Rule]:
    """Rules that have a word in some stretch: one look at all of them is quicker than at each."""
    if stretches:
        joined = b" ".join(data[start:end] for start, end in stretches)
        texts = (joined, joined.lower())
        for rule in RULES:
            if any(word in texts[rule.folded] for word in rule.words):
                yield rule


def _find_stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Where long words are, with what is around them: nearly all secrets are long words."""
    start, end = -1, 0
    for at, stop in _find_long_words(data):
        if start >= 0 and at - _BEFORE > end + _BEHIND:
            yield start, end + _BEHIND
            start = -1
        if start < 0:
            start = max(0, at - _BEFORE)
        end = stop
    if start >= 0:
        yield start, end + _BEHIND


def _find_long_words(data: bytes) -> Iterator[tuple[int, int]]:
    runs = data.translate(_RUNS)
    at = runs.find(_RUN)
    while at >= 0:
        end = runs.find(b" ", at)
        if end < 0:
            end = len(data)
        # Numbers are what most of a log is.
        if data[at:end].strip(b"0123456789.-+_="):
            yield at, end
        at = runs.find(_RUN, end)


def _places(data: bytes, word: bytes, start: int, end: int) -> Iterator[int]:
    at = data.find(word, start, end)
    while at >= 0:
        yield at
        at = data.find(word, at + len(word), end)


def _find_by_rule(rule: Rule, data: bytes, start: int, end: int) -> Iterator[Found]:
    for word in rule.words:
        for at in _places(data, word, start, end):
            # Few of them are ever needed, and `re` remembers those.
            pattern = re.compile(rule.pattern)
            if rule.back:
                match = pattern.search(data, max(0, at - rule.back), at + _AHEAD)
            elif not rule.whole or _is_start(data, at):
                match = pattern.match(data, at)
            else:
                continue
            if match is None:
                continue
            span = match.span(1 if pattern.groups else 0)
            if not rule.whole or (_is_start(data, span[0]) and _is_end(data, span[1])):
                yield Found(rule.kind, *span)


def _is_start(data: bytes, at: int) -> bool:
    """Whether no word goes on here: `task-` holds no `sk-`."""
    before = data[at - 1] if at else 0
    # `\n` is how JSON spells the end of a line.
    return before not in _ALNUM or (before == _N and data[at - 2 : at - 1] == b"\\")


def _is_end(data: bytes, at: int) -> bool:
    return at == len(data) or data[at] not in _ALNUM


def _find_in_url(data: bytes, at: int) -> Iterator[Found]:
    match = re.compile(_USER_INFO).match(data, at)
    if match is None:
        return
    if match["password"] and is_password(match["password"], quoted=True, in_url=True):
        yield Found("password in a URL", *match.span("password"))
    if is_random(match["user"]):
        yield Found("token in a URL", *match.span("user"))


def _find_assigned(data: bytes, folded: bytes, start: int, end: int) -> Iterator[Found]:
    if _has_any(_NAMES, folded, start, end):
        for match in re.compile(_ASSIGNED).finditer(folded, start, end):
            yield from _judge(data, match)
    if _has_any((b"bearer", b"basic"), folded, start, end):
        for match in re.compile(_BEARER).finditer(folded, start, end):
            if is_random(data[match.start(1) : match.end(1)]):
                yield Found(_ANY, *match.span(1))


def _has_any(words: tuple[bytes, ...], data: bytes, start: int, end: int) -> bool:
    return any(data.find(word, start, end) >= 0 for word in words)


def _judge(data: bytes, match: re.Match[bytes]) -> Iterator[Found]:
    """The value that something is given whose name is that of a secret, if it looks like one."""
    if match["value"].startswith(_SAYS_WHERE):
        return
    if re.fullmatch(_HARMLESS, match["more"].lstrip(b"_.-")):
        return
    start, end = match.span("value")
    value = data[start:end]
    strong = match["name"].startswith(_STRONG)
    given = b"=" in match["sign"] or b":" in match["sign"]
    quoted = bool(match["quote"] and match["end"])
    if (quoted or given) and is_random(value, quoted=quoted):
        yield Found(_ANY, start, end)
    elif strong and given and is_password(value, quoted=quoted):
        yield Found("password", start, end)
