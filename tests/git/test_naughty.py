"""Strings that break programs, in every field of a run: shown harmlessly, handed on exactly."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import category

import pytest

from git_gage.catalog.values import storable
from tests.git.hostile import LANE, Stranger
from tests.support import Result, gage_inside, git, scale
from tests.unit.catalog import made_up

NAUGHTY = [
    # Control characters of both kinds, alone and as orders to a terminal.
    *(
        "".join(map(chr, codes))
        for codes in (range(8), range(8, 16), range(16, 32), [0], [10], [127])
    ),
    *("".join(map(chr, codes)) for codes in (range(0x80, 0x90), range(0x90, 0xA1), [0x9B], [0x85])),
    *("\x1b[2J\x1b[H", "\x1b]52;c;cm0gLXJm\x07", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"),
    *(
        "\x1b]0;title\x07",
        "\x1bPq#0\x1b\\",
        "\x9b31mred",
        "\x1b[31mred",
        "\r\n\r\n#  1  fake",
        "a\tb\vc\fd",
    ),
    # Direction and what nobody sees.
    *(
        "\u202egnp.exe",
        "\u2066a\u2069",
        "\u200e\u200f\u061c",
        "\ufeffbom",
        "\u2028\u2029",
        "\u00ad",
    ),
    *(
        "\u200b\u200c\u200d\u2060",
        "\U000e0041\U000e007f",
        "\U000e0100\U000e01ef" * 4,
        "\u3164\uffa0",
    ),
    *("\ufe0f" * 5, "\u180e\u034f\u115f\u17b4", "\ufff9\ufffa\ufffb", "\ufffe\uffff", "\U0010ffff"),
    *("Z\u0351\u036b\u0343\u036a\u0302A\u0334\u0335", "\ud800", "\udfff\ud800x", "\udcff"),
    # Markup of whoever prints: rich, Markdown, HTML, spreadsheets, templates, shells.
    *(
        "[/x]",
        "[bold]b[/bold]",
        "[link=http://x]y[/link]",
        ":smile: :heart:",
        "[red",
        "\\[x]",
        "[[]]",
    ),
    *(
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style><svg/onload=alert(1)>",
    ),
    *(
        "javascript:alert(1)",
        "' onmouseover='alert(1)",
        "<!--",
        "]]>",
        "&lt;&#x3c;",
        "{{7*7}}",
        "${7*7}",
    ),
    *(
        "| a | b |",
        "`x`",
        "[x](javascript:alert(1))",
        "=cmd|' /C calc'!A0",
        "@SUM(1)",
        "-2+3",
        "+1",
    ),
    *(
        "%s%n%d",
        "{0.__class__}",
        "$(touch x)",
        "`touch x`",
        "; touch x",
        "--output=x",
        "-x",
        "../..",
        "~",
    ),
    # Words that are taken for something else.
    *(
        "null",
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "0x10",
        "true",
        "undefined",
        "None",
        "1/0",
        "'",
        '"',
        "\\",
    ),
    *(
        "' OR 1=1 --",
        "DROP TABLE run",
        "CON",
        "COM1",
        "Ω≈ç√∫˜",
        "田中さん",
        "ﷺ",
        "👩\u200d🚀",
        "İstanbul",
    ),
    *("", " ", "\u00a0", "\u3000", "x" * 500, "ẞß", "ﬁ", "٣", "¼"),
]
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u3164\uffa0")


def forbidden(text: str) -> set[str]:
    """What no terminal may be sent, of the text of an answer."""
    return {
        char
        for char in _COLOR.sub("", text.replace("\n", ""))
        if (category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in "\u200c\u200d")
        or char in _UNSEEN
        or "\U000e0000" <= char <= "\U000e00ff"
    }


def on_terminal(repo: Path, *args: str) -> Result:
    """As somebody at a terminal sees it."""
    return gage_inside(repo, *args, env={"GIT_PAGER_IN_USE": "1"})


class _Page(HTMLParser):
    """Tags and attributes of a page that a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.acts += [tag] if tag in ("script", "img", "iframe", "object", "embed", "base") else []
        self.acts += [f"{tag} {name}" for name, _ in attrs if name.startswith("on")]
        self.acts += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name in ("href", "src")
            and value
            and not re.match(r"(#|data:image/|https?://)", value)
        ]


