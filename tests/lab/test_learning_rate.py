"""The learning-rate explorer: three surfaces, the limit, the verdicts, the drawing, the app."""

import re

import numpy as np
import pytest
import torch

from engine.lab import LearningRateExplorer
from engine.lab.app import Event
from engine.lab.learning_rate import MOST_STEPS, RATES, VIEW, Explorer, render
from engine.lab.surfaces import SURFACES, ravine

SIZE = 'viewBox="0 0 760 400" width="760" height="400"'


def run(surface, lr, steps):
    descent = Explorer(SURFACES[surface], lr)
    descent.reset()
    descent.step(steps)
    return descent


def test_the_ravine_ends_where_the_course_says():
    """After 100 steps |w₁| is 2.7e-5, 1 and 1.4e4 for lr 0.19, 0.20 and 0.21."""
    ends = [abs(run("ravine", lr, 100).path[-1][0]) for lr in (0.19, 0.20, 0.21)]
    assert ends == pytest.approx([0.9**100, 1.0, 1.1**100], rel=1e-9)


@pytest.mark.parametrize("name", SURFACES)
def test_paths_are_those_of_pytorch(name):
    descent = run(name, 0.1, 30)
    w = torch.tensor(descent.start, dtype=torch.float64)
    for point, loss in zip(descent.path, descent.losses, strict=True):
        w = w.detach().requires_grad_()
        theirs = descent.surface.loss(w)
        np.testing.assert_allclose(point, w.detach().numpy(), rtol=0, atol=1e-12)
        assert loss == pytest.approx(theirs.item(), abs=1e-12)
        theirs.backward()
        w = w - 0.1 * w.grad


@pytest.mark.parametrize("name", SURFACES)
def test_the_minima_are_flat_and_the_deepest_has_the_stated_curvature(name):
    surface = SURFACES[name]
    for minimum in surface.minima:
        w = torch.tensor(minimum, dtype=torch.float64)
        curvature = torch.autograd.functional.hessian(surface.loss, w)
        slope = torch.autograd.functional.jacobian(surface.loss, w)
        assert slope.abs().max() < 1e-12
        assert torch.linalg.eigvalsh(curvature).min() > 0
        if minimum == surface.minima[0]:
            assert torch.linalg.eigvalsh(curvature).max().item() == pytest.approx(
                surface.steepest, rel=1e-12
            )
    depths = surface.at(surface.minima)[0]
    assert depths[0] == depths.min()


def test_the_bowl_is_the_loss_of_the_diabetes_patients():
    from engine.datasets import load_diabetes

    data, target = load_diabetes()
    x, y = ((v - v.mean()) / v.std() for v in (data[:, 2], target))
    w = np.array([-1.0, 0.0, 2.5])
    losses = ((w[:, None] * x - y) ** 2).mean(axis=1)
    np.testing.assert_allclose(SURFACES["bowl"].at(w[:, None])[0], losses, rtol=1e-12)


@pytest.mark.parametrize(
    ("surface", "lr", "word", "evidence"),
    [
        ("bowl", 0.001, "converges", "on its way, from one side"),
        ("bowl", 0.1, "converges", "within 0.01 of a minimum since step 23"),
        ("bowl", 0.5, "converges", "within 0.01 of a minimum since step 1"),
        ("bowl", 0.99, "converges", "in zig-zag"),
        ("bowl", 1.0, "oscillates", "it jumps by 3.17, to and fro"),
        ("bowl", 1.01, "diverges", "grown from 3.17 to 12.9"),
        ("ravine", 0.19, "converges", "on its way, in zig-zag"),
        ("ravine", 0.2, "oscillates", "it jumps by 2.00, to and fro"),
        ("ravine", 0.21, "diverges", "grown from 5.5 to 1.02e+04"),
        ("double well", 0.05, "converges", "since step 7"),
        ("double well", 0.3, "oscillates", "it jumps by"),
        ("double well", 0.4, "diverges", "the loss is inf at step 6"),
    ],
)
def test_the_verdict_names_what_happens(surface, lr, word, evidence):
    said = run(surface, lr, 40).verdict()
    assert said[0] == word
    assert evidence in said[1]


def test_a_verdict_needs_six_steps():
    assert run("bowl", 0.1, 5).verdict()[0] == "starts"
    assert run("bowl", 0.1, 6).verdict()[0] == "converges"


def test_a_larger_step_may_end_in_the_deeper_valley():
    left, right = (w for (w,) in SURFACES["double well"].minima)
    assert run("double well", 0.13, 60).path[-1][0] == pytest.approx(right, abs=1e-6)
    assert run("double well", 0.15, 60).path[-1][0] == pytest.approx(left, abs=1e-6)


def test_a_run_that_overflows_stops_at_that_step():
    descent = run("double well", 0.5, 200)
    finite = np.isfinite(descent.losses)
    assert descent.done and descent.steps == 6
    assert finite.tolist() == [True] * 6 + [False]


def test_a_run_ends_after_its_most_steps():
    descent = run("bowl", 0.001, 10_000)
    assert descent.done and descent.steps == MOST_STEPS


