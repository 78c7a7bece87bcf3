"""PyTorch's random numbers on the CPU, drawn from the same Mersenne twister.

The same seed gives the numbers that PyTorch gives: to the bit for uniform numbers, integers,
permutations, Dropout masks and fewer than 16 normals; large float32 normals to 2e-7, because
PyTorch computes their logarithm and cosine with vector approximations.

Everything here returns NumPy arrays; `engine.creation` wraps them as tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import dtypes

DEFAULT_SEED = 67280421310721
_NORMAL_BLOCK = 16

Shape = Sequence[int]


class Generator:
    """A stream of pseudo-random numbers: MT19937 (Matsumoto and Nishimura, 1998).

    The state is 624 words of 32 bits, filled by init_genrand(seed mod 2³²). Each draw is one
    tempered word. Every method below says how many draws it takes, so two programs that draw
    the same things in the same order see the same numbers.

    Args: device: "cpu", the only one.
    Raises: RuntimeError for any other device.
    """

    def __init__(self, device: str | dtypes.device = "cpu") -> None:
        self.device = dtypes.device(device)
        self._twister = np.random.MT19937(0)
        self.manual_seed(DEFAULT_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Restart the stream at `seed`, an integer in [-2⁶³, 2⁶⁴), and return the generator.

        A negative seed means seed + 2⁶⁴. Only the low 32 bits choose the stream.
        Raises: RuntimeError if the seed is no integer, ValueError if it needs more than 64 bits.
        """
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"Overflow: a seed lies in [-2**63, 2**64), got {seed}")
        self._initial_seed = int(seed) % 2**64
        self._twister._legacy_seeding(self._initial_seed % 2**32)
        self._normals: list[float] = []  # the sine of a pair whose cosine was asked for
        return self

    def initial_seed(self) -> int:
        """The seed that started the stream."""
        return self._initial_seed

    def random64(self) -> int:
        """One integer of [0, 2⁶³), as an int64 tensor's `random_()`: two draws, first on top."""
        return int(self._raw64(1)[0]) % 2**63

    def uniform(self, shape: Shape, dtype: Any = np.float32, low: float = 0.0,
                high: float = 1.0) -> np.ndarray:  # fmt: skip
        """Uniform numbers x = low + (high - low) u with u in [0, 1), as `uniform_` draws them.

        float32: u = (low 24 bits of one draw) · 2⁻²⁴. float64: u = (low 53 bits of two draws,
        first on top) · 2⁻⁵³. Multiplication and addition round once, together; what rounds up to
        `high` becomes `low`.

        Raises: NotImplementedError for other dtypes, RuntimeError if low > high or if a bound
            or the difference overflows the dtype.
        """
        kind = _floating(dtype, "uniform")
        largest = float(np.finfo(kind).max)
        if not -largest <= low <= high <= largest or high - low > largest:
            raise RuntimeError(f"expected low <= high, high - low within {kind}: {low=}, {high=}")
        low, high = kind.type(low), kind.type(high)
        x = multiply_add(self._unit(_size(shape), kind), high - low, low)
        return np.where(x == high, low, x).reshape(shape)

    def normal(self, shape: Shape, dtype: Any = np.float32, mean: float = 0.0,
               std: float = 1.0) -> np.ndarray:  # fmt: skip
        """Normal numbers x = mean + std z by Box and Muller (1958), as `normal_` draws them.

        z₁ = √(-2 ln u₁) cos(2π u₂),  z₂ = √(-2 ln u₁) sin(2π u₂)

        16 numbers or more: uniforms of the dtype fill the array; in each block of 16,
        u₁ = 1 - x[j] and u₂ = x[j + 8] give the values j and j + 8. If the count is no multiple
        of 16, the last 16 are drawn afresh.
        Fewer than 16: float64 pairs, one at a time; angle from the first uniform, radius from the
        second. The unused sine of the last pair waits in the generator for the next small call.

        Raises: NotImplementedError for other dtypes, RuntimeError unless std >= 0.
        """
        kind = _floating(dtype, "normal")
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        size = _size(shape)
        if size < _NORMAL_BLOCK:
            z = np.array(self._few_normals(size))
            return multiply_add(z, float(std), float(mean)).astype(kind).reshape(shape)
        z = self._unit(size, kind)
        full = size - size % _NORMAL_BLOCK
        z[:full] = _box_muller(z[:full])
        if full < size:
            z[-_NORMAL_BLOCK:] = _box_muller(self._unit(_NORMAL_BLOCK, kind))
        return multiply_add(z, kind.type(std), kind.type(mean)).reshape(shape)

    def integers(self, low: int, high: int, shape: Shape, dtype: Any = np.int64) -> np.ndarray:
        """Integers of [low, high): low + (draw mod (high - low)), as `randint` draws them.

        One draw of 32 bits for each, or from a range of 2²⁸ on one of 64 bits (two draws). The
        small bias of the remainder is PyTorch's.

        Raises: RuntimeError if low >= high or if the range does not fit the dtype.
        """
        kind = np.dtype(dtype)
        least, most = _integer_range(kind)
        if not least <= low < high <= most + 1:
            raise RuntimeError(f"expected from < to within {kind}, but got from={low}, to={high}")
        draw = self._raw64 if high - low >= 2**28 else self._twister.random_raw
        offsets = (draw(_size(shape)) % (high - low)).astype(np.int64)
        return (offsets + low).astype(kind).reshape(shape)

    def permutation(self, n: int) -> np.ndarray:
        """A permutation of 0 ... n - 1 by Fisher and Yates, as `randperm` draws it.

        For i = 0 ... n - 2: swap places i and i + (draw mod (n - i)). n - 1 draws.

        Raises: RuntimeError if n < 0.
        """
        draws = self._twister.random_raw(max(_size((n,)) - 1, 0))
        order = list(range(n))
        places = np.arange(len(draws), dtype=np.uint64)
        for i, j in enumerate((places + draws % (n - places)).tolist()):
            order[i], order[j] = order[j], order[i]
        return np.array(order, np.int64)

    def keep_mask(self, shape: Shape, p: float) -> np.ndarray:
        """The elements that Dropout keeps, each with probability 1 - p: u < 1 - p.

        u is a float64 uniform, two draws each. A PyTorch built with another Bernoulli kernel
        may draw other masks from the same seed.

        Raises: RuntimeError unless 0 <= p <= 1.
        """
        if not 0 <= p <= 1:
            raise RuntimeError(f"expected a probability p in [0, 1], got {p}")
        return (self._unit(_size(shape), np.dtype(np.float64)) < 1 - p).reshape(shape)

    def drop_factors(self, like: np.ndarray, p: float) -> np.ndarray:
        """What Dropout multiplies an array by: 1 / (1 - p) where keep_mask keeps, 0 elsewhere.

        Drawn in the order in which the array lies in memory; nothing is drawn for p = 1.
        """
        factors = np.zeros_like(like)
        if p < 1:
            kept = self.keep_mask((like.size,), p)
            factors.ravel("K")[:] = kept * like.dtype.type(1 / (1 - p))
        return factors

    def _raw64(self, size: int) -> np.ndarray:
        draws = self._twister.random_raw(2 * size)
        return draws[::2] << np.uint64(32) | draws[1::2]

    def _unit(self, size: int, kind: np.dtype) -> np.ndarray:
        draw, bits = (self._twister.random_raw, 24) if kind == np.float32 else (self._raw64, 53)
        return (draw(size) & (2**bits - 1)).astype(kind) * kind.type(2.0**-bits)

    def _few_normals(self, size: int) -> list[float]:
        z = self._normals
        while len(z) < size:
            u1, u2 = self._unit(2, np.dtype(np.float64)).tolist()
            radius, angle = math.sqrt(-2 * math.log1p(-u2)), 2 * math.pi * u1
            z += (radius * math.cos(angle), radius * math.sin(angle))
        self._normals = z[size:]
        return z[:size]


