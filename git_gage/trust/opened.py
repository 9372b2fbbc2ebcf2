"""The judge of one clone, with its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from git_gage.git.author import read_author
from git_gage.git.known import UNFLAGGED, read_valid
from git_gage.trust.checked import Checks
from git_gage.trust.judge import Judge
from git_gage.trust.others import make_check, stamp_programs
from git_gage.trust.pins import Pins
from git_gage.trust.rules import Own
from git_gage.trust.seen import Seen
from git_gage.trust.sources import (
    find_sources,
    list_files,
    load_rules,
    note_stamp,
    read_own_keys,
)

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.git import Repository
    from git_gage.trust.settings import TrustSettings

CHECKS = "cache/signatures.json"
SEEN, PINS = "trust/seen", "trust/pins"


class Opened(NamedTuple):
    """`faults` are lines of trust files that do not count, and why."""

    judge: Judge
    faults: list[str]


def open_judge(repo: Repository, settings: TrustSettings, stamp: Path, now: float) -> Opened:
    """Read the trust files, and note at `stamp` how they look; `now` is Unix seconds."""
    sources = find_sources(repo, settings)
    if stamp.parents[1].is_dir():  # a repository without runs is left as it is
        # The look comes before the reading: what changes in between looks changed next time.
        note_stamp(stamp, list_files(repo, sources))
    rules, faults = load_rules(sources, find_own(repo, settings))
    folder = repo.gage_dir
    programs = stamp_programs(settings, repo.environ, now)
    checks = Checks(folder / CHECKS, make_check(settings), programs)
    return Opened(Judge(rules, checks, Seen(folder / SEEN), Pins(folder / PINS), now), faults)


def find_own(repo: Repository, settings: TrustSettings) -> Own:
    """This user, by git's identity and the keys that lie where this user's keys lie."""
    email = (read_author(repo) or {}).get("email")
    keys = read_own_keys(settings, repo.environ)
    return Own(email or None, frozenset(key.fingerprint for key in keys))


def read_policy(repo: Repository) -> str:
    """Which records of others count.

    Raises: ConfigError for a value that cannot be.
    """
    return read_valid(repo.settings, "gage.apply") or UNFLAGGED
