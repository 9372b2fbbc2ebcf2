"""Makes git_gage/catalog/filter_table.py of filter.lark: `make grammar`.

Loading lark takes longer than the rest of a list does. So lark reads the grammar here, once, and
what runs has only its table.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from lark import Lark
from lark.lexer import PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Shift

HERE = Path(__file__).resolve().parents[1] / "git_gage" / "catalog"
GRAMMAR, TABLE = HERE / "filter.lark", HERE / "filter_table.py"
HEAD = '''\
"""What `make grammar` made of filter.lark: not for editing."""

# ruff: noqa: E501
from __future__ import annotations

'''


def make_table(grammar: str) -> str:
    """The module that the parser of a grammar runs by."""
    lark = Lark(grammar, parser="lalr", maybe_placeholders=False)
    parser: Any = lark.parser
    table = parser.parser.parser.parse_table
    start, end = table.start_states["start"], table.end_states["start"]
    order = _number_states(table.states, start)
    rules: dict[Any, int] = {}
    states = [
        {
            str(name): _action(action, order, rules)
            for name, action in sorted(table.states[state].items())
        }
        for state in order
    ]
    parts = {
        "SCANNER": _scanner(list(lark.terminals)),
        "KEYWORDS": _keywords(list(lark.terminals)),
        "RULES: tuple[tuple[str, str, bool, tuple[bool, ...]], ...]": tuple(map(_rule, rules)),
        "STATES: tuple[dict[str, int], ...]": tuple(states),
        "END": order[end],
    }
    text = HEAD + "".join(f"{name} = {value!r}\n" for name, value in parts.items())
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "-", "--stdin-filename", str(TABLE)],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _number_states(states: dict[int, dict[str, Any]], start: int) -> dict[int, int]:
    """Numbers from the start on, the same every time; lark's are not."""
    order = {start: 0}
    for state in (waiting := [start]):
        for name in sorted(states[state]):
            action, to = states[state][name]
            if action is Shift and to not in order:
                order[to] = len(order)
                waiting.append(to)
    return order


def _action(action: tuple[Any, Any], order: dict[int, int], rules: dict[Any, int]) -> int:
    """A state to go to, or from -1 down a rule to reduce by."""
    kind, to = action
    return order[to] if kind is Shift else ~rules.setdefault(to, len(rules))


def _rule(rule: Any) -> tuple[str, str, bool, tuple[bool, ...]]:
    """What it makes, by which method, whether one child stands for it, which children it keeps."""
    origin = rule.origin.name
    method = "" if origin.startswith("_") else str(rule.alias or origin)
    kept = tuple(not getattr(symbol, "filter_out", False) for symbol in rule.expansion)
    return str(origin), method, bool(rule.options.expand1) and not rule.alias, kept


def _is_keyword(terminal: TerminalDef) -> bool:
    return isinstance(terminal.pattern, PatternStr) and terminal.pattern.value[0].isalpha()


def _keywords(terminals: list[TerminalDef]) -> dict[str, str]:
    return {str(each.pattern.value): str(each.name) for each in terminals if _is_keyword(each)}


def _scanner(terminals: list[TerminalDef]) -> str:
    found = sorted(terminals, key=lambda each: (-each.pattern.max_width, each.name))
    return "|".join(
        f"(?P<{each.name}>{each.pattern.to_regexp()})" for each in found if not _is_keyword(each)
    )


if __name__ == "__main__":
    TABLE.write_text(make_table(GRAMMAR.read_text()))
    sys.stderr.write(f"wrote {TABLE.name}\n")
