"""Filters compiled to SQL: which runs are meant by `acc > 0.9 and op in [prepare, train]`.

As in SQL, what is not known is neither equal nor unequal to anything, and `not` does not change
that. So negations are moved down to the comparisons, each of which then asks for what is known.
Values are always parameters, never part of the SQL.
Source: docs/filters.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.catalog.facts import PARTS
from git_gage.catalog.filter_fields import Field, Sql, Value, ValueFault, is_null, run_fields
from git_gage.catalog.filter_match import check_pattern
from git_gage.catalog.filter_nodes import (
    Alone,
    Comparison,
    Group,
    Negation,
    Node,
    Word,
    fault,
    parse_filter,
)
from git_gage.catalog.filter_words import ReadDate, read_number
from git_gage.catalog.sort import make_order
from git_gage.catalog.values import storable
from git_gage.errors import FilterSyntaxError

if TYPE_CHECKING:
    import sqlite3

    from git_gage.catalog.filter_match import Matcher

# SQLite's parser holds a hundred open parts, of which each level here takes four.
DEEPEST = 18
# SQLite takes no more than a million.
LONGEST_SQL = 900_000
_PAIRS = (("=", "!="), ("<", ">="), (">", "<="), ("=~", "!~"), ("in", "not in"))
_OPPOSITE = dict(_PAIRS) | {second: first for first, second in _PAIRS}
_EQUAL = frozenset({"=", "!=", "in", "not in"})
_NEGATIVE = frozenset({"!=", "not in", "!~"})
_NO_RUN = Sql("0")
PUT_AWAY = frozenset({"archived", "deleted"})
# Which runs are left out, by what the filters ask for.
_HIDDEN = {
    frozenset[str](): " AND run.hidden = 0",
    frozenset({"archived"}): " AND run.hidden < 2",
    frozenset({"deleted"}): " AND run.hidden IN (0, 2, 3)",
    PUT_AWAY: " AND run.hidden < 4",
}


class Names(NamedTuple):
    """What names can stand for: fields of runs, and the parts that a value's name is known in.

    `asked` has the fields that filters ask for, once they were compiled.
    """

    fields: dict[str, Field]
    parts_of: Callable[[str], Sequence[str]]
    asked: set[str]

    def field(self, word: Word) -> Field | None:
        """The field that a word stands for."""
        if word.quoted or word.text not in self.fields:
            return None
        self.asked.add(word.text)
        return self.fields[word.text]


def find_runs(
    db: sqlite3.Connection,
    wheres: Sequence[str],
    *,
    limit: int | None,
    read_date: ReadDate,
    matcher: Matcher,
    sort: Sequence[str] = (),
    group: str | None = None,
    numeric: bool = False,
    put_away: bool = False,
) -> list[tuple[str, Any]]:
    """Ids of the runs that all the filters hold for, newest first or in the order of `sort`.

    Archived and deleted runs are left out, unless `put_away` or a filter that names it. Each with
    its value of the name `group`. `numeric`: only those that have a number by the first name of
    `sort`. If `matcher` has a failure afterwards, they mean nothing.

    Raises: FilterSyntaxError; RequestError for an order that there is none of.
    """
    names = Names(run_fields(read_date), lambda name: find_parts(db, name), set())
    depth = _depth(wheres)
    parts = [_Compiler(where, names).compile(depth) for where in wheres]
    found = _join("AND", parts) if parts else Sql("1")
    order = make_order(db, sort, group, names.fields, numeric=numeric)
    fields = (found.text, order.order, order.group, order.where)
    facts = " JOIN fact ON fact.run = run.key" if any("fact." in text for text in fields) else ""
    hidden = _HIDDEN[PUT_AWAY if put_away else PUT_AWAY & names.asked]
    question = (
        f"SELECT run.id, {order.group} FROM {order.tables}{facts} WHERE run.writer IS NOT NULL"
        f"{hidden} AND {order.where} AND {found.text} ORDER BY {order.order} LIMIT ?"
    )
    if len(question) > LONGEST_SQL:
        raise FilterSyntaxError(
            "the filter has too many conditions", hint="look for less, or write it shorter"
        )
    db.create_function("REGEXP", 2, matcher.regexp, deterministic=True)
    db.create_function("STATUS_NOW", 1, matcher.status_now)
    most = -1 if limit is None else limit
    return db.execute(question, (*found.parameters, most)).fetchall()


def find_parts(db: sqlite3.Connection, name: str) -> list[str]:
    """Parts that any run has a value of this name in."""
    rows = db.execute("SELECT part FROM name WHERE name = ? AND part IN (?, ?, ?)", (name, *PARTS))
    known = {part for (part,) in rows}
    return [part for part in PARTS if part in known]


class _Compiler:
    """Makes SQL of one filter."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names

    def compile(self, depth: int) -> Sql:
        """SQL that lies so deep in that of other filters."""
        try:
            return self._node(parse_filter(self._text), True, depth)
        except ValueFault as error:
            raise fault(self._text, error.word.start, error.message, error.hint) from None

    def _node(self, node: Node, wanted: bool, depth: int) -> Sql:
        """What holds where a node is true, or where it is false."""
        match node:
            case Negation():
                return self._node(node.part, not wanted, depth)
            case Alone():
                found = self._alone(node.word)
                return found if wanted else _not(found)
            case Comparison():
                operator = node.operator if wanted else _OPPOSITE[node.operator]
                self._require_shallow(depth + _depth(node.values), node.name.start)
                return self._comparison(node, operator)
        depth += _depth(node.parts)
        self._require_shallow(depth, _start(node))
        joint = node.joint if wanted else {"AND": "OR", "OR": "AND"}[node.joint]
        return _join(joint, [self._node(part, wanted, depth) for part in node.parts])

    def _require_shallow(self, depth: int, start: int) -> None:
        if depth > DEEPEST:
            message = "too many conditions lie in one another"
            hint = "give a part of the filter by another '-w': all of them must hold"
            raise fault(self._text, start, message, hint)

    def _comparison(self, node: Comparison, operator: str) -> Sql:
        field = self._names.field(node.name)
        if field is not None:
            return self._test(field, node, operator)
        self._require_name(node)
        if len(node.values) == 1 and operator in ("=", "!=") and is_null(node.values[0]):
            filled = self._within(node.name, Value().filled)
            return filled if operator == "!=" else _not(filled)
        return self._within(node.name, self._test(Value(), node, operator))

    def _require_name(self, node: Comparison) -> None:
        name = node.name
        if not name.quoted and read_number(name.text) is not None:
            raise ValueFault(
                name, f"'{name.text}' is not a name", "write the name first: acc > 0.9"
            )

    def _test(self, field: Field, node: Comparison, operator: str) -> Sql:
        if operator in ("in", "not in"):
            words = [word for each in node.values for word in field.values([each])]
        else:
            words = field.values(node.values)
        nulls = [word for word in words if is_null(word)]
        if nulls and operator in ("=", "!="):
            return field.filled if operator == "!=" else _not(field.filled)
        if nulls:
            hint = f"write {node.name.typed} = null, or {node.name.typed} != null"
            raise ValueFault(nulls[0], f"null cannot be compared by '{operator}'", hint)
        if operator in ("=~", "!~"):
            tests = [self._match(field, words[0])]
        elif operator in _EQUAL:
            tests = [field.equal(word) for word in words]
        else:
            return field.order(operator, words[0])
        found = _join("OR", tests) if tests else _NO_RUN
        return _join("AND", [field.known, _not(found) if operator in _NEGATIVE else found])

    def _match(self, field: Field, word: Word) -> Sql:
        complaint = check_pattern(word.text)
        if complaint is not None:
            hint = "a regular expression is as in Python: label =~ '^run-[0-9]+$'"
            raise ValueFault(word, complaint, hint)
        return field.match(word)

    def _alone(self, word: Word) -> Sql:
        """A word by itself: something that a run has, or text in what people call it."""
        if word.quoted:
            return self._text_match(word)
        field = self._names.field(word)
        if field is not None:
            return field.there
        has = self._within(word, Value().there)
        return has if split_name(word)[0] else _join("OR", [self._text_match(word), has])

    def _text_match(self, word: Word) -> Sql:
        fields, text = self._names.fields, storable(word.text)
        return _join(
            "OR",
            [
                fields["operation"].equal(word),
                fields["status"].equal(word),
                Sql("instr(coalesce(fact.label, ''), ?) > 0", (text,)),
                fields["tag"].equal(word),
            ],
        )

    def _within(self, word: Word, test: Sql) -> Sql:
        """Where the value that a name stands for passes a test.

        In each run that is the metric of this name, without one the config value, then the
        attribute.
        """
        part, name = split_name(word)
        parts = [part] if part else self._names.parts_of(name)
        found, others = [], Sql("")
        for part in parts:
            here = Sql("name = (SELECT key FROM name WHERE part = ? AND name = ?)", (part, name))
            rows = f"SELECT run FROM value WHERE {here.text}"
            passed = (*here.parameters, *test.parameters, *others.parameters)
            found.append(Sql(f"run.key IN ({rows} AND ({test.text})){others.text}", passed))
            others = Sql(
                f"{others.text} AND run.key NOT IN ({rows})", others.parameters + here.parameters
            )
        return _join("OR", found) if found else _NO_RUN


def split_name(word: Word) -> tuple[str, str]:
    """The part that a name begins with, if any, and the name in it."""
    part, dot, name = word.text.partition(".")
    if word.quoted or part not in PARTS or not dot or not name:
        return "", storable(word.text)
    return part, storable(name)


def _start(node: Node) -> int:
    while isinstance(node, Group | Negation):
        node = node.parts[0] if isinstance(node, Group) else node.part
    return node.word.start if isinstance(node, Alone) else node.name.start


def _not(found: Sql) -> Sql:
    return Sql(f"NOT ({found.text})", found.parameters)


def _depth(parts: Sequence[object]) -> int:
    """How deep `_join` puts them."""
    return (len(parts) - 1).bit_length() if parts else 0


def _join(joint: str, parts: Sequence[Sql]) -> Sql:
    """All parts, or one of them; as a balanced tree, because SQLite bounds how deep one is."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _join(joint, parts[:middle]), _join(joint, parts[middle:])
    return Sql(f"({left.text} {joint} {right.text})", left.parameters + right.parameters)
