"""Where a kernel stands on its input: what convolution and pooling share.

Windows work on (C, *sizes, N), see engine/ops/layout.py.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from engine.autograd import Tensor


class Windows:
    """The places of a kernel at 0, stride, 2·stride, … along each axis of a padded input.

    Args: sizes: of the input's axes. kernel, stride, dilation: one number for each axis. padding:
    a pair (before, after) for each. ceil_mode: a last window may reach beyond the padding.
    Attributes: out: the number of windows along each axis,
    ⌊(size + before + after - dilation (kernel - 1) - 1) / stride⌋ + 1. places: for each element of
    the kernel, the slices that pick what it sees in all windows.
    Raises: RuntimeError if the kernel is larger than the padded input.
    """

    def __init__(self, sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int],
                 padding: Sequence[tuple[int, int]], dilation: Sequence[int],
                 ceil_mode: bool = False) -> None:  # fmt: skip
        out, padded, steps, inner, framed = [], [], [], [], []
        for n, k, s, (before, after), d in zip(
            sizes, kernel, stride, padding, dilation, strict=True
        ):
            reach = d * (k - 1) + 1
            room = n + before + after - reach
            count = room // s + 1
            if ceil_mode and room % s and count * s < n + before:  # it starts before the end
                count += 1
            out.append(count)
            padded.append(max(n + before + after, (count - 1) * s + reach))
            inner.append(slice(before, before + n))
            framed.append(slice(n + before + after))
            steps.append([slice(i * d, i * d + (count - 1) * s + 1, s) for i in range(k)])
        if min(out) < 1:
            seen = f"{_x(kernel)} with dilation {_x(dilation)}, {_x(sizes)} padded to {_x(padded)}"
            raise RuntimeError(f"Kernel size can't be greater than actual input size: {seen}")
        self.out, self._padded = tuple(out), tuple(padded)
        self.places = [(slice(None), *place) for place in itertools.product(*steps)]
        self._inner, self._framed = (slice(None), *inner), (slice(None), *framed)

    def pad(self, a: np.ndarray, value: float = 0.0) -> np.ndarray:
        """(C, *sizes, N) with its padding, contiguous."""
        if a.shape[1:-1] == self._padded:
            return np.ascontiguousarray(a)
        padded = np.full((len(a), *self._padded, a.shape[-1]), value, a.dtype)
        padded[self._inner] = a
        return padded

    def counts(self, with_padding: bool) -> np.ndarray:
        """How many inputs each window holds, with or without padding, as (1, *out)."""
        held = np.zeros((1, *self._padded))
        held[self._framed if with_padding else self._inner] = 1
        return np.sum([held[place] for place in self.places], axis=0)

    def spread(self, parts: Iterable[np.ndarray], like: np.ndarray) -> np.ndarray:
        """The way back: add each part to what its element of the kernel saw, cut the padding off.

        Every window uses its inputs once, so the gradient of an input is the sum over its windows.
        """
        total = np.zeros((len(like), *self._padded, like.shape[-1]), like.dtype)
        for place, part in zip(self.places, parts, strict=True):
            total[place] += part
        return total[self._inner]


def of_dimensions(function: Callable[..., Tensor]) -> list[Callable[..., Tensor]]:
    """What function(dims, …) is for 1, 2 and 3 dimensions: conv1d, conv2d and conv3d, say."""
    versions: list[Any] = [functools.partial(function, dims) for dims in (1, 2, 3)]
    for version in versions:
        version.__doc__ = function.__doc__
    return versions


def _x(sizes: Sequence[int]) -> str:
    return "(" + " x ".join(map(str, sizes)) + ")"
