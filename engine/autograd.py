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

import weakref
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.grad_mode import mode
from engine.memory import Changes, changes, tick

Backward = Callable[[np.ndarray], Sequence[np.ndarray | None]]


_rebased = Changes()  # the recorded in-place changes: they outdate the history of older views


class Node:
    """One recorded operation: what PyTorch shows as ``grad_fn``.

    parents holds for each input what collects its gradient: the Node that made it, the Tensor
    itself if it is a leaf, None if no gradient is wanted. time is the tick of the clock at which
    the node was recorded: parents are always older than their children.
    """

    __slots__ = ("parents", "backward", "time", "shape", "dtype", "retained", "_name")

    def __init__(
        self, parents: list, backward: Backward, array: np.ndarray, name: str | None
    ) -> None:
        self.parents = parents
        self.backward: Any = backward  # None once the saved arrays are given back
        self.time = tick()
        self.shape = array.shape
        self.dtype = array.dtype
        self.retained: Any = None  # a weak reference to the tensor, after retain_grad()
        self._name = name  # PyTorch's name, or where backward was defined

    def name(self) -> str:
        """PyTorch's name of the operation, such as ``MulBackward0``."""
        name = self._name or self.backward.__qualname__
        if ".<locals>" not in name:
            return name
        operation = name.rpartition(".<locals>")[0].rpartition(".")[2]  # log_softmax, ...
        return "".join(word.capitalize() for word in operation.split("_")) + "Backward0"

    @property
    def next_functions(self) -> tuple:
        """The parents that take part, as PyTorch lists them: pairs (node or leaf, 0)."""
        return tuple((parent, 0) for parent in self.parents)

    def free(self) -> None:
        """Give back what was saved. What saved nothing can be walked again, as in PyTorch."""
        if saves_arrays(self.backward):
            self._name = self._name or self.backward.__qualname__  # it names errors to come
            self.backward = None

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
    __array_ufunc__ = None  # NumPy leaves mixed arithmetic to Tensor's operators

    if TYPE_CHECKING:  # engine.tensor binds the operators and methods

        def __getattr__(self, name: str) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __getattr__
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __getattr__
        __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __getattr__

    @property
    def requires_grad(self) -> bool:
        """Whether backward() computes a gradient for this tensor."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted and self.array.dtype.kind != "f":
            raise RuntimeError(
                "only Tensors of floating point dtype can require gradients, "
                f"but this one is {self.array.dtype}"
            )
        if not wanted and self.grad_fn is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
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
        if gradient is not None:
            if not isinstance(gradient, Tensor):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None "
                    f"but got grad of type '{type(gradient).__name__}'"
                )
            if gradient.array.shape != self.array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: {gradient.array.shape}, "
                    f"expected {self.array.shape}"
                )
            if gradient.array.dtype != self.array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: {gradient.array.dtype}, "
                    f"expected {self.array.dtype}"
                )
        self._grad = gradient

    def retain_grad(self) -> None:
        """Keep ``grad`` of this tensor although it is not a leaf."""
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.grad_fn is not None:
            self.grad_fn.retained = weakref.ref(self)

    def backward(
        self, gradient: Tensor | None = None, retain_graph: bool | None = None,
        create_graph: bool = False, inputs: object = None,
    ) -> None:  # fmt: skip
        """Add ∂self/∂leaf to ``grad`` of every leaf that self was computed from.

        Args: gradient: ∂L/∂self, of self's shape; only a single number may leave it out (it is 1).
        retain_graph: keep what the operations saved, so that backward() can run again.

        Raises: RuntimeError if self has no graph, is not a single number and no gradient is given,
        was walked before, or rests on an array that was since changed in place.
        NotImplementedError for create_graph=True and for inputs.
        """
        if create_graph:
            raise NotImplementedError("create_graph=True: derivatives of derivatives are left out")
        if inputs is not None:
            raise NotImplementedError("inputs: backward() fills the grad of every leaf")
        if not self._requires_grad:
            raise RuntimeError(
                "element 0 of tensors does not require grad and does not have a grad_fn"
            )
        walk(self, _root_gradient(self.array, gradient), bool(retain_graph))


def constant(array: np.ndarray) -> Tensor:
    """A leaf tensor around an array (not copied) that asks for no gradient."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array if type(array) is np.ndarray else np.asarray(array)
    tensor._grad = None
    tensor._requires_grad = False
    tensor.grad_fn = None
    return tensor


def record(
    array: np.ndarray, parents: tuple[object, ...], backward: Backward, name: str | None = None
) -> Tensor:
    """The tensor of an operation's value, linked to its parents if one of them wants a gradient.

    Args: array: the value. parents: the operation's inputs; what is no Tensor is a constant.
    backward: maps ∂L/∂value to one gradient (or None) per parent, as fresh arrays or views; it may
    leave the summing over broadcast axes to the walk. name: PyTorch's name if it is not the
    function's own.
    """
    tensor = constant(array)
    if mode.enabled:
        for parent in parents:  # wants_grad() without the call
            if isinstance(parent, Tensor) and parent._requires_grad:
                links = [_link(p) for p in parents]
                tensor._requires_grad = True
                tensor.grad_fn = Node(links, backward, tensor.array, name)
                break
    return tensor


def wants_grad(*inputs: object) -> bool:
    """Whether an operation on these inputs is recorded."""
    return mode.enabled and any(isinstance(x, Tensor) and x._requires_grad for x in inputs)


