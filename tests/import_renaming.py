"""A program of the engine becomes a program of PyTorch: its numeric imports renamed, no more."""

import ast
from dataclasses import dataclass

RENAMED = {
    "engine": "torch",
    "engine.nn": "torch.nn",
    "engine.utils.data": "torch.utils.data",
}
# What `from engine import ...` may name: the parts that bear the same name in PyTorch.
PARTS = ("nn", "optim")
# Tools that PyTorch's users take from packages of their own.
TOOLS = {"summary": "torchinfo", "LRFinder": "torch_lr_finder"}


@dataclass(frozen=True)
class Binding:
    """One imported name: `from module import member as name`, or `import module as name`."""

    name: str
    module: str
    member: str | None

    def line(self, renamed: bool) -> str:
        module = self._renamed() if renamed else self.module
        if self.member is None:
            return f"import {module} as {self.name}"
        return f"from {module} import {self.member} as {self.name}"

    def _renamed(self) -> str:
        return TOOLS[self.member] if self.module == "engine.utils" else RENAMED[self.module]


def numeric_bindings(node: ast.Import | ast.ImportFrom) -> list[Binding]:
    """The names that an import takes from the numeric core in one of the agreed forms."""
    if isinstance(node, ast.Import):
        return [
            Binding(alias.asname or alias.name, alias.name, None)
            for alias in node.names
            if alias.name == "engine"
        ]
    return [
        Binding(alias.asname or alias.name, node.module, alias.name)
        for alias in node.names
        if not node.level and _has_a_twin(node.module, alias.name)
    ]


def _has_a_twin(module: str, member: str) -> bool:
    if module == "engine.utils":
        return member in TOOLS
    return module in RENAMED and (module != "engine" or member in PARTS)


def renamed_source(source: str) -> tuple[str, list[Binding]]:
    """The source with its numeric imports, at the top level, taken from PyTorch; and those."""
    lines = source.splitlines()
    found: list[Binding] = []
    # From the end, so that the line numbers of earlier imports stay true.
    for node in reversed(ast.parse(source).body):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        bindings = numeric_bindings(node)
        found += bindings
        if bindings:
            lines[node.lineno - 1 : node.end_lineno] = _replacement(node, bindings)
    return "\n".join(lines), found


def _replacement(node: ast.Import | ast.ImportFrom, bindings: list[Binding]) -> list[str]:
    taken = {(binding.module, binding.member) for binding in bindings}
    if isinstance(node, ast.Import):
        rest = [alias for alias in node.names if (alias.name, None) not in taken]
        left = [ast.unparse(ast.Import(rest))] if rest else []
    else:
        others = [alias for alias in node.names if (node.module, alias.name) not in taken]
        left = [ast.unparse(ast.ImportFrom(node.module, others, node.level))] if others else []
    return [binding.line(renamed=True) for binding in bindings] + left
