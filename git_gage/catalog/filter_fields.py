"""What can be asked of a run, each in SQL over the tables of the catalog.

Source: docs/filters.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.catalog.filter_words import (
    FALSE,
    NULL,
    TRUE,
    ReadDate,
    Span,
    read_number,
    read_span,
)
from git_gage.catalog.values import storable
from git_gage.records import format_time

if TYPE_CHECKING:
    from git_gage.catalog.filter_nodes import Word

TEXTS = ("label", "branch", "host", "python", "platform", "version", "project_id", "signal")
OTHER_NAMES = {
    "op": "operation",
    "run": "id",
    "tags": "tag",
    "comments": "comment",
    "by": "author",
    "namespace": "project",
    "duration_s": "duration",
}

_TAGS = "SELECT v.run FROM name n JOIN value v ON v.name = n.key WHERE n.part = 'tag'"


class ValueFault(Exception):  # noqa: N818 - its reader makes an error of it
    """A value that a field can't be compared with: where, what, and a hint."""

    def __init__(self, word: Word, message: str, hint: str) -> None:
        super().__init__(message)
        self.word = word
        self.message = message
        self.hint = hint


class Sql(NamedTuple):
    """A condition and its parameters. It may be NULL only where the value is not known."""

    text: str
    parameters: tuple[str | int | float | bytes, ...] = ()


