"""What gpg and gpgsm, or what git names in their place, say of a signature.

Source: git's gpg-interface.c; GnuPG's doc/DETAILS, "Format of the --status-fd output" and "Format
of colon listings".
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from git_gage.safe import clean
from git_gage.trust.errors import SigningError
from git_gage.trust.programs import OFFLINE, STATUS, find_program, is_gnupg, run_program
from git_gage.trust.settings import OPENPGP, X509, TrustSettings

_BEGINS = {
    "-----BEGIN PGP SIGNATURE-----": OPENPGP,
    "-----BEGIN PGP MESSAGE-----": OPENPGP,
    "-----BEGIN SIGNED MESSAGE-----": X509,
}
_STATES = {
    "GOODSIG": "G",
    "EXPSIG": "X",
    "EXPKEYSIG": "Y",
    "REVKEYSIG": "R",
    "BADSIG": "B",
    "ERRSIG": "E",
}
_REASONS = {
    "X": "the signature has expired",
    "Y": "the key has expired",
    "R": "the key is revoked",
    "B": "the signature does not fit",
}
_LEVELS = ("undefined", "never", "marginal", "fully", "ultimate")
_ENOUGH = _LEVELS.index("marginal")
# What the validity of a name may be to count as its owner's, in a colon listing.
_VALID = frozenset("mfu")
# Checking is no reason to ask anybody.
_BATCH = ("--batch", "--no-tty")


class ProgramVerdict(NamedTuple):
    """What a program says of a signature.

    state: `G` by a key that it holds for somebody's, `U` by another one, `X` expired, `Y` by a key
    that has expired, `R` by one that is revoked, `B` bad, `E` it cannot tell. fingerprint: of the
    key, "" if it is not known. names: whose key it is, as `Ana <ana@example.com>`.
    """

    state: str
    fingerprint: str
    names: tuple[str, ...]
    reason: str


def find_form(armor: str) -> str | None:
    """`openpgp` or `x509`, as a signature begins; None for any other."""
    return _BEGINS.get(armor.partition("\n")[0].rstrip("\r"))


def check_with_program(
    form: str, armor: str, payload: bytes, settings: TrustSettings
) -> ProgramVerdict:
    """What the program that git names for `openpgp` or `x509` says of a signature."""
    program = find_program(settings, form)
    try:
        lines = _verify(settings, program, form, armor, payload)
    except SigningError as error:
        return ProgramVerdict("E", "", (), error.message)
    found = [words for words in lines if words[0] in _STATES]
    if any(words[:2] == ["ERROR", "verify.findkey"] for words in lines):
        return ProgramVerdict("E", "", (), f"'{program}' does not have the certificate")
    if len(found) != 1:
        return ProgramVerdict("E", "", (), f"'{program}' gives {len(found)} verdicts, not one")
    state = _STATES[found[0][0]]
    fingerprint = _read_fingerprint(lines)
    if state == "E":
        key = found[0][1] if len(found[0]) > 1 else "?"
        return ProgramVerdict("E", "", (), f"'{program}' does not have the key {clean(key)}")
    if state != "G":
        return ProgramVerdict(state, fingerprint, (), _REASONS[state])
    return _judge_trust(settings, program, form, lines, found[0])


def _verify(
    settings: TrustSettings, program: str, form: str, armor: str, payload: bytes
) -> list[list[str]]:
    """The words of each status line."""
    quiet = (*_BATCH, *OFFLINE[form]) if is_gnupg(program) else ()
    shown = ("--keyid-format=long",) if form == OPENPGP else ()
    with tempfile.NamedTemporaryFile("w", prefix="git-gage-") as file:
        file.write(armor)
        file.flush()
        argv = [program, *quiet, *shown, "--status-fd=1", "--verify", file.name, "-"]
        done = run_program(settings, argv, input=payload, terminal=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(STATUS)]
    words = [line.removeprefix(STATUS).decode(errors="replace").split(" ") for line in lines]
    return [each for each in words if each[0]]


def _read_fingerprint(lines: Sequence[Sequence[str]]) -> str:
    """Of the primary key, where the program tells, else of the key that signed."""
    for words in lines:
        if words[0] == "VALIDSIG" and len(words) > 1:
            return words[-1] if re.fullmatch("[0-9A-F]{40,64}", words[-1]) else clean(words[1])
    return ""


def _judge_trust(
    settings: TrustSettings,
    program: str,
    form: str,
    lines: Sequence[Sequence[str]],
    good: Sequence[str],
) -> ProgramVerdict:
    fingerprint = _read_fingerprint(lines)
    trust = [words[0].removeprefix("TRUST_").lower() for words in lines if "TRUST_" in words[0]]
    level = trust[0] if trust and trust[0] in _LEVELS else _LEVELS[0]
    if not fingerprint:
        return ProgramVerdict("E", "", (), f"'{program}' does not tell whose signature it is")
    if _LEVELS.index(level) < max(_ENOUGH, _read_minimum(settings)):
        return ProgramVerdict("U", fingerprint, (), f"'{program}' trusts the key: {level}")
    names = _list_names(settings, program, form, fingerprint) or (clean(" ".join(good[2:])),)
    return ProgramVerdict("G", fingerprint, names, "")


def _read_minimum(settings: TrustSettings) -> int:
    """`gpg.minTrustLevel`; what git would not know is more than anybody has."""
    if settings.min_trust is None:
        return 0
    level = settings.min_trust.value.lower()
    return _LEVELS.index(level) if level in _LEVELS else len(_LEVELS)


def _list_names(
    settings: TrustSettings, program: str, form: str, fingerprint: str
) -> tuple[str, ...]:
    """All names of a key that the user's own keyring vouches for: a signature shows one alone.

    A certificate of X.509 is vouched for whole, by who issued it.
    """
    if not is_gnupg(program):
        return ()
    argv = [program, *_BATCH, *OFFLINE[form], "--with-colons", "--list-keys", fingerprint]
    done = run_program(settings, argv, terminal=False)
    fields = (line.split(":") for line in done.stdout.decode(errors="replace").splitlines())
    names = (
        each[9]
        for each in fields
        if each[0] == "uid" and len(each) > 9 and (form == X509 or each[1] in _VALID)
    )
    return tuple(clean(_unescape(name)) for name in names)


def _unescape(name: str) -> str:
    r"""A name as it is: in a listing `\x3a` stands for a colon."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), name)
