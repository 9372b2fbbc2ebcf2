"""Certificates, and files that say more than one thing of a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.trust.keys import SigningKey
from git_gage.trust.private import load_private_key
from tests.unit.trust.judging import DAY, NOW, World, make_key, write
from tests.unit.trust.keygen import certify
from tests.unit.trust.keygen import make_key as make_pair


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return make_pair(tmp_path / "authority")


def certified(tmp_path: Path, authority: Path, *options: str, name: str = "sam@x") -> SigningKey:
    certify(authority, make_pair(tmp_path / "certified"), *options, name=name)
    return load_private_key(tmp_path / "certified-cert.pub")


def trust_authority(world: World, authority: Path, patterns: str, options: str = "") -> None:
    key = authority.with_name("authority.pub").read_text()
    world.signers.append(f"{patterns} cert-authority{options} {key}")


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        ("*@x", "sam@x", ("G", "sam@x", "")),
        ("sam@x", "sam@x", ("G", "sam@x", "")),
        ("*@x", "sam@x,sam@home", ("G", "sam@x", "")),
        ("*@x", "bob@x", ("M", "bob@x", "record says sam@x, signed by bob@x")),
        ("*@y", "sam@x", ("U", None, "certificate not for who the line names")),
        ("*@x,!sam@x", "sam@x", ("U", None, "certificate not for who the line names")),
    ],
)
def test_a_certificate_names_who_its_line_names_too(
    tmp_path: Path,
    authority: Path,
    patterns: str,
    name: str,
    expected: tuple[str, str | None, str],
) -> None:
    world = World(tmp_path)
    trust_authority(world, authority, patterns)
    verdict = world.one(write(certified(tmp_path, authority, name=name)))
    assert (verdict.state, verdict.principal, verdict.reason) == expected


def test_a_certificate_for_all_is_for_nobody(tmp_path: Path, authority: Path) -> None:
    world = World(tmp_path)
    trust_authority(world, authority, "*@x")
    assert world.one(write(certified(tmp_path, authority, name="*@x"))).state == "U"


def test_a_certificate_has_an_end_of_its_own(tmp_path: Path, authority: Path) -> None:
    world = World(tmp_path)
    trust_authority(world, authority, "*@x")
    key = certified(tmp_path, authority, "-V", "20260101:20261101")
    record = write(key, at=NOW - 40 * DAY)
    assert world.one(write(key)).reason == "key certificate expired when it was made"
    assert world.one(record).state == "Y"
    assert World(tmp_path / "other").one(record).state == "U"
    (tmp_path / "new").mkdir()
    fresh = World(tmp_path / "new")
    trust_authority(fresh, authority, "*@x")
    assert fresh.one(record, now=NOW - 39 * DAY).state == "G"
    assert fresh.one(record).state == "G"


def test_a_revoked_authority_takes_its_certificates_along(tmp_path: Path, authority: Path) -> None:
    world = World(tmp_path)
    trust_authority(world, authority, "*@x")
    key = certified(tmp_path, authority)
    world.revoked.append(authority.with_name("authority.pub").read_text())
    assert world.one(write(key)).state == "R"


def test_a_plain_line_is_not_for_a_certificate_and_the_other_way_round(
    tmp_path: Path, authority: Path
) -> None:
    world = World(tmp_path)
    key = certified(tmp_path, authority)
    world.signers.append(f"sam@x {(tmp_path / 'certified.pub').read_text()}")
    assert world.one(write(key)).state == "U"
    world.signers.clear()
    trust_authority(world, authority, "sam@x")
    plain = load_private_key(tmp_path / "authority")
    assert world.one(write(plain)).state == "U"


def test_a_limited_line_is_asked_for_each_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    key = make_key(tmp_path)
    world.trust("sam@x", key, 'valid-after="20261101Z",valid-before="20261201Z"')
    times = (NOW - 60 * DAY, NOW, NOW + DAY / 2)
    verdicts = world.judge(*(write(key, at=at) for at in times))
    assert [verdict.state for verdict in verdicts] == ["Y", "G", "G"]


def test_a_pattern_for_other_uses_is_said_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    key = make_key(tmp_path)
    world.trust("*@x", key, 'namespaces="git"')
    assert world.one(write(key)).reason == "key not allowed for gage-record@v1"
    assert world.one(write(key, None)).reason == "key not allowed for gage-record@v1"
