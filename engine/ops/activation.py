"""Functions between layers: they bend each number, or turn a row of scores into probabilities."""

import math

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, record
from engine.ops.arguments import Dtype, axis_of, require_floating, require_tensor
from engine.ops.inplace import in_place
from engine.ops.promotion import floating

SELU_ALPHA = 1.6732632423543772848
SELU_SCALE = 1.0507009873554804934


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """y = max(x, 0),  dx = dy where y ≠ 0"""
    if inplace:
        return in_place(relu)(input)
    require_tensor("relu", "input", input)
    if input.array.dtype.kind == "b":
        raise RuntimeError("relu expected numbers, but got Bool")
    y = np.maximum(input.array, 0)
    # bool is y ≠ 0, which lets NaN pass, as in PyTorch; a product with floats takes half the time.
    return record(y, (input,), lambda dy: (dy * y.astype(bool).astype(dy.dtype),))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """y = x for x > 0, slope·x elsewhere,  dx = dy for x > 0, slope·dy elsewhere"""
    if inplace:
        return in_place(leaky_relu)(input, negative_slope)
    a, slope = _floats("leaky_relu", input), negative_slope
    y = np.maximum(a, 0) + slope * np.minimum(a, 0)
    return record(y, (input,), lambda dy: (dy * (a > 0) + slope * dy * ~(a > 0),))


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """y = x for x > 0, α(eˣ - 1) elsewhere,  dx = dy for x > 0, α eˣ dy elsewhere"""
    return (in_place(_elu) if inplace else _elu)(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """y = λ·elu(x, α),  α ≈ 1.6733 and λ ≈ 1.0507 keep mean 0 and variance 1 (Klambauer, 2017)"""
    return (in_place(_elu) if inplace else _elu)(input, SELU_ALPHA, SELU_SCALE)


def _elu(x, alpha, scale=1.0):
    a = _floats("elu", x)
    low = np.minimum(a, 0)
    y = scale * (np.maximum(a, 0) + alpha * np.expm1(low))

    def backward(dy):
        return (scale * dy * ((a > 0) + alpha * np.exp(low) * (a <= 0)),)

    return record(y, (x,), backward)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """y = x Φ(x),  dx = (Φ(x) + x φ(x)) dy: Φ, φ are the standard normal distribution, its density

    approximate="tanh": Φ(x) ≈ (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³).
    Source: Hendrycks and Gimpel, 2016.
    """
    a = _floats("gelu", input)
    if approximate == "none":
        below, height = 0.5 * (1 + erf(a * math.sqrt(0.5))), math.sqrt(0.5 / math.pi)
        density = height * np.exp(-0.5 * a * a)
        return record(a * below, (input,), lambda dy: (dy * (below + a * density),))
    if approximate != "tanh":
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', but got {approximate!r}")
    c, k = math.sqrt(2 / math.pi), 0.044715
    h = np.tanh(c * a * (1 + k * a * a))

    def backward(dy):
        return (dy * 0.5 * (1 + h + a * (1 - h * h) * c * (1 + 3 * k * a * a)),)

    return record(0.5 * a * (1 + h), (input,), backward)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """y = x σ(x),  dx = σ (1 + x (1 - σ)) dy"""
    if inplace:
        return in_place(silu)(input)
    a = _floats("silu", input)
    s = sigmoid_of(a)
    return record(a * s, (input,), lambda dy: (dy * s * (1 + a * (1 - s)),))


def sigmoid(input: Tensor) -> Tensor:
    """y = σ(x) = 1 / (1 + e⁻ˣ),  dx = y (1 - y) dy"""
    require_tensor("sigmoid", "input", input)
    y = sigmoid_of(floating(input))
    return record(y, (input,), lambda dy: (dy * y * (1 - y),))


def logsigmoid(input: Tensor) -> Tensor:
    """y = ln σ(x),  dx = σ(-x) dy"""
    a, name = _floats("logsigmoid", input), "LogSigmoidBackward0"
    return record(log_sigmoid_of(a), (input,), lambda dy: (dy * sigmoid_of(-a),), name)


def tanh(input: Tensor) -> Tensor:
    """y = tanh x,  dx = (1 - y²) dy"""
    require_tensor("tanh", "input", input)
    y = np.tanh(floating(input))
    return record(y, (input,), lambda dy: ((1 - y * y) * dy,))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """y = ln(1 + e^(βx)) / β,  dx = σ(βx) dy; above the threshold, βx > threshold, y = x"""
    a = _floats("softplus", input)
    scaled = beta * a
    linear = scaled > threshold
    y = np.where(linear, a, -log_sigmoid_of(-scaled) / a.dtype.type(beta))
    return record(y, (input,), lambda dy: (dy * np.where(linear, 1, sigmoid_of(scaled)),))


def softmax(input: Tensor, dim: int | None = None, *, dtype: Dtype = None) -> Tensor:
    """y = eˣ / Σ eˣ along dim,  dx = y (dy - Σ y dy)

    dtype: compute in this type. Raises: IndexError if dim is outside, NotImplementedError for
    integers and without dim, which PyTorch would choose with a warning.
    """
    shifted, axis = _shifted_scores("softmax", input, dim, dtype)
    y = np.exp(shifted)
    y /= y.sum(axis, keepdims=True)

    def backward(dy):
        weighted = y * dy
        return (weighted - y * weighted.sum(axis, keepdims=True),)

    return record(y, (input,), backward)


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Dtype = None) -> Tensor:
    """y = x - ln Σ eˣ along dim,  dx = dy - eʸ Σ dy (arguments as softmax)"""
    y, axis = _shifted_scores("log_softmax", input, dim, dtype)
    y -= np.log(np.exp(y).sum(axis, keepdims=True))
    return record(y, (input,), lambda dy: (dy - np.exp(y) * dy.sum(axis, keepdims=True),))


