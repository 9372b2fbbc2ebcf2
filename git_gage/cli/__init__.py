"""The front door: parse with click, call a function of a room below, hand the result to render."""

from __future__ import annotations

import gc

# Importing click makes tens of thousands of objects that all stay: looking for garbage among
# them costs a twentieth of a short command.
gc.set_threshold(50_000, 20, 20)
