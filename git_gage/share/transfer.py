"""Records on their way: `git fetch` and `git push`, with none of the user's settings in between."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from git_gage.errors import RemoteError
from git_gage.git.locks import find_locks
from git_gage.git.network import Answer, ask_remote
from git_gage.git.quarantine import quarantine_environ
from git_gage.share.bucket import is_bucket, own_only, reached, require_git
from git_gage.share.remote import Remote, hide_user
from git_gage.store import LOCAL

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.git import Repository

PUSH, FETCH, REACH = "push to", "fetch from", "reach"

# What git fsyncs by itself leaves out refs: a power cut would leave one that is empty.
_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
# A pack is kept until the refs point at it, so no gc beside us can take what has just come.
_FETCH = ("-c", "protocol.version=2", "-c", "fetch.unpackLimit=1", *_DURABLE)
_STRICT = ("-c", "fetch.fsckObjects=true", "-c", "core.bigFileThreshold=1m")
_FETCH_OPTIONS = (
    *("--no-tags", "--refmap=", "--no-write-fetch-head", "--no-auto-gc"),
    *("--no-recurse-submodules", "--no-write-commit-graph", "--progress"),
)
# git names each ref that it sees, also one that is as it was: ` FLAG WHAT REF -> OURS`.
_TELLING = ("-c", "fetch.output=full")
_SEEN = re.compile(r" [ *+=!t-] .* (\S+) +-> \S+(?: +\(.*\))?$")
_PUSH_OPTIONS = (
    *("--no-verify", "--porcelain", "--progress", "--no-follow-tags", "--no-signed"),
    *("--no-recurse-submodules", "--no-force-if-includes"),
)
_BEHIND = (
    *("fetch first", "non-fast-forward", "incorrect old value", "failed to update ref"),
    "atomic transaction failed",
)
# No `git remote` gives a name with a space.
_ALIAS = "git-gage push"
# What `git remote -v` says; `git remote get-url` knows none that a `-c` names.
_PUSH_URL = re.compile(rf"^{_ALIAS}\t(.*) \(push\)$", re.MULTILINE)
_LANES = (f"{LOCAL}/*",)
_NOT_GIVEN = ("not our ref", "unadvertised object")
_URLS = {"url", "pushurl"}
_REACHED_BY = {*_URLS, "proxy", "proxyauthmethod", "receivepack", "vcs"}
_READ_ONLY = (
    *("unable to create temporary object directory", "insufficient permission"),
    *("Permission denied", "Read-only file system"),
)
_CONSEQUENCE = "atomic push failed"
_SHALLOW = "shallow update not allowed"
_KIND_NAMES = {
    "log": "records",
    "sealed": "records",
    "src": "sources",
    "bulk": "outputs",
    "thumbs": "previews",
}
_AWAY = ("Could not read from remote", "unable to access", "does not appear to be", "not found")
# git passes nothing between repositories that name objects in two ways.
_OTHER_HASH = ("hash algorithm", "mismatched algorithms")
_DAMAGED = ("is corrupt", "bad object ")
_REFUSED = " !"
# Where that is said without these, it can be of what is here.
_DAMAGED_THERE = ("corruption on the remote side", "(stored in ./objects/")
# Where git here cannot read what it is to send: it breaks off, or cannot compare it.
_CUT = ("unpack failed: eof before pack header", "early EOF", "error: Could not read ")
_NOT_HERE = "needs force"
_MENDED = "whoever runs the remote has mended it ('git fsck --name-objects' there)"
_FULL = "No space left"
_NO_HELPER = ("is not a git command", "transport '")
_NOISE = (
    *("hint:", "From ", " ! [rejected]", "Please make sure", "and the repository exists"),
    *("error: failed to push some refs", "error: atomic push failed", "warning:", "Warning:"),
    *(
        "fatal: the remote end hung up",
        "fatal: Could not read from remote",
        "Everything up-to-date",
    ),
)


class Observer(Protocol):
    """Whoever tells the user how things go."""

    def progress(self, text: str) -> None:
        """Hear git's counters as they move, and what the remote has to say."""

    def warning(self, text: str) -> None:
        """Hear what should be looked at."""


