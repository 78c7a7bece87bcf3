"""Models for the widgets that show one: as a notebook's cell defines them, and as objects."""

CELL = """
import engine
from engine import nn
from engine.lab.digit_pad import small_cnn

class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(10, 32), nn.Linear(32, 10)
        self.positions = nn.Parameter(engine.randn(12, 32))
        self.layer = nn.TransformerEncoderLayer(32, 1, 64, 0.0, batch_first=True)
    def forward(self, tokens):
        return self.out(self.layer(self.embed(tokens) + self.positions))
"""
GIVEN = {"AttentionExplorer": "Reader()", "DigitPad": "small_cnn()"}


def opened(widget: type):
    """The widget as it opens, on an untrained model if it shows one."""
    names = {widget.__name__: widget}
    exec(CELL, names)
    return eval(f"{widget.__name__}({GIVEN.get(widget.__name__, '')})", names)
