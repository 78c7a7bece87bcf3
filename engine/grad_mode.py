"""Whether operations are recorded, for each thread of its own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable


class _Mode(threading.local):
    enabled = True  # whether this thread records


mode = _Mode()


class no_grad:  # noqa: N801 - PyTorch's own name
    """Within ``with no_grad():`` (or a function decorated ``@no_grad()``) nothing is recorded.

    Values are the same; memory for backward is not kept and results do not require a gradient.
    """

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(mode.enabled)
        mode.enabled = False

    def __exit__(self, *exception: object) -> None:
        mode.enabled = self._before.pop()

    def __call__(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def without_recording(*args, **kwargs):
            with no_grad():
                return function(*args, **kwargs)

        return without_recording
