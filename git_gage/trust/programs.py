"""Signatures by the programs that git names: gpg, gpgsm, those that hold SSH keys.

They are asked as git asks them. Without a terminal they are told to ask nobody.
Source: git's gpg-interface.c; GnuPG's doc/DETAILS for status lines.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.safe import clean
from git_gage.trust.errors import SigningError
from git_gage.trust.settings import OPENPGP, SSH, X509, TrustSettings

if TYPE_CHECKING:
    from git_gage.trust.keys import PublicKey

# Somebody may have to type a passphrase or to touch a token; a run's end must not wait for ever.
SIGN_S = 120
STATUS = b"[GNUPG:] "

SSH_KEYGEN = "ssh-keygen"
_DEFAULTS = {SSH: SSH_KEYGEN, OPENPGP: "gpg", X509: "gpgsm"}
_GNUPG = ("gpg", "gpg2", "gpgsm")
# Git-gage never goes to the network for a signature: no lists of revoked certificates are fetched,
# no keys that are missing.
OFFLINE = {
    OPENPGP: ("--no-auto-key-retrieve",),
    X509: ("--disable-dirmngr", "--disable-crl-checks"),
}
_UNASKED = ("--batch", "--no-tty", "--pinentry-mode=error")
# By these programs find somebody to ask beside their standard streams.
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "GPG_TTY", "SSH_ASKPASS")
_NO_PROMPT = {"SSH_ASKPASS_REQUIRE": "never", "GIT_TERMINAL_PROMPT": "0"}


def find_program(settings: TrustSettings, form: str) -> str:
    """What git would run for signatures of a form."""
    named = settings.programs.get(form)
    if named is None:
        return _DEFAULTS[form]
    return str(settings.path(named.value)) if named.value.startswith("~") else named.value


def run_program(
    settings: TrustSettings, argv: Sequence[str], *, input: bytes = b"", terminal: bool
) -> subprocess.CompletedProcess[bytes]:
    """How a program ended and what it said; without a `terminal` it cannot ask anybody.

    Raises: SigningError where there is no such program, or it takes too long.
    """
    try:
        return subprocess.run(
            argv,
            input=input,
            capture_output=True,
            env=_environ(settings.environ, terminal=terminal),
            timeout=SIGN_S,
            start_new_session=not terminal,
            check=False,
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SigningError(f"run '{argv[0]}': {reason}") from error
    except subprocess.TimeoutExpired as error:
        raise SigningError(f"'{argv[0]}' did not answer for {SIGN_S} seconds") from error


def sign_with_program(settings: TrustSettings, key: str, payload: bytes, *, terminal: bool) -> str:
    """The text of an OpenPGP or X.509 signature by the program that git would call.

    Raises: SigningError.
    """
    program = find_program(settings, settings.form)
    offline = OFFLINE[settings.form] if is_gnupg(program) else ()
    unasked = _UNASKED if is_gnupg(program) and not terminal else ()
    argv = [program, *offline, *unasked, "--status-fd=2", "-bsau", key]
    done = run_program(settings, argv, input=payload, terminal=terminal)
    if done.returncode or b"\n" + STATUS + b"SIG_CREATED " not in b"\n" + done.stderr:
        raise SigningError(
            f"'{program}' could not sign with '{key}': {_last_words(done.stderr)}",
            hint=f"try it: echo | {os.path.basename(program)} -bsau '{key}'",
        )
    return done.stdout.replace(b"\r\n", b"\n").decode("ascii", "replace")


def sign_with_ssh_program(
    settings: TrustSettings,
    program: str,
    key: PublicKey | Path,
    payload: bytes,
    namespace: str,
    *,
    terminal: bool,
) -> str:
    """The text of an SSH signature by a program with the command line of ssh-keygen.

    Raises: SigningError.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="git-gage-") as scratch:
        file, agent = Path(scratch, "payload"), []
        file.write_bytes(payload)
        if not isinstance(key, Path):
            literal, key = key, Path(scratch, "key.pub")
            key.write_text(f"{literal.text}\n")
            agent = ["-U"]
        argv = [program, "-Y", "sign", "-n", namespace, "-f", str(key), *agent, str(file)]
        done = run_program(settings, argv, terminal=terminal)
        armor = file.with_name("payload.sig")
        if done.returncode or not armor.exists():
            raise SigningError(
                f"'{program}' could not sign with '{key}': {_last_words(done.stderr)}"
            )
        return armor.read_text(errors="replace").replace("\r\n", "\n")


def _environ(environ: Mapping[str, str], *, terminal: bool) -> dict[str, str]:
    if terminal:
        return dict(environ)
    return {name: text for name, text in environ.items() if name not in _SCREENS} | _NO_PROMPT


def is_gnupg(program: str) -> bool:
    """Whether a program has the options of GnuPG itself."""
    return os.path.basename(program) in _GNUPG


def _last_words(stderr: bytes) -> str:
    """What a program said last, without its status lines."""
    lines = [line for line in stderr.splitlines() if line and not line.startswith(STATUS)]
    return clean(lines[-1].decode(errors="replace")) if lines else "it does not say why"
