"""MultiheadAttention: several attentions side by side, each in a space of its own."""

import math
from typing import Any

from engine.autograd import Tensor
from engine.creation import zeros
from engine.nn import init
from engine.nn.dropout import dropout as drop
from engine.nn.linear import Linear
from engine.nn.module import Module
from engine.ops.activation import softmax
from engine.ops.arguments import refuse_options
from engine.ops.attention import attend
from engine.ops.linalg import linear

Mask = Tensor | None


class NonDynamicallyQuantizableLinear(Linear):
    """Linear, under the name that PyTorch prints for the output projection."""


class MultiheadAttention(Module):
    """Attention in num_heads spaces at once, each d = embed_dim / num_heads wide.

    head_i = softmax(q_i k_iᵀ / √d + mask) v_i,  y = [head_1 … head_h] W_outᵀ + b_out
    with q, k, v = query W_qᵀ + b_q, key W_kᵀ + b_k, value W_vᵀ + b_v, cut into slices of d
    Source: Vaswani et al., 2017. The weights start as Xavier's uniform numbers, the biases as 0,
    W_out as Linear's.

    Args: embed_dim: width of query and y. dropout: probability to drop an attention weight. bias:
    False leaves all biases out. add_bias_kv, add_zero_attn: only False. kdim, vdim: widths of key
    and value, embed_dim unless given. batch_first: (B, T, …) instead of (T, B, …).
    Raises: ValueError for sizes below 1, AssertionError if num_heads does not divide embed_dim.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
                 add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
                 vdim: int | None = None, batch_first: bool = False, device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        options = {"add_bias_kv": add_bias_kv, "add_zero_attn": add_zero_attn}
        refuse_options(options, dict.fromkeys(options, False))
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"expected sizes above 0, got {embed_dim=} and {num_heads=}")
        if embed_dim % num_heads:
            raise AssertionError(f"{embed_dim=} must be divisible by {num_heads=}")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = (embed_dim if n is None else n for n in (kdim, vdim))
        self.dropout, self.batch_first = dropout, batch_first
        packed = self.kdim == self.vdim == embed_dim
        shapes: dict[str, Any] = {"in_proj_weight": (3 * embed_dim, embed_dim) if packed else None}
        for name, width in {"q": embed_dim, "k": self.kdim, "v": self.vdim}.items():
            shapes[f"{name}_proj_weight"] = None if packed else (embed_dim, width)
        shapes["in_proj_bias"] = 3 * embed_dim if bias else None
        self._new_parameters(device, dtype, **shapes)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        for p in self.parameters():
            if p is not self.out_proj.weight:
                (init.xavier_uniform_ if p.ndim > 1 else init.zeros_)(p)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Mask = None,
                need_weights: bool = True, attn_mask: Mask = None,
                average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """y and the attention weights, None unless need_weights.

        Args: key_padding_mask: (B, S). attn_mask: (L, S) or (B·num_heads, L, S). Of both, True is
        where not to look; numbers are added to the scores. need_weights: return the weights, which
        takes longer. average_attn_weights: their mean over the heads. is_causal: says that
        attn_mask is the causal one. As in PyTorch it is then taken for it unread, unless there is
        a key_padding_mask or need_weights.
        Shapes: query (L, B, embed_dim), key (S, B, kdim), value (S, B, vdim), y as query, or all
        without B, or all with B first if batch_first; weights (B, L, S), or (B, num_heads, L, S).
        A query that may look at no key collects 0, but NaN if need_weights, as in PyTorch.
        Raises: AssertionError or RuntimeError for shapes or dtypes that do not fit.
        """
        batched, batch_first = query.ndim == 3, self.batch_first and query.ndim == 3
        self._require_fit(query, key, value, key_padding_mask, attn_mask)
        if is_causal and attn_mask is None:
            raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        b = query.shape[0 if batch_first else 1] if batched else 1
        stacks = []  # (1 to 3 of q, k, v; B, num_heads, T, head_dim)
        for x in self._projections(query, key, value):
            x = x.transpose(0, 1) if batch_first else x
            parts = x.shape[-1] // self.embed_dim
            x = x.reshape(x.shape[0], b, parts, self.num_heads, self.head_dim)
            stacks.append(x.permute(2, 1, 3, 0, 4))
        mask = self._merged_mask(stacks, key_padding_mask, attn_mask)
        weights = None
        if need_weights:
            q, k, v = (part for stack in stacks for part in stack.unbind())
            scores = q * math.sqrt(1 / self.head_dim) @ k.transpose(-2, -1)
            weights = softmax(scores if mask is None else scores + mask, -1)
            weights = drop(weights, self.dropout, self.training)
            y = weights @ v
            weights = weights.mean(1) if average_attn_weights else weights
            weights = weights if batched else weights.squeeze(0)
        else:
            unread = is_causal and key_padding_mask is None
            dropout_p = self.dropout if self.training else 0.0
            y = attend(stacks, True, None if unread else mask, dropout_p, unread)
        y = linear(y.permute(2, 0, 1, 3).flatten(2), self.out_proj.weight, self.out_proj.bias)
        # With batch_first y lies in memory as in PyTorch, so that a dropout draws the same mask.
        return y.transpose(0, 1) if batch_first else y if batched else y.squeeze(1), weights

    def _projections(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """q, k and v. Inputs that are one tensor share one product: [qkv], or [q, kv]."""
        e, packed = self.embed_dim, self.in_proj_weight is not None
        inputs, widths = [query, key, value], [e, e, e]
        if packed and key is value:
            inputs, widths = ([query], [3 * e]) if query is key else ([query, key], [e, 2 * e])
        weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        weights = self.in_proj_weight.split(widths) if packed else weights
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.split(widths)
        return list(map(linear, inputs, weights, biases))

    def _require_fit(self, query, key, value, padding, mask) -> None:
        q, k, v = query.shape, key.shape, value.shape
        widths = (self.kdim, self.vdim) if self.in_proj_weight is None else (v[-1], k[-1])
        fits = len(q) in (2, 3) and len(q) == len(k) and q[-1] == self.embed_dim
        fits = fits and k[:-1] == v[:-1] and (k[-1], v[-1]) == widths
        if padding is not None:
            keys = k[:-1] if self.batch_first else k[-2::-1]  # (B, S)
            fits = fits and padding.array.dtype.kind in "bf" and padding.shape == keys
        if mask is not None:
            known = mask.ndim == 2 or (mask.ndim == 3 and len(q) == 3)
            known = known or mask.shape == (self.num_heads, q[0], k[0])
            fits = fits and mask.array.dtype.kind in "bf" and known
        if not fits:
            given = [x for x in (query, key, value, padding, mask) if x is not None]
            seen = ", ".join(f"{x.dtype} {[*x.shape]}" for x in given)
            sizes = f"(L, B, {self.embed_dim}), (S, B, {self.kdim}), (S, B, {self.vdim})"
            masks = "perhaps masks (B, S), and (L, S) or (B·num_heads, L, S), bool or floating"
            raise AssertionError(f"expected {sizes}, or B first or none, {masks}; got {seen}")

    def _merged_mask(self, stacks, padding, mask) -> Mask:
        """What both masks add to the scores. RuntimeError if attn_mask does not fit."""
        (_, b, heads, length, _), width = stacks[0].shape, stacks[-1].shape[3]
        full = (b * heads, length, width)
        if mask is not None and mask.shape not in (full, full[1:]):
            raise RuntimeError(f"attn_mask should be {full[1:]} or {full}, but got {mask.shape}")
        merged = None
        for m in (mask, None if padding is None else padding.reshape(b, 1, 1, width)):
            if m is not None:
                m = m.reshape(b, heads, length, width) if m.ndim == 3 else m
                if m.array.dtype.kind == "b":
                    m = zeros(m.shape, dtype=stacks[0].dtype).masked_fill(m, -math.inf)
                merged = m if merged is None else merged + m
        return merged
