"""The checks of notebook 03. Inputs are multiples of 1/4, so that sums are exact in any order;
where exp is needed, answers are rounded far below the tolerance."""

import numpy as np

from engine.grading.exercises import Choice, Exercise, Mutant


def local_derivatives(w, x, y, c):
    """03.1: the four links of L = c (y - w·x)²."""
    return x, -1.0, 2 * (y - w * x), c


def local_derivatives_inputs(rng):
    """(w, x, y, c): no two of the numbers that could be mixed up are equal."""
    yield 2.0, 3.0, 4.0, 0.5
    yield -1.0, 0.5, 1.0, 2.0
    for _ in range(10):
        w, x, y, c = (float(v) for v in _quarters(rng, 4))
        yield w, x, y, c


def backward_rules(x, dy):
    """03.3: upstream times the local derivatives of tanh and exp."""
    return _rounded(dy * (1 - np.tanh(x) ** 2), dy * np.exp(x))


def backward_rules_inputs(rng):
    """(x, dy) of one shape."""
    yield np.array([0.0, 1.0]), np.array([1.0, 2.0])
    shapes = [(3,), (1,), (2, 3), (4, 1), (2, 2, 2), (3, 2), (5,)]
    for shape in shapes:
        yield _quarters(rng, shape), _quarters(rng, shape)


def multiply_backward(a, b, dy):
    """03.4: upstream times the other factor, added up over the copies that broadcasting made."""
    return _summed(dy * b, a.shape), _summed(dy * a, b.shape)


def _summed(gradient, shape):
    gradient = _sum_in_front(gradient, shape)
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return gradient.sum(axis=stretched, keepdims=True)


