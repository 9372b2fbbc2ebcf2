"""A name that a stranger recorded must mean one file below the folder, on whatever system."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.safe_paths import MAX_DEPTH, check_file, check_link, check_path, find_collisions

NASTY = [
    *(b"", b".", b"..", b"/etc/passwd", b"a//b", b"a/../b", b"a/./b", b"a/", b"../a"),
    # `.git`, as git's own t1014 and t7415 disguise it for HFS+ and NTFS.
    *(b".git", b".GIT", b".Git/config", b"a/.git/hooks/x", b"git~1", b"GIT~1/x", b"git~2"),
    *(".g\u200cit".encode(), ".gi\u200dt".encode(), "\u206a.git".encode(), ".git\ufeff".encode()),
    *(".\u202egit".encode(), ".g\u200eI\u200ft/x".encode(), ".\u200c.".encode()),
    *(b".git.", b".git ", b".git...", b".git . ", b".git::$INDEX_ALLOCATION", b".git:x"),
    *(b"..\\x", b".git\\x", b"a\\b", b"C:x", b"C:/x", b"a:b", b"\\\\host\\share"),
    *(b"CON", b"con", b"NUL", b"nul.txt", b"AUX.c", b"prn", b"COM1", b"com9.x.y", b"LPT1"),
    *("com\u00b9".encode(), b"CONIN$", b"CON .txt", b"x/aux"),
    *(
        b"x.",
        b"x ",
        b"x. .",
        b"a\0b",
        b"a\nb",
        b"a\rb",
        b"a\x1b[2Jb",
        b"a\x7f",
        "a\u009bb".encode(),
    ),
    *(b"\xff\xfe", b"a" * 256, b"/".join([b"a"] * (MAX_DEPTH + 1))),
]
PLAIN = [
    *(b"a", b"a/b/c.py", b"git", b".github/x.yml", b".gitignore", b".gitattributes", b"a b", b"-x"),
    *("größer.py".encode(), "网络/训练.py".encode(), "zw\u200cnj".encode(), "👩\u200d🚀".encode()),
    *(b"consul", b"compare", b"nulls.py", b"com", b"com10", b"digit", b"git~", b"x.y.z", b"..x"),
    *(b"a" * 255, b"/".join([b"a"] * MAX_DEPTH), b'*?"<>|'),
]


@pytest.mark.parametrize("path", NASTY)
def test_a_name_that_means_something_else_on_some_system_is_refused(path: bytes) -> None:
    assert check_path(path) is not None


TIMES = [b"ckpt-12:30.pt", b"at 12:30/loss:val.csv", b"a:b", b"C:x", b":x", b"x:"]


DISGUISED = [b"con:12", b"git~1:x", ".g\u200cit:x".encode(), b"a/.git:x", b".git.:x", b"x:12."]


@pytest.mark.parametrize("path", sorted({*NASTY, *DISGUISED} - {*TIMES, b"C:/x"}))
def test_so_is_that_of_a_file_of_a_run(path: bytes) -> None:
    assert check_file(path) is not None


@pytest.mark.parametrize("path", TIMES)
def test_a_file_of_a_run_may_be_called_by_the_time_of_day(
    path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_file(path) is None
    monkeypatch.setattr("git_gage.safe_paths._HAS_STREAMS", True)
    assert check_file(path) is not None


@pytest.mark.parametrize("path", PLAIN)
def test_names_of_ordinary_projects_are_taken(path: bytes) -> None:
    assert check_path(path) is None


@pytest.mark.parametrize(
    ("path", "target"),
    [
        *[(b"a", target) for target in (b"/", b"/etc", b"..", b"../x", b"x/../..", b"", b".git/x")],
        *[(b"d/a", target) for target in (b"../..", b"../../x", b"../.git", b"x/../../../y")],
        # Where `here` is a link to the top, this leads above it.
        *[
            (b"a", b"here/sub/../.."),
            (b"a", b"CON"),
            (b"a", b"b\0c"),
            (b"a", b".."),
            (b"a", b"b/.."),
        ],
    ],
)
def test_a_link_that_may_lead_out_is_not_made(path: bytes, target: bytes) -> None:
    assert check_link(path, target) is not None


@pytest.mark.parametrize(
    ("path", "target"),
    [(b"a", b"b"), (b"a", b"./b//c"), (b"d/a", b"../b"), (b"d/e/a", b"../../x/y"), (b"d/a", b"..")],
)
def test_a_link_within_the_source_is_made(path: bytes, target: bytes) -> None:
    assert check_link(path, target) is None


def test_names_that_some_systems_take_for_one() -> None:
    paths = [b"README", b"readme", b"a/x", b"A/y", "é".encode(), "e\u0301".encode(), b"STRASSE"]
    found = find_collisions([*paths, "straße".encode(), "b\u200c".encode(), b"b", b"c/d", b"c/e"])
    assert sorted(found.items()) == [
        (b"a/x", b"A"),
        ("b\u200c".encode(), b"b"),
        (b"readme", b"README"),
        ("straße".encode(), b"STRASSE"),
        ("é".encode(), "e\u0301".encode()),
    ]


@given(st.text(st.sampled_from("aA.\u200c/ gGiItT~1:\\é"), max_size=12))
def test_what_is_taken_stays_below_and_is_never_gits(text: str) -> None:
    path = text.encode()
    if check_path(path) is None:
        assert posixpath.normpath(text) == text
        assert not text.startswith(("/", "../"))
        seen = text.replace("\u200c", "").lower()
        assert ".git" not in [name.rstrip(". ") for name in seen.split("/")]
