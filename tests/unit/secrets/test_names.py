"""Names that say that a value is secret, and those of models that only sound so."""

from __future__ import annotations

import pytest

from git_gage.secrets import is_secret, mask_shell, mask_urls, mask_words

LOT = "a1B2c3D4e5F6g7H8i9J0"


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "apiKey", "API_KEY", "x-api-key", "apikey", "OPENAI_API_KEY", "openai_key"),
        *("token", "hf_token", "githubToken", "--auth-token", "access.token", "authtoken"),
        *(
            "password",
            "db_password",
            "dbpassword",
            "passwd",
            "PWD",
            "passphrase",
            "pass",
            "db-pass",
        ),
        *("secret", "client_secret", "clientSecret", "secret_key", "AWS_SECRET_ACCESS_KEY"),
        *("credentials", "auth", "basic_auth", "session_cookie", "wandb_key", "private_key"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name, "hunter2-x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, "12")
            for name in ("n_keys", "max_tokens", "key_dim", "num_keys", "token", "auth")
        ),
        *((name, "abc") for name in ("tokenizer", "tokenizer_name", "author", "key", "sort_key")),
        *((name, "<pad>") for name in ("pad_token", "eos_token", "token", "mask_token", "secret")),
        *((name, "word") for name in ("bos_token", "tokens", "first_pass", "monkey", "keys")),
        *((name, "abcdefg") for name in ("password_file", "secret_name", "token_type", "key_path")),
        *(("password", value) for value in ("", "none", "True", "$PASSWORD", "{password}", "***")),
        ("credentials", "/home/sam/key.json"),
        ("", "word"),
        ("token_loss", "l1"),
    ],
)
def test_names_that_only_sound_so(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_a_plain_key_is_judged_by_its_value() -> None:
    assert is_secret("key", LOT)
    assert not is_secret("key", "layer1.weight")


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        (["--api-key=abc", "x"], ["--api-key=***", "x"]),
        (["--api-key", "abc"], ["--api-key", "***"]),
        (["-password", "a b"], ["-password", "***"]),
        (["PASSWORD", "abc"], ["PASSWORD", "***"]),
        (["--password", "--other"], ["--password", "--other"]),
        (["token=abc", "lr=1"], ["token=***", "lr=1"]),
        (["+model.api_key=abc"], ["+model.api_key=***"]),
        (["conf.json#db.password:str=abc"], ["conf.json#db.password:str=***"]),
        (["-H", "Authorization: Bearer abc"], ["-H", "Authorization: ***"]),
        (["-H", "Accept: text/html"], ["-H", "Accept: text/html"]),
        (["curl", "-u", "sam:abc", "x"], ["curl", "-u", "***", "x"]),
        (["curl", "-u", "sam"], ["curl", "-u", "sam"]),
        (["https://sam:abc@x.org/a?b=1"], ["https://***@x.org/a?b=1"]),
        (["--max-tokens", "12", "--pad-token", "x"], ["--max-tokens", "12", "--pad-token", "x"]),
        (["train.py", "n_keys=4", "key=query"], ["train.py", "n_keys=4", "key=query"]),
    ],
)
def test_words_of_a_command(words: list[str], masked: list[str]) -> None:
    assert list(mask_words(words)) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("TOKEN=abc python x.py --lr 1", "TOKEN=*** python x.py --lr 1"),
        ("a; b --password 'a b' | c", "a; b --password *** | c"),
        ('x --api-key="abc"; y', "x --api-key=***; y"),
        ("x --api-key $KEY", "x --api-key $KEY"),
        ("echo the token is here", "echo the token is here"),
        ("git clone https://sam:a@x.org/", "git clone https://***@x.org/"),
    ],
)
def test_texts_for_a_shell(text: str, masked: str) -> None:
    assert mask_shell(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://abc@x.org", "https://***@x.org"),
        ("postgres://sam:abc@x/db and s3://b/k", "postgres://***@x/db and s3://b/k"),
        ("ssh://git@x.org/a.git", "ssh://git@x.org/a.git"),
        ("git@x.org:a.git", "git@x.org:a.git"),
        ("https://x.org/?a=1&access_token=abc#d", "https://x.org/?a=1&access_token=***#d"),
        ("https://x.org/a@b", "https://x.org/a@b"),
    ],
)
def test_addresses(text: str, masked: str) -> None:
    assert mask_urls(text) == masked
