"""How well a network reads the digits."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import engine
from engine import nn, optim
from engine.datasets import load_digits, split
from engine.measures.forms import Answer, UnfitAnswerError
from engine.measures.layers import network_of


def digits_by_cnn(answer: Answer, seed: int) -> str:
    """Whether networks of these layers are small and read the digits; what they lack if not."""
    model, work = network_of(answer)
    if sum(p.numel() for p in model.parameters()) >= 5000:
        return "5,000 parameters or more"
    if work > 150_000:
        return "more than 150,000 multiplications for an image"
    best = 0
    for draw in range(3):  # chance moves the count by some digits: a near miss gets two more draws
        best = max(best, digits_right(answer, seed + draw))
        if best >= 0.985 * 1797:
            return "98.5 % or more"
        if best < 0.978 * 1797:
            break
    lacks = [kind for kind in ("Conv2d", "BatchNorm2d") if kind not in str(model)]
    return ", no ".join(["below 95 %" if best < 0.95 * 1797 else "95 to 98.5 %", *lacks])


def digits_right(layers: list[str], seed: int) -> int:
    """How many of the 1,797 digits are read by a network of these layers that never saw them.

    layers: of an nn.Sequential, as texts such as "Conv2d(1, 8, kernel_size=(3, 3))". Five networks
    read a fifth of the digits each, after 10 epochs of Adam on the others: batches of 32, lr from
    0.01 down to 0, noise of 0.1 on the images, and label smoothing of 0.1.
    """
    network_of(layers)
    return _in_a_process(tuple(layers), int(seed))


@functools.lru_cache(maxsize=64)
def _in_a_process(layers: tuple[str, ...], seed: int) -> int:
    """train_on_digits() with one BLAS thread, beside whatever else this process is doing."""
    code = "import sys; from engine.measures import digits; digits.train_on_digits(*sys.argv[1:])"
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(seed), *layers],
        env={**os.environ, **threads, "PYTHONPATH": str(Path(engine.__file__).parents[1])},
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    return int(done.stdout)


def train_on_digits(seed: str, *layers: str) -> None:
    """What digits_right() does in a process of its own; print the result."""
    data, target = load_digits()
    x = (data / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    rng, right = np.random.default_rng(int(seed)), 0
    order = rng.permutation(len(x))
    for fold in range(5):
        engine.manual_seed(5 * int(seed) + fold)
        test, train = order[fold::5], np.delete(order, np.s_[fold::5])
        model, _ = network_of(list(layers))
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        epochs = [rng.permutation(train) for _ in range(10)]
        batches = [rows[i : i + 32] for rows in epochs for i in range(0, len(rows), 32)]
        for number, rows in enumerate(batches):
            optimizer.param_groups[0]["lr"] = 0.01 * (1 - number / len(batches))
            noise = 0.1 * rng.standard_normal((len(rows), 1, 8, 8), np.float32)
            output, t = model(engine.tensor(x[rows] + noise)), engine.tensor(target[rows])
            optimizer.zero_grad()
            nn.functional.cross_entropy(output, t, label_smoothing=0.1).backward()
            optimizer.step()
        with engine.no_grad():
            answers = model.eval()(engine.tensor(x[test])).numpy().argmax(1)
        right += int((answers == target[test]).sum())
    print(right)


def digits_read(answer: Answer, seed: int) -> str:
    """What share of 360 digits a model reads that fits into 20 KB, roughly.

    answer: a dict with "layers", the texts of the layers of an nn.Sequential, and "state", its
    state_dict, each number of which counts 4 bytes. The digits are those that
    split(*load_digits(), test=360) keeps back, each read five times with noise of one grey level.
    """
    form = "let `fit` return an nn.Sequential that turns (B, 1, 8, 8) into (B, 10)"
    if not isinstance(answer, dict) or not isinstance(state := answer.get("state"), dict):
        raise UnfitAnswerError(form)
    if not all(isinstance(value, np.ndarray | int) for value in state.values()):
        raise UnfitAnswerError(form)
    if 4 * sum(np.size(value) for value in state.values()) > 20 * 1024:
        return "more than 20 KB"
    model = network_of(answer.get("layers"))[0].double().eval()
    try:
        model.load_state_dict({k: engine.tensor(np.asarray(v)) for k, v in state.items()})
    except (TypeError, ValueError, RuntimeError):
        raise UnfitAnswerError(form) from None
    _, x, _, t = split(*load_digits(), test=360)
    rng, right = np.random.default_rng(seed), 0
    for _ in range(5):
        noisy = (x + rng.integers(-1, 2, x.shape)).clip(0, 16) / 16
        with engine.no_grad():
            z = model(engine.tensor(noisy).reshape(-1, 1, 8, 8))  # (360, 10)
        right += int((z.argmax(1).numpy() == t).sum())
    limits = {0.2: "hardly more than by guessing", 0.95: "below 95 %", 0.98: "95 to 98 %"}
    return next((text for limit, text in limits.items() if right / 1800 < limit), "98 % or more")
