"""The checks of notebook 09. The functions here that run a student's lines, classes or training
give what the setup cells give for a right answer. Trainings run in float64 and are rounded far
below their tolerance, so that no processor changes what stands in the table."""

import math
from functools import partial

import numpy as np

import engine
from engine import nn, optim
from engine.datasets import load_digits, split
from engine.grading.exercises import Exercise, Mutant
from engine.utils import summary


def run_there(n):
    """09.1: what the rest of the program gives once its first five lines run."""
    numbers = engine.rand(n, generator=engine.Generator().manual_seed(0), dtype=engine.float64)
    return {"torch.rand": numbers, "batches": math.ceil(n / 2), "parameters": 2 * n}


def fails(error):
    """A mutant that stops with an error."""

    def run(*given):
        raise error

    return run


def sizes_of_data(rng):
    """(n,)"""
    yield (3,)
    for n in rng.choice(np.arange(4, 12), size=3, replace=False):
        yield (int(n),)


def train_and_ask(x, t, x_new):
    """09.2: probabilities after 20 steps, evaluated in eval mode."""
    return train_with(x, t, x_new)


def train_with(x, t, x_new, *, softmax=False, evaluate=True):
    """The repaired script, and what becomes of it when a bug stays."""
    x, t, x_new = engine.tensor(x).double(), engine.tensor(t), engine.tensor(x_new).double()
    layers = (nn.Linear, 3, 4), (nn.BatchNorm1d, 4), (nn.Tanh,), (nn.Linear, 4, 2)
    model = in_float64(lambda: nn.Sequential(*(kind(*sizes) for kind, *sizes in layers)))
    optimizer, criterion = optim.SGD(model.parameters(), lr=0.5), nn.CrossEntropyLoss()
    for _ in range(20):
        output = model(x).softmax(1) if softmax else model(x)
        optimizer.zero_grad()
        criterion(output, t).backward()
        optimizer.step()
    model.train(not evaluate)
    with engine.no_grad():
        return model(x_new).softmax(1).numpy().round(6)


def in_float64(make):
    """A model from seed 0, whose first weights are drawn in float64."""
    default = engine.get_default_dtype()
    engine.set_default_dtype(engine.float64)
    engine.manual_seed(0)
    model = make()
    engine.set_default_dtype(default)
    return model


