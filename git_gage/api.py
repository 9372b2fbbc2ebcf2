"""What a program calls that runs in `git gage run`, and a notebook that looks at runs.

    from git_gage import api

    lr = api.config().get("lr", 0.1)
    for step in range(100):
        api.log(step=step, loss=lr / (step + 1))

docs/api.md has the rest. Only the standard library is imported, and what costs is imported where it
is used, `typing` and `json` too: a program pays 1 ms for `import git_gage.api`.
"""

from __future__ import annotations

import atexit
import os
import sys
from time import time_ns

from git_gage.errors import GageError, describe_os_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, SupportsFloat, SupportsIndex

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    Number = SupportsFloat | SupportsIndex
    Run = dict[str, Any]

__all__ = [
    "GageError",
    "attr",
    "config",
    "log",
    "run_id",
    "runs",
    "series",
    "to_arrow",
    "to_pandas",
    "to_polars",
]

_LARGEST, _WHOLE = sys.float_info.max, 10**64
_NOT_FINITE = ("nan", "inf", "-inf")
# A program may make up a new name at every step.
_KEPT_NAMES = 10_000
_FIELDS = ("id", "name", "operation", "status", "started", "ended", "duration_s", "label")
_PARTS = ("config", "metric", "attr")


# -- to write ----------------------------------------------------------------------------------


