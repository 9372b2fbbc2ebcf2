"""Which key somebody means, and what is known of it: for `git gage trust`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.cli.app import App
    from git_gage.trust.keys import PublicKey
    from git_gage.trust.signers import Line
    from git_gage.trust.sources import Source, Sources

_LIST = "see 'git gage trust list'"


def read_moment(text: str, option: str) -> float:
    """Unix seconds of a date or a date and time; without a zone it is UTC."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"'{option}' needs a date such as 2027-01-31, not '{text}'"
        raise click.UsageError(message) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def read_key(cwd: Path, text: str) -> PublicKey:
    """The key in a text, or in the file that it names.

    Raises: RequestError.
    """
    from git_gage.trust.errors import SignatureError, SigningError, UnsupportedError
    from git_gage.trust.keys import read_public_key
    from git_gage.trust.sources import read_key_file

    try:
        if len(text.split()) > 1 and not (cwd / text).exists():
            return read_public_key(text)
        return read_key_file(cwd / text)
    except OSError as error:
        raise RequestError(
            f"no key in '{text}': {(error.strerror or str(error)).lower()}",
            hint="give a '.pub' file, or its text: 'ssh-ed25519 AAAA...'",
        ) from error
    except (SignatureError, UnsupportedError, SigningError) as error:
        raise RequestError(f"read key '{text}': {error}") from error


def find_fingerprint(app: App, text: str) -> str:
    """The fingerprint of the key that is meant: by itself, by its text or file, by whose it is.

    Raises: RequestError where none is, or several are.
    """
    if text.startswith("SHA256:"):
        return text
    lines = [line for line in list_lines(app, own=False) if line.patterns == text]
    found = {line.key.fingerprint for line in lines}
    if len(found) > 1:
        raise RequestError(f"'{text}' has {len(found)} keys, and one is needed", hint=_LIST)
    return found.pop() if found else read_key(app.cwd, text).fingerprint


def find_signer_of(
    app: App, run: str, who: str | None, fingerprint: str | None
) -> tuple[str, PublicKey]:
    """Who began a run, or `who` of those that wrote about it, with the key that signed for them.

    Raises: RequestError where there is none, or there are several.
    """
    from git_gage.records import short_id
    from git_gage.trust.sshsig import BEGIN, read_signature

    (chosen,) = app.select([run])[:1]
    records = list(app.catalog.record_lines([chosen]))
    good = [each for each in app.judge.judge(records) if each.key and each.state in "GUYM"]
    if who is None:
        who = next((each.claimed for each in good if each.kind == "run.begin"), None)
    ids = {each.record: each.key for each in good if each.claimed == who}
    keys = {
        key.fingerprint: key
        for record in records
        if record.id in ids and record.sig is not None and record.sig.startswith(BEGIN)
        if (key := read_signature(record.sig).key).fingerprint == ids[record.id]
    }
    if fingerprint in keys:
        keys = {fingerprint: keys[fingerprint]}
    if who is None or not keys:
        raise RequestError(
            f"no key of SSH signed run {short_id(chosen)} as {who or 'who began it'}",
            hint=f"git gage verify {short_id(chosen)}",
        )
    if len(keys) > 1:
        raise RequestError(
            f"{len(keys)} keys signed as {who}: {', '.join(keys)}",
            hint="say which with '--fingerprint <text>'",
        )
    return who, keys.popitem()[1]


def refuse_conflict(app: App, who: str, key: PublicKey) -> None:
    """Raises: RequestError where the key is somebody else's already.

    Whatever such a key signs could be by either of the two.
    """
    others = [
        line.patterns
        for line in list_lines(app, own=False)
        if line.key == key and not line.authority and who not in line.patterns.split(",")
    ]
    if others:
        raise RequestError(f"{key.fingerprint} is the key of {others[0]} already", hint=_LIST)


def read_signers_file(app: App, name: str) -> list[Line]:
    """The lines of a file of allowed signers that are good for records; - is standard input."""
    import sys

    from git_gage.trust.rules import is_for_us
    from git_gage.trust.signers import AllowedSigners

    try:
        text = sys.stdin.read() if name == "-" else (app.cwd / name).read_text(errors="replace")
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise RequestError(f"cannot read '{name}': {reason}") from error
    found = AllowedSigners.parse(text, name)
    for fault in found.faults:
        app.progress().warning(str(fault))
    lines = [line for lines in found.lines.values() for line in lines]
    limited = [line for line in lines if not is_for_us(line)]
    if limited:
        app.progress().warning(f"left out what is for other uses: {limited[0].patterns}")
    return [line for line in lines if is_for_us(line)]


def list_lines(app: App, *, own: bool = True) -> list[Line]:
    """All lines of the trust files, and the one that this user's own key would have."""
    lines = [line for _, line in _read_lines(app)]
    return [*(_own_lines(app) if own else ()), *lines]


