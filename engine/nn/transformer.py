"""The Transformer: stacks of layers that attend and feed forward, an encoder and a decoder."""

import copy
import math
from collections.abc import Callable
from typing import Any

from engine.autograd import Tensor
from engine.creation import full
from engine.nn import functional as F
from engine.nn import init
from engine.nn.attention import Mask, MultiheadAttention
from engine.nn.container import ModuleList
from engine.nn.dropout import Dropout
from engine.nn.linear import Linear
from engine.nn.module import Module
from engine.nn.normalization import LayerNorm


class _Layer(Module):
    _attentions: tuple[str, ...] = ("self_attn",)

    def __init__(self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
                 activation: str | Callable[[Tensor], Tensor] = F.relu,
                 layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False,
                 bias: bool = True, device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        kind: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        for name in self._attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **kind)
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **kind)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **kind)
        self.norm_first = norm_first
        places = range(1, len(self._attentions) + 2)
        for i in places:
            self.add_module(f"norm{i}", LayerNorm(d_model, layer_norm_eps, **kind))
        for i in places:
            self.add_module(f"dropout{i}", Dropout(dropout))
        if activation not in ("relu", "gelu") and isinstance(activation, str):
            raise RuntimeError(f"activation should be relu/gelu, not {activation}")
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def _around(self, i: int, x: Tensor, block: Callable[..., Tensor], *inputs: Any) -> Tensor:
        """The i-th block with the way around it."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        y = x + dropout(block(norm(x) if self.norm_first else x, *inputs))
        return y if self.norm_first else norm(y)

    def _sa_block(self, x, mask, padding, is_causal) -> Tensor:
        return self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)[0]

    def _ff_block(self, x) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network at each place, both with a way around them.

    x ← norm₁(x + dropout(attention(x))),  y = norm₂(x + dropout(W₂ dropout(f(W₁ x + b₁)) + b₂)),
    with norm_first: x ← x + dropout(attention(norm₁(x))), and so on. Source: Vaswani et al., 2017.

    Args: d_model: width of x. nhead: heads. dim_feedforward: width of W₁ x. dropout: its
    probability, everywhere. activation: f, "relu", "gelu" or a function. layer_norm_eps: eps of the
    norms. batch_first: (B, T, d_model) instead of (T, B, d_model). bias: False leaves all out.
    In eval() without gradients PyTorch may take a faster path: there a query that may look at no
    key gives NaN, and a mask is read even if is_causal contradicts it. The engine always computes
    as PyTorch does with gradients.
    Raises: RuntimeError for another activation, else as MultiheadAttention and Dropout do.
    """

    def forward(self, src: Tensor, src_mask: Mask = None, src_key_padding_mask: Mask = None,
                is_causal: bool = False) -> Tensor:  # fmt: skip
        """y in src's shape; the masks are those of MultiheadAttention.forward()."""
        x = self._around(1, src, self._sa_block, src_mask, src_key_padding_mask, is_causal)
        return self._around(2, x, self._ff_block)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's output, feed-forward network.

    Arguments and formulas are those of TransformerEncoderLayer, with a third block between its two.
    """

    _attentions = ("self_attn", "multihead_attn")

    def forward(self, tgt: Tensor, memory: Tensor, tgt_mask: Mask = None, memory_mask: Mask = None,
                tgt_key_padding_mask: Mask = None, memory_key_padding_mask: Mask = None,
                tgt_is_causal: bool = False, memory_is_causal: bool = False) -> Tensor:  # fmt: skip
        """y in tgt's shape; memory is what the encoder said, its masks hide places of it."""
        x = self._around(1, tgt, self._sa_block, tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        about = (memory, memory_mask, memory_key_padding_mask, memory_is_causal)
        x = self._around(2, x, self._mha_block, *about)
        return self._around(3, x, self._ff_block)

    def _mha_block(self, x, memory, mask, padding, is_causal) -> Tensor:
        return self.multihead_attn(x, memory, memory, padding, False, mask, is_causal=is_causal)[0]


class _Stack(Module):
    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(layer) for _ in range(num_layers))
        self.num_layers, self.norm = num_layers, norm

    def _run(self, x: Tensor, *inputs: Any) -> Tensor:
        for layer in self.layers:
            x = layer(x, *inputs)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """num_layers copies of a layer in a row, all with its weights at the start; then norm, if any.

    enable_nested_tensor, mask_check: kept, but without effect, as there are no nested tensors.
    Through them PyTorch gives 0 at places that src_key_padding_mask hides at the end, in eval()
    without gradients; the engine gives what it gives with gradients. A mask of numbers that
    requires a gradient gets one, even if it happens to be causal.
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None,
                 enable_nested_tensor: bool = True, mask_check: bool = True) -> None:  # fmt: skip
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(self, src: Tensor, mask: Mask = None, src_key_padding_mask: Mask = None,
                is_causal: bool | None = None) -> Tensor:  # fmt: skip
        """src through all layers, with the layers' arguments."""
        return self._run(src, mask, src_key_padding_mask, is_causal)


