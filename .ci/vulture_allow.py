"""Names whose use vulture cannot see, each with who uses it; reviewed with every change."""

from __future__ import annotations

from git_gage.cli import commands, params, parsing

# click calls these by name.
_ = (
    commands.FrontDoor.list_commands,
    commands.FrontDoor.resolve_command,
    commands.FrontDoor.format_help,
    params.Count.convert,
    parsing.Command.format_help,
)
