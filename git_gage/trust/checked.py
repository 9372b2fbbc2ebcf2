"""What a record and its signature are by themselves, whoever's key it is; and a memory for it.

This is what costs: a tenth of a millisecond a record in process, ten with a program. The
mathematics of an SSH signature never changes, so its outcome is kept for good, by the sha256 of the
line; that of a program holds as long as its keys and settings are as they were, and for that day.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.records import is_canonical
from git_gage.trust.errors import SignatureError, UnsupportedError
from git_gage.trust.ledger import replace_file
from git_gage.trust.signer import NAMESPACE

if TYPE_CHECKING:
    from git_gage.records import Record

FORMAT = 1
# Below this a look into the file costs more than it saves; and what a clone keeps at most.
_FEW, _MOST = 16, 200_000


class Checked(NamedTuple):
    """`state` is "G" for a good signature, whoever's: SSH by the key `blob`; by a program, by the
    key `fingerprint`, which belongs to `names`. Else it is a verdict of its own."""

    state: str
    reason: str = ""
    blob: bytes = b""
    fingerprint: str = ""
    names: tuple[str, ...] = ()


# Checks a signature that is none of SSH: text of the signature, and what was signed.
CheckOther = Callable[[str, bytes], Checked]


def check_record(record: Record, check_other: CheckOther) -> Checked:
    """The record's form, and the mathematics of its signature."""
    from git_gage.trust.sshsig import BEGIN

    if not is_canonical(record):
        return Checked("B", "the line is not canonical JSON")
    if record.sig is None:
        named = record.by is not None and "key" in record.by
        return Checked("N", "its signature is missing" if named else "")
    if not record.sig.startswith(BEGIN):
        return check_other(record.sig, record.payload)
    return _check_ssh(record.sig, record.payload)


def _check_ssh(sig: str, payload: bytes) -> Checked:
    from git_gage.trust.sshsig import check_signature, read_signature

    try:
        signature = read_signature(sig)
        check_signature(signature, payload, NAMESPACE)
    except SignatureError as error:
        return Checked("B", f"the signature {error}")
    except UnsupportedError as error:
        return Checked("E", str(error))
    return Checked("G", "", signature.key.blob)


class Checks:
    """Checks records, each line once: what was found is kept in a file that can be deleted."""

    def __init__(self, path: Path, check_other: CheckOther, stamp: str) -> None:
        """`stamp` changes with what the programs for other signatures may go by."""
        self._path = path
        self._check_other = check_other
        self._stamp = stamp
        self._fresh: dict[str, Checked] = {}

    def check(self, record: Record) -> Checked:
        import hashlib

        digest = hashlib.sha256(record.line).hexdigest()
        found = self._known.get(digest) or self._fresh.get(digest)
        if found is None:
            found = self._fresh[digest] = check_record(record, self._check_other)
        return found

    def save(self) -> None:
        """Keep what was found. Where nothing can be written it is found again next time."""
        kept = {digest: found for digest, found in self._fresh.items() if found.state != "E"}
        if len(kept) < _FEW and not any(found.fingerprint for found in kept.values()):
            return
        both = dict(list({**self._known, **kept}.items())[-_MOST:])
        try:
            replace_file(self._path, json.dumps(self._pack(both)))
        except OSError:
            pass  # only time is lost

    @cached_property
    def _known(self) -> dict[str, Checked]:
        try:
            held = json.loads(self._path.read_bytes())
            return self._unpack(held) if held["format"] == FORMAT else {}
        except (OSError, ValueError, LookupError, TypeError):
            return {}  # none yet, or damaged: checked anew

    def _pack(self, both: dict[str, Checked]) -> dict[str, Any]:
        blobs = {found.blob: number for number, found in enumerate(both.values())}
        return {
            "format": FORMAT,
            "stamp": self._stamp,
            "keys": {number: b64encode(blob).decode() for blob, number in blobs.items()},
            "checked": {
                digest: [found.state, found.reason, blobs[found.blob]]
                for digest, found in both.items()
                if not found.fingerprint
            },
            "others": {
                digest: [found.state, found.reason, found.fingerprint, found.names]
                for digest, found in both.items()
                if found.fingerprint
            },
        }

    def _unpack(self, held: dict[str, Any]) -> dict[str, Checked]:
        keys = {int(number): b64decode(text) for number, text in held["keys"].items()}
        known = {
            digest: Checked(state, reason, keys[number])
            for digest, (state, reason, number) in held["checked"].items()
        }
        if held["stamp"] == self._stamp:
            for digest, (state, reason, key, names) in held["others"].items():
                known[digest] = Checked(state, reason, b"", key, tuple(names))
        return known
