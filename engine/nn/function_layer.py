"""Layers that only hand their input to a function, with the options they were made with."""

import inspect
from collections.abc import Callable
from typing import Any

from engine.nn.module import Module


class FunctionLayer(Module):
    """The base of activations and losses, such as

        class LeakyReLU(FunctionLayer, call=F.leaky_relu, options="negative_slope inplace"): ...

    LeakyReLU(0.2)(x) is F.leaky_relu(x, negative_slope=0.2, inplace=False): options names the
    arguments of the layer in their order; the function knows the rest of them. A weight is a
    buffer, any other option an attribute that may be changed later.
    """

    _function: Callable[..., Any]
    _options: tuple[str, ...] = ()
    _signature = inspect.Signature()
    __signature__: inspect.Signature | None

    def __init_subclass__(cls, call: Callable | None = None, options: str = "") -> None:
        cls.__signature__ = None  # help() reads this first: a subclass may have its own __init__
        if call is not None:
            known = inspect.signature(call).parameters
            cls._function, cls._options = staticmethod(call), tuple(options.split())
            cls.__signature__ = cls._signature = inspect.Signature([known[k] for k in cls._options])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__()
        given = self._signature.bind(*args, **named)
        given.apply_defaults()
        for name, value in given.arguments.items():
            keep = self.register_buffer if name.endswith("weight") else self.__setattr__
            keep(name, value)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        place = self.__dict__
        for name in self._options:
            named[name] = place[name]
        return self._function(*inputs, **named)

    def extra_repr(self) -> str:
        options = {name: getattr(self, name) for name in self._options}
        return ", ".join(f"{k}={v!r}" for k, v in options.items() if k != "inplace" or v)