class Outcome(NamedTuple):
    """What became of each ref of a push.

    `flags` are git's (`=`, ` `, `*`, `-`, `!`); `olds` are the short ids of what the remote had
    where it was moved forward. `absent`: refs to be deleted that it had not; `denied`: what it said
    where it did not delete others.
    """

    flags: dict[str, str]
    olds: dict[str, str]
    reasons: dict[str, str]
    answer: Answer
    absent: Collection[str] = ()
    denied: Sequence[str] = ()

    @property
    def accepted(self) -> bool:
        return self.answer.returncode == 0

    @property
    def is_told(self) -> bool:
        """Whether it is known what the remote did; else the line was cut, before that or after."""
        said = self.answer.said
        return bool(self.flags) or any(sign in line for line in said for sign in _AWAY)

    @property
    def behind(self) -> list[str]:
        """Refs that the remote has moved on, so that ours can't simply be put there."""
        return [ref for ref, reason in self.reasons.items() if reason.startswith(_BEHIND)]


class Came(NamedTuple):
    """What git has said of a fetch: refs that the remote has, by their names there.

    is_whole: whether none was refused because it was rewritten.
    """

    seen: frozenset[str]
    is_whole: bool


def fetch_refs(
    repo: Repository,
    remote: Remote,
    refspecs: Iterable[str],
    observer: Observer,
    *,
    strict: bool,
    prune: bool = False,
) -> Came:
    """Fetch what the refspecs name.

    `strict` is for records: checked by git's fsck, and whole also in a partial clone. `prune`: what
    the remote has no longer is forgotten here.

    Raises: RemoteError with git's own text.
    """
    with reached(repo, remote, observer) as address:
        answer = ask_remote(
            repo,
            *(*_FETCH, *_TELLING, *(_STRICT if strict else ()), "fetch", *_FETCH_OPTIONS),
            *("--verbose", *(("--no-filter",) if strict else ())),
            "--prune" if prune else "--no-prune",
            *("--", address, *refspecs),
            listen=observer.progress,
        )
    rows = {line: row[1] for line in answer.said if (row := _SEEN.match(line))}
    answer = answer._replace(
        said=[line for line in answer.said if line not in rows or line.startswith(_REFUSED)]
    )
    if answer.returncode not in (0, 1) or (answer.returncode == 1 and _relevant(answer.said)):
        raise _failure(FETCH, remote, answer)
    return Came(frozenset(rows.values()), is_whole=answer.returncode == 0)


def fetch_objects(
    repo: Repository,
    remote: Remote,
    wanted: Iterable[str],
    quarantine: Path,
    observer: Observer,
    *,
    known: Sequence[str] | None,
    strict: bool,
) -> None:
    """Fetch what refs of the remote, or objects by their ids, lead to; no ref here is changed.

    New objects come into `quarantine`/objects. `known` are commits, here or in the quarantine, that
    the remote is likely to have: what they lead to is not sent. None: all that is here, for git to
    find out.

    Raises: RemoteError with git's own text.
    """
    (quarantine / "objects").mkdir(parents=True, exist_ok=True)
    alone = () if known or known is None else ("-c", "fetch.negotiationAlgorithm=noop")
    with reached(repo, remote, observer) as address:
        answer = ask_remote(
            repo,
            *(*_FETCH, *(_STRICT if strict else ()), *alone, "fetch", *_FETCH_OPTIONS, "--quiet"),
            *(f"--negotiation-tip={oid}" for oid in known or ()),
            *("--no-filter", "--stdin", "--", address),
            listen=observer.progress,
            input="".join(f"{name}\n" for name in wanted).encode(),
            env=quarantine_environ(repo, quarantine),
        )
    if answer.returncode != 0:
        raise _failure(FETCH, remote, answer)


def is_refused(error: RemoteError) -> bool:
    """Whether a remote does not give single objects, or has not all that were asked for."""
    return any(sign in error.stderr for sign in _NOT_GIVEN)


