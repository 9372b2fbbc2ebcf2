"""Keys that ssh-agent holds: asked for over its socket, without a process.

Source: OpenSSH's PROTOCOL.agent (draft-ietf-sshm-ssh-agent).
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from git_gage.errors import describe_os_error
from git_gage.trust.algorithms import Rsa
from git_gage.trust.errors import SignatureError, SigningError, UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.wire import Reader, pack

# As OpenSSH's own clients.
MAX_REPLY = 256 * 1024
LIST_S = 10
# Somebody may have to find and touch a token, or to answer a question on a screen.
SIGN_S = 120

_LIST, _LISTED = 11, 12
_SIGN, _SIGNED = 13, 14
_RSA_SHA2_512 = 4


class AgentKey(NamedTuple):
    """A key that the agent at a socket signs with."""

    socket: Path
    public: PublicKey

    def sign_raw(self, data: bytes) -> bytes:
        """A signature of `data` in SSH wire form; waits two minutes for a person's consent.

        Raises: SigningError if the agent does not answer, or refuses.
        """
        flags = _RSA_SHA2_512 if isinstance(self.public.numbers, Rsa) else 0
        request = bytes([_SIGN]) + pack(self.public.blob, data) + flags.to_bytes(4)
        with _explained(self.socket):
            reply = _ask(self.socket, request, SIGN_S)
            if reply.number(1) == _SIGNED:
                return reply.string()
        raise SigningError(
            f"sign: ssh-agent refused to sign with {self.public.fingerprint}",
            hint="'ssh-add -l' lists the keys that it holds, 'ssh-add -X' unlocks it",
        )


def list_agent_keys(path: Path) -> list[PublicKey]:
    """The keys that the agent at a socket holds, as far as their types are known here.

    Raises: SigningError if it does not answer, or refuses.
    """
    with _explained(path):
        reply = _ask(path, bytes([_LIST]), LIST_S)
        if reply.number(1) != _LISTED:
            raise SignatureError("it refused")
        reply.number(4)
        blobs = reply.strings()[::2]  # each is followed by a comment
    return [key for key in map(_read_known, blobs) if key is not None]


def _read_known(blob: bytes) -> PublicKey | None:
    try:
        return read_public_key(blob)
    except (SignatureError, UnsupportedError):
        return None


def _ask(path: Path, request: bytes, timeout_s: float) -> Reader:
    """What the agent says, from the type of its message on."""
    if sys.platform == "win32":
        raise SignatureError("there is no way to it on Windows")
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(timeout_s)
        line.connect(str(path))
        line.sendall(pack(request))
        with line.makefile("rb") as answers:
            size = Reader(answers.read(4)).number(4)
            if size > MAX_REPLY:
                raise SignatureError("its answer is too long")
            return Reader(Reader(answers.read(size)).take(size))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise SigningError(f"ask ssh-agent at '{path}': it does not answer") from error
    except OSError as error:
        reason = describe_os_error(error)[0]
        raise SigningError(
            f"ask ssh-agent at '{path}': {reason}", hint="'ssh-add -l' tells whether it runs"
        ) from error
    except SignatureError as error:
        raise SigningError(f"ask ssh-agent at '{path}': {error}") from error
