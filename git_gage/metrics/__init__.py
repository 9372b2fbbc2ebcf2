"""What came out: metrics and attributes, from files, from a run's output, from event files.

Lists ask this room which way a metric is better, and must not load the rest of it.
"""

from __future__ import annotations
