"""Final metrics that a program leaves in `summary.json`."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

MAX_BYTES = 1_000_000
MAX_NAMES, MAX_NAME = 1000, 256
# A run.end line has room for a thousand numbers, not for a thousand novels.
MAX_MAGNITUDE = 10**64
_SHOWN = 5


class Summary(NamedTuple):
    """Numbers by name; the names of what was no number; why nothing could be read, if so."""

    file: str
    values: dict[str, int | float]
    skipped: list[str]
    problem: str | None

    def warnings(self) -> list[str]:
        """What somebody should be told: what the file holds and the record does not."""
        if self.problem is not None:
            return [f"'{self.file}' was not read: {self.problem}"]
        if not self.skipped:
            return []
        names = ", ".join(f"'{name}'" for name in self.skipped[:_SHOWN])
        more = len(self.skipped) - _SHOWN
        others = f" and {more:,} more" if more > 0 else ""
        why = f"only numbers are metrics, at most {MAX_NAMES:,}"
        return [f"'{self.file}': left out {names}{others} ({why})"]


def read_summary(path: Path) -> Summary:
    """The numbers of a JSON object; those of objects in it have dotted names (`val.loss`).

    Nothing is raised: whatever is wrong with the file is in the summary. A file that is not there
    is an empty summary. `NaN` and `Infinity` are numbers, true and false are not. At most 1 MB is
    read and the first 1,000 numbers are kept.
    """
    summary = Summary(path.name, {}, [], None)
    try:
        content = _read_file(path)
        loaded = json.loads(content)
    except FileNotFoundError:
        return summary
    except OSError as error:
        return summary._replace(problem=(error.strerror or "").lower() or str(error))
    except json.JSONDecodeError as error:
        return summary._replace(problem=f"line {error.lineno} is not JSON")
    except (ValueError, RecursionError):
        return summary._replace(problem="it is not JSON")
    if not isinstance(loaded, dict):
        return summary._replace(problem="it is not an object of numbers")
    for name, value in _flatten("", loaded):
        if _is_metric(name, value) and len(summary.values) < MAX_NAMES:
            summary.values[name] = value
        else:
            summary.skipped.append(_shown(name))
    return summary


def _read_file(path: Path) -> bytes:
    # Whatever lies there, such as a pipe or a device, must not keep us waiting.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a regular file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError("it has more than 1 MB")
    return content


def _flatten(prefix: str, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = prefix + key
        # The length bounds the depth too.
        if isinstance(value, dict) and len(name) <= MAX_NAME:
            yield from _flatten(f"{name}.", value)
        else:
            yield name, value


def _is_metric(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    small = not isinstance(value, int) or abs(value) < MAX_MAGNITUDE
    return small and 0 < len(name) <= MAX_NAME and name == name.encode(errors="ignore").decode()


def _shown(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
