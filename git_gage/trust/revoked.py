"""Keys that must not be trusted any more: the file that `gpg.ssh.revocationFile` names.

A plain list is read here; OpenSSH's binary lists (KRL) are asked about with ssh-keygen, once a key.
Whatever cannot be read makes each key that is not listed one that cannot be judged.

Source: ssh-keygen(1), "KEY REVOCATION LISTS"; OpenSSH's authfile.c.
"""

from __future__ import annotations

import re
from pathlib import Path

from git_gage.trust.errors import SignatureError, UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.lines import Fault, read_rows

_KRL_MAGIC = b"SSHKRL\n\0"
_FINGERPRINT = re.compile(r"(SHA256:[A-Za-z0-9+/]{43})(?:[ \t].*)?")
_ASK_S = 30
_OK, _REVOKED = 0, 1


class Revoked:
    """The keys that a file revokes; `faults` are the lines of a list that cannot be read."""

    def __init__(
        self,
        fingerprints: frozenset[str] = frozenset(),
        faults: tuple[Fault, ...] = (),
        krl: Path | None = None,
    ) -> None:
        self.faults = faults
        self._fingerprints = fingerprints
        self._krl = krl
        self._answers: dict[bytes, bool] = {}

    @classmethod
    def load(cls, path: Path) -> Revoked:
        """The keys that a file revokes.

        Raises: OSError if it cannot be read.
        """
        content = path.read_bytes()
        if content.startswith(_KRL_MAGIC):
            return cls(krl=path)
        return cls.parse(content.decode(errors="surrogateescape"), str(path))

    @classmethod
    def parse(cls, text: str, origin: str) -> Revoked:
        """The keys that a list revokes: a line each, as in a `.pub` file, or its fingerprint."""
        fingerprints, faults = set(), []
        for number, row in read_rows(text):
            try:
                fingerprints.add(_read_fingerprint(row))
            except UnsupportedError:
                pass  # no signature that can be checked here is by such a key
            except SignatureError as error:
                faults.append(Fault(origin, number, str(error)))
        return cls(frozenset(fingerprints), tuple(faults))

    def is_revoked(self, key: PublicKey) -> bool:
        """Whether a key is revoked, or the authority of its certificate.

        Raises: UnsupportedError if that cannot be found out: then it must not be trusted.
        """
        if self._krl is not None:
            if key.blob not in self._answers:
                self._answers[key.blob] = _ask_krl(self._krl, key)
            return self._answers[key.blob]
        keys = [key] if key.certificate is None else [key, key.certificate.authority]
        if any(listed.fingerprint in self._fingerprints for listed in keys):
            return True
        if self.faults:
            raise UnsupportedError(f"the list of revoked keys has a bad line ({self.faults[0]})")
        return False


def _read_fingerprint(row: str) -> str:
    found = _FINGERPRINT.fullmatch(row)
    return found[1] if found else read_public_key(row).fingerprint


def _ask_krl(krl: Path, key: PublicKey) -> bool:
    import subprocess
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".pub") as file:
        file.write(key.text + "\n")
        file.flush()
        command = ["ssh-keygen", "-Q", "-f", str(krl.absolute()), file.name]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_ASK_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnsupportedError("a list of revoked keys that needs ssh-keygen") from error
    if done.returncode not in (_OK, _REVOKED):
        raise UnsupportedError(f"ssh-keygen cannot read the list of revoked keys '{krl}'")
    return done.returncode == _REVOKED
