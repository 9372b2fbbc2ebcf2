"""Lists of patterns as OpenSSH's files have them: `*@example.com,!bob@example.com`.

Source: ssh_config(5), "PATTERNS"; OpenSSH's match.c.
"""

from __future__ import annotations

from git_gage.trust.wire import encode_text


def match_list(text: str, patterns: str) -> bool:
    """Whether one pattern of a comma list matches and none with `!` in front does."""
    matched = False
    for pattern in patterns.split(","):
        if match_pattern(text, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched


def match_pattern(text: str, pattern: str) -> bool:
    """Whether all of a text fits: `*` is any bytes, `?` one byte; case matters."""
    have, want = encode_text(text), encode_text(pattern)
    at = of = 0
    retry_at, retry_of = 0, -1
    while at < len(have):
        if want[of : of + 1] == b"*":
            retry_at, retry_of = at, of
            of += 1
        elif want[of : of + 1] in (b"?", have[at : at + 1]):
            at, of = at + 1, of + 1
        elif retry_of >= 0:  # let the last star take one byte more
            retry_at += 1
            at, of = retry_at, retry_of + 1
        else:
            return False
    return not want[of:].strip(b"*")


def literal_names(patterns: str) -> tuple[str, ...]:
    """The names in a list that are no patterns, and that the list matches."""
    return tuple(
        name for name in patterns.split(",") if is_name(name) and match_list(name, patterns)
    )


def is_name(text: str) -> bool:
    """Whether a pattern can only match itself."""
    return bool(text) and not text.startswith("!") and not set(text) & set("*?")
