"""`git gage copy`: chosen runs to and from other places, asked before anything moves."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import Result, clone, gage, gage_inside, git, make_repo, ways, write_files

PRINTS = "print('x', 1)\n"


def at(folder: Path, *words: str, where: Path) -> str:
    result = gage_inside(where, "--runs", str(folder), *words)
    assert (result.code, result.err) == (0, "")
    return result.out


def record(repo: Path, name: str, *words: str) -> str:
    write_files(repo, {name: PRINTS})
    assert gage_inside(repo, "run", "-q", *words, name).code == 0
    return gage_inside(repo, "select").out.strip()


def statuses(folder: Path) -> list[str]:
    return at(folder, "list", "--format", "{status}", where=folder.parent).split()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def test_chosen_runs_and_nothing_else(repo: Path, place: Path) -> None:
    one, two = record(repo, "one.py", "-l", "first"), record(repo, "two.py")
    three = record(repo, "three.py")

    def copied(*words: str) -> Result:
        return gage_inside(repo, "copy", *words, "--to", str(place), "-y")

    assert copied(one, two, "-w", "label = first").out == "Copied 1 run\n"
    assert at(place, "select", where=repo).strip() == one
    assert copied("-w", "op in [one, two]").out == "Copied 1 run\n"
    assert copied("-w", "op = four") == (1, "", "no run matches\n")
    assert three not in git(place, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert copied("--all").out == "Copied 1 run\n"
    assert copied("--all").out == f"Nothing to copy: {place} has all of it that is here\n"
    # Where it went is named as one can type it.
    assert f" --remote {place}\n" in gage_inside(repo, "purge", one, "--force").err


def test_runs_are_named_as_they_are_there(repo: Path, place: Path, tmp_path: Path) -> None:
    one, two = record(repo, "one.py"), record(repo, "two.py")
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").code == 0
    got = tmp_path / "got"

    def taken(*words: str) -> Result:
        words = ("--runs", str(got), "copy", *words, "--from", "./place", "-y")
        return gage_inside(tmp_path, *words)

    refused = taken("zzzz")
    assert (refused.code, "fatal: no run 'zzzz' on '" in refused.err) == (128, True)
    assert not got.exists()
    assert taken(two[10:17]).out == "Copied 1 run\n"
    assert at(got, "select", where=tmp_path).strip() == two
    rows = at(got, "list", "--remote", "./place", where=tmp_path).splitlines()
    assert one[10:17] in rows[2]
    assert taken("2").out == "Copied 1 run\n"
    assert statuses(got) == ["completed", "completed"]
    assert one in at(got, "list", "--json", where=tmp_path)


def test_a_run_is_copied_in_any_state_and_never_twice(repo: Path, place: Path) -> None:
    go = repo.parent / "go"
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.02)\n"
    write_files(repo, {"waits.py": waits})
    assert gage_inside(repo, "run", "-q", "--stage", "waits.py").code == 0
    copying = ("copy", "@", "--to", str(place), "-y")
    assert gage_inside(repo, *copying).out == "Copied 1 run\n"
    assert statuses(place) == ["staged"]
    assert gage(repo, "run", "-q", "--detach", "--start", "@").code == 0
    assert gage_inside(repo, *copying).out == "Copied 1 run\n"
    assert statuses(place) == ["lost"]
    short = gage_inside(repo, "select").out[10:17]
    for where, status, way in (
        ((), "running", f"git gage wait {short}"),
        (("--runs", str(place)), "lost", f"git gage --runs {place} fetch"),
    ):
        half = gage_inside(repo, *where, "export", "--format", "csv", short)
        assert half.err == f"fatal: run {short} has not ended: it is {status}\nhint: {way}\n"
    go.touch()
    assert gage_inside(repo, "wait", "@").code == 0
    assert gage_inside(repo, *copying).out == "Copied 1 run\n"
    assert statuses(place) == ["completed"]
    assert at(place, "list", "--format", "{id}", where=repo) == gage_inside(repo, "select").out


def test_what_the_other_side_has_lost_goes_again(repo: Path, place: Path) -> None:
    record(repo, "one.py")
    copying = ("copy", "--all", "--to", str(place), "-y")
    assert gage_inside(repo, *copying).out == "Copied 1 run\n"
    shutil.rmtree(place)
    assert gage_inside(repo, *copying).out == "Copied 1 run\n"
    assert statuses(place) == ["completed"]
    assert at(place, "output", where=repo) == "x 1\n"
    label = ("label", "@", "--set", "later")
    assert gage_inside(repo, *label).code == 0
    shutil.rmtree(place)
    git(place.parent, "init", "-q", "--bare", "place")
    assert gage_inside(repo, *copying).out == "Copied 1 run\n"
    assert at(place, "select", "--label", where=repo) == "later\n"


def test_a_preview_shows_what_would_go_and_nothing_does(repo: Path, place: Path) -> None:
    one = record(repo, "one.py", "-l", "first")
    name = gage_inside(repo, "select", "--name").out.strip()
    dry = ("copy", "--all", "--to", str(place), "-n")
    assert gage_inside(repo, *dry).out == (
        f"RUN      {'NAME':<{len(name)}}  OPERATION  STATUS     GOES  LABEL\n"
        f"{one[10:17]}  {name}  one.py     completed  all   first\n"
        f"1 run to {place}\n"
    )
    assert not place.exists()
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").code == 0
    assert gage_inside(repo, *dry, "--json").out == "[]\n"
    assert gage_inside(repo, "label", "@", "--set", "second").code == 0
    found = json.loads(gage_inside(repo, *dry, "--json").out)
    assert found == [
        {
            "id": one,
            "name": name,
            "operation": "one.py",
            "status": "completed",
            "label": "second",
            "new": False,
            "records": 1,
        }
    ]
    assert "  1 update  second\n1 run to " in gage_inside(repo, *dry).out
    took = gage_inside(repo, "copy", "--all", "--from", str(place), "-n").out
    assert took == f"Nothing to copy: all that {place} has of it is here\n"


def test_it_asks_unless_told_not_to(
    repo: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(repo, "one.py")
    words = ("copy", "--all", "--to", str(place))
    assert gage_inside(repo, *words) == (
        1,
        "",
        (
            "error: nothing was copied: nobody can be asked\n"
            "hint: say yes with '-y', or look with '--dry-run'\n"
        ),
    )
    monkeypatch.setattr("git_gage.cli.consent.can_ask", lambda: True)
    refused = gage_inside(repo, *words, stdin="\n")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.endswith(f"1 run to {place}\nCopy? [y/N] error: nothing was copied\n")
    unanswered = gage_inside(repo, *words, stdin="")
    assert unanswered.err.endswith("Copy? [y/N] \nerror: nothing was copied\n")
    assert not place.exists()
    assert gage_inside(repo, *words, stdin="y\n").out == "Copied 1 run\n"


def test_what_is_above_a_link_is_where_the_link_leads(repo: Path, tmp_path: Path) -> None:
    record(repo, "one.py")
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (repo / "link").symlink_to(tmp_path / "far" / "deep")
    assert gage_inside(repo, "copy", "--all", "--to", "link/../d", "-y").code == 0
    assert (tmp_path / "far" / "d" / "HEAD").is_file()


def test_nothing_to_copy(repo: Path, place: Path) -> None:
    dir = str(place)
    none = "Nothing to copy: no runs yet\n"
    assert gage_inside(repo, "copy", "--all", "--to", dir, "-y") == (0, none, "")
    assert not place.exists()
    place.mkdir()
    assert gage_inside(repo, "copy", "--all", "--from", dir, "-y") == (0, none, "")
    result = gage_inside(repo, "copy", "@", "--from", dir, "-y")
    assert (result.code, result.err) == (
        128,
        f"fatal: no runs in '{dir}' yet\nhint: git gage copy --all --to {dir}\n",
    )
    assert not list(place.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--all"], "give '--to <where>' or '--from <where>'"),
        (["--all", "--to", "./x", "--from", "./y"], "'--to' cannot be used with '--from'"),
        (["--to", "./x"], "give the runs, '-w <filter>' or '--all'"),
        (["@", "--all", "--to", "./x"], "'--all' takes neither runs nor '-w <filter>'"),
        (["--all", "--to", "./x", "--json"], "'--json' needs '--dry-run'"),
        (["--all", "--to", "orgin"], "no remote or place 'orgin', and no such directory"),
        (["--all", "--to", "."], "already"),
        (["--all", "--from", ".git"], "already"),
    ],
)
def test_what_cannot_be_meant(repo: Path, words: list[str], message: str) -> None:
    result = gage_inside(repo, "copy", *words, "-y")
    assert result.code in (128, 129)
    assert message in result.err.splitlines()[0]
    assert not (repo / "x").exists()


def test_a_directory_and_a_place_by_name(repo: Path, tmp_path: Path) -> None:
    record(repo, "one.py")
    (repo / "runs").mkdir()
    assert gage_inside(repo, "copy", "--all", "--to", "runs", "-y").out == "Copied 1 run\n"
    assert statuses(repo / "runs") == ["completed"]
    git(repo, "config", "gage.repo.lab.url", str(tmp_path / "lab"))
    assert gage_inside(repo, "copy", "--all", "--to", "lab", "-y").out == "Copied 1 run\n"
    assert statuses(tmp_path / "lab") == ["completed"]


def test_between_two_places_from_a_third(repo: Path, place: Path, tmp_path: Path) -> None:
    record(repo, "one.py")
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").code == 0
    other = tmp_path / "other"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert at(place, "copy", "--all", "--to", str(other), "-y", where=elsewhere) == "Copied 1 run\n"
    assert statuses(other) == ["completed"]
    assert at(other, "output", where=elsewhere) == "x 1\n"


def test_a_secret_is_not_copied(repo: Path, place: Path) -> None:
    token = "ghp_" + "0aB1cD2eF3" * 3 + "4gH5iJ"
    record(repo, "one.py")
    label = ("label", "@", "--set", f"token {token}", "--allow-secrets")
    assert gage_inside(repo, *label).code == 0
    words = ("copy", "--all", "--to", str(place), "-y")
    assert gage_inside(repo, *words).code != 0
    assert token not in git(place, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert gage_inside(repo, *words, "--allow-secrets").out == "Copied 1 run\n"


def test_records_first_and_what_belongs_to_them_later(
    repo: Path, place: Path, tmp_path: Path
) -> None:
    run = record(repo, "one.py")
    snapshot = json.loads(gage_inside(repo, "show", "--json").out)["source"]["snapshot"]

    def copied(where: Path, *words: str) -> str:
        return at(where, "copy", "--all", *words, "-y", where=tmp_path)

    def is_there(where: Path) -> list[bool]:
        output = gage_inside(tmp_path, "--runs", str(where), "output", run).out
        return [snapshot in git(where, "rev-list", "--all"), output == "x 1\n"]

    got, last = tmp_path / "got", tmp_path / "last"
    dry = ("copy", "--all", "--to", str(place), "-n")
    assert "completed  all\n" in at(repo, *dry, where=tmp_path)
    assert "completed  records" in at(repo, *dry, "--meta", where=tmp_path)
    assert copied(repo, "--meta", "--to", str(place)) == "Copied 1 run\n"
    assert is_there(place) == [False, False]
    assert copied(repo, "--meta", "--to", str(place)).startswith("Nothing to copy")
    assert "completed  files" in at(repo, *dry, where=tmp_path)
    assert copied(repo, "--to", str(place)) == "Copied 1 run\n"
    assert is_there(place) == [True, True]
    assert copied(repo, "--to", str(place)).startswith("Nothing to copy")
    assert copied(got, "--meta", "--from", str(place)) == "Copied 1 run\n"
    assert is_there(got) == [False, False]
    assert copied(got, "--from", str(place)) == "Copied 1 run\n"
    assert is_there(got) == [True, True]
    assert copied(last, "--from", str(got)) == "Copied 1 run\n"
    assert is_there(last) == [True, True]
    assert copied(last, "--from", str(got)).startswith("Nothing to copy")


def test_what_people_said_alone(repo: Path, place: Path) -> None:
    record(repo, "one.py")
    words = ("copy", "--all", "--to", str(place), "-y")
    assert gage_inside(repo, *words).code == 0
    assert gage_inside(repo, "tag", "@", "best").code == 0
    assert gage_inside(repo, "run", "-q", "one.py").code == 0
    assert gage_inside(repo, "label", "@", "--set", "later").code == 0
    assert gage_inside(repo, *words, "--user").out == "Copied 2 updates\n"
    assert statuses(place) == ["completed"]
    assert gage_inside(repo, *words).out == "Copied 1 run\n"


def test_previews_of_images_go_along(repo: Path, place: Path, tmp_path: Path) -> None:
    code = "from PIL import Image\nImage.new('RGB', (300, 200)).save('plot.png')\n"
    write_files(repo, {"plots.py": code})
    assert gage_inside(repo, "run", "-q", "--", sys.executable, "plots.py").code == 0
    words = ("copy", "--all", "--files=thumbs", "-y")
    assert gage_inside(repo, *words, "--to", str(place)).out == "Copied 1 run\n"
    got = tmp_path / "got"
    assert at(got, *words, "--from", str(place), where=tmp_path) == "Copied 1 run\n"
    refs = git(got, "for-each-ref", "--format=%(refname)").splitlines()
    assert any(ref.endswith("/thumbs") for ref in refs)
    later = tmp_path / "later"
    assert gage_inside(repo, "copy", "--all", "-y", "--to", str(later)).out == "Copied 1 run\n"
    would = "with previews of images, as far as they are not there\n"
    assert gage_inside(repo, *words, "--to", str(later), "-n").out == would
    assert gage_inside(repo, *words, "--to", str(later)).out == "Copied 1 preview\n"
    same = f"Nothing to copy: {later} has all of it that is here\n"
    assert gage_inside(repo, *words, "--to", str(later)).out == same


def test_a_repository_without_runs_is_a_place_too(repo: Path, place: Path) -> None:
    run = record(repo, "one.py")
    kim = clone(repo, repo.parent / "kim", name="Kim")
    assert gage_inside(repo, "label", run, "--set", "first").code == 0
    assert gage_inside(kim, "fetch").code == 0
    assert gage_inside(kim, "verify", run).code == 1
    assert (kim / ".git/gage/cache/trust.json").exists()
    git(repo.parent, "init", "-q", "--bare", str(place))
    assert gage_inside(kim, "list", "--remote", str(place)).err.startswith("no runs on")
    assert gage_inside(kim, "copy", "--all", "--to", str(place), "-y").out == "Copied 1 run\n"


MAKES = """\
open('big.bin', 'wb').write(b'x' * 200_000)
open('report.md', 'w').write('fine\\n')
print('loss: 1')
"""


def test_output_and_short_files_go_and_large_ones_on_request(
    repo: Path, place: Path, tmp_path: Path
) -> None:
    write_files(repo, {"makes.py": MAKES})
    assert gage_inside(repo, "run", "-q", "makes.py").code == 0
    run = gage_inside(repo, "select").out.strip()
    got, words = tmp_path / "got", ("copy", "--all", "-y")
    assert gage_inside(repo, *words, "--to", str(place)).out == "Copied 1 run\n"
    assert at(got, *words, "--from", str(place), where=tmp_path) == "Copied 1 run\n"
    assert at(got, "output", run, where=tmp_path) == "loss: 1\n"
    assert at(got, "cat", f"{run}:report.md", where=tmp_path) == "fine\n"
    assert "not here  generated" in at(got, "ls-files", run, where=tmp_path)

    sent = gage_inside(repo, *words, "--to", f"../{place.name}", "--files")
    assert sent.out == f"pushed 1 file, 195.3 KiB, to {place}\n"
    again = gage_inside(repo, *words, "--to", str(place), "--files=all")
    assert again.out == f"{place} has 1 large file already\n"
    came = at(got, *words, "--from", str(place), "--files", where=tmp_path)
    assert came == f"got 1 file, 195.3 KiB, from {place}\n"
    assert at(got, "cat", f"{run}:big.bin", where=tmp_path) == "x" * 200_000
    last = at(tmp_path / "last", *words, "--from", str(got), "--files", where=tmp_path)
    assert last == f"got 1 file, 195.3 KiB, from {got}\nCopied 1 run\n"


def test_runs_without_large_files_promise_none(repo: Path, place: Path) -> None:
    write_files(repo, {"prints.py": "print('acc: 0.5')\n"})
    assert gage_inside(repo, "run", "-q", "prints.py").code == 0
    words = ("copy", "--all", "--to", str(place), "--files")
    assert gage_inside(repo, *words, "-n").out.endswith(f"1 run to {place}\n")
    assert gage_inside(repo, *words, "-y").out.endswith("Copied 1 run\n")
    same = f"Nothing to copy: {place} has all of it that is here\n"
    assert gage_inside(repo, *words, "-n").out == same
    assert gage_inside(repo, *words, "-y").out == same


def test_what_is_said_of_files_before_they_go(repo: Path, place: Path) -> None:
    write_files(repo, {"makes.py": MAKES})
    assert gage_inside(repo, "run", "-q", "makes.py").code == 0
    words = ("copy", "--all", "--to", str(place))
    told = "with 1 large file (195.3 KiB), as far as it is not there\n"
    dry = gage_inside(repo, *words, "--files", "-n").out
    assert dry.endswith(f"1 run to {place}\n{told}")
    assert not place.exists()
    assert gage_inside(repo, *words, "-y").code == 0
    assert gage_inside(repo, *words, "--files", "-n").out == told
    same = f"Nothing to copy: {place} has all of it that is here\n"
    assert gage_inside(repo, *words, "--files=thumbs", "-n").out == same
    assert gage_inside(repo, *words, "--files", "-n", "--json").out == "[]\n"
    back = ("copy", "--all", "--from", str(place), "--files", "-n")
    theirs = f"with 1 large file (195.3 KiB), as far as {place} has it\n"
    assert gage_inside(repo, *back).out == theirs
    write_files(repo, {"makes.py": f"{MAKES}open('more.bin', 'w').write('y' * 200_000)\n"})
    assert gage_inside(repo, "run", "-q", "makes.py").code == 0
    dry = gage_inside(repo, *words, "--files", "-n").out
    assert dry.endswith("with 3 large files (585.9 KiB), as far as they are not there\n")
    assert gage_inside(repo, *words, "-y").code == 0
    theirs = f"with 3 large files (585.9 KiB), as far as {place} has them\n"
    assert gage_inside(repo, *back).out == theirs
    none = gage_inside(repo, *words, "--files=none", "-n").out
    assert none.startswith("Nothing to copy: ")
    assert gage_inside(repo, "copy", "--all", "--to", "./none", "--files=most").code == 129


def test_a_large_text_with_a_secret_does_not_leave(repo: Path, place: Path) -> None:
    token = "ghp_" + "0aB1cD2eF3" * 3 + "4gH5iJ"
    code = f"""\
