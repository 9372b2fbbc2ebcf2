"""One TensorBoard event: its scalars, out of its bytes.

An event is a protocol buffer (`tensorflow.Event`). Where scalars are its messages are few and
their depth is known: each has a function here, and nothing follows what lies elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import NamedTuple

from git_gage.metrics.lines import MAX_NAME
from git_gage.metrics.protobuf import fields, read_varint, signed

MAX_VALUES = 10_000
_MAX_TAG = 4 * MAX_NAME
# Times further away (the year 33,658) are of no clock.
_TIME_S = 1e12

# Keys of fields: their number << 3 | how they are stored.
_EVENT_TIME, _EVENT_STEP, _EVENT_SUMMARY = 0x09, 0x10, 0x2A
_SUMMARY_VALUE = 0x0A
_VALUE_TAG, _VALUE_SIMPLE, _VALUE_TENSOR, _VALUE_METADATA = 0x0A, 0x15, 0x42, 0x4A
_METADATA_PLUGIN, _PLUGIN_NAME = 0x0A, 0x0A
_TENSOR_TYPE, _TENSOR_SHAPE, _TENSOR_CONTENT = 0x08, 0x12, 0x22
_SHAPE_DIMENSION = 0x12
_TENSOR_STRING = 0x42
_SCALARS, _TEXT = b"scalars", b"text"
_MAX_TEXT = 4096
# What writers put behind the name of a text.
_TEXT_SUFFIX = b"/text_summary"

_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
# Types of tensors: how a number is laid out, and the key of the list that may have it instead.
_TYPES = {
    1: (_FLOAT, 0x2A),
    2: (_DOUBLE, 0x32),
    3: (struct.Struct("<i"), 0x3A),
    9: (struct.Struct("<q"), 0x52),
    19: (struct.Struct("<e"), 0x6A),
}
_LISTS = {key for _, key in _TYPES.values()}


class Scalar(NamedTuple):
    """A value of a metric.

    time_s: when it was written, in Unix seconds; 0 where the file does not say.
    """

    name: str
    step: int
    value: float
    time_s: float


class Event:
    """What is of use in one event.

    A scalar is a `simple_value`, or a tensor of one number whose tag is declared for the plugin
    "scalars": by this event or by an earlier one, as only the first of a tag needs to. Its name
    has at most 256 characters, and an event at most 10,000 values.

    declared: the tags that it declares; left_out: how many values are scalars, but without a
    usable name or number; texts: names and texts, of the plugin "text". Raises MalformedError.
    """

    __slots__ = ("_data", "_known", "_step", "_time_s", "declared", "left_out", "scalars", "texts")

    def __init__(self, data: bytes, known: Collection[bytes]) -> None:
        self.scalars: list[Scalar] = []
        self.declared: set[bytes] = set()
        self.texts: list[tuple[str, str]] = []
        self.left_out = 0
        self._data = data
        self._known = known
        self._step = 0
        self._time_s = 0.0
        summary = 0, 0
        for key, start, end in fields(data, 0, len(data)):
            if key == _EVENT_TIME:
                (time_s,) = _DOUBLE.unpack_from(data, start)
                self._time_s = time_s if -_TIME_S < time_s < _TIME_S else 0.0
            elif key == _EVENT_STEP:
                self._step = signed(start)
            elif key == _EVENT_SUMMARY:
                summary = start, end
        self._read_summary(*summary)

    def _read_summary(self, start: int, end: int) -> None:
        count = 0
        for key, first, last in fields(self._data, start, end):
            if key != _SUMMARY_VALUE:
                continue
            count += 1
            if count > MAX_VALUES:
                self.left_out += 1
                return
            self._add(*_read_value(self._data, first, last))

    def _add(
        self, tag: bytes, number: float | None, tensor: tuple[int, int] | None, plugin: bytes
    ) -> None:
        if plugin == _TEXT and tensor is not None:
            self._add_text(tag, *tensor)
        if plugin == _SCALARS and len(tag) <= _MAX_TAG:
            self.declared.add(tag)
        if number is None:
            if tensor is None or plugin not in (_SCALARS, b""):
                return
            number = _read_number(self._data, *tensor)
            if tag not in self.declared and tag not in self._known:
                # If it is a number all the same, the event that declared it is lost.
                self.left_out += number is not None
                return
        name = _read_name(tag)
        if name is None or number is None:
            self.left_out += 1
        else:
            self.scalars.append(Scalar(name, self._step, number, self._time_s))

    def _add_text(self, tag: bytes, start: int, end: int) -> None:
        name = _read_name(tag.removesuffix(_TEXT_SUFFIX))
        for key, first, last in fields(self._data, start, end):
            if key == _TENSOR_STRING and name is not None:
                text = self._data[first : min(last, first + _MAX_TEXT)].decode(errors="replace")
                self.texts.append((name, text))


def _read_value(
    data: bytes, start: int, end: int
) -> tuple[bytes, float | None, tuple[int, int] | None, bytes]:
    """Tag, simple value, place of the tensor and name of the plugin of a value."""
    tag, number, tensor, plugin = b"", None, None, b""
    for key, first, last in fields(data, start, end):
        if key == _VALUE_TAG:
            tag = data[first:last]
        elif key == _VALUE_SIMPLE:
            (number,) = _FLOAT.unpack_from(data, first)
        elif key == _VALUE_TENSOR:
            tensor = first, last
        elif key == _VALUE_METADATA:
            plugin = _read_plugin(data, first, last)
    return tag, number, tensor, plugin


def _read_plugin(data: bytes, start: int, end: int) -> bytes:
    name = b""
    for key, first, last in fields(data, start, end):
        if key == _METADATA_PLUGIN:
            for inner, begin, stop in fields(data, first, last):
                if inner == _PLUGIN_NAME:
                    name = data[begin:stop]
    return name


def _read_name(tag: bytes) -> str | None:
    try:
        name = tag.decode()
    except UnicodeDecodeError:
        return None
    return name if 0 < len(name) <= MAX_NAME else None


def _read_number(data: bytes, start: int, end: int) -> float | None:
    """The number of a tensor without dimensions; None of any other tensor."""
    kind = 0
    content: tuple[int, int] | None = None
    listed: dict[int, tuple[int, int]] = {}
    for key, first, last in fields(data, start, end):
        if key == _TENSOR_TYPE:
            kind = first
        elif key == _TENSOR_SHAPE:
            if any(inner == _SHAPE_DIMENSION for inner, _, _ in fields(data, first, last)):
                return None
        elif key == _TENSOR_CONTENT:
            content = first, last
        elif key in _LISTS:
            listed[key] = first, last
    if kind not in _TYPES:
        return None
    layout, key = _TYPES[kind]
    if content is not None:
        return _unpack(layout, data, *content)
    return _unlist(layout, data, *listed[key]) if key in listed else None


def _unlist(layout: struct.Struct, data: bytes, start: int, end: int) -> float | None:
    if layout in (_FLOAT, _DOUBLE):
        return _unpack(layout, data, start, end)
    # Others are listed as varints.
    value, after = read_varint(data, start)
    return layout.unpack(value.to_bytes(8, "little")[: layout.size])[0] if after == end else None


def _unpack(layout: struct.Struct, data: bytes, start: int, end: int) -> float | None:
    return layout.unpack_from(data, start)[0] if end - start == layout.size else None
