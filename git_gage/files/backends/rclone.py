"""Large files on whatever the rclone program reaches, by the remotes of the user's rclone config.

Source: rclone 1.60: `rclone help copy`, `rclone help lsjson`, rclone.org/docs, "--use-json-log".
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

from git_gage.errors import RemoteError
from git_gage.files.backends.programs import Said, Tail, run_program
from git_gage.files.streams import (
    accept_all,
    changed_here,
    check_here,
    find_changed,
    gathering_place,
    in_parallel,
)
from git_gage.lookup import find_program
from git_gage.system import remove_tree

if TYPE_CHECKING:
    from git_gage.files.meter import Meter
    from git_gage.files.notes import Stamp
    from git_gage.files.sidecar import Sidecar

_NO_FOLDER = 3
_ALL = "all"
_GET = "get files from"
# What it says of all its attempts together, after what failed in each.
_SUM = re.compile(r"Attempt \d+/\d+ failed|\d{4}/\d\d/\d\d [\d:]+ Failed to \w+ with \d+ errors")
_FULL = re.compile(
    r"no space left|file too (?:big|large)|disk (?:is )?full|quota|insufficient (?:storage|space)",
    re.IGNORECASE,
)


class RcloneBackend:
    """A folder of an rclone remote, `REMOTE:PATH`. What is there counts by name and size."""

    def __init__(self, target: str, shown: str, cwd: Path, environ: Mapping[str, str]) -> None:
        self.shown = shown
        self._root = f"{target}{'' if target.endswith((':', '/')) else '/'}"
        self._objects = f"{self._root}objects"
        self._cwd = cwd
        self._environ = environ

    def held(self, wanted: Mapping[str, int]) -> set[str]:
        sizes = self._look(wanted)
        return {name for name, size in wanted.items() if sizes.get(_path(name)) == size}

    def require_ready(self, size: int) -> None:
        free = self._find_free()
        if free is not None and free < size:
            raise RemoteError(
                f"send files to '{self.shown}': they need {size:,} bytes, and it has {free:,} left",
                hint="nothing was sent: free some space there, and try again",
            )

    def _find_free(self) -> int | None:
        """Bytes that are free there, or above a folder that is not made yet; None: it cannot tell.

        Source: https://rclone.org/commands/rclone_about.
        """
        remote, colon, path = self._root.rpartition(":")
        folders = (path, *map(str, PurePosixPath(path).parents))
        asked = (self._run("about", "--json", "--", f"{remote}{colon}{each}") for each in folders)
        said = next((each for each in asked if each.returncode != _NO_FOLDER), None)
        free = _parse(said.out).get("free") if said and said.returncode == 0 else None
        return free if isinstance(free, int) else None

    def send(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> None:
        stamps: dict[str, Stamp] = {}

        def check(sha256: str) -> None:
            stamps[sha256] = check_here(sidecar, sha256, wanted[sha256], meter)

        in_parallel(wanted, check, meter)
        said = self._copy(wanted, f"{sidecar.root / 'objects'}", self._objects, meter)
        if said.returncode:
            # It may be away by now: what is not whole there does not count as held.
            with suppress(RemoteError):
                self._remove_torn(wanted)
            self._fail("send files to", said)
        if changed := find_changed(sidecar, stamps):
            self.remove(changed)
            raise changed_here(*changed)

    def bring(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> set[str]:
        folder = gathering_place(sidecar) / "rclone"
        said = self._copy(wanted, self._objects, str(folder), meter)
        arrived = accept_all(sidecar, wanted, lambda sha256: folder / _path(sha256))
        if said.returncode not in (0, _NO_FOLDER):
            self._fail(_GET, said)
        remove_tree(folder, surely=False)
        return set(wanted) - arrived

    def remove(self, names: Iterable[str]) -> None:
        self._delete(map(_path, names), self._objects)

    def list_names(self, folder: str) -> list[str]:
        return list(self._sizes("--", f"{self._root}{folder}"))

    def put_note(self, name: str, content: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="git-gage-") as folder:
            path = Path(folder) / "note"
            path.write_bytes(content)
            said = self._run("copyto", "--", str(path), f"{self._root}{name}")
        if said.returncode:
            self._fail("send files to", said)

    def remove_notes(self, names: Iterable[str]) -> None:
        self._delete(names, self._root)

    def _look(self, wanted: Iterable[str]) -> dict[str, int]:
        with _listed(map(_path, wanted)) as names:
            return self._sizes("--files-from-raw", str(names), "--", self._objects)

    def _remove_torn(self, wanted: Mapping[str, int]) -> None:
        """Take away what lies there in part, or empty, where a disk is full."""
        sizes = self._look(wanted)
        torn = [n for n, size in wanted.items() if sizes.get(_path(n), size) != size]
        if torn:
            self.remove(torn)

    def _sizes(self, *words: str) -> dict[str, int]:
        told = ("--recursive", "--files-only", "--no-modtime", "--no-mimetype")
        said = self._run("lsjson", *told, *words)
        if said.returncode == _NO_FOLDER:
            return {}
        if said.returncode:
            self._fail("ask", said)
        return {each["Path"]: each["Size"] for each in json.loads(said.out)}

    def _delete(self, paths: Iterable[str], root: str) -> None:
        with _listed(paths) as listed:
            said = self._run("delete", "--files-from-raw", str(listed), "--", root)
        if said.returncode not in (0, _NO_FOLDER):
            self._fail("remove files from", said)

    def _copy(self, wanted: Iterable[str], source: str, target: str, meter: Meter) -> Said:
        logged = ("--use-json-log", "--stats", "1s", "--stats-log-level", "NOTICE")
        with _listed(map(_path, wanted)) as names:
            log = names.with_name("log")
            told = Tail(log)

            def watch() -> None:
                for line in told.lines():
                    stats = _parse(line).get("stats") or {}
                    meter.at(_ALL, int(stats.get("bytes", 0)))

            chosen = (*logged, "--log-file", str(log), "--files-from-raw", str(names))
            said = self._run("copy", *chosen, "--", source, target, watch=watch)
            heard = log.read_text(errors="replace") if log.exists() else ""
        lines = (_parse(line) for line in heard.splitlines())
        faults = (str(each.get("msg")) for each in lines if each.get("level") == "error")
        return said._replace(err="\n".join([*dict.fromkeys(faults), said.err]))

    def _run(self, *words: str, watch: Callable[[], None] = lambda: None) -> Said:
        program = find_program("rclone", self._environ.get("PATH"))
        if program is None:
            raise RemoteError(
                f"reach '{self.shown}': the program rclone is not installed",
                hint="install it: https://rclone.org/install",
            )
        command = [program, *words]
        return run_program(command, cwd=self._cwd, env=self._environ, watch=watch)

    def _fail(self, attempt: str, said: Said) -> NoReturn:
        lines = [line for line in said.lines if not _SUM.match(line)] or said.lines
        lines = lines or [f"rclone exited with {said.returncode}"]
        hint = "nothing was lost, and what has arrived is kept: try again once that is settled"
        if any(map(_FULL.search, lines)):
            where = "here" if attempt == _GET else "there"
            hint = "nothing was lost, and what has arrived whole is kept: "
            hint += f"free some space {where}, and try again"
        if any("didn't find section in config file" in line for line in lines):
            hint = "see its remotes with 'rclone listremotes', add one with 'rclone config'"
        message = "\n".join([f"{attempt} '{self.shown}': {lines[0]}", *lines[1:5]])
        raise RemoteError(message, hint=hint, stderr=said.err, returncode=said.returncode)


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


@contextmanager
def _listed(paths: Iterable[str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="git-gage-") as folder:
        path = Path(folder) / "names"
        path.write_text("".join(f"{each}\n" for each in paths), newline="\n")
        yield path


def _parse(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
