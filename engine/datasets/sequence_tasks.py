"""Tasks on whole sequences of symbols: one list of numbers in, one of the same length out."""

import numpy as np


def make_reversal(
    n: int = 1000, length: int = 12, symbols: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences, and the same ones read from the end.

    Args: length: of each sequence. symbols: how many there are, numbered from 0.
    Returns: x (n, length) int64, uniform in 0 ... symbols - 1; y (n, length) int64.
    """
    x = _sequences("make_reversal", n, length, symbols, seed)
    return x, x[:, ::-1].copy()


def make_sorting(
    n: int = 1000, length: int = 12, symbols: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences, and the same ones in rising order.

    Args and Returns: those of `make_reversal`; x is the same for the same arguments.
    """
    x = _sequences("make_sorting", n, length, symbols, seed)
    return x, np.sort(x, axis=1)


def _sequences(function: str, n: int, length: int, symbols: int, seed: int) -> np.ndarray:
    for name, value in (("n", n), ("length", length), ("symbols", symbols)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{function}: {name} must be a whole number, got {value!r}")
        if value < 1:
            raise ValueError(f"{function}: {name} must be at least 1, got {value}")
    return np.random.default_rng(seed).integers(0, symbols, (n, length))
