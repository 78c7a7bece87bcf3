"""Train and test parts of a data set."""

import math
from typing import Any

import numpy as np


def split(
    x: Any, y: Any, test: int | float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Divide rows at random into a training and a test part.

    Args: x, y: arrays with one row per example. test: how many rows to hold out, as a count
        (360) or as a share (0.2, rounded up). seed: the same seed gives the same parts.
    Returns: x_train, x_test, y_train, y_test.
    Raises: ValueError if x and y differ in length, or if a part would be empty.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"split: x and y need one row each per example, got {x.shape}, {y.shape}")
    n = len(x)
    if isinstance(test, bool) or not isinstance(test, int | float | np.integer | np.floating):
        raise TypeError(f"split: test must be a count or a share, got {test!r}")
    if isinstance(test, int | np.integer):
        held_out = int(test)
    elif 0.0 < test < 1.0:
        held_out = math.ceil(test * n)
    else:
        raise ValueError(f"split: a share must lie between 0 and 1, got {test!r}")
    if not 0 < held_out < n:
        raise ValueError(f"split: cannot hold out {held_out} of {n} rows and train on the rest")
    order = np.random.default_rng(seed).permutation(n)
    test_rows, train_rows = order[:held_out], order[held_out:]
    return x[train_rows], x[test_rows], y[train_rows], y[test_rows]
