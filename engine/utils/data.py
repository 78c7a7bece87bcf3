"""Data sets, and loaders that hand them out in batches. Names as in torch.utils.data."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant
from engine.random import Generator, default_generator
from engine.utils.collate import default_collate, default_convert

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "random_split"]


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
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{kind.__name__} overrides __getitem__ but not __getitems__, which DataLoader "
                "calls: define __getitems__(self, indices) as well"
            )
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset]:
    """Split a data set at random into parts of the given lengths, or fractions that add up to 1.

    Fractions are rounded down; what is left over goes to the first parts, one sample each.
    Raises: ValueError if the lengths do not add up to the data set's, or for a fraction outside
    [0, 1].
    """
    size = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for place, part in enumerate(lengths):
            if not 0 <= part <= 1:
                raise ValueError(f"Fraction at index {place} is not between 0 and 1: {part}")
        lengths = [math.floor(size * part) for part in lengths]
        rest = size - sum(lengths)
        lengths = [n + (rest - i + len(lengths) - 1) // len(lengths) for i, n in enumerate(lengths)]
        for place, n in enumerate(lengths):
            if n == 0:
                warnings.warn(
                    f"Length of split at index {place} is 0. "
                    "This might result in an empty dataset.",
                    stacklevel=2,
                )
    if sum(lengths) != size:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset: "
            f"{list(lengths)} add up to {sum(lengths)}, expected {size}"
        )
    stream = default_generator if generator is None else generator
    order = stream.permutation(size).tolist()
    ends = itertools.accumulate(lengths)
    return [Subset(dataset, order[end - n : end]) for end, n in zip(ends, lengths, strict=True)]


class DataLoader:
    """Hands out a data set in batches, one pass for each `for` loop.

    With the same seed the batches are PyTorch's: each pass draws one 64-bit number, and with
    shuffle=True a second one that seeds the order (a generator of your own orders directly).

    Args: dataset: has `__getitem__` and `__len__`. batch_size: samples per batch; None hands out
    single samples. shuffle: a new random order in each pass. collate_fn: makes a batch of a list
    of samples. drop_last: leave out a last batch that is not full. generator: where random numbers
    come from, the shared stream if None. The others raise NotImplementedError if set.

    Raises: ValueError for a batch_size that is no positive integer, drop_last without batch_size,
    and shuffling of an empty data set.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0 or timeout < 0:
            name = "num_workers" if num_workers < 0 else "timeout"
            raise ValueError(
                f"{name} option should be non-negative, got {min(num_workers, timeout)}"
            )
        if num_workers == 0 and (prefetch_factor is not None or persistent_workers):
            name = "persistent_workers" if prefetch_factor is None else "prefetch_factor"
            raise ValueError(
                f"{name} option needs num_workers > 0, which the engine does not offer"
            )
        unsupported = {"sampler": sampler, "batch_sampler": batch_sampler}
        unsupported |= {"num_workers": num_workers, "pin_memory": pin_memory, "timeout": timeout}
        unsupported |= {"worker_init_fn": worker_init_fn, "pin_memory_device": pin_memory_device}
        unsupported |= {"multiprocessing_context": multiprocessing_context}
        for name, value in unsupported.items():
            if value is not None and value not in (0, "", False):
                raise NotImplementedError(f"{name}={value!r} is not supported: leave {name} out")
        if not in_order:
            raise NotImplementedError("in_order=False is not supported: leave in_order out")
        if batch_size is None and drop_last:
            raise ValueError("batch_size=None is mutually exclusive with drop_last")
        self.shuffle = bool(shuffle)
        if self.shuffle and len(dataset) == 0:
            raise ValueError("shuffle needs at least one sample, but got num_samples=0")
        if batch_size is not None and (
            not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0
        ):
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if batch_size is not None and not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_convert if batch_size is None else default_collate
        self.collate_fn = collate_fn

    def __len__(self) -> int:
        size = len(self.dataset)
        if self.batch_size is None:
            return size
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        (default_generator if self.generator is None else self.generator).random64()
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        order = self._order()
        if self.batch_size is None:
            for index in order:
                yield self.collate_fn(self.dataset[index])
            return
        while indices := list(itertools.islice(order, self.batch_size)):
            if self.drop_last and len(indices) < self.batch_size:
                return
            yield self._batch(indices)

    def _order(self) -> Iterator[int]:
        size = len(self.dataset)
        if not self.shuffle:
            yield from range(size)
            return
        stream = self.generator
        if stream is None:
            stream = Generator().manual_seed(default_generator.random64())
        yield from stream.permutation(size).tolist()
        # PyTorch draws a second permutation at the end of a pass and does not use it.
        stream.permutation(size)

    def _batch(self, indices: list[int]) -> Any:
        if self.collate_fn is default_collate:
            rows = _rows(self.dataset, indices)
            if rows is not None:
                return rows
        return self.collate_fn(_samples(self.dataset, indices))


def _samples(dataset: Any, indices: list[int]) -> list[Any]:
    fetch = getattr(dataset, "__getitems__", None)
    return fetch(indices) if callable(fetch) else [dataset[i] for i in indices]


def _rows(dataset: Any, indices: list[int]) -> list[Tensor] | None:
    """The batch cut from whole tensors, without making samples first: 15 times as fast in 64s."""
    while type(dataset) is Subset:
        indices = [dataset.indices[i] for i in indices]
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset or any(t.requires_grad for t in dataset.tensors):
        return None
    places = np.array(indices)
    return [constant(t.array[places]) for t in dataset.tensors]
