"""Whether operations are recorded, for each thread of its own."""

import contextlib
import threading
from collections.abc import Iterator


class _Mode(threading.local):
    enabled = True  # whether this thread records


mode = _Mode()


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Within ``with no_grad():`` (or a function decorated ``@no_grad()``) nothing is recorded.

    Values are the same; memory for backward is not kept and results do not require a gradient.
    """
    before, mode.enabled = mode.enabled, False
    try:
        yield
    finally:
        mode.enabled = before
