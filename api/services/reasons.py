"""Why a row, an action or a whole file of a feed was refused, or is doubted."""

from enum import StrEnum

# Shares of one session that fit no integer were never traded.
LARGEST_VOLUME = float(2**63)


class Reason(StrEnum):
    """The codes of quarantine and reports. Of a row's reasons the first gate's is kept."""

    # Of a file: none of its rows is taken.
    SCHEMA = "SCHEMA"
    DIALECT = "DIALECT"
    TRUNCATED = "TRUNCATED"
    CHECKSUM = "CHECKSUM"
    EMPTY_FILE = "EMPTY_FILE"
    UNSORTED = "UNSORTED"
    NAIVE_TIME = "NAIVE_TIME"
    TIME_UNIT = "TIME_UNIT"
    # Of a row whose text says nothing usable.
    BAD_SYMBOL = "BAD_SYMBOL"
    NONEXISTENT_TIME = "NONEXISTENT_TIME"
    AMBIGUOUS_TIME = "AMBIGUOUS_TIME"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    # Of a bar by its day.
    DUPLICATE_CONFLICT = "DUPLICATE_CONFLICT"
    DUPLICATE_SAME = "DUPLICATE_SAME"
    FUTURE_BAR = "FUTURE_BAR"
    NOT_A_TRADING_DAY = "NOT_A_TRADING_DAY"
    AFTER_CLOSE = "AFTER_CLOSE"
    BEFORE_LISTING = "BEFORE_LISTING"
    AFTER_DELISTING = "AFTER_DELISTING"
    # Of a bar by its values.
    NULL_FIELD = "NULL_FIELD"
    BAD_PRICE = "BAD_PRICE"
    BAD_VOLUME = "BAD_VOLUME"
    OHLC_ORDER = "OHLC_ORDER"
    # Of a bar beside its neighbours.
    UNIT_FLIP = "UNIT_FLIP"
    DECIMAL_SHIFT = "DECIMAL_SHIFT"
    SPIKE = "SPIKE"
    STALE = "STALE"
    NO_TRADING = "NO_TRADING"
    # Of a split, a dividend or a rate.
    SPLIT_MISMATCH = "SPLIT_MISMATCH"
    BAD_RATIO = "BAD_RATIO"
    BAD_DIVIDEND = "BAD_DIVIDEND"
    NO_FX = "NO_FX"
    FX_TRIANGLE = "FX_TRIANGLE"
