"""The learning rate range test: which rates are too small, and which too large?"""

import copy
import importlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from engine import dtypes
from engine.grad_mode import no_grad
from engine.nn.module import Module
from engine.ops.arguments import refuse_options
from engine.optim.optimizer import Optimizer
from engine.utils.data import DataLoader


class LRFinder:
    """Train while the learning rate rises from step to step, and watch the loss (Smith, 2017).

        finder = LRFinder(model, optimizer, criterion)
        finder.range_test(train_loader, end_lr=10, num_iter=100)
        ax, lr = finder.plot()
        finder.reset()

    Calls and numbers are those of torch_lr_finder 0.2.2. Its other options raise
    NotImplementedError if set.

    Attributes: history: {"lr": [...], "loss": [...]}, one entry per step. best_loss: the smallest.
    Raises: RuntimeError if a scheduler is attached to the optimizer.
    """

    def __init__(self, model: Module, optimizer: Optimizer, criterion: Callable[[Any, Any], Any],
                 device: dtypes.device | str | None = None, memory_cache: bool = True,
                 cache_dir: str | None = None, **options: Any) -> None:  # fmt: skip
        options |= {"memory_cache": memory_cache, "cache_dir": cache_dir}
        offered = dict.fromkeys("cache_dir amp_backend amp_config grad_scaler".split())
        refuse_options(options, offered | {"memory_cache": True})
        dtypes.device(device or "cpu")
        self.model, self.optimizer, self.criterion = model, optimizer, criterion
        self._require_no_scheduler()
        self.history: dict[str, list[float]] = {"lr": [], "loss": []}
        self.best_loss: Any = None
        self._before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))

    def _require_no_scheduler(self) -> None:
        if any("initial_lr" in group for group in self.optimizer.param_groups):
            raise RuntimeError("Optimizer already has a scheduler attached to it")

    def reset(self) -> None:
        """Give model and optimizer the state back that they had when the finder was made."""
        self.model.load_state_dict(self._before[0])
        self.optimizer.load_state_dict(self._before[1])

    def range_test(self, train_loader: DataLoader, val_loader: DataLoader | None = None,
                   start_lr: float | list[float] | None = None, end_lr: float = 10,
                   num_iter: int = 100, step_mode: str = "exp", smooth_f: float = 0.05,
                   diverge_th: float = 5, accumulation_steps: int = 1,
                   non_blocking_transfer: bool = True) -> None:  # fmt: skip
        """Make num_iter steps of training, with rates from start_lr (the optimizer's) to end_lr.

        "exp": lr_t = start (end / start)^r,  "linear": lr_t = start + r (end - start),
        r = t / (num_iter - 1),  loss_t ← smooth_f · loss_t + (1 - smooth_f) · loss_{t-1}

        The loss is that of the batches, or of the whole val_loader. The test ends early when it is
        above diverge_th times the smallest. A step takes accumulation_steps batches, each
        (inputs, labels, ...). non_blocking_transfer has no meaning on the CPU.

        Raises: ValueError for other loaders and batches, another step_mode, smooth_f outside
        [0, 1), num_iter below 2 or a wrong number of start_lr. RuntimeError if a scheduler is
        attached to the optimizer, or for a second test without reset().
        """
        self._require_no_scheduler()
        if step_mode.lower() not in ("exp", "linear") or num_iter <= 1 or not 0 <= smooth_f < 1:
            wanted = "step_mode exp or linear, num_iter above 1, smooth_f in [0, 1)"
            raise ValueError(f"expected {wanted}, but got {step_mode=}, {num_iter=}, {smooth_f=}")
        groups, r = self.optimizer.param_groups, np.arange(num_iter)[:, None] / (num_iter - 1)
        start = np.broadcast_to(start_lr or [group["lr"] for group in groups], len(groups))
        exponential = step_mode.lower() == "exp"
        rates = start * (end_lr / start) ** r if exponential else start + r * (end_lr - start)
        batches = chain.from_iterable(_passes(train_loader))
        passes = _passes(val_loader) if val_loader else None
        losses: list[float] = []
        self.history = {"lr": [], "loss": losses}
        for row in rates.tolist():
            for group, lr in zip(groups, row, strict=True):
                group["lr"] = group["initial_lr"] = lr
            loss = self._train(islice(batches, accumulation_steps), accumulation_steps)
            loss = self._validate(next(passes)) / len(val_loader.dataset) if passes else loss
            if losses and smooth_f > 0:
                loss = smooth_f * loss + (1 - smooth_f) * losses[-1]
            self.best_loss = min(self.best_loss, loss) if losses else loss
            self.history["lr"].append(row[0])
            losses.append(loss)
            if loss > diverge_th * self.best_loss:
                print("Stopping early, the loss has diverged")
                break
        print("Learning rate search finished. See the graph with {finder_name}.plot()")

    def _train(self, batches: Iterable, count: int) -> float:
        self.model.train()
        self.optimizer.zero_grad()
        total: Any = 0
        for inputs, labels in batches:
            loss = self.criterion(self.model(inputs), labels) / count
            loss.backward()
            total = total + loss.detach()
        self.optimizer.step()
        return total.item()

    @no_grad()
    def _validate(self, batches: Iterable) -> float:
        self.model.eval()
        return sum(self.criterion(self.model(x), y).item() * len(y) for x, y in batches)

    def plot(self, skip_start: int = 10, skip_end: int = 5, log_lr: bool = True,
             show_lr: float | None = None, ax: Any = None,
             suggest_lr: bool = True) -> Any:  # fmt: skip
        """Draw the loss over the rates, without the first skip_start and the last skip_end.

        suggest_lr: mark and return the rate where the loss falls most steeply. show_lr: a rate to
        draw a line at. ax: Matplotlib's axes to draw in; without, a figure is made and shown.

        Returns: ax, or (ax, suggested rate). Raises: ValueError for a negative number to skip or a
        show_lr that is no float, RuntimeError if too few steps were made to suggest a rate.
        """
        if min(skip_start, skip_end) < 0 or not isinstance(show_lr, float | None):
            wanted = "skip_start and skip_end not negative, show_lr a float"
            raise ValueError(f"expected {wanted}, but got {skip_start=}, {skip_end=}, {show_lr=}")
        rates, losses = (v[skip_start : -skip_end or None] for v in self.history.values())
        if suggest_lr and len(rates) < 2:
            needed = f"{skip_start + skip_end + 2} iterations to suggest a learning rate"
            raise RuntimeError(f"Need at least {needed}. Got {len(self.history['lr'])}")
        # By name, when a figure is wanted: the engine itself needs NumPy alone.
        pyplot = importlib.import_module("matplotlib.pyplot") if ax is None else None
        ax = pyplot.subplots()[1] if pyplot else ax
        ax.plot(rates, losses)
        if suggest_lr:
            steepest = np.gradient(np.array(losses)).argmin()
            print(f"LR suggestion: steepest gradient\nSuggested LR: {rates[steepest]:.2E}")
            dot = {"s": 75, "marker": "o", "color": "red", "zorder": 3}
            ax.scatter(rates[steepest], losses[steepest], label="steepest gradient", **dot)
            ax.legend()
        ax.set(xscale="log" if log_lr else "linear", xlabel="Learning rate", ylabel="Loss")
        if show_lr is not None:
            ax.axvline(x=show_lr, color="red")
        if pyplot:
            pyplot.show()
        return (ax, rates[steepest]) if suggest_lr else ax


def _passes(loader: DataLoader) -> Iterator[Iterable]:
    # The first pass begins at once: random numbers are drawn in the original's order.
    if not isinstance(loader, DataLoader) or not len(loader):
        raise ValueError(f"expected a DataLoader with batches, but got {type(loader).__name__}")
    return chain([map(_pair, loader)], (map(_pair, again) for again in repeat(loader)))


def _pair(batch: Any) -> tuple[Any, Any]:
    if not isinstance(batch, list | tuple):
        raise ValueError(f"expected batches (inputs, labels), but got {type(batch).__name__}")
    return batch[0], batch[1]
