"""The benchmark sets of on-line portfolio selection, shipped in universal-portfolios."""

import importlib.util
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SETS = ("nyse_o", "nyse_n", "tse", "msci", "djia", "sp500")


def read_levels(name):
    """Return the price levels of a set, (sessions + 1, assets), beginning with ones."""
    (folder,) = importlib.util.find_spec("universal").submodule_search_locations
    levels = np.loadtxt(Path(folder) / "data" / f"{name}.csv", delimiter=",", skiprows=1)
    return np.vstack([np.ones(levels.shape[1]), levels])


def stretches(levels, window):
    """Return the ``window`` rows up to each row that has so many, (s, window, assets)."""
    return sliding_window_view(levels, window, axis=0).transpose(0, 2, 1)


def uniform(levels):
    return np.full(levels.shape[1], 1.0 / levels.shape[1])
