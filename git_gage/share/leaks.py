"""Secrets in what a push would send: looked for in what the remote does not have yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from git_gage.records import is_run_id, short_id
from git_gage.secrets import SecretsFoundError, Sighting, find_in_lines, find_secrets, require_none
from git_gage.share.cargo import named_commit, read_line
from git_gage.store.clean import note_clean_tips, read_clean_tips

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.git import Repository
    from git_gage.share.delivery import Load
    from git_gage.store import Store

_ALLOW = "add '--allow-secrets' if it is none"
_FILES_HINT = f"send others with 'git gage files push <run> -- <glob>', or {_ALLOW}"
# Of more nobody wants to wait for the end: it takes a second or so.
_MOST_BYTES = 8 << 20


class _Leak(NamedTuple):
    """A secret, and the run or the commit that it is in, as far as that is known.

    is_users: whether that is a commit of the user's, which no redaction changes.
    """

    seen: Sighting
    run: str | None = None
    commit: str = ""
    is_users: bool = False


def require_no_leaks(store: Store, load: Load) -> None:
    """Refuse a push that would send secrets, before anything is sent.

    What was looked at once is not looked at again.
    Raises: SecretsFoundError that lists where they are.
    """
    clean = read_clean_tips(store.repo)
    held = {*clean, *load.known.values()}
    fresh = {ref: oid for ref, oid in load.updates.items() if oid not in held}
    if not fresh:
        return
    sizes = store.repo.object_sizes(sorted(held))
    before = [oid for oid, size in sizes.items() if size is not None]  # a disk may lose some
    sources = [oid for ref, oid in fresh.items() if ref.endswith("/src")]
    others = [oid for ref, oid in fresh.items() if not ref.endswith("/src")]
    found = list(_find_in_files(store.repo, others, before))
    found += _find_in_commits(store.repo, sources, before)
    if found:
        require_none((each.seen for each in found), _make_hint(load.lines, found))
    with store.writing():
        note_clean_tips(store.repo, fresh.values())


def allow_by(refusal: SecretsFoundError, way: str) -> str:
    """The hint of a refusal with the command that sends it all the same."""
    return (refusal.hint or "").replace(_ALLOW, f"send it all the same: {way}")


def _make_hint(lines: Sequence[bytes], found: Sequence[_Leak]) -> str:
    """How it can be taken out: by a redaction, or by another history and the end of old runs.

    lines: of the records that would be sent.
    """
    records = filter(None, map(read_line, lines))
    of_source = {source: each.run for each in records if (source := named_commit(each))}
    held = {each.run or of_source.get(each.commit) for each in found if not each.is_users}
    ways = []
    if held:
        only = held.pop() if len(held) == 1 else None
        ways.append(f"take it out with 'git gage redact {short_id(only) if only else '<run>'}'")
    if any(each.is_users for each in found):
        ways.append(
            "history goes along as it is: rewrite it, run again and end what ran before with"
            " 'git gage purge <run>'"
        )
    return f"{'; '.join(ways)}, or {_ALLOW}"


# -- large files -----------------------------------------------------------------------------------


def find_in_objects(store: Store, named: Mapping[str, str]) -> dict[str, list[Sighting]]:
    """Secrets in objects of the sidecar (sha256 → what to call it) that are texts of up to 8 MiB.

    What was looked at once is not looked at again, unless something was found.
    """
    from git_gage.runs.leaks import note_clean, read_clean

    known = read_clean(store.repo)
    found: dict[str, list[Sighting]] = {}
    clean = []
    for sha256, where in named.items():
        content = b"" if sha256 in known else _read_text(store.sidecar.path(sha256))
        if seen := list(find_in_lines(content, where)):
            found[sha256] = seen
        elif content:
            clean.append(sha256)
    if clean:
        note_clean(store.repo, clean)
    return found


def _read_text(path: Path) -> bytes:
    """A file that is text; empty for one that is not, or is too long."""
    from git_gage.source.texts import is_text_start

    if path.stat().st_size > _MOST_BYTES:
        return b""
    with path.open("rb") as file:
        start = file.read(1024)
        return start + file.read() if is_text_start(start) else b""


def refuse_objects(found: Mapping[str, Sequence[Sighting]]) -> None:
    """Raises: SecretsFoundError where anything was found in large files that would be sent."""
    require_none([each for seen in found.values() for each in seen], _FILES_HINT)


# -- records, and what programs left ---------------------------------------------------------------


def _find_in_files(repo: Repository, tips: Sequence[str], before: Sequence[str]) -> Iterator[_Leak]:
    if not tips:
        return
    listed = repo.run(
        *("rev-list", "--objects", "--filter=object:type=blob", "--filter-provided-objects"),
        *("--ignore-missing", "--stdin"),
        input=_range(tips, before),
    )
    paths = dict(line.split(" ", 1) for line in listed.decode().splitlines())
    for oid, _, content in repo.read_objects(paths):
        if find_secrets(content):
            yield from _describe(paths[oid], content)


def _describe(path: str, content: bytes) -> Iterator[_Leak]:
    run, _, name = path.partition("/")
    if is_run_id(run):
        for seen in find_in_lines(content, f"run {short_id(run)}: {name}"):
            yield _Leak(seen, run)
        return
    for line in content.splitlines():
        for found in find_secrets(line):
            record = read_line(line)
            # A line that is none is sent as it is, and named so.
            name = f"run {short_id(record.run)}: its {record.kind}" if record else "a record"
            yield _Leak(Sighting(name, found.kind), record and record.run)


# -- sources ---------------------------------------------------------------------------------------


def _find_in_commits(
    repo: Repository, tips: Sequence[str], before: Sequence[str]
) -> Iterator[_Leak]:
    """Secrets in what commits add that no remote of this clone has, as far as is known."""
    listed = _list_commits(repo, tips, before)
    if not listed:
        return
    from git_gage.runs.leaks import note_clean, read_clean
    from git_gage.source.additions import PATCH, PATCH_OPTIONS, read_additions
    from git_gage.source.snapshot import IDENTITY

    known = read_clean(repo)
    commits = [oid for oid in listed if oid not in known]
    if not commits:
        return
    asked = "".join(f"{oid}\n" for oid in commits).encode()
    patches = repo.run(*PATCH, *PATCH_OPTIONS, "--cc", "--stdin", input=asked)
    clean = dict.fromkeys(commits)
    for each in read_additions(patches):
        where = f"commit {(each.commit or '')[:7]}: {each.path}"
        for sighting in find_in_lines(each.text, where, first=each.line):
            commit = each.commit or ""
            clean.pop(commit, None)
            yield _Leak(sighting, None, commit, listed.get(commit) != IDENTITY)
    note_clean(repo, list(clean))


def _list_commits(repo: Repository, tips: Sequence[str], before: Sequence[str]) -> dict[str, str]:
    """Source commits and those that they stand on, each with who made it; those of lanes have no
    files.
    """
    if not tips:
        return {}
    form = "--format=%H %T %an <%ae>"
    listed = repo.run(
        *("rev-list", "--no-commit-header", form, "--ignore-missing", "--stdin"),
        *("--not", "--remotes"),
        input=_range(tips, before),
    )
    nothing = repo.empty_tree()
    rows = (line.split(" ", 2) for line in listed.decode(errors="replace").split("\n")[:-1])
    return {oid: who for oid, tree, who in rows if tree != nothing}


def _range(tips: Sequence[str], before: Sequence[str]) -> bytes:
    return "".join([*(f"{oid}\n" for oid in tips), *(f"^{oid}\n" for oid in before)]).encode()
