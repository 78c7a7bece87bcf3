"""The checks of notebook 08. Functions of the setup cells that run a student's class, hook or
loop appear here as what they give for a right answer."""

import math
from dataclasses import replace

import numpy as np

from engine.grading.exercises import Exercise, Mutant
from engine.lab.patients import DISEASES, Program, Training

TOO_LARGE, BORN_DEAD = "learning rate 100 times too large", "dead ReLUs"
# Four diseases that leave dead neurons or long steps behind, and the other six.
VIOLENT = [BORN_DEAD, TOO_LARGE, "zero_grad forgotten", "input not normalized"]
QUIET = [name for name in DISEASES if name not in VIOLENT]


def look_into(series, width, i):
    """08.1: how many samples Windows has, and number i."""
    return {"samples": len(series) - width, "sample": [series[i : i + width], series[i + width]]}


def windows_with(series, width, i, *, more=0, late=0, alone=False):
    """Windows, and what becomes of it when a line is wrong."""
    window, label = series[i : i + width], series[i + width + late]
    sample = window if alone else [window, label]
    return {"samples": len(series) - width + more, "sample": sample}


def series_inputs(rng):
    """(series, width, i): the example, then random ones."""
    yield np.array([5.0, 7.0, 9.0, 4.0, 2.0]), 3, 1
    for _ in range(7):
        width = int(rng.integers(2, 5))
        size = width + int(rng.integers(3, 9))
        # No number twice, so that a wrong position shows.
        yield rng.permutation(size) / 4, width, int(rng.integers(0, size - width))


def run_loop(x, y, w, lr):
    """08.2: losses and last weights of SGD, one step for each batch."""
    return loop_with(x, y, w, lr)


def loop_with(x, y, w, lr, *, keep=0, first=0, step=1, late=False):
    """The loop for x (batches, B, D), y (batches, B, 1), w (1, D), and wrong ones.

    keep: 1 if old gradients stay; late: the first one does. first: .grad before the loop.
    """
    losses, gradient = [], first * np.ones_like(w)
    for xi, yi in zip(x, y, strict=True):
        error = xi @ w.T - yi
        losses.append((error**2).mean())
        gradient = (keep or late and len(losses) == 1) * gradient + 2 * error.T @ xi / len(xi)
        w = w - step * lr * gradient
    return {"losses": losses, "weights": w}


def loop_inputs(rng):
    """(x, y, w, lr): the example, then batches of two or four rows."""
    yield np.ones((3, 1, 1)), np.zeros((3, 1, 1)), np.ones((1, 1)), 0.25
    for size in (2, 2, 4, 4):
        x, w = rng.integers(-4, 5, size=(4, size, 2)) / 4, rng.integers(1, 5, size=(1, 2)) / 2
        yield x, x @ np.array([[0.5], [-1.0]]) + 1, w, 0.125


def dead_in(weights, biases, batches):
    """08.3: dead neurons by ReLU, and hooks that are left."""
    return dead_with(weights, biases, batches)


def dead_with(weights, biases, batches, *, dead=lambda a: (a == 0).all(axis=0), left=0, last=False):
    """The count, and what becomes of it when a line is wrong."""
    a = np.concatenate(batches[-1:] if last else batches)
    found = {}
    for number, (w, b) in enumerate(zip(weights, biases, strict=True)):
        a = np.maximum(a @ w.T + b, 0)
        found[str(2 * number + 1)] = int(dead(a).sum())
    return {"dead": found, "hooks left": left * len(weights)}


def dead_inputs(rng):
    """(weights, biases, batches): the example, then one to three layers."""
    weights, biases = [np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])], [np.zeros(3)]
    yield weights, biases, [np.array([[1.0, -1.0], [2.0, -1.0]]), np.array([[-1.0, -2.0]])]
    for depth in (1, 2, 2, 3, 3):
        sizes = [3, *(int(n) for n in rng.integers(6, 10, size=depth))]
        pairs = list(zip(sizes, sizes[1:], strict=False))
        # Batches of one row: a neuron that is off there is often on in another one.
        batches = [_quarters(rng, int(n), 3) for n in (4, *rng.integers(2, 5, size=2), 1)]
        biases = [_quarters(rng, n) - (np.arange(n) < 2) * 40 for _, n in pairs]
        yield [_quarters(rng, n, m) for m, n in pairs], biases, batches


