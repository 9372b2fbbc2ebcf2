"""Large files of runs that are gone leave remotes, too, as far as no other run needs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from git_gage.files.sidecar import Sidecar
from git_gage.share import purge
from tests.git import over_http
from tests.git.dying import Dying
from tests.git.test_put_away import listed, say
from tests.git.test_redact import add_newer_line
from tests.servers import Server, serve
from tests.support import clone, gage_inside, git, make_repo, scale, ways
from tests.unit.secrets.tokens import make_tokens

BIG = 150_000
TRAIN = f"""\
import os
for letter in os.environ.get("MAKES", "ab"):
    open(letter + ".bin", "wb").write(letter.encode() * {BIG})
"""
# So many names that their list travels beside the record.
MANY = f"for n in range(800): open(f'{{n:0120}}', 'w').write('x')\n{TRAIN}"


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    """Ana has a program that makes large files, and a bare repository as origin."""
    repo = make_repo(tmp_path / "ana", files={"train.py": TRAIN})
    git(tmp_path, "clone", "-q", "--bare", str(repo), "hub.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    return repo


def made(where: Path, letters: str) -> str:
    """A run that makes a large file for each letter."""
    done = gage_inside(where, "run", "-q", "train.py", env={"MAKES": letters})
    assert done.code == 0, done.err
    return str(json.loads(say(where, "show", "@", "--json"))["id"])


def kept(place: Path) -> str:
    """The letters of the large files that a store has."""
    objects = Sidecar(place)
    return "".join(sorted(objects.path(name).read_text()[0] for name, _ in objects.list()))


def hub(tmp_path: Path) -> str:
    return kept(tmp_path / "hub.git/gage/lfs")


def quiet(where: Path, *words: str) -> str:
    done = gage_inside(where, *words)
    assert (done.code, done.err) == (0, ""), done
    return done.out


@pytest.mark.full
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["purge", "--force"], "; it gave up what was taken out"),
        (["redact", "--files", "-y"], ""),
    ],
)
def test_what_is_gone_leaves_a_place_that_had_the_name_before(
    ana: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    one = made(ana, "ab")
    two = made(ana, "bc")
    quiet(ana, "push", "--files")
    git(tmp_path, "clone", "-q", "--bare", str(ana), "new.git")
    git(ana, "remote", "set-url", "origin", str(tmp_path / "new.git"))
    quiet(ana, "push", "--files")
    say(ana, *words, one)
    quiet(ana, "push")
    assert (hub(tmp_path), kept(tmp_path / "new.git/gage/lfs")) == ("abc", "bc")
    git(ana, "remote", "set-url", "origin", str(tmp_path / "hub.git"))
    assert quiet(ana, "push") == f"pushed 1 update to origin{told}\n"
    assert hub(tmp_path) == "bc"
    assert listed(ana, "--remote", "origin") == listed(ana)
    assert listed(ana)[0] == two
    assert quiet(ana, "push") == "origin is up to date\n"


def test_a_purge_takes_large_files_from_a_remote(ana: Path, tmp_path: Path) -> None:
    one, two = made(ana, "ab"), made(ana, "bc")
    quiet(ana, "push", "--files")
    sam = clone(tmp_path / "hub.git", tmp_path / "sam")
    his = made(sam, "d")
    quiet(sam, "push", "--files")
    three = made(ana, "ad")
    quiet(ana, "push", "--files")
    assert hub(tmp_path) == "abcd"
    say(ana, "purge", one, "--force", "--remote", "origin")
    assert hub(tmp_path) == "abcd"
    done = gage_inside(ana, "purge", three, "--force", "--remote", "origin")
    assert "warning" not in done.err
    # Ana has never seen the run that needs d.
    assert hub(tmp_path) == "bcd"
    say(ana, "purge", two, "--force")
    assert hub(tmp_path) == "bcd"
    quiet(ana, "push")
    assert hub(tmp_path) == "d"
    quiet(ana, "fetch")
    assert listed(ana) == [his]


def test_a_setting_says_where_they_are(ana: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    git(ana, "config", "gage.repo.origin.files", str(disk))
    one = made(ana, "a")
    quiet(ana, "push", "--files")
    away = disk.rename(tmp_path / "away")
    done = gage_inside(ana, "purge", one, "--force", "--remote", "origin")
    assert done.code == 0
    told = "warning: large files that were taken back may still be on 'origin':"
    assert f"{told} 'origin' keeps files in '{disk}'" in done.err
    assert "\nhint: git gage push origin\n" in done.err
    away.rename(disk)
    quiet(ana, "push", "origin")
    assert kept(disk) == ""
    git(ana, "config", "gage.repo.origin.files", "none")
    two = made(ana, "a")
    quiet(ana, "push")
    assert "warning" not in gage_inside(ana, "purge", two, "--force", "--remote", "origin").err


def test_a_place_is_the_same_one_by_its_path(ana: Path, tmp_path: Path) -> None:
    """What was sent to it by its name lies where the user said of that name."""
    disk, lab = tmp_path / "disk", tmp_path / "lab.git"
    disk.mkdir()
    git(tmp_path, "init", "-q", "--bare", str(lab))
    git(ana, "config", "gage.repo.lab.url", str(lab))
    git(ana, "config", "gage.repo.lab.files", str(disk))
    one, _ = made(ana, "a"), made(ana, "b")
    quiet(ana, "push", "lab", "--files")
    quiet(ana, "push", str(lab), "--files")
    git(ana, "config", "gage.repo.origin.files", str(tmp_path / "far"))
    (tmp_path / "far").mkdir()
    quiet(ana, "push", "origin", "--files")
    assert (kept(disk), kept(lab / "gage/lfs")) == ("ab", "ab")
    say(ana, "purge", one, "--force")
    quiet(ana, "push", str(lab))
    assert (kept(disk), kept(lab / "gage/lfs"), kept(tmp_path / "far")) == ("b", "b", "ab")
    three = made(ana, "c")
    quiet(ana, "push", "lab", "--files")
    say(ana, "purge", three, "--force")
    say(ana, "copy", "--all", "--to", "lab", "-y")
    assert kept(disk) == "b"


def test_a_purge_that_is_cut_goes_on(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = made(ana, "a"), made(ana, "b")
    quiet(ana, "push", "--files")
    away = (tmp_path / "hub.git").rename(tmp_path / "away.git")
    words = ("purge", one, "--force", "--remote", "origin")
    assert gage_inside(ana, *words).code == 128
    away.rename(tmp_path / "hub.git")
    again = gage_inside(ana, *words)
    assert (again.code, again.out) == (0, "Purged 1 run\n"), again.err
    assert hub(tmp_path) == "b"
    once_more = gage_inside(ana, *words, "--json")
    assert json.loads(once_more.out) == {"runs": [], "remotes": [], "elsewhere": []}
    # Without a remote there is nothing left to do.
    assert gage_inside(ana, "purge", one, "--force").code == 128
    assert gage_inside(ana, "purge", "nosuchrun", "--force", "--remote", "origin").code == 128

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("git_gage.files.backends.local.LocalBackend.remove", cut)
        assert gage_inside(ana, "purge", two, "--force", "--remote", "origin").code == 130
    assert hub(tmp_path) == "b"
    say(ana, "push")
    assert hub(tmp_path) == ""


@pytest.mark.parametrize("way", ways("by a push", "at once", "afterwards"))
def test_files_that_went_alone_are_taken_back(ana: Path, tmp_path: Path, way: str) -> None:
    """The remote never had the run; this clone remembers that it was sent files."""
    one, two = made(ana, "a"), made(ana, "b")
    quiet(ana, "files", "push", "origin", one, two)
    remote = ("--remote", "origin")
    done = gage_inside(ana, "purge", one, "--force", *(remote if way == "at once" else ()))
    assert ("git gage purge" in done.err) == (way != "at once")
    if way == "afterwards":
        again = done.err.partition("too: git gage ")[2].splitlines()[0].split()
        assert gage_inside(ana, *again, "--force").out == "Purged 1 run\n"
    elif way == "by a push":
        say(ana, "push")
    assert hub(tmp_path) == "b"


def test_remotes_do_not_hear_of_files_of_a_private_run(ana: Path) -> None:
    quiet(ana, "files", "push", "origin", made(ana, "a"))
    assert gage_inside(ana, "run", "-q", "--private", "train.py").code == 0
    done = gage_inside(ana, "purge", "@", "--force", "--json")
    assert json.loads(done.out)["remotes"] == []


def test_who_hears_of_a_purge_takes_files_back_that_went_alone(ana: Path, tmp_path: Path) -> None:
    one, two = made(ana, "a"), made(ana, "b")
    quiet(ana, "push", "--files")
    bob, lab = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob"), tmp_path / "lab.git"
    git(tmp_path, "init", "-q", "--bare", str(lab))
    git(bob, "remote", "add", "lab", str(lab))
    quiet(bob, "fetch", "--files")
    quiet(bob, "files", "push", "lab", one, two)
    say(ana, "purge", one, "--force", "--remote", "origin")
    assert gage_inside(bob, "fetch").code == 0
    assert kept(lab / "gage/lfs") == "ab"
    say(bob, "push", "lab")
    assert kept(lab / "gage/lfs") == "b"


def test_whoever_passed_it_on_takes_its_files_back(ana: Path, tmp_path: Path) -> None:
    one, two = made(ana, "ab"), made(ana, "b")
    quiet(ana, "push", "--files")
    bob = clone(tmp_path / "hub.git", tmp_path / "bob", name="Bob")
    quiet(bob, "fetch", "--files")
    place = tmp_path / "place"
    say(bob, "copy", one, two, "--to", str(place), "--files", "-y")
    assert kept(place / "gage/lfs") == "ab"
    say(ana, "purge", one, "--force", "--remote", "origin")
    assert gage_inside(bob, "fetch").code == 0
    assert kept(place / "gage/lfs") == "ab"
    say(bob, "push", str(place))
    assert kept(place / "gage/lfs") == "b"


def test_redacted_files_leave_a_remote(ana: Path, tmp_path: Path) -> None:
    one, two, three = made(ana, "a"), made(ana, "b"), made(ana, "c")
    quiet(ana, "push", "--files")
    done = gage_inside(ana, "redact", one, "--files", "-y")
    assert (done.code, done.out) == (0, f"run {one[10:17]}: took out files that it made\n")
    say(ana, "redact", two, "--run", "-y")
    say(ana, "redact", three, "--output", "-y")
    assert hub(tmp_path) == "abc"
    quiet(ana, "push")
    assert hub(tmp_path) == "c"
    assert (ana / f".git/gage/runs/{one}/a.bin").exists()


def test_redacted_files_are_not_sent_again(ana: Path, tmp_path: Path) -> None:
    one, two = made(ana, "a"), made(ana, "b")
    quiet(ana, "push", "--files")
    sam = clone(tmp_path / "hub.git", tmp_path / "sam", name="Sam")
    quiet(sam, "fetch", "--files")
    say(ana, "redact", one, "--files", "-y")
    quiet(ana, "push")
    assert hub(tmp_path) == "b"
    assert quiet(ana, "files", "push", one, two) == "origin has 1 large file already\n"
    quiet(ana, "push", "--files")
    place = tmp_path / "place"
    quiet(ana, "copy", one, two, "--to", str(place), "-y", "--files")
    # Whoever had them before keeps them, and passes them on to nobody.
    quiet(sam, "fetch")
    quiet(sam, "copy", one, two, "--to", str(place), "-y", "--files")
    assert quiet(sam, "files", "push", one) == "no large files to send\n"
    assert (hub(tmp_path), kept(place / "gage/lfs"), kept(sam / ".git/gage/lfs")) == (
        "b",
        "b",
        "ab",
    )
    # A server that takes nothing back has it still.
    shutil.copytree(sam / ".git/gage/lfs", tmp_path / "hub.git/gage/lfs", dirs_exist_ok=True)
    eve = clone(tmp_path / "hub.git", tmp_path / "eve")
    quiet(eve, "fetch", "--files")
    assert kept(eve / ".git/gage/lfs") == "b"


def test_one_short_file_with_a_secret_takes_no_large_ones_along(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The git-gage that recorded the run did not know this kind of secret yet."""
    token = make_tokens(11)["github classic"]
    (ana / "train.py").write_text(f"open('short', 'w').write('{token[:9]}' '{token[9:]}')\n{TRAIN}")
    with monkeypatch.context() as patched:
        patched.setattr("git_gage.runs.manifest.find_in_lines", lambda *_, **__: [])
        assert gage_inside(ana, "run", "-q", "train.py").code == 0
    assert gage_inside(ana, "push", "--files", "--allow-secrets").code == 0
    assert hub(tmp_path) == "ab"
    done = gage_inside(ana, "redact", "@", "-y")
    assert "took out files that it made" in done.out, done
    say(ana, "push")
    assert hub(tmp_path) == "ab"
    assert say(ana, "gc") == "nothing to free\n"


