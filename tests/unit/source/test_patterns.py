"""Select patterns: which files of a folder they mean, and which a limit keeps out."""

from __future__ import annotations

import pytest

from git_gage.errors import ConfigError
from git_gage.source.patterns import DEFAULTS, Candidate, Selected, parse_patterns
from git_gage.source.texts import is_text, is_text_start

PROJECT = {
    "train.py": 800,
    "README": 50,
    "model.bin": 5000,
    "data/train.csv": 9000,
    "data/raw/a.csv": 10,
    "data/raw/b.png": 700,
    "src/net.py": 300,
    "src/deep/layers.py": 200,
    "src/deep/notes": 1,
}


def _file(path: str, size: int) -> Candidate:
    return Candidate(path.encode(errors="surrogateescape"), size, lambda: b"words\n")


def _select(patterns: list[str] | None, *more: str, files: dict[str, int] = PROJECT) -> Selected:
    candidates = [_file(*item) for item in (files | dict.fromkeys(more, 1)).items()]
    return parse_patterns(patterns).select(candidates)


def _chosen(patterns: list[str] | None, *more: str) -> list[str]:
    return [path.decode() for path in _select(patterns, *more).chosen]


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ([], []),
        (["*"], ["README", "model.bin", "train.py"]),
        (["*.py"], ["train.py"]),
        (["./train.py"], ["train.py"]),
        (["**"], []),
        (["**/*.py"], ["src/deep/layers.py", "src/net.py", "train.py"]),
        (["src/*"], ["src/net.py"]),
        (["src/**/*"], ["src/deep/layers.py", "src/deep/notes", "src/net.py"]),
        (["**/deep/*.py"], ["src/deep/layers.py"]),
        (["data/train.???"], ["data/train.csv"]),
        (["READM?", "README?"], ["README"]),
        (["*[ab]*"], []),
        (["**/*.py", "-train.py"], ["src/deep/layers.py", "src/net.py"]),
        (["-**/*.py", "src/*", "- src/net.py", "**/net.py"], ["src/net.py"]),
        (["data/**/* text"], ["data/raw/a.csv", "data/train.csv"]),
        (["**/* binary"], ["data/raw/b.png", "model.bin"]),
        (["**/* size<200 size>1"], ["README", "data/raw/a.csv"]),
        (["src/**/*", "-src/deep dir"], ["src/net.py"]),
        (["**/*.py", "-**/* dir", "src dir"], ["src/net.py", "train.py"]),
        (
            ["**/*.py", "-** dir", "-**/* dir max-matches=1"],
            ["src/deep/layers.py", "src/net.py", "train.py"],
        ),
        (["src/deep", "train.py"], ["src/deep/layers.py", "src/deep/notes", "train.py"]),
        (["**/*.py", "-src"], ["train.py"]),
        (["**/*.py", "-src/deep/"], ["src/net.py", "train.py"]),
        (["**/*.py", "-src/ dir"], ["train.py"]),
        (["regex:data/raw"], ["data/raw/a.csv", "data/raw/b.png"]),
        (["regex:.*\\.(py|csv)$ size<500"], ["data/raw/a.csv", "src/deep/layers.py", "src/net.py"]),
        (["*", "-regex:[a-z]+\\."], ["README"]),
    ],
)
def test_patterns_mean(patterns: list[str], chosen: list[str]) -> None:
    assert _chosen(patterns) == chosen


def test_names_that_are_hard_to_write() -> None:
    names = ("-draft.py", "my notes.txt", "it's", "new\nline")
    assert _chosen(["\\-*"], *names) == ["-draft.py"]
    assert _chosen(["'my notes.txt' text"], *names) == ["my notes.txt"]
    assert _chosen(['"it\'s"'], *names) == ["it's"]
    assert _chosen(["new*"], *names) == ["new\nline"]
    assert _chosen(["regex:my notes"], *names) == ["my notes.txt"]
    assert _select(["caf?"], "caf\udce9").chosen == (b"caf\xe9",)


def test_a_folder_that_holds_something_is_not_looked_into() -> None:
    more = (
        "env/bin/activate",
        "env/lib/x.py",
        "old/.nocopy",
        "old/y.py",
        "new/z.py",
        "z/deep/m/k/1",
    )
    assert _chosen(["**/?.py", "-**/* dir sentinel=bin/activate"], *more) == [
        "new/z.py",
        "old/y.py",
    ]
    assert _chosen(["**/?.py", "-**/* dir sentinel=.no*"], *more) == ["env/lib/x.py", "new/z.py"]
    assert _chosen(["z/**/1", "-**/* dir sentinel=m"], *more) == []
    assert _chosen(["z/**/1", "-**/* dir sentinel=n"], *more) == ["z/deep/m/k/1"]


