"""The files that say whom to trust, in their order; git's own are read and never written.

Source: docs/format.md, "Trust files".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.trust.errors import SignatureError, SigningError, UnsupportedError
from git_gage.trust.keys import PublicKey, read_public_key
from git_gage.trust.ledger import replace_file
from git_gage.trust.lines import Fault
from git_gage.trust.local_key import find_place
from git_gage.trust.private import read_public_half
from git_gage.trust.revoked import Revoked
from git_gage.trust.rules import Own, Revocations, Rules
from git_gage.trust.settings import SSH, TrustSettings
from git_gage.trust.signers import AllowedSigners
from git_gage.trust.ssh_key import is_literal
from git_gage.trust.stamp import look_at

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.git.settings import Setting

# Whoever hands over a repository with its git directory writes these.
_PLANTED = ("local", "worktree")
SIGNERS, REVOKED = "allowed_signers", "revoked_keys"


class Source(NamedTuple):
    """A file; `setting` is git's name for it, None for one of ours, which commands write."""

    path: Path
    setting: str | None


class Sources(NamedTuple):
    """`clone` and `user` are the folders that hold our own files."""

    signers: tuple[Source, ...]
    revoked: tuple[Source, ...]
    clone: Path
    user: Path | None


def find_sources(repo: Repository, settings: TrustSettings) -> Sources:
    """Where the files are, or would be."""
    clone, user = repo.gage_dir, user_folder(repo.environ)
    folders = [clone] if user is None else [clone, user]
    return Sources(
        signers=tuple(
            _list(settings, settings.allowed_signers, [each / SIGNERS for each in folders])
        ),
        revoked=tuple(_list(settings, settings.revoked, [each / REVOKED for each in folders])),
        clone=clone,
        user=user,
    )


def read_signers(sources: Iterable[Source]) -> list[tuple[Source, AllowedSigners]]:
    """What the files allow; one that cannot be read allows nobody, and is a fault of its own."""
    return [(source, _read(source)) for source in sources]


def load_rules(sources: Sources, own: Own) -> tuple[Rules, list[str]]:
    """All files together, and what is wrong in them."""
    found = read_signers(sources.signers)
    lines = [line for _, signers in found for lines in signers.lines.values() for line in lines]
    faults = [str(fault) for _, signers in found for fault in signers.faults]
    revocations: list[Revocations] = []
    for source in sources.revoked:
        try:
            revocations.append(Revoked.load(source.path))
        except FileNotFoundError:
            if source.setting is not None:  # git warns, too, and goes on
                faults.append(f"{source.path}: {source.setting} names a file that is not there")
        except OSError as error:
            revocations.append(Unreadable(source.path, error.strerror or str(error)))
    return Rules(lines, revocations, own), faults


class Unreadable:
    """A list of revoked keys that cannot be read: of no key can be said that it is not there."""

    def __init__(self, path: Path, reason: str) -> None:
        self._reason = f"the list of revoked keys '{path}' cannot be read: {reason}"

    def is_revoked(self, _: PublicKey) -> bool:
        raise UnsupportedError(self._reason)


def read_own_keys(settings: TrustSettings, environ: Mapping[str, str]) -> list[PublicKey]:
    """This user's keys of SSH: the local one, then git's signing key.

    A key that the repository's own config names must be held here: whoever hands a repository over
    may have written there what they like.
    """
    local = find_place(environ)
    found = [_try_read(local)] if local is not None else []
    setting = settings.signing_key
    if settings.form == SSH and setting is not None:
        path = None if is_literal(setting.value) else settings.path(setting.value)
        key = _try_read(path) if path is not None else _try_parse(setting.value)
        if key is not None and (setting.scope not in _PLANTED or _is_held(key, path, environ)):
            found.append(key)
    return [key for key in found if key is not None]


def read_key_file(path: Path) -> PublicKey:
    """The public key in a file, which may hold the private half as well.

    Raises: OSError; SigningError, SignatureError or UnsupportedError for what is no such file.
    """
    text = path.read_text(errors="replace")
    return read_public_half(path) if "PRIVATE KEY" in text else read_public_key(text.strip())


def list_files(repo: Repository, sources: Sources) -> list[Path]:
    """All files that verdicts hang on, those of git's config among them."""
    config = {Path(each.origin) for each in repo.settings.entries if each.origin is not None}
    home = repo.environ.get("HOME", "")
    may_come = [repo.common_dir / "config", Path(home, ".gitconfig")]
    local = find_place(repo.environ)
    trusted = [source.path for source in (*sources.signers, *sources.revoked)]
    keys = [] if local is None else [local]
    return sorted({*config, *may_come, *trusted, *keys})


def note_stamp(path: Path, files: Iterable[Path]) -> None:
    """Remember how the files look now. Where nothing can be written no change is seen."""
    try:
        replace_file(path, json.dumps(look_at(files)))
    except OSError:
        pass  # whoever asks for verdicts themselves has them as they are


def _list(settings: TrustSettings, setting: Setting | None, ours: list[Path]) -> list[Source]:
    theirs = [] if setting is None else [Source(settings.path(setting.value), setting.key)]
    return [*theirs, *(Source(path, None) for path in ours)]


def _read(source: Source) -> AllowedSigners:
    try:
        text = source.path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        text = ""
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return AllowedSigners({}, (Fault(str(source.path), 1, reason),))
    return AllowedSigners.parse(text, str(source.path))


def user_folder(environ: Mapping[str, str]) -> Path | None:
    """Where the user's own trust files are; None without a home."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "git-gage"
    home = environ.get("HOME", "")
    return Path(home, ".config", "git-gage") if home else None


def _try_read(path: Path) -> PublicKey | None:
    """The key of a file, or of the one beside a private half; None where there is none.

    What is wrong with it git says when it signs; here it is only a key that is nobody's.
    """
    beside = path.with_name(f"{path.name}.pub")
    for place in (beside, path):
        try:
            return read_key_file(place)
        except (OSError, SigningError, SignatureError, UnsupportedError):
            continue
    return None


def _try_parse(text: str) -> PublicKey | None:
    try:
        return read_public_key(text)
    except (SignatureError, UnsupportedError):
        return None


def _is_held(key: PublicKey, path: Path | None, environ: Mapping[str, str]) -> bool:
    """Whether the private half is in its file, or in the agent."""
    if path is not None and path.with_name(path.name.removesuffix(".pub")).exists():
        return True
    socket = environ.get("SSH_AUTH_SOCK")
    if not socket:
        return False
    from git_gage.trust.agent import list_agent_keys

    try:
        return any(held.plain == key.plain for held in list_agent_keys(Path(socket)))
    except SigningError:
        return False  # nobody answers there
