"""How samples become a batch."""

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
    if isinstance(first, np.ndarray | np.generic) and first.dtype.kind in "biuf":
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
        parts = [default_collate(places) for places in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    known = "tensors, numpy arrays, numbers, dicts or lists"
    raise TypeError(f"default_collate: batch must contain {known}; found {type(first)}")
