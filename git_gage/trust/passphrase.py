"""The passphrase of the local key, in the system's keyring and nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

from git_gage.safe import clean
from git_gage.trust.errors import SigningError

# A keyring that is locked waits for somebody who may not be there.
ANSWER_S = 5


def keep_passphrase(account: str, passphrase: str, environ: Mapping[str, str]) -> None:
    """Have the keyring keep it; some say that they do, and do not.

    Raises: SigningError where it is not kept.
    """
    _ask("set", account, environ, passphrase)
    if find_passphrase(account, environ) != passphrase:
        raise SigningError("the system's keyring does not keep what it is given")


def find_passphrase(account: str, environ: Mapping[str, str]) -> str:
    """What the keyring keeps; "" if it has nothing.

    Raises: SigningError where there is no keyring, or it does not answer.
    """
    return _ask("get", account, environ)


def forget_passphrase(account: str, environ: Mapping[str, str]) -> None:
    """Have the keyring forget it.

    Raises: SigningError where it does not.
    """
    _ask("delete", account, environ)


def _ask(action: str, account: str, environ: Mapping[str, str], given: str = "") -> str:
    # -I: a folder that happens to be the current one has no say in what is imported.
    argv = [sys.executable, "-I", "-m", "git_gage.trust.keyring_child", action, account]
    try:
        done = subprocess.run(
            argv,
            input=given,
            capture_output=True,
            text=True,
            env=dict(environ),
            timeout=ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SigningError(f"the system's keyring did not answer for {ANSWER_S} seconds") from error
    if done.returncode:
        last = (done.stderr.strip() or "it does not say why").splitlines()[-1]
        # The last line of a traceback; the names of keyring's own failures say nothing more.
        said = re.sub(r"^keyring\.errors\.\w+: ", "", last)
        raise SigningError(f"the system's keyring cannot be used: {clean(said)}")
    return done.stdout