LEAKS = """\
import os
token = os.environ["WORD"]
open("creds", "w").write(token)
if "LARGE" in os.environ:
    open("log", "w").write("a line\\n" * 40_000 + token)
    open("b.bin", "wb").write(b"b" * 150_000)
"""


def test_a_large_file_with_a_secret_is_found_and_taken_back(ana: Path, tmp_path: Path) -> None:
    word = make_tokens(11)["github classic"]
    (ana / "train.py").write_text(LEAKS)
    assert gage_inside(ana, "run", "-q", "train.py", env={"WORD": word, "LARGE": "1"}).code == 0
    assert gage_inside(ana, "files", "push", "@", "--allow-secrets").code == 0
    assert hub(tmp_path) == "ab"
    done = gage_inside(ana, "redact", "@", "-y", "--json")
    (told,) = json.loads(done.out)["runs"]
    assert (told["parts"], told["kinds"]) == (["files"], ["GitHub token"]), done
    run_dir = ana / ".git/gage/runs" / told["run"]
    assert json.loads(done.out)["files"] == [str(run_dir / "creds"), str(run_dir / "log")]
    assert kept(ana / ".git/gage/lfs") == "b"
    assert json.loads(done.out)["remotes"] == ["origin"]
    quiet(ana, "push")
    assert hub(tmp_path) == "b"
    # What lies in the directory of the run alone is nothing to be taken out.
    again = gage_inside(ana, "redact", "@", "-y")
    assert again.code == 128
    assert "'creds' and 'log' hold secrets and lie in the directory of the run alone" in again.err
    assert f"hint: they go with the files: rm {run_dir}/creds {run_dir}/log\n" in again.err


