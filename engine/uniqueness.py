"""How much an overlapping label tells that others do not.

References
----------
López de Prado, M. (2018). Advances in Financial Machine Learning, chapter 4.
"""

import numpy as np

from engine.types import FloatArray, IntArray


def uniqueness(start: IntArray, end: IntArray) -> FloatArray:
    """Return the mean over each label's span of one over the labels that cover a session.

    Parameters
    ----------
    start, end : ndarray of shape (e,)
        First and last session of each label, both included, counted from any origin.

    Returns
    -------
    ndarray of shape (e,)
        Above 0, at most 1.
    """
    if not len(start):
        return np.empty(0)
    first = int(start.min())
    begins, ends = start - first, end - first
    steps = np.zeros(int(ends.max()) + 2)
    np.add.at(steps, begins, 1.0)
    np.add.at(steps, ends + 1, -1.0)
    concurrent = np.cumsum(steps)[:-1]
    # A session nobody covers is in no span.
    shares = 1.0 / np.maximum(concurrent, 1.0)
    summed = np.concatenate([[0.0], np.cumsum(shares)])
    mean: FloatArray = (summed[ends + 1] - summed[begins]) / (ends - begins + 1)
    return mean


def sample_weights(unique: FloatArray, gain: FloatArray) -> FloatArray:
    """Return uniqueness times the absolute log return of each label, of mean 1.

    Ones where no label moved at all.
    """
    raw = unique * np.abs(np.log1p(gain))
    total = raw.sum()
    return raw * (len(raw) / total) if total > 0.0 else np.ones_like(raw)
