"""The user's pager, chosen and started as git does it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from git_gage.git.repository import git_command, git_environ


def page(parts: Iterable[bytes], environ: Mapping[str, str], cwd: Path) -> bool:
    """Show parts of an answer in the pager; False where git would use none (`git --no-pager`).

    `cwd` is in the repository that was opened, or in none: the settings of another one could name
    any program. Once the user has left it nothing more is asked for.
    """
    asked = subprocess.run(
        git_command("var", "GIT_PAGER"),
        cwd=cwd,
        capture_output=True,
        env=git_environ(environ, None),
        check=False,
    )
    command = asked.stdout.decode().strip()
    if command in ("", "cat"):
        return False
    # Ctrl-C is for the pager alone while it runs.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            command, shell=True, stdin=subprocess.PIPE, env={"LESS": "FRX", "LV": "-c", **environ}
        )
        assert process.stdin is not None
        try:
            with process.stdin as screen:
                for part in parts:
                    screen.write(part)
        except BrokenPipeError:
            pass  # the user has seen enough
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return True
