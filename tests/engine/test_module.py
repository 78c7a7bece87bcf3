"""Module: parts, their names, state, hooks and printing are PyTorch's."""

import copy
import gc
import weakref
from collections import OrderedDict

import numpy as np
import pytest
import torch
from against_torch import check_error, same, to_numpy

import engine
from engine import nn

both = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])


def net(t):
    class Net(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = t.nn.Linear(3, 4)
            self.act = t.nn.ReLU()
            self.body = t.nn.Sequential(t.nn.Linear(4, 4), t.nn.Dropout(0.2))
            self.head = t.nn.Linear(4, 2, bias=False)
            self.scale = t.nn.Parameter(t.ones(2))
            self.register_buffer("mean", t.zeros(2))
            self.register_buffer("cache", t.zeros(1), persistent=False)
            self.register_buffer("nothing", None)

        def forward(self, x):
            return self.head(self.body(self.act(self.fc1(x)))) * self.scale + self.mean

    return Net()


# Parts


def forgetful(part):
    """A module that assigns a part without having called super().__init__()."""

    def make(t, _):
        class Net(t.nn.Module):
            def __init__(self):
                self.part = part(t)

        return Net()

    return make


def test_parts_are_listed_under_pytorchs_names():
    def names(t):
        m = net(t)
        return {
            "parameters": [(n, tuple(p.shape)) for n, p in m.named_parameters()],
            "own": [n for n, _ in m.named_parameters(recurse=False)],
            "prefixed": [n for n, _ in m.named_parameters(prefix="net")],
            "buffers": [n for n, _ in m.named_buffers()],
            "modules": [n for n, _ in m.named_modules()],
            "prefixed modules": [n for n, _ in m.named_modules(prefix="a")],
            "children": [n for n, _ in m.named_children()],
            "counts": (len(list(m.parameters())), len(list(m.modules())), len(list(m.children()))),
            "buffer count": len(list(m.buffers())),
            "state": list(m.state_dict()),
            "prefixed state": list(m.state_dict(prefix="x.")),
        }

    same(names)


def test_shared_parts_are_listed_once_but_saved_under_both_names():
    def names(t):
        m = t.nn.Module()
        m.a = t.nn.Linear(2, 2)
        m.b = m.a
        m.c = t.nn.Linear(2, 2)
        m.c.weight = m.a.weight
        return (
            [n for n, _ in m.named_parameters()],
            [n for n, _ in m.named_parameters(remove_duplicate=False)],
            [n for n, _ in m.named_modules()],
            [n for n, _ in m.named_modules(remove_duplicate=False)],
            [n for n, _ in m.named_children()],
            list(m.state_dict()),
        )

    same(names)


def test_a_parameter_is_found_where_python_looks_first():
    layer = nn.Linear(2, 3)
    assert vars(layer)["weight"] is layer._parameters["weight"] is layer.weight
    new = nn.Parameter(engine.zeros(3, 2))
    layer.weight = new
    assert vars(layer)["weight"] is layer._parameters["weight"] is new
    layer.bias = None
    assert layer.bias is None and layer._parameters["bias"] is None
    del layer.weight
    assert "weight" not in vars(layer) and "weight" not in layer._parameters
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'weight'"):
        _ = layer.weight


def test_deleting_and_replacing_parts_changes_the_lists():
    def names(t):
        m = net(t)
        del m.act
        m.fc1 = t.nn.Identity()
        del m.mean
        m.scale = None
        m.head = t.nn.Parameter(t.ones(1))
        return [n for n, _ in m.named_parameters()], [n for n, _ in m.named_modules()], [
            n for n, _ in m.named_buffers()
        ]  # fmt: skip

    same(names)


def test_deleting_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError):
        del nn.Linear(1, 1).nothing


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda t, m: setattr(m, "scale", t.ones(2)), ["scale", "Tensor", "Parameter"]),
        (lambda t, m: setattr(m, "scale", 3), ["scale", "int", "Parameter"]),
        (lambda t, m: setattr(m, "fc1", t.ones(2)), ["fc1", "Tensor", "Module"]),
        (lambda t, m: setattr(m, "fc1", "linear"), ["fc1", "str", "Module"]),
        (lambda t, m: setattr(m, "mean", 3.0), ["mean", "float", "Tensor"]),
        (lambda t, m: setattr(m, "mean", "zero"), ["mean", "str", "Tensor"]),
        (lambda t, m: m.register_parameter("a.b", None), ["dot", "'a.b'"]),
        (lambda t, m: m.register_parameter("", None), "empty"),
        (lambda t, m: m.register_parameter("forward", None), "'forward' already exists"),
        (lambda t, m: m.register_parameter("w", t.ones(2)), ["'w'", "Tensor", "Parameter"]),
        (lambda t, m: m.register_buffer("a.b", None), ["dot", "'a.b'"]),
        (lambda t, m: m.register_buffer("", None), "empty"),
        (lambda t, m: m.register_buffer("act", None), "'act' already exists"),
        (lambda t, m: m.register_buffer("w", [1.0]), ["'w'", "list", "Tensor"]),
        (lambda t, m: m.add_module("a.b", t.nn.ReLU()), ["dot", "'a.b'"]),
        (lambda t, m: m.add_module("", t.nn.ReLU()), "empty"),
        (lambda t, m: m.add_module("scale", t.nn.ReLU()), "'scale' already exists"),
        (lambda t, m: m.add_module("x", t.ones(2)), ["'x'", "Tensor", "Module"]),
        (lambda t, m: t.nn.Sequential("relu"), ["str", "Module"]),
        (lambda t, m: m.train("yes"), "boolean"),
        (lambda t, m: m.load_state_dict([1, 2]), "list"),
        (lambda t, m: m.missing, "'missing'"),
        (lambda t, m: m.to(t.int64), "int64"),
        (forgetful(lambda t: t.nn.Linear(2, 2)), "Module.__init__()"),
        (forgetful(lambda t: t.nn.Parameter(t.ones(2))), "Module.__init__()"),
    ],
)
def test_wrong_parts_are_refused_with_pytorchs_type_of_error(act, words):
    check_error(lambda t: act(t, net(t)), match=words)


