"""Files of a run that whoever recorded it has taken out: nobody sends them, or gets them again.

Source: docs/format.md, "run.redact".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.files.manifest import BULK

if TYPE_CHECKING:
    from git_gage.records import Record

KIND, RUN = "run.redact", "run"


class Withheld(NamedTuple):
    """What records of a run name: bulk files and, by their digests, large ones; or all of it."""

    names: frozenset[str] = frozenset()
    whole: bool = False

    def takes(self, sha256: str) -> bool:
        """Whether a file that the run made is one of those, by what it holds."""
        return self.whole or not self.names.isdisjoint((BULK, f"{BULK}{sha256}"))


def read_withheld(records: Iterable[Record]) -> Withheld:
    """The files that the records of one run, all that are known, say are taken out."""
    bodies = said_bodies(list(records))
    return Withheld(
        frozenset(name for body in bodies for name in read_texts(body, "files")),
        any(RUN in read_texts(body, "parts") for body in bodies),
    )


def said_bodies(records: Sequence[Record]) -> list[Mapping[str, Any]]:
    """What whoever began a run says is taken out of it, of all its records; nobody else can."""
    begin = next((record for record in records if record.kind == "run.begin"), None)
    if begin is None:
        return []
    return [r.body for r in records if r.kind == KIND and r.writer == begin.writer]


def read_texts(body: Mapping[str, Any], key: str) -> list[str]:
    """The texts of a list in a body, whoever wrote it."""
    found = body.get(key)
    return [text for text in found if type(text) is str] if type(found) is list else []
