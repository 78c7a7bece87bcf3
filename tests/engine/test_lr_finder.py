"""LRFinder makes the steps of torch_lr_finder: same losses, same suggestion, same refusals."""

import contextlib
import io
import warnings

import matplotlib
import numpy as np
import pytest
import torch

import engine
import engine.utils.data
from engine import nn, optim
from engine.utils import LRFinder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # tqdm's progress bars guess where they are shown
    import torch_lr_finder

matplotlib.use("agg")
FINDERS = {engine: LRFinder, torch: torch_lr_finder.LRFinder}


def loader_of(t, size=50, batch_size=8, seed=0, **options):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((size, 4)).astype(np.float32)
    y = (x.sum(1) > 0).astype(np.int64)
    data = t.utils.data.TensorDataset(t.from_numpy(x), t.from_numpy(y))
    return t.utils.data.DataLoader(data, batch_size=batch_size, **options)


def finder_of(t, make=None, dropout=0.3):
    t.manual_seed(4)
    layers = t.nn.Linear(4, 16), t.nn.ReLU(), t.nn.Dropout(dropout), t.nn.Linear(16, 2)
    model = t.nn.Sequential(*layers)
    make = make or (lambda t, p: t.optim.SGD(p, lr=1e-4, momentum=0.9))
    optimizer = make(t, model.parameters())
    return FINDERS[t](model, optimizer, t.nn.CrossEntropyLoss())


def run(t, make=None, loader=None, val=None, **named):
    finder = finder_of(t, make)
    named |= {"val_loader": loader_of(t, **val)} if val is not None else {}
    loader = loader_of(t, **({"shuffle": True} if loader is None else loader))
    with contextlib.redirect_stderr(io.StringIO()):
        finder.range_test(loader, **named)
    return finder, t.rand(2).tolist()


def groups(t, p):
    first, *others = p
    return t.optim.Adam([{"params": [first]}, {"params": others, "lr": 1e-5}], lr=1e-3)


CASES = {
    "as in the course": {"end_lr": 10, "num_iter": 100},
    "defaults": {},
    "linear": {"step_mode": "Linear", "end_lr": 1, "num_iter": 40},
    "a start": {"start_lr": 1e-6, "num_iter": 30},
    "Adam in groups": {"make": groups, "num_iter": 30, "end_lr": 0.5},
    "a start for each": {"make": groups, "start_lr": [1e-5, 1e-3], "num_iter": 30, "end_lr": 1},
    "without smoothing": {"smooth_f": 0, "num_iter": 20},
    "much smoothing": {"smooth_f": 0.9, "num_iter": 20, "end_lr": 1},
    "divergence": {"end_lr": 1000, "diverge_th": 1.5, "smooth_f": 0.5},
    "overflow": {"end_lr": 1e38, "num_iter": 20, "smooth_f": 0},
    "accumulation": {"accumulation_steps": 3, "num_iter": 20, "end_lr": 1},
    "validation": {"val": {"size": 20, "seed": 1}, "num_iter": 12},
    "shuffled validation": {"val": {"size": 20, "shuffle": True}, "num_iter": 12, "end_lr": 1},
    "one batch": {"loader": {"size": 5}, "num_iter": 9},
    "without blocking": {"num_iter": 3, "non_blocking_transfer": False},
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_gives_the_same_history(name, capsys):
    (theirs, their_rest), said = run(torch, **CASES[name]), capsys.readouterr().out
    (ours, our_rest), our_words = run(engine, **CASES[name]), capsys.readouterr().out
    assert len(ours.history["lr"]) == len(theirs.history["lr"]) == len(ours.history["loss"])
    np.testing.assert_allclose(ours.history["lr"], theirs.history["lr"], rtol=1e-12)
    np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=2e-4)
    np.testing.assert_allclose(ours.best_loss, theirs.best_loss, rtol=2e-4)
    assert our_rest == their_rest, "the random stream goes on as in the original"
    assert our_words == said
    assert ours.model.training == theirs.model.training == (CASES[name].get("val") is None)


def test_some_case_stops_early_and_some_case_does_not():
    lengths = {name: len(run(engine, **CASES[name])[0].history["lr"]) for name in CASES}
    assert lengths["divergence"] < 100 and lengths["overflow"] < 20 and lengths["validation"] == 12


@pytest.mark.parametrize("make", [None, groups])
def test_reset_restores_model_and_optimizer_again_and_again(make):
    finder = finder_of(engine, make)
    weights = {name: x.array.copy() for name, x in finder.model.state_dict().items()}
    settings = repr(finder.optimizer.state_dict())
    for _ in range(2):
        finder.range_test(loader_of(engine), end_lr=100, num_iter=15)
        changed = finder.model.state_dict()
        assert any(not np.array_equal(changed[name].array, weights[name]) for name in weights)
        with pytest.raises(RuntimeError, match="scheduler"):
            finder.range_test(loader_of(engine))
        finder.reset()
        for name, x in finder.model.state_dict().items():
            np.testing.assert_array_equal(x.array, weights[name])
        assert repr(finder.optimizer.state_dict()) == settings


def test_a_trained_optimizer_gets_its_moments_back():
    finder = finder_of(engine, groups)
    engine.manual_seed(0)
    model, optimizer = finder.model, finder.optimizer
    model(engine.ones(2, 4)).sum().backward()
    optimizer.step()
    finder = LRFinder(model, optimizer, nn.CrossEntropyLoss())
    before = repr(optimizer.state_dict())
    finder.range_test(loader_of(engine), num_iter=5)
    assert repr(optimizer.state_dict()) != before
    finder.reset()
    assert repr(optimizer.state_dict()) == before


