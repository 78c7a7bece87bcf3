"""gradcheck finds wrong gradients, accepts right ones, and leaves no trace."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.autograd import record
from engine.utils.gradcheck import GradcheckError, gradcheck


def numbers(*shape, low=-2.0, high=2.0):
    values = np.random.default_rng(0).uniform(low, high, shape)
    return engine.tensor(values, dtype=engine.float64, requires_grad=True)


def wrong_square(x):
    return record(x.array**2, (x,), lambda dy: (3 * x.array * dy,))


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (lambda x: x * x, numbers(3)),
        (lambda x: x.exp().sum(), (numbers(2, 3),)),
        (lambda x, y: x @ y, (numbers(2, 3), numbers(3, 2))),
        (lambda x, y: (x + y, x * y), [numbers(2, 3), numbers(3)]),
        (lambda x, n: x**n, (numbers(4), 3)),
        (lambda x: x.sin() * x.cos(), (numbers(),)),
        (lambda x: x.T, (numbers(2, 3),)),
        (lambda x: x.argmax(), (numbers(4),)),
        (lambda x: (x * x, x > 0), (numbers(4),)),
        (lambda x, y: x * 2, (numbers(2), numbers(3))),
        (lambda x, y: x * y, (numbers(2), numbers(2).detach())),
        (lambda x: x, (numbers(0, 2),)),
    ],
)
def test_right_gradients_pass(function, inputs):
    assert gradcheck(function, inputs) is True


def test_a_wrong_gradient_is_shown_beside_the_right_one():
    x = engine.tensor([1.0, 2.0], dtype=engine.float64, requires_grad=True)
    with pytest.raises(GradcheckError) as refused:
        gradcheck(lambda a, b: (a + b, wrong_square(b)), (x.detach().clone(), x))
    message = str(refused.value)
    assert message.startswith("Jacobian mismatch for output 1 with respect to input 1,\n")
    assert "numerical:tensor([[2.0000, 0.0000],\n        [0.0000, 4.0000]]" in message
    assert "analytical:tensor([[3., 0.],\n        [0., 6.]], dtype=torch.float64)" in message
    assert issubclass(GradcheckError, RuntimeError)


def test_the_message_is_pytorchs():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, dy):
            return 3 * ctx.saved_tensors[0] * dy

    values = [0.5, -1.5, 3.0]
    with pytest.raises(RuntimeError) as theirs:
        torch.autograd.gradcheck(
            Wrong.apply, torch.tensor(values, dtype=torch.float64, requires_grad=True)
        )
    with pytest.raises(RuntimeError) as ours:
        gradcheck(wrong_square, engine.tensor(values, dtype=engine.float64, requires_grad=True))
    assert str(ours.value).strip() == str(theirs.value).strip()


def test_a_wrong_gradient_returns_false_if_nothing_is_to_be_raised():
    assert gradcheck(wrong_square, numbers(3), raise_exception=False) is False


def test_a_gradient_cut_off_by_detach_is_found():
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(lambda x: x * x.detach(), numbers(3))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(lambda x: (x * x).detach(), numbers(3))


@settings(max_examples=20, deadline=None)
@given(error=st.floats(0, 0.02), atol=st.floats(1e-9, 0.01), rtol=st.floats(1e-9, 0.01))
def test_the_tolerances_decide_as_in_pytorch(error, atol, rtol):
    class Off(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, dy):
            return (2 + error) * dy

    off = abs(error - (atol + 2 * rtol))
    if off < 1e-8:  # a rounding would decide
        return
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    expected = torch.autograd.gradcheck(Off.apply, x, atol=atol, rtol=rtol, raise_exception=False)
    ours = gradcheck(
        lambda x: record(2 * x.array, (x,), lambda dy: ((2 + error) * dy,)),
        engine.ones(2, dtype=engine.float64, requires_grad=True),
        atol=atol,
        rtol=rtol,
        raise_exception=False,
    )
    assert ours is expected


def test_eps_is_the_distance_of_the_two_values():
    seen = []

    def watched(x):
        seen.append(x.array.item())
        return x * 1

    gradcheck(watched, engine.tensor([1.0], dtype=engine.float64, requires_grad=True), eps=0.25)
    assert sorted(set(seen)) == [0.75, 1.0, 1.25]


def test_tensors_and_gradients_are_left_as_they_were():
    x, w = numbers(3), numbers(3)
    x.grad, before = engine.ones(3, dtype=engine.float64), x.array.copy()
    kept = x.grad
    assert gradcheck(lambda x: x * w, x)
    assert x.grad is kept
    assert (kept.array == 1).all()
    assert w.grad is None
    np.testing.assert_array_equal(x.array, before)


def test_an_input_that_the_function_finds_for_itself_is_checked_as_in_pytorch():
    x, w = numbers(3), numbers(3)
    assert gradcheck(lambda w_itself: x.detach() * w, w)
    with pytest.raises(GradcheckError):
        gradcheck(lambda w_itself: wrong_square(w), w)


def test_a_computed_input_is_checked_too():
    leaf = numbers(3)
    middle = leaf * 2
    assert gradcheck(lambda x: x * x, middle)
    with pytest.raises(GradcheckError):
        gradcheck(wrong_square, middle)
    assert leaf.grad is None
    middle.sum().backward()
    np.testing.assert_array_equal(leaf.grad.array, [2, 2, 2])


@pytest.mark.parametrize("inputs", [(), (numbers(2).detach(),), (3,)])
def test_without_an_input_that_requires_a_gradient_there_is_nothing_to_check(inputs):
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda *x: x[0], inputs)


def test_a_function_that_returns_no_tensor_is_refused():
    with pytest.raises(ValueError, match="got 1.0"):
        gradcheck(lambda x: 1.0, numbers(2))


def test_float32_is_warned_of_as_in_pytorch():
    for check, lib in ((gradcheck, engine), (torch.autograd.gradcheck, torch)):
        with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double"):
            check(lambda x: x * 2, lib.ones(2, requires_grad=True), raise_exception=False)
