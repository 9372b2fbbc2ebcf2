"""Keys are made once: the tests read them, and copy what they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.trust.keygen import KINDS, certify, copy_key, make_key


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A private key of each kind, and with `-cert.pub` in the name the certificate of each."""
    folder = tmp_path_factory.mktemp("keys")
    authority = make_key(folder / "authority")
    made = {kind: make_key(folder / kind, kind) for kind in KINDS}
    certified = {
        f"{kind}-cert.pub": certify(authority, copy_key(key, folder / f"certified-{kind}"))
        for kind, key in made.items()
    }
    return {"authority": authority, **made, **certified}
