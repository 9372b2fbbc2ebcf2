"""A run, an end, an attribute as bytes: one line of canonical JSON each.

Source: docs/format.md, "Records".
"""

from __future__ import annotations

from git_gage.records.authors import author_name, without_key
from git_gage.records.ids import ALPHABET, is_begin_of, is_run_id, run_id, short_id
from git_gage.records.names import run_name
from git_gage.records.record import (
    FORMAT,
    By,
    Record,
    is_canonical,
    make_record,
    parse_record,
    sign_record,
    unsigned_id,
)
from git_gage.records.text import (
    decode_path,
    encode_path,
    encode_text,
    encode_value,
    path_text,
    shown_path,
)
from git_gage.records.times import format_time, parse_time

__all__ = [
    "ALPHABET",
    "FORMAT",
    "By",
    "Record",
    "author_name",
    "decode_path",
    "encode_path",
    "encode_text",
    "encode_value",
    "format_time",
    "is_begin_of",
    "is_canonical",
    "is_run_id",
    "make_record",
    "parse_record",
    "parse_time",
    "path_text",
    "run_id",
    "run_name",
    "short_id",
    "shown_path",
    "sign_record",
    "unsigned_id",
    "without_key",
]
