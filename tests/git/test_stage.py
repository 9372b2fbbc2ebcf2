"""The run directory: what a program finds there, and what nobody else notices of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from git_gage.errors import GitError, RequestError
from git_gage.runs import stage as stage_module
from git_gage.runs.stage import StagedFiles, finish_stage, stage_source
from git_gage.source import Source
from tests.git.source_story import Taken, adopt, list_files, take, untouched
from tests.support import clone, commit, git, make_repo, write_files


class Stage(NamedTuple):
    """A staged run."""

    taken: Taken
    staged: StagedFiles
    run_dir: Path
    private: Path


def stage(
    where: Path, folder: Path, name: str = "run", replaced: dict[bytes, bytes] | None = None
) -> Stage:
    """What `git gage run` does in `where` up to the start of the program."""
    taken = take(where, folder / f"{name}-quarantine")
    adopt(taken)
    gage = taken.repo.gage_dir
    run_dir, private = gage / "runs" / name, gage / "state" / name / "git"
    return Stage(
        taken,
        stage_source(taken.repo, taken.source, run_dir, private, replaced),
        run_dir,
        private,
    )


def close(staged: Stage) -> None:
    """The end of a run that left nothing: nothing is left."""
    taken, files, run_dir, private = staged
    outcome = finish_stage(taken.repo, files, run_dir, private)
    assert (outcome.generated_files, outcome.modified, outcome.unseen) == (0, [], [])
    assert not run_dir.exists()
    assert not private.exists()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with edits of each kind, and data that git ignores."""
    files = {
        "train.py": "1\n",
        "lib/util.py": "1\n",
        "old.py": "1\n",
        ".gitignore": "data\n*.bin\n",
    }
    repo = make_repo(tmp_path / "project", files=files)
    git(repo, "tag", "-a", "v1", "-m", "one")
    write_files(repo, {"train.py": "2\n"})
    git(repo, "add", "train.py")
    write_files(repo, {"train.py": "3\n", "lib/util.py": "2\n", "new/a.py": "1\n"})
    write_files(repo, {"data/x.csv": "1\n", "lib/weights.bin": "w", ".env": "TOKEN=1\n"})
    (repo / "old.py").unlink()
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "out").mkdir()
    return repo


def test_program_finds_what_it_would_find_in_place(project: Path, tmp_path: Path) -> None:
    with untouched(project):
        staged = stage_untouched(project, tmp_path)
    found = list_files(staged.run_dir)
    wanted = list_files(project)
    for name in (b"data/x.csv", b"lib/weights.bin", b".env"):
        del wanted[name]
    for name in (b"data", b"lib/weights.bin", b".env"):
        assert found.pop(name) == ("link", os.path.join(os.fsencode(project), name))
    assert found == wanted
    assert (staged.run_dir / "data" / "x.csv").read_text() == "1\n"
    assert (staged.run_dir / "out").is_dir()
    close(staged)


def stage_untouched(project: Path, folder: Path) -> Stage:
    """Staging without the ref that `adopt` makes, for a look at what changes otherwise."""
    taken = take(project, folder / "q")
    taken.repo.environ = {
        **taken.repo.environ,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(folder / "q" / "objects"),
    }
    gage = taken.repo.gage_dir
    run_dir, private = gage / "runs" / "run", gage / "state" / "run" / "git"
    return Stage(taken, stage_source(taken.repo, taken.source, run_dir, private), run_dir, private)


def test_git_answers_there_as_in_place(project: Path, tmp_path: Path) -> None:
    questions = (
        ("rev-parse", "HEAD"),
        ("status", "--porcelain", "-uall"),
        ("log", "--oneline"),
        ("describe", "--dirty"),
        ("diff", "HEAD"),
        ("diff",),
        ("diff", "--cached"),
        ("tag", "--list"),
        ("rev-parse", "--show-prefix"),
    )
    here = [git(project, *question) for question in questions]
    staged = stage(project, tmp_path)
    assert [git(staged.run_dir, *question) for question in questions] == here
    assert git(staged.run_dir, "rev-parse", "--show-toplevel").strip() == str(staged.run_dir)
    assert git(staged.run_dir / "lib", "rev-parse", "--show-prefix").strip() == "lib/"
    close(staged)


def test_status_is_right_in_the_middle_of_a_merge(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"a.py": "1\n", "b.py": "1\n"})
    git(repo, "checkout", "-q", "-b", "other")
    write_files(repo, {"a.py": "theirs\n"})
    (repo / "b.py").unlink()
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write_files(repo, {"a.py": "ours\n", "b.py": "ours\n"})
    commit(repo)
    git(repo, "merge", "other", ok=(1,))
    here = git(repo, "status", "--porcelain")
    assert here == "UU a.py\nUD b.py\n"
    staged = stage(repo, tmp_path)
    assert git(staged.run_dir, "status", "--porcelain") == here
    close(staged)


