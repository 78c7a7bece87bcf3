"""Hooks: functions that a module calls before or after forward, or when gradients arrive."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant, record, wants_grad

_numbers = itertools.count()


class RemovableHandle:
    """What registering a hook returns: remove() takes the hook away again.

    In a with statement the hook is there until the block ends.
    """

    def __init__(self, hooks: OrderedDict, number: int) -> None:
        self._hooks = hooks
        self.id = number

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add(hooks: OrderedDict, hook: Any, prepend: bool) -> RemovableHandle:
    """Put a hook at the end of the list, or with prepend at its start."""
    handle = RemovableHandle(hooks, next(_numbers))
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def call(module, inputs: tuple, named: dict) -> Any:
    """module(*inputs, **named) with all of its hooks.

    Raises: RuntimeError if a pre-hook with keywords returns something other than a pair.
    """
    for hook, with_kwargs in list(module._forward_pre_hooks.values()):
        result = hook(module, inputs, named) if with_kwargs else hook(module, inputs)
        if result is None:
            continue
        if with_kwargs:
            if not isinstance(result, tuple) or len(result) != 2:
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {result}."
                )
            inputs, named = result
        else:
            inputs = result if isinstance(result, tuple) else (result,)
    watch = _GradientWatch(module) if module._backward_hooks else None
    if watch:
        inputs = watch.enter(inputs)
    output = module.forward(*inputs, **named)
    for hook, with_kwargs in list(module._forward_hooks.values()):
        result = (
            hook(module, inputs, named, output) if with_kwargs else hook(module, inputs, output)
        )
        if result is not None:
            output = result
    return watch.leave(output) if watch else output


class _GradientWatch:
    """Catches the gradients of one call's outputs and inputs, and shows both to the hooks."""

    def __init__(self, module) -> None:
        self.module = module
        self.grad_output: tuple | None = None
        self.number_of_inputs = 0
        self.inputs_have_gradients = False

    def enter(self, inputs: tuple) -> tuple:
        self.number_of_inputs = len(inputs)
        self.inputs_have_gradients = wants_grad(*inputs)
        return _gate(inputs, self._on_input)

    def leave(self, output: Any) -> Any:
        if isinstance(output, Tensor):
            return _gate((output,), self._on_output)[0]
        return _gate(output, self._on_output) if isinstance(output, tuple) else output

    def _on_output(self, gradients: tuple) -> tuple:
        self.grad_output = gradients
        if not self.inputs_have_gradients:
            self._show((None,) * self.number_of_inputs)
        return gradients

    def _on_input(self, gradients: tuple) -> tuple:
        return self._show(gradients)

    def _show(self, grad_input: tuple) -> tuple:
        for hook in list(self.module._backward_hooks.values()):
            result = hook(self.module, grad_input, self.grad_output)
            if result is None:
                continue
            result = result if isinstance(result, tuple) else (result,)
            if len(result) != len(grad_input):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(result)}, but expected {len(grad_input)}"
                )
            grad_input = result
        return grad_input


def _gate(values: Sequence[Any], on_gradients: Callable[[tuple], tuple]) -> tuple:
    """The same values; on the way back on_gradients sees all their gradients at once.

    A node has one output. So the tensors become one vector, whose gradient is complete when the
    walk reaches it, and are cut out of it again.
    """
    places = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v._requires_grad]
    tensors = tuple(values[i] for i in places)
    if not wants_grad(*tensors):
        return tuple(values)
    shapes = [t.array.shape for t in tensors]
    types = [t.array.dtype for t in tensors]
    others = [
        (i, v.array.shape, v.array.dtype)
        for i, v in enumerate(values)
        if isinstance(v, Tensor) and i not in places
    ]
    ends = list(itertools.accumulate(t.array.size for t in tensors))
    slices = [slice(end - t.array.size, end) for t, end in zip(tensors, ends, strict=True)]
    count = len(values)

    def backward(dy):
        shown: list[Tensor | None] = [None] * count
        for place, shape, dtype in others:  # PyTorch shows zeros for tensors without a gradient
            shown[place] = constant(np.zeros(shape, dtype))
        for place, cut, shape, dtype in zip(places, slices, shapes, types, strict=True):
            shown[place] = constant(dy[cut].reshape(shape).astype(dtype))
        kept = on_gradients(tuple(shown))
        return [None if kept[place] is None else kept[place].array for place in places]

    flat = np.concatenate([t.array.reshape(-1) for t in tensors])
    joined = record(flat, tensors, backward, "BackwardHookFunctionBackward")
    result = list(values)
    for place, cut, shape, dtype in zip(places, slices, shapes, types, strict=True):
        result[place] = _cut_out(joined, cut, shape, dtype)
    return tuple(result)


def _cut_out(joined: Tensor, cut: slice, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
    size, kind = joined.array.size, joined.array.dtype

    def backward(dy):
        dx = np.zeros(size, kind)
        dx[cut] = dy.reshape(-1)
        return (dx,)

    part = joined.array[cut].reshape(shape).astype(dtype)
    return record(part, (joined,), backward, "BackwardHookFunctionBackward")
