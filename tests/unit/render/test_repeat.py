"""Words of commands: what anybody recorded, as text for a shell."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.render.repeat import shell_word

WORDS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))


@settings(max_examples=15)
@given(st.lists(WORDS, min_size=20))
def test_a_word_is_what_it_was_and_no_order_for_a_terminal(words: list[str]) -> None:
    shown = " ".join(map(shell_word, words))
    assert all(char.isprintable() or char == "\n" for char in shown)
    script = f"printf '%s\\0' {shown}"
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


def test_plain_words_stay_as_they_are() -> None:
    words = ["train.py", "--lr", "lr=0.1", "a b", "=x", "", "it's", "\udcff"]
    shown = ["train.py", "--lr", "lr=0.1", "'a b'", "'=x'", "''", "'it'\"'\"'s'"]
    assert [shell_word(word) for word in words] == [*shown, "\"$(printf '\\377')\""]
