"""Text that JSON cannot hold, in records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from git_gage.records import encode_value, make_record, shown_path


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("caf\u00e9", "caf\u00e9"),
        ("caf\udce9", {"b64": "Y2Fm6Q=="}),
        ("a\ud800", {"b64": "Ye2ggA=="}),
        (b"caf\xe9", {"b64": "Y2Fm6Q=="}),
        (b"plain", "plain"),
        ({"a\udce9": [("\udce9", 1, None, 2.5, True)]}, None),
    ],
)
def test_a_value_of_any_text_is_json(value: Any, encoded: Any) -> None:
    found = encode_value(value)
    assert json.loads(json.dumps(found, ensure_ascii=False).encode()) == found
    if encoded is not None:
        assert found == encoded
    else:
        assert found == {"a\\udce9": [[{"b64": "6Q=="}, 1, None, 2.5, True]]}


def test_a_record_holds_any_text() -> None:
    record = make_record(
        "attr.set",
        run="0" * 30,
        at="2026-11-22T10:12:13.123Z",
        lc=1,
        by=None,
        writer="lane",
        seq=0,
        prev=None,
        body={"name": "label", "value": "caf\udce9"},
    )
    assert shown_path(record.body["value"]) == '"caf\\351"'
