"""Names whose use vulture cannot see, each with who uses it; reviewed with every change."""

from __future__ import annotations

from PIL import Image

from git_gage.catalog import Catalog
from git_gage.catalog.filter_syntax import Builder
from git_gage.cli import commands, params, parsing
from git_gage.files.notes import Stamp

# click calls these by name.
_: tuple[object, ...] = (
    commands.FrontDoor.list_commands,
    commands.FrontDoor.resolve_command,
    commands.FrontDoor.format_help,
    params.Count.convert,
    parsing.Command.format_help,
)

# The parser calls these by the names of the grammar's rules.
_ = (
    Builder.compare,
    Builder.not_among,
    Builder.negation,
    Builder.within,
    Builder.either,
)

# For what checks signatures: it comes with the commands that do.
_ = (Catalog.rejudge, Catalog.record_lines)

# Pillow reads it.
_ = (Image.MAX_IMAGE_PIXELS,)

# Stamps are compared as a whole.
_ = (Stamp.inode,)