def _sum_in_front(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    return gradient


def _sum_without_keeping_axes(gradient, shape):
    gradient = _sum_in_front(gradient, shape)
    return gradient.sum(axis=tuple(axis for axis, size in enumerate(shape) if size == 1))


def multiply_backward_inputs(rng):
    """(a, b, dy): eight pairs of shapes."""
    yield np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([1.0, 0.0, -1.0]), np.ones((2, 3))
    pairs = [
        ((2, 1), (1, 3)),
        ((2, 3), (2, 3)),
        ((4, 3), (4, 1)),
        ((3,), (2, 3)),
        ((2, 3), (1,)),
        ((2, 3, 2), (3, 1)),
        ((1, 3), (2, 4, 3)),
    ]
    for a_shape, b_shape in pairs:
        shape = np.broadcast_shapes(a_shape, b_shape)
        yield tuple(_quarters(rng, s) for s in (a_shape, b_shape, shape))


def gradients(graph, root):
    """03.5: the walk from the root, each value after all its uses."""
    return _walk(graph, root, lambda dy, local: dy * local, lambda old, new: old + new)


def _walk(graph, root, send, collect):
    found = {root: 1.0}
    for name in reversed(_topological_order(graph, root)):
        for parent, local in graph[name].items():
            sent = send(found[name], local)
            found[parent] = collect(found[parent], sent) if parent in found else sent
    return found


def _topological_order(graph, root):
    order, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for parent in graph[name]:
                visit(parent)
            order.append(name)

    visit(root)
    return order


def gradients_of_the_naive_walk(graph, root):
    """The notebook's first walk: each value sends on as soon as it is met."""
    found, queue = {root: 1.0}, [root]
    for name in queue:
        for parent, local in graph[name].items():
            found[parent] = found.get(parent, 0.0) + found[name] * local
            if parent not in queue:
                queue.append(parent)
    return found


def gradients_along_every_path(graph, root):
    """Right, but a path for each combination of uses: too many for a chain of diamonds."""
    if len(graph) > 60:
        raise TimeoutError
    return gradients(graph, root)


def gradients_inputs(rng):
    """(graph, root): s + s·s, random graphs, and a chain of diamonds with 2³⁰ paths."""
    yield {"w": {}, "s": {"w": 3.0}, "q": {"s": 12.0}, "L": {"s": 1.0, "q": 1.0}}, "L"
    yield {"w": {}, "s": {"w": 3.0}, "q": {"s": 12.0}, "L": {"q": 1.0, "s": 1.0}}, "L"
    yield {"L": {"z": 2.0}, "b": {}, "w": {}, "z": {"p": 1.0, "b": 1.0}, "p": {"w": 0.5}}, "L"
    for size in (5, 6, 7, 8, 8):
        yield _random_graph(rng, size)
    yield _diamonds(30), "L"


def _random_graph(rng, size):
    """Node i rests on some of the nodes below it; the last one is the root."""
    names = [str(name) for name in rng.permutation(list("abcdefgh"))[: size - 1]] + ["L"]
    rests_on = {i: set() for i in range(size)}
    for i in range(size - 1):
        # Everything is used at least once, mostly twice.
        for user in rng.integers(i + 1, size, size=2).tolist():
            rests_on[user].add(i)
    locals_ = [-2.0, -1.0, -0.5, 0.5, 2.0, 3.0]
    graph = {
        names[i]: {names[j]: float(rng.choice(locals_)) for j in rng.permutation(sorted(below))}
        for i, below in rests_on.items()
    }
    return {names[i]: graph[names[i]] for i in rng.permutation(size)}, "L"


def _diamonds(count):
    graph = {"L": {f"s{count}": 1.0}, "s0": {}}
    for i in range(1, count + 1):
        graph[f"s{i}"] = {f"u{i}": 1.0, f"v{i}": 1.0}
        graph[f"u{i}"] = graph[f"v{i}"] = {f"s{i - 1}": 0.5}
    return graph


def cross_entropy(logits, target):
    """03.6: mean loss without overflow, and (p - y)/N."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(target))
    gradient = np.exp(log_p)
    gradient[rows, target] -= 1
    return _rounded(-log_p[rows, target].mean(), gradient / len(target))


def cross_entropy_with(logits, target, *, shift=True, columns=False):
    """Through the probabilities; columns: the 1 comes off whole columns."""
    with np.errstate(all="ignore"):
        e = np.exp(logits - logits.max(axis=1, keepdims=True) * shift)
        p = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(len(target))
        loss = -np.log(p[rows, target]).mean()
    gradient = p.copy()
    gradient[slice(None) if columns else rows, target] -= 1
    return _rounded(cross_entropy(logits, target)[0] if columns else loss, gradient / len(target))


def cross_entropy_inputs(rng):
    """(logits, target)."""
    yield np.array([[2.0, 1.0], [0.5, 1.5]]), np.array([0, 1])
    for rows, classes in ((1, 3), (2, 2), (4, 3), (3, 5), (8, 4), (5, 10)):
        logits = _quarters(rng, (rows, classes)) * float(rng.choice([1.0, 4.0]))
        yield logits, rng.integers(0, classes, size=rows)
    # Scores that exp cannot hold: right and certain, wrong and certain, far from zero.
    yield np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.array([0, 1])
    yield np.array([[0.0, 1000.0, 0.0], [2.0, 1.0, 0.0]]), np.array([0, 2])
    yield 5000.0 + _quarters(rng, (3, 4)), rng.integers(0, 4, size=3)


def _quarters(rng, shape):
    return rng.integers(-8, 9, size=shape) / 4


def _rounded(*values):
    """Nine decimals, and no -0.0: the last bits of exp differ between processors."""
    return tuple(np.round(value, 9) + 0.0 for value in values)


EXERCISES = [
    Exercise(
        id="03.1",
        points=1,
        cases=local_derivatives_inputs,
        reference=local_derivatives,
        outputs=("dp/dw", "de/dp", "dq/de", "dL/dq"),
        mutants=(
            Mutant(
                lambda w, x, y, c: (w, *local_derivatives(w, x, y, c)[1:]),
                "dp/dw is wrong: if w grows by 1, by how much does w · x grow?",
            ),
            Mutant(
                lambda w, x, y, c: (x, 1.0, 2 * (y - w * x), c),
                "p is subtracted in e = y - p: what does that do to the sign of de/dp?",
            ),
            Mutant(
                lambda w, x, y, c: (x, -1.0, y - w * x, c),
                "dq/de is only half as large as it should be: e stands twice in q = e · e.",
            ),
            Mutant(
                lambda w, x, y, c: (x, -1.0, 2 * (y - w * x), (y - w * x) ** 2),
                "dL/dq is wrong: q is what moves. Which factor does its movement meet in c · q?",
            ),
        ),
    ),
    Choice(
        id="03.2",
        points=3,
        questions={
            "answer_02a": {
                "a": "there is one call of backward(), and its graph holds one addition.",
                "b": "Right: s = w + w is 2w. Each use sends 1, and they add up to the true slope.",
                "c": "a fresh leaf has no .grad that anything could be added to.",
                "d": "the value of w does not matter: in w + w each local derivative is 1.",
            },
            "answer_02b": {
                "a": "backward() moves no weight. w is still 3, and the slope 2w still 6.",
                "b": "each round builds a new graph, from w on. The old one is not part of it.",
                "c": "Right: .grad is a sum over all calls, until someone clears it.",
                "d": "the slope of w · w at 3 is 6, in every round.",
            },
            "answer_02c": {
                "a": "before the forward pass is fine: nothing of this round is in .grad yet.",
                "b": "between loss and backward is fine: .grad is filled after it.",
                "c": "Right: step() then finds no gradient, and w stays where it is.",
                "d": "after the step is fine: the gradient of this round has done its work.",
            },
        },
    ),
    Exercise(
        id="03.3",
        points=2,
        cases=backward_rules_inputs,
        reference=backward_rules,
        outputs=("through tanh", "through exp"),
        tolerance=1e-8,
        mutants=(
            Mutant(
                lambda x, dy: backward_rules(x, np.ones_like(dy)),
                "these are the local derivatives alone. Each is multiplied by what arrives, dy.",
            ),
            Mutant(
                lambda x, dy: (dy * (1 - x**2), backward_rules(x, dy)[1]),
                "1 - y² needs the output y of tanh, not its input x.",
            ),
            Mutant(
                lambda x, dy: (*_rounded(dy * (1 - np.tanh(x))), backward_rules(x, dy)[1]),
                "the square is missing: the slope of tanh is the same at x and at -x.",
            ),
            Mutant(
                lambda x, dy: (backward_rules(x, dy)[0], *_rounded(dy * x * np.exp(x - 1))),
                "x · e^(x-1) is the rule for powers. In e^x the exponent moves, not the base.",
            ),
        ),
    ),
    Exercise(
        id="03.4",
        points=2,
        cases=multiply_backward_inputs,
        reference=multiply_backward,
        outputs=("for a", "for b"),
        mutants=(
            Mutant(
                lambda a, b, dy: (dy * b, dy * a),
                "one number for each copy. A value used several times gets the sum over its uses.",
            ),
            Mutant(
                lambda a, b, dy: (_sum_in_front(dy * b, a.shape), _sum_in_front(dy * a, b.shape)),
                "axes in front are added up, but an axis of size 1 was stretched as well.",
            ),
            Mutant(
                lambda a, b, dy: (
                    _sum_without_keeping_axes(dy * b, a.shape),
                    _sum_without_keeping_axes(dy * a, b.shape),
                ),
                "the sums are right, but axes of size 1 are lost. Look at `keepdims`.",
            ),
            Mutant(
                lambda a, b, dy: (
                    _summed(dy * np.broadcast_to(a, dy.shape), a.shape),
                    _summed(dy * np.broadcast_to(b, dy.shape), b.shape),
                ),
                "the factors are mixed up: if a moves, a · b moves b times as far.",
            ),
        ),
    ),
    Exercise(
        id="03.5",
        points=2,
        cases=gradients_inputs,
        reference=gradients,
        seconds=3.0,
        mutants=(
            Mutant(
                gradients_of_the_naive_walk,
                "a value sent its gradient on before all its uses had reported.",
            ),
            Mutant(
                lambda graph, root: _walk(graph, root, lambda dy, d: dy * d, lambda old, new: new),
                "the last use overwrites the ones before it. Gradients of several uses add up.",
            ),
            Mutant(
                lambda graph, root: _walk(graph, root, lambda dy, d: d, lambda old, new: old + new),
                "local derivatives are sent on alone: multiply each by the upstream gradient.",
            ),
            Mutant(
                gradients_along_every_path,
                "is one arrow walked once for each path to it? 30 diamonds have 2³⁰ paths.",
            ),
        ),
    ),
    Exercise(
        id="03.6",
        builds=(
            "cross_entropy",
            "CrossEntropyLoss",
            "backward",
        ),
        points=2,
        cases=cross_entropy_inputs,
        reference=cross_entropy,
        outputs=("loss", "gradient"),
        tolerance=1e-8,
        mutants=(
            Mutant(
                lambda logits, target: cross_entropy_with(logits, target, shift=False),
                "exp(1000) is too large for a number. Softmax allows you to shift a whole row.",
            ),
            Mutant(
                cross_entropy_with,
                "a probability has become exactly 0, and its logarithm -inf: find ln p without p.",
            ),
            Mutant(
                lambda logits, target: (
                    cross_entropy(logits, target)[0],
                    *_rounded(cross_entropy(logits, target)[1] * len(target)),
                ),
                "N times too large. The loss is a mean over N rows: what does that do to slopes?",
            ),
            Mutant(
                lambda logits, target: cross_entropy_with(logits, target, columns=True),
                "`p[:, target]` names whole columns. Only one number of each row loses its 1.",
            ),
        ),
    ),
]
