"""Metrics and attributes that a program prints: lines such as `loss: 0.25`.

They go to files of lines beside those that the program writes itself, and are read from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from git_gage.gagefile.printed import NUMBER, WORD, Pattern, Patterns
from git_gage.metrics.lines import STEP, TIME, read_step

MAX_LINE, MAX_NAME, MAX_VALUE = 512, 64, 64
# Lines that an operation has patterns for may be longer.
MAX_PATTERN_LINE = 4096

# The words of a name start with a letter or `_` (so `epoch 3: 0.5` is no metric), and a blank after
# the colon is needed (so `localhost:8080` and `12:30` are none).
_PAIR = re.compile(rf"[ \t]*({WORD}(?: {WORD})*):[ \t]+({NUMBER})[ \t\r]*")
# Colours and other orders to a terminal (ECMA-48, control sequences).
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")


class OutputReader:
    """What each line of an output says, one after the other.

    A metric is a whole line `name: value`: a name of at most 64 letters, digits, `_ . / -` and
    single blanks, a number as Python or C prints it (also `nan` and `inf`), blanks around it,
    terminal colours anywhere. Other lines, and those over 512 bytes, are none. `step: 7` is the
    step of the values after it. An operation may have other patterns.
    """

    def __init__(self, patterns: Patterns, step: int | None = None) -> None:
        self.step = step
        self._patterns = patterns

    def read(self, line: bytes, time_s: float | None) -> Iterator[tuple[bool, dict[str, Any]]]:
        """Lines of metrics (True) and of attributes in one finished line, without its newline."""
        if b"\x1b" in line:
            line = _ESCAPES.sub(b"", line)
        found = [(name, _number(text)) for name, text in self._find_metrics(line)]
        # A step is that of the values before it in its line, too.
        first = [number for name, number in found if name == STEP][:1]
        for name, number in [*((STEP, number) for number in first), *found]:
            if name == STEP:
                given = read_step(number)
                self.step = self.step if given is None else given
            elif name != TIME and number is not None:
                step = {} if self.step is None else {STEP: self.step}
                at = {} if time_s is None else {TIME: round(time_s, 3)}
                yield True, {**step, name: number, **at}
        if self._patterns.attributes and len(line) <= MAX_PATTERN_LINE:
            texts = _search(self._patterns.attributes, line.decode(errors="replace"))
            said = {name: _plain(text) for name, text in texts}
            if said:
                yield False, said

    def _find_metrics(self, line: bytes) -> Iterator[tuple[str, str]]:
        if self._patterns.pairs:
            if b":" in line and len(line) <= MAX_LINE:
                found = _PAIR.fullmatch(line.decode(errors="replace"))
                if found is not None and len(found[1]) <= MAX_NAME:
                    yield found[1], found[2]
        elif self._patterns.metrics and len(line) <= MAX_PATTERN_LINE:
            yield from _search(self._patterns.metrics, line.decode(errors="replace"))


class OutputScanner:
    """Finds metrics and attributes in a program's output, in memory that does not grow with it.

    What is found is written to the two files, which are made anew when there is something.
    """

    def __init__(
        self,
        metrics: Path,
        attributes: Path,
        patterns: Patterns = Patterns(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self.error: OSError | None = None
        """Why nothing was written any more."""
        self._metrics = _LineFile(metrics)
        self._attributes = _LineFile(attributes)
        self._patterns = patterns
        self._reader = OutputReader(patterns)

    def feed(self, line: bytes, time_s: float | None) -> None:
        """Look at one finished line, without its newline.

        `time_s`: when it was printed, in Unix seconds, if anybody knows.
        """
        for is_metric, found in self._reader.read(line, time_s):
            self._write(self._metrics if is_metric else self._attributes, found)

    def peek(self, lines: Iterable[bytes]) -> Iterator[tuple[bool, dict[str, Any]]]:
        """What would be found in lines that may still change; nothing of it is kept."""
        reader = OutputReader(self._patterns, self._reader.step)
        for line in lines:
            yield from reader.read(line, None)

    def flush(self) -> None:
        """Let others see what was found up to now; any thread may ask."""
        for file in (self._metrics, self._attributes):
            try:
                file.flush()
            except OSError as error:
                self.error = self.error or error

    def close(self) -> None:
        self.flush()
        self._metrics.close()
        self._attributes.close()

    def warnings(self) -> list[str]:
        """What somebody should be told."""
        if self.error is None:
            return []
        reason = self.error.strerror or self.error
        return [f"metrics in the output are not recorded to the end: {reason}"]

    def _write(self, file: _LineFile, line: Mapping[str, Any]) -> None:
        if self.error is None:
            try:
                file.write(json.dumps(line).encode() + b"\n")
            except OSError as error:
                self.error = error


class _LineFile:
    """A file that is there as soon as it has something."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        self._file.write(data)

    def flush(self) -> None:
        if self._file is not None and not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                pass  # it was said when it was flushed


def _search(patterns: Sequence[Pattern], line: str) -> Iterator[tuple[str, str]]:
    """Names and values in a line, in the order of the patterns."""
    for name, regex in patterns:
        for found in regex.finditer(line):
            if name is not None:
                pairs = [(name, found[1])]
            elif regex.groupindex:
                pairs = list(found.groupdict().items())
            else:
                pairs = [(found[1], found[2])]
            yield from (pair for pair in pairs if pair[0] and pair[1] is not None)


def _number(text: str) -> int | float | None:
    if len(text) > MAX_VALUE:
        return None
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _plain(text: str) -> str | int | float | bool:
    """An attribute as a number or boolean where it reads like one."""
    if text in ("true", "false"):
        return text == "true"
    number = _number(text)
    return text if number is None or number != number else number
