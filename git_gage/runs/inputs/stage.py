"""Inputs laid out in a run directory before the program starts.

Source: docs/format.md, "State of a run".
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import RequestError
from git_gage.runs.inputs.reference import Reference, format_reference, origin_of
from git_gage.safe import clean
from git_gage.system import clone_file, remove_file

if TYPE_CHECKING:
    from git_gage.runs.inputs.model import Input, InputFile
    from git_gage.store import Store

NOTE = "inputs.json"
_CHUNK = 1 << 20


class StagedInput(NamedTuple):
    """An input's file, or a folder that is linked as one, in the run directory.

    target: where a link leads, None for a copy; mtime_ns: of the file that the program reads, None
    for a folder and for what was made for this run; reference: what takes the place of a link, or
    of a copy instead of a link, that the program left as it was; files: how many in all.
    """

    place: str
    target: str | None
    sha256: str
    size: int
    mtime_ns: int | None
    reference: str | None
    files: int = 1

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that is linked as one."""
        return self.target is not None and self.mtime_ns is None


def stage_inputs(
    inputs: Sequence[Input], folder: Path, state_dir: Path, store: Store, own: bytes = b""
) -> list[str]:
    """Lay inputs out below `folder`, which is the project's folder in a staged run directory.

    What `close_inputs` needs is written to `state_dir` first. `own` is the place of a file that
    the program may write itself: what is an input there is copied. Gives the places of files that
    are left away, as another thing is there (see `Input.yields`).
    Raises: RequestError for what is in the way, and for an input that changed since it was found.
    """
    planned = [(each, *planned) for each in inputs for planned in _plan(each, store, own)]
    note = [list(staged) for _, staged, _ in planned]
    (state_dir / NOTE).write_text(json.dumps(note))
    left = []
    for each, staged, file in planned:
        try:
            place = _make_room(os.fsencode(folder), os.fsencode(staged.place))
        except RequestError:
            if not each.yields:
                raise
            left.append(staged.place)
            continue
        if staged.target is not None:
            os.symlink(os.fsencode(staged.target), place)
        else:
            assert file is not None
            _copy(file, place, staged)
    return left


def read_staged(state_dir: Path) -> list[StagedInput]:
    """What was staged for a run; nothing where the note was not written to its end."""
    try:
        note = json.loads((state_dir / NOTE).read_bytes())
    except (FileNotFoundError, ValueError):
        return []
    return [StagedInput(*staged) for staged in note]


# -- what goes where --------------------------------------------------------------------------


def _plan(each: Input, store: Store, own: bytes) -> Iterator[tuple[StagedInput, InputFile | None]]:
    if each.folder is not None:
        assert each.path is not None
        origin = origin_of(each.path, None, store)
        reference = Reference(None, origin, each.digest, each.size, is_folder=True)
        yield _link(each.folder, each.path, reference, None)._replace(files=each.count), None
        return
    for file in each.files:
        if file.is_staged:
            continue
        _require_unchanged(file)
        if each.link and file.path is not None:
            origin = origin_of(file.path, file.run, store)
            reference = Reference(file.run, origin, file.sha256, file.size, is_folder=False)
            link = _link(file.place, file.path, reference, file.mtime_ns)
            is_copied = file.place == own or _is_at_risk(each, file)
            yield (link._replace(target=None), file) if is_copied else (link, None)
        else:
            place = os.fsdecode(file.place)
            yield StagedInput(place, None, file.sha256, file.size, file.mtime_ns, None), file


def _is_at_risk(each: Input, file: InputFile) -> bool:
    """Whether the program could change through a link what another run made: root always can."""
    assert file.path is not None
    return file.run is not None and not each.is_shared and os.access(file.path, os.W_OK)


def _require_unchanged(file: InputFile) -> None:
    """Raises: RequestError for a file that was written to since it was measured."""
    if file.path is not None:
        found = file.path.stat()
        if (found.st_size, found.st_mtime_ns) != (file.size, file.mtime_ns):
            raise _changed(file.path)


def _changed(path: Path) -> RequestError:
    return RequestError(
        f"input '{clean(str(path))}' changed since it was measured", hint="start the run again"
    )


def _link(place: bytes, target: Path, reference: Reference, mtime_ns: int | None) -> StagedInput:
    return StagedInput(
        place=os.fsdecode(place),
        target=str(target),
        sha256=reference.digest,
        size=reference.size,
        mtime_ns=mtime_ns,
        reference=format_reference(reference).decode(),
    )


# -- on the disk ------------------------------------------------------------------------------


def _make_room(top: bytes, place: bytes) -> bytes:
    """The whole path of a place, its folders made; nothing is there, and no link on the way."""
    *names, last = place.split(b"/")
    folder = top
    for name in names:
        folder = os.path.join(folder, name)
        if not os.path.lexists(folder):
            os.mkdir(folder)
        elif os.path.islink(folder) or not os.path.isdir(folder):
            raise _in_the_way(place, folder)
    path = os.path.join(folder, last)
    if os.path.lexists(path):
        raise _in_the_way(place, path)
    return path


def _in_the_way(place: bytes, path: bytes) -> RequestError:
    there, name = clean(os.fsdecode(path)), clean(os.fsdecode(place))
    return RequestError(
        f"no room for the input '{name}': there is '{there}'",
        hint="give the dependency another 'target'",
    )


def _copy(file: InputFile, place: bytes, staged: StagedInput) -> None:
    """Write the content, with the time and rights of the file it comes from."""
    if file.path is None:
        assert file.content is not None
        with open(place, "xb") as new:
            new.write(file.content)
        return
    fresh = Path(os.fsdecode(place))
    if not clone_file(file.path, fresh):
        remove_file(fresh)
        _copy_bytes(file.path, fresh, file.sha256)
    os.chmod(place, stat.S_IMODE(file.path.stat().st_mode) | stat.S_IWUSR)
    assert staged.mtime_ns is not None
    os.utime(place, ns=(staged.mtime_ns, staged.mtime_ns))


def _copy_bytes(path: Path, place: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as old, place.open("xb") as new:
        while chunk := old.read(_CHUNK):
            digest.update(chunk)
            new.write(chunk)
    if digest.hexdigest() != sha256:
        raise _changed(path)
