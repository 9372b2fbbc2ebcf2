"""Large files to a directory: against `rclone copy` and `cp --reflink=auto` of the same files."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.run import Bench

FILES, MIB = 8, 128
PROGRAM = f"""\
import os
for number in range({FILES}):
    with open(f"part{{number}}.bin", "wb") as file:
        for _ in range({MIB}):
            file.write(os.urandom(1 << 20))
"""


def measure_files(bench: Bench) -> None:
    """1 GiB in 8 files: once to an empty directory, and again where all of it is."""
    repo, lab = bench.make_repo("files"), bench.folder / "lab"
    (repo / "write.py").write_text(PROGRAM)
    bench.time(repo, ["git", "gage", "run", "-q", "write.py"])
    bench.git(repo, "config", "gage.repo.lab.url", str(lab))
    bench.git(repo, "config", "gage.repo.lab.files", str(lab))
    objects = repo / ".git" / "gage" / "lfs" / "objects"
    copy = bench.folder / "copy"
    push = ["git", "gage", "files", "push", "lab", "@"]
    words = f"cp -r --reflink=auto {objects} {copy}"
    # The second waits until it is on the disk, as we do.
    bases = [words.split(), ["sh", "-c", f"{words} && sync -f {copy}"]]
    if shutil.which("rclone"):
        bases.append(["rclone", "copy", str(objects), str(copy)])
    for base in bases:
        bench.compare(
            f"`files push`, {FILES * MIB >> 10} GiB to a directory",
            repo,
            push,
            before=partial(_empty, lab),
            base=base,
            before_base=partial(_empty, copy, make=False),
            goal="≤ 1.2 ×",
            memory=True,
        )
    bench.compare("`files push`, all there", repo, push, goal="≤ 300 ms", memory=True)


def _empty(folder: Path, *, make: bool = True) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if make:
        folder.mkdir()
    # Whoever comes next does not wait for what the one before has left to be written.
    os.sync()
