"""What else is wrong in a file that has a key twice.

Nobody knows which of the two is meant, so that the file cannot be used; but it can be read on: the
second one gets another name of the same length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from git_gage.config.documents import DocumentError, DuplicateKeyError, Node, read_tree

# Enough for whoever pasted a part of a file once more.
_MOST = 50
_OTHERS = b"qxz"
_LETTER = re.compile(rb"[A-Za-z0-9_]")


def read_on(data: bytes, kind: str) -> tuple[Node | None, list[DocumentError]]:
    """The document, None if it cannot be read to its end; what is wrong with its keys and signs.

    What is given twice is there under other names; the faults have the byte offsets of their keys.
    """
    faults: list[DocumentError] = []
    while True:
        try:
            return read_tree(data, kind), faults
        except DocumentError as error:
            # The text is not the user's any more, but as long: so are all places in it.
            faults.append(error)
            renamed = _rename(data, kind, faults)
            if renamed is None or len(faults) == _MOST:
                return None, faults
            data = renamed


def _rename(data: bytes, kind: str, faults: Sequence[DocumentError]) -> bytes | None:
    """The document in which the last key found twice has a name that no other has, if it can."""
    letter = _LETTER.search(data, faults[-1].offset)
    if letter is None or not isinstance(faults[-1], DuplicateKeyError):
        return None
    for other in _OTHERS:
        renamed = data[: letter.start()] + bytes([other]) + data[letter.end() :]
        if _goes_on(renamed, kind, faults):
            return renamed
    return None


def _goes_on(data: bytes, kind: str, faults: Sequence[DocumentError]) -> bool:
    """Whether a document has no fault any more but new ones."""
    try:
        read_tree(data, kind)
    except DocumentError as error:
        return all(error.offset != known.offset for known in faults)
    return True
