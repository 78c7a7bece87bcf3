"""What notebook 03 says about code, its own and the engine's, is true of that code."""

import ast
import re

import pytest
from notebook_files import NOTEBOOKS, code_cells, prose, read

import engine.autograd

PATHS = [path for path in NOTEBOOKS if path.stem == "03_backprop"]
pytestmark = pytest.mark.parametrize("path", PATHS, ids=["03_backprop"])
# The final engine; naive_backward is the wrong way on the way there.
PARTS = {
    *("MyTensor", "topological_order", "backward", "unbroadcast", "add_up_in_shape"),
    *("matmul", "tanh", "mean"),
}


def test_the_engine_built_in_the_notebook_is_as_short_as_its_opening_says(path):
    lines, found = 0, set()
    for _, cell in code_cells(read(path)):
        text = cell["source"].splitlines()
        for node in ast.parse(cell["source"]).body:
            name = getattr(node, "name", None)
            is_binding = isinstance(node, ast.Assign) and "MyTensor." in ast.unparse(node.targets)
            if name in PARTS or is_binding:
                found.add(name)
                lines += sum(bool(line.strip()) for line in text[node.lineno - 1 : node.end_lineno])
    assert found >= PARTS
    claimed = int(re.search(r"in fewer than (\d+) lines", prose(read(path))).group(1))
    assert claimed - 10 < lines < claimed


def test_the_parts_of_the_real_engine_have_the_names_in_the_table(path):
    table = re.findall(r"^\| (.*?) \| (.*?) \| .*\|$", prose(read(path)), re.MULTILINE)
    names = re.findall(r"`([\w.]+)", " ".join(theirs for _, theirs in table))
    assert {"record", "Node.parents", "walk"} <= set(names)
    for name in names:
        part = engine.autograd
        for piece in name.split("."):
            assert hasattr(part, piece), f"engine.autograd has no {name}"
            part = getattr(part, piece)
