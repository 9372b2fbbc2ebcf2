"""By which names a key is known here, and the line that makes it known elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from git_gage.trust.signer import NAMESPACE
from git_gage.trust.sources import find_sources, read_signers

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.trust.keys import PublicKey
    from git_gage.trust.settings import TrustSettings


def find_principals(settings: TrustSettings, repo: Repository, key: PublicKey) -> list[str]:
    """The names that the allowed signers files have for a key that is good now."""
    now = datetime.now(UTC)
    names: dict[str, None] = {}
    for _, signers in read_signers(find_sources(repo, settings).signers):
        found = signers.find(key, NAMESPACE, now)
        names |= dict.fromkeys(found.principals if found.reason is None else ())
    return list(names)


def signers_line(key: PublicKey, by: Mapping[str, str]) -> str:
    """The line of an allowed signers file for whoever signs with the key."""
    who = by.get("email") or by.get("name") or key.fingerprint
    return f'"{who}" {key.text}' if " " in who else f"{who} {key.text}"
