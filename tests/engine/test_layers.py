"""Layers and containers: Linear, Identity, Flatten, Dropout, Sequential, ModuleList, one_hot."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module, to_numpy
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import nn
from engine.nn import functional as F

both = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])

# Linear, Identity, Flatten


@given(rest=st.lists(st.integers(0, 3), max_size=3), n=st.integers(1, 4), k=st.integers(1, 4),
       bias=st.booleans())  # fmt: skip
def test_linear_maps_the_last_axis(rest, n, k, bias):
    check_module(lambda t: t.Linear(n, k, bias=bias), (*rest, n))


def test_linear_refuses_another_width_and_dtype():
    check_error(lambda t, x: t.nn.Linear(3, 2)(x), (5, 4), match=["5x4", "3x2"])
    check_error(lambda t, x: t.nn.Linear(3, 2, dtype=t.float64)(x), (5, 3), match="float64")
    check_error(lambda t: t.nn.Linear(-1, 2), match="-1")


def test_linear_takes_device_and_dtype():
    assert nn.Linear(2, 3, device="cpu", dtype=engine.float64).bias.dtype == engine.float64
    with pytest.raises(RuntimeError, match="cuda"):
        nn.Linear(2, 3, device="cuda")
    with pytest.raises(TypeError, match="dtype"):
        nn.Linear(2, 3, dtype="float32")


def test_linear_follows_the_default_dtype():
    before = engine.get_default_dtype()
    engine.set_default_dtype(engine.float64)
    try:
        assert nn.Linear(2, 3).weight.dtype == engine.float64
    finally:
        engine.set_default_dtype(before)


def test_identity_takes_any_arguments():
    check_module(lambda t: t.Identity(54, unused=True), (2, 3))


@pytest.mark.parametrize("options", [{}, {"start_dim": 0}, {"end_dim": 2}, {"start_dim": -2}])
def test_flatten(options):
    check_module(lambda t: t.Flatten(**options), (2, 3, 4, 5))


# Dropout


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 1.0, 1])
def test_dropout_has_pytorchs_masks_and_keeps_the_mean(p):
    check_module(lambda t: t.Dropout(p), (6, 7))


def test_dropout_in_place():
    check_module(lambda t: t.Dropout(0.3, inplace=True), (6, 7), call=lambda m, x: m(x * 2))


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_impossible_probabilities_are_refused(p):
    check_error(lambda t: t.nn.Dropout(p), match=str(p))
    check_error(lambda t, x: t.nn.functional.dropout(x, p), (3,), match=str(p))


def test_functional_dropout_trains_unless_told_otherwise():
    def call(t, x):
        t.manual_seed(3)
        f = t.nn.functional
        return f.dropout(x), f.dropout(x, 0.3), f.dropout(x, 0.3, False), f.dropout(x, p=1)

    check(call, (5, 4))


@pytest.mark.parametrize("p", [0.4, 1])
def test_dropout_draws_its_mask_in_the_order_of_memory(p):
    def call(t, x):
        t.manual_seed(2)
        return t.nn.functional.dropout(x.transpose(0, 2)[:, 1:], p)

    check(call, (4, 3, 5))


def test_dropout_of_integers_is_refused_where_it_would_make_fractions():
    call = lambda t, x, p: t.nn.functional.dropout(x, p)  # noqa: E731
    check_error(call, np.array([1, 2]), 0.5, match="Long")
    check(call, np.array([1, 2]), 1.0)


def test_dropout_draws_nothing_when_it_drops_nothing_or_all():
    def following(t, x):
        t.manual_seed(1)
        for p, training in ((0.5, False), (0.0, True), (1.0, True)):
            t.nn.functional.dropout(x, p, training)
        return t.rand(2)

    check(following, (3,), dtypes=(np.float32,))


# Sequential and ModuleList


def stack(t):
    return t.nn.Sequential(t.nn.Linear(2, 3), t.nn.ReLU(), t.nn.Linear(3, 1), t.nn.Sigmoid())


def kinds(modules):
    return [f"{name}:{type(m).__name__}" for name, m in modules._modules.items()]


def change(t, make, act):
    modules = make(t)
    try:
        result = act(t, modules)
    except Exception as error:
        result = type(error).__name__
    result = kinds(result) if hasattr(result, "_modules") else result
    return kinds(modules), repr(result)


LIST_ACTS = [
    lambda t, m: len(m),
    lambda t, m: [type(x).__name__ for x in m],
    lambda t, m: type(m[1]).__name__ + type(m[-1]).__name__,
    lambda t, m: m[1:3],
    lambda t, m: m[::-2],
    lambda t, m: m[4],
    lambda t, m: m[-5],
    lambda t, m: m["a"],
    lambda t, m: m.__setitem__(0, t.nn.Tanh()),
    lambda t, m: m.__setitem__(-1, t.nn.Tanh()),
    lambda t, m: m.__setitem__(7, t.nn.Tanh()),
    lambda t, m: m.append(t.nn.Tanh()) is m,
    lambda t, m: m.append(3),
    lambda t, m: m.extend([t.nn.Tanh(), t.nn.ELU()]) is m,
    lambda t, m: m.extend(3),
]


@pytest.mark.parametrize("act", LIST_ACTS)
@pytest.mark.parametrize("make", [stack, lambda t: t.nn.ModuleList(stack(t))])
def test_containers_behave_as_lists(make, act):
    assert change(engine, make, act) == change(torch, make, act)


@pytest.mark.parametrize(
    "act",
    [
        lambda t, m: m[0:1],
        lambda t, m: type(m.a).__name__,
    ],
)
def test_sequential_with_names_of_its_own(act):
    def make(t):
        return t.nn.Sequential(OrderedDict([("a", t.nn.Linear(2, 3)), ("b", t.nn.ReLU())]))

    assert change(engine, make, act) == change(torch, make, act)


@both
def test_module_list_adds_in_place(t):
    m = t.nn.ModuleList([t.nn.ReLU()])
    m += [t.nn.ELU()]
    assert kinds(m) == ["0:ReLU", "1:ELU"]


@both
def test_an_empty_sequential_is_the_identity(t):
    x = t.ones(2)
    assert t.nn.Sequential()(x) is x


def test_a_list_has_no_forward():
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList([nn.ReLU()])(engine.ones(1))


# Models of the course


class MyModel:
    """L2: two layers and a forward of one's own."""

    def __new__(cls, t):
        class MyModel(t.Module):
            def __init__(self):
                super().__init__()
                self.fc1 = t.Linear(10, 20)
                self.relu = t.ReLU()
                self.fc2 = t.Linear(20, 1)

            def forward(self, x):
                return self.fc2(self.relu(self.fc1(x)))

        return MyModel()


