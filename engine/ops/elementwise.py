"""Operations that act on each element: arithmetic, comparison, and the functions of school."""

from __future__ import annotations

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant, record
from engine.ops.promotion import floating, operands


def add(x: Tensor | float, y: Tensor | float, *, alpha: float = 1) -> Tensor:
    """z = x + alpha·y,  dx = dz,  dy = alpha·dz"""
    a, b = operands(x, y)
    if alpha == 1:
        return record(a + b, (x, y), lambda dz: (dz, dz))
    return record(a + alpha * b, (x, y), lambda dz: (dz, alpha * dz))


def sub(x: Tensor | float, y: Tensor | float, *, alpha: float = 1) -> Tensor:
    """z = x - alpha·y,  dx = dz,  dy = -alpha·dz"""
    a, b = operands(x, y)
    if _is_bool(a) or _is_bool(b):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. "
            "Write a ^ b for 'one of the two', ~a for 'not', or a.long() - b.long()."
        )
    if alpha == 1:
        return record(a - b, (x, y), lambda dz: (dz, -dz))
    return record(a - alpha * b, (x, y), lambda dz: (dz, -alpha * dz))


def mul(x: Tensor | float, y: Tensor | float) -> Tensor:
    """z = x y,  dx = y dz,  dy = x dz"""
    a, b = operands(x, y)
    if not isinstance(y, Tensor):
        return record(a * b, (x,), lambda dz: (dz * b,))
    return record(a * b, (x, y), lambda dz: (dz * b, dz * a))


def div(x: Tensor | float, y: Tensor | float) -> Tensor:
    """z = x / y,  dx = dz / y,  dy = -dz x / y²"""
    a, b = (_as_float(operand) for operand in operands(x, y))
    z = a / b
    if not isinstance(y, Tensor):
        return record(z, (x,), lambda dz: (dz / b,))
    return record(z, (x, y), lambda dz: (dz / b, -dz * (z / b)))


def floor_divide(x: Tensor | float, y: Tensor | float) -> Tensor:
    """z = ⌊x / y⌋ (no gradient: it is 0 where it exists)"""
    a, b = operands(x, y)
    _refuse_integer_zero(a, b)
    return constant(np.floor_divide(a, b))


def remainder(x: Tensor | float, y: Tensor | float) -> Tensor:
    """z = x - y ⌊x / y⌋,  dx = dz,  dy = -⌊x / y⌋ dz"""
    a, b = operands(x, y)
    _refuse_integer_zero(a, b)
    z = np.remainder(a, b)
    return record(z, (x, y), lambda dz: (dz, -dz * np.floor_divide(a, b)))


def pow(x: Tensor | float, y: Tensor | float) -> Tensor:
    """z = xʸ,  dx = y xʸ⁻¹ dz,  dy = xʸ ln x dz"""
    a, b = operands(x, y)
    integers = not isinstance(a, float) and not isinstance(b, float) and _kind(a) + _kind(b) < 3
    if integers and np.any(np.asarray(b) < 0) and not isinstance(y, Tensor):
        raise RuntimeError(f"Integers to negative integer powers are not allowed, but got {b}")
    z = np.square(a) if not isinstance(y, Tensor) and y == 2 else np.power(a, b)
    if not isinstance(y, Tensor):
        return record(z, (x,), lambda dz: (_power_slope(dz, a, b),))
    return record(z, (x, y), lambda dz: (_power_slope(dz, a, b), dz * _power_log(a, b, z)))


def neg(x: Tensor) -> Tensor:
    """y = -x,  dx = -dy"""
    if _is_bool(x.array):
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported; use ~.")
    return record(-x.array, (x,), lambda dy: (-dy,))


def abs(x: Tensor) -> Tensor:
    """y = |x|,  dx = sign(x) dy"""
    a = x.array
    return record(np.abs(a), (x,), lambda dy: (dy * np.sign(a),))


def exp(x: Tensor) -> Tensor:
    """y = eˣ,  dx = y dy"""
    y = np.exp(floating(x))
    return record(y, (x,), lambda dy: (dy * y,))