def points_of_two_classes(rng):
    """(x, t, x_new): clouds around two corners."""
    corners = np.array([[2.0, 0.0, -1.0], [-1.0, 1.0, 2.0]])
    for n in (8, 12, 16):
        t = np.tile(np.array([0, 1]), n // 2)
        rows = corners[[*t, 0, 0, 1]] + rng.integers(-4, 5, (n + 3, 3)) / 4
        x = rows.astype(np.float32)
        yield x[:n], t, x[n:]


def count_reader(words, width, tied, again, frozen):
    """09.3: counts of the setup cell's model, from its sizes."""
    return counts_of(words, width, tied, again, frozen)


def counts_of(words, width, tied, again, frozen, *, twice=False, buffers=False):
    """The counts, and what becomes of them when a line is wrong."""
    table, hidden = words * width, width * width + width
    shared, rest = tied * table + again * hidden, 2 * width + words + (0 if tied else table)
    frozen_numbers = frozen * (table + twice * tied * table)
    more = tied * table + 2 * again * hidden  # the hidden layer stands at three places
    everything = table + hidden + rest + twice * more + buffers * (2 * width + 1)
    return {"trained": everything - frozen_numbers, "frozen": frozen_numbers, "shared": shared}


def readers(rng):
    """(words, width, tied, again, frozen): the example, each switch alone, all of them."""
    switches = [(True, False, False), (False, False, False), (False, True, False)]
    switches += [(False, False, True), (True, True, False), (True, True, True)]
    for number, (tied, again, frozen) in enumerate(switches):
        words, width = (5, 3) if number == 0 else (int(n) for n in rng.integers(4, 30, size=2))
        yield words, width, tied, again, frozen


def multiply_adds(layers, shape):
    """09.4: as engine.utils.summary counts a real model."""
    model, x = [], engine.zeros(1, *shape)
    build = {
        "conv": lambda c_out, k, *rest: [nn.Conv2d(x.shape[1], c_out, k, *rest)],
        "pool": lambda k: [nn.MaxPool2d(k)],
        "linear": lambda n_out: [nn.Flatten(), nn.Linear(x.numel(), n_out)],
    }
    for kind, *numbers in layers:
        new = build[kind](*numbers)
        model, x = model + new, nn.Sequential(*new)(x)
    return summary(nn.Sequential(*model).float(), input_size=(1, *shape), verbose=0).total_mult_adds


def count_with(layers, shape, *, bias=1, places=True, before=False, pools=True):
    """The formula, and what becomes of it when a part of it is wrong."""
    total = 0
    for kind, *numbers in layers:
        if kind == "linear":
            total += (math.prod(shape) + bias) * numbers[0]
            shape = numbers
        elif kind == "pool":
            shape = [shape[0], *(n // numbers[0] if pools else n for n in shape[1:])]
        else:
            channels, kernel, stride, padding = numbers
            sides = [(n + 2 * padding - kernel) // stride + 1 for n in shape[1:]]
            spots = math.prod(shape[1:] if before else sides) if places else 1
            total += (kernel**2 * shape[0] + bias) * channels * spots
            shape = [channels, *sides]
    return total


def plans(rng):
    """(layers, shape): the example, an MLP, strides and pools that do not divide, random ones."""
    yield [["conv", 8, 3, 1, 1], ["pool", 2], ["linear", 10]], [1, 8, 8]
    yield [["linear", 32], ["linear", 10]], [64]
    yield [["conv", 4, 5, 2, 1], ["conv", 6, 3, 1, 0], ["pool", 2], ["linear", 3]], [3, 16, 13]
    for _ in range(5):
        c1, c2, n_out, c_in = (int(n) for n in rng.integers(1, 9, size=4))
        stride = int(rng.integers(1, 3))
        first, second = ["conv", c1, 3, stride, int(rng.integers(0, 2))], ["conv", c2, 3, 1, 0]
        sides = [int(n) for n in rng.integers(15, 26, size=2)]
        yield [first, ["pool", 2], second, ["linear", n_out]], [c_in, *sides]


class TheirReader(nn.Module):
    """The setup cell's model: its layers have other names and another order."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 2)
        self.conv1, self.norm1 = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.conv2, self.norm2 = nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3)

    def forward(self, x):
        for conv, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2)):
            x = nn.functional.max_pool2d(engine.relu(norm(conv(x))), 2)
        return self.head(x.flatten(1))


def logits_there(state, names, x):
    """09.5: the logits of the other model once each weight has found its place."""
    return logits_with(state, names, x, _renamed)


def _renamed(state, names):
    parts = {name: name.rpartition(".") for name in state}
    return {f"{names[layer]}.{part}": state[name] for name, (layer, _, part) in parts.items()}


def _renamed_by_replace(state, names):
    moved = {}
    for name, value in state.items():
        for old, new in names.items():
            name = name.replace(old, new)
        moved[name] = value
    return moved


def _renamed_by_first_letters(state, names):
    firsts = {name: next(old for old in names if name.startswith(old)) for name in state}
    return {names[old] + name[len(old) :]: state[name] for name, old in firsts.items()}


def _renamed_at_one_dot(state, names):
    if any(name.count(".") > 1 for name in state):
        raise ValueError
    return _renamed(state, names)


def _renamed_by_order(state, names):
    return dict(zip(TheirReader().state_dict(), state.values(), strict=True))


def logits_with(state, names, x, rename):
    """The setup cell's function."""
    model = in_float64(TheirReader).eval()
    moved = {name: engine.tensor(value) for name, value in rename(state, names).items()}
    missing, unexpected = model.load_state_dict(moved, strict=False)
    with engine.no_grad():
        logits = model(engine.tensor(x)).numpy().round(9)
    return {"missing": missing, "unexpected": unexpected, "logits": logits}


def states_of_ours(rng):
    """(state, names, x): layers by number, and inside other modules."""
    yield _case(rng, ["0", "1", "4", "5", "10"])
    yield _case(rng, ["features.0", "features.1", "features.4", "features.5", "classifier"])
    first, second = sorted(int(n) for n in rng.choice(np.arange(2, 9), size=2, replace=False))
    yield _case(rng, [f"block.{first}", f"block.{first}1", f"deep.{second}", "deep.norm", "out.fc"])


def _case(rng, ours):
    names = dict(zip(ours, ["conv1", "norm1", "conv2", "norm2", "head"], strict=True))
    state, model = {}, TheirReader()
    for here, there in names.items():
        for part, value in getattr(model, there).state_dict().items():
            numbers = np.asarray(rng.integers(-4, 5, value.shape) / 4)
            state[f"{here}.{part}"] = np.abs(numbers) + 0.25 if part == "running_var" else numbers
    return state, names, rng.integers(0, 5, (2, 1, 4, 4)) / 4


def small_reader():
    """09.6: a hidden layer of 64. It reads 99 %, so that the noise of the check decides nothing."""
    return _trained(reader(64), epochs=30, noise=0.15, softness=0.1)


def reader(*hidden):
    """An MLP for digits; without a hidden layer, a linear model."""
    sizes, layers = [64, *hidden, 10], [nn.Flatten()]
    engine.manual_seed(0)
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).double()


def _trained(model, *, epochs, batch=64, lr=0.02, noise=0.0, softness=0.0, examples=1437):
    """A model in the form in which it crosses, after epochs of Adam with a falling lr."""
    x, _, t, _ = (part[:examples] for part in split(*load_digits(), test=360))
    rng, optimizer = np.random.default_rng(0), optim.Adam(model.parameters(), lr=lr)
    criterion = nn.CrossEntropyLoss(label_smoothing=softness)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = lr * (1 - epoch / epochs)
        for rows in np.split(rng.permutation(len(x)), range(batch, len(x), batch)):
            images = x[rows] / 16 + noise * rng.standard_normal((len(rows), 64))
            output = model(engine.tensor(images.reshape(-1, 1, 8, 8)))
            optimizer.zero_grad()
            criterion(output, engine.tensor(t[rows])).backward()
            optimizer.step()
    return {"layers": [repr(layer) for layer in model], "state": dict(model.state_dict())}


def noise(rng):
    """(seed,)"""
    yield (int(rng.integers(1000)),)


EXERCISES = [
    Exercise(
        id="09.1",
        points=1,
        cases=sizes_of_data,
        reference=run_there,
        answers=("five_lines",),
        mutants=(
            Mutant(
                fails(NameError()),
                "a name is missing. All behind the first line says torch: does that line bind it?",
            ),
            Mutant(
                fails(ModuleNotFoundError()),
                "there is no such module on that machine. Does a line still ask for the engine?",
            ),
            Mutant(fails(ImportError()), "no such name in that module. Who brings `summary`?"),
        ),
    ),
    Exercise(
        id="09.2",
        points=2,
        cases=points_of_two_classes,
        reference=train_and_ask,
        tolerance=1e-3,
        mutants=(
            Mutant(
                fails(RuntimeError()),
                "data and model do not have one dtype. What does x.double() do to x itself?",
            ),
            Mutant(
                partial(train_with, softmax=True, evaluate=False),
                "it runs. Two bugs are left: in what the criterion gets, and in the prediction.",
            ),
            Mutant(
                partial(train_with, softmax=True),
                "one bug is left, in the training: what does CrossEntropyLoss want to get?",
            ),
            Mutant(
                partial(train_with, evaluate=False),
                "one bug is left, in the prediction: BatchNorm still looks at the new batch.",
            ),
        ),
    ),
    Exercise(
        id="09.3",
        points=2,
        cases=readers,
        reference=count_reader,
        answers=("count_parameters",),
        mutants=(
            Mutant(partial(counts_of, twice=True), "a shared tensor counts at each of its places."),
            Mutant(
                partial(counts_of, twice=True, buffers=True),
                "state_dict() lists buffers, and a shared tensor under each of its names.",
            ),
            Mutant(
                lambda *given: counts_of(*given[:4], False),
                "frozen parameters are counted as trained. Which attribute tells them apart?",
            ),
            Mutant(
                fails(RuntimeError()),
                "`p in list` compares tensors entry by entry. The keys of a Counter do not.",
            ),
        ),
    ),
    Exercise(
        id="09.4",
        builds=("summary",),
        points=2,
        cases=plans,
        reference=multiply_adds,
        mutants=(
            Mutant(partial(count_with, bias=0), "the biases are missing: each output adds one."),
            Mutant(
                partial(count_with, places=False),
                "these are parameters. A kernel works at every place of its output.",
            ),
            Mutant(
                partial(count_with, before=True),
                "a kernel is counted at the places of its input. Count those of its output.",
            ),
            Mutant(partial(count_with, pools=False), "behind a pool, n is as large as before it."),
        ),
    ),
    Exercise(
        id="09.5",
        points=3,
        cases=states_of_ours,
        reference=logits_there,
        answers=("renamed",),
        tolerance=1e-6,
        mutants=(
            Mutant(
                partial(logits_with, rename=_renamed_by_replace),
                'replace() also finds a name inside another one: "1" stands in "10" and "conv1".',
            ),
            Mutant(
                partial(logits_with, rename=_renamed_by_first_letters),
                '"10.weight" starts with "1", too. Where does the name of a layer end?',
            ),
            Mutant(
                partial(logits_with, rename=_renamed_at_one_dot),
                'a name may hold several dots, as "features.0.weight". Which one do you need?',
            ),
            Mutant(
                partial(logits_with, rename=_renamed_by_order),
                "weights are matched by their order, and the two models have another order.",
            ),
        ),
    ),
    Exercise(
        id="09.6",
        points=2,
        cases=noise,
        reference=small_reader,
        answers=("fit",),
        measure="digits_read",
        seconds=10.0,
        mutants=(
            Mutant(
                lambda: _trained(reader(128), epochs=0),
                "too large. Four bytes for each number of the state_dict: how many may it hold?",
            ),
            Mutant(
                lambda: _trained(reader(32), epochs=0),
                "nothing is learned. Are backward() and step() called, on the model you return?",
            ),
            Mutant(
                lambda: _trained(reader(64), epochs=1, examples=700),
                "the model is still learning: take more steps, in mini-batches.",
            ),
            Mutant(
                lambda: _trained(reader(), epochs=20, batch=360, lr=0.1),
                "close. Are the training digits read better? Then noise, and less lr at the end. "
                "If not: more steps, or a layer between the pixels and the last one.",
            ),
        ),
    ),
]
