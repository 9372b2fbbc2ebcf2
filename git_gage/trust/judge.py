"""Who wrote a record: from its signature, the trust files, and what this clone has seen before.

A good signature is necessary and not sufficient: whose key it is must be who the record says.
Source: docs/format.md, "Verdicts".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from git_gage.records import parse_time
from git_gage.trust.errors import UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.verdict import BEST_FIRST, Verdict

if TYPE_CHECKING:
    from git_gage.records import By, Record
    from git_gage.trust.checked import Checked, Checks
    from git_gage.trust.pins import Pins
    from git_gage.trust.rules import Rules, Standing
    from git_gage.trust.seen import Seen

RETIRE = "key.retire"
# Clocks differ; nobody writes a record for the day after tomorrow.
_AHEAD_S = 24 * 3600


class _Finding(NamedTuple):
    """What makes a verdict, without what the record says of itself."""

    state: str
    principal: str | None = None
    reason: str = ""
    flagged: bool = False


class _Signed(NamedTuple):
    """A good signature: whose key is still to be asked."""

    record: str
    claimed: str | None
    key: PublicKey
    at: float


class Judge:
    """Judges records. What it sees for the first time it notes, for later verdicts."""

    def __init__(self, rules: Rules, checks: Checks, seen: Seen, pins: Pins, now: float) -> None:
        """`now` is Unix seconds."""
        self.rules = rules
        self._checks = checks
        self._seen = seen
        self.pins = pins
        self._now = now
        self._vouched: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._keys: dict[bytes, PublicKey] = {}

    def judge(self, records: Sequence[Record], foreign: Collection[str] = ()) -> list[Verdict]:
        """One verdict a record id, in the order they came in; of several lines the best counts.

        `foreign` are runs of other projects. Records that say of a retired key what it signed
        count only for those that they are judged with.
        """
        self._vouch([record for record in records if record.kind == RETIRE])
        best: dict[str, Verdict] = {}
        for record in records:
            verdict = self._judge_line(record, foreign)
            known = best.get(record.id)
            if known is None or _rank(verdict) < _rank(known):
                best[record.id] = verdict
        self._remember(best.values())
        return list(best.values())

    # -- one record ------------------------------------------------------------------------------

    def _judge_line(self, record: Record, foreign: Collection[str]) -> Verdict:
        checked = self._checks.check(record)
        key = self._read_key(checked.blob) if checked.blob else None
        claimed = claim_of(record.by)
        found = self._find(record, checked, key, claimed, foreign)
        admin = found.state == "G" and self._is_admin(record, key, found.principal)
        return Verdict(
            record=record.id,
            run=record.run,
            kind=record.kind,
            state=found.state,
            principal=found.principal,
            claimed=claimed,
            key=key.fingerprint if key is not None else checked.fingerprint or None,
            time=record.at,
            reason=found.reason or checked.reason or ("admin" if admin else ""),
            flagged=found.flagged,
            admin=admin,
        )

    def _find(
        self,
        record: Record,
        checked: Checked,
        key: PublicKey | None,
        claimed: str | None,
        foreign: Collection[str],
    ) -> _Finding:
        if checked.state in "BR":
            return _Finding(checked.state, next(iter(checked.names), None), flagged=True)
        if checked.state in "NE":
            return self._unproven(checked, claimed, record.run in foreign)
        if key is not None and (stopped := self._is_stopped(key)):
            return stopped
        wrong = self._find_wrong(record, key.fingerprint if key else checked.fingerprint, foreign)
        if wrong:
            return _mismatch(wrong)
        if key is None:
            return self._by_program(checked, claimed)
        return self._by_key(_Signed(record.id, claimed, key, parse_time(record.at)))

    def _unproven(self, checked: Checked, claimed: str | None, foreign: bool) -> _Finding:
        if foreign:
            return _Finding(checked.state, reason="of another project", flagged=True)
        known = claimed is not None and self.rules.holds_key_of(claimed)
        reason = f"says {claimed}, who signs" if known and not checked.reason else ""
        return _Finding(checked.state, reason=reason, flagged=known)

    def _is_stopped(self, key: PublicKey) -> _Finding | None:
        """Revocation comes before all else, whatever the record says of its time."""
        try:
            if not self.rules.is_revoked(key):
                return None
        except UnsupportedError as error:
            return _Finding("E", None, str(error), flagged=True)
        names = self.rules.names_of(key)
        return _Finding("R", next(iter(names), None), "the key was revoked", flagged=True)

    def _find_wrong(self, record: Record, fingerprint: str, foreign: Collection[str]) -> str:
        """What contradicts a good signature, whoever's it is."""
        named = (record.by or {}).get("key")
        if named not in (None, fingerprint):
            return f"the record names the key {named}, and {fingerprint} signed"
        if record.run in foreign:
            return "of another project"
        if parse_time(record.at) > self._now + _AHEAD_S:
            return "dated more than a day ahead"
        return ""

    # -- whose key -------------------------------------------------------------------------------

    def _by_key(self, signed: _Signed) -> _Finding:
        rules, claimed = self.rules, signed.claimed
        names = rules.names_of(signed.key)
        principal = next(iter(names), None) if claimed is None else claimed
        if principal is not None and principal in names:
            return self._by_principal(signed, principal)
        own = rules.own
        if signed.key.fingerprint in own.keys:
            return self._by_own_key(signed, names)
        if names:
            return _mismatch(f"record says {claimed}, signed by {names[0]}", names[0])
        reason = rules.why_not(signed.key, claimed, signed.at)
        if reason is not None:
            return _Finding("U", None, reason, self._is_taken(claimed))
        return self._unknown(signed.key.fingerprint, claimed)

    def _by_principal(self, signed: _Signed, principal: str) -> _Finding:
        """The trust files know the key as this principal's: whether it was good at that time."""
        then = self._stand(signed, principal, signed.at)
        if then.state == "U":
            return _Finding("U", None, then.reason, flagged=True)
        if then.state == "Y":
            return _Finding("Y", principal, then.reason)
        if self._stand(signed, principal, self._now).state == "G":
            return _Finding("G", principal)
        first = self._seen.first(signed.record)
        if first is not None and self._stand(signed, principal, first).state == "G":
            return _Finding("G", principal, "key expired since, seen before")
        if (principal, signed.key.fingerprint) in self._vouched[signed.record]:
            return _Finding("G", principal, "key expired since, owner lists it")
        return _Finding("Y", principal, "key expired; nothing shows it is older")

    def _by_own_key(self, signed: _Signed, names: Sequence[str]) -> _Finding:
        """This user's own key needs no trust file."""
        own, claimed = self.rules.own, signed.claimed
        if claimed in (None, own.email):
            return _Finding("G", own.email or signed.key.fingerprint, "your own key")
        if self._is_taken(claimed) or names:
            name = names[0] if names else own.email or "your own key"
            return _mismatch(f"record says {claimed}, signed by {name}", name)
        you = f"you are {own.email} here" if own.email else "git has no e-mail address of yours"
        return _Finding("U", None, f"your own key, but {you}")

    def _by_program(self, checked: Checked, claimed: str | None) -> _Finding:
        names, state = checked.names, checked.state
        if state == "U":
            return self._unknown(checked.fingerprint, claimed)
        if not names and state != "G":  # of such a key the program does not say whose it is
            return _Finding(state, None, flagged=self._is_taken(claimed))
        if claimed is not None and claimed not in names:
            signer = names[0] if names else checked.fingerprint
            return _mismatch(f"record says {claimed}, signed by {signer}", signer)
        return _Finding(state, claimed or next(iter(names), checked.fingerprint))

    def _unknown(self, fingerprint: str, claimed: str | None) -> _Finding:
        """Nobody's key, as far as the trust files go: what is known of it is only continuity."""
        if self._is_taken(claimed):
            return _Finding("U", None, f"claims {claimed}, not a key of {claimed}", flagged=True)
        claims = self.pins.claims_of(fingerprint)
        words = []
        if claims:
            since = datetime.fromtimestamp(min(claims.values()), UTC)
            words.append(f"key seen since {since:%Y-%m-%d}")
        others = [claim for claim in claims if claim != claimed]
        if others:
            words.append(f"also as {others[0]}")
        if claimed is not None and self.pins.keys_of(claimed) - {fingerprint}:
            words.append(f"{claimed} came with another key, too")
        return _Finding("U", None, "; ".join(words))

    def _stand(self, signed: _Signed, principal: str, at: float) -> Standing:
        return self.rules.stand(signed.key, principal, at)

    def _is_admin(self, record: Record, key: PublicKey | None, principal: str | None) -> bool:
        if key is None or principal is None:
            return False
        return self.rules.is_admin(key, principal, parse_time(record.at))

    def _is_taken(self, claimed: str | None) -> bool:
        return claimed is not None and self.rules.holds_key_of(claimed)

    # -- what is remembered ----------------------------------------------------------------------

    def _vouch(self, records: Sequence[Record]) -> None:
        """Take in what owners list as signed by keys they retired.

        Such a list may itself be signed by a key that was retired later: so until nothing is new.
        """
        left = list(records)
        while left:
            judged = [(record, self._judge_line(record, ())) for record in left]
            good = [(record, verdict) for record, verdict in judged if verdict.state == "G"]
            for record, verdict in good:
                self._take_list(record, verdict.principal or "")
            if not good:
                return
            left = [record for record, verdict in judged if verdict.state != "G"]

    def _take_list(self, record: Record, principal: str) -> None:
        key, listed = record.body.get("key"), record.body.get("records")
        if type(key) is str and type(listed) is list:
            for id in filter(lambda id: type(id) is str, listed):
                self._vouched[id].add((principal, key))

    def _remember(self, verdicts: Iterable[Verdict]) -> None:
        good = [
            verdict for verdict in verdicts if verdict.key is not None and verdict.state in "GUYX"
        ]
        self._seen.note((verdict.record for verdict in good), self._now)
        self.pins.note(
            ((verdict.claimed, verdict.key) for verdict in good if verdict.claimed and verdict.key),
            self._now,
        )
        self._checks.save()

    def _read_key(self, blob: bytes) -> PublicKey:
        if blob not in self._keys:
            self._keys[blob] = read_public_key(blob)
        return self._keys[blob]


def claim_of(by: By) -> str | None:
    """Who a record says wrote it: an e-mail address, or for want of it a name."""
    found = by or {}
    return found.get("email") or found.get("name") or None


def _rank(verdict: Verdict) -> int:
    return BEST_FIRST.index(verdict.state)


def _mismatch(reason: str, principal: str | None = None) -> _Finding:
    return _Finding("M", principal, reason, flagged=True)
