"""Pages stand alone, and nothing recorded gets into their markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from git_gage.render import html
from git_gage.render.html import Html, element, join, link, markup, page, table


class Tags(HTMLParser):
    """Which elements a page has, and whether all of them end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_needs_nothing_else() -> None:
    text = page("Runs", table(["run"], [["a"]], caption="All"))
    tags = Tags(text)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"}.intersection(tags.names)
    assert "http" not in text.replace("http-equiv", "")
    assert '<html lang="en">' in text
    assert "width=device-width" in text


def test_text_is_no_markup() -> None:
    evil = "<img src=x onerror=alert(1)>\"'&\x1b\ufffe"
    text = page(evil, join([table([evil], [[evil]], caption=evil), element("p", evil, title=evil)]))
    assert "<img" not in text
    assert 'title="&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;\\x1b\ufffd"' in text


def test_what_is_markup_stays() -> None:
    assert markup(Html("<b>")) == "<b>"
    assert join(["<", Html("<br>")], "\n") == "&lt;\n<br>"


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://example.com/a?b=1&c=2#d", True),
        ("HTTP://example.com", True),
        ("mailto:ana@example.com", True),
        ("charts/a.svg", True),
        ("paper.pdf", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("//example.com", False),
        ("\\\\example.com", False),
        ("", False),
    ],
)
def test_links_lead_to_pages_alone(address: str, linked: bool) -> None:
    assert link(address, "t").startswith("<a ") == linked


def test_a_table_says_what_is_a_number_and_what_a_head() -> None:
    text = table(["run", "acc"], [["a", "0.5"]], caption="All", right=(1,))
    assert '<th scope="col" class="left">run</th><th scope="col" class="num">acc</th>' in text
    assert '<th scope="row" class="left">a</th><td class="num">0.5</td>' in text
    assert 'tabindex="0" role="region" aria-label="All"' in text
    assert '<th scope="row"' not in table(["a"], [["b"]], caption="c", heads=0)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_text_is_read_in_light_and_dark() -> None:
    schemes = [dict(re.findall(r"--(\w+):(#\w+)", part)) for part in html.STYLE.split("@media")[:2]]
    for colours in schemes:
        assert len(colours) == 8
        for paper in ("paper", "band"):
            for text in ("text", "dim", "link", "good", "bad"):
                low, high = sorted((luminance(colours[text]), luminance(colours[paper])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (text, paper)