def list_remote(
    repo: Repository, remote: Remote, observer: Observer, *patterns: str
) -> dict[str, str]:
    """Refs of lanes on the remote, or others that patterns name, with their tips.

    Raises: RemoteError with git's own text.
    """
    with reached(repo, remote, observer) as address:
        return _list(repo, remote, (), address, patterns or _LANES, observer)


def list_push_side(repo: Repository, remote: Remote, observer: Observer) -> dict[str, str]:
    """The same where a push goes: git can be told other URLs for that, several of them.

    Of several places what all of them have.
    Raises: RemoteError with git's own text.
    """
    if is_bucket(remote.address):
        return list_remote(repo, remote, observer)
    ways = _find_told(repo, remote, {*_REACHED_BY, "uploadpack"} - _URLS)
    told = _find_told(repo, remote, _URLS) or [("url", remote.address)]
    listed = os.fsdecode(repo.run(*_as_alias(told), "remote", "-v"))
    first, *others = (
        _list(repo, remote, _as_alias([*ways, ("url", url)]), _ALIAS, _LANES, observer)
        for url in _PUSH_URL.findall(listed)
    )
    return {ref: oid for ref, oid in first.items() if all(each.get(ref) == oid for each in others)}


def _list(
    repo: Repository,
    remote: Remote,
    options: Sequence[str],
    name: str,
    patterns: Sequence[str],
    observer: Observer,
) -> dict[str, str]:
    answer = ask_remote(
        repo,
        *(*options, "-c", "protocol.version=2", "ls-remote", "--quiet", "--refs"),
        *("--", name, *patterns),
        listen=observer.progress,
    )
    if answer.returncode != 0:
        raise _failure(REACH, remote, answer)
    rows = (line.split("\t") for line in answer.out.splitlines())
    return {name: oid for oid, name in rows}


def list_remaining(
    repo: Repository, remote: Remote, asked: Mapping[str, str], observer: Observer
) -> dict[str, str]:
    """As `list_remote`; with those refs of `asked` that the remote shows only to who pushes.

    Raises: RemoteError with git's own text.
    """
    there = list_remote(repo, remote, observer)
    unseen = {ref: oid for ref, oid in asked.items() if ref not in there}
    return there | list_hidden(repo, remote, unseen, observer)


def list_hidden(
    repo: Repository, remote: Remote, unseen: Mapping[str, str], observer: Observer
) -> dict[str, str]:
    """Of refs that a remote did not list those that it shows to who pushes, and are what they were.

    Raises: RemoteError with git's own text.
    """
    if not unseen or is_bucket(remote.address):
        return {}
    outcome = _push(repo, remote, {}, unseen, observer, ("--dry-run",))
    if unseen.keys() - outcome.flags.keys():
        raise make_refusal(remote, outcome)
    return {ref: oid for ref, oid in unseen.items() if outcome.flags[ref] == "-"}


def push_refs(
    repo: Repository,
    remote: Remote,
    updates: Mapping[str, str],
    deletes: Mapping[str, str],
    observer: Observer,
) -> Outcome:
    """Put commits on refs of the remote, and delete refs that are still what they were.

    Everything or nothing, where the remote can do that; where it can't, the deletes come last. What
    it has no longer counts as deleted. Never forced. There must be either: without any, git would
    push branches.

    Raises: RemoteError with git's own text, unless refs were merely behind the remote's.
    """
    assert updates or deletes
    if is_bucket(remote.address):
        deletes = own_only(repo, deletes)
        if not (updates or deletes):
            return Outcome({}, {}, {}, Answer(0, "", []))
    outcome = _push(repo, remote, updates, deletes, observer, ("--atomic",))
    if outcome.reasons and not outcome.behind and deletes and updates:
        there = list_remaining(repo, remote, deletes, observer)
        left = {ref: oid for ref, oid in deletes.items() if there.get(ref) == oid}
        gone = dict.fromkeys(deletes.keys() - there.keys(), "-")
        if len(left) < len(deletes):
            outcome = _push(repo, remote, updates, left, observer, ("--atomic",))
        denied = []
        if outcome.reasons and not outcome.behind:
            denied = _said_of(outcome)
            outcome = _push(repo, remote, updates, {}, observer, ("--atomic",))
        if outcome.accepted:
            # What refuses this may have hidden those.
            outcome = outcome._replace(flags={**gone, **outcome.flags}, absent=gone, denied=denied)
    if any("does not support --atomic" in line for line in outcome.answer.said):
        outcome = _push_in_turn(repo, remote, updates, deletes, observer)
    for line in outcome.answer.said:
        if line.startswith("remote:") and outcome.accepted:
            observer.progress(hide_user(line))
    return outcome


