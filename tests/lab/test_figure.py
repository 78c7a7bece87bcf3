"""Still figures: words beside the picture, data for tests, small files, no pyplot."""

import io
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import engine
from engine.lab.figure import Figure


def loss_figure():
    figure = Figure(6, 3)
    figure.axes[0].plot(figure.keep("loss", engine.tensor([1.0, 0.5, 0.25])))
    return figure.describe("Loss over 3 steps, falling from 1.0 to 0.25.")


def test_a_figure_is_a_small_png_that_is_not_empty():
    stored = loss_figure().png()
    assert len(stored) < 40_000
    picture = np.asarray(Image.open(io.BytesIO(stored)).convert("RGB"))
    assert picture.shape == (300, 600, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_the_same_figure_twice_is_the_same_file():
    assert loss_figure().png() == loss_figure().png()


@pytest.mark.parametrize(
    "values",
    [engine.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]), np.array([1.0, 2.0]), [1.0, 2.0]],
)
def test_tensors_of_both_libraries_and_arrays_are_kept_as_arrays(values):
    figure = Figure()
    kept = figure.keep("values", values)
    assert isinstance(kept, np.ndarray)
    assert figure.data["values"].tolist() == [1.0, 2.0]


def test_tensors_that_need_a_gradient_can_be_drawn():
    figure = Figure()
    assert figure.keep("ours", engine.ones(2, requires_grad=True)).tolist() == [1, 1]
    assert figure.keep("theirs", torch.ones(2, requires_grad=True)).tolist() == [1, 1]


def test_classes_are_drawn_by_colour_and_marker():
    figure = Figure()
    figure.classes(figure.axes[0], [[0, 0], [1, 1], [2, 0]], [0, 1, 1])
    drawn = figure.axes[0].collections
    assert [len(points.get_offsets()) for points in drawn] == [1, 2]
    shapes = [points.get_paths()[0].vertices.shape for points in drawn]
    assert shapes[0] != shapes[1]
    assert [points.get_label() for points in drawn] == ["class 0", "class 1"]


def test_lines_differ_by_dashes():
    figure = Figure(columns=2, sharey=True)
    lines = [figure.axes[1].plot([0, 1])[0] for _ in range(3)]
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 3
    assert len(figure.axes) == 2


def test_the_notebook_gets_png_and_words(monkeypatch):
    shown = []

    def publish(data, metadata=None, **_):
        shown.append((data, metadata))

    monkeypatch.setattr("IPython.display.publish_display_data", publish)
    loss_figure()._ipython_display_()
    (picture, metadata), (words, _) = shown
    assert picture["image/png"].startswith(b"\x89PNG")
    assert picture["text/plain"] == "Loss over 3 steps, falling from 1.0 to 0.25."
    assert metadata == {"image/png": {"alt": picture["text/plain"]}}
    assert "<p>Loss over 3 steps, falling from 1.0 to 0.25.</p>" in words["text/html"]


def test_a_figure_without_words_is_not_shown():
    with pytest.raises(ValueError, match="end with figure.describe"):
        Figure()._ipython_display_()
    with pytest.raises(ValueError, match="got 'a loss'"):
        Figure().describe("a loss")


def test_nothing_to_draw_and_a_name_twice_are_named():
    figure = Figure()
    with pytest.raises(ValueError, match=r"'loss' has shape \(0,\)"):
        figure.keep("loss", [])
    figure.keep("loss", [1.0])
    with pytest.raises(ValueError, match="has 'loss' already"):
        figure.keep("loss", [1.0])


def test_pyplot_is_never_loaded():
    program = (
        "import sys; import engine.lab.figure, engine.lab.perceptron_line as p; "
        "p.PerceptronLine(); figure = engine.lab.figure.Figure(); figure.png(); "
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot was loaded'"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
