"""What belongs to the source, by name alone."""

from __future__ import annotations

import pytest

from git_gage.source import rules


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".ENV",
        ".env.local",
        ".env.production",
        ".env_backup",
        ".envrc",
        "conf/.env",
        "server.pem",
        "tls.key",
        "id_rsa",
        "id_rsa.bak",
        "id_ed25519",
        "id_ed25519_sk",
        "id_ecdsa",
        "id_dsa",
        "id_deploy",
        "cert.p12",
        "cert.pfx",
        ".netrc",
        ".pypirc",
        ".npmrc",
        ".git-credentials",
        "credentials.json",
        ".aws/credentials",
        "client_secret_123.json",
        "service-account.json",
        "secrets.toml",
        *("kaggle.json", ".s3cfg", "conf/.boto", ".databrickscfg", ".Renviron", "apns.p8"),
        "vault.kdbx",
        "a\n.pem",
    ],
)
def test_secret(path: str) -> None:
    assert rules.is_secret(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.dist",
        ".env-example",
        ".env/bin/python",
        ".environment",
        "id_rsa.pub",
        "id_map.py",
        "id_encoder.json",
        "keys.py",
        "pem.py",
        "grid_search",
        "key",
        "credentials.py",
        "secret_santa.py",
        "env.py",
    ],
)
def test_no_secret(path: str) -> None:
    assert not rules.is_secret(path.encode())


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"__pycache__/a.pyc", (b"__pycache__/", rules.CACHE)),
        (b"a/b/.mypy_cache/x/y", (b"a/b/.mypy_cache/", rules.CACHE)),
        (b"a/b/.ruff_cache/", (b"a/b/.ruff_cache/", rules.CACHE)),
        (b"a/old.pyc", (b"a/old.pyc", rules.CACHE)),
        (b".gage/runs", (b".gage/", rules.OWN)),
        (b".gage", (b".gage", rules.OWN)),
        (b"a/.gage/x", None),
        (b"pycache/a.py", None),
    ],
)
def test_disposable(path: bytes, place: tuple[bytes, str] | None) -> None:
    assert rules.find_disposable(path) == place


def test_installed_packages_are_found_by_what_is_in_them() -> None:
    paths = [
        b"env/pyvenv.cfg",
        b"tools/env2/pyvenv.cfg",
        b"node_modules/a/b.js",
        b"web/node_modules/c.js",
        b"my_node_modules/c.js",
        b"pyvenv.cfg",
    ]
    found = (b"env/", b"node_modules/", b"tools/env2/", b"web/node_modules/")
    assert rules.find_installed(paths) == found
