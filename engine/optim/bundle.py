"""Parameters that step together, as one long vector.

NumPy's cost for a small array is the call, not the numbers. So small parameters of a group are
updated as one vector, whose pieces are the state tensors of the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant
from engine.memory import changes

LARGEST = 8192  # beyond, copying the gradients costs more than the calls it saves


class Bundle:
    """Some parameters of one dtype and one age, laid end to end.

    Attributes: params: the parameters. buffers: one vector for each name. step: how many steps
    these parameters took (a float). fresh: True before the first of them.
    """

    def __init__(
        self,
        params: Sequence[Tensor],
        places: Sequence[int],
        states: dict[Any, dict[str, Any]],
        names: tuple[str, ...],
        has_step: bool,
    ) -> None:
        self.params = params
        self.fresh = not any(p in states and states[p] for p in params)
        self._places = places
        self._has_step = has_step
        self._names = names
        self._dtype = params[0].array.dtype
        self._arrays = [p.array for p in params]
        ends = np.cumsum([p.array.size for p in params]).tolist()
        self._slices = [
            (slice(end - p.array.size, end), p.array.shape)
            for p, end in zip(params, ends, strict=True)
        ]
        self.buffers = [self._lay_out(name, states, ends[-1]) for name in names]
        self._count = np.zeros((), dtypes.get_default_dtype().numpy)
        if has_step and not self.fresh:
            self._count[...] = states[params[0]]["step"].array
        self.step = float(self._count)
        self._held = []
        for p, (part, shape) in zip(params, self._slices, strict=True):
            held = {"step": constant(self._count)} if has_step else {}
            pieces = zip(names, self.buffers, strict=True)
            held |= {name: constant(vector[part].reshape(shape)) for name, vector in pieces}
            if held:
                states[p].update(held)
            self._held.append((p, held))

    def _lay_out(self, name: str, states: Any, size: int) -> np.ndarray:
        vector = np.zeros(size, self._dtype)
        for p, (part, _) in zip(self.params, self._slices, strict=True):
            if p in states and name in states[p]:
                vector[part] = states[p][name].array.reshape(-1)
        return vector

    def fits(self, params: Sequence[Tensor], names: tuple[str, ...], states: Any) -> bool:
        """Whether this is still how these parameters and their state lie in memory."""
        if names != self._names:
            return False
        for place, (p, held) in zip(self._places, self._held, strict=True):
            if params[place] is not p or p.array.dtype != self._dtype:
                return False
            if held:
                state = states.get(p, {})
                for name, tensor in held.items():
                    if state.get(name) is not tensor:
                        return False
        return True

    def count(self) -> float:
        """Begin the next step and return its number: 1, 2, ..."""
        self.step += 1
        if self._has_step:
            self._count[...] = self.step
        self.fresh = False
        return self.step

    def gradient(self, weight_decay: float = 0) -> np.ndarray:
        """∂L/∂w + weight_decay · w as one vector. Do not change it in place."""
        g = self._joined([p._grad.array for p in self.params])
        if weight_decay != 0:
            g = g + weight_decay * self._joined([p.array for p in self.params])
        return g

    def scale(self, factor: float) -> None:
        """w ← factor · w"""
        for p in self.params:
            np.multiply(p.array, factor, out=p.array)

    def add(self, change: np.ndarray) -> None:
        """w ← w + change"""
        for p, (part, shape) in zip(self.params, self._slices, strict=True):
            array = p.array
            np.add(array, change[part].reshape(shape), out=array)
            changes.note(array)

    def _joined(self, arrays: list[np.ndarray]) -> np.ndarray:
        if len(arrays) == 1:
            return arrays[0].reshape(-1)
        return np.concatenate([array.reshape(-1) for array in arrays])


def bundles_of(
    params: Sequence[Tensor], states: Any, names: tuple[str, ...], has_step: bool
) -> list[Bundle]:
    """Sort parameters into bundles: by dtype and by the number of steps taken, large ones alone."""
    sorts: dict[Any, list[int]] = {}
    for place, p in enumerate(params):
        state = states.get(p, {})
        age = state["step"].array.item() if "step" in state else len(state) > 0
        alone = place if p.array.size > LARGEST else None
        sorts.setdefault((p.array.dtype, age, alone), []).append(place)
    return [
        Bundle([params[place] for place in places], places, states, names, has_step)
        for places in sorts.values()
    ]
