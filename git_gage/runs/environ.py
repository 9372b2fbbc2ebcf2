"""What environment a program gets, and what of it is recorded."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from git_gage.records import is_run_id
from git_gage.secrets import MASK

# What git tells its own commands about one repository (`git rev-parse --local-env-vars`, and what
# goes with it): the program is to find the repository that it stands in.
_OF_GIT = re.compile(
    r"GIT_(?:ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|CONFIG|CONFIG_COUNT|CONFIG_KEY_\d+"
    r"|CONFIG_PARAMETERS|CONFIG_VALUE_\d+|DIR|EXEC_PATH|GRAFT_FILE|IMPLICIT_WORK_TREE|INDEX_FILE"
    r"|INTERNAL_SUPER_PREFIX|NAMESPACE|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PAGER_IN_USE|PREFIX"
    r"|QUARANTINE_PATH|REPLACE_REF_BASE|SHALLOW_FILE|WORK_TREE)"
)

# What changes how a program computes; whoever repeats a run wants it too.
_REPEATED = re.compile(
    r"PYTHON(?:PATH|HOME|HASHSEED|OPTIMIZE|WARNINGS|UNBUFFERED|UTF8|NOUSERSITE)"
    r"|LD_LIBRARY_PATH|LD_PRELOAD|DYLD_LIBRARY_PATH"
    r"|(?:OMP|MKL|OPENBLAS|NUMEXPR|NUMBA|BLIS|VECLIB|GOTO|RAYON)_(?:MAXIMUM|NUM)_THREADS"
    r"|(?:CUDA|HIP|ROCR|GPU|ZE)_(?:VISIBLE_DEVICES|DEVICE_ORDER|DEVICE_ORDINAL|AFFINITY_MASK)"
    r"|CUDA_LAUNCH_BLOCKING|CUBLAS_WORKSPACE_CONFIG|NVIDIA_TF32_OVERRIDE|KERAS_BACKEND"
    r"|(?:TF|XLA|JAX|TORCH|PYTORCH|NCCL|CUDNN|MIOPEN|JULIA)_[A-Z0-9_]+"
    r"|(?:HF|HF_HUB|HF_DATASETS|TRANSFORMERS)_OFFLINE|TOKENIZERS_PARALLELISM"
    r"|LANG|LANGUAGE|LC_[A-Z]+|TZ"
)
# What says where it ran. Nothing else is recorded.
_PLACES = re.compile(
    r"VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV"
    r"|WORLD_SIZE|RANK|LOCAL_RANK|LOCAL_WORLD_SIZE|NODE_RANK|GROUP_RANK|MASTER_ADDR|MASTER_PORT"
    r"|SLURM_(?:JOB_ID|JOB_NAME|JOB_PARTITION|JOB_NODELIST|JOB_NUM_NODES|ARRAY_JOB_ID"
    r"|ARRAY_TASK_ID|CLUSTER_NAME|CPUS_PER_TASK|GPUS|GPUS_ON_NODE|LOCALID|NODEID|NTASKS|PROCID)"
    r"|PBS_JOBID|LSB_JOBID"
    r"|CI|CI_JOB_ID|CI_PIPELINE_ID|CI_RUNNER_ID|GITLAB_CI|BUILD_NUMBER|BUILDKITE_BUILD_ID"
    r"|GITHUB_(?:ACTIONS|JOB|REPOSITORY|RUN_ATTEMPT|RUN_ID|WORKFLOW)|RUNNER_(?:ARCH|NAME|OS)"
)

_SECRET_NAME = re.compile(
    r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTH|COOKIE)S?(?:_|$)"
)
_USER_INFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s@]+@")
_ISSUED = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[oprsu]_|github_pat_|glpat-|hf_|sk-|[rs]k_(?:live|test)_|xox[a-z]-"
    r"|npm_|pypi-|dckr_pat_|AKIA|ASIA|AIza|ya29\.|eyJ|SG\.)[A-Za-z0-9_.-]{10,}"
    r"|-----BEGIN "
)
# Long and random, yet no secret: ids of devices, and names of folders.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PATHS = re.compile(r".*PATH|PYTHONHOME|VIRTUAL_ENV|CONDA_PREFIX|LD_PRELOAD")
_LONG_WORD = re.compile(r"[A-Za-z0-9+=]{24,}|[A-Za-z0-9+=_-]{32,}")


def program_environ(
    environ: Mapping[str, str], *, run: str, run_dir: Path, parent_pwd: Path, project_dir: Path
) -> dict[str, str]:
    """The user's environment as it was before git set it up for us, and what the run is.

    `parent_pwd` is where the user was. What a run around this one is called goes.
    """
    kept = {name: value for name, value in environ.items() if not _OF_GIT.fullmatch(name)}
    if "PATH" in kept:
        kept["PATH"] = user_path(environ)
    return {
        **kept,
        "GAGE_RUN_ID": run,
        "GAGE_RUN_DIR": str(run_dir),
        "GAGE_PROJECT_DIR": str(project_dir),
        # As programs written for Gage know them.
        "RUN_ID": run,
        "RUN_DIR": str(run_dir),
        "PARENT_PWD": str(parent_pwd),
        "PROJECT_DIR": str(project_dir),
    }


def find_parent(environ: Mapping[str, str]) -> str | None:
    """The run that this one is begun in; None where there is none."""
    run = environ.get("GAGE_RUN_ID", "")
    return run if is_run_id(run) else None


def user_path(environ: Mapping[str, str]) -> str:
    """PATH without the folder that git puts in front of it (once for each git around us)."""
    places = environ.get("PATH", os.defpath).split(os.pathsep)
    while len(places) > 1 and places[0] == environ.get("GIT_EXEC_PATH"):
        del places[0]
    return os.pathsep.join(places)


def recorded_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a record of a run holds; `***` for a value that may be a secret."""
    return {
        name: MASK if _is_secret(name, value) else value
        for name, value in sorted(environ.items())
        if _REPEATED.fullmatch(name) or _PLACES.fullmatch(name)
    }


def repeated_variables(recorded: Mapping[str, str]) -> dict[str, str]:
    """Those of the variables of a record that change how a program computes, and are known."""
    return {
        name: value
        for name, value in recorded.items()
        if _REPEATED.fullmatch(name) and value != MASK
    }


def _is_secret(name: str, value: str) -> bool:
    if _SECRET_NAME.search(name) or _USER_INFO.search(value) or _ISSUED.search(value):
        return True
    if _PATHS.fullmatch(name):
        return False
    return any(map(_is_random, _LONG_WORD.findall(_UUID.sub(" ", value))))


def _is_random(word: str) -> bool:
    """Whether a long word looks drawn by lot: words people choose have few kinds of characters."""
    kinds = [any(map(kind, word)) for kind in (str.isdigit, str.islower, str.isupper)]
    return sum(kinds) > (1 if word.isalnum() else 2)
