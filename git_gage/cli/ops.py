"""`git gage ops`, by its other name `operations`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import color_option, json_option
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from git_gage.cli.app import App
    from git_gage.config.files import Key, Keys
    from git_gage.gagefile.model import Exec, Gagefile, Operation


class OperationName(click.ParamType):  # type: ignore[type-arg]
    """A word that names an operation of the gagefile."""

    name = "operation"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from git_gage.gagefile.find import find_gagefile
        from git_gage.gagefile.load import load_gagefile
        from git_gage.render.operations import first_line

        app: App = ctx.obj
        top = app.here.work_tree
        path = find_gagefile(app.cwd, top) if top is not None else None
        if path is None or top is None:
            return []
        cache_dir = app.here.gage_dir / "cache"
        return [
            CompletionItem(name, help=first_line(operation.description))
            for name, operation in load_gagefile(path, top, cache_dir=cache_dir).operations.items()
            if name.startswith(incomplete)
        ]


@click.command(
    "ops",
    cls=Command,
    usage="git gage ops [<operation>] [--json]",
    examples=["git gage ops", "git gage ops train"],
    note="Operations are described in a gagefile; 'git gage init' writes a first one.\n",
)
@click.argument("name", metavar="<operation>", required=False, type=OperationName())
@json_option
@color_option
@click.pass_obj
def command(app: App, name: str | None, as_json: bool, color: str) -> None:
    """List operations, or show one"""
    from git_gage.render.machine import format_json
    from git_gage.render.operations import format_operation, format_operations

    gagefile = _load(app)
    screen = app.screen(color)
    if name is None and not (gagefile.operations or as_json):
        click.echo(f"no operations in '{gagefile.shown}'", err=True)
        click.echo("hint: 'git gage run train.py' works without", err=True)
        return
    if name is None:
        rows = [_summarize(each, gagefile) for each in gagefile.operations.values()]
        text = format_json(rows) if as_json else format_operations(rows, screen)
    else:
        one = _describe(app, gagefile, _find(gagefile, name))
        text = format_json(one) if as_json else format_operation(one, screen)
    app.show(text, screen)


def _load(app: App) -> Gagefile:
    from git_gage.runs.planning import load_project

    found = load_project(app.here, app.progress())
    if found is None:
        raise RequestError("no gagefile here", hint="write one with 'git gage init'")
    return found


def _find(gagefile: Gagefile, name: str) -> Operation:
    from git_gage.runs.operations import find_operation, refuse_unknown

    found = find_operation(gagefile, name)
    if found is None:
        raise refuse_unknown(gagefile, name)
    return found


# -- operations as JSON has them: docs/json.md ---------------------------------------------------


def _summarize(operation: Operation, gagefile: Gagefile) -> dict[str, Any]:
    return {
        "name": operation.name,
        "full_name": f"{gagefile.namespace}:{operation.name}",
        "description": operation.description,
        "default": operation.default,
        "version": operation.version,
        "gagefile": gagefile.shown,
    }


def _describe(app: App, gagefile: Gagefile, operation: Operation) -> dict[str, Any]:
    from dataclasses import asdict

    from git_gage.config.files import find_keys
    from git_gage.runs.operations import ProjectFiles

    files = ProjectFiles(app.here, gagefile.project_dir)
    keys = find_keys(operation, files.read, files.names())
    for warning in keys.warnings:
        app.progress().warning(warning)
    return {
        **_summarize(operation, gagefile),
        "exec": {phase: _as_exec(exec) for phase, exec in operation.phases.items()},
        "config": [_as_key(key, keys) for key in keys.known.values()],
        "sourcecode": _look_at_source(app, gagefile, operation, keys),
        "depends": [asdict(each) for each in operation.depends],
        "env": dict(operation.env),
        "attributes": dict(operation.attributes),
        "timeout_s": operation.timeout_s,
    }


def _as_exec(exec: Exec) -> dict[str, Any]:
    return {"shell": exec.shell, "argv": None if exec.argv is None else list(exec.argv)}


def _as_key(key: Key, keys: Keys) -> dict[str, Any]:
    from git_gage.catalog.values import read_value
    from git_gage.config.lines import line_of

    declared = key.declared
    default = key.default
    choices = [declared.choices if declared else None, *(place.choices for place in key.places)]
    return {
        "name": key.name,
        "description": key.description,
        "type": (declared and declared.type) or (default.type if default else None),
        "default": read_value(default.to_json()) if default else None,
        "has_default": default is not None,
        "required": declared is not None and declared.required,
        "choices": next((list(each) for each in choices if each is not None), None),
        "min": declared.min if declared else None,
        "max": declared.max if declared else None,
        "places": [
            {
                "path": place.path,
                "name": place.name,
                "line": line_of(place, keys.files[place.path]),
                "argument": place.passed,
            }
            for place in key.places
        ],
    }


def _look_at_source(
    app: App, gagefile: Gagefile, operation: Operation, keys: Keys
) -> dict[str, Any]:
    """The files that the operation would take now, below the project's folder."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from git_gage.source import capture_source
    from git_gage.source.choice import Choice
    from git_gage.system import with_slashes

    assert app.here.work_tree is not None
    folder = with_slashes(os.path.relpath(gagefile.project_dir, app.here.work_tree))
    prefix = b"" if folder == "." else os.fsencode(folder) + b"/"
    always = frozenset(
        prefix + os.fsencode(place.path) for key in keys.known.values() for place in key.places
    )
    with TemporaryDirectory(prefix="git-gage-") as scratch:
        choice = Choice(prefix, operation.sourcecode, always)
        found = capture_source(app.here, Path(scratch), choice)
    return {
        "patterns": None if operation.sourcecode is None else list(operation.sourcecode),
        "files": [_shown(path, prefix) for path in sorted(found.taken or ())],
        "left_out": [
            {"path": _shown(path, prefix), "reason": reason}
            for path, reason in found.left_out
            if path.startswith(prefix)
        ],
    }


def _shown(path: bytes, prefix: bytes) -> str:
    from git_gage.records import encode_path, shown_path

    return shown_path(encode_path(path.removeprefix(prefix)))
