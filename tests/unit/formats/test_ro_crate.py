"""Crates of other tools, and crates that are not as they should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from git_gage.formats.model import ForeignRun, Unread
from git_gage.formats.ro_crate import _DOCUMENT, is_here, read_runs
from tests.unit.formats.test_folders import only

TOOL = {
    "@id": "https://example.com/resize",
    "@type": ["SoftwareApplication", "SoftwareSourceCode"],
    "name": "resize",
    "version": "7.1",
}
ACTION: dict[str, Any] = {
    "@id": "#halve",
    "@type": "CreateAction",
    "name": "Halve the picture",
    "description": "by half, for the web",
    "startTime": "2026-11-30T10:00:00+01:00",
    "endTime": "2026-11-30T10:00:02+01:00",
    "instrument": {"@id": TOOL["@id"]},
    "agent": {"@id": "https://orcid.org/0000-0000-0000-0000"},
    "object": [{"@id": "big.png"}, {"@id": "#width"}, {"@id": "#nameless"}, {"name": "a"}],
    "result": [{"@id": "small/"}, {"@id": "#kept"}, {"@id": "#by"}, {"@id": "../away.png"}],
    "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
}
VALUES = [
    {"@id": "#width", "@type": "PropertyValue", "name": "width", "value": 640},
    {"@id": "#kept", "@type": "PropertyValue", "name": "kept", "value": "0.5"},
    {"@id": "#by", "@type": "PropertyValue", "name": "by", "value": "hand"},
    {"@id": "#nameless", "@type": "PropertyValue", "value": 1},
]


def write(crate: Path, *actions: dict[str, Any], **changes: Any) -> Path:
    crate.mkdir(exist_ok=True)
    graph = [TOOL, *VALUES, *(actions or ({**ACTION, **changes},)), "no entity", {"@id": 5}]
    (crate / _DOCUMENT).write_text(json.dumps({"@graph": graph}))
    return crate


def test_a_crate_of_another_tool(tmp_path: Path) -> None:
    crate = write(tmp_path / "crate")
    (crate / "small" / "deep").mkdir(parents=True)
    for name in ("small/a.png", "small/deep/b.png", "big.png"):
        (crate / name).write_text(name)
    (tmp_path / "away.png").write_text("not in the crate")
    (crate / "small" / "link.png").symlink_to(tmp_path / "away.png")
    assert is_here(crate)
    run = only(read_runs(crate))
    assert (run.tool, run.operation, run.label) == ("ro-crate", "resize", "Halve the picture")
    assert (run.status, run.took_s, run.started) == ("completed", 2.0, 1796029200.0)
    assert run.comments == ["by half, for the web"]
    assert (list(run.argv), run.user) == ([], None)
    assert run.config["width"].text == "640"
    assert run.attributes == {"by": "hand"}
    assert run.metrics.summaries()["kept"]["last"] == 0.5
    assert run.source == {"remote": None}
    assert sorted(part.path for part in run.files) == [b"small/a.png", b"small/deep/b.png"]
    assert run.left_out == ["2 inputs", "1 file that is not in the crate, or a symbolic link"]
    # The same crate elsewhere has the same run; '#halve' of another one is another.
    assert only(read_runs(write(tmp_path / "copy"))).id == run.id
    assert (
        only(read_runs(write(tmp_path / "other", endTime="2026-11-30T10:00:03+01:00"))).id != run.id
    )


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"actionStatus": "http://schema.org/FailedActionStatus", "error": "no"}, "error", "no"),
        ({"actionStatus": {"@id": "http://schema.org/FailedActionStatus"}}, "terminated", None),
        # Consumers should take it for completed, as the profile has it.
        ({"actionStatus": None}, "completed", None),
        ({"@type": ["UpdateAction", 7]}, "completed", None),
    ],
)
def test_how_it_ended(
    tmp_path: Path, changes: dict[str, Any], status: str, reason: str | None
) -> None:
    run = only(read_runs(write(tmp_path / "crate", **changes)))
    assert (run.status, run.reason) == (status, reason)


def test_times(tmp_path: Path) -> None:
    run = only(read_runs(write(tmp_path / "crate", startTime="2026-11-30", endTime=None)))
    assert (run.started, run.ended, run.took_s) == (1795996800.0, None, None)
    run = only(read_runs(write(tmp_path / "crate", startTime="long ago")))
    assert (run.started, run.ended, run.took_s) == (1796029202.0, 1796029202.0, None)


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    active = {**ACTION, "@id": "#b", "actionStatus": "http://schema.org/ActiveActionStatus"}
    timeless = {**ACTION, "@id": "#c", "startTime": 5, "endTime": "0001-01-01T00:00:00Z"}
    crate = write(tmp_path / "crate", ACTION, active, timeless)
    first, *others = read_runs(crate)
    assert isinstance(first, ForeignRun)
    assert others == [
        Unread(f"{crate}:#b", "it has not ended"),
        Unread(f"{crate}:#c", "it has no time in 'startTime' or 'endTime'"),
    ]
    (crate / _DOCUMENT).write_text("[1]")
    assert list(read_runs(crate)) == []
    (crate / _DOCUMENT).write_text("{")
    assert list(read_runs(crate)) == [Unread(str(crate), f"'{_DOCUMENT}' is not JSON")]


@pytest.mark.parametrize(
    ("description", "argv", "shell"),
    [
        ("python3 train.py 'a b'", ["python3", "train.py", "a b"], False),
        ("make && make test", ["make && make test"], True),
        ("echo 'it", ["echo 'it"], True),
    ],
)
def test_the_command_of_a_run_of_ours(
    tmp_path: Path, description: str, argv: list[str], shell: bool
) -> None:
    changes = {"@id": "urn:git-gage:run:01m8mx0cd3ttam2bxydwft95h4wecq", "name": "resize ttam2bx"}
    run = only(read_runs(write(tmp_path / "crate", description=description, **changes)))
    assert (run.tool, run.argv, run.shell, run.label) == ("git-gage", argv, shell, None)
