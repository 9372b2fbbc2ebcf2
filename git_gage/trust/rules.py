"""Whose a key is, by all trust files of this user and clone together.

Source: docs/format.md, "Verdicts".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from git_gage.trust.patterns import is_name, literal_names, match_list
from git_gage.trust.signer import NAMESPACE
from git_gage.trust.signers import AllowedSigners, Line

if TYPE_CHECKING:
    from git_gage.trust.keys import Certificate, PublicKey


ADMIN = "gage-admin@v1"
"""The namespace that gives the key of a line the rights of an admin, where it is named as such."""


class Revocations(Protocol):
    """What knows which keys are revoked."""

    def is_revoked(self, key: PublicKey, /) -> bool:
        """Raises: UnsupportedError if that cannot be found out."""
        ...


class Own(NamedTuple):
    """This user, who needs no trust file for that: address, and fingerprints of keys."""

    email: str | None
    keys: frozenset[str]


class Standing(NamedTuple):
    """What a key is worth at a moment: "G", "Y" or "U", and why it is not more."""

    state: str
    reason: str = ""


class Rules:
    """The lines of all files, as if they were one; what is revoked in any of them."""

    def __init__(self, lines: Iterable[Line], revocations: Sequence[Revocations], own: Own) -> None:
        self.own = own
        self._all = _as_signers(lines)
        self._revocations = revocations
        self._admins = _as_signers(
            line for lines in self._all.lines.values() for line in lines if names_admin(line)
        )
        self._of: dict[str, AllowedSigners] = {}
        self._revoked: dict[bytes, bool] = {}
        self._timeless: dict[tuple[bytes, str], Standing] = {}
        self._held = frozenset(
            name
            for lines in self._all.lines.values()
            for line in lines
            for name in literal_names(line.patterns)
        )

    def holds_key_of(self, principal: str) -> bool:
        """Whether some line gives a key to this very name."""
        return principal in self._held

    def is_revoked(self, key: PublicKey) -> bool:
        """Raises: UnsupportedError if that cannot be found out."""
        if key.blob not in self._revoked:
            self._revoked[key.blob] = any(each.is_revoked(key) for each in self._revocations)
        return self._revoked[key.blob]

    def names_of(self, key: PublicKey) -> list[str]:
        """Principals that lines give a key to at some time, those it may sign records for first."""
        lines = sorted(self._lines_of(key), key=lambda line: not is_for_us(line))
        claims = [(line.patterns, key.certificate if line.authority else None) for line in lines]
        return list(dict.fromkeys(name for claim in claims for name in _names(*claim)))

    def stand(self, key: PublicKey, principal: str, at: float) -> Standing:
        """What the key is worth as that of one of its `names_of`; `at` is Unix seconds."""
        timeless = self._timeless.get((key.blob, principal))
        if timeless is not None:
            return timeless
        found = self._stand(key, principal, datetime.fromtimestamp(at, UTC))
        if key.certificate is None and not any(map(_is_limited, self._lines_of(key))):
            self._timeless[key.blob, principal] = found
        return found

    def is_admin(self, key: PublicKey, principal: str, at: float) -> bool:
        """Whether a line says so of the key, which is this principal's; `at` is Unix seconds."""
        if not self._admins.lines:
            return False
        found = self._admins.find(key, NAMESPACE, datetime.fromtimestamp(at, UTC))
        return found.reason is None and principal in found.principals

    def why_not(self, key: PublicKey, claimed: str | None, at: float) -> str | None:
        """Why lines with the key, which give it to no name, do not count; None without any."""
        found = self._all.find(key, NAMESPACE, datetime.fromtimestamp(at, UTC))
        if not found.known or found.reason is not None:
            return found.reason
        named = claimed is None or found.matches(claimed)
        return (
            "only a pattern names this key" if named else f"a pattern names this key, not {claimed}"
        )

    def _stand(self, key: PublicKey, principal: str, at: datetime) -> Standing:
        found = self._lines_with(principal).find(key, NAMESPACE, at)
        if found.outside_validity:
            return Standing("Y", f"key {found.reason} when it was made")
        if found.reason is not None:
            return Standing("U", found.reason)
        other = self._find_other(key, principal, at)
        return Standing("U", f"key also listed for {other}") if other else Standing("G")

    def _find_other(self, key: PublicKey, principal: str, at: datetime) -> str | None:
        """Somebody else who has the same key, by lines that have no name in common with ours."""
        claims = self._all.find(key, NAMESPACE, at).claims
        groups = [_names(patterns, certificate) for patterns, certificate in claims]
        same = {principal}
        for _ in groups:
            same.update(name for names in groups if not same.isdisjoint(names) for name in names)
        return next((name for names in groups for name in names if name not in same), None)

    def _lines_with(self, principal: str) -> AllowedSigners:
        """The lines that name a principal; those of authorities also by a pattern."""
        if principal not in self._of:
            self._of[principal] = _as_signers(
                line
                for lines in self._all.lines.values()
                for line in lines
                if principal in literal_names(line.patterns)
                or (line.authority and match_list(principal, line.patterns))
            )
        return self._of[principal]

    def _lines_of(self, key: PublicKey) -> list[Line]:
        lines = self._all.lines
        plain = lines.get(key.plain, ())
        found = [line for line in plain if line.key.blob == key.blob and not line.authority]
        if key.certificate is not None:
            signed_by = lines.get(key.certificate.authority.plain, ())
            found += [line for line in signed_by if line.authority]
        return found


def _as_signers(lines: Iterable[Line]) -> AllowedSigners:
    by_key: dict[bytes, list[Line]] = {}
    for line in lines:
        by_key.setdefault(line.key.plain, []).append(line)
    return AllowedSigners(by_key, ())


def _names(patterns: str, certificate: Certificate | None) -> Sequence[str]:
    """Who a line gives a key to: by its certificate, if it is a line of an authority."""
    if certificate is None:
        return literal_names(patterns)
    names = certificate.principals
    return [name for name in names if is_name(name) and match_list(name, patterns)]


def is_for_us(line: Line) -> bool:
    """Whether a line is good for records."""
    return line.namespaces is None or match_list(NAMESPACE, line.namespaces)


def names_admin(line: Line) -> bool:
    """Whether a line names the namespace of admins, by no pattern."""
    return ADMIN in (line.namespaces or "").split(",")


def _is_limited(line: Line) -> bool:
    return (line.valid_after, line.valid_before) != (None, None)