def _link(parent):
    if not isinstance(parent, Tensor) or not parent._requires_grad:
        return None
    node = parent.grad_fn
    if node is None:
        return parent
    if node.time < _rebased.latest and _rebased.time_of(parent.array) > node.time:
        raise RuntimeError(
            f"the output of {node.name()} shares memory with a tensor that was modified by an "
            "inplace operation; take the view again after the change, or work on a clone()"
        )
    return node


def walk(root: Tensor, gradient: np.ndarray, retain_graph: bool) -> None:
    """Carry a gradient from root to the leaves.

    A node is recorded after its parents. So "newest first" is an order in which each node comes
    after everything that was computed from it: its gradient is complete when it is reached.
    """
    start = _link(root)
    gradients = {start: gradient}  # of nodes not yet reached; leaves are never taken out
    for node in _newest_first(start):
        dy = gradients.pop(node, None)
        if dy is None:
            continue
        if node.retained is not None:
            _retain(node, dy)
        if node.backward is None or node.time < changes.latest:
            _refuse_spent(node)
        for parent, dx in zip(node.parents, node.backward(dy), strict=True):
            if parent is None or dx is None:
                continue
            like = parent if type(parent) is Node else parent.array
            if dx.shape != like.shape or dx.dtype is not like.dtype:
                dx = _fit(dx, like)
            earlier = gradients.get(parent)
            gradients[parent] = dx if earlier is None else earlier + dx
        if not retain_graph:
            node.free()
    given: set[int] = set()
    for leaf, dx in gradients.items():
        # Addition hands one array to both its parents, reshape a view: a leaf gets its own memory.
        if dx.base is not None or id(dx) in given:
            dx = dx.copy()
        given.add(id(dx))
        _accumulate(leaf, dx)


def _fit(gradient: np.ndarray, like: Node | np.ndarray) -> np.ndarray:
    """The gradient in the shape and number type of what it belongs to."""
    if gradient.shape != like.shape:
        gradient = unbroadcast(gradient, like.shape)
    return gradient.astype(like.dtype, copy=False)


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a gradient over the axes that broadcasting added or stretched: y = x + 0 backwards.

    A value used n times by broadcasting gets the sum of its n gradients.
    """
    gradient = np.asarray(gradient)
    added = gradient.ndim - len(shape)
    axes = tuple(range(added)) + tuple(
        axis
        for axis, size in enumerate(shape, start=added)
        if size == 1 and gradient.shape[axis] != 1
    )
    return gradient.sum(axis=axes, keepdims=True).reshape(shape)


def _root_gradient(array: np.ndarray, gradient: Tensor | None) -> np.ndarray:
    if gradient is None:
        if array.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs, but this tensor has "
                f"shape {array.shape}; take its sum() or mean(), or pass gradient="
            )
        return np.ones_like(array)
    if not isinstance(gradient, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient)}")
    if gradient.array.shape != array.shape:
        raise RuntimeError(
            f"Mismatch in shape: gradient has a shape of {gradient.array.shape} "
            f"and the output has a shape of {array.shape}."
        )
    return gradient.array.astype(array.dtype)  # a copy: the caller's tensor stays the caller's


def _newest_first(start) -> list[Node]:
    """All nodes that start was computed from, children before parents."""
    nodes = [start] if type(start) is Node else []
    seen = set(nodes)
    for node in nodes:  # it grows meanwhile: no recursion, graphs may be 100,000 operations deep
        for parent in node.parents:
            if type(parent) is Node and parent not in seen:
                seen.add(parent)
                nodes.append(parent)
    nodes.sort(key=attrgetter("time"), reverse=True)
    return nodes


def _retain(node: Node, gradient: np.ndarray) -> None:
    tensor = node.retained()
    if tensor is not None:
        _accumulate(tensor, gradient.copy())


def _accumulate(tensor: Tensor, gradient: np.ndarray) -> None:
    if tensor._grad is not None:
        gradient = tensor._grad.array + gradient
    tensor._grad = constant(gradient)


def saves_arrays(backward: Backward) -> bool:
    """Whether an operation's backward closes over arrays."""
    for cell in backward.__closure__ or ():
        if type(cell.cell_contents) is np.ndarray:  # a third of the time of saved_arrays
            return True
    return any(True for _ in saved_arrays(backward))


def saved_arrays(backward: Backward) -> Iterator[np.ndarray]:
    """The arrays that an operation's backward closes over."""
    for cell in backward.__closure__ or () if backward is not None else ():
        contents = cell.cell_contents
        if isinstance(contents, np.ndarray):
            yield contents
        elif isinstance(contents, Tensor):
            yield contents.array
        elif isinstance(contents, (tuple, list)):
            yield from (item for item in contents if isinstance(item, np.ndarray))


def _refuse_spent(node: Node) -> None:
    if node.backward is None:
        raise RuntimeError(
            f"Trying to backward through the graph a second time: {node.name()} has given back "
            "what it saved. Call the first backward() with retain_graph=True if you need a second."
        )
    for array in saved_arrays(node.backward):
        if changes.time_of(array) > node.time:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: {node.name()} saved an array of shape {array.shape} that "
                "was changed afterwards"
            )


def check_in_place(tensor: Tensor, *inputs: object) -> bool:
    """Whether an in-place change of tensor must be recorded. RuntimeError where it may not be."""
    if not wants_grad(tensor, *inputs):
        return False
    if tensor._requires_grad and tensor.grad_fn is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation; "
            "change it under no_grad(), or write x = x + ... instead of x += ..."
        )
    if isinstance(tensor.array.base, np.ndarray):
        raise RuntimeError(
            "a view of another tensor is being used in an in-place operation that would have to "
            "be recorded; the engine refuses this, use the operation that returns a new tensor"
        )
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
