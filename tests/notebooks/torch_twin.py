"""The same notebook on PyTorch: its numeric imports renamed, everything else as it stands.

Cells tagged `engine-inside` teach the engine's own parts and keep the engine. A cell of either
kind may follow one of the other, so each starts by binding the names that the notebook has
imported so far to its own library.
"""

import ast
import copy
from dataclasses import dataclass

from notebook_files import INSIDE, has_tag

from engine.course.normal_form import Notebook

RENAMED = {
    "engine": "torch",
    "engine.nn": "torch.nn",
    "engine.utils.data": "torch.utils.data",
}
# What `from engine import ...` may name: the parts that bear the same name in PyTorch.
PARTS = ("nn", "optim")


@dataclass(frozen=True)
class Binding:
    """One imported name: `from module import member as name`, or `import module as name`."""

    name: str
    module: str
    member: str | None

    def line(self, renamed: bool) -> str:
        module = RENAMED[self.module] if renamed else self.module
        if self.member is None:
            return f"import {module} as {self.name}"
        return f"from {module} import {self.member} as {self.name}"


def numeric_bindings(node: ast.Import | ast.ImportFrom) -> list[Binding]:
    """The names that an import takes from the numeric core in one of the agreed forms."""
    if isinstance(node, ast.Import):
        return [
            Binding(alias.asname or alias.name, alias.name, None)
            for alias in node.names
            if alias.name == "engine"
        ]
    if node.module not in RENAMED or node.level:
        return []
    return [
        Binding(alias.asname or alias.name, node.module, alias.name)
        for alias in node.names
        if node.module != "engine" or alias.name in PARTS
    ]


def on_torch(notebook: Notebook) -> Notebook:
    """A copy of the notebook whose numeric imports name torch."""
    twin = copy.deepcopy(notebook)
    known: dict[str, Binding] = {}
    for cell in twin["cells"]:
        if cell["cell_type"] != "code" or not cell["source"].strip():
            continue
        renamed = not has_tag(cell, INSIDE)
        tree = ast.parse(cell["source"])
        lines = cell["source"].splitlines()
        before = [binding.line(renamed) for binding in known.values()]
        # From the end, so that the line numbers of earlier imports stay true.
        for node in reversed(tree.body):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            bindings = numeric_bindings(node)
            known.update({binding.name: binding for binding in bindings})
            if renamed and bindings:
                lines[node.lineno - 1 : node.end_lineno] = _replacement(node, bindings)
        cell["source"] = "\n".join([*before, *lines])
    return twin


def _replacement(node: ast.Import | ast.ImportFrom, bindings: list[Binding]) -> list[str]:
    taken = {(binding.module, binding.member) for binding in bindings}
    if isinstance(node, ast.Import):
        rest = [alias for alias in node.names if (alias.name, None) not in taken]
        left = [ast.unparse(ast.Import(rest))] if rest else []
    else:
        others = [alias for alias in node.names if (node.module, alias.name) not in taken]
        left = [ast.unparse(ast.ImportFrom(node.module, others, node.level))] if others else []
    return [binding.line(renamed=True) for binding in bindings] + left


def shown_texts(cell: dict) -> list[str]:
    """What a reader sees of a cell as text: prints, results, and the kind of an error.

    The wording of an error is the engine's own; its type is PyTorch's.
    """
    texts = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            texts.append(f"{output['name']}: {output['text']}")
        elif output["output_type"] == "error":
            texts.append(f"raised {output['ename']}")
        else:
            texts += [
                f"{kind}: {value}"
                for kind, value in sorted(output["data"].items())
                if kind.startswith("text/")
            ]
    return texts