def test_status_is_right_where_files_and_folders_trade_places(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"a": "1\n", "d/x": "1\n"})
    (repo / "a").unlink()
    write_files(repo, {"a/b": "1\n"})
    (repo / "d" / "x").unlink()
    (repo / "d").rmdir()
    write_files(repo, {"d": "1\n"})
    here = git(repo, "status", "--porcelain", "-uall")
    staged = stage(repo, tmp_path)
    assert git(staged.run_dir, "status", "--porcelain", "-uall") == here
    close(staged)


def test_user_who_goes_on_working_changes_nothing_in_the_run(project: Path, tmp_path: Path) -> None:
    staged = stage(project, tmp_path)
    before = list_files(staged.run_dir)
    head = git(staged.run_dir, "rev-parse", "HEAD")
    status = git(staged.run_dir, "status", "--porcelain")
    write_files(project, {"train.py": "edited\n", "more.py": "1\n"})
    git(project, "checkout", "-q", "-b", "next")
    commit(project)
    git(project, "gc", "-q", "--prune=now")
    assert "run" not in git(project, "worktree", "list")
    git(project, "worktree", "prune")
    assert list_files(staged.run_dir) == before
    assert git(staged.run_dir, "rev-parse", "HEAD") == head
    assert git(staged.run_dir, "status", "--porcelain") == status
    git(project, "fsck", "--strict")
    close(staged)


def test_program_that_commits_moves_no_branch_of_the_user(project: Path, tmp_path: Path) -> None:
    staged = stage(project, tmp_path)
    refs = git(project, "for-each-ref")
    reflog = git(project, "reflog")
    index = (project / ".git" / "index").read_bytes()
    commit(staged.run_dir, "by the program")
    assert git(project, "for-each-ref") == refs
    assert git(project, "reflog") == reflog
    assert (project / ".git" / "index").read_bytes() == index
    # What it committed is as it was staged all the same.
    close(staged)


def test_two_runs_at_once(project: Path, tmp_path: Path) -> None:
    one, two = stage(project, tmp_path, "one"), stage(project, tmp_path, "two")
    write_files(one.run_dir, {"train.py": "changed by one\n"})
    git(one.run_dir, "add", "train.py")
    assert (two.run_dir / "train.py").read_text() == "3\n"
    assert git(two.run_dir, "status", "--porcelain") == git(project, "status", "--porcelain")
    write_files(one.run_dir, {"train.py": "3\n"})
    close(one)
    close(two)


def test_exported_git_variables_do_not_matter(project: Path, tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "GIT_DIR": str(project / ".git"),
        "GIT_WORK_TREE": str(project),
        "GIT_INDEX_FILE": str(project / ".git" / "index"),
    }
    taken = take(project, tmp_path / "q", environ)
    adopt(taken)
    run_dir, private = tmp_path / "run", tmp_path / "git"
    with untouched(project):
        staged = stage_source(taken.repo, taken.source, run_dir, private)
        close(Stage(taken, staged, run_dir, private))


# -- repositories of every shape --------------------------------------------------------------


def test_linked_worktree_links_its_own_data(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "wt"))
    for place, text in ((repo, "main\n"), (tmp_path / "wt", "wt\n")):
        write_files(place, {".gitignore": "data/\n", "data/x": text})
    staged = stage(tmp_path / "wt", tmp_path)
    assert (staged.run_dir / "data" / "x").read_text() == "wt\n"
    assert git(staged.run_dir, "rev-parse", "HEAD") == git(repo, "rev-parse", "HEAD")
    close(staged)


def test_worktree_of_a_bare_repository(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "wt"), "main")
    staged = stage(tmp_path / "wt", tmp_path)
    assert git(staged.run_dir, "status", "--porcelain") == ""
    close(staged)


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_without_commits_the_branch_stays_unborn(tmp_path: Path, options: tuple[str, ...]) -> None:
    files = {"a.py": "1\n", "b.py": "1\n"}
    repo = make_repo(tmp_path / "repo", files=files, commit=False, options=options)
    git(repo, "add", "a.py")
    staged = stage(repo, tmp_path)
    assert git(staged.run_dir, "status", "--porcelain") == git(repo, "status", "--porcelain")
    git(staged.run_dir, "rev-parse", "--verify", "HEAD", ok=(128,))
    commit(repo)
    # Born in the work tree, not in the run directory; and the other way round.
    git(staged.run_dir, "rev-parse", "--verify", "HEAD", ok=(128,))
    born = git(repo, "rev-parse", "main")
    commit(staged.run_dir)
    assert git(repo, "rev-parse", "main") == born
    close(staged)


def test_without_any_file(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={}, commit=False)
    staged = stage(repo, tmp_path)
    assert list_files(staged.run_dir) == {}
    close(staged)


