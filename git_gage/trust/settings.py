"""What git's config says of signatures: what to sign with, and whom to trust.

Source: git-config(1), "gpg.*", "user.signingKey"; git's gpg-interface.c.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from git_gage.errors import ConfigError
from git_gage.git.known import AUTO, read_valid
from git_gage.git.settings import fold_key

if TYPE_CHECKING:
    from git_gage.git import Repository
    from git_gage.git.settings import Setting, Settings

SSH, OPENPGP, X509 = "ssh", "openpgp", "x509"

# Of equal names the one that git meets last counts; for OpenPGP there are two.
KEY_COMMAND = "key command"
_PROGRAMS = {
    SSH: ("gpg.ssh.program",),
    OPENPGP: ("gpg.program", "gpg.openpgp.program"),
    X509: ("gpg.x509.program",),
    KEY_COMMAND: ("gpg.ssh.defaultKeyCommand",),
}
# Whoever hands over a repository with its git directory writes these two.
_PLANTED = ("local", "worktree")


class TrustSettings(NamedTuple):
    """`gage.sign`, and git's own settings of signatures.

    sign: `auto`, `always` or `never`; `sign_setting` is where that is said, None by default.
    form: `ssh`, `openpgp` or `x509`, as `gpg.format` has it.
    programs: what git would run, by form, and `gpg.ssh.defaultKeyCommand` as `KEY_COMMAND`: only
    where a config outside of the repository says so. ignored: what the repository's own config says
    in their place; that is never run.
    environ: that of the command. base: where relative paths begin.
    """

    sign: str
    sign_setting: Setting | None
    form: str
    signing_key: Setting | None
    programs: Mapping[str, Setting]
    ignored: Mapping[str, Setting]
    allowed_signers: Setting | None
    revoked: Setting | None
    min_trust: Setting | None
    environ: Mapping[str, str]
    base: Path

    def path(self, text: str) -> Path:
        """A path in a setting, as git reads it: `~` is home, relative is from the work tree."""
        start, _, rest = text.partition("/")
        if start.startswith("~"):
            home = self.environ.get("HOME") if start == "~" else None
            return Path(home or os.path.expanduser(start), rest)
        return self.base / text


def read_trust_settings(repo: Repository) -> TrustSettings:
    """What git's config says where the command was given, `git -c` and the environment included.

    Raises: ConfigError for a value that cannot be; GitError where git cannot read its config.
    """
    settings = repo.settings
    named = {form: _find_all(settings, keys) for form, keys in _PROGRAMS.items()}
    return TrustSettings(
        sign=read_valid(settings, "gage.sign") or AUTO,
        sign_setting=settings.find("gage.sign"),
        form=_read_form(settings),
        signing_key=_filled(settings.find("user.signingKey")),
        programs=_pick_last(named, planted=False),
        ignored=_pick_last(named, planted=True),
        allowed_signers=_filled(settings.find("gpg.ssh.allowedSignersFile")),
        revoked=_filled(settings.find("gpg.ssh.revocationFile")),
        min_trust=_filled(settings.find("gpg.minTrustLevel")),
        environ=repo.environ,
        base=repo.work_tree or repo.cwd,
    )


def _read_form(settings: Settings) -> str:
    found = settings.find("gpg.format")
    if found is None:
        return OPENPGP
    if found.value not in (OPENPGP, X509, SSH):
        raise ConfigError(
            f"'gpg.format' is '{found.value}' (in {found.place})",
            hint="it can be openpgp, x509 or ssh: git config --global gpg.format ssh",
        )
    return found.value


def _filled(setting: Setting | None) -> Setting | None:
    return setting if setting is not None and setting.value else None


def _find_all(settings: Settings, keys: tuple[str, ...]) -> list[Setting]:
    wanted = {fold_key(key) for key in keys}
    return [each for each in settings.entries if each.key in wanted and each.value]


def _pick_last(named: Mapping[str, list[Setting]], *, planted: bool) -> dict[str, Setting]:
    """The last of each that can come with a repository, or of each that cannot."""
    return {
        form: each
        for form, found in named.items()
        for each in found
        if (each.scope in _PLANTED) == planted
    }
