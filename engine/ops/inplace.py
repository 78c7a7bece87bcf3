"""Operations that write their result into the tensor itself: x += y, x.mul_(y), x.zero_()."""

from collections.abc import Callable

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, changes, check_in_place, constant, rebase
from engine.ops.arguments import require_tensor, title_of
from engine.ops.elementwise import add, div, masked_fill, mul, sub
from engine.ops.shape import expand, to_dtype


def in_place(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The form of an operation that writes its result into its first argument and returns it.

    Raises: RuntimeError where the result does not fit, or where a gradient would be spoilt.
    """
    name = operation.__name__.strip("_") + "_"

    def method(x: Tensor, *args, **kwargs) -> Tensor:
        if check_in_place(x, *args):
            # The operation works on a copy of the old value: what it saves outlives the change.
            before = constant(x.array.copy())
            before.grad_fn, before._requires_grad = x.grad_fn, x._requires_grad
            return rebase(x, _fitting(operation(before, *args, **kwargs), x, name))
        x.array[...] = _fitting(operation(constant(x.array), *args, **kwargs), x, name).array
        changes.note(x.array)
        return x

    method.__name__ = name
    method.__doc__ = f"x becomes: {operation.__doc__}"
    return method


def _fill(x: Tensor, value) -> Tensor:
    """y = value everywhere"""
    return masked_fill(x, constant(np.ones(x.array.shape, bool)), value)


def _copy(x: Tensor, source: Tensor) -> Tensor:
    """y = source, converted to x's type and broadcast to x's shape"""
    require_tensor("copy_", "other", source)
    return expand(to_dtype(source, x.array.dtype), *x.array.shape)


add_, sub_, mul_, div_ = map(in_place, (add, sub, mul, div))
fill_, copy_ = in_place(_fill), in_place(_copy)


def zero_(x: Tensor) -> Tensor:
    """x becomes: y = 0 everywhere"""
    return fill_(x, 0)


def _fitting(result: Tensor, x: Tensor, name: str) -> Tensor:
    a, y = x.array, result.array
    if y.shape != a.shape:
        raise RuntimeError(f"{name}: {list(y.shape)} does not fit into shape {list(a.shape)}")
    if dtypes.category(y.dtype) > dtypes.category(a.dtype):
        raise RuntimeError(f"{name}: result type {title_of(y)} can't be cast to {title_of(a)}")
    return result
