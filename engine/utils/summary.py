"""What a model is made of: torchinfo's table of the layers that it calls."""

import copy
import sys
from collections.abc import Mapping
from itertools import takewhile
from math import prod
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant
from engine.grad_mode import no_grad
from engine.memory import owner
from engine.nn.module import Module
from engine.ops.arguments import refuse_options
from engine.random import Generator, default_generator


class Row:
    """A line of the table: a call of a module, or a container whose forward() nobody called."""

    def __init__(self, path: str, module: Module) -> None:
        self.path, self.module, self.depth = path, module, path.count(".") + bool(path)
        self.title, self.repeated, self.is_leaf = "", False, not any(module.children())
        sizes = [p.array.size * np.array((1, p.requires_grad, p.array.itemsize))
                 for p in module.parameters()]  # fmt: skip
        self.params = self.own = sum(sizes, np.zeros(3, np.int64))  # all, trainable ones, bytes
        self.shape: list[int] = []
        self.output_bytes = self.mult_adds = 0

    def measure(self, output: Any) -> None:
        """Note the size of the output, and the multiply-adds behind it."""
        while isinstance(output, Mapping | list | tuple) and output:  # one stands for all
            output = list(output.values())[-1] if isinstance(output, Mapping) else output[0]
        if isinstance(output, Tensor):
            self.shape, self.output_bytes = list(output.array.shape), output.array.nbytes
        # A weight works for each sample, a kernel at each place, a recurrent one at each step.
        places = self.shape[2:] if "Conv" in type(self.module).__name__ else []
        for name, p in self.module.named_parameters():
            uses = self.shape[:1] + places if name in ("weight", "bias") else self.shape[:2]
            if "weight" in name or "bias" in name:
                self.mult_adds += p.array.size * prod(uses)

    def cells(self, deepest: bool) -> list[str]:
        """The texts of the columns. What rows below have is counted only if they are not shown."""
        whole = deepest or self.is_leaf
        n, trainable = (self.params if whole else self.own)[:2]
        count = "--" if n <= 0 else f"({n:,})" if whole and not trainable else f"{n:,}"
        count = "(recursive)" if self.repeated and self.params[0] else count
        start = "│    " * (self.depth - 1) + ("", "├─", "└─")[min(self.depth, 2)]
        return [start + self.title, str(self.shape or "--"), count]


