"""The still figures of notebook 07: their numbers are right, and their words state them."""

import io

import numpy as np
import pytest
from PIL import Image

from engine.lab.figures.nb07 import (
    attention_figure,
    encoder_layer_figure,
    positions_figure,
    readers_figure,
    saturation_figure,
)

pytestmark = pytest.mark.slow  # every figure is drawn


def positions(length, d):
    angle = np.arange(length)[:, None] / 10000 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(length, d)


def maps(count, size=12, seed=0):
    weights = np.random.default_rng(seed).random((count, size, size)) ** 4
    return weights / weights.sum(-1, keepdims=True)


def arrows(ax):
    return [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]


def test_the_readers_need_five_hops_and_one():
    figure = readers_figure()
    chain, full = figure.axes
    assert len(arrows(chain)) == 6 + 5, "a digit into each state, and five from state to state"
    assert len(arrows(full)) == 6 * 6
    assert "reaches the last place in 5 hops" in figure.alt and "one hop" in figure.alt


def test_saturation_shows_both_rows_of_weights_best_first():
    raw, scaled = np.array([0.03, 0.97, 0.0]), np.array([0.3, 0.45, 0.25])
    figure = saturation_figure(raw, scaled)
    for ax, weights in zip(figure.axes, (raw, scaled), strict=True):
        heights = [bar.get_height() for bar in ax.patches]
        assert heights == sorted(weights, reverse=True)
    assert "0.97 for the best, 0.03 for the next" in figure.alt
    assert "0.45 for the best, 0.30 for the next" in figure.alt


def test_similarity_of_positions_depends_on_the_distance_alone():
    figure = positions_figure(positions(60, 32))
    table, products = figure.data["table"], figure.data["products"]
    assert products == pytest.approx(table @ table[30])
    assert products[31:59] == pytest.approx(products[29:1:-1]), "the same to both sides"
    assert products[30] == pytest.approx(16) and "16.0 with itself" in figure.alt
    assert f"{products[31]:.1f} at distance 1, {products[40]:.1f} at distance 10" in figure.alt
    drawn = [line.get_ydata() for line in figure.axes[1].lines]
    assert np.array_equal(np.transpose(drawn), table[:, [0, 4, 8]])


def test_the_encoder_layer_goes_around_both_blocks():
    figure = encoder_layer_figure()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words.count("residual") == words.count("LayerNorm") == words.count("+") == 2
    assert len(arrows(figure.axes[0])) == 7 + 2
    assert "self-attention, plus, LayerNorm, feed-forward, plus, LayerNorm, y" in figure.alt


@pytest.mark.parametrize("count", [1, 4])
def test_attention_maps_show_rows_that_ask_and_columns_looked_at(count):
    weights, tokens, said = maps(count), np.arange(12) % 10, np.arange(12)[::-1] % 10
    figure = attention_figure(weights, tokens, said)
    for ax, one in zip(figure.axes, weights, strict=True):
        assert np.array_equal(ax.images[0].get_array(), one)
        assert ax.images[0].get_clim() == (0, 1)
        assert [label.get_text() for label in ax.get_xticklabels()] == [str(d) for d in tokens]
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == [str(d) for d in said]
    assert "on the list 0 1 2 3 4 5 6 7 8 9 0 1, answer 1 0 9" in figure.alt
    for k, one in enumerate(weights):
        assert f"map {k + 1}: largest weight of a row {one.max(-1).mean():.2f}" in figure.alt


@pytest.mark.parametrize(
    "draw",
    [
        readers_figure,
        encoder_layer_figure,
        lambda: saturation_figure(*maps(1, 12)[0, :2]),
        lambda: positions_figure(positions(60, 32)),
        lambda: attention_figure(maps(1), np.arange(12), np.arange(12)),
        lambda: attention_figure(maps(4), np.arange(12), np.arange(12)),
    ],
    ids=["readers", "layer", "saturation", "positions", "one map", "four maps"],
)
def test_the_picture_is_small_and_not_blank(draw):
    png = draw().png()
    assert len(png) < 60_000
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert (pixels < 128).mean() > 0.005
