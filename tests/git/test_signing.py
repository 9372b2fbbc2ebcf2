"""Who signs records, and with what; stock ssh-keygen agrees."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

import pytest

from tests.signing import (
    SIGNING,
    add_key,
    check_by_ssh_keygen,
    config,
    fingerprint,
    make_key,
    read_all,
    run,
    ssh_agent,
    write_program,
)
from tests.support import (
    Result,
    forget_identity,
    gage,
    gage_inside,
    git,
    set_identity,
    wait_until,
    ways,
)


def begin(repo: Path, *options: str, env: dict[str, str] | None = None) -> Result:
    """A whole run of `true`."""
    done = gage_inside(repo, "run", "-q", *options, "--", "true", env={**SIGNING, **(env or {})})
    assert done.code == 0, done.err
    return done


def local_key() -> Path:
    return Path(os.environ["XDG_DATA_HOME"], "git-gage", "id_ed25519")


# -- the local key ---------------------------------------------------------------------------------


def test_who_has_set_up_nothing_signs_with_a_key_of_their_own(repo: Path, tmp_path: Path) -> None:
    """The key is made at the first record, told of once, and readable by nobody else."""
    forget_identity(repo)
    told = begin(repo).err
    assert told == f"made a key to sign with: '{local_key()}' (see 'git gage whoami')\n"
    assert stat.S_IMODE(local_key().stat().st_mode) == 0o600
    assert stat.S_IMODE(local_key().parent.stat().st_mode) == 0o700
    assert gage_inside(repo, "label", "@", "--set", "x", env=SIGNING).err == ""
    records = read_all(repo)
    assert [record.kind for record in records] == ["run.begin", "run.end", "attr.set"]
    public = tmp_path / "key.pub"
    public.write_bytes(run("ssh-keygen", "-y", "-f", local_key()))
    for record in records:
        assert record.by == {"key": fingerprint(public)}
        check_by_ssh_keygen(tmp_path, public, record)


def test_an_identity_and_a_key_are_both_in_the_record(repo: Path) -> None:
    begin(repo)
    by = read_all(repo)[0].by
    assert by == {
        "name": "Ana",
        "email": "ana@example.com",
        "key": fingerprint(local_key()),
    }


@pytest.mark.parametrize(
    "environ",
    [
        {"CI": "true"},
        {"XDG_DATA_HOME": "/dev/null/data"},
        {"XDG_DATA_HOME": "", "HOME": ""},
    ],
    ids=["CI", "a home that cannot be written", "no home"],
)
def test_where_no_key_can_be_kept_nobody_signs(repo: Path, environ: dict[str, str]) -> None:
    assert begin(repo, env=environ).err == ""
    records = read_all(repo)
    assert [record.sig for record in records] == [None, None]
    assert records[0].by == {"name": "Ana", "email": "ana@example.com"}
    assert not local_key().exists()
    refused = gage_inside(repo, "label", "@", "--sign", "--set", "x", env={**SIGNING, **environ})
    assert (refused.code, refused.out) == (128, "")
    assert refused.err.startswith("fatal: nothing to sign with: ")
    assert refused.err.endswith("hint: git config --global user.signingKey <key>\n")
    assert len(read_all(repo)) == 2


def test_a_look_at_what_would_run_makes_no_key(repo: Path) -> None:
    done = gage_inside(repo, "run", "--preview", "--", "true", env=SIGNING)
    assert (done.code, done.err) == (0, "")
    assert not local_key().exists()


# -- what is asked for -----------------------------------------------------------------------------


def test_signing_can_be_left_out_and_asked_for(repo: Path) -> None:
    """The command line counts more than `gage.sign`."""
    begin(repo, "--no-sign")
    config(repo, gage__sign="never")
    begin(repo)
    begin(repo, "--sign")
    signed = [record.sig is not None for record in read_all(repo)]
    assert signed == [False, False, False, False, True, True]
    assert [record.by and "key" in record.by for record in read_all(repo)] == signed


def test_both_cannot_be_asked_for(repo: Path) -> None:
    done = gage_inside(repo, "label", "@", "--set", "x", "--no-sign", "--sign")
    assert done.code == 129
    assert done.err.startswith("fatal: '--sign' cannot be used with '--no-sign'\n")


def test_a_setting_that_cannot_be(repo: Path) -> None:
    config(repo, gage__sign="maybe")
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.code == 128
    assert "fatal: 'gage.sign' can be auto, always or never: 'maybe' (in " in done.err


def test_always_with_a_key_signs_in_ci(repo: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    make_key(key)
    config(repo, gage__sign="always", gpg__format="ssh", user__signingKey=str(key))
    begin(repo, env={"CI": "true"})
    assert all(record.sig for record in read_all(repo))


# -- git's key in a file ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "ending"),
    ways(("ed25519", ""), ("rsa", ".pub"), ("ed25519", ".pub"), ("ecdsa", ""), small=2),
)
def test_the_key_that_git_signs_commits_with(
    repo: Path, tmp_path: Path, kind: str, ending: str
) -> None:
    key = tmp_path / "keys" / "id"
    print_ = make_key(key, kind=kind)
    config(repo, gpg__format="ssh", user__signingKey=f"{key}{ending}")
    begin(repo, env={"CI": "true"})
    git(repo, "commit", "-q", "-S", "--allow-empty", "-m", "signed by git")
    records = read_all(repo)
    for record in records:
        assert (record.by or {}).get("key") == print_
        check_by_ssh_keygen(tmp_path, key.with_suffix(".pub"), record)
    assert not local_key().exists()


def test_a_key_that_the_command_line_names(repo: Path, tmp_path: Path) -> None:
    """It needs no `gpg.format`: a file is a key of SSH."""
    print_ = make_key(tmp_path / "key")
    begin(repo, f"--sign={tmp_path / 'key'}")
    assert {(record.by or {}).get("key") for record in read_all(repo)} == {print_}


def test_a_key_below_home_and_one_beside_the_work_tree(repo: Path, sealed: Path) -> None:
    prints = [make_key(sealed / ".ssh" / "id"), make_key(repo.parent / "beside")]
    config(repo, gpg__format="ssh", user__signingKey="~/.ssh/id")
    begin(repo)
    (repo / "sub").mkdir()
    begin(repo / "sub", "--sign=../beside")
    keys = [(record.by or {}).get("key") for record in read_all(repo)]
    assert keys == [prints[0]] * 2 + [prints[1]] * 2


@pytest.mark.parametrize("told", ["-c", "environment", "include", "worktree", "GIT_DIR"])
def test_settings_count_where_git_finds_them(repo: Path, tmp_path: Path, told: str) -> None:
    print_ = make_key(tmp_path / "key")
    settings = {"gpg.format": "ssh", "user.signingKey": str(tmp_path / "key")}
    environ = dict(SIGNING)
    where = repo
    if told == "-c":
        quoted = " ".join(f"'{name}'='{value}'" for name, value in settings.items())
        environ["GIT_CONFIG_PARAMETERS"] = quoted
    elif told == "environment":
        environ["GIT_CONFIG_COUNT"] = "2"
        for number, (name, value) in enumerate(settings.items()):
            environ[f"GIT_CONFIG_KEY_{number}"] = name
            environ[f"GIT_CONFIG_VALUE_{number}"] = value
    elif told == "GIT_DIR":
        for name, value in settings.items():
            git(repo, "config", name, value)
        environ |= {"GIT_DIR": str(repo / ".git"), "GIT_WORK_TREE": str(repo)}
        where = tmp_path
    elif told == "include":
        (tmp_path / "work").write_text(
            f"[gpg]\nformat=ssh\n[user]\nsigningKey={tmp_path / 'key'}\n"
        )
        git(repo, "remote", "add", "origin", "https://work.example.com/x")
        condition = "includeIf.hasconfig:remote.*.url:https://work.example.com/**.path"
        git(repo, "config", "--global", condition, str(tmp_path / "work"))
    else:
        git(repo, "config", "extensions.worktreeConfig", "true")
        git(repo, "worktree", "add", "-q", str(tmp_path / "other"))
        where = tmp_path / "other"
        for name, value in settings.items():
            git(where, "config", "--worktree", name, value)
    begin(where, env=environ)
    assert {(record.by or {}).get("key") for record in read_all(repo)} == {print_}


def test_a_key_that_is_not_there_stops_the_command(repo: Path, tmp_path: Path) -> None:
    """Never is something else signed with instead, and nothing is written."""
    config(repo, gpg__format="ssh", user__signingKey=str(tmp_path / "gone"))
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.code == 128
    assert f"fatal: read key '{tmp_path / 'gone'}': no such file or directory" in done.err
    assert done.err.endswith("names it; '--no-sign' records without a signature\n")
    assert read_all(repo) == []
    assert not (repo / ".git" / "gage" / "state").exists()


def test_a_locked_key_without_a_terminal_stops_the_command(repo: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "key", passphrase="secret")
    config(repo, gpg__format="ssh", user__signingKey=str(tmp_path / "key"))
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.code == 128
    assert done.err == (
        f"fatal: read key '{tmp_path / 'key'}': it is protected by a passphrase\n"
        f"hint: ssh-add {tmp_path / 'key'}\n"
    )


# -- who it was ------------------------------------------------------------------------------------


def test_who_is_known_by_a_key_alone_is_shown_by_it(repo: Path) -> None:
    """In a list, on the page of a run, compared, and in filters."""
    forget_identity(repo)
    begin(repo)
    short = f"key {fingerprint(local_key())[:15]}"
    set_identity(repo, "Sam")
    begin(repo)
    assert f"  {short}\n" in gage_inside(repo, "list", "--columns", "run,by").out
    assert f"by         {short}\n" in gage_inside(repo, "show", "2").out
    assert short in gage_inside(repo, "compare", "1", "2").out
    for chosen in (("-w", f"author = '{short}'"), ("--author", re.escape(short))):
        found = gage_inside(repo, "list", *chosen, "--format", "{author}").out
        assert found == f"{short}\n"
    assert gage_inside(repo, "list", "-w", "by = Sam", "--format", "{by}").out == "Sam\n"


# -- ssh-agent, and programs that hold keys --------------------------------------------------------


def test_a_key_that_only_the_agent_has(repo: Path, tmp_path: Path) -> None:
    """Named by its public half: in a file, in the setting, by a command."""
    print_ = make_key(tmp_path / "key")
    public = (tmp_path / "key.pub").read_text().strip()
    with ssh_agent(tmp_path) as socket:
        env = {**SIGNING, "SSH_AUTH_SOCK": str(socket)}
        add_key(socket, tmp_path / "key")
        (tmp_path / "key").unlink()
        config(repo, gpg__format="ssh", user__signingKey=str(tmp_path / "key"))
        begin(repo, env=env)
        config(repo, user__signingKey=f"key::{public}")
        begin(repo, env=env)
        run("git", "config", "--global", "--unset", "user.signingKey")
        config(repo, gpg__ssh__defaultKeyCommand="ssh-add -L")
        begin(repo, env=env)
        records = read_all(repo)
        assert [(record.by or {}).get("key") for record in records] == [print_] * 6
        for record in records[::2]:
            check_by_ssh_keygen(tmp_path, tmp_path / "key.pub", record)
        run("ssh-add", "-q", "-D", env=env)
        refused = gage_inside(repo, "run", "--sign=" + public, "--", "true", env=env)
    assert refused.err == (
        f"fatal: ssh-agent does not hold the key {print_}\n"
        "hint: 'ssh-add -l' lists the keys that it holds, 'ssh-add <file>' adds one\n"
    )


def test_a_locked_key_is_opened_by_the_agent_that_holds_it(repo: Path, tmp_path: Path) -> None:
    print_ = make_key(tmp_path / "key")
    with ssh_agent(tmp_path) as socket:
        add_key(socket, tmp_path / "key")
        run("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", tmp_path / "key")
        begin(repo, f"--sign={tmp_path / 'key'}", env={"SSH_AUTH_SOCK": str(socket)})
    assert {(record.by or {}).get("key") for record in read_all(repo)} == {print_}


def test_an_agent_is_not_asked_for_keys_that_nobody_named(repo: Path, tmp_path: Path) -> None:
    print_ = make_key(tmp_path / "key")
    with ssh_agent(tmp_path) as socket:
        add_key(socket, tmp_path / "key")
        begin(repo, env={"SSH_AUTH_SOCK": str(socket)})
    assert print_ not in {(record.by or {}).get("key") for record in read_all(repo)}


def test_a_certificate_signs_as_it_is(repo: Path, tmp_path: Path) -> None:
    print_ = make_key(tmp_path / "key")
    make_key(tmp_path / "ca")
    run(
        *("ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "ana", "-n", "ana@example.com"),
        tmp_path / "key.pub",
    )
    begin(repo, f"--sign={tmp_path / 'key-cert.pub'}")
    record = read_all(repo)[0]
    assert (record.by or {}).get("key") == print_
    ca = (tmp_path / "ca.pub").read_text()
    (tmp_path / "ca.line").write_text(f"cert-authority {ca}")
    check_by_ssh_keygen(tmp_path, tmp_path / "ca.line", record)


def test_a_program_that_signs_for_git_signs_for_us(repo: Path, tmp_path: Path) -> None:
    """A vault: its command line is that of ssh-keygen, and only it has the private key."""
    print_ = make_key(tmp_path / "vault" / "key")
    vault = write_program(
        tmp_path / "op-sign",
        f'args="$*"; echo "$args" >> {tmp_path}/calls; for last; do :; done\n'
        f'exec ssh-keygen -Y sign -q -n "$4" -f {tmp_path}/vault/key "$last"\n',
    )
    public = (tmp_path / "vault" / "key.pub").read_text().strip()
    config(repo, gpg__format="ssh", gpg__ssh__program=str(vault), user__signingKey=public)
    begin(repo)
    for record in read_all(repo):
        assert (record.by or {}).get("key") == print_
        check_by_ssh_keygen(tmp_path, tmp_path / "vault" / "key.pub", record)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 2
    assert all(" -U " in call for call in calls)
    config(repo, user__signingKey=str(tmp_path / "vault" / "key.pub"))
    assert gage_inside(repo, "label", "@", "--set", "x", env=SIGNING).code == 0
    assert " -U " not in (tmp_path / "calls").read_text().splitlines()[2]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo no luck >&2; exit 1", "no luck"),
        ("exit 0", "it does not say why"),
        ("", "signature is wrong"),
    ],
)
def test_a_program_that_does_not_sign(repo: Path, tmp_path: Path, script: str, why: str) -> None:
    make_key(tmp_path / "key")
    make_key(tmp_path / "other")
    other = f'for last; do :; done; exec ssh-keygen -Y sign -q -n "$4" -f {tmp_path}/other "$last"'
    vault = write_program(tmp_path / "sign", script or other)
    config(repo, gpg__format="ssh", gpg__ssh__program=str(vault))
    config(repo, user__signingKey=str(tmp_path / "key"))
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.code == 128
    assert why in done.err
    assert read_all(repo) == []


TOKEN = """\
#!{python}
import hashlib, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from git_gage.trust.keys import read_public_key
from git_gage.trust.private import FileKey
from git_gage.trust.sshsig import make_signature
from git_gage.trust.wire import pack
secret = Ed25519PrivateKey.from_private_bytes(bytes(32))
kind, app, rest = "sk-ssh-ed25519@openssh.com", b"ssh:", b"\\1" + bytes(4)
public = read_public_key(pack(kind, secret.public_key().public_bytes_raw(), app))
def sign(data):
    digests = [hashlib.sha256(each).digest() for each in (app, data)]
    return pack(kind, secret.sign(digests[0] + rest + digests[1])) + rest
