"""Files of allowed signers: for each line, whoever and whenever, what ssh-keygen says."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.patterns import match_list, match_pattern
from git_gage.trust.private import load_private_key
from git_gage.trust.signers import AllowedSigners, Match
from tests.support import FULL, scale
from tests.unit.trust.keygen import (
    MESSAGE,
    NAMESPACE,
    certify,
    copy_key,
    keygen,
    make_token,
    sign,
)

SAM, ANA = "sam@example.com", "ana@example.com"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
KINDS = ("ed25519", "p256", "rsa", "certificate")

# `{ca}` and `{and}` stand where a line says `cert-authority`, if it is to be one of an authority:
# alone or before other options. Each line is asked for Sam, Ana, somebody else and a pattern.
TEXT = """\
sam@example.com {ca}{key}
sam@example.com {ca}{key} with a comment, namespaces="git"
  sam@example.com\t \t{ca}{key}
"sam@example.com" {ca}{key}
"sam@example.com"{ca}{key}
sam"@example.com" {ca}{key}
"sam@exam"ple.com {ca}{key}
"sam@example.com,ana@example.com" {ca}{key}
"sam@example.com {ca}{key}
sam@example.com,ana@example.com {ca}{key}
sam@example.com, ana@example.com {ca}{key}
sam@example.com,,ana@example.com {ca}{key}
,sam@example.com {ca}{key}
*@example.com {ca}{key}
?am@example.com {ca}{key}
* {ca}{key}
*@example.com,!ana@example.com {ca}{key}
!ana@example.com,*@example.com {ca}{key}
sam@example.com,!*@example.com {ca}{key}
!sam@example.com {ca}{key}
Sam@example.com {ca}{key}
s*@e*.com {ca}{key}
sam@example.com {ca}namespaces="gage-record@v1" {key}
sam@example.com {and}namespaces="gage-record@v1" {key}
sam@example.com {and}namespaces="git" {key}
sam@example.com {and}namespaces="git,gage-record@v1" {key}
sam@example.com {and}namespaces="gage-*" {key}
sam@example.com {and}namespaces="*,!gage-record@v1" {key}
sam@example.com {and}namespaces="" {key}
sam@example.com {and}namespaces="gage-record@v1 " {key}
sam@example.com {and}namespaces="a\\"b" {key}
sam@example.com {and}NameSpaces="gage-record@v1" {key}
sam@example.com {and}namespaces=gage-record@v1 {key}
sam@example.com {and}namespaces="gage-record@v1 {key}
sam@example.com {and}namespaces="git",namespaces="gage-record@v1" {key}
sam@example.com {and}namespaces="gage-record@v1", {key}
sam@example.com ,{and}namespaces="gage-record@v1" {key}
sam@example.com {and}namespaces="gage-record@v1",valid-after="20260101Z" {key}
sam@example.com {and}namespaces="gage-record@v1"valid-after="20260101Z" {key}
sam@example.com {and}valid-after="20260101Z" {key}
sam@example.com {and}valid-after="20270101Z" {key}
sam@example.com {and}valid-before="20270101Z" {key}
sam@example.com {and}valid-before="20260101Z" {key}
sam@example.com {and}Valid-Before="20260101z" {key}
sam@example.com {and}valid-after="202606011200Z" {key}
sam@example.com {and}valid-after="202606011201Z" {key}
sam@example.com {and}valid-after="20260601120000Z" {key}
sam@example.com {and}valid-after="20260601120001Z" {key}
sam@example.com {and}valid-before="20260601120000Z" {key}
sam@example.com {and}valid-before="20260601115959Z" {key}
sam@example.com {and}valid-before="20260601120000UTC" {key}
sam@example.com {and}valid-before="20260601120000" {key}
sam@example.com {and}valid-after="20260601120000" {key}
sam@example.com {and}valid-after="20260601" {key}
sam@example.com {and}valid-after="202606011130" {key}
sam@example.com {and}valid-after="202601011130" {key}
sam@example.com {and}valid-before="20260601T120000Z" {key}
sam@example.com {and}valid-after="2026060112Z" {key}
sam@example.com {and}valid-after="20261301Z" {key}
sam@example.com {and}valid-after="20260532Z" {key}
sam@example.com {and}valid-after="20260231Z" {key}
sam@example.com {and}valid-after="20260500Z" {key}
sam@example.com {and}valid-after="202605012400Z" {key}
sam@example.com {and}valid-after="202605012360Z" {key}
sam@example.com {and}valid-after="20260501235961Z" {key}
sam@example.com {and}valid-after="20260501235962Z" {key}
sam@example.com {and}valid-after="19700101Z" {key}
sam@example.com {and}valid-after="19691231Z" {key}
sam@example.com {and}valid-after="Z" {key}
sam@example.com {and}valid-after="" {key}
sam@example.com {and}valid-after="20260101Z",valid-before="20270101Z" {key}
sam@example.com {and}valid-after="20270101Z",valid-before="20260101Z" {key}
sam@example.com {and}valid-after="20260101Z",valid-before="20260101Z" {key}
sam@example.com {and}valid-after="20260101Z",valid-after="20260101Z" {key}
sam@example.com {and}touch-required {key}
sam@example.com {and}namespaces="gage-record@v1",touch-required {key}
sam@example.com {and}cert-authority {key}
sam@example.com CERT-AUTHORITY {key}
sam@example.com cert-authority,cert-authority {key}
sam@example.com cert-authorityx {key}
sam@example.com cert-authority
sam@example.com cert-authority {key}x
sam@example.com
sam@example.com {ca}
{ca}{key}
sam@example.com {ca}{type}
sam@example.com {ca}ssh-dss AAAAB3NzaC1kc3MAAACBA
sam@example.com {ca}ssh-xmss AAAA
sam@example.com {ca}{other}
#sam@example.com {ca}{key}
 # sam@example.com {ca}{key}

