"""The catalog can always be made anew: damage, other versions and bad places are no one's worry."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.catalog import Catalog, place, schema
from git_gage.catalog.schema import MEMORY
from git_gage.errors import ConflictError, IntegrityError
from tests.unit.catalog.made_up import (
    OTHER,
    FakeStore,
    begin,
    end,
    fresh_catalog,
    label,
    lines,
    open_catalog,
    ref,
)

PACKAGES = {f"package{number}": "1.0" for number in range(50)}


def fill(store: FakeStore, runs: int = 40) -> None:
    bound = store.bulk({"packages": PACKAGES})
    for number in range(runs):
        first = begin(number, bulk={"environment.json": bound})
        store.lane(ref(epoch=f"202611-{number:02d}"), lines(first, end(first), label(first, "x")))


def everything(catalog: Catalog) -> Any:
    return catalog.newest(None), catalog.count()


def test_deleting_the_file_loses_nothing(store: FakeStore) -> None:
    fill(store)
    catalog = fresh_catalog(store, None)
    before = everything(catalog)
    catalog.close()
    (store.dir / "catalog.db").unlink()
    assert everything(fresh_catalog(store, None)) == before


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _cut_to_a_page(path: Path) -> None:
    os.truncate(path, 4096)


def _fill_with_garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(20_000))


def _wipe_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = bytes(len(data) - 8192)
    path.write_bytes(data)


def _forget_a_table(path: Path) -> None:
    _execute(path, "DROP TABLE document")


def _make_it_newer(path: Path) -> None:
    _execute(path, f"PRAGMA user_version = {schema.SCHEMA + 1}")


def _put_another_database_there(path: Path) -> None:
    path.unlink()
    _execute(path, "CREATE TABLE cookies (name TEXT)")


def _change_a_document(path: Path) -> None:
    _execute(path, "UPDATE document SET text = replace(text, '\"lr\":0.1', '\"lr\":0.2')")


def _change_packages(path: Path) -> None:
    _execute(path, "UPDATE packages SET text = replace(text, '1.0', '1.1')")


def _break_the_encoding(path: Path) -> None:
    _execute(path, "UPDATE document SET text = CAST(x'ff' || text AS TEXT)")


def _mix_types_up(path: Path) -> None:
    _execute(path, "UPDATE document SET text = CAST(text AS BLOB)")


def _swap_documents(path: Path) -> None:
    _execute(path, "UPDATE document SET run = -run")
    _execute(path, "UPDATE document SET run = 41 + run")


def _lose_packages(path: Path) -> None:
    _execute(path, "UPDATE document SET packages = NULL")


def _execute(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()


DAMAGES = [
    _truncate,
    _cut_to_a_page,
    _fill_with_garbage,
    _wipe_the_middle,
    _forget_a_table,
    _make_it_newer,
    _put_another_database_there,
    _change_a_document,
    _change_packages,
    _break_the_encoding,
    _mix_types_up,
    _swap_documents,
    _lose_packages,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_anew_without_a_word(
    store: FakeStore, damage: Callable[[Path], None]
) -> None:
    fill(store)
    catalog = fresh_catalog(store, None)
    before = everything(catalog)
    catalog.close()
    damage(store.dir / "catalog.db")
    assert everything(fresh_catalog(store, None)) == before
    assert (store.dir / "catalog.db").exists()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_that_only_a_question_meets(
    store: FakeStore, damage: Callable[[Path], None]
) -> None:
    """Without a refresh before, as completion asks."""
    fill(store)
    catalog = fresh_catalog(store, None)
    before = everything(catalog)
    catalog.close()
    damage(store.dir / "catalog.db")
    assert everything(catalog) == before


def test_an_empty_file_is_filled(store: FakeStore) -> None:
    fill(store, 2)
    (store.dir / "catalog.db").touch()
    assert fresh_catalog(store, None).count() == 2


def test_an_error_that_names_what_is_damaged(store: FakeStore) -> None:
    """SQLite quotes the damaged table definition, which is no text any more."""
    fill(store, 2)
    fresh_catalog(store, None).close()
    path = store.dir / "catalog.db"
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE tip (", b"CREATE TABLE t\xffp ("))
    assert fresh_catalog(store, None).count() == 2


def test_damage_while_all_runs_are_read(store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from git_gage.catalog import catalog as module

    monkeypatch.setattr(module, "PAGE", 10)
    fill(store)
    catalog = fresh_catalog(store, None)
    before = list(catalog.iter_documents(None))
    texts = catalog.iter_documents(None)
    first = [next(texts) for _ in range(15)]
    _execute(store.dir / "catalog.db", "DROP TABLE document")
    assert [*first, *texts] == before


class Model:
    """A store, what its catalog shows, and the catalog's file."""

    def __init__(self, folder: Path) -> None:
        self.store = FakeStore(folder)
        fill(self.store, 10)
        catalog = fresh_catalog(self.store, None)
        self.documents = catalog.newest(None)
        catalog.close()
        self.path = self.store.dir / "catalog.db"
        self.sound = self.path.read_bytes()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(tmp_path_factory.mktemp("model"))


