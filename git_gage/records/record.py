"""One record: how it is written, named and read back.

Source: docs/format.md, "Records"; RFC 8785 (canonical JSON).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple, NoReturn

from git_gage.errors import IntegrityError
from git_gage.records.ids import is_run_id, run_id
from git_gage.records.text import encode_value
from git_gage.records.times import parse_ms

FORMAT = 1
MAX_LINE = 256 * 1024
# Keys sort, and a quote inside of a string is written with a backslash: so the last of these
# begins the signature and not something in the body, and the first of those after it ends it.
_SIG, _AFTER_SIG = b',"sig":', b',"v":'

By = dict[str, str] | None

_NONE = type(None)
_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "at": (str,),
    "lc": (int,),
    "by": (dict, _NONE),
    "writer": (str,),
    "seq": (int,),
    "prev": (str, _NONE),
    "deps": (list,),
    "body": (dict,),
}
_VALUES = itemgetter(*_TYPES)
# The types of all fields at once: a look at each of them is as much work as the JSON.
_SOUND = frozenset(product(*_TYPES.values()))


class Record(NamedTuple):
    """A line and what it says. `run` is the run it is about, also for `run.begin`.

    `payload` is the line without its signature `sig`: what is signed, and what `id` is made of.
    """

    line: bytes
    payload: bytes
    sig: str | None
    id: str
    kind: str
    run: str
    at: str
    lc: int
    by: By
    writer: str
    seq: int
    prev: str | None
    deps: tuple[str, ...]
    body: dict[str, Any]


def make_record(
    kind: str,
    *,
    run: str | None,
    at: str,
    lc: int,
    by: By,
    writer: str,
    seq: int,
    prev: str | None,
    body: Mapping[str, Any],
    deps: Sequence[str] = (),
) -> Record:
    """A new record; `run` is None for `run.begin`, whose line makes the run's id."""
    import rfc8785  # only writers need it

    fields: dict[str, Any] = {
        "v": FORMAT,
        "kind": kind,
        "at": at,
        "lc": lc,
        "by": by,
        "writer": writer,
        "seq": seq,
        "prev": prev,
        "deps": list(deps),
        "body": encode_value(body),
    }
    if run is not None:
        fields["run"] = run
    return parse_record(rfc8785.dumps(fields))


def sign_record(record: Record, sig: str) -> Record:
    """The same record with a signature over its payload, as text."""
    at = record.payload.rindex(_AFTER_SIG)
    text = json.dumps(sig, ensure_ascii=False).encode()
    line = record.payload[:at] + _SIG + text + record.payload[at:]
    return record._replace(line=line, sig=sig)


def parse_record(line: bytes) -> Record:
    """The record that a line (without its newline) holds.

    Raises: IntegrityError if it is no record of this format.
    """
    import hashlib

    fields = _load(line)
    payload = _split(line, fields["sig"]) if "sig" in fields else line
    record_id = hashlib.sha256(payload).hexdigest()
    kind, at, lc, by, writer, seq, prev, deps, body = _pick(fields)
    run, at_ms = fields.get("run"), parse_ms(at)
    if (kind == "run.begin") != (run is None):
        raise IntegrityError(f"read record {record_id[:12]}: 'run' does not fit kind '{kind}'")
    if run is None:
        run = run_id(at_ms, record_id)
    elif not isinstance(run, str) or not is_run_id(run):
        raise IntegrityError(f"read record {record_id[:12]}: 'run' is not a run id")
    return Record(
        line=line,
        payload=payload,
        sig=fields.get("sig"),
        id=record_id,
        kind=kind,
        run=run,
        at=at,
        lc=_count(lc, "lc"),
        by=_by(by),
        writer=writer,
        seq=_count(seq, "seq"),
        prev=prev,
        deps=_deps(deps),
        body=body,
    )


def is_canonical(record: Record) -> bool:
    """Whether a record is written in the one way there is: nothing else could have its id."""
    import rfc8785

    try:
        return rfc8785.dumps(_DECODER.decode(record.payload.decode())) == record.payload
    except rfc8785.CanonicalizationError:
        return False


def _load(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise IntegrityError(f"read record: {len(line)} bytes, more than {MAX_LINE}")
    try:
        fields = _DECODER.decode(line.decode())
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"read record: not JSON: {error}") from error
    if not isinstance(fields, dict) or fields.get("v") != FORMAT:
        found = fields.get("v") if isinstance(fields, dict) else None
        raise IntegrityError(
            f"read record: format {found!r}, this git-gage reads {FORMAT}",
            hint="upgrade git-gage",
            newer=isinstance(found, int) and found > FORMAT,
        )
    return fields


def unsigned_id(line: bytes) -> str | None:
    """The id of a line's record if it is signed, told without reading the line as JSON.

    None if it can't be signed.
    """
    import hashlib

    start, end = _find_sig(line)
    if start < 0:
        return None
    return hashlib.sha256(line[:start] + line[end:]).hexdigest()


def _split(line: bytes, sig: Any) -> bytes:
    """The bytes of a line without its signature, which is where canonical JSON puts it."""
    start, end = _find_sig(line)
    text = line[start + len(_SIG) : end]
    literal = json.dumps(sig, ensure_ascii=False).encode()
    if min(start, end) < 0 or type(sig) is not str or text != literal:
        raise IntegrityError("read record: 'sig' is no text, or not where it belongs")
    return line[:start] + line[end:]


def _find_sig(line: bytes) -> tuple[int, int]:
    start = line.rfind(_SIG)
    return start, line.find(_AFTER_SIG, start)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"'{name}' is not JSON")


# Made once: a decoder is as much work as a short record.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _pick(fields: dict[str, Any]) -> tuple[Any, ...]:
    """The fields of a record, each of its type, in the order of `_TYPES`."""
    try:
        values: tuple[Any, ...] = _VALUES(fields)
    except KeyError:
        values = tuple(map(fields.get, _TYPES))
    if tuple(map(type, values)) not in _SOUND:
        given = zip(_TYPES.items(), values, strict=True)
        key, types = next(field for field, value in given if type(value) not in field[1])
        raise IntegrityError(f"read record: '{key}' must be {types[0].__name__}")
    return values


def _count(value: int, key: str) -> int:
    if not 0 <= value <= 2**53:
        raise IntegrityError(f"read record: '{key}' must be a count")
    return value


def _deps(deps: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(dep, str) for dep in deps):
        raise IntegrityError("read record: 'deps' must be record ids")
    return tuple(deps)


def _by(by: dict[str, Any] | None) -> By:
    if by is not None and not all(isinstance(value, str) for value in by.values()):
        raise IntegrityError("read record: 'by' must be an object of strings")
    return by
