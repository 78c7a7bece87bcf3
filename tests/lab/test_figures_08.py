"""The still figures of notebook 08: their numbers are right, and their words state them."""

import io

import numpy as np
import pytest
from PIL import Image

from engine.lab.figures.nb08 import (
    batching_figure,
    debug_chart_figure,
    overfitting_figure,
    patients_figure,
    three_curves_figure,
    train_validation_figure,
)
from engine.lab.hospital import HospitalState

pytestmark = pytest.mark.slow  # every figure is drawn

EPOCHS = [[[3, 0], [1, 2]], [[2, 1], [0, 3]]]
RUNS = np.array([[[2.0, 1.5, 1.7], [1.0, 0.5, 0.6]], [[2.2, 1.6, 2.3], [1.1, 0.4, 0.7]]])
FEW = np.array([[[2.3, 2.3], [0.1, 0.8], [0.001, 1.3]], [[2.3, 2.3], [0.2, 0.9], [0.002, 1.2]]])


def words_of(ax):
    return [text.get_text() for text in ax.texts]


def test_the_opening_shows_the_patients_of_the_hospital_without_their_diseases():
    figure = patients_figure(steps=30)
    assert len(figure.axes) == 10
    for k in (1, 4):
        state = HospitalState(k)
        state.step(30)
        assert figure.data[f"patient {k}"].tolist() == [list(row) for row in state.sick.losses]
    nan = [k for k in range(1, 11) if np.isnan(figure.data[f"patient {k}"]).any()]
    assert len(nan) == 1 and f"{nan[0]} becomes NaN" in figure.alt
    assert "NaN" in words_of(figure.axes[nan[0] - 1])
    for k, ax in enumerate(figure.axes, start=1):
        assert ax.get_title() == f"patient {k}"


def test_the_opening_tells_who_falls():
    alt = patients_figure().alt
    assert alt.count("stays above 1.5") == 6 and alt.count("falls below 1.5") == 3


def test_batches_are_drawn_in_the_order_in_which_they_were_dealt():
    figure = batching_figure(EPOCHS)
    assert figure.data["data set"].tolist() == [0, 1, 2, 3]
    assert figure.data["epoch 1"].tolist() == [3, 0, 1, 2]
    numbers = [int(words) for words in words_of(figure.axes[0]) if words.isdigit()]
    assert numbers == [0, 1, 2, 3, 3, 0, 1, 2, 2, 1, 0, 3]
    assert "epoch 2: [2, 1], then [0, 3]" in figure.alt
    gap = [bar.get_x() for bar in figure.axes[0].patches[4:8]]
    assert gap[2] - gap[1] > gap[1] - gap[0], "batches stand apart"


def test_only_training_changes_the_weights():
    figure = train_validation_figure()
    words = " ".join(words_of(figure.axes[0]))
    assert words.count("step()") == words.count("backward()") == 1
    assert "weights change" in words and "weights stay" in words
    assert "no_grad" in words and "Validation: data, forward in eval mode" in figure.alt


def test_the_three_curves_keep_each_seed_and_count_the_epochs_below():
    figure = three_curves_figure(RUNS)
    assert figure.data["validation, eval()"].tolist() == [[1.7, 0.6], [2.3, 0.7]]
    assert "Validation is below training mode in 3 of 4 epochs." in figure.alt
    assert "training digits, training mode 1.00" in figure.alt
    first = figure.axes[0].lines[0]
    assert first.get_ydata().tolist() == [2.0, 1.0] and first.get_xdata().tolist() == [1, 2]


def test_overfitting_marks_the_lowest_validation_loss():
    figure = overfitting_figure(FEW)
    assert figure.axes[0].lines[-1].get_xdata()[0] == 10
    assert "falls to 0.80 at step 10, and then rises to 1.30" in figure.alt
    assert "Training falls to 0.001" in figure.alt


def test_the_chart_leads_every_wrong_answer_somewhere():
    figure = debug_chart_figure()
    words = words_of(figure.axes[0])
    questions = [text for text in words if text.endswith("?") and text.startswith(("Is", "Does"))]
    assert len(questions) == 6
    assert all(question in figure.alt for question in questions)
    assert words.count("yes") == words.count("no") == 6
    assert words[-1].startswith("done")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: batching_figure(EPOCHS),
        train_validation_figure,
        lambda: three_curves_figure(RUNS),
        lambda: overfitting_figure(FEW),
        debug_chart_figure,
    ],
)
def test_the_picture_is_small_and_not_blank(draw):
    png = draw().png()
    assert len(png) < 60_000
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert (pixels < 128).mean() > 0.003
