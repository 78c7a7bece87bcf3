"""Modules made of modules: in a row, or in a list."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from engine.nn.module import Module, indented


class _Numbered(Module):
    """Modules under the names "0", "1", …, which behave as a list."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return list(self)[index]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[index], module)

    def __delitem__(self, index: int | slice) -> None:
        kept = list(self)
        del kept[index]
        self._become(kept)

    def _become(self, modules: list[Module]) -> None:
        for name in list(self._modules):
            delattr(self, name)
        self.extend(modules)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the given place. TypeError if it is no Module."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self)
        modules.insert(index, module)
        self._become(modules)
        return self

    def extend(self, modules: Iterable[Any]) -> Any:
        """Add several modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Module:
        """Take the module at a place out and return it."""
        module = self[key]
        del self[key]
        return module


class Sequential(_Numbered):
    """Modules in a row: y = fₙ(… f₂(f₁(x))).

    Sequential(a, b, c) names them "0", "1", "2"; Sequential(OrderedDict([("name", a), ...])) as
    you like. It can be indexed, sliced, iterated and measured with len().
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self.extend(args)

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

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def _child_lines(self) -> list[str]:
        lines: list[str] = []
        first = 0
        for text, run in itertools.groupby(map(repr, self)):  # equal neighbours share a line
            last = first + len(list(run)) - 1
            entry = f"({first}-{last}): {last - first + 1} x {text}"
            lines.append(indented(entry if last > first else f"({first}): {text}"))
            first = last + 1
        return lines
