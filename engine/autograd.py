"""Reverse-mode automatic differentiation: the core of Tensor. It knows no operation.

An operation computes its value y from the values x₁ … xₙ of its parents, and calls

    record(y, (x₁, …, xₙ), backward)      with  backward: ∂L/∂y ↦ (∂L/∂x₁, …, ∂L/∂xₙ).

`record` links y to its parents, unless nothing asks for a gradient. `Tensor.backward` walks these
links from the loss to the leaves and multiplies and adds as the chain rule says:

    ∂L/∂x = Σ over all uses y of x:  (∂L/∂y)(∂y/∂x).

`backward` is a function defined inside the operation. It closes over the arrays that it needs (or
tuples of them, or tensors) and over no more: PyTorch calls them saved tensors. `saved_arrays` reads
them off the closure. They are given back after one walk, and refused if they were changed in place.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from engine.memory import Changes, changes, tick

Backward = Callable[[np.ndarray], Sequence[np.ndarray | None]]
_time = attrgetter("time")
_rebased = Changes()  # the recorded in-place changes: they outdate the history of older views


class Node:
    """One recorded operation: what PyTorch shows as ``grad_fn``.

    parents holds for each input what collects its gradient: the Node that made it, the Tensor
    itself if it is a leaf, None if no gradient is wanted. time is the tick of the clock at which
    the node was recorded: parents are always older than their children.
    """

    __slots__ = ("parents", "backward", "time", "shape", "dtype", "retained", "_name")

    def __init__(self, parents: list, backward: Any, array: np.ndarray, name: str) -> None:
        self.parents = parents
        self.backward = backward  # None once the saved arrays are given back
        self.time = tick()
        self.shape, self.dtype = array.shape, array.dtype
        self.retained: Any = None  # a weak reference to the tensor, after retain_grad()
        self._name = name or backward.__qualname__

    def name(self) -> str:
        """PyTorch's name of the operation, such as ``MulBackward0``."""
        operation, inside, _ = self._name.rpartition(".<locals>")  # where backward was defined
        words = operation.rpartition(".")[2].split("_")  # log_softmax, ...
        return "".join(map(str.capitalize, words)) + "Backward0" if inside else self._name

    def __repr__(self) -> str:
        return f"<{self.name()} object>"


class Tensor:
    """An n-dimensional array of numbers that can remember how it was computed.

    Its operators and methods stand in engine/ops; the tables in engine/tensor.py bind them.

    Attributes: array: the NumPy array. requires_grad: whether a gradient is wanted. grad: a Tensor
    ∂L/∂self after backward(), or None. grad_fn: the Node that made it, None for a leaf.
    """

    __slots__ = ("array", "_grad", "_requires_grad", "grad_fn", "__weakref__")
    array: np.ndarray
    grad_fn: Node | None
    __getitem__: Callable[..., Any]
    __array_ufunc__ = None  # NumPy leaves mixed arithmetic to Tensor's operators

    @property
    def requires_grad(self) -> bool:
        """Whether backward() computes a gradient for this tensor."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted and self.array.dtype.kind != "f":
            raise RuntimeError(f"only floating point can require gradients, not {self.array.dtype}")
        if not wanted and self.grad_fn is not None:
            raise RuntimeError("requires_grad can only be unset on leaf variables; use detach()")
        self._requires_grad = bool(wanted)

    @property
    def is_leaf(self) -> bool:
        """True unless the tensor was computed from one that requires a gradient."""
        return self.grad_fn is None

    @property
    def grad(self) -> Tensor | None:
        """∂L/∂self, summed over all backward() calls since it was last None."""
        return self._grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        if gradient is not None and _gradient_of(self, gradient).dtype != self.array.dtype:
            raise RuntimeError(f"grad has type {gradient.array.dtype}, expected {self.array.dtype}")
        self._grad = gradient

    def retain_grad(self) -> None:
        """Keep ``grad`` of this tensor although it is not a leaf."""
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.grad_fn is not None:
            self.grad_fn.retained = weakref.ref(self)

    def backward(self, gradient: Tensor | None = None, retain_graph: bool | None = None,
                 create_graph: bool = False, inputs: object = None) -> None:  # fmt: skip
        """Add ∂self/∂leaf to ``grad`` of every leaf that self was computed from.

        Args: gradient: ∂L/∂self, of self's shape; only a single number may leave it out (it is 1).
        retain_graph: keep what the operations saved, so that backward() can run again.

        Raises: RuntimeError if self has no graph, is not a single number and no gradient is given,
        was walked before, or rests on an array that was since changed in place.
        NotImplementedError for create_graph=True and for inputs.
        """
        if create_graph or inputs is not None:
            raise NotImplementedError(f"backward({create_graph=}, {inputs=}): leave them out")
        if not self._requires_grad:
            raise RuntimeError("the tensor does not require grad and does not have a grad_fn")
        if gradient is None and self.array.size != 1:
            seen = f"shape {self.array.shape}; take its sum() or mean(), or pass gradient="
            raise RuntimeError(f"grad can be implicitly created only for scalar outputs: {seen}")
        start = np.empty_like(self.array)  # not the caller's own: it may become a leaf's grad
        start[...] = 1 if gradient is None else _gradient_of(self, gradient)
        walk(self, start, bool(retain_graph))


def _gradient_of(tensor: Tensor, given: object) -> np.ndarray:
    """The array of a gradient that the user gives for a tensor, in the tensor's shape."""
    if not isinstance(given, Tensor):
        raise TypeError(f"a gradient is expected to be a Tensor or None, not {type(given)}")
    if given.array.shape != tensor.array.shape:
        raise RuntimeError(f"gradient has shape {given.array.shape}, expected {tensor.array.shape}")
    return given.array


