"""Secrets in files are covered where they are."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from git_gage.secrets import find_secrets, mask_file, mask_secrets, masks
from tests.unit.secrets.tokens import make_key, make_tokens

TOKENS = make_tokens(3)


def test_a_file_is_covered_in_place(tmp_path: Path) -> None:
    path = tmp_path / "output"
    text = "".join(f"loss: 0.5\n{token}\n" for token in TOKENS.values()).encode()
    path.write_bytes(text)
    assert mask_file(path) == len(TOKENS)
    assert path.read_bytes() == mask_secrets(text)[0]
    assert mask_file(path) == 0


def test_a_file_without_secrets_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"")
    assert mask_file(path) == 0
    path.write_bytes(b"epoch 1\n")
    before = path.stat().st_mtime_ns
    assert mask_file(path) == 0
    assert path.stat().st_mtime_ns == before


def test_what_is_known_to_be_a_secret_is_covered_too(
    tmp_path: Path,
) -> None:
    token = TOKENS["github classic"]
    path = tmp_path / "output"
    path.write_text(f"a hush-hush hush-hush {token}hush-hush, hush\n")
    # One that overlaps what has a form of its own, one in another, one that is not there.
    known = [b"hush-hush", f"{token}hush-h".encode(), b"not there"]
    assert mask_file(path, known) == 4
    covered = "*" * (len(token) + len("hush-hush"))
    assert path.read_text() == f"a ********* ********* {covered}, hush\n"


@pytest.mark.parametrize("chunk", [64, 100, 257, 1000, 4096])
def test_where_a_file_is_cut_for_us_does_not_matter(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masks, "_CHUNK", chunk)
    draw = random.Random(chunk)
    tokens = [*TOKENS.values(), make_key(draw.randbytes)] * 3
    text = "".join(f"{'x' * draw.randrange(90)}\n {token}\n" for token in tokens).encode()
    path = tmp_path / "output"
    path.write_bytes(text)
    assert mask_file(path) == len(tokens)
    assert path.read_bytes() == mask_secrets(text)[0]
    assert not find_secrets(path.read_bytes())
