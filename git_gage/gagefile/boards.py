"""Boards: tables of runs that a project describes in files.

Source: docs/boards.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.config.documents import DocumentError, read_value
from git_gage.errors import ConfigError
from git_gage.gagefile.faults import Fault, find_faults, plain, read_file
from git_gage.gagefile.grammar import BOARD
from git_gage.gagefile.init import toml_text
from git_gage.gagefile.known import known_faults
from git_gage.gagefile.problem import ERROR
from git_gage.gagefile.spellings import as_list

if TYPE_CHECKING:
    from git_gage.gagefile.patterns import Explain

ENDINGS = (".json", ".toml", ".yaml", ".yml", ".jsonc")
"""Of files in one folder the first such ending wins."""
RUN_ATTRS = (
    *("id", "name", "operation", "status", "started", "label"),
    *("op_ns", "op_version", "stopped"),
    *("run", "tags", "exit_code", "signal", "staged", "ended", "duration_s", "duration", "took"),
    *("op", "version", "author", "by", "email", "commit", "branch", "dirty", "digest", "project"),
    *("host", "python", "platform", "parent", "restart_of"),
)
"""What every run has, by the names that a board may give it."""
_HEAD = """\
# A table of runs: 'git gage board' shows it, 'git gage check board.toml' tells what is wrong.
title = "Runs"

# Which runs: a filter such as 'status = completed and acc > 0.9'.
# run-select = "status = completed"

