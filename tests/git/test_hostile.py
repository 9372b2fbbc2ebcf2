"""Runs that came from strangers: nothing of them is written, loaded or run unasked."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from git_gage.git import open_repository
from git_gage.render.consent import format_foreign
from git_gage.runs.consent import ForeignRun
from git_gage.runs.phases import Step
from git_gage.source.foreign import MAX_BYTES, vet_source
from git_gage.source.lay_out import write_files as write_files_of
from tests.git.hostile import (
    FILE,
    FOLDER,
    LINK,
    SUBMODULE,
    Entry,
    Stranger,
    files_below,
    refs_of,
)
from tests.support import (
    clone,
    commit,
    forget_identity,
    gage,
    gage_inside,
    git,
    scale,
    write_files,
)
from tests.unit.catalog import made_up
from tests.unit.test_safe_paths import NASTY


@pytest.fixture
def stranger(repo: Path) -> Stranger:
    return Stranger(repo)


def restart(repo: Path, run: str, *words: str) -> Any:
    return gage_inside(repo, "restart", run, "-q", *words)


# -- names and links ---------------------------------------------------------------------------


def test_source_with_a_nasty_name_is_refused_and_nothing_is_written(
    repo: Path, stranger: Stranger
) -> None:
    # A tree can hold a name with a slash only as a path; `files` makes folders of those.
    names = [name for name in NASTY if b"\0" not in name]
    runs = {stranger.run(stranger.files(b"good.py", name)): name for name in names}
    slash = stranger.tree(Entry(FILE, b"a/b", stranger.blob()))
    runs[stranger.run(stranger.commit(slash))] = b"a/b as one name"
    before = files_below(repo.parent)
    assert gage_inside(repo, "list", "--all").code == 0
    for run, name in runs.items():
        refused = gage_inside(repo, "restart", run, "--trust-code")
        assert (refused.code, refused.out) == (128, ""), name
        assert (
            "which is not laid out" in refused.err
            or "64 levels" in refused.err
            or "damaged" in refused.err
        ), name
        assert refused.err.isprintable() or refused.err.replace("\n", "").isprintable(), name
    assert {path for path in files_below(repo.parent) - before if ".git/gage" not in path} == set()
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([(FILE, b"README"), (FILE, b"readme")], "the same as 'README' to some systems"),
        ([(FOLDER, b"Lib"), (FOLDER, b"lib")], "the same as 'Lib' to some systems"),
        ([(FILE, "é".encode()), (FILE, "e\u0301".encode())], "to some systems"),
        ([(FILE, b"a"), (FILE, b"a")], "the same"),
        ([(LINK, b"a"), (FOLDER, b"a")], "a file and a folder at once"),
    ],
)
def test_source_in_which_two_names_are_one_is_refused(
    repo: Path, stranger: Stranger, entries: list[tuple[str, bytes]], why: str
) -> None:
    inner = stranger.tree(Entry(FILE, b"x.py", stranger.blob()))
    oids = {FILE: stranger.blob(), LINK: stranger.blob(b"/etc"), FOLDER: inner}
    tree = stranger.tree(*(Entry(mode, name, oids[mode]) for mode, name in entries))
    refused = gage_inside(repo, "restart", stranger.run(stranger.commit(tree)), "--trust-code")
    assert refused.code == 128
    assert why in refused.err or "names a file twice" in refused.err


def test_only_plain_files_and_links_that_stay_inside_are_made(
    repo: Path, stranger: Stranger
) -> None:
    text = {
        name: stranger.blob(target)
        for name, target in {
            b"in": b"sub/data.txt",
            b"abs": b"/etc/passwd",
            b"up": b"../../../../escape",
            b"via": b"sub/../../x",
            b"long": b"x" * 5000,
        }.items()
    }
    data = stranger.blob(b"data\n")
    sub = stranger.tree(Entry(LINK, b"back", stranger.blob(b"..")), Entry(FILE, b"data.txt", data))
    entries = [
        *(Entry(LINK, name, oid) for name, oid in text.items()),
        Entry(SUBMODULE, b"module", "1" * 40),
        Entry("104755", b"setuid.sh", stranger.blob(b"#!/bin/sh\necho ran\n")),
        Entry(FOLDER, b"sub", sub),
        Entry("100666", b"wide.txt", data),
    ]
    tree = stranger.tree(*sorted(entries, key=lambda entry: entry.name))
    look = "import os, sys\nfor d, f, n in sorted(os.walk('.')):\n  for x in sorted(f + n):\n"
    look += "    p = os.path.join(d, x); s = os.lstat(p)\n"
    look += "    if '.git' not in p: print(p, oct(s.st_mode & 0o7777 if not os.path.islink(p)"
    look += " else 0), os.readlink(p) if os.path.islink(p) else '')\n"
    look += "import subprocess; print(subprocess.run(['git', 'status', '--porcelain'],"
    look += " capture_output=True, text=True))"
    run = stranger.program(stranger.commit(tree), sys.executable, "-c", look)
    done = restart(repo, run, "--trust-code")
    assert done.code == 0, done.err
    assert "stdout=''" in done.out
    assert sorted(done.out.splitlines()[:-1]) == [
        "./in 0o0 sub/data.txt",
        "./setuid.sh 0o755 ",
        "./sub 0o755 ",
        "./sub/back 0o0 ..",
        "./sub/data.txt 0o644 ",
        "./wide.txt 0o644 ",
    ]
    for name in ("abs", "up", "via", "long", "module"):
        assert f"warning: '{name}' is not made" in done.err
    # What was laid out and left as it was is gone again.
    made = json.loads(gage_inside(repo, "show", "@", "--json").out)
    assert made["generated"]["files"] == 0
    assert not (repo / ".git" / "gage" / "runs" / made["id"]).exists()


def test_a_foreign_source_is_laid_out_as_a_checkout_would(repo: Path, stranger: Stranger) -> None:
    # Line ends and the user's own filters, as the attributes in the source choose among them.
    git(repo, "config", "filter.shout.smudge", "tr a-z A-Z")
    git(repo, "config", "filter.shout.clean", "tr A-Z a-z")
    tree = stranger.tree(
        Entry(FILE, b".gitattributes", stranger.blob(b"*.win eol=crlf\n*.loud filter=shout\n")),
        Entry(FILE, b"+first.loud", stranger.blob(b"first\n")),
        Entry(FILE, b"a.win", stranger.blob(b"one\ntwo\n")),
        Entry(FOLDER, b"b", stranger.tree(Entry(FILE, b"b.loud", stranger.blob(b"deep\n")))),
        Entry(FOLDER, b"c", stranger.tree(Entry(FILE, b"plain", stranger.blob(b"plain\n")))),
    )
    command = "cat -A a.win; cat +first.loud b/b.loud c/plain; git status --porcelain; rm a.win"
    run = stranger.program(stranger.commit(tree), "sh", "-c", command)
    done = restart(repo, run, "--trust-code")
    assert (done.code, done.out, done.err) == (
        0,
        "one^M$\ntwo^M$\nFIRST\nDEEP\nplain\n",
        "warning: '.env' is not recorded (secret)\n",
    )
    assert json.loads(gage_inside(repo, "show", "@", "--json").out)["generated"]["files"] == 0


def test_part_of_a_foreign_source_is_laid_out_for_an_operation(repo: Path) -> None:
    gagefile = '[op]\nexec = "ls -R"\nsourcecode = ["*.sh", "in/*.txt"]\n'
    write_files(repo, {"gage.toml": gagefile, "a.sh": "x", "in/b.txt": "y", "in/c.md": "z"})
    commit(repo)
    assert gage_inside(repo, "run", "-q", "--stage", "op").code == 0
    remote = repo.parent / "remote.git"
    git(repo.parent, "clone", "-q", "--bare", str(repo), str(remote))
    git(repo, "remote", "add", "there", str(remote))
    assert gage_inside(repo, "push", "there").code == 0
    other = clone(remote, repo.parent / "other")
    assert gage_inside(other, "fetch").code == 0
    assert gage_inside(other, "run", "-q", "--start", "op@").code == 1
    done = gage_inside(other, "run", "-q", "--start", "op@", "--trust-code")
    assert (done.code, done.out) == (0, ".:\na.sh\nin\n\n./in:\nb.txt\n")


# -- bombs -------------------------------------------------------------------------------------


_MEASURE = """\
import os, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(repo: Path, *args: str) -> tuple[int, str, int]:
    """Exit code, all that was said, and the highest memory in MB of it and all it started.

    By way of a small process: the kernel counts for a new one what its parent has.
    """
    words = [sys.executable, "-c", _MEASURE, "git", "gage", *args]
    out = subprocess.run(words, cwd=repo, capture_output=True, text=True, check=True).stdout
    said, _, last = out.rstrip("\n").rpartition("\n")
    code, memory = map(int, last.split())
    return code, said, memory >> (20 if sys.platform == "darwin" else 10)


