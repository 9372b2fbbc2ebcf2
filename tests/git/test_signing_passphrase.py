"""Keys behind a passphrase: asked for at a terminal, or kept by the system's keyring."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.trust.errors import SigningError
from git_gage.trust.local_key import (
    lock_local_key,
    make_local_key,
    open_local_key,
    unlock_local_key,
)
from git_gage.trust.passphrase import find_passphrase
from git_gage.trust.private import load_private_key
from tests.signing import SIGNING, config, make_key, read_all, run
from tests.support import gage_inside

BACKEND = """\
import json, pathlib
import keyring.backend, keyring.errors
PLACE = pathlib.Path(__file__).with_name("kept.json")
class Keyring(keyring.backend.KeyringBackend):
    priority = 1
    def _kept(self):
        return json.loads(PLACE.read_text()) if PLACE.exists() else {}
    def get_password(self, service, name):
        return self._kept().get(service + name)
    def set_password(self, service, name, secret):
        PLACE.write_text(json.dumps({**self._kept(), service + name: secret}))
    def delete_password(self, service, name):
        kept = self._kept()
        if service + name not in kept:
            raise keyring.errors.PasswordDeleteError("it is not there")
        del kept[service + name]
        PLACE.write_text(json.dumps(kept))
"""
FAULTS = {
    "none": ("keyring.backends.fail.Keyring", "No recommended backend"),
    "dismissed": ("faulty.Dismissed", "prompt dismissed"),
    "forgetful": ("keyring.backends.null.Keyring", "does not keep what it is given"),
    "missing": ("nowhere.Keyring", "ModuleNotFoundError"),
    "silent": ("faulty.Dead", "it does not say why"),
    "hanging": ("faulty.Hanging", "did not answer for 0.5 seconds"),
}
FAULTY = """\
import os, time
import keyring.backend, keyring.errors
class Dismissed(keyring.backend.KeyringBackend):
    priority = 1
    def set_password(self, *_):
        raise keyring.errors.InitError("prompt dismissed")
    get_password = set_password
class Hanging(Dismissed):
    def set_password(self, *_):
        time.sleep(60)
    get_password = set_password
class Dead(Dismissed):
    def set_password(self, *_):
        os._exit(1)
    get_password = set_password
"""


class Someone:
    """At a terminal, and with these answers."""

    def __init__(self, *answers: str, terminal: bool = True) -> None:
        self.answers = list(answers)
        self.terminal = terminal
        self.told: list[str] = []

    def ask_secret(self, question: str) -> str:
        self.told.append(question)
        return self.answers.pop(0)

    def note(self, text: str) -> None:
        self.told.append(text)

    warning = note


def use_keyring(folder: Path, backend: str) -> dict[str, str]:
    """An environment whose keyring is this one."""
    (folder / "filed.py").write_text(BACKEND)
    (folder / "faulty.py").write_text(FAULTY)
    place = Path(os.environ["XDG_CONFIG_HOME"], "python_keyring")
    place.mkdir(parents=True, exist_ok=True)
    text = f"[backend]\nkeyring-path={folder}\ndefault-keyring={backend}\n"
    (place / "keyringrc.cfg").write_text(text)
    (Path(os.environ["XDG_DATA_HOME"]) / "python_keyring").mkdir(parents=True, exist_ok=True)
    (Path(os.environ["XDG_DATA_HOME"]) / "python_keyring" / "keyringrc.cfg").write_text(text)
    return {**os.environ, "CI": ""}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A local key."""
    make_local_key(tmp_path / "data" / "id_ed25519", Someone())
    return tmp_path / "data" / "id_ed25519"


# -- the keyring -----------------------------------------------------------------------------------


