"""The files of runs: what there is (the manifest), and the large ones by their content.

Source: docs/format.md, "Files".
"""

from __future__ import annotations
