"""Constants of notebook cells, set with every other byte of the notebook as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.config.documents import DocumentError
from git_gage.config.edits import Place
from git_gage.config.formats import change_values, list_values, list_wholes
from git_gage.config.values import Value
from git_gage.errors import ConfigError
from tests.unit.config.documents import refuse_values, set_values


def make_notebook(*cells: Any, **metadata: Any) -> str:
    """A notebook of code cells, as Jupyter writes it; a dict is a cell of its own."""
    made = [
        cell if isinstance(cell, dict) else {"cell_type": "code", "outputs": [], "source": cell}
        for cell in cells
    ]
    notebook = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def values_of(*cells: Any) -> dict[Place, tuple[str, ...]]:
    listed = list_values(make_notebook(*cells).encode(), "a.ipynb")
    return {place: tuple(value) for place, value in listed.items()}


def test_only_the_strings_of_chosen_values_change() -> None:
    notebook = make_notebook(
        {"cell_type": "markdown", "source": ["lr = 1\n"]},
        ["%matplotlib inline\n", "lr = 0.1  # é \\\n", "name: str = 'net'\n", "z = 1"],
        "model = {'depth': 3, 'sizes': (1, 2)}\nbig = b'x'\nseen = {1}\nnone = None\nkeep = 5\n",
        kernelspec={"language": "python", "name": "python3"},
    )
    changed = set_values(
        "dir/a.ipynb",
        notebook,
        lr="float 1e-3",
        name="str it's",
        model__depth="int 4",
        model__sizes="json [3]",
        big="str y",
        seen="json [2, 3]",
        none='json {"a": [true]}',
        z="bool true",
    )
    assert changed == (
        notebook.replace("lr = 0.1", "lr = 1e-3")
        .replace("'net'", "'it\\\\'s'")
        .replace("'depth': 3", "'depth': 4")
        .replace("(1, 2)", "(3,)")
        .replace("b'x'", "b'y'")
        .replace("{1}", "{2, 3}")
        .replace("= None", '= {\\"a\\": [True]}')
        .replace('"z = 1"', '"z = True"')
    )
    assert list_wholes(notebook.encode(), "a.ipynb") == {
        ("model",): ("json", '{"depth": 3, "sizes": [1, 2]}'),
        ("model", "sizes"): ("json", "[1, 2]"),
        ("seen",): ("json", "[1]"),
    }
    assert values_of("a = 1", {"cell_type": "code", "source": []}, {"cell_type": "raw"}) == {
        ("a",): ("int", "1")
    }


def test_value_over_several_strings_leaves_the_rest_in_place() -> None:
    notebook = make_notebook(["t = '''a\n", "b\n", "c''' + x\n", "u = '''a\n", "b'''; n = 1\n"])
    assert set_values("a.ipynb", notebook, u="str new", n="int 2") == notebook.replace(
        "u = '''a\\n", "u = '''new'''"
    ).replace("b'''; n = 1", "; n = 2")


def test_escapes_in_ascii_stay_in_ascii() -> None:
    notebook = '{"cells": [{"cell_type": "code", "source": "a = \'\\u00e9\'; b = 1"}]}'
    assert set_values("a.ipynb", notebook, b="int 2") == notebook.replace("b = 1", "b = 2")


def test_lines_for_ipython_are_no_faults() -> None:
    assert values_of(
        ["%load_ext autoreload\n", "a = 1\n", "!pip install \\\n", "  'x\n", "files = !ls\n", "a?"],
        [
            "files = 2\n",
            "for x in y:\n",
            "    !echo {x}\n",
            "t = %time f()\n",
            "?a\n",
            "b = 7\n",
        ],
        "%%bash\nc = 3\n",
        "%%time\nd = await f()\ne = 4\n",
        "# -*- coding: latin-1 -*-\nf = 'é'\n%matplotlib inline",
    ) == {
        ("a",): ("int", "1"),
        ("files",): ("int", "2"),
        ("b",): ("int", "7"),
        ("e",): ("int", "4"),
        ("f",): ("str", "é"),
    }


def test_later_cell_sets_a_name_again() -> None:
    notebook = make_notebook("a = 1", "a = 2")
    assert set_values("a.ipynb", notebook, a="int 3") == notebook.replace("a = 2", "a = 3")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (["a = 1\n", "b = = 2\n"], "a.ipynb: cell 2, line 2: invalid syntax"),
        (f"a = {'-' * 100_000}1", "a.ipynb: cell 2: nested too deeply, or no text"),
        ("a = (", "a.ipynb: cell 2, line 1: '(' was never closed"),
    ],
)
def test_cell_that_is_no_python_is_named(cell: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        values_of({"cell_type": "markdown", "source": "x"}, cell)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("data", "message", "column"),
    [
        ('{"cells": 1}', "no notebook: it has no 'cells'", 1),
        (" []", "no notebook: it has no 'cells'", 2),
        (
            '{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}',
            "no notebook in Python",
            55,
        ),
        ('{"cells": [', "unclosed '['", 11),
    ],
)
def test_what_is_no_notebook_is_refused(data: str, message: str, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        list_values(data.encode(), "a.ipynb")
    assert (caught.value.message, caught.value.column) == (message, column)


def test_value_that_cannot_be_set_is_named() -> None:
    notebook = make_notebook("a = [1, [2]]\n")
    assert refuse_values("a.ipynb", notebook, a="json x", b="int 1") == (
        "'a' cannot be 'x': it is no json\nthere is no 'b'"
    )
    assert refuse_values("a.ipynb", notebook, a__1="json [3]", a__1__0="int 4").startswith(
        "cannot set 'a.1', 'a.1.0' in the way"
    )


@settings(max_examples=40, deadline=None)
@given(
    cells=st.lists(
        st.lists(
            st.sampled_from(
                [
                    *(
                        "a = 1\n",
                        "b = 'x'  # é\n",
                        "c = [0.5,\n",
                        " 'é\\\\']\n",
                        "%magic\n",
                        "!ls\n",
                    ),
                    *("d = '''x\n", "y'''\n", "\r\n", "e = {'k': -1}; f = True\n", "print(a)\n"),
                ]
            ),
            max_size=5,
        ),
        max_size=3,
    ),
    value=st.sampled_from(
        [Value("int", "7"), Value("str", "é'\"\n\\"), Value("float", "2"), Value("bool", "false")]
    ),
    data=st.data(),
)
def test_only_the_chosen_value_changes(
    cells: list[list[str]], value: Value, data: st.DataObject
) -> None:
    notebook = make_notebook(*cells).encode()
    try:
        listed = list_values(notebook, "a.ipynb")
    except ConfigError:
        return
    if not listed:
        return
    place = data.draw(st.sampled_from(list(listed)))
    changed = change_values(notebook, "a.ipynb", {place: value})
    again = list_values(changed, "a.ipynb")
    assert {**again, place: None} == {**listed, place: None}
    assert again[place].type == value.type
    old, new = (
        "".join("".join(cell["source"]) for cell in json.loads(each)["cells"]).splitlines()
        for each in (notebook, changed)
    )
    assert len([line for line in new if line not in old]) <= 1