def test_a_short_file_with_a_secret_never_left(ana: Path) -> None:
    word = make_tokens(11)["github classic"]
    (ana / "train.py").write_text(LEAKS)
    assert gage_inside(ana, "run", "-q", "train.py", env={"WORD": word}).code == 0
    done = gage_inside(ana, "redact", "@", "-y")
    assert done.code == 128
    assert "'creds' holds a secret and lies in the directory of the run alone" in done.err
    (creds,) = (ana / ".git/gage/runs").glob("*/creds")
    creds.unlink()
    assert "no secret was found" in gage_inside(ana, "redact", "@", "-y").err


def test_a_list_of_files_that_was_taken_out_is_needed_by_nobody(ana: Path, tmp_path: Path) -> None:
    (ana / "train.py").write_text(MANY)
    one, two = made(ana, "ab"), made(ana, "b")
    quiet(ana, "push", "--files")
    say(ana, "redact", one, "--files", "-y")
    (kept,) = json.loads(say(ana, "gc", "-n", "--json"))["kept"]
    assert kept.startswith("large files that no run has: 1, until ")
    quiet(ana, "push")
    assert hub(tmp_path) == "b"
    say(ana, "purge", two, "--force", "--remote", "origin")
    assert hub(tmp_path) == ""


@pytest.mark.full
def test_where_it_is_not_known_what_others_need_they_stay(ana: Path, tmp_path: Path) -> None:
    one = made(ana, "a")
    quiet(ana, "push", "--files")
    sam = clone(tmp_path / "hub.git", tmp_path / "sam")
    (sam / "train.py").write_text(MANY)
    his = made(sam, "a")
    quiet(sam, "push", "--files")
    done = gage_inside(ana, "purge", one, "--force", "--remote", "origin")
    assert "not all lists of files of runs can be read here" in done.err
    assert "hint: git gage fetch origin && git gage push origin" in done.err
    assert hub(tmp_path) == "a"
    quiet(ana, "fetch", "origin")
    quiet(ana, "push", "origin")
    assert hub(tmp_path) == "a"
    say(sam, "purge", his, "--force", "--remote", "origin")
    assert hub(tmp_path) == ""