def _push_in_turn(
    repo: Repository,
    remote: Remote,
    updates: Mapping[str, str],
    deletes: Mapping[str, str],
    observer: Observer,
) -> Outcome:
    """Delete only once all of the updates have arrived; the outcome tells what came of these.

    Of the deletes it tells those that were done.
    """
    if not updates:
        return _push(repo, remote, {}, deletes, observer, ())
    outcome = _push(repo, remote, updates, {}, observer, ())
    if not (deletes and outcome.accepted):
        return outcome
    deleted = _push(repo, remote, {}, deletes, observer, ())
    gone = {ref: flag for ref, flag in deleted.flags.items() if flag == "-"}
    return outcome._replace(flags={**gone, **outcome.flags}, denied=_said_of(deleted))


def _said_of(outcome: Outcome) -> list[str]:
    """What a remote said to refs that it refused: its own words, or git's for them."""
    own = [line for line in _relevant(outcome.answer.said) if line.startswith("remote: ")]
    return own or list(dict.fromkeys(outcome.reasons.values()))


def replace_ref(
    repo: Repository, remote: Remote, ref: str, oid: str, objects: Path, observer: Observer
) -> None:
    """Put a commit on a ref of the remote whatever is there; it lies in `objects`/objects.

    Raises: RemoteError with git's own text.
    """
    require_git(remote, "follow runs")
    env = quarantine_environ(repo, objects)
    _order(repo, remote, (f"+{oid}:{ref}",), observer, env)


def extend_ref(
    repo: Repository, remote: Remote, ref: str, oid: str, objects: Path, observer: Observer
) -> Outcome:
    """Move a ref of the remote forward, or make it; the commit lies in `objects`/objects.

    Raises: nothing: the outcome says what became of it.
    """
    return _push(repo, remote, {ref: oid}, {}, observer, (), quarantine_environ(repo, objects))


def delete_refs(repo: Repository, remote: Remote, refs: Iterable[str], observer: Observer) -> None:
    """Delete refs of the remote, if they are there.

    Raises: RemoteError with git's own text.
    """
    _order(repo, remote, (f":{ref}" for ref in refs), observer)


def make_refusal(
    remote: Remote, outcome: Outcome, kind: type[RemoteError] = RemoteError
) -> RemoteError:
    """The error of a push that was not accepted, in git's and the remote's words."""
    reasons = [text for text in outcome.reasons.values() if text != _CONSEQUENCE]
    lines = [*dict.fromkeys(reasons), *_relevant(outcome.answer.said)]
    taken, refused = _name_kinds(outcome, " *"), _name_kinds(outcome, "!")
    if taken:
        left = [f"all {name}" if name in taken else name for name in refused]
        lines.append(f"it has taken {' and '.join(taken)}, but not {' and '.join(left)}")
    answer = outcome.answer
    return _make_error(
        kind, PUSH, remote, answer, lines, refused=bool(reasons), changed=bool(taken)
    )


def _name_kinds(outcome: Outcome, flags: str) -> list[str]:
    """What lay in the refs of which git told one of these flags."""
    kinds = (ref.rpartition("/")[2] for ref, flag in outcome.flags.items() if flag in flags)
    return sorted({_KIND_NAMES[kind] for kind in kinds if kind in _KIND_NAMES})


