"""Operations that act on each element: arithmetic, comparison, and the functions of school."""

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant, record
from engine.ops.arguments import require_tensor
from engine.ops.promotion import Operand, floating, operands


def add(x: Operand, y: Operand, *, alpha: float = 1) -> Tensor:
    """z = x + alpha·y,  dx = dz,  dy = alpha·dz"""
    a, b = operands(x, y)
    b = b if alpha == 1 else alpha * b
    return record(a + b, (x, y), lambda dz: (dz, dz if alpha == 1 else alpha * dz))


def sub(x: Operand, y: Operand, *, alpha: float = 1) -> Tensor:
    """z = x - alpha·y,  dx = dz,  dy = -alpha·dz"""
    a, b = operands(x, y)
    if _is_bool(a) or _is_bool(b):
        raise RuntimeError("`-` with a bool tensor is not supported: write x ^ y, ~x or x.long()")
    b = b if alpha == 1 else alpha * b
    return record(a - b, (x, y), lambda dz: (dz, -alpha * dz))


def mul(x: Operand, y: Operand) -> Tensor:
    """z = x y,  dx = y dz,  dy = x dz"""
    a, b = operands(x, y)
    if not isinstance(y, Tensor):
        return record(a * b, (x,), lambda dz: (dz * b,))
    return record(a * b, (x, y), lambda dz: (dz * b, dz * a))


def div(x: Operand, y: Operand) -> Tensor:
    """z = x / y,  dx = dz / y,  dy = -dz x / y²"""
    a, b = operands(x, y)
    kind = np.result_type(a, b)
    z = np.divide(a, b, dtype=kind if kind.kind == "f" else dtypes.get_default_dtype().numpy)
    if not isinstance(y, Tensor):
        return record(z, (x,), lambda dz: (dz / b,))
    return record(z, (x, y), lambda dz: (dz / b, -dz * (a / b / b)))  # z may change in place


def floor_divide(x: Operand, y: Operand) -> Tensor:
    """z = ⌊x / y⌋ (no gradient: it is 0 where it exists)"""
    return constant(np.floor_divide(*_divisible(x, y)))


def remainder(x: Operand, y: Operand) -> Tensor:
    """z = x - y ⌊x / y⌋,  dx = dz,  dy = -⌊x / y⌋ dz"""
    a, b = _divisible(x, y)
    return record(np.remainder(a, b), (x, y), lambda dz: (dz, -dz * np.floor_divide(a, b)))


def pow(x: Operand, y: Operand) -> Tensor:
    """z = xʸ,  dx = y xʸ⁻¹ dz,  dy = xʸ ln x dz"""
    a, b = operands(x, y)
    try:
        z = a**b
    except ValueError:
        raise RuntimeError(f"Integers to negative integer powers are not allowed: {b}") from None
    if not isinstance(y, Tensor):
        return record(z, (x,), lambda dz: (dz * _power_slope(a, b),))
    return record(z, (x, y), lambda dz: (dz * _power_slope(a, b), dz * _power_log(a, b, z)))


def neg(x: Tensor) -> Tensor:
    """y = -x,  dx = -dy"""
    if _is_bool(x.array):
        raise RuntimeError("`-` on a bool tensor is not supported: write ~x")
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
    return record(np.log(a), (x,), lambda dy: (dy / a,))


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


def clamp(x: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """y = x, but at least min and at most max,  dx = dy where x is within the bounds

    A bound is a number or a tensor that broadcasts; a tensor bound gets the gradient where it wins.
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    if min is not None:
        x = _extremum(np.maximum, np.greater, x, min, 1, "ClampBackward1")
    return x if max is None else _extremum(np.minimum, np.less, x, max, 1, "ClampBackward1")


def maximum(x: Tensor, y: Tensor) -> Tensor:
    """z = the larger of x and y; it takes the gradient, equal ones half each"""
    return _extremum(np.maximum, np.greater, x, y, 0.5, "MaximumBackward0")


def minimum(x: Tensor, y: Tensor) -> Tensor:
    """z = the smaller of x and y; it takes the gradient, equal ones half each"""
    return _extremum(np.minimum, np.less, x, y, 0.5, "MinimumBackward0")


def _extremum(choose, wins, x, y, share_of_a_tie, name) -> Tensor:
    a, b = operands(x, y)

    def backward(dz):
        share = np.where(a == b, share_of_a_tie, wins(a, b)).astype(dz.dtype)
        return dz * share, dz * (1 - share)

    return record(choose(a, b), (x, y), backward, name)


def where(condition: Tensor, x: Operand, y: Operand) -> Tensor:
    """z = x where condition holds, y elsewhere; each gets the gradient where it was taken"""
    chosen = _mask("where", "condition", condition)
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        z = np.where(chosen, x, y)
        return constant(z.astype(dtypes.get_default_dtype().numpy) if z.dtype.kind == "f" else z)
    a, b = operands(x, y)
    return record(np.where(chosen, a, b), (x, y), lambda dz: (dz * chosen, dz * ~chosen))


def masked_fill(x: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """y = value where mask is True, x elsewhere,  dx = dy where mask is False"""
    hidden = _mask("masked_fill", "mask", mask)
    fill = np.asarray(value.array if isinstance(value, Tensor) else value, x.array.dtype)
    if fill.ndim:
        raise RuntimeError(f"expected one number to fill with, but got shape {list(fill.shape)}")
    y = np.where(hidden, fill, x.array)
    return record(y, (x, None, value), lambda dy: (dy * ~hidden, None, (dy * hidden).sum()))


def _without_gradient(ufunc):
    def operation(x, *other) -> Tensor:
        arrays = operands(x, *other) if other else (x.array,)
        try:
            return constant(ufunc(*arrays))
        except TypeError:
            text = f"{ufunc.__name__} is for integers and booleans, but got {arrays[0].dtype}"
            error = NotImplementedError if other else TypeError
            raise error(f"{text}: compare first, (x > 0) & (x < 1)") from None

    operation.__doc__ = f"NumPy's {ufunc.__name__}, element by element"
    return operation


eq, ne = _without_gradient(np.equal), _without_gradient(np.not_equal)
lt, le = _without_gradient(np.less), _without_gradient(np.less_equal)
gt, ge = _without_gradient(np.greater), _without_gradient(np.greater_equal)
logical_and, logical_or = _without_gradient(np.bitwise_and), _without_gradient(np.bitwise_or)
logical_xor, invert = _without_gradient(np.bitwise_xor), _without_gradient(np.invert)
isnan, isinf = _without_gradient(np.isnan), _without_gradient(np.isinf)
isfinite = _without_gradient(np.isfinite)


def _mask(function, argument, mask) -> np.ndarray:
    require_tensor(function, argument, mask)
    if not _is_bool(mask.array):
        raise RuntimeError(f"{function} expected a bool {argument}, but got {mask.dtype}")
    return mask.array


def _is_bool(a) -> bool:
    return isinstance(a, bool) or (isinstance(a, np.ndarray) and a.dtype.kind == "b")


def _divisible(x, y) -> tuple:
    a, b = operands(x, y)
    if np.result_type(a, b).kind in "iu" and not np.all(b):
        raise RuntimeError("ZeroDivisionError: an integer tensor was divided by 0")
    return a, b


def _power_slope(a, b):
    return np.where(b == 0, 0, b * a ** (b - 1))


def _power_log(a, b, z):
    return np.where((a == 0) & (b >= 0), 0, z * np.log(a))
