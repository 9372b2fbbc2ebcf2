"""Remotes and places, a few lines each: addresses are long, and must be read whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen
    from git_gage.share.known import KnownRemote


def format_remotes(remotes: Sequence[KnownRemote], screen: Screen) -> str:
    """Each remote with its addresses, who names it, and whether its runs are known here."""
    if not remotes:
        return "No remotes: git remote add origin <url>\n"
    return "".join(f"{line}\n" for remote in remotes for line in _lines_of(remote, screen))


def _lines_of(remote: KnownRemote, screen: Screen) -> Iterator[str]:
    mark = "*" if remote.is_usual else " "
    name = screen.paint(clean(remote.name), "bold")
    yield f"{mark} {name}  {clean(remote.fetch_url)}".rstrip()
    if remote.push_url != remote.fetch_url:
        yield f"    push to {clean(remote.push_url)}"
    runs = "its runs were fetched or pushed" if remote.has_runs else "no runs of it here"
    yield f"    {remote.kind} in {clean(remote.origin)}, {runs}"
    if remote.refused is not None:
        yield f"    not used: {clean(remote.refused)}"
