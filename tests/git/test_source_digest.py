"""The source digest: one name for the same files, wherever they are."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import IntegrityError
from git_gage.git import contents, open_repository
from git_gage.git.contents import hash_contents
from git_gage.source import digest as digest_module
from tests.git.source_story import take
from tests.support import clone, commit, git, make_repo, write_files

FILES = {"a.py": "1\n", "b/c.py": "2\n", "b.py": "3\n", "run.sh": "4\n"}


def digest_of(where: Path, tmp_path: Path) -> str:
    quarantine = tmp_path / f"q{len(list(tmp_path.iterdir()))}"
    return str(take(where, quarantine).source.digest)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    repo = make_repo(tmp_path / "project", files=FILES)
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("a.py")
    commit(repo)
    return repo


def test_digest_is_what_the_format_says(project: Path, tmp_path: Path) -> None:
    def named(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    lines = [
        f"f {named('1' + chr(10))} a.py",
        f"f {named('3' + chr(10))} b.py",
        f"f {named('2' + chr(10))} b/c.py",
        f"l {named('a.py')} link",
        f"x {named('4' + chr(10))} run.sh",
    ]
    text = "".join(line + "\0" for line in lines)
    assert digest_of(project, tmp_path) == named(text)
    assert take(project, tmp_path / "q").source.files == 5


def test_digest_is_the_same_in_another_clone_and_format(project: Path, tmp_path: Path) -> None:
    here = digest_of(project, tmp_path)
    assert digest_of(clone(project, tmp_path / "elsewhere"), tmp_path) == here
    other = make_repo(tmp_path / "other", files=FILES, options=("--object-format=sha256",))
    (other / "run.sh").chmod(0o755)
    (other / "link").symlink_to("a.py")
    # Dirty or clean, committed or not: the files count.
    assert digest_of(other, tmp_path) == here
    commit(other)
    assert digest_of(other, tmp_path) == here


def test_digest_changes_with_a_byte_a_bit_or_a_name(project: Path, tmp_path: Path) -> None:
    seen = {digest_of(project, tmp_path)}
    write_files(project, {"a.py": "2\n"})
    seen.add(digest_of(project, tmp_path))
    (project / "a.py").chmod(0o755)
    seen.add(digest_of(project, tmp_path))
    (project / "a.py").rename(project / "A.py")
    seen.add(digest_of(project, tmp_path))
    (project / "A.py").unlink()
    (project / "A.py").symlink_to("2\n")
    seen.add(digest_of(project, tmp_path))
    assert len(seen) == 5


def test_second_time_nothing_is_read(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = digest_of(project, tmp_path)
    read: list[str] = []

    def counted(*args: Any) -> Any:
        read.extend(args[1])
        return hash_contents(*args)

    monkeypatch.setattr(digest_module, "hash_contents", counted)
    assert digest_of(project, tmp_path) == first
    assert read == []
    write_files(project, {"a.py": "new\n"})
    digest_of(project, tmp_path)
    assert len(read) == 1


@pytest.mark.parametrize("name", ["trees", "blobs"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "noise"])
def test_damaged_cache_is_dropped(project: Path, tmp_path: Path, name: str, damage: str) -> None:
    first = digest_of(project, tmp_path)
    path = project / ".git" / "gage" / "cache" / name
    content = path.read_bytes()
    last = b"0" if content[-10:-9] != b"0" else b"1"
    damaged = {
        "cut": content[:-40],
        "changed": content[:-10] + last + content[-9:],
        "gone": b"",
        "noise": os.urandom(100),
    }
    path.write_bytes(damaged[damage])
    if name == "blobs":
        (path.parent / "trees").unlink()
    assert digest_of(project, tmp_path) == first


def test_submodules_are_remembered_with_the_digest(project: Path, tmp_path: Path) -> None:
    lib = make_repo(tmp_path / "lib")
    name = "l\u00efb one"
    head = git(lib, "rev-parse", "HEAD").strip()
    allow = ("-c", "protocol.file.allow=always")
    git(project, *allow, "submodule", "add", "-q", "--name", "lib", str(lib), name)
    commit(project)
    first = take(project, tmp_path / "q").source
    again = take(project, tmp_path / "q2").source
    assert again.submodules == first.submodules == ((name.encode(), head),)
    assert again.digest == first.digest
    # Modules are no files.
    assert first.files == 6


def test_cache_keeps_to_its_size(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest_module, "_SPARE_BLOBS", 3)
    monkeypatch.setattr(digest_module, "_MAX_TREES", 2)
    for number in range(6):
        write_files(project, {"a.py": f"edit {number}\n"})
        digest_of(project, tmp_path)
    cache = project / ".git" / "gage" / "cache"
    assert len((cache / "trees").read_text().splitlines()) == 3
    assert len((cache / "blobs").read_text().splitlines()) <= 1 + 2 * (5 + 3)


def test_missing_file_is_named_not_guessed(project: Path, tmp_path: Path) -> None:
    oid = git(project, "rev-parse", "HEAD:a.py").strip()
    (project / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(IntegrityError, match=f"blob '{oid}' is not in the repository"):
        take(project, tmp_path / "q")


def test_answer_that_breaks_off_is_an_error() -> None:
    with pytest.raises(IntegrityError, match="ends early"):
        list(contents._read_next(io.BytesIO(b"0123 blob 5\nab"), "0123"))


def test_contents_of_many_and_large_blobs(repo: Path, tmp_path: Path) -> None:
    # More questions than a pipe holds while nobody reads, and answers larger than one read.
    write_files(repo, {"big": b"x" * 3_000_000, "small": "1\n"})
    oids = git(repo, "hash-object", "-w", "big", "small").split()
    opened = open_repository(repo, dict(os.environ))
    found = list(hash_contents(opened, [*oids, *[oids[1]] * 5000]))[:2]
    assert found == [
        (oids[0], hashlib.sha256(b"x" * 3_000_000).hexdigest()),
        (oids[1], hashlib.sha256(b"1\n").hexdigest()),
    ]


def test_reader_that_stops_early_leaves_nothing_behind(repo: Path) -> None:
    oid = git(repo, "rev-parse", "HEAD:train.py").strip()
    opened = open_repository(repo, dict(os.environ))
    answers = hash_contents(opened, [oid] * 200_000)
    assert next(answers)[0] == oid
    answers.close()  # type: ignore[attr-defined]
