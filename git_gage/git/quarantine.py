"""Objects made aside enter the repository as one pack that no gc can take before a ref holds it."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.git.contents import hash_readable
from git_gage.git.imports import DURABLE, IDENTITY, while_pruned
from git_gage.system import remove_file, replace_file, sync_folder

if TYPE_CHECKING:
    from git_gage.git.repository import Repository

KEEP_NOTE = "git-gage"
KEEP_NOTES = (KEEP_NOTE.encode(), b"fast-import")
STALE_S = 3600


def quarantine_environ(repo: Repository, quarantine: Path) -> dict[str, str]:
    """Variables that make git write new objects to `quarantine`/objects and read ours as well."""
    return {
        "GIT_OBJECT_DIRECTORY": str(quarantine / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(repo.objects_dir),
    }


def commit_in_quarantine(
    repo: Repository, quarantine: Path, parent: str, *, after: str | None
) -> str:
    """A commit like no other, with an empty tree, made in the quarantine; its id.

    `after`: the commit of this kind before it, its first parent.
    """
    name, _, date = IDENTITY.rpartition("> ")
    name, _, email = name.partition(" <")
    env = quarantine_environ(repo, quarantine)
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": name, f"GIT_{who}_EMAIL": email, f"GIT_{who}_DATE": f"@{date}"}
    if after is None:
        tree = repo.run("hash-object", "-t", "tree", "-w", "--stdin", input=b"", env=env).decode()
        parents = ["-p", parent]
    else:
        tree, parents = f"{after}^{{tree}}", ["-p", after, "-p", parent]
    message = f"gage source\n\nattempt {os.urandom(8).hex()}\n".encode()
    made = repo.run("commit-tree", tree.strip(), *parents, input=message, env=env)
    return made.decode().strip()


def has_objects(quarantine: Path) -> bool:
    return bool(_loose_oids(quarantine / "objects"))


def adopt_objects(repo: Repository, quarantine: Path) -> Path | None:
    """Move the loose objects of a quarantine into the repository as one kept pack.

    Returns the `.keep` file to hand to `release_kept` once a ref points at the objects; None when
    there was nothing to move.
    """
    oids = _loose_oids(quarantine / "objects")
    if not oids:
        return None
    name = repo.run(
        *("pack-objects", "-q", "--window=0", str(quarantine / "pack")),
        input="\n".join(oids).encode() + b"\n",
        env=quarantine_environ(repo, quarantine),
    )
    pack = quarantine / f"pack-{name.decode().strip()}.pack"
    out = while_pruned(lambda: _index_pack(repo, pack))
    word, _, kept = out.decode().strip().partition("\t")
    return repo.objects_dir / "pack" / f"pack-{kept}.keep" if word == "keep" else None


def adopt_packs(repo: Repository, quarantine: Path) -> list[Path]:
    """Move what a fetch has put into a quarantine into the repository, as kept packs.

    Returns `.keep` files, as `adopt_objects` does.
    """
    packs = sorted((quarantine / "objects" / "pack").glob("*.pack"))
    outs = [while_pruned(partial(_index_pack, repo, pack)) for pack in packs]
    words = [out.decode().strip().partition("\t") for out in outs]
    kept = [name for word, _, name in words if word == "keep"]
    return [repo.objects_dir / "pack" / f"pack-{name}.keep" for name in kept]


def place_packs(repo: Repository, objects: Path) -> None:
    """Put the packs of another folder of objects beside ours, even if what is here is damaged.

    `index-pack` compares what comes with what is here, and stops where that cannot be read.
    """
    into = repo.objects_dir / "pack"
    into.mkdir(exist_ok=True)
    for index in sorted((objects / "pack").glob("*.idx")):
        parts = set(index.parent.glob(f"{index.stem}.*"))
        for part in [*sorted(parts - {index}), index]:
            # git's prune takes `tmp_*` away, if we are killed.
            fresh = into / f"tmp_{part.name}"
            with part.open("rb") as source, fresh.open("wb") as file:
                shutil.copyfileobj(source, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.chmod(0o444)
            replace_file(fresh, into / part.name)
    sync_folder(into)


def move_damaged(repo: Repository, folder: Path) -> int:
    """Move loose objects that cannot be read into a folder; how many there were.

    git stops at them, also where they come anew; what is merely missing it asks for.
    """
    loose = _loose_oids(repo.objects_dir)
    sound = hash_readable(repo, loose)
    damaged = [oid for oid in loose if oid not in sound]
    for bad in damaged:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(repo.objects_dir / bad[:2] / bad[2:], folder / f"damaged-{bad}")
    return len(damaged)


def _index_pack(repo: Repository, pack: Path) -> bytes:
    return repo.run(
        *(*DURABLE, "index-pack", "--stdin", f"--keep={KEEP_NOTE}"),
        input=pack,
        # In a subdirectory index-pack goes back there and takes `.git/objects` from there.
        env={"GIT_DIR": str(repo.git_dir)},
    )


def release_kept(keep: Path | None) -> None:
    """Hand the pack to git's ordinary care: a ref holds its objects now."""
    if keep is not None:
        remove_file(keep)


def drop_stale_keeps(repo: Repository, now: float) -> None:
    """Remove keep notes that a killed process left, and half packs with them.

    Ours and fast-import's only, and none younger than an hour: its writer may still be at work.
    """
    for keep in (repo.objects_dir / "pack").glob("*.keep"):
        if now - keep.stat().st_mtime < STALE_S or keep.read_bytes().strip() not in KEEP_NOTES:
            continue
        if not keep.with_suffix(".idx").exists():
            remove_file(keep.with_suffix(".pack"))
        remove_file(keep)


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