def test_ten_thousand_million_paths_stop_nobody(repo: Path, stranger: Stranger) -> None:
    own = gage_inside(repo, "run", "-q", "train.py")
    assert own.code == 0
    runs = [
        stranger.run(stranger.bomb()),
        stranger.run(stranger.bomb(leaf=stranger.tree())),
        stranger.run(stranger.files(b"/".join([b"d"] * 200))),
        stranger.run(stranger.files(b"a"), source__digest="cd" * 32),
    ]
    *bombs, plain = runs
    assert "All 5: " in gage_inside(repo, "list").out
    for bomb in bombs:
        for words in (["restart", bomb, "--trust-code"], ["diff", bomb, plain, "--source"]):
            done = gage_inside(repo, *words)
            assert done.code == 128
            assert "more than 100,000 entries" in done.err or "more than 64 levels" in done.err
        for words in (["show", bomb], ["show", bomb, "--files"], ["compare", bomb, "@"]):
            assert gage_inside(repo, *words).code == 0
        assert gage_inside(repo, "diff", bomb, "--stat").code == 128
    page = gage_inside(repo, "compare", bombs[0], plain)
    assert "too large" in page.out
    rows = json.loads(gage_inside(repo, "compare", bombs[0], plain, "--json").out)["rows"]
    (files,) = [row for row in rows if row["name"] == "files"]
    assert (files["values"], files["missing"]) == ([None, None], [0, 1])


