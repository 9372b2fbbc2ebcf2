"""Objects made aside enter the repository as one pack that no gc can take before a ref holds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from git_gage.git.imports import _DURABLE
from git_gage.git.repository import Repository, git_environ, git_error

KEEP_NOTE = "git-gage"


def quarantine_environ(repo: Repository, quarantine: Path) -> dict[str, str]:
    """Variables that make git write new objects to `quarantine`/objects and read ours as well."""
    return {
        "GIT_OBJECT_DIRECTORY": str(quarantine / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(repo.objects_dir),
    }


def adopt_objects(repo: Repository, quarantine: Path) -> Path | None:
    """Move the loose objects of a quarantine into the repository as one kept pack.

    Returns the `.keep` file to hand to `release_kept` once a ref points at the objects; None when
    there was nothing to move.
    """
    oids = _loose_oids(quarantine / "objects")
    if not oids:
        return None
    packing = subprocess.Popen(
        ["git", "pack-objects", "--stdout", "-q", "--window=0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=repo.cwd,
        env=git_environ(repo.environ, quarantine_environ(repo, quarantine)),
    )
    indexing = subprocess.Popen(
        ["git", *_DURABLE, "index-pack", "--stdin", f"--keep={KEEP_NOTE}"],
        stdin=packing.stdout,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=repo.cwd,
        env=git_environ(repo.environ, None),
    )
    assert (
        packing.stdin is not None
        and packing.stdout is not None
        and packing.stderr is not None
    )
    packing.stdout.close()
    packing.stdin.write("\n".join(oids).encode() + b"\n")
    packing.stdin.close()
    out, indexing_stderr = indexing.communicate()
    packing_stderr = packing.stderr.read()
    packing.stderr.close()
    if packing.wait() != 0:
        raise git_error(("pack-objects",), packing.returncode, packing_stderr)
    if indexing.returncode != 0:
        raise git_error(("index-pack",), indexing.returncode, indexing_stderr)
    word, _, name = out.decode().strip().partition("\t")
    return repo.objects_dir / "pack" / f"pack-{name}.keep" if word == "keep" else None


def release_kept(keep: Path | None) -> None:
    """Hand the pack to git's ordinary care: a ref holds its objects now."""
    if keep is not None:
        keep.unlink(missing_ok=True)


def _loose_oids(objects: Path) -> list[str]:
    return sorted(
        folder.name + file.name
        for folder in objects.glob("[0-9a-f][0-9a-f]")
        for file in folder.iterdir()
        if not file.name.startswith("tmp_")
    )


def _quoted(path: Path) -> str:
    """As GIT_ALTERNATE_OBJECT_DIRECTORIES wants a path that holds a colon or starts quoted."""
    text = str(path)
    if ":" not in text and not text.startswith('"'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
