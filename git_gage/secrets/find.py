"""Where secrets were found, and the refusal to go on with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from git_gage.errors import GageError
from git_gage.secrets.scan import find_secrets

_SHOWN = 10
HINT = "leave it out, or give '--allow-secrets' if it is none"


class Sighting(NamedTuple):
    """A secret: where it is, and of what kind it is; never what it is."""

    where: str
    kind: str


class SecretsFoundError(GageError):
    """The answer is no: what was to be recorded or sent holds secrets."""

    exit_code = 1


def find_in_text(text: str | bytes, where: str) -> Iterator[Sighting]:
    """Secrets in a text that is called `where`."""
    data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return (Sighting(where, found.kind) for found in find_secrets(data))


def find_in_lines(data: bytes, where: str, *, first: int = 1) -> Iterator[Sighting]:
    """Secrets in a file as `where:LINE`; `first` is the number of its first line."""
    for found in find_secrets(data):
        number = first + data.count(b"\n", 0, found.start)
        yield Sighting(f"{where}:{number}", found.kind)


def require_no_secrets(text: str, where: str) -> None:
    """Refuse a text that people wrote and that others will read; `where` says what it is.

    Raises: SecretsFoundError that names the kind, never the secret.
    """
    require_none(find_in_text(text, where))


def require_none(sightings: Iterable[Sighting], hint: str = HINT) -> None:
    """Refuse to go on where anything was found.

    Raises: SecretsFoundError that lists it.
    """
    found = list(dict.fromkeys(sightings))
    if not found:
        return
    lines = [f"{each.where}: {each.kind}" for each in found[:_SHOWN]]
    if len(found) == 1:
        raise SecretsFoundError(f"this looks like a secret: {lines[0]}", hint=hint)
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN:,} more")
    told = [f"these {len(found):,} look like secrets:", *lines]
    raise SecretsFoundError("\n  ".join(told), hint=hint)
