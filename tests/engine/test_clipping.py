"""Gradient clipping, beside PyTorch's."""

import numpy as np
import pytest
import torch

import engine

LIBS = [engine, torch]


def parameters(t, scale=1.0, dtype="float64"):
    rng = np.random.default_rng(0)
    made = []
    for shape in ((3, 4), (5,), ()):
        p = t.zeros(shape, dtype=getattr(t, dtype), requires_grad=True)
        p.grad = t.tensor(scale * rng.standard_normal(shape), dtype=getattr(t, dtype))
        made.append(p)
    return [*made, t.zeros(2, requires_grad=True)]  # the last one has no gradient


def outcome(t, clip, **how):
    ps = parameters(t, **how)
    total = clip(t.nn.utils, ps)
    return [np.asarray(p.grad) for p in ps[:3]] + [np.asarray(0 if total is None else total)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_gradients_are_scaled_together_to_the_largest_norm(dtype, norm_type, max_norm):
    ours, theirs = (
        outcome(t, lambda u, ps: u.clip_grad_norm_(ps, max_norm, norm_type), dtype=dtype)
        for t in LIBS
    )
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-6 if dtype == "float32" else 1e-13)


def test_values_are_cut_one_by_one():
    ours, theirs = (outcome(t, lambda u, ps: u.clip_grad_value_(ps, 0.3)) for t in LIBS)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    assert max(np.abs(g).max() for g in ours[:3]) == 0.3


def test_one_tensor_and_no_gradient():
    for t in LIBS:
        p = t.zeros(2, requires_grad=True)
        assert t.nn.utils.clip_grad_norm_(p, 1.0).item() == 0
        p.grad = t.tensor([3.0, 4.0])
        assert t.nn.utils.clip_grad_norm_(p, 1.0).item() == 5
        assert p.grad.norm().item() == pytest.approx(1, abs=1e-6)


def test_a_norm_that_is_not_finite_is_an_error_only_on_request():
    for t in LIBS:
        with pytest.raises(RuntimeError, match="norm"):
            t.nn.utils.clip_grad_norm_(parameters(t, np.inf), 1.0, error_if_nonfinite=True)
        ps = parameters(t, np.nan)
        assert t.nn.utils.clip_grad_norm_(ps, 1.0).isnan().item()
        assert ps[0].grad.isnan().all().item()


def test_options_without_a_choice_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="foreach"):
        engine.nn.utils.clip_grad_norm_(parameters(engine), 1.0, foreach=True)
