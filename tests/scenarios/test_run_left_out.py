"""What a run leaves out is told where somebody may miss it, and only there."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support import gage, gage_inside, write_files


def test_a_cache_is_left_out_without_a_word_and_a_key_with_one(repo: Path) -> None:
    write_files(repo, {"__pycache__/train.cpython-311.pyc": b"\0", "server.pem": "key"})
    done = gage(repo, "run", "train.py")
    assert done.code == 0
    told = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert told == ["warning: 'server.pem' is not recorded (secret)"]
    shown = json.loads(gage_inside(repo, "show", "--json").out)
    left_out = {place["path"]: place["reason"] for place in shown["source"]["left_out"]}
    assert left_out == {"__pycache__/": "cache", "server.pem": "secret"}