def manual_seed(seed: int) -> Generator:
    """Seed the stream that all random functions share, and return its generator.

    As in PyTorch, `seed` may be anything that int() takes.
    """
    return default_generator.manual_seed(int(seed))


def _size(shape: Shape) -> int:
    if min(shape, default=0) < 0:
        raise RuntimeError(f"Tried a tensor with negative dimension {min(shape)}: {list(shape)}")
    return math.prod(shape)


def _floating(dtype: Any, name: str) -> np.dtype:
    kind = np.dtype(dtype)
    if kind not in (np.float32, np.float64):
        raise NotImplementedError(f"{name} numbers are float32 or float64, got dtype {kind}")
    return kind


def _box_muller(u: np.ndarray) -> np.ndarray:
    # NumPy's float32 functions differ between processors; the float64 ones, rounded, do not.
    kind, u = u.dtype, u.reshape(-1, 2, _NORMAL_BLOCK // 2)
    angle = kind.type(2 * np.pi) * u[:, 1]
    radius = np.sqrt(-2 * np.log(1 - u[:, 0], dtype=np.float64).astype(kind))
    cosine, sine = (f(angle, dtype=np.float64).astype(kind) for f in (np.cos, np.sin))
    return np.stack((radius * cosine, radius * sine), axis=1).reshape(-1)


def multiply_add(x: np.ndarray, factor: float, term: float) -> np.ndarray:
    """x · factor + term, rounded once, as the fused instruction of PyTorch's kernels does."""
    if factor == 1 and term == 0:
        return x
    if x.dtype == np.float32:  # exact in float64: a product of two float32 has 48 bits
        return (x.astype(np.float64) * factor + float(term)).astype(np.float32)
    product = x * factor
    total = product + term
    # Dekker (1971): the error of the product; Knuth: the error of the sum.
    x_high, x_low = _halves(x)
    f_high, f_low = _halves(np.float64(factor))
    error = x_low * f_low - (((product - x_high * f_high) - x_low * f_high) - x_high * f_low)
    back = total - product
    error += (product - (total - back)) + (term - back)
    return np.where(np.isfinite(error), total + error, total)


def _halves(x: Any) -> tuple[Any, Any]:
    """x = high + low, rounded at its 27th bit from the end: products of such halves are exact."""
    high = ((x.view(np.int64) + 2**26) & -(2**27)).view(np.float64)
    return high, x - high


def _integer_range(kind: np.dtype) -> tuple[int, int]:
    """The integers that a dtype holds; of a floating point type those between which none fails."""
    if kind.kind == "f":
        largest = 2 ** (np.finfo(kind).nmant + 1)
        return -largest, largest
    return (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)


default_generator = Generator()