@pytest.fixture
def named(repo: Path) -> dict[str, str]:
    """Runs of a stranger's, each with one string in all its fields, by id."""
    stranger = Stranger(repo)
    records, named = [], {}
    snapshot = git(repo, "rev-parse", "HEAD").strip()
    for number, text in enumerate(NAUGHTY):
        key = text or "empty"
        begun = made_up.begin(
            number,
            writer=LANE,
            operation=text or "x",
            version=text,
            config={key: {"type": "str", "text": text}, f"{key}2": {"type": "json", "text": text}},
            command__argv=[text, f"a{text}"],
            command__cwd=text or ".",
            command__variables={key: text},
            command__interpreter_origin=text,
            project__namespace=text,
            source__branch=text,
            source__remote=text,
            source__status=[{"path": text, "xy": text}],
            source__left_out=[{"path": text, "reason": text}],
            source__linked=[{"path": text}],
            source__snapshot=snapshot,
            source__commit=None,
            environment__host=text,
            environment__gpus=[text],
            definition={"attributes": {key: text}, "listing": [key]},
            inputs=[{"type": text, "name": text, "path": text, "files": [{"path": text}]}],
        )
        line = json.loads(begun.line)
        line["by"] = {"name": text, "email": text}
        begun = made_up._record(**{name: line[name] for name in line if name not in ("v",)})
        metric = {"last": 0.5, "min": 0.5, "max": 0.5, "mean": 0.5, "count": 1}
        end = made_up.end(
            begun,
            writer=LANE,
            metrics={key: metric},
            attributes={key: text},
            reason=text,
            signal=text,
        )
        records += [begun, end, made_up.label(begun, text), made_up.label(begun, text, name=key)]
        records += [made_up.after(begun, "tag.add", {"tag": text}, seq=4)]
        named[begun.run] = text
    for place in range(0, len(records), 100):
        stranger._number += 1
        stranger.lane(records[place : place + 100])
    return named


def test_every_screen_is_clean_and_every_answer_exact(repo: Path, named: dict[str, str]) -> None:
    # Lines with such texts are not always canonical, and would not count.
    git(repo, "config", "gage.apply", "all")
    listed = on_terminal(repo, "list", "--all")
    assert listed.code == 0, listed.err
    assert forbidden(listed.out + listed.err) == set()
    documents = json.loads(gage_inside(repo, "list", "--all", "--json").out)
    assert len(documents) == len(named)
    for document in documents:
        text = named[document["id"]]
        key = text or "empty"
        exact = [document["label"], document["attributes"][key], document["config"][key]]
        exact += [document["author"]["name"], document["source"]["branch"]]
        assert exact == [text] * 5, ascii(text)
        # A tag is a key, too: half a surrogate pair is spelled out in it.
        assert document["tags"] == ([storable(text)] if text else [])
        assert document["logged"] == {key: text}
    for words in (
        ["list", "--all", "--csv"],
        ["list", "--all", "--md"],
        ["list", "--all", "--json"],
    ):
        assert on_terminal(repo, *words).code == 0


def test_every_page_of_every_run_is_clean(repo: Path, named: dict[str, str]) -> None:
    parts = ["--config", "--metrics", "--files", "--environment"]
    for number, (run, text) in enumerate(named.items()):
        pages = [["show", run], ["show", run, *parts]]
        others = [["show", run, word] for word in ("--lineage", "--reproduce", "--output")]
        chosen = pages[number % 2 :: 2] if scale(1, 0) else pages
        for words in chosen + others * (number % scale(8, 1) == 0):
            shown = on_terminal(repo, *words)
            assert shown.code in (0, 128), (ascii(text), words, shown.err)
            assert forbidden(shown.out + shown.err) == set(), (ascii(text), words)


def test_comparisons_and_pages_are_clean(repo: Path, named: dict[str, str], tmp_path: Path) -> None:
    runs = list(named)
    for at in range(0, len(runs), scale(40, 20)):
        for words in (["compare"], ["diff"], ["compare", "--all-rows"]):
            some = runs[at : at + (2 if words == ["diff"] else 20)]
            if len(some) < 2:
                continue
            shown = on_terminal(repo, *words, *some)
            assert shown.code == 0, shown.err
            assert forbidden(shown.out + shown.err) == set(), words
        compared, report = tmp_path / "compare.html", tmp_path / "report.html"
        some = runs[at : at + 20]
        for words in (
            ["compare", *some, "--html", str(compared)],
            ["report", *some, "-o", str(report)],
        ):
            if len(some) > 1:
                made = gage_inside(repo, *words)
                assert made.code == 0, made.err
                page = _Page()
                page.feed(Path(words[-1]).read_text("utf-8"))
                assert page.acts == [], words[0]
        printed = on_terminal(repo, "report", *some)
        assert (printed.code, forbidden(printed.out)) == (0, set())


def test_recorded_output_is_clean(repo: Path) -> None:
    stranger = Stranger(repo)
    content = "\n".join(NAUGHTY).encode("utf-8", "surrogatepass") + b"\xff\xfe\x1b]52;c;x"
    index = b"0 o %d\n" % len(content)
    run = stranger.run(bulk={"output": content, "output.idx": index})
    for words in (["output", run], ["output", run, "-t"], ["show", run, "--output"]):
        shown = on_terminal(repo, *words)
        assert shown.code == 0, shown.err
        assert forbidden(shown.out.replace("\t", "").replace("\r", "")) == set()
    words = ["git", "gage", "output", run]
    assert subprocess.run(words, cwd=repo, capture_output=True, check=True).stdout == content
