"""Whose key it is: files of allowed signers, as `gpg.ssh.allowedSignersFile` names them.

Read as OpenSSH reads them, with two differences. All lines count, where ssh-keygen stops at the
first one with the key; and a pattern is never given out as somebody's name.

Source: ssh-keygen(1), "ALLOWED SIGNERS"; OpenSSH's sshsig.c, misc.c.
"""

from __future__ import annotations

import re
import time
from calendar import timegm
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from git_gage.safe import clean
from git_gage.trust.errors import SignatureError, UnsupportedError
from git_gage.trust.keys import Certificate, PublicKey, read_public_key
from git_gage.trust.lines import Fault, read_rows
from git_gage.trust.patterns import is_name, literal_names, match_list

if TYPE_CHECKING:
    from datetime import datetime

EXPIRED = "expired"
NOT_YET_VALID = "not yet valid"

# The first word of a line, maybe quoted in part; there must be something after it.
_WORD = re.compile(r'([^ \t\r\n"]*)(?:"([^"]*)"|(?=[ \t\r\n]))[ \t\r\n]*')
_OPTIONS = re.compile(r'(?:\\"|"(?:\\"|[^"])*+"|[^ \t"])*+')
_OPTION = re.compile(
    r"(?i:(?P<flag>cert-authority)|(?P<name>namespaces|valid-after|valid-before)="
    r'"(?P<value>(?:\\"|[^"])*+)")'
)
_TIME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?((?i:Z|UTC)?)"
)
_HIGHEST = (9999, 12, 31, 23, 59, 61)


class Line(NamedTuple):
    """One line of a file. Units: times are Unix seconds, both inclusive."""

    patterns: str
    key: PublicKey
    authority: bool = False
    namespaces: str | None = None
    valid_after: int | None = None
    valid_before: int | None = None


class Match(NamedTuple):
    """What the lines with a key say of it.

    `principals` are the names that they give; where they only have patterns there are none.
    `reason` is why none of them counts, for example `expired`; None for a good key and for one
    that no line has (not `known`).
    """

    known: bool = False
    principals: tuple[str, ...] = ()
    reason: str | None = None
    claims: tuple[tuple[str, Certificate | None], ...] = ()

    @property
    def outside_validity(self) -> bool:
        """Whether the time is what is wrong."""
        return self.reason is not None and self.reason.endswith((EXPIRED, NOT_YET_VALID))

    def matches(self, principal: str) -> bool:
        """Whether the key is this one's, by name or pattern, `reason` apart.

        Without a reason it is what `ssh-keygen -Y verify -I <principal>` answers.
        """
        return any(
            match_list(principal, patterns)
            and (certificate is None or principal in certificate.principals)
            for patterns, certificate in self.claims
        )


class AllowedSigners(NamedTuple):
    """The lines of a file by the key that they name."""

    lines: Mapping[bytes, list[Line]]
    faults: tuple[Fault, ...]

    @classmethod
    def parse(cls, text: str, origin: str) -> AllowedSigners:
        """The signers that a file allows; `origin` is its name in faults."""
        lines: dict[bytes, list[Line]] = {}
        faults = []
        for number, row in read_rows(text):
            try:
                line = _parse_line(row)
            except (SignatureError, UnsupportedError) as error:
                faults.append(Fault(origin, number, str(error)))
            else:
                lines.setdefault(line.key.plain, []).append(line)
        return cls(lines, tuple(faults))

    def find(self, key: PublicKey, namespace: str, at: datetime) -> Match:
        """Whose key it is, for signatures of a namespace made at a time."""
        found = self._lines_of(key)
        objections = [_object(line, key, namespace, int(at.timestamp())) for line in found]
        if not found:
            return Match()
        reason = min(objections, key=_rank)
        deciding = [
            (line.patterns, key.certificate if line.authority else None)
            for line, objection in zip(found, objections, strict=True)
            if objection == reason
        ]
        names = dict.fromkeys(name for claim in deciding for name in _names(*claim))
        return Match(True, tuple(names), reason, tuple(deciding))

    def _lines_of(self, key: PublicKey) -> list[Line]:
        found = [line for line in self.lines.get(key.plain, ()) if _has_key(line, key)]
        if key.certificate is not None:
            signed_by = self.lines.get(key.certificate.authority.plain, ())
            found += [line for line in signed_by if line.authority]
        return found


