"""Schedulers set PyTorch's learning rates, epoch by epoch."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import optim
from engine.optim import lr_scheduler

LIBS = ((engine, optim, lr_scheduler), (torch, torch.optim, torch.optim.lr_scheduler))


class Halving:
    def __init__(self, every):
        self.every = every

    def __call__(self, epoch):
        return 0.5 ** (epoch // self.every)


def warm_up(s):
    class WarmUp(s.LRScheduler):
        def get_lr(self):
            return [lr * min(1, (self.last_epoch + 1) / 10) for lr in self.base_lrs]

    return WarmUp


SCHEDULES = {
    "step": lambda s, o: s.StepLR(o, 7),
    "step gamma": lambda s, o: s.StepLR(o, step_size=3, gamma=0.5),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.93),
    "lambda": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + t)),
    "lambdas": lambda s, o: s.LambdaLR(o, [lambda t: 0.9**t, Halving(4)]),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 20),
    "cosine eta_min": lambda s, o: s.CosineAnnealingLR(o, T_max=7, eta_min=0.01),
    "cosine T_max 1": lambda s, o: s.CosineAnnealingLR(o, 1, 0.01),
    "of your own": lambda s, o: warm_up(s)(o),
    "one cycle": lambda s, o: s.OneCycleLR(o, 0.5, total_steps=50),
    "one cycle epochs": lambda s, o: s.OneCycleLR(o, 0.5, epochs=10, steps_per_epoch=5),
    "one cycle lists": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.1], 50, base_momentum=[0.8, 0.7], max_momentum=[0.9, 0.95]
    ),
    "one cycle linear": lambda s, o: s.OneCycleLR(
        o, 0.5, 50, pct_start=0.2, anneal_strategy="linear", div_factor=10.0, final_div_factor=100.0
    ),
    "one cycle no momentum": lambda s, o: s.OneCycleLR(o, 0.5, 50, cycle_momentum=False),
}
OPTIMIZERS = {
    "sgd": lambda o, groups: o.SGD(groups, 0.1, momentum=0.9),
    "adam": lambda o, groups: o.Adam(groups, 0.1),
}


def two_groups(lib, o, name="sgd"):
    first, second = lib.ones(2, requires_grad=True), lib.ones(3, requires_grad=True)
    return OPTIMIZERS[name](o, [{"params": [first]}, {"params": [second], "lr": 0.02}])


def visible(optimizer):
    keys = ("lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr")
    return [{key: g[key] for key in keys if key in g} for g in optimizer.param_groups]


def assert_same(ours, theirs):
    """Equal, numbers to 1e-12, whatever they are nested in."""
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        ours, theirs = list(ours.values()), [theirs[key] for key in ours]
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for pair in zip(ours, theirs, strict=True):
            assert_same(*pair)
    else:
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-15)


def common(state):
    names = "base_lrs last_epoch _step_count _last_lr step_size gamma T_max eta_min total_steps"
    names += " factor patience cooldown threshold best num_bad_epochs cooldown_counter"
    return {name: state[name] for name in names.split() if name in state}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_every_rate_of_50_epochs_and_the_state_are_pytorchs(name, optimizer):
    histories = []
    for lib, o, s in LIBS:
        opt = two_groups(lib, o, optimizer)
        scheduler = SCHEDULES[name](s, opt)
        history = [(visible(opt), scheduler.get_last_lr())]
        for _ in range(50):
            opt.step()
            scheduler.step()
            history.append((visible(opt), scheduler.get_last_lr(), scheduler.last_epoch))
        histories.append((history, common(scheduler.state_dict())))
    assert_same(*histories)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.floats(0, 2), st.just(float("nan"))), min_size=1, max_size=40),
    st.sampled_from(["min", "max"]),
    st.sampled_from(["rel", "abs"]),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from([0, 0.01, [0.05, 0.001]]),
)
def test_reduce_on_plateau_reduces_when_pytorch_does(metrics, mode, kind, patience, cool, min_lr):
    histories = []
    for lib, o, s in LIBS:
        opt = two_groups(lib, o)
        scheduler = s.ReduceLROnPlateau(
            opt, mode, 0.5, patience, 0.01, kind, cooldown=cool, min_lr=min_lr
        )
        history = []
        for place, metric in enumerate(metrics):
            scheduler.step(
                lib.tensor(metric) if place % 2 and lib is engine else np.float32(metric)
            )
            history.append((visible(opt), scheduler.get_last_lr(), scheduler.num_bad_epochs))
            history.append((scheduler.cooldown_counter, scheduler.last_epoch))
        histories.append((history, common(scheduler.state_dict())))
    assert histories[0] == histories[1]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_saved_scheduler_goes_on_where_it_was(name):
    whole, parts = [], []
    for rates, interrupted in ((whole, False), (parts, True)):
        opt = two_groups(engine, optim)
        scheduler = SCHEDULES[name](lr_scheduler, opt)
        for epoch in range(20):
            if interrupted and epoch == 9:
                saved, saved_opt = scheduler.state_dict(), opt.state_dict()
                opt = two_groups(engine, optim)
                scheduler = SCHEDULES[name](lr_scheduler, opt)
                scheduler.load_state_dict(saved)
                opt.load_state_dict(saved_opt)
            opt.step()
            scheduler.step()
            rates.append((visible(opt), scheduler.get_last_lr()))
    assert parts == whole


@pytest.mark.parametrize("name", ["step", "exponential", "lambda", "cosine", "cosine eta_min"])
def test_last_epoch_continues_a_training(name):
    makers = {
        "step": lambda s, o: s.StepLR(o, 3, last_epoch=4),
        "exponential": lambda s, o: s.ExponentialLR(o, 0.9, last_epoch=4),
        "lambda": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + t), last_epoch=4),
        "cosine": lambda s, o: s.CosineAnnealingLR(o, 9, last_epoch=4),
        "cosine eta_min": lambda s, o: s.CosineAnnealingLR(o, 4, 0.01, last_epoch=4),
    }
    histories = []
    for lib, o, s in LIBS:
        opt = two_groups(lib, o)
        with pytest.raises(KeyError, match="initial_lr"):
            makers[name](s, opt)
        for group in opt.param_groups:
            group["initial_lr"] = 1.0
        scheduler = makers[name](s, opt)
        history = [visible(opt)]
        for _ in range(8):
            opt.step()
            scheduler.step()
            history.append(visible(opt))
        histories.append(history)
    assert_same(*histories)


@pytest.mark.parametrize("name", ["step gamma", "exponential", "cosine", "cosine eta_min"])
def test_a_rate_set_by_hand_is_where_the_schedule_goes_on(name):
    histories = []
    for lib, o, s in LIBS:
        opt = two_groups(lib, o)
        scheduler = SCHEDULES[name](s, opt)
        history = []
        for epoch in range(25):
            opt.step()
            scheduler.step()
            history.append(visible(opt))
            if epoch in (3, 6, 17):
                opt.param_groups[0]["lr"] = 0.7
        histories.append(history)
    assert_same(*histories)


def test_a_state_saved_by_pytorch_is_understood():
    for name in ("step", "exponential", "lambda", "cosine"):
        histories = []
        saved = {}
        for lib, o, s in reversed(LIBS):
            opt = two_groups(lib, o)
            scheduler = SCHEDULES[name](s, opt)
            opt.step()
            if lib is torch:
                for _ in range(3):
                    scheduler.step()
                saved = scheduler.state_dict()
                rates = scheduler.get_last_lr()
            else:
                scheduler.load_state_dict(saved)
                for group, lr in zip(opt.param_groups, rates, strict=True):
                    group["lr"] = lr
            for _ in range(6):
                scheduler.step()
            histories.append(scheduler.get_last_lr())
        assert_same(*histories)


def test_epochs_are_counted_and_not_given():
    opt = two_groups(engine, optim)
    with pytest.raises(TypeError, match="positional"):
        lr_scheduler.StepLR(opt, 3).step(11)
    with pytest.raises(TypeError, match="epoch"):
        lr_scheduler.ReduceLROnPlateau(opt).step(1.0, epoch=0)
    for option in ({"three_phase": True}, {"last_epoch": 4}):
        with pytest.raises(NotImplementedError, match=next(iter(option))):
            lr_scheduler.OneCycleLR(opt, 0.1, total_steps=10, **option)


def test_the_wrong_order_of_steps_is_warned_of_as_in_pytorch():
    for lib, o, s in LIBS:
        scheduler = s.StepLR(two_groups(lib, o), 3)
        with pytest.warns(UserWarning, match="before `optimizer.step"):
            scheduler.step()


def test_the_right_order_of_steps_is_silent():
    opt = two_groups(engine, optim)
    scheduler = lr_scheduler.StepLR(opt, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opt.step()
        scheduler.step()
        lr_scheduler.ExponentialLR(opt, 0.9).step()


BAD = [
    (lambda s, o: s.StepLR(3, 1), "int is not an Optimizer"),
    (lambda s, o: s.LambdaLR(o, [len]), "Expected 2 lr_lambdas"),
    (lambda s, o: s.OneCycleLR(o, 0.1), "total_steps OR"),
    (lambda s, o: s.OneCycleLR(o, 0.1, epochs=3), "total_steps OR"),
    (lambda s, o: s.OneCycleLR(o, 0.1, 0), "positive integer total_steps"),
    (lambda s, o: s.OneCycleLR(o, 0.1, epochs=-1, steps_per_epoch=2), "epochs"),
    (lambda s, o: s.OneCycleLR(o, 0.1, epochs=1, steps_per_epoch=0), "steps_per_epoch"),
    (lambda s, o: s.OneCycleLR(o, 0.1, 9, pct_start=1.5), "got 1.5"),
    (lambda s, o: s.OneCycleLR(o, 0.1, 9, pct_start=1), "got 1"),
    (lambda s, o: s.OneCycleLR(o, 0.1, 9, anneal_strategy="step"), "step"),
    (lambda s, o: s.OneCycleLR(o, [0.1], 9), "max_lr"),
    (lambda s, o: s.ReduceLROnPlateau(o, factor=1.0), "Factor should be < 1.0"),
    (lambda s, o: s.ReduceLROnPlateau(o, "mean"), "mode mean is unknown!"),
    (lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"), "threshold mode x is unknown!"),
    (lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]), "xpected 2 min_lrs"),
    (lambda s, o: s.ReduceLROnPlateau(o).step("bad"), "could not convert"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_arguments_raise_pytorchs_error(call, words):
    kinds = []
    for lib, o, s in reversed(LIBS):
        with pytest.raises(Exception) as refused:
            call(s, two_groups(lib, o))
        assert words in str(refused.value)
        kinds.append(refused.type)
    assert kinds[0] is kinds[1]


def test_one_cycle_needs_a_momentum_to_cycle():
    class NoMomentum(optim.Optimizer):
        pass

    plain_optimizer = NoMomentum([engine.ones(1, requires_grad=True)], {"lr": 0.1})
    with pytest.raises(ValueError, match="momentum or beta1"):
        lr_scheduler.OneCycleLR(plain_optimizer, 0.1, 10)


def test_one_cycle_ends():
    for lib, o, s in LIBS:
        opt = two_groups(lib, o)
        scheduler = s.OneCycleLR(opt, 0.1, 3)
        opt.step()
        for _ in range(3):
            scheduler.step()
        with pytest.raises(ValueError, match="Tried to step 4 times"):
            scheduler.step()


def test_new_groups_need_new_lowest_rates():
    for lib, o, s in LIBS:
        for min_lr in (0.0, [0.0, 0.0]):
            opt = two_groups(lib, o)
            scheduler = s.ReduceLROnPlateau(opt, patience=0, min_lr=min_lr)
            opt.add_param_group({"params": lib.ones(1, requires_grad=True), "lr": 1.0})
            scheduler.step(1.0)
            if min_lr == 0.0:
                scheduler.step(1.0)
                assert opt.param_groups[2]["lr"] == 0.1
            else:
                with pytest.raises((RuntimeError, ValueError), match="min_lrs"):
                    scheduler.step(1.0)
