"""Large files on what the fsspec library reaches: S3, GCS, Azure and more, by a URL.

Source: filesystem-spec.readthedocs.io, "API Reference".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from git_gage.errors import GageError, RemoteError, RequestError
from git_gage.files.meter import HaltedError, Meter
from git_gage.files.streams import FULL, in_parallel, read_blocks, receive, send_blocks

if TYPE_CHECKING:
    from git_gage.files.sidecar import Sidecar

# S3 takes 10,000 parts, none but the last smaller than 5 MiB.
_PART, _MOST_PARTS = 8 << 20, 9000
_FLAT = frozenset(("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "b2", "hf"))
_LIBRARIES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az"), "adlfs"),
}
_GET = "get files from"
_PLACES = "<path, rclone:... or s3://...>"
_ANOTHER = f"name another place: git gage config set gage.repo.<name>.files {_PLACES}"
_T = TypeVar("_T")


class FsspecBackend:
    """A folder by its URL. What is there counts by name and size; it comes to be there whole."""

    def __init__(self, url: str, shown: str) -> None:
        self.shown = shown
        self._fs, root = _open(url, shown)
        self._root = root.rstrip("/")
        # To make a folder there may be to make a bucket, which costs money and is anybody's.
        kinds = self._fs.protocol
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        self._has_folders = _FLAT.isdisjoint(kinds)
        # What is kept at Hugging Face begins with its kind.
        self._bucket = None if self._has_folders or "hf" in kinds else root.split("/")[0]

    def held(self, wanted: Mapping[str, int]) -> set[str]:
        found: set[str] = set()
        self._fs.invalidate_cache()

        def look(sha256: str) -> None:
            if self._size(sha256) == wanted[sha256]:
                found.add(sha256)

        meter = Meter(0, lambda _: None)
        self._try("ask", lambda: in_parallel(wanted, look, meter))
        return found

    def require_ready(self, size: int) -> None:  # noqa: ARG002 - the Protocol's
        def look() -> None:
            try:
                self._fs.info(self._bucket)
            except PermissionError:
                pass  # whoever may write there alone is not told
            except FileNotFoundError as error:
                raise RemoteError(
                    f"send files to '{self.shown}': there is no bucket '{self._bucket}'",
                    hint="make it, or name another place: git gage config set "
                    "gage.repo.<name>.files <url>",
                ) from error

        if self._bucket is not None:
            self._try("send files to", look)

    def send(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> None:
        def send(sha256: str) -> None:
            size = wanted[sha256]
            part = max(_PART, size // _MOST_PARTS)
            if self._has_folders:
                self._fs.makedirs(self._path(sha256).rpartition("/")[0], exist_ok=True)
            file = self._fs.open(self._path(sha256), "wb", block_size=part, autocommit=False)
            try:
                for block in send_blocks(sidecar, sha256, size, meter):
                    file.write(block)
                file.close()
            except BaseException:
                file.discard()
                raise
            file.commit()

        self._try("send files to", lambda: in_parallel(wanted, send, meter))

    def bring(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> set[str]:
        there = self.held(wanted)

        def bring(sha256: str) -> None:
            def open_at(offset: int) -> Iterator[memoryview]:
                with self._fs.open(self._path(sha256), "rb", block_size=_PART) as file:
                    file.seek(offset)
                    yield from read_blocks(file, sha256, meter, offset)

            try:
                receive(sidecar, sha256, wanted[sha256], open_at)
            except FileNotFoundError:
                gone.add(sha256)  # since it was asked for

        gone: set[str] = set()
        self._try(_GET, lambda: in_parallel(there, bring, meter))
        return set(wanted) - there | gone

    def remove(self, names: Iterable[str]) -> None:
        self._remove(map(self._path, names))

    def list_names(self, folder: str) -> list[str]:
        top = f"{self._root}/{folder}/"
        self._fs.invalidate_cache()
        found: list[str] = self._try("ask", lambda: self._fs.find(top))
        return [path.removeprefix(top) for path in found]

    def put_note(self, name: str, content: bytes) -> None:
        path = f"{self._root}/{name}"

        def put() -> None:
            if self._has_folders:
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(path, content)

        self._try("send files to", put)

    def remove_notes(self, names: Iterable[str]) -> None:
        self._remove(f"{self._root}/{name}" for name in names)

    def _remove(self, paths: Iterable[str]) -> None:
        def remove() -> None:
            for path in paths:
                try:
                    self._fs.rm_file(path)
                except FileNotFoundError:
                    pass

        self._try("remove files from", remove)

    def _path(self, sha256: str) -> str:
        return f"{self._root}/objects/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def _size(self, sha256: str) -> int | None:
        try:
            found = self._fs.info(self._path(sha256))
        except FileNotFoundError:
            return None
        size = found.get("size")
        return size if found.get("type") == "file" else None

    def _try(self, attempt: str, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except (GageError, HaltedError):
            raise
        except NotImplementedError as error:
            raise RequestError(
                f"{attempt} '{self.shown}': a place of this kind cannot do that",
                hint=_ANOTHER,
            ) from error
        except Exception as error:
            if attempt == _GET and isinstance(error, OSError) and error.errno in FULL:
                raise  # it is the disk here
            # Each of these file systems raises what the library below it does.
            lines = str(error).splitlines() or [type(error).__name__]
            raise RemoteError(
                f"{attempt} '{self.shown}': {lines[0]}",
                hint="nothing was lost, and what has arrived is kept: try again once that is "
                "settled",
            ) from error


def _open(url: str, shown: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise RequestError(
            f"reach '{shown}': that needs fsspec", hint="pip install 'git-gage[fsspec]'"
        ) from error
    # A line that breaks is told by what fails of it: Python would print tracebacks besides.
    logging.getLogger("asyncio").addHandler(logging.NullHandler())
    try:
        fs, root = url_to_fs(url)
    except (ImportError, ValueError) as error:
        hint = _ANOTHER
        if isinstance(error, ImportError) and (library := _LIBRARIES.get(url.partition("://")[0])):
            hint = f"pip install {library}"
        raise RequestError(f"reach '{shown}': {error}", hint=hint) from error
    return fs, root