def mlp(t):
    """L9: any number of hidden layers."""

    class MLP(t.Module):
        def __init__(self, input_size, hidden_sizes, output_size):
            super().__init__()
            layers = []
            for size in hidden_sizes:
                layers += [t.Linear(input_size, size), t.ReLU()]
                input_size = size
            layers.append(t.Linear(input_size, output_size))
            self.network = t.Sequential(*layers)

        def forward(self, x):
            return self.network(x)

    return MLP(784, [256, 128], 10)


def simple_nn(t):
    """L26: relu as a function."""
    relu = engine.relu if t is nn else torch.relu

    class SimpleNN(t.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = t.Linear(11, 64)
            self.fc2 = t.Linear(64, 32)
            self.fc3 = t.Linear(32, 1)

        def forward(self, x):
            return self.fc3(relu(self.fc2(relu(self.fc1(x)))))

    return SimpleNN()


@pytest.mark.parametrize(
    ("make", "shape", "count"),
    [
        (MyModel, (5, 10), 241),
        (lambda t: t.Sequential(t.Linear(10, 20), t.ReLU(), t.Linear(20, 5)), (4, 10), 325),
        (mlp, (32, 784), 235_146),
        (simple_nn, (5, 11), 2_881),
    ],
    ids=["L2", "L4", "L9", "L26"],
)
def test_models_of_the_course(make, shape, count):
    module = check_module(make, shape, tolerance=2e-5, dtypes=(np.float32,))
    check_module(make, shape, dtypes=(np.float64,))
    assert sum(p.numel() for p in module.parameters()) == count


def test_a_model_that_returns_its_layer_prints_the_layer():
    """L6: the bug in the notes."""

    class LinearRegressionModel(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 6)

        def forward(self, x):
            return self.linear

    y = LinearRegressionModel()(engine.tensor([[1.0, 2, 3, 4]]))
    assert repr(y) == "Linear(in_features=4, out_features=6, bias=True)"
    z = y(engine.tensor([[1.0, 2, 3, 4]]))
    assert z.shape == (1, 6) and z.grad_fn.name() == "AddmmBackward0"


def test_the_same_seed_trains_to_pytorchs_numbers():
    def train(t):
        t.manual_seed(2)
        model = stack(t)
        x = t.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
        y = t.tensor([[0.0], [1], [1], [0]])
        losses = []
        for _ in range(50):
            loss = t.nn.BCELoss()(model(x), y)
            model.zero_grad()
            loss.backward()
            with t.no_grad():
                for p in model.parameters():
                    p -= 0.5 * p.grad
            losses.append(loss.item())
        return losses

    np.testing.assert_allclose(train(engine), train(torch), rtol=1e-5)


def test_models_can_be_copied_and_pickled():
    model = stack(engine)
    x = engine.rand(3, 2)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (twin(x) == model(x)).all()
        assert twin[0]._parameters["weight"] is twin[0].weight is not model[0].weight


# one_hot


@given(st.lists(st.integers(0, 4), max_size=6), st.sampled_from([-1, 3, 5, 7, 0]))
def test_one_hot(classes, num_classes):
    target = np.array(classes, np.int64)
    check(lambda t, x: t.nn.functional.one_hot(x, num_classes), target, may_raise=True)


def test_one_hot_adds_an_axis():
    check(lambda t, x: t.nn.functional.one_hot(x), np.array([[0, 2], [1, 1]]))
    check(lambda t, x: t.nn.functional.one_hot(x, num_classes=4), np.array(3))


def test_one_hot_refuses_what_is_no_class():
    call = lambda t, x, n=-1: t.nn.functional.one_hot(x, n)  # noqa: E731
    check_error(call, np.array([0, -1]), match="-1")
    check_error(call, np.array([0, 5]), 4, match=["5", "4"])
    check_error(call, np.array([0.0, 1.0]), match="float32")
    check_error(call, np.array([0, 1], np.int32), match="int32")


def test_functional_linear_is_the_layers_operation():
    layer = nn.Linear(3, 2)
    x = engine.rand(4, 3)
    assert (F.linear(x, layer.weight, layer.bias) == layer(x)).all()
    assert to_numpy(F.linear(x, layer.weight)).shape == (4, 2)