sam@example.com {and}namespaces="git" {key}⏎sam@example.com {ca}{key}
ana@example.com {and}namespaces="git" {key}⏎sam@example.com {ca}{key}
sam@example.com {and}valid-before="20260101Z" {key}⏎sam@example.com {ca}{key}
sam@example.com {ca}{key}⏎ana@example.com {ca}{key}
rubbish⏎sam@example.com {ca}{key}
sam@example.com {ca}{other}⏎sam@example.com {ca}{key}\r
sam@example.com {ca}{key}⏎*@example.com {and}namespaces="git" {key}
"""
LINES = TEXT.split("\n")[:-1]
# The lines up to here are about names: each is asked for more than Sam.
ABOUT_NAMES = LINES.index('sam@example.com {ca}namespaces="gage-record@v1" {key}')
CELLS = [
    (line, who)
    for number, line in enumerate(LINES)
    for who in (SAM, ANA, "bob@example.com", "*@example.com")
    if who == SAM or number < ABOUT_NAMES or FULL
]
random.Random(1).shuffle(CELLS)


@pytest.fixture(scope="module")
def signed(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A signature by a key of each kind."""
    folder = tmp_path_factory.mktemp("signed")
    files = {}
    for kind in KINDS:
        key = keys["p256-cert.pub" if kind == "certificate" else kind]
        files[kind] = folder / f"{kind}.sig"
        files[kind].write_text(sign(load_private_key(key)))
    return files


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A place with summer time, which OpenSSH does not know of."""
    zone = "EST5EDT,M3.2.0,M11.1.0"
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    yield zone
    monkeypatch.undo()
    time.tzset()


def pub(path: Path) -> PublicKey:
    return read_public_key(path.with_name(f"{path.name}.pub").read_text())


def fill_in(line: str, kind: str, keys: dict[str, Path]) -> tuple[str, PublicKey]:
    """The text of a file, and the key that is looked for in it."""
    named = looked_for = pub(keys["authority" if kind == "certificate" else kind])
    authority = kind == "certificate"
    if authority:
        looked_for = read_public_key(keys["p256-cert.pub"].read_text())
    other = pub(keys["p384"])
    text = line.replace("⏎", "\n").format_map(
        {
            "key": named.text,
            "type": named.type,
            "other": other.text,
            "ca": "cert-authority " if authority else "",
            "and": "cert-authority," if authority else "",
        }
    )
    return text + "\n", looked_for


def find(text: str, key: PublicKey, at: datetime = NOON, namespace: str = NAMESPACE) -> Match:
    return AllowedSigners.parse(text, "signers").find(key, namespace, at)


def keygen_says(file: Path, signature: Path, who: str, zone: str = "UTC") -> bool:
    asked = ("-Y", "verify", "-n", NAMESPACE, "-f", file, "-I", who, "-s", signature)
    at = f"-Overify-time={NOON:%Y%m%d%H%M%S}Z"
    return keygen(*asked, at, stdin=MESSAGE, tz=zone)[0] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_means_what_it_means_to_ssh_keygen(
    kind: str, keys: dict[str, Path], signed: dict[str, Path], tmp_path: Path, new_york: str
) -> None:
    """Each cell with one kind of key (at full size: with all)."""
    file, good, differ = tmp_path / "signers", 0, []
    cells = CELLS if FULL else CELLS[KINDS.index(kind) :: len(KINDS)]
    for line, who in cells:
        text, key = fill_in(line, kind, keys)
        file.write_text(text)
        match = find(text, key)
        ours = match.reason is None and match.matches(who)
        if ours != keygen_says(file, signed[kind], who, new_york):
            differ.append((line, who, ours, match))
        good += ours
    assert differ == []
    assert len(cells) / 10 < good < len(cells) * 2 / 3


def test_two_lines_with_one_key(keys: dict[str, Path]) -> None:
    """git asks about the first principal alone, and calls this signature bad."""
    text, key = fill_in(
        'ana@example.com namespaces="git" {key}⏎sam@example.com {key}', "ed25519", keys
    )
    match = find(text, key)
    assert (match.principals, match.reason) == ((SAM,), None)
    assert find(text, key, namespace="git").principals == (ANA, SAM)


def test_a_pattern_is_nobody(keys: dict[str, Path]) -> None:
    for names, expected in [
        ("*@example.com", ()),
        ("sam@example.com,*@example.com", (SAM,)),
        ("sam@example.com,!sam@example.com", ()),
        ("*,!ana@example.com", ()),
        ("sam@example.com,ana@example.com,!ana*", (SAM,)),
    ]:
        text, key = fill_in(f"{names} {{key}}", "ed25519", keys)
        match = find(text, key)
        assert match.known
        assert match.principals == expected


@pytest.mark.parametrize(
    ("line", "principals", "reason", "outside"),
    [
        ("sam@example.com {key}", (SAM,), None, False),
        ('sam@example.com valid-before="20260101Z" {key}', (SAM,), "expired", True),
        ('sam@example.com valid-after="20270101Z" {key}', (SAM,), "not yet valid", True),
        (
            'sam@example.com namespaces="git" {key}',
            (SAM,),
            "key not allowed for gage-record@v1",
            False,
        ),
        (
            'ana@example.com namespaces="git" {key}⏎sam@example.com valid-before="20260101Z" {key}',
            (SAM,),
            "expired",
            True,
        ),
        ("sam@example.com cert-authority {key}", (), None, False),
        ("sam@example.com {other}", (), None, False),
    ],
)
def test_why_a_key_does_not_count(
    line: str,
    principals: tuple[str, ...],
    reason: str | None,
    outside: bool,
    keys: dict[str, Path],
) -> None:
    """Whose key it was is still said: 'the key of sam@example.com, expired'."""
    match = find(*fill_in(line, "ed25519", keys))
    assert (match.principals, match.reason, match.outside_validity) == (
        principals,
        reason,
        outside,
    )
    assert match.known == (principals != ())
    assert match.matches(SAM) == (principals == (SAM,))


@pytest.mark.parametrize(
    ("options", "name", "reason", "outside"),
    [
        ((), "sam@example.com,ana@example.com,*@example.com", None, False),
        (("-V", "20200101:20210101"), SAM, "certificate expired", True),
        (("-V", "20270101:20280101"), SAM, "certificate not yet valid", True),
        (("-h",), SAM, "certificate of a host", False),
        ((), "", "certificate not for who the line names", False),
        ((), "bob@other.com", "certificate not for who the line names", False),
    ],
)
def test_certificates(
    options: tuple[str, ...],
    name: str,
    reason: str | None,
    outside: bool,
    keys: dict[str, Path],
    tmp_path: Path,
) -> None:
    key = copy_key(keys["ed25519"], tmp_path / "key")
    certified = load_private_key(certify(keys["authority"], key, *options, name=name))
    (tmp_path / "sig").write_text(sign(certified))
    text = f"*@example.com cert-authority {pub(keys['authority']).text}\n"
    (tmp_path / "signers").write_text(text)

    match = find(text, certified.public)
    assert (match.reason, match.outside_validity) == (reason, outside)
    assert match.principals == tuple(
        one for one in name.split(",") if one.endswith("@example.com") and "*" not in one
    )
    for who in (SAM, ANA, "bob@example.com", "*@example.com"):
        ours = match.reason is None and match.matches(who)
        assert ours == keygen_says(tmp_path / "signers", tmp_path / "sig", who)


def test_a_certificate_that_a_line_names_itself(keys: dict[str, Path]) -> None:
    """Not its authority: this one certificate, and neither another nor the bare key."""
    certified = read_public_key(keys["ed25519-cert.pub"].read_text())
    text = f"{SAM} {certified.text}"
    assert find(text, certified).principals == (SAM,)
    assert not find(text, pub(keys["ed25519"])).known
    assert not find(f"{SAM} {pub(keys['ed25519']).text}", certified).known


def test_a_key_on_a_security_token(keys: dict[str, Path], tmp_path: Path) -> None:
    token = make_token(load_private_key(keys["p256"]))
    (tmp_path / "sig").write_text(sign(token))
    text = f"{SAM} {token.public.text}\n"
    (tmp_path / "signers").write_text(text)
    assert find(text, token.public).principals == (SAM,)
    assert keygen_says(tmp_path / "signers", tmp_path / "sig", SAM)


def test_names_that_are_not_utf8(keys: dict[str, Path]) -> None:
    """A `?` is one byte."""
    text, key = fill_in("s\udce4m {key}⏎??m {key}", "ed25519", keys)
    assert find(text, key).matches("s\udce4m")
    assert find("??m" + text, key).matches("äm")


def test_bad_lines_are_named(keys: dict[str, Path]) -> None:
    lines = """\