class _Lines:
    """A file of the run that whole lines are appended to, each by one write.

    So processes and threads do not tear each other's lines, and what was written stays when the
    program is killed. Nothing is locked: Linux and macOS do one O_APPEND write after the other.
    """

    said_outside = False

    def __init__(self, variable: str) -> None:
        self.variable = variable
        self.fd = -1
        self.torn = False
        self.lost = 0

    def append(self, line: str) -> None:
        """Write a line that ends in a newline. A disk that is full does not end a training."""
        data = line.encode()
        if self.torn:
            data = b"\n" + data
        try:
            if self.fd < 0 and not self._open():
                return
            while (written := os.write(self.fd, data)) != len(data):
                # Others may have written behind this part of a line, so it is begun anew.
                self.torn = True
                data = b"\n" if written == len(data) - 1 else b"\n" + data
        except OSError as error:
            self._lose(error)
        else:
            self.torn = False

    def forget(self) -> None:
        """In a forked process: it may close all that it was left, and open something else."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd, self.lost = -1, 0

    def tell_lost(self) -> None:
        """At the end of the program."""
        if self.lost:
            _warn(f"{self.lost:,} lines for {self.variable} could not be written")

    def _open(self) -> bool:
        path = os.environ.get(self.variable)
        if not path:
            if not _Lines.said_outside:
                _Lines.said_outside = True
                _warn("nothing is logged, as this is no run (start one with 'git gage run')")
            return False
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        if sys.platform == "win32":
            from git_gage.windows import open_file

            self.fd = open_file(path, flags)
        else:
            self.fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        return True

    def _lose(self, error: OSError) -> None:
        self.lost += 1
        if self.lost == 1:
            _warn(f"cannot log: {describe_os_error(error)[0]}")


class _Clock:
    """What ends a line: when it was logged. Lines of one millisecond share the text."""

    def __init__(self) -> None:
        self.last = (0, "")

    def stamp(self) -> str:
        now_ms = time_ns() // 1_000_000
        last_ms, text = self.last
        if now_ms != last_ms:
            text = f'"_at":{now_ms // 1000}.{now_ms % 1000:03d}}}\n'
            self.last = now_ms, text
        return text


_metrics = _Lines("GAGE_METRICS_FILE")
_attributes = _Lines("GAGE_ATTRS_FILE")
_clock = _Clock()
_names: dict[str, str] = {}
for _lines in (_metrics, _attributes):
    if sys.platform != "win32":
        os.register_at_fork(after_in_child=_lines.forget)
    atexit.register(_lines.tell_lost)


def log(
    metrics: Mapping[str, Number | Mapping[str, Any]] | None = None,
    /,
    step: SupportsIndex | None = None,
    **values: Number | Mapping[str, Any],
) -> None:
    """Log metrics of this run: `log(step=3, loss=0.25)` or `log({"val/acc": 0.9}, step=3)`.

    Numbers are those of Python, numpy, torch and their like; `True` is 1, and the values of a
    mapping have dotted names. Each call is in the file, with the time, when it returns. Outside a
    run nothing is written, which is said once; a write that fails is told, and ends nothing.

    Raises: TypeError for what is no number, ValueError for what is no name, both before anything
    is written.
    """
    if metrics:
        step, values = _merge(metrics, step, values)
    line = "{" if step is None else f'{{"step":{step if type(step) is int else _whole(step)},'
    for name, value in values.items():
        if type(value) is float and -_LARGEST <= value <= _LARGEST:
            line += f"{_names.get(name) or _spell_name(name)}{value!r},"
        else:
            line += _spell(name, value)
    if values:
        _metrics.append(line + _clock.stamp())


def attr(name: str, value: str | Number | bool | None) -> None:
    """Give this run an attribute: text, a number, true, false or nothing; the last one counts.

    Raises: TypeError for any other value.
    """
    import json

    _check_name("an attribute", name)
    if value is None or isinstance(value, (str, bool)):
        text = json.dumps(value)
    else:
        number = _plain(value)
        if number is None:
            raise TypeError(
                f"attribute '{name}' must be text, a number, true, false or None, "
                f"not {_kind(value)}"
            )
        text = _spell_number(number)
    _attributes.append(f"{{{json.dumps(name)}:{text}}}\n")


def config() -> dict[str, Any]:
    """Config of this run by name, as plain values (docs/api.md); empty outside a run."""
    path = os.environ.get("GAGE_CONFIG_FILE")
    if not path:
        return {}
    import json

    with open(path, encoding="utf-8") as file:
        return dict(json.load(file))


def run_id() -> str | None:
    """Id of this run; None outside a run."""
    return os.environ.get("GAGE_RUN_ID") or None


def _merge(
    metrics: Mapping[str, Any], step: SupportsIndex | None, values: Mapping[str, Any]
) -> tuple[SupportsIndex | None, dict[str, Any]]:
    """Step and metrics of both ways to give them; a mapping may hold its step, as a line does."""
    given = values if step is None else {**values, "step": step}
    for name in given:
        if name in metrics:
            raise TypeError(f"'{name}' is given twice")
    merged = {**metrics, **given}
    return merged.pop("step", None), merged


def _spell(name: str, value: Any) -> str:
    """Name and number as a line has them, with a comma; of a mapping all that is in it."""
    if hasattr(value, "items"):
        return "".join(_spell(f"{name}.{key}", part) for key, part in value.items())
    number = _plain(value)
    if number is None:
        raise TypeError(f"metric '{name}' must be a number, not {_kind(value)}")
    return f"{_names.get(name) or _spell_name(name)}{_spell_number(number)},"


def _spell_name(name: str) -> str:
    import json

    _check_name("a metric", name)
    if name == "_at":
        raise ValueError("'_at' is no name for a metric: a line has its own")
    spelled = f"{json.dumps(name)}:"
    if len(_names) < _KEPT_NAMES:
        _names[name] = spelled
    return spelled


def _check_name(of: str, name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"the name of {of} must be text, not {_kind(name)}")
    if not name:
        raise ValueError(f"the name of {of} must not be empty")


def _spell_number(number: float) -> str:
    """JSON has no number for what is not finite, records none for integers of over 64 digits."""
    if -_LARGEST <= number <= _LARGEST:
        return repr(number if -_WHOLE < number < _WHOLE else float(number))
    return '"nan"' if number != number else '"inf"' if number > 0 else '"-inf"'


def _plain(value: Any) -> float | None:
    """The int or float that a number of any library is; None for what is none."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if hasattr(value, "item"):  # numpy, torch, jax and their like, on whatever device
        value = _item(value)
    for read in ("__index__", "__float__"):
        try:
            return getattr(value, read)()  # type: ignore[no-any-return]
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            continue  # tensorflow has both, and means one
    return None


def _item(value: Any) -> Any:
    """The one element of an array, None where there are more."""
    if hasattr(value, "numel") and value.numel() != 1:
        return None
    try:
        return value.item()
    except (TypeError, ValueError):
        return None


def _whole(step: Any) -> int:
    number = _plain(step)
    if number is None or number != number // 1:
        raise TypeError(f"a step must be a whole number, not {_kind(step)}")
    return int(number)


def _kind(value: object) -> str:
    return repr(value) if isinstance(value, (str, float)) else type(value).__name__


def _warn(text: str) -> None:
    try:
        sys.stderr.write(f"git-gage: {text}\n")
    except (AttributeError, OSError, ValueError):
        pass  # a program without standard error, or whose reader is gone, goes on


# -- to read -----------------------------------------------------------------------------------


def runs(where: str | None = None, *, repo: str | os.PathLike[str] | None = None) -> list[Run]:
    """Runs that a filter holds for (all without one), newest first: objects as in docs/json.md.

    `repo` is a folder in the repository, the current one by default.

    Raises: GageError with what git-gage says, such as what is wrong with the filter.
    """
    import json

    words = [] if where is None else [f"--where={where}"]
    return list(json.loads(_ask(["list", "--json", "--all", *words], repo)))