def test_a_module_may_be_none():
    same(lambda t: [net(t).add_module("x", None), repr(t.nn.Sequential(None))])


def test_forgetting_forward_is_explained():
    message = same(lambda t: type("MyNet", (t.nn.Module,), {})()(1))
    assert message[0] is NotImplementedError and "MyNet" in message[1]


# Acting on all parts


@both
def test_train_eval_and_apply_reach_all_modules(t):
    m = net(t)
    assert m.eval() is m and not any(x.training for x in m.modules())
    assert m.train() is m and all(x.training for x in m.modules())
    order = []
    assert m.apply(lambda x: order.append(type(x).__name__)) is m
    assert order == ["Linear", "ReLU", "Linear", "Dropout", "Sequential", "Linear", "Net"]


@both
def test_freezing_stops_gradients(t):
    m = net(t).requires_grad_(False)
    assert not any(p.requires_grad for p in m.parameters())
    assert m(t.ones(1, 3)).grad_fn is None


@both
def test_zero_grad_forgets_or_zeroes(t):
    m = t.nn.Linear(2, 1)
    m(t.ones(1, 2)).sum().backward()
    m.zero_grad(set_to_none=False)
    assert m.weight.grad.tolist() == [[0.0, 0.0]]
    m.zero_grad()
    assert m.weight.grad is None


@both
def test_conversion_keeps_the_parameters_themselves(t):
    m = net(t)
    before = list(m.parameters())
    m(t.ones(2, 3)).sum().backward()
    for convert, dtype in [
        (m.double, t.float64),
        (m.float, t.float32),
        (lambda: m.to(t.float64), t.float64),
        (lambda: m.to("cpu"), t.float64),
        (lambda: m.to("cpu", t.float32), t.float32),
        (lambda: m.to(dtype=t.float64), t.float64),
        (lambda: m.to(t.ones(1)), t.float32),
    ]:
        assert convert() is m
        assert all(a is b for a, b in zip(m.parameters(), before, strict=True))
        assert {p.dtype for p in m.parameters()} == {dtype}
        assert {p.grad.dtype for p in m.parameters()} == {dtype}
        assert m.mean.dtype == dtype
        assert m._buffers["mean"] is m.mean


def test_conversion_refuses_other_devices():
    with pytest.raises(RuntimeError, match="cuda"):
        net(engine).to("cuda")


def test_integer_buffers_stay_integers():
    def dtypes(t):
        m = t.nn.Module()
        m.register_buffer("steps", t.tensor(3))
        return str(m.double().steps.dtype)

    same(dtypes)


def test_a_module_can_be_copied():
    m = net(engine)
    twin = copy.deepcopy(m)
    assert vars(twin.fc1)["weight"] is twin.fc1._parameters["weight"]
    assert twin.fc1.weight is not m.fc1.weight
    twin.fc1.weight.data.zero_()
    assert m.fc1.weight.abs().sum().item() > 0


