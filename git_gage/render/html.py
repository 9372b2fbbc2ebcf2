"""Pages that stand alone: no script, nothing from elsewhere, nothing recorded taken for markup.

Every text is escaped unless it is `Html`, which only this room makes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence

from git_gage.safe import clean

# What XML cannot hold, besides what `clean` spells out.
_NO_TEXT = re.compile("[\ufffe\uffff]")
_ADDRESS = re.compile(r"(?i:https?://|mailto:)\S+|(?![/\\])[\w./%~+-][\w./%~+?&=#-]*")

# Colours have at least 4.5:1 between text and paper, 3:1 between lines and paper (WCAG 2.2 AA).
STYLE = """\
:root{color-scheme:light dark;--paper:#fff;--text:#1f2328;--dim:#59636e;--line:#d1d9e0;
--band:#f6f8fa;--link:#0550ae;--good:#1a7f37;--bad:#cf222e}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--text:#e6edf3;--dim:#9198a1;
--line:#3d444d;--band:#151b23;--link:#79b8ff;--good:#3fb950;--bad:#ff7b72}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:80rem;padding:1rem;background:var(--paper);color:var(--text);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}
p:empty{display:none}
a{color:var(--link)}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
small,.dim,caption{color:var(--dim)}
code,pre{font-family:ui-monospace,monospace;font-size:.875rem}
pre{background:var(--band);padding:.75rem;overflow-x:auto;overflow-wrap:normal}
.scroll{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:max-content;font-size:.875rem;font-variant-numeric:tabular-nums;
overflow-wrap:normal}
caption{text-align:left;padding:0 0 .25rem}
th,td{padding:.35rem .75rem;border-bottom:1px solid var(--line);text-align:left;
vertical-align:top;max-width:24rem;overflow-wrap:break-word}
thead th{background:var(--band);white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:600;background:var(--paper)}
.num{text-align:right;white-space:nowrap}
.left{position:sticky;left:0}
.good{color:var(--good);font-weight:600}
.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;font-size:.875rem}
dt{color:var(--dim)}
dd{margin:0}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));
gap:1rem;margin:.75rem 0}
.charts svg,figure svg{width:100%;height:auto;max-width:42rem}
figure{margin:0}
@media print{body{max-width:none;padding:0;font-size:10pt}.scroll{overflow:visible}
tr,svg{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit}}
"""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def markup(text: str) -> Html:
    """Text so that a page shows it; what is markup already stays."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(_NO_TEXT.sub("\ufffd", clean(text))))


def join(parts: Iterable[str], between: str = "") -> Html:
    """Parts one after the other; `between` is markup."""
    return Html(between.join(map(markup, parts)))


def element(name: str, *parts: str, **attributes: str) -> Html:
    """An element with its content. `class_` is the attribute `class`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{markup(value)}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{given}>{join(parts)}</{name}>")


def link(address: str, text: str) -> Html:
    """A link to a page on the web or beside this one; to anything else the text alone."""
    if not _ADDRESS.fullmatch(address):
        return markup(text)
    return element("a", text, href=address, rel="noopener noreferrer")


def table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str,
    right: Collection[int] = (),
    heads: int = 1,
) -> Html:
    """A table that scrolls by itself where it is too wide.

    `caption` says what it is, `right` which columns are numbers, `heads` how many columns name
    their row; the first of these stays where it is.
    """
    head = join(
        element("th", title, scope="col", **_class(place, right, heads))
        for place, title in enumerate(titles)
    )
    body = [_row(row, right, heads) for row in rows]
    inner = join(
        [
            element("caption", caption),
            element("thead", element("tr", head)),
            element("tbody", join(body, "\n")),
        ]
    )
    # Whoever has no mouse scrolls it by the keyboard.
    return element(
        "div",
        element("table", inner),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def page(title: str, body: Html) -> str:
    """One page that needs nothing else; `body` is what stands below its title."""
    head = join(
        [
            Html('<meta charset="utf-8">'),
            Html('<meta name="viewport" content="width=device-width,initial-scale=1">'),
            Html(
                '<meta http-equiv="Content-Security-Policy" '
                "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
            ),
            element("title", title),
            element("style", Html(STYLE)),
        ],
        "\n",
    )
    main = element("main", element("h1", title), body)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n'
        f"<body>\n{main}\n</body>\n</html>\n"
    )


def _row(cells: Sequence[str], right: Collection[int], heads: int) -> Html:
    return element(
        "tr",
        *(
            element("th", cell, scope="row", **_class(place, right, heads))
            if place < heads
            else element("td", cell, **_class(place, right, heads))
            for place, cell in enumerate(cells)
        ),
    )


def _class(place: int, right: Collection[int], heads: int) -> dict[str, str]:
    names = ["num"] * (place in right) + ["left"] * (place == 0 and heads > 0)
    return {"class_": " ".join(names)} if names else {}