# A table says more of a column: { metric = "acc", label = "Accuracy", sort = "desc" }.
"""
_KINDS = {"run-attr": "run", "metric": "metric", "attribute": "attribute", "config": "config"}


class Column(NamedTuple):
    """A column. field: `metric:loss`; score: such fields and how much each counts, if it is one.

    more: the other keys of the column, as they are in the file.
    """

    field: str
    score: tuple[tuple[str, float], ...] = ()
    more: Mapping[str, Any] = {}

    @property
    def label(self) -> str:
        """What stands above it."""
        kind, _, name = self.field.partition(":")
        return self.more.get("label") or (kind if self.score else name)


class Choice(NamedTuple):
    """One run of each group: that with the least, or greatest, value of a field."""

    group_by: str
    field: str
    greatest: bool


class Board(NamedTuple):
    """A board; without columns it has those that its runs have."""

    shown: str | None = None
    title: str | None = None
    description: str | None = None
    operations: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    where: str = ""
    columns: tuple[Column, ...] = ()
    choice: Choice | None = None
    group_column: Mapping[str, Any] | None = None


def is_board(path: Path) -> bool:
    """Whether a file is a board by its name."""
    return path.stem == "board" or path.stem.startswith("board-") or path.parent.name == "boards"


def find_board(folder: Path, top: Path | None) -> Path | None:
    """The board of the nearest folder from `folder` up to `top` that has one."""
    for place in _places(folder, top):
        for file in (place / f"board{ending}" for ending in ENDINGS):
            if os.path.isfile(file):
                return file
    return None


def named_boards(folder: Path, top: Path | None) -> dict[str, Path]:
    """All boards that have a name here, the nearest of each name."""
    found: dict[str, Path] = {}
    for place in _places(folder, top):
        for file in _boards_in(place):
            names = dict.fromkeys(
                [file.stem.removeprefix("board-"), file.stem, *_inner_names(file)]
            )
            for name in names:
                found.setdefault(name, file)
    return found


def load_board(path: Path, shown: str, *, cache_dir: Path | None = None) -> Board:
    """The board of a file.

    cache_dir: where is kept what is wrong in a file, so that it is not looked for twice.

    Raises: ConfigError if it cannot be read, or anything is wrong in it.
    """
    data, kind = read_file(path, shown, "board")
    faults = known_faults(data, kind, shown, cache_dir, BOARD)
    errors = [fault for fault in faults if fault.severity == ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        option = "" if is_board(path) else "--board "
        raise ConfigError(errors[0].text() + more, hint=f"git gage check {option}{shown}")
    return _build(shown, plain(read_value(data, kind)))


def check_board(path: Path, shown: str, explain: Explain) -> list[Fault]:
    """What is wrong in a board, by its place.

    Raises: ConfigError if the file cannot be read, or its name does not say what it is.
    """
    data, kind = read_file(path, shown, "board")
    return find_faults(data, kind, shown, explain, BOARD)


def draft_board(fields: Iterable[str]) -> str:
    """The text of a board (TOML) with columns of these fields."""
    columns = "".join(f"    {toml_text(field)},\n" for field in fields)
    return f"{_HEAD}columns = [\n{columns}]\n"


def read_field(value: Any) -> str | None:
    """The field that a value of a board names: `metric:loss`; None where it is a score."""
    if isinstance(value, str):
        kind, _, name = value.partition(":")
        return f"{_KINDS.get(kind, kind)}:{name}"
    if "field" in value:
        return read_field(value["field"])
    return next((f"{kind}:{value[key]}" for key, kind in _KINDS.items() if key in value), None)


# -- files -----------------------------------------------------------------------------------------


def _places(folder: Path, top: Path | None) -> Iterator[Path]:
    """Where boards are looked for, nearest first."""
    parents = folder.parents
    above = parents[: parents.index(top) + 1] if top in parents else ()
    for place in (folder, *above):
        yield from (place / ".gage", place)


def _boards_in(folder: Path) -> list[Path]:
    files = [*folder.glob("board.*"), *folder.glob("board-*.*"), *folder.glob("boards/*.*")]
    kept = [file for file in files if file.suffix in ENDINGS and os.path.isfile(file)]
    return sorted(kept, key=lambda file: (ENDINGS.index(file.suffix), file))


def _inner_names(file: Path) -> list[str]:
    """What a board calls itself; nothing where it cannot be read, which `check` tells."""
    try:
        data, kind = read_file(file, file.name, "board")
        document = read_value(data, kind)
    except (ConfigError, DocumentError):
        return []
    found = [document.get(key) for key in ("name", "id")] if isinstance(document, dict) else []
    return [name for name in found if isinstance(name, str)]


# -- what a board says -----------------------------------------------------------------------------


def _build(shown: str, document: Mapping[str, Any]) -> Board:
    select = document.get("run-select", {})
    if isinstance(select, str):
        select = {"where": select}
    return Board(
        shown=shown,
        title=document.get("title") or document.get("name"),
        description=document.get("description"),
        operations=tuple(as_list(select.get("operation", []))),
        statuses=tuple(as_list(select.get("status", []))),
        where=select.get("where", "").strip(),
        columns=tuple(_read_columns(document.get("columns", []))),
        choice=_read_choice(document.get("group-select")),
        group_column=document.get("group-column"),
    )


def _read_columns(columns: list[Any]) -> Iterator[Column]:
    scores = 0
    for column in columns:
        more = column if isinstance(column, dict) else {}
        more = {key: each for key, each in more.items() if key not in (*_KINDS, "field")}
        field = read_field(column)
        if field is not None:
            yield Column(field, more=more)
        else:
            scores += 1
            parts = tuple(map(_read_part, more["score"]["average"]))
            yield Column(f"score:{scores}", parts, more)


def _read_part(part: Any) -> tuple[str, float]:
    """A field of a score, and how much it counts."""
    both: list[Any] = [part, 1] if isinstance(part, str) else part
    return str(read_field(both[0])), float(both[1])


def _read_choice(select: Mapping[str, Any] | None) -> Choice | None:
    if select is None:
        return None
    key = "max" if "max" in select else "min"
    by, field = read_field(select["group-by"]), read_field(select[key])
    assert by is not None and field is not None, "a score is refused there"
    return Choice(by, field, key == "max")
