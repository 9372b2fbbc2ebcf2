"""The program itself: started, watched, recorded, passed signals, and its end seen."""

from __future__ import annotations

import sys

from git_gage.runs.exit import Console, Exit
from git_gage.runs.start import StartError

if sys.platform == "win32":
    from git_gage.runs.process_windows import run_program
else:
    from git_gage.runs.process_posix import run_program

__all__ = ["Console", "Exit", "StartError", "run_program"]