def test_submodules_are_links(repo: Path, tmp_path: Path) -> None:
    lib = make_repo(tmp_path / "lib", files={"lib.py": "1\n"})
    for name in ("sub", "deep/er"):
        git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib), name)
    commit(repo)
    git(repo, "config", "submodule.recurse", "true")
    staged = stage(repo, tmp_path)
    assert (staged.run_dir / "sub").readlink() == repo / "sub"
    assert (staged.run_dir / "deep" / "er" / "lib.py").read_text() == "1\n"
    assert git(staged.run_dir, "status", "--porcelain") == ""
    close(staged)
    assert (repo / "sub" / "lib.py").exists()


def test_sparse_checkout_stays_sparse(tmp_path: Path) -> None:
    files = {"a/x.py": "1\n", "b/c/y.py": "1\n", "b/z.py": "1\n", "top.py": "1\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    git(repo, "sparse-checkout", "set", "a")
    write_files(repo, {"a/x.py": "2\n"})
    staged = stage(repo, tmp_path)
    assert set(list_files(staged.run_dir)) == {b"a/x.py", b"top.py"}
    assert git(staged.run_dir, "status", "--porcelain") == " M a/x.py\n"
    # A file that the program makes where one was left out is the program's.
    write_files(staged.run_dir, {"b/z.py": "new\n"})
    outcome = finish_stage(staged.taken.repo, *staged[1:])
    assert outcome.generated_files == 1
    assert list_files(staged.run_dir) == {b"b/z.py": ("file", b"new\n")}


def test_shallow_clone(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"b.py": "1\n"})
    commit(repo)
    shallow = clone(f"file://{repo}", tmp_path / "shallow", options=("--depth=1",))
    staged = stage(shallow, tmp_path)
    assert len(git(staged.run_dir, "log", "--oneline").splitlines()) == 1
    close(staged)


def test_filters_apply(tmp_path: Path) -> None:
    attributes = "*.txt text eol=crlf\n*.bin filter=upper\n"
    repo = make_repo(tmp_path / "repo", files={".gitattributes": attributes})
    git(repo, "config", "filter.upper.clean", "tr a-z A-Z")
    git(repo, "config", "filter.upper.smudge", "tr A-Z a-z")
    write_files(repo, {"b.txt": "one\r\n", "c.bin": "weights\n"})
    staged = stage(repo, tmp_path)
    assert (staged.run_dir / "b.txt").read_bytes() == b"one\r\n"
    assert (staged.run_dir / "c.bin").read_bytes() == b"weights\n"
    assert git(staged.run_dir, "status", "--porcelain") == git(repo, "status", "--porcelain")
    close(staged)


def test_file_names_of_any_bytes(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={".gitignore": "ign*\n"})
    for name in (b"latin-\xe9", b"new\nline", b"ign-\xff", b"gone-\xff"):
        with open(os.path.join(os.fsencode(repo), name), "wb") as file:
            file.write(name)
    os.mkdir(os.path.join(os.fsencode(repo), b"empty-\xfe"))
    staged = stage(repo, tmp_path)
    root = os.fsencode(staged.run_dir)
    with open(os.path.join(root, b"ign-\xff"), "rb") as file:
        assert file.read() == b"ign-\xff"
    assert os.path.isdir(os.path.join(root, b"empty-\xfe"))
    close(staged)


def test_many_files_are_written_by_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = ("-c", "checkout.workers=2", "-c", "checkout.thresholdForParallelism=10")
    monkeypatch.setattr(stage_module, "_WORKERS", workers)
    files = {f"d{number % 7}/f{number}.py": f"{number}\n" for number in range(300)}
    repo = make_repo(tmp_path / "repo", files=files)
    staged = stage(repo, tmp_path)
    assert list_files(staged.run_dir) == list_files(repo)
    assert git(staged.run_dir, "status", "--porcelain") == ""
    close(staged)


def test_current_folder_is_there_even_where_git_knows_nothing_of_it(
    repo: Path, tmp_path: Path
) -> None:
    write_files(repo, {".gitignore": "work/\n"})
    (repo / "work" / "here").mkdir(parents=True)
    staged = stage(repo / "work" / "here", tmp_path)
    assert (staged.run_dir / "work" / "here").is_dir()
    close(staged)


# -- links ------------------------------------------------------------------------------------


def test_tracked_secret_is_what_it_is_in_place(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"conf/.env": "A=1\n"})
    write_files(repo, {"conf/.env": "A=2\n"})
    staged = stage(repo, tmp_path)
    assert (staged.run_dir / "conf" / ".env").read_text() == "A=2\n"
    assert staged.taken.source.linked[0].size is None
    close(staged)
    assert (repo / "conf" / ".env").read_text() == "A=2\n"


