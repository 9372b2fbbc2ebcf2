"""What `git gage help` explains besides commands."""

from __future__ import annotations

from git_gage.cli.parsing import help_page, help_rows

TOPICS = {
    "filters": "Choose runs by what is known of them",
    "formats": "List runs for programs, and in columns of your own",
}

_CONDITIONS = (
    ("= == != < <= > >=", "compare numbers, text or times: acc > 0.9"),
    ("in, not in", "is in a list or not: op in [prepare-data, prepare]"),
    ("=~, !~", "matches a regular expression or not: model =~ '^res'"),
    ("= null, != null", "is not there, or is: acc = null"),
    ("<name>", "is there: label, not tag, dirty"),
    ("<word>", "is the operation, status or a tag, or part of the label"),
    ("not, and, or, ( )", "bind in this order: not a = 1 and (b = 2 or c = 3)"),
)
_NAMES = (
    ("of every run", "op status label tag comment started ended staged duration"),
    ("", "exit_code signal run name commit digest branch dirty author"),
    ("", "project project_id host platform python version parent"),
    ("", "restart_of deleted archived"),
    ("metric.<name>", "the last value of a metric"),
    ("config.<name>", "a setting"),
    ("attr.<name>", "an attribute"),
    ("any other name", "the metric, else the setting, else the attribute"),
)
_VALUES = (
    ("numbers", "0.9 1e-3 1_000 inf"),
    ("lengths of time", "90s 5m 1h30m 2d"),
    ("times", "2026-11-01 yesterday '2 days ago', as git reads them"),
    ("other", "true false null, words, and 'text' between quotes"),
)
_EXAMPLES = (
    "git gage list -w 'acc > 0.9 and lr < 0.01'",
    "git gage list -w 'started > yesterday' -w 'not label'",
    "git gage list -w baseline",
)
_FOOTER = """\
What a run does not have is neither equal nor unequal to anything, as in SQL.
Filters given by several '-w' must all hold
"""


_FORMATS = (
    ("--json, --jsonl", "run objects, in an array or one a line (docs/json.md)"),
    ("--csv", "all that is known, under a line of names"),
    ("--md", "a table in Markdown"),
    ("--porcelain", "columns that stay, with tabs between them"),
    ("--format <text>", "lines of your own: '{run} {metric.acc}'"),
    ("-z", "a NUL behind each run, not a line end"),
)
_COLUMNS = (
    ("of every run", "id run name operation status exit_code signal label tags"),
    ("", "started ended staged duration author email commit branch"),
    ("", "dirty digest project host python platform version parent"),
    ("", "restart_of; in a table also age"),
    ("metric.<name>", "the last value of a metric"),
    ("config.<name>", "a setting"),
    ("attr.<name>", "an attribute"),
    ("any other name", "the metric, else the setting, else the attribute"),
    ("config, metrics", "all of them; in forms for programs attributes, too"),
)
_FORMAT_EXAMPLES = (
    "git gage list --columns run,status,config,acc --sort -acc",
    "git gage list --all --csv > runs.csv",
    "git gage list --format '{run}\\t{label}' -z",
)
_FORMAT_FOOTER = """\
What a run does not have is empty. In --format \\t, \\n and \\0 stand for a tab, a
line end and NUL, {{ and }} for braces. The columns of --porcelain never change:
id name operation status exit_code started duration_s commit label
"""


def topic_page(topic: str) -> str:
    """The help on one of `TOPICS`."""
    if topic == "formats":
        sections = {"FORMS": help_rows(_FORMATS), "NAMES": help_rows(_COLUMNS)}
        return help_page(TOPICS[topic], _FORMAT_EXAMPLES, sections, _FORMAT_FOOTER)
    sections = {
        "CONDITIONS": help_rows(_CONDITIONS),
        "NAMES": help_rows(_NAMES),
        "VALUES": help_rows(_VALUES),
    }
    return help_page(TOPICS[topic], _EXAMPLES, sections, _FOOTER)
