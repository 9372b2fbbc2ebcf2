"""Final metrics and attributes that a program leaves in `summary.json`, or prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from git_gage.config.documents import DocumentError, kind_of_file, read_value
from git_gage.metrics.lines import MAX_NAME, is_name, open_regular, read_number

MAX_BYTES = 1_000_000
# A run.end line has room for a thousand numbers, not for a thousand novels.
MAX_NAMES, MAX_TEXT = 1000, 1000
_SHOWN = 5
# A summary that is printed is looked for in so much of the output, from its end.
_OUTPUT_BYTES = 16 << 20
# Blanks around it are left to the parser: a pattern for them would try all ways to share them out.
_PRINTED = r"--- summary ---(.*?)---"

Attribute = str | int | float | bool | None


class Summary(NamedTuple):
    """Numbers by name; the names of what was no number; why nothing could be read, if so.

    attributes: what a summary with "metrics" and "attributes" says besides numbers; refused: the
    names of what can be none.
    """

    file: str
    values: dict[str, int | float]
    attributes: dict[str, Attribute]
    skipped: list[str]
    problem: str | None
    refused: list[str]

    def warnings(self) -> list[str]:
        """What somebody should be told: what the file holds and the record does not."""
        if self.problem is not None:
            return [f"'{self.file}' was not read: {self.problem}"]
        found = (
            (self.skipped, "only numbers are metrics"),
            (self.refused, f"attributes are texts up to {MAX_TEXT:,} long, numbers, true, false"),
        )
        return [self._left_out(names, why) for names, why in found if names]

    def _left_out(self, names: list[str], why: str) -> str:
        shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
        more = len(names) - _SHOWN
        others = f" and {more:,} more" if more > 0 else ""
        return f"'{self.file}': left out {shown}{others} ({why}, at most {MAX_NAMES:,})"


def read_summary(path: Path) -> Summary:
    """The numbers of a JSON object; those of objects in it have dotted names (`val.loss`).

    One with "metrics" or "attributes" has these and nothing else: a value, or an object with it as
    "value". A file may be TOML or YAML as well, if its name says so.

    Nothing is raised: whatever is wrong with the file is in the summary; one that is not there is
    empty. `NaN` and `Infinity` are numbers, true and false are not. At most 1 MB is read and the
    first 1,000 numbers are kept.
    """
    summary = Summary(path.name, {}, {}, [], None, [])
    loaded = _load(path, kind_of_file(path.name) or "json")
    return summary._replace(problem=loaded) if isinstance(loaded, str) else _fill(summary, loaded)


def _load(path: Path, kind: str) -> dict[str, Any] | str:
    """The object in a file, empty if there is no file; or in words why it has none."""
    try:
        loaded = _parse(_read_file(path), kind)
    except FileNotFoundError:
        return {}
    except OSError as error:
        return (error.strerror or "").lower() or str(error)
    except DocumentError as error:
        return f"line {error.line}: {error.message}"
    except json.JSONDecodeError as error:
        return f"line {error.lineno} is not JSON"
    except (ValueError, RecursionError):
        return "it is not JSON"
    return loaded if isinstance(loaded, dict) else "it is not an object of names and values"


def read_attributes(path: Path) -> Summary:
    """The attributes of a JSON object, or of `name: value` lines (YAML) where it is no `.json`.

    As `read_summary` in all else.
    """
    kind = "json" if path.suffix == ".json" else "yaml"
    summary = Summary(path.name, {}, {}, [], None, [])
    loaded = _load(path, kind)
    if isinstance(loaded, str):
        return summary._replace(problem=loaded)
    _fill_attributes(summary, loaded.get("attributes", {}) if _is_gage(loaded) else loaded)
    return summary


def find_printed_summary(output: Path, pattern: bool | str) -> Summary:
    """The summary that a program printed, in JSON or as `name: value` lines.

    pattern: a regular expression whose first group is the summary; True for all of the output if
    it is JSON, or what stands between `--- summary ---` and `---`; False for none.
    """
    summary = Summary("output", {}, {}, [], None, [])
    if pattern is False or not output.exists():
        return summary
    text = _read_end(output)
    whole = _parse_text(text) if pattern is True and len(text) <= MAX_BYTES else None
    if isinstance(whole, dict) and _is_gage(whole):
        return _fill(summary, whole)
    found = re.search(_PRINTED if pattern is True else pattern, text, re.DOTALL)
    if found is None or not found.re.groups:
        return summary
    printed = found[1] or ""
    if len(printed) > MAX_BYTES:
        return summary._replace(problem="what its pattern finds has more than 1 MB")
    loaded = _parse_text(printed)
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
        return read_value(text.encode(), "yaml") if ":" in text else None
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
        if is_attribute(name, value) and len(summary.attributes) < MAX_NAMES:
            summary.attributes[name] = value
        else:
            summary.refused.append(_shown(name))


def is_attribute(name: str, value: Any) -> bool:
    """Whether a record has room for it: text, a number, true, false or null by a sound name."""
    known = value is None or isinstance(value, str | bool | int | float)
    return known and is_name(name) and len(str(value)) <= MAX_TEXT


def _plain(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _read_file(path: Path) -> bytes:
    with open_regular(path) as file:
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
    return is_name(name) and read_number(value) is not None


def _shown(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