def constant(array: np.ndarray) -> Tensor:
    """A leaf tensor around an array (not copied) that asks for no gradient."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array if type(array) is np.ndarray else np.asarray(array)
    tensor._grad = tensor.grad_fn = None
    tensor._requires_grad = False
    return tensor


def record(array: np.ndarray, parents: tuple, backward: Backward, name: str = "") -> Tensor:
    """The tensor of an operation's value, linked to its parents if one of them wants a gradient.

    Args: array: the value. parents: the operation's inputs; what is no Tensor is a constant.
    backward: maps ∂L/∂value to one gradient (or None) per parent, as fresh arrays or views; it may
    leave the summing over broadcast axes to the walk. name: PyTorch's name if it is not the
    function's own.
    """
    tensor = constant(array)
    if _mode.enabled and (links := _links(parents)):
        tensor._requires_grad = True
        tensor.grad_fn = Node(links, backward, tensor.array, name)
    return tensor


class _Mode(threading.local):  # each thread has its own
    enabled = True


_mode = _Mode()


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Within ``with no_grad():`` (or a function decorated ``@no_grad()``) nothing is recorded.

    Values are the same; memory for backward is not kept and results do not require a gradient.
    """
    before, _mode.enabled = _mode.enabled, False
    try:
        yield
    finally:
        _mode.enabled = before


def wants_grad(*inputs: object) -> bool:
    """Whether an operation on these inputs is recorded."""
    return _mode.enabled and any(isinstance(x, Tensor) and x._requires_grad for x in inputs)


def _links(parents: tuple) -> list:
    """What collects the gradient of each parent, or None; an empty list if nothing does."""
    links, wanted = [], False
    for parent in parents:
        link = None
        if isinstance(parent, Tensor) and parent._requires_grad:
            node = parent.grad_fn
            link, wanted = node or parent, True
            if node and node.time < _rebased.latest and _rebased.time_of(parent.array) > node.time:
                seen = "this view shares memory with a tensor changed inplace"
                raise RuntimeError(f"{node.name()}: {seen}")
        links.append(link)
    return links if wanted else []


def gradients_of(root: Tensor, gradient: np.ndarray, retain_graph: bool) -> dict:
    """Carry a gradient from root to the leaves: what arrives at each tensor, fresh or a view.

    A node is recorded after its parents. So "newest first" is an order in which each node comes
    after everything that was computed from it: its gradient is complete when it is reached.
    """
    (start,) = _links((root,))
    gradients = {start: gradient}  # of nodes not yet reached; those of tensors stay to the end
    for node in _newest_first(start):
        dy = gradients.pop(node, None)
        if dy is None:
            continue
        if node.retained is not None and (tensor := node.retained()) is not None:
            gradients[tensor] = dy
        if node.backward is None or node.time < changes.latest:
            _refuse_spent(node)
        for parent, dx in zip(node.parents, node.backward(dy), strict=True):
            if parent is None or dx is None:
                continue
            like = parent if type(parent) is Node else parent.array
            if dx.shape != like.shape:
                dx = unbroadcast(dx, like.shape)
            if dx.dtype is not like.dtype:
                dx = dx.astype(like.dtype, copy=False)
            earlier = gradients.get(parent)
            gradients[parent] = dx if earlier is None else earlier + dx
        if not retain_graph and saves_arrays(node.backward):
            node.backward = None  # what saved nothing can be walked again, as in PyTorch
    return gradients


