"""Generated sequences: numbers to add, sentences with a "not", lists to reverse and to sort."""

import numpy as np

_NOUNS = ("film", "plot", "cast", "music", "ending", "humour", "acting", "sound")
_VERBS = ("was", "is", "seems", "felt")
_STRENGTHS = ("really", "very", "quite", "so")
_LINKS = ("and", "but", "while", "yet")
NEGATION_WORDS = ("the", "not", "good", "bad", *_NOUNS, *_VERBS, *_STRENGTHS, *_LINKS)
_NUMBER = {word: number for number, word in enumerate(NEGATION_WORDS)}


def make_adding(n: int, steps: int = 50, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The adding problem (Hochreiter and Schmidhuber, 1997): add the two marked numbers.

    Column 0 holds numbers, uniform in [0, 1). Column 1 marks two of them with a 1, one in the
    first half of the steps and one in the second. Whoever always answers 1 has a mean squared
    error of 1/6.

    Returns: x (n, steps, 2) float64; y (n,) float64, the sum of the marked numbers.
    Raises: ValueError for fewer than 1 sequence or 2 steps.
    """
    _at_least("make_adding", n=(n, 1), steps=(steps, 2))
    rng = np.random.default_rng(seed)
    numbers, marks = np.round(rng.random((n, steps)), 6), np.zeros((n, steps))
    for low, high in ((0, steps // 2), (steps // 2, steps)):
        marks[np.arange(n), rng.integers(low, high, n)] = 1
    return np.stack([numbers, marks], axis=2), np.round((numbers * marks).sum(axis=1), 6)


def make_negation(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sentences in twins of the same words, of which one is positive and one negative.

    "the plot was not good and the cast felt really bad" is negative (0), "the plot was really good
    and the cast felt not bad" is positive (1): a sentence is what "not" does not take back.

    Returns: words (n, 11) int64, numbers of NEGATION_WORDS; y (n,) int64, 0, 1, 0, 1, ... Rows
        2k and 2k + 1 are twins.
    Raises: ValueError if n is odd or below 2.
    """
    _at_least("make_negation", n=(n, 2))
    if n % 2:
        raise ValueError(f"make_negation: twins need an even n, got {n}")
    rng, sentences = np.random.default_rng(seed), []
    for _ in range(n // 2):
        nouns, verbs = rng.permutation(_NOUNS), rng.choice(_VERBS, 2)
        strength, link = rng.choice(_STRENGTHS), rng.choice(_LINKS)
        feelings = ("good", "bad") if rng.integers(2) else ("bad", "good")
        for taken_back in ("good", "bad"):
            halves = [
                f"the {noun} {verb} {'not' if feeling == taken_back else strength} {feeling}"
                for noun, verb, feeling in zip(nouns, verbs, feelings, strict=False)
            ]
            sentences.append(f" {link} ".join(halves).split())
    words = [[_NUMBER[word] for word in sentence] for sentence in sentences]
    return np.array(words, dtype=np.int64), np.arange(n, dtype=np.int64) % 2


def make_reversal(
    n: int = 1000, length: int = 12, symbols: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences, and the same ones read from the end.

    Args: length: of each sequence. symbols: how many there are, numbered from 0.
    Returns: x (n, length) int64, uniform in 0 ... symbols - 1; y (n, length) int64.
    """
    x = _random_lists("make_reversal", n, length, symbols, seed)
    return x, x[:, ::-1].copy()


def make_sorting(
    n: int = 1000, length: int = 12, symbols: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences, and the same ones in rising order.

    Args and Returns: those of `make_reversal`; x is the same for the same arguments.
    """
    x = _random_lists("make_sorting", n, length, symbols, seed)
    return x, np.sort(x, axis=1)


def _random_lists(function: str, n: int, length: int, symbols: int, seed: int) -> np.ndarray:
    _at_least(function, n=(n, 1), length=(length, 1), symbols=(symbols, 1))
    return np.random.default_rng(seed).integers(0, symbols, (n, length))


def _at_least(function: str, **limits: tuple[int, int]) -> None:
    for name, (value, least) in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{function}: {name} must be a whole number, got {value!r}")
        if value < least:
            raise ValueError(f"{function}: {name} must be at least {least}, got {value}")
