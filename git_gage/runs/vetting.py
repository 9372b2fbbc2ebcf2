"""What a record says of how to run something, looked at before any of it is done.

A record may hold anything. The catalog has seen to what is shown of it; here is what else would be
taken for a path, an object or a word of a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from git_gage.errors import IntegrityError
from git_gage.records import decode_path, is_run_id, short_id

_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# git-check-ref-format(1); where a branch is none, HEAD would name whatever the record wants.
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|\.lock(/|$)|[/.]$")


def vet_begin(run: str, body: Mapping[str, Any]) -> None:
    """Require that a `run.begin` body is what docs/format.md says, as far as it is acted on.

    Raises: IntegrityError naming what is not.
    """
    vet = _Vet(run)
    for name in ("command", "source", "project", "config"):
        vet.require(name, isinstance(body.get(name), dict))
    _vet_command(vet, body["command"])
    _vet_source(vet, body["source"])
    vet.word("project.namespace", body["project"].get("namespace"))
    vet.path("project.path", body["project"].get("path", "."))
    for name, value in body["config"].items():
        text = value.get("text") if isinstance(value, dict) else None
        vet.require(f"config.{name}", isinstance(text, str))
    if (definition := body.get("definition")) is not None:
        vet.require("definition", isinstance(definition, dict))
        vet.path("definition.gagefile", definition.get("gagefile"))
        vet.words("definition.env", vet.members("definition.env", definition.get("env")).values())
        seconds = definition.get("timeout_s")
        vet.require("definition.timeout_s", isinstance(seconds, int | float | None))
    if "config_diff" in body:
        vet.word("config_diff", body["config_diff"])
    _vet_inputs(vet, body.get("inputs", []))


class _Vet:
    """Refuses in the name of a run."""

    def __init__(self, run: str) -> None:
        self._run = run

    def require(self, name: str, sound: bool) -> None:
        if not sound:
            raise IntegrityError(
                f"run {short_id(self._run)} cannot be run again: '{name}' of its record is not what"
                " the format says",
                hint=f"git gage show {short_id(self._run)} --json",
            )

    def word(self, name: str, value: Any) -> bytes:
        self.require(name, isinstance(value, str) or _is_quoted(value))
        return decode_path(value)

    def words(self, name: str, values: Any) -> None:
        self.require(name, isinstance(values, Iterable) and not isinstance(values, str))
        for value in values:
            self.word(name, value)

    def path(self, name: str, value: Any) -> None:
        """A path that stays below the top of the work tree, and out of git's own folder."""
        path = self.word(name, value)
        names = path.lower().split(b"/")
        self.require(name, bool(path) and b"\0" not in path and names[0] != b"")
        self.require(name, b".." not in names and b".git" not in names)

    def members(self, name: str, value: Any) -> Mapping[str, Any]:
        self.require(name, value is None or isinstance(value, dict))
        return value or {}

    def entries(self, name: str, value: Any) -> list[Mapping[str, Any]]:
        self.require(name, value is None or isinstance(value, list))
        found = list(value or ())
        self.require(name, all(isinstance(entry, dict) for entry in found))
        return found


def _is_quoted(value: Any) -> bool:
    """Whether a value stands for bytes that are not UTF-8."""
    if not isinstance(value, dict) or value.keys() != {"b64"}:
        return False
    try:
        return bool(decode_path(value))
    except (TypeError, ValueError):
        return False


def _vet_command(vet: _Vet, command: Mapping[str, Any]) -> None:
    vet.words("command.argv", command.get("argv"))
    vet.require("command.argv", bool(command["argv"]))
    vet.require("command.shell", isinstance(command.get("shell", False), bool))
    vet.path("command.cwd", command.get("cwd"))
    vet.words("command.assignments", command.get("assignments", ()))
    if "script" in command:
        vet.path("command.script", command["script"])
    if command.get("interpreter") is not None:
        vet.word("command.interpreter", command["interpreter"])
    vet.words(
        "command.variables", vet.members("command.variables", command.get("variables")).values()
    )
    for phase in vet.members("command.phases", command.get("phases")).values():
        vet.require("command.phases", isinstance(phase, dict))
        vet.words("command.phases", phase.get("argv"))


def _vet_source(vet: _Vet, source: Mapping[str, Any]) -> None:
    for name in ("commit", "snapshot"):
        oid = source.get(name, 0)
        sound = oid is None or (isinstance(oid, str) and _OID.fullmatch(oid) is not None)
        vet.require(f"source.{name}", sound)
    for name in ("branch", "remote"):
        vet.require(f"source.{name}", isinstance(source.get(name, 0), str | None))
    vet.require("source.branch", not _NO_BRANCH.search(source["branch"] or "main"))
    vet.require(
        "source.digest", source["snapshot"] is None or isinstance(source.get("digest"), str)
    )
    texts = {"status": "xy", "left_out": "reason", "submodules": "commit", "linked": ""}
    for name, text in texts.items():
        for entry in vet.entries(f"source.{name}", source.get(name)):
            vet.path(f"source.{name}", entry.get("path"))
            vet.require(f"source.{name}", not text or isinstance(entry.get(text), str))


def _vet_inputs(vet: _Vet, inputs: Any) -> None:
    for entry in vet.entries("inputs", inputs):
        run = entry.get("run")
        vet.require("inputs.run", run is None or (isinstance(run, str) and is_run_id(run)))
        vet.require("inputs.name", isinstance(entry.get("name"), str | None))
        for name in ("type", "digest"):
            vet.require(f"inputs.{name}", isinstance(entry.get(name), str))
        for file in vet.entries("inputs.files", entry.get("files")):
            vet.path("inputs.files", file.get("path"))
            vet.require("inputs.files", isinstance(file.get("sha256"), str))
