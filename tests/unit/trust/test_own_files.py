"""Our own trust files: what commands change in them, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.errors import RequestError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.own_files import add_lines, add_signer, end_signer, format_line, revoke_key
from git_gage.trust.signers import AllowedSigners, Line
from tests.unit.trust.judging import make_key

KEY = read_public_key(
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gage" / "allowed_signers"


@pytest.fixture
def other(tmp_path: Path) -> PublicKey:
    return make_key(tmp_path).public


def test_what_was_written_by_hand_stays_as_it_is(path: Path, other: PublicKey) -> None:
    path.parent.mkdir()
    by_hand = f"# the team\n\nnonsense\nbob@x,rob@x   {KEY.text}  Bob's laptop"
    path.write_text(by_hand)
    assert add_signer(path, "sam@x", other, None)
    assert path.read_text() == f"{by_hand}\nsam@x {other.text}\n"
    assert end_signer(path, other.fingerprint, 1_800_000_000.9) == 1
    assert path.read_text().startswith(by_hand)
    assert end_signer(path, "SHA256:none", 1) == 0
    assert end_signer(path, KEY.fingerprint, 1_800_000_000) == 1
    assert 'bob@x,rob@x valid-before="20270115080000Z" ssh-ed25519' in path.read_text()


def test_an_authority_is_not_ended_with_its_key(path: Path) -> None:
    add_lines(path, [Line("*@x", KEY, authority=True)])
    assert end_signer(path, KEY.fingerprint, 1) == 0


def test_a_key_is_revoked_once(path: Path) -> None:
    assert revoke_key(path, KEY.fingerprint)
    assert not revoke_key(path, KEY.fingerprint)
    assert path.read_text() == f"{KEY.fingerprint}\n"


def test_a_file_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"^read '.*': is a directory"):
        revoke_key(tmp_path, KEY.fingerprint)
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match=r"^read '.*': not a directory"):
        revoke_key(tmp_path / "file" / "revoked", KEY.fingerprint)


def test_a_disk_that_takes_nothing_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, __: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(RequestError, match=r"^write '.*': no space left on device"):
        revoke_key(path, KEY.fingerprint)
    assert list(path.parent.iterdir()) == []


times = st.none() | st.integers(1, 4_000_000_000)
lines = st.builds(
    Line,
    patterns=st.sampled_from(["sam@x", "*@x,!bob@x", "sam@x,sam of x"]),
    key=st.just(KEY),
    authority=st.booleans(),
    namespaces=st.none() | st.sampled_from(["git", "git,gage-*"]),
    valid_after=times,
    valid_before=times,
)


@given(lines)
def test_a_line_is_read_back_as_it_was(line: Line) -> None:
    if line.valid_after and line.valid_before and line.valid_before <= line.valid_after:
        line = line._replace(valid_after=None)
    found = AllowedSigners.parse(format_line(line), "")
    assert (found.faults, found.lines) == ((), {KEY.plain: [line]})
