#!/usr/bin/env python3
"""Run once what a worker may run, so that its image holds Numba's compiled functions.

Fails when a handler does not import: an image that lacks something is never deployed.
"""

import importlib

import numpy as np
import pandas as pd
import vectorbt as vbt

HANDLERS = ("backtest", "ingest", "migrate", "sweeper")
SESSIONS, ASSETS = 60, 3


def main() -> None:
    for name in HANDLERS:
        importlib.import_module(f"api.lambdas.{name}")
    importlib.import_module("api.cli")
    wave = 1 + 0.01 * np.sin(np.arange(SESSIONS * ASSETS)).reshape(SESSIONS, ASSETS)
    close = pd.DataFrame(np.cumprod(wave, axis=0))
    monthly = np.where(np.arange(SESSIONS)[:, None] % 20 == 0, 1 / ASSETS, np.nan)
    weights = pd.DataFrame(monthly * np.ones((1, ASSETS)))
    of_weights = vbt.Portfolio.from_orders(
        close, weights, size_type="targetpercent", group_by=True, cash_sharing=True, freq="1D"
    )
    rises = close > close.shift(1)
    of_signals = vbt.Portfolio.from_signals(close, rises, ~rises, freq="1D")
    for portfolio in (of_weights, of_signals):
        portfolio.total_return()
        portfolio.sharpe_ratio()
        portfolio.max_drawdown()


if __name__ == "__main__":
    main()
