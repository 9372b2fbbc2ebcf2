"""What can be said of who wrote a record.

Source: docs/format.md, "Verdicts".
"""

from __future__ import annotations

from typing import NamedTuple

from git_gage.git.known import TRUSTED

WORDS = {
    "G": "verified",
    "U": "unknown key",
    "M": "mismatch",
    "Y": "key expired",
    "X": "signature expired",
    "R": "revoked",
    "B": "bad",
    "E": "cannot check",
    "N": "unsigned",
}
# Of a record with several signatures the first of these counts. What others can add to a record
# without having its writer's key (U, M, N, E, B) comes after what they cannot.
BEST_FIRST = "GYXRUMENB"
SIGNED = frozenset("GYXU")
FALSE = frozenset("MBR")
ADMIN = "admin"


class Verdict(NamedTuple):
    """Who wrote a record, as far as can be told here.

    `state` is a letter of `WORDS`; `principal` whose key signed, by the trust files; `claimed` who
    the record says wrote it; `key` the fingerprint of the key that signed, if any did; `time` when
    the record says it was made; `reason` is "" where there is nothing to add. `flagged`: it is not
    what it says, or may be somebody else's who takes a known name. `admin`: it is verified, and the
    trust files let who wrote it act for others.
    """

    record: str
    run: str
    kind: str
    state: str
    principal: str | None
    claimed: str | None
    key: str | None
    time: str
    reason: str
    flagged: bool
    admin: bool = False


def is_met(verdict: Verdict, required: str) -> bool:
    """Whether a verdict is enough for `trusted`, `signed` or `none`."""
    if required == TRUSTED:
        return verdict.state == "G"
    if required == "signed":
        return verdict.state in SIGNED and not verdict.flagged
    return verdict.state not in FALSE and not verdict.flagged


def kept_state(verdict: Verdict, policy: str) -> str:
    """What is kept of a verdict on what somebody else says: its letter, "admin" instead of G where
    that is so, or "flagged" where it does not count by `gage.apply` for another reason."""
    if verdict.admin:
        return ADMIN
    counts = verdict.state == "G" if policy == TRUSTED else not verdict.flagged
    return verdict.state if counts or verdict.state in FALSE else "flagged"
