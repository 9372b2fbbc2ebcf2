"""`git gage sign`, `record` and `whoami`: what people do with signatures."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.git import open_repository
from git_gage.records import Record
from git_gage.store import Store
from tests.signing import (
    NAMESPACE,
    SIGNING,
    check_by_ssh_keygen,
    config,
    fingerprint,
    make_key,
    read_all,
    run,
)
from tests.support import clone, forget_identity, gage_inside, git

LOCAL = ("git-gage", "id_ed25519")


@pytest.fixture
def key(tmp_path: Path, repo: Path) -> Path:
    """A key that git's config names."""
    make_key(tmp_path / "key")
    config(repo, gpg__format="ssh", user__signingKey=str(tmp_path / "key"))
    return tmp_path / "key.pub"


def record_run(repo: Path, *command: str) -> None:
    assert gage_inside(repo, "run", "-q", "--", *(command or ("true",))).code == 0


def attests(repo: Path) -> list[Record]:
    return [record for record in read_all(repo) if record.kind == "attest"]


# -- sign ------------------------------------------------------------------------------------------


def test_what_a_run_came_to_is_signed(repo: Path, key: Path, tmp_path: Path) -> None:
    record_run(
        repo, "sh", "-c", "echo hi; printf model > model.pt; mkdir a; : > a/empty; ln -s a l"
    )
    done = gage_inside(repo, "sign", "@", "-m", "shipped")
    assert done.out == f"Signed run {short(repo)}: 2 files, 5 bytes\n"
    (found,) = attests(repo)
    check_by_ssh_keygen(tmp_path, key, found)
    begin, end, files = read_all(repo)[:3]
    sha256 = [hashlib.sha256(content).hexdigest() for content in (b"", b"model")]
    listing = f"{sha256[0]} a/empty\0{sha256[1]} model.pt\0"
    assert found.body == {
        "records": {"run.begin": [begin.id], "run.end": [end.id], "run.files": [files.id]},
        "bound": {
            name: bound["sha256"]
            for record in (begin, end, files)
            for name, bound in record.body["bulk"].items()
        },
        "made": {
            "files": [
                {"path": "a/empty", "sha256": sha256[0], "size": 0},
                {"path": "model.pt", "sha256": sha256[1], "size": 5},
            ],
            "count": 2,
            "size": 5,
            "digest": hashlib.sha256(listing.encode()).hexdigest(),
        },
        "note": "shipped",
    }
    assert gage_inside(repo, "list").err == ""


def short(repo: Path) -> str:
    return gage_inside(repo, "select", "@").out.strip()[10:17]


def test_many_files_are_signed_by_their_digest(repo: Path, key: Path) -> None:
    record_run(repo, "sh", "-c", "for i in $(seq 400); do : > file-$i; done")
    assert gage_inside(repo, "sign", "@").out.endswith(": 400 files, 0 bytes\n")
    made = attests(repo)[0].body["made"]
    assert (made["files"], made["count"], len(made["digest"])) == ([], 400, 64)


def test_a_colleague_signs_what_is_there(repo: Path, key: Path, tmp_path: Path) -> None:
    """Of a run whose files stayed elsewhere that is its records; wherever all are here, they too:
    in git, in the sidecar, or none at all."""
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(repo, "push", "-q", "origin", "main")
    record_run(repo, "sh", "-c", "echo > made; head -c 200000 /dev/zero > model.bin")
    record_run(repo, "sh", "-c", "echo > made")
    record_run(repo)
    assert gage_inside(repo, "push", "--files").code == 0
    sam = clone(tmp_path / "hub.git", tmp_path / "sam")
    make_key(tmp_path / "sams")
    config(sam, gpg__format="ssh", user__signingKey=str(tmp_path / "sams"))
    assert gage_inside(sam, "fetch").code == 0
    assert gage_inside(sam, "list").code == 0
    told = gage_inside(sam, "sign", "1", "2", "3").out.splitlines()
    amounts = [line.partition(": ")[2] for line in told]
    assert amounts == ["0 files, 0 bytes", "1 file, 1 byte", "not all of its files are here"]
    assert ["made" in record.body for record in attests(sam)].count(True) == 2
    assert attests(sam)[0].by is not None
    # To open the short one makes a directory, which does not have the other.
    assert gage_inside(sam, "open", "3:made").code == 0
    assert gage_inside(sam, "sign", "3").out.endswith(": not all of its files are here\n")
    shutil.rmtree(sam / ".git/gage/runs")

    assert gage_inside(sam, "fetch", "--files").code == 0
    assert not (sam / ".git/gage/runs").exists()
    assert gage_inside(sam, "sign", "3").out.endswith(": 2 files, 195.3 KiB\n")
    signer = ("sam@example.com", str(tmp_path / "sams.pub"))
    assert gage_inside(sam, "trust", "add", *signer).code == 0
    checked = gage_inside(sam, "check", "3").out
    assert "ok       attested: the files are those that sam@example.com signed\n" in checked


