"""The tensors that training changes."""

from __future__ import annotations

import numpy as np

from engine import dtypes
from engine.autograd import Tensor


class Parameter(Tensor):
    """A tensor that a Module lists among its parameters(), as soon as it is assigned to it.

    Args: data: the tensor whose memory it takes over, an empty one if left out. requires_grad:
    whether backward() computes its gradient.
    Raises: TypeError if data is no tensor, RuntimeError if integers are to require a gradient.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(f"Parameter expected a Tensor as data, but got {type(data).__name__}")
        self = object.__new__(cls)
        empty = data is None
        self.array = np.empty(0, dtypes.get_default_dtype().numpy) if empty else data.array
        self._grad = None
        self.grad_fn = None
        self.requires_grad = requires_grad
        return self

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
