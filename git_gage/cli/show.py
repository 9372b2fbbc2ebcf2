"""`git gage show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, color_option, json_option
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import FETCH, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from git_gage.catalog.said import Outcome
    from git_gage.cli.app import App
    from git_gage.metrics.series import Series
    from git_gage.render.images import Draw
    from git_gage.render.screen import Screen
    from git_gage.runs.files import RunFile
    from git_gage.store.thumbs import Gallery

# Parts that can be shown together, and what is an answer of its own.
PARTS = ("config", "metrics", "files", "images", "environment", "attrs", "history")
ALONE = ("--lineage", "--output", "--diff", "--reproduce")
_MAX_FOLLOWERS = 6


@click.command(
    "show",
    cls=Command,
    usage="git gage show [<run>] [<part>...] [--json]",
    examples=["git gage show", "git gage show 2 --diff", "git gage show --config --metrics"],
    exclusive=[
        ("--json", "--output", "--diff", "--reproduce"),
        *((*ALONE, f"--{part}") for part in PARTS),
    ],
    note="Without a <run>, the newest begun here is shown, or else the newest. Without\n"
    "a <part>, a page of all there is to know. Those from config to history can be\n"
    "shown together\n\n" + RUN_NOTE,
)
@click.argument("run", metavar="<run>", required=False, type=RunName())
@click.option("--config", is_flag=True, help="Show the config, and what is a default of it")
@click.option("--metrics", is_flag=True, help="Show all metrics: last, least, greatest, mean")
@click.option("--files", is_flag=True, help="List the files that it made and was given")
@click.option("--images", is_flag=True, help="List the images that it made; draw them, if possible")
@click.option("--environment", is_flag=True, help="Show Python, packages, machine and variables")
@click.option("--attrs", is_flag=True, help="Show label, tags and attributes, and who said so")
@click.option("--history", is_flag=True, help="Show all that was recorded of it, and by whom")
@click.option("--output", is_flag=True, help="Print what it printed, as 'git gage output'")
@click.option("--diff", is_flag=True, help="Print the patch from the commit to what ran")
@click.option("--lineage", is_flag=True, help="Show what it was made from, and what used it")
@click.option("--reproduce", is_flag=True, help="Print the commands that repeat it by hand")
@json_option
@color_option
@click.pass_obj
def command(
    app: App,
    /,
    run: str | None,
    output: bool,
    diff: bool,
    lineage: bool,
    reproduce: bool,
    as_json: bool,
    color: str,
    **parts: bool,
) -> None:
    """Show one run"""
    document = app.document(run)
    screen = app.screen(color)
    asked = [part for part in PARTS if parts[part]]
    if output:
        from git_gage.cli.bulk import OUTPUT
        from git_gage.cli.output import print_output

        print_output(app, document, OUTPUT, timestamps=False, count=None)
    elif lineage:
        _show_lineage(app, document, screen, as_json=as_json)
    elif diff:
        app.show(_read_patches(app, document, screen), screen)
    elif reproduce:
        app.show(_format_repeat(app, document).encode(errors="surrogateescape"), screen)
    elif as_json:
        from git_gage.render.machine import format_json

        body = _parts_body(app, document, asked) if asked else document
        screen.write(screen.encode(format_json(body)))
    elif asked:
        text = _format_parts(app, document, asked, screen)
        # A pager would show pictures as what they are made of.
        drawn = "images" in asked and _find_drawing(app, screen) is not None
        if drawn:
            screen.write(screen.encode(text))
        else:
            app.show(text, screen)
    else:
        app.show(draw_page(app, document, screen), screen)


def _show_lineage(app: App, document: dict[str, Any], screen: Screen, *, as_json: bool) -> None:
    from git_gage.render.lineage import format_lineage, lineage_body
    from git_gage.render.machine import format_json
    from git_gage.runs.lineage import trace_lineage

    lineage = trace_lineage(document, app.catalog)
    if as_json:
        screen.write(screen.encode(format_json(lineage_body(lineage))))
    else:
        app.show(format_lineage(lineage, screen), screen)


def draw_page(app: App, document: dict[str, Any], screen: Screen) -> str:
    """All there is to know of a run."""
    import time

    from git_gage.cli.bulk import OUTPUT, has_bulk, has_source
    from git_gage.render.page import MAX_METRICS, format_page
    from git_gage.runs.lineage import newest_followers

    run_dir = _find_run_dir(app, document)
    shown = list(document["metrics"])[:MAX_METRICS]
    images, known = _list_images(app, document)
    source_here = has_source(app.repo, document["source"])
    output_here = has_bulk(app, document["id"], OUTPUT)
    is_here = source_here and output_here
    return format_page(
        document,
        screen=screen,
        now=time.time(),
        run_dir=run_dir,
        places=None if run_dir else _find_places(app, document),
        source_here=source_here,
        output_here=output_here,
        fetch=FETCH if is_here else _how_to_fetch(app, document),
        given=_find_given(app, document),
        series=_read_series(app, document, shown),
        images=images,
        images_known=known,
        followers=newest_followers(document, app.catalog, _MAX_FOLLOWERS),
        unapplied=_count_unapplied(app, document),
        folder=app.typed_folder,
    )


# -- parts --------------------------------------------------------------------------------------


def _format_parts(app: App, document: dict[str, Any], parts: Sequence[str], screen: Screen) -> str:
    """Parts of a run, below their names where there are several."""
    texts = [_format_part(app, document, part, screen) for part in parts]
    if len(parts) == 1:
        return texts[0]
    named = zip(parts, texts, strict=True)
    return "\n".join(f"{screen.paint(part, 'bold')}\n{text}" for part, text in named)


def _format_part(app: App, document: dict[str, Any], part: str, screen: Screen) -> str:
    from git_gage.render.metrics import format_metrics
    from git_gage.render.sections import format_config, format_environment, format_files

    match part:
        case "config":
            return format_config(document["config"], _find_given(app, document), screen)
        case "metrics":
            series = _read_series(app, document, list(document["summaries"]))
            return format_metrics(document["summaries"], series, screen)
        case "files":
            run_dir = _find_run_dir(app, document)
            return format_files(document, _list_files(app, document), run_dir, screen)
        case "images":
            from git_gage.render.images import format_images
            from git_gage.runs.thumbs import can_draw

            images, known = _list_images(app, document)
            drawing = _find_drawing(app, screen)
            run = document["id"]
            return format_images(run, images, known, drawing, lacks_pillow=not can_draw())
        case "attrs":
            from git_gage.render.said import attrs_body, format_attrs

            return format_attrs(attrs_body(document, _weigh(app, document)), screen)
        case "history":
            from git_gage.render.said import format_history
            from git_gage.runs.history import trace_history

            return format_history(trace_history(app.catalog, document["id"]), screen)
        case _:
            return format_environment(document, screen, _how_to_fetch(app, document))


def _how_to_fetch(app: App, document: Mapping[str, Any]) -> str:
    from git_gage.cli.absent import how_to_fetch
    from git_gage.render.wording import hint_text

    return hint_text(how_to_fetch(app, document["id"]), app.typed_folder)


def _parts_body(app: App, document: dict[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    """Parts of a run as one object. Source: docs/json.md, "Parts of a run"."""
    body: dict[str, Any] = {"id": document["id"]}
    for part in parts:
        body |= _part_body(app, document, part)
    return body


def _part_body(app: App, document: dict[str, Any], part: str) -> dict[str, Any]:
    from git_gage.render.sections import environment_body, file_body, files_body

    match part:
        case "config":
            given = _find_given(app, document)
            config = document["config"]
            return {"config": config, "defaults": [key for key in config if key not in given]}
        case "metrics":
            return {key: document[key] for key in ("metrics", "summaries")}
        case "files":
            return files_body(_list_files(app, document), _find_run_dir(app, document))
        case "images":
            images, known = _list_images(app, document)
            return {"images": list(map(file_body, images)), "images_known": known}
        case "attrs":
            from git_gage.render.said import attrs_body

            return {"attrs": attrs_body(document, _weigh(app, document))}
        case "history":
            from git_gage.render.said import history_body
            from git_gage.runs.history import trace_history

            return {"history": history_body(trace_history(app.catalog, document["id"]))}
        case _:
            return environment_body(document)


def _count_unapplied(app: App, document: Mapping[str, Any]) -> int:
    """Records that are kept and change nothing, but for requests, which their comments show."""
    from git_gage.catalog.said import Role

    return sum(role is Role.REFUSED for role in _weigh(app, document).roles.values())


def _weigh(app: App, document: Mapping[str, Any]) -> Outcome:
    from git_gage.catalog.said import Begun, weigh

    begun = Begun(document["author"], document["writer"])
    return weigh(app.runs.said(document["id"]), begun)


def _find_run_dir(app: App, document: Mapping[str, Any]) -> Path | None:
    run_dir = app.store.run_dir(document["id"])
    return run_dir if run_dir.is_dir() else None


def _find_places(app: App, document: Mapping[str, Any]) -> Mapping[str, int]:
    """How many files that a run made are where."""
    from collections import Counter

    from git_gage.runs.files import list_made

    return Counter(file.where for file in list_made(app.store, app.catalog, document))


def _list_files(app: App, document: Mapping[str, Any]) -> list[RunFile]:
    from git_gage.runs.files import list_files, with_previews

    return with_previews(list_files(app.store, app.catalog, document), _read_gallery(app, document))


def _list_images(app: App, document: Mapping[str, Any]) -> tuple[list[RunFile], int]:
    """Images, also those of which only a preview is here; and how many there are in all."""
    from git_gage.runs.files import list_images, with_previews
    from git_gage.runs.thumbs import MAX_FILES

    gallery = _read_gallery(app, document)
    found = list_images(app.store, app.catalog, document, MAX_FILES)
    images = with_previews((image for image in found if image.is_here), gallery)
    return images, max(gallery.images, len(images))


def _read_gallery(app: App, document: Mapping[str, Any]) -> Gallery:
    from git_gage.runs.thumbs import find_gallery

    return find_gallery(app.store, app.catalog, document["id"])


def _find_drawing(app: App, screen: Screen) -> Draw | None:
    from git_gage.render.images import find_drawing

    return find_drawing(screen, app.environ)


def _find_given(app: App, document: Mapping[str, Any]) -> frozenset[str]:
    """Settings that are no defaults."""
    from git_gage.runs.recall import find_given

    records = app.runs.records(document["id"])
    begin = next(record for record in records if record.kind == "run.begin")
    return find_given(begin.body, document["config"])


def _read_series(
    app: App, document: Mapping[str, Any], names: Sequence[str]
) -> Mapping[str, Series]:
    """Series of those of the metrics that have several values; none where they are not here."""
    from git_gage.runs.series import read_series

    summaries = document["summaries"]
    several = [name for name in names if name not in summaries or summaries[name]["count"] > 1]
    try:
        return read_series(app.store, app.catalog, document["id"], several) or {}
    except IntegrityError as error:  # all else that is known of the run can be shown
        app.progress().warning(error.message)
        return {}


# -- what is an answer of its own ---------------------------------------------------------------


def _format_repeat(app: App, document: dict[str, Any]) -> str:
    from git_gage.render.repeat import format_repeat
    from git_gage.runs.repeat import plan_repeat

    return format_repeat(plan_repeat(app.store, app.catalog, document, app.progress()))


def _read_patches(app: App, document: dict[str, Any], screen: Screen) -> bytes:
    """From the commit to the snapshot, then from there to what the settings made of the script."""
    from git_gage.cli.bulk import read_config_diff, read_patch
    from git_gage.render.log import clean_log

    patch = read_patch(app, document, color=screen.color)
    settings = read_config_diff(app, document["id"])
    if settings is not None:
        patch += settings.encode("utf-8", "surrogateescape")
    return clean_log(patch) if screen.terminal else patch