def _has_key(line: Line, key: PublicKey) -> bool:
    if line.authority:
        return False
    if line.key.certificate is None:
        return key.certificate is None
    return line.key.blob == key.blob


def _names(patterns: str, certificate: Certificate | None) -> tuple[str, ...]:
    if certificate is None:
        return literal_names(patterns)
    names = certificate.principals
    return tuple(name for name in names if is_name(name) and match_list(name, patterns))


def _object(line: Line, key: PublicKey, namespace: str, at_s: int) -> str | None:
    """Why a line with this key does not count; None if it does."""
    if line.namespaces is not None and not match_list(namespace, line.namespaces):
        return f"key not allowed for {namespace}"
    if line.valid_after is not None and at_s < line.valid_after:
        return NOT_YET_VALID
    if line.valid_before is not None and at_s > line.valid_before:
        return EXPIRED
    if line.authority and key.certificate is not None:
        return _object_certificate(line.patterns, key.certificate, at_s)
    return None


def _object_certificate(patterns: str, certificate: Certificate, at_s: int) -> str | None:
    if not certificate.for_user:
        return "certificate of a host"
    if not any(match_list(name, patterns) for name in certificate.principals):
        return "certificate not for who the line names"
    if at_s < certificate.valid_after:
        return f"certificate {NOT_YET_VALID}"
    if at_s >= certificate.valid_before:
        return f"certificate {EXPIRED}"
    return None


def _rank(reason: str | None) -> int:
    """No reason wins, then the wrong time: that key was, or will be, somebody's."""
    if reason is None:
        return 0
    return 1 if reason.endswith((EXPIRED, NOT_YET_VALID)) else 2


def _parse_line(row: str) -> Line:
    word = _WORD.match(row)
    if "\0" in row or not word:
        raise SignatureError("neither principals nor a key")
    patterns, rest = word[1] + (word[2] or ""), row[word.end() :]
    options = ""
    if _OPTION.match(rest) or not re.match(r"[\w@.-]+[ \t]", rest):
        options = _split_options(rest)
    key = read_public_key(rest[len(options) :])
    found = _read_options(options)
    after, before = _read_time(found, "valid-after"), _read_time(found, "valid-before")
    if after is not None and before is not None and before <= after:
        raise SignatureError("'valid-before' is not after 'valid-after'")
    return Line(patterns, key, "cert-authority" in found, found.get("namespaces"), after, before)


def _split_options(rest: str) -> str:
    found = _OPTIONS.match(rest)
    options = found[0] if found else ""
    if rest[len(options) : len(options) + 1] not in (" ", "\t"):
        raise SignatureError("options without an end")
    return options


def _read_options(text: str) -> dict[str, str]:
    """The options of a line by name, in lower case; a flag has no value."""
    options: dict[str, str] = {}
    at = 0
    while at < len(text):
        if found := _OPTION.match(text, at):
            at = found.end()
            name = (found["name"] or found["flag"]).lower()
            if name in options and found["name"]:
                raise SignatureError(f"'{name}' more than once")
            options[name] = (found["value"] or "").replace('\\"', '"')
        if text[at : at + 1] not in ("", ","):
            raise SignatureError(f"an unknown option: '{clean(text[at:])[:80]}'")
        at += 1
        if at == len(text):
            raise SignatureError("a comma after the last option")
    return options


def _read_time(options: Mapping[str, str], name: str) -> int | None:
    return _parse_time(options[name]) if name in options else None


def _parse_time(text: str) -> int:
    """Unix seconds of `YYYYMMDD[HHMM[SS]][Z]`; without Z it is local time, as in OpenSSH."""
    found = _TIME.fullmatch(text)
    parts = [int(number or 0) for number in found.groups()[:6]] if found else []
    if not found or any(map(int.__gt__, parts, _HIGHEST)) or 0 in parts[1:3]:
        raise SignatureError(f"no time: '{clean(text)[:80]}'")
    year, month, day, hour, minute, second = parts
    # The last 0: not in summer time, which is how OpenSSH reads it.
    moment = (year, month, day, hour, minute, second, 0, 0, 0)
    seconds = timegm(moment) if found[7] else int(time.mktime(moment))
    if seconds <= 0:
        raise SignatureError(f"a time before 1970: '{clean(text)[:80]}'")
    return seconds
