"""Which files a script reads, as far as its text names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LONGEST = 200
_WRITES = re.compile(r"write|save|dump|mkdir|makedirs|touch|remove|unlink|rmtree|to_\w+", re.I)
_OUTPUT = re.compile(
    r"(.*/)?(out|output|result|log|run|checkpoint|report|build|dist|te?mp|cache)s?"
)


def find_paths(tree: ast.Module) -> tuple[str, ...]:
    """Texts of a script that may name a file or folder that it reads, in their order.

    Not among them are those that it obviously writes to, and names that results usually have.
    """
    written = {text for node in ast.walk(tree) for text in _written(node)}
    return tuple(
        text
        for text in dict.fromkeys(_texts(tree))
        if text not in written and not _OUTPUT.fullmatch(text)
    )


def _texts(tree: ast.Module) -> Iterator[str]:
    """Texts that could be paths below the folder that the script runs in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.removeprefix("./").rstrip("/")
            parts = text.split("/")
            plain = text.isprintable() and not {"", ".", ".."}.intersection(parts)
            if plain and len(text) <= _LONGEST:
                yield text


def _written(node: ast.AST) -> Iterator[str]:
    """Texts in a call that writes."""
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func).rpartition(".")[2]
    words = [*node.args, *(word.value for word in node.keywords)]
    texts = [word.value for word in words if isinstance(word, ast.Constant)]
    opens = name == "open" and any(re.fullmatch("[rbt+]*[wax][rbt+]*", str(t)) for t in texts[1:])
    if opens or _WRITES.search(name):
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value.removeprefix("./").rstrip("/")
