"""What a run came from and what came from it, run by run and file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

# A story is told to its end, but no longer than anybody reads.
MAX_STEPS = 200


class Runs(Protocol):
    """What lineage asks of the catalog."""

    def document(self, run: str) -> dict[str, Any] | None:
        """The run object of a full id; None if it is not here."""
        ...

    def followers(self, run: str) -> list[str]:
        """Ids of the runs that name a run as an input, parent, or what they start again."""
        ...


class Step(NamedTuple):
    """One thing on the way, and what is behind it.

    how: the type of an input, "parent" or "restart". run: the run's id, and document its run
    object if it is here; both None for files that are of no run. entry: the input as the run
    object has it. again: what is behind it is told at another place. cut: or nowhere, for length.
    """

    how: str
    run: str | None = None
    document: Mapping[str, Any] | None = None
    entry: Mapping[str, Any] | None = None
    below: tuple[Step, ...] = ()
    again: bool = False
    cut: bool = False


class Followers(NamedTuple):
    """How many runs came of a run, and the newest of them, each once."""

    total: int
    newest: tuple[Step, ...]


class Lineage(NamedTuple):
    """sources: what a run came from; followers: what came from it."""

    document: Mapping[str, Any]
    sources: tuple[Step, ...]
    followers: tuple[Step, ...]


def trace_lineage(document: Mapping[str, Any], runs: Runs) -> Lineage:
    """The story of a run in both directions; each run on the way is told once."""
    up, down = _Trace(runs, find_sources), _Trace(runs, _find_followers)
    return Lineage(document, up.follow(document), down.follow(document))


def newest_followers(document: Mapping[str, Any], runs: Runs, most: int) -> Followers:
    """The runs that name a run as what they came from, of which there may be very many."""
    found = runs.followers(document["id"])
    steps = (next(_find_links(document["id"], run, runs)) for run in reversed(found[-most:]))
    return Followers(len(found), tuple(steps))


class _Trace:
    """A walk in one direction."""

    def __init__(
        self, runs: Runs, find: Callable[[Mapping[str, Any], Runs], Iterable[Step]]
    ) -> None:
        self._runs = runs
        self._find = find
        self._told: set[str] = set()
        self._left = MAX_STEPS

    def follow(self, document: Mapping[str, Any]) -> tuple[Step, ...]:
        self._told.add(document["id"])
        return tuple(self._go_on(step) for step in self._find(document, self._runs))

    def _go_on(self, step: Step) -> Step:
        self._left -= 1
        if step.run is None:
            return step
        if step.run in self._told:
            return step._replace(again=True)
        if step.document is None:
            return step
        if self._left <= 0:
            return step._replace(cut=True)
        return step._replace(below=self.follow(step.document))


def find_sources(document: Mapping[str, Any], runs: Runs) -> Iterator[Step]:
    """What a run names as what it came from, in the order of its record."""
    for key, how in (("restart_of", "restart"), ("parent", "parent")):
        if document[key]:
            yield Step(how, document[key], runs.document(document[key]))
    for entry in document["inputs"]:
        named = [entry["run"]] if entry["run"] else entry["runs"]
        for run in named:
            yield Step(entry["type"], run, runs.document(run), entry)
        if not named:
            yield Step(entry["type"], entry=entry)


def _find_followers(document: Mapping[str, Any], runs: Runs) -> Iterator[Step]:
    run = document["id"]
    for follower in runs.followers(run):
        yield from _find_links(run, follower, runs)


def _find_links(run: str, follower: str, runs: Runs) -> Iterator[Step]:
    """The ways in which a run names another one."""
    theirs = runs.document(follower)
    assert theirs is not None, f"the catalog names run {follower} and does not know it"
    for step in find_sources(theirs, runs):
        if step.run == run:
            yield step._replace(run=follower, document=theirs)
