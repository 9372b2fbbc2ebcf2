"""Operations as tests write them, and what becomes of their config."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from git_gage.config.files import AppliedFiles, Keys, apply, find_keys
from git_gage.errors import ConfigError, RequestError
from git_gage.gagefile.model import ConfigFiles, ConfigKey, Exec, Operation

Files = Mapping[str, str | bytes]


def operation(
    *config: str | ConfigFiles | ConfigKey, exec: str | list[str] | None = "python train.py"
) -> Operation:
    """An operation `train`; texts side by side are one section of patterns."""
    texts = tuple(each for each in config if isinstance(each, str))
    sections = [each for each in config if isinstance(each, ConfigFiles)]
    run = Exec(shell=exec) if isinstance(exec, str) else Exec(argv=tuple(exec or ()))
    return Operation(
        "train",
        phases={"run": run} if exec is not None else {},
        config_files=tuple([ConfigFiles(texts)] * bool(texts) + sections),
        config_keys=tuple(each for each in config if isinstance(each, ConfigKey)),
    )


def find(found: Operation, files: Files) -> Keys:
    contents = {
        path: text.encode() if isinstance(text, str) else text for path, text in files.items()
    }
    return find_keys(found, contents.get, sorted(contents))


def run(found: Operation, files: Files, *words: str) -> AppliedFiles:
    return apply(find(found, files), words)


def texts(applied: AppliedFiles) -> dict[str, str]:
    return {key: value.text for key, value in applied.config.items()}


def refused(found: Operation, files: Files, *words: str) -> tuple[list[str], str | None]:
    """The messages and the hint of what is wrong."""
    with pytest.raises((RequestError, ConfigError)) as caught:
        run(found, files, *words)
    return caught.value.message.splitlines(), caught.value.hint
