"""Runs to and from a remote, by plain git.

Source: docs/format.md, "Lanes".
"""

from __future__ import annotations

from git_gage.share.delivery import Pushed
from git_gage.share.fetch import Fetched, fetch_runs
from git_gage.share.peek import Peek, look_at
from git_gage.share.purge import plan_purge, purge_runs, push_purge
from git_gage.share.push import push_runs
from git_gage.share.redact import Redacted, Redaction, plan_redaction, redact_runs
from git_gage.share.take import fetch_chosen
from git_gage.share.thumbs import fetch_thumbs, push_thumbs
from git_gage.share.transfer import Observer

__all__ = [
    "Fetched",
    "Observer",
    "Peek",
    "Pushed",
    "Redacted",
    "Redaction",
    "fetch_chosen",
    "fetch_runs",
    "fetch_thumbs",
    "look_at",
    "plan_purge",
    "plan_redaction",
    "purge_runs",
    "push_purge",
    "push_runs",
    "push_thumbs",
    "redact_runs",
]
