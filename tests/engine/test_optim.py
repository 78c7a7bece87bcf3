"""Optimizers: the same parameters as PyTorch's after 50 steps, the same state, the same errors."""

import copy
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import optim

SHAPES = [(4, 2), (4,), (1, 4), (1,), (), (0, 3), (100, 90)]
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}

SETTINGS = {
    "sgd": lambda o, p: o.SGD(p, 0.1),
    "sgd momentum": lambda o, p: o.SGD(p, 0.1, momentum=0.9),
    "sgd dampening": lambda o, p: o.SGD(p, 0.1, momentum=0.9, dampening=0.3, weight_decay=0.1),
    "sgd nesterov": lambda o, p: o.SGD(p, 0.1, 0.9, 0, 0.01, True),
    "sgd all defaults": lambda o, p: o.SGD(p),
    "rmsprop": lambda o, p: o.RMSprop(p),
    "rmsprop momentum": lambda o, p: o.RMSprop(p, 0.01, 0.9, 1e-6, 0.1, 0.9),
    "rmsprop centered": lambda o, p: o.RMSprop(p, 0.01, centered=True),
    "rmsprop both": lambda o, p: o.RMSprop(p, 0.01, momentum=0.5, centered=True),
    "adam": lambda o, p: o.Adam(p, 0.1),
    "adam decay": lambda o, p: o.Adam(p, 0.01, (0.8, 0.99), 1e-6, 0.1),
    "adam decoupled": lambda o, p: o.Adam(p, weight_decay=0.1, decoupled_weight_decay=True),
    "adam without memory": lambda o, p: o.Adam(p, 0.1, (0.0, 0.9)),
    "adamw": lambda o, p: o.AdamW(p, 0.1),
    "adamw no decay": lambda o, p: o.AdamW(p, weight_decay=0.0),
    "groups": lambda o, p: o.Adam([{"params": p[:3]}, {"params": p[3:], "lr": 0.5}], lr=0.1),
    "one tensor in a group": lambda o, p: o.SGD([{"params": p[0]}, {"params": p[1:]}], lr=0.1),
}


def parameters(lib, dtype, shapes=SHAPES):
    rng = np.random.default_rng(0)
    return [
        lib.tensor(np.array(rng.normal(size=shape), dtype)).requires_grad_() for shape in shapes
    ]


