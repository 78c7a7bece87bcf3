"""Small data sets for the course, as plain NumPy arrays.

The real ones come with the package, so nothing is downloaded. The generated ones depend on their
arguments and the seed alone: coordinates are rounded to six decimals, because the last bit of a
sine differs between processors.
"""

from engine.datasets.generated import (
    logic_gate,
    make_friedman,
    make_moons,
    make_spiral,
    make_xor,
)
from engine.datasets.real import load_diabetes, load_digits, load_iris, load_sunspots
from engine.datasets.sequences import (
    NEGATION_WORDS,
    make_adding,
    make_negation,
    make_reversal,
    make_sorting,
)
from engine.datasets.splitting import split

__all__ = [
    "NEGATION_WORDS",
    "load_diabetes",
    "load_digits",
    "load_iris",
    "load_sunspots",
    "logic_gate",
    "make_adding",
    "make_friedman",
    "make_moons",
    "make_negation",
    "make_reversal",
    "make_sorting",
    "make_spiral",
    "make_xor",
    "split",
]
