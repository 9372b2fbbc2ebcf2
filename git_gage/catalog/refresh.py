"""Bring the catalog up to date: what is new in journals and lanes goes in, once.

A journal goes away only after its records are in a lane. So journals are read first and tips
afterwards: in this order no record is missed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from git_gage.catalog.schema import (
    AMONG,
    JOURNAL,
    among,
    let_readers_go_on,
    without_indexes,
    writing,
)
from git_gage.errors import GageError
from git_gage.store import OWN, TAKEN, TRACKING, parse_ref

if TYPE_CHECKING:
    import sqlite3

    from git_gage.catalog.judging import Judge
    from git_gage.catalog.loader import Loader
    from git_gage.store import Store

# Hears how much of a load is done, from 0 to 1; None when it is over.
Tell = Callable[[float | None], None]

# From so many tips on a first load is quicker without indexes: most hold thousands of runs.
_MANY = 4
_TRIES = 3
_UNREAD_LANE = "SELECT 1 FROM unread WHERE why = 'lane'"
_NOTICES = {
    "newer": ("{} record needs a newer git-gage", "{} records need a newer git-gage"),
    "damaged": (
        "{} record is not what the format says and is left out",
        "{} records are not what the format says and are left out",
    ),
    "lane": (
        "{} lane can't be read in full: see 'git fsck'",
        "{} lanes can't be read in full: see 'git fsck'",
    ),
}


class News(NamedTuple):
    """New lines by journal with the offset after them, and all tips."""

    journals: dict[str, tuple[list[bytes], int]]
    tips: dict[str, str]
    known: dict[str, str]

    @property
    def is_any(self) -> bool:
        return self.tips != self.known or any(lines for lines, _ in self.journals.values())


def refresh(
    db: sqlite3.Connection, store: Store, judge: Judge | None, *, bulk: bool, tell: Tell
) -> list[str]:
    """Take in what is new; what there is to tell the user.

    With nothing new this costs one git process, one directory listing and a few small selects.
    """
    for _ in range(_TRIES):
        if _is_settled(db, store, judge, bulk=bulk, tell=tell):
            break
    rows = db.execute("SELECT why, count(*) FROM unread GROUP BY why ORDER BY why")
    return [_NOTICES[why][number > 1].format(number) for why, number in rows]


def judge_again(db: sqlite3.Connection, store: Store, judge: Judge | None) -> None:
    """Judge again what others said of runs, and show what comes of it."""
    from git_gage.catalog.loader import Loader

    with writing(db):
        Loader(db, store, judge).judge_again()


def _is_settled(
    db: sqlite3.Connection, store: Store, judge: Judge | None, *, bulk: bool, tell: Tell
) -> bool:
    """Take in what is new; whether that was all (False: lanes moved on while they were read)."""
    version = _data_version(db)
    news = _read_news(db, store)
    # A lane that could not be read may be gone.
    open_questions = [_UNREAD_LANE, *(["SELECT 1 FROM missing"] if bulk else [])]
    if not news.is_any and not any(db.execute(each).fetchone() for each in open_questions):
        return True
    try:
        with writing(db), _without_gc(), store.repo.reading():
            if _data_version(db) != version:  # another process was quicker
                news = _read_news(db, store)
            settled = _take_in(db, store, judge, news, tell)
        let_readers_go_on(db)
    finally:
        tell(None)
    return settled


def _read_news(db: sqlite3.Connection, store: Store) -> News:
    offsets = dict(db.execute("SELECT name, offset FROM journal"))
    journals = {name: store.read_journal(name, offsets.get(name, 0)) for name in store.journals()}
    return News(journals, store.read_tips(), dict(db.execute("SELECT ref, oid FROM tip")))


def _take_in(
    db: sqlite3.Connection, store: Store, judge: Judge | None, news: News, tell: Tell
) -> bool:
    from git_gage.catalog.loader import Loader  # not needed where nothing is new

    loader = Loader(db, store, judge)
    loader.look_again()
    changed = {ref: oid for ref, oid in news.tips.items() if news.known.get(ref) != oid}
    trees = _list_blobs(store, changed.values())
    with without_indexes(db) if not news.known and len(trees) >= _MANY else nullcontext():
        own = _own_blobs(changed, trees, store.my_lanes)
        blobs = _load_blobs(db, store, loader, trees, own, tell)
        for lines, _ in news.journals.values():
            loader.add(lines, JOURNAL, ours=True)
        loader.finish()
    _note_journals(db, news)
    whole = {tip for tip, tree in trees.items() if blobs.keys() >= set(tree)}
    read = {ref: oid for ref, oid in changed.items() if oid in whole}
    _note_tips(db, news, read, trees, blobs)
    return _note_trouble(db, store, {ref: changed[ref] for ref in changed.keys() - read.keys()})


@contextmanager
def _without_gc() -> Iterator[None]:
    """A load makes many objects and no cycles: looking for those is a tenth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# -- lanes -----------------------------------------------------------------------------------------


