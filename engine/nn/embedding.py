"""Embedding: a table with one learned vector for each word, pixel or class."""

from typing import Any

from engine.autograd import Tensor, constant
from engine.creation import zeros
from engine.nn import init
from engine.nn.module import Module
from engine.nn.parameter import Parameter
from engine.ops.arguments import refuse_options
from engine.ops.indexing import NORMS, embedding, padding_row


class Embedding(Module):
    """y[…] = weight[x[…]]: each index is replaced by its row of a table.

    At the start the rows are drawn from N(0, 1), as PyTorch draws them. The row padding_idx is
    zero then and gets no gradient, so that it stays zero.

    Args: num_embeddings, embedding_dim: V and D. padding_idx: the index that only fills up, may
    count from the end. options: PyTorch's max_norm, norm_type, scale_grad_by_freq and sparse raise
    NotImplementedError if set.
    Shapes: x (…), int64 or int32; y (…, D); weight (V, D).
    Raises: IndexError for an index outside 0 … V - 1, RuntimeError for one that is no integer,
    AssertionError for a padding_idx outside the table.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *,
                 _weight: Tensor | None = None, _freeze: bool = False, device: Any = None,
                 dtype: Any = None, **options: Any) -> None:  # fmt: skip
        super().__init__()
        refuse_options(options, NORMS)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_row(padding_idx, num_embeddings)
        shape = (num_embeddings, embedding_dim)
        table = zeros(shape, device=device, dtype=dtype) if _weight is None else _weight
        if table.array.shape != shape:
            raise AssertionError(f"Shape of weight: got {table.array.shape}, expected {shape}")
        self.weight = Parameter(table, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True,
                        padding_idx: int | None = None, **options: Any) -> "Embedding":  # fmt: skip
        """A layer around a given table (V, D), which is not trained unless freeze is False.

        Raises: AssertionError unless the table has two axes.
        """
        shape = embeddings.array.shape
        if len(shape) != 2:
            raise AssertionError(f"Embeddings are expected to be 2-dimensional, got shape {shape}")
        return cls(shape[0], shape[1], padding_idx, _weight=embeddings, _freeze=freeze, **options)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(constant(self.weight.array[self.padding_idx]))

    def forward(self, input: Tensor) -> Tensor:
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
