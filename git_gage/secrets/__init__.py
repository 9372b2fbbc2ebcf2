"""What must not get out: names that stand for secrets, and secrets in any text.

The rules are our own. `docs/decisions/0019-secrets.md` says what they find and what they leave.
"""

from __future__ import annotations

from git_gage.secrets.find import (
    SecretsFoundError,
    Sighting,
    find_in_lines,
    find_in_text,
    require_no_secrets,
    require_none,
)
from git_gage.secrets.masks import MASK, mask_file, mask_secrets, mask_text
from git_gage.secrets.names import is_secret, mask_shell, mask_urls, mask_words
from git_gage.secrets.scan import VERSION, Found, find_secrets

__all__ = [
    "MASK",
    "VERSION",
    "Found",
    "SecretsFoundError",
    "Sighting",
    "find_in_lines",
    "find_in_text",
    "find_secrets",
    "is_secret",
    "mask_file",
    "mask_secrets",
    "mask_shell",
    "mask_text",
    "mask_urls",
    "mask_words",
    "require_no_secrets",
    "require_none",
]
