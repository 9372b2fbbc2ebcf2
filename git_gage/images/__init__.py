"""Images that runs write: how large they are, and small previews of them.

Source: docs/format.md, "Previews".
"""

from __future__ import annotations