def _order(
    repo: Repository,
    remote: Remote,
    refspecs: Iterable[str],
    observer: Observer,
    env: Mapping[str, str] | None = None,
) -> None:
    with reached(repo, remote, observer, writes=True) as address:
        options, name = _push_as_told(repo, remote, address)
        answer = ask_remote(
            repo,
            *(*options, "-c", "push.pushOption=", "push", *_PUSH_OPTIONS),
            *("--", name, *refspecs),
            listen=observer.progress,
            env=env,
        )
    if answer.returncode != 0:
        raise _failure(PUSH, remote, answer)


def _push_as_told(repo: Repository, remote: Remote, address: str) -> tuple[tuple[str, ...], str]:
    """Options of git, and what it is to push to, for a push that does nothing besides.

    By its own name a remote can be a mirror, and git follows with the tracking refs that
    `remote.<name>.fetch` says: to objects that were made aside, and are gone then.
    """
    if not remote.configured:
        return (), address
    return _as_alias(_find_told(repo, remote, _REACHED_BY)), _ALIAS


def _find_told(repo: Repository, remote: Remote, names: Collection[str]) -> list[tuple[str, str]]:
    """What git's settings say of a remote that has a name, by the names of the settings."""
    start = f"remote.{remote.address}."
    found = [
        (entry.key.removeprefix(start), entry.value)
        for entry in repo.settings.entries
        if remote.configured and entry.key.startswith(start)
    ]
    return [(name, value) for name, value in found if name in names]


