"""Scalars of TensorBoard event files: of real writers, damaged, and as they grow."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.events import make_bytes, make_event, make_record, make_scalar, make_varint
from git_gage.metrics import event, events
from git_gage.metrics.crc32c import masked_crc32c
from git_gage.metrics.documents import is_event_file
from git_gage.metrics.events import EventTail, Scalar

DATA = Path(__file__).parent / "data"
FIRST = make_record(b"\x09" + struct.pack("<d", 1.5) + make_bytes(3, b"brain.Event:2"))
# Of an element type: its number, its field of values, a value as content and as a list.
TENSORS = {
    "float": (1, struct.pack("<f", 0.5), make_bytes(5, struct.pack("<f", 0.5)), 0.5),
    "double": (2, struct.pack("<d", 0.1), make_bytes(6, struct.pack("<d", 0.1)), 0.1),
    "int32": (3, struct.pack("<i", -3), make_bytes(7, make_varint(0, -3)[1:]), -3),
    "int64": (9, struct.pack("<q", 2**62), make_bytes(10, make_varint(0, 2**62)[1:]), 2**62),
    "half": (19, struct.pack("<e", 1.5), make_bytes(13, make_varint(0, 0x3E00)[1:]), 1.5),
}
scratch = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.out.tfevents.1700000000.host.1.0"


def make_tensor(tag: str, tensor: bytes, plugin: str = "") -> bytes:
    metadata = make_bytes(9, make_bytes(1, make_bytes(1, plugin.encode()))) if plugin else b""
    return make_bytes(1, tag.encode()) + make_bytes(8, tensor) + metadata


def one(name: str, value: float, step: int = 0) -> bytes:
    return make_record(make_event(make_scalar(name, value), step=step))


def read_all(tail: EventTail, limit: int = events.LIMIT) -> list[Scalar]:
    scalars = []
    while new := tail.read(limit):
        scalars += new
    return scalars


def read_values(file: Path, *values: bytes) -> tuple[list[tuple[str, float]], int]:
    """Name and value of the scalars of an event with these values, and what was skipped."""
    file.write_bytes(make_record(make_event(*values)))
    tail = EventTail(file)
    scalars = [(scalar.name, scalar.value) for scalar in tail.read()]
    assert tail.problem is None
    return scalars, tail.skipped


def same(some: list[Scalar], others: list[Scalar]) -> bool:
    """Whether they are equal; nan is nan."""
    return repr(some) == repr(others)


def test_name_of_an_event_file() -> None:
    assert is_event_file("events.out.tfevents.1700000000.host.1.0")
    assert is_event_file("events.out.tfevents.1700000000.host.1.0.v2")
    assert not is_event_file("events.json")


def test_checksum_is_that_of_the_standard() -> None:
    crc = 0xE3069283  # RFC 3720 and others: the check value of "123456789"
    assert masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "torch",
            {
                "train/loss": [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))],
                "new": [(0, 0.0), (1, pytest.approx(0.1)), (2, pytest.approx(0.2))],
                "double": [(0, 0.0), (1, 0.1), (2, 0.2)],
                "last": [(-1, pytest.approx(math.nan, nan_ok=True))],
            },
        ),
        (
            "tensorboardX",
            {
                "verlust/größe_损失": [(10**12, 0.0), (10**12 + 1, 0.5), (10**12 + 2, 1.0)],
                "inf": [(1, math.inf)],
                "none": [(-5, pytest.approx(math.nan, nan_ok=True))],
            },
        ),
        ("tensorboard", {"accuracy": [(0, 0.0), (1, 0.25), (2, 0.5)], "loss": [(4, -1.5)]}),
        (
            "tensorflow",
            {"epoch_loss": [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))], "count": [(3, 7.0)]},
        ),
        (
            "tensorflow1",
            {"loss": [(0, 0.0), (1, 0.5), (2, 1.0)], "accuracy": [(0, 0.0), (1, 0.25), (2, 0.5)]},
        ),
    ],
)
def test_real_writers_are_read(name: str, expected: dict[str, list[tuple[int, object]]]) -> None:
    path = DATA / f"{name}.tfevents"
    tail = EventTail(path)
    found: dict[str, list[tuple[int, object]]] = {}
    for scalar in tail.read():
        found.setdefault(scalar.name, []).append((scalar.step, scalar.value))
    assert found == expected
    assert (tail.offset, tail.skipped, tail.problem) == (path.stat().st_size, 0, None)
    assert tail.warnings() == []


def test_times_are_those_of_the_writer() -> None:
    times = [scalar.time_s for scalar in EventTail(DATA / "torch.tfevents").read()]
    assert times[:4] == [1700000000.5, 1700000000.5, 1700000000.5, 1700000001.5]


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -1e300])
def test_time_of_no_clock_is_none(file: Path, time_s: float) -> None:
    file.write_bytes(make_record(make_event(make_scalar("a", 1), time_s=time_s)))
    assert EventTail(file).read() == [Scalar("a", 0, 1.0, 0.0)]


@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_of_one_number_are_scalars(file: Path, kind: str) -> None:
    number, content, listed, value = TENSORS[kind]
    start = make_varint(1, number) + make_bytes(2, b"")
    as_content = make_tensor("content", start + make_bytes(4, content), "scalars")
    as_list = make_tensor("listed", start + listed, "scalars")
    expected = [("content", value), ("listed", value)]
    assert read_values(file, as_content, as_list) == (expected, 0)


@pytest.mark.parametrize(
    "tensor",
    [
        b"",
        make_varint(1, 7) + make_bytes(8, b"text"),
        make_varint(1, 1),
        make_varint(1, 1) + make_bytes(4, b"\0" * 8),
        make_varint(1, 1) + make_bytes(5, b"\0" * 8),
        make_varint(1, 3) + make_bytes(7, b"\1\2"),
        make_varint(1, 1)
        + make_bytes(2, make_bytes(2, make_varint(1, 1)))
        + make_bytes(4, b"1234"),
    ],
    ids=["empty", "text", "none", "two", "two listed", "two integers", "a dimension"],
)
def test_declared_tensor_that_is_no_number_is_counted(file: Path, tensor: bytes) -> None:
    values = make_tensor("bad", tensor, "scalars"), make_scalar("good", 1)
    assert read_values(file, *values) == ([("good", 1.0)], 1)
    assert read_values(file, make_tensor("other", tensor, "text"), values[1])[1] == 0
    assert read_values(file, make_tensor("undeclared", tensor), values[1])[1] == 0


def test_number_whose_declaration_is_lost_is_counted(file: Path) -> None:
    number = make_varint(1, 1) + make_bytes(4, b"1234")
    assert read_values(file, make_tensor("a", number)) == ([], 1)
    assert read_values(file, make_tensor("a", number, "custom")) == ([], 0)


def test_declarations_are_kept_for_a_bounded_number_of_tags(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_TAGS", 1)
    number = make_varint(1, 1) + make_bytes(4, b"1234")
    first = (make_tensor(tag, number, "scalars") for tag in ("a", "b", "c" * 2000))
    later = (make_tensor(tag, number) for tag in ("a", "b"))
    file.write_bytes(b"".join(make_record(make_event(value)) for value in (*first, *later)))
    tail = EventTail(file)
    assert [scalar.name for scalar in tail.read()] == ["a", "b", "a"]
    assert tail.skipped == 2


@pytest.mark.parametrize("tag", [b"", b"\xff", b"x" * 257], ids=["empty", "no text", "long"])
def test_scalar_without_a_usable_name_is_counted(file: Path, tag: bytes) -> None:
    value = make_bytes(1, tag) + b"\x15" + struct.pack("<f", 1)
    assert read_values(file, value, make_scalar("x" * 256, 2)) == ([("x" * 256, 2.0)], 1)


def test_values_over_the_limit_are_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event, "MAX_VALUES", 2)
    values = [make_scalar(name, 1) for name in "abcd"]
    assert read_values(file, *values) == ([("a", 1.0), ("b", 1.0)], 1)
    assert read_values(file, *values[:2])[1] == 0


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.text(min_size=1, max_size=256), st.floats(width=32)), max_size=3),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(-1e11, 1e11),
        ),
        max_size=5,
    ),
    st.integers(1, 5),
)
@scratch
def test_whatever_is_written_comes_back(
    file: Path,
    written: list[tuple[list[tuple[str, float]], int, float]],
    limit: int,
) -> None:
    records = [
        make_record(make_event(*(make_scalar(*pair) for pair in pairs), step=step, time_s=time_s))
        for pairs, step, time_s in written
    ]
    file.write_bytes(b"".join([FIRST, *records]))
    expected = [
        Scalar(name, step, value, time_s)
        for pairs, step, time_s in written
        for name, value in pairs
    ]
    tail = EventTail(file)
    assert same(read_all(tail, limit), expected)
    assert (tail.offset, tail.skipped, tail.problem) == (file.stat().st_size, 0, None)


def test_file_cut_at_any_byte_is_waited_for(file: Path) -> None:
    content = (DATA / "tensorflow1.tfevents").read_bytes()
    whole = EventTail(DATA / "tensorflow1.tfevents").read()
    for cut in range(len(content)):
        file.write_bytes(content[:cut])
        tail = EventTail(file)
        before = tail.read()
        assert same(before, whole[: len(before)])
        assert tail.warnings() == []
        tail.finish()
        told = [f"'{file.name}': left out its last record, which is not whole"]
        assert tail.warnings() == (told if cut > tail.offset else [])
        file.write_bytes(content)
        assert same(before + tail.read(), whole)
        tail.finish()
        assert tail.warnings() == []


def test_growing_file_is_read_on(file: Path) -> None:
    content = b"".join([FIRST, *(one("a", step, step) for step in range(5))])
    tail = EventTail(file)
    read = []
    for size in range(len(content) + 1):
        file.write_bytes(content[:size])
        read += tail.read()
    assert [scalar.step for scalar in read] == [0, 1, 2, 3, 4]
    assert tail.read() == []


def test_no_more_is_read_at_once_than_asked_for(file: Path) -> None:
    values = [make_scalar(str(number), number) for number in range(5)]
    file.write_bytes(make_record(make_event(*values)) * 3)
    tail = EventTail(file)
    assert [len(tail.read(6)) for _ in range(3)] == [10, 5, 0]


@pytest.mark.parametrize("name", ["tensorboardX", "tensorflow1"])
def test_no_changed_byte_gives_a_wrong_value(file: Path, name: str) -> None:
    content = bytearray((DATA / f"{name}.tfevents").read_bytes())
    whole = [repr(scalar) for scalar in EventTail(DATA / f"{name}.tfevents").read()]
    for at in range(len(content)):
        change = (1, 2, 4, 8, 16, 32, 64, 128, 255)[at % 9]
        content[at] ^= change
        file.write_bytes(content)
        content[at] ^= change
        tail = EventTail(file)
        rest = iter(whole)
        assert all(repr(scalar) in rest for scalar in tail.read())
        assert tail.warnings()


def test_damaged_record_is_left_out_and_told(file: Path) -> None:
    damaged = bytearray(one("b", 2))
    damaged[30] ^= 1
    file.write_bytes(FIRST + one("a", 1) + damaged + one("c", 3))
    tail = EventTail(file)
    assert [scalar.name for scalar in tail.read()] == ["a", "c"]
    assert tail.skipped == 1
    (warning,) = tail.warnings()
    why = "(damaged, over a limit or no number)"
    assert warning == f"'{file.name}': left out 1 of its values or records {why}"


def test_next_record_is_found_after_a_damaged_length(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Blocks so small that a record starts in one and ends in the next.
    monkeypatch.setattr(events, "_BLOCK", 20)
    damaged = b"?" + one("b", 2)[1:]
    file.write_bytes(one("a", 1) + damaged * 3 + one("c", 3) + damaged + one("d", 4))
    tail = EventTail(file)
    assert [scalar.name for scalar in tail.read()] == ["a", "c", "d"]
    assert (tail.skipped, tail.problem) == (2, None)


def test_damage_at_the_end_is_a_problem_until_a_record_follows(file: Path) -> None:
    start, damaged = one("a", 1), b"?" + one("b", 2)[1:]
    file.write_bytes(start + damaged)
    tail = EventTail(file)
    assert len(tail.read()) == 1
    problem = f"the record at byte {len(start)} is damaged"
    assert (tail.problem, tail.offset) == (problem, len(start))
    assert tail.warnings() == [f"'{file.name}' was not read to its end: {problem}"]
    following = one("c", 3)
    for size in range(12):
        file.write_bytes(start + damaged + following[:size])
        assert tail.read() == []
        assert tail.problem == problem
    file.write_bytes(start + damaged + following)
    assert [scalar.name for scalar in tail.read()] == ["c"]
    assert (tail.skipped, tail.problem) == (1, None)


def test_zeros_that_are_filled_in_later_are_no_damage(file: Path) -> None:
    # As a reader may see them on a network file system, or after a crash.
    start, records = one("a", 1), one("b", 2) + one("c", 3)
    file.write_bytes(start + bytes(len(records)))
    tail = EventTail(file)
    assert len(tail.read()) == 1
    assert tail.problem is not None
    file.write_bytes(start + records)
    assert [scalar.name for scalar in tail.read()] == ["b", "c"]
    assert tail.warnings() == []


def test_search_after_damage_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SEARCHED", 5000)
    monkeypatch.setattr(events, "_BLOCK", 1000)
    file.write_bytes(bytes(8000) + one("a", 1))
    tail = EventTail(file)
    assert tail.read() == tail.read() == []
    assert tail.problem == "the record at byte 0 is damaged"


@pytest.mark.parametrize("length", [2**62, 2**64 - 1, (2 << 30) + 1])
def test_absurd_length_is_damage(file: Path, length: int) -> None:
    header = struct.pack("<Q", length)
    file.write_bytes(header + struct.pack("<I", masked_crc32c(header)) + one("a", 1))
    tail = EventTail(file)
    assert [scalar.name for scalar in tail.read()] == ["a"]
    assert tail.skipped == 1


def test_large_record_is_passed_over_once_it_is_there(file: Path) -> None:
    header = struct.pack("<Q", 1 << 30)
    after = 12 + (1 << 30) + 4
    with file.open("wb") as stream:
        stream.write(header + struct.pack("<I", masked_crc32c(header)))
        stream.truncate(after - 1)
        tail = EventTail(file)
        assert tail.read() == []
        assert (tail.offset, tail.skipped, tail.problem) == (0, 0, None)
        stream.seek(after)
        stream.write(one("a", 1))
    assert [scalar.name for scalar in tail.read()] == ["a"]
    assert tail.skipped == 1


@pytest.mark.parametrize(("value", "skipped"), [(make_scalar("a", 1), 1), (b"", 0)])
def test_large_events_are_checked_where_they_have_scalars(
    file: Path, value: bytes, skipped: int
) -> None:
    image = make_bytes(1, b"image") + make_bytes(4, bytes(70_000))
    record = bytearray(make_record(make_event(image, value)))
    record[40_000] ^= 1
    file.write_bytes(record + one("b", 2))
    tail = EventTail(file)
    assert [scalar.name for scalar in tail.read()] == ["b"]
    assert tail.skipped == skipped


@pytest.mark.parametrize(
    "data",
    [
        b"\x0b" * 10_000,
        b"\x0a" * 10_000,
        b"\xff" * 100,
        b"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0d\0\0",
        b"\x09",
        make_bytes(5, make_bytes(1, make_bytes(9, b"\x0a\x7f"))),
        make_bytes(5, make_bytes(1, make_tensor("a", b"\x08\x03\x3a\x01\xff", "scalars"))),
    ],
    ids=["groups", "nested", "key", "length", "short", "cut", "metadata", "integer"],
)
def test_record_that_is_no_event_is_left_out(file: Path, data: bytes) -> None:
    file.write_bytes(make_record(data) + one("a", 1))
    tail = EventTail(file)
    assert [scalar.name for scalar in tail.read()] == ["a"]
    assert tail.skipped == 1


@given(st.binary(max_size=300), st.binary(max_size=60))
@scratch
def test_no_bytes_are_too_strange(file: Path, some: bytes, others: bytes) -> None:
    nested = make_event(some, others, make_tensor("a", others, "scalars"))
    records = [make_record(data) for data in (some, make_bytes(5, some), nested)]
    for content in (some, *records, b"".join([some, *records])):
        file.write_bytes(content)
        read_all(EventTail(file))


def test_file_that_got_shorter_is_told(file: Path) -> None:
    content = one("a", 1) + one("b", 2)
    file.write_bytes(content)
    tail = EventTail(file)
    assert len(tail.read()) == 2
    file.write_bytes(content[:50])
    assert tail.read() == []
    assert tail.problem == f"it was cut to 50 bytes after {len(content)} had been read"
    file.write_bytes(content + one("c", 3))
    assert [scalar.name for scalar in tail.read()] == ["c"]
    assert tail.problem is None


def test_what_cannot_be_opened_raises(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        EventTail(file).read()
    os.mkfifo(file)
    with pytest.raises(OSError, match="not a regular file"):
        EventTail(file).read()
