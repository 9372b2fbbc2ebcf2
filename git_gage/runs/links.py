"""Symbolic links that runs made: where they lead, by the manifest alone.

No link is asked of the disk, so the answer is the same wherever the run is known; none leads out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git_gage.files.manifest import Entry

# As many as Linux follows.
_MOST = 40


def follow_links(run: str, entries: Mapping[bytes, Entry], path: bytes) -> bytes | None:
    """What a path below the directory of a run stands for; None where that is not in there.

    There need be nothing of that name. A link by the whole name of the run's directory, wherever
    that was, leads into it.
    """
    left, found, followed = path.split(b"/"), list[bytes](), 0
    while left:
        name = left.pop(0)
        if name == b"..":
            if not found:
                return None
            found.pop()
        elif name not in (b"", b"."):
            found.append(name)
            entry = entries.get(b"/".join(found))
            if entry is None or entry.link is None or entry.sha256 is not None:
                continue
            followed += 1
            found.pop()
            link = entry.link
            if link.startswith(b"/"):
                _, inside, link = link.partition(b"/%s/" % run.encode())
                if not inside:
                    return None
                found.clear()
            if followed > _MOST:
                return None
            left = [*link.split(b"/"), *left]
    return b"/".join(found)
