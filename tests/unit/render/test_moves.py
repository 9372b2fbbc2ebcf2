"""What a copy would move."""

from __future__ import annotations

import io

from git_gage.render.moves import SHOWN, format_moves
from git_gage.render.screen import Screen
from tests.unit.render.made_up import make_run, make_runs


def test_what_goes_whole_and_what_is_new_of_a_run() -> None:
    runs = make_runs()
    counts = [(True, 2), (False, 1), (False, 0), (True, 1)]
    screen = Screen(io.StringIO(), width=79)
    assert format_moves(runs, counts, "lab\x1b[2J", screen, to=False) == (
        "RUN      NAME         OPERATION  STATUS     GOES      LABEL\n"
        "de3b4wz  kind-heron   train.py   running    all       wider net\n"
        "thsnweh  late-wren    train.py   completed  1 update  baseline\n"
        "9r3m11b  brisk-otter  train.py   error      files\n"
        "9ch7exy  odd-yak      train.py   lost       all       from Ana \\x1b[31m with a…\n"
        "4 runs from lab\\x1b[2J\n"
    )


def test_of_many_runs_the_first_are_shown() -> None:
    runs = [make_run(place) for place in range(SHOWN + 2)]
    text = format_moves(runs, [(True, 2)] * len(runs), "lab", Screen(io.StringIO()), to=True)
    assert text.splitlines()[SHOWN + 1 :] == ["and 2 more runs", "22 runs to lab"]