def test_a_huge_blob_is_not_loaded(repo: Path, stranger: Stranger) -> None:
    zeros = bytes(scale(40, 300) << 20)
    tree = stranger.tree(
        Entry(FILE, b"big.bin", stranger.blob(zeros)), Entry(FILE, b"small.txt", stranger.blob())
    )
    source = stranger.commit(tree)
    bound: dict[str, object] = {
        "oid": stranger.blob(zeros),
        "sha256": hashlib.sha256(zeros).hexdigest(),
        "size": len(zeros),
    }
    runs = []
    lies = ({"size": 100}, {"size": len(zeros) - 1}, {"sha256": "0" * 64})
    for number, said in enumerate((bound, *({**bound, **lie} for lie in lies))):
        begun = made_up.begin(90 + number, source__snapshot=source, source__commit=None)
        bulk = dict.fromkeys(("output", "summaries/series.jsonl"), said)
        stranger.lane([begun, made_up.end(begun, bulk=bulk)], [source])
        stranger._number += 1
        runs.append(begun.run)
    most = scale(64, 150)
    for run in runs:
        for words, code, told in (
            (["show", run], 0, "acc"),
            (["output", run], 128, f"output: what is here has {len(zeros):,} bytes"),
            (["show", run, "--metrics"], 0, "loss"),
        ):
            got, text, memory = measure(repo, *words)
            assert (got, told in text, memory < most) == (code, True, True), (words, text, memory)
    got, text, memory = measure(repo, "show", runs[0], "--diff")
    assert (got, memory < most) == (0, True)
    assert "not shown: 'big.bin' is large, and somebody else's" in text
    assert "+++ b/small.txt" in text
    got, text, memory = measure(repo, "diff", runs[0], runs[1], "--output")
    assert (got, "output: what is here" in text, memory < most) == (128, True, True)
    gage_inside(repo, "run", "-q", "train.py")
    got, text, memory = measure(repo, "compare", runs[0], "@", "--json")
    assert (got, "big.bin" in text, memory < most) == (0, True, True)


