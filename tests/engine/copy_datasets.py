"""Write engine/datasets/data/*.npz: python tests/engine/copy_datasets.py [sunspots.csv]

From scikit-learn, and from statsmodels/datasets/sunspots/sunspots.csv of an unpacked statsmodels.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn import datasets

FOLDER = Path(__file__).parents[2] / "engine" / "datasets" / "data"


def smallest_exact(values: np.ndarray) -> np.ndarray:
    small = values.astype(np.uint16 if values.max() > 255 else np.uint8)
    return small if np.array_equal(small, values) else values


if __name__ == "__main__":
    for name in ("digits", "iris", "diabetes"):
        data, target = getattr(datasets, f"load_{name}")(return_X_y=True)
        # A float target (diabetes) stays float, so that its dtype can be told from the file.
        target = smallest_exact(target) if target.dtype.kind == "i" else target.astype(np.float32)
        np.savez_compressed(FOLDER / f"{name}.npz", data=smallest_exact(data), target=target)
    for path in sys.argv[1:]:
        years, numbers = np.loadtxt(path, delimiter=",", skiprows=1).T
        np.savez_compressed(FOLDER / "sunspots.npz", data=numbers, target=years.astype(np.uint16))