def source_with(taken: Taken, *paths: bytes) -> Source:
    from dataclasses import replace

    from git_gage.source import Linked

    return replace(taken.source, linked=tuple(Linked(path) for path in paths))


def test_folder_that_is_half_source_is_linked_by_its_parts(tmp_path: Path) -> None:
    files = {"pkg/a.py": "1\n", "pkg/in/b.py": "1\n", "link": "", "file": ""}
    repo = make_repo(tmp_path / "repo", files=files)
    (repo / "link").unlink()
    (repo / "link").symlink_to("pkg")
    taken = take(repo, tmp_path / "q")
    adopt(taken)
    write_files(repo, {"pkg/x.bin": "1", "pkg/in/y.bin": "1", "pkg/out/z.bin": "1"})
    write_files(repo, {"pkg/.git": "1"})
    # Below a link, or a file, of the snapshot there is no place of the run's own.
    source = source_with(taken, b"pkg/", b"link/x", b"file/x")
    run_dir, private = tmp_path / "run", tmp_path / "git"
    staged = stage_source(taken.repo, source, run_dir, private)
    found = list_files(run_dir)
    linked = {path for path, (kind, _) in found.items() if kind == "link"}
    assert linked == {b"link", b"pkg/x.bin", b"pkg/in/y.bin", b"pkg/out"}
    close(Stage(taken, staged, run_dir, private))
    assert (repo / "pkg" / "out" / "z.bin").exists()


def test_script_of_the_run_is_changed_in_the_run_alone(project: Path, tmp_path: Path) -> None:
    write_files(project, {"data/tools/script.py": "a = 1\n"})
    before = list_files(project)
    replaced = {
        b"run.sh": b"#!/bin/sh\ntrue\n",
        b"lib/util.py": b"3\n",
        b"data/tools/script.py": b"a = 2\n",
    }
    staged = stage(project, tmp_path, replaced=replaced)
    assert (staged.run_dir / "run.sh").read_bytes() == replaced[b"run.sh"]
    assert os.access(staged.run_dir / "run.sh", os.X_OK)
    assert (staged.run_dir / "data" / "tools" / "script.py").read_text() == "a = 2\n"
    assert (staged.run_dir / "data" / "x.csv").readlink() == project / "data" / "x.csv"
    assert list_files(project) == before
    assert " M train.py" not in git(staged.run_dir, "status", "--porcelain")
    close(staged)
    assert list_files(project) == before


# -- what goes wrong --------------------------------------------------------------------------


def test_failure_leaves_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(project, tmp_path / "q")
    run_dir, private = tmp_path / "run", tmp_path / "git"
    # The snapshot is not in the repository.
    with pytest.raises(GitError, match=r"^git read-tree --reset: "):
        stage_source(taken.repo, taken.source, run_dir, private)
    assert not run_dir.exists()
    assert not private.exists()
    assert (project / "data" / "x.csv").exists()


def test_without_a_snapshot_there_is_nothing_to_stage(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    taken = take(tmp_path / "bare.git", tmp_path / "q")
    with pytest.raises(RequestError, match="no source to stage"):
        stage_source(taken.repo, taken.source, tmp_path / "run", tmp_path / "git")


def test_directory_of_another_run_is_not_used(repo: Path, tmp_path: Path) -> None:
    taken = take(repo, tmp_path / "q")
    write_files(tmp_path / "run", {"precious": "1\n"})
    with pytest.raises(FileExistsError):
        stage_source(taken.repo, taken.source, tmp_path / "run", tmp_path / "git")
    assert (tmp_path / "run" / "precious").exists()


def has_reftable() -> bool:
    done = subprocess.run(["git", "init", "-h"], capture_output=True, text=True, check=False)
    return "--ref-format" in done.stdout + done.stderr


@pytest.mark.parametrize("born", [True, False])
def test_refs_in_tables(tmp_path: Path, born: bool) -> None:
    if not has_reftable():
        make_tables_by_hand(tmp_path, born)
        return
    repo = make_repo(tmp_path / "repo", commit=born, options=("--ref-format=reftable",))
    write_files(repo, {"a.py": "1\n"})
    staged = stage(repo, tmp_path)
    assert git(staged.run_dir, "status", "--porcelain") == git(repo, "status", "--porcelain")
    if born:
        assert git(staged.run_dir, "rev-parse", "HEAD") == git(repo, "rev-parse", "HEAD")
    close(staged)


def make_tables_by_hand(tmp_path: Path, born: bool) -> None:
    """A git without reftable: the layout is made and git itself is asked to fill it."""
    repo = make_repo(tmp_path / "repo", commit=born)
    (repo / ".git" / "reftable").mkdir()
    staged = stage(repo, tmp_path)
    assert (staged.private / "reftable").is_dir()
    head = (staged.private / "HEAD").read_text().strip()
    assert head == (staged.taken.source.commit or "ref: refs/worktree/main")
