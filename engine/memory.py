"""When each piece of memory was last changed in place, so that a stale gradient is refused.

PyTorch counts versions of each tensor's storage. Here one clock ticks for every recorded operation
and every in-place change: a saved array is stale if its memory changed after it was saved. Views
share their owner's memory, and so its time.

At import a block of 32 MB is made and freed. From then on glibc's malloc keeps what a step frees
for the next one, in the whole process. Otherwise a step of the benchmarks has 460 (CNN), 750 (LSTM)
or 2,270 (GRU) page faults and takes a sixth to a quarter longer.
"""

import itertools
import weakref

import numpy as np

np.empty(2**25 - 2**13, np.uint8)  # see above

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
        self._times: dict[int, int] = {}

    def note(self, *arrays: np.ndarray) -> None:
        """Note that arrays were changed in place. Whoever writes into a tensor calls this."""
        self.latest = tick()
        for array in arrays:
            memory = array if array.base is None else owner(array)
            key = id(memory)
            if key not in self._times:  # forget the entry with its memory: ids are used again
                weakref.finalize(memory, self._times.pop, key)
            self._times[key] = self.latest

    def time_of(self, array: np.ndarray) -> int:
        """When the memory that ``array`` shows was last changed; 0 if never."""
        return self._times.get(id(owner(array)), 0)


changes = Changes()
