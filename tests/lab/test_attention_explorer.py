"""The attention explorer: its own pass is the model's, keys and pointer, drawing and numbers."""

import math
import re
import statistics
import time

import numpy as np
import pytest

import engine
from engine import nn
from engine.lab import AttentionExplorer
from engine.lab.attention_explorer import AttentionState, entropy, look, render
from engine.lab.state import Event
from engine.nn import functional as F


def reader(lib=engine, symbols=10, length=12, heads=2, layers=2, **options):
    """An untrained Transformer in the form that the explorer reads."""

    class Reader(lib.nn.Module):
        def __init__(self):
            super().__init__()
            kind = {"dropout": 0.0, "batch_first": True, **options}
            self.embed = lib.nn.Embedding(symbols, 8)
            self.positions = lib.randn(length, 8)
            stack = [lib.nn.TransformerEncoderLayer(8, heads, 16, **kind) for _ in range(layers)]
            self.layers = lib.nn.ModuleList(stack)
            self.out = lib.nn.Linear(8, symbols)

        def forward(self, tokens):
            x = self.embed(tokens) + self.positions[: tokens.shape[1]]
            for layer in self.layers:
                x = layer(x)
            return self.out(x)

    lib.manual_seed(0)
    return Reader()


def press(state, key):
    state.key(Event("key", key=key))


OPTIONS = [{}, {"norm_first": True}, {"activation": "gelu"}, {"bias": False}]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "".join(o) or "plain")
@pytest.mark.parametrize("library", ["engine", "torch"])
def test_its_own_pass_gives_the_models_answer_and_weights(library, options):
    lib = pytest.importorskip(library)
    model, tokens = reader(lib, layers=1, **options), np.array([3, 1, 4, 1, 5])
    seen = look(model, tokens)
    given = lib.tensor(tokens)[None]
    said = lib.nn.functional.softmax(model(given)[0], dim=-1)
    assert seen.said == pytest.approx(said.detach().numpy(), abs=1e-6)
    layer, x = model.layers[0], model.embed(given) + model.positions[:5]
    asked = layer.norm1(x) if layer.norm_first else x
    weights = layer.self_attn(asked, asked, asked, average_attn_weights=False)[1][0]
    assert seen.weights[0] == pytest.approx(weights.detach().numpy(), abs=1e-6)


def test_values_mixed_by_the_weights_are_what_a_head_takes_home():
    model, tokens = reader(heads=1, layers=1), np.arange(6)
    seen = look(model, tokens)
    x = model.embed(engine.tensor(tokens)) + model.positions[:6]
    layer = model.layers[0]
    mixed = engine.tensor(seen.weights[0][0] @ seen.values[0][0], dtype=engine.float32)
    attended = layer.self_attn(x[None], x[None], x[None])[0][0]
    assert np.allclose(layer.self_attn.out_proj(mixed).detach(), attended.detach(), atol=1e-5)


def test_a_hot_head_looks_everywhere_and_a_cold_one_at_one_place():
    model, tokens = reader(layers=1), np.arange(10)
    rows = look(model, tokens).weights[0]
    cold, hot = (look(model, tokens, t).weights[0] for t in (0.001, 1000.0))
    assert hot == pytest.approx(np.full_like(hot, 0.1), abs=0.01)
    assert np.array_equal(cold.argmax(-1), rows.argmax(-1))
    assert np.median(cold.max(-1)) > 0.99
    # Weights at temperature 2 are the square roots of those at 1, made to add up to 1 again.
    roots = np.sqrt(rows)
    expected = roots / roots.sum(-1, keepdims=True)
    assert look(model, tokens, 2.0).weights[0] == pytest.approx(expected)


def test_without_positions_equal_digits_say_the_same_and_order_does_not_count():
    tokens = np.array([7, 2, 7, 5, 2, 9])
    said = look(reader(), tokens, positions=False).said
    assert said[0] == pytest.approx(said[2]) and said[1] == pytest.approx(said[4])
    order = [3, 0, 5, 1, 4, 2]
    assert look(reader(), tokens[order], positions=False).said == pytest.approx(said[order])
    with_positions = look(reader(), tokens).said
    assert abs(with_positions[0] - with_positions[2]).max() > 0.01


def test_entropy_is_0_for_one_place_and_the_logarithm_for_all():
    assert entropy(np.array([0.0, 1.0, 0.0])) == 0
    assert entropy(np.full(12, 1 / 12)) == pytest.approx(math.log(12))


