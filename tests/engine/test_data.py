"""Data sets and loaders: PyTorch's batches from the same seed, its collation, its errors."""

import collections

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.utils import data

LIBS = ((engine, data), (torch, torch.utils.data))
Point = collections.namedtuple("Point", "x y")


def plain(batch):
    """A batch of either library as (type, dtype, values), to compare."""
    if isinstance(batch, engine.Tensor | torch.Tensor):
        return ("tensor", repr(batch.dtype), batch.detach().numpy().tolist())
    if isinstance(batch, dict):
        return (type(batch), {key: plain(value) for key, value in batch.items()})
    if isinstance(batch, list | tuple):
        return (type(batch), [plain(value) for value in batch])
    return (type(batch), batch)


def squares(lib, size):
    class Squares(lib[1].Dataset):
        def __len__(self):
            return size

        def __getitem__(self, i):
            return lib[0].tensor([i, i * i]), i, float(i), f"sample {i}"

    return Squares()


def tensors(lib, size):
    x = lib[0].arange(3 * size).reshape(size, 3)
    return lib[1].TensorDataset(x, x.sum(1))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 20),
    batch_size=st.integers(1, 7),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    own_generator=st.booleans(),
    make=st.sampled_from([squares, tensors]),
    stop=st.integers(0, 8),
)
def test_the_same_seed_gives_the_same_batches_and_leaves_the_same_stream(
    seed, size, batch_size, shuffle, drop_last, own_generator, make, stop
):
    runs = []
    for lib in LIBS:
        lib[0].manual_seed(seed)
        generator = lib[0].Generator().manual_seed(5) if own_generator else None
        loader = lib[1].DataLoader(
            make(lib, size),
            batch_size,
            shuffle,
            drop_last=drop_last and batch_size is not None,
            generator=generator,
        )
        seen = [plain(batch) for _, batch in zip(range(stop), loader, strict=False)]
        seen += [plain(batch) for _ in range(2) for batch in loader]
        rest = [plain(lib[0].rand(3)), plain(lib[0].rand(3, generator=generator))]
        runs.append((seen, rest, len(loader)))
    assert runs[0] == runs[1]


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(0, 30),
    fractions=st.sampled_from(
        [[0.8, 0.2], [0.5, 0.25, 0.25], [0.7, 0.15, 0.15], [1.0], [0.9, 0.1]]
    ),
    own_generator=st.booleans(),
)
@pytest.mark.filterwarnings("ignore:Length of split")
def test_random_split_draws_pytorchs_parts(seed, size, fractions, own_generator):
    lengths = [size // 3, size - size // 3]
    runs = []
    for lib in LIBS:
        lib[0].manual_seed(seed)
        given = {"generator": lib[0].Generator().manual_seed(seed)} if own_generator else {}
        parts = lib[1].random_split(range(size), fractions, **given)
        parts += lib[1].random_split(range(size), lengths, **given)
        runs.append([list(map(int, part.indices)) for part in parts])
    assert runs[0] == runs[1]


SAMPLES = [
    lambda t, i: t.tensor([1.0, i]),
    lambda t, i: t.tensor(i),
    lambda t, i: i,
    lambda t, i: i / 3,
    lambda t, i: i > 1,
    lambda t, i: f"{i}",
    lambda t, i: b"bytes",
    lambda t, i: np.array([i, 2.0]),
    lambda t, i: np.array([i], np.int32),
    lambda t, i: np.float64(i),
    lambda t, i: np.float32(i),
    lambda t, i: np.int64(i),
    lambda t, i: np.bool_(i),
    lambda t, i: (t.tensor([i]), i),
    lambda t, i: [i, (i, 0.5), {"a": i}],
    lambda t, i: {"x": t.tensor([i]), "label": i, "name": "n"},
    lambda t, i: Point(i, t.tensor([0.5])),
    lambda t, i: range(i, i + 2),
    lambda t, i: (),
]


@pytest.mark.parametrize("place", range(len(SAMPLES)))
def test_samples_of_every_kind_are_collated_as_in_pytorch(place):
    runs = []
    for lib in LIBS:
        samples = [SAMPLES[place](lib[0], i) for i in range(5)]
        runs.append([plain(batch) for batch in lib[1].DataLoader(samples, 3)])
        runs[-1].append(plain(lib[1].default_collate(samples)))
    assert runs[0] == runs[1]


def test_the_default_dtype_does_not_change_what_floats_become():
    (batch,) = data.DataLoader([0.1, 0.2], 2)
    assert batch.dtype == engine.float64


def test_collate_fn_makes_the_batches():
    loader = data.DataLoader(range(5), 2, collate_fn=sum)
    assert list(loader) == [1, 5, 4]


def test_whole_rows_are_the_batches_that_single_samples_would_make():
    rows = data.TensorDataset(engine.rand(9, 2, 3), engine.arange(9))
    part = data.Subset(data.Subset(rows, [8, 1, 5, 2, 2]), [4, 0, 1])
    for dataset in (rows, part):
        fast = [plain(b) for b in data.DataLoader(dataset, 4)]
        slow = [plain(b) for b in data.DataLoader([dataset[i] for i in range(len(dataset))], 4)]
        assert fast == slow


def test_batches_do_not_share_the_memory_of_the_data():
    x = engine.zeros(4, 2)
    for (batch,) in data.DataLoader(data.TensorDataset(x), 4):
        batch.fill_(1)
    assert (x.array == 0).all()


def test_gradients_flow_through_batches_into_the_data():
    x = engine.ones(4, 2, requires_grad=True)
    (batch,) = next(iter(data.DataLoader(data.TensorDataset(x), 3)))
    batch.sum().backward()
    np.testing.assert_array_equal(x.grad.array, [[1, 1], [1, 1], [1, 1], [0, 0]])


def test_a_subclass_of_tensor_dataset_keeps_its_own_samples():
    class Shifted(data.TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0] + 100

    (batch,) = data.DataLoader(Shifted(engine.arange(3)), 3)
    assert batch.tolist() == [100, 101, 102]


def test_tensor_dataset_and_subset_answer_as_in_pytorch():
    runs = []
    for lib in LIBS:
        whole = tensors(lib, 6)
        part = lib[1].Subset(whole, [4, 2, 0])
        answers = [whole[1], whole[-1], whole[2:4], whole[[0, 3]], part[1], part[[2, 0]]]
        runs.append(([plain(answer) for answer in answers], len(whole), len(part)))
    assert runs[0] == runs[1]


BAD = [
    (lambda lib: lib[1].Dataset()[0], "__getitem__"),
    (lambda lib: len(lib[1].Dataset()), "len()"),
    (lambda lib: lib[1].TensorDataset(lib[0].ones(2), lib[0].ones(3)), "Size mismatch"),
    (lambda lib: lib[1].random_split(range(5), [2, 2]), "Sum of input lengths"),
    (lambda lib: lib[1].random_split(range(5), [0.5, 0.2]), "Sum of input lengths"),
    (lambda lib: lib[1].random_split(range(5), [1.5, -0.5]), "0"),
    (lambda lib: lib[1].DataLoader(range(5), 0), "batch_size=0"),
    (lambda lib: lib[1].DataLoader(range(5), -2), "batch_size=-2"),
    (lambda lib: lib[1].DataLoader(range(5), 2.5), "batch_size=2.5"),
    (lambda lib: lib[1].DataLoader(range(5), True), "batch_size=True"),
    (lambda lib: lib[1].DataLoader([], 2, shuffle=True), "num_samples=0"),
    (lambda lib: list(lib[1].DataLoader([[1, 2], [1]], 2)), "equal size"),
    (lambda lib: list(lib[1].DataLoader([object()], 1)), "object"),
    (lambda lib: list(lib[1].DataLoader([np.array(["a"])], 1)), "batch must contain"),
    (lambda lib: list(lib[1].DataLoader([lib[0].ones(2), lib[0].ones(3)], 2)), ""),
]


@pytest.mark.parametrize("place", range(len(BAD)))
def test_bad_arguments_raise_pytorchs_error(place):
    call, words = BAD[place]
    kinds = []
    for lib in reversed(LIBS):
        with pytest.raises(Exception) as refused:
            call(lib)
        assert words in str(refused.value)
        kinds.append(refused.type)
    assert kinds[0] is kinds[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("sampler", [1, 0]), ("batch_sampler", [[0], [1]]), ("num_workers", 2)],
        *[("pin_memory", True), ("timeout", 3), ("worker_init_fn", print)],
        *[("multiprocessing_context", "spawn"), ("pin_memory_device", "cuda"), ("in_order", False)],
        *[("prefetch_factor", 2), ("persistent_workers", True), ("num_workers", -1)],
        ("batch_size", None),
    ],
)
def test_what_is_not_offered_is_refused_by_name(name, value):
    with pytest.raises(NotImplementedError, match=name):
        data.DataLoader(range(4), **{name: value})


def test_arguments_at_their_defaults_are_accepted():
    options = {"sampler": None, "num_workers": 0, "pin_memory": False, "timeout": 0}
    loader = data.DataLoader(range(4), 2, None, in_order=True, **options)
    assert len(list(loader)) == len(loader) == 2


def test_an_argument_that_pytorch_does_not_have_is_refused():
    for lib in LIBS:
        with pytest.raises(TypeError, match="batchsize"):
            lib[1].DataLoader(range(4), batchsize=2)