def test_a_run_that_goes_on_is_not_signed(repo: Path, key: Path) -> None:
    record_run(repo)
    assert gage_inside(repo, "run", "-q", "--stage", "--", "true").code == 0
    done = gage_inside(repo, "sign", "@", "@~1")
    assert done.code == 128
    assert "has not ended: it is staged\n" in done.err
    assert attests(repo) == []


def test_what_a_record_binds_may_make_no_sense(repo: Path, key: Path) -> None:
    """Anybody can write a record about a run: what is no file is not signed."""
    record_run(repo)
    begin = read_all(repo)[0]
    store = Store(open_repository(repo, dict(os.environ)))
    for seq, bulk in enumerate(({"odd": {"sha256": "x", "size": 1}}, {})):
        body = {"status": "completed", "bulk": bulk}
        end = store.draft("run.end", run=begin.run, body=body, by=None, lc=2, seq=seq, prev=None)
        store.append(end)
    store.flush()
    store.close()
    assert gage_inside(repo, "sign", "@").code == 0
    (found,) = attests(repo)
    assert sorted(found.body["bound"]) == ["environment.json", "output", "output.idx"]
    assert len(found.body["records"]["run.end"]) == 3


def test_another_key_can_be_named(repo: Path, key: Path, tmp_path: Path) -> None:
    record_run(repo)
    other = make_key(tmp_path / "other")
    config(repo, gage__sign="never")
    assert gage_inside(repo, "sign", "@", "--key", str(tmp_path / "other")).code == 0
    assert (attests(repo)[0].by or {})["key"] == other


@pytest.mark.parametrize("words", [(), ("@", "--keyring")])
def test_what_is_to_be_signed_must_be_said(repo: Path, words: tuple[str, ...]) -> None:
    done = gage_inside(repo, "sign", *words)
    assert done.code == 129
    assert done.err.endswith("hint: git gage sign @\n")


# -- record ----------------------------------------------------------------------------------------


def test_a_record_is_printed_byte_by_byte(repo: Path, key: Path, tmp_path: Path) -> None:
    """The recipe of docs/format.md: stock ssh-keygen takes what is printed."""
    record_run(repo)
    begin = read_all(repo)[0]
    assert gage_inside(repo, "record", begin.id).out.encode() == begin.line + b"\n"
    assert gage_inside(repo, "record", begin.id[:6].upper()).out.encode() == begin.line + b"\n"
    assert gage_inside(repo, "record", begin.id, "--payload").out.encode() == begin.payload
    (tmp_path / "allowed").write_text(f"ana@example.com {key.read_text()}")
    (tmp_path / "sig").write_text(gage_inside(repo, "record", begin.id, "--signature").out)
    run(
        *("ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-f", tmp_path / "allowed"),
        *("-I", "ana@example.com", "-s", tmp_path / "sig"),
        input=begin.payload,
    )
    shown = json.loads(gage_inside(repo, "record", begin.id, "--json").out)
    assert shown["id"] == hashlib.sha256(begin.payload).hexdigest()
    assert (shown["run"], shown["sig"]) == (begin.run, begin.sig)


def test_a_terminal_sees_no_orders_in_a_record(repo: Path) -> None:
    """Canonical JSON leaves C1 characters as they are."""
    record_run(repo, "true", "\x9b2J\u202e")
    id = read_all(repo)[0].id
    assert "\x9b2J\u202e" in gage_inside(repo, "record", id).out
    seen: Any = pexpect.spawn(
        "git-gage", ["record", id], cwd=str(repo), env=dict(os.environ), encoding="utf-8"
    )
    seen.expect(pexpect.EOF)
    assert r"\x9b2J\u202e" in seen.before
    assert seen.before.count("\n") == 1


def test_a_payload_needs_no_git_gage(repo: Path, key: Path) -> None:
    record_run(repo, "echo", ',"sig":"x","v":1')
    for record in read_all(repo):
        recipe = r"""s/\(.*\),"sig":"[^"]*","v":/\1,"v":/"""
        assert run("sed", recipe, input=record.line) == record.payload