def test_reset_works_after_a_failed_test_too():
    finder = finder_of(engine)
    weights = finder.model[0].weight.array.copy()
    calls = []

    def failing(output, target):
        calls.append(1)
        if len(calls) > 2:
            raise ZeroDivisionError
        return nn.CrossEntropyLoss()(output, target)

    finder.criterion = failing
    with pytest.raises(ZeroDivisionError):
        finder.range_test(loader_of(engine))
    assert not np.array_equal(finder.model[0].weight.array, weights)
    finder.reset()
    np.testing.assert_array_equal(finder.model[0].weight.array, weights)


REFUSED = {
    "step_mode": {"step_mode": "cosine"},
    "num_iter": {"num_iter": 1},
    "smooth_f": {"smooth_f": 1},
    "negative smooth_f": {"smooth_f": -0.1},
    "start_lr": {"start_lr": [1.0, 2.0, 3.0]},
    "loader": {"train_loader": [1]},
    "val_loader": {"val_loader": [1]},
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])
def test_invalid_arguments(t, name):
    with pytest.raises(ValueError):
        finder_of(t, groups).range_test(**{"train_loader": loader_of(t), **REFUSED[name]})


def test_a_refused_test_changes_nothing():
    finder = finder_of(engine)
    for named in REFUSED.values():
        with pytest.raises(ValueError):
            finder.range_test(**{"train_loader": loader_of(engine), **named})
    assert "initial_lr" not in finder.optimizer.param_groups[0]
    assert finder.optimizer.param_groups[0]["lr"] == 1e-4
    with pytest.raises(ValueError, match="DataLoader with batches"):
        finder.range_test(engine.utils.data.DataLoader([]))


@pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])
def test_batches_that_are_no_pairs(t):
    samples = [{"x": 1.0, "y": 0}] * 4
    with pytest.raises(ValueError, match="batch"):
        finder_of(t).range_test(t.utils.data.DataLoader(samples))


@pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])
def test_a_scheduler_may_not_be_attached(t):
    layer = t.nn.Linear(1, 1)
    optimizer = t.optim.SGD(layer.parameters(), lr=0.1)
    finder = FINDERS[t](layer, optimizer, t.nn.MSELoss())
    t.optim.lr_scheduler.StepLR(optimizer, 1)
    for call in (
        lambda: FINDERS[t](layer, optimizer, t.nn.MSELoss()),
        lambda: finder.range_test(loader_of(t)),
    ):
        with pytest.raises(RuntimeError, match="already has a scheduler attached"):
            call()


def test_what_is_not_offered_is_named():
    layer = nn.Linear(1, 1)
    parts = layer, optim.SGD(layer.parameters(), lr=0.1), nn.MSELoss()
    for option in ({"memory_cache": False}, {"cache_dir": "x"}, {"amp_backend": "torch"},
                   {"amp_config": {}}, {"grad_scaler": 1}):  # fmt: skip
        with pytest.raises(NotImplementedError, match=next(iter(option))):
            LRFinder(*parts, **option)
    LRFinder(*parts, "cpu", True, cache_dir=None)
    with pytest.raises(RuntimeError, match="cuda"):
        LRFinder(*parts, device="cuda")


def drawing(ax):
    lines = [np.array(line.get_xydata()).tolist() for line in ax.lines]
    dots = [np.array(points.get_offsets()).tolist() for points in ax.collections]
    legend = ax.get_legend()
    words = [text.get_text() for text in legend.get_texts()] if legend else None
    return lines, dots, words, ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"skip_start": 0, "skip_end": 0},
        {"log_lr": False, "show_lr": 0.01},
        {"suggest_lr": False},
        {"skip_start": 100, "suggest_lr": False},
    ],
    ids=str,
)
def test_the_plot_is_the_originals(named, capsys, monkeypatch):
    pyplot = matplotlib.pyplot
    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(1))
    finder, _ = run(engine, num_iter=40, end_lr=1)
    twin = finder_of(torch)
    twin.history = finder.history
    capsys.readouterr()
    theirs, said = twin.plot(**named), capsys.readouterr().out
    ours = finder.plot(**named)
    assert capsys.readouterr().out == said and len(shown) == 2
    if named.get("suggest_lr", True):
        assert ours[1] == theirs[1]
        ours, theirs = ours[0], theirs[0]
    assert drawing(ours) == drawing(theirs)
    own = pyplot.subplots()[1]
    result = finder.plot(ax=own, **named)
    assert (result[0] if isinstance(result, tuple) else result) is own
    assert drawing(own) == drawing(theirs) and len(shown) == 2
    pyplot.close("all")


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ({"skip_start": -1}, ValueError),
        ({"skip_end": -1}, ValueError),
        ({"show_lr": 1}, ValueError),
        ({"skip_start": 19, "skip_end": 20}, RuntimeError),
        ({"skip_start": 50, "skip_end": 0}, RuntimeError),
    ],
)
def test_impossible_plots(named, error):
    finder, _ = run(engine, num_iter=40, end_lr=0.1)
    twin = finder_of(torch)
    twin.history = finder.history
    for each in (finder, twin):
        with pytest.raises(error):
            each.plot(**named)
    assert matplotlib.pyplot.get_fignums() == []


def test_two_points_are_enough_for_a_suggestion():
    finder, _ = run(engine, num_iter=40, end_lr=0.1)
    ax, lr = finder.plot(skip_start=19, skip_end=19, ax=matplotlib.pyplot.subplots()[1])
    matplotlib.pyplot.close("all")
    assert lr in finder.history["lr"][19:21]
