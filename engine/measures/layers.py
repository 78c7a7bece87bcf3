"""Networks that cross as texts, such as "Conv2d(1, 8, kernel_size=(3, 3))"; no code is run."""

import ast
import math
from typing import Any

import numpy as np

import engine
from engine import nn
from engine.measures.forms import Answer, UnfitAnswerError

_LAYERS = "AdaptiveAvgPool2d AvgPool2d BatchNorm2d Conv2d Flatten GELU Linear MaxPool2d ReLU Tanh"


def network_of(layers: Answer) -> tuple[nn.Sequential, int]:
    """A network of these layers for digits of 8 × 8, and its multiplications for an image.

    Raises: UnfitAnswerError if these are no such layers, or would cost too much.
    """
    if not isinstance(layers, list) or not 0 < len(layers) <= 40:
        raise UnfitAnswerError("return an nn.Sequential of 1 to 40 layers")
    model, work, numbers = nn.Sequential(*map(_layer, layers)), 0, 0
    model.to(engine.float32)
    x = engine.zeros(1, 1, 8, 8, dtype=engine.float32)
    try:
        for layer in model.eval():
            x = layer(x).detach()
            numbers += x.numel()
            if numbers > 20_000:
                raise ValueError("together they give more than 20,000 numbers for a digit")
            if isinstance(layer, nn.Conv2d | nn.Linear):
                work += layer.weight.numel() * math.prod(x.shape[2:])
    except Exception as error:
        text = f"{error or type(error).__name__}".splitlines()[0]
        raise UnfitAnswerError(f"mend the layers: {text[:150]}") from None
    if x.shape != (1, 10):
        seen = (*x.shape[1:],)
        raise UnfitAnswerError(f"end with (B, 10): a digit (1, 8, 8) became {seen}")
    model.train()
    return model, work


def _layer(text: Answer) -> nn.Module:
    """The layer that a text such as "ReLU()" describes; nothing else is run."""
    try:
        call: Any = ast.parse(text[:300], mode="eval").body
        # padding='same' is printed without quotes.
        given = [
            (k, v.id if isinstance(v, ast.Name) else ast.literal_eval(v))
            for k, v in [(None, v) for v in call.args] + [(k.arg, k.value) for k in call.keywords]
        ]
        sizes = [n for _, v in given for n in np.ravel(v) if not isinstance(n, str) and n > 1]
        if call.func.id not in _LAYERS.split() or math.prod(sizes) > 1e6:
            raise ValueError
        return getattr(nn, call.func.id)(
            *(v for k, v in given if k is None), **{k: v for k, v in given if k is not None}
        )
    except Exception:
        form = f"build it from {_LAYERS.replace(' ', ', ')}, none of them huge"
        raise UnfitAnswerError(form) from None