def _list_blobs(store: Store, tips: Iterable[str]) -> dict[str, list[str]]:
    """Record blobs by tip; a tip that can't be listed is not in it."""
    asked = list(dict.fromkeys(tips))
    try:
        return store.list_blobs(asked)
    except GageError:
        if len(asked) == 1:
            return {}
    found: dict[str, list[str]] = {}
    for tip in asked:
        found |= _list_blobs(store, [tip])
    return found


def _own_blobs(
    tips: Mapping[str, str], trees: Mapping[str, list[str]], lanes: Collection[str]
) -> set[str]:
    """Those blobs of tips (by ref) that lie in the lanes of this clone, and not at a remote.

    A mirror has the lanes of others where our own would be.
    """
    refs = {ref: parse_ref(ref) for ref in tips}
    own = [
        tips[ref] for ref, each in refs.items() if each and each.space in OWN and each.lane in lanes
    ]
    return {blob for tip in own for blob in trees.get(tip, ())}


def _load_blobs(
    db: sqlite3.Connection,
    store: Store,
    loader: Loader,
    trees: Mapping[str, list[str]],
    own: Collection[str],
    tell: Tell,
) -> dict[str, int]:
    """Load the blobs not seen before; keys in table `seen` of all that could be read."""
    from git_gage.catalog.ahead import read_portions

    blobs = dict.fromkeys(blob for tree in trees.values() for blob in tree)
    rows = db.execute(f"SELECT blob, key FROM seen WHERE blob {AMONG}", [among(blobs)])
    known: dict[str, int] = dict(rows)
    unseen = [blob for blob in blobs if blob not in known]
    (last,) = db.execute("SELECT coalesce(max(key), 0) FROM seen").fetchone()
    for done, (blob, ready, lines) in enumerate(read_portions(store, unseen)):
        tell(done / len(unseen))
        key = last + 1 + done
        loader.add(lines, key, ours=blob in own, ready=ready)
        known[blob] = key
        db.execute("INSERT INTO seen VALUES (?, ?)", (key, blob))
    return known


# -- what was read ---------------------------------------------------------------------------------


def _note_journals(db: sqlite3.Connection, news: News) -> None:
    db.execute("DELETE FROM journal")
    db.executemany(
        "INSERT INTO journal VALUES (?, ?)",
        [(name, offset) for name, (_, offset) in news.journals.items()],
    )


def _note_tips(
    db: sqlite3.Connection,
    news: News,
    read: Mapping[str, str],
    trees: Mapping[str, list[str]],
    blobs: Mapping[str, int],
) -> None:
    """Which tips were read, and which blobs lie where. Records of refs that are gone stay."""
    gone = [(ref,) for ref in news.known.keys() - news.tips.keys()]
    db.executemany("DELETE FROM place WHERE tip = (SELECT key FROM tip WHERE ref = ?)", gone)
    db.executemany("DELETE FROM tip WHERE ref = ?", gone)
    for ref, oid in read.items():
        db.execute(
            "INSERT INTO tip (ref, oid, remote) VALUES (?, ?, ?)"
            " ON CONFLICT (ref) DO UPDATE SET oid = excluded.oid",
            (ref, oid, _remote_of(ref)),
        )
        (key,) = db.execute("SELECT key FROM tip WHERE ref = ?", (ref,)).fetchone()
        now = {blobs[blob] for blob in trees[oid]}
        before = {row[0] for row in db.execute("SELECT blob FROM place WHERE tip = ?", (key,))}
        db.executemany("DELETE FROM place WHERE blob = ? AND tip = ?", _pairs(before - now, key))
        db.executemany("INSERT INTO place VALUES (?, ?)", _pairs(now - before, key))


def _note_trouble(db: sqlite3.Connection, store: Store, troubled: Mapping[str, str]) -> bool:
    """Note lanes that can't be read; they are tried again each time. False if one moved on."""
    db.execute("DELETE FROM unread WHERE why = 'lane'")
    if not troubled:
        return True
    store.repo.forget_refs()  # others may have gone on with them meanwhile
    now = store.read_tips()
    stuck = [ref for ref, oid in troubled.items() if now.get(ref) == oid]
    db.executemany("INSERT INTO unread VALUES (?, 'lane')", [(ref.encode(),) for ref in stuck])
    return len(stuck) == len(troubled)


def _remote_of(ref: str) -> str | None:
    """The remote that is known to have what a ref holds."""
    found = parse_ref(ref)
    return found.remote if found is not None and found.space in (TRACKING, TAKEN) else None


def _pairs(blobs: Iterable[int], tip: int) -> list[tuple[int, int]]:
    return [(blob, tip) for blob in sorted(blobs)]


def _data_version(db: sqlite3.Connection) -> int:
    """A number that changes when another process has written."""
    return int(db.execute("PRAGMA data_version").fetchone()[0])