def find_nan(outputs):
    """08.4: what the hooks say of a model whose layers give these outputs."""
    return report(outputs, nan_at_any_depth)


def nan_at_any_depth(output, lists=9):
    """Whether an array, or one inside of at most so many lists, has a NaN; None has none."""
    if isinstance(output, list) and not lists:
        raise TypeError
    if isinstance(output, list):
        return any(nan_at_any_depth(part, lists - 1) for part in output)
    return output is not None and bool(np.isnan(output).any())


def report(outputs, has_nan, name=lambda name, names: name):
    """The first layer with a NaN, by name."""
    bad = next((layer for layer, output in outputs.items() if has_nan(output)), None)
    return {"found": f"NaN in {name(bad, list(outputs))}" if bad else "no NaN", "hooks left": 0}


def outputs_with_nan(rng):
    """One dict of outputs by layer for each case; None stands for a part that is missing."""
    nan, good = np.array([[1.0, np.nan]]), np.array([[1.0, -2.0]])
    yield ({"embedding": good, "lstm": [good, [nan, good]], "head": nan},)
    yield ({"embedding": good, "lstm": [good, [good, good]], "head": good},)
    yield ({"embedding": nan, "head": good},)
    yield ({"embedding": good, "attention": [nan, None], "norm": nan, "head": nan},)
    yield ({"embedding": good, "attention": [good, None], "head": good},)
    yield ({"embedding": good, "attention": [good, nan], "head": good},)
    yield ({"embedding": good, "decoder.gru": [good, nan], "decoder.norm": nan},)
    for _ in range(4):
        parts = [_quarters(rng, 2, 3) for _ in range(6)]
        parts[int(rng.integers(5))][1, int(rng.integers(3))] = np.nan
        a, b, c, d, e, f = parts
        yield ({"first": a, "lstm": [b, [c, d]], "gru": [[e], f], "head": f},)


def try_range_test(steepness, start, end, count):
    """08.5: rates and losses of the test in a valley, and how good the picked rate is."""
    return range_with(steepness, start, end, count)


def range_with(steepness, start, end, count, *, equal=False, gaps=-1, limit=5.0, over=10):
    """The range test, every second batch harder, and what becomes of it when a line is wrong."""
    w, rates, losses = np.ones(len(steepness)), [], []
    for k in range(count):
        share = k / (count + gaps)
        rates.append(start + share * (end - start) if equal else start * (end / start) ** share)
        losses.append(float((1 + k % 2) * (steepness * w * w).sum() / 2))
        if losses[-1] > limit * min(losses):
            break
        w = w - rates[-1] * steepness * w
    lr = rates[int(np.argmin(losses))] / over
    with np.errstate(over="ignore"):
        left = float((steepness * ((1 - lr * steepness) ** 100) ** 2).sum() / steepness.sum())
    good = "good" if left < 0.1 else "too small" if left < 1 else "too large"
    return good, np.array(rates), np.array(losses)


def valleys(rng):
    """(steepness, start, end, count): steep and flat ones, so that no one rate fits all."""
    for size in (1.0, 30.0, 0.03):
        steepness = size * np.array([1.0, *rng.integers(2, 4, size=2)])
        yield steepness, 1e-5, 1e3, int(rng.integers(60, 80))


def ward_round(patients):
    """08.6: a diagnosis for each patient."""
    return [diagnose(gauges) for gauges in patients]