def take_steps(lib, optimizer, ps, steps, seed=1):
    """Steps with random gradients; parameter 1 has none in every seventh step."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        for place, p in enumerate(ps):
            dtype = p.detach().numpy().dtype
            g = lib.tensor(np.array(rng.normal(size=tuple(p.shape)), dtype))
            p.grad = None if place == 1 and step % 7 == 3 else g
        optimizer.step()


def arrays(ps):
    return [p.detach().numpy() for p in ps]


def assert_same(ours, theirs, tolerance):
    for a, b in zip(arrays(ours), arrays(theirs), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_same_state(ours, theirs, tolerance):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert ours["param_groups"] == theirs["param_groups"]
    assert list(ours["state"]) == list(theirs["state"])
    for key, values in theirs["state"].items():
        assert list(ours["state"][key]) == list(values)
        mine = [ours["state"][key][name] for name in values]
        assert_same(mine, list(values.values()), tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SETTINGS)
def test_50_steps_give_the_parameters_and_the_state_of_pytorch(name, dtype):
    runs = []
    for lib in (engine, torch):
        ps = parameters(lib, dtype)
        optimizer = SETTINGS[name](lib.optim if lib is torch else optim, ps)
        take_steps(lib, optimizer, ps, 50)
        runs.append((ps, optimizer))
    (ours, our_optimizer), (theirs, their_optimizer) = runs
    assert_same(ours, theirs, TOLERANCE[dtype])
    assert_same_state(our_optimizer, their_optimizer, TOLERANCE[dtype])
    assert repr(our_optimizer) == repr(their_optimizer)


@settings(max_examples=10, deadline=None)
@given(
    lr=st.floats(1e-4, 0.5),
    beta1=st.floats(0, 0.99),
    beta2=st.floats(0.1, 0.999),
    weight_decay=st.sampled_from([0.0, 0.1]),
    momentum=st.sampled_from([0.0, 0.5, 0.95]),
)
def test_generated_options_agree(lr, beta1, beta2, weight_decay, momentum):
    makers = [
        lambda o, p: o.AdamW(p, lr, (beta1, beta2), weight_decay=weight_decay),
        lambda o, p: o.SGD(p, lr, momentum, weight_decay=weight_decay),
        lambda o, p: o.RMSprop(p, lr, beta2, weight_decay=weight_decay, momentum=momentum),
    ]
    for make in makers:
        results = []
        for lib in (engine, torch):
            ps = parameters(lib, np.float64, [(3,), (2, 2)])
            take_steps(lib, make(lib.optim if lib is torch else optim, ps), ps, 20)
            results.append(ps)
        assert_same(*results, 1e-10)


@pytest.mark.parametrize("name", ["sgd momentum", "rmsprop both", "adam", "adamw", "groups"])
def test_a_state_loaded_from_pytorch_goes_on_as_pytorch(name):
    theirs, ours = parameters(torch, np.float64), parameters(engine, np.float64)
    their_optimizer, our_optimizer = (
        SETTINGS[name](torch.optim, theirs),
        SETTINGS[name](optim, ours),
    )
    take_steps(torch, their_optimizer, theirs, 5)
    take_steps(engine, our_optimizer, ours, 2, seed=7)  # to be forgotten
    for a, b in zip(ours, theirs, strict=True):
        a.array[...] = b.detach().numpy()
    saved = their_optimizer.state_dict()
    saved["state"] = {
        key: {name: engine.tensor(v.numpy()) for name, v in values.items()}
        for key, values in saved["state"].items()
    }
    our_optimizer.load_state_dict(saved)
    for lib, optimizer, ps in ((engine, our_optimizer, ours), (torch, their_optimizer, theirs)):
        take_steps(lib, optimizer, ps, 5, seed=2)
    assert_same(ours, theirs, 1e-12)
    assert_same_state(our_optimizer, their_optimizer, 1e-12)


def test_a_state_goes_to_pytorch_and_on():
    theirs, ours = parameters(torch, np.float64), parameters(engine, np.float64)
    their_optimizer, our_optimizer = torch.optim.Adam(theirs, 0.1), optim.Adam(ours, 0.1)
    take_steps(engine, our_optimizer, ours, 5)
    for a, b in zip(ours, theirs, strict=True):
        b.data.copy_(torch.from_numpy(a.array))
    saved = our_optimizer.state_dict()
    saved["state"] = {
        key: {name: torch.tensor(v.array) for name, v in values.items()}
        for key, values in saved["state"].items()
    }
    their_optimizer.load_state_dict(saved)
    for lib, optimizer, ps in ((engine, our_optimizer, ours), (torch, their_optimizer, theirs)):
        take_steps(lib, optimizer, ps, 5, seed=2)
    assert_same(ours, theirs, 1e-12)


def test_a_loaded_state_is_a_copy():
    ps = parameters(engine, np.float64)
    optimizer = optim.Adam(ps)
    take_steps(engine, optimizer, ps, 3)
    saved = optimizer.state_dict()
    kept = copy.deepcopy(saved["state"][0]["exp_avg"].array)
    other = optim.Adam(ps)
    other.load_state_dict(saved)
    take_steps(engine, other, ps, 3)
    np.testing.assert_array_equal(saved["state"][0]["exp_avg"].array, kept)


def test_a_loaded_state_takes_the_dtype_of_the_parameters():
    ps = parameters(engine, np.float64)
    optimizer = optim.Adam(ps)
    take_steps(engine, optimizer, ps, 1)
    single = parameters(engine, np.float32)
    other = optim.Adam(single)
    other.load_state_dict(optimizer.state_dict())
    assert other.state[single[0]]["exp_avg"].dtype == engine.float32
    assert other.state[single[0]]["step"].dtype == engine.float32


def test_changed_options_state_and_groups_are_respected_between_steps():
    results = []
    for lib in (engine, torch):
        ps = parameters(lib, np.float64, [(3,), (2, 2), (4,)])
        optimizer = (lib.optim if lib is torch else optim).Adam(ps[:2], lr=0.1)
        take_steps(lib, optimizer, ps, 3)
        optimizer.param_groups[0]["lr"] = 0.01
        optimizer.param_groups[0]["betas"] = (0.5, 0.9)
        optimizer.add_param_group({"params": ps[2], "lr": 0.3})
        take_steps(lib, optimizer, ps, 3, seed=2)
        optimizer.state[ps[0]]["exp_avg"] = lib.ones(3, dtype=lib.float64)
        with lib.no_grad():
            optimizer.state[ps[1]]["exp_avg_sq"] *= 2
        take_steps(lib, optimizer, ps, 3, seed=3)
        optimizer.state.clear()
        take_steps(lib, optimizer, ps, 3, seed=4)
        optimizer.state.pop(ps[1])
        take_steps(lib, optimizer, ps, 3, seed=5)
        results.append(ps)
    assert_same(*results, 1e-12)


def test_the_parameters_change_in_place():
    (p,) = parameters(engine, np.float64, [(3,)])
    memory = p.array
    optimizer = optim.SGD([p], 0.1)
    take_steps(engine, optimizer, [p], 2)
    assert p.array is memory


@pytest.mark.parametrize("name", ["sgd momentum", "rmsprop both", "adam decay", "adamw"])
def test_gradients_are_not_changed(name):
    ps = parameters(engine, np.float64)
    for p in ps:
        p.grad = engine.ones(*p.shape, dtype=engine.float64)
    optimizer = SETTINGS[name](optim, ps)
    for _ in range(2):
        optimizer.step()
    assert all((p.grad.array == 1).all() for p in ps)


def test_a_backward_through_values_from_before_a_step_is_refused_as_in_pytorch():
    for lib in (engine, torch):
        w, v = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
        optimizer = (lib.optim if lib is torch else optim).SGD([w], 0.1)
        loss = (w * v).sum()
        w.grad = lib.ones(2)
        optimizer.step()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_step_returns_the_loss_of_its_closure():
    (w,) = parameters(engine, np.float64, [(3,)])
    optimizer = optim.SGD([w], 0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    before = w.array.copy()
    loss = optimizer.step(closure)
    assert loss.item() == pytest.approx((before**2).sum())
    np.testing.assert_allclose(w.array, 0.8 * before)
    assert optimizer.step.__func__ is not None
    assert optim.SGD([w], 0.1).step() is None


def test_zero_grad_forgets_gradients_or_fills_them_with_zeros():
    ps = parameters(engine, np.float64, [(3,), (2,), (1,)])
    for p in ps[:2]:
        p.grad = engine.ones(*p.shape, dtype=engine.float64)
    optimizer = optim.SGD(ps, 0.1)
    gradient = ps[0].grad
    optimizer.zero_grad(set_to_none=False)
    assert ps[0].grad is gradient
    assert (gradient.array == 0).all()
    assert ps[2].grad is None
    optimizer.zero_grad()
    assert all(p.grad is None for p in ps)


BAD = [
    (lambda o, p: o.SGD([]), "empty parameter list"),
    (lambda o, p: o.SGD(iter(())), "empty parameter list"),
    (lambda o, p: o.SGD(p[0]), "iterable of Tensors"),
    (lambda o, p: o.SGD([1.0]), "one of the params is float"),
    (lambda o, p: o.SGD([{"params": set(p)}]), "ordered collections"),
    (lambda o, p: o.SGD([p[0] * 2]), "non-leaf"),
    (lambda o, p: o.SGD([{"params": p}, {"params": p[0]}]), "more than one parameter group"),
    (lambda o, p: o.SGD(p).add_param_group(p), "must be a dict"),
    (lambda o, p: o.SGD(p, -0.1), "Invalid learning rate: -0.1"),
    (lambda o, p: o.SGD(p, 0.1, -1), "Invalid momentum value: -1"),
    (lambda o, p: o.SGD(p, 0.1, weight_decay=-2), "Invalid weight_decay value: -2"),
    (lambda o, p: o.SGD(p, 0.1, nesterov=True), "Nesterov momentum requires a momentum"),
    (lambda o, p: o.SGD(p, 0.1, 0.9, 0.1, nesterov=True), "zero dampening"),
    (lambda o, p: o.RMSprop(p, -1), "Invalid learning rate: -1"),
    (lambda o, p: o.RMSprop(p, alpha=-1), "Invalid alpha value: -1"),
    (lambda o, p: o.RMSprop(p, eps=-1), "Invalid epsilon value: -1"),
    (lambda o, p: o.RMSprop(p, momentum=-1), "Invalid momentum value: -1"),
    (lambda o, p: o.RMSprop(p, weight_decay=-1), "Invalid weight_decay value: -1"),
    (lambda o, p: o.Adam(p, -1), "Invalid learning rate: -1"),
    (lambda o, p: o.Adam(p, float("nan")), "Invalid learning rate: nan"),
    (lambda o, p: o.Adam(p, eps=-1), "Invalid epsilon value: -1"),
    (lambda o, p: o.Adam(p, betas=(1.0, 0.9)), "Invalid beta parameter at index 0: 1.0"),
    (lambda o, p: o.Adam(p, betas=(0.9, -0.5)), "Invalid beta parameter at index 1: -0.5"),
    (lambda o, p: o.Adam(p, betas=(0, 0.9)), "float"),
    (lambda o, p: o.AdamW(p, weight_decay=-1), "Invalid weight_decay value: -1"),
    (lambda o, p: o.Adam(p).load_state_dict({"state": {}, "param_groups": []}), "number of"),
    (
        lambda o, p: o.SGD(p).load_state_dict(o.SGD(p[:1]).state_dict()),
        "doesn't match the size of",
    ),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_bad_arguments_raise_pytorchs_error(make, words):
    with pytest.raises(Exception) as theirs:
        make(torch.optim, parameters(torch, np.float64))
    assert words in str(theirs.value)
    with pytest.raises(theirs.type) as ours:
        make(optim, parameters(engine, np.float64))
    assert words in str(ours.value)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        *[
            (lambda p, n=n: optim.Adam(p, **{n: True}), n)
            for n in ("amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused")
        ],
        *[
            (lambda p, n=n: optim.SGD(p, **{n: True}), n)
            for n in ("maximize", "foreach", "differentiable", "fused")
        ],
        *[
            (lambda p, n=n: optim.RMSprop(p, **{n: True}), n)
            for n in ("maximize", "foreach", "capturable", "differentiable")
        ],
        (lambda p: optim.AdamW(p, amsgrad=True), "amsgrad"),
        (lambda p: optim.SGD([{"params": p, "maximize": True}]), "maximize"),
        (lambda p: optim.SGD(p, engine.tensor(0.1)), "Tensor"),
        (lambda p: optim.SGD([{"params": p, "lr": engine.tensor(0.1)}]), "Tensor"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(make, name):
    with pytest.raises(NotImplementedError, match=name):
        make(parameters(engine, np.float64))


def test_options_that_are_off_are_accepted():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ps = parameters(engine, np.float64)
        optim.Adam(ps, amsgrad=False, foreach=False, fused=False, maximize=False)
