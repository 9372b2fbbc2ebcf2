"""Keys in ssh-agent: a real one, and ones that answer what they should not."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from git_gage.trust import agent
from git_gage.trust.agent import AgentKey, list_agent_keys
from git_gage.trust.errors import SigningError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.private import load_private_key
from git_gage.trust.wire import pack
from tests.support import wait_until
from tests.unit.trust.keygen import KINDS, is_good_for_keygen, sign


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a socket is; its whole path must be shorter than those of pytest can be."""
    with tempfile.TemporaryDirectory(prefix="agent") as folder:
        yield Path(folder) / "agent.sock"


@pytest.fixture
def running(place: Path) -> Iterator[Path]:
    """The socket of an ssh-agent without keys."""
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: answers(place))
        yield place
    finally:
        process.terminate()
        process.wait()


def answers(place: Path) -> bool:
    try:
        return list_agent_keys(place) == []
    except SigningError:
        return False


def ssh_add(running: Path, *args: str | Path, askpass: Path | None = None) -> None:
    environ = {**os.environ, "SSH_AUTH_SOCK": str(running)}
    if askpass:
        environ |= {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", *map(str, args)], env=environ, check=True, capture_output=True)


def pub(path: Path) -> PublicKey:
    return read_public_key(path.with_name(f"{path.name}.pub").read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_an_agent_signs(kind: str, keys: dict[str, Path], running: Path, tmp_path: Path) -> None:
    """The key and its certificate are two keys for the agent."""
    certificate = keys[f"{kind}-cert.pub"]
    private = certificate.with_name(certificate.name.removesuffix("-cert.pub"))
    ssh_add(running, private)
    listed = list_agent_keys(running)
    assert listed == [pub(private), read_public_key(certificate.read_text())]
    for public in listed:
        assert is_good_for_keygen(tmp_path, sign(AgentKey(running, public)))


def test_an_agent_without_keys(keys: dict[str, Path], running: Path) -> None:
    assert list_agent_keys(running) == []
    public = pub(keys["ed25519"])
    with pytest.raises(SigningError) as caught:
        sign(AgentKey(running, public))
    assert caught.value.message == f"sign: ssh-agent refused to sign with {public.fingerprint}"
    assert "ssh-add -l" in str(caught.value.hint)


def test_a_locked_agent(keys: dict[str, Path], running: Path, tmp_path: Path) -> None:
    ssh_add(running, keys["ed25519"])
    askpass = tmp_path / "askpass"
    askpass.write_text("#!/bin/sh\necho secret\n")
    askpass.chmod(0o700)
    ssh_add(running, "-x", askpass=askpass)
    with pytest.raises(SigningError, match="ssh-agent refused to sign"):
        sign(AgentKey(running, pub(keys["ed25519"])))


def test_no_agent(keys: dict[str, Path], place: Path) -> None:
    with pytest.raises(SigningError) as caught:
        list_agent_keys(place)
    assert caught.value.message == f"ask ssh-agent at '{place}': no such file or directory"
    assert caught.value.hint == "'ssh-add -l' tells whether it runs"
    with pytest.raises(SigningError, match=r"(?i)AF_UNIX path too long"):
        list_agent_keys(Path("/" + "x" * 200))


class Answering:
    """An agent that says one thing to whoever asks, or nothing."""

    def __init__(self, place: Path, answer: bytes | None) -> None:
        self.answer = answer
        self.asked: list[bytes] = []
        self.line = socket.socket(socket.AF_UNIX)
        self.line.bind(str(place))
        self.line.listen()
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join()
        self.line.close()

    def _serve(self) -> None:
        with self.line.accept()[0] as peer:
            self.asked.append(peer.recv(65536))
            if self.answer is None:
                peer.recv(1)  # until whoever asked gives up
            else:
                peer.sendall(self.answer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "cut short"),
        (b"\0\0\0\1", "cut short"),
        (b"\0\4\0\1", "its answer is too long"),
        (pack(b""), "cut short"),
        (pack(b"\5"), "it refused"),
        (pack(b"\x0c" + (9).to_bytes(4) + b"\0\0\0\7x"), "cut short"),
        (None, "it does not answer"),
    ],
)
def test_agents_that_make_no_sense(
    answer: bytes | None, said: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "LIST_S", 0.05)
    with Answering(place, answer), pytest.raises(SigningError, match=said):
        list_agent_keys(place)


def test_keys_of_types_that_are_not_known_here_are_passed_over(
    keys: dict[str, Path], place: Path
) -> None:
    known = pub(keys["ed25519"])
    held = pack(pack("ssh-newer@openssh.com", b"x"), "new", b"", "broken", known.blob, "old")
    with Answering(place, pack(b"\x0c" + (3).to_bytes(4) + held)):
        assert list_agent_keys(place) == [known]


def test_an_agent_that_signs_wrongly(keys: dict[str, Path], place: Path) -> None:
    """Some answer with SHA-1 whatever RSA is asked for; what they made is never written."""
    public = pub(keys["rsa"])
    with (
        Answering(place, pack(b"\x0e" + pack(pack("ssh-rsa", b"x" * 256)))) as other,
        pytest.raises(SigningError, match="not good: a signature of type 'ssh-rsa'"),
    ):
        sign(AgentKey(place, public))
    assert other.asked[0].endswith(b"\0\0\0\4")  # it was asked for SHA-512


def test_a_person_has_time_to_answer() -> None:
    assert agent.SIGN_S >= 60


def test_the_agent_and_the_file_sign_the_same(keys: dict[str, Path], running: Path) -> None:
    ssh_add(running, keys["ed25519"])
    key = load_private_key(keys["ed25519"])
    assert sign(AgentKey(running, key.public)) == sign(key)
