"""The first line of a script, where the system reads it and where we do."""

from __future__ import annotations

import pytest

from git_gage.runs.shebang import read_shebang, read_shebang_on_windows


@pytest.mark.parametrize(
    ("line", "words", "on_windows"),
    [
        ("#!/usr/bin/env python3", ["/usr/bin/env", "python3"], ["python3"]),
        (
            "#!/usr/bin/env -S python3 -u",
            ["/usr/bin/env", "-S", "python3", "-u"],
            ["python3", "-u"],
        ),
        ("#! /bin/bash -e\r\n", ["/bin/bash", "-e"], ["bash", "-e"]),
        ("#!bash", ["bash"], ["bash"]),
        ('#!"C:/Program Files/x/tool.exe" -v', ["C:/Program Files/x/tool.exe", "-v"], None),
        ("#!/usr/bin/env X=1 python", ["/usr/bin/env", "X=1", "python"], []),
        ("#!/usr/bin/env -i python", ["/usr/bin/env", "-i", "python"], []),
        ("#!/usr/bin/env", ["/usr/bin/env"], []),
        ("#!", [], []),
        ("echo '#!'", [], []),
    ],
)
def test_program_and_options(line: str, words: list[str], on_windows: list[str] | None) -> None:
    assert read_shebang(line) == words
    assert read_shebang_on_windows(line) == (words if on_windows is None else on_windows)
