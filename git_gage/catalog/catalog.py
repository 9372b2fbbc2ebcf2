"""The catalog of one clone: every list, look-up and completion reads only this."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from git_gage.catalog import query
from git_gage.catalog.last_list import LastList
from git_gage.catalog.place import (
    DAMAGE,
    NAME,
    delete_catalog,
    find_places,
    is_busy,
    is_unusable,
)
from git_gage.catalog.query import Chain, Mark, Shown, as_document, as_text
from git_gage.catalog.refresh import Tell, judge_again, refresh
from git_gage.catalog.schema import MEMORY, open_catalog
from git_gage.errors import FETCH, ConflictError, IntegrityError, RunNotFoundError

if TYPE_CHECKING:
    import sqlite3

    from git_gage.catalog.judging import Judge
    from git_gage.catalog.lines import RecordReader
    from git_gage.catalog.live import Live
    from git_gage.catalog.said import Said
    from git_gage.records import Record
    from git_gage.store import Store

T = TypeVar("T")
PAGE = 500


class Catalog:
    """Runs of a store, looked up. What it holds is derived: a file that is gone, damaged or of
    another version is made anew without a word.

    Run objects have `status` "running" for every run without an end: whether it still runs is
    not written down anywhere (see runs/liveness). "packages" are None where they are not here.
    """

    def __init__(
        self,
        store: Store,
        path: Path | None = None,
        *,
        status_of: Callable[[str], str] = lambda _: "running",
        read_live: Callable[[], Live] = dict,
        tell: Tell = lambda _: None,
        judge: Judge | None = None,
        last_list: LastList | None = None,
    ) -> None:
        """`status_of` says what a run without an end, by its id, is at this moment, `read_live`
        what is known up to now of those that go on here, `judge` what to think of what others
        say (None: all of it counts).

        `tell` hears how much of a load is done, from 0 to 1, and None when it is over. `last_list`
        is what rows are counted in (None: that of the store).
        """
        self._store = store
        self._status_of = status_of
        self._read_live = read_live
        self._tell = tell
        self._judge = judge
        self.last_list = last_list or LastList(store)
        self._places = find_places(store) if path is None else iter((path, MEMORY))
        self._may_move = path is None and not os.path.exists(store.dir)
        self._path: Path | None = None
        self._db: sqlite3.Connection | None = None
        self._renewed: set[Path] = set()
        self._reader: RecordReader | None = None

    def of(self, store: Store, status_of: Callable[[str], str], remote: str) -> Catalog:
        """The catalog of another store, of what a remote has, which judges as this one does.

        remote: the name of its tracking refs.
        """
        return Catalog(
            store,
            status_of=status_of,
            tell=self._tell,
            judge=self._judge,
            last_list=self.last_list.of(remote),
        )

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def refresh(self, *, bulk: bool = False) -> list[str]:
        """Bring the catalog up to date; notices for the user ("2 records need a newer git-gage").

        `bulk`: look again for bulk documents that were not here, although no lane has changed.

        Raises: ConflictError if another process holds the catalog for too long.
        """
        if self._may_move and os.path.exists(self._store.dir):
            # In a repository that had no runs yet there was no place but memory.
            self.close()
            self._may_move, self._path, self._places = False, None, find_places(self._store)
        self._reader = None  # what it keeps may be gone
        told = self._try(
            lambda db: refresh(db, self._store, self._judge, bulk=bulk, tell=self._tell)
        )
        if self._try(query.has_relics):
            self.start_anew()
        return told

    def start_anew(self) -> None:
        """Read all again: something that was seen is not here any more.

        Raises: ConflictError if another process holds the catalog for too long.
        """
        self._try(lambda _: None)  # so that its place is known
        self.close()
        if self._path is not None and self._path != MEMORY:
            self._delete(self._path)
        self.refresh()

    def rejudge(self) -> None:
        """Judge again what others said, after a change of who is trusted.

        Raises: ConflictError if another process holds the catalog for too long.
        """
        self._try(lambda db: judge_again(db, self._store, self._judge))

    # -- run objects -----------------------------------------------------------------------------

    def newest(self, limit: int | None, among: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Run objects, newest first (None: all but those put away), or those that `find` gave."""
        return list(self.each_document(among, limit))

    def each_document(
        self, among: Sequence[str] | None = None, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """The same, one at a time, without holding them all."""
        packages: dict[str, Any] = {}
        return (as_document(shown, packages) for shown in self._newest(limit, among))

    def iter_documents(
        self, limit: int | None, among: Sequence[str] | None = None
    ) -> Iterator[str]:
        """The same as JSON texts, compact and in ASCII, without holding them all."""
        return map(as_text, self._newest(limit, among))

    def document(self, run: str) -> dict[str, Any] | None:
        """The run object of a full id; None if it is not here."""
        shown = self._ask(lambda db: query.read_one(db, run))
        return None if shown is None else as_document(shown)

    def find(
        self,
        where: str | Sequence[str],
        *,
        limit: int | None = None,
        sort: Sequence[str] = (),
        put_away: bool = False,
    ) -> list[str]:
        """Ids of the runs that a filter, or all of several (none: any run), holds for.

        Runs that are archived or deleted are not meant, unless a filter asks for that, or
        `put_away` does. The newest come first, or as `sort` says: "lr", "-acc" for the highest
        first; runs without such a value come last.

        Raises: FilterSyntaxError, which shows the place; RequestError where it takes too long, or
        for a key to sort by that no run has.
        """
        return [run for run, _ in self._find(where, limit, sort, None, put_away=put_away)]

    def find_groups(
        self, where: str | Sequence[str], by: str, *, sort: Sequence[str] = ()
    ) -> list[tuple[Any, list[str]]]:
        """The same by their value of a name, None where they have none, as SQLite holds it.

        Groups come in the order of their first runs.
        """
        groups: dict[Any, list[str]] = {}
        for run, value in self._find(where, None, sort, by):
            groups.setdefault(value, []).append(run)
        return list(groups.items())

    def find_best(
        self, metric: str, where: Sequence[str] = (), *, per: str | None = None
    ) -> list[str]:
        """The id of the run with the best number by a name; with `per`, of each of its values.

        Which way is better `metric` says by its sign, "-loss" or "+gain", or else by its name.
        Of equals the newest is best. Without any such number there is none. The best comes first.

        Raises: as `find`.
        """
        from git_gage.metrics.direction import read_aim

        name, lower = read_aim(metric)
        sort = [name if lower else f"-{name}"]
        limit = 1 if per is None else None
        found = self._find(where, limit, sort, per, numeric=True)
        first: dict[Any, str] = {}
        for run, value in found:
            first.setdefault(value, run)
        return list(first.values())

    def require_names(self, names: Sequence[str], fields: Collection[str]) -> None:
        """Raises: RequestError, with a guess, for a name that no run and none of `fields` has."""
        from git_gage.catalog.sort import require_names

        self._ask_now(lambda db: require_names(db, names, fields))

    def followers(self, run: str) -> list[str]:
        """Ids of the runs that name a run as an input, parent, or what they start again."""
        from git_gage.catalog.lineage import find_followers

        return self._ask(lambda db: find_followers(db, run))

    def find_unknown(self, wheres: Sequence[str]) -> dict[str, str | None]:
        """Names and statuses in filters that no run has, each with one that may be meant."""
        from git_gage.catalog.filter_unknown import find_unknown

        return self._ask_now(lambda db: find_unknown(db, wheres))

    def count(self) -> int:
        """Runs that can be shown."""
        return self._ask(lambda db: query.read_total(db, "runs"))

    def count_listed(self) -> int:
        """Those of them that are neither archived nor deleted: what a list has, if not asked."""
        return self._ask(query.count_listed)

    def count_records(self) -> int:
        """Records known here, each counted once."""
        return self._ask(lambda db: query.read_total(db, "records"))

    # -- what people type ------------------------------------------------------------------------

    def resolve(self, text: str) -> str:
        """The full id of the run that is meant by `text`.

        Raises: RunNotFoundError; AmbiguousRunError with up to 5 candidates; as `find` for a metric
        in it that no run has.
        """
        from git_gage.catalog.resolve import read_best, resolve_run

        best = read_best(text)
        if best is not None:
            return self._best(text, *best)
        lanes, rows = self._store.my_lanes, self.last_list.read()
        return self._ask(lambda db: resolve_run(db, text, lanes, rows))

    def resolve_slice(self, text: str) -> list[str] | None:
        """Ids of the rows `2:4` of the last list that was shown; None for what is no slice.

        Raises: RunNotFoundError where they are not there.
        """
        from git_gage.catalog.resolve import ABSENT_ROW, read_slice, slice_rows

        rows = read_slice(text)
        if rows is None:
            return None
        found = slice_rows(text, rows, self.last_list.read())
        if len(self._some(found)) < len(found):
            raise RunNotFoundError(f"no rows '{text}': not all of them are here", hint=ABSENT_ROW)
        return found

    def newest_here(self) -> str | None:
        """The run that `@` stands for; None before the first one of this clone."""
        lanes = self._store.my_lanes
        return self._ask(lambda db: query.newest_here(db, lanes))

    def is_foreign(self, run: str) -> bool:
        """Whether a run was begun in another clone: what it says is what a stranger says."""
        return not self._ask(lambda db: query.is_begun_in(db, run, self._store.my_lanes))

    def remotes_of(self, run: str) -> list[str]:
        """Remotes, by the names of their tracking refs, that have something of a run."""
        return self._ask(lambda db: query.remotes_of(db, run))

    def has_open_elsewhere(self) -> bool:
        """Whether a run that another clone began has no end yet, as far as is known here."""
        return self._ask(lambda db: query.has_open_elsewhere(db, self._store.my_lanes))

    def complete(self, prefix: str, *, put_away: bool = False) -> list[tuple[str, str]]:
        """Short ids and names that begin so, the newest first, each with a few words on the run.

        Deleted runs are offered only with `put_away`, which offers those that can be restored.
        """
        from git_gage.catalog.resolve import complete_run

        return self._ask(lambda db: complete_run(db, prefix, put_away=put_away))

    def complete_name(self, part: str, prefix: str) -> list[str]:
        """Metrics (part "metric") or tags ("tag") that begin so, in alphabetical order."""
        from git_gage.catalog.resolve import complete_name

        return self._ask(lambda db: complete_name(db, part, prefix))

    def remember_rows(self, runs: Sequence[str]) -> OSError | None:
        """Let the rows of a list that is shown name its runs from now on; why they do not."""
        return self.last_list.remember(runs)

    # -- records ---------------------------------------------------------------------------------

    def chain(self, run: str, writer: str) -> Chain:
        """Where the next record of a writer about a run goes. Hold the store's lock."""
        return self._ask(lambda db: query.read_chain(db, run, writer))

    def mark(self) -> Mark:
        """What `news` takes, to tell what came since."""
        return self._ask(query.read_mark)

    def news(self, mark: Mark) -> list[tuple[str, str]]:
        """Run and id of each record that came with lanes since a mark.

        None where the catalog was made anew meanwhile.
        """
        return self._ask(lambda db: query.read_news(db, mark))

    def records(self, run: str) -> list[Record]:
        """All records of a run known here, in the order of their clocks; read from the store.

        Of each the copy with a signature, if there is one.
        Raises: IntegrityError where one is here no longer.
        """
        from git_gage.catalog.lines import one_of_each

        return one_of_each(self._records([run], None))

    def record_lines(self, runs: Sequence[str] | None = None) -> Iterator[Record]:
        """Records of some runs, or of all, run by run in the order of their clocks.

        Of each come all copies that there are; they differ in their signatures.
        Raises: IntegrityError where one is here no longer.
        """
        return self._each_record(runs, None)

    def count_unread(self) -> int:
        """Records and lanes that can't be read: damaged, or of a newer git-gage."""
        return self._ask(query.count_unread)

    def has_unread_lanes(self) -> bool:
        """Whether there were lanes that can't be read when it was looked last."""
        return self._ask(query.has_unread_lanes)

    def blobs_of(self, ref: str) -> list[str]:
        """The blobs of records that a ref had when it was read last."""
        return self._ask(lambda db: query.list_blobs_of(db, ref))

    def has_read(self, ref: str, tip: str) -> bool:
        """Whether that is what a ref was when it was read last."""
        return self._ask(lambda db: query.has_read(db, ref, tip))

    def blobs(self) -> list[str]:
        """The blobs of records that lay in lanes when they were read last."""
        return self._ask(query.list_blobs)

    def records_in(self, blobs: Iterable[str]) -> list[tuple[str, str, str]]:
        """Blob, run and id of the records that were in some blobs when these were read."""
        return self._ask(lambda db: query.list_records_in(db, blobs))

    def begun(self, runs: Iterable[str]) -> set[str]:
        """Those of some runs of which more is here than what was said of them."""
        return self._ask(lambda db: query.find_begun(db, runs))

    def purged(self) -> list[str]:
        """Ids of runs that were taken out as a whole, and of which something is still here."""
        return self._ask(query.list_purged)

    def redacted(self) -> list[str]:
        """Ids of runs of which somebody says to have taken something out."""
        return self._ask(query.list_redacted)

    def still_here(self, runs: Collection[str]) -> list[str]:
        """Those of which more is here than a record that says what was taken out."""
        found = self._records(self._ask(lambda db: query.find_told_of(db, runs)), None)
        return sorted({record.run for record in found if record.kind != "run.redact"})

    def judge(self, records: Sequence[Record]) -> Mapping[str, str]:
        """What to think of records of others: see `Judge`; nothing where nobody judges."""
        return {} if self._judge is None else self._judge(records)

    def said(self, run: str) -> list[Said]:
        """What people said of a run, all of it."""
        from git_gage.catalog.said_table import read_said_of

        return self._ask(lambda db: read_said_of(db, run))

    def count_tags(self) -> list[tuple[str, int]]:
        """Tags, each with how many runs have it, those of the most runs first."""
        from git_gage.catalog.facts import count_tags

        return self._ask(count_tags)

    def count_archives(self) -> list[tuple[str, int]]:
        """Names of archives ("" for none), each with how many runs are in it."""
        from git_gage.catalog.facts import count_archives

        return self._ask(count_archives)

    def record(self, prefix: str) -> Record:
        """The record with this id, of which the first characters are enough.

        Raises: RequestError where none or several have it.
        """
        from git_gage.catalog.lines import find_run_of_record

        run, id = self._ask(lambda db: find_run_of_record(db, prefix))
        found = (record for record in self.records(run) if record.id == id)
        return next(found)

    def lines_beyond(self, runs: Sequence[str] | None, remote: str) -> list[bytes]:
        """Lines of those records of runs (None: all) that a remote is not known to have.

        They come run by run. Raises: IntegrityError where one is here no longer.
        """
        return [record.line for record in self._each_record(runs, remote)]

    # -- inside ----------------------------------------------------------------------------------

    def _find(
        self,
        where: str | Sequence[str],
        limit: int | None,
        sort: Sequence[str],
        group: str | None,
        *,
        numeric: bool = False,
        put_away: bool = False,
    ) -> list[tuple[str, Any]]:
        from git_gage.catalog.filter import find_runs
        from git_gage.catalog.filter_match import Matcher

        wheres = [where] if isinstance(where, str) else where
        matcher = Matcher(self._status_of)
        found = self._ask_now(
            lambda db: find_runs(
                db,
                wheres,
                limit=limit,
                read_date=self._read_date,
                matcher=matcher,
                sort=sort,
                group=group,
                numeric=numeric,
                put_away=put_away,
            )
        )
        if matcher.failure is not None:  # what fails in there is no damage to the catalog
            raise matcher.failure
        return found

    def _each_record(self, runs: Sequence[str] | None, beyond: str | None) -> Iterator[Record]:
        """A page of runs at a time: nobody holds the records of all."""
        asked = self._ask(query.list_runs) if runs is None else runs
        for first in range(0, len(asked), PAGE):
            page = asked[first : first + PAGE]
            order = {run: place for place, run in enumerate(page)}
            yield from sorted(self._records(page, beyond), key=lambda record: order[record.run])

    def _records(self, runs: Sequence[str], beyond: str | None) -> list[Record]:
        from git_gage.catalog.lines import RecordReader

        before = None
        while True:
            reader = self._reader = self._reader or RecordReader(self._store)
            asked = self._ask(lambda db: query.read_sightings(db, runs, beyond))
            found = reader.read(asked)
            lost = len(asked) - len({record.id for record in found})
            if not lost:
                return found
            if asked == before:
                break
            # They may have gone from a journal into a lane since we looked.
            before = asked
            self.refresh()
        self.start_anew()
        if self.has_unread_lanes():
            what = f"{lost} {'record' if lost == 1 else 'records'}"
            raise IntegrityError(f"read runs: this disk has lost {what} of them", hint=FETCH)
        return self._records(runs, beyond)  # no lane has them any more: somebody has purged them

    def _newest(self, limit: int | None, among: Sequence[str] | None) -> Iterator[Shown]:
        """A page at a time: whatever happens to the file in between, each run comes once."""
        if among is not None:
            runs = among[:limit]
            for first in range(0, len(runs), PAGE):
                yield from self._some(runs[first : first + PAGE])
            return
        before = None
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(left, PAGE)
            page = self._page(size, before)
            yield from page
            if len(page) < size:
                return
            before = page[-1].id
            left = None if left is None else left - size

    def _best(self, text: str, operation: str, metric: str) -> str:
        from git_gage.catalog.filter_nodes import spell_text

        found = self.find_best(metric, [f"op = {spell_text(operation)}"] if operation else [])
        if not found:
            raise RunNotFoundError(
                f"no run '{text}': none has a number there", hint="list runs with 'git gage list'"
            )
        return found[0]

    def _page(self, size: int, before: str | None) -> list[Shown]:
        return self._ask(lambda db: query.read_page(db, size, before))

    def _read_date(self, words: str) -> float:
        """Unix seconds of a date in git's words."""
        out = self._store.repo.run("rev-parse", f"--since={words}").decode()
        return float(out.rpartition("=")[2])

    def _some(self, runs: Sequence[str]) -> list[Shown]:
        return self._ask(lambda db: query.read_some(db, runs))

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """An answer; from a catalog made anew where the old one turns out to be damaged."""
        try:
            return question(self._open())
        except DAMAGE as error:
            self._start_over(error)
        self.refresh()
        return self._try(question)

    def _ask_now(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """An answer that knows the values of runs that go on."""
        live = self._read_live()
        if not live:
            return self._ask(question)
        from git_gage.catalog.live import live_values

        def ask(db: sqlite3.Connection) -> T:
            with live_values(db, live):
                return question(db)

        return self._ask(ask)

    def _try(self, action: Callable[[sqlite3.Connection], T]) -> T:
        while True:
            try:
                return action(self._open())
            except DAMAGE as error:
                self._start_over(error)

    def _open(self) -> sqlite3.Connection:
        while self._db is None:
            if self._path is None:
                self._path = next(self._places)
            try:
                self._db = open_catalog(self._path)
            except OSError:
                self._path = None
            else:
                if self._path not in (self._store.dir / NAME, MEMORY):
                    from git_gage.catalog.owner import require_ours

                    require_ours(self._db, self._store)
        return self._db

    def _start_over(self, error: Exception) -> None:
        """Give a damaged file up once, and then its place; in memory there is no other try."""
        self.close()
        if is_busy(error):
            raise ConflictError(
                "read the catalog: another git-gage is at work on it", hint="try again in a moment"
            ) from error
        path = self._path
        if path is None or path == MEMORY:
            raise error
        if path in self._renewed or is_unusable(error):
            self._path = None
            return
        self._renewed.add(path)
        self._delete(path)

    def _delete(self, path: Path) -> None:
        try:
            delete_catalog(path)
        except OSError:
            self._path = None