def test_many_files_of_a_size_are_not_compared(
    repo: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = stranger.blob(b"line\n" * 2_000_000)
    tree = stranger.tree(*(Entry(FILE, b"%02d" % number, blob) for number in range(8)))
    run, plain = stranger.run(stranger.commit(tree)), stranger.run(stranger.files(b"a"))
    for words in (["diff", run, plain, "--source"], ["diff", run, plain, "--stat"]):
        refused = gage_inside(repo, *words)
        assert (refused.code, "more than is looked at of others" in refused.err) == (128, True)
    page = repo.parent / "page.html"
    two = stranger.tree(*(Entry(FILE, b"%d" % number, blob) for number in range(2)))
    few = stranger.run(stranger.commit(two), source__digest="cd" * 32)
    assert gage_inside(repo, "compare", plain, few, "--html", str(page)).code == 0
    assert "not shown: the sources differ in 19 MiB" in page.read_text()
    monkeypatch.setattr("git_gage.source.foreign.MAX_BYTES", 1000)
    refused = gage_inside(repo, "restart", few, "--trust-code")
    assert (refused.code, "more than is laid out of others" in refused.err) == (128, True)
    assert MAX_BYTES > 1 << 30


def test_a_lane_that_is_none_stops_no_list(repo: Path, stranger: Stranger) -> None:
    good = stranger.run()
    blob = stranger.blob(b"{}\n")
    many = stranger.tree(*(Entry(FILE, b"%08d-1" % number, blob) for number in range(3001)))
    for number, folder in enumerate((many, stranger.bomb(leaf=stranger.tree()), blob)):
        tip = stranger.commit(stranger.tree(Entry(FOLDER, b"hot", folder)))
        ref = f"refs/gage-remotes/origin/w/bad{number}/202611-01/log"
        git(repo, "update-ref", ref, tip)
    listed = gage_inside(repo, "list", "--json")
    assert [run["id"] for run in json.loads(listed.out)] == [good]
    assert "can't be read in full" in listed.err


# -- the question before anything runs ---------------------------------------------------------


def test_a_foreign_run_is_not_started_unasked(repo: Path, stranger: Stranger) -> None:
    mark = repo.parent / "ran"
    source = stranger.files(b"x.py")
    begun = {"command__cwd": ".", "author": None}
    run = stranger.program(source, "touch", str(mark), **begun)
    staged = stranger.program(source, "touch", str(mark), staged=True, ended=False)
    for words in (
        ["restart", run],
        ["restart", run, "-y"],
        ["restart", run, "--stage"],
        ["restart", run, "--code", "latest"],
        ["restart", run, "--code", "HEAD"],
        ["restart", run, "--detach"],
        ["run", "--start", staged],
    ):
        refused = gage(repo, *words)
        assert (refused.code, refused.out) == (1, ""), words
        assert "was not begun in this clone" in refused.err
    assert "--trust-code" in gage(repo, "restart", run).err
    assert not mark.exists()
    assert restart(repo, run, "--trust-code").code == 0
    assert mark.exists()
    # What was agreed to is a run of this clone now.
    mark.unlink()
    assert gage_inside(repo, "restart", "@", "-q").code == 0
    assert mark.exists()


def test_whoever_claims_to_be_us_is_not_us(repo: Path, stranger: Stranger) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    own = json.loads(gage_inside(repo, "show", "@", "--json").out)
    begun = made_up.begin(7, writer=own["writer"], source__snapshot=None, source__commit=None)
    stranger.lane([begun])
    refused = gage_inside(repo, "restart", begun.run)
    assert (refused.code, "was not begun in this clone" in refused.err) == (1, True)


def ask(repo: Path, answer: str, *words: str) -> tuple[int, str]:
    """Exit code and all that a terminal showed, after the question was answered."""
    terminal: Any = pexpect.spawn(
        "git", ["gage", *words], cwd=str(repo), encoding="utf-8", dimensions=(50, 200)
    )
    terminal.expect_exact("[y/N] ")
    shown = str(terminal.before)
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus, shown + str(terminal.before)


def test_at_a_terminal_the_user_sees_what_would_run(repo: Path, stranger: Stranger) -> None:
    mark = repo.parent / "ran"
    base = git(repo, "rev-parse", "HEAD").strip()
    tree = stranger.tree(
        Entry(LINK, b"out", stranger.blob(b"/etc")),
        Entry(FILE, b"train.py", stranger.blob(b"print(1)\n")),
    )
    snapshot = stranger.commit(tree, base)
    run = stranger.program(
        snapshot, "sh", "-c", f"touch {mark}; echo \x1b[2Jdone", source__commit=base
    )
    code, shown = ask(repo, "", "restart", run)
    assert (code, mark.exists()) == (1, False)
    for text in (
        "was not begun in this clone. It would run here, as you:",
        f"command   sh -c 'touch {mark}; echo \\x1b[2Jdone'",
        "folder    .",
        f"source    commit {base[:12]}, 2 files changed, +2 -5",
        "by        'Ana <ana@example.com>' as it says, not verified",
        "not made  'out' (link: leads out of the source)",
        "there was no yes",
    ):
        assert text in shown
    code, shown = ask(repo, "y", "restart", run)
    assert (code, mark.exists()) == (0, True)
    mark.unlink()
    code, shown = ask(repo, "yes", "restart", run, "--code", "latest")
    assert (code, mark.exists(), "source    yours, as it is" in shown) == (0, True, True)


def test_only_the_user_starts_what_a_record_names(repo: Path, stranger: Stranger) -> None:
    # An interpreter is asked for its packages before a run, and to say how to repeat it.
    mark = repo.parent / "asked"
    evil = repo / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {mark}\n")
    evil.chmod(0o755)
    run = stranger.run(stranger.files(b"x.py"), command__interpreter=str(evil), config={})
    for words in (["show", run], ["show", run, "--reproduce"], ["show", run, "--environment"]):
        assert gage_inside(repo, *words).code == 0
    gage_inside(repo, "restart", run)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("command__cwd", "../.."),
        ("source__snapshot", "--output=x"),
        ("source__commit", "ref: refs/heads/main"),
        ("source__linked", [{"path": "../../../../home"}]),
        ("definition", {"gagefile": "../../x.toml"}),
        ("inputs", [{"run": "../../x", "files": []}]),
    ],
)
def test_what_a_record_says_is_no_path_and_no_option(
    repo: Path, stranger: Stranger, key: str, value: Any
) -> None:
    before = refs_of(repo), files_below(repo.parent)
    run = stranger.run(**{"source__snapshot": stranger.files(b"x.py"), "config": {}, key: value})
    assert gage_inside(repo, "list").code == 0
    for words in (["restart", run, "--trust-code"], ["show", run, "--reproduce"]):
        refused = gage_inside(repo, *words)
        assert (refused.code, refused.out) == (128, ""), (words, refused)
        assert "not here" in refused.err or "is not what the format says" in refused.err
    assert not {path for path in files_below(repo.parent) - before[1] if ".git/" not in path}


