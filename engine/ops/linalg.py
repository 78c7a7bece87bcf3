"""Products of vectors and matrices."""

import functools
from string import ascii_letters

import numpy as np

from engine.autograd import Tensor, record
from engine.ops.arguments import require_one_dtype, require_tensor
from engine.ops.elementwise import add, mul
from engine.ops.shape import unsqueeze


def matmul(x: Tensor, y: Tensor) -> Tensor:
    """z = x y,  dx = dz yᵀ,  dy = xᵀ dz

    Shapes: (n,) (n,) → (); (m, n) (n,) → (m,); (m, n) (n, k) → (m, k); more axes are batches,
    which broadcast.
    """
    require_tensor("matmul", "other", y)
    require_one_dtype("matmul", x, y)
    a, b = x.array, y.array
    try:
        z = np.matmul(a, b)
    except ValueError:
        raise _misfit(a, b) from None
    need_x, need_y = x._requires_grad, y._requires_grad

    def backward(dz):
        rows = a[None] if a.ndim == 1 else a  # (..., m, n)
        columns = b[:, None] if b.ndim == 1 else b  # (..., n, k)
        batch = dz.shape[: dz.ndim - (a.ndim > 1) - (b.ndim > 1)]
        dz = dz.reshape(*batch, rows.shape[-2], columns.shape[-1])
        dx = np.matmul(dz, columns.swapaxes(-1, -2)) if need_x else None
        dy = np.matmul(rows.swapaxes(-1, -2), dz) if need_y else None
        return dx, dy[..., 0] if need_y and b.ndim == 1 else dy

    return record(z, (x, y), backward, _MATMUL_NAMES.get((a.ndim, b.ndim), "BmmBackward0"))


_MATMUL_NAMES = {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (2, 2): "MmBackward0"}


def mm(x: Tensor, y: Tensor) -> Tensor:
    """z = x y for two matrices, (m, n) (n, k) → (m, k)"""
    _require_axes("mm", 2, x, y)
    return matmul(x, y)


def bmm(x: Tensor, y: Tensor) -> Tensor:
    """z[b] = x[b] y[b] for two batches of matrices, (B, m, n) (B, n, k) → (B, m, k)"""
    _require_axes("bmm", 3, x, y)
    if len(x.array) != len(y.array):
        raise RuntimeError(f"bmm: batches of {len(x.array)} and of {len(y.array)} matrices")
    return matmul(x, y)


def outer(x: Tensor, y: Tensor) -> Tensor:
    """z[i, j] = x[i] y[j]"""
    _require_axes("outer", 1, x, y)
    return mul(unsqueeze(x, 1), y)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x Wᵀ + b,  dx = dy W,  dW = dyᵀ x,  db = Σ dy   (one record)

    Shapes: x (..., n_in), weight (n_out, n_in) or (n_in,), bias (n_out,) or (); y (..., n_out).
    """
    if not isinstance(input, Tensor):  # often the pair that an LSTM returns
        raise TypeError(f"linear(): input must be a Tensor, not {type(input).__name__}")
    a, w = input.array, weight.array
    if w.ndim == 1:
        y = matmul(input, weight)
        return y if bias is None else add(y, bias)
    b = None if bias is None else bias.array
    n_out, n_in = w.shape
    if a.dtype != w.dtype or (b is not None and b.dtype != w.dtype):
        raise RuntimeError(f"linear: expected one dtype, but got {input.dtype} and {weight.dtype}")
    if not a.ndim or a.shape[-1] != n_in:
        raise _misfit(a, w.T, f": the last size of the input should be {n_in} (in_features)")
    flat = a.ndim == 2
    rows = a if flat else a.reshape(-1, n_in)
    y = rows.dot(w.T)  # dot takes half the time of @ for small matrices
    if b is not None:
        y += b
    y = y if flat else y.reshape(*a.shape[:-1], n_out)
    need_x = input._requires_grad

    def backward(dy):
        dz = dy if flat else dy.reshape(-1, n_out)
        dx = (dz.dot(w) if flat else dz.dot(w).reshape(a.shape)) if need_x else None
        # A product with ones sums the rows in half the time of sum(0).
        return dx, dz.T.dot(rows), None if b is None else ones_vector(len(dz), dz.dtype).dot(dz)

    name = "AddmmBackward0" if flat and b is not None else "ViewBackward0"
    return record(y, (input, weight, bias), backward, name)


@functools.lru_cache(maxsize=64)
def ones_vector(n: int, kind: np.dtype) -> np.ndarray:
    """n ones, not to be written to: a product with them is a sum."""
    ones = np.ones(n, kind)
    ones.flags.writeable = False
    return ones


def einsum(equation: str, *operands: Tensor) -> Tensor:
    """z = the sum of products that the equation spells, such as "bij,bjk->bik"

    dx = the same sum with x and z exchanged. Raises: RuntimeError for an equation that does not fit
    the operands.
    """
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    arrays, wanted = [x.array for x in operands], [x._requires_grad for x in operands]
    try:
        inputs, output = _spelled_out(equation.replace(" ", ""), arrays)
        z = np.einsum(f"{','.join(inputs)}->{output}", *arrays, optimize=len(arrays) > 1)
    except ValueError as error:
        shapes = [list(a.shape) for a in arrays]
        raise RuntimeError(f"einsum {equation!r} does not fit shapes {shapes}: {error}") from None

    def backward(dz):
        terms, factors = [output, *inputs], [dz, *arrays]
        return [_derivative(i, terms, factors) if w else None for i, w in enumerate(wanted, 1)]

    return record(z, operands, backward)


def _derivative(i, terms, factors) -> np.ndarray:
    """The sum over all factors but number i, in whose letters its result is written."""
    letters, x = terms[i], factors[i]
    distinct = "".join(dict.fromkeys(letters))
    terms, factors = terms[:i] + terms[i + 1 :], factors[:i] + factors[i + 1 :]
    if not set(letters) <= set("".join(terms)):  # ones spread it along a letter that only x has
        terms.append(distinct)
        factors.append(np.ones_like(np.einsum(f"{letters}->{distinct}", x)))
    dx = np.einsum(f"{','.join(terms)}->{distinct}", *factors, optimize=len(terms) > 1)
    if distinct == letters:
        return dx
    full = np.zeros_like(x)  # "ii->i" reads a diagonal: its gradient is one
    np.einsum(f"{letters}->{distinct}", full)[...] = dx
    return full


def _spelled_out(equation: str, arrays: list[np.ndarray]) -> tuple[list[str], str]:
    """Letters for every axis: "..." gets letters of its own, a missing output the usual one."""
    left, arrow, output = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        output = "..." + "".join(c for c in sorted({*left} - {*",."}) if left.count(c) == 1)
    free = "".join(c for c in ascii_letters if c not in equation)
    axes = [a.ndim - len(s.replace("...", "")) for s, a in zip(terms, arrays, strict=True)]
    widest = max(0, *axes)
    named = [s.replace("...", free[widest - n : widest]) for s, n in zip(terms, axes, strict=True)]
    return named, output.replace("...", free[:widest])


def _require_axes(function, n, *inputs) -> None:
    for x in inputs:
        if x.array.ndim != n:
            raise RuntimeError(f"{function} expected {n}-D tensors, but got shape {list(x.shape)}")


def _misfit(a: np.ndarray, b: np.ndarray, hint: str = "") -> RuntimeError:
    shapes = " and ".join("x".join(map(str, m.shape)) or "a number" for m in (a, b))
    return RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({shapes}){hint}")
