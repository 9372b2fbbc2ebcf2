"""The table of settings is the only one: the code, the page and the command say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import git_gage
from git_gage.errors import ConfigError
from git_gage.git.known import (
    KNOWN,
    check_setting,
    describe_settings,
    find_known,
    find_problems,
    guess_key,
    read_all_valid,
    read_valid,
)
from git_gage.git.settings import Setting, Settings

PACKAGE = Path(git_gage.__file__).parent
PAGE = PACKAGE.parent / "docs" / "settings.md"
TABLE = PACKAGE / "git" / "known.py"
# Names of files, and of the API, that begin in the same way.
NO_SETTINGS = {"gage.toml", "gage.yaml", "gage.yml", "gage.json", "gage.jsonc", "gage.py"}


def made(*pairs: tuple[str, str]) -> Settings:
    return Settings([Setting(key, value, "local", "/r/config") for key, value in pairs])


def test_the_code_reads_the_settings_of_the_table_and_no_others() -> None:
    read: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path != TABLE:
            read.update(re.findall(r'"(gage\.[a-z][\w.{}]*)"', path.read_text()))
    # Places are found by both ends of their name.
    read = {"gage.repo.<name>.url" if name == "gage.repo" else name for name in read - NO_SETTINGS}
    read = {re.sub(r"\{(?:name|word)\}", "<name>", name) for name in read}
    assert read == {known.name for known in KNOWN}


def test_the_page_says_what_the_table_says() -> None:
    rows = re.findall(r"^\| `(gage.*?)` \| (.*) \| (.*) \| (.*) \|$", PAGE.read_text(), re.M)
    assert rows == [(each.name, each.kind, each.usual, each.meaning) for each in KNOWN]


def test_the_table_is_sorted_and_each_has_one_line() -> None:
    assert sorted(known.name for known in KNOWN) == [known.name for known in KNOWN]
    for known in KNOWN:
        assert "\n" not in known.meaning
        assert known.meaning[0].isupper()
        assert not known.meaning.endswith(".")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("GAGE.REMOTE", "gage.remote"),
        ("gage.repo.Lab.URL", "gage.repo.<name>.url"),
        ("gage.repo.a.b.url", "gage.repo.<name>.url"),
        ("gage.repo.url", None),
        ("gage.remot", None),
        ("gagex.remote", None),
    ],
)
def test_which_setting_a_key_is(key: str, name: str | None) -> None:
    found = find_known(key)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("key", "guess"),
    [
        ("gage.remot", "gage.remote"),
        ("gage.pollintervall", "gage.pollInterval"),
        ("gage.runs-dir", "gage.runsDir"),
        ("gage.repo.nam.ur", "gage.repo.<name>.url"),
        ("gage.xyz", None),
    ],
)
def test_a_guess_at_what_was_meant(key: str, guess: str | None) -> None:
    assert guess_key(key) == guess


@pytest.mark.parametrize(
    ("key", "value", "spelled"),
    [
        ("Gage.pollinterval", "90s", "gage.pollInterval"),
        ("gage.repo.My.Lab.URL", "ssh://x/y", "gage.repo.My.Lab.url"),
        ("gage.repo.lab.url", "../x", "gage.repo.lab.url"),
        ("gage.runsdir", "-x", "gage.runsDir"),
    ],
)
def test_what_can_be_set(key: str, value: str, spelled: str) -> None:
    assert check_setting(key, value) == spelled


@pytest.mark.parametrize(
    ("key", "value", "message", "hint"),
    [
        ("gage.remot", "x", "no setting 'gage.remot'", "did you mean 'gage.remote'?"),
        ("gage.xyz", "x", "no setting 'gage.xyz'", "see them all with 'git gage config'"),
        ("user.name", "x", "'user.name' is no setting of git-gage", "git config user.name"),
        ("gage.repo.a\nb.url", "x", "no setting 'gage.repo.a\nb.url'", None),
        (
            "gage.pollInterval",
            "often",
            "'gage.pollInterval' is no time such as '2s': 'often'",
            None,
        ),
        ("gage.remote", "-x", "'gage.remote' begins with '-', as no remote may: '-x'", None),
        ("gage.repo.a.url", " ", "'gage.repo.a.url' is empty: ' '", None),
        (
            "gage.repo.a.url",
            "-x",
            "'gage.repo.a.url' begins with '-', as no remote may: '-x'",
            None,
        ),
        ("gage.runsDir", "", "'gage.runsDir' is empty: ''", None),
        ("gage.runsDir", "a\rb", "'gage.runsDir' has characters that cannot be seen: 'a\rb'", None),
        (
            "gage.repo.<name>.url",
            "/x",
            "'gage.repo.<name>.url' needs a name",
            "git gage config set gage.repo.lab.url <value>",
        ),
    ],
)
def test_what_cannot_be_set(key: str, value: str, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        check_setting(key, value)
    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


def test_problems_name_the_place() -> None:
    settings = made(("gage.rmote", "x"), ("gage.pollinterval", "x"), ("user.name", "y"))
    assert [problem.message for problem in find_problems(settings)] == [
        "no setting 'gage.rmote' (in /r/config)",
        "'gage.pollInterval' is no time such as '2s': 'x' (in /r/config)",
    ]
    with pytest.raises(ConfigError, match=r"\(in /r/config\)$"):
        read_valid(settings, "gage.pollInterval")
    typed = Settings([Setting("gage.x", "y", "command", None)])
    (problem,) = find_problems(typed)
    assert problem.message == "no setting 'gage.x' (in the command line or environment)"


def test_a_value_that_can_be_is_read() -> None:
    assert read_valid(made(("gage.pollinterval", "3s")), "gage.pollInterval") == "3s"
    assert read_valid(made(("gage.pollinterval", "")), "gage.pollInterval") is None
    assert read_valid(made(), "gage.pollInterval") is None


def test_a_setting_can_have_several_values() -> None:
    several = made(("gage.remote", "a"), ("gage.remote", "b"), ("gage.remote", "a"))
    assert read_all_valid(several, "gage.remote") == ["a", "b"]
    assert [row.counts for row in describe_settings(several) if row.value] == [True] * 3
    assert read_all_valid(made(), "gage.remote") == []
    with pytest.raises(ConfigError, match="begins with '-'"):
        read_all_valid(made(("gage.remote", "a"), ("gage.remote", "--x")), "gage.remote")
    with pytest.raises(ConfigError, match="is no time"):
        read_valid(made(("gage.pollinterval", "soon")), "gage.pollInterval")


def test_all_settings_are_described_in_the_order_of_the_table() -> None:
    rows = describe_settings(made(("gage.sign", "a"), ("gage.zzz", "b"), ("gage.sign", "auto")))
    keys = list(dict.fromkeys(row.key for row in rows))
    assert keys == [*(each.name for each in KNOWN), "gage.zzz"]
    assert [(row.key, row.value, row.counts) for row in rows if row.value is not None] == [
        ("gage.sign", "a", False),
        ("gage.sign", "auto", True),
        ("gage.zzz", "b", True),
    ]
    assert rows[-1].problem is not None