def test_the_keyring_opens_the_key(key: Path, tmp_path: Path) -> None:
    """The passphrase is in no file of ours, and gone from the keyring once the key is unlocked."""
    environ = use_keyring(tmp_path, "filed.Keyring")
    public = load_private_key(key).public
    sam = Someone()
    lock_local_key(key, environ, sam)
    assert key.stat().st_mode & 0o777 == 0o600
    locked = key.read_bytes()
    ((account, passphrase),) = json.loads((tmp_path / "kept.json").read_text()).items()
    assert account == f"git-gage{public.fingerprint}"
    assert load_private_key(key, passphrase.encode()).public == public
    assert open_local_key(key, environ, sam).public == public
    assert os.listdir(key.parent) == [key.name]
    with pytest.raises(SigningError, match="has a passphrase already"):
        lock_local_key(key, environ, sam)
    assert key.read_bytes() == locked
    unlock_local_key(key, environ, sam)
    assert load_private_key(key).public == public
    assert json.loads((tmp_path / "kept.json").read_text()) == {}
    with pytest.raises(SigningError, match="has no passphrase"):
        unlock_local_key(key, environ, sam)
    assert sam.told == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_keyring_that_fails_changes_nothing(
    key: Path, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, message = FAULTS[fault]
    if fault == "hanging":
        monkeypatch.setattr("git_gage.trust.passphrase.ANSWER_S", 0.5)
    environ = use_keyring(tmp_path, backend)
    before = key.read_bytes()
    with pytest.raises(SigningError, match=message) as failure:
        lock_local_key(key, environ, Someone())
    assert "\n" not in failure.value.message
    assert "Error" not in failure.value.message.replace("ModuleNotFoundError", "")
    assert failure.value.hint is not None
    assert key.read_bytes() == before
    assert os.listdir(key.parent) == [key.name]


def lock_by_hand(key: Path) -> None:
    run("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", key)


def test_without_the_keyring_the_user_is_asked(key: Path, tmp_path: Path) -> None:
    environ = use_keyring(tmp_path, "keyring.backends.fail.Keyring")
    public = load_private_key(key).public
    lock_by_hand(key)
    sam = Someone("no", "secret")
    with pytest.raises(SigningError, match="the passphrase is wrong"):
        open_local_key(key, environ, sam)
    assert sam.told[0].startswith("the system's keyring cannot be used: ")
    assert sam.told[1] == f"Passphrase of '{key}': "
    unlock_local_key(key, environ, sam)
    assert open_local_key(key, environ, Someone(terminal=False)).public == public


@pytest.mark.parametrize("terminal", [False, True])
def test_nobody_is_asked_where_nobody_is(key: Path, terminal: bool) -> None:
    """Without a terminal, and in CI."""
    lock_by_hand(key)
    environ = {**os.environ, "CI": "true" if terminal else ""}
    for action in (open_local_key, lock_local_key, unlock_local_key):
        with pytest.raises(SigningError, match="there is nobody at a terminal") as failure:
            action(key, environ, Someone(terminal=terminal))
        word = "--keyring" if action is lock_local_key else "--no-keyring"
        assert str(failure.value.hint).endswith(f" at one: git gage sign {word}")


def test_a_key_that_cannot_be_written_stays(key: Path, tmp_path: Path, monkeypatch: Any) -> None:
    environ = use_keyring(tmp_path, "filed.Keyring")
    before = key.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no space left"):
        lock_local_key(key, environ, Someone())
    assert key.read_bytes() == before
    assert os.listdir(key.parent) == [key.name]


def test_the_keyring_is_not_imported_from_the_current_folder(tmp_path: Path) -> None:
    """A repository may hold a keyring.py."""
    environ = use_keyring(tmp_path, "filed.Keyring")
    (tmp_path / "keyring.py").write_text("open('sprung', 'w')")
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        assert find_passphrase("me", environ) == ""
    finally:
        os.chdir(before)
    assert not (tmp_path / "sprung").exists()


def test_two_first_records_at_once_have_one_key(key: Path) -> None:
    sam = Someone()
    assert make_local_key(key, sam).public == load_private_key(key).public
    assert sam.told == []


# -- at a terminal ---------------------------------------------------------------------------------


def at_terminal(repo: Path, *args: str, answers: Sequence[str] = ()) -> str:
    """What is seen at a terminal where `git gage <args>` is typed, and the answers."""
    seen: Any = pexpect.spawn(
        "git-gage", list(args), cwd=str(repo), env={**os.environ, **SIGNING}, encoding="utf-8"
    )
    for answer in answers:
        seen.expect("Passphrase of '.*': ", timeout=20)
        seen.sendline(answer)
    text = seen.before if answers else ""
    seen.expect(pexpect.EOF, timeout=20)
    seen.close()
    return f"{text}{seen.before}{seen.exitstatus}"


def test_a_locked_key_asks_once_a_command(repo: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "key", passphrase="secret")
    config(repo, gpg__format="ssh", user__signingKey=str(tmp_path / "key"))
    seen = at_terminal(repo, "run", "-q", "--", "true", answers=["wrong", "secret"])
    assert "this is not its passphrase" in seen
    assert seen.endswith("0")
    assert [record.sig is not None for record in read_all(repo)] == [True, True]
    seen = at_terminal(repo, "label", "@", "--set", "x", answers=["a", "b", "c"])
    assert seen.endswith("128")
    assert "fatal: read key" in seen
    assert len(read_all(repo)) == 2


def test_the_local_key_is_locked_and_unlocked(repo: Path, tmp_path: Path) -> None:
    assert at_terminal(repo, "sign", "--keyring") == (
        "fatal: there is no local key yet\r\n"
        "hint: one is made with the first record you sign\r\n128"
    )
    use_keyring(tmp_path, "filed.Keyring")
    assert gage_inside(repo, "run", "-q", "--", "true", env=SIGNING).code == 0
    place = Path(os.environ["XDG_DATA_HOME"], "git-gage", "id_ed25519")
    assert at_terminal(repo, "sign", "--keyring") == f"Locked '{place}'\r\n0"
    assert "Set label" in at_terminal(repo, "label", "@", "--set", "x")
    assert at_terminal(repo, "sign", "--no-keyring") == f"Unlocked '{place}'\r\n0"
    assert gage_inside(repo, "label", "@", "--set", "y", env=SIGNING).code == 0
    assert all(record.sig for record in read_all(repo))
