"""Modules made of modules: in a row, or in a list."""

import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from engine.nn.module import Module


class _Numbered(Module):
    """Modules under the names "0", "1", …, which behave as a list."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        part: Any = list(self)[index]
        return ModuleList(part) if isinstance(index, slice) else part

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[index], module)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Any:
        """Add several modules at the end."""
        for module in modules:
            self.append(module)
        return self

    __iadd__ = extend


class Sequential(_Numbered):
    """Modules in a row: y = fₙ(… f₂(f₁(x))).

    Sequential(a, b, c) names them "0", "1", "2"; Sequential(OrderedDict([("name", a), ...])) as
    you like. It can be indexed, sliced, iterated and measured with len().
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        alone = args[0] if len(args) == 1 else None
        named: dict[Any, Any] = alone if isinstance(alone, OrderedDict) else dict(enumerate(args))
        for name, module in named.items():
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)


class ModuleList(_Numbered):
    """A list of modules whose parameters are found; what to do with them, your forward() says.

    Args: modules: the modules to begin with.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _child_lines(self) -> list[str]:
        lines = []
        for text, run in itertools.groupby(self._modules, lambda name: repr(self._modules[name])):
            first, *more = run  # equal neighbours share a line
            label = f"({first}-{more[-1]}): {1 + len(more)} x" if more else f"({first}):"
            lines.append(f"{label} {text}")
        return lines
