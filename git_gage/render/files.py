"""Files of runs: lists of them, how much disk they take, whether they are sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from git_gage.files.manifest import UNRECORDED
from git_gage.records import short_id
from git_gage.render.amounts import count_text, size_text
from git_gage.render.page import shown_bytes
from git_gage.render.table import Column, format_table
from git_gage.runs.files import HERE, IN_GIT, NOT_HERE
from git_gage.runs.made import SAME, UNKNOWN, Compared
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen
    from git_gage.runs.disk import Disk
    from git_gage.runs.files import RunFile


def format_listing(files: Sequence[RunFile], screen: Screen) -> str:
    """A line for each file: where it is, its role, its size, its path."""
    sizes = ["" if file.link is not None else size_text(file.size) for file in files]
    columns = [
        Column("WHERE", [file.where for file in files], 1),
        Column("ROLE", [file.role for file in files], 2),
        Column("SIZE", sizes, 1, right=True),
        Column("PATH", [_path(file, screen) for file in files], 0, least=20),
    ]
    return format_table(columns, screen)


def _path(file: RunFile, screen: Screen) -> str:
    path = clean(shown_bytes(file.path))
    if file.link is None:
        return path
    return f"{path} {screen.sign('→', '->')} {clean(shown_bytes(file.link))}"


def format_disk(disk: Disk, screen: Screen) -> str:
    """A line for each run, and what all take together."""
    total = f"{size_text(disk.size)} on this disk"
    if disk.objects:
        kept = f"{count_text(disk.objects, 'file')}, {size_text(disk.objects_size)}"
        total += f"; kept by content: {kept}"
    if disk.half:
        half = f"{count_text(disk.half, 'file')}, {size_text(disk.half_size)}"
        total += f"; came half: {half}"
    if disk.size > disk.limit:
        total += f"; more than {size_text(disk.limit)} (gage.files.limit)"
    if not disk.runs:
        return f"no files of runs\n{total}\n" if disk.size else "no files of runs\n"
    runs = disk.runs
    columns = [
        Column("RUN", [short_id(each.run) for each in runs], 0),
        Column("FILES", [f"{each.files:,}" for each in runs], 2, right=True),
        Column("SIZE", [size_text(each.size) for each in runs], 1, right=True),
        Column("HERE", [size_text(each.here_size) for each in runs], 1, right=True),
        Column("IN GIT", [_number(each.where.get(IN_GIT, 0)) for each in runs], 3, right=True),
        Column("NOT HERE", [_number(each.where.get(NOT_HERE, 0)) for each in runs], 2, right=True),
        Column("", ["not listed yet" if each.is_pending else "" for each in runs], 4),
    ]
    return f"{format_table(columns, screen)}{total}\n"


def disk_body(disk: Disk) -> dict[str, Any]:
    """The same as a JSON value. Source: docs/json.md, "Files"."""
    return {
        "bytes": disk.size,
        "limit": disk.limit,
        "kept": {"count": disk.objects, "bytes": disk.objects_size},
        "half": {"count": disk.half, "bytes": disk.half_size},
        "runs": [
            {
                "run": each.run,
                "count": each.files,
                "bytes": each.size,
                "here": each.where.get(HERE, 0),
                "here_bytes": each.here_size,
                "in_git": each.where.get(IN_GIT, 0),
                "not_here": each.where.get(NOT_HERE, 0),
                "large": each.large,
                "alone": each.alone,
                "pending": each.is_pending,
            }
            for each in disk.runs
        ],
    }


def format_compared(found: Sequence[tuple[str, Sequence[Compared]]]) -> str:
    """A line for each file that is not known to be what it was, and one for all the others."""
    lines = []
    for run, compared in found:
        for each in compared:
            if each.verdict != SAME:
                name = clean(shown_bytes(each.entry.path))
                why = f"  {each.what}" if each.what else ""
                why += f"; {UNRECORDED}" if each.verdict == UNKNOWN else ""
                lines.append(f"{each.verdict:<8}  {short_id(run)}:{name}{why}\n")
    same = [each for _, compared in found for each in compared if each.verdict == SAME]
    size = size_text(sum(each.entry.size for each in same))
    return "".join([*lines, f"{count_text(len(same), 'file')}, {size}: as recorded\n"])


def compared_body(found: Sequence[tuple[str, Sequence[Compared]]]) -> list[dict[str, Any]]:
    """The same as a JSON value, with all files. Source: docs/json.md, "Files"."""
    return [
        {
            "run": run,
            "path": shown_bytes(each.entry.path),
            "sha256": each.entry.sha256,
            "size": each.entry.size,
            "verdict": each.verdict,
            "where": each.what or None,
        }
        for run, compared in found
        for each in compared
    ]


def _number(count: int) -> str:
    return f"{count:,}" if count else ""
