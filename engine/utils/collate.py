"""How samples become a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor
from engine.creation import from_numpy, tensor
from engine.ops.shape import stack


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack samples along a new first axis, inside the structure that they share.

    Tensors and arrays are stacked; ints become int64, floats float64, bools bool tensors; text
    stays a list. Of tuples a list is made of one batch for each place, of lists and dicts a list
    or dict of batches.

    Raises: RuntimeError if lists differ in length or tensors in shape, TypeError for other samples.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray) and first.dtype.kind in "biuf":
        return stack([from_numpy(array) for array in batch], 0)
    if isinstance(first, np.bool_ | np.number):
        return from_numpy(np.array(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return _rebuilt(first, {key: default_collate([d[key] for d in batch]) for key in first})
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            sizes = sorted({len(sample) for sample in batch})
            raise RuntimeError(
                f"each element in list of batch should be of equal size, got {sizes}"
            )
        parts = [default_collate(places) for places in zip(*batch, strict=True)]
        return parts if type(first) is tuple else _rebuilt(first, parts)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first)}"
    )


def default_convert(sample: Any) -> Any:
    """Arrays and NumPy's numbers of a sample as tensors; all else stays as it is."""
    if isinstance(sample, np.ndarray | np.generic) and np.asarray(sample).dtype.kind in "biuf":
        return from_numpy(np.asarray(sample))
    if isinstance(sample, Mapping):
        return _rebuilt(sample, {key: default_convert(value) for key, value in sample.items()})
    if isinstance(sample, Sequence) and not isinstance(sample, str | bytes):
        parts = [default_convert(value) for value in sample]
        return parts if type(sample) is tuple else _rebuilt(sample, parts)
    return sample


def _rebuilt(like: Any, parts: Any) -> Any:
    """parts in a collection of like's own type, where that type can be built."""
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*parts)
    try:
        if hasattr(like, "__setitem__"):
            clone = copy.copy(like)
            for key, value in parts.items() if isinstance(parts, dict) else enumerate(parts):
                clone[key] = value
            return clone
        return type(like)(parts)
    except TypeError:
        return parts
