"""Products of vectors and matrices."""

from __future__ import annotations

import functools

import numpy as np

from engine.autograd import Tensor, record, unbroadcast
from engine.ops.elementwise import add


def matmul(x: Tensor, y: Tensor) -> Tensor:
    """z = x y,  dx = dz yᵀ,  dy = xᵀ dz

    Shapes: (n,) (n,) → (); (m, n) (n,) → (m,); (m, n) (n, k) → (m, k); more axes are batches,
    which broadcast.
    """
    a, b = _same_type("matmul", x, y)
    if not a.ndim or not b.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D"
        )
    try:
        z = np.matmul(a, b)
    except ValueError:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({_shape(a)} and {_shape(b)})"
        ) from None
    need_x, need_y = x._requires_grad, y._requires_grad

    def backward(dz):
        rows = a[None, :] if a.ndim == 1 else a  # (..., m, n)
        columns = b[:, None] if b.ndim == 1 else b  # (..., n, k)
        if a.ndim == 1:
            dz = dz[..., None, :] if b.ndim > 1 else dz[None]
        if b.ndim == 1:
            dz = dz[..., None]
        dx = dy = None
        if need_x:
            dx = _fold(np.matmul(dz, columns.swapaxes(-1, -2)), rows.shape).reshape(a.shape)
        if need_y:
            dy = _fold(np.matmul(rows.swapaxes(-1, -2), dz), columns.shape).reshape(b.shape)
        return dx, dy

    return record(z, (x, y), backward, _MATMUL_NAMES.get((a.ndim, b.ndim), "BmmBackward0"))


_MATMUL_NAMES = {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (2, 2): "MmBackward0",
                 (1, 2): "SqueezeBackward4"}  # fmt: skip


def mm(x: Tensor, y: Tensor) -> Tensor:
    """z = x y for two matrices, (m, n) (n, k) → (m, k)"""
    _require_axes("mm", x, y, 2)
    return matmul(x, y)


def bmm(x: Tensor, y: Tensor) -> Tensor:
    """z[b] = x[b] y[b] for two batches of matrices, (B, m, n) (B, n, k) → (B, m, k)"""
    _require_axes("bmm", x, y, 3)
    if x.array.shape[0] != y.array.shape[0]:
        raise RuntimeError(f"bmm: batches of {x.array.shape[0]} and of {y.array.shape[0]} matrices")
    return matmul(x, y)


