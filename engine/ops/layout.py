"""The order in memory that convolution, pooling and batch normalization share.

They see a batch (N, C, *sizes) with the samples as the last axis, (C, *sizes, N), and lay their
results out in this order. What one place of a kernel sees is then a few long runs of memory
instead of many short ones, a channel is one run, and no axis moves from one layer to the next.
"""

from collections.abc import Sequence

import numpy as np

from engine.autograd import Tensor
from engine.ops.arguments import require_tensor


def batch_last(a: np.ndarray, dims: int) -> np.ndarray:
    """(N, C, *sizes), or (C, *sizes) without a batch, as (C, *sizes, N)."""
    a = a if a.ndim == dims + 2 else a[None]
    return a.transpose(*range(1, a.ndim), 0)


def batch_first(a: np.ndarray, ndim: int) -> np.ndarray:
    """(C, *sizes, N) as (N, C, *sizes), or as (C, *sizes) if ndim says that there was no batch."""
    a = a.transpose(-1, *range(a.ndim - 1))
    return a if a.ndim == ndim else a[0]


def usual_order(a: np.ndarray) -> np.ndarray:
    """a itself, or a copy in the usual order if it owns memory with the batch last.

    Such memory is what an operation chose: a program expects the order that PyTorch has.
    """
    chosen = a.base is None and a.ndim > 2 and np.moveaxis(a, 0, -1).flags.c_contiguous
    return np.ascontiguousarray(a) if chosen else a


def empty_batch_last(shape: Sequence[int], dtype: np.dtype, ndim: int) -> tuple[np.ndarray, ...]:
    """An empty (N, C, *sizes), or (C, *sizes) as ndim says, and its view as (C, *sizes, N).

    Its memory has the order of the view, and is its own: see view() in engine/ops/shape.py.
    """
    y = np.empty_like(batch_first(np.empty(shape, dtype), len(shape)))
    return y if y.ndim == ndim else y[0], batch_last(y, y.ndim - 2)


def require_batch(name: str, dims: int, x: Tensor) -> None:
    """RuntimeError unless x is (N, C, *sizes) or (C, *sizes) with this number of sizes."""
    require_tensor(name, "input", x)
    shape = list(x.array.shape)
    if len(shape) not in (dims + 1, dims + 2):
        wanted = f"{dims + 1}D (unbatched) or {dims + 2}D (batched)"
        raise RuntimeError(f"Expected {wanted} input to {name}, but got size {shape}")
