"""Places with a name: whose word counts, and whose is only shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_gage.errors import RequestError
from git_gage.git import Repository, open_repository
from git_gage.share.places import Places, find_places
from git_gage.share.remote import find_remote, is_remote, name_address
from tests.support import commit, git, write_files


def opened(where: Path) -> Repository:
    return open_repository(where, dict(os.environ))


def places(where: Path) -> Places:
    return find_places(opened(where))


def address(where: Path, name: str) -> str | None:
    place = places(where).find(name)
    return place.address if place and place.refused is None else None


def refused(where: Path, name: str) -> str:
    with pytest.raises(RequestError) as caught:
        find_remote(opened(where), name)
    return caught.value.message


def test_a_path_begins_at_the_top_or_in_home(repo: Path, sealed: Path) -> None:
    inner = repo / "inner"
    inner.mkdir()
    for name, url in (
        ("a", "../a.git"),
        ("b", "~/b.git"),
        ("c", "/srv/c.git"),
        ("d", "ssh://x/d"),
        ("e", "host:e.git"),
        ("gone", ""),
    ):
        git(repo, "config", f"gage.repo.{name}.url", url)
    assert address(inner, "a") == str(repo.parent / "a.git")
    assert address(inner, "b") == str(sealed / "b.git")
    assert [address(inner, name) for name in ("c", "d", "e", "gone")] == [
        "/srv/c.git",
        "ssh://x/d",
        "host:e.git",
        None,
    ]


def test_a_place_is_a_remote_by_its_name_and_is_kept_by_its_address(repo: Path) -> None:
    git(repo, "config", "gage.repo.lab.url", "../lab.git")
    found = find_remote(opened(repo), "lab")
    by_path = find_remote(opened(repo), str(repo.parent / "lab.git"))
    assert found.address == by_path.address
    assert found.tracking == by_path.tracking == name_address(opened(repo), found.address)
    assert (found.shown, found.configured, found.is_place) == ("lab", False, True)
    git(repo, "config", "gage.remote", "lab")
    assert find_remote(opened(repo), None).shown == "lab"
    git(repo, "remote", "add", "lab", "../other")
    assert find_remote(opened(repo), "lab").is_place is False


def test_which_words_are_remotes(repo: Path) -> None:
    git(repo, "config", "gage.repo.lab.url", "../lab.git")
    git(repo, "remote", "add", "origin", "../x")
    words = ("lab", "origin", "a/b", "host:x", "nothing")
    assert [is_remote(opened(repo), word) for word in words] == [True, True, True, True, False]


def test_the_files_of_gage_are_read_the_nearest_first(repo: Path, sealed: Path) -> None:
    inner = repo / "a" / "b"
    write_files(
        repo.parent,
        {
            "gageconfig.json": '{"repos": {"up": {"path": "up.git"}, "lab": {"path": "far.git"}}}',
            "repo/a/.gage/config.toml": '[repos.lab]\ntype = "git"\nurl = "ssh://x/near.git"\n',
            "repo/a/gageconfig.yaml": "repos: {other: {path: not-read}}\n",
            "repo/a/b/x": "",
        },
    )
    write_files(sealed, {"gageconfig.yaml": "repos:\n  home: {path: ~/runs.git}\n"})
    assert address(inner, "lab") == "ssh://x/near.git"
    assert address(repo, "lab") == str(repo.parent / "far.git")
    assert address(inner, "up") == str(repo.parent / "up.git")
    assert address(inner, "home") == str(sealed / "runs.git")
    assert address(inner, "other") is None
    git(repo, "config", "gage.repo.lab.url", "/mine.git")
    assert address(inner, "lab") == "/mine.git"


def test_a_path_beside_a_gage_folder(repo: Path) -> None:
    write_files(repo, {".gage/config.toml": "[repos.lab]\npath = 'lab.git'\n"})
    assert address(repo, "lab") == str(repo / "lab.git")


def test_what_came_with_the_repository_is_not_followed(repo: Path, sealed: Path) -> None:
    write_files(repo, {"gageconfig.toml": "[repos.lab]\npath = 'evil.git'\n"})
    assert address(repo, "lab") == str(repo / "evil.git")
    commit(repo)
    assert refused(repo, "lab") == (
        f"'lab' of '{repo / 'gageconfig.toml'}' is not used: the file came with the repository"
    )
    write_files(sealed, {"gageconfig.toml": "[repos.lab]\npath = 'mine.git'\n"})
    assert find_remote(opened(repo), "lab").address == str(sealed / "mine.git")


def test_what_another_user_wrote_is_not_followed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo.parent, {"gageconfig.toml": "[repos.lab]\npath = 'x'\n"})
    monkeypatch.setattr("os.geteuid", lambda: 4242)
    if (repo.parent / "gageconfig.toml").stat().st_uid == 0:
        os.chown(repo.parent / "gageconfig.toml", 1234, -1)
    assert "the file is another user's" in refused(repo, "lab")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("type = 'rclone'\npath = 's3:x'", "type 'rclone' is no git repository"),
        ("type = 'git'\npath = 'x'", "it has no 'url'"),
        ("path = 7", "it has no 'path'"),
        ('path = "a\\u001b[2J"', "it has no 'path'"),
        ("type = 'git'\nurl = 'ext::sh -c evil'", "its URL would start a program"),
        ("type = 'git'\nurl = 'evil://x/y'", "its URL would start a program"),
        ("type = 'git'\nurl = 'ssh://-oProxyCommand=evil/x'", "its URL would start a program"),
        ("type = 'git'\nurl = '-oProxyCommand=evil:x'", "its URL would start a program"),
    ],
)
def test_what_is_no_place(repo: Path, entry: str, why: str) -> None:
    write_files(repo.parent, {"gageconfig.toml": f"[repos.lab]\n{entry}\n"})
    assert refused(repo, "lab").endswith(f"is not used: {why}")


def test_a_url_says_that_it_is_one_of_git(repo: Path) -> None:
    write_files(repo.parent, {"gageconfig.toml": "[repos.lab]\nurl = 'file:///srv/y'\n"})
    assert address(repo, "lab") == "file:///srv/y"


@pytest.mark.parametrize("url", ["https://x.org/y", "git@x.org:y", "file:///srv/y", "x:y"])
def test_addresses_that_start_nothing_but_git(repo: Path, url: str) -> None:
    write_files(repo.parent, {"gageconfig.toml": f"[repos.lab]\ntype = 'git'\nurl = '{url}'\n"})
    assert address(repo, "lab") == url


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[repos\n", ""),
        ("repos = 3\n", "'repos' must hold a table for each name"),
        ("repos.lab = 3\n", "'repos' must hold a table for each name"),
        (f"# {'x' * (1 << 20)}\n", "it is too large"),
    ],
)
def test_files_that_cannot_be_read_are_told(repo: Path, text: str, why: str) -> None:
    write_files(repo.parent, {"gageconfig.toml": text})
    (notice,) = places(repo).notices
    assert notice.startswith(f"'{repo.parent / 'gageconfig.toml'}' is not read: {why}")


def test_a_file_that_may_not_be_read_is_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(repo.parent, {"gageconfig.json": "[]"})
    assert "'repos' must hold" in places(repo).notices[0]

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert places(repo).notices[0].endswith("is not read: permission denied")


def test_in_a_bare_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(tmp_path / "hub.git", "config", "gage.repo.lab.url", "../lab.git")
    write_files(tmp_path, {"gageconfig.toml": "[repos.up]\npath = 'up.git'\n"})
    assert address(tmp_path / "hub.git", "lab") == str(tmp_path / "lab.git")
    assert address(tmp_path / "hub.git", "up") == str(tmp_path / "up.git")