def series(
    run: str | Run, name: str, *, repo: str | os.PathLike[str] | None = None
) -> list[tuple[int, float, float | None]]:
    """Values of one metric of a run, which is a row of `runs` or any name of a run.

    Shape: (step, value, time_s) for each point, all up to 10,000 and the extremes above; time_s is
    in seconds since the start of the run, None where it is not known.

    Raises: GageError with what git-gage says, such as that the run has no such metric.
    """
    import json

    text = _ask(["series", "--json", "--", run if isinstance(run, str) else run["id"], name], repo)
    found = json.loads(text)[name]
    values = map(_read_number, found["values"])
    return list(zip(found["steps"], values, found["times"], strict=True))


def to_pandas(rows: Iterable[Run]) -> pd.DataFrame:
    """A table of runs: a line a run, a column for each config value, metric and attribute."""
    return _need("pandas").DataFrame(_columns(rows))


def to_polars(rows: Iterable[Run]) -> pl.DataFrame:
    """The same for polars."""
    return _need("polars").DataFrame(_columns(rows))


def to_arrow(rows: Iterable[Run]) -> pa.Table:
    """The same for pyarrow."""
    return _need("pyarrow").table(_columns(rows))


def _ask(words: list[str], repo: str | os.PathLike[str] | None) -> str:
    """What `git gage <words>` prints; its warnings go on to standard error."""
    import subprocess

    done = subprocess.run(
        [*_program(), *words],
        cwd=repo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise _failure(done.stderr, done.returncode)
    sys.stderr.write(done.stderr)
    return done.stdout


def _program() -> list[str]:
    """git-gage: this one, or where only the module is installed here, the one that people type."""
    from importlib.util import find_spec

    if find_spec("click") is None:
        return ["git", "gage"]
    # -P: what is called click.py in the user's folder is not ours.
    return [sys.executable, "-P", "-m", "git_gage"]


def _failure(text: str, code: int) -> GageError:
    """What git-gage said on standard error, as the exception that it was."""
    said = f"\n{text.strip()}".rpartition("\nfatal: ")[2].strip()
    message, _, hint = said.partition("\nhint: ")
    error = GageError(message or f"git-gage ended with exit code {code}", hint=hint or None)
    if hint:
        error.add_note(f"hint: {hint}")
    return error


def _need(library: str) -> Any:
    import importlib

    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise
        raise ModuleNotFoundError(
            f"{library} is not installed here (python -m pip install {library})", name=library
        ) from None


def _columns(rows: Iterable[Run]) -> dict[str, list[Any]]:
    flat = [_flatten(row) for row in rows]
    names = [*_FIELDS, "commit"]
    for part in _PARTS:
        names += sorted({name for row in flat for name in row if name.startswith(f"{part}.")})
    return {name: _make_alike([row.get(name) for row in flat]) for name in names}


def _flatten(row: Run) -> dict[str, Any]:
    from datetime import datetime

    flat = {name: row[name] for name in _FIELDS}
    for name in ("started", "ended"):
        flat[name] = flat[name] and datetime.fromisoformat(flat[name])
    flat["commit"] = row["source"]["commit"]
    metrics = {name: _read_number(value) for name, value in row["metrics"].items()}
    for part, values in zip(_PARTS, (row["config"], metrics, row["attributes"]), strict=True):
        flat |= {f"{part}.{name}": value for name, value in values.items()}
    return flat


def _make_alike(values: list[Any]) -> list[Any]:
    """A column has one type: numbers if all are numbers, else text if they are not all alike."""
    kinds = {type(value) for value in values if value not in (None, *_NOT_FINITE)}
    special = any(value in _NOT_FINITE for value in values)
    if kinds and kinds <= {int, float}:
        whole = kinds == {int} and not special and all(abs(v or 0) < 1 << 63 for v in values)
        return values if whole else [v if v is None else float(v) for v in values]
    if len(kinds) <= 1 and not kinds & {list, dict} and not (special and kinds - {str}):
        return values
    return [v if v is None or isinstance(v, str) else _as_text(v) for v in values]


def _as_text(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _read_number(value: Any) -> float:
    """A number that JSON cannot hold is text (docs/format.md, "Text and paths")."""
    if isinstance(value, str):
        return float(value) if value in _NOT_FINITE else int(value)
    return float(value) if isinstance(value, float) else int(value)