def diagnose(gauges, *, at_first=True, compares=True, looks=True):
    """Each disease by its own gauge, and what becomes of it when one is not read."""
    if math.isnan(gauges["loss"][0]):
        return "log of 0"
    if not at_first and min(gauges["dead"]) > 0.3:
        return BORN_DEAD
    if looks and gauges["shared rows"][0] > 0:
        return "validation leaked into training"
    if looks and gauges["twice"][0] > 0:
        return "eval() never called"
    if looks and max(gauges["saturated"]) > 0.5:
        return "saturated sigmoids"
    if looks and abs(gauges["outputs"][2] - 1) < 0.01 and gauges["outputs"][0] > 0:
        return "softmax before cross-entropy"
    if gauges["inputs"][1] > 5:
        return "input not normalized"
    if min(gauges["dead at first"]) > 0.5:
        return BORN_DEAD
    if not compares:
        return TOO_LARGE if max(gauges["gradient"]) > 5 else "labels shuffled"
    if gauges["gradient"] != gauges["of this batch"]:
        return "zero_grad forgotten"
    return TOO_LARGE if min(gauges["dead"]) > 0.5 else "labels shuffled"


def wards(rng):
    """(patients, their diseases): twice six, the ten diseases and two of them again."""
    quiet, violent = rng.permutation(QUIET).tolist(), rng.permutation(VIOLENT).tolist()
    for names in (VIOLENT + quiet[:2], quiet[2:] + violent[:2]):
        truth = rng.permutation(names).tolist()
        yield [examine(name, rng) for name in truth], truth


def examine(disease, rng):
    """Gauges of a patient after 40 steps, as in the setup cell."""
    while True:
        gauges = readings(disease, int(rng.integers(10**6)))
        # A sum of old gradients may have the length of one by chance.
        ratio = np.linalg.norm(gauges["gradient"]) / np.linalg.norm(gauges["of this batch"])
        if ratio > 3 or disease != "zero_grad forgotten":
            return gauges


def readings(disease, seed):
    """What the hospital shows, without the digits and the longest step, with three digits."""
    milder = np.random.default_rng(seed).uniform(0.7, 1.0)
    faults = DISEASES[disease]["sick"].items()
    sick = {key: value * milder if isinstance(value, float) else value for key, value in faults}
    training = Training(replace(Program(), **sick), seed)
    with np.errstate(all="ignore"):
        for _ in range(40):
            training.step()
        now = training.gauges
    gauges = {
        "loss": training.losses[-1],
        "right": (*training.rights[-1], now.used),
        "gradient": now.gradient,
        "of this batch": now.fresh,
        "dead at first": training.first.dead,
        "dead": now.dead,
        "saturated": now.saturated,
        "inputs": now.inputs,
        "outputs": now.outputs,
        "twice": (now.twice,),
        "shared rows": (training.shared,),
    }
    return {name: [float(f"{v:.3g}") for v in values] for name, values in gauges.items()}


def _quarters(rng, *shape):
    return rng.integers(-8, 9, size=shape) / 4


