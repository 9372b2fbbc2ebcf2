"""Logs of W&B: whole, in pieces, damaged, and as other versions write them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bench.events import make_bytes, make_varint
from git_gage.formats import wandb
from git_gage.formats.model import ForeignRun, Unread
from tests.foreign import lay_out
from tests.support import write_files

BLOCK = 32 << 10
STARTED = make_bytes(17, make_varint(1, 1700000000) + make_varint(2, 500000000))


def make_piece(kind: int, data: bytes) -> bytes:
    head = struct.pack("<HB", len(data), kind)
    return struct.pack("<I", zlib.crc32(data, zlib.crc32(head[2:]))) + head + data


def make_log(*records: bytes) -> bytes:
    """Records as wandb lays them out in blocks."""
    log = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        rest, first = record, True
        while rest or first:
            room = BLOCK - len(log) % BLOCK
            if room < 7:
                log += bytes(room)
                continue
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            log += make_piece(kind, part)
            first = False
    return bytes(log)


def make_item(name: str, value: Any, *nested: str) -> bytes:
    names = make_bytes(2, name.encode()) if nested else make_bytes(1, name.encode())
    names += b"".join(make_bytes(2, each.encode()) for each in nested)
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return names + make_bytes(16, content)


def make_items(values: Mapping[str, Any], key: int = 1) -> bytes:
    return b"".join(make_bytes(key, make_item(name, value)) for name, value in values.items())


def history(step: int, **values: Any) -> bytes:
    return make_bytes(2, make_items(values) + make_bytes(2, make_varint(1, step)))


RUN = make_bytes(17, make_bytes(1, b"abc") + make_bytes(3, b"digits") + STARTED)
EXIT = make_bytes(18, make_varint(1, 0) + make_varint(2, 7))


def read(folder: Path, *records: bytes, log: bytes | None = None) -> Any:
    place = folder / "run-20260102_030405-abc"
    place.mkdir(exist_ok=True)
    (place / "run-abc.wandb").write_bytes(make_log(*records) if log is None else log)
    (found,) = wandb.read_runs(folder)
    return found


def run_of(folder: Path, *records: bytes) -> ForeignRun:
    found = read(folder, *records)
    assert isinstance(found, ForeignRun), found
    return found


def test_records_that_go_over_blocks(tmp_path: Path) -> None:
    long = {"text": "x" * 40_000, "more": "y" * 40_000}
    start = make_log(RUN, make_bytes(5, make_items(long)), make_bytes(6, bytes(20_000)))
    # So little is left of the block that no piece begins there.
    fill = make_bytes(6, bytes(20_000 - 3 - len(start) % BLOCK + BLOCK))
    assert len(make_log(RUN, make_bytes(5, make_items(long)), fill)) % BLOCK == BLOCK - 3
    run = run_of(tmp_path, RUN, make_bytes(5, make_items(long)), fill, history(3, loss=0.5), EXIT)
    assert {name: len(value.text) for name, value in run.config.items()} == {
        "text": 40_000,
        "more": 40_000,
    }
    assert run.metrics.summaries()["loss"]["last"] == 0.5
    assert (run.ended, run.took_s, run.status) == (1700000007.5, 7.0, "completed")
    assert run.left_out == []


def test_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    block = make_log(RUN, history(0, loss=1.0))
    damaged = bytearray(make_log(RUN, history(0, loss=1.0), history(1, loss=2.0)))
    damaged[len(block) + 10] ^= 1
    whole = bytes(damaged) + bytes(BLOCK - len(damaged)) + make_piece(1, history(2, loss=3.0))
    whole += make_piece(3, b"the middle of nothing") + make_piece(2, b"a beginning")
    whole += make_piece(2, b"another one, and no end")
    found = read(tmp_path, log=whole)
    assert found.metrics.summaries()["loss"]["count"] == 2
    assert found.left_out == ["3 parts of its log damaged or unfinished"]
    assert found.status == "terminated"
    assert found.ended is None
    halves = make_log(RUN) + make_piece(2, history(0, loss=1.0)[:9]) + make_piece(9, b"")
    assert read(tmp_path, log=halves).left_out == ["1 part of its log damaged or unfinished"]


def test_a_record_has_a_limit(tmp_path: Path) -> None:
    with patch.object(wandb, "_MAX_RECORD", 100):
        found = run_of(tmp_path, RUN, make_bytes(5, make_items({"text": "x" * 200})), EXIT)
    assert found.left_out == ["1 part of its log damaged or unfinished"]


def test_what_is_no_log(tmp_path: Path) -> None:
    place = str(tmp_path / "run-20260102_030405-abc")
    assert read(tmp_path, log=b"SQLite") == Unread(place, "its log does not begin as wandb's do")
    unknown = Unread(place, "its log does not say which run it is")
    assert read(tmp_path, EXIT) == unknown
    assert read(tmp_path, b"\x0f") == unknown
    assert not wandb.is_here(tmp_path / "nowhere")


def test_settings_and_summaries_that_change(tmp_path: Path) -> None:
    config = make_items({"lr": 1, "gone": 2, "_wandb": {}})
    removed = make_bytes(2, make_item("gone", None)) + make_bytes(2, make_item("a", None, "b", "c"))
    nested = make_bytes(1, make_item("opt", 0.9, "beta")) + make_bytes(1, make_item("lr", 3, "x"))
    summary = make_items({"best": 0.5, "text": "a", "loss": 1, "img": {"_type": "image-file"}})
    summary += make_bytes(1, make_item("bad", b"{")) + make_bytes(1, make_bytes(16, b"1"))
    summary += make_items({"on": True}) + make_bytes(2, make_bytes(16, b""))
    run = run_of(
        tmp_path,
        RUN,
        make_bytes(5, config),
        make_bytes(5, removed + nested),
        history(0, loss=1.0, note="text", pic={"_type": "image-file", "width": 3}, _step=0),
        make_bytes(2, make_items({"plain": 2}) + make_bytes(1, make_bytes(16, b"1"))),
        make_bytes(3, summary),
        EXIT,
    )
    assert {name: value.text for name, value in run.config.items()} == {
        "lr.x": "3",
        "opt.beta": "0.9",
    }
    assert run.attributes == {"text": "a", "on": True}
    assert run.metrics.summaries()["best"]["last"] == 0.5
    assert run.metrics.summaries()["plain"]["last_step"] == 0
    assert sorted(run.left_out) == [
        "1 logged value without a number",
        "1 value damaged",
        "2 objects such as an image or a table",
    ]


def test_what_runs_say_of_themselves(tmp_path: Path) -> None:
    said = {6: "sweeps", 7: "train", 12: "abcd", 9: "notes", 10: "gpu", 13: "lab"}
    texts = b"".join(make_bytes(key, text.encode()) for key, text in said.items())
    git = make_bytes(21, make_bytes(1, b"") + make_bytes(2, b"HEAD"))
    config = make_bytes(4, make_items({"lr": 0.1}))
    environment = make_bytes(6, b"C:\\digits\\train.py") + make_bytes(13, b"ana")
    environment += make_varint(17, 8) + make_bytes(18, b"A100")
    run = run_of(
        tmp_path,
        make_bytes(17, make_bytes(1, b"abc") + STARTED + texts + git + config),
        make_bytes(26, environment),
        make_bytes(13, make_bytes(3, b"printed\n")),
        make_bytes(9, make_bytes(1, b"tb")),
        make_bytes(7, b""),
        make_bytes(25, b""),
        history(0, **{"x" * 300: 1.0}),
        make_bytes(18, make_varint(1, -9)),
    )
    assert run.attributes == {"group": "sweeps", "job_type": "train", "sweep": "abcd"}
    assert (run.comments, run.tags, run.user) == (["notes"], ["gpu"], "ana")
    assert run.source == {}
    assert run.environment == {"host": "lab", "cpus": 8, "gpus": ["A100"]}
    assert run.operation == "train.py"
    assert (run.status, run.exit_code, run.output) == ("terminated", None, None)
    assert sorted(run.left_out) == [
        "1 TensorBoard folder",
        "1 artifact used",
        "1 system metric",
        "1 value of metrics without a usable name",
    ]


def test_what_was_printed_is_in_the_log_if_nowhere_else(tmp_path: Path) -> None:
    write_files(tmp_path / "run-20260102_030405-abc", {"files/media/a.txt": "x"})
    run = run_of(tmp_path, RUN, make_bytes(13, make_bytes(3, b"printed\n")), EXIT)
    assert (run.output, run.packages) == (b"printed\n", None)
    assert [part.path for part in run.files] == [b"media/a.txt"]
    assert run_of(tmp_path, RUN, EXIT).output is None


def test_one_run_by_its_folder(tmp_path: Path) -> None:
    folder = lay_out("wandb", tmp_path)
    place = min(folder.glob("offline-run-*"))
    (found,) = wandb.read_runs(place)
    assert isinstance(found, ForeignRun)
    assert found.id == place.name.removeprefix("offline-run-")
    (place / "run-other.wandb").write_bytes(b"")
    (found,) = wandb.read_runs(place)
    assert isinstance(found, ForeignRun)
    assert "1 log of other runs in its folder" in found.left_out


@pytest.mark.parametrize("at", range(0, 3600, 97))
def test_any_byte_may_be_wrong(at: int, tmp_path: Path) -> None:
    folder = lay_out("wandb", tmp_path)
    place = next(path for path in folder.glob("*/*.wandb") if path.stat().st_size > 3600)
    data = bytearray(place.read_bytes())
    data[at] ^= 0x5A
    place.write_bytes(data)
    (found,) = wandb.read_runs(place.parent)
    assert isinstance(found, Unread) or found.left_out
