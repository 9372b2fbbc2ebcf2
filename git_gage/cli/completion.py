"""What a shell is told when it asks for completions."""

from __future__ import annotations

import os

from click.shell_completion import shell_complete

from git_gage.cli.app import COMPLETE, App
from git_gage.cli.commands import front_door


def complete(instruction: str) -> int:
    """Answer a shell; a shell that completes must never see an error."""
    app = App(os.environ)
    try:
        return shell_complete(front_door, {"obj": app}, "git-gage", COMPLETE, instruction)
    except Exception:  # noqa: BLE001 - see above
        return 1
    finally:
        app.close()
