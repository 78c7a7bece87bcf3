"""Parameters that step together, as one long vector.

NumPy's cost for a small array is the call, not the numbers. So small parameters of a group are
updated as one vector, whose pieces are the state tensors of the parameters.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant
from engine.memory import changes

LARGEST = 8192  # beyond, copying the gradients costs more than the calls it saves

State = dict[Any, dict[str, Tensor]]  # of each parameter, by the names that PyTorch gives


class Bundle:
    """Some parameters of one dtype and one age, laid end to end.

    Their state tensors become pieces of the bundle's vectors, with the values that they have.

    Args: names: of the state tensors. "step" counts the steps; the others look like the parameter.
    age: the steps taken so far.
    Attributes: buffers: name -> vector.
    """

    def __init__(self, params: Sequence[Tensor], state: State, names: Sequence[str],
                 age: float) -> None:  # fmt: skip
        ends = np.cumsum([p.array.size for p in params])

        def pieces(vector: np.ndarray) -> list[np.ndarray]:
            parts = np.split(vector, ends[:-1])
            return [part.reshape(p.array.shape) for p, part in zip(params, parts, strict=True)]

        self._params, self._change = params, np.zeros(ends[-1], params[0].array.dtype)
        self._pieces = list(zip(params, pieces(self._change), strict=True))
        self._count = np.array(age, dtypes.get_default_dtype().numpy)
        self.buffers = {name: np.zeros_like(self._change) for name in names if name != "step"}
        for name in names:
            own = pieces(self.buffers[name]) if name != "step" else [self._count] * len(params)
            for p, array in zip(params, own, strict=True):
                if name in state[p]:
                    array[...] = state[p][name].array
                state[p][name] = constant(array)

    def count(self) -> float:
        """Begin the next step and return its number: 1, 2, ..."""
        t = self._count.item() + 1
        self._count.fill(t)
        return t

    def gradient(self, weight_decay: float = 0) -> np.ndarray:
        """∂L/∂w + weight_decay · w as one vector. Do not change it in place."""
        g = _joined([p._grad.array for p in self._params])
        if weight_decay != 0:
            g = g + weight_decay * _joined([p.array for p in self._params])
        return g

    def scale(self, factor: float) -> None:
        """w ← factor · w"""
        for p in self._params:
            p.array *= factor

    def add(self, factor: float, change: np.ndarray) -> None:
        """w ← w + factor · change"""
        np.multiply(change, factor, out=self._change)
        for p, piece in self._pieces:
            p.array += piece
        changes.note(*[p.array for p in self._params])


def bundles_of(params: Sequence[Tensor], state: State, names: Sequence[str]) -> list[Bundle]:
    """Sort parameters into bundles: by dtype and by the number of steps taken, large ones alone."""
    kinds: dict[Any, list[Tensor]] = {}
    for place, p in enumerate(params):
        own, alone = state.get(p, {}), place if p.array.size > LARGEST else None
        # Without a count (SGD), having a state means that at least one step was taken.
        age = own["step"].array.item() if "step" in own else float(len(own) > 0)
        kinds.setdefault((age, p.array.dtype, alone), []).append(p)
    return [Bundle(alike, state, names, age) for (age, *_), alike in kinds.items()]


def layout(params: Sequence[Tensor], state: State, names: Sequence[str]) -> list[object]:
    """The objects that bundles rest on. They hold as long as none of these is exchanged."""
    objects: list[object] = [*names]
    for p in params:
        objects += p, p.array.dtype, *state.get(p, {}).values()
    return objects


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return arrays[0].reshape(-1) if len(arrays) == 1 else np.concatenate(arrays, axis=None)
