"""Fails when a short command costs more instructions than it may."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.instructions import count_all


def main() -> int:
    if sys.platform != "linux":
        print("start-up not counted: valgrind counts on Linux only")
        return 0
    over = 0
    for case, counted_m in count_all():
        over += counted_m > case.budget_m
        verdict = "over" if counted_m > case.budget_m else "of"
        print(f"{case.name:<26} {counted_m:6.1f} M instructions, {verdict} {case.budget_m} M")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