open('log.txt', 'w').write('a line\\n' * 20_000 + 'token = {token[:9]}' + '{token[9:]}\\n')
open('more.txt', 'w').write('another line\\n' * 20_000)
open('huge.txt', 'w').write('a line\\n' * 1_300_000 + 'token = {token[:9]}' + '{token[9:]}\\n')
open('data.bin', 'wb').write(bytes(200_000) + b'{token[:9]}' + b'{token[9:]}')
"""
    write_files(repo, {"makes.py": code})
    assert gage_inside(repo, "run", "-q", "makes.py").code == 0
    run = gage_inside(repo, "select").out.strip()[10:17]
    words = ("copy", "--all", "--to", str(place), "-y", "--files")
    refused = gage_inside(repo, *words)
    assert refused.code == 1
    assert f"error: this looks like a secret: {run}:log.txt:20001: GitHub token" in refused.err
    assert "hint: send others with 'git gage files push <run> -- <glob>', or add '--" in refused.err
    assert not list((place / "gage/lfs").rglob("objects/??/??/*"))
    git(repo, "config", "gage.repo.lab.url", str(place))
    assert gage_inside(repo, "push", "lab", "@", "--files").code == 1
    assert gage_inside(repo, "files", "push", "lab", "@").code == 1
    would = gage_inside(repo, "files", "push", "lab", "@", "-n")
    assert (would.code, ":log.txt:20001: GitHub token" in would.err) == (1, True)
    would = gage_inside(repo, "files", "push", "lab", "@", "-n", "--allow-secrets")
    assert would.out.startswith("would have pushed 4 files, ")
    left = gage_inside(repo, "files", "push", "lab", "@", "--", "more.txt", "huge.txt")
    assert left.out == "pushed 2 files, 8.9 MiB, to lab\n"
    assert gage_inside(repo, "files", "pull", "lab", "@", "--allow-secrets").code == 129
    sent = gage_inside(repo, "files", "push", "lab", "@", "--allow-secrets")
    assert sent.out.startswith("pushed 2 files, ")
    # What is there need not be let through again.
    assert gage_inside(repo, "push", "lab", "@", "--files").code == 0


def test_what_is_there_already_does_not_go_again_after_a_purge(repo: Path, place: Path) -> None:
    runs = [record(repo, f"{name}.py") for name in ("one", "two", "three")]
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").out == "Copied 3 runs\n"
    assert gage_inside(repo, "purge", runs[0], "--force").code == 0
    preview = gage_inside(repo, "copy", "--all", "--to", str(place), "-n", "--json")
    assert [(move["id"], move["new"]) for move in json.loads(preview.out)] == [(runs[0], False)]
    told = f"{place} gave up what was taken out\nCopied 1 run\n"
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").out == told
    assert at(place, "list", "--format", "{id}", where=repo).split() == [runs[2], runs[1]]
    same = f"Nothing to copy: {place} has all of it that is here\n"
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").out == same


def test_words_about_a_run_that_is_not_there_are_no_run(repo: Path, place: Path) -> None:
    one = record(repo, "one.py", "-l", "good")

    def goes(*words: str) -> list[tuple[bool, int]]:
        out = gage_inside(repo, "copy", one, "--to", str(place), "-n", "--json", *words).out
        return [(move["new"], move["records"]) for move in json.loads(out)]

    assert goes("--user") == [(False, 1)]
    assert gage_inside(repo, "copy", one, "--to", str(place), "--user", "-y").code == 0
    ((is_new, records),) = goes()
    assert is_new
    assert records > 1
    assert " all " in gage_inside(repo, "copy", one, "--to", str(place), "-n").out


@pytest.mark.parametrize("is_cleaned", ways(True, False))
def test_what_is_out_of_sight_stays_after_a_purge(
    repo: Path, place: Path, tmp_path: Path, *, is_cleaned: bool
) -> None:
    """The place hides what it has beside the purged run, whether git here still has that or not."""
    names = ("one", "two", "three", "four")
    one, two, three, four = (record(repo, f"{name}.py") for name in names)
    to = ("--to", str(place))
    assert gage_inside(repo, "copy", two, four, *to, "-y").code == 0
    for words in (("purge", four, "--force"), ("rm", "-y", one, two), ("archive", "-y", three)):
        assert gage_inside(repo, *words).code == 0
    if is_cleaned:
        git(repo, "reflog", "expire", "--expire=now", "--all")
        git(repo, "gc", "-q", "--prune=now")
        shutil.rmtree(repo / ".git/gage/cache")
    shown = gage_inside(repo, "copy", "--all", *to, "-n", "--json")
    assert [(each["id"], each["status"]) for each in json.loads(shown.out)] == [
        (four, "purged"),
        (two, "completed"),
    ]
    assert gage_inside(repo, "copy", "--all", *to, "-y").code == 0
    everything = git(place, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert [run in everything for run in (one, three)] == [False, False]
    sam = clone(place, tmp_path / "sam", name="Sam")
    assert gage_inside(sam, "fetch").code == 0
    told = json.loads(gage_inside(sam, "list", "--json", "-w", "deleted or not deleted").out)
    assert [each["id"] for each in told] == [two]
    assert not list((repo / ".git/gage/cache").rglob("*withheld*"))


def test_what_a_place_does_not_show_is_not_said_to_be_nothing(repo: Path, place: Path) -> None:
    one, two = record(repo, "one.py"), record(repo, "two.py")
    assert gage_inside(repo, "copy", "--all", "--to", str(place), "-y").code == 0
    assert gage_inside(repo, "purge", two, "--force").code == 0
    done = gage_inside(repo, "copy", "--all", "--from", str(place))
    assert (done.code, done.out) == (0, "Nothing to copy: what is there is not shown\n")
    told = f"fatal: no run '{one}' is shown on '{place}'\nhint: git gage push {place}\n"
    for words in (("copy", one, "--from", str(place)), ("fetch", str(place), one)):
        done = gage_inside(repo, *words)
        assert (done.code, done.err.endswith(told)) == (128, True), done.err
    assert gage_inside(repo, "push", str(place)).code == 0
    assert gage_inside(repo, "fetch", str(place), one).code == 0


@pytest.mark.parametrize(
    "again",
    [
        "git gage copy --from away --all -y",
        "git gage copy --from away --all -n",
        "git gage list --remote away",
    ],
)
def test_where_a_look_there_fails_the_same_words_are_tried_again(
    repo: Path, tmp_path: Path, again: str
) -> None:
    record(repo, "one.py")
    hub = tmp_path / "hub.git"
    assert gage_inside(repo, "copy", "--all", "--to", str(hub), "-y").code == 0
    tip = git(hub, "for-each-ref", "--format=%(objectname)", "refs/gage/w/*/*/log").strip()
    commit = hub / "objects" / tip[:2] / tip[2:]
    commit.chmod(0o644)
    commit.write_bytes(b"")
    other = make_repo(tmp_path / "other")
    git(other, "remote", "add", "away", str(hub))
    result = gage_inside(other, *again.split()[2:])
    assert result.code == 128
    assert result.err.endswith(f" there): {again}\n")
