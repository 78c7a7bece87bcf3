"""How samples become a batch."""

from __future__ import annotations

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
    stays a list. Of sequences a list is made of one batch for each place (of named tuples a named
    tuple), of dicts a dict of batches.

    Raises: RuntimeError if lists differ in length or tensors in shape, TypeError for other samples.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if _is_numeric(first):
        return stack([from_numpy(np.asarray(sample)) for sample in batch], 0)
    if isinstance(first, int | float):
        return tensor(batch, dtype=dtypes.float64 if isinstance(first, float) else None)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        sizes = {len(sample) for sample in batch}
        if len(sizes) > 1:
            raise RuntimeError(f"each sample in a batch should be of equal size, got {sizes}")
        return _like(first, [default_collate(places) for places in zip(*batch, strict=True)])
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first)}"
    )


def default_convert(sample: Any) -> Any:
    """Arrays and NumPy's numbers of a sample as tensors; all else stays as it is."""
    if _is_numeric(sample):
        return from_numpy(np.asarray(sample))
    if isinstance(sample, Mapping):
        return {key: default_convert(value) for key, value in sample.items()}
    if isinstance(sample, Sequence) and not isinstance(sample, str | bytes):
        return _like(sample, [default_convert(value) for value in sample])
    return sample


def _is_numeric(sample: object) -> bool:
    return isinstance(sample, np.ndarray | np.generic) and sample.dtype.kind in "biuf"


def _like(sequence: Sequence[Any], parts: list[Any]) -> Any:
    return type(sequence)(*parts) if hasattr(sequence, "_fields") else parts
