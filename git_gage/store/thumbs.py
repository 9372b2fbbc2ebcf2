"""Previews of the images of runs, in a tree of their own beside a lane's records.

No record binds them: what others say of a run's images is data from strangers, and is checked.
Source: docs/format.md, "Previews".
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from git_gage.images.preview import MAX_BYTES, check_preview
from git_gage.records import encode_path
from git_gage.store import layout

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.store.lane import Epoch, Lane
    from git_gage.store.layout import LaneRef

# Of one run; and bytes of one path.
MAX_PREVIEWS, MAX_PATH = 100, 1000

_INDEX, _INDEX_BYTES = "index.json", 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_NUMBER = 1 << 53


class Preview(NamedTuple):
    """A small PNG, and of which image it is.

    `path` is below the run's directory; `sha256`, `size` (bytes), `width` and `height` are of the
    whole image, as whoever made the preview says.
    """

    path: bytes
    sha256: str
    size: int
    width: int
    height: int
    content: bytes = b""


class Gallery(NamedTuple):
    """Previews of the images of one run, by path; `images` is how many images it has in all.

    `known` are path and sha256 of all images that any lane has a preview of.
    """

    previews: tuple[Preview, ...] = ()
    images: int = 0
    known: frozenset[tuple[bytes, str]] = frozenset()


def read_gallery(repo: Repository, run: str, tips: Mapping[str, str], writer: str) -> Gallery:
    """What all lanes have of a run; where they differ, the same in each clone.

    `tips` are refs of lanes with their commits; `writer` is the lane that the run was recorded in.
    """
    folders = {f"{oid}:{folder_of(run)}": layout.parse_ref(name) for name, oid in tips.items()}
    galleries = dict(_read_folders(repo, list(folders)))
    ranked = [
        (_rank(folders[folder], writer), preview)
        for folder, gallery in galleries.items()
        for preview in gallery.previews
    ]
    best = {preview.path: preview for _, preview in sorted(ranked)}
    images = max((gallery.images for gallery in galleries.values()), default=0)
    known = frozenset((preview.path, preview.sha256) for _, preview in ranked)
    return _gallery(best, images)._replace(known=known)


def add_galleries(lane: Lane, epoch: Epoch, galleries: Mapping[str, Gallery]) -> Epoch:
    """Put previews of runs (by id) into a lane, beside those that it has of them."""
    folders = {run: f"{epoch.thumbs}:{folder_of(run)}" for run in galleries}
    held = dict(_read_folders(lane.repo, list(folders.values()) if epoch.thumbs else ()))
    files: dict[str, bytes] = {}
    for run, gallery in galleries.items():
        before = held.get(folders[run], Gallery())
        known = {preview.path: preview for preview in (*before.previews, *gallery.previews)}
        both = _gallery(known, max(before.images, gallery.images))
        files |= {_file_of(run, each): each.content for each in both.previews}
        files[f"{folder_of(run)}/{_INDEX}"] = _format_index(both)
    return lane.add_thumbs(epoch, list(files.items()))


def folder_of(run: str) -> str:
    """Where a run's previews lie in the tree: so that no folder in it becomes large."""
    return f"{run[10]}/{run[11]}/{run}"


def _file_of(run: str, preview: Preview) -> str:
    return f"{folder_of(run)}/{preview.sha256}.png"


def _rank(found: LaneRef | None, writer: str) -> tuple[bool, tuple[str, int]]:
    """Whose word counts more: first the recorder's own, then what was said later."""
    assert found is not None
    return found.lane == writer, layout.epoch_order(found.epoch)


def _gallery(by_path: Mapping[bytes, Preview], images: int) -> Gallery:
    paths = sorted(by_path)[:MAX_PREVIEWS]
    return Gallery(tuple(by_path[path] for path in paths), max(images, len(paths)))


def _read_folders(repo: Repository, folders: Sequence[str]) -> Iterator[tuple[str, Gallery]]:
    """The gallery in each of the folders (`<commit>:<path>`) that are there."""
    indexes = _read_small(repo, [f"{folder}/{_INDEX}" for folder in folders], _INDEX_BYTES)
    said = {name.removesuffix(f"/{_INDEX}"): _parse_index(text) for name, text in indexes.items()}
    names = {
        f"{folder}/{preview.sha256}.png": None
        for folder, gallery in said.items()
        for preview in gallery.previews
    }
    pictures = {
        name: content
        for name, content in _read_small(repo, list(names), MAX_BYTES).items()
        if check_preview(content) is not None
    }
    for folder, gallery in said.items():
        here = [
            preview._replace(content=content)
            for preview in gallery.previews
            if (content := pictures.get(f"{folder}/{preview.sha256}.png")) is not None
        ]
        yield folder, gallery._replace(previews=tuple(here))


def _read_small(repo: Repository, names: Sequence[str], most: int) -> dict[str, bytes]:
    """Blobs by the names git finds them by; left out are those that are not here, or larger."""
    read = repo.read_readable(names, "blob", most)
    return {found.name: found.content for found in read if found.content is not None}


def _format_index(gallery: Gallery) -> bytes:
    entries = [
        {
            "path": encode_path(preview.path),
            "sha256": preview.sha256,
            "size": preview.size,
            "width": preview.width,
            "height": preview.height,
        }
        for preview in gallery.previews
    ]
    body = {"images": gallery.images, "previews": entries}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _parse_index(content: bytes) -> Gallery:
    """What an index says, without what makes no sense in it."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return Gallery()
    entries = body.get("previews") if type(body) is dict else None
    if type(entries) is not list or not _is_number(body.get("images")):
        return Gallery()
    parsed = (_parse_entry(entry) for entry in entries[:MAX_PREVIEWS] if type(entry) is dict)
    return Gallery(tuple(preview for preview in parsed if preview is not None), body["images"])


def _parse_entry(entry: Mapping[str, Any]) -> Preview | None:
    path, sha256 = _parse_path(entry.get("path")), entry.get("sha256")
    numbers = [entry[key] for key in ("size", "width", "height") if _is_number(entry.get(key))]
    if path is None or type(sha256) is not str or not _SHA256.fullmatch(sha256):
        return None
    return Preview(path, sha256, *numbers) if len(numbers) == 3 else None


def _parse_path(value: Any) -> bytes | None:
    """A path that stays below a run's directory."""
    text = value.get("b64") if type(value) is dict else value
    if type(text) is not str:
        return None
    try:
        path = text.encode() if text is value else b64decode(text, validate=True)
    except ValueError:
        return None
    parts = path.split(b"/")
    sound = len(path) <= MAX_PATH and b"\0" not in path
    return path if sound and not {b"", b".", b".."} & set(parts) else None


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER
