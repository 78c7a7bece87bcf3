"""Cross-checks: the same computation on the engine and on PyTorch, compared in one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def cross_check(tolerance: float = 1e-12) -> Callable[[Callable[[Any], Mapping[str, Any]]], None]:
    """Compare what the decorated function returns for both libraries; runs at once.

        @cross_check(tolerance=1e-12)
        def loss(torch):
            return {"loss after 50 steps": (ours, torch.tensor(1.0))}

    prints `loss after 50 steps: engine and PyTorch agree to 1e-12: True`. Where PyTorch is not
    installed, one sentence says so. A pair agrees when the shapes are equal and no entry differs by
    more than tolerance · max(1, |theirs|); NaN agrees with NaN only, an infinity with itself.

    Args: tolerance: above 0. The function takes the module `torch` and returns
        {label: (ours, theirs)}; each may be a tensor of either library, an array, a number or a
        nested list of these.
    Raises: ValueError if tolerance is not positive; TypeError if the function does not return a
        mapping of pairs. A difference is printed as False, never raised.
    """
    if callable(tolerance):
        raise TypeError("write @cross_check() with parentheses, or @cross_check(tolerance=1e-12)")
    if not tolerance > 0:
        raise ValueError(f"tolerance must be above 0, got {tolerance!r}")

    def run(comparison: Callable[[Any], Mapping[str, Any]]) -> None:
        try:
            import torch
        except ImportError:
            print("PyTorch is not installed here, so this cross-check is left out.")
            return
        results = comparison(torch)
        if not isinstance(results, Mapping):
            raise TypeError(f"a cross-check returns {{label: (ours, theirs)}}, got {results!r}")
        for label, pair in results.items():
            if not (isinstance(pair, tuple) and len(pair) == 2):
                raise TypeError(f"{label!r} needs a pair (ours, theirs), got {pair!r}")
            verdict = agree(*pair, tolerance)
            print(f"{label}: engine and PyTorch agree to {tolerance:g}: {verdict}")

    return run


def agree(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Whether two results have equal shapes and entries, as `cross_check` counts it."""
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs, [tolerance] * len(ours)))
    try:
        a, b = as_array(ours), as_array(theirs)
        if a.shape != b.shape:
            return False
        if not all(np.issubdtype(x.dtype, np.number) or x.dtype == bool for x in (a, b)):
            return bool(np.array_equal(a, b))
        a, b = a.astype(np.complex128), b.astype(np.complex128)
        with np.errstate(all="ignore"):
            near = np.abs(a - b) <= tolerance * np.maximum(1.0, np.abs(b))
        # An infinite bound would let any number pass for an infinity.
        near &= np.isfinite(a) & np.isfinite(b)
        return bool(np.all(near | (a == b) | (np.isnan(a) & np.isnan(b))))
    except (TypeError, ValueError):
        return False


def as_array(value: Any) -> np.ndarray:
    """A NumPy array of a tensor of either library, an array, a number or a nested list of these."""
    if hasattr(value, "detach"):
        return np.asarray(value.detach().cpu().numpy())
    if isinstance(value, (list, tuple)):
        return np.array([as_array(item) for item in value])
    return np.asarray(value)
