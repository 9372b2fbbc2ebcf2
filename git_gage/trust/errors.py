"""What can be wrong with a signature or with making one."""

from __future__ import annotations

from git_gage.errors import GageError


class SignatureError(Exception):
    """A signature, key or certificate is malformed or wrong (state B)."""


class UnsupportedError(Exception):
    """A signature cannot be checked here; nothing is said about whether it is good (state E)."""


class SigningError(GageError):
    """A signature that was asked for cannot be made."""


class PassphraseError(SigningError):
    """A private key needs a passphrase: none was given, or a wrong one."""