@settings(max_examples=60)
@given(flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 7)), min_size=1, max_size=40))
def test_flipped_bits_never_stop_a_list(model: Model, flips: list[tuple[int, int]]) -> None:
    data = bytearray(model.sound)
    for byte, bit in flips:
        data[byte % len(data)] ^= 1 << bit
    place.delete_catalog(model.path)
    model.path.write_bytes(data)
    catalog = open_catalog(model.store, None)
    catalog.refresh()
    catalog.complete("")
    for found in catalog.newest(None):
        assert found in model.documents  # fewer perhaps, never other ones
    catalog.close()


# -- places ----------------------------------------------------------------------------------------


def cached(store: FakeStore) -> list[Path]:
    home = Path(store.repo.environ["XDG_CACHE_HOME"])
    return sorted(home.glob("git-gage/*/catalog.db"))


def block(store: FakeStore) -> None:
    """Make the store's folder one that nobody can write to, root neither."""
    shutil.rmtree(store.dir)
    store.dir.write_text("in the way")


def test_where_the_store_cannot_be_written_the_users_cache_is_used(store: FakeStore) -> None:
    block(store)
    first = begin()
    store.lane(ref(), lines(first))
    assert fresh_catalog(store, None).count() == 1
    assert len(cached(store)) == 1
    assert open_catalog(store, None).document(first.run) is not None


def test_the_cache_is_found_by_home(store: FakeStore) -> None:
    block(store)
    home = store.repo.common_dir / "home"
    store.repo.environ = {"HOME": str(home)}
    store.lane(ref(), lines(begin()))
    assert fresh_catalog(store, None).count() == 1
    assert len(list(home.glob(".cache/git-gage/*/catalog.db"))) == 1


@pytest.mark.parametrize("environ", [{}, {"XDG_CACHE_HOME": "relative"}])
def test_without_a_cache_the_catalog_is_in_memory(
    store: FakeStore, environ: dict[str, str]
) -> None:
    block(store)
    store.repo.environ = environ
    store.lane(ref(), lines(begin()))
    assert fresh_catalog(store, None).count() == 1


def test_where_the_cache_cannot_be_written_either_the_catalog_is_in_memory(
    store: FakeStore,
) -> None:
    block(store)
    Path(store.repo.environ["XDG_CACHE_HOME"]).write_text("in the way")
    store.lane(ref(), lines(begin()))
    assert fresh_catalog(store, None).count() == 1


def test_a_file_that_cannot_be_deleted_is_left_alone(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 2)
    path = store.dir / "catalog.db"
    path.mkdir()  # what SQLite can't open and nobody can unlink
    (path / "file").touch()
    assert fresh_catalog(store, None).count() == 2
    assert path.is_dir()
    assert len(cached(store)) == 1


def test_a_damaged_file_that_cannot_be_deleted_is_left_alone(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 2)
    (store.dir / "catalog.db").write_bytes(b"garbage" * 1000)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("git_gage.catalog.catalog.delete_catalog", refuse)
    assert fresh_catalog(store, None).count() == 2
    assert len(cached(store)) == 1


