"""When each piece of memory was last changed in place, so that a stale gradient is refused.

PyTorch counts versions of each tensor's storage. Here one clock ticks for every recorded operation
and every in-place change: a saved array is stale if its memory changed after it was saved. Views
share their owner's memory, and so its time.
"""

from __future__ import annotations

import itertools
import weakref

import numpy as np

tick = itertools.count(1).__next__  # one tick for each recorded operation and each change


def owner(array: np.ndarray) -> np.ndarray:
    """The array that holds the memory which ``array`` shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Changes:
    """The time of the last in-place change, overall (``latest``) and for each piece of memory."""

    def __init__(self) -> None:
        self.latest = 0
        self._times: dict[int, tuple[int, weakref.ref]] = {}

    def note(self, array: np.ndarray) -> None:
        """Note that an array was changed in place. Whoever writes into a tensor calls this."""
        memory = owner(array)
        key = id(memory)
        known = self._times.get(key)
        # The weak reference forgets the entry with its memory: an id may be used again.
        alive = known[1] if known else weakref.ref(memory, lambda _: self._times.pop(key, None))
        self.latest = tick()
        self._times[key] = (self.latest, alive)

    def time_of(self, array: np.ndarray) -> int:
        """When the memory that ``array`` shows was last changed; 0 if never."""
        return self._times.get(id(owner(array)), (0,))[0]


changes = Changes()
