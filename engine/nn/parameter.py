"""The tensors that training changes."""

from engine.autograd import Tensor
from engine.creation import zeros


class Parameter(Tensor):
    """A tensor that a Module lists among its parameters(), as soon as it is assigned to it.

    Args: data: the tensor whose memory it takes over, an empty one if left out. requires_grad:
    whether backward() computes its gradient.
    Raises: TypeError if data is no tensor, RuntimeError if integers are to require a gradient.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> "Parameter":
        data = zeros(0) if data is None else data
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter expected a Tensor as data, but got {type(data).__name__}")
        self = object.__new__(cls)
        self.array, self._grad, self.grad_fn = data.array, None, None
        self.requires_grad = requires_grad
        return self

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
