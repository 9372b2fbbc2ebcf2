"""What cannot be done is said in git's style, with something to type."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from git_gage.files.sidecar import Sidecar
from tests.support import gage_inside, git, make_repo, write_files


def told(where: Path, *words: str, code: int = 128) -> str:
    done = gage_inside(where, *words)
    assert (done.code, done.out) == (code, ""), done
    assert done.err.startswith(("fatal: ", "error: "))
    assert "\nhint: " in done.err
    return done.err


def test_sha1_and_sha256_do_not_mix(repo: Path, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other", options=("--object-format=sha256",))
    for where in (repo, other):
        assert gage_inside(where, "run", "-q", "train.py").code == 0
    export, bring = (
        "'git gage export @ --format jsonl -o runs.jsonl'",
        "'git gage import runs.jsonl'",
    )
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    assert gage_inside(repo, "push", str(tmp_path / "hub.git")).code == 0
    said = told(other, "fetch", str(tmp_path / "hub.git"))
    assert "mismatched algorithms: client sha256; server sha1\nhint: SHA-1 and SHA-256" in said
    assert said.endswith(f"there {export}, here {bring}\n")
    assert f"here {export}, there {bring}\n" in told(other, "push", str(tmp_path / "hub.git"))
    assert gage_inside(repo, "export", "@", "--format", "jsonl", "-o", "runs.jsonl").code == 0
    assert gage_inside(other, "import", str(repo / "runs.jsonl")).out.startswith("Imported 1 run")


def test_what_holds_no_runs_of_a_tool(repo: Path) -> None:
    write_files(repo, {"empty": "", "deep/x": ""})
    assert "fatal: 'nosuch' is not there\nhint: ls /" in told(repo, "import", "nosuch")
    assert "hint: say what it is, one of guild, gage, " in told(repo, "import", "train.py")
    for form, path in (
        *((form, "deep") for form in ("guild", "gage", "mlflow", "wandb", "tensorboard", "dvc")),
        *(("jsonl", "deep"), ("jsonl", "empty"), ("bundle", "deep"), ("bundle", "train.py")),
        ("dvc", "train.py"),
    ):
        said = told(repo, "import", "--format", form, path)
        assert said.startswith(f"fatal: there are no runs of the form {form} in '{path}'\nhint: ")
        assert said.endswith(f": git gage import -n {path}\n")


def test_a_store_of_files_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """root may write everywhere, so what the disk says is put in its mouth."""
    repo = make_repo(
        tmp_path / "repo",
        files={"train.py": "open('big', 'wb').write(b'x' * 200_000)\n"},
    )
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    assert gage_inside(repo, "files", "push", "@").code == 0
    assert gage_inside(repo, "files", "drop", "@").code == 0
    root = repo / ".git/gage/lfs"
    away = root.rename(tmp_path / "away")
    root.touch()
    said = told(repo, "files", "pull", "@")
    assert said.startswith(f"fatal: get files: cannot write in '{root}': ")
    root.unlink()
    away.rename(root)

    def refuse(path: Path) -> None:
        def incoming(*_: object) -> Path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        monkeypatch.setattr(Sidecar, "incoming", incoming)

    refuse(root / "incoming")
    said = told(repo, "files", "pull", "@")
    assert said == (
        f"fatal: get files: cannot write in '{root}': permission denied\n"
        f"hint: see whose it is: ls -ld {root}\n"
    )
    # What another place refuses is not said of this one.
    refuse(tmp_path / "hub.git")
    assert str(root) not in gage_inside(repo, "files", "pull", "@").err


@pytest.mark.parametrize(
    "words",
    [
        *(["export-files", "@", ""], ["backup", ""], ["import", ""], ["restore", "--from", ""]),
        *(["export", "@", "--format", form, "-o", ""] for form in ("tensorboard", "mlflow")),
        *(["report", "-o", ""], ["associate", "@", ""]),
    ],
)
def test_an_empty_word_is_no_path(repo: Path, words: list[str]) -> None:
    """As it is where a shell knows no such variable: it does not mean where the user is."""
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    before = sorted(repo.iterdir())
    refused = gage_inside(repo, *words)
    assert (refused.code, refused.out) == (129, "")
    assert "an empty word is no path\n" in refused.err
    assert sorted(repo.iterdir()) == before
