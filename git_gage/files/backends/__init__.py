"""Where large files go: directories, LFS servers, what rclone reaches, what fsspec reaches.

Source: docs/storage.md; docs/decisions/0027.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from git_gage.files.meter import Meter
    from git_gage.files.sidecar import Sidecar


class Backend(Protocol):
    """A place for large files by their content; `wanted` is sha256 → size in bytes.

    All raise RemoteError where the place is away or refuses; what had arrived by then is kept.
    """

    shown: str

    def held(self, wanted: Mapping[str, int]) -> set[str]:
        """Those that are there now: the place is asked, nothing is taken for granted."""

    def require_ready(self, size: int) -> None:
        """See that so many bytes can be sent, as far as that can be told before."""

    def send(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> None:
        """Put objects of the sidecar there.

        Raises: IntegrityError where one is not, or is no longer, what its name says.
        """

    def bring(self, wanted: Mapping[str, int], sidecar: Sidecar, meter: Meter) -> set[str]:
        """Take objects into the sidecar; those that are not there.

        Raises: IntegrityError where one arrives as something else.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Take objects away there, as far as they are there.

        Raises: RequestError where that place cannot do so.
        """


class Notes(Backend, Protocol):
    """A backend that keeps short notes as well, by names (`a/b`), each there whole or not at all.

    All raise RemoteError where the place is away or refuses.
    """

    def list_names(self, folder: str) -> list[str]:
        """Names of the notes below a folder, from there; none where there is no such folder."""

    def put_note(self, name: str, content: bytes) -> None:
        """Put a note there, or in place of one."""

    def remove_notes(self, names: Iterable[str]) -> None:
        """Take notes away, as far as they are there."""
