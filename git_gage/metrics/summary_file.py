"""Final metrics and attributes that a program leaves in `summary.json`, or prints."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from git_gage.config.documents import DocumentError, kind_of_file, read_value

MAX_BYTES = 1_000_000
MAX_NAMES, MAX_NAME, MAX_TEXT = 1000, 256, 1000
# A run.end line has room for a thousand numbers, not for a thousand novels.
MAX_MAGNITUDE = 10**64
_SHOWN = 5
# A summary that is printed is looked for in so much of the output, from its end.
_OUTPUT_BYTES = 16 << 20
_PRINTED = r"--- summary ---\s*(.*?)\s*---"

Attribute = str | int | float | bool | None


class Summary(NamedTuple):
    """Numbers by name; the names of what was no number; why nothing could be read, if so.

    attributes: what a summary with "metrics" and "attributes" says besides numbers.
    """

    file: str
    values: dict[str, int | float]
    attributes: dict[str, Attribute]
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


def read_summary(path: Path, *, since: float = 0) -> Summary:
    """The numbers of a JSON object; those of objects in it have dotted names (`val.loss`).

    One with "metrics" or "attributes" has these and nothing else: a value, or an object with it as
    "value". A file may be TOML or YAML as well, if its name says so.

    Nothing is raised: whatever is wrong with the file is in the summary. A file that is not there
    is an empty summary, as is one that was last written before `since` (Unix seconds). `NaN` and
    `Infinity` are numbers, true and false are not. At most 1 MB is read and the first 1,000
    numbers are kept.
    """
    summary = Summary(path.name, {}, {}, [], None)
    try:
        if path.stat().st_mtime < since:
            return summary
        loaded = _parse(_read_file(path), kind_of_file(path.name) or "json")
    except FileNotFoundError:
        return summary
    except OSError as error:
        return summary._replace(problem=(error.strerror or "").lower() or str(error))
    except DocumentError as error:
        return summary._replace(problem=f"line {error.line}: {error.message}")
    except json.JSONDecodeError as error:
        return summary._replace(problem=f"line {error.lineno} is not JSON")
    except (ValueError, RecursionError):
        return summary._replace(problem="it is not JSON")
    if not isinstance(loaded, dict):
        return summary._replace(problem="it is not an object of numbers")
    return _fill(summary, loaded)


def find_summary(path: Path, output: Path, pattern: bool | str, *, since: float = 0) -> Summary:
    """The summary file of a run, or else what it printed (see `find_printed_summary`)."""
    summary = read_summary(path, since=since)
    if pattern is False or summary.values or summary.attributes or summary.problem:
        return summary
    return find_printed_summary(output, pattern)


def find_printed_summary(output: Path, pattern: bool | str) -> Summary:
    """The summary that a program printed, in JSON or as `name: value` lines.

    pattern: a regular expression whose first group is the summary; True for all of the output if
    it is JSON, or what stands between `--- summary ---` and `---`; False for none.
    """
    summary = Summary("output", {}, {}, [], None)
    if pattern is False or not output.exists():
        return summary
    text = _read_end(output)
    whole = _parse_text(text) if pattern is True else None
    if isinstance(whole, dict) and _is_gage(whole):
        return _fill(summary, whole)
    found = re.search(_PRINTED if pattern is True else pattern, text, re.DOTALL)
    if found is None or not found.re.groups:
        return summary
    loaded = _parse_text(found[1] or "")
    if not isinstance(loaded, dict):
        return summary._replace(problem="what its pattern finds is neither JSON nor lines of names")
    return _fill(summary, loaded)


def _read_end(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OUTPUT_BYTES))
        return file.read().decode(errors="replace").replace("\r\n", "\n")


def _parse(content: bytes, kind: str) -> Any:
    return json.loads(content) if kind == "json" else read_value(content, kind)


def _parse_text(text: str) -> Any:
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    try:
        return read_value(text.encode(), "yaml") if ":" in text[:MAX_BYTES] else None
    except DocumentError:
        return None


def _is_gage(loaded: dict[str, Any]) -> bool:
    """Whether an object is a summary as Gage defines it."""
    parts = ("metrics", "attributes")
    return any(key in loaded for key in parts) and all(
        isinstance(loaded.get(key, {}), dict) for key in parts
    )


def _fill(summary: Summary, loaded: dict[str, Any]) -> Summary:
    if _is_gage(loaded):
        others = (key for key in loaded if key not in ("metrics", "attributes", "run"))
        summary.skipped.extend(map(_shown, others))
        _fill_attributes(summary, loaded.get("attributes", {}))
        loaded = {name: _plain(value) for name, value in loaded.get("metrics", {}).items()}
    for name, value in _flatten("", loaded):
        if _is_metric(name, value) and len(summary.values) < MAX_NAMES:
            summary.values[name] = value
        else:
            summary.skipped.append(_shown(name))
    return summary


def _fill_attributes(summary: Summary, attributes: dict[str, Any]) -> None:
    for name, given in attributes.items():
        value = _plain(given)
        fits = value is None or isinstance(value, str | bool) or _is_metric(name, value)
        if fits and len(str(value)) <= MAX_TEXT and len(summary.attributes) < MAX_NAMES:
            summary.attributes[name] = value
        else:
            summary.skipped.append(_shown(name))


def _plain(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and "value" in value else value


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
