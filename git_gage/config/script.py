"""A Python script as text and tree, and its bytes with some values replaced."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from git_gage.errors import ConfigError

# What ends a line to Python's tokenizer; str.splitlines knows more.
_LINE_END = re.compile(r"\r\n|\r|\n")


class Script(NamedTuple):
    """A script; `text` is without the byte order mark, with the line endings of the file.

    `line_starts` are the places in `text` where its lines start.
    """

    filename: str
    source: bytes
    encoding: str
    text: str
    line_starts: tuple[int, ...]
    tree: ast.Module

    def find(self, node: ast.expr) -> tuple[int, int]:
        """Where in `text` an expression starts and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def segment(self, node: ast.expr) -> str:
        """An expression as it is spelled."""
        start, end = self.find(node)
        return self.text[start:end]

    def _offset(self, line: int, column: int) -> int:
        start = self.line_starts[line - 1]
        if self.text.isascii():
            return start + column
        # Columns count UTF-8 bytes, whatever the encoding of the file.
        before = self.text[start : start + column].encode()[:column]
        return start + len(before.decode())


def parse_script(source: bytes, filename: str) -> Script:
    """The script as this Python reads it.

    Raises: ConfigError with file and line if it cannot be read.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are the script's own, and will be said by it
            tree = ast.parse(text)
    except SyntaxError as error:
        raise _refuse(filename, error.lineno or 1, error.msg) from error
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise _refuse(filename, line, f"not in its encoding, {error.encoding}") from error
    except LookupError as error:
        raise _refuse(filename, 1, str(error)) from error
    except ValueError as error:
        raise _refuse(filename, 1, str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise _refuse(filename, 1, "nested too deeply") from error
    line_starts = (0, *(found.end() for found in _LINE_END.finditer(text)))
    return Script(filename, source, encoding, text, line_starts, tree)


def replace_values(script: Script, values: Sequence[tuple[int, int, str]]) -> bytes:
    """The script's bytes with other text from some offset to another; all else is as it was.

    Raises: ConfigError if the encoding does not say which bytes those are.
    """
    if not values:
        return script.source
    encoding = "utf-8" if script.encoding == "utf-8-sig" else script.encoding
    mark = codecs.BOM_UTF8 if script.source.startswith(codecs.BOM_UTF8) else b""
    if mark + script.text.encode(encoding) != script.source:
        raise _refuse(script.filename, 1, f"cannot change a script in the encoding {encoding}")
    pieces, position = [mark], 0
    for start, end, spelling in sorted(values):
        pieces.append((script.text[position:start] + spelling).encode(encoding))
        position = end
    return b"".join([*pieces, script.text[position:].encode(encoding)])


def describe_changes(files: Sequence[tuple[str, bytes, bytes, str]]) -> str | None:
    """The unified diff of files, None if all are the same.

    files: name, bytes before and after, and the encoding; bytes that it has not are escaped.
    """
    import difflib

    lines: list[str] = []
    for filename, before, after, encoding in files:
        if before == after:
            continue
        name = filename.encode(errors="backslashreplace").decode()
        old, new = (
            _split_lines(data.decode(encoding, "backslashreplace")) for data in (before, after)
        )
        lines += difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(map(_end_line, lines)) or None


def _end_line(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split_lines(text: str) -> list[str]:
    return io.StringIO(text, newline="\n").readlines()


def _refuse(filename: str, line: int, problem: str) -> ConfigError:
    return ConfigError(
        f"{filename}:{line}: {problem}",
        hint=f"run it as it is with 'git gage run -- python3 {filename}'",
    )