# who may sign
sam@example.com {key}
rubbish
sam@example.com ssh-ed25519 AAAA
sam@example.com ssh-dss AAAAB3NzaC1kc3MAAAABAQ==
sam@example.com namespaces=git {key}
sam@example.com namespaces="git {key}
sam@example.com valid-after="tomorrow" {key}
sam@example.com valid-after="19700101Z" {key}
sam@example.com valid-after="20270101Z",valid-before="20260101Z" {key}
sam@example.com namespaces="a",namespaces="b" {key}
sam@example.com cert-authority, {key}
sam@example.com \0 {key}
"""
    text, _ = fill_in(lines, "ed25519", keys)
    faults = AllowedSigners.parse(text, "~/.signers").faults
    assert [str(fault) for fault in faults] == [
        "~/.signers:3: neither principals nor a key",
        "~/.signers:4: cut short",
        "~/.signers:5: keys of type 'ssh-dss' cannot be checked here",
        "~/.signers:6: an unknown option: 'namespaces=git'",
        "~/.signers:7: options without an end",
        "~/.signers:8: no time: 'tomorrow'",
        "~/.signers:9: a time before 1970: '19700101Z'",
        "~/.signers:10: 'valid-before' is not after 'valid-after'",
        "~/.signers:11: 'namespaces' more than once",
        "~/.signers:12: a comma after the last option",
        "~/.signers:13: neither principals nor a key",
    ]


def test_find_principals_prints_the_same_names(keys: dict[str, Path], tmp_path: Path) -> None:
    """Where a line has names only; patterns it prints as if they were names."""
    (tmp_path / "sig").write_text(sign(load_private_key(keys["ed25519"])))
    text, key = fill_in('"sam@example.com,ana@example.com" {key}', "ed25519", keys)
    (tmp_path / "signers").write_text(text)
    printed = keygen("-Y", "find-principals", "-s", tmp_path / "sig", "-f", tmp_path / "signers")
    assert printed == (0, "\n".join(find(text, key).principals) + "\n")


def test_patterns_match_what_they_match_for_ssh_keygen(
    keys: dict[str, Path], tmp_path: Path
) -> None:
    chance, file = random.Random(4), tmp_path / "signers"
    seen = set()
    for _ in range(scale(100, 3000)):
        patterns = "".join(chance.choices("ab*?!,", k=chance.randint(1, 9)))
        text = "".join(chance.choices("ab", k=chance.randint(1, 4)))
        file.write_text(f"{patterns} {pub(keys['ed25519']).text}\n")
        matched = keygen("-Y", "match-principals", "-I", text, "-f", file)[0] == 0
        assert match_list(text, patterns) == matched, (text, patterns)
        seen.add(matched)
    assert seen == {True, False}


@given(st.text("ab", max_size=8), st.text("ab*?", max_size=8))
def test_one_pattern_is_a_regular_expression(text: str, pattern: str) -> None:
    same = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert match_pattern(text, pattern) == (re.fullmatch(same, text) is not None)


def test_a_pattern_with_many_stars_takes_no_time() -> None:
    assert not match_pattern("a" * 5000, "*a" * 500 + "b")


@given(st.text(max_size=300))
def test_any_text_is_a_file_with_faults(text: str) -> None:
    signers = AllowedSigners.parse(text, "x")
    assert signers.lines == {}