# -- words that could be options or programs ---------------------------------------------------


def test_no_word_becomes_an_option_or_a_program(repo: Path, stranger: Stranger) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    mark = repo.parent / "made"
    git(repo, "config", "remote.ext.url", f"ext::sh -c 'touch {mark}'")
    git(repo, "config", "remote.proxy.url", f"ssh://-oProxyCommand=touch {mark}/x")
    git(repo, "config", f"remote.--upload-pack=touch {mark}.url", "/nowhere")
    before = files_below(repo.parent)
    out = f"--output={mark}"
    probes = [
        *(["fetch", "ext"], ["push", "ext"], ["fetch", "proxy"], ["push", "proxy"]),
        *(["fetch", "--", f"--upload-pack=touch {mark}"], ["push", "--", f"--exec=touch {mark}"]),
        *(["fetch", f"ext::sh -c 'touch {mark}'"], ["fetch", f"-oProxyCommand=touch {mark}"]),
        *(["fetch", f"ssh://-oProxyCommand=touch {mark}/x"], ["push", f"-u touch {mark}:x"]),
        *(["show", "--", out], ["diff", "--", out], ["output", "--", out], ["label", "--", out]),
        *(["diff", "@", "--", out], ["diff", "@", "--stat", "--", "-O/dev/null"]),
        *(["restart", "@", "--code", out], ["restart", "@", "--code", "--exec=x"]),
        *(["list", "--commit", out], ["list", "-w", out], ["compare", "--", out]),
        *(["list", "--since", f"x {out}"], ["list", "--author", "-"], ["run", "--start", out]),
    ]
    assert len(probes) >= 20
    for words in probes:
        done = gage_inside(repo, *words)
        assert done.code in (0, 1, 128, 129), (words, done)
        assert "bug in git-gage" not in done.err, words
    git(repo, "config", "gage.remote", f"--upload-pack=touch {mark}")
    assert gage(repo, "fetch").code == 128
    made = {path for path in files_below(repo.parent) - before if ".git/" not in path}
    assert made == set()


# -- what a repository's own settings name -----------------------------------------------------


