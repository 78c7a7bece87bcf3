"""Values that cross between a check and an answer: which are allowed, compared, shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Value = Any  # None, bool, int, float, str, np.ndarray, and lists and dicts of them

MOST_ENTRIES = 500_000  # of an array in an answer; no exercise asks for a hundredth of it


def plain(value: Any) -> Value:
    """Turn an answer into plain values: tensors into arrays, tuples into lists.

    Raises: TypeError naming what a check cannot read (a set, a generator, an array of objects).
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"an array of dtype {value.dtype}")
        if value.size > MOST_ENTRIES:
            raise TypeError(f"an array of {value.size:,} numbers")
        return value.copy()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise TypeError(f"a value of type {type(value).__name__}")


@dataclass(frozen=True)
class Gap:
    """How an answer differs from what was expected; deviation is None where it has no size."""

    text: str = ""
    deviation: float | None = None


def gap(yours: Value, expected: Value, tolerance: float) -> Gap | None:
    """Compare two plain values; None if they agree.

    Numbers agree if |yours - expected| <= tolerance · max(1, |expected|). Booleans count as 0
    and 1, lists of numbers as arrays; shapes must be equal.
    """
    if isinstance(expected, list):
        return _sequence_gap(yours, expected, tolerance)
    if isinstance(expected, dict):
        if not isinstance(yours, dict) or yours.keys() != expected.keys():
            return Gap(f"expected a dict with the keys {', '.join(expected)}")
        gaps = (gap(yours[key], expected[key], tolerance) for key in expected)
        return next((found for found in gaps if found), None)
    if expected is None or isinstance(expected, str):
        return None if type(yours) is type(expected) and yours == expected else Gap()
    return _number_gap(yours, np.asarray(expected), tolerance)


def _sequence_gap(yours: Value, expected: list, tolerance: float) -> Gap | None:
    """An array counts as a list of its rows, but its numbers do not count as arrays."""
    inside = max((item.ndim for item in expected if isinstance(item, np.ndarray)), default=0)
    if isinstance(yours, np.ndarray) and yours.ndim > inside:
        yours = list(yours)
    if not isinstance(yours, list) or len(yours) != len(expected):
        seen = f"{len(yours)}" if isinstance(yours, list) else _kind(yours)
        return Gap(f"expected {len(expected)} values, got {seen}")
    pairs = zip(yours, expected, strict=True)
    gaps = [found for pair in pairs if (found := gap(*pair, tolerance)) is not None]
    return max(gaps, key=lambda found: (bool(found.text), found.deviation or 0.0), default=None)


def _number_gap(yours: Value, expected: np.ndarray, tolerance: float) -> Gap | None:
    wanted = f"an array of shape {expected.shape}" if expected.ndim else _kind(expected.item())
    if yours is None or isinstance(yours, str | dict):
        return Gap(f"expected {wanted}, got {_kind(yours)}")
    try:
        numbers = np.asarray(yours, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return Gap(f"expected {wanted}, got a list that is not an array of numbers")
    if numbers.shape != expected.shape:
        seen = "a number" if numbers.ndim == 0 else f"shape {numbers.shape}"
        return Gap(f"expected {wanted}, got {seen}")
    wanted_numbers = expected.astype(np.float64)
    both_nan = np.isnan(numbers) & np.isnan(wanted_numbers)
    if (np.isnan(numbers) & ~both_nan).any():
        return Gap("nan means not a number: look for 0/0, log(0) or infinity minus infinity")
    with np.errstate(invalid="ignore"):
        distance = np.asarray(np.abs(numbers - wanted_numbers))
    # A number in place of nan leaves a difference of nan, which must not count as small.
    distance[np.isnan(distance)] = np.inf
    distance[(numbers == wanted_numbers) | both_nan] = 0.0
    sizes = np.where(np.isfinite(wanted_numbers), np.abs(wanted_numbers), 0.0)
    allowed = tolerance * np.maximum(1.0, sizes)
    return Gap(deviation=float(distance.max())) if (distance > allowed).any() else None


def _kind(value: Value) -> str:
    names = {bool: "True or False", str: "text", dict: "a dict", np.ndarray: "one array"}
    return "None" if value is None else names.get(type(value), "a number")


def show(value: Value, names: Sequence[str] = ()) -> str:
    """One line for a person: 6 digits, long arrays by shape and first entries."""
    if names and isinstance(value, list) and len(value) == len(names):
        return ", ".join(f"{n} = {show(v)}" for n, v in zip(names, value, strict=True))
    if isinstance(value, np.ndarray) and value.ndim:
        if value.size <= 12:
            return _array(value)
        return f"array of shape {value.shape}, first entries {_array(value.ravel()[:6])[:-1]} ...]"
    if isinstance(value, list):
        return _shortened("[" + ", ".join(show(item) for item in value[:12]) + "]")
    if isinstance(value, dict):
        return _shortened("{" + ", ".join(f"{k}: {show(v)}" for k, v in value.items()) + "}")
    if isinstance(value, str):
        return _shortened(repr(value))
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int) and abs(value) >= 10**15:
        return f"a whole number of about {math.log10(abs(value)):.0f} digits"
    return f"{value:.6g}" if not isinstance(value, np.ndarray) else show(value.item())


def _array(value: np.ndarray) -> str:
    rows = [_array(row) for row in value] if value.ndim else [show(value.item())]
    return "[" + ", ".join(rows) + "]" if value.ndim else rows[0]


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 4] + " ..."
