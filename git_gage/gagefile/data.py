"""Which files a script reads, as far as its text names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LONGEST = 200
_WORD = re.compile(r"(>\s*)?((?:[\w.~-]|/)+)")
_WRITES = re.compile(r"write|save|dump|mkdir|makedirs|touch|remove|unlink|rmtree|to_\w+", re.I)
_OUTPUT = re.compile(
    r"(.*/)?(out|output|result|log|run|checkpoint|report|build|dist|te?mp|cache)s?"
)


def find_words(text: str) -> tuple[str, ...]:
    """Words of a program for a shell that may name a file or folder that it reads."""
    found = (word for arrow, word in _WORD.findall(text) if not arrow)
    return tuple(word for word in dict.fromkeys(map(_plain, found)) if _may_be_read(word))


def find_paths(tree: ast.Module) -> tuple[str, ...]:
    """Texts of a Python script that may name a file or folder that it reads, in their order.

    Not among them are those that it obviously writes to, and names that results usually have.
    """
    written = {text for node in ast.walk(tree) for text in _written(node)}
    texts = (
        _plain(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return tuple(
        text for text in dict.fromkeys(texts) if text not in written and _may_be_read(text)
    )


def _plain(text: str) -> str:
    return text.removeprefix("./").rstrip("/")


def _may_be_read(text: str) -> bool:
    """Whether a text could be a path below the folder of the project, and that of no result."""
    if len(text) > _LONGEST or not text.isprintable() or _OUTPUT.fullmatch(text):
        return False
    return not {"", ".", ".."}.intersection(text.split("/"))


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
                yield _plain(part.value)
