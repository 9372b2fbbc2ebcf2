"""Two people with clones of one project, and what they are told of who wrote what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.signing import SIGNING, make_key
from tests.support import Result, clone, gage_inside, git, make_repo


def gage(where: Path, *args: str, env: dict[str, str] | None = None) -> Result:
    return gage_inside(where, *args, env={**SIGNING, **(env or {})})


def done(where: Path, *args: str) -> str:
    result = gage(where, *args)
    assert result.code == 0, result.err
    return result.out


def sign_with(where: Path, key: Path) -> None:
    git(where, "config", "gpg.format", "ssh")
    git(where, "config", "user.signingKey", str(key))


def verify(where: Path, *args: str) -> list[dict[str, Any]]:
    result = gage(where, "verify", "--json", *args)
    assert result.err == ""
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def states(where: Path, *args: str) -> str:
    return "".join(each["state"] for each in verify(where, *args))


def allow(where: Path, name: str, key: Path, options: str = "") -> None:
    """A line in the file that git's own setting names."""
    path = where / ".git" / "signers"
    with path.open("a") as file:
        file.write(f"{name} {options} {key.with_name(key.name + '.pub').read_text()}")
    git(where, "config", "gpg.ssh.allowedSignersFile", str(path))


def make_world(where: Path) -> None:
    """Ana, who has set up nothing, has a run; Sam, who signs with a key, has commented on it."""
    for name in ("sam", "bob"):
        make_key(where / "keys" / name)
    git(where, "init", "-q", "--bare", "-b", "main", "hub.git")
    anas = make_repo(where / "anas")
    git(anas, "remote", "add", "origin", "../hub.git")
    git(anas, "push", "-q", "-u", "origin", "main")
    done(anas, "run", "-q", "--", "true")
    done(anas, "label", "@", "--set", "mine")
    done(anas, "push")
    sams = clone(where / "hub.git", where / "sams")
    git(sams, "remote", "set-url", "origin", "../hub.git")
    sign_with(sams, Path("../keys/sam"))
    done(sams, "fetch")
    done(sams, "list")
    done(sams, "comment", "1", "-m", "looks good")
    done(sams, "push", "origin", "1")
