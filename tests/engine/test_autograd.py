"""The graph and the walk: what gradients mean, when they are refused, what is kept and freed."""

import gc
import threading
import weakref

import numpy as np
import pytest
import torch
from against_torch import check, check_error

import engine
from engine.autograd import constant, record

BOTH = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])


@BOTH
def test_gradients_of_several_uses_add_up(t):
    x = t.tensor(3.0, requires_grad=True)
    (x * x + 2 * x).backward()
    assert x.grad.item() == 8.0


@BOTH
def test_gradients_of_several_walks_add_up(t):
    x = t.tensor(3.0, requires_grad=True)
    for _ in range(2):
        (x * x).backward()
    assert x.grad.item() == 12.0
    x.grad = None
    (x * x).backward()
    assert x.grad.item() == 6.0


@BOTH
def test_a_scalar_leaf_is_its_own_gradient(t):
    x = t.tensor(3.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1.0


def test_diamonds_and_shared_parts_as_pytorch():
    def diamond(t, x, y):
        shared = (x * y).tanh()
        return (shared.exp() + shared * x).sum() * shared.mean()

    check(diamond, (3, 4), (4,))


def test_a_given_gradient_is_the_vector_of_the_product():
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.backward(engine.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2.0, 40.0]


def test_a_graph_100_000_operations_deep_is_walked_and_dropped():
    x = engine.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1.0
    del y
    gc.collect()


@BOTH
def test_no_grad_records_nothing_and_ends_with_its_block(t):
    x = t.ones(2, requires_grad=True)
    with t.no_grad():
        y = x * 2
        with t.no_grad():
            pass
        assert not (x * 2).requires_grad
    assert not y.requires_grad and y.is_leaf
    assert (x * 2).requires_grad


@BOTH
def test_no_grad_decorates_functions_and_survives_errors(t):
    x = t.ones(2, requires_grad=True)

    @t.no_grad()
    def evaluate():
        raise ValueError

    with pytest.raises(ValueError):
        evaluate()
    assert (x * 2).requires_grad


def test_no_grad_is_of_one_thread_only():
    x = engine.ones(2, requires_grad=True)
    seen = []
    with engine.no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


@BOTH
def test_detach_cuts_the_history_and_shares_memory(t):
    x = t.ones(2, requires_grad=True)
    y = (x * 3).detach()
    assert not y.requires_grad
    z = x.detach()
    z[0] = 7
    assert x.tolist() == [7, 1]


@BOTH
def test_retain_grad_keeps_the_gradient_of_a_computed_tensor(t):
    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0]


@BOTH
def test_what_saved_nothing_can_be_walked_twice(t):
    x = t.ones(2, requires_grad=True)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


@BOTH
def test_retain_graph_allows_a_second_walk(t):
    x = t.tensor(2.0, requires_grad=True)
    y = x**2
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_saved_arrays_are_given_back_after_the_walk():
    x = engine.ones(3, requires_grad=True)
    y = x.exp()
    saved = weakref.ref(y.array)
    loss = y.sum()
    del y
    assert saved() is not None
    loss.backward()
    assert saved() is None


def test_an_output_that_nobody_saved_is_not_kept_alive():
    x = engine.ones(3, requires_grad=True)
    y = x + 1
    memory = weakref.ref(y.array)
    z = y + 1
    del y
    assert memory() is None
    z.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_leaf_gradients_do_not_share_memory():
    x = engine.ones(2, requires_grad=True)
    y = engine.ones(2, requires_grad=True)
    (x + y).sum().backward()
    x.grad.zero_()
    assert y.grad.tolist() == [1.0, 1.0]


def test_a_retained_gradient_does_not_share_memory_with_a_leaf_s():
    x = engine.ones(2, requires_grad=True)
    y = x + 1
    y.retain_grad()
    y.sum().backward()
    x.grad.zero_()
    assert y.grad.tolist() == [1.0, 1.0]


def test_gradients_come_in_the_type_of_their_tensor():
    x = engine.ones(2, requires_grad=True)
    y = engine.ones(2, dtype=engine.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.dtype is engine.float32
    assert y.grad.dtype is engine.float64


def test_wrong_starts_of_backward():
    check_error(lambda t, x: (x * 2).backward(), (3,), match="(3,)")
    check_error(lambda t, x: (x * 2).backward(), (3,), grad=False)
    check_error(lambda t, x: x.detach().sum().backward(), (3,))
    check_error(lambda t, x: (x * 2).backward(t.ones(4)), (3,), match=["(4,)", "(3,)"])
    check_error(lambda t, x: (x * 2).backward(1.0), (3,), match="float")
    for argument in ({"create_graph": True}, {"inputs": []}):
        with pytest.raises(NotImplementedError, match=next(iter(argument))):
            engine.ones((), requires_grad=True).backward(**argument)


def test_requires_grad_is_for_floating_point_leaves():
    check_error(lambda t, i: i.requires_grad_(), np.array([1, 2]), match="int64")
    check_error(lambda t, x: setattr(x * 2, "requires_grad", False), (2,))
    check_error(lambda t, x: x.detach().retain_grad(), (2,))
    check_error(lambda t, x: setattr(x, "grad", t.ones(3)), (2,), match=["(3,)", "(2,)"])
    check_error(lambda t, x: setattr(x, "grad", t.ones(2).double()), (2,), match="float64")
    check_error(lambda t, x: setattr(x, "grad", 1.0), (2,), match="float")
    check_error(lambda t, x: x.numpy(), (2,), match="detach")
    check_error(lambda t, x: (x * 1).__deepcopy__({}), (2,))


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: x + 1,
        lambda t, x: x * x,
        lambda t, x: x.exp().sum(),
        lambda t, x: x.sum(0),
        lambda t, x: x.mean(),
        lambda t, x: x @ x,
        lambda t, x: x[0],
        lambda t, x: t.relu(x),
        lambda t, x: x.reshape(-1),
        lambda t, x: t.cat([x, x]),
        lambda t, x: x.max(),
        lambda t, x: t.sigmoid(x),
    ],
)
def test_grad_fn_has_pytorchs_name(call):
    ours = call(engine, engine.ones(2, 2, requires_grad=True))
    theirs = call(torch, torch.ones(2, 2, requires_grad=True))
    assert ours.grad_fn.name() == theirs.grad_fn.name()
    assert repr(ours) == repr(theirs)


def test_a_new_operation_needs_only_its_value_and_its_derivative():
    def cube(x):
        a = x.array
        return record(a**3, (x,), lambda dy: (3 * a**2 * dy,))

    x = engine.tensor([2.0], requires_grad=True)
    y = cube(x)
    assert y.grad_fn.name() == "CubeBackward0"
    assert y.grad_fn.parents == [x]
    y.backward()
    assert x.grad.tolist() == [12.0]
    assert constant(np.array(1.0)).grad_fn is None