def test_records_that_are_not_there(repo: Path) -> None:
    record_run(repo)
    unsigned = read_all(repo)[0].id
    for words, message in (
        ((unsigned, "--signature"), f"record {unsigned[:12]} is not signed"),
        (("abc",), "'abc' is no record id: that is 6 hex digits or more"),
        (("abcdefgh",), "'abcdefgh' is no record id: that is 6 hex digits or more"),
        (("0" * 65,), f"'{'0' * 65}' is no record id: that is 6 hex digits or more"),
        (("0" * 63,), f"no record '{'0' * 63}'"),
    ):
        done = gage_inside(repo, "record", *words)
        assert (done.code, done.out) == (128, "")
        assert done.err.startswith(f"fatal: {message}\nhint: ")


def test_a_beginning_that_several_records_have(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.catalog.lines.LEAST", 1)
    for _ in range(9):
        record_run(repo)  # 18 records, 16 digits
    ids = [record.id[0] for record in read_all(repo)]
    twice = next(digit for digit in ids if ids.count(digit) > 1)
    done = gage_inside(repo, "record", twice)
    assert done.err == (
        f"fatal: '{twice}' is the beginning of several record ids\nhint: give more of it\n"
    )


# -- whoami ----------------------------------------------------------------------------------------


def whoami(repo: Path, code: int = 0, **env: str) -> dict[str, Any]:
    done = gage_inside(repo, "whoami", "--json", env={**SIGNING, **env})
    assert done.code == code, done
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_who_has_set_up_nothing(repo: Path) -> None:
    """Asking makes no key; it is there once something is recorded."""
    forget_identity(repo)
    nobody = dict.fromkeys(("name", "email", "key", "form", "means", "known_as", "line", "error"))
    reason = "git's config names no key; one is made with the first record"
    assert whoami(repo) == {**nobody, "reason": reason}
    assert (
        gage_inside(repo, "whoami", env=SIGNING).out == f"signs     nothing\nbecause   {reason}\n"
    )
    assert gage_inside(repo, "run", "-q", "--", "true", env=SIGNING).code == 0
    place = Path(os.environ["XDG_DATA_HOME"], *LOCAL)
    found = whoami(repo)
    public = run("ssh-keygen", "-y", "-f", place).decode().split()
    assert found["key"] == fingerprint(place)
    assert found["means"] == f"file '{place}'"
    assert found["line"] == f"{found['key']} {public[0]} {public[1]}"
    assert whoami(repo, CI="true")["reason"] == "CI is set, and git's config names no key"


def test_the_key_and_where_it_was_said(repo: Path, key: Path, sealed: Path) -> None:
    public = " ".join(key.read_text().split()[:2])
    shown = gage_inside(repo, "whoami").out
    assert shown == (
        "name      Ana\n"
        "email     ana@example.com\n"
        f"key       {fingerprint(key)}\n"
        f"signs     file '{key.with_suffix('')}'\n"
        f"because   user.signingKey (in {sealed / '.gitconfig'})\n"
        "known as  nobody: no allowed signers file has this key\n"
        f"line      ana@example.com {public}\n"
    )


def test_by_whom_a_key_is_known(repo: Path, key: Path, tmp_path: Path) -> None:
    config(repo, gpg__ssh__allowedSignersFile=str(tmp_path / "allowed"))
    assert whoami(repo)["known_as"] == []
    line = whoami(repo)["line"]
    (tmp_path / "allowed").write_text(f'{line}\nold valid-before="20200101Z" {key.read_text()}')
    assert whoami(repo)["known_as"] == ["ana@example.com"]
    assert "known as  ana@example.com\n" in gage_inside(repo, "whoami").out


def test_a_name_with_spaces_is_quoted(repo: Path, key: Path) -> None:
    git(repo, "config", "user.name", "Ana Lopez")
    git(repo, "config", "user.email", "")
    assert whoami(repo)["line"].startswith('"Ana Lopez" ssh-ed25519 ')


def test_a_key_that_cannot_be_used(repo: Path, key: Path) -> None:
    key.with_suffix("").unlink()
    found = whoami(repo, 1)
    assert found["error"].startswith(f"read key '{key.with_suffix('')}': ")
    assert found["key"] is None
    assert "error     read key" in gage_inside(repo, "whoami").out


def test_a_key_of_gpg_has_no_line(repo: Path) -> None:
    config(repo, user__signingKey="ana@example.com")
    found = whoami(repo)
    assert (found["form"], found["means"], found["line"]) == ("openpgp", "program 'gpg'", None)
    assert found["key"] == "ana@example.com"
