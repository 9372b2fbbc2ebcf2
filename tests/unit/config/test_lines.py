"""A key is found in its file where an editor would show it."""

from __future__ import annotations

import pytest

from git_gage.config.files import find_keys
from git_gage.config.lines import line_of
from git_gage.gagefile.model import ConfigFiles, Exec, Operation

FILES = {
    "net.json": b'{\n  "net": {\n    "layers": [\n      3,\n      4\n    ]\n  }\n}\n',
    "net.yaml": b"# a net\nnet:\n  layers: 3\n",
    "net.toml": b"\n[net]\nlayers = 3\n",
    "net.ini": b"\n[net]\nlayers = 3\n",
    "const.py": b"import os\n\nlr = 0.1\nnet = {\n    'layers': 3,\n}\nprint(lr)\n",
    "options.py": (
        b"import argparse\np = argparse.ArgumentParser()\n"
        b"p.add_argument('data')\np.add_argument('-l', \"--lr\", default=1)\n"
        b"p.add_argument('--' 'size', default=2)\np.parse_args()\n"
    ),
}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("net.json#net.layers.1", 5),
        ("net.yaml#net.layers", 3),
        ("net.toml#net.layers", 3),
        ("net.ini#net.layers", None),
        ("const.py#lr", 3),
        ("const.py#net.layers", 5),
        ("options.py#data", 3),
        ("options.py#lr", 4),
        ("options.py#size", None),
    ],
)
def test_the_line_of_a_key(pattern: str, line: int | None) -> None:
    phases = {"run": Exec("python3 options.py")}
    operation = Operation("train", phases=phases, config_files=(ConfigFiles((pattern,)),))
    keys = find_keys(operation, FILES.get, list(FILES))
    (key,) = keys.known.values()
    (place,) = key.places
    assert line_of(place, keys.files[place.path]) == line
