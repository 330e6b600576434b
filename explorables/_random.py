"""Random numbers that NumPy and JavaScript draw alike: the reference of `web/core/random.js`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def uniform(count: int, seed: int) -> npt.NDArray[np.float64]:
    """Numbers above 0 and below 1, of shape (count,).

    The hash is Chris Wellons' lowbias32 (https://nullprogram.com/blog/2018/07/31/), of a counter.

    >>> uniform(3, seed=1).round(3).tolist()
    [0.008, 0.622, 0.03]
    """
    n = np.arange(count, dtype=np.uint32) + np.uint32(seed * 2654435769 % 2**32)
    n = (n ^ n >> np.uint32(16)) * np.uint32(2146121005)
    n = (n ^ n >> np.uint32(15)) * np.uint32(2221713035)
    n = n ^ n >> np.uint32(16)
    return (n.astype(np.float64) + 0.5) / 2.0**32