class Field:
    """Text in a column; others differ in what they are equal to and how they are ordered."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    @property
    def value(self) -> str:
        """What runs are sorted and grouped by, of the types that table `value` has."""
        return self.sql

    @property
    def known(self) -> Sql:
        """Whether there is anything to compare with."""
        return Sql(f"{self.sql} IS NOT NULL")

    @property
    def there(self) -> Sql:
        """Whether the name alone holds: something is there, and it is not `false`."""
        return self.known

    @property
    def filled(self) -> Sql:
        """Whether it is anything but null."""
        return self.known

    def values(self, words: Sequence[Word]) -> list[Word]:
        """The values that the words after an operator are."""
        if len(words) > 1:
            raise ValueFault(
                words[1],
                f"unexpected '{words[1].text}' after a value",
                "join conditions with 'and', or put a value of several words between quotes",
            )
        return list(words)

    def equal(self, word: Word) -> Sql:
        return Sql(f"{self.sql} = ?", (_text(word),))

    def order(self, operator: str, word: Word) -> Sql:
        return Sql(f"{self.sql} {operator} ?", (_text(word),))

    def match(self, word: Word) -> Sql:
        return Sql(f"{self.sql} REGEXP ?", (_text(word),))


class Start(Field):
    """Text that people give by its first characters, such as a commit."""

    def equal(self, word: Word) -> Sql:
        text = _text(word).lower()
        return Sql(f"substr({self.sql}, 1, ?) = ?", (len(text), text))

    def order(self, operator: str, word: Word) -> Sql:
        raise _no_order(operator, word)


class RunId(Start):
    """A run id, by its first characters or by those that people see."""

    def equal(self, word: Word) -> Sql:
        text = _text(word).lower()
        return Sql(
            f"? IN (substr({self.sql}, 1, ?), substr({self.sql}, 11, ?))",
            (text, len(text), len(text)),
        )


class Operation(Field):
    """`train` and `train.py` name one operation; `digits:train` asks for its namespace, too."""

    def __init__(self, sql: str, namespace: str) -> None:
        super().__init__(sql)
        self.namespace = namespace

    def equal(self, word: Word) -> Sql:
        text = _text(word)
        found = Sql(f"{self.sql} IN (?, ?)", (text, f"{text}.py"))
        namespace, _, name = text.partition(":")
        if not name:
            return found
        both = f"({found.text} OR {self.sql} IN (?, ?) AND coalesce({self.namespace}, '') = ?)"
        return Sql(both, (*found.parameters, name, f"{name}.py", namespace))


class Author(Field):
    """Who ran it, by name or by address; a pattern sees both, as git writes them."""

    def __init__(self, sql: str, email: str) -> None:
        super().__init__(sql)
        self.email = email

    @property
    def known(self) -> Sql:
        return Sql(f"coalesce({self.sql}, {self.email}) IS NOT NULL")

    def equal(self, word: Word) -> Sql:
        name, email = f"coalesce({self.sql}, '')", f"coalesce({self.email}, '')"
        return Sql(f"? IN ({name}, {email}, {self._both})", (_text(word),))

    def match(self, word: Word) -> Sql:
        return Sql(f"{self._both} REGEXP ?", (_text(word),))

    @property
    def _both(self) -> str:
        return f"coalesce({self.sql}, '') || ' <' || coalesce({self.email}, '') || '>'"


class Flag(Field):
    """Yes or no."""

    @property
    def value(self) -> str:
        return f"CASE {self.sql} WHEN 1 THEN x'01' WHEN 0 THEN x'00' END"

    @property
    def there(self) -> Sql:
        return Sql(f"coalesce({self.sql}, 0)")

    def equal(self, word: Word) -> Sql:
        if word.quoted or word.text not in TRUE | FALSE:
            raise ValueFault(word, f"'{word.text}' is not true or false", "write true or false")
        return Sql(f"{self.sql} = ?", (int(word.text in TRUE),))

    def order(self, operator: str, word: Word) -> Sql:
        raise _no_order(operator, word)

    def match(self, word: Word) -> Sql:
        raise _no_text(word)


class Number(Field):
    """A number; `unit` is what it may be written in, besides."""

    def __init__(self, sql: str, example: str) -> None:
        super().__init__(sql)
        self.example = example

    def equal(self, word: Word) -> Sql:
        return Sql(f"{self.sql} = ?", (self._number(word),))

    def order(self, operator: str, word: Word) -> Sql:
        return Sql(f"{self.sql} {operator} ?", (self._number(word),))

    def match(self, word: Word) -> Sql:
        raise _no_text(word)

    def _number(self, word: Word) -> int | float:
        number = None if word.quoted else read_number(word.text)
        if number is None:
            raise ValueFault(word, f"'{word.text}' is not a number", f"write {self.example}")
        return number


class Moment(Field):
    """A time, as text that sorts: what people write is read by git."""

    def __init__(self, sql: str, read_date: ReadDate) -> None:
        super().__init__(sql)
        self._read_date = read_date

    def values(self, words: Sequence[Word]) -> list[Word]:
        joined = " ".join(word.text for word in words)
        return [words[0]._replace(text=joined)]

    def equal(self, word: Word) -> Sql:
        first, after = self._span(word)
        return Sql(f"{self.sql} >= ? AND {self.sql} < ?", (_stamp(first), _stamp(after)))

    def order(self, operator: str, word: Word) -> Sql:
        return Sql(f"{self.sql} {operator} ?", (_stamp(self._span(word).first),))

    def _span(self, word: Word) -> Span:
        span = read_span(word.text, self._read_date)
        if span is None:
            raise ValueFault(
                word, f"'{word.text}' is not a date", "write 2026-11-01, yesterday or 2 days ago"
            )
        return span


class Several(Field):
    """Texts of a run, any of which is meant, such as its tags; it may have none.

    `rows` selects the runs that have the texts in `sql`.
    """

    def __init__(self, sql: str, rows: str) -> None:
        super().__init__(sql)
        self.rows = rows

    @property
    def known(self) -> Sql:
        return Sql("1")

    @property
    def there(self) -> Sql:
        return self._any(Sql("1"))

    @property
    def filled(self) -> Sql:
        return self.there

    def equal(self, word: Word) -> Sql:
        return self._any(super().equal(word))

    def order(self, operator: str, word: Word) -> Sql:
        raise _no_order(operator, word)

    def match(self, word: Word) -> Sql:
        return self._any(super().match(word))

    def _any(self, test: Sql) -> Sql:
        return Sql(f"run.key IN ({self.rows} AND {test.text})", test.parameters)


class Value(Field):
    """A metric, config value or attribute: of whatever type it is in each run.

    Numbers compare with numbers, text with text; a word that could be either is equal to both.
    """

    def __init__(self) -> None:
        super().__init__("value")

    @property
    def there(self) -> Sql:
        return Sql("value IS NOT NULL AND value <> x'00'")

    def equal(self, word: Word) -> Sql:
        meant: list[str | int | float | bytes] = [_text(word)]
        if not word.quoted:
            number = read_number(word.text)
            meant += [] if number is None else [number]
            meant += [b"\1"] if word.text in TRUE else [b"\0"] if word.text in FALSE else []
        return Sql(f"value IN ({', '.join('?' * len(meant))})", tuple(meant))

    def order(self, operator: str, word: Word) -> Sql:
        number = None if word.quoted else read_number(word.text)
        # SQLite sorts numbers before text, and text before anything else.
        kind = "value < ''" if number is not None else "value >= '' AND value < x''"
        return Sql(f"value {operator} ? AND {kind}", (_text(word) if number is None else number,))


def run_fields(read_date: ReadDate) -> dict[str, Field]:
    """What every run has, by the names that people give it."""
    status = Field("CASE fact.status WHEN 'running' THEN STATUS_NOW(run.id) ELSE fact.status END")
    amount, count = "a length of time, such as 5m or 1h30m", "a number"
    fields: dict[str, Field] = {
        "id": RunId("run.id"),
        "operation": Operation("run.operation", "fact.namespace"),
        "status": status,
        "tag": Several("n.name", _TAGS),
        "comment": Several("c.text", "SELECT c.run FROM comment c WHERE 1"),
        "author": Author("fact.author", "fact.email"),
        "duration": Number("fact.duration_s", amount),
        "exit_code": Number("fact.exit_code", count),
        "dirty": Flag("fact.dirty"),
        "deleted": Flag("fact.deleted"),
        "archived": Field("fact.archived"),
        "name": Field("run.name"),
        "project": Field("fact.namespace"),
        **{name: Field(f"fact.{name}") for name in TEXTS},
        **{name: Start(f"fact.{name}") for name in ("commit_id", "digest")},
        **{name: Moment(f"fact.{name}", read_date) for name in ("started", "ended", "staged")},
        **{name: RunId(f"fact.{name}") for name in ("parent", "restart_of")},
    }
    fields["commit"] = fields.pop("commit_id")
    return fields | {other: fields[name] for other, name in OTHER_NAMES.items()}


def is_null(word: Word) -> bool:
    return not word.quoted and word.text in NULL


def _text(word: Word) -> str:
    return storable(word.text)


def _stamp(seconds: float) -> str:
    return "~" if seconds > 1e11 else format_time(seconds)


def _no_order(operator: str, word: Word) -> ValueFault:
    return ValueFault(word, f"'{operator}' needs something that has an order", "use = or !=, or in")


def _no_text(word: Word) -> ValueFault:
    return ValueFault(word, "a pattern needs text to match", "use = or != here")
