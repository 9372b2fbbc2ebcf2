"""What `git gage diff` shows: source, settings, environment and output of two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from git_gage.cli.diff import SECTIONS
from git_gage.errors import NotHereError, RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.render.difference import Colors, Section
    from git_gage.render.screen import Screen
    from git_gage.runs.comparison import Comparison, Row
    from git_gage.source.foreign import DiffLimits

_PARTS = {
    "config": ("command", "config", "inputs"),
    "environment": ("environment", "variables", "packages"),
}


class Differences:
    """One or two runs, by their run objects; one is compared with the work tree.

    `scratch` keeps what is made aside until all is shown.
    """

    def __init__(
        self,
        app: App,
        runs: Sequence[dict[str, Any]],
        given: Mapping[str, Any],
        color: str,
        scratch: ExitStack,
    ) -> None:
        self._app = app
        self._runs = runs
        self._given = given
        self._scratch = scratch
        self._screen = self._find_screen(color)
        self._asked = self._sections()

    def show(self) -> bool:
        """Print what differs; whether anything does, as far as it can be told."""
        found = [self._section(name) for name in self._asked]
        if self._given["as_json"]:
            self._print_json(found)
        else:
            from git_gage.render.difference import format_sections
            from git_gage.render.log import clean_log

            titles = len(self._asked) > 1
            text = format_sections(found, self._colors, self._screen, titles=titles)
            self._app.show(clean_log(text) if self._screen.terminal else text, self._screen)
        return any(section.body or not section.here for section in found)

    def open_tool(self, tool: str) -> int:
        """Hand the two sources to `git difftool`; its exit code."""
        one, other = self._snapshots
        named = [f"--tool={tool}"] if tool else []
        paths = self._given["paths"]
        return self._app.repo.hand_over(
            *(*self._limits().settings, "difftool", *named),
            one,
            other,
            "--",
            *paths,
            env=self._objects,
        )

    # -- what is asked -------------------------------------------------------------------------

    def _sections(self) -> list[str]:
        asked = [name for name in SECTIONS if self._given[name]]
        about_source = self._given["stat"] or self._given["paths"]
        one = len(self._runs) == 1
        if one and asked not in ([], ["source"]):
            run = self._runs[0]["name"]
            raise RequestError(
                f"the work tree has no {next(name for name in asked if name != 'source')}"
                f" to compare '{run}' with",
                hint=f"git gage diff {run} @",
            )
        if about_source and asked not in ([], ["source"]):
            raise RequestError("paths are about the source alone", hint="git gage diff --source")
        return asked or (["source"] if one or about_source else list(SECTIONS))

    def _section(self, name: str) -> Section:
        from git_gage.render.difference import Section, format_rows

        if name == "source":
            return self._source()
        if name == "output":
            return self._output()
        rows = list(self._rows(name))
        return Section(name, self._screen.encode(format_rows(rows, self._colors)))

    def _find_screen(self, color: str) -> Screen:
        """As git diff has it: `color.diff` counts before `color.ui`."""
        screen = self._app.screen(color)
        repo = self._app.here
        if color == "auto" and repo.run("config", "--get", "color.diff", ok=(0, 1)):
            terminal = "true" if screen.terminal else "false"
            said = repo.run("config", "--get-colorbool", "color.diff", terminal, ok=(0, 1))
            screen.color = said.strip() == b"true"
        return screen

    @cached_property
    def _colors(self) -> Colors:
        from git_gage.render.difference import Colors

        if not self._screen.color:
            return Colors()
        kinds = {"old": "red", "new": "green", "meta": "bold"}
        ask = self._app.here.run
        return Colors(
            *(
                ask("config", "--get-color", f"color.diff.{kind}", usual).decode()
                for kind, usual in kinds.items()
            )
        )

    # -- settings and environment --------------------------------------------------------------

    @cached_property
    def _comparison(self) -> Comparison:
        from git_gage.runs.comparison import compare_runs

        return compare_runs(self._runs)

    def _rows(self, name: str) -> Iterator[Row]:
        """Rows of a section; how many packages there are is not told besides which."""
        for row in self._comparison.rows:
            if row.part in _PARTS[name] and (row.name != "packages" or not row.known):
                yield row

    # -- source --------------------------------------------------------------------------------

    @cached_property
    def _snapshots(self) -> tuple[str, str]:
        """Commits that hold the two sources.

        Raises: RequestError where there is none, or it is not here.
        """
        from git_gage.cli.bulk import has_source

        found = []
        for run in self._runs:
            if run["source"]["snapshot"] is None:
                raise RequestError(f"no source of '{run['name']}' was recorded")
            if not has_source(self._app.repo, run["source"]):
                raise NotHereError(f"source of '{run['name']}': not here", run["id"])
            found.append(run["source"]["snapshot"])
        return found[0], found[1] if len(found) > 1 else self._work_tree[0]

    @cached_property
    def _work_tree(self) -> tuple[str, dict[str, str]]:
        """A commit of the working state, and where git finds what is new in it."""
        from pathlib import Path
        from tempfile import TemporaryDirectory

        from git_gage.git.quarantine import has_objects, quarantine_environ
        from git_gage.source import capture_source

        repo = self._app.repo
        if self._app.folder is not None:
            raise RequestError(
                "runs of a folder cannot be compared with a work tree", hint="git gage diff 2 1"
            )
        folder = Path(self._scratch.enter_context(TemporaryDirectory(prefix="git-gage-")))
        snapshot = capture_source(repo, folder).snapshot
        if snapshot is None:
            raise RequestError(
                "there is no work tree here to compare with", hint="git gage diff 2 1"
            )
        # Where there is nothing new git would find no repository.
        return snapshot, quarantine_environ(repo, folder) if has_objects(folder) else {}

    @property
    def _objects(self) -> dict[str, str]:
        return self._work_tree[1] if len(self._runs) == 1 else {}

    def _source(self) -> Section:
        from git_gage.render.difference import Section
        from git_gage.runs.changes import read_diff

        if len(self._asked) > 1 and not self._has_sources():
            return Section("source", b"", self._is_same_source())
        when = "always" if self._screen.color else "never"
        options = [f"--color={when}", *(["--stat"] if self._given["stat"] else ())]
        if self._given["stat"] and self._screen.terminal:
            options.append(f"--stat={self._screen.width}")
        one, other = self._snapshots
        patch = read_diff(
            *(self._app.repo, one, other, self._given["paths"]),
            options=options,
            env=self._objects,
            limits=self._limits(lines=not self._given["stat"]),
        )
        return Section("source", patch)

    def _limits(self, *, lines: bool = True) -> DiffLimits:
        from git_gage.cli.bulk import show_limits

        return show_limits(self._app, self._runs, *self._snapshots, self._objects, lines=lines)

    def _has_sources(self) -> bool:
        from git_gage.cli.bulk import has_source

        sources = [run["source"] for run in self._runs]
        return all(
            source["snapshot"] is not None and has_source(self._app.repo, source)
            for source in sources
        )

    def _is_same_source(self) -> bool:
        digests = {run["source"]["digest"] for run in self._runs}
        return len(digests) == 1

    # -- output --------------------------------------------------------------------------------

    def _output(self) -> Section:
        from git_gage.render.difference import Section

        opened = [self._open_output(run) for run in self._runs]
        if None in opened:
            if len(self._asked) == 1:
                from git_gage.cli.bulk import OUTPUT, refuse_absent

                absent = self._runs[opened.index(None)]
                raise refuse_absent(self._app, absent, OUTPUT)
            return Section("output", b"", here=False)
        from git_gage.records import short_id
        from git_gage.runs.changes import diff_outputs

        names = [short_id(run["id"]) for run in self._runs]
        when = "always" if self._screen.color else "never"
        files = [file for file in opened if file is not None]
        body = diff_outputs(self._app.repo, names, files, [f"--color={when}"])
        return Section("output", body)

    def _open_output(self, run: Mapping[str, Any]) -> BinaryIO | None:
        from io import BytesIO

        from git_gage.cli.bulk import open_output

        file = open_output(self._app, run["id"])
        if file is None:  # it may have printed nothing
            return BytesIO() if run["output"] is None and run["status"] != "lost" else None
        return self._scratch.enter_context(file)

    # -- for programs --------------------------------------------------------------------------

    def _print_json(self, found: Sequence[Section]) -> None:
        """As docs/json.md has it; null for what was not asked for or is not here."""
        from git_gage.render.difference import rows_body
        from git_gage.render.machine import format_json
        from git_gage.runs.changes import changed_files

        told = {section.name: section for section in found if section.here}
        body: dict[str, Any] = {"runs": [run["id"] for run in self._runs]}
        body["source"] = None
        if "source" in told:
            one, other = self._snapshots
            paths = self._given["paths"]
            limits = self._limits(lines=False)
            body["source"] = changed_files(self._app.repo, one, other, paths, self._objects, limits)
        for name in _PARTS:
            body[name] = rows_body(list(self._rows(name))) if name in told else None
        body["output"] = told["output"].body.decode(errors="replace") if "output" in told else None
        self._screen.write(self._screen.encode(format_json(body)))
