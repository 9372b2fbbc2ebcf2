"""Tips of lanes in which no secret was found, noted as they are written.

So a push looks only at what was not looked at before. A tip is named by its content, and what is
noted counts for the rules of one version; losing it costs the time to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from git_gage.secrets.scan import VERSION, find_secrets
from git_gage.store.files import StorageError, make_folder, read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.git import Repository
    from git_gage.store.lane import Bulk, Epoch

FORMAT = 1
_REMEMBERED = 256


def read_clean_tips(repo: Repository) -> list[str]:
    """Tips that lead to nothing with a secret in it, by the rules of today."""
    noted = read_json(_place(repo))
    tips = noted.get("tips")
    return list(map(str, tips)) if noted.get("rules") == VERSION and type(tips) is list else []


def note_clean_tips(repo: Repository, tips: Iterable[str], passed: Iterable[str] = ()) -> None:
    """Remember tips, in place of those that they have passed. Hold the store's lock."""
    gone = set(passed)
    kept = dict.fromkeys([*(tip for tip in read_clean_tips(repo) if tip not in gone), *tips])
    noted = {"format": FORMAT, "rules": VERSION, "tips": list(kept)[-_REMEMBERED:]}
    place = _place(repo)
    with suppress(StorageError):  # what cannot be noted is looked at once more
        make_folder(place.parent)
        write_json(place, noted)


def note_written(
    repo: Repository, before: Epoch, after: Epoch, lines: Sequence[bytes], bulk: Sequence[Bulk]
) -> None:
    """Look at what an epoch got, and note its tips if all that it had was clean, too."""
    known = read_clean_tips(repo)
    moves = []
    if not any(map(find_secrets, lines)):
        moves.append((before.log, after.log))
    # What is no bytes was too much to look at: a push will.
    if all(type(content) is bytes and not find_secrets(content) for _, content in bulk):
        moves.append((before.bulk, after.bulk))
    clean = {new: old for old, new in moves if new and old != new and old in (None, *known)}
    if clean:
        note_clean_tips(repo, clean, [old for old in clean.values() if old])


def note_closed(repo: Repository, epoch: Epoch, sealed: str | None) -> None:
    """A sealed epoch holds the lines of its log, and nothing else."""
    if sealed is not None and epoch.log in read_clean_tips(repo):
        note_clean_tips(repo, [sealed], [epoch.log])


def _place(repo: Repository) -> Path:
    return repo.gage_dir / "cache" / "clean-tips.json"
