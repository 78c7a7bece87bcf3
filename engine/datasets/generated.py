"""Generated data: logic gates, moons, spirals, Friedman's regression problem."""

import numpy as np

_GATES = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "xor": (0, 1, 1, 0)}
_CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def logic_gate(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Truth table of the gate "and", "or", "nand" or "xor".

    Returns: x (4, 2) float64: (0, 0), (0, 1), (1, 0), (1, 1); y (4,) int64.
    Raises: ValueError for another name.
    """
    if name not in _GATES:
        raise ValueError(f"logic_gate knows {', '.join(map(repr, _GATES))}; got {name!r}")
    return _CORNERS.copy(), np.array(_GATES[name], dtype=np.int64)


def make_xor(n: int = 4, noise: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """XOR: n points at the corners of the unit square, in turn; without arguments its four rows.

    Args: noise: standard deviation added to both coordinates.
    Returns: x (n, 2) float64; y (n,) int64, 1 where the corner's coordinates differ.
    """
    rng = _generator("make_xor", n, noise, seed)
    corner = np.arange(n) % 4
    return _noisy(_CORNERS[corner], noise, rng), np.array(_GATES["xor"], dtype=np.int64)[corner]


def make_moons(n: int = 200, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other, in random order.

    The upper one is (cos t, sin t), the lower (1 - cos t, 0.5 - sin t), t from 0 to π.

    Args: noise: standard deviation added to both coordinates.
    Returns: x (n, 2) float64; y (n,) int64: 0 upper, 1 lower moon (one point less if n is odd).
    """
    rng = _generator("make_moons", n, noise, seed)
    upper, lower = (np.linspace(0.0, np.pi, count) for count in (n - n // 2, n // 2))
    x = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1.0 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    y = np.repeat([0, 1], [len(upper), len(lower)])
    return _shuffled(_noisy(x, noise, rng), y, rng)


def make_spiral(n: int = 200, noise: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two spiral arms of one and a half turns inside the unit circle, in random order.

    Arm k is r (cos(3πr + πk), sin(3πr + πk)), r from 0.1 to 1.

    Args: noise: standard deviation added to both coordinates.
    Returns: x (n, 2) float64; y (n,) int64: the arm, 0 or 1 (one point less if n is odd).
    """
    rng = _generator("make_spiral", n, noise, seed)
    y = np.repeat([0, 1], [n - n // 2, n // 2])
    r = np.concatenate([np.linspace(0.1, 1.0, count) for count in (n - n // 2, n // 2)])
    angle = np.pi * (3.0 * r + y)
    x = np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1)
    return _shuffled(_noisy(x, noise, rng), y, rng)


def make_friedman(n: int = 200, seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's first regression problem (1991) with 11 columns, of which five matter.

    y = 10 sin(π x₀ x₁) + 20 (x₂ - 0.5)² + 10 x₃ + 5 x₄ + noise · ε,  ε ~ N(0, 1)

    Returns: x (n, 11) float64, uniform in [0, 1); y (n,) float64.
    """
    rng = _generator("make_friedman", n, noise, seed)
    x = np.round(rng.random((n, 11)), 6)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    y += 10 * x[:, 3] + 5 * x[:, 4]
    return x, _noisy(y, noise, rng)


def _generator(function: str, n: int, noise: float, seed: int) -> np.random.Generator:
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"{function}: n must be a whole number of points, got {n!r}")
    if n < 1:
        raise ValueError(f"{function}: n must be at least 1, got {n}")
    if not 0.0 <= noise < np.inf:
        raise ValueError(f"{function}: noise is a standard deviation, 0 or more; got {noise!r}")
    return np.random.default_rng(seed)


def _noisy(values: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    # Adding 0.0 turns -0.0, which would print differently, into 0.0.
    return np.round(values + noise * rng.standard_normal(values.shape), 6) + 0.0


def _shuffled(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    order = rng.permutation(len(y))
    return x[order], y[order].astype(np.int64)
