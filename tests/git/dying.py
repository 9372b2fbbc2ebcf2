"""Commands that end while they have git do something."""

from __future__ import annotations

from typing import Any

import pytest

from git_gage.git.repository import Repository


class Dying:
    """Ctrl-C comes with the git that is the `left`-th from now on; below 1 with none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        real = Repository._run

        def run(repo: Repository, *args: Any) -> bytes:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            return real(repo, *args)

        monkeypatch.setattr(Repository, "_run", run)
