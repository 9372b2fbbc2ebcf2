"""Filters made by chance: SQL says what a plain reading of the run objects says."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from git_gage.catalog import Catalog
from git_gage.errors import FilterSyntaxError
from git_gage.safe import clean
from tests.unit.catalog.filtered import Runs
from tests.unit.catalog.made_up import FakeStore

WORDS = ("a", "b", "train", "1", "0.5", "true", "nan", "x y", "")
NAMES = ("acc", "lr", "x.y", "tag", "label", "operation", "status", "dirty", "exit_code")
VALUES = (None, True, False, 0, 1, 0.5, 1.0, -3, "a", "b", "1", "true", "nan", "inf", [1], "x y")


def made_runs(folder: Path) -> Runs:
    """Runs that differ in everything that is asked here."""
    runs = Runs(FakeStore(folder))
    for number in range(48):
        values = [VALUES[(number * step) % len(VALUES)] for step in (1, 3, 5, 7)]
        numbers = [value for value in values if type(value) in (int, float) or value in NUMBERS]
        runs.add(
            str(number),
            operation=("train", "a", "b.py")[number % 3],
            source__dirty=(True, False, None)[number % 3],
            config={"lr": values[0], "x.y": values[1]} if number % 4 else {},
            metrics=None if number % 7 == 0 else dict(zip(("acc", "lr"), numbers, strict=False)),
            attributes={"acc": values[2], "lr": values[3]} if number % 5 == 0 else None,
            text=WORDS[number % 8] if number % 2 else None,
            tags=tuple(WORDS[: number % 4]),
        )
    return runs


NUMBERS = ("nan", "inf")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return made_runs(tmp_path_factory.mktemp("runs"))


# -- a plain reading -----------------------------------------------------------------------------


class Literal(NamedTuple):
    text: str
    quoted: bool

    @property
    def number(self) -> float | None:
        return None if self.quoted or self.text in ("nan", "x y", "") else as_number(self.text)

    def __str__(self) -> str:
        return f"'{self.text}'" if self.quoted else self.text


class Compared(NamedTuple):
    """A comparison; `holds` is True, False, or None where nothing is known."""

    name: str
    operator: str
    values: tuple[Literal, ...]

    def __str__(self) -> str:
        if self.operator in ("in", "not in"):
            return f"{self.name} {self.operator} [{', '.join(map(str, self.values))}]"
        return f"{self.name} {self.operator} {self.values[0]}"

    def holds(self, run: dict[str, Any]) -> bool | None:
        if self.name == "tag":
            found = any(self._is(tag) for tag in run["tags"])
            return found is not (self.operator in NEGATIVE)
        value = read(run, self.name)
        if value is None:
            return None
        if self.operator in ORDERS:
            return self._is_ordered(value)
        if self.operator in ("=~", "!~"):
            value = as_value(value)
            if not isinstance(value, str):
                return None
            matched = re.search(self.values[0].text, value) is not None
            return matched is (self.operator == "=~")
        return self._is(value) is not (self.operator in NEGATIVE)

    def _is(self, value: Any) -> bool:
        return any(is_equal(self.name, value, literal) for literal in self.values)

    def _is_ordered(self, value: Any) -> bool | None:
        literal, value = self.values[0], as_value(value)
        other: Any = literal.text
        if self.name not in TEXTS and literal.number is not None:
            other = literal.number
        if isinstance(value, bool) or isinstance(value, str) != isinstance(other, str):
            return None
        return bool(ORDERS[self.operator](value, other))


class Not(NamedTuple):
    part: Any

    def __str__(self) -> str:
        return f"not ({self.part})"

    def holds(self, run: dict[str, Any]) -> bool | None:
        found = self.part.holds(run)
        return None if found is None else not found


class Joined(NamedTuple):
    joint: str
    parts: tuple[Any, ...]

    def __str__(self) -> str:
        return f" {self.joint} ".join(f"({part})" for part in self.parts)

    def holds(self, run: dict[str, Any]) -> bool | None:
        found = [part.holds(run) for part in self.parts]
        decisive = self.joint == "or"
        if decisive in found:
            return decisive
        return None if None in found else not decisive


class Has(NamedTuple):
    name: str

    def __str__(self) -> str:
        return self.name

    def holds(self, run: dict[str, Any]) -> bool:
        value = read(run, self.name)
        if self.name in ("tag", "label", "status", "operation", "dirty", "exit_code", "metric.lr"):
            return bool(value) if self.name in ("tag", "dirty") else value is not None
        text = self.name
        called = text in (run["operation"].removesuffix(".py"), run["operation"], run["status"])
        return (
            called
            or text in (run["label"] or "")
            or text in run["tags"]
            or (value is not None and value is not False)
        )


class IsNull(NamedTuple):
    name: str

    def __str__(self) -> str:
        return f"{self.name} = null"

    def holds(self, run: dict[str, Any]) -> bool:
        value = read(run, self.name)
        return value is None or value == []


TEXTS = ("label", "operation", "status")
NEGATIVE = ("!=", "not in")
ORDERS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def read(run: dict[str, Any], name: str) -> Any:
    """What a name stands for in a run."""
    if name == "tag":
        return run["tags"]
    if name == "dirty":
        return run["source"]["dirty"]
    if name in (*TEXTS, "exit_code"):
        return run[name]
    parts = {"metric": "metrics", "config": "config", "attr": "attributes"}
    first, _, rest = name.partition(".")
    if first in parts:
        return run[parts[first]].get(rest)
    return next((run[part][name] for part in parts.values() if name in run[part]), None)


def as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def as_value(value: Any) -> Any:
    """Infinity, which JSON has not, is a number again; a list is text, as JSON."""
    if isinstance(value, list):
        return json.dumps(value)
    return math.inf if value == "inf" and isinstance(value, str) else value


def is_equal(name: str, value: Any, literal: Literal) -> bool:
    if name == "operation":
        return literal.text in (value, value.removesuffix(".py"))
    if name in (*TEXTS, "tag"):
        return bool(value == literal.text)
    if isinstance(value, bool):
        return not literal.quoted and literal.text == str(value).lower()
    value = as_value(value)
    if isinstance(value, str):
        return value == literal.text
    return literal.number is not None and bool(value == literal.number)


# -- by chance -----------------------------------------------------------------------------------

value_names = st.sampled_from(("acc", "lr", "x.y", "config.lr", "attr.acc", "metric.lr", "none"))
plain = st.sampled_from(("a", "b", "train", "1", "0.5", "true", "false", "nan", "inf", "-3", "1e0"))
quoted = st.sampled_from(("a", "1", "x y", "", "[1]", "train", "tr"))
literals = plain.map(lambda text: Literal(text, False)) | quoted.map(lambda t: Literal(t, True))
lists = st.lists(literals, max_size=4).map(tuple)
one = literals.map(lambda literal: (literal,))
patterns = st.sampled_from(("a", "^1", "r.*n$", ".", "x|b")).map(lambda t: (Literal(t, True),))
equals, among = st.sampled_from(("=", "!=")), st.sampled_from(("in", "not in"))
orders, matches = st.sampled_from(tuple(ORDERS)), st.sampled_from(("=~", "!~"))
text_names = st.sampled_from(TEXTS)
tested = value_names | text_names
leaves = (
    st.builds(Compared, tested | st.just("tag"), equals, one)
    | st.builds(Compared, tested | st.just("tag"), among, lists)
    | st.builds(Compared, tested, orders, one)
    | st.builds(Compared, tested, matches, patterns)
    | st.builds(Compared, st.just("exit_code"), orders | equals, st.just((Literal("0", False),)))
    | st.builds(Compared, st.just("dirty"), equals, st.just((Literal("true", False),)))
    | st.builds(Has, value_names.filter(lambda name: "." not in name) | st.sampled_from(NAMES))
    | st.builds(IsNull, tested | st.sampled_from(("tag", "dirty", "exit_code")))
)
filters = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Joined, st.sampled_from(("and", "or")), st.tuples(inner, inner, inner))
    ),
    max_leaves=8,
)


@given(filters)
def test_what_sql_finds_is_what_the_run_objects_say(runs: Runs, asked: Any) -> None:
    catalog = runs.catalog
    wanted = [run["id"] for run in catalog.newest(None) if asked.holds(run) is True]
    assert catalog.find(str(asked)) == wanted


@given(filters)
def test_a_filter_and_its_opposite_have_no_run_in_common(runs: Runs, asked: Any) -> None:
    catalog = runs.catalog
    assert not set(catalog.find(str(asked))) & set(catalog.find(str(Not(asked))))


def test_the_reading_finds_something_and_not_everything(runs: Runs) -> None:
    """So that the comparison above means something."""
    documents = runs.catalog.newest(None)
    for name in ("acc", "lr", "x.y"):
        asked = Compared(name, ">", (Literal("0.5", False),))
        assert 0 < sum(asked.holds(run) is True for run in documents) < len(documents)


# -- garbage -------------------------------------------------------------------------------------

WORDS_OF_THE_LANGUAGE = "and|or |not |in |acc|1|null|started|tag|duration|=~|'(a'|5m|metric.|dirty"
SIGNS = "()[],=!<>~'\"\\ .-@%*\ud800\0é"
pieces = st.sampled_from([*SIGNS, *WORDS_OF_THE_LANGUAGE.split("|"), "2 days ago"])


def is_answered(catalog: Catalog, where: str) -> bool:
    """Whether a filter is taken, or refused with a hint; anything else fails the test."""
    try:
        catalog.find(where)
        catalog.find_unknown([where])
    except FilterSyntaxError as error:
        shown = error.message.replace("\n", " ")
        return bool(error.hint) and clean(shown) == shown
    return True


@given(st.lists(pieces, max_size=12).map("".join))
@example("a in [,]")
@example("'\\")
@example("acc = -")
@example("acc > 1_")
@example("started = -1-1-1")
@example("duration > inf and started < 9999-12-31")
def test_garbage_is_refused_kindly(runs: Runs, where: str) -> None:
    assert is_answered(runs.catalog, where)


@given(st.text(max_size=40))
def test_any_text_is_answered(runs: Runs, where: str) -> None:
    assert is_answered(runs.catalog, where)


@given(st.text(alphabet="(a)[^]*+?{1,2}|\\.<=!:P", max_size=20))
def test_any_pattern_is_answered(runs: Runs, pattern: str) -> None:
    assert is_answered(runs.catalog, f'label =~ "{pattern}"')


def test_names_that_mean_something_to_sqlite(tmp_path: Path) -> None:
    names = ["select", "value", "name", "run", "null", "a'b", 'a"b', "a;--", "a b", "%", "in", "or"]
    runs = Runs(FakeStore(tmp_path)).add("a", metrics=dict.fromkeys(names, 1))
    for name in names:
        spelled = name.replace("'", r"\'")
        assert runs.find(f"metric.'{spelled}' = 1") == ["a"], name
        assert runs.find(f"metric.'{spelled}' = 2") == []