def test_what_a_limit_leaves_out_is_named_with_the_limit() -> None:
    selected = _select(["**/*.csv size<9000", "**/*.py max-matches=2"])
    assert selected.chosen == (b"data/raw/a.csv", b"src/net.py", b"train.py")
    assert selected.left_out == (
        (b"data/train.csv", "size<9000"),
        (b"src/deep/layers.py", "max-matches=2"),
    )
    assert _select(["*.py size>800"]).left_out == ((b"train.py", "size>800"),)


def test_what_another_pattern_takes_or_does_not_want_is_not_left_out_by_a_limit() -> None:
    assert _select(["*.py size<10", "train.py"]).left_out == ()
    assert _select(["train.py", "*.py size<10"]).chosen == (b"train.py",)
    assert _select(["*.py size<10", "-train.py"]).left_out == ()
    assert _select(["*", "-* size>100"]).left_out == (
        (b"model.bin", "size>100"),
        (b"train.py", "size>100"),
    )
    assert _select(["*.py size<10", "-* size>100"]).left_out == ((b"train.py", "size<10"),)
    assert _select(["*", "-* max-matches=1"]).chosen == (b"model.bin", b"train.py")


def test_defaults_take_text_and_name_the_rest() -> None:
    more = (".git-blame", ".github/ci.yml", "venv/pyvenv.cfg", "venv/x.py", "summary.json")
    for patterns in (None, ["-README"]):
        selected = _select(patterns, *more, files=PROJECT | {"big.csv": 10**9})
        named = {path.decode() for path in selected.chosen}
        text = {"train.py", "data/train.csv", "data/raw/a.csv", "src/net.py", ".git-blame"}
        assert named - {"README"} == text | {"src/deep/layers.py", "src/deep/notes"}
        assert ("README" in named) == (patterns is None)
        assert selected.left_out == (
            (b"big.csv", "size<10485760"),
            (b"data/raw/b.png", "binary"),
            (b"model.bin", "binary"),
        )
        assert selected.unused == ()
        assert parse_patterns(patterns).by_default


def test_defaults_can_be_others() -> None:
    kept = parse_patterns(["-*.bin"], defaults=["*"]).select([_file("a.bin", 1), _file("b", 1)])
    assert kept.chosen == (b"b",)
    assert len(parse_patterns(None).rules) == len(DEFAULTS)


def test_patterns_that_take_nothing_are_named() -> None:
    assert _select(["tran.py", "*.py", "-none", "lib dir", "*.csv"]).unused == ("tran.py", "*.csv")


def test_patterns_choose_anew_each_time() -> None:
    patterns = parse_patterns(["* max-matches=1"])
    for name in ("a", "b"):
        assert patterns.select([_file(name, 1)]).chosen == (name.encode(),)


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("", "pattern '' names no file", "write '*' for all files of a folder"),
        ("-", "pattern '-' names no file", "write '*' for all files of a folder"),
        ("'a", "pattern ''a': no closing quotation", None),
        ("*.py txt", "pattern '*.py txt' has 'txt', which is none of text", "did you mean 'text'?"),
        ("* size<3k", "pattern '* size<3k' has 'size<3k'", "did you mean 'size<N'?"),
        ("my file", "pattern 'my file' has 'file'", "quote a name that has spaces"),
        ("regex:a(", "pattern 'regex:a(' is no regular expression: missing )", None),
        ("regex:", "pattern 'regex:' names no file", "write '*' for all files of a folder"),
        ("* sentinel=x", "has a sentinel, which only a folder can hold", "add 'dir'"),
        ("* dir size<3", "has a size, which only a file has", None),
    ],
)
def test_a_pattern_that_is_none(pattern: str, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_patterns(["*", pattern])
    assert message in caught.value.message
    assert (caught.value.hint or "").startswith(hint or "")
    assert (caught.value.hint is None) == (hint is None)


def test_all_patterns_that_are_none_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_patterns(["* txt", "regex:[", "*.py"])
    assert [line[:18] for line in caught.value.message.splitlines()] == [
        "pattern '* txt' ha",
        "pattern 'regex:[' ",
    ]


def test_text_by_name_needs_no_look_inside() -> None:
    def read() -> bytes:
        raise AssertionError

    assert is_text(b"a/b.PY", read)
    assert not is_text(b"a/b.pkl", read)
    assert is_text(b".py", lambda: b"words")
    assert not is_text(b"a.d/x", lambda: b"\0")


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (b"", True),
        (b"print()\n", True),
        (b"\x1b[31mred\x1b[0m\n", True),
        ("größe".encode(), True),
        ("größe".encode("latin-1"), True),
        (("x" * 1023 + "é").encode()[:1024], True),
        (b"a\0b", False),
        (b"\x01" * 20, False),
        (b"\xff\xd8\xff\xe0\x10\x02", False),
    ],
)
def test_text_by_what_is_inside(start: bytes, text: bool) -> None:
    assert is_text_start(start) is text
