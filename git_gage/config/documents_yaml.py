"""YAML as a tree with positions: PyYAML's events, put together with bounds and without tags.

Source: https://yaml.org/spec/1.1/, as PyYAML's safe loader reads it. Keys are the texts they are
spelled with: `on:` is the key 'on'. Plain `1e-3` is a number, as in YAML 1.2 and to everybody who
writes it; PyYAML reads it as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import yaml

from git_gage.config.tree import (
    MAX_DEPTH,
    DocumentError,
    Entry,
    Node,
    decode,
    first_line,
    given_twice,
)

MAX_ALIASED = 10_000
"""Values that the aliases of a document may repeat, all together."""

_TAG = "tag:yaml.org,2002:"
_KINDS = {"int": "int", "float": "float", "bool": "bool", "null": "null", "timestamp": "date"}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+")
_TAGS = {"table": "map", "array": "seq"}
# Anchor, tag and comments, where they stand before a value.
_PROPERTIES = re.compile(r"(?:(?:[&!]\S*|#[^\r\n]*)\s*)*")
# What PyYAML says of a fault, as this program says it; the second ones are about where it began.
_MESSAGES = {
    "expected '<document start>'": "expected the end of the file",
    "expected ',' or ']'": "expected ',' or ']'",
    "expected ',' or '}'": "expected ',' or '}'",
    "expected <block end>": "expected a key or item in line with those above",
    "expected the node content": "expected a value",
    "found undefined tag": "unknown tag",
    "expected escape sequence": "bad escape in a string",
    "found unknown escape": "bad escape in a string",
    "found character '\\t'": "a tab cannot indent",
    "found character": "a text that starts with this sign needs quotes",
    "mapping values": "':' cannot stand here (other indentation, or quotes?)",
    "sequence entries": "'-' cannot stand here (other indentation, or quotes?)",
}
_MESSAGES_AT_START = {
    "could not find expected ':'": "expected ':' after a key",
    "found unexpected end of stream": "unclosed string",
    "found unexpected document separator": "unclosed string",
}


def read_yaml(data: bytes) -> Node:
    """The document as a tree.

    Raises: DocumentError with the place of the first fault.
    """
    text, start = decode(data)
    try:
        fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        return _Reader(data, text, start, fast).read_document()
    except (DocumentError, yaml.YAMLError, ValueError, OverflowError):
        # The slower parser has the last word, and knows more of what is wrong.
        return _read_slowly(data, text, start)


def _read_slowly(data: bytes, text: str, start: int) -> Node:
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        offset = start + len(text[: error.position].encode())
        raise DocumentError("a control character", data, offset) from error
    reader = _Reader(data, text, start, loader)
    try:
        return reader.read_document()
    except yaml.MarkedYAMLError as error:
        raise reader.refuse(*_explain(error, reader.unclosed, text)) from error
    except (ValueError, OverflowError) as error:
        raise reader.refuse("no such character or number", loader.get_mark().index) from error


def _explain(error: yaml.MarkedYAMLError, unclosed: list[int], text: str) -> tuple[str, int]:
    """Our words for a fault, and its place in the text."""
    problem = str(error.problem)
    if problem.endswith("'<stream end>'") and unclosed:
        return f"unclosed '{text[unclosed[-1]]}'", unclosed[-1]
    for said, message in _MESSAGES_AT_START.items():
        if problem.startswith(said) and error.context_mark is not None:
            return message, error.context_mark.index
    assert error.problem_mark is not None
    said_so = (_MESSAGES[said] for said in _MESSAGES if problem.startswith(said))
    return next(said_so, "not YAML"), error.problem_mark.index


class _Reader:
    """Events of a document, put together; `unclosed` is where its open brackets are.

    loader: one of PyYAML's safe ones; its types are only half written down.
    """

    def __init__(self, data: bytes, text: str, start: int, loader: Any) -> None:
        self._data = data
        self._text = text
        self._loader = loader
        self._offsets: Sequence[int] = range(start, start + len(text) + 1)
        if not text.isascii():
            self._offsets = tuple(accumulate(map(_size, text), initial=start))
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._values = self._aliased = 0
        self.unclosed: list[int] = []

    def read_document(self) -> Node:
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return Node("table", {}, 0, len(self._data))
        node = self._read_node(self._next(), 0)
        self._next()
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.refuse("more than one document", _start(event))
        if node.kind == "null" and not node.spelled:
            return Node("table", {}, 0, len(self._data))
        return node

    def _next(self) -> yaml.Event:
        event: yaml.Event = self._loader.get_event()
        return event

    def refuse(self, message: str, index: int) -> DocumentError:
        """A fault, by its place in the text."""
        return DocumentError(message, self._data, self._offsets[index])

    def _read_node(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._read_alias(event)
        before = self._values
        if isinstance(event, yaml.CollectionStartEvent):
            node = self._read_collection(event, depth)
        else:
            assert isinstance(event, yaml.ScalarEvent)
            node = self._read_scalar(event)
        self._values += 1
        if event.anchor is not None:
            if event.anchor in self._anchors:
                message = f"anchor '&{first_line(event.anchor)}' is given twice"
                raise self.refuse(message, _start(event))
            self._anchors[event.anchor] = node, self._values - before
        return node

    def _read_collection(self, event: yaml.CollectionStartEvent, depth: int) -> Node:
        if depth == MAX_DEPTH:
            raise self.refuse("nested too deeply", _start(event))
        if event.flow_style:
            self.unclosed.append(_end(event) - 1)
        if isinstance(event, yaml.MappingStartEvent):
            node = self._read_table(event, depth)
        else:
            node = self._read_array(event, depth)
        if event.flow_style:
            self.unclosed.pop()
        return node

    def _read_alias(self, event: yaml.AliasEvent) -> Node:
        index = _start(event)
        if event.anchor not in self._anchors:
            raise self.refuse(f"unknown alias '*{first_line(str(event.anchor))}'", index)
        node, size = self._anchors[event.anchor]
        self._values += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise self.refuse(f"aliases repeat more than {MAX_ALIASED:,} values", index)
        spelled = node.spelled and self._text[index : _end(event)]
        return node._replace(
            start=self._offsets[index], end=self._offsets[_end(event)], spelled=spelled
        )

    def _read_table(self, event: yaml.CollectionStartEvent, depth: int) -> Node:
        self._check_tag(event, "table")
        entries: dict[str, Entry] = {}
        merged: list[Node] | None = None
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            name, start, end = self._read_key(key)
            node = self._read_node(self._next(), depth + 1)
            if name in entries or (name is None and merged is not None):
                raise given_twice(self._data, name or "<<", start)
            if name is None:
                merged = self._read_merged(node)
            else:
                entries[name] = Entry(name, start, end, node)
        for table in merged or ():
            for entry in table.entries:
                entries.setdefault(str(entry.key), entry)
        value = {name: entry.node.value for name, entry in entries.items()}
        return self._put_together(event, key, "table", value, tuple(entries.values()))

    def _read_key(self, event: yaml.Event) -> tuple[str | None, int, int]:
        """A key and where it is; None if it is `<<`, which merges another table into this."""
        index = _start(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refuse("a key must be a text", index)
        node = self._read_scalar(event)
        if not (event.value or event.style):
            raise self.refuse("expected a key", index)
        name = None if event.value == "<<" and not event.style else event.value
        return name, node.start, node.end

    def _read_merged(self, node: Node) -> list[Node]:
        tables = [entry.node for entry in node.entries] if node.kind == "array" else [node]
        for table in tables:
            if table.kind != "table":
                raise DocumentError("'<<' needs a table", self._data, table.start)
        # What is merged is there twice, as what an alias repeats is.
        self._aliased += sum(len(table.entries) for table in tables)
        return tables

    def _read_array(self, event: yaml.CollectionStartEvent, depth: int) -> Node:
        self._check_tag(event, "array")
        entries: list[Entry] = []
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            node = self._read_node(item, depth + 1)
            entries.append(Entry(len(entries), node.start, node.end, node))
        value = [entry.node.value for entry in entries]
        return self._put_together(event, item, "array", value, tuple(entries))

    def _put_together(
        self,
        event: yaml.CollectionStartEvent,
        last: yaml.Event,
        kind: str,
        value: Any,
        entries: tuple[Entry, ...],
    ) -> Node:
        start = self._offsets[_start(event)]
        # A block ends where the next token starts, comments further on.
        ends = [entry.node.end for entry in entries if entry.node.end >= start]
        end = self._offsets[_end(last)] if event.flow_style else max(ends, default=start)
        return Node(kind, value, start, end, entries)

    def _check_tag(self, event: yaml.CollectionStartEvent, kind: str) -> None:
        if event.tag not in (None, _TAG + _TAGS[kind]):
            raise self._refuse_tag(event)

    def _refuse_tag(self, event: yaml.CollectionStartEvent | yaml.ScalarEvent) -> DocumentError:
        tag = str(event.tag).replace(_TAG, "!!", 1)
        return self.refuse(f"the tag '{first_line(tag)}' is not supported", _start(event))

    def _read_scalar(self, event: yaml.ScalarEvent) -> Node:
        start, end = self._find_scalar(event)
        spelled = self._text[start:end]
        tag = event.tag
        if tag is None:
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
            if not event.style and _FLOAT.fullmatch(event.value):
                tag = f"{_TAG}float"
        elif tag not in (_TAG + "str", _TAG + "int", _TAG + "float"):
            raise self._refuse_tag(event)
        kind = _KINDS.get(tag.removeprefix(_TAG), "text")
        try:
            value = self._construct(kind, event.value)
            event.value.encode()
        except UnicodeEncodeError as error:
            raise self.refuse("half of a surrogate pair in a string", start) from error
        except (ValueError, OverflowError, IndexError) as error:
            raise self.refuse(f"'{first_line(spelled)}' is no value", start) from error
        return Node(kind, value, self._offsets[start], self._offsets[end], spelled=spelled)

    def _find_scalar(self, event: yaml.ScalarEvent) -> tuple[int, int]:
        """Where a scalar starts, without its anchor and tag, and where it ends."""
        start, end = _start(event), _end(event)
        if not (event.style or event.value):
            return end, end
        if event.anchor is not None or event.tag is not None:
            found = _PROPERTIES.match(self._text, start)
            assert found is not None
            start = found.end()
        if event.style in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())
        return start, end

    def _construct(self, kind: str, text: str) -> Any:
        node = yaml.ScalarNode(f"{_TAG}{kind}", text)
        match kind:
            case "int":
                return self._loader.construct_yaml_int(node)
            case "float":
                return self._loader.construct_yaml_float(node)
            case "bool":
                return self._loader.construct_yaml_bool(node)
            case "date":
                return self._loader.construct_yaml_timestamp(node)
            case "null":
                return None
        return text


def _start(event: yaml.Event) -> int:
    """Where in the text an event starts."""
    assert event.start_mark is not None
    return event.start_mark.index


def _end(event: yaml.Event) -> int:
    assert event.end_mark is not None
    return event.end_mark.index


def _size(char: str) -> int:
    """Bytes of a character in UTF-8."""
    code = ord(char)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
