"""The verdicts of doctor."""

from __future__ import annotations

import io

from git_gage.cli.checks import Check
from git_gage.render.checkup import format_checks
from git_gage.render.screen import Screen


def test_each_check_is_a_line_and_says_what_to_do() -> None:
    checks = [
        Check("git", "ok", "2.39.5"),
        Check("man page", "warning", "not found\x07", "export MANPATH=x"),
    ]
    assert format_checks(checks, Screen(io.StringIO())) == (
        "ok       git: 2.39.5\nwarning  man page: not found\\x07\n         hint: export MANPATH=x\n"
    )
    assert "\x1b[32mok     \x1b[0m" in format_checks(checks, Screen(io.StringIO(), color=True))
