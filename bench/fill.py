"""A store of N realistic runs, quickly: `python -m bench.fill PATH N [LANES [VALUES]]`.

Whole epochs go in as one fast-import each, the way a flush writes them; records are made and named
as a real run's are. Outputs are real blobs in the bulk lane, sources are pinned.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from git_gage.git import Repository, open_repository
from git_gage.records import Record, format_time, make_record
from git_gage.store import layout
from git_gage.store.clean import note_closed, note_written
from git_gage.store.identity import new_lane
from git_gage.store.lane import Bulk, Epoch, Lane

PACKAGES = {f"package-{number}": f"1.{number}.0" for number in range(60)}
BEGAN = 1_760_000_000.0


def fill(
    path: Path,
    runs: int,
    lanes: int = 8,
    own: str | None = None,
    *,
    values: int = 4,
    repack: bool = True,
) -> None:
    """Put `runs` runs into the repository, spread over `lanes` lanes; `own` names the first.

    Each has so many `values` of config and of metrics.
    """
    repo = open_repository(path, dict(os.environ))
    head = repo.run("rev-parse", "HEAD").decode().strip()
    names = [own or new_lane(), *(new_lane() for _ in range(lanes - 1))]
    made = 0
    for number, name in enumerate(names):
        share = (runs - made) // (lanes - number)
        _fill_lane(repo, name, head, made, share, values)
        made += share
    if repack:
        repo.run("repack", "-adq")


def _fill_lane(repo: Repository, name: str, head: str, first: int, count: int, values: int) -> None:
    lane = Lane(repo, f"{layout.LOCAL}/{name}")
    done = 0
    number = 0
    while done < count:
        size = min(layout.EPOCH_RUNS, count - done)
        number += 1
        epoch = lane.pin(Epoch(f"202510-{number:02d}"), [head])
        lines: list[bytes] = []
        bulk: list[Bulk] = []
        for place in range(first + done, first + done + size):
            records, files = realistic_run(repo, name, head, place, values)
            lines += [record.line for record in records]
            bulk += files
        before, epoch = epoch, lane.append(epoch, lines, size, bulk)
        note_written(repo, before, epoch, lines, bulk)
        done += size
        if size == layout.EPOCH_RUNS:
            note_closed(repo, epoch, lane.close(epoch))


def realistic_run(
    repo: Repository, writer: str, head: str, place: int, values: int = 4
) -> tuple[list[Record], list[Bulk]]:
    """Records and bulk files of one run: settings, metrics, 40 lines of output."""
    chance = random.Random(place)
    environment = {"python": "3.12.1", "packages": PACKAGES, "host": "node1"}
    documents = {
        "environment.json": json.dumps(environment, sort_keys=True).encode(),
        "output": "".join(
            f"epoch {epoch}/40 loss: {chance.random():.4f}\n" for epoch in range(40)
        ).encode(),
    }
    bound = {name: _bind(repo, content) for name, content in documents.items()}
    at = BEGAN + place
    by = {"name": f"user {writer[:4]}", "email": f"{writer[:4]}@example.com"}
    begin = make_record(
        "run.begin",
        run=None,
        at=format_time(at),
        lc=1,
        by=by,
        writer=writer,
        seq=0,
        prev=None,
        body=_begin_body(head, chance, values, bound["environment.json"]),
    )
    end = make_record(
        "run.end",
        run=begin.run,
        at=format_time(at + 60),
        lc=2,
        by=by,
        writer=writer,
        seq=1,
        prev=begin.id,
        body=_end_body(at + 60, chance, values, bound["output"]),
    )
    files: list[Bulk] = [(f"{begin.run}/{name}", content) for name, content in documents.items()]
    return [begin, end], files


def _begin_body(
    head: str, chance: random.Random, values: int, environment: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operation": chance.choice(["train.py", "eval.py", "prepare.py"]),
        "project": {"id": [head], "namespace": "project", "path": "."},
        "command": {
            "argv": ["/home/u/.venv/bin/python", "train.py", "--lr", "0.1"],
            "shell": False,
            "cwd": ".",
            "interpreter": "/home/u/.venv/bin/python",
            "interpreter_origin": "project's .venv",
            "variables": {"VIRTUAL_ENV": "/home/u/.venv", "LANG": "en_US.UTF-8"},
        },
        "config": {
            "lr": {"type": "float", "text": f"{10 ** chance.uniform(-4, 0):.4g}"},
            "batch": {"type": "int", "text": str(chance.choice([16, 32, 64]))},
            "epochs": {"type": "int", "text": "40"},
            **{
                f"option{number}": {"type": "float", "text": f"{chance.random():.4g}"}
                for number in range(4, values + 1)
            },
        },
        "source": {
            "commit": head,
            "branch": "main",
            "remote": None,
            "dirty": False,
            "status": [],
            "snapshot": head,
            "digest": hashlib.sha256(head.encode()).hexdigest(),
            "files": 120,
            "insertions": 0,
            "deletions": 0,
            "submodules": [],
            "superproject": None,
            "left_out": [],
            "linked": [{"path": "data"}],
        },
        "environment": {"python": "3.12.1", "host": "node1", "cpus": 8, "gpus": []},
        "nonce": f"{chance.getrandbits(64):016x}",
        "bulk": {"environment.json": environment},
    }


def _end_body(
    ended: float, chance: random.Random, values: int, output: dict[str, Any]
) -> dict[str, Any]:
    names = ["loss", "acc", "val_loss", "f1", *(f"score{place}" for place in range(5, values + 1))]
    metrics = {
        name: {"last": value, "min": value / 2, "max": value * 2, "mean": value, "count": 40}
        for name, value in ((name, chance.random()) for name in names)
    }
    return {
        "status": "completed",
        "exit_code": 0,
        "signal": None,
        "ended": format_time(ended),
        "duration_s": 60.0,
        "metrics": metrics,
        "output": {"bytes": output["size"], "lines": 40, "kept": output["size"]},
        "generated": {"files": 2, "bytes": 20480},
        "written": [],
        "bulk": {"output": output},
    }


def _bind(repo: Repository, content: bytes) -> dict[str, Any]:
    return {
        "oid": repo.blob_oid(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }


if __name__ == "__main__":
    began = time.monotonic()
    counts = dict(enumerate(map(int, sys.argv[2:])))
    fill(Path(sys.argv[1]), counts[0], counts.get(1, 8), values=counts.get(2, 4))
    sys.stderr.write(f"{sys.argv[2]} runs in {time.monotonic() - began:.1f} s\n")