def log(x: Tensor) -> Tensor:
    """y = ln x,  dx = dy / x"""
    a = floating(x)
    y = np.log(a)
    return record(y, (x,), lambda dy: (dy / a,))


def sqrt(x: Tensor) -> Tensor:
    """y = √x,  dx = dy / (2 y)"""
    y = np.sqrt(floating(x))
    return record(y, (x,), lambda dy: (dy / (2 * y),))


def sin(x: Tensor) -> Tensor:
    """y = sin x,  dx = cos(x) dy"""
    a = floating(x)
    return record(np.sin(a), (x,), lambda dy: (dy * np.cos(a),))


def cos(x: Tensor) -> Tensor:
    """y = cos x,  dx = -sin(x) dy"""
    a = floating(x)
    return record(np.cos(a), (x,), lambda dy: (-dy * np.sin(a),))


def sign(x: Tensor) -> Tensor:
    """y = -1, 0 or 1 with the sign of x,  dx = 0"""
    a = x.array
    return record(a if _is_bool(a) else np.sign(a), (x,), lambda dy: (np.zeros_like(dy),))


def round(x: Tensor, *, decimals: int = 0) -> Tensor:
    """y = the nearest integer to x (halves to even),  dx = 0"""
    return record(np.round(x.array, decimals), (x,), lambda dy: (np.zeros_like(dy),))