def walk(root: Tensor, gradient: np.ndarray, retain_graph: bool) -> None:
    """Carry a gradient from root to the leaves, and add what arrives to their grad."""
    given: set[int] = set()
    for tensor, dx in gradients_of(root, gradient, retain_graph).items():
        if tensor._grad is not None:
            dx = tensor._grad.array + dx
        elif dx.base is not None or id(dx) in given:
            dx = dx.copy()  # addition hands one array to both its parents, reshape a view
        given.add(id(dx))
        tensor._grad = constant(dx)


def _newest_first(start) -> list[Node]:
    """All nodes that start was computed from, children before parents."""
    nodes = [start] if type(start) is Node else []
    seen = set(nodes)
    for node in nodes:  # it grows meanwhile: no recursion, graphs may be 100,000 operations deep
        for parent in node.parents:
            if type(parent) is Node and parent not in seen:
                seen.add(parent)
                nodes.append(parent)
    nodes.sort(key=_time, reverse=True)
    return nodes


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a gradient over the axes that broadcasting added or stretched: y = x + 0 backwards.

    A value used n times by broadcasting gets the sum of its n gradients.
    """
    before = (1,) * (gradient.ndim - len(shape)) + shape
    axes = tuple(axis for axis, size in enumerate(before) if size == 1)
    return gradient.sum(axis=axes, keepdims=True).reshape(shape)


def saves_arrays(backward: Backward) -> bool:
    """Whether an operation's backward closes over arrays."""
    for cell in backward.__closure__ or ():
        if type(cell.cell_contents) is np.ndarray:  # a third of the time of saved_arrays
            return True
    return any(True for _ in saved_arrays(backward))


def saved_arrays(backward: Backward) -> Iterator[np.ndarray]:
    """The arrays that an operation's backward closes over."""
    for cell in backward.__closure__ or ():
        contents = cell.cell_contents
        for item in contents if isinstance(contents, (tuple, list)) else (contents,):
            if isinstance(item, np.ndarray):
                yield item
            elif isinstance(item, Tensor):
                yield item.array


def _refuse_spent(node: Node) -> None:
    if node.backward is None:
        seen = f"{node.name()} gave back what it saved; call the first with retain_graph=True"
        raise RuntimeError(f"Trying to backward through the graph a second time: {seen}")
    stale = [a.shape for a in saved_arrays(node.backward) if changes.time_of(a) > node.time]
    if stale:
        raise RuntimeError(f"modified by an inplace operation: {node.name()} saved {stale}")


def check_in_place(tensor: Tensor, *inputs: object) -> bool:
    """Whether an in-place change of tensor must be recorded. RuntimeError where it may not be."""
    if not tensor.array.flags.writeable:  # what expand() returns, say
        seen = "more than one element may refer to a single memory location; clone() the tensor"
        raise RuntimeError(f"unsupported operation: {seen} before an in-place operation")
    if not wants_grad(tensor, *inputs):
        return False
    is_leaf, base = tensor._requires_grad and tensor.grad_fn is None, tensor.array.base
    # A view is as good as a tensor of its own if nobody else holds the memory: 3 are base itself,
    # the view, and getrefcount's argument. What nn.Linear returns for sequences is such a view.
    if is_leaf or (isinstance(base, np.ndarray) and sys.getrefcount(base) > 3):
        seen = "a leaf Variable that requires grad" if is_leaf else "a view of another tensor"
        way_out = "no_grad()" if is_leaf else "x = x + ... instead of x += ..."
        raise RuntimeError(f"{seen} is being used in an in-place operation; use {way_out}")
    return True


def rebase(tensor: Tensor, result: Tensor) -> Tensor:
    """Give tensor the value and the history of result, in tensor's own memory."""
    tensor.array[...] = result.array
    changes.note(tensor.array)
    _rebased.note(tensor.array)
    tensor.grad_fn = result.grad_fn
    tensor._requires_grad = result._requires_grad
    if tensor.grad_fn is not None:
        tensor.grad_fn.time = tick()  # newer than the change that it describes
    return tensor
