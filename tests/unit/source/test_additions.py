"""Added lines of patches, as git itself writes them."""

from __future__ import annotations

from pathlib import Path

from git_gage.source.additions import PATCH, PATCH_OPTIONS, Addition, read_additions
from tests.support import commit, git, make_repo, write_files


def additions(repo: Path, *commits: str) -> list[Addition]:
    words = [word for word in PATCH if word != "diff-tree"]
    stdin = "".join(f"{oid}\n" for oid in commits)
    patch = git(repo, *words, "diff-tree", *PATCH_OPTIONS, "--cc", "--stdin", input=stdin)
    return list(read_additions(patch.encode(errors="surrogateescape")))


def test_added_lines_have_their_file_and_place(repo: Path) -> None:
    write_files(repo, {"a": "1\n2\n3\n4\n5\n", "b": "++ x\n-- y\n"})
    one = commit(repo)
    write_files(repo, {"a": "1\nnew\n3\n4\n5\nlast\nend", 'ü "q".txt': "text"})
    two = commit(repo)
    assert additions(repo, one) == [
        Addition(one, "a", 1, b"1\n2\n3\n4\n5"),
        Addition(one, "b", 1, b"++ x\n-- y"),
    ]
    assert additions(repo, two) == [
        Addition(two, "a", 2, b"new"),
        Addition(two, "a", 6, b"last\nend"),
        Addition(two, 'ü \\"q\\".txt', 1, b"text"),
    ]


def test_what_is_gone_moved_or_binary_adds_nothing(repo: Path) -> None:
    write_files(repo, {"a": "".join(f"{n}\n" for n in range(50)), "c": "1\n2\n"})
    commit(repo)
    (repo / "a").rename(repo / "moved")
    write_files(repo, {"c": "2\n", "binary": b"\0\1\2" * 99})
    assert additions(repo, commit(repo)) == []


def test_a_merge_adds_what_neither_side_had(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"a": "1\n2\n3\n"})
    git(repo, "checkout", "-q", "-b", "side")
    write_files(repo, {"a": "one\nother\n2\n3\n"})
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write_files(repo, {"a": "eins\n2\n3\n", "b": "of main\n"})
    commit(repo)
    git(repo, "merge", "-q", "side", ok=(1,))
    write_files(repo, {"a": "one\nboth\nother\nadded\n2\n3\n"})
    merged = commit(repo)
    assert additions(repo, merged) == [
        Addition(merged, "a", 2, b"both"),
        Addition(merged, "a", 4, b"added"),
    ]


def test_the_first_commit_adds_all_it_has(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    (found,) = additions(repo, first)
    assert (found.path, found.line) == ("train.py", 1)
