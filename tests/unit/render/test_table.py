"""Tables fit the screen they are shown on."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from git_gage.render.screen import Screen, text_width
from git_gage.render.table import Column, format_table, number_column


def screen(width: int = 80, *, color: bool = False) -> Screen:
    return Screen(io.StringIO(), width=width, color=color)


def test_columns_stand_below_their_titles() -> None:
    columns = [Column("RUN", ["a", "bcdef"], 0), Column("AGE", ["2m", "14m"], 1, right=True)]
    assert format_table(columns, screen()) == "RUN    AGE\na       2m\nbcdef  14m\n"


def test_decimal_points_stand_below_each_other() -> None:
    columns = [number_column("lr", ["0.001", "10.5", "3", "–", "1e-05"], 0)]
    assert format_table(columns, screen()).splitlines() == [
        "       lr",
        "    0.001",
        "   10.5",
        "    3",
        "    –",
        "1e-05",
    ]


def test_fractions_are_cut_before_their_column_leaves() -> None:
    columns = [
        Column("RUN", ["a", "b", "c"], 0),
        number_column("a long name", ["10.5", "0.123456789", "3"], 1, can_be_cut=True),
        Column("TOOK", ["1s", "2s", "3s"], 2),
    ]
    whole = format_table(columns, screen(17)).splitlines()
    assert whole == ["RUN   a long name", "a    10.5", "b     0.123456789", "c     3"]
    cut = format_table(columns, screen(10)).splitlines()
    assert cut == ["RUN  a lo…", "a    10.5", "b     0.1…", "c     3"]
    # What comes after it has no room either: it is not worth more.
    assert format_table(columns, screen(9)).splitlines() == ["RUN", "a", "b", "c"]


def test_what_would_be_another_number_is_not_cut() -> None:
    columns = [number_column("lr", ["1.25e-05", "0.12345678"], 0, can_be_cut=True)]
    assert "1.25e-05" in format_table(columns, screen(10))
    assert format_table(columns, screen(9)).strip() == ""


def test_the_last_in_rank_leaves_first() -> None:
    columns = [Column("A", ["aaaa"], 0), Column("B", ["bbbb"], 2), Column("C", ["cccc"], 1)]
    assert format_table(columns, screen(16)) == "A     B     C\naaaa  bbbb  cccc\n"
    assert format_table(columns, screen(15)) == "A     C\naaaa  cccc\n"


def test_an_elastic_column_takes_what_is_left() -> None:
    columns = [Column("A", ["aaaa"], 0), Column("LABEL", ["a rather long label"], 1, least=8)]
    assert format_table(columns, screen(80)).splitlines()[1] == "aaaa  a rather long label"
    assert format_table(columns, screen(20)).splitlines()[1] == "aaaa  a rather long…"
    assert format_table(columns, screen(13)).splitlines()[1] == "aaaa"


def test_no_value_pushes_the_others_away() -> None:
    columns = [Column("A", ["x" * 100], 0), Column("B", ["b"], 1)]
    assert format_table(columns, screen()).splitlines()[1] == "x" * 23 + "…  b"


def test_colours_do_not_move_columns() -> None:
    columns = [Column("A", ["ok", "no"], 0, styles=["green", None]), Column("B", ["1", "2"], 1)]
    assert format_table(columns, screen(color=True)).splitlines() == [
        "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m",
        "\x1b[32mok\x1b[0m  1",
        "no  2",
    ]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=("L", "N")), max_size=8),
            st.text(st.characters(categories=("L", "N")), max_size=40),
            st.booleans(),
        ),
        min_size=1,
    ),
    st.integers(20, 200),
)
def test_no_line_is_ever_wider_than_the_screen(
    cells: list[tuple[str, str, bool]], width: int
) -> None:
    columns = [
        Column(title, [cell], rank, least=5 if elastic else None)
        for rank, (title, cell, elastic) in enumerate(cells)
    ]
    for line in format_table(columns, screen(width)).splitlines():
        assert text_width(line) <= width
