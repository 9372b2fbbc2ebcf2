"""What a run leaves is listed, kept, found again and compared, wherever it is."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.cli.app import App
from git_gage.errors import IntegrityError, RequestError
from git_gage.files.manifest import UNRECORDED, Entry
from git_gage.files.sidecar import Sidecar, digest_open_file
from git_gage.render.screen import Screen
from git_gage.runs import left as left_module
from git_gage.runs import manifest as manifest_module
from git_gage.runs.attest import is_as_attested
from git_gage.runs.files import Filed, list_files, read_filed, read_filed_of
from git_gage.runs.made import MadeFiles
from git_gage.runs.placeholders import put_placeholder, read_placeholder
from git_gage.runs.placing import place_file, place_files
from git_gage.runs.settle import finish_pending
from git_gage.share.statement import make_statement
from git_gage.store import Store
from git_gage.system import is_open_for_writing
from tests.git.inputs_story import World
from tests.support import (
    Result,
    clone,
    commit,
    gage,
    gage_inside,
    git,
    make_repo,
    scale,
    wait_until,
    write_files,
)

MODEL = bytes(range(256)) * 20_000
SHA256 = hashlib.sha256(MODEL).hexdigest()
TRAIN = """\
open("model.bin", "wb").write(bytes(range(256)) * 20_000)
open("report.md", "w").write("# Report\\nfine\\n")
"""
TOKEN = "ghp_7UeioEJP2NNern66nVberACpdclsxHKifxi5"


def run(where: Path, script: str = TRAIN, **env: str) -> Result:
    """Let a script run, as `train.py`."""
    write_files(where, {"train.py": script})
    done = gage_inside(where, "run", "-q", "train.py", env=env)
    assert done.code == 0, done.err
    return done


def answer(where: Path, *args: str, code: int = 0) -> str:
    done = gage_inside(where, *args)
    assert (done.code, done.err) == (code, "")
    return done.out


def run_dir(where: Path, name: str = "") -> Path:
    return Path(answer(where, "select", *filter(None, [name]), "--run-dir").strip())


def newest(where: Path) -> str:
    return answer(where, "select").strip()


def listed(where: Path, name: str = "") -> dict[str, dict[str, Any]]:
    found = json.loads(answer(where, "ls-files", *filter(None, [name]), "--json"))
    return {file["path"]: file for file in found["files"]}


def open_app(where: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.chdir(where)
    return App(dict(os.environ))


def filed_of(app: App) -> tuple[Store, Catalog, dict[str, Any], Filed]:
    document = app.document(None)
    filed = read_filed(app.store, app.runs, document["id"])
    assert filed is not None
    return app.store, app.catalog, document, filed


def entry_of(filed: Filed, path: bytes) -> Entry:
    return next(each for each in filed.manifest.entries if each.path == path)


@pytest.fixture(scope="module")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"top": tmp_path_factory.mktemp("files")}


@pytest.fixture
def trained(_trained: dict[str, Path]) -> Path:
    """A run that none of the tests changes; made by the first sealed test that asks for it."""
    if "repo" not in _trained:
        repo = make_repo(_trained["top"] / "repo", files={"train.py": TRAIN})
        run(repo)
        _trained["repo"] = repo
    return _trained["repo"]


# -- what is kept, and where -----------------------------------------------------------------------


def test_files_of_a_run_are_listed_read_only_and_kept_once(trained: Path) -> None:
    files = listed(trained)
    assert list(files) == ["model.bin", "report.md"]
    assert (files["model.bin"]["sha256"], files["model.bin"]["where"]) == (SHA256, "here")
    top = run_dir(trained)
    kept = trained / ".git" / "gage" / "lfs" / "objects" / SHA256[:2] / SHA256[2:4] / SHA256
    assert os.path.samefile(kept, top / "model.bin")
    assert [stat.S_IMODE((top / name).stat().st_mode) for name in files] == [0o444, 0o444]
    document = json.loads(answer(trained, "show", "--json"))
    assert document["files"] == {
        "count": 2,
        "bytes": len(MODEL) + 14,
        "large": {"count": 1, "bytes": len(MODEL)},
    }
    assert json.loads(answer(trained, "list", "--json"))[0]["files"]["count"] == 2
    # Nothing is left of what only a going run needs.
    assert not list((trained / ".git" / "gage" / "state").iterdir())


def test_listings(trained: Path) -> None:
    title, *rows = answer(trained, "ls-files", "@").splitlines()
    assert title.split() == ["WHERE", "ROLE", "SIZE", "PATH"]
    assert [row.split() for row in rows] == [
        ["here", "generated", "4.9", "MiB", "model.bin"],
        ["here", "generated", "14", "bytes", "report.md"],
    ]
    assert answer(trained, "ls-files", "@", "*.md", "-z") == "report.md\0"
    done = gage_inside(trained, "ls-files", "@", "nothing")
    assert done == (1, "", "no file matches\n")
    assert "2 files, 4.9 MiB in /" in answer(trained, "show", "--files")


def test_a_file_is_printed_from_wherever_it_is(trained: Path) -> None:
    assert answer(trained, "cat", "@:report.md") == "# Report\nfine\n"
    assert gage_inside(trained, "cat", "@:none").err.startswith("fatal: run ")
    assert "name a file" in gage_inside(trained, "cat", "@").err


def test_how_much_disk_and_whether_sound(trained: Path) -> None:
    out = answer(trained, "files")
    assert out.endswith("4.9 MiB on this disk; kept by content: 1 file, 4.9 MiB\n")
    body = json.loads(answer(trained, "files", "status", "@", "--json"))
    assert body["bytes"] == len(MODEL) + 14
    (row,) = body["runs"]
    assert (row["here"], row["large"], row["alone"], row["pending"]) == (2, 1, 0, False)
    done = gage_inside(trained, "files", env={"GIT_CONFIG_COUNT": "1", **limit("1m")})
    assert "more than 1.0 MiB (gage.files.limit)" in done.out
    assert done.err == "hint: 'git gage files drop <run>' frees what a remote has\n"
    assert answer(trained, "files", "verify") == "2 files, 4.9 MiB: as recorded\n"
    verdicts = json.loads(answer(trained, "files", "verify", "--json", "--", "*.md"))
    assert [(each["path"], each["verdict"]) for each in verdicts] == [("report.md", "ok")]
    assert "takes no <glob>" in gage_inside(trained, "files", "status", "--", "x").err


def limit(text: str) -> dict[str, str]:
    return {"GIT_CONFIG_KEY_0": "gage.files.limit", "GIT_CONFIG_VALUE_0": text}


def test_where_no_run_has_files(repo: Path) -> None:
    assert answer(repo, "files") == "no files of runs\n"
    run(repo, "pass\n")
    (repo / ".git" / "gage" / "runs" / "stray").write_text("of nobody")
    assert answer(repo, "files") == "no files of runs\n"
    assert json.loads(answer(repo, "show", "--json"))["files"] is None


def test_a_colleague_has_the_short_ones_and_is_told_of_the_others(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", "host.git")
    host = f"file://{tmp_path / 'host.git'}"
    git(trained, "push", "-q", host, "HEAD:refs/heads/main")
    assert gage_inside(trained, "push", host, "@").code == 0
    sam = clone(host, tmp_path / "sam", name="Sam")
    assert gage_inside(sam, "fetch").code == 0
    short = newest(sam)[10:17]
    assert {path: file["where"] for path, file in listed(sam).items()} == {
        "model.bin": "not here",
        "report.md": "in git",
    }
    assert answer(sam, "cat", f"{short}:report.md") == "# Report\nfine\n"
    done = gage_inside(sam, "cat", f"{short}:model.bin")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"error: 'model.bin' of run {short} is not here\n"
        f"hint: git gage files pull {short} -- model.bin\n"
    )
    shown = answer(sam, "show", "--files")
    assert "model.bin  not here\n" in shown
    assert "report.md  in git\n" in shown
    assert "1 of those it made" in gage_inside(sam, "check", short).out
    row = json.loads(answer(sam, "files", "--json"))["runs"][0]
    assert (row["here"], row["in_git"], row["not_here"]) == (0, 1, 1)
    assert "not here  " in answer(sam, "files", "verify")

    out = gage_inside(sam, "export-files", short, "out")
    assert (out.code, out.out) == (1, "Exported 1 file, 14 bytes to out\n")
    assert out.err.startswith("warning: 'model.bin' is left out: not here\nhint: ")
    # Its directory has what is here, and says what is not, also after one file was looked at.
    assert answer(sam, "open", f"{short}:report.md").endswith("/report.md\n")
    assert os.listdir(run_dir(sam)) == ["report.md"]
    assert gage_inside(sam, "open", short).code == 0
    top = run_dir(sam)
    assert (top / "report.md").read_text() == "# Report\nfine\n"
    found = read_placeholder(top / "model.bin")
    assert found is not None
    assert (found.sha256, found.size) == (SHA256, len(MODEL))
    assert gage_inside(sam, "open", f"{short}:model.bin").code == 1

    store, _, document, filed = filed_of(open_app(sam, monkeypatch))
    part = store.sidecar.incoming(SHA256)
    part.write_bytes(MODEL)
    store.sidecar.accept(SHA256, len(MODEL), part)
    assert place_file(store, filed, entry_of(filed, b"model.bin"))
    assert (top / "model.bin").read_bytes() == MODEL
    assert listed(sam)["model.bin"]["where"] == "here"
    assert answer(sam, "files", "verify", document["id"]) == "2 files, 4.9 MiB: as recorded\n"


def test_short_files_that_are_to_stay_out_of_git(repo: Path) -> None:
    git(repo, "config", "gage.files.large", "*.csv")
    git(repo, "config", "--add", "gage.files.large", "plots/")
    script = (
        "import os\nos.mkdir('plots')\n"
        "for name in ('a.csv', 'plots/b', 'c.txt'): open(name, 'w').write(name)\n"
    )
    run(repo, script)
    document = json.loads(answer(repo, "show", "--json"))
    assert document["files"]["large"]["count"] == 2
    git(repo, "config", "gage.files.threshold", "0")
    run(repo, script)
    assert json.loads(answer(repo, "show", "--json"))["files"]["large"]["count"] == 3
    for text, large in (("1 KiB", 2), ("1kib", 2), ("3", 3)):
        git(repo, "config", "gage.files.threshold", text)
        run(repo, script)
        found = json.loads(answer(repo, "show", "--json"))["files"]["large"]["count"]
        assert found == large, text
    git(repo, "config", "gage.files.threshold", "much")
    done = gage_inside(repo, "config")
    assert "is no size such as 100k, 5m or 2g" in done.out + done.err


def test_settings_are_looked_at_before_a_program_starts(repo: Path) -> None:
    write_files(repo, {"train.py": "open('began', 'w').write('x')\nraise SystemExit(3)\n"})
    run = ("run", "-q", "train.py")
    assert gage_inside(repo, *run, "--stage").code == 0
    for key, value in (("threshold", "100kb"), ("large", " ")):
        git(repo, "config", f"gage.files.{key}", value)
        for args in (run, ("run", "--start", "@"), ("restart", "@")):
            done = gage_inside(repo, *args)
            assert done.code == 128, done.err
            assert done.err.startswith(f"fatal: 'gage.files.{key}' ")
        git(repo, "config", "--unset", f"gage.files.{key}")
    # What somebody makes of them meanwhile counts for the next run.
    write_files(
        repo,
        {
            "train.py": "import subprocess\nopen('r.md', 'w').write('x')\n"
            "subprocess.run(['git', 'config', 'gage.files.threshold', '100kb'], check=True)\n"
            "raise SystemExit(3)\n"
        },
    )
    done = gage_inside(repo, *run)
    assert done.code == 3
    assert json.loads(answer(repo, "show", "--json"))["exit_code"] == 3
    assert listed(repo)["r.md"]["sha256"]


@pytest.mark.parametrize("away", [("archive", "@", "-y"), ("delete", "@", "-y")])
def test_files_of_runs_that_were_put_away_are_on_this_disk_too(
    repo: Path, away: tuple[str, ...]
) -> None:
    run(repo)
    short, model = newest(repo)[10:17], run_dir(repo) / "model.bin"
    assert gage_inside(repo, *away).code == 0
    assert short not in gage_inside(repo, "list").out
    assert answer(repo, "files", "verify") == "2 files, 4.9 MiB: as recorded\n"
    assert f"\n{short} " in answer(repo, "files")
    model.chmod(0o644)
    model.write_bytes(MODEL[::-1])
    done = gage_inside(repo, "files", "verify")
    assert (done.code, done.out.splitlines()[0]) == (
        1,
        f"differs   {short}:model.bin  in the directory of the run",
    )


def test_many_files(repo: Path) -> None:
    count = scale(250, 10_000)
    run(
        repo,
        "import os\nos.mkdir('d')\n"
        f"for i in range({count}): open(f'd/{{i:05}}', 'w').write(str(i) * 40)\n"
        "for i in range(20): open(f'big-{i}', 'w').write(str(i) * 35_000)\n",
    )
    files = listed(repo)
    assert len(files) == count + 20
    document = json.loads(answer(repo, "show", "--json"))
    # A record has room for a hundred names, and git for a mebibyte.
    assert document["files"]["large"]["count"] == count + 20 - 100
    assert answer(repo, "files", "verify").startswith(f"{count + 20:,} files")


def test_a_secret_stays_where_it_was_made(repo: Path) -> None:
    script = (
        f"open('key.txt', 'w').write('first\\ntoken = {TOKEN}\\n')\n"
        "for i in range(12):\n"
        f"    open(f'k{{i}}', 'w').write(f'not the shortest {{i}}: token = {TOKEN}')\n"
        "open('fine.txt', 'w').write('fine')\n"
    )
    done = run(repo, script.replace(TOKEN, "' + 'ghp_' + '" + TOKEN[4:]))
    told = "GitHub token: the file stays in the run's directory alone\n"
    assert f"warning: key.txt:2: {told}" in done.err
    assert "warning: and 3 more in files of run " in done.err
    assert TOKEN not in git(repo, "cat-file", "--batch", "--batch-all-objects")
    assert not (repo / ".git" / "gage" / "lfs" / "objects").exists()
    files = listed(repo)
    assert files["key.txt"]["where"] == "here"
    assert answer(repo, "cat", "@:key.txt").startswith("first\ntoken")
    (row,) = json.loads(answer(repo, "files", "--json"))["runs"]
    assert (row["large"], row["alone"]) == (0, 13)
    # Where somebody changes it, nobody can bring it back.
    key = run_dir(repo) / "key.txt"
    key.chmod(0o644)
    key.write_text(key.read_text().replace("first", "FIRST"))
    done = gage_inside(repo, "cat", "@:key.txt")
    assert (done.code, "was changed here" in done.err, "hint" in done.err) == (1, True, False)
    done = gage_inside(repo, "export-files", "@", "out", "--", "key.txt")
    assert done.err == "warning: 'key.txt' is left out: changed here, and not what was recorded\n"
    done = gage_inside(repo, "files", "verify", "@")
    assert (done.code, done.err) == (1, "")
    key.unlink()
    done = gage_inside(repo, "export", "--no-sign", "@")
    told = (
        "'key.txt' is not here, and was kept in its directory alone: it is not among the subjects"
    )
    assert done.err == f"warning: {told}\n"


def test_a_secret_that_it_was_given_stays_too(repo: Path) -> None:
    write_files(
        repo,
        {
            "train.py": "password = 'x'\nopen('log', 'w').write('>' + password)\n"
            "open('no', 'w').write('none')\n"
        },
    )
    done = gage_inside(repo, "run", "-q", "train.py", "password=correcthorse")
    assert "log:1: a secret that the run was given" in done.err


def test_files_that_are_in_git_are_taken_out_again(repo: Path) -> None:
    run(repo, "open('report.md', 'w').write('# Rep' + 'ort')\n")
    done = gage_inside(repo, "redact", "-y", "--files", "@")
    assert "took out files that it made\n" in done.out
    git(repo, "gc", "-q", "--prune=now")
    assert "# Report" not in git(repo, "cat-file", "--batch", "--batch-all-objects")
    assert json.loads(answer(repo, "show", "--json"))["redacted"] == ["files"]


# -- odd things ------------------------------------------------------------------------------------


def test_names_and_kinds_of_all_sorts(repo: Path) -> None:
    run(
        repo,
        "import os, socket\n"
        "open(b'line\\nbreak', 'w').write('1')\n"
        "open(b'caf\\xe9', 'w').write('22')\n"
        "os.mkfifo('pipe')\n"
        "socket.socket(socket.AF_UNIX).bind('sock')\n"
        "open('tool', 'w').write('#!/bin/sh')\nos.chmod('tool', 0o750)\n"
        "os.symlink('tool', 'link')\nos.symlink('/etc', 'out')\nos.symlink('loop', 'loop')\n"
        "os.symlink('x' * 300, 'far')\n",
    )
    files = listed(repo)
    assert set(files) == {"line\nbreak", '"caf\\351"', "tool", "link", "out", "loop", "far"}
    assert answer(repo, "cat", "@:line\nbreak") == "1"
    assert answer(repo, "cat", '@:"caf\\351"') == "22"
    assert answer(repo, "cat", "@:link") == "#!/bin/sh"
    for name in ("out", "loop"):
        assert "leads out of the run, or in circles" in gage_inside(repo, "cat", f"@:{name}").err
    assert "the run has no such file" in gage_inside(repo, "cat", "@:far").err
    assert stat.S_IMODE((run_dir(repo) / "tool").stat().st_mode) == 0o550
    assert gage_inside(repo, "files", "verify").out == "3 files, 12 bytes: as recorded\n"
    out = gage_inside(repo, "export-files", "@", "out")
    assert out.err.splitlines() == [
        "warning: 'far' is left out: a name of more than 255 bytes",
        "warning: 'out' is left out: leads out of the run",
    ]
    assert os.readlink(repo / "out" / "link") == "tool"
    assert stat.S_IMODE((repo / "out" / "tool").stat().st_mode) == 0o750


def test_what_a_process_still_writes_has_no_digest(repo: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = "import time; f = open('log', 'a'); f.write('x'); f.flush(); open('on', 'w'); "
    script = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child + 'time.sleep(60)'!r}],"
        " stdout=-3, stderr=-3, stdin=-3, start_new_session=True)\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "while not os.path.exists('on'): time.sleep(0.01)\n"
    )
    with (tmp_path / "mine").open("w") as mine:
        if not is_open_for_writing(os.open(tmp_path / "mine", os.O_RDONLY)):
            pytest.skip("this system does not tell who writes")
        assert mine.writable()
    try:
        done = run(repo, script)
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)
    assert done.err == (
        "warning: 'log' cannot be read, or is still being written: its content is not recorded\n"
    )
    files = listed(repo)
    assert (files["log"]["sha256"], files["log"]["where"]) == (None, "here")
    # What it wrote after the end is there as well, and nobody says that it was recorded.
    log = run_dir(repo) / "log"
    with log.open("a") as more:
        more.write("more")
    short = newest(repo)[10:17]
    why = (
        "it was still being written when the run ended, or could not be read: its content was not "
        "recorded"
    )
    assert listed(repo)["log"]["where"] == "here"
    assert json.loads(answer(repo, "files", "--json"))["runs"][0]["not_here"] == 0
    verified = answer(repo, "files", "verify")
    assert f"unknown   {short}:log  in the directory of the run; {why}\n" in verified
    assert "1 byte  log  not recorded\n" in answer(repo, "show", "--files")
    done = gage_inside(repo, "cat", "@:log")
    assert done == Result(0, "xmore", f"warning: 'log' is here as it is now: {why}\n")
    opened = gage_inside(repo, "open", "@:log")
    assert opened == Result(0, f"{log}\n", f"warning: 'log' is here as it is now: {why}\n")
    checked = gage_inside(repo, "check", "@").out
    assert "warning  files: as it made them: 2, with 1 bytes; log: it was still being" in checked
    assert f"'log' is not among the subjects: {why}" in gage_inside(repo, "export", "@").err
    assert gage_inside(repo, "export-files", "@", "out").out == "Exported 2 files, 1 byte to out\n"
    assert gage_inside(repo, "export", "@", "--format", "ro-crate", "-o", "crate").code == 0
    assert next((repo / "crate").rglob("log")).read_text() == "xmore"
    log.unlink()
    for command in ("cat", "open"):
        done = gage_inside(repo, command, "@:log")
        hint = f"hint: it can only be where the run was recorded: git gage show {short}\n"
        assert (done.code, done.err) == (
            1,
            f"error: 'log' of run {short} is not here: {why}\n{hint}",
        )
    done = gage_inside(repo, "export-files", "@", "new")
    assert done.err == f"warning: 'log' is left out: not here; {why}\n"
    assert "log  not recorded, not here\n" in answer(repo, "show", "--files")
    assert "git gage files pull" not in gage_inside(repo, "check", "@").out


def test_what_somebody_put_in_the_place_of_a_file_is_not_taken_for_it(repo: Path) -> None:
    run(repo)
    model = run_dir(repo) / "model.bin"
    assert answer(repo, "open", "@:model.bin") == f"{model}\n"
    for content in (b"mine", b"x" * len(MODEL)):
        model.unlink()
        model.write_bytes(content)
        done = gage_inside(repo, "open", "@:model.bin")
        assert (done.code, done.out) == (0, f"{model}\n")
        short = newest(repo)[10:17]
        hint = f"'git gage files verify {short}' tells"
        assert done.err == f"warning: '{model}' is not what the run made: {hint}\n"


def test_what_changes_while_it_is_read_has_no_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 10)
    read = digest_open_file

    def read_and_grow(file: Any) -> tuple[str, int]:
        found = read(file)
        with path.open("ab") as more:
            more.write(b"y")
        return found

    monkeypatch.setattr(manifest_module, "digest_open_file", read_and_grow)
    assert manifest_module._read(os.fsencode(path), False)[0] is None


def test_a_file_that_somebody_made_longer_can_be_had_as_it_was_recorded(
    repo: Path, tmp_path: Path
) -> None:
    run(repo)
    place = run_dir(repo) / "model.bin"
    place.unlink()
    place.write_bytes(MODEL + b"more")
    assert gage_inside(repo, "export-files", "@", str(tmp_path / "out")).code == 0
    assert (tmp_path / "out/model.bin").read_bytes() == MODEL
    assert listed(repo)["model.bin"]["where"] == "here"
    told = gage_inside(repo, "files", "verify")
    assert (told.code, told.out.count("differs")) == (1, 1)
    assert place.read_bytes() == MODEL + b"more"
    place.unlink()
    place.symlink_to("elsewhere")
    assert listed(repo)["model.bin"]["where"] == "here"
    assert os.readlink(place) == "elsewhere"


def test_what_cannot_be_read_has_no_digest(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(manifest_module, "_read", refuse)
    assert "'model.bin' cannot be read" in run(repo).err
    assert listed(repo)["model.bin"]["sha256"] is None
    model = run_dir(repo) / "model.bin"
    assert model.stat().st_mode & stat.S_IWUSR
    done = gage_inside(repo, "export", "--no-sign", "@")
    told = f"warning: 'model.bin' is not among the subjects: {UNRECORDED}\n"
    assert done.err == told + told.replace("model.bin", "report.md")
    model.unlink()
    assert gage_inside(repo, "cat", "@:model.bin").code == 1


def test_two_large_files_are_read_side_by_side(repo: Path) -> None:
    run(repo, TRAIN + "open('again.bin', 'wb').write(bytes(range(256)) * 20_000)\n")
    top = run_dir(repo)
    assert os.path.samefile(top / "model.bin", top / "again.bin")
    run(repo)
    assert os.path.samefile(top / "model.bin", run_dir(repo) / "model.bin")
    body = json.loads(answer(repo, "files", "--json"))
    assert (body["bytes"], body["kept"]["count"]) == (len(MODEL) + 28, 1)


def test_a_list_that_is_too_long_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_module, "_LIST_BYTES", 300)
    done = run(repo)
    assert done.err == "warning: 1 of 2 files are not listed or kept: a run can have 1 of them\n"
    assert list(listed(repo)) == ["model.bin"]
    assert "it did not make: report.md" in gage_inside(repo, "check", "@").out


# -- kills, full disks, damage ---------------------------------------------------------------------

KILLED = """\
import os, signal, sys
from git_gage.cli.app import main
from git_gage.runs import manifest
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
manifest.{name} = die
main(["run", "-q", "train.py"])
"""


@pytest.mark.parametrize("name", ["_measure_one", "fit_body"])
def test_a_kill_while_files_are_measured_loses_nothing(repo: Path, name: str) -> None:
    write_files(repo, {"train.py": TRAIN})
    words = [sys.executable, "-c", KILLED.format(name=name)]
    assert subprocess.run(words, cwd=repo, check=False).returncode == -signal.SIGKILL
    assert '"status": "completed"' in answer(repo, "show", "--json")
    assert listed(repo)["model.bin"]["sha256"] == SHA256
    assert answer(repo, "files", "verify") == "2 files, 4.9 MiB: as recorded\n"
    assert not list((repo / ".git" / "gage" / "state").iterdir())


def test_ctrl_c_while_files_are_measured(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(manifest_module, "keep_files", interrupt)
        done = run(repo)
    short = newest(repo)[10:17]
    assert done.err == (
        f"warning: run {short} is recorded; "
        f"its files are listed by 'git gage files status {short}'\n"
    )
    assert listed(repo)["model.bin"]["sha256"] == SHA256


def test_many_bytes_wait_for_who_has_time(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("git_gage.runs.settle.MOST_IN_PASSING", 1000)
    with monkeypatch.context() as patch:
        patch.setattr(manifest_module, "keep_files", interrupt)
        run(repo)
    assert json.loads(answer(repo, "show", "--json"))["files"] is None
    assert listed(repo)["model.bin"]["sha256"] is None
    assert answer(repo, "cat", "@:report.md") == "# Report\nfine\n"
    assert (repo / ".git" / "gage" / "state" / newest(repo) / "files.pending").exists()
    out = answer(repo, "files", "status", "@")
    assert "not listed yet" not in out
    with monkeypatch.context() as patch:
        patch.setattr("git_gage.runs.settle.finish_pending", lambda *_: ["'x' is a secret"])
        assert gage_inside(repo, "files").err == "warning: 'x' is a secret\n"
    assert listed(repo)["model.bin"]["sha256"] == SHA256
    assert not list((repo / ".git" / "gage" / "state").iterdir())


def test_a_full_disk_while_files_are_kept(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Sidecar, "take", refuse)
        done = run(repo)
    told = "1 files lie in the directory of the run alone, kept nowhere else: no space left on"
    assert told in done.err
    assert listed(repo)["model.bin"]["where"] == "here"
    (row,) = json.loads(answer(repo, "files", "--json"))["runs"]
    assert row["alone"] == 1


def test_what_is_not_what_it_was_when_it_is_kept(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise IntegrityError("copy file: it does not hold it any more")

    monkeypatch.setattr(Sidecar, "take", refuse)
    assert "kept nowhere else: copy file" in run(repo).err


def test_damage_is_found(repo: Path) -> None:
    run(repo)
    model = run_dir(repo) / "model.bin"
    kept = repo / ".git" / "gage" / "lfs" / "objects" / SHA256[:2] / SHA256[2:4] / SHA256
    content = model.read_bytes()
    kept.unlink()
    kept.write_bytes(content[::-1])
    done = gage_inside(repo, "files", "verify")
    assert done.code == 1
    assert done.out.startswith(
        f"differs  {newest(repo)[10:17]}:model.bin  in the sidecar\n".replace(
            "differs ", "differs  "
        )
    )
    model.chmod(0o644)
    model.write_bytes(content + b"more")
    done = gage_inside(repo, "files", "verify", "@")
    assert "model.bin  in the directory of the run\n" in done.out
    found = gage_inside(repo, "check", "@")
    assert "not what it made: model.bin" in found.out
    # What is here of another size is not taken for it.
    assert answer(repo, "cat", "@:report.md")


# -- placeholders ----------------------------------------------------------------------------------


def test_a_file_is_dropped_and_comes_back(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(repo, {"gage.toml": DEPENDS, "train.py": TRAIN})
    assert gage_inside(repo, "run", "-q", "train").code == 0
    store, _, document, filed = filed_of(open_app(repo, monkeypatch))
    entry = entry_of(filed, b"model.bin")
    place = run_dir(repo) / "model.bin"
    git(repo, "remote", "add", "origin", "../origin.git")
    put_placeholder(store, document["id"], entry, ["origin"])
    found = read_placeholder(place)
    assert found is not None
    assert found.remotes == ("origin",)
    assert answer(repo, "cat", "@:report.md")
    assert gage_inside(repo, "cat", "@:model.bin").code == 0, "the sidecar has it"
    store.sidecar.remove(SHA256)
    assert listed(repo)["model.bin"]["where"] == "not here"
    assert not place_file(store, filed, entry)
    assert answer(repo, "files", "verify").startswith("not here  ")
    done = gage_inside(repo, "run", "-q", "test")
    assert "'model.bin' of run" in done.err
    assert f"hint: git gage files pull {document['id'][10:17]}" in done.err

    place.unlink()
    place.write_bytes(MODEL)
    store.sidecar.take(place, SHA256)
    place.unlink()
    place_files(store, filed)
    assert os.path.samefile(place, store.sidecar.path(SHA256))


DEPENDS = """\
[train]
exec = "python train.py"