def test_a_module_gives_its_memory_back():
    m = net(engine)
    kept = weakref.ref(m.fc1.weight)
    del m
    gc.collect()
    assert kept() is None


# State


def test_state_goes_both_ways_between_engine_and_pytorch():
    theirs, ours = net(torch).eval(), net(engine).eval()
    assert str(ours.load_state_dict(theirs.state_dict())) == "<All keys matched successfully>"
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(to_numpy(ours(engine.from_numpy(x))), expected, atol=1e-6)
    back = net(torch).eval()
    back.load_state_dict({k: torch.from_numpy(v.numpy()) for k, v in ours.state_dict().items()})
    assert (back(torch.from_numpy(x)).detach().numpy() == expected).all()


@both
def test_state_dict_shows_the_modules_own_memory_without_history(t):
    m = t.nn.Linear(2, 2)
    state = m.state_dict()
    assert isinstance(state, OrderedDict) and not state["weight"].requires_grad
    state["weight"].zero_()
    assert m.weight.sum().item() == 0
    assert m.state_dict(keep_vars=True)["weight"] is m.weight


@pytest.mark.parametrize(
    "change",
    [
        lambda t, s: s.pop("fc1.weight"),
        lambda t, s: [s.pop("fc1.weight"), s.pop("mean")],
        lambda t, s: s.update(extra=t.ones(1)),
        lambda t, s: s.update({"head.weight": t.ones(3, 3)}),
        lambda t, s: [s.pop("scale"), s.update(extra=t.ones(1), other=t.ones(1)),
                      s.update({"head.weight": t.ones(8), "fc1.bias": t.ones(5)})],
    ],
)  # fmt: skip
@pytest.mark.parametrize("strict", [True, False])
def test_state_that_does_not_fit_is_reported_with_pytorchs_words(change, strict):
    def load(t):
        m = net(t)
        state = m.state_dict()
        change(t, state)
        keys = m.load_state_dict(state, strict=strict)
        return keys.missing_keys, keys.unexpected_keys, repr(keys)

    same(load)


def test_state_of_another_kind_is_refused():
    state = {"weight": [[1.0]], "bias": engine.zeros(1)}
    with pytest.raises(RuntimeError, match='"weight": expected a tensor, but received .*list'):
        nn.Linear(1, 1).load_state_dict(state)
    with pytest.raises(TypeError, match="assign"):
        nn.Linear(1, 1).load_state_dict({}, assign=True)


@both
def test_loading_converts_to_the_modules_dtype_and_keeps_the_parameter(t):
    m = t.nn.Linear(1, 1)
    weight = m.weight
    m.load_state_dict({"weight": t.ones(1, 1, dtype=t.float64), "bias": t.zeros(1)})
    assert m.weight is weight and weight.dtype == t.float32 and weight.item() == 1


def test_loading_between_forward_and_backward_is_noticed():
    m = nn.Linear(2, 2)
    x = engine.ones(1, 2).requires_grad_()
    y = m(x).sum()
    m.load_state_dict(m.state_dict())
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


# Parameter


def test_a_parameter_prints_as_pytorchs():
    same(lambda t: repr(t.nn.Parameter(t.tensor([1.0, 2.5]))))
    same(lambda t: repr(t.nn.Parameter(t.tensor([1, 2]), requires_grad=False)))
    same(lambda t: (t.nn.Parameter().shape, t.nn.Parameter().requires_grad))


@both
def test_a_parameter_takes_over_the_memory_of_its_data(t):
    data = t.zeros(2)
    p = t.nn.Parameter(data)
    assert p.is_leaf and p.requires_grad and not data.requires_grad
    data += 1
    assert p.tolist() == [1, 1]
    assert type(p * 2) is t.Tensor


def test_integers_cannot_be_trained():
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(engine.tensor([1, 2]))
    with pytest.raises(TypeError, match="list"):
        nn.Parameter([1.0])


# Printing


def test_modules_print_as_pytorchs():
    def printed(t):
        class Two(t.nn.Module):
            def extra_repr(self):
                return "a=1\nb=2"

        n = t.nn
        two = Two()
        parts = OrderedDict(first=n.Linear(2, 2, bias=False), second=n.Sequential())
        two.inner = n.Sequential(parts)
        layers = n.ModuleList([n.Linear(2, 2) for _ in range(3)] + [n.ReLU()] + [net(t)] * 2)
        return [repr(m) for m in (net(t), two, Two(), n.Module(), layers, n.ModuleList())]

    same(printed)
