"""People with keys, what they write, and a judge over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from git_gage.records import Record, format_time, make_record, parse_record, parse_time, sign_record
from git_gage.trust.checked import Checked, Checks
from git_gage.trust.judge import Judge
from git_gage.trust.keys import SigningKey
from git_gage.trust.pins import Pins
from git_gage.trust.private import make_ed25519
from git_gage.trust.revoked import Revoked
from git_gage.trust.rules import Own, Rules
from git_gage.trust.seen import Seen
from git_gage.trust.signer import NAMESPACE
from git_gage.trust.signers import AllowedSigners
from git_gage.trust.sshsig import make_signature
from git_gage.trust.verdict import Verdict

NOW = parse_time("2026-11-28T12:00:00.000Z")
DAY = 24 * 3600.0
RUN = "01m8hr6p64dchdjcfkm10f1rr20nsa"
NOBODY = Own(None, frozenset())


def make_key(folder: Path, name: str = "key") -> SigningKey:
    return make_ed25519(folder / name)


def write(
    key: SigningKey | None,
    email: str | None = "sam@x",
    *,
    at: float = NOW,
    run: str | None = RUN,
    kind: str = "comment.add",
    body: dict[str, Any] | None = None,
    named: str | None = "",
    namespace: str = NAMESPACE,
) -> Record:
    """A record of somebody, signed. `named`: the key that it names, the one that signs if empty."""
    by = {} if email is None else {"name": "Somebody", "email": email}
    if named == "":
        named = None if key is None else key.public.fingerprint
    if named is not None:
        by["key"] = named
    record = make_record(
        kind,
        run=run,
        at=format_time(at),
        lc=2,
        by=by or None,
        writer="lane",
        seq=0,
        prev=None,
        body={"text": "looks good"} if body is None else body,
    )
    return record if key is None else sign(record, key, namespace)


def sign(record: Record, key: SigningKey, namespace: str = NAMESPACE) -> Record:
    signed = sign_record(record, make_signature(key, record.payload, namespace))
    return parse_record(signed.line)


def edited(record: Record, change: Callable[[dict[str, Any]], object]) -> Record:
    """The record after somebody changed it and left the signature."""
    import rfc8785

    fields = json.loads(record.line)
    change(fields)
    return parse_record(rfc8785.dumps(fields))


class World:
    """Trust files and what was seen, in a folder; a new judge for each question."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.signers: list[str] = []
        self.revoked: list[str] = []
        self.own = NOBODY

    def trust(self, who: str, key: SigningKey, options: str = "") -> None:
        self.signers.append(" ".join([who, *([options] if options else []), key.public.text]))

    def judge(
        self,
        *records: Record,
        now: float = NOW,
        foreign: Sequence[str] = (),
        other: Callable[[str, bytes], Checked] | None = None,
    ) -> list[Verdict]:
        signers = AllowedSigners.parse("\n".join(self.signers), "signers")
        assert not signers.faults
        lines = [line for lines in signers.lines.values() for line in lines]
        revoked = Revoked.parse("\n".join(self.revoked), "revoked")
        checks = Checks(self.folder / "checks.json", other or _no_program, "")
        seen, pins = Seen(self.folder / "seen"), Pins(self.folder / "pins")
        judge = Judge(Rules(lines, [revoked], self.own), checks, seen, pins, now)
        return judge.judge(records, foreign)

    def one(self, record: Record, **kwargs: Any) -> Verdict:
        (verdict,) = self.judge(record, **kwargs)
        return verdict


def _no_program(sig: str, payload: bytes) -> Checked:
    return Checked("E", "no such program here")