def test_a_new_rate_runs_as_far_as_the_old_one_and_reset_goes_to_the_start():
    descent = run("ravine", 0.1, 70)
    descent.lr = 0.19
    descent.reset()
    assert descent.steps == 70
    np.testing.assert_array_equal(descent.path, run("ravine", 0.19, 70).path)
    descent.reset()
    assert descent.steps == 0 and len(descent.losses) == 1


def test_a_moved_start_runs_as_far_and_stays_through_a_reset():
    descent = run("bowl", 0.1, 50)
    descent.place(0.0, 0.0)
    assert descent.steps == 50 and descent.path[0] == 0.0
    descent.reset()
    assert descent.steps == 0 and descent.path[0] == 0.0


def test_a_steeper_ravine_has_a_smaller_limit():
    descent = run("ravine", 0.019, 60)
    descent.surface = ravine(100.0)
    descent.reset()
    assert "limit 2/λmax = 0.02" in descent.summary()
    assert descent.path[1] == pytest.approx([1 - 1.9, 1 - 0.019])


def test_from_the_flat_axis_the_steep_one_sets_no_limit():
    descent = run("ravine", 1.0, 60)
    descent.place(0.0, 1.0)
    assert descent.verdict() == ("converges", "within 0.01 of a minimum since step 1")
    descent.place(0.01, 1.0)
    assert descent.verdict()[0] == "diverges"


def test_a_start_stays_in_the_view_and_steps_along_the_arrows():
    descent = Explorer(SURFACES["ravine"], 0.1)
    descent.press(Event("press", x=9.0, y=-0.456, plot="surface"))
    assert descent.start == (1.5, -0.46)
    descent.drag(Event("drag", x=0.0, y=0.0, plot=""))
    assert descent.start == (1.5, -0.46)
    for key in ("ArrowLeft", "ArrowDown", "Home"):
        descent.key(Event("key", key=key))
    assert descent.start == (1.4, -0.56)
    descent.key(Event("key", key="ArrowUp", shift=True))
    assert descent.start == (1.4, -0.55)
    one = Explorer(SURFACES["bowl"], 0.1)
    one.key(Event("key", key="ArrowRight"))
    one.key(Event("key", key="ArrowUp"))
    assert one.start == (-0.9,)


def test_unknown_surfaces_and_rates_are_refused():
    with pytest.raises(ValueError, match="surface must be one of.*got 'hill'"):
        LearningRateExplorer("hill")
    with pytest.raises(ValueError, match="learning rate must be one of"):
        LearningRateExplorer("bowl", lr=0.123)


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("lr", [RATES[0], 0.1, 0.2, RATES[-1]])
def test_the_drawing_states_its_numbers_and_holds_no_nan(name, lr):
    descent = run(name, lr, 0)
    for steps in (0, 1, 40, MOST_STEPS):
        descent.step(steps)
        drawn = render(descent)
        label = re.search('aria-label="([^"]*)"', drawn).group(1)
        limit = f"2/λmax = {2 / SURFACES[name].steepest:.3g}"
        assert SIZE in drawn
        assert f"lr {lr:g}, limit {limit}; step {descent.steps}" in label
        assert limit in drawn.replace(label, "")
        assert not re.search(r'="[^"]*\b(nan|inf)\b[^"]*"', drawn.replace(f'"{label}"', ""))


def test_the_drawing_marks_each_step_and_the_earlier_run():
    descent = run("ravine", 0.1, 20)
    assert render(descent).count('r="3"') == 21
    assert "stroke-dasharray" not in render(descent)
    descent.ghost = run("ravine", 0.15, 10).trace()
    assert render(descent).count('stroke-dasharray="4 3"') == 2


def test_the_app_steps_compares_and_stops_where_the_loss_ends():
    app = LearningRateExplorer(surface="double well", lr=0.05)
    assert repr(app) == "LearningRateExplorer(surface='double well')"
    assert app.state.steps == 40 and not app.playing
    assert "step 40" in app.picture.readout
    app.buttons["compare"].value = True
    app.controls["lr"].value = 0.4
    assert "Diverges: the loss is inf at step 6." in app.picture.readout
    assert [len(kept) for kept in app.state.ghost] == [41, 41]
    app.press("reset")
    for _ in range(8):
        app.press("step")
    assert app.state.steps == 6
    assert "Stopped at step 6: the loss became inf." in app.picture.readout


def test_the_app_moves_the_start_by_pointer_and_by_key():
    app = LearningRateExplorer(surface="ravine")
    plot = SURFACES["ravine"].plot(VIEW)
    x, y = float(plot.px(0.5)), float(plot.py(-0.5))
    app.send("press", x=x, y=y, target={})
    assert app.state.start == pytest.approx((0.5, -0.5))
    app.send("key", key="ArrowUp")
    assert app.state.start == pytest.approx((0.5, -0.4))
    app.controls["surface"].label = "100"
    assert "limit 2/λmax = 0.02" in app.picture.readout
    assert "Diverges" in app.picture.readout
