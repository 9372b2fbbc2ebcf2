"""Every setting of ours in git's config: what it means and what it may be.

`docs/settings.md` and `git gage config` say what this table says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from git_gage.errors import ConfigError
from git_gage.git.durations import read_timeout
from git_gage.git.settings import Setting, Settings, fold_key

SECTION = "gage."
AUTO, ALWAYS, NEVER = "auto", "always", "never"
SIGN = (AUTO, ALWAYS, NEVER)
UNFLAGGED, TRUSTED, ALL = "unflagged", "trusted", "all"
APPLY = (UNFLAGGED, TRUSTED, ALL)
_NAME = "<name>"
# What fsspec has besides and nobody can put a file into.
_READ_ONLY = ("https?", "data", "git", "github", "gist", "jlab", "libarchive", "reference", "tar")


class Known(NamedTuple):
    """A setting. `check` says what is wrong with a value, None if nothing is.

    `name` may have `<name>` in it for a word of the user's. `usual`: what holds without it.
    `several`: all values of the layer that counts are used.
    """

    name: str
    kind: str
    usual: str
    meaning: str
    check: Callable[[str], str | None]
    several: bool = False


class Problem(NamedTuple):
    """What is wrong with a setting, and what to type about it."""

    message: str
    hint: str


def _check_time(text: str) -> str | None:
    try:
        read_timeout(text)
    except ValueError:
        return "is no time such as '2s'"
    return None


def _check_address(text: str) -> str | None:
    if text.startswith("-"):
        return "begins with '-', as no remote may"
    return None


def _check_size(text: str) -> str | None:
    from git_gage.git.sizes import read_size  # few commands ask

    try:
        read_size(text)
    except ValueError:
        return "is no size such as 100k, 5m or 2g"
    return None


def _check_path(text: str) -> str | None:
    return None if text.strip() else "is empty"


def _check_files(text: str) -> str | None:
    if text.startswith("rclone:") and not re.fullmatch(r"rclone:[^-:][^:]*:.*", text):
        return "needs a remote of rclone's: rclone:<remote>:<path>"
    if re.match(r"(.*::)?memory:", text):
        return "keeps nothing: it is the memory of one process"
    if re.match(rf"(.*::)?({'|'.join(_READ_ONLY)})://", text):
        return "can be read and not written: name a path, rclone:<remote>:<path> or s3://<bucket>"
    if re.fullmatch(r".*://", text):
        return "names no place behind '://'"
    return _check_path(text) or _check_address(text)


def _check_sign(text: str) -> str | None:
    return None if text in SIGN else "can be auto, always or never"


def _check_apply(text: str) -> str | None:
    return None if text in APPLY else "can be unflagged, trusted or all"


KNOWN = (
    Known(
        "gage.apply",
        "unflagged, trusted or all",
        "unflagged",
        "What others say of runs counts: unless something speaks against it, if verified, always",
        _check_apply,
    ),
    Known(
        "gage.files.large",
        "pattern (several)",
        "",
        "Files that runs leave out of git, however small they are",
        _check_path,
    ),
    Known(
        "gage.files.limit",
        "size",
        "50g",
        "From how much disk on files of runs are said to be many",
        _check_size,
    ),
    Known(
        "gage.files.threshold",
        "size",
        "100k",
        "How large a file of a run may be that travels in git; 0: none does",
        _check_size,
    ),
    Known(
        "gage.live",
        "remote",
        "",
        "Remote, place or URL that gets each run while it goes on, for others to follow",
        _check_address,
    ),
    Known(
        "gage.pollInterval",
        "time",
        "2s",
        "How often a run looks for what its program has logged",
        _check_time,
    ),
    Known(
        "gage.remote",
        "remote",
        "that of the branch, or origin",
        "Remote, place or URL used when none is named; can be set several times",
        _check_address,
        several=True,
    ),
    Known(
        "gage.repo.<name>.files",
        "lfs, none, path, rclone:<remote>:<path> or URL",
        "in the directory of the remote, or its LFS server",
        "Where large files of the remote or place of this name go",
        _check_files,
    ),
    Known(
        "gage.repo.<name>.url",
        "path, URL or rclone:<remote>:<path>",
        "",
        "A place for runs that push and fetch know by this name",
        lambda text: _check_path(text) or _check_address(text),
    ),
    Known(
        "gage.runsDir",
        "path",
        "the gagefile's $runs-dir, or in the git directory",
        "Folder that gets the directories of new runs",
        _check_path,
    ),
    Known(
        "gage.sign",
        "auto, always or never",
        "auto",
        "Whether records are signed: always fails where nothing can sign",
        _check_sign,
    ),
)


def find_known(key: str) -> Known | None:
    """The setting that a key is."""
    return next((known for known in KNOWN if _is_named(known, fold_key(key))), None)


def spell_key(known: Known, key: str) -> str:
    """A key of a setting as the table spells it."""
    start, _, _ = known.name.partition(_NAME)
    end = known.name.rpartition(".")[2]
    return f"{start}{key[len(start) : -len(end)]}{end}" if _NAME in known.name else known.name


def guess_key(key: str) -> str | None:
    """The setting that a misspelt key is likely to be."""
    from difflib import get_close_matches

    # What all of them begin with says nothing.
    folded = {fold_key(known.name).removeprefix(SECTION): known.name for known in KNOWN}
    near = get_close_matches(fold_key(key).removeprefix(SECTION), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def explain_key(key: str) -> Problem | None:
    """Why a key is none of our settings; None if it is one."""
    if find_known(key) is not None and key.isprintable():
        return None
    if not fold_key(key).startswith(SECTION):
        return Problem(f"'{key}' is no setting of git-gage", f"git config {key}")
    guess = guess_key(key)
    hint = f"did you mean '{guess}'?" if guess else "see them all with 'git gage config'"
    return Problem(f"no setting '{key}'", hint)


def explain_value(known: Known, value: str) -> str | None:
    """What is wrong with a value, None if nothing is."""
    if any(not char.isprintable() for char in value):
        return "has characters that cannot be seen"
    return known.check(value)


def check_setting(key: str, value: str) -> str:
    """The key as the table spells it.

    Raises: ConfigError for what is no setting of ours, or a value that it cannot have.
    """
    problem, known = explain_key(key), find_known(key)
    if problem is not None:
        raise ConfigError(problem.message, hint=problem.hint)
    assert known is not None
    if known.name == key and _NAME in key:
        example = key.replace(_NAME, "lab")
        raise ConfigError(f"'{key}' needs a name", hint=f"git gage config set {example} <value>")
    wrong = explain_value(known, value)
    if wrong is not None:
        raise ConfigError(f"'{key}' {wrong}: '{value}'", hint="see them all with 'git gage config'")
    return spell_key(known, key)


def find_problems(settings: Settings) -> Iterator[Problem]:
    """Our settings that nobody reads or that cannot be read, each with its place."""
    for entry in settings.entries:
        if entry.key.startswith(SECTION):
            yield from _explain_entry(entry)


def _explain_entry(entry: Setting) -> Iterator[Problem]:
    known = find_known(entry.key)
    if known is None:
        problem = explain_key(entry.key)
        assert problem is not None
        yield problem._replace(message=f"{problem.message} (in {entry.place})")
    elif wrong := explain_value(known, entry.value):
        key = spell_key(known, entry.key)
        yield Problem(
            f"'{key}' {wrong}: '{entry.value}' (in {entry.place})",
            f"git gage config set {key} <value>",
        )


def _is_named(known: Known, key: str) -> bool:
    start, has_name, end = fold_key(known.name).partition(_NAME)
    if not has_name:
        return key == start
    return key.startswith(start) and key.endswith(end) and len(key) > len(start) + len(end)


def read_valid(settings: Settings, name: str) -> str | None:
    """The value of one of our settings that counts, None if it has none.

    Raises: ConfigError with the place of a value that cannot be.
    """
    entry = settings.find(name)
    if entry is None or not entry.value:
        return None
    for problem in _explain_entry(entry):
        raise ConfigError(problem.message, hint=problem.hint)
    return entry.value


def read_all_valid(settings: Settings, name: str) -> list[str]:
    """The values of one of our settings that can have several.

    Raises: as `read_valid`.
    """
    found = settings.find_all(name)
    for problem in (problem for entry in found for problem in _explain_entry(entry)):
        raise ConfigError(problem.message, hint=problem.hint)
    return list(dict.fromkeys(entry.value for entry in found))


class Described(NamedTuple):
    """A setting as it is here: one value of it, or none (`value`, `scope` and `origin` are None).

    counts: no other value goes before this one. problem: what is wrong with it.
    """

    key: str
    value: str | None
    scope: str | None
    origin: str | None
    counts: bool
    usual: str
    meaning: str
    problem: str | None


def describe_settings(settings: Settings) -> list[Described]:
    """All our settings with all their values, in the order of the table; strange ones last."""
    entries = [entry for entry in settings.entries if entry.key.startswith(SECTION)]
    entries.sort(key=lambda entry: (_rank(entry.key), entry.key))  # stable: the last one counts
    rows = [(_rank(entry.key), _describe(entry, settings)) for entry in entries]
    unset = set(range(len(KNOWN))).difference(rank for rank, _ in rows)
    rows += [(rank, _describe_unset(KNOWN[rank])) for rank in unset]
    return [row for _, row in sorted(rows, key=lambda ranked: ranked[0])]


def _rank(key: str) -> int:
    known = find_known(key)
    return len(KNOWN) if known is None else KNOWN.index(known)


def _describe(entry: Setting, settings: Settings) -> Described:
    known = find_known(entry.key)
    problem = next(_explain_entry(entry), None)
    several = known is not None and known.several
    is_one_of = several and entry in settings.find_all(entry.key)
    return Described(
        key=spell_key(known, entry.key) if known else entry.key,
        value=entry.value,
        scope=entry.scope,
        origin=entry.origin,
        counts=settings.find(entry.key) is entry or is_one_of,
        usual=known.usual if known else "",
        meaning=known.meaning if known else "",
        problem=problem.message if problem else None,
    )


def _describe_unset(known: Known) -> Described:
    return Described(known.name, None, None, None, False, known.usual, known.meaning, None)