def erf(a: np.ndarray) -> np.ndarray:
    """erf a = 2/√π ∫₀ᵃ e^(-t²) dt for an array, exact to about one unit in the last place of 1.

    Taylor's series to d⁴ around x, the nearest multiple of 1/512:
    erf (x + d) ≈ erf x + 2/√π e^(-x²) (d - x d² + (2x² - 1)/3 d³ + (x/2 - x³/3) d⁴).
    """
    a = np.clip(a, -6, 6)  # erf 6 is 1 in float64
    nearest = np.rint(a * 512)
    x = nearest / 512
    d = a - x
    at_x = _ERF.astype(a.dtype).take(nearest.astype(np.intp) + 3072, mode="clip")  # any of NaN
    series = 1 - d * (x - d * ((2 * x * x - 1) / 3 + d * x * (0.5 - x * x / 3)))
    return at_x + 2 / math.sqrt(math.pi) * np.exp(-x * x) * d * series


_ERF = np.array([math.erf(n / 512) for n in range(-3072, 3073)])


def sigmoid_of(a: np.ndarray) -> np.ndarray:
    """σ(a) of an array.

    e⁻ˣ may become infinite: then 1 / (1 + e⁻ˣ) is 0, as it should be. Through tanh it would be as
    fast, but σ(-20) in float32 would be 0 and its logarithm lost.
    """
    return np.reciprocal(np.exp(-a) + 1)


def log_sigmoid_of(a: np.ndarray) -> np.ndarray:
    """ln σ(a) = min(a, 0) - ln(1 + e^(-|a|)), finite for every finite a."""
    return np.minimum(a, 0) - np.log1p(np.exp(-np.abs(a)))


def _floats(name: str, x: Tensor) -> np.ndarray:
    require_tensor(name, "input", x)
    require_floating(name, x.array)
    return x.array


def _shifted_scores(name, x, dim, dtype) -> tuple[np.ndarray, int]:
    """The scores minus the largest along dim, whose exponentials are 1 at most, and the axis."""
    require_tensor(name, "input", x)
    a = x.array if dtype is None else x.array.astype(dtypes.to_numpy_dtype(dtype))
    require_floating(name, a)
    if dim is None:
        raise NotImplementedError(f"{name}: dim=None is not supported, name the axis: dim=-1")
    axis = axis_of(dim, a.ndim)
    return a - a.max(axis, keepdims=True, initial=-np.inf), axis  # initial: the axis may be empty