def spy(mark: Path, place: Path) -> None:
    """A program at `place` that leaves a mark when it is run."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\necho {place.name} >> {mark}\n")
    place.chmod(0o755)


def test_hooks_and_monitors_of_a_repository_are_not_run(repo: Path) -> None:
    mark = repo.parent / "ran"
    remote = repo.parent / "remote.git"
    git(repo.parent, "clone", "-q", "--bare", str(repo), str(remote))
    git(repo, "remote", "add", "origin", str(remote))
    for hook in (
        *("reference-transaction", "post-index-change", "post-checkout", "pre-auto-gc"),
        *("pre-push", "fsmonitor-watchman", "post-merge", "pre-commit", "post-commit"),
    ):
        spy(mark, repo / ".git" / "hooks" / hook)
    spy(mark, repo.parent / "monitor")
    git(repo, "config", "core.fsmonitor", str(repo.parent / "monitor"))
    (repo / "train.py").write_text("print('loss: 1')\n")
    for words in (
        *(["run", "-q", "train.py"], ["push"], ["fetch"], ["label", "@", "--set", "x"]),
        *(["restart", "-q", "@"], ["list"], ["show", "--diff"], ["diff"], ["ops"], ["doctor"]),
        *(["push", "origin", "@"], ["show", "--reproduce"], ["stop", "@"], ["init"]),
    ):
        assert gage(repo, *words).code in (0, 1, 128), words
    assert not mark.exists(), mark.read_text()


def test_a_bare_repository_in_a_work_tree_is_not_opened(repo: Path) -> None:
    mark = repo.parent / "ran"
    spy(mark, repo.parent / "monitor")
    inner = repo / "docs" / "inner"
    git(repo, "clone", "-q", "--bare", ".", str(inner))
    forged = repo / "docs" / "forged"
    git(repo, "clone", "-q", "--bare", ".", str(forged))
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor"):
        git(inner, "config", name, str(repo.parent / "monitor"))
        git(forged, "config", name, str(repo.parent / "monitor"))
    # One that says it is none, and has a work tree.
    git(forged, "config", "core.bare", "false")
    git(forged, "config", "core.worktree", str(repo))
    for place in (inner, inner / "refs", forged):
        for words in (["list"], ["run", "--", "true"], ["show"], ["fetch"], ["init"], ["check"]):
            refused = gage(place, *words)
            assert refused.code == 128, words
            assert "lies in the work tree of another one: not opened" in refused.err
        assert gage(place, "help", "filters", env={"LINES": "5"}).code == 0
    assert not mark.exists()
    assert gage(inner, "list", env={"GIT_DIR": "."}).code == 0
    # One of the user's own works as ever, in it and below it, and so does a worktree's.
    bare = repo.parent / "bare.git"
    git(repo.parent, "clone", "-q", "--bare", str(repo), str(bare))
    git(repo, "worktree", "add", "-q", str(repo.parent / "tree"))
    inside = repo / ".git" / "worktrees" / "tree"
    for place in (bare, bare / "refs", repo / ".git", repo.parent / "tree", inside):
        assert gage(place, "list").code == 0, place


def test_somebody_without_an_identity_names_nobody(repo: Path, stranger: Stranger) -> None:
    forget_identity(repo)
    begun = made_up.begin(1, source__snapshot=None, source__commit=None, config={})
    line = json.loads(begun.line)
    line["by"] = None
    text = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    from git_gage.records import parse_record

    record = parse_record(text)
    stranger.lane([record])
    _, shown = ask(repo, "n", "restart", record.run)
    assert "by        nobody that it names, not verified" in shown


# -- the corners -------------------------------------------------------------------------------


def test_what_is_asked_is_told_in_full(repo: Path, stranger: Stranger) -> None:
    tree = stranger.tree(Entry(FILE, b"big.txt", stranger.blob(b"line\n" * 2_000_000)))
    big = stranger.commit(stranger.tree(*(Entry(FOLDER, b"%d" % n, tree) for n in range(7))))
    text = "\n".join(f"echo {number}" for number in range(120))
    shell = {"command__shell": True, "command__cwd": "."}
    run = stranger.program(big, text, source__commit=None, **shell)
    code, shown = ask(repo, "no", "restart", run)
    assert code == 1
    for told in (
        *("command   echo 0\r\n", "          echo 99\r\n", "          and 20 more lines\r\n"),
        "source    no commit, with more changes than are counted\r\n",
    ):
        assert told in shown
    assert "echo 100" not in shown
    clean = stranger.files(b"x")
    run = stranger.program(clean, "true")
    assert f"source    commit {clean[:12]}\r\n" in ask(repo, "no", "restart", run)[1]


def test_steps_and_the_signer_are_named() -> None:
    asked = ForeignRun(
        run=made_up.begin(1).run,
        author={"name": "Sam"},
        signer="sam@x",
        steps=(Step("stage-runtime", ("make",)), Step("run", ("echo a\necho b",), shell=True)),
        folder="deep",
        is_own=False,
        commit=None,
        changes=(1, 2, 3),
        left_out=(),
    )
    lines = format_foreign(asked).splitlines()[1:]
    assert lines == [
        "  command   stage-runtime: make",
        "            run: echo a",
        "            run: echo b",
        "  folder    deep",
        "  source    no commit, 1 file changed, +2 -3",
        "  by        'Sam' as it says, signed by sam@x",
    ]


def test_a_file_of_a_strangers_source_is_no_input_if_it_is_huge(
    repo: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    depends = '[[use.depends]]\n"run-files" = "made"\nfiles = "x.txt"\n'
    write_files(repo, {"gage.toml": f'[use]\nexec = "cat x.txt"\n{depends}'})
    monkeypatch.setattr("git_gage.runs.inputs.runs.MAX_SHOWN", 3)
    root = git(repo, "rev-list", "--max-parents=0", "HEAD").strip()
    project: dict[str, Any] = {"project__id": [root]}
    stranger.run(stranger.files(b"x.txt", content=b"1234\n"), operation="made", **project)
    done = gage_inside(repo, "run", "use", "--preview")
    assert "is too large to be read" in done.err, done.err


def test_settings_longer_than_anybodys_are_not_read(
    repo: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("git_gage.runs.recall._MAX_FILE", 1)
    run = stranger.program(stranger.files(b"x.py"), "x", command__script="x.py")
    refused = gage_inside(repo, "restart", run, "--trust-code")
    assert (refused.code, "nobody's settings are as long" in refused.err) == (128, True)


def test_with_line_ends_of_windows_all_files_are_git_s(repo: Path, stranger: Stranger) -> None:
    git(repo, "config", "core.autocrlf", "true")
    run = stranger.program(stranger.files(b"x.txt"), "cat", "-A", "x.txt")
    assert restart(repo, run, "--trust-code").out == "x^M$\n"


def test_a_clean_work_tree_is_compared_too(repo: Path) -> None:
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    write_files(repo, {"train.py": "print(2)\n"})
    commit(repo)
    done = gage_inside(repo, "diff", "--stat")
    assert (done.code, "train.py" in done.out) == (0, True)


def test_a_check_looks_before_it_walks(repo: Path, stranger: Stranger) -> None:
    run = stranger.run(stranger.bomb(), source__commit=None)
    checked = gage_inside(repo, "check", run)
    assert (checked.code, "more than 100,000 entries" in checked.out) == (1, True), checked


def test_previews_that_are_a_bomb_count_as_none(repo: Path, stranger: Stranger) -> None:
    remote = repo.parent / "remote.git"
    git(repo.parent, "init", "-q", "--bare", str(remote))
    there = Stranger(remote)
    git(remote, "update-ref", "refs/gage/w/x/202611-01/thumbs", there.bomb())
    assert gage_inside(repo, "fetch", str(remote), "--files=thumbs").code == 0


def test_nothing_that_is_there_is_written_over_or_followed(repo: Path, stranger: Stranger) -> None:
    opened = open_repository(repo, os.environ)
    files = vet_source(opened, stranger.files(b"a/x", b"b/c/y", b"b/z")).files
    top = repo.parent / "top"
    (top / "b").mkdir(parents=True)
    (repo.parent / "else").mkdir()
    (top / "a").symlink_to(repo.parent / "else")
    with pytest.raises(NotADirectoryError):
        write_files_of(opened, files, top)
    (top / "a").unlink()
    (top / "b" / "z").symlink_to(repo.parent / "else" / "z")
    with pytest.raises(FileExistsError):
        write_files_of(opened, files, top)
    assert list((repo.parent / "else").iterdir()) == []
