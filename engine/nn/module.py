"""Module: what layers and models have in common."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant
from engine.creation import zeros
from engine.memory import changes
from engine.nn.hooks import RemovableHandle as Handle
from engine.nn.hooks import call_with_hooks
from engine.nn.parameter import Parameter


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", "missing_keys unexpected_keys")):
    """What load_state_dict returns: the names that were not given, and those that nobody has."""

    def __repr__(self) -> str:
        return super().__repr__() if any(self) else "<All keys matched successfully>"


class Module:
    """The base of every layer and model. Subclasses assign their parts and define forward().

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)

            def forward(self, x):
                return self.fc(x)

    Parameters, buffers and modules are found by assignment. They live in the instance, where
    Python finds them at once, and are listed in _parameters, _buffers and _modules besides.

    Attributes: training: True in train(), False in eval(); Dropout and its like look at it.
    """

    training: bool

    def __init__(self) -> None:
        self.__dict__.update(training=True, _parameters={}, _modules={}, _buffers={}, _hooks={})
        self.__dict__["_transient"] = set()  # the buffers that state_dict() leaves out

    def forward(self, *inputs: Any, **named: Any) -> NoReturn:
        """What the module computes; subclasses define it, users call the module itself."""
        name = type(self).__name__
        raise NotImplementedError(f'Module [{name}] is missing the required "forward" function')

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        if self._hooks:
            return call_with_hooks(self, inputs, named)
        return self.forward(*inputs, **named)

    # Parts: parameters, modules, buffers.

    def __setattr__(self, name: str, value: Any) -> None:
        old = next((kind for kind in _KINDS if name in self.__dict__.get(kind, ())), None)
        # A tensor is a buffer where a buffer stood, anywhere else a plain attribute.
        new = next((k for k in ("_parameters", "_modules") if isinstance(value, _KINDS[k])), old)
        if new is None:
            return object.__setattr__(self, name, value)
        self._put(new, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self._forget(name)

    def _put(self, kind: str, name: str, value: Any) -> None:
        if kind not in self.__dict__:
            raise AttributeError(f"cannot assign {kind[1:]} before Module.__init__() call")
        if value is not None and not isinstance(value, _KINDS[kind]):
            seen, expected = type(value).__name__, _KINDS[kind].__name__
            raise TypeError(f"cannot assign '{seen}' as '{name}': expected a {expected} or None")
        if name not in self.__dict__[kind]:  # of the same kind, it takes the old one's place
            self._forget(name)
        self.__dict__[kind][name] = self.__dict__[name] = value

    def _forget(self, name: str) -> None:
        for kind in _KINDS:
            self.__dict__[kind].pop(name, None)
        self._transient.discard(name)

    def _register(self, kind: str, name: str, value: object) -> None:
        if not name or "." in name:
            raise KeyError(f"a part needs a name that is not empty, without a dot: got '{name}'")
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists")
        self._put(kind, name, value)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; None keeps the place, as bias=False does.

        Raises: TypeError, KeyError or AttributeError for a value or name that cannot be one.
        """
        self._register("_parameters", name, param)

    def _new_parameters(self, device: Any, dtype: Any, **shapes: Any) -> None:
        """Add parameters of these names and shapes, still to be initialized; None as above.

        Raises: RuntimeError unless device is the CPU and no size is negative, TypeError for a wrong
        dtype.
        """
        for name, shape in shapes.items():
            new = None if shape is None else Parameter(zeros(shape, device=device, dtype=dtype))
            self.register_parameter(name, new)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the state but is not trained, such as a running mean.

        persistent=False keeps it out of state_dict().
        """
        self._register("_buffers", name, tensor)
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name that may be computed, such as f"layer{i}"."""
        self._register("_modules", name, module)

    # Looking through the parts. What is shared is listed once, under its first name.

    def named_modules(self, memo: set | None = None, prefix: str = "",
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:  # fmt: skip
        """Pairs (name, module): the module itself under prefix, then all that it contains."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """The module itself and all that it contains."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Pairs (name, module) of the modules that were assigned to this one."""
        return self._named_members("_modules", "", False, True)

    def children(self) -> Iterator[Module]:
        """The modules that were assigned to this one."""
        return (module for _, module in self.named_children())

    def _named_members(self, kind, prefix, recurse, remove_duplicate):
        seen = {None}
        whole = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in whole if recurse else [(prefix, self)]:
            for name, value in module.__dict__[kind].items():
                if value not in seen:
                    if remove_duplicate:
                        seen.add(value)
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Pairs (name, parameter), named as in state_dict(), such as ("fc1.weight", ...)."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, for the optimizer; recurse=False only the module's own."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True,
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:  # fmt: skip
        """Pairs (name, buffer)."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # Acting on all parts.

    def apply(self, fn: Callable[[Module], None]) -> Module:
        """Call fn(module) for every module inside, then for this one, such as to initialize."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Set training for this module and all inside. ValueError unless mode is a bool."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Module:
        """train(False)"""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Set requires_grad of every parameter; False freezes the module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zeros."""
        for parameter in self.parameters():
            if parameter._grad is not None:
                parameter._grad = None if set_to_none else constant(np.zeros_like(parameter.array))

    def to(self, *args: Any, **kwargs: Any) -> Module:
        """Convert floating point parameters and buffers: to(dtype), to(device), to(device, dtype).

        Raises: RuntimeError for a device other than the CPU, TypeError for an integer dtype.
        """

        def convert(array: np.ndarray) -> np.ndarray:
            return constant(array).to(*args, **kwargs).array if array.dtype.kind == "f" else array

        kind = convert(np.zeros(())).dtype
        if kind.kind != "f":
            raise TypeError(f"Module.to only accepts floating point dtypes, but got {kind}")
        for parameter in self.parameters():
            for tensor in (parameter, parameter._grad):  # the objects stay: optimizers hold them
                if tensor is not None:
                    tensor.array = convert(tensor.array)
        for module in self.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._put("_buffers", name, constant(convert(buffer.array)))
        return self

    def float(self) -> Module:
        """Convert to float32."""
        return self.to(dtypes.float32)

    def double(self) -> Module:
        """Convert to float64."""
        return self.to(dtypes.float64)

    # State.

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """Names and values of all parameters and persistent buffers, in the module's own memory.

        keep_vars: the parameters themselves instead of detached tensors.
        """
        found: OrderedDict[str, Tensor] = OrderedDict()
        for name, value in {**self._parameters, **self._buffers}.items():
            if value is not None and name not in self._transient:
                found[prefix + name] = value if keep_vars else constant(value.array)
        for name, module in self._modules.items():
            if module is not None:
                found |= module.state_dict(prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return found

    def load_state_dict(self, state_dict: Mapping, strict: bool = True) -> _IncompatibleKeys:
        """Copy values into parameters and buffers. PyTorch's tensors may be given as they are.

        Args: strict: all names have to match. PyTorch's assign=True is left out.
        Returns: (missing_keys, unexpected_keys).
        Raises: RuntimeError that lists all names and shapes that do not fit; then what fits has
        been copied, as in PyTorch. TypeError if state_dict is no mapping.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        own, errors = self.state_dict(keep_vars=True), []
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        for kind, names in {"Missing": missing, "Unexpected": unexpected}.items():
            if names and strict:
                errors.append(f'{kind} key(s) in state_dict: "' + '", "'.join(names) + '". ')
        for name in [name for name in own if name in state_dict]:
            array, value = own[name].array, getattr(state_dict[name], "array", state_dict[name])
            if not hasattr(value, "__array__"):
                errors.append(f'"{name}": expected a tensor, but received {type(value)}')
            elif value.shape != array.shape:
                seen, expected = dtypes.Size(value.shape), dtypes.Size(array.shape)
                text = f"a param with shape {seen} from checkpoint, the shape in current model is"
                errors.append(f"size mismatch for {name}: copying {text} {expected}.")
            else:
                array[...] = np.asarray(value)
                changes.note(array)
        if errors:
            text = f"Error(s) in loading state_dict for {type(self).__name__}:"
            raise RuntimeError("\n\t".join([text, *errors]))
        return _IncompatibleKeys(missing, unexpected)

    # Hooks, called in the order of their registration: prepend and always_call are left out.

    def register_forward_pre_hook(self, hook: Callable, *, with_kwargs: bool = False) -> Handle:
        """Call hook(module, inputs) before forward; what it returns replaces the inputs.

        with_kwargs: hook(module, inputs, named), and it returns (inputs, named).
        """
        return Handle(self._hooks, "before", hook, with_kwargs)

    def register_forward_hook(self, hook: Callable, *, with_kwargs: bool = False) -> Handle:
        """Call hook(module, inputs, output) after forward; what it returns replaces the output.

        with_kwargs: hook(module, inputs, named, output).
        """
        return Handle(self._hooks, "after", hook, with_kwargs)

    def register_full_backward_hook(self, hook: Callable) -> Handle:
        """Call hook(module, grad_input, grad_output) when the gradients of the inputs are known.

        Both are tuples, with None for what is no tensor or has no gradient. What the hook returns
        replaces grad_input.
        """
        return Handle(self._hooks, "gradient", hook)

    # Printing.

    def extra_repr(self) -> str:
        """What stands in the parentheses when the module is printed; subclasses define it."""
        return ""

    def _child_lines(self) -> list[str]:
        return [f"({name}): {module!r}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra, children = self.extra_repr(), self._child_lines()
        if children or "\n" in extra:
            extra = "\n".join(["", *extra.splitlines(), *children]).replace("\n", "\n  ") + "\n"
        return f"{type(self).__name__}({extra})"


_KINDS: dict[str, type] = {"_parameters": Parameter, "_modules": Module, "_buffers": Tensor}
