"""Who signs records, and with what: git's key, else a local one, else nobody.

Source: docs/format.md, "Signatures"; git's gpg-interface.c for which key is git's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from git_gage.git.known import ALWAYS, NEVER
from git_gage.records import Record, sign_record
from git_gage.trust.errors import SigningError
from git_gage.trust.settings import KEY_COMMAND, SSH, TrustSettings

if TYPE_CHECKING:
    from git_gage.trust.keys import PublicKey, SigningKey

NAMESPACE = "gage-record@v1"

_CONFIGURE = "git config --global user.signingKey <key>"


class Person(Protocol):
    """Whoever gave the command."""

    @property
    def terminal(self) -> bool:
        """Whether they can be asked, at this moment."""
        ...

    def ask_secret(self, question: str) -> str:
        """Their answer, which nobody sees."""
        ...

    def note(self, text: str) -> None:
        """Let them know something."""
        ...

    def warning(self, text: str) -> None:
        """Let them know something that should be looked at."""
        ...


class Wish(NamedTuple):
    """What the command line says of signing.

    sign: whether; None leaves it to `gage.sign`. key: with which key, as `user.signingKey` has it.
    """

    sign: bool | None = None
    key: str | None = None


class Signer(NamedTuple):
    """What signs the records of this command.

    form: `ssh`, `openpgp` or `x509`. name: the key, as people are told; of SSH its fingerprint.
    means: what makes the signature. reason: why this key. public: the key itself, of SSH only.
    sign: the text of a signature over bytes; raises SigningError.
    raw: what signs bytes in no text form of ours; None for a key behind a program.
    """

    form: str
    name: str
    means: str
    reason: str
    public: PublicKey | None
    sign: Callable[[bytes], str]
    raw: SigningKey | None = None

    @property
    def key(self) -> str | None:
        """What `by.key` of a record says: the fingerprint of an SSH key."""
        return None if self.public is None else self.name

    def sign_record(self, record: Record) -> Record:
        """The record with its signature.

        Raises: SigningError.
        """
        return sign_record(record, self.sign(record.payload))


class Unsigned(NamedTuple):
    """Nothing signs the records of this command."""

    reason: str

    @property
    def key(self) -> None:
        """No key."""

    def sign_record(self, record: Record) -> Record:
        """The record as it is."""
        return record


def choose_signer(
    settings: TrustSettings, wish: Wish, person: Person, *, make: bool = True
) -> Signer | Unsigned:
    """What signs: the key that git would sign with, else the local key, which `make` makes now.

    Raises: SigningError where a key was named and cannot be used, or where signing is a must and
    there is nothing to sign with.
    """
    sign, reason = _read_wish(settings, wish)
    if sign == NEVER:
        return Unsigned(reason)
    found = _open_git_key(settings, wish, person) or _open_local_key(settings, person, make=make)
    if isinstance(found, Unsigned) and sign == ALWAYS:
        raise SigningError(f"nothing to sign with: {found.reason}", hint=_CONFIGURE)
    return found


def _read_wish(settings: TrustSettings, wish: Wish) -> tuple[str, str]:
    if wish.sign is not None:
        return (ALWAYS, "--sign") if wish.sign else (NEVER, "--no-sign")
    setting = settings.sign_setting
    place = f" (in {setting.place})" if setting else ""
    return settings.sign, f"gage.sign is {settings.sign}{place}"


def _open_git_key(settings: TrustSettings, wish: Wish, person: Person) -> Signer | None:
    """The key that the command line or git's config names; None if neither does."""
    if wish.key is not None:
        return _open_key(_fit_form(settings, wish.key), wish.key, "--sign", person)
    if settings.signing_key is not None:
        setting = settings.signing_key
        return _open_key(settings, setting.value, f"user.signingKey (in {setting.place})", person)
    if settings.form != SSH:
        return None
    _warn_of_ignored(settings, person, KEY_COMMAND)
    if KEY_COMMAND not in settings.programs:
        return None
    from git_gage.trust.ssh_key import ask_key_command

    command = settings.programs[KEY_COMMAND]
    reason = f"gpg.ssh.defaultKeyCommand (in {command.place})"
    return _open_key(settings, ask_key_command(settings, command.value), reason, person)


def _fit_form(settings: TrustSettings, key: str) -> TrustSettings:
    """A key that is plainly one of SSH needs no `gpg.format`."""
    from git_gage.trust.ssh_key import is_literal

    plain = is_literal(key) or settings.path(key).exists()
    return settings._replace(form=SSH) if plain else settings


def _open_key(settings: TrustSettings, text: str, reason: str, person: Person) -> Signer:
    try:
        return _open(settings, text, reason, person)
    except SigningError as error:
        error.hint = error.hint or f"{reason} names it; '--no-sign' records without a signature"
        raise


def _open(settings: TrustSettings, text: str, reason: str, person: Person) -> Signer:
    _warn_of_ignored(settings, person, settings.form)
    if settings.form == SSH:
        from git_gage.trust.ssh_key import open_ssh_key

        key = open_ssh_key(settings, text, NAMESPACE, person)
        return Signer(SSH, key.public.fingerprint, key.means, reason, key.public, key.sign, key.raw)
    from git_gage.trust.programs import find_program, sign_with_program

    def sign(payload: bytes) -> str:
        return sign_with_program(settings, text, payload, terminal=person.terminal)

    means = f"program '{find_program(settings, settings.form)}'"
    return Signer(settings.form, text, means, reason, None, sign)


def _warn_of_ignored(settings: TrustSettings, person: Person, program: str) -> None:
    setting = settings.ignored.get(program)
    if setting is not None:
        person.warning(
            f"'{setting.value}' is not run: {setting.key} counts in your own config,"
            f" not in {setting.place}"
        )


# -- the local key ---------------------------------------------------------------------------------


def _open_local_key(settings: TrustSettings, person: Person, *, make: bool) -> Signer | Unsigned:
    environ = settings.environ
    from git_gage.trust.local_key import find_place, is_ci, make_local_key, open_local_key

    if is_ci(environ):
        return Unsigned("CI is set, and git's config names no key")
    from git_gage.trust.ssh_key import sign_here

    path = find_place(environ)
    if path is None:
        return Unsigned("there is no home to keep a key in, and git's config names none")
    if path.exists():
        key = open_local_key(path, environ, person)
    elif not make:
        return Unsigned("git's config names no key; one is made with the first record")
    else:
        try:
            key = make_local_key(path, person)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            return Unsigned(f"no key can be kept in '{path.parent}': {reason}")

    def sign(payload: bytes) -> str:
        return sign_here(key, payload, NAMESPACE)

    reason = "git's config names no key"
    return Signer(SSH, key.public.fingerprint, f"file '{path}'", reason, key.public, sign, key)