def describe_trusted(app: App) -> list[dict[str, Any]]:
    """Source: docs/json.md, "Trust"."""
    rules = app.judge.rules
    return [
        *(_describe(line, None, rules.is_revoked(line.key)) for line in _own_lines(app)),
        *(_describe(line, source, rules.is_revoked(line.key)) for source, line in _read_lines(app)),
    ]


def describe_pins(app: App) -> list[dict[str, Any]]:
    """Source: docs/json.md, "Trust"."""
    from git_gage.records import format_time

    return [
        {"claimed": pin.claimed, "key": pin.key, "since": format_time(pin.since)}
        for pin in app.judge.pins.list_all()
    ]


def end_key(app: App, fingerprint: str, at: float) -> Iterator[str]:
    """Let a key be good until a time only; what was done, in words."""
    from git_gage.records import format_time
    from git_gage.trust.own_files import end_signer

    sources = _find_sources(app)
    named = [source for source, line in _read_lines(app) if line.key.fingerprint == fingerprint]
    signed = _find_signed(app, fingerprint, at)
    if not named and not signed:
        raise RequestError(f"no key {fingerprint} in the trust files", hint=_LIST)
    with app.store.writing():
        ended = sum(
            end_signer(source.path, fingerprint, at)
            for source in sources.signers
            if source.setting is None
        )
    if ended:
        yield f"Ended {fingerprint} at {format_time(at)}"
    for source in named:
        if source.setting is not None:
            yield f"Add valid-before to its line in '{source.path}', which is for git to read"
    if signed:
        yield from _vouch(app, sources, signed, fingerprint, at)


def _vouch(
    app: App, sources: Sources, signed: dict[str, list[str]], fingerprint: str, at: float
) -> Iterator[str]:
    """Let the key that signs now say what the one before it signed."""
    from git_gage.render.amounts import count_text
    from git_gage.runs.retire import write_retirement
    from git_gage.trust.own_files import add_signer
    from git_gage.trust.signer import Signer
    from git_gage.trust.sources import SIGNERS

    write_retirement(app.store, app.catalog, signed, fingerprint, at, app.author)
    count = count_text(sum(map(len, signed.values())), "record")
    yield f"Listed {count} that it signed, so that they stay good"
    email = (app.author or {}).get("email")
    key = app.signer.public if isinstance(app.signer, Signer) else None
    if email and key is not None and email not in app.judge.rules.names_of(key):
        with app.store.writing():
            add_signer(sources.clone / SIGNERS, email, key, None)
        yield f"Trusted {key.fingerprint} of {email}"


def _find_signed(app: App, fingerprint: str, at: float) -> dict[str, list[str]]:
    """Records by run that this user signed with a key until then, and another key now vouches for.

    None if it is not this user's, or there is no other key to sign with.
    """
    from git_gage.records import parse_time

    author = app.author or {}
    if author.get("key") in (None, fingerprint):
        return {}
    records = list(app.runs.record_lines(None))
    found: dict[str, list[str]] = defaultdict(list)
    for verdict in app.judge.judge(records):
        theirs = verdict.key == fingerprint and verdict.state in "GY"
        if theirs and verdict.claimed == author.get("email") and parse_time(verdict.time) <= at:
            found[verdict.run].append(verdict.record)
    return found


def _find_sources(app: App) -> Sources:
    from git_gage.trust.sources import find_sources

    return find_sources(app.here, app.trust_settings)


def _read_lines(app: App) -> list[tuple[Source, Line]]:
    from git_gage.trust.sources import read_signers

    return [
        (source, line)
        for source, signers in read_signers(_find_sources(app).signers)
        for lines in signers.lines.values()
        for line in lines
    ]


def _own_lines(app: App) -> list[Line]:
    from git_gage.trust.signers import Line
    from git_gage.trust.sources import read_own_keys

    email = app.judge.rules.own.email
    # The last one is what signs now.
    keys = read_own_keys(app.trust_settings, app.environ)[-1:]
    return [Line(email or key.fingerprint, key) for key in keys]


def _describe(line: Line, source: Source | None, revoked: bool) -> dict[str, Any]:
    from git_gage.records import format_time
    from git_gage.trust.rules import names_admin

    def when(at: int | None) -> str | None:
        return None if at is None else format_time(at)

    return {
        "principals": line.patterns,
        "key": line.key.fingerprint,
        "type": line.key.type,
        "valid_after": when(line.valid_after),
        "valid_before": when(line.valid_before),
        "namespaces": line.namespaces,
        "admin": names_admin(line),
        "authority": line.authority,
        "revoked": revoked,
        "file": None if source is None else str(source.path),
        "setting": None if source is None else source.setting,
    }
