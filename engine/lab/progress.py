"""A progress bar for long training, which can be interrupted without a broken notebook."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import ipywidgets
from IPython.display import publish_display_data

T = TypeVar("T")
UPDATE_SECONDS = 0.1  # between two messages to the browser


def progress(steps: Collection[T], words: str = "training") -> Iterator[T]:
    """Walk through `steps` and show how far it is.

    The kernel's interrupt (the stop button, or I twice) ends the walk after the step at hand; the
    cells below then work with what was reached. A second interrupt raises KeyboardInterrupt. The
    stored text of the output is `words` and the number of steps, the same in every run.

        for step in progress(range(600), "LSTM"):
            ...

    Args: steps: a range, a list, a DataLoader: something with a length. words: what is done.
    Raises: TypeError for something without a length.
    """
    count, done, asked, shown = len(steps), 0, False, time.monotonic()
    bar = ipywidgets.IntProgress(0, 0, max(count, 1))
    label = ipywidgets.Label(f"{words}: 0 of {count:,}", layout=ipywidgets.Layout(width="auto"))
    row = ipywidgets.HBox([bar, label])
    publish_display_data(
        {**row._repr_mimebundle_(), "text/plain": f"{words}: {count:,} steps"}  # type: ignore[dict-item]
    )

    def stop(*_: Any) -> None:
        nonlocal asked
        asked = True
        _handle_interrupts(before)

    before = _handle_interrupts(stop)
    ending = "stopped by an error"
    try:
        for step in steps:
            yield step
            done += 1
            if asked:
                break
            if time.monotonic() - shown > UPDATE_SECONDS:
                bar.value, label.value = done, f"{words}: {done:,} of {count:,}"
                shown = time.monotonic()
        ending = "interrupted: what follows uses what was reached" if done < count else "done"
    except GeneratorExit:  # the loop was left by break, or by an error in its body
        ending = "left early"
        raise
    finally:
        _handle_interrupts(before)
        bar.value, label.value = done, f"{words}: {done:,} of {count:,}, {ending}"
        bar.bar_style = "success" if done == count else "warning"


def _handle_interrupts(handler: Any) -> Any:
    """Set what an interrupt does and return what it did; None outside of the main thread."""
    try:
        return signal.signal(signal.SIGINT, handler) if handler is not None else None
    except ValueError:
        return None
