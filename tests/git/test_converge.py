"""Three clones, two remotes and a directory; anything in any order, on bad days: all agree then."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from git_gage.catalog.bulk import find_bound, read_files
from git_gage.records import Record, parse_record
from git_gage.share.lanes import tips_of
from git_gage.share.withdrawn import Withdrawn
from git_gage.store import OWN, TRACKING, Store
from git_gage.store.rewrite import list_sources, read_holding
from tests.support import Result, clone, gage_inside, git, make_repo, scale, unmeasured_environ
from tests.unit.share.world import Person, refs_of

MAKE = """\
echo "loss: 0.$1"
echo "marker-$1-said"
echo "marker-$1-made" > small.txt
mkdir deep
echo "of $1" > deep/other.txt
(echo "marker-$1-large"; head -c 150000 /dev/zero) > large.bin
"""
# What a program cannot do on a bad day: begins with what it dies of, and how late.
BAD_DAY = """
import os, signal, sys
kind, amount = sys.argv[1], int(sys.argv[2])
sys.dont_write_bytecode = True
from git_gage.cli.app import main
def writes(event, args):
    if event == "open":
        return bool(args[2] and args[2] & (os.O_WRONLY | os.O_RDWR))
    return event in ("subprocess.Popen", "os.rename", "os.remove", "os.link", "os.mkdir")
def watch(event, args):
    global amount
    if writes(event, args):
        amount -= 1
        if amount < 0:
            os.kill(os.getpid(), signal.SIGKILL)
if kind == "killed":
    sys.addaudithook(watch)
else:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (amount, amount))
sys.exit(main(sys.argv[3:]))
"""
OUT_OF_SIGHT = ("-w", "deleted or not deleted", "-w", "archived or not archived")
# Each of 1,000 takes four minutes of a core. To replay one, or to look for more:
# GAGE_TEST_SEED=7 GAGE_TEST_COUNT=1000 make test ARGS="-k come_to_the_same".
SEEDS = (
    [int(os.environ["GAGE_TEST_SEED"])] if "GAGE_TEST_SEED" in os.environ else range(scale(1, 5))
)
COUNT = int(os.environ.get("GAGE_TEST_COUNT", scale(25, 1000)))
NOTHING = hashlib.sha1(b"blob 0\0").hexdigest()
# Where a run is put away by somebody else, that is so in their own clone alone.
OF_THE_CLONE = {"deleted", "archived", "asked"}


class Lab:
    """The clones, the places between them, and what was done and recorded."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.told: list[str] = [f"seed {seed}"]
        template = make_repo(folder / "seed", files={"make.sh": MAKE})
        self.remotes = {name: folder / f"{name}.git" for name in ("origin", "lab")}
        for path in self.remotes.values():
            git(folder, "clone", "-q", "--bare", str(template), path.name)
        self.place = folder / "place"
        self.people: dict[str, Path] = {}
        for name in ("ana", "sam", "kim"):
            path = clone(self.remotes["origin"], folder / name, name=name.capitalize())
            git(path, "remote", "add", "lab", str(self.remotes["lab"]))
            git(path, "config", "gc.auto", "0")
            self.people[name] = path
        self.runs: list[str] = []
        self.owner: dict[str, str] = {}
        self.number: dict[str, int] = {}
        self.blobs: dict[str, list[Record]] = {}
        self.had: dict[str, set[bytes]] = {name: set() for name in self.people}
        self.seen: dict[str, set[bytes]] = {name: set() for name in self.people}
        self.earlier: dict[str, list[dict[str, str]]] = {name: [] for name in self.remotes}
        self.given: set[str] = set()
        self.pinned: set[str] = set()
        self.put_away_by: dict[str, set[str]] = {}
        self.known: dict[str, set[str]] = {name: set() for name in self.people}
        self.repairs: list[tuple[int, str, Callable[[], None]]] = []
        self.broken: set[str] = set()
        self.done = 0
        for name in self.people:
            self.record(name)

    # -- one thing after another -------------------------------------------------------------------

    def work(self, count: int) -> None:
        for self.done in range(count):
            self.repair(self.done)
            self.act()
        self.repair(None)

    def act(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (12, self.record),
            (14, self.say),
            (6, self.put_away),
            (3, self.purge),
            (3, self.redact),
            (3, self.private),
            (24, self.move),
            (8, self.copy),
            (10, self.files),
            (2, self.fold),
            (3, self.clean),
            (1, self.backup),
            (2, self.forget),
            (2, self.go_away),
            (2, self.lose_refs),
            (2, self.roll_back),
            (2, self.damage),
        ]
        self.random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()

    def gage(self, name: str, *words: str, ok: tuple[int, ...] = (0, 1)) -> Result:
        """A command of somebody, on a bad day now and then; what is recorded then is noted."""
        where = self.people[name]
        day = self.random.choices(["good", "killed", "full"], [88, 9, 3])[0]
        if day == "good":
            done = gage_inside(where, *words)
        else:
            late = (
                self.random.randint(1, 90) if day == "killed" else 512 << self.random.randint(0, 9)
            )
            before = sources_of(where) if words[0] == "run" else set()
            done = on_a_bad_day(where, day, late, words)
            if words[0] == "run":
                # One that was killed before its record has pinned its source for nothing, again
                # perhaps: it is not that of a run that was purged before.
                known = self.read(Person(where).store)
                named = {r.body["source"]["snapshot"] for r in known if r.kind == "run.begin"}
                self.pinned |= sources_of(where) - before - named
            # Where git itself is ended as it writes, these are removed by hand.
            for left in ("packed-refs.lock", "packed-refs.new"):
                (where / ".git" / left).unlink(missing_ok=True)
            day = f"{day} {late}"
            # A program that cannot write what it makes leaves with 128 and the signal's number.
            ok = (-9, 0, 1, 125, 153)
        self.note(name, day, words, done)
        assert done.code in (*ok, 128), done.err
        assert done.code != 128 or self.broken or day != "good" or "fatal: " in done.err
        assert "Traceback" not in done.err, done.err
        self.look(name)
        return done

    def note(self, name: str, day: str, words: tuple[str, ...], done: Result) -> None:
        shown = " ".join(self.shorten(shlex.quote(word)) for word in words)
        told = done.err.strip().splitlines()
        first = f"   | {self.shorten(told[0])}" if told and done.code else ""
        self.told.append(f"{self.done:4} {name}: gage {shown}   ({day}: {done.code}){first}")

    def shorten(self, text: str) -> str:
        for run, number in self.number.items():
            text = text.replace(run, f"RUN{number}").replace(run[10:17], f"RUN{number}")
        return text

    def fault(self, text: str) -> None:
        self.told.append(f"{self.done:4} -- {self.shorten(text)}")

    def look(self, name: str) -> None:
        store = Person(self.people[name]).store
        records = {each.line: each for each in self.read(store)}
        ended = set(Withdrawn(store).purged())
        lost = self.had[name] - records.keys()
        lost = {line for line in lost if parse_record(line).run not in ended}
        assert told(lost) == [], f"{name} lost it, and nobody has purged the run"
        self.had[name] = set(records)
        self.seen[name] |= set(records)
        self.known[name] = {each.run for each in records.values() if each.kind == "run.begin"}
        for run in sorted(self.known[name] - self.number.keys()):
            self.number[run] = len(self.runs)
            self.runs.append(run)
            self.owner[run] = name

    def read(self, store: Store) -> list[Record]:
        """The same as a reader finds, but each blob is read once."""
        lines = [line for each in store.journals() for line in store.read_journal(each, 0)[0]]
        found = store.list_blobs(set(store.read_tips().values())).values()
        blobs = {oid for oids in found for oid in oids}
        for oid, read in store.read_lines(blobs - self.blobs.keys()):
            self.blobs[oid] = [parse_record(line) for line in read]
        known = [each for oid in blobs for each in self.blobs.get(oid, ())]
        return [*map(parse_record, lines), *known]

    def repair(self, now: int | None) -> None:
        for due, what, mend in list(self.repairs):
            if now is None or due <= now:
                mend()
                self.fault(what)
                self.repairs.remove((due, what, mend))
        self.broken = {what for _, what, _ in self.repairs}

    def breaks(self, what: str, mend: Callable[[], None]) -> None:
        self.repairs.append((self.done + self.random.randint(2, 6), what, mend))
        self.broken.add(what)

    # -- what people do ----------------------------------------------------------------------------

    def somebody(self) -> str:
        return self.random.choice(list(self.people))

    def some_runs(self, name: str, most: int = 2, *, own: bool = False) -> list[str]:
        """Runs that somebody knows (`own`: has begun), now and then others."""
        odd = not own and self.random.random() < 0.1
        held = self.runs if odd else [run for run in self.runs if run in self.known[name]]
        held = [run for run in held if not own or self.owner[run] == name]
        return self.random.sample(held, min(len(held), self.random.randint(1, most)))

    def record(self, name: str | None = None) -> None:
        name = name or self.somebody()
        if self.random.random() < 0.4:
            with (self.people[name] / "make.sh").open("a") as file:
                file.write(f"# marker-{len(self.told)}-source\n")
        options = ["--private"] if self.random.random() < 0.1 else []
        words = ["run", "-q", *options, "--", "sh", "make.sh", str(len(self.told))]
        self.gage(name, *words)

    def say(self) -> None:
        name, word = self.somebody(), f"w{self.random.randint(0, 5)}"
        what = [
            ("label", ["-y", "--set", word]),
            ("label", ["-y", "--clear"]),
            ("comment", ["-m", f"{word} said"]),
        ]
        for run in self.some_runs(name):
            verb, words = self.random.choice(what)
            kind = self.random.random()
            if kind < 0.3:
                self.gage(name, "tag", run, word, *self.random.choice([[], ["-d"]]))
            elif kind < 0.5:
                self.gage(name, "set", run, f"{word}={len(self.told)}")
            else:
                self.gage(name, verb, run, *words)

    def put_away(self) -> None:
        name, verb = self.somebody(), self.random.choice(["rm", "archive", "restore"])
        if runs := self.some_runs(name):
            self.put_away_by.setdefault(name, set()).update(runs)
            self.gage(name, verb, "-y", *runs)

    def purge(self) -> None:
        name = self.somebody()
        remote = self.random.choice([[], ["--remote", self.random.choice(list(self.remotes))]])
        if runs := self.some_runs(name, 1, own=True):
            self.gage(name, "purge", *runs, "--force", *remote)

    def redact(self) -> None:
        name = self.somebody()
        parts = self.random.choice([["--output"], ["--files"], ["--output", "--files"]])
        if runs := self.some_runs(name, 1, own=True):
            self.gage(name, "redact", "-y", *runs, *parts)

    def private(self) -> None:
        name = self.somebody()
        if runs := self.some_runs(name, 1, own=True):
            self.gage(name, "private", *self.random.choice([[], ["-d"]]), *runs)

    def move(self) -> None:
        verb = self.random.choice(["push", "fetch", "sync"])
        options = self.random.choice([[], [], [], ["--meta"], ["--user"], ["--files=all"]])
        name = self.somebody()
        runs = self.random.choice([[], [], self.some_runs(name)])
        self.gage(name, verb, self.random.choice(list(self.remotes)), *runs, *options)

    def copy(self) -> None:
        name = self.somebody()
        runs = self.some_runs(name) if self.random.random() < 0.5 else []
        way = self.random.choice(["--to", "--from"])
        options = self.random.choice([[], [], ["--meta"], ["--user"]])
        words = ["copy", "-y", *(runs or ["--all"]), way, str(self.place), *options]
        self.gage(name, *words)

    def files(self) -> None:
        name, verb = self.somebody(), self.random.choice(["push", "push", "pull", "drop"])
        if runs := self.some_runs(name):
            words = ["files", verb, "-y", self.random.choice(list(self.remotes)), *runs]
            self.gage(name, *words)

    def fold(self) -> None:
        words = ["fold", self.random.choice(list(self.remotes)), "--idle", "1s"]
        self.gage(self.somebody(), *words)

    def clean(self) -> None:
        if self.random.random() < 0.5:
            self.gage(self.somebody(), "gc", "-y")
        else:
            places = [*self.people.values(), *self.remotes.values()]
            where = self.random.choice(places)
            self.fault(f"git gc in {where.name}")
            if where.exists() and not self.broken:
                git(where, "gc", "-q", "--prune=now")

    def backup(self) -> None:
        one, other = self.random.sample(list(self.people), 2)
        file = self.folder / f"backup-{len(self.told)}.tar"
        if self.gage(one, "backup", "-y", str(file)).code == 0:
            self.given |= self.known[one] - Person(self.people[one]).store.private
            self.gage(other, "restore", "--from", str(file), "-y")

    # -- bad days ----------------------------------------------------------------------------------

    def forget(self) -> None:
        name = self.somebody()
        for path in (self.people[name] / ".git" / "gage").glob("catalog.db*"):
            path.unlink()
        self.fault(f"catalog of {name} deleted")

    def go_away(self) -> None:
        name = self.random.choice(list(self.remotes))
        path = self.remotes[name]
        if self.broken:
            return
        away = path.rename(path.with_name(f"{path.name}-away"))
        self.fault(f"{name} is away")
        self.breaks(f"{name} is back", lambda: void(away.rename(path)))

    def lose_refs(self) -> None:
        name = self.random.choice(list(self.remotes))
        if self.broken or not (refs := sorted(refs_of(self.remotes[name], "refs/gage"))):
            return
        lost = self.random.choice([refs, [self.random.choice(refs)]])
        for ref in lost:
            git(self.remotes[name], "update-ref", "-d", ref)
        self.fault(f"{name} loses {' '.join(lost)}")

    def roll_back(self) -> None:
        name = self.random.choice(list(self.remotes))
        if self.broken:
            return
        path, now = self.remotes[name], refs_of(self.remotes[name], "refs/gage")
        if self.earlier[name]:
            old = self.random.choice(self.earlier[name])
            lane = self.random.choice(sorted({ref.split("/")[3] for ref in old} or {"none"}))
            for ref, oid in old.items():
                if lane in ref and is_whole(path, oid):
                    git(path, "update-ref", ref, oid)
            self.fault(f"{name} has lane {lane} as it was")
        self.earlier[name].append(now)

    def damage(self) -> None:
        name = self.random.choice(list(self.remotes))
        if self.broken:
            return
        path = self.remotes[name]
        places = [path / "objects", path / "gage" / "lfs" / "objects"]
        found = [each for place in places for each in place.rglob("*") if is_object(each)]
        if not found:
            return
        victim = self.random.choice(sorted(found))
        content, mode = victim.read_bytes(), victim.stat().st_mode
        write_again(victim, content[: len(content) // 2], mode)
        self.fault(f"{name}: {victim.relative_to(path)} is cut short")
        mend = partial(write_again, victim, content, mode)
        self.breaks(f"{name}: {victim.relative_to(path)} is whole again", mend)

    def places(self) -> dict[str, Path]:
        return {**self.people, **self.remotes, "place": self.place}

    def begun(self, name: str) -> set[str]:
        """Runs that somebody knew the begin of at any time."""
        records = map(parse_record, self.seen[name])
        return {each.run for each in records if each.kind == "run.begin"}

    def kept_private(self) -> dict[str, frozenset[str]]:
        """Runs that are private with somebody, also those of others that came from a backup."""
        return {name: Person(path).store.private for name, path in self.people.items()}

    # -- and then ----------------------------------------------------------------------------------

    def settle(self) -> int:
        """All share with all until nothing moves any more; how many rounds that took."""
        for rounds in range(1, 9):
            before = self.state()
            for name in self.people:
                if rounds == 1:
                    self.share(name, "copy", "-y", "--all", "--to", str(self.place), ok=(0, 1))
                for remote in (*self.remotes, str(self.place)):
                    self.share(name, "fetch", remote)
                    self.share(name, "push", remote)
            if self.state() == before:
                for name in self.people:
                    self.look(name)
                return rounds
        raise AssertionError("it goes on and on")

    def share(self, name: str, *words: str, ok: tuple[int, ...] = (0,)) -> None:
        done = gage_inside(self.people[name], *words)
        self.note(name, "good", words, done)
        assert done.code in ok, done.err

    def state(self) -> object:
        places = (*self.remotes.values(), self.place)
        there = [refs_of(path, "refs/gage") for path in places if path.exists()]
        return [Person(path).lines() for path in self.people.values()], there


def void(_: object) -> None: ...


def write_again(path: Path, content: bytes, mode: int) -> None:
    if path.parent.exists():
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(mode)


def is_object(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".pack" or (len(path.name) >= 38 and not path.suffix))


def is_whole(path: Path, oid: str) -> bool:
    words = ["git", "rev-list", "--objects", oid]
    return not subprocess.run(words, cwd=path, capture_output=True, check=False).returncode


def on_a_bad_day(where: Path, kind: str, late: int, words: tuple[str, ...]) -> Result:
    done = subprocess.run(
        [sys.executable, "-c", BAD_DAY, kind, str(late), *words],
        cwd=where,
        env=unmeasured_environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals and limits")
@pytest.mark.parametrize("seed", SEEDS)
def test_all_come_to_the_same(tmp_path: Path, seed: int) -> None:
    lab = Lab(tmp_path, seed)
    try:
        lab.work(COUNT)
        lab.settle()
        check(lab)
    except BaseException:
        print("\n".join(lab.told))
        raise


def check(lab: Lab) -> None:
    records = {line: parse_record(line) for line in set().union(*lab.seen.values())}
    gone = {each.run for each in records.values() if is_tomb(each)}
    kept = {
        line for line, each in records.items() if each.run not in gone or each.kind == "run.redact"
    }
    private = lab.kept_private()
    begun = {name: {run for run in private[name] if lab.owner.get(run) == name} for name in private}
    closed = set().union(*begun.values())
    hidden = closed - lab.given
    # Nobody hears of the end of a private run: who has it from a backup keeps it.
    silent = closed & gone
    # What is said where a run is private stays there, also if others have it from a backup.
    lanes = {name: Person(path).store.my_lanes for name, path in lab.people.items()}
    said = {(lane, run) for name in lanes for lane in lanes[name] for run in private[name]}
    openly = {line for line, each in records.items() if (each.writer, each.run) not in said}
    shared = {line for line in kept & openly if records[line].run not in closed}
    held = {name: Person(path).lines() for name, path in lab.places().items()}
    stays: dict[str, set[str]] = {}
    for name, lines in held.items():
        own, seen = begun.get(name, set()), lab.seen.get(name, set())
        mine = {line for line in kept & seen if records[line].run in own}
        assert told((shared | mine) - lines) == [], f"lost by {name}"
        # What somebody took of what was said of a run, and never the run, cannot be judged.
        known = lab.begun(name) if name in lab.people else gone
        over = (gone & known) - (silent - own)
        left = {line for line in lines - kept if parse_record(line).run in over}
        # An epoch of others stays as it is while it has words that cannot be judged, or files.
        unjudged = {line for line in lines - kept if parse_record(line).run in gone - known}
        beside, stays[name] = find_beside(lab.places()[name], unjudged, gone - known)
        assert told(left - beside) == [], f"purged, and still in {name}"
        if name not in lab.people:
            assert not {parse_record(line).run for line in lines} & hidden, f"not private: {name}"
    check_documents(lab, hidden.union(*private.values()))
    for name, path in lab.people.items():
        check_outputs(lab, name, path, gone)
        done = gage_inside(path, "files", "verify")
        assert done.code == 0, (name, done.out, done.err)
    check_files(lab, shared)
    ended = [each for each in records.values() if each.run in gone - silent]
    others = (each for each in records.values() if each.run not in gone - silent)
    needed = {oid for each in others for oid in traces_of(each)}
    check_traces(lab, ended, {name: needed | stays[name] for name in stays})


def find_beside(path: Path, words: set[bytes], runs: set[str]) -> tuple[set[bytes], set[str]]:
    """All lines, files and sources that are in epochs of others with some of these words, or files
    of runs.

    So is what these lines name.
    """
    repo, epochs = Person(path).store.repo, dict[str, dict[str, str]]()
    for ref, oid in repo.list_refs(TRACKING).items() if runs else ():
        epoch, _, kind = ref.rpartition("/")
        epochs.setdefault(epoch, {})[kind] = oid
    found = [read_holding(repo, tips) for tips in epochs.values()]
    found = [each for each in found if words.intersection(each.lines) or runs & each.runs_of_files]
    lines = {line for each in found for line in each.lines}
    held = {oid for each in found for oid in (*each.files.values(), *each.snapshots)}
    return lines, held.union(*(traces_of(parse_record(line)) for line in lines))


def check_documents(lab: Lab, hidden: set[str]) -> None:
    """All lists show the same; who has put away a run of somebody else sees that alone."""
    lists = {}
    for name, path in lab.people.items():
        done = gage_inside(path, "list", "--all", "--json", *OUT_OF_SIGHT)
        assert done.code == 0, done.err
        # Whose word it is, is judged by each on their own.
        found = {each["id"]: each for each in json.loads(done.out, object_hook=without_state)}
        lists[name] = {run: each for run, each in found.items() if run not in hidden}
        for run, each in lists[name].items():
            others = {who for who, runs in lab.put_away_by.items() if run in runs}
            if others - {lab.owner[run]}:
                each.update(dict.fromkeys(OF_THE_CLONE))
    first, *rest = lists.values()
    for other in rest:
        assert first.keys() == other.keys()
        for run, each in first.items():
            differs = {
                key: (each[key], other[run][key]) for key in each if each[key] != other[run][key]
            }
            assert not differs, (lab.number[run], differs)


def without_state(found: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in found.items() if key != "state"}


def check_outputs(lab: Lab, name: str, path: Path, gone: set[str]) -> None:
    """What runs printed, and their source, is with everybody, unless it was taken out."""
    person = Person(path)
    store, everything = person.store, person.records
    told_gone = {
        (each.run, text)
        for each in everything
        if each.kind == "run.redact"
        for text in each.body.get("files", ())
    }
    for each in everything:
        if each.kind != "run.end" or (each.run, "output") in told_gone:
            continue
        bound = find_bound(each.body, each.run, "output")
        if bound is not None:
            assert list(read_files(store, [bound])), (
                f"{name} lacks the output of RUN{lab.number[each.run]}"
            )
    for each in everything:
        source = each.body["source"]["snapshot"] if each.kind == "run.begin" else None
        assert source is None or is_whole(path, source), (
            f"{name}: source of RUN{lab.number[each.run]}"
        )


def check_files(lab: Lab, shared: set[bytes]) -> None:
    """Every file anywhere is what its manifest says; none is gone that was not taken out."""
    found: set[str] = set()
    for path in lab.places().values():
        folder = path / ".git" if (path / ".git").exists() else path
        for each in (folder / "gage" / "lfs" / "objects").rglob("*"):
            if each.is_file():
                assert hashlib.sha256(each.read_bytes()).hexdigest() == each.name, each
                found.add(each.name)
    records = list(map(parse_record, shared))
    emptied = {
        each.run for each in records if each.kind == "run.redact" and "files" in each.body["parts"]
    }
    for record in (each for each in records if each.run not in emptied):
        for entry in record.body.get("list", ()) if record.kind == "run.files" else ():
            if entry.get("size", 0) > 100 << 10:
                assert entry["sha256"] in found, (lab.number[record.run], entry)


def check_traces(lab: Lab, ended: Iterable[Record], needed: dict[str, set[str]]) -> None:
    """Nothing of what purged runs came from, printed and made is anywhere that refs lead to."""
    numbers = {oid: lab.number[each.run] for each in ended for oid in traces_of(each)}
    for name, path in lab.places().items():
        leads = set(git(path, "rev-list", "--objects", "--all").split())
        left = leads & numbers.keys() - needed[name] - lab.pinned
        assert not left, f"{name} has files or sources of purged runs: " + "; ".join(
            f"{oid} of RUN{numbers[oid]} by {', '.join(refs_to(path, oid))}" for oid in left
        )


def sources_of(where: Path) -> set[str]:
    """What lanes of a clone pin."""
    repo = Person(where).store.repo
    return set(list_sources(repo, tips_of(repo.list_refs(*OWN), ["src"])))


def refs_to(path: Path, oid: str) -> list[str]:
    words = ("rev-list", "--objects")
    return [ref for ref, tip in refs_of(path, "refs").items() if oid in git(path, *words, tip)]


def traces_of(record: Record) -> list[str]:
    """The files that a record binds, and the commit that was made of its source."""
    bulk = record.body.get("bulk")
    found = [bound["oid"] for bound in bulk.values()] if type(bulk) is dict else []
    # A run that was killed at once printed nothing: such a file tells of no run, and lanes have it.
    found = [oid for oid in found if oid != NOTHING]
    if record.kind == "run.begin":
        source = record.body["source"]
        found += {source["snapshot"]} - {source["commit"]}
    return found


def is_tomb(record: Record) -> bool:
    return record.kind == "run.redact" and "run" in record.body["parts"]


def told(lines: set[bytes]) -> list[tuple[str, str]]:
    return sorted((each.run, each.kind) for each in map(parse_record, lines))
