"""A run as commands that anybody can paste into a shell.

Whoever recorded the run wrote the words: each is quoted, and none can reach the terminal but as
text. Source: POSIX, Shell Command Language, 2.2.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from git_gage.records import short_id
from git_gage.runs.phases import BEFORE, FINALIZE, RUN, Step
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.runs.repeat import Place, Python, Repeat

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFSPEC = "'refs/gage/w/*:refs/gage-remotes/origin/w/*'"
_BEFORE_INPUTS = BEFORE[:2]
# In the worktree's own git directory: out of the program's sight, and gone with the worktree.
_ASIDE = '"$(git rev-parse --absolute-git-dir)"'

_FILES = {
    "GAGE_METRICS_FILE": "metrics.jsonl",
    "GAGE_ATTRS_FILE": "attrs.jsonl",
    "GAGE_CONFIG_FILE": "config.json",
}


def format_repeat(repeat: Repeat) -> str:
    """Lines for a POSIX shell: a subshell that ends with what fails first."""
    page = _Script(repeat)
    lines = [
        *page.heading(),
        "(",
        "set -e",
        *page.source(),
        *page.links(),
        *page.settings(),
        *page.python(),
        *page.variables(),
        *page.programs(),
        ")",
    ]
    return "".join(f"{line}\n" for line in lines)


def shell_word(text: str) -> str:
    """A word for a shell that means just this text, in characters that a terminal only shows."""
    parts = groupby(text, key=lambda char: char.isprintable() or char == "\n")
    return "".join(_quote("".join(chars), plain=plain) for plain, chars in parts) or "''"


def _quote(text: str, *, plain: bool) -> str:
    if not plain:
        octal = "".join(f"\\{byte:03o}" for byte in text.encode(errors="surrogateescape"))
        return f"\"$(printf '{octal}')\""
    quoted = shlex.quote(text)
    # zsh reads =word as the path of a program.
    return f"'{text}'" if quoted == text and text.startswith("=") else quoted


def _words(words: Iterable[str]) -> str:
    return " ".join(map(shell_word, words))


def _here_document(command: str, text: str) -> list[str]:
    """A command that reads a text; as one word where the text is more than lines to look at."""
    lines = text.split("\n")
    if not text.endswith("\n") or not all(line.isprintable() for line in lines):
        return [f"printf %s {shell_word(text)} | {command}"]
    end = "END"
    while end in lines:
        end += "_"
    return [f"{command} <<'{end}'", *lines[:-1], end]


class _Script:
    def __init__(self, repeat: Repeat) -> None:
        self._repeat = repeat

    def heading(self) -> Iterator[str]:
        """Comments that do no harm where a shell takes what is pasted for commands, as zsh does."""
        repeat = self._repeat
        run = short_id(repeat.run)
        yield f"# Repeats run {run}: paste this, or type git gage show {run} --reproduce | sh"
        if repeat.remote and _is_plain(repeat.remote):
            name = repeat.top.name if _is_plain(repeat.top.name) else "repo"
            yield "# On another machine do this first, and put the path of that clone after repo="
            yield f"#   git clone {repeat.remote} {name}"
            yield f"#   git -C {name} fetch origin {_REFSPEC}"
        if repeat.hidden:
            yield "# Put in what was not recorded, because it is secret, in place of each ***"

    def source(self) -> Iterator[str]:
        """The snapshot in a folder of its own, beside the repository."""
        repeat = self._repeat
        yield f"repo={shell_word(str(repeat.top))}"
        yield 'cd "$repo"'
        if repeat.snapshot is None:
            return
        folder = f'"$repo-{short_id(repeat.run)}"'
        yield f"git worktree add -q --detach {folder} {repeat.snapshot}"
        yield f"cd {folder}"
        if repeat.folder != ".":
            yield f"mkdir -p {shell_word(repeat.folder)}"
            yield f"cd {shell_word(repeat.folder)}"

    def links(self) -> Iterator[str]:
        """What git ignores, and the run found all the same."""
        yield from self._put(self._repeat.links)
        if self._repeat.unlinked:
            yield "# It had these too, which are not here:"
        for path in self._repeat.unlinked:
            yield f"#   {shell_word(clean(os.fsdecode(path)))}"

    def settings(self) -> list[str]:
        """What the settings changed in the run's copy of files."""
        patch = self._repeat.patch
        return [] if patch is None else _here_document("git apply --whitespace=nowarn", patch)

    def python(self) -> Iterator[str]:
        """The interpreter under the name by which programs call it; made anew where it is gone."""
        python = self._repeat.python
        if python is None:
            return
        if not python.is_here:
            yield from self._environment(python)
        elif python.folder is not None:
            yield f'export PATH={shell_word(python.folder)}:"$PATH"'
        elif python.alias is not None:
            yield f"bin={_ASIDE}/bin"
            yield 'mkdir "$bin"'
            yield f'ln -s {shell_word(python.path)} "$bin"/{shell_word(python.alias)}'
            yield 'export PATH="$bin:$PATH"'

    def variables(self) -> Iterator[str]:
        """Variables by which the program computes, where it is, logs and finds its config."""
        repeat = self._repeat
        told = {"GAGE_RUN_DIR": self._run_dir(), "GAGE_PROJECT_DIR": self._project_dir()}
        if repeat.is_operation:
            told |= {"RUN_DIR": told["GAGE_RUN_DIR"], "PROJECT_DIR": told["GAGE_PROJECT_DIR"]}
        given = {name: shell_word(text) for name, text in repeat.variables.items()}
        known = {name: text for name, text in (told | given).items() if _NAME.fullmatch(name)}
        yield from (f"export {name}={text}" for name, text in known.items())
        for name, file in _FILES.items():
            yield f"export {name}={_ASIDE}/{file}"
        yield from _here_document('cat > "$GAGE_CONFIG_FILE"', repeat.config)

    def programs(self) -> Iterator[str]:
        """The programs in their order, the inputs where the run got them."""
        steps = {step.phase: step for step in self._repeat.steps}
        for phase in _BEFORE_INPUTS:
            if phase in steps:
                yield from self._start(steps[phase])
        yield from self._inputs()
        if BEFORE[2] in steps:
            yield from self._start(steps[BEFORE[2]])
        if FINALIZE not in steps:
            yield from self._start(steps[RUN])
            return
        # What comes at the end comes also after a failure, whose exit code counts.
        *before, last = self._start(steps[RUN])
        yield from (*before, "code=0", f"{last} || code=$?", *self._start(steps[FINALIZE]))
        yield "exit $code"

    # -- parts ---------------------------------------------------------------------------------

    def _put(self, places: Iterable[Place]) -> Iterator[str]:
        made = set()
        for place in places:
            path = os.fsdecode(place.path)
            folder = os.path.dirname(path)
            if folder and folder not in made:
                made.add(folder)
                yield f"mkdir -p {shell_word(folder)}"
            if place.replaces:
                yield f"rm -rf {shell_word(path)}"
            if place.origin is None:
                text = (place.content or b"").decode(errors="surrogateescape")
                yield from _here_document(f"cat > {shell_word(path)}", text)
            else:
                how = "ln -s" if place.link else "cp -Rp"
                yield f"{how} {self._from_here(place.origin)} {shell_word(path)}"

    def _inputs(self) -> Iterator[str]:
        repeat = self._repeat
        if repeat.problem is None:
            yield from self._put(repeat.inputs)
            return
        yield f"# Put in what is not here: {_comment(repeat.problem)}"
        paths = [os.fsdecode(path) for _, path in repeat.missing]
        for (digest, _), path in zip(repeat.missing, paths, strict=True):
            yield f"#   {_comment(digest)}  {shell_word(clean(path))}"
        if paths:
            yield f"ls -d {_words(paths)} > /dev/null"

    def _environment(self, python: Python) -> Iterator[str]:
        packages = [f"{name}=={text}" for name, text in (python.packages or {}).items()]
        yield f"# It had Python {_comment(python.version or '')}, which is not here as it was"
        yield f"venv={_ASIDE}/venv"
        options = "" if packages else "--without-pip "
        yield f'{shell_word(python.maker)} -m venv {options}"$venv"'
        if packages:
            yield f'"$venv"/bin/python -m pip install --quiet {_words(packages)}'
        yield 'export PATH="$venv/bin:$PATH"'

    def _start(self, step: Step) -> Iterator[str]:
        script = f"exec-{step.phase}"
        if step.needs_file:
            yield from _here_document(f"cat > {_ASIDE}/{script}", step.argv[0])
            *words, _ = step.command("")
            yield f"{_words(words)} {_ASIDE}/{script}"
            return
        words = list(step.command(""))
        python = self._repeat.python
        if python is not None and not python.is_here and _is_path(words[0], python.path):
            words[0] = "python"
        # Without quotes a first word a=b would be a setting.
        first = f"'{words[0]}'" if _is_plain(words[0]) and "=" in words[0] else shell_word(words[0])
        yield " ".join([first, *map(shell_word, words[1:])])

    def _run_dir(self) -> str:
        return (
            '"$repo"' if self._repeat.snapshot is None else f'"$repo-{short_id(self._repeat.run)}"'
        )

    def _project_dir(self) -> str:
        return self._from_here(self._repeat.top / self._repeat.project)

    def _from_here(self, path: Path) -> str:
        """A path, from the repository if it is in it, so that it has to be told once."""
        top = self._repeat.top
        if path == top:
            return '"$repo"'
        if path.is_relative_to(top):
            return f'"$repo"/{shell_word(str(path.relative_to(top)))}'
        return shell_word(str(path))


def _is_path(word: str, path: str) -> bool:
    return os.path.normpath(word) == os.path.normpath(path)


def _is_plain(text: str) -> bool:
    return text.isprintable() and shlex.quote(text) == text


def _comment(text: str) -> str:
    """Text for a comment, with nothing in it that means something where it is no comment."""
    return re.sub(r"[^\w .,:/@%+-]+", " ", text).strip()
