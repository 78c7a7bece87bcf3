"""The hospital: each patient shows its own symptom alone, and its treated twin is healthy."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

import engine
from engine.lab import Hospital
from engine.lab.decision_boundary import initial_weights
from engine.lab.hospital import UNKNOWN, WARD, HospitalState, checks, render
from engine.lab.patients import DISEASES, Program, Training, digits, features

# What a student reads off the gauges, as a rule for each disease.
SIGNS = {
    "dead ReLUs": lambda t: t.first.dead.mean() > 0.5,
    "learning rate 100 times too large": lambda t: (
        t.farthest > 0.5 and t.piled < 1.01 and t.first.inputs[1] < 10
    ),
    "zero_grad forgotten": lambda t: t.piled > 2,
    "softmax before cross-entropy": lambda t: (
        abs(t.gauges.outputs[2] - 1) < 1e-9 and t.gauges.outputs[0] >= 0
    ),
    "labels shuffled": lambda t: t.matching < 4 and t.rights[-1][1] < 0.25,
    "eval() never called": lambda t: t.gauges.twice > 0.1,
    "log of 0": lambda t: t.gauges.inputs[2] == -math.inf,
    "input not normalized": lambda t: t.first.inputs[1] > 10,
    "validation leaked into training": lambda t: t.shared > 0,
    "saturated sigmoids": lambda t: t.first.saturated.mean() > 0.5,
}


def trained(program, seed, steps=150):
    training = Training(program, seed)
    with np.errstate(all="ignore"):
        while training.steps < steps and math.isfinite(training.loss):
            training.step()
    return training


@pytest.mark.slow
@pytest.mark.parametrize("disease", DISEASES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_patient_shows_its_own_sign_alone_and_its_treated_twin_none(disease, seed):
    sick = replace(Program(), **DISEASES[disease]["sick"])
    training = trained(sick, seed)
    assert [name for name in DISEASES if SIGNS[name](training)] == [disease]
    treated = trained(replace(sick, **DISEASES[disease]["cure"]), seed)
    assert not any(SIGNS[name](treated) for name in DISEASES)
    # Seven guesses of ten would be luck; dropout learns more slowly.
    assert treated.steps == 150 and treated.rights[-1][1] > 0.75
    assert treated.gauges.used > 0.75
    assert treated.losses[-1][1] < 0.8


@pytest.mark.parametrize("disease", DISEASES)
def test_a_cure_is_healthy_and_changes_nothing_where_the_line_is_right(disease):
    cure, sick = DISEASES[disease]["cure"], DISEASES[disease]["sick"]
    assert replace(Program(), **cure) == Program()
    assert replace(Program(), **sick) != Program()
    assert set(cure) <= set(sick)


def test_the_ward_holds_each_disease_once_and_not_in_the_order_of_the_list():
    assert sorted(WARD) == sorted(DISEASES) and len(WARD) == 10
    assert list(DISEASES) != WARD


def test_a_healthy_program_trains_as_the_same_program_does_in_pytorch():
    x, val_x, _, y, val_y, _ = (torch.tensor(part) for part in digits())
    inputs, val_inputs = (
        torch.tensor(features(part.numpy(), Program()).numpy()) for part in (x, val_x)
    )
    random = engine.Generator().manual_seed(5)
    engine.randperm(300, generator=random)  # the order of shuffled labels, which is not used
    model = torch.nn.Sequential(
        *(torch.nn.Linear(68, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.ReLU()),
        torch.nn.Linear(32, 10),
    ).double()
    for layer in model[::2]:
        drawn = initial_weights(layer.in_features, layer.out_features, "PyTorch", random)
        layer.weight.data, layer.bias.data = (torch.tensor(part.numpy()) for part in drawn)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    losses, validation = [], []
    for _ in range(2):
        for rows in engine.randperm(300, generator=random).view(10, 30).tolist():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(inputs[rows]), y[rows])
            loss.backward()
            norms = [
                math.hypot(layer.weight.grad.norm(), layer.bias.grad.norm()) for layer in model[::2]
            ]
            optimizer.step()
            losses.append(loss.item())
            logits = model(val_inputs)
            validation.append(torch.nn.functional.cross_entropy(logits, val_y).item())
    training = trained(Program(), 5, steps=20)
    assert [loss for _, loss in training.losses] == pytest.approx(validation, abs=1e-10)
    assert training.losses[-1][0] == pytest.approx(np.mean(losses[-10:]), abs=1e-10)
    assert training.gauges.gradient == pytest.approx(norms, abs=1e-10)
    assert training.gauges.fresh == pytest.approx(norms, abs=1e-10)
    outputs = logits.detach().numpy()
    assert training.gauges.outputs[:2] == pytest.approx((outputs.min(), outputs.max()), abs=1e-10)


def test_forgotten_gradients_are_the_sum_over_all_batches():
    training, total = Training(replace(Program(), clears=False)), 0.0
    for _ in range(5):
        before = [0 if p.grad is None else p.grad.numpy().copy() for p in training.parameters]
        training.step()
        total += np.array([p.grad.numpy().sum() for p in training.parameters]) - [
            np.sum(part) for part in before
        ]
    assert [p.grad.numpy().sum() for p in training.parameters] == pytest.approx(total)
    assert (training.gauges.gradient > 1.5 * training.gauges.fresh).all()


def test_looking_at_the_gauges_does_not_change_the_run():
    program = replace(Program(), **DISEASES["eval() never called"]["sick"])
    alone, watched = Training(program), Training(program)
    for _ in range(12):
        alone.step()
        watched.step()
        assert watched.gauges is watched.gauges
    assert alone.losses == watched.losses


def test_the_notebook_s_random_stream_is_left_alone():
    engine.manual_seed(0)
    expected = engine.rand(3).tolist()
    engine.manual_seed(0)
    Training(replace(Program(), dropout=0.3)).step()
    assert engine.rand(3).tolist() == expected


def patient(disease, steps=0, **more):
    state = HospitalState(1 + WARD.index(disease), **more)
    with np.errstate(all="ignore"):
        while state.steps < steps and not state.done:
            state.step()
    return state


def test_a_diagnosis_gets_an_answer_with_what_its_gauge_says():
    state = patient("softmax before cross-entropy")
    assert "choose a diagnosis" in state.summary()
    state.diagnosis = "dead ReLUs"
    assert "Not so fast" in state.summary()
    state.step(20)
    assert "Not dead ReLUs: 6% and" in state.summary()
    state.diagnosis = "softmax before cross-entropy"
    assert "Yes, softmax before cross-entropy: the first row of outputs adds up to 1.00" in (
        state.summary()
    )
    assert "Cure: hand logits over." in state.summary()


def test_the_right_treatment_starts_from_the_same_seed_beside_the_sick_run():
    state = patient("learning rate 100 times too large", 20)
    sick = state.training
    state.diagnosis, state.treated = "learning rate 100 times too large", True
    assert state.steps == 0 and "treated twin" in state.summary()
    with np.errstate(all="ignore"):
        state.step(60)
    assert state.sick is sick and sick.steps == 60, "the sick run keeps up"
    assert state.training.losses == trained(Program(), 0, steps=60).losses
    assert state.loss < 1.5 < sick.loss
    assert f"(sick: {sick.losses[-1][1]:.3f})" in state.summary()
    state.treated = False
    assert state.training is sick


def test_a_wrong_treatment_changes_nothing():
    state = patient("labels shuffled", 30)
    state.diagnosis, state.treated = "zero_grad forgotten", True
    state.step(30)
    assert state.training is not state.sick
    assert state.training.losses == state.sick.losses


def test_the_log_of_0_comes_as_a_surprise_in_the_first_epoch():
    for seed in range(5):
        state = patient("log of 0", 300, seed=seed)
        assert state.done and state.steps <= 10
        assert math.isnan(state.loss)
        drawn = render(state)
        assert "from -inf to" in drawn and "NaN" not in re.sub('aria-label="[^"]+"', "", drawn)


def test_a_new_patient_comes_without_a_diagnosis_and_a_reset_keeps_it():
    state = patient("dead ReLUs", 5)
    state.diagnosis, state.treated = "dead ReLUs", True
    state.reset()
    assert (state.steps, state.diagnosis, state.treated) == (0, "dead ReLUs", True)
    state.patient = 9
    state.reset()
    assert (state.diagnosis, state.treated) == (UNKNOWN, False)


@pytest.mark.parametrize("number", [0, 11, "1"])
def test_there_are_ten_patients(number):
    with pytest.raises(ValueError, match="patient must be 1 to 10, got"):
        HospitalState(number)


@pytest.mark.parametrize("disease", DISEASES)
def test_the_drawing_states_its_numbers_and_not_the_disease(disease):
    state = patient(disease, 12)
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"Patient {state.patient}, as it came in, step {state.steps}" in label
    if state.steps == 12:
        assert f"validation loss {state.training.losses[-1][1]:.3f}" in label
    assert disease not in drawn
    for _, value in checks(state.training):
        assert value.replace("'", "&#x27;") in drawn
    for label in state.training.labels[:8]:
        assert f"“{label}”" in drawn
    assert len(drawn) < 60_000


def test_dead_and_saturated_units_have_their_bars():
    dead, flat = (patient(name, 3) for name in ("dead ReLUs", "saturated sigmoids"))
    assert render(dead).count(">100%<") == 2
    assert (flat.training.gauges.saturated > 0.5).all()
    assert (flat.training.gauges.dead == 0).all()


def test_the_controls_reach_the_state():
    app = Hospital()
    assert repr(app) == "Hospital()"
    app.press("step")
    assert "step 1: training loss" in app.picture.readout
    app.controls["patient"].value = 4
    assert "Patient 4, as it came in, step 0" in app.picture.readout
    app.press("step")
    app.controls["diagnosis"].value = WARD[3]
    assert f"Yes, {WARD[3]}" in app.picture.readout
    app.controls["treated"].value = True
    assert "treated twin, step 0" in app.picture.readout
    app.press("step")
    assert app.state.sick.steps == 1
    app.controls["patient"].value = 5
    assert app.controls["diagnosis"].value == UNKNOWN
    assert app.controls["treated"].value is False
    app.press("new_seed")
    assert app.state.seed == 1


def test_a_nan_stops_the_run_and_points_at_the_gauges():
    app = Hospital(patient=1 + WARD.index("log of 0"))
    for _ in range(12):
        app.press("step")
    assert "the loss became nan. Which gauge shows the first number" in app.picture.readout
    assert app.state.steps <= 10
