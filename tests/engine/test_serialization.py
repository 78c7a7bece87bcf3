"""save and load: what goes in comes out, old files survive, and nothing in a file is executed."""

import io
import json
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import nn, optim
from engine.autograd import Tensor


def there_and_back(obj):
    file = io.BytesIO()
    engine.save(obj, file)
    file.seek(0)
    return engine.load(file)


def assert_same(got, put):
    if isinstance(put, Tensor):
        assert type(got) is Tensor and got.requires_grad == put.requires_grad
        assert got.array.dtype == put.array.dtype and got.array.shape == put.array.shape
        np.testing.assert_array_equal(got.array, put.array)
        assert got.array.flags.writeable and got.grad_fn is None
    elif isinstance(put, dict):
        assert type(got) is dict and list(got) == list(put)
        assert [type(key) for key in got] == [type(key) for key in put]
        for key in put:
            assert_same(got[key], put[key])
    elif isinstance(put, list | tuple):
        assert isinstance(got, list) == isinstance(put, list) and len(got) == len(put)
        for a, b in zip(got, put, strict=True):
            assert_same(a, b)
    else:
        assert type(got) is type(put) and (got == put or got != got)


SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
TENSORS = st.builds(
    lambda shape, dtype: engine.from_numpy(np.arange(np.prod(shape)).reshape(shape).astype(dtype)),
    SHAPES,
    st.sampled_from(["float32", "float64", "int32", "int64", "uint8", "bool"]),
)
VALUES = st.recursive(
    TENSORS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_any_structure_survives(obj):
    assert_same(there_and_back(obj), obj)


@pytest.mark.parametrize(
    "obj",
    [
        engine.tensor(3.0, requires_grad=True),
        engine.zeros(0, 3),
        engine.arange(12).reshape(3, 4).T,
        engine.arange(12)[::2],
        nn.Parameter(engine.ones(2)),
        nn.Parameter(engine.ones(2), requires_grad=False),
        engine.ones(2, requires_grad=True) * 2,
        {"structure": engine.ones(1), "tensor": 1, "tuple": (1,), "dict": {}},
        OrderedDict(a=(1, (2, [3, {"b": None}]))),
        {1: "int", "1": "str", -5: 0.1},
        {"big": 2**80, "text": "ß\n\0", "inf": float("-inf"), "nan": float("nan")},
        (),
        engine.ones(2, 3).shape,
    ],
    ids=repr,
)
def test_chosen_values(obj):
    assert_same(there_and_back(obj), obj)


def model_of(t):
    return t.nn.Sequential(t.nn.Linear(4, 3), t.nn.ReLU(), t.nn.Embedding(3, 2))


def train(model, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        model[1](model[0](engine.ones(2, 4))).sum().backward()
        optimizer.step()


def test_a_model_goes_on_in_another_process_s_place(tmp_path):
    path = tmp_path / "weights.pt"
    model = model_of(engine)
    engine.save(model.state_dict(), path)
    twin = model_of(engine)
    assert twin.load_state_dict(engine.load(path)).missing_keys == []
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


@pytest.mark.parametrize("make", [lambda p: optim.Adam(p, lr=0.1, amsgrad=False),
                                  lambda p: optim.SGD(p, lr=0.1, momentum=0.9)])  # fmt: skip
def test_a_training_goes_on_from_its_checkpoint(tmp_path, make):
    model = model_of(engine)[:2]
    optimizer = make(model.parameters())
    scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
    train(model, optimizer, 3)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state = {name: part.state_dict() for name, part in parts.items()}
    engine.save({**state, "epoch": 3, "losses": [0.5, 0.25]}, tmp_path / "checkpoint.pt")
    train(model, optimizer, 2)

    again = model_of(engine)[:2]
    other = make(again.parameters())
    parts = {"model": again, "optimizer": other}
    parts["scheduler"] = optim.lr_scheduler.StepLR(other, 2)
    checkpoint = engine.load(tmp_path / "checkpoint.pt")
    assert checkpoint["epoch"] == 3 and set(checkpoint["optimizer"]["state"]) == {0, 1}
    for name, part in parts.items():
        part.load_state_dict(checkpoint[name])
    train(again, other, 2)
    for ours, theirs in zip(again.parameters(), model.parameters(), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


def test_weights_go_to_pytorch_and_back(tmp_path):
    ours, theirs = model_of(engine), model_of(torch)
    engine.save(ours.state_dict(), tmp_path / "ours.npz")
    state = engine.load(tmp_path / "ours.npz")
    theirs.load_state_dict({name: torch.from_numpy(x.numpy()) for name, x in state.items()})
    x = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_allclose(
        ours[0](engine.from_numpy(x)).detach().numpy(),
        theirs[0](torch.from_numpy(x)).detach().numpy(),
        rtol=1e-5,
        atol=1e-6,
    )
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    back = model_of(engine)
    back.load_state_dict(torch.load(tmp_path / "theirs.pt"))
    for name, value in back.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), ours.state_dict()[name].numpy())


def test_numpy_reads_the_file_too(tmp_path):
    engine.save({"w": engine.ones(2)}, tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == ["0", "structure"]
        json.loads(archive["structure"].item())


def test_files_and_paths_of_every_kind(tmp_path):
    for path in (tmp_path / "a.pt", str(tmp_path / "without ending")):
        engine.save([1], path)
        with open(path, "rb") as file:
            assert engine.load(file) == engine.load(path) == [1]
            assert not file.closed
        with open(path, "wb") as file:
            engine.save([2], file)
        assert engine.load(path) == [2]
    assert sorted(os.listdir(tmp_path)) == ["a.pt", "without ending"]


def test_a_link_leads_to_the_file_that_is_replaced(tmp_path):
    (tmp_path / "to").mkdir()
    engine.save(1, tmp_path / "to" / "file")
    try:
        (tmp_path / "link").symlink_to(tmp_path / "to" / "file")
    except OSError:  # Windows lets only some users make links
        return
    engine.save(2, tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and engine.load(tmp_path / "to" / "file") == 2


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_an_interrupted_save_leaves_the_old_file_whole(tmp_path, monkeypatch, stop):
    path = tmp_path / "model.pt"
    engine.save(["old"], path)
    write = np.lib.format.write_array

    def interrupted(file, array, *arguments, **named):
        write(file, array[:5], *arguments, **named)
        raise stop

    monkeypatch.setattr(np.lib.format, "write_array", interrupted)
    monkeypatch.setattr("numpy.lib._npyio_impl.format.write_array", interrupted)
    with pytest.raises(stop):
        engine.save(engine.ones(100), path)
    assert os.listdir(tmp_path) == ["model.pt"] and engine.load(path) == ["old"]


def test_what_cannot_be_saved_is_named_and_nothing_is_written(tmp_path):
    layer = nn.Linear(1, 1)
    for obj, words in (
        ({"state": {"opt": len}}, ["obj['state']['opt']: builtin_function_or_method"]),
        ([1, (2, layer)], ["obj[1][1]: Linear"]),
        (layer, ["obj: Linear"]),
        ({"a": {1.5: 1}}, ["obj['a']: dict", "str or int"]),
        ({3: {"x"}}, ["obj[3]: set"]),
        (np.ones(2), ["obj: ndarray"]),
        ({"n": np.int64(3)}, ["obj['n']: int64"]),
        (b"bytes", ["obj: bytes"]),
        (1j, ["obj: complex"]),
    ):
        with pytest.raises(TypeError) as error:
            engine.save(obj, tmp_path / "file")
        assert all(word in str(error.value) for word in words)
    assert os.listdir(tmp_path) == []


class Trap:
    def __reduce__(self):
        return exec, ("raise SystemExit('executed')",)


def archive(path, **entries):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)


def npy(array, allow_pickle=False):
    content = io.BytesIO()
    np.lib.format.write_array(content, np.asarray(array), allow_pickle=allow_pickle)
    return content.getvalue()


def header(shape, dtype="<f4", padding=0):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}" + " " * padding
    return b"\x93NUMPY\x02\x00" + len(text).to_bytes(4, "little") + text.encode()


ONE = npy(json.dumps({"tensor": "0", "requires_grad": False}))
HOSTILE = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("epoch,loss\n1,0.5\n"),
    "pickle": lambda path: path.write_bytes(pickle.dumps({"w": Trap()})),
    "torch": lambda path: torch.save({"w": torch.ones(2)}, path),
    "old torch": lambda path: torch.save([1], path, _use_new_zipfile_serialization=False),
    "an array": lambda path: path.write_bytes(npy(np.ones(3))),
    "pickled array": lambda path: path.write_bytes(npy(np.array([Trap()], object), True)),
    "no structure": lambda path: archive(path, **{"0": npy(np.ones(2))}),
    "no array": lambda path: archive(path, structure=ONE),
    "objects": lambda path: archive(path, structure=ONE, **{"0": npy(np.array([Trap()]), True)}),
    "structure of objects": lambda path: archive(path, structure=npy(np.array([Trap()]), True)),
    "structure of numbers": lambda path: archive(path, structure=npy(np.ones(2))),
    "no JSON": lambda path: archive(path, structure=npy("{nonsense")),
    "unknown node": lambda path: archive(path, structure=npy('{"exec": "1"}')),
    "unhashable key": lambda path: archive(path, structure=npy('{"dict": [[[1], 2]]}')),
    "deep": lambda path: archive(path, structure=npy("[" * 200_000)),
    "huge": lambda path: archive(path, structure=ONE, **{"0": header((2**62,))}),
    "terabytes": lambda path: archive(path, structure=ONE, **{"0": header((2**38,))}),
    "long header": lambda path: archive(path, structure=ONE, **{"0": header((1,), "<f4", 10**6)}),
    "negative": lambda path: archive(path, structure=ONE, **{"0": header((-1,))}),
    "complex": lambda path: archive(path, structure=ONE, **{"0": npy(np.ones(2) * 1j)}),
    "other byte order": lambda path: archive(path, structure=ONE, **{"0": npy(np.ones(2, ">f4"))}),
    "text as tensor": lambda path: archive(path, structure=ONE, **{"0": npy("text")}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_other_files_are_refused_and_not_executed(name, tmp_path):
    HOSTILE[name](tmp_path / "file")
    with pytest.raises(RuntimeError, match="engine.save did not write this file") as error:
        engine.load(tmp_path / "file")
    assert len(str(error.value)) < 2000
    with open(tmp_path / "file", "rb") as file, pytest.raises(RuntimeError, match="engine.save"):
        engine.load(file)


@given(st.data())
def test_a_truncated_or_changed_file_is_refused_or_read_as_data(data):
    file = io.BytesIO()
    engine.save({"w": engine.arange(40), "n": [1, "x"]}, file)
    whole = bytearray(file.getvalue())
    place = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(RuntimeError, match=r"engine\.save"):
        engine.load(io.BytesIO(whole[:place]))
    whole[place] ^= data.draw(st.integers(1, 255))
    try:
        engine.load(io.BytesIO(whole))
    except RuntimeError as error:
        assert "engine.save" in str(error)


def test_a_missing_file_or_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        engine.load(tmp_path / "nothing.pt")
    with pytest.raises(FileNotFoundError):
        engine.save(1, tmp_path / "nowhere" / "file.pt")


def test_what_is_not_offered_is_named(tmp_path):
    path = tmp_path / "file"
    engine.save(1, path, pickle_protocol=2)
    for named in ({}, {"map_location": "cpu"}, {"map_location": engine.device("cpu")}):
        assert engine.load(path, weights_only=True, **named) == 1
    assert engine.load(path, "cpu") == 1
    with pytest.raises(RuntimeError, match="cuda"):
        engine.load(path, map_location="cuda")
    for name in ("weights_only", "mmap", "pickle_module"):
        with pytest.raises(NotImplementedError, match=name):
            engine.load(path, **{name: pickle if name == "pickle_module" else name == "mmap"})
    with pytest.raises(NotImplementedError, match="pickle_module"):
        engine.save(1, path, pickle_module=pickle)
    with pytest.raises(TypeError, match="typo"):
        engine.save(1, path, typo=1)
    assert engine.utils.save is engine.save and engine.utils.load is engine.load