def test_keys_choose_the_row_and_write_digits():
    state = AttentionState(reader(length=4))
    before = state.tokens.copy()
    for key in "90":
        press(state, key)
    assert state.tokens.tolist() == [9, 0, *before[2:]] and state.place == 2
    press(state, "ArrowLeft")
    assert state.place == 1
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp"):
        press(state, key)
    assert state.row == 3, "beyond the first row comes the last"
    state.reset()
    assert np.array_equal(state.tokens, before)


def test_a_digit_that_the_model_does_not_know_is_not_written():
    state = AttentionState(reader(symbols=5))
    before = state.tokens.copy()
    press(state, "5")
    assert np.array_equal(state.tokens, before) and state.place == 0


def test_the_pointer_chooses_rows_and_counts_digits_up():
    state = AttentionState(reader())
    state.hover(Event("hover", target={"row": "7"}))
    assert state.row == 7
    state.hover(Event("hover"))
    assert state.row == 7, "beside the map the row stays"
    state.tokens[3] = 9
    state.click(Event("click", target={"place": "3"}))
    assert (state.place, state.tokens[3]) == (3, 9), "the first click only chooses"
    state.click(Event("click", target={"place": "3"}))
    assert state.tokens[3] == 0
    state.click(Event("click", target={"row": "1"}))
    assert (state.row, state.place, state.tokens[3]) == (1, 3, 0)


def test_the_label_and_the_readout_state_the_row():
    state = AttentionState(reader())
    state.head, state.row = (1, 1), 5
    weights = state.look().weights[1][1][5]
    best = int(weights.argmax())
    label = re.search('aria-label="([^"]+)"', render(state)).group(1)
    assert label.startswith("Attention of layer 2, head 2. Place 5 ")
    for words in (label, state.summary()):
        assert f"looks most at place {best} (digit {state.tokens[best]})" in words
        assert (
            f"weight {weights[best]:.2f}; entropy {entropy(weights):.2f} of at most 2.48" in words
        )
    assert f"list   {' '.join(map(str, state.tokens))}" in state.summary()
    model = state.model(engine.tensor(state.tokens)[None])[0].argmax(-1)
    assert f"answer {' '.join(map(str, model.tolist()))}" in state.summary()


@pytest.mark.parametrize("length", [1, 5, 20])
def test_the_drawing_has_a_row_and_a_place_for_each_digit(length):
    drawn = render(AttentionState(reader(length=length)))
    shown = min(length, 12)
    assert drawn.count("data-row=") == drawn.count("data-place=") == shown
    assert "nan" not in drawn and len(drawn) < 60_000


def test_a_new_picture_costs_few_milliseconds_of_the_processor():
    state, seconds = AttentionState(reader()), []
    for _ in range(20):
        began = time.process_time()
        assert render(state) and state.summary()
        seconds.append(time.process_time() - began)
    assert statistics.median(seconds) < 0.03


def test_drawing_changes_nothing():
    state = AttentionState(reader())
    before = {name: np.copy(part) for name, part in vars(state).items() if name != "model"}
    assert render(state) == render(state)
    for name, part in before.items():
        assert np.array_equal(getattr(state, name), part), name


def test_the_controls_reach_the_state():
    app = AttentionExplorer(reader())
    assert repr(app) == "AttentionExplorer()"
    assert list(app.controls) == ["head", "positions", "temperature"]
    app.controls["head"].value = (1, 0)
    assert "Attention of layer 2, head 1" in app.picture.svg
    app.controls["temperature"].value = 100.0
    assert "entropy 2.48 of at most 2.48" in app.picture.readout
    answer = app.picture.readout
    app.controls["positions"].value = False
    assert app.picture.readout != answer
    app.press("new_seed")
    assert "(seed 1)" in app.picture.readout
    app.send("key", key="4")
    assert app.state.tokens[0] == 4 and f"list   4 {app.state.tokens[1]}" in app.picture.readout
    app.press("reset")
    assert app.state.tokens.tolist() == AttentionState(reader(), seed=1).tokens.tolist()


def test_one_head_needs_no_choice():
    assert list(AttentionExplorer(reader(heads=1, layers=1)).controls) == [
        "positions",
        "temperature",
    ]


def test_a_model_that_it_cannot_read_is_refused_in_words():
    with pytest.raises(TypeError, match=r"needs embed, .*; it lacks \['embed', 'positions', 'out"):
        AttentionState(nn.Linear(2, 2))
    bare = reader(layers=0)
    with pytest.raises(TypeError, match="it lacks the layers"):
        AttentionState(bare)
    with pytest.raises(ValueError, match="at most 10 symbols, the model has 11"):
        AttentionState(reader(symbols=11))
    changed = reader()
    changed.out.register_forward_hook(lambda module, inputs, output: F.relu(output))
    with pytest.raises(ValueError, match="the model is not embed"):
        AttentionState(changed)