def test_where_a_newer_git_gage_wrote_they_stay(ana: Path, tmp_path: Path) -> None:
    one = made(ana, "a")
    quiet(ana, "push", "--files")
    add_newer_line(ana, "0" * 40)
    done = gage_inside(ana, "purge", one, "--force", "--remote", "origin")
    assert (done.code, "can be read here\nhint: git gage fetch" in done.err) == (0, True)
    assert hub(tmp_path) == "a"


def test_a_purge_that_was_cut_short_when_it_was_said_frees_the_disk(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = made(ana, "ab"), made(ana, "b")
    quiet(ana, "push", "--files")
    with monkeypatch.context() as patched:
        patched.setattr(purge, "find_unneeded", _killed)
        assert gage_inside(ana, "purge", one, "--force").code == 130
    assert say(ana, "purge", one, "--force", "--remote", "origin") == "Purged 1 run\n"
    assert (hub(tmp_path), kept(ana / ".git/gage/lfs"), listed(ana)) == ("b", "b", [two])


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_kill_at_any_point_can_be_repeated(
    ana: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = made(ana, "ab"), made(ana, "b")
    quiet(ana, "push", "--files")
    dying = Dying(monkeypatch)
    step = scale(5, 1)
    tries = 0
    while True:
        tries += 1
        dying.left = step * tries
        done = gage_inside(ana, "purge", one, "--force", "--remote", "origin")
        dying.left = -1
        if done.code != 130:
            break
    # A kill after the last of it leaves nothing to do.
    assert done.code == 0 or "it is so already" in done.err
    assert tries > 2
    assert hub(tmp_path) == "b"
    assert listed(ana) == [two]
    assert kept(ana / ".git/gage/lfs") == "b"


# -- places that give nothing back -----------------------------------------------------------------


@pytest.fixture(scope="module")
def lfs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not (shutil.which("git-lfs") and find_spec("giftless")):
        pytest.skip("no git-lfs, or no giftless")
    with serve("lfs", tmp_path_factory.mktemp("lfs")) as server:
        yield server


def test_a_remote_without_an_lfs_server_is_asked_once(ana: Path, tmp_path: Path) -> None:
    """It is reached by ssh, git-lfs is installed, and no file was ever sent."""
    if not shutil.which("git-lfs"):
        pytest.skip("no git-lfs")
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nshift $(($# - 1))\nexec sh -c "$1"\n')
    ssh.chmod(0o755)
    git(ana, "config", "core.sshCommand", str(ssh))
    git(ana, "config", "ssh.variant", "simple")
    git(ana, "config", "remote.origin.url", f"ssh://lab{tmp_path}/hub.git")
    one = made(ana, "a")
    say(ana, "push")
    done = gage_inside(ana, "purge", one, "--force", "--remote", "origin")
    assert done.code == 0
    told = "warning: 1 large file that was taken back may be on 'origin': an LFS server takes"
    assert f"{told} nothing back (ask 'origin': " in done.err
    assert "hint: whoever runs it can delete them there: " in done.err
    assert "purge" not in done.err
    assert gage_inside(ana, "push").err == ""


def test_an_lfs_server_takes_nothing_back(ana: Path, tmp_path: Path, lfs_server: Server) -> None:
    git(tmp_path / "hub.git", "config", "http.receivepack", "true")
    with over_http.serve(tmp_path) as url:
        git(ana, "config", "remote.origin.url", f"{url}/hub.git")
        git(ana, "config", "lfs.url", f"{lfs_server.url}/lab/purge.git")
        one, two = made(ana, "a"), made(ana, "b")
        say(ana, "push")
        say(ana, "files", "push", one)
        done = gage_inside(ana, "purge", one, two, "--force", "--remote", "origin")
        (sha256,) = (path.name for path in lfs_server.folder.rglob("*") if len(path.name) == 64)
        assert done.code == 0
        stays = "warning: 1 large file that was taken back stays on 'origin': an LFS server takes"
        assert f"{stays} nothing back\n" in done.err
        assert f"hint: whoever runs it can delete them there: {sha256}\n" in done.err
        assert "push origin" not in done.err
        assert "warning" not in gage_inside(ana, "push").err
        # What it never had is nobody's to delete.
        three = made(ana, "c")
        say(ana, "push")
        done = gage_inside(ana, "purge", three, "--force", "--remote", "origin")
        assert (done.code, "warning" in done.err) == (0, False)