def clamp(
    x: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None
) -> Tensor:
    """y = x, but at least min and at most max,  dx = dy where x is within the bounds

    A bound is a number or a tensor that broadcasts; a tensor bound gets the gradient where it wins.
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        y = x if min is None else maximum(x, min, tie_to_first=True)
        return y if max is None else minimum(y, max, tie_to_first=True)
    a = x.array
    if a.dtype.kind != "f" and (isinstance(min, float) or isinstance(max, float)):
        a = floating(x)
    inside = np.ones(a.shape, bool)
    if min is not None:
        inside &= a >= min
    if max is not None:
        inside &= a <= max
    lower = -np.inf if min is None and a.dtype.kind == "f" else min
    return record(np.clip(a, lower, max), (x,), lambda dy: (dy * inside,), "ClampBackward1")


def maximum(x: Tensor | float, y: Tensor | float, *, tie_to_first: bool = False) -> Tensor:
    """z = the larger of x and y; it takes the gradient, equal ones half each"""
    return _extremum(np.maximum, np.greater, x, y, tie_to_first, "MaximumBackward0")


def minimum(x: Tensor | float, y: Tensor | float, *, tie_to_first: bool = False) -> Tensor:
    """z = the smaller of x and y; it takes the gradient, equal ones half each"""
    return _extremum(np.minimum, np.less, x, y, tie_to_first, "MinimumBackward0")


def _extremum(choose, wins, x, y, tie_to_first, name) -> Tensor:
    a, b = operands(x, y)

    def backward(dz):
        share = np.where(a == b, 1.0 if tie_to_first else 0.5, wins(a, b)).astype(dz.dtype)
        return dz * share, dz * (1 - share)

    return record(choose(a, b), (x, y), backward, name)


def where(condition: Tensor, x: Tensor | float, y: Tensor | float) -> Tensor:
    """z = x where condition holds, y elsewhere; each gets the gradient where it was taken"""
    if not isinstance(condition, Tensor) or not _is_bool(condition.array):
        seen = condition.dtype if isinstance(condition, Tensor) else type(condition).__name__
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got {seen}")
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        floats = isinstance(x, float) or isinstance(y, float)
        kind = dtypes.get_default_dtype().numpy if floats else np.int64
        return constant(np.where(condition.array, x, y).astype(kind))
    chosen = condition.array
    a, b = operands(x, y)
    kind = a.dtype if isinstance(a, np.ndarray) else b.dtype
    z = np.where(chosen, a, b).astype(kind, copy=False)
    return record(z, (x, y), lambda dz: (dz * chosen, dz * ~chosen))


def masked_fill(x: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """y = value where mask is True, x elsewhere,  dx = dy where mask is False"""
    if not isinstance(mask, Tensor) or not _is_bool(mask.array):
        seen = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask of {seen}")
    hidden = mask.array
    a = x.array
    fill = value.array if isinstance(value, Tensor) else value
    if isinstance(value, Tensor) and value.array.ndim:
        raise RuntimeError(
            "masked_fill only supports a 0-dimensional value tensor, "
            f"but got tensor with {value.array.ndim} dimension(s)."
        )
    y = np.where(hidden, np.asarray(fill, a.dtype), a)
    return record(y, (x, None, value), lambda dy: (dy * ~hidden, None, (dy * hidden).sum()))


def _comparison(ufunc):
    def compare(x, y) -> Tensor:
        a, b = operands(x, y)
        return constant(ufunc(a, b))

    compare.__doc__ = f"Element by element NumPy's {ufunc.__name__}, as a bool tensor."
    return compare


eq = _comparison(np.equal)
ne = _comparison(np.not_equal)
lt = _comparison(np.less)
le = _comparison(np.less_equal)
gt = _comparison(np.greater)
ge = _comparison(np.greater_equal)


def logical_and(x: Tensor | float, y: Tensor | float) -> Tensor:
    """x & y: bitwise for integers, logical for booleans"""
    return constant(np.bitwise_and(*_integers("&", x, y)))


def logical_or(x: Tensor | float, y: Tensor | float) -> Tensor:
    """x | y: bitwise for integers, logical for booleans"""
    return constant(np.bitwise_or(*_integers("|", x, y)))


def logical_xor(x: Tensor | float, y: Tensor | float) -> Tensor:
    """x ^ y: bitwise for integers, logical for booleans"""
    return constant(np.bitwise_xor(*_integers("^", x, y)))


def invert(x: Tensor) -> Tensor:
    """~x: bitwise for integers, logical for booleans"""
    (a,) = _integers("~", x)
    return constant(np.invert(a))


def isnan(x: Tensor) -> Tensor:
    """True where x is not a number"""
    return constant(np.isnan(x.array))


def isinf(x: Tensor) -> Tensor:
    """True where x is +∞ or -∞"""
    return constant(np.isinf(x.array))


def isfinite(x: Tensor) -> Tensor:
    """True where x is neither infinite nor NaN"""
    return constant(np.isfinite(x.array))


def _integers(symbol, *inputs):
    arrays = operands(*inputs) if len(inputs) == 2 else (inputs[0].array,)
    for a in arrays:
        if isinstance(a, float) or (isinstance(a, np.ndarray) and a.dtype.kind == "f"):
            seen = ", ".join(str(getattr(i, "dtype", type(i).__name__)) for i in inputs)
            raise NotImplementedError(
                f"`{symbol}` is not implemented for floating point, got {seen}; compare first: "
                "(x > 0) & (x < 1)"
            )
    return arrays


def _is_bool(a) -> bool:
    return isinstance(a, bool) or (isinstance(a, np.ndarray) and a.dtype.kind == "b")


def _kind(a) -> int:
    return dtypes.category(a.dtype) if isinstance(a, np.ndarray) else 1


def _as_float(operand):
    if isinstance(operand, np.ndarray) and operand.dtype.kind != "f":
        return operand.astype(dtypes.get_default_dtype().numpy)
    return operand


def _refuse_integer_zero(a, b) -> None:
    whole = all(isinstance(v, int) or (isinstance(v, np.ndarray) and v.dtype.kind in "iu")
                for v in (a, b))  # fmt: skip
    if whole and np.any(np.asarray(b) == 0):
        raise RuntimeError("ZeroDivisionError: an integer tensor was divided by 0")


def _power_slope(dz, a, b):
    slope = dz * b * np.power(a, np.subtract(b, 1))
    return np.where(np.asarray(b) == 0, 0, slope).astype(dz.dtype, copy=False)


def _power_log(a, b, z):
    return np.where((np.asarray(a) == 0) & (np.asarray(b) >= 0), 0, z * np.log(a))
