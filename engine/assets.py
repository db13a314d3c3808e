"""Where in a run the assets stand that a strategy's parameters name."""

from collections.abc import Sequence

from engine.errors import MissingData


def position_of(symbols: Sequence[str], parameter: str, symbol: str) -> int:
    """Return the column of ``symbol`` among a run's ``symbols``.

    Raises MissingData, naming the parameter and the symbol, where the run has no such asset: no
    other asset stands in for it.
    """
    if symbol not in symbols:
        raise MissingData(
            f"{parameter} named {symbol}, which is not an asset of this run; add it to the symbols"
        )
    return list(symbols).index(symbol)
