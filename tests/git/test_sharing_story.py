"""The stories of docs/sharing.md: a run is shown, fetched, changed, and comes back.

Every command of Gage's "Sharing runs with others", with what it shows. Gage compares the files of
its run directories; here the records are compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from git_gage.git.folder import open_folder
from git_gage.store import Store
from tests.git.over_http import serve
from tests.support import Result, gage, gage_inside, git, make_repo

HELLO = {
    "gage.toml": '[hello]\nexec = "python3 hello.py"\nconfig = "hello.py"\n',
    "hello.py": 'name = "Gage"\nprint(f"Hello {name}")\n',
}
EMPTY = "| # | operation | status | label |\n|---|-----------|--------|-------|\n"


def listed(label: str) -> str:
    bar = "-" * (len(label) + 2)
    return (
        f"| # | operation   | status    | {'label':<{len(label)}} |\n"
        f"|---|-------------|-----------|{bar}|\n"
        f"| 1 | hello:hello | completed | {label} |\n"
    )


def records_in(folder: Path) -> set[bytes]:
    repo = open_folder(folder, folder, dict(os.environ))
    assert repo is not None
    store = Store(repo)
    assert store.journals() == []
    blobs = {
        blob for found in store.list_blobs(store.read_tips().values()).values() for blob in found
    }
    return {line for _, lines in store.read_lines(blobs) for line in lines}


class Story:
    """Where the story happens. `where` is how `copy` is told of the remote location."""

    def __init__(self, folder: Path, remote: Path, where: str) -> None:
        self.local, self.remote, self.where = folder / "hello", remote, where
        self.retrieve, self.retrieve_project = folder / "retrieve", folder / "project"
        self.retrieve_project.mkdir()
        make_repo(self.local, files=HELLO)

    def at_home(self, *words: str) -> str:
        return self._said(gage_inside(self.local, *words))

    def at(self, folder: Path, *words: str) -> str:
        return self._said(gage_inside(self.local, *words, env={"GAGE_RUNS": str(folder)}))

    def _said(self, result: Result) -> str:
        assert (result.code, result.err) == (0, "")
        return result.out


def in_directory(folder: Path) -> Iterator[Story]:
    (folder / "remote").mkdir()
    yield Story(folder, folder / "remote", str(folder / "remote"))


def by_path(folder: Path) -> Iterator[Story]:
    git(folder, "init", "-q", "--bare", "remote.git")
    yield Story(folder, folder / "remote.git", "../remote.git")


def by_name(folder: Path) -> Iterator[Story]:
    git(folder, "init", "-q", "--bare", "remote.git")
    story = Story(folder, folder / "remote.git", "origin")
    git(story.local, "remote", "add", "origin", (folder / "remote.git").as_uri())
    yield story


def by_http(folder: Path) -> Iterator[Story]:
    git(folder, "init", "-q", "--bare", "remote.git")
    git(folder / "remote.git", "config", "http.receivepack", "true")
    with serve(folder) as address:
        yield Story(folder, folder / "remote.git", f"{address}/remote.git")


@pytest.fixture(params=[in_directory, by_path, by_name, by_http])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    make: Callable[[Path], Iterator[Story]] = request.param
    yield from make(tmp_path)


def test_share_and_view_then_share_and_retrieve(story: Story) -> None:
    local, remote, retrieve = story.local, story.remote, story.retrieve
    hello = ("run", "hello", "name=Sharon", "-l", "Something to share", "-y")
    assert gage(local, *hello).out == "Hello Sharon\n"
    assert story.at_home("ls", "-s") == listed("Something to share")
    project = story.at_home("select", "--project-dir")
    assert project == f"{local.resolve()}\n"
    # Share and view
    assert story.at(remote, "ls", "-s") == EMPTY
    assert story.at_home("copy", "--all", "--to", story.where, "-y") == "Copied 1 run\n"
    assert records_in(remote) == records_in(local)
    assert story.at(remote, "ls", "-s") == listed("Something to share")
    assert story.at(remote, "select", "--project-dir") == ""
    assert story.at(remote, "output") == "Hello Sharon\n"
    # Share and retrieve
    taken = story.at(retrieve, "copy", "--all", "--from", story.where, "-y")
    assert taken == "Copied 1 run\n"
    assert records_in(retrieve) == records_in(remote)
    assert story.at(retrieve, "select", "--project-dir") == ""
    run = story.at(retrieve, "select").strip()
    elsewhere = str(story.retrieve_project)
    said = story.at(retrieve, "associate", "1", elsewhere)
    assert said == f'Associated "{run}" with {story.retrieve_project.resolve()}\n'
    assert story.at(retrieve, "select", "--project-dir") == f"{elsewhere}\n"
    label = ("label", "1", "--set", "Just an example", "-y")
    assert story.at(retrieve, *label) == "Set label for 1 run\n"
    assert story.at(retrieve, "select", "--label") == "Just an example\n"
    assert story.at(retrieve, "ls", "-s") == listed("Just an example")
    assert story.at_home("select", "--label") == "Something to share\n"
    assert story.at(remote, "select", "--label") == "Something to share\n"
    assert story.at(retrieve, "copy", "1", "--to", story.where, "-y") == "Copied 1 run\n"
    assert records_in(retrieve) == records_in(remote)
    assert story.at(remote, "select", "--label") == "Just an example\n"
    assert story.at(remote, "select", "--project-dir") == ""
    assert len(records_in(remote) - records_in(local)) == 1
    assert records_in(local) < records_in(remote)
    assert story.at_home("select", "--label") == "Something to share\n"
    assert story.at_home("copy", "--all", "--from", story.where, "-y") == "Copied 1 run\n"
    assert story.at_home("select", "--label") == "Just an example\n"
    assert story.at_home("select", "--project-dir") == project
    assert records_in(local) == records_in(remote)
    for way in ("--to", "--from"):
        again = story.at_home("copy", "--all", way, story.where, "-y")
        assert again.startswith("Nothing to copy: ")
