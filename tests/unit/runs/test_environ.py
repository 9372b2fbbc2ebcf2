"""What environment a program gets, and what of it is recorded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from git_gage.runs.environ import find_parent, program_environ, recorded_variables, user_path


def environ_of(environ: dict[str, str]) -> dict[str, str]:
    return program_environ(
        environ,
        run="01jd",
        run_dir=Path("/repo/.git/gage/runs/01jd"),
        parent_pwd=Path("/repo/code"),
        project_dir=Path("/repo"),
    )


def test_program_is_told_of_its_run() -> None:
    assert environ_of({"HOME": "/home/ana"}) == {
        "HOME": "/home/ana",
        "GAGE_RUN_ID": "01jd",
        "GAGE_RUN_DIR": "/repo/.git/gage/runs/01jd",
        "GAGE_PROJECT_DIR": "/repo",
        "RUN_ID": "01jd",
        "RUN_DIR": "/repo/.git/gage/runs/01jd",
        "PARENT_PWD": "/repo/code",
        "PROJECT_DIR": "/repo",
    }


def test_a_program_is_told_of_its_own_run_not_of_the_one_around_it() -> None:
    outer = {"GAGE_RUN_ID": "0" * 30, "GAGE_RUN_DIR": "/outer", "RUN_ID": "outer", "PWD": "/outer"}
    environ = environ_of(outer)
    assert environ == {**environ_of({}), "PWD": "/outer"}


def test_a_run_knows_its_parent_by_its_id_alone() -> None:
    run = "01jd8x3k5m" + "7" * 20
    assert find_parent({"GAGE_RUN_ID": run}) == run
    assert find_parent({}) is None
    assert find_parent({"GAGE_RUN_ID": "../" + "7" * 27}) is None
    assert find_parent({"RUN_ID": run}) is None


def test_program_gets_path_as_it_was_before_git() -> None:
    environ = {"PATH": "/git-core:/git-core:/bin:/git-core", "GIT_EXEC_PATH": "/git-core"}
    assert environ_of(environ)["PATH"] == "/bin:/git-core"
    assert user_path({"PATH": "/git-core:/bin"}) == "/git-core:/bin"
    assert user_path({"PATH": "/git-core", "GIT_EXEC_PATH": "/git-core"}) == "/git-core"
    assert user_path({}) == os.defpath


def test_program_is_not_bound_to_the_repository_git_was_called_in() -> None:
    asked = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True
    )
    of_git = dict.fromkeys(asked.stdout.split(), "x")
    assert "GIT_DIR" in of_git
    of_git |= {"GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c", "GIT_EXEC_PATH": "/x"}
    of_users = {"GIT_AUTHOR_NAME": "Ana", "GIT_SSH_COMMAND": "ssh -v", "GIT_CONFIG_GLOBAL": "/c"}
    left = environ_of(of_git | of_users)
    assert {name: left[name] for name in left if name.startswith("GIT_")} == of_users


def test_program_under_git_sees_what_it_would_see_without(repo: Path, tmp_path: Path) -> None:
    """A git command of our own, which prints the environment it would hand on."""
    command = tmp_path / "bin" / "git-handed-on"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\nenv -0\n")
    command.chmod(0o755)
    before = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}

    def ask(*argv: str) -> dict[str, str]:
        done = subprocess.run(argv, cwd=repo, env=before, capture_output=True, check=True)
        entries = done.stdout.decode().rstrip("\0").split("\0")
        return dict(entry.split("=", 1) for entry in entries)

    alias = "alias.outer=!git handed-on"
    for git in (["git", "handed-on"], ["git", "-c", "a.b=c", "-c", alias, "outer"]):
        seen = environ_of(ask(*git))
        expected = ask("env", "-0")
        for name in ("_", "SHLVL", "PWD", "OLDPWD"):  # of the shells in between
            seen.pop(name, None)
            expected.pop(name, None)
        assert {name: seen[name] for name in seen if name not in environ_of({})} == expected


def test_recorded_variables_are_those_that_matter_to_a_computation() -> None:
    recorded = {
        "CI": "true",
        "CONDA_DEFAULT_ENV": "torch",
        "CUDA_VISIBLE_DEVICES": "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6",
        "GITHUB_RUN_ID": "1658821493",
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "4",
        "PYTHONHASHSEED": "0",
        "SLURM_JOB_ID": "123",
        "TF_DETERMINISTIC_OPS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TORCH_HOME": "https://models.example.com/hub",
        "VIRTUAL_ENV": "/home/ana/.cache/virtualenvs/my-project-with-a-name-Xy9zAbC1-py3.11",
        "XLA_FLAGS": "--xla_gpu_deterministic_ops=true --xla_cpu_enable_fast_math=false",
    }
    others = {"HOME": "/home/ana", "AWS_SECRET_ACCESS_KEY": "x", "PS1": "$", "PYTHONPATHS": "/x"}
    assert recorded_variables(others | recorded) == recorded


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("TORCH_API_KEY", "abc", id="a key"),
        pytest.param("JAX_TOKEN", "abc", id="a token"),
        pytest.param("TF_AUTH_HEADER", "abc", id="a header"),
        pytest.param("NCCL_PASSWORDS", "abc", id="passwords"),
        pytest.param("JAX_COORDINATOR", "grpc://ana:hunter2@host:80", id="user in a URL"),
        pytest.param("PYTHONPATH", "/lib:https://token@host/lib", id="token in a URL"),
        pytest.param("TORCH_X", "ghp_16C7e42F292c6912E7", id="GitHub's"),
        pytest.param("TORCH_X", "see sk-proj-abc123def456", id="one in a text"),
        pytest.param("TORCH_X", "-----BEGIN RSA PRIVATE KEY-----", id="private key"),
        pytest.param("TORCH_X", "5d41402abc4b2a76b9719d911017c592", id="hexadecimal"),
        pytest.param("TORCH_X", "wJalrXUtnFEMI/K7MDENGbPxRfiCYEXAMPLEKEY1", id="base64"),
        pytest.param("TORCH_X", "aB3_dE6-gH9_jK2-mN5_pQ8-sT1_vW4-yZ7", id="for URLs"),
    ],
)
def test_recorded_variables_never_hold_what_looks_like_a_secret(name: str, value: str) -> None:
    assert recorded_variables({name: value}) == {name: "***"}
