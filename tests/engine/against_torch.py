"""Run the same call on the engine and on PyTorch and compare everything that a user can see.

    check(lambda t, x, y: t.maximum(x, y), (3, 4), (4,))        value, dtype, shape, both gradients
    check(lambda t, x: x.log(), (5,), low=0.1, high=2.0)        where negative numbers are no input
    check(lambda t, x, i: x.gather(1, i), (3, 4), np.array([[0], [2], [1]]))
    check_error(lambda t, x, y: x @ y, (3, 4), (3, 4), match="3x4")
    check_module(lambda nn: nn.Linear(4, 2), (5, 4))

The first argument of the call is the module `engine` or `torch`; a tuple of ints is a shape and
becomes a tensor of random numbers, an array becomes a tensor, anything else is handed on as it is.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

import engine
from engine.autograd import Tensor, constant

for _part in ("nn", "nn.functional"):  # so that `t.nn.functional` can be written in a call
    importlib.import_module(f"engine.{_part}")

TOLERANCE = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-5}
BOTH = (np.float64, np.float32)


def check(
    call: Callable[..., Any],
    *inputs: Any,
    dtypes: Sequence[Any] = BOTH,
    grad: bool = True,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
    tolerance: float | None = None,
    may_raise: bool = False,
) -> Any:
    """Assert that call(engine, ...) and call(torch, ...) agree, in each of dtypes.

    Args: call: call(t, *tensors) returns tensors (nested in tuples, lists or dicts as it likes) and
    plain Python values; all are compared. inputs: see the module; floating point arrays are cast to
    each of dtypes. grad: floating point inputs require a gradient, and all gradients are compared
    for one random ∂L/∂y per result. low, high: shapes are filled uniformly from [low, high) instead
    of with standard normal numbers. tolerance: relative and absolute; 1e-10 in float64 and 1e-5 in
    float32 unless given. may_raise: PyTorch may refuse the call; the engine then raises the same
    type (for generated arguments).

    Returns: what the engine returned for the last dtype, or the error that it raised.
    """
    for dtype in dtypes:
        arrays = _fill(inputs, np.dtype(dtype), low, high, seed)
        if may_raise:
            refusal = _outcome(torch, call, arrays, grad)[1]
            if refusal is not None:
                ours = _same_refusal(refusal, _outcome(engine, call, arrays, grad)[1])
                continue
        theirs, their_tensors = _run(torch, call, arrays, grad)
        ours, our_tensors = _run(engine, call, arrays, grad)
        _compare("value", ours, theirs, tolerance)
        if grad:
            _backward(ours, theirs, seed)
            _compare_gradients(our_tensors, their_tensors, tolerance)
    return ours


def check_error(
    call: Callable[..., Any],
    *inputs: Any,
    match: str | Sequence[str] = (),
    dtypes: Sequence[Any] = (np.float32,),
    grad: bool = True,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
) -> str:
    """Assert that PyTorch raises and that the engine raises the same type of error.

    Args: match: words that the engine's message must contain, such as the shapes that it saw.
    The others are those of `check`.

    Returns: the engine's message.
    """
    for dtype in dtypes:
        arrays = _fill(inputs, np.dtype(dtype), low, high, seed)
        result, refusal = _outcome(torch, call, arrays, grad)
        assert refusal is not None, f"PyTorch raises nothing, it returns {result}"
        message = str(_same_refusal(refusal, _outcome(engine, call, arrays, grad)[1]))
        for word in (match,) if isinstance(match, str) else match:
            assert word in message, f"the message {message!r} does not contain {word!r}"
    return message


def check_module(
    make: Callable[[Any], Any],
    *inputs: Any,
    dtypes: Sequence[Any] = BOTH,
    grad: bool = True,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
    tolerance: float | None = None,
    modes: Sequence[bool] = (True, False),
    call: Callable[..., Any] | None = None,
) -> Any:
    """Assert that make(engine.nn) and make(torch.nn) are the same module.

    The engine's module loads PyTorch's state_dict. Compared are the repr, the names, shapes and
    dtypes of the state, and in train and in eval mode the value, the gradients of all inputs and
    parameters, and the state afterwards (buffers).

    Args: make: builds the module from `nn`. modes: the values of module.train(...) to run.
    call: call(module, *tensors), unless the module is to be called with the inputs.
    The others are those of `check`.

    Returns: the engine's module of the last dtype.
    """
    for dtype in dtypes:
        arrays = _fill(inputs, np.dtype(dtype), low, high, seed)
        torch.manual_seed(seed)
        their_module = make(torch.nn).to(_torch_dtype(np.dtype(dtype)))
        our_module = make(engine.nn).to(getattr(engine, np.dtype(dtype).name))
        assert repr(our_module) == repr(their_module)
        state = {name: constant(a.numpy().copy()) for name, a in their_module.state_dict().items()}
        assert list(our_module.state_dict()) == list(state)
        our_module.load_state_dict(state)
        for training in modes:
            runs = []
            for t, module in ((torch, their_module), (engine, our_module)):
                module.train(training)
                module.zero_grad()
                t.manual_seed(seed)
                run = functools.partial(call or _called, module)
                runs.append(_run(t, lambda _, *x, run=run: run(*x), arrays, grad))
            (theirs, their_tensors), (ours, our_tensors) = runs
            _compare(f"value (training={training})", ours, theirs, tolerance)
            if grad:
                _backward(ours, theirs, seed)
                _compare_gradients(our_tensors, their_tensors, tolerance)
                parameters = dict(their_module.named_parameters())
                assert [name for name, _ in our_module.named_parameters()] == list(parameters)
                for name, ours_p in our_module.named_parameters():
                    _compare(f"gradient of {name}", ours_p.grad, parameters[name].grad, tolerance)
            state = dict(their_module.state_dict())
            _compare("state", dict(our_module.state_dict()), state, tolerance)
    return our_module


def same(call: Callable[..., Any], *arguments: Any) -> Any:
    """Assert that call(t, ...) gives equal plain values on both, or errors with the same text."""
    results = []
    for t in (torch, engine):
        try:
            results.append(call(t, *arguments))
        except Exception as error:
            results.append((type(error), str(error)))
    assert results[1] == results[0]
    return results[1]


def _called(module, *tensors):
    return module(*tensors)


def to_numpy(tensor: Any) -> np.ndarray:
    """The values of an engine or PyTorch tensor."""
    return tensor.array if isinstance(tensor, Tensor) else tensor.detach().numpy()


def _fill(inputs, dtype, low, high, seed):
    rng = np.random.default_rng(seed)
    arrays = []
    for value in inputs:
        if isinstance(value, tuple) and all(isinstance(n, int) for n in value):
            uniform = low is not None or high is not None
            a, b = 0.0 if low is None else low, 1.0 if high is None else high
            value = np.asarray(rng.uniform(a, b, value) if uniform else rng.standard_normal(value))
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f":
            value = np.array(value, dtype=dtype, order="K")
        arrays.append(value)
    return arrays


def _run(t, call, arrays, grad):
    arguments = [_tensor(t, a, grad) if isinstance(a, np.ndarray) else a for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(t, *arguments), arguments


def _outcome(t, call, arrays, grad):
    """(result, None), or (None, the exception)."""
    try:
        return _run(t, call, arrays, grad)[0], None
    except Exception as error:
        return None, error


def _tensor(t, array, grad):
    array = array.copy(order="K")
    tensor = constant(array) if t is engine else torch.from_numpy(array)
    if grad and array.dtype.kind == "f":
        tensor.requires_grad = True
    return tensor


def _torch_dtype(dtype):
    return torch.from_numpy(np.empty(0, dtype)).dtype


def _same_refusal(theirs, ours):
    assert ours is not None, f"PyTorch raises {theirs!r}, the engine raises nothing"
    assert type(ours) is type(theirs), f"PyTorch raises {theirs!r}, the engine {ours!r}"
    return ours


def _compare(what, ours, theirs, tolerance):
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, Tensor), f"{what}: PyTorch returns a tensor, the engine {ours!r}"
        a, b = ours.array, theirs.detach().resolve_conj().numpy()
        assert a.shape == b.shape, f"{what}: shape {a.shape}, PyTorch has {b.shape}"
        assert a.dtype == b.dtype, f"{what}: dtype {a.dtype}, PyTorch has {b.dtype}"
        assert ours.requires_grad == theirs.requires_grad, (
            f"{what}: requires_grad {ours.requires_grad}, PyTorch has {theirs.requires_grad}"
        )
        bound = (tolerance or TOLERANCE[a.dtype]) if a.dtype.kind == "f" else 0
        np.testing.assert_allclose(a, b, rtol=bound, atol=bound, err_msg=f"{what} of {a.dtype}")
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs), f"{what}: keys {list(ours)}, PyTorch {list(theirs)}"
        for key in theirs:
            _compare(f"{what}[{key!r}]", ours[key], theirs[key], tolerance)
    elif isinstance(theirs, tuple | list) and not isinstance(theirs, torch.Size):
        assert len(ours) == len(theirs), f"{what}: {len(ours)} items, PyTorch has {len(theirs)}"
        for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            _compare(f"{what}[{place}]", a, b, tolerance)
    elif isinstance(theirs, float):
        bound = tolerance or TOLERANCE[np.dtype(np.float32)]
        np.testing.assert_allclose(ours, theirs, rtol=bound, atol=bound, err_msg=what)
    elif isinstance(theirs, torch.dtype | torch.device | torch.Size):
        assert repr(ours) == repr(theirs), f"{what}: {ours!r}, PyTorch has {theirs!r}"
    else:
        assert ours == theirs, f"{what}: {ours!r}, PyTorch has {theirs!r}"


def _tensors_of(result):
    if isinstance(result, Tensor | torch.Tensor):
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, tuple | list):
        return [tensor for item in result for tensor in _tensors_of(item)]
    return []


def _backward(ours, theirs, seed):
    """Send the same random ∂L/∂y into both graphs, for each result y that has one."""
    rng = np.random.default_rng(seed + 1)
    for a, b in zip(_tensors_of(ours), _tensors_of(theirs), strict=True):
        if b.requires_grad:
            dy = rng.standard_normal(b.shape).astype(a.array.dtype)
            b.backward(torch.from_numpy(np.asarray(dy).copy()), retain_graph=True)
            a.backward(constant(np.asarray(dy)), retain_graph=True)


def _compare_gradients(ours, theirs, tolerance):
    for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if isinstance(a, Tensor):
            _compare(f"gradient of input {place}", a.grad, b.grad, tolerance)