class ModelStatistics:
    """The table, and its sums as numbers. `summary` says which."""

    def __init__(self, rows: list[Row], inputs: Any, depth: int) -> None:
        self._rows, self._inputs, self._depth = rows, inputs, depth
        for i, row in enumerate(rows, 1):
            number = sum(above.depth == row.depth for above in rows[:i])
            row.title = type(row.module).__name__ + f": {row.depth}-{number}" * (row.depth > 0)
        seen: set[Module] = set()
        for row in sorted(rows, key=lambda row: not row.shape):  # calls first, then containers
            row.repeated = row.module in seen
            seen.add(row.module)
        for i, row in reversed(list(enumerate(rows))):
            inside = takewhile(lambda r: r.depth > row.depth, rows[i + 1 :])  # noqa: B023
            row.own = row.params - sum(r.own for r in inside if not r.repeated)
        first, leaves = [r for r in rows if not r.repeated], [r for r in rows if r.is_leaf]
        totals = sum(np.maximum(row.own, 0) for row in first).tolist()
        self.total_params, self.trainable_params, _ = totals
        self.total_param_bytes = sum(int(row.params[2]) for row in first if row.is_leaf)
        self.total_mult_adds = sum(row.mult_adds for row in leaves)
        self.total_output_bytes = sum(2 * row.output_bytes for row in leaves if row.params[0])
        self.total_input = sum(owner(x.array).nbytes + 64 for x in _tensors(inputs))

    def __repr__(self) -> str:
        table = [["Layer (type:depth-idx)", "Output Shape", "Param #"]]
        table += [r.cells(r.depth == self._depth) for r in self._rows if r.depth <= self._depth]
        longest = max(len(row.title) + 5 * row.depth + 1 for row in self._rows)
        width, columns = max(40, -(-longest // 5) * 5), 1 if self._inputs is None else 2
        lines = [f"{name:<{width}} " + "".join(f"{cell:<25} " for cell in cells[-columns:])
                 for name, *cells in table]  # fmt: skip
        counts = {"Total": self.total_params, "Trainable": self.trainable_params}
        counts["Non-trainable"] = self.total_params - self.trainable_params
        blocks = [lines[:1], lines[1:], [f"{name} params: {n:,}" for name, n in counts.items()]]
        if self._inputs is not None:
            n = self.total_mult_adds
            unit, scale = ("T", 1e12) if n >= 1e12 else ("G", 1e9) if n >= 1e9 else ("M", 1e6)
            blocks[2].append(f"Total mult-adds ({unit}): {n / scale:,.{2 if n % scale else 0}f}")
            sizes = {"Input": self.total_input, "Forward/backward pass": self.total_output_bytes}
            sizes |= {"Params": self.total_param_bytes}
            blocks.append([f"{name} size (MB): {b / 1e6:.2f}" for name, b in sizes.items()])
            blocks[3].append(f"Estimated Total Size (MB): {sum(sizes.values()) / 1e6:.2f}")
        divider = "=" * (width + 25 * columns)
        texts = [divider, *(text.rstrip() for block in blocks for text in [*block, divider])]
        return "\n".join(texts)


def summary(model: Module, input_size: Any = None, input_data: Any = None, *, depth: int = 3,
            verbose: int | None = None, **options: Any) -> ModelStatistics:  # fmt: skip
    """Run the model once, in eval mode and without gradients, and list the layers that it calls.

    The table is torchinfo 1.8.0's. The model stays as it was, attributes and buffers too, and so
    does the random stream.

    Args: input_size: the shape of the input with its batch axis, or a list of shapes; the inputs
    are random numbers of [0, 1). input_data: instead, the input itself, a list of inputs or a dict
    of named ones. Without both nothing is run, and parameters are counted. depth: how deep to look
    into modules. verbose: 1 prints the table, 0 does not (0 in a notebook). options: torchinfo's
    others raise NotImplementedError if set.

    Returns: the table. Its attributes, counted as torchinfo counts: total_params, trainable_params,
    total_mult_adds, total_param_bytes, total_output_bytes (of layers with parameters, twice, for
    their gradients), total_input (bytes, and 64 for each tensor as PyTorch's object).
    Raises: RuntimeError if the model fails or both inputs are given, TypeError or ValueError for an
    impossible input_size.
    """
    others = "batch_dim cache_forward_pass col_names device dtypes mode row_settings".split()
    refuse_options(options, dict.fromkeys(others) | {"col_width": 25})
    if verbose not in (None, 0, 1):
        raise NotImplementedError(f"verbose={verbose} is not supported: expected 0 or 1")
    if input_size is not None and input_data is not None:
        raise RuntimeError("Only one of (input_data, input_size) should be specified.")
    inputs = [input_data] if isinstance(input_data, Tensor) else input_data
    inputs = inputs if input_size is None else _random_inputs(input_size)
    table = ModelStatistics(_rows(model, inputs), inputs, depth)
    if verbose or (verbose is None and not getattr(sys, "ps1", "")):
        print(table)
    return table


def _random_inputs(size: Any) -> list[Tensor]:
    if not isinstance(size, list | tuple):
        raise TypeError(f"input_size: expected a shape or a list of them, got {size!r}")
    sizes = size if size and isinstance(size[0], list | tuple) else [size]
    if not all(sizes) or min(n for shape in sizes for n in shape) <= 0:
        raise ValueError(f"input_size: expected positive sizes, got {size}")
    return [constant(Generator().uniform(shape)) for shape in sizes]


def _rows(model: Module, inputs: Any) -> list[Row]:
    """A row for each call, before it those of the containers around it that were not called."""
    places = {path: Row(path, m) for path, m in model.named_modules(remove_duplicate=False)}
    if inputs is None:
        return list(places.values())
    paths = {place.module: path for path, place in places.items()}  # of a shared one the last
    rows: list[Row] = []
    latest: dict[Module, Row] = {}

    def before(module: Module, _: Any) -> None:
        path, last = paths[module], rows[-1].path + "." if rows else ""
        ends = [i for i, letter in enumerate(path) if letter == "."]
        rows.extend(places[path[:i]] for i in ends if not last.startswith(path[: i + 1]))
        latest[module] = Row(path, module)
        rows.append(latest[module])

    def after(module: Module, _: Any, output: Any) -> None:
        latest[module].measure(output)

    # Modules get their attributes back afterwards, hooks and buffers among them.
    kept, stream = {m: dict(vars(m)) for m in paths}, copy.deepcopy(vars(default_generator))
    try:
        for m in paths:
            buffers = copy.deepcopy(m._buffers)
            vars(m).update(buffers, _buffers=buffers, _hooks=dict(m._hooks))
            m.register_forward_pre_hook(before)
            m.register_forward_hook(after)
        with no_grad():
            model.eval()
            model(**inputs) if isinstance(inputs, Mapping) else model(*inputs)
    except Exception as error:
        reached = [row.path for row in rows if row.shape]
        raise RuntimeError(f"Failed to run the model; layers {reached} ran: {error}") from error
    finally:
        for m, attributes in kept.items():
            m.__dict__ = attributes
        vars(default_generator).update(stream)
    return rows


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Mapping | list | tuple):
        items = value.values() if isinstance(value, Mapping) else value
        return [tensor for item in items for tensor in _tensors(item)]
    return [value] if isinstance(value, Tensor) else []
