"""Settings of what is run: which there are, and how a value reaches the program."""

from __future__ import annotations

from git_gage.config.settings import Applied, ScriptSettings, apply_settings, find_settings
from git_gage.config.values import Value

__all__ = ["Applied", "ScriptSettings", "Value", "apply_settings", "find_settings"]