[test]
exec = "cat report.md"
depends = "run-files: train"
"""


def test_the_directory_of_a_run_may_go(repo: Path) -> None:
    write_files(repo, {"gage.toml": DEPENDS, "train.py": TRAIN})
    assert gage_inside(repo, "run", "-q", "train").code == 0
    shutil.rmtree(run_dir(repo))
    assert listed(repo)["model.bin"]["where"] == "here"
    assert gage_inside(repo, "run", "-q", "test").code == 0
    assert answer(repo, "output") == "# Report\nfine\n"
    assert {path: file["role"] for path, file in listed(repo).items()} == {
        "model.bin": "dependency",
        "report.md": "dependency",
    }
    assert answer(repo, "cat", "@:report.md") == "# Report\nfine\n"
    assert os.listdir(run_dir(repo, "train@"))


def test_two_files_of_a_folder_come_back(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os\nos.mkdir('d')\nfor n in 'ab': open('d/' + n, 'w').write(n)\n"
    run(repo, script)
    store, _, _, filed = filed_of(open_app(repo, monkeypatch))
    top = run_dir(repo)
    shutil.rmtree(top)
    place_files(store, filed)
    assert sorted(os.listdir(top / "d")) == ["a", "b"]
    assert stat.S_IMODE((top / "d" / "a").stat().st_mode) == 0o444


def test_a_damaged_placeholder_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text('{"git-gage":"dropped",')
    with pytest.raises(IntegrityError, match="it is damaged"):
        read_placeholder(path)
    assert read_placeholder(tmp_path / "none") is None


def test_a_link_in_the_way_is_not_followed(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(repo, "import os\nos.mkdir('d')\n" + TRAIN.replace('"model', '"d/model'))
    store, _, document, filed = filed_of(open_app(repo, monkeypatch))
    top = run_dir(repo)
    shutil.rmtree(top / "d")
    os.symlink(repo, top / "d")
    with pytest.raises(IntegrityError, match="is no folder of the run"):
        place_file(store, filed, entry_of(filed, b"d/model.bin"))
    strange = Entry(b"con", "generated", 1, SHA256, 0o644)
    with pytest.raises(IntegrityError, match="the name of a device"):
        put_placeholder(store, document["id"], strange, ())


# -- copies, and programs that show ----------------------------------------------------------------


def test_copies_can_be_written_and_replace_nothing(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert answer(trained, "export-files", "@", str(out), "--", "*.bin") == (
        f"Exported 1 file, 4.9 MiB to {out}\n"
    )
    assert os.listdir(out) == ["model.bin"]
    (out / "model.bin").write_bytes(b"mine")
    assert (run_dir(trained) / "model.bin").read_bytes() == MODEL
    done = gage_inside(trained, "export-files", "@", str(out))
    assert (done.code, done.err) == (
        128,
        f"fatal: '{out}' has them already: 'model.bin'\nhint: '--force' replaces them\n",
    )
    assert gage_inside(trained, "export-files", "-f", "@", str(out)).code == 0
    assert (out / "model.bin").read_bytes() == MODEL
    assert "no such file" in gage_inside(trained, "export-files", "@", "x", "--", "y").err


def test_where_a_copy_cannot_go(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(
        repo, "import os\nos.mkdir('d')\nopen('d/a', 'w').write('1')\nopen('d/b', 'w').write('1')\n"
    )
    assert answer(repo, "export-files", "@", "all") == "Exported 2 files, 2 bytes to all\n"
    (repo / "out").mkdir()
    (repo / "out" / "d").write_text("mine")
    assert "it is no folder" in gage_inside(repo, "export-files", "@", "out").err
    (repo / "all/d/b").unlink()
    (repo / "all/d/b").mkdir()
    (repo / "all/d/a").write_text("mine")
    for force in ((), ("--force",)):
        done = gage_inside(repo, "export-files", "@", "all", *force)
        assert (done.code, done.err) == (
            128,
            (
                f"fatal: '{repo / 'all/d/b'}' is in the way: it is a folder\n"
                "hint: export to another one\n"
            ),
        )
    assert (repo / "all/d/a").read_text() == "mine"
    (repo / "x").touch()
    for place, what in (("x", repo / "x"), ("x/sub/deep", repo / "x"), ("/dev/null", "/dev/null")):
        for force in ((), ("--force",)):
            done = gage_inside(repo, "export-files", "@", place, *force)
            assert (done.code, done.err) == (
                128,
                f"fatal: '{what}' is in the way: it is no folder\nhint: export to another one\n",
            )
    changed = run_dir(repo) / "d" / "a"
    changed.chmod(0o644)
    changed.write_text("2")
    with monkeypatch.context() as patched:
        patched.setattr("git_gage.runs.export_files.open_entry", lambda *_: changed.open("rb"))
        done = gage_inside(repo, "export-files", "@", "new")  # it is changed in this moment
    assert "'d/a' is not what the run made" in done.err
    assert not list((repo / "new" / "d").iterdir())
    # git has it still.
    assert answer(repo, "export-files", "@", "new") == "Exported 2 files, 2 bytes to new\n"
    assert (repo / "new" / "d" / "a").read_text() == "1"
    run(repo, "pass")
    assert "nothing is recorded of files" in gage_inside(repo, "export-files", "@", "new").err


def test_what_opens_a_file(trained: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\nprintf %s "$2" > {seen}\n')
    opener.chmod(0o755)
    env = {"GAGE_OPENER": f"{opener} --now"}
    top = run_dir(trained)
    assert gage_inside(trained, "open", "@:report.md", env=env) == (0, "", "")
    assert seen.read_text() == str(top / "report.md")
    assert gage_inside(trained, "open", env=env) == (0, "", "")
    assert seen.read_text() == str(top)
    done = gage_inside(trained, "open", "@:model.bin", env=env)
    assert done.out == f"{top / 'model.bin'}\n"
    assert done.err == "hint: it could be a program, and is not opened\n"
    assert answer(trained, "open", "@:report.md") == f"{top / 'report.md'}\n"
    done = gage_inside(trained, "open", env={"GAGE_OPENER": "false"})
    assert done.err.startswith("fatal: 'false' ended with exit code 1\n")
    done = gage_inside(trained, "open", env={"GAGE_OPENER": "/none"})
    assert done.err.startswith("fatal: cannot start '/none': no such file or directory\n")


def test_a_terminal_gets_nothing_that_it_would_obey(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(repo, "open('x', 'w').write('\\x1b]0;title\\x07text')\n")
    assert answer(repo, "cat", "@:x") == "\x1b]0;title\x07text"
    monkeypatch.setattr(App, "screen", lambda *_: Screen(sys.stdout, terminal=True))
    assert answer(repo, "cat", "@:x") == "text"


def test_a_run_without_files_has_nothing_to_open(repo: Path) -> None:
    run(repo, "pass\n")
    assert "has no files here" in gage_inside(repo, "open").err


# -- what it was given, and runs without a manifest ------------------------------------------------


def test_copies_that_it_was_given_are_no_files_of_its_own(repo: Path) -> None:
    gagefile = (
        '[train]\nexec = "python train.py"\n'
        'depends = [{type = "project-files", files = ["a.csv", "b.csv", "c.csv"], link = false},'
        ' "file: d.csv"]\n'
    )
    script = (
        "import os\nos.utime('b.csv', (1, 1))\nopen('c.csv', 'w').write('new')\n"
        "open('x', 'w').write('same')\nopen('y', 'w').write('same')\n"
    )
    given = {f"{name}.csv": f"{name}\n" for name in "abcd"}
    write_files(repo, {"gage.toml": gagefile, "train.py": script, ".gitignore": "*.csv\n", **given})
    assert gage_inside(repo, "run", "-q", "train").code == 0
    assert {path: (file["role"], file["where"]) for path, file in listed(repo).items()} == {
        "a.csv": ("dependency", "here"),
        "b.csv": ("dependency", "here"),
        "c.csv": ("generated", "here"),
        "d.csv": ("dependency", "here"),
        "x": ("generated", "here"),
        "y": ("generated", "here"),
    }
    assert answer(repo, "cat", "@:d.csv") == "d\n"
    assert "d.csv" in gage_inside(repo, "open", "@:d.csv").err
    (repo / "d.csv").unlink()
    assert listed(repo)["d.csv"]["where"] == "not here"
    (run_dir(repo) / "d.csv").write_bytes(b'{"git-gage":"reference",}')
    assert listed(repo)["d.csv"]["where"] == "not here"


def test_a_stranger_does_not_say_what_of_ours_is_printed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(
        repo,
        {
            "gage.toml": '[train]\nexec = "true"\ndepends = "file: d.csv"\n',
            "d.csv": "1\n",
            ".gitignore": "d.csv\n",
        },
    )
    assert gage_inside(repo, "run", "-q", "train").code == 0
    assert answer(repo, "cat", "@:d.csv") == "1\n"
    monkeypatch.setattr(Catalog, "is_foreign", lambda *_: True)
    assert gage_inside(repo, "cat", "@:d.csv").err.startswith("error: 'd.csv' of run ")


def test_names_of_a_stranger(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(repo, "for n in ('con', 'a', 'A'): open(n, 'w').write('1')\n")
    monkeypatch.setattr(Catalog, "is_foreign", lambda *_: True)
    done = gage_inside(repo, "export-files", newest(repo)[10:17], "out")
    assert (done.code, done.out) == (1, "Exported 1 file, 1 byte to out\n")
    assert done.err.startswith(
        "warning: 'con' is left out: the name of a device\n"
        "warning: 'a' is left out: the same name as 'A'\n"
    )


def test_a_run_that_goes_on_or_is_old_has_no_manifest(repo: Path) -> None:
    world = World(repo)
    old = world.run(files={"a.txt": "1", "d/b.txt": "2"}, end={"generated": COUNTED})
    short = old[10:17]
    os.symlink(repo / "train.py", world.made(old, "out"))
    os.symlink("a.txt", world.made(old, "in"))
    os.mkfifo(world.made(old, "pipe"))
    assert listed(repo, short)["a.txt"]["sha256"] is None
    assert answer(repo, "cat", f"{short}:d/b.txt") == "2"
    assert answer(repo, "cat", f"{short}:in") == "1"
    for name in ("out", "none"):
        assert "has no file" in gage_inside(repo, "cat", f"{short}:{name}").err
    assert answer(repo, "open", f"{short}:a.txt").endswith("/a.txt\n")
    for name in ("in", "out"):
        world.made(old, name).unlink()
    (row,) = json.loads(answer(repo, "files", "status", short, "--json"))["runs"]
    assert (row["count"], row["here"], row["alone"]) == (2, 2, 2)
    assert answer(repo, "files", "verify", short) == "0 files, 0 bytes: as recorded\n"
    assert "as many as it made: 2, with 2 bytes" in gage_inside(repo, "check", short).out
    document = world.catalog.document(old)
    assert document is not None
    measured = MadeFiles(world.store, world.catalog, document).measured
    assert [each["path"] for each in measured["files"]] == ["a.txt", "d/b.txt"]
    attest = world.store.draft(
        "attest", run=old, body={"made": measured}, by=None, lc=3, seq=2, prev=None
    )
    found = MadeFiles(world.store, world.catalog, document)
    assert is_as_attested(world.store, found, attest)
    for name in ("a.txt", "d/b.txt"):
        os.utime(world.made(old, name), (1, 1))
    statement = make_statement(world.store, world.catalog, document)
    assert b"d/b.txt" in statement.payload

    world.made(old, "a.txt").write_text("more")
    assert "it made 2, with 2 bytes; here are 2" in gage_inside(repo, "check", short).out
    with pytest.raises(RequestError, match="are not those that it made"):
        make_statement(world.store, world.catalog, document)
    found = MadeFiles(world.store, world.catalog, document)
    assert is_as_attested(world.store, found, attest) is False
    shutil.rmtree(world.made(old))
    assert "made where it ran: 2" in gage_inside(repo, "check", short).out
    assert gage_inside(repo, "cat", f"{short}:a.txt").code == 1
    assert is_as_attested(world.store, found, attest) is None
    assert read_filed_of(world.store, world.catalog, document) is None


COUNTED = {"files": 2, "bytes": 2}


def test_an_old_run_vouches_for_no_link_and_nothing_later(repo: Path) -> None:
    world = World(repo)
    old = world.run(files={"a": "1"}, end={"generated": {"files": 2, "bytes": 1}})
    os.symlink("a", world.made(old, "l"))
    document = world.catalog.document(old)
    assert document is not None
    notices = make_statement(world.store, world.catalog, document).notices
    assert [notice[:4] for notice in notices] == ["'a' ", "'l' "]
    going = world.begin(source__snapshot="no commit")
    world.made(going).mkdir(parents=True)
    world.catalog.refresh()
    document = world.catalog.document(going)
    assert document is not None
    assert list_files(world.store, world.catalog, document) == []


def test_there_is_room_for_a_mebibyte(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_module, "_GIT_BYTES", 20)
    run(repo, "for n in 'abc': open(n, 'w').write(n * 15)\n")
    assert json.loads(answer(repo, "show", "--json"))["files"]["large"]["count"] == 2


def test_a_manifest_that_makes_no_sense_is_none(repo: Path) -> None:
    world = World(repo)
    made = world.run(files={"a.txt": "1"})
    said = {"made": {"files": 1, "bytes": 1}}
    entry = {"path": "a.txt", "role": "generated", "size": 1, "mode": "644"}

    def append(seq: int, body: Mapping[str, Any]) -> None:
        record = world.store.draft(
            "run.files", run=made, body=body, by=None, lc=seq + 1, seq=seq, prev=None
        )
        world.store.append(record)
        world.catalog.refresh()

    append(2, {"made": 1})
    assert world.catalog.document(made) is not None
    assert "1 record is not what the format says" in gage_inside(repo, "ls-files", made).err
    append(3, {**said, "list": [{**entry, "path": "../a"}]})
    assert read_filed(world.store, world.catalog, made) is None
    append(4, {**said, "list": [entry]})
    append(5, {**said, "list": []})
    found = read_filed(world.store, world.catalog, made)
    assert found is not None
    assert [each.path for each in found.manifest.entries] == [b"a.txt"]
    assert read_filed(world.store, world.catalog, "0" * 30) is None


SET_UP = """\
[train.exec]
stage-runtime = '''
mkdir lib && head -c 200000 /dev/zero > lib/net.so && ln -s lib lib64 && echo a > log.txt
echo '# patched' >> train.py'''
run = "echo b >> log.txt && echo done > out.txt%s"
"""


@pytest.mark.parametrize("ending", ["", " && kill -9 $PPID"])
def test_what_a_program_needs_to_run_is_listed_and_not_kept(repo: Path, ending: str) -> None:
    write_files(repo, {"gage.toml": SET_UP % ending, "train.py": ""})
    commit(repo)
    # Of the second one the recorder is killed; the next command closes the run.
    assert gage(repo, "run", "-q", "-y", "train").code == (137 if ending else 0)
    wait_until(lambda: len(listed(repo)) == 5)
    roles = {path: file["role"] for path, file in listed(repo).items()}
    runtime = dict.fromkeys(["lib/net.so", "lib64", "train.py"], "runtime")
    assert roles == {**runtime, "log.txt": "generated", "out.txt": "generated"}
    top = run_dir(repo)
    assert (top / "lib" / "net.so").stat().st_mode & 0o200
    assert not (repo / ".git/gage/lfs").exists()
    document = json.loads(answer(repo, "show", "--json"))
    assert document["files"]["count"] == document["generated"]["files"] == 2
    shown = answer(repo, "show", "--files")
    assert "2 files, 9 bytes" in shown
    assert "set up before it: 3 files, 195.3 KiB\n" in shown
    assert "lib64" not in shown
    assert gage_inside(repo, "check", "--run", "@").code == 0


def test_what_git_gage_keeps_in_a_run_directory_is_none_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {".gage/metrics.jsonl": "", "a": "1"})
    assert [each.path for each in left_module.find_left(tmp_path)] == [b"a"]
    monkeypatch.setattr(left_module, "walk_left", lambda *_: [b"a", b"gone"])
    assert [each.path for each in left_module.find_left(tmp_path)] == [b"a"]


def test_a_run_that_goes_on_somewhere_is_left_to_that(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(repo, monkeypatch)
    state = app.store.state_dir("x")
    state.mkdir(parents=True)
    (state / "files.pending").touch()
    assert finish_pending(app.store, app.catalog) == []


def test_files_that_a_signature_is_on_and_that_are_not_here(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(repo)
    store, catalog, document, _ = filed_of(open_app(repo, monkeypatch))
    body = {"made": MadeFiles(store, catalog, document).measured}
    attest = store.draft("attest", run=document["id"], body=body, by=None, lc=9, seq=9, prev=None)
    assert is_as_attested(store, MadeFiles(store, catalog, document), attest)
    nothing = attest._replace(body={})
    assert is_as_attested(store, MadeFiles(store, catalog, document), nothing) is None
    top = run_dir(repo)
    shutil.rmtree(top)
    store.sidecar.remove(SHA256)
    assert is_as_attested(store, MadeFiles(store, catalog, document), attest) is None
    told = make_statement(store, catalog, document).notices
    short = document["id"][10:17]
    pull = f"git gage files pull {short}"
    assert told == [f"run {short} goes without 1 of its files: not here: {pull}"]
    top.mkdir()
    assert make_statement(store, catalog, document).notices == told


def test_a_disk_that_cannot_be_written_to_is_read_by_another_way(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(repo)
    shutil.rmtree(run_dir(repo))

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "place")

    monkeypatch.setattr("git_gage.runs.placing.make_place", refuse)
    short = newest(repo)[10:17]
    told = "nothing can be put into the directory of the run: read-only file system ('place')"
    for name, way in ((f"{short}:model.bin", "cat {} > <file>"), (short, "export-files {} <dir>")):
        done = gage_inside(repo, "open", name)
        hint = f"hint: git gage {way.format(name)}"
        assert (done.code, done.err) == (128, f"fatal: {told}\n{hint}\n")
    assert len(gage_inside(repo, "cat", f"{short}:model.bin").out) > 0
