"""Files of other tools: runs that they recorded are read, and ours are written for them.

What is read is data of somebody's: nothing of it is executed, and all of it has limits.
Source: docs/import.md, docs/export.md.
"""

from __future__ import annotations
