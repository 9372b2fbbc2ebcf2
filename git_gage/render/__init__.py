"""Results as a person or a machine reads them; the only room that prints.

Its modules are its face: `listing` must stay free of rich, which `page` is made with.
"""

from __future__ import annotations
