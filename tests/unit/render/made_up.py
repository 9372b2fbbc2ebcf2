"""Run objects made up for tests, as docs/json.md has them."""

from __future__ import annotations

import hashlib
from typing import Any

from git_gage.records import parse_time, run_id

NOW = parse_time("2026-11-22T12:00:00.000Z")


def make_run(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A run that completed; `changes` replace its parts, those named `source__dirty` inside one."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    document: dict[str, Any] = {
        "id": run_id(int(NOW * 1000) - 3_600_000 * number, digest),
        "name": ("calm-fox", "kind-heron", "late-wren", "brisk-otter", "odd-yak")[number % 5],
        "operation": "train.py",
        "version": None,
        "status": "completed",
        "exit_code": 0,
        "staged": None,
        "started": f"2026-11-22T{12 - number:02d}:00:00.000Z",
        "ended": f"2026-11-22T{12 - number:02d}:14:02.000Z",
        "duration_s": 842.0,
        "label": None,
        "tags": [],
        "comments": [],
        "config": {"batch": 64, "lr": 0.1 / 10**number},
        "metrics": {"acc": 0.9123456 - number / 100, "loss": 0.2 * number},
        "summaries": {
            "acc": {"last": 0.9, "min": 0.1, "max": 0.95, "mean": 0.6, "count": 20},
            "loss": {"last": 0.2, "min": 0.2, "max": 0.2, "mean": 0.2, "count": 1},
        },
        "attributes": {},
        "logged": {},
        "signal": None,
        "progress": None,
        "heard": None,
        "deleted": None,
        "redacted": [],
        "archived": None,
        "asked": [],
        "command": {
            "argv": ["/usr/bin/python3", "train.py", "--lr", "0.01"],
            "shell": False,
            "cwd": ".",
            "interpreter": "/usr/bin/python3",
            "interpreter_origin": "PATH",
            "variables": {"CUDA_VISIBLE_DEVICES": "0"},
            "phases": {},
        },
        "phases": [],
        "definition": {"attributes": {}, "listing": None, "timeout_s": None},
        "inputs": [],
        "parent": None,
        "restart_of": None,
        "imported": None,
        "in_place": False,
        "project": {"id": ["5" * 40], "namespace": "digits", "path": "."},
        "author": {"name": "Ana", "email": "ana@example.com"},
        "writer": "0123456789abcdef",
        "source": {
            "commit": "8c1f0de" + "0" * 33,
            "branch": "main",
            "remote": "https://example.com/digits.git",
            "dirty": False,
            "status": {},
            "snapshot": "8c1f0de" + "0" * 33,
            "digest": "ab" * 32,
            "files": 14,
            "insertions": 0,
            "deletions": 0,
            "submodules": [],
            "superproject": None,
            "left_out": [],
            "linked": [],
        },
        "environment": {
            "python": "3.11.7",
            "packages": {"numpy": "2.4.0"},
            "platform": "Linux-6.1-x86_64",
            "host": "lab3",
            "cpus": 8,
            "gpus": [],
            "git": "2.39.5",
            "gage": "0.1.0",
        },
        "output": {"bytes": 12345, "lines": 812, "kept": 12345},
        "generated": {"files": 2, "bytes": 50_000_000},
        "written": [],
        "reason": None,
    }
    for key, value in changes.items():
        part, _, inner = key.partition("__")
        if inner:
            document[part] = {**document[part], inner: value}
        else:
            document[part] = value
    return document


def make_runs() -> list[dict[str, Any]]:
    """Four runs that a list should make sense of: going, completed, failed, somebody else's."""
    return [
        make_run(
            1,
            status="running",
            exit_code=None,
            ended=None,
            duration_s=None,
            label="wider net",
            started="2026-11-22T11:58:00.000Z",
            source__dirty=True,
        ),
        make_run(2, label="baseline"),
        make_run(3, status="error", exit_code=1, metrics={}, duration_s=12.3),
        make_run(
            4,
            label="from Ana \x1b[31m with a long label that can't be shown whole here",
            author={"name": "Sam", "email": "sam@example.com"},
            status="lost",
            exit_code=None,
            duration_s=None,
        ),
    ]
