"""Keys that are revoked: by a list that is read here, by a binary list that ssh-keygen reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.trust.errors import UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.private import load_private_key
from git_gage.trust.revoked import Revoked
from git_gage.trust.wire import Reader, mpint_bytes, pack
from tests.unit.trust.keygen import MESSAGE, NAMESPACE, certify, copy_key, keygen, sign

FORMS = ("list", "krl")


def pub(path: Path) -> PublicKey:
    return read_public_key(path.with_name(f"{path.name}.pub").read_text())


def certificate(keys: dict[str, Path]) -> PublicKey:
    return read_public_key(keys["rsa-cert.pub"].read_text())


def revoke(form: str, path: Path, *revoked: Path) -> Path:
    """A list of both kinds that revokes the same."""
    if form == "list":
        path.write_text("# stolen\n\n" + "\n".join(one.read_text() for one in revoked))
    else:
        code, said = keygen("-q", "-k", "-f", path, *revoked)
        assert code == 0, said
    return path


def keygen_refuses(folder: Path, private: Path, listed: Path) -> bool:
    (folder / "sig").write_text(sign(load_private_key(private)))
    public = load_private_key(private).public
    names = "sam@example.com" if public.certificate is None else "sam@example.com cert-authority"
    key = public if public.certificate is None else public.certificate.authority
    (folder / "signers").write_text(f"{names} {key.text}\n")
    asked = ("-n", NAMESPACE, "-f", folder / "signers", "-I", "sam@example.com")
    verify = keygen("-Y", "verify", *asked, "-s", folder / "sig", "-r", listed, stdin=MESSAGE)
    return verify[0] != 0


@pytest.mark.parametrize("form", FORMS)
def test_a_revoked_key(form: str, keys: dict[str, Path], tmp_path: Path) -> None:
    listed = revoke(form, tmp_path / "revoked", *(Path(f"{keys[k]}.pub") for k in ("rsa", "p256")))
    revoked = Revoked.load(listed)
    for name in ("rsa", "p256", "ed25519", "rsa-cert.pub", "p384-cert.pub"):
        public = load_private_key(keys[name]).public
        assert revoked.is_revoked(public) == keygen_refuses(tmp_path, keys[name], listed)
        assert revoked.is_revoked(public) == (name in ("rsa", "p256", "rsa-cert.pub"))


@pytest.mark.parametrize("form", FORMS)
def test_a_revoked_authority(form: str, keys: dict[str, Path], tmp_path: Path) -> None:
    listed = revoke(form, tmp_path / "revoked", Path(f"{keys['authority']}.pub"))
    revoked = Revoked.load(listed)
    assert revoked.is_revoked(certificate(keys))
    assert keygen_refuses(tmp_path, keys["rsa-cert.pub"], listed)
    assert not revoked.is_revoked(pub(keys["rsa"]))


def test_a_certificate_that_is_revoked_by_its_number(keys: dict[str, Path], tmp_path: Path) -> None:
    """Only a binary list can say so."""
    key = copy_key(keys["ed25519"], tmp_path / "key")
    one = read_public_key(certify(keys["authority"], key, "-z", "17").read_text())
    other = read_public_key(certify(keys["authority"], key, "-z", "18").read_text())
    (tmp_path / "spec").write_text("serial: 17\n")
    listed = tmp_path / "krl"
    keygen("-q", "-k", "-f", listed, "-s", f"{keys['authority']}.pub", tmp_path / "spec")
    revoked = Revoked.load(listed)
    assert revoked.is_revoked(one)
    assert not revoked.is_revoked(other)


def test_a_binary_list_is_asked_about_once_a_key(
    keys: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked = Revoked.load(revoke("krl", tmp_path / "krl", Path(f"{keys['rsa']}.pub")))
    key = pub(keys["rsa"])
    assert revoked.is_revoked(key)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert revoked.is_revoked(key)
    with pytest.raises(UnsupportedError, match="that needs ssh-keygen"):
        revoked.is_revoked(pub(keys["p256"]))


def test_a_binary_list_that_is_damaged(keys: dict[str, Path], tmp_path: Path) -> None:
    listed = revoke("krl", tmp_path / "krl", Path(f"{keys['rsa']}.pub"))
    listed.write_bytes(listed.read_bytes()[:-5])
    with pytest.raises(UnsupportedError, match=r"ssh-keygen cannot read the list .*krl'"):
        Revoked.load(listed).is_revoked(pub(keys["rsa"]))


def test_fingerprints_in_a_list(keys: dict[str, Path]) -> None:
    key = pub(keys["rsa"])
    for row in (key.fingerprint, f"  {key.fingerprint} sam's old laptop\r"):
        revoked = Revoked.parse(f"{row}\n", "revoked")
        assert revoked.is_revoked(key)
        assert revoked.is_revoked(certificate(keys))
        assert not revoked.is_revoked(pub(keys["p256"]))


def test_a_revoked_key_does_not_come_back_in_other_bytes(keys: dict[str, Path]) -> None:
    key = pub(keys["rsa"])
    reader = Reader(key.blob)
    name, exponent, modulus = reader.string(), reader.mpint(), reader.mpint()
    wide = pack(name, b"\0" + mpint_bytes(exponent), mpint_bytes(modulus))
    assert Revoked.parse(key.text, "revoked").is_revoked(read_public_key(wide))


def test_a_line_that_cannot_be_read_lets_no_key_through(
    keys: dict[str, Path], tmp_path: Path
) -> None:
    """Perhaps it was the one that revokes this key; ssh-keygen does the same."""
    listed = tmp_path / "revoked"
    listed.write_text(f"{pub(keys['rsa']).text}\nssh-rsa AAAA\n")
    revoked = Revoked.load(listed)
    assert revoked.is_revoked(pub(keys["rsa"]))
    with pytest.raises(UnsupportedError) as caught:
        revoked.is_revoked(pub(keys["p256"]))
    said = f"the list of revoked keys has a bad line ({listed}:2: cut short)"
    assert str(caught.value) == said
    assert keygen_refuses(tmp_path, keys["p256"], listed)


def test_a_key_of_a_type_that_is_not_known_here(keys: dict[str, Path]) -> None:
    """No signature by it is ever called good, so its line says nothing."""
    revoked = Revoked.parse("ssh-dss AAAAB3NzaC1kc3MAAAABAQ==\n", "revoked")
    assert not revoked.is_revoked(pub(keys["p256"]))


def test_no_list_and_an_empty_one(keys: dict[str, Path], tmp_path: Path) -> None:
    assert not Revoked().is_revoked(pub(keys["p256"]))
    with pytest.raises(FileNotFoundError):
        Revoked.load(tmp_path / "nowhere")
