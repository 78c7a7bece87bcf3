"""How time and memory grow with the size of a problem: `python -m benchmarks --growth`.

Each problem is doubled in one direction. "growth" is the engine's time over that of the size
before: about 2 where the work doubles (4 for the area of an image and for attention). Memory is the
highest resident size of a process of its own, over what it held before its first step (on Linux).
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from threadpoolctl import threadpool_limits

from benchmarks.pictures import Size
from benchmarks.workloads import training_step

STEPS = 3


class Growth(NamedTuple):
    """A training step in several sizes. build(t, size) prepares it on engine or torch."""

    build: Callable[[object, int], Callable[[], object]]
    sizes: tuple[int, ...]


def mlp_batch(t, size: int) -> Callable[[], object]:
    """64-256-10 on a batch of this size."""
    nn = t.nn
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    return _classify(t, model, t.randn(size, 64))


def mlp_width(t, size: int) -> Callable[[], object]:
    """64-width-width-10 on a batch of 64."""
    nn = t.nn
    hidden = (nn.Linear(64, size), nn.ReLU(), nn.Linear(size, size), nn.ReLU())
    return _classify(t, nn.Sequential(*hidden, nn.Linear(size, 10)), t.randn(64, 64))


def image_width(t, size: int) -> Callable[[], object]:
    """Two convolutions of 16 filters on 8 square images of this width."""
    nn = t.nn
    layers = (nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1))
    end = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    return _classify(t, nn.Sequential(*layers, *end), t.randn(8, 3, size, size))


def lstm_length(t, size: int) -> Callable[[], object]:
    """LSTM 32 to 64 on 16 sequences of this length, its forget gates open.

    As PyTorch starts it, the gradient halves with each step back. After 150 steps it is below
    1e-38, with which processors are slow: 200 steps would take six times as long as they should.
    """
    nn = t.nn

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(32, 64, batch_first=True), nn.Linear(64, 10)
            with t.no_grad():
                self.lstm.bias_ih_l0[64:128].fill_(3.0)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    return _classify(t, Last(), t.randn(16, size, 32))


def attention_length(t, size: int) -> Callable[[], object]:
    """A Transformer encoder layer of 64 channels and 4 heads on 16 sequences of this length."""
    nn = t.nn
    layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
    return _classify(t, nn.Sequential(layer, nn.Flatten(), nn.Linear(64 * size, 10)),
                     t.randn(16, size, 64))  # fmt: skip


GROWTH = {
    "MLP, samples in a batch": Growth(mlp_batch, (64, 128, 256, 512, 1024)),
    "MLP, width": Growth(mlp_width, (64, 128, 256, 512, 1024)),
    "CNN, width of an image": Growth(image_width, (8, 16, 32, 64)),
    "LSTM, length": Growth(lstm_length, (25, 50, 100, 200)),
    "Transformer layer, length": Growth(attention_length, (16, 32, 64, 128, 256)),
}


def measure() -> dict[str, list[Size]]:
    """Print the tables, each line as soon as it is measured; the numbers by problem."""
    columns = (
        f"{'engine ms':>10} {'growth':>7} {'PyTorch ms':>11} {'engine MB':>10} {'PyTorch MB':>11}"
    )
    measured: dict[str, list[Size]] = {name: [] for name in GROWTH}
    for name, (build, sizes) in GROWTH.items():
        print(f"{name:28}{columns}")
        for size in sizes:
            times = [_milliseconds(build, module, size) for module in ("engine", "torch")]
            before = measured[name][-1].engine_ms if measured[name] else 0
            growth = f"{times[0] / before:.2f}" if before else ""
            memory = [_megabytes(name, module, size) for module in ("engine", "torch")]
            measured[name].append(Size(size, *times, *memory))
            print(f"{size:>28} {times[0]:10.2f} {growth:>7} {times[1]:11.2f} "
                  f"{memory[0]:10.1f} {memory[1]:11.1f}", flush=True)  # fmt: skip
    return measured


def _classify(t, model, x) -> Callable[[], object]:
    y = t.randint(0, 10, (x.shape[0],))
    optimizer = t.optim.SGD(model.parameters(), lr=0.01)
    return training_step(model, t.nn.CrossEntropyLoss(), optimizer, x, y)


def _step(build, module: str, size: int) -> Callable[[], object]:
    t = importlib.import_module(module)
    t.manual_seed(0)
    return build(t, size)


def _milliseconds(build, module: str, size: int) -> float:
    """The shortest of many steps: what the work costs, not what else the machine was doing."""
    step, times, start = _step(build, module, size), [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < 0.4:
        begun = time.perf_counter()
        step()
        times.append(time.perf_counter() - begun)
    return 1e3 * min(times)


def _megabytes(name: str, module: str, size: int) -> float:
    command = [sys.executable, "-m", "benchmarks.growth", name, module, str(size)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _measure_memory(name: str, module: str, size: str) -> None:
    if module == "torch":
        importlib.import_module("torch").set_num_threads(1)
    step = _step(GROWTH[name].build, module, int(size))
    with threadpool_limits(1):
        before = _kilobytes("VmRSS")
        for _ in range(STEPS):
            step()
        print((_kilobytes("VmHWM") - before) / 1024)


def _kilobytes(field: str) -> int:
    # Not getrusage(): its highest size may be the parent's, from before the process began.
    status = Path("/proc/self/status")
    found = re.search(rf"{field}:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


if __name__ == "__main__":
    _measure_memory(*sys.argv[1:])
