"""Attention: each query collects the values whose keys resemble it."""

import math
from collections.abc import Sequence
from itertools import islice

import numpy as np

from engine.autograd import Tensor, record
from engine.ops.arguments import refuse_options, require_tensor
from engine.ops.linalg import ones_vector
from engine.random import default_generator


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor,
                                 attn_mask: Tensor | None = None, dropout_p: float = 0.0,
                                 is_causal: bool = False, *, scale: float | None = None,
                                 enable_gqa: bool = False) -> Tensor:  # fmt: skip
    """y = p v,  p = softmax(s q kᵀ + mask) of each row,  s = 1/√E   (one record)

    dv = pᵀ dy,  dz = p (dp - Σ p dp) with dp = dy vᵀ,  dq = s dz k,  dk = s dzᵀ q,  dmask = dz
    Source: Vaswani et al., 2017.

    Args: attn_mask: True where a query may look at a key, or numbers to be added. dropout_p: the
    probability with which elements of p are set to 0, whatever the mode. is_causal: query i looks
    at the keys 0 … i; attn_mask is None then. scale: s. enable_gqa: only False.
    Shapes: query (…, L, E), key (…, S, E), value (…, S, V), attn_mask broadcasts to (…, L, S);
    y (…, L, V). A query that may look at no key gets 0.
    Raises: RuntimeError for shapes, dtypes or a dropout_p that do not fit, and for two masks;
    NotImplementedError for enable_gqa=True.
    """
    refuse_options({"enable_gqa": enable_gqa}, {"enable_gqa": False})
    for name, x in {"query": query, "key": key, "value": value}.items():
        require_tensor("scaled_dot_product_attention", name, x)
    return attend((query, key, value), False, attn_mask, dropout_p, is_causal, scale)


def attend(inputs: Sequence[Tensor], stacked: bool, mask: Tensor | None, dropout_p: float,
           is_causal: bool, scale: float | None = None) -> Tensor:  # fmt: skip
    """The same for q, k, v, or if stacked for [qkv], [q, kv] or [q, k, v] along a first axis.

    The gradients of stacks are stacked too, in their memory layout.
    """
    stacks = [x.array if stacked else x.array[None] for x in inputs]
    q, k, v = parts = [part for stack in stacks for part in stack]
    try:
        _require_fit(parts, mask, dropout_p, is_causal)
        scale = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
        # In order in memory: products take half the time, which more than pays for the copies.
        q, k, v = np.multiply(q, scale, order="C"), np.ascontiguousarray(k), np.ascontiguousarray(v)
        scores = _times_transposed(q, k)
        if mask is not None or is_causal:
            m = np.tri(*scores.shape[-2:], dtype=np.bool_) if mask is None else mask.array
            scores += m if m.dtype.kind == "f" else np.where(m, scores.dtype.type(0), -np.inf)
        p = _softmax_of_rows(scores)
        factors = default_generator.drop_factors(p, dropout_p) if dropout_p > 0 else None
        dropped = p if factors is None else p * factors
        y = dropped @ v
    except ValueError:
        given = parts if mask is None else [*parts, mask.array]
        seen = ", ".join(f"{a.dtype} {list(a.shape)}" for a in given)
        wanted = "query (…, L, E), key (…, S, E), value (…, S, V) of one floating point dtype, "
        wanted += "attn_mask (…, L, S) of it or bool, and None if is_causal; 0 ≤ dropout_p ≤ 1"
        seen += f", {is_causal=}, {dropout_p=}"
        raise RuntimeError(f"attention expected {wanted}, but got {seen}") from None

    def backward(dy):
        dy = np.ascontiguousarray(dy)
        dz = _times_transposed(dy, v)
        if factors is not None:
            dz *= factors
        dz -= _row_sums(dy * y)  # Σ p dp = Σ y dy
        dz *= p
        dq, dk, dv = dz @ k * scale, dz.swapaxes(-1, -2) @ q, dropped.swapaxes(-1, -2) @ dy
        if not stacked:
            return dq, dk, dv, dz
        rest = iter((dq, dk, dv))
        return *(np.stack([*islice(rest, len(s))], out=np.empty_like(s)) for s in stacks), dz

    return record(y, (*inputs, mask), backward, "ScaledDotProductFlashAttentionForCpuBackward0")


def _require_fit(parts, mask, dropout_p, is_causal) -> None:
    kinds = {a.dtype for a in parts}
    fits = len(kinds) == 1 and parts[0].dtype.kind == "f" and min(a.ndim for a in parts) > 1
    if mask is not None:
        fits = fits and not is_causal and mask.array.dtype in (np.bool_, np.float32, *kinds)
    if not fits or not 0 <= dropout_p <= 1:
        raise ValueError


def _softmax_of_rows(z: np.ndarray) -> np.ndarray:
    """eᶻ / Σ eᶻ. A row of -∞ alone, where all is masked, becomes 0."""
    p = np.exp(z)
    total = _row_sums(p)
    # The rows' maxima are only subtracted where the sums show a need: this halves the time.
    if not (total.min(initial=1) > 1e-6 and total.max(initial=1) < 1e30):
        highest = z.max(-1, keepdims=True, initial=-np.inf)
        p = np.exp(z - np.where(highest == -np.inf, 0, highest))
        total = _row_sums(p)
    p /= total + (total == 0)
    return p


def _times_transposed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a bᵀ for batches of matrices, by a copy: half the time of a product with the view."""
    return a @ np.ascontiguousarray(b.swapaxes(-1, -2))


def _row_sums(a: np.ndarray) -> np.ndarray:
    """The sums along the last axis, which stays. A sixth of the time of sum(-1)."""
    return (a @ ones_vector(a.shape[-1], a.dtype))[..., None]
