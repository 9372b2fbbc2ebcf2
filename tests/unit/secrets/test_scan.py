"""Secrets in texts: what is found, what is not, and how fast that is known."""

from __future__ import annotations

import os
import random
import time
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import git_gage
from git_gage.secrets import find_secrets, mask_secrets, mask_text
from tests.unit.secrets.tokens import make_key, make_tokens

KINDS = sorted(make_tokens(0))


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_of_each_kind_are_found(kind: str) -> None:
    for seed in range(20):
        token = make_tokens(seed)[kind]
        for around in ("{}", "x = '{}'\n", '{{"a": "{}"}}', "loss: 0.5\n  {}  # note\n"):
            text = around.format(token).encode()
            found = find_secrets(text)
            assert found, text
            masked, count = mask_secrets(text)
            assert count == len(found)
            assert len(masked) == len(text)
            assert masked.count(b"\n") == text.count(b"\n")
            assert not find_secrets(masked)


def test_all_tokens_in_one_text_are_found_each() -> None:
    assert len(find_secrets("\n".join(make_tokens(1).values()).encode())) == len(KINDS)


@pytest.mark.parametrize(
    "text",
    [
        "password = 'hunter2'",
        'db_password: "p@ssword!"',
        "PASSWORD=correcthorse7",
        "secret: str | None = 's3cret1'",
        'os.environ["OPENAI_API_KEY"] = "{}"',
        'login("api_key", "{}")',
        "curl -H 'X-Auth-Key: {}'",
        "postgres://sam:hunter2@db.example.com/x",
        "https://{}@github.com/a/b.git",
        "machine example.com login sam password {}",
        "Private-Lines: 8\n{}{}\n",
        '{{"username":"sam","key":"0123456789abcdef0123456789abcdeb"}}',
        r'{{"text":"one\n{}"}}',
    ],
)
def test_secrets_by_what_is_said_of_them(text: str) -> None:
    word = "gh" + "p_" + "a1B2c3D4e5F6" * 3 if r"\n" in text else "a1B2c3D4e5F6g7H8i9J0"
    assert find_secrets(text.format(word, word).encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "loss: 0.5 tokens/s 1234",
        "n_keys = 12; tokenizer = load('gpt2'); max_tokens=4096; key_dim = 64",
        "pad_token = '<pad>'; eos_token_id = 50256; token = tokens[0]",
        "token = self.tokenizer_fast_v2b3c4.encode(text)",
        "password = os.environ['PASSWORD_2']",
        "password = getpass.getpass()",
        "api_key='YOUR_API_KEY_12AB34CD56EF'",
        "api_key = config.api_key_a1b2c3d4",
        "private_key: PKCS7PrivateKeyTypes,",
        "private_key = rust_openssl.hpke.MLKEM768X25519PrivateKey",
        "secret_file = 'abc123def456ghi789jkl'",
        "token_hash = 'd41d8cd98f00b204e9800998ecf8427e'",
        "password = 'password'; secret: 'sha256'",
        "postgres://user:password@localhost/x and http://example.com/a@b",
        "ssh://git@example.com/x.git",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "-----BEGIN PRIVATE KEY-----",
        "task-" + "a1B2c3D4e5F6" * 4,
        "e" + "AKIA" + "ABCDEFGH12345678",
        "AKIA" + "ABCDEFGH12345678" + "Z",
        "wandb: Run 0123456789abcdef0123456789abcdef01234567",
        "basic understandings-of-2-things",
        "token2wav = Qwen2_5OmniToken2WavModel; loss: 0.12345678901234567, -1.5e-12",
        "the secret is outside, the token was lost",
    ],
)
def test_what_is_no_secret(text: str) -> None:
    assert find_secrets(text.encode()) == []


def test_keys_that_are_cut_are_covered_on_both_sides() -> None:
    key = make_key(random.Random(1).randbytes)
    for at in range(60, len(key) - 60, 7):
        for part in (key[:at], key[at:]):
            masked, count = mask_text(part)
            assert count == 1
            lines = [line for line in masked.splitlines() if len(line) > 40 and "-----" not in line]
            assert all(set(line) == {"*"} for line in lines[1:-1]), part


def test_own_sources_hold_no_secrets() -> None:
    folder = Path(git_gage.__file__).parent
    paths = sorted(folder.rglob("*.py"))
    assert len(paths) > 200
    assert [path for path in paths if find_secrets(path.read_bytes())] == []


@given(st.binary(max_size=400))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    masked, count = mask_secrets(data)
    assert len(masked) == len(data)
    assert (masked == data) == (count == 0)


@given(st.integers(0, 5000), st.integers(0, 5000), st.sampled_from(KINDS))
def test_where_a_secret_stands_does_not_matter(before: int, after: int, kind: str) -> None:
    token = make_tokens(before)[kind]
    text = f"{'x = 1 ' * before}\n{token}\n{' loss: 0.25' * after}".encode()
    (found, *_) = find_secrets(text)
    assert before * 6 < found.start < before * 6 + 1 + len(token)


@pytest.mark.full
def test_five_megabytes_of_random_text_take_less_than_a_second() -> None:
    size = 5 << 20
    text = b"\n".join(
        b64encode(os.urandom(48)) + b" token epoch_%d secret" % at for at in range(size // 85)
    )
    began = time.process_time()
    find_secrets(text)
    assert time.process_time() - began < 1.0 * (len(text) / size) * 3


def test_nothing_in_a_text_makes_it_slow() -> None:
    for part in (
        b"a",
        b"password ",
        b"sk-",
        b"eyJ",
        b"://a:",
        b"-----END ",
        b"token=",
        b"\\n",
        b" ",
    ):
        text = part * (200_000 // len(part))
        began = time.process_time()
        find_secrets(text)
        assert time.process_time() - began < 2, part
