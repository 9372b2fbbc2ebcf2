"""Fails on an exclusion from coverage that does not say why: `# pragma: no cover - <reason>`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PRAGMA = re.compile(r"pragma:?\s*no\s?(cover|branch)", re.IGNORECASE)
WITH_REASON = re.compile(r"# pragma: no (cover|branch) - \S+( \S+)+$")


def find_pragmas(folder: Path) -> list[tuple[str, str]]:
    """(place, line) of every exclusion below the folder."""
    return [
        (f"{path}:{number}", line.rstrip())
        for path in sorted(folder.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if PRAGMA.search(line)
    ]


def main(folder: Path) -> int:
    pragmas = find_pragmas(folder)
    bare = [(place, line) for place, line in pragmas if not WITH_REASON.search(line)]
    for place, line in bare:
        print(f"{place}: say why: '# pragma: no cover - <reason>', found: {line.strip()}")
    print(f"{len(pragmas)} exclusions from coverage, {len(bare)} without a reason")
    return 1 if bare else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
