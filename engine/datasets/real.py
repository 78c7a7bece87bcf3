"""Measured data: digits, iris flowers, diabetes patients, sunspots (sources in LICENSES.md)."""

from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).parent / "data"


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits as 8x8 images (Alpaydin and Kaynak, 1998).

    Returns: data (1797, 64) float64, grey values 0 to 16, row by row; target (1797,) int64, 0 to 9.
    """
    return _load("digits")


def load_iris() -> tuple[np.ndarray, np.ndarray]:
    """Iris flowers (Fisher, 1936).

    Returns: data (150, 4) float64 in cm: sepal length, sepal width, petal length, petal width;
        target (150,) int64: 0 setosa, 1 versicolor, 2 virginica, 50 of each.
    """
    return _load("iris")


def load_diabetes() -> tuple[np.ndarray, np.ndarray]:
    """Diabetes patients (Efron, Hastie, Johnstone and Tibshirani, 2004).

    Returns: data (442, 10) float64: age, sex, body mass index, blood pressure and six blood
        values, each column with mean 0 and sum of squares 1; target (442,) float64: progression
        of the disease after one year, 25 to 346.
    """
    return _load("diabetes")


def load_sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Yearly sunspot numbers, 1700 to 2008 (National Geophysical Data Center).

    Returns: years (309,) int64; numbers (309,) float64, means of a year, 0 to 190.2.
    """
    numbers, years = _load("sunspots")
    return years, numbers


def _load(name: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(_FOLDER / f"{name}.npz", allow_pickle=False) as stored:
        # The files hold the smallest exact dtype; scikit-learn hands out 64 bits.
        data = stored["data"].astype(np.float64)
        target = stored["target"]
    return data, target.astype(np.float64 if target.dtype.kind == "f" else np.int64)
