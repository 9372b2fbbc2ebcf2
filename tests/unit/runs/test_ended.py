"""Exit codes of Windows, where there are no signals."""

from __future__ import annotations

import signal

import pytest

from git_gage.runs.ended import ending_code, read_ending


@pytest.mark.parametrize("code", [0, 1, 143, 255, 0xC0000005, 0xFFFFFFFF])
def test_a_code_of_the_program_is_its_own(code: int) -> None:
    assert read_ending(code) == (code, None)


def test_a_negative_code_is_what_windows_has() -> None:
    assert read_ending(-1) == (0xFFFFFFFF, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_was_ended_by_us_died_of_the_signal(number: signal.Signals) -> None:
    assert read_ending(ending_code(number)) == (128 + number, number.name)


def test_a_signal_without_a_name_has_its_number() -> None:
    assert read_ending(ending_code(99)) == (227, "SIG99")


def test_ctrl_c_is_sigint() -> None:
    assert read_ending(0xC000013A) == (130, "SIGINT")