if len(sys.argv) == 1:
    print(public.text)
else:
    place = Path(sys.argv[-1])
    armor = make_signature(FileKey(public, sign), place.read_bytes(), sys.argv[4])
    place.with_name(place.name + ".sig").write_text(armor)
"""


def test_a_key_on_a_token_signs_by_ssh_keygen(repo: Path, tmp_path: Path) -> None:
    """Only it can talk to the token, and whoever has it must know what it waits for."""
    (tmp_path / "bin").mkdir()
    keygen = tmp_path / "bin" / "ssh-keygen"
    keygen.write_text(TOKEN.format(python=sys.executable))
    keygen.chmod(0o755)
    (tmp_path / "id.pub").write_bytes(run(keygen))
    env = {"PATH": f"{keygen.parent}:{os.environ['PATH']}", "SSH_AUTH_SOCK": "/nowhere"}
    told = begin(repo, f"--sign={tmp_path / 'id.pub'}", env=env).err
    assert told == "touch your security key to sign\n" * 2
    for record in read_all(repo):
        check_by_ssh_keygen(tmp_path, tmp_path / "id.pub", record)


def test_a_command_for_the_key_that_gives_none(repo: Path) -> None:
    config(repo, gpg__format="ssh", gpg__ssh__defaultKeyCommand="echo none")
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.err.startswith("fatal: gpg.ssh.defaultKeyCommand 'echo none' gave no key\n")
    config(repo, gpg__ssh__defaultKeyCommand="echo 'none")
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.err.startswith("fatal: read gpg.ssh.defaultKeyCommand 'echo 'none': ")


def test_text_that_begins_as_a_key_and_is_none(repo: Path) -> None:
    config(repo, gpg__format="ssh", user__signingKey="ssh-ed25519 rubbish")
    done = gage_inside(repo, "run", "--", "true", env=SIGNING)
    assert done.code == 128
    assert "fatal: read key 'ssh-ed25519 rubbish': " in done.err


# -- what a repository could plant -----------------------------------------------------------------


@pytest.mark.parametrize("form", ["ssh", "openpgp", "x509"])
def test_programs_of_a_repository_are_not_run(repo: Path, tmp_path: Path, form: str) -> None:
    trap = write_program(tmp_path / "trap", f"touch {tmp_path}/sprung; exit 1\n")
    make_key(tmp_path / "key")
    git(repo, "config", "gpg.format", form)
    for name in ("gpg.program", f"gpg.{form}.program", "gpg.ssh.defaultKeyCommand"):
        git(repo, "config", name, str(trap))
    if form == "ssh":
        told = begin(repo).err
        assert f"warning: '{trap}' is not run: gpg.ssh.defaultkeycommand counts in your own" in told
    git(repo, "config", "user.signingKey", str(tmp_path / "key"))
    done = gage_inside(repo, "run", "-q", "--", "true", env=SIGNING)
    assert f"warning: '{trap}' is not run: gpg." in done.err
    assert done.code == (0 if form == "ssh" else 128)
    assert not (tmp_path / "sprung").exists()


# -- the end of a run ------------------------------------------------------------------------------


def test_the_end_of_a_run_outlives_its_key(repo: Path, tmp_path: Path) -> None:
    """An agent that is gone by then loses the signature, not what the run came to."""
    make_key(tmp_path / "key")
    public = (tmp_path / "key.pub").read_text().strip()
    with ssh_agent(tmp_path) as socket:
        add_key(socket, tmp_path / "key")
        env = {**SIGNING, "SSH_AUTH_SOCK": str(socket)}
        command = ("--sign=" + public, "--", "ssh-add", "-q", "-D")
        done = gage_inside(repo, "run", "-q", *command, env=env)
    assert done.code == 0
    first, second = done.err.splitlines()
    assert re.fullmatch(r"warning: the end of run \w{7} is not signed: sign: ssh-agent .*", first)
    assert re.fullmatch(r"warning: sign it later with 'git gage sign \w{7}'", second)
    start, end = read_all(repo)
    assert (start.sig is None, end.sig) == (False, None)
    assert end.by == {"name": "Ana", "email": "ana@example.com"}
    assert "completed" in gage_inside(repo, "list").out


def test_a_label_that_cannot_be_signed_does_not_stop_the_run(repo: Path, tmp_path: Path) -> None:
    """Its beginning is recorded by then."""
    make_key(tmp_path / "key")
    signer = write_program(
        tmp_path / "sign",
        f"for last; do :; done; cd {tmp_path}; echo >> calls; [ $(wc -l < calls) = 2 ] && exit 1\n"
        f'exec ssh-keygen -Y sign -q -n "$4" -f {tmp_path}/key "$last"\n',
    )
    config(repo, gpg__format="ssh", gpg__ssh__program=str(signer))
    config(repo, user__signingKey=str(tmp_path / "key"))
    told = begin(repo, "--label", "x").err
    assert "warning: the run has no label or tags yet: " in told
    assert [record.kind for record in read_all(repo)] == ["run.begin", "run.end"]


def test_a_run_in_the_background_signs_its_end(repo: Path, tmp_path: Path) -> None:
    """It has its key from when somebody was there."""
    make_key(tmp_path / "key")
    sign = f"--sign={tmp_path / 'key'}"
    command = (
        "sh",
        "-c",
        f"rm {tmp_path / 'key'}; while [ ! -e {tmp_path}/on ]; do sleep 0.01; done",
    )
    assert gage(repo, "run", "-q", "--detach", sign, "--", *command, env=SIGNING).code == 0
    (tmp_path / "on").touch()
    assert gage_inside(repo, "wait", "@").code == 0
    for record in read_all(repo):
        check_by_ssh_keygen(tmp_path, tmp_path / "key.pub", record)


def test_a_run_that_died_is_closed_by_nobody(repo: Path) -> None:
    """Who merely lists runs signs nothing, and is not named."""
    gage(repo, "run", "-q", "--", "sh", "-c", "kill -9 $PPID", env=SIGNING)
    wait_until(lambda: "terminated" in gage_inside(repo, "list", env=SIGNING).out)
    start, end = read_all(repo)
    assert start.sig is not None
    assert (end.kind, end.by, end.sig) == ("run.end", None, None)