def outer(x: Tensor, y: Tensor) -> Tensor:
    """z[i, j] = x[i] y[j]"""
    _require_axes("outer", x, y, 1)
    a, b = _same_type("outer", x, y)
    return record(np.outer(a, b), (x, y), lambda dz: (dz @ b, dz.T @ a), "MulBackward0")


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x Wᵀ + b,  dx = dy W,  dW = dyᵀ x,  db = Σ dy   (one record)

    Shapes: x (..., n_in), weight (n_out, n_in) or (n_in,), bias (n_out,) or (); y (..., n_out).
    """
    a, w = x.array, weight.array
    if w.ndim == 1:
        y = matmul(x, weight)
        return y if bias is None else add(y, bias)
    b = None if bias is None else bias.array
    n_out, n_in = w.shape
    if a.dtype != w.dtype or (b is not None and b.dtype != w.dtype):
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {x.dtype} and {weight.dtype}"
        )
    if not a.ndim or a.shape[-1] != n_in:
        columns = a.shape[-1] if a.ndim else 1
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.size // max(columns, 1)}x{columns} and "
            f"{n_in}x{n_out}): the input has shape {list(a.shape)}, its last size should be {n_in} "
            "(in_features)"
        )
    flat = a.ndim == 2
    rows = a if flat else a.reshape(-1, n_in)
    y = rows.dot(w.T)  # dot takes half the time of @ for small matrices
    if b is not None:
        y += b
    if not flat:
        y = y.reshape(*a.shape[:-1], n_out)
    need_x = x._requires_grad

    def backward(dy):
        dz = dy if flat else dy.reshape(-1, n_out)
        dx = dz.dot(w).reshape(a.shape) if need_x else None
        # A product with ones sums the rows in half the time of sum(0).
        return dx, dz.T.dot(rows), None if b is None else ones_vector(len(dz), dz.dtype).dot(dz)

    name = "AddmmBackward0" if flat and b is not None else "ViewBackward0"
    return record(y, (x, weight, bias), backward, name)


@functools.lru_cache(maxsize=64)
def ones_vector(n: int, kind: np.dtype) -> np.ndarray:
    """n ones, not to be written to: a product with them is a sum."""
    ones = np.ones(n, kind)
    ones.flags.writeable = False
    return ones


def einsum(equation: str, *operands: Tensor) -> Tensor:
    """z = the sum of products that the equation spells, such as "bij,bjk->bik"

    dx = the same sum with x and z exchanged. A letter that only x has was summed over: its
    gradient is spread. Raises: RuntimeError for an equation that does not fit the operands.
    """
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    inputs, output = _spell_out(equation.replace(" ", ""), [x.array.ndim for x in operands])
    arrays = [x.array for x in operands]
    try:
        z = np.einsum(f"{','.join(inputs)}->{output}", *arrays, optimize=len(arrays) > 1)
    except ValueError as error:
        shapes = ", ".join(str(list(a.shape)) for a in arrays)
        raise RuntimeError(f"einsum {equation!r} does not fit shapes {shapes}: {error}") from None
    wanted = [x._requires_grad for x in operands]

    def backward(dz):
        return [
            _einsum_gradient(i, inputs, output, arrays, dz) if wanted[i] else None
            for i in range(len(arrays))
        ]

    return record(np.array(z, copy=None), operands, backward, "ViewBackward0")


def _einsum_gradient(i, inputs, output, arrays, dz) -> np.ndarray:
    letters, shape = inputs[i], arrays[i].shape
    others = [(s, a) for j, (s, a) in enumerate(zip(inputs, arrays, strict=True)) if j != i]
    there = set(output).union(*(s for s, _ in others))
    sizes = dict(zip(letters, shape, strict=True))
    distinct = "".join(dict.fromkeys(letters))
    kept = "".join(c for c in distinct if c in there)
    terms = ",".join([output, *(s for s, _ in others)])
    dx = np.einsum(f"{terms}->{kept}", dz, *(a for _, a in others), optimize=bool(others))
    dx = dx.reshape([sizes[c] if c in there else 1 for c in distinct])
    dx = np.broadcast_to(dx, [sizes[c] for c in distinct])
    if len(distinct) == len(letters):
        return dx
    full = np.zeros(shape, dx.dtype)  # "ii->i" reads a diagonal: its gradient is one
    np.einsum(f"{letters}->{distinct}", full)[...] = dx
    return full


def _spell_out(equation: str, ndims: list[int]) -> tuple[list[str], str]:
    """Letters for every axis: "..." gets letters of its own, a missing output the usual one."""
    left, arrow, output = equation.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ndims):
        raise RuntimeError(
            f"einsum(): the equation {equation!r} names {len(inputs)} operands, got {len(ndims)}"
        )
    used = {c for c in equation if c.isalpha()}
    free = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in used]
    widest = 0
    for position, (term, ndim) in enumerate(zip(inputs, ndims, strict=True)):
        hidden = ndim - len(term.replace("...", ""))
        if hidden < 0 or (hidden and "..." not in term):
            raise RuntimeError(
                f"einsum(): the number of subscripts in {term!r} does not match the number of "
                f"dimensions ({ndim}) of operand {position}"
            )
        widest = max(widest, hidden)
        inputs[position] = term.replace("...", "".join(free[:hidden][::-1]))
    batch = "".join(free[:widest][::-1])
    if not arrow:
        once = sorted(c for c in used if left.count(c) == 1)
        return inputs, batch + "".join(once)
    return inputs, output.replace("...", batch)


def _same_type(name, x, y) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(x, Tensor) or not isinstance(y, Tensor):
        other = y if isinstance(x, Tensor) else x
        raise TypeError(f"{name}(): expected Tensors, but got {type(other).__name__}")
    if x.array.dtype != y.array.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {x.dtype} != {y.dtype}"
        )
    return x.array, y.array


def _require_axes(name, x, y, n) -> None:
    if x.array.ndim != n or y.array.ndim != n:
        raise RuntimeError(f"{name}: expected {n}-D, but got {x.array.ndim}-D and {y.array.ndim}-D")


def _fold(gradient, shape) -> np.ndarray:
    return gradient if gradient.shape == shape else unbroadcast(gradient, shape)


def _shape(a: np.ndarray) -> str:
    return "x".join(str(n) for n in a.shape)