EXERCISES = [
    Exercise(
        id="08.1",
        points=1,
        cases=series_inputs,
        reference=look_into,
        answers=("Windows",),
        mutants=(
            Mutant(
                lambda series, width, i: windows_with(series, width, i, more=width),
                "one sample for each number. But what would follow the last windows?",
            ),
            Mutant(
                lambda series, width, i: windows_with(series, width, i, more=1),
                "one sample too many: the last window has no next value.",
            ),
            Mutant(
                lambda series, width, i: windows_with(series, width, i, late=-1),
                "the value is the last one of the window itself. It should be the next one.",
            ),
            Mutant(
                lambda series, width, i: windows_with(series, width, i, alone=True),
                "a sample is a pair: the window, and the value that follows.",
            ),
        ),
    ),
    Exercise(
        id="08.2",
        points=1,
        cases=loop_inputs,
        reference=run_loop,
        answers=("train_once",),
        mutants=(
            Mutant(
                lambda x, y, w, lr: loop_with(x, y, w, lr, keep=1, first=1),
                "each step still follows all earlier gradients as well. Which line empties .grad?",
            ),
            Mutant(
                lambda x, y, w, lr: loop_with(x, y, w, lr, keep=1),
                ".grad is emptied once, before the loop. How often is it filled?",
            ),
            Mutant(
                lambda x, y, w, lr: loop_with(x, y, w, lr, step=0),
                "the weights never move: .grad is 0 when the step reads it.",
            ),
            Mutant(
                lambda x, y, w, lr: loop_with(x, y, w, lr, first=1, late=True),
                ".grad is emptied after each step. What does the first batch find in it?",
            ),
        ),
    ),
    Exercise(
        id="08.3",
        points=2,
        cases=dead_inputs,
        reference=dead_in,
        answers=("count_dead",),
        mutants=(
            Mutant(
                lambda weights, biases, batches: dead_with(
                    weights, biases, batches, dead=lambda a: (a == 0).any(axis=0)
                ),
                "a neuron that is 0 for some samples counts as dead. Half zeros are healthy.",
            ),
            Mutant(
                lambda weights, biases, batches: dead_with(weights, biases, batches, last=True),
                "this is the last batch alone. What happens to what the hook saw before?",
            ),
            Mutant(
                lambda weights, biases, batches: dead_with(weights, biases, batches, left=1),
                "the numbers are right, but hooks are left in the model.",
            ),
            Mutant(
                lambda weights, biases, batches: dead_with(
                    weights, biases, batches, dead=lambda a: (a == 0).all(axis=1)
                ),
                "these are samples for which all neurons are 0. Over which axis run the samples?",
            ),
        ),
    ),
    Exercise(
        id="08.4",
        points=2,
        cases=outputs_with_nan,
        reference=find_nan,
        answers=("watch",),
        mutants=(
            Mutant(
                lambda outputs: report(
                    outputs, lambda o: nan_at_any_depth(o[0] if isinstance(o, list) else o)
                ),
                "only the first part of a tuple is looked at.",
            ),
            Mutant(
                lambda outputs: report(outputs, lambda o: nan_at_any_depth(o, lists=1)),
                "a tuple may hold a tuple: the LSTM's (hidden, cell) stands inside of one.",
            ),
            Mutant(
                lambda outputs: report(outputs, nan_at_any_depth, lambda name, names: names[-1]),
                "each hook gives the name that the loop had last. When is `name` looked up?",
            ),
            Mutant(
                lambda outputs: report(
                    outputs, lambda o: not isinstance(o, list) and nan_at_any_depth(o)
                ),
                "tuples pass unseen, whatever they hold.",
            ),
        ),
    ),
    Exercise(
        id="08.5",
        points=3,
        cases=valleys,
        reference=try_range_test,
        answers=("lr_range_test",),
        outputs=("pick", "rates", "losses"),
        mutants=(
            Mutant(
                lambda *given: range_with(*given, equal=True),
                "the rates grow by equal steps. Each is the one before times a fixed factor.",
            ),
            Mutant(
                lambda *given: range_with(*given, limit=math.inf),
                "the test never stops early. Compare each loss with the smallest so far.",
            ),
            Mutant(
                lambda *given: range_with(*given, gaps=0),
                "the factor is too small to reach end: count rates have count - 1 gaps.",
            ),
            Mutant(
                lambda *given: range_with(*given, over=1),
                "the pick is too large: at the rate of the lowest loss the explosion has already "
                "begun, and the loss does not show it yet.",
            ),
        ),
    ),
    Exercise(
        id="08.6",
        points=3,
        cases=wards,
        reference=ward_round,
        answers=("diagnose",),
        measure="nearly_all_right",
        given=1,
        mutants=(
            Mutant(
                lambda patients: [diagnose(g, at_first=False) for g in patients],
                "several diseases end with dead neurons. Only one begins with them.",
            ),
            Mutant(
                lambda patients: [diagnose(g, compares=False) for g in patients],
                "a long gradient is not what makes a step too long here. Compare .grad with "
                "what the batch adds to it.",
            ),
            Mutant(
                lambda patients: [diagnose(g, looks=False) for g in patients],
                "whoever has no dead neurons is said to have shuffled labels. Four other diseases "
                "have a gauge that shows nothing else.",
            ),
        ),
    ),
]