class TransformerDecoder(_Stack):
    """num_layers copies of a layer in a row, with its weights at the start; then norm, if any."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(self, tgt: Tensor, memory: Tensor, tgt_mask: Mask = None, memory_mask: Mask = None,
                tgt_key_padding_mask: Mask = None, memory_key_padding_mask: Mask = None,
                tgt_is_causal: bool | None = None,
                memory_is_causal: bool = False) -> Tensor:  # fmt: skip
        """tgt through all layers, each of which reads memory, with the layers' arguments."""
        masks = tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        return self._run(tgt, memory, *masks, tgt_is_causal, memory_is_causal)


class Transformer(Module):
    """Encoder and decoder: y = decoder(tgt, encoder(src)). Source: Vaswani et al., 2017.

    All weights with two axes start as Xavier's uniform numbers.

    Args: num_encoder_layers, num_decoder_layers: heights of the stacks. custom_encoder,
    custom_decoder: modules to take their places. The others are those of TransformerEncoderLayer.
    Shapes: src (S, B, d_model), tgt and y (T, B, d_model), or all without B, or with B first if
    batch_first.
    Raises: RuntimeError if src and tgt differ in B, or one is not d_model wide.
    """

    def __init__(self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6,
                 num_decoder_layers: int = 6, dim_feedforward: int = 2048, dropout: float = 0.1,
                 activation: str | Callable[[Tensor], Tensor] = F.relu, custom_encoder: Any = None,
                 custom_decoder: Any = None, layer_norm_eps: float = 1e-5,
                 batch_first: bool = False, norm_first: bool = False, bias: bool = True,
                 device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        layer: tuple = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        layer += (batch_first, norm_first, bias, device, dtype)
        norm = LayerNorm(d_model, layer_norm_eps, True, bias, device, dtype)
        if custom_encoder is None:
            encoder_layer = TransformerEncoderLayer(*layer)
            custom_encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm)
        if custom_decoder is None:
            decoder_layer, norm = TransformerDecoderLayer(*layer), copy.deepcopy(norm)
            custom_decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm)
        self.encoder, self.decoder = custom_encoder, custom_decoder
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Mask = None, tgt_mask: Mask = None,
                memory_mask: Mask = None, src_key_padding_mask: Mask = None,
                tgt_key_padding_mask: Mask = None, memory_key_padding_mask: Mask = None,
                src_is_causal: bool | None = None, tgt_is_causal: bool | None = None,
                memory_is_causal: bool = False) -> Tensor:  # fmt: skip
        """y in tgt's shape; the masks are those of MultiheadAttention.forward()."""
        batch = slice(0, 1) if self.batch_first else slice(1, 2)
        alike = src.ndim != 3 or src.shape[batch] == tgt.shape[batch]
        if not alike or not src.shape[-1] == tgt.shape[-1] == self.d_model:
            seen = f"but got {[*src.shape]} and {[*tgt.shape]}"
            raise RuntimeError(f"src and tgt must be {self.d_model} wide and of one B, {seen}")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask,
                              is_causal=src_is_causal)  # fmt: skip
        return self.decoder(tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
                            tgt_key_padding_mask=tgt_key_padding_mask, tgt_is_causal=tgt_is_causal,
                            memory_key_padding_mask=memory_key_padding_mask,
                            memory_is_causal=memory_is_causal)  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A causal mask to be added: 0 on and below the diagonal, -∞ above. Shape (sz, sz)."""
        return full((sz, sz), -math.inf, device=device, dtype=dtype).triu(1)
