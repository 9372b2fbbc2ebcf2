"""Patterns of config keys: which files, and which of their keys."""

from __future__ import annotations

import pytest

from git_gage.config.keys import choose_files, parse_key_patterns
from git_gage.errors import ConfigError

KEYS = ("a", "a.b", "a.b.c", "a.b.c.d", "aa", "lr")
FILES = {
    "train.py": ("lr", "name", "model.depth"),
    "test.py": ("lr", "split"),
    "conf/base.yaml": ("lr", "db.port"),
}


def _keys(*patterns: str) -> list[str]:
    found = choose_files(parse_key_patterns([f"f#{pattern}" for pattern in patterns]), ["f"])
    return list(found["f"].choose(KEYS)) if found else []


def _chosen(*patterns: str) -> list[str]:
    """`file#key` of all that patterns choose."""
    files = choose_files(parse_key_patterns(patterns), FILES)
    return [f"{path}#{key}" for path, each in files.items() for key in each.choose(FILES[path])]


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("*", ["a", "aa", "lr"]),
        ("a*", ["a", "aa"]),
        ("a?", ["a", "aa"]),
        ("a.*", ["a.b"]),
        ("**", []),
        ("**.*", list(KEYS)),
        ("**.b", ["a.b"]),
        ("a.**.*", ["a.b", "a.b.c", "a.b.c.d"]),
        ("**.c.**.*", ["a.b.c.d"]),
        ("[al]", []),
        ("", []),
    ],
)
def test_wildcards_of_keys(pattern: str, keys: list[str]) -> None:
    assert _keys(pattern) == keys


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ([], []),
        (["train.py"], ["train.py#lr", "train.py#name"]),
        (["./train.py#lr"], ["train.py#lr"]),
        (["train.py#**.*", "-train.py#name"], ["train.py#lr", "train.py#model.depth"]),
        (["*.py", "-#lr"], ["test.py#split", "train.py#name"]),
        (["*.py", "- test.py"], ["train.py#lr", "train.py#name"]),
        (["*.py", "-test.py", "test.py#split"], ["train.py#lr", "train.py#name", "test.py#split"]),
        (["train.py#lr", "#name"], ["train.py#lr", "train.py#name"]),
        (["train.py#", "#lr"], ["train.py#lr"]),
        (["train.py#"], []),
        (["#lr"], []),
        (["#lr", "t*.py#"], ["test.py#lr", "train.py#lr"]),
        (["train.py#name", "test.py#lr"], ["train.py#name", "test.py#lr"]),
        (["train.py#name", "-test.py#lr"], ["train.py#name"]),
        (["**/*.yaml#**.port"], ["conf/base.yaml#db.port"]),
        (["*.yaml", "none"], []),
        (["*.py#*", "-*.py", "#lr"], []),
    ],
)
def test_patterns_of_files_and_keys(patterns: list[str], chosen: list[str]) -> None:
    assert _chosen(*patterns) == chosen


def test_file_whose_name_starts_with_a_dash() -> None:
    assert list(choose_files(parse_key_patterns(["\\-x.py"]), ["-x.py", "x.py"])) == ["-x.py"]


def test_lists_are_taken_as_a_whole_only_by_their_name() -> None:
    patterns = parse_key_patterns(["f#**.*", "f#model", "f#layers", "-f#layers"])
    chosen = choose_files(patterns, ["f"])["f"]
    assert chosen.choose(["lr"], ["model", "layers", "others"]) == ("lr", "model")


@pytest.mark.parametrize("pattern", ["", "-", "#", "-#"])
def test_pattern_that_says_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_key_patterns([pattern])
    assert caught.value.message == f"config pattern '{pattern}' names no file and no key"