def _as_alias(told: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    words = (("-c", f"remote.{_ALIAS}.{name}={value}") for name, value in told)
    return tuple(word for pair in words for word in pair)


def _push(
    repo: Repository,
    remote: Remote,
    updates: Mapping[str, str],
    deletes: Mapping[str, str],
    observer: Observer,
    how: tuple[str, ...],
    env: Mapping[str, str] | None = None,
) -> Outcome:
    with reached(repo, remote, observer, writes=True) as address:
        options, name = _push_as_told(repo, remote, address)
        answer = ask_remote(
            repo,
            *(*options, "-c", "push.pushOption=", "push", *_PUSH_OPTIONS, *how),
            *(f"--force-with-lease={ref}:{oid}" for ref, oid in deletes.items()),
            *("--", name, *(f"{oid}:{ref}" for ref, oid in updates.items())),
            *(f":{ref}" for ref in deletes),
            listen=observer.progress,
            env=env,
        )
    flags: dict[str, str] = {}
    olds: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for line in answer.out.splitlines():
        flag, _, rest = line.partition("\t")
        names, _, summary = rest.partition("\t")
        if len(flag) != 1 or not summary:
            continue
        ref = names.rpartition(":")[2]
        flags[ref] = flag
        if flag == " ":
            olds[ref] = summary.partition("..")[0]
        if flag == "!":
            reasons[ref] = summary.partition("(")[2].removesuffix(")") or summary
    return Outcome(flags, olds, reasons, answer)


def _relevant(said: Iterable[str]) -> list[str]:
    """Lines that say why; the others repeat it or advise what is not to be done here."""
    kept = [
        hide_user(line.expandtabs(4))
        for line in said
        if not line.startswith(_NOISE) and line != "remote:"
    ]
    return list(dict.fromkeys(kept))


def _failure(attempt: str, remote: Remote, answer: Answer) -> RemoteError:
    lines = _relevant(answer.said)
    return _make_error(RemoteError, attempt, remote, answer, lines, refused=False)


def _make_error(
    kind: type[RemoteError],
    attempt: str,
    remote: Remote,
    answer: Answer,
    lines: list[str],
    *,
    refused: bool,
    changed: bool = False,
) -> RemoteError:
    again = f"git gage {attempt.partition(' ')[0]} {shlex.quote(remote.shown)}"
    safe, when = _find_when(attempt, answer, refused=refused, changed=changed) or ("", None)
    hint = f"{safe}{when} {again}" if when else _hint(attempt, remote, answer)
    message = _message(attempt, remote, answer, lines)
    error = kind(message, stderr="\n".join(answer.said), returncode=answer.returncode, hint=hint)
    error.again, error.when = (again, when) if when else (None, None)
    error.is_refusal = refused
    is_cut = _NOT_HERE in lines or any(sign in line for line in answer.said for sign in _CUT)
    error.is_theirs = (refused and not is_cut) or any(
        sign in line for line in answer.said for sign in _AWAY
    )
    return error


def _message(attempt: str, remote: Remote, answer: Answer, lines: list[str]) -> str:
    # A line that goes dead leaves git with nothing to say but that.
    dead = [line for line in answer.said if line.startswith("fatal: ")][:1]
    first, *rest = lines or dead or [f"git exited with {answer.returncode}"]
    first = first.removeprefix("fatal: ").removeprefix("error: ")
    return "\n".join([f"{attempt} '{remote.shown}': {first}", *rest])


def _find_obstacle(answer: Answer) -> str:
    """What has to be so before a remote takes what it has refused."""
    said = "\n".join(answer.said)
    if _FULL in said:
        return "there is room there"
    if any(sign in said for sign in _READ_ONLY):
        return "you may write there"
    if any(sign in said for sign in _DAMAGED):
        return _MENDED
    return "the remote takes 'refs/gage/*'"


def _find_when(
    attempt: str, answer: Answer, *, refused: bool, changed: bool
) -> tuple[str, str] | None:
    """What is safe, and after what the same is to be typed again; None where that is of no use."""
    if any(sign in line for line in answer.said for sign in (*_OTHER_HASH, *_NO_HELPER)):
        return None
    if when := _unlock(answer):
        return "", f"another git is at work there, or was killed; {when}:"
    if refused:
        before = "the rest goes " if changed else "nothing was changed; "
        if _SHALLOW in answer.out:
            return before, "once this clone has the history: git fetch --unshallow &&"
        return before, f"once {_find_obstacle(answer)}:"
    if attempt == REACH or any(sign in line for line in answer.said for sign in _AWAY):
        return None
    damaged = any(sign in line for line in answer.said for sign in _DAMAGED_THERE)
    full = any(_FULL in line for line in answer.said)
    when = "once there is room:" if full else "when that is settled:"
    return "nothing was lost; ", f"once {_MENDED}:" if damaged else when


def _hint(attempt: str, remote: Remote, answer: Answer) -> str:
    """What to do where the same again is of no use."""
    if any(sign in line for line in answer.said for sign in _OTHER_HASH):
        here, there = ("here", "there") if attempt == PUSH else ("there", "here")
        return (
            "SHA-1 and SHA-256 do not mix; what runs came to can go as a file: "
            f"{here} 'git gage export @ --format jsonl -o runs.jsonl', "
            f"{there} 'git gage import runs.jsonl'"
        )
    if any(sign in line for line in answer.said for sign in _NO_HELPER):
        return (
            "runs go to git remotes, directories, rclone:<remote>:<path> and s3://<bucket>/<path>"
        )
    if remote.configured:
        return f"check its address: git remote get-url {shlex.quote(remote.shown)}"
    if remote.is_place:
        return "check its address with 'git gage remote'"
    shown = shlex.quote(remote.shown)
    if _is_empty(remote.address):
        return f"it is empty; runs come there with: git gage copy --all --to {shown}"
    return f"try it: git ls-remote {shown}"


def _unlock(answer: Answer) -> str | None:
    """When what is locked is free; old locks on our own refs go with the next try."""
    theirs = [line for line in answer.said if line.startswith("remote:")]
    if locks := find_locks("\n".join(theirs)):
        return f"in a minute, or, if none is, after 'rm -f {shlex.join(locks)}' there"
    if locks := find_locks("\n".join(answer.said)):
        more = f", or, if none is, after 'rm -f {shlex.join(locks)}'" if locks[1:] else ""
        return f"in a minute{more}"
    return None


def _is_empty(address: str) -> bool:
    """Whether it is a directory without anything: git knows that as no repository."""
    try:
        return not os.listdir(address)
    except OSError:
        return False
