"""`publish`: runs on a public remote, and a README there that says which."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from git_gage.catalog import Catalog
from git_gage.errors import RemoteError
from git_gage.share.publish import MARK, write_index
from tests.support import commit, forget_identity, gage_inside, git, write_files
from tests.unit.share.world import World, make_world, refs_of

BRANCH = "refs/heads/runs"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def publish(where: Path, *words: str, code: int = 0) -> str:
    result = gage_inside(where, "publish", *words)
    assert (result.code, result.err) == (code, ""), result
    return result.out


def refused(where: Path, *words: str) -> str:
    result = gage_inside(where, "publish", *words)
    assert result.code == 128, result
    return result.err


def readme(world: World, branch: str = "runs") -> str:
    assert git(world.origin, "ls-tree", "-r", "--name-only", branch) == "README.md\n"
    return git(world.origin, "show", f"{branch}:README.md")


def test_a_reader_finds_what_was_published_and_gets_it(world: World) -> None:
    run, other = world.ana.run("fit.py"), world.ana.run("other.py")
    gage_inside(world.ana.path, "label", run, "--set", "[best](http://x) | <b>")
    assert publish(world.ana.path, "origin", run, "-n").endswith(
        "would write the index on the branch 'runs' of origin\n"
    )
    assert BRANCH not in refs_of(world.origin)
    said = publish(world.ana.path, "origin", run, "--title", "Digits -->")
    assert said == "pushed 1 run to origin\nwrote the index on the branch 'runs' of origin\n"
    text = readme(world)
    assert "\n# Digits --\\>\n\n1 run, recorded in git by git-gage" in text
    assert f"\n    git clone {world.origin} runs\n" in text
    assert f"| {run[10:17]} | fit.py | \\[best\\](http://x) \\| \\<b\\> | completed |" in text
    assert other[10:17] not in text
    assert git(world.origin, "log", "-1", "--format=%an <%ae>", "runs") == "Ana <ana@example.com>\n"
    # What it tells a reader to type.
    for line in text.partition("## Get them\n\n")[2].partition("\n\n")[0].splitlines()[:1]:
        git(world.folder, *line.split()[1:])
    assert gage_inside(world.folder / "runs", "fetch").out == "fetched 1 run from origin\n"


def test_what_is_there_already_is_not_written_again(world: World) -> None:
    run, other = world.ana.run(), world.ana.run("other.py")
    url = ("--url", "https://me:secret@example.com/digits.git")
    publish(world.ana.path, "origin", run, "--title", "Digits", *url)
    assert publish(world.ana.path, "origin", run) == (
        "origin is up to date\nthe index on the branch 'runs' of origin is up to date\n"
    )
    publish(world.ana.path, "origin", other)
    text = readme(world)
    assert "\n# Digits\n\n2 runs, " in text
    assert "    git gage fetch https://example.com/digits.git <run>\n" in text
    assert text.index(other[10:17]) < text.index(run[10:17])
    assert git(world.origin, "rev-list", "--count", "runs") == "2\n"
    # Nothing here leads to what was made for that alone, and is gone.
    git(world.ana.path, "fsck", "--connectivity-only")


def test_somebody_without_a_name(world: World) -> None:
    run = world.ana.run()
    forget_identity(world.ana.path)
    publish(world.ana.path, "origin", run, "--branch", "public/runs")
    author = git(world.origin, "log", "-1", "--format=%an <%ae>", "public/runs")
    assert author == "git-gage <git-gage@localhost>\n"


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "# Mine\n"},
        {"README.md": f"{MARK}{{}} -->\n", "more.txt": "mine\n"},
        {f"{number}-{'x' * 40}": "" for number in range(30)},
    ],
    ids=["another README", "another file", "many files"],
)
def test_a_branch_of_others_is_left_alone(world: World, files: dict[str, str]) -> None:
    world.sam.git("checkout", "-q", "--orphan", "runs")
    world.sam.git("rm", "-q", "-r", "-f", ".")
    write_files(world.sam.path, files)
    commit(world.sam.path)
    world.sam.git("push", "-q", "origin", "runs")
    before = refs_of(world.origin)
    run = world.ana.run()
    assert refused(world.ana.path, "origin", run) == (
        "fatal: the branch 'runs' of 'origin' is no index of runs: left as it is\n"
        "hint: choose another one with '--branch <name>'\n"
    )
    assert refs_of(world.origin) == before


def test_a_protected_branch(world: World) -> None:
    run = world.ana.run()
    hook = world.origin / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase $1 in refs/heads/*) echo "protected" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    result = gage_inside(world.ana.path, "publish", "origin", run)
    assert (result.code, result.out) == (128, "pushed 1 run to origin\n")
    assert "fatal: push to 'origin': hook declined\nremote: protected" in result.err
    assert "hint: the runs are there, and the index is not: once 'origin' takes" in result.err
    assert BRANCH not in refs_of(world.origin)


def test_a_remote_that_refuses_is_asked_for_the_same_again(world: World) -> None:
    run = world.ana.run()
    hook = world.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    result = gage_inside(world.ana.path, "publish", "origin", run, "--title", "My runs")
    assert result.code == 128
    assert result.err.endswith(f": git gage publish origin {run[10:17]} '--title=My runs'\n")
    hook.unlink()
    assert gage_inside(world.ana.path, *shlex.split(result.err.rpartition("gage ")[2])).code == 0
    assert BRANCH in refs_of(world.origin)


def write(text: str, then: Callable[[], object]) -> Callable[[Catalog, str], str]:
    """An index writer that lists ids, while something else happens."""

    def listed(runs: Catalog, before: str) -> str:
        then()
        return f"{MARK}{{}} -->\n{text}\n" + "\n".join(sorted(runs.find(())))

    return listed


def test_two_publish_at_once_and_nothing_is_lost(world: World) -> None:
    run, other = world.ana.run(), world.sam.run()
    world.ana.push("origin", run)
    raced: list[int] = []

    def race() -> None:
        if not raced:
            raced.append(1)
            publish(world.sam.path, "origin", other)

    ana = world.ana
    assert write_index(ana.store, ana.catalog, "origin", "runs", write("ana", race), ana.heard)
    text = readme(world)
    assert run in text
    assert other in text
    assert git(world.origin, "rev-list", "--count", "runs") == "2\n"


def test_who_is_never_first_is_told_so(world: World) -> None:
    ana = world.ana
    publish(ana.path, "origin", ana.run())
    tree = git(world.origin, "rev-parse", "runs^{tree}").strip()

    def race() -> None:
        made = world.sam.git("commit-tree", "-p", tip(), "-m", "x", tree).strip()
        world.sam.git("push", "-q", "origin", f"{made}:{BRANCH}")

    def tip() -> str:
        world.sam.git("fetch", "-q", "origin")
        return world.sam.git("rev-parse", "origin/runs").strip()

    with pytest.raises(RemoteError, match="push to 'origin': fetch first"):
        write_index(ana.store, ana.catalog, "origin", "runs", write("ana", race), ana.heard)


def test_what_is_no_remote_or_branch_or_run(world: World) -> None:
    run = world.ana.run()
    assert refused(world.ana.path, "nosuch", run) == (
        "fatal: no remote or place 'nosuch'\nhint: 'git gage remote' lists them\n"
    )
    assert refused(world.ana.path, "origin", run, "--branch", "a..b") == (
        "fatal: no name for a branch: 'a..b'\nhint: give another one: --branch runs\n"
    )
    result = gage_inside(world.ana.path, "publish", "origin")
    assert result.code == 129
    assert "give the runs, or '-w <filter>'" in result.err
    result = gage_inside(world.ana.path, "publish", "origin", "-w", "acc > 1")
    assert (result.code, result.err.splitlines()[0]) == (1, "no run matches")


def test_a_private_run_is_not_published(world: World) -> None:
    run = world.ana.run()
    gage_inside(world.ana.path, "private", run)
    assert "is private" in refused(world.ana.path, "origin", run)
    assert BRANCH not in refs_of(world.origin)
