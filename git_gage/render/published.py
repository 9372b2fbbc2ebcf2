"""The README.md of published runs: what they are, how to get them, what came out.

It is read by strangers and by the next `git gage publish`: the same runs make the same text.
Source: docs/format.md, "Published runs".
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from git_gage.records import short_id
from git_gage.render.amounts import count_text, metric_text, value_text
from git_gage.render.delimited import markdown_head, markdown_line, markdown_text
from git_gage.render.wording import command_text, source_text
from git_gage.safe import clean

_MARK = re.compile(r"<!-- git gage publish (\{.*\}) -->\n")
# Hosts show no more than half a megabyte of a README.
MOST_ROWS = 1000
MOST_METRICS = 8
MOST_SECTIONS = 10
MOST_SETTINGS = 30
_MOST_CHARS = 100


def format_published(documents: Sequence[Mapping[str, Any]], *, title: str, url: str) -> str:
    """The README of run objects, the newest first; `url` is where others get them from."""
    return "".join(_lines(documents, title, clean(url)))


def read_choices(text: str) -> dict[str, str]:
    """Title and URL that a README was written with, as far as it says so."""
    found = _MARK.match(text)
    try:
        said = json.loads(found[1]) if found else {}
    except (ValueError, RecursionError):
        return {}
    return {key: said[key] for key in ("title", "url") if isinstance(said.get(key), str)}


def _lines(documents: Sequence[Mapping[str, Any]], title: str, url: str) -> Iterator[str]:
    said = json.dumps({"title": title, "url": url}).replace(">", "\\u003e")
    word = shlex.quote(url)
    yield f"<!-- git gage publish {said} -->\n"
    yield f"# {markdown_text(title)}\n\n"
    yield f"{count_text(len(documents), 'run')}, recorded in git by git-gage: what ran, with which "
    yield "code and settings, and what came out.\n"
    yield "This page is written by `git gage publish`, which writes over what is changed here.\n\n"
    yield "## Get them\n\n"
    yield f"    git clone {word} runs\n    cd runs\n    git gage fetch\n    git gage list\n\n"
    yield "Or look first, from within any git repository, and take one:\n\n"
    yield f"    git gage list --remote {word}\n    git gage fetch {word} <run>\n\n"
    yield "## Runs\n\n"
    yield from _table(documents[:MOST_ROWS])
    yield _more(len(documents) - MOST_ROWS, "older run")
    for document in documents[:MOST_SECTIONS]:
        yield from _section(document)


def _table(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One line a run, with the metrics that most of them have."""
    counted = Counter(name for each in documents for name in each["metrics"])
    metrics = [name for name, _ in counted.most_common(MOST_METRICS)]
    titles = ["run", "operation", "label", "status", "started (UTC)", *map(_short, metrics)]
    yield from markdown_head(titles, range(len(titles) - len(metrics), len(titles)))
    for each in documents:
        about = (each["operation"], each["label"] or "", each["status"])
        values = [each["metrics"].get(name) for name in metrics]
        yield markdown_line(
            [
                short_id(each["id"]),
                *map(_short, about),
                _minute(each["started"]),
                *("" if value is None else metric_text(value) for value in values),
            ]
        )
    yield _more(len(counted) - len(metrics), "more metric")


def _section(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {short_id(document['id'])}\n\n"
    yield f"{markdown_text(_short(document['operation']))}, {markdown_text(document['status'])}; "
    yield f"code: {markdown_text(source_text(document))}\n\n"
    if document["label"]:
        yield f"{markdown_text(_short(document['label']))}\n\n"
    yield f"    {_short(command_text(document['command']), 1000)}\n"
    for title, part in (("setting", "config"), ("metric", "metrics")):
        values = list(document[part].items())
        if values:
            yield "\n"
            yield from markdown_head((title, "value"))
            for name, value in values[:MOST_SETTINGS]:
                yield markdown_line((_short(name), _short(value_text(value))))
            yield _more(len(values) - MOST_SETTINGS, f"more {title}")


def _more(count: int, noun: str) -> str:
    return f"\nand {count_text(count, noun)}\n" if count > 0 else ""


def _short(text: str, most: int = _MOST_CHARS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _minute(moment: str | None) -> str:
    return (moment or "")[:16].replace("T", " ")
