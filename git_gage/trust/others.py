"""OpenPGP and X.509 signatures as verdicts know them, and what they hang on."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.trust.checked import Checked, CheckOther
from git_gage.trust.errors import SigningError
from git_gage.trust.program_check import check_with_program, find_form
from git_gage.trust.settings import X509
from git_gage.trust.stamp import look_at

if TYPE_CHECKING:
    from git_gage.trust.settings import TrustSettings

_KEYRINGS = ("pubring.kbx", "pubring.gpg", "public-keys.d/pubring.db", "trustdb.gpg", "gpg.conf")
_KEYRINGS_X509 = ("trustlist.txt", "gpgsm.conf")


def make_check(settings: TrustSettings) -> CheckOther:
    """What checks a signature that is none of SSH, with the program that git names for it."""

    def check(sig: str, payload: bytes) -> Checked:
        form = find_form(sig)
        if form is None:
            return Checked("B", "the signature is of no kind that is known")
        try:
            found = check_with_program(form, sig, payload, settings)
        except SigningError as error:  # it answered once and then no more
            return Checked("E", error.message)
        read = _names_of_certificate if form == X509 else _names_of_key
        names = tuple(dict.fromkeys(read(found.names)))
        return Checked(found.state, found.reason, b"", found.fingerprint, names)

    return check


def stamp_programs(settings: TrustSettings, environ: Mapping[str, str], now: float) -> str:
    """Changes with keyrings and settings, and each day, since keys expire."""
    folder = Path(environ.get("GNUPGHOME") or Path(environ.get("HOME", ""), ".gnupg"))
    named = [*settings.programs.values(), settings.min_trust]
    return json.dumps(
        [
            time.strftime("%Y%m%d", time.gmtime(now)),
            [setting and setting.value for setting in named],
            look_at(folder / name for name in (*_KEYRINGS, *_KEYRINGS_X509)),
        ]
    )


def _names_of_key(names: Sequence[str]) -> list[str]:
    return [_address_of(name) for name in names]


def _address_of(name: str) -> str:
    """`ana@example.com` of `Ana <ana@example.com>`; what has no address is a name as it is."""
    _, found, address = name.rpartition("<")
    return address[:-1] if found and address.endswith(">") else name


def _names_of_certificate(names: Sequence[str]) -> list[str]:
    """Addresses without their brackets, `<ana@example.com>`, and then all other names.

    In `CN=Eve <sam@example.com>` there is none: whoever issued it looked at no address there.
    """
    addresses = [name[1:-1] for name in names if name.startswith("<")]
    return addresses + [name for name in names if not name.startswith("<")]