def test_a_full_disk_is_no_reason_not_to_list(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from git_gage.catalog import catalog as module

    def open_small(path: Path) -> sqlite3.Connection:
        db = schema.open_catalog(path)
        if path != MEMORY:
            db.execute("PRAGMA max_page_count = 40")
        return db

    monkeypatch.setattr(module, "open_catalog", open_small)
    fill(store)
    assert fresh_catalog(store, None).count() == 40


def test_a_fault_of_ours_is_not_hidden(store: FakeStore) -> None:
    """What fails in memory too is no damage."""
    catalog = open_catalog(store, MEMORY)
    with pytest.raises(sqlite3.OperationalError):
        catalog._ask(lambda db: db.execute("SELECT nothing FROM nowhere"))


def test_a_repository_without_runs_is_left_as_it_is(store: FakeStore) -> None:
    store.dir.rmdir()
    catalog = fresh_catalog(store, None)
    assert catalog.newest(20) == []
    catalog.remember_rows([])
    assert not store.dir.exists()


def test_fetched_runs_make_a_catalog(store: FakeStore) -> None:
    store.dir.rmdir()
    store.lane(ref(remote="origin"), lines(begin()))
    assert fresh_catalog(store, None).count() == 1
    assert (store.dir / "catalog.db").exists()


# -- several processes -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [None, MEMORY])
def test_records_that_are_gone_are_not_left_out(store: FakeStore, path: Path | None) -> None:
    """Who reads them is told, and what is listed then is what can be read."""
    first, second = begin(1), begin(2)
    store.lane(ref(), lines(first))
    store.lane(ref(OTHER), lines(second))
    catalog = fresh_catalog(store, path)
    (blob,) = (oid for oid, held in store.blobs.items() if held == lines(second))
    assert blob in catalog.blobs()
    store.broken.add(blob)
    with pytest.raises(IntegrityError) as caught:
        list(catalog.record_lines())
    assert caught.value.message == "read runs: this disk has lost 1 record of them"
    assert caught.value.hint == "git gage fetch"
    assert catalog.has_unread_lanes()
    assert [each.run for each in catalog.record_lines()] == [first.run]
    store.broken.clear()
    catalog.refresh()
    assert [each.run for each in catalog.record_lines()] == [first.run, second.run]


def test_records_that_no_lane_has_any_more_are_no_loss(store: FakeStore) -> None:
    """Another process has purged a run while this one reads."""
    first, second = begin(1), begin(2)
    store.lane(ref(), lines(first))
    store.lane(ref(OTHER), lines(second))
    catalog = fresh_catalog(store)
    (blob,) = (oid for oid, held in store.blobs.items() if held == lines(second))
    del store.tips[ref(OTHER)], store.blobs[blob]
    assert [each.run for each in catalog.record_lines()] == [first.run]
    assert catalog.count() == 1


def test_two_processes_refresh_at_once(store: FakeStore) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.unit.catalog.made_up import *
        from tests.unit.catalog.test_damage import fill
        store = FakeStore(Path(sys.argv[1]))
        sys.stdin.readline()
        for runs in range(1, 41, 3):
            fill(store, runs)
            catalog = open_catalog(store, None)
            assert catalog.refresh() == [], runs
            assert catalog.count() >= runs
            assert len(catalog.newest(None)) >= runs
            catalog.close()
        """
    )
    path = Path(__file__).parents[3]
    environ = {**os.environ, "PYTHONPATH": str(path)}
    command = [sys.executable, "-c", program, str(store.repo.common_dir)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, env=environ, text=True) for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()  # both go
    assert [process.wait(60) for process in processes] == [0, 0]
    fill(store)
    catalog = fresh_catalog(store, None)
    assert (catalog.count(), catalog.count_records()) == (40, 120)


def test_a_kill_in_the_middle_leaves_the_old_state(store: FakeStore) -> None:
    fill(store, 5)
    fresh_catalog(store, None).close()
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from tests.unit.catalog.made_up import *
        from tests.unit.catalog.test_damage import fill
        from git_gage.catalog import refresh
        store = FakeStore(Path(sys.argv[1]))
        fill(store, 20)
        refresh._note_tips = lambda *args: os.kill(os.getpid(), 9)
        open_catalog(store, None).refresh()
        """
    )
    path = Path(__file__).parents[3]
    environ = {**os.environ, "PYTHONPATH": str(path)}
    command = [sys.executable, "-c", program, str(store.repo.common_dir)]
    assert subprocess.run(command, env=environ, check=False).returncode == -9
    catalog = open_catalog(store, None)
    assert catalog.count() == 5
    fill(store, 20)
    catalog.refresh()
    assert catalog.count() == 20


def test_ctrl_c_in_the_middle_leaves_the_old_state(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 5)
    catalog = fresh_catalog(store, None)
    fill(store, 20)

    def read_readable(blobs: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        yield next(FakeStore.read_readable(store, blobs))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "read_readable", read_readable)
        with pytest.raises(KeyboardInterrupt):
            catalog.refresh()
    assert catalog.count() == len(catalog.newest(None)) == 5
    catalog.refresh()
    assert catalog.count() == 20


def test_a_catalog_that_another_process_holds_for_too_long(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.05)
    fill(store, 1)
    fresh_catalog(store, None).close()
    other = sqlite3.connect(store.dir / "catalog.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.journal(begin(9))
    catalog = open_catalog(store, None)
    with pytest.raises(ConflictError) as caught:
        catalog.refresh()
    assert caught.value.message == "read the catalog: another git-gage is at work on it"
    assert catalog.count() == 1

    other.execute("ROLLBACK")
    other.close()
    catalog.refresh()
    assert catalog.count() == 2


def test_who_reads_the_file_is_not_waited_for(tmp_path: Path) -> None:
    """Two that take in news at once would wait for each other to let the other one read."""
    path = tmp_path / "catalog.db"
    db = schema.open_catalog(path)
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM run").fetchall()
    schema.let_readers_go_on(db)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as other,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        schema.let_readers_go_on(other)
    reader.close()
    schema.let_readers_go_on(db)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA busy_timeout").fetchone() == (schema.BUSY_S * 1000,)
    db.close()


def test_two_processes_make_the_file_at_once(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is done between our look and our turn."""
    path = store.dir / "catalog.db"
    require_empty = schema._require_empty
    looks = 0

    def look(db: sqlite3.Connection) -> None:
        nonlocal looks
        looks += 1
        require_empty(db)
        if looks == 1:
            schema.open_catalog(path).close()

    monkeypatch.setattr(schema, "_require_empty", look)
    schema.open_catalog(path).close()
    fill(store, 1)
    assert fresh_catalog(store, None).count() == 1
