"""Every derivative against finite differences, and each fused operation against its textbook."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.nn import functional as F
from engine.ops.recurrent import MODES, recurrent
from engine.utils import gradcheck


def sequence(mode, reverse=False):
    """All results of three steps from 4 to 3 numbers, with weights and states made of x and y."""
    rows = 3 * len(MODES[mode][1])

    def call(x, y):
        w = engine.cat([x - 1, x * y - 1.1, 1 - x * x, (y - x).flip(1)])[:rows]
        states = [y[:3] - 1, y[1:] / 2][: 1 + (mode == "LSTM")]
        weights = [w, w[:, :3].flip(0), w[:, 0], w[:, 1]]
        return engine.cat([r.flatten() for r in recurrent(mode, x, states, weights, reverse)])

    return call


def dropped(x):
    engine.manual_seed(0)  # the same mask on each call
    return F.dropout(x)


# Each operation of engine/ops and engine/nn, called on x of shape (3, 4) and y of shape (4,).
OPERATIONS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "remainder": lambda x, y: x % y,
    "pow": lambda x, y: x**y,
    "pow by a number": lambda x, y: x**3,
    "maximum": lambda x, y: engine.maximum(x, y),
    "minimum": lambda x, y: engine.minimum(x, y),
    "where": lambda x, y: engine.where(x > y, x * y, y),
    "masked_fill": lambda x, y: (x * y).masked_fill(x > y, 2.0),
    "neg": lambda x, y: -x,
    "abs": lambda x, y: (x - y).abs(),
    "exp": lambda x, y: x.exp(),
    "log": lambda x, y: x.log(),
    "sqrt": lambda x, y: x.sqrt(),
    "sin": lambda x, y: x.sin(),
    "cos": lambda x, y: x.cos(),
    "round": lambda x, y: x.round() * y,
    "sign": lambda x, y: (x - y).sign() * x,
    "clamp": lambda x, y: x.clamp(0.7, 1.3),
    "clamp to tensors": lambda x, y: x.clamp(min=y),
    "sum": lambda x, y: x.sum(1),
    "mean": lambda x, y: x.mean((0, 1)),
    "var": lambda x, y: x.var(0),
    "std": lambda x, y: x.std(1, keepdim=True),
    "norm": lambda x, y: x.norm(3, dim=1),
    "norm, a count": lambda x, y: x.norm(0) * y,
    "cumsum": lambda x, y: x.cumsum(1),
    "max": lambda x, y: x.max(1).values,
    "min": lambda x, y: x.min(),
    "amax": lambda x, y: x.amax((0, 1)),
    "reshape": lambda x, y: (x.reshape(4, 3) * x.view(4, 3)).flatten(),
    "transpose": lambda x, y: x.T * x.t() * x.transpose(0, 1) * x.permute(1, 0),
    "squeeze": lambda x, y: x.unsqueeze(1).squeeze(1) * y,
    "of a single number": lambda x, y: y[0].transpose(0, 0) * y[1].cumsum(0),
    "clone": lambda x, y: x.clone() * y,
    "expand": lambda x, y: y.expand(3, 4) * y.repeat(3, 1) * y.broadcast_to((3, 4)),
    "cat": lambda x, y: engine.cat([x, x * x], 1),
    "stack": lambda x, y: engine.stack([x, x * x], 1),
    "split": lambda x, y: x.split(2, 1)[1] * x.chunk(2, 1)[0],
    "unbind": lambda x, y: x.unbind(0)[1] * x[2],
    "flip": lambda x, y: x.flip(1) * x.roll(1, 0),
    "tril": lambda x, y: x.tril() * x.triu(1),
    "index": lambda x, y: x[[0, 2, 0]] * x[:, 1:2],
    "gather": lambda x, y: x.gather(1, engine.tensor([[0, 0], [3, 1], [2, 2]])),
    "index_select": lambda x, y: x.index_select(0, engine.tensor([1, 1, 2])),
    "embedding": lambda x, y: F.embedding(engine.tensor([[0, 2], [2, 2]]), x),
    "pad": lambda x, y: F.pad(x, (1, -1, 0, 2), value=2.0) * F.pad(y, (2, -2)),
    "matmul": lambda x, y: x @ x.T @ x @ y,
    "outer": lambda x, y: engine.outer(y, y * y),
    "einsum": lambda x, y: engine.einsum("ij,j,kj->ik", x, y, x),
    "linear": lambda x, y: F.linear(x, x, y[:3]),
    "relu": lambda x, y: F.relu(x - y),
    "leaky_relu": lambda x, y: F.leaky_relu(x - y),
    "elu": lambda x, y: F.elu(x - y),
    "selu": lambda x, y: F.selu(x - y),
    "gelu": lambda x, y: F.gelu(x - y),
    "gelu by tanh": lambda x, y: F.gelu(x - y, approximate="tanh"),
    "silu": lambda x, y: F.silu(x - y),
    "sigmoid": lambda x, y: F.sigmoid(x - y),
    "logsigmoid": lambda x, y: F.logsigmoid(x - y),
    "tanh": lambda x, y: F.tanh(x - y),
    "softplus": lambda x, y: F.softplus(x - y),
    "softmax": lambda x, y: F.softmax(x, 1),
    "log_softmax": lambda x, y: F.log_softmax(x, 0),
    "layer_norm": lambda x, y: F.layer_norm(x, (4,), y, y * y),
    "layer_norm of all": lambda x, y: F.layer_norm(x, (3, 4), eps=0.1),
    "attention": lambda x, y: F.scaled_dot_product_attention(x, x * y, x, is_causal=True),
    "attention with a mask": lambda x, y: F.scaled_dot_product_attention(
        x, x[:, :2].T @ x, engine.stack([y, y * y]), x[:, :2] * y[:2], scale=0.7
    ),
    "mse_loss": lambda x, y: F.mse_loss(x, x * 0.5 + 0.1),
    "l1_loss": lambda x, y: F.l1_loss(x, y.expand(3, 4)),
    "binary_cross_entropy": lambda x, y: F.binary_cross_entropy(x / 3, engine.full((3, 4), 0.3)),
    "binary_cross_entropy_with_logits": lambda x, y: F.binary_cross_entropy_with_logits(
        x, engine.full((3, 4), 0.3)
    ),
    "nll_loss": lambda x, y: F.nll_loss(x, engine.tensor([0, 3, 1])),
    "cross_entropy": lambda x, y: F.cross_entropy(x, engine.tensor([0, 3, 1])),
    "conv1d": lambda x, y: F.conv1d(x[None], x[:, None, :2], y[:3], 2, 1, groups=3),
    "conv2d": lambda x, y: F.conv2d(x[None], (x * x)[None, None, :2, 1:], dilation=(2, 1)),
    "conv3d": lambda x, y: F.conv3d(x[None, None], (y * y).view(1, 1, 1, 2, 2), padding="same"),
    "max_pool2d": lambda x, y: F.max_pool2d((x * y)[None], 2, 1, padding=1),
    "avg_pool2d": lambda x, y: F.avg_pool2d((x * y)[None], 2, ceil_mode=True),
    "adaptive_avg_pool2d": lambda x, y: F.adaptive_avg_pool2d((x * y)[None], (2, 3)),
    **{mode: sequence(mode) for mode in MODES},
    **{f"{mode} from the end": sequence(mode, reverse=True) for mode in MODES},
    "batch_norm": lambda x, y: F.batch_norm(x, None, None, y, y * y, training=True),
    "batch_norm in eval": lambda x, y: F.batch_norm(
        x, engine.ones(4), engine.full((4,), 0.5), y, y
    ),
    "dropout": lambda x, y: dropped(x * y),
}


@pytest.fixture(autouse=True)
def float64():
    engine.set_default_dtype(engine.float64)
    yield
    engine.set_default_dtype(engine.float32)


def operands():
    rng = np.random.default_rng(0)
    shapes = (3, 4), (4,)
    return [engine.from_numpy(rng.uniform(0.5, 1.6, s)).requires_grad_() for s in shapes]


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_derivative_is_the_limit_of_differences(name):
    assert gradcheck(OPERATIONS[name], operands())


# to_dtype: differences of float32 say nothing. _gate and its copy hand on what hooks return.
WITHOUT_DIFFERENCES = {"to_dtype", "_gate", "copy"}


def derivatives():
    """Line of each derivative (what record() gets as its third argument) -> where it stands."""
    engine_folder = Path(inspect.getfile(engine)).parent
    found = {}
    for path in sorted([*engine_folder.glob("ops/*.py"), *engine_folder.glob("nn/*.py")]):
        functions = [n for n in ast.walk(ast.parse(path.read_text("utf-8")))
                     if isinstance(n, ast.FunctionDef)]  # fmt: skip
        for function in functions:
            inner = {n.name: n for n in ast.walk(function) if isinstance(n, ast.FunctionDef)}
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "record":
                    backward = call.args[2]
                    line = inner.get(ast.unparse(backward), backward).lineno
                    found[path, line] = function.name
    return found


def nodes_behind(tensor):
    todo, found = [tensor.grad_fn], []
    while todo:
        node = todo.pop()
        if hasattr(node, "backward") and not isinstance(node, engine.Tensor):
            found.append(node)
            todo += node.parents
    return found


def test_every_derivative_is_held_against_differences():
    met = set()
    for operation in OPERATIONS.values():
        for node in nodes_behind(operation(*operands())):
            code = node.backward.__code__
            met.add((Path(code.co_filename), code.co_firstlineno))
    known = derivatives()
    assert met <= set(known), "a derivative that did not come through record()"
    missing = [f"{function}() in engine/{path.parent.name}/{path.name}, line {line}"
               for (path, line), function in known.items()
               if (path, line) not in met and function not in WITHOUT_DIFFERENCES]  # fmt: skip
    assert not missing, f"add a call of it to OPERATIONS above: {missing}"


def textbook_linear(x, w, b):
    return x @ w.T + b


def textbook_cross_entropy(x, w, b):
    z = x - x.amax(1, keepdim=True).detach()
    return -(z - z.exp().sum(1, keepdim=True).log()).gather(1, TARGET).mean()


def textbook_binary_cross_entropy(x, w, b):
    p = 1 / (1 + (-x).exp())
    return -(p.log() * 0.3 + (1 - p).log() * 0.7).mean()


def textbook_softmax(x, w, b):
    return x.exp() / x.exp().sum(1, keepdim=True)


def textbook_convolution(x, w, b):
    """Each window of two numbers times the kernel, one by one, for signals of one channel."""
    places = range(x.shape[2] - 1)
    return engine.stack([x[:, 0, i : i + 2] @ w[:, 0].T + b for i in places], 2)


def textbook_max_pool(x):
    return engine.stack([engine.maximum(x[..., i], x[..., i + 1]) for i in (0, 2)], 2)


def textbook_batch_norm(x, w, b):
    centred = x - x.mean(0)
    return centred / ((centred * centred).mean(0) + 1e-5).sqrt() * w + b


def textbook_layer_norm(x, w, b):
    centred = w - w.mean()
    return centred / ((centred * centred).mean() + 1e-5).sqrt() * w + w


def textbook_attention(x, w, b):
    scores = x @ w.T / x.shape[-1] ** 0.5 + b
    weights = scores.exp() / scores.exp().sum(1, keepdim=True)
    return weights @ w


TARGET = engine.tensor([[2], [0], [3], [1], [1]])
TWINS = [
    (lambda x, w, b: F.linear(x, w, b), textbook_linear),
    (lambda x, w, b: F.cross_entropy(x, TARGET[:, 0]), textbook_cross_entropy),
    (
        lambda x, w, b: F.binary_cross_entropy_with_logits(x, engine.full((5, 4), 0.3)),
        textbook_binary_cross_entropy,
    ),
    (lambda x, w, b: F.softmax(x, 1), textbook_softmax),
    (lambda x, w, b: F.layer_norm(w, (3, 4), w, w), textbook_layer_norm),
    (lambda x, w, b: F.scaled_dot_product_attention(x, w, w, b), textbook_attention),
]
PLAIN = ((5, 4), (3, 4), (3,))
TWINS = [(*pair, PLAIN) for pair in TWINS]
TWINS += [
    (F.conv1d, textbook_convolution, ((2, 1, 5), (3, 1, 2), (3,))),
    (lambda x: F.max_pool1d(x, 2), textbook_max_pool, ((2, 3, 4),)),
    (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        textbook_batch_norm,
        ((5, 4), (4,), (4,)),
    ),
]


@pytest.mark.parametrize("fused,textbook,shapes", TWINS, ids=lambda f: getattr(f, "__name__", ""))
def test_a_fused_operation_is_one_record_and_agrees_with_its_textbook_twin(fused, textbook, shapes):
    rng = np.random.default_rng(1)
    values = [rng.standard_normal(shape) for shape in shapes]
    results = []
    for function in (fused, textbook):
        inputs = [engine.tensor(v, requires_grad=True) for v in values]
        y = function(*inputs)
        if function is fused:
            parents = [parent for parent in y.grad_fn.parents if parent is not None]
            assert all(any(parent is x for x in inputs) for parent in parents)
        (y * y).sum().backward()
        results.append([y, *(x.grad for x in inputs)])
    for ours, theirs in zip(*results, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-12, atol=1e-14)
