"""Parts of a run, each as a whole: what its page has no room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from git_gage.errors import FETCH
from git_gage.files.manifest import RUNTIME
from git_gage.records import short_id, shown_path
from git_gage.render.amounts import count_text, size_text, value_text
from git_gage.render.page import format_rows, shown_bytes
from git_gage.render.table import Column, format_table
from git_gage.render.wording import places_text
from git_gage.runs.files import HERE
from git_gage.safe import clean

if TYPE_CHECKING:
    from git_gage.render.screen import Screen
    from git_gage.runs.files import RunFile
    from git_gage.runs.inputs.reference import Reference


def format_config(config: Mapping[str, Any], given: Collection[str], screen: Screen) -> str:
    """Settings, a line each; those that nobody gave are called defaults."""
    rows = []
    for name, value in config.items():
        text = Text(value_text(value))
        if name not in given:
            text.append("  default", style="dim")
        rows.append((clean(name), text))
    return format_rows(rows, screen) if rows else "no config\n"


def format_environment(document: Mapping[str, Any], screen: Screen, fetch: str = FETCH) -> str:
    """Where a run ran: interpreter, machine, variables, packages.

    `fetch`: what to type for packages that are not here.
    """
    environment, command = document["environment"], document["command"]
    rows = [(name, value) for name, value in _machine(environment, command) if value]
    variables = command["variables"].items()
    rows += _listed("variables", [f"{clean(name)}={clean(text)}" for name, text in variables])
    packages = environment["packages"]
    if packages is None:
        return format_rows([*rows, ("packages", f"not here: {fetch}")], screen)
    each = [f"{clean(name)} {clean(str(version))}" for name, version in packages.items()]
    return format_rows([*rows, *_listed("packages", each)], screen)


def environment_body(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same as a JSON value. Source: docs/json.md, "Parts of a run"."""
    keys = ("interpreter", "interpreter_origin", "variables")
    return {
        **{key: document["command"][key] for key in keys},
        "environment": document["environment"],
    }


def format_files(
    document: Mapping[str, Any], files: Sequence[RunFile], run_dir: Path | None, screen: Screen
) -> str:
    """Where the files of a run are, and a line for each: what it made, and what it was given."""
    given = [file for file in files if file.is_input and file.role != RUNTIME]
    runtime = [file for file in files if file.role == RUNTIME]
    absent = [file for file in files if is_absent(file)]
    made = [file for file in files if not file.is_input and not is_absent(file)]
    here = [file for file in made if file.where == HERE]
    if (run_dir is None and not here) or (document["in_place"] and not files):
        parts = [_not_here(document, Counter(file.where for file in made))]
    else:
        size = size_text(sum(file.size for file in made))
        place = f" in {clean(str(run_dir))}" if run_dir is not None else ""
        parts = [f"{count_text(len(made), 'file')}, {size}{place}\n"]
    if made:
        parts.append(_table(made, screen))
    if given:
        parts.append(f"given to it: {count_text(len(given), 'file')}\n{_table(given, screen)}")
    if runtime:
        size = size_text(sum(file.size for file in runtime))
        parts.append(f"set up before it: {count_text(len(runtime), 'file')}, {size}\n")
    if absent:
        parts.append(f"previews of {count_text(len(absent), 'image')}\n{_table(absent, screen)}")
    return "".join(parts)


def is_absent(file: RunFile) -> bool:
    """Whether only a preview of it is here."""
    return file.preview is not None and not file.is_here


def files_body(files: Sequence[RunFile], run_dir: Path | None) -> dict[str, Any]:
    """The same as a JSON value. Source: docs/json.md, "Parts of a run"."""
    return {
        "directory": None if run_dir is None else str(run_dir),
        "files": [file_body(file) for file in files],
    }


def _machine(
    environment: Mapping[str, Any], command: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    python, path, origin = (
        environment["python"],
        command["interpreter"],
        command["interpreter_origin"],
    )
    why = f" ({clean(origin)})" if origin else ""
    yield (
        "python",
        " ".join(filter(None, [clean(python or ""), clean(shown_path(path or ""))])) + why,
    )
    yield "platform", clean(environment["platform"] or "")
    yield "host", clean(environment["host"] or "")
    yield "cpus", str(environment["cpus"] or "")
    yield from _listed("gpus", [clean(gpu) for gpu in environment["gpus"]])
    for name in ("git", "gage"):
        yield name, clean(environment[name] or "")


def _listed(name: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    return (("" if number else name, text) for number, text in enumerate(texts))


def _not_here(document: Mapping[str, Any], places: Mapping[str, int]) -> str:
    generated = document["generated"]
    if generated is None:
        return "none known: it ran in the work tree\n" if document["in_place"] else "none here\n"
    if not generated["files"]:
        return "no files\n"
    amount = f"{count_text(generated['files'], 'file')}, {size_text(generated['bytes'])}"
    return f"{amount}: {places_text(generated['files'], places)}\n"


def _table(files: Sequence[RunFile], screen: Screen) -> str:
    """Without the line of titles: the columns tell themselves."""
    sizes = ["" if file.link is not None else size_text(file.size) for file in files]
    columns = [
        Column("", sizes, 0, right=True),
        Column("", [clean(shown_bytes(file.path)) for file in files], 1, least=20),
        Column("", [_remark(file, screen) for file in files], 2, least=10),
    ]
    return format_table(columns, screen).partition("\n")[2]


def _remark(file: RunFile, screen: Screen) -> str:
    arrow = screen.sign("→", "->")
    if file.link is not None:
        text = f"{arrow} {clean(shown_bytes(file.link))}"
    elif file.reference is not None:
        text = f"{arrow} {_origin(file.reference)}"
    elif file.is_input:
        return "a copy"
    elif file.is_unrecorded:
        text = "not recorded"
    elif file.where != HERE:
        return file.where
    else:
        return f"{file.image.width} x {file.image.height}" if file.image else ""
    return text if file.is_here else f"{text}, not here"


def _origin(reference: Reference) -> str:
    path = clean(shown_bytes(reference.path)) + "/" * reference.is_folder
    return path if reference.run is None else f"{path} of run {short_id(reference.run)}"


def file_body(file: RunFile) -> dict[str, Any]:
    """A file as a JSON value. Source: docs/json.md, "Parts of a run"."""
    reference, image = file.reference, file.image
    return {
        "path": shown_bytes(file.path),
        "size": file.size,
        "role": file.role,
        "sha256": file.sha256,
        "input": file.is_input,
        "here": file.is_here,
        "where": file.where,
        "link": None if file.link is None else shown_bytes(file.link),
        "reference": None if reference is None else _reference_body(reference),
        "width": image and image.width,
        "height": image and image.height,
        "preview": file.preview is not None,
    }


def _reference_body(reference: Reference) -> dict[str, Any]:
    return {
        "type": "dir" if reference.is_folder else "file",
        "run": reference.run,
        "path": shown_bytes(reference.path),
        "sha256": reference.digest,
    }
