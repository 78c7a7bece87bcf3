"""Data sets, and loaders that hand them out in batches. Names as in torch.utils.data."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor
from engine.creation import from_numpy, tensor
from engine.ops.arguments import refuse_options
from engine.ops.shape import stack
from engine.random import Generator, default_generator

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "random_split"]

# PyTorch's further arguments of DataLoader, at the only value that is offered.
_OFFERED: dict[str, Any] = {"sampler": None, "batch_sampler": None, "num_workers": 0}
_OFFERED |= {"pin_memory": False, "pin_memory_device": "", "timeout": 0, "worker_init_fn": None}
_OFFERED |= {"multiprocessing_context": None, "prefetch_factor": None}
_OFFERED |= {"persistent_workers": False, "in_order": True}


class Dataset:
    """Anything with `__getitem__` (one sample) and `__len__` (how many). Write a subclass."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")


class TensorDataset(Dataset):
    """Sample i is the tuple of the i-th rows of all tensors.

    Raises: AssertionError if the tensors differ in their first size.
    """

    def __init__(self, *tensors: Tensor) -> None:
        sizes = [t.shape[0] for t in tensors]
        if len(set(sizes)) > 1:
            raise AssertionError(f"Size mismatch between tensors: first sizes are {sizes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class Subset(Dataset):
    """The samples of a data set at the given indices, in their order."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[int | float],
                 generator: Generator | None = None) -> list[Subset]:  # fmt: skip
    """Split a data set at random into parts of the given lengths, or fractions that add up to 1.

    Fractions are rounded down; what is left over goes to the first parts, one sample each.
    Raises: ValueError if the lengths do not add up to the data set's, or one is negative.
    """
    size = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        whole = [math.floor(size * part) for part in lengths]
        for i in range(size - sum(whole)):
            whole[i % len(whole)] += 1
        lengths = whole
    if sum(lengths) != size or min(lengths) < 0:
        raise ValueError(f"Sum of input lengths must be {size}, none below 0: got {list(lengths)}")
    order = (generator or default_generator).permutation(size).tolist()
    ends = itertools.accumulate(lengths)
    return [Subset(dataset, order[end - n : end]) for end, n in zip(ends, lengths, strict=True)]


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
    raise TypeError(f"batch must contain tensors, arrays, numbers, dicts or lists: {type(first)}")


class DataLoader:
    """Hands out a data set in batches, one pass for each `for` loop.

    With the same seed the batches are PyTorch's: each pass draws one 64-bit number, and with
    shuffle=True a second one that seeds the order (a generator of your own orders directly).

    Args: dataset: has `__getitem__` and `__len__`. batch_size: samples per batch. shuffle: a new
    random order in each pass. collate_fn: makes a batch of a list of samples. drop_last: leave out
    a last batch that is not full. generator: where random numbers come from, the shared stream if
    None. options: PyTorch's others raise NotImplementedError if set, as batch_size=None does.

    Raises: ValueError for a batch_size that is no positive integer, and for shuffling of an empty
    data set.
    """

    def __init__(self, dataset: Any, batch_size: int = 1, shuffle: bool | None = None, *,
                 collate_fn: Callable[[Any], Any] | None = None, drop_last: bool = False,
                 generator: Generator | None = None, **options: Any) -> None:  # fmt: skip
        refuse_options(options, _OFFERED)
        if batch_size is None:
            raise NotImplementedError("batch_size=None is not supported: iterate over the data set")
        if type(batch_size) is not int or batch_size <= 0:
            raise ValueError(f"expected a positive integer, but got batch_size={batch_size}")
        if shuffle and len(dataset) == 0:
            raise ValueError("shuffle needs at least one sample, but got num_samples=0")
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.shuffle, self.generator = bool(shuffle), generator
        self.collate_fn = collate_fn or default_collate

    def __len__(self) -> int:
        size = len(self.dataset)
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        (self.generator or default_generator).random64()
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        order, whole = self._order(), self.dataset
        while type(whole) is Subset:
            whole = whole.dataset
        rows = type(whole) is TensorDataset and self.collate_fn is default_collate
        while indices := list(itertools.islice(order, self.batch_size)):
            if self.drop_last and len(indices) < self.batch_size:
                return
            if rows:  # cut from whole tensors, without making samples first: 50 times as fast
                yield list(self.dataset[indices])
            else:
                yield self.collate_fn([self.dataset[i] for i in indices])

    def _order(self) -> Iterator[int]:
        size = len(self.dataset)
        if not self.shuffle:
            yield from range(size)
            return
        stream = self.generator or Generator().manual_seed(default_generator.random64())
        yield from stream.permutation(size).tolist()
        stream.permutation(size)  # PyTorch draws a second one at the end and does not use it
