"""What others recorded is looked at before any of it is taken for a path, an object or a word."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.errors import IntegrityError
from git_gage.runs.vetting import vet_begin
from tests.unit.catalog.made_up import begin, begin_body

RUN = begin(1).run
GAGEFILE = {"gagefile": "gage.toml", "timeout_s": 1.5, "env": {"A": {"b64": "/w=="}}}
INPUT = {"type": "file", "digest": "x"}
FILES = [{"path": "a/b", "sha256": "x"}, {"path": {"b64": "/w=="}, "sha256": "x"}]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"definition": GAGEFILE, "inputs": [{"run": RUN, "name": "x", "files": FILES, **INPUT}]},
        {"command__script": "a/train.py", "command__assignments": ["lr=0.1", {"b64": "/w=="}]},
        {"command__phases": {"run": {"argv": ["x"]}}, "config_diff": "--- a/x\n"},
        {"source__branch": None, "source__snapshot": None, "source__digest": None},
        {"source__branch": "feature/größer-2", "source__submodules": None},
        {"source__linked": [{"path": "data/"}, {"path": "..x"}, {"path": "a:b"}, {"path": "CON"}]},
    ],
)
def test_what_we_record_is_taken(changes: dict[str, Any]) -> None:
    vet_begin(RUN, begin_body(**changes))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("command__cwd", "../.."),
        ("command__cwd", "/etc"),
        ("command__cwd", ".git"),
        ("command__cwd", None),
        ("command__cwd", {"b64": "!"}),
        ("command__cwd", {"b64": ["x"]}),
        ("command__argv", []),
        ("command__argv", [7]),
        ("command__argv", "text"),
        ("command__script", "../x.py"),
        ("command__script", "a\0b"),
        ("command__interpreter", 7),
        ("command__assignments", 7),
        ("command__phases", {"run": {"argv": [7]}}),
        ("command__variables", 7),
        ("source__snapshot", "HEAD"),
        ("source__snapshot", "--output=x"),
        ("source__commit", "ref: refs/heads/main"),
        ("source__branch", "../../x"),
        ("source__branch", "x\n[core]"),
        ("source__digest", None),
        ("source__linked", [{"path": "../../../../home"}]),
        ("source__linked", [{"path": "/etc/passwd"}]),
        ("source__linked", [{"path": ".git/hooks"}]),
        ("source__linked", ["x"]),
        ("source__status", [{"path": "x"}]),
        ("source__submodules", 7),
        ("project", {"namespace": 7}),
        ("project", {"namespace": "x", "path": "../x"}),
        ("config", {"lr": 7}),
        ("definition", {"gagefile": "../../x.toml"}),
        ("definition", {"gagefile": "gage.toml", "timeout_s": "x"}),
        ("definition", {"gagefile": "gage.toml", "env": [7]}),
        ("inputs", [{"run": "../../x", "files": []}]),
        ("inputs", [{**INPUT, "name": 7}]),
        ("inputs", [{"type": "file"}]),
        ("inputs", [{"digest": "x"}]),
        ("inputs", [{**INPUT, "files": [{"path": "../x", "sha256": "x"}]}]),
        ("inputs", [{**INPUT, "files": [{"path": "x"}]}]),
        ("config_diff", 7),
    ],
)
def test_what_nobody_may_act_on_is_refused(key: str, value: Any) -> None:
    with pytest.raises(IntegrityError, match="is not what the format says") as refused:
        vet_begin(RUN, begin_body(**{key: value}))
    assert refused.value.hint == f"git gage show {RUN[10:17]} --json"
