"""Previews of the images that runs made: when a run is closed, and whenever somebody asks.

Source: docs/format.md, "Previews".
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.errors import GageError, RequestError
from git_gage.images.preview import check_preview
from git_gage.images.sizes import is_drawable
from git_gage.records import short_id
from git_gage.store.thumbs import MAX_PATH, MAX_PREVIEWS, Gallery, Preview, read_gallery

if TYPE_CHECKING:
    from git_gage.catalog import Catalog
    from git_gage.runs.files import RunFile
    from git_gage.store import Store

MAX_FILES = 10_000
# What closing a run may take: images, and seconds for all of them; and what a request may.
_AT_CLOSE, _ON_REQUEST = (20, 2.0), (MAX_PREVIEWS, 120.0)


class Added(NamedTuple):
    """Previews that are new; images that can't be read or are too large; whether all was tried;
    images without a preview that are not here."""

    previews: int = 0
    refused: int = 0
    whole: bool = True
    absent: int = 0


def can_draw() -> bool:
    """Whether Pillow is installed."""
    return find_spec("PIL") is not None


def add_at_close(store: Store, catalog: Catalog, run: str) -> list[str]:
    """Add previews of the first images of a run that has just ended; gives what went wrong.

    Nothing that happens here concerns the run: it is recorded.
    """
    if not can_draw():
        return []
    from git_gage.runs.files import has_images  # with all that reads inputs

    if not has_images(store.run_dir(run), MAX_FILES):
        return []
    try:
        catalog.refresh()
        document = catalog.document(run)
        assert document is not None, "its end has just been recorded"
        _add(store, catalog, document, frozenset(), *_AT_CLOSE)
    except (GageError, OSError) as error:
        return [f"run {short_id(run)} is recorded, but without previews of its images: {error}"]
    return []


def add_missing(store: Store, catalog: Catalog, run: str) -> Added:
    """Add the previews that no lane here has of the images of a run, whoever recorded it.

    Raises: RequestError where Pillow is not installed.
    """
    if not can_draw():
        raise RequestError("previews of images need Pillow", hint="pip install 'git-gage[thumbs]'")
    document = catalog.document(run)
    assert document is not None, f"the catalog named run {run}"
    return _add(store, catalog, document, find_gallery(store, catalog, run).known, *_ON_REQUEST)


def find_gallery(store: Store, catalog: Catalog, run: str) -> Gallery:
    """The previews of a run's images that are here, but of those that were taken out of it."""
    from git_gage.runs.withheld import read_withheld

    tips = store.read_thumb_tips()
    if not tips:
        return Gallery()
    records = catalog.records(run)
    begin = next(record for record in records if record.kind == "run.begin")
    gallery, withheld = read_gallery(store.repo, run, tips, begin.writer), read_withheld(records)
    previews = (each for each in gallery.previews if not withheld.takes(each.sha256))
    return gallery._replace(previews=tuple(previews))


def _add(
    store: Store,
    catalog: Catalog,
    document: Mapping[str, Any],
    known: frozenset[tuple[bytes, str]],
    most: int,
    seconds: float,
) -> Added:
    from git_gage.runs.files import list_images
    from git_gage.runs.withheld import read_withheld

    run = document["id"]
    top = os.fsencode(store.run_dir(run))
    withheld = read_withheld(catalog.records(run))
    images = [
        image
        for image in list_images(store, catalog, document, MAX_FILES)
        if not withheld.takes(image.sha256 or "")
    ]
    drawable = [each for each in images if is_drawable(each.path) and len(each.path) <= MAX_PATH]
    wanted = [each for each in drawable[:most] if not _is_known(top, each, known)]
    paths = [each.path for each in wanted if each.is_here]
    _lay_out(store, catalog, run, paths)
    drawn = list(_draw(top, paths, time.monotonic() + seconds))
    previews = tuple(preview for preview in drawn if preview is not None)
    if previews:
        store.add_galleries({run: Gallery(previews, len(images))})
    absent = len(wanted) - len(paths)
    return Added(len(previews), len(drawn) - len(previews), len(drawn) == len(paths), absent)


def _is_known(top: bytes, image: RunFile, known: frozenset[tuple[bytes, str]]) -> bool:
    if image.sha256 is not None:
        return (image.path, image.sha256) in known
    if not any(image.path == each for each, _ in known):
        return False
    try:
        with open(os.path.join(top, image.path), "rb") as file:
            return (image.path, hashlib.file_digest(file, "sha256").hexdigest()) in known
    except OSError:
        return False


def _lay_out(store: Store, catalog: Catalog, run: str, paths: Sequence[bytes]) -> None:
    """Let images that are in git or in the sidecar alone lie in the run's directory, too."""
    from git_gage.runs.files import read_filed
    from git_gage.runs.placing import place_file

    filed = read_filed(store, catalog, run) if paths else None
    if filed is not None:
        for entry in filed.manifest.generated:
            if entry.path in paths:
                place_file(store, filed, entry)


def _draw(top: bytes, paths: Sequence[bytes], end_s: float) -> Iterator[Preview | None]:
    """A preview of each image, None where it is refused; fewer if that takes too long.

    An image that ends the process that decodes it is refused, and the next ones have another.
    """
    left = list(paths)
    while left and (seconds := end_s - time.monotonic()) > 0:
        answers = _ask([os.path.join(top, path) for path in left], seconds)
        yield from map(_read_answer, left, answers)
        left = left[len(answers) :]
        if left:
            yield None
            del left[0]


def _ask(paths: Sequence[bytes], seconds: float) -> list[Any]:
    """What the process that knows Pillow answers, image by image, as far as it comes.

    Raises: GageError where it does not even start.
    """
    command = (sys.executable, "-P", "-m", "git_gage.images.draw")
    asked = b"".join(path + b"\0" for path in paths)
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        return _whole_lines(error.stdout or b"")
    if done.returncode > 0:
        words = done.stderr.decode(errors="replace").splitlines()
        raise GageError(f"draw previews: {words[-1] if words else 'the process failed'}")
    return _whole_lines(done.stdout)


def _whole_lines(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def _read_answer(path: bytes, answer: Any) -> Preview | None:
    if answer is None:
        return None
    content = b64decode(answer.pop("preview"))
    # What no reader takes need not be written.
    return Preview(path, content=content, **answer) if check_preview(content) else None
